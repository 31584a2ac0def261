//! The catalog: which models there are, what they accept, what they cost, and how a wish becomes clips that they can make.
//!
//! All of that is data (`catalog.toml`) with sources and dates, and a user's own file may be laid over it.

mod facts;
mod nearest;
mod plan;
mod refusal;
mod split;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde::Deserialize;
use toml::{Table, Value};

pub use facts::{Allowed, Model, ModelKind, Pattern, Price, Retired, Rule, Takes, Unit};
pub use plan::{MOST_SECONDS, Plan, Segment, Wish};
pub use refusal::{Alternative, Refusal};

use crate::error::{Error, Kind, Result};
use crate::redact;

const EMBEDDED: &str = include_str!("catalog.toml");

/// A user's file is a few pages; anything larger is another file by mistake.
const MAX_BYTES: u64 = 1024 * 1024;

/// All models that we know something about.
#[derive(Clone, Debug)]
pub struct Catalog {
    default: String,
    models: Vec<Model>,
}

/// The shape of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    default: String,
    models: toml::map::Map<String, Value>,
}

impl Catalog {
    /// The built-in facts, with the user's file laid over them.
    ///
    /// # Errors
    /// [`Kind::Config`] when the file is missing or cannot be read or understood: prices that were meant to hold must
    /// not be missed in silence.
    pub fn load(overrides: Option<&Path>) -> Result<Self> {
        let embedded: Table = EMBEDDED.parse().map_err(|error: toml::de::Error| {
            Error::internal("The built-in catalog cannot be read.").because(error)
        })?;
        match overrides {
            Some(path) => {
                let own = read(path)?.parse().map_err(|error| broken(path, &error))?;
                Self::of(laid_over(embedded, own)).map_err(|error| broken(path, &error))
            }
            None => Self::of(embedded)
                .map_err(|error| Error::internal("The built-in catalog is damaged.").because(error)),
        }
    }

    fn of(table: Table) -> Result<Self, toml::de::Error> {
        let file = File::deserialize(Value::Table(table))?;
        let mut models = Vec::with_capacity(file.models.len());
        for (id, value) in file.models {
            let mut model = Model::deserialize(value)
                .map_err(|error| serde::de::Error::custom(format!("models.\"{id}\": {}", error.message())))?;
            model.id = id;
            models.push(model);
        }
        Ok(Self { default: file.default, models })
    }

    /// Every model, in the order of the file.
    #[must_use]
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The model of this id or alias.
    #[must_use]
    pub fn model(&self, id: &str) -> Option<&Model> {
        let id = id.trim();
        // An id weighs more than an alias of another model.
        self.models
            .iter()
            .find(|model| model.id.eq_ignore_ascii_case(id))
            .or_else(|| self.models.iter().find(|model| model.is_called(id)))
    }

    /// The model that makes a video when none is named.
    #[must_use]
    pub fn default_model(&self) -> &str {
        &self.default
    }

    /// The known id that looks most like this one.
    fn similar(&self, id: &str) -> Option<&str> {
        let id = id.to_lowercase();
        self.models
            .iter()
            .filter(|model| model.kind == ModelKind::Video)
            .map(|model| (model.id.as_str(), strsim::normalized_damerau_levenshtein(&model.id, &id)))
            .filter(|(_, likeness)| *likeness > 0.5)
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(known, _)| known)
    }
}

/// Lays a user's facts over ours: a key of a model replaces ours as a whole.
fn laid_over(mut base: Table, own: Table) -> Table {
    for (key, value) in own {
        match (key.as_str(), base.get_mut(&key), value) {
            ("models", Some(Value::Table(models)), Value::Table(own)) => {
                for (id, facts) in own {
                    match (models.get_mut(&id), facts) {
                        (Some(Value::Table(known)), Value::Table(facts)) => known.extend(facts),
                        (_, facts) => drop(models.insert(id, facts)),
                    }
                }
            }
            (_, _, value) => drop(base.insert(key, value)),
        }
    }
    base
}

fn read(path: &Path) -> Result<String> {
    let unreadable = |error: std::io::Error| {
        Error::new(Kind::Config, format!("The catalog {} cannot be read: {error}.", path.display()))
            .because(error)
            .next("Make it a text file that you may read, or unset FIRSTCUT_CATALOG.")
    };
    if std::fs::metadata(path).map_err(unreadable)?.len() > MAX_BYTES {
        return Err(Error::new(
            Kind::Config,
            format!("The catalog {} is larger than 1 MiB.", path.display()),
        )
        .next("Name the right file in FIRSTCUT_CATALOG."));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

fn broken(path: &Path, error: &toml::de::Error) -> Error {
    let what = redact::quote(error.message(), 200);
    Error::new(Kind::Config, format!("The catalog {} cannot be understood: {what}.", path.display())).next(
        "Correct it: [models.\"ID\"] with durations, aspects, resolutions, prices and so on, or remove it.",
    )
}
