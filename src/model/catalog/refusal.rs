//! Refusals: why a wish cannot be planned, and what would do instead.

use jiff::civil::Date;

use super::facts::{Model, ModelKind, Retired};
use super::plan::{Plan, Wish};
use crate::error::{Error, Kind};
use crate::money::Usd;
use crate::redact;

/// A wish that can be fulfilled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The changed wish.
    pub wish: Wish,
    /// How it would be done.
    pub plan: Plan,
    /// What it would cost at most; nothing when unknown.
    pub price: Option<Usd>,
}

impl Alternative {
    /// As in `8 s, 9:16, 1080p: at most $3.20`.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        words.extend(self.plan.duration_s.map(|seconds| format!("{seconds} s")));
        words.extend(self.plan.aspect.clone());
        words.extend(self.plan.resolution.clone());
        words.extend(self.wish.image.then(|| "with a first frame".to_owned()));
        words.extend(self.wish.last_frame.then(|| "with a last frame".to_owned()));
        words.extend(match self.wish.references {
            0 => None,
            1 => Some("1 reference image".to_owned()),
            several => Some(format!("{several} reference images")),
        });
        words.extend((self.wish.audio == Some(true)).then(|| "with sound".to_owned()));
        let price = self.price.map_or_else(|| "price unknown".to_owned(), |price| format!("at most {price}"));
        format!("{}: {price}", words.join(", "))
    }
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The catalog lacks this model.
    UnknownModel {
        /// What was asked for.
        model: String,
        /// The known id that looks most like it.
        similar: Option<String>,
        /// It can be an id, so that it may be allowed.
        may_be_allowed: bool,
    },
    /// The model ended.
    Retired {
        /// What was asked for.
        model: String,
        /// The first day without it.
        on: Date,
        /// What to use instead.
        replacement: Option<String>,
    },
    /// The model makes no videos.
    NotVideo {
        /// What was asked for.
        model: String,
        /// What it is for.
        kind: ModelKind,
    },
    /// The model does not do this.
    Impossible {
        /// What was asked for.
        model: String,
        /// What is wrong, a clause each.
        problems: Vec<String>,
        /// What would do, the nearest first.
        alternatives: Vec<Alternative>,
    },
}

impl Refusal {
    pub(super) fn unknown(model: &str, similar: Option<&str>, may_be_allowed: bool) -> Self {
        Self::UnknownModel {
            model: redact::label(model),
            similar: similar.map(str::to_owned),
            may_be_allowed,
        }
    }

    pub(super) fn retired(model: &str, retired: &Retired) -> Self {
        Self::Retired { model: model.to_owned(), on: retired.on, replacement: retired.replacement.clone() }
    }

    pub(super) fn not_video(model: &Model) -> Self {
        Self::NotVideo { model: model.id.clone(), kind: model.kind }
    }

    pub(super) fn impossible(model: &str, problems: Vec<String>, alternatives: Vec<Alternative>) -> Self {
        Self::Impossible { model: model.to_owned(), problems, alternatives }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::UnknownModel { model, similar, may_be_allowed } => {
                let like = similar.map(|similar| format!("Did you mean {similar}? ")).unwrap_or_default();
                let allow = if may_be_allowed {
                    "To use it all the same, in one call and unchecked, set FIRSTCUT_ALLOW_UNKNOWN_PRICE=1 and max_cost_usd."
                } else {
                    "A model's id has letters, digits and - _ . / only."
                };
                Self::new(
                    Kind::PriceUnknown,
                    format!("Nothing is known about a model \"{model}\", not even its price."),
                )
                .next(format!("{like}{allow}"))
            }
            Refusal::Retired { model, on, replacement } => {
                let next = match replacement {
                    Some(other) => format!("Use {other} instead."),
                    None => "Choose another model.".to_owned(),
                };
                Self::new(Kind::ModelRetired, format!("The model {model} was retired on {on}.")).next(next)
            }
            Refusal::NotVideo { model, kind } => {
                let (what, next) = match kind {
                    ModelKind::Template => (
                        "works on templates",
                        "`firstcut template` (update_template) changes one; choose a video model for a video.",
                    ),
                    ModelKind::Chat => ("writes words", "Choose a video model."),
                    ModelKind::Video => ("makes videos", "Choose another model."),
                };
                Self::invalid(format!("The model {model} {what}; it makes no video here.")).next(next)
            }
            Refusal::Impossible { model, problems, alternatives } => {
                let error = Self::invalid(format!("{model} cannot do that: {}.", problems.join("; ")));
                let possible: Vec<_> = alternatives.iter().map(Alternative::describe).collect();
                match possible.as_slice() {
                    [] => error.next("Choose another model."),
                    possible => error.next(format!("Possible is: {}.", possible.join("; or "))),
                }
            }
        }
    }
}
