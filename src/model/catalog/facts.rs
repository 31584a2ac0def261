//! Facts about one model: what it accepts, what it costs, until when it existed, and who says so.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize};

use crate::money::Usd;

/// One model.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The id that is sent to the service.
    #[serde(default)]
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub kind: ModelKind,
    /// Other ids of the service for the same model. They are sent as they were written.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Whole seconds of one clip; nothing when nobody has said.
    pub durations: Option<Allowed<u32>>,
    /// Shapes, as in `9:16`.
    pub aspects: Option<Allowed<String>>,
    /// Sizes, as in `1080p`.
    pub resolutions: Option<Allowed<String>>,
    /// What it takes beside the prompt.
    pub takes: Option<Takes>,
    /// What only goes together.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// What sources say it costs; the highest that applies is used for budgets.
    #[serde(default)]
    pub prices: Vec<Price>,
    /// When it ended.
    pub retired: Option<Retired>,
    /// The model that may stand in when this cheap tier has no capacity (503), for its own price.
    pub standard_tier: Option<String>,
}

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelKind {
    /// A prompt in, a clip out.
    Video,
    /// Works on a template of Shotstack's; takes no prompt.
    Template,
    /// Words in, words out.
    Chat,
}

/// The values that a field may have.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Allowed<T> {
    /// All of them.
    pub allowed: Vec<T>,
    /// What the service takes when nothing is sent.
    pub default: Option<T>,
    /// Who says so.
    pub source: Option<String>,
    /// When that was true.
    #[serde(default, with = "day")]
    pub as_of: Option<Date>,
}

/// What goes in beside the prompt.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Takes {
    /// A first frame.
    pub image: bool,
    /// A last frame.
    pub last_frame: bool,
    /// The most reference images.
    pub references: u32,
    /// A soundtrack can be asked for.
    pub audio: bool,
    /// Who says so.
    pub source: Option<String>,
    /// When that was true.
    #[serde(default, with = "day")]
    pub as_of: Option<Date>,
}

/// Fields that hang together: when all of `if` holds, all of `then` must.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The condition.
    #[serde(rename = "if")]
    pub condition: Pattern,
    /// What it requires.
    #[serde(rename = "then")]
    pub required: Pattern,
    /// The same in words.
    pub why: String,
    /// Who says so.
    pub source: Option<String>,
    /// When that was true.
    #[serde(default, with = "day")]
    pub as_of: Option<Date>,
}

/// A set of combinations; what is not named may be anything.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// One of these lengths.
    pub durations: Option<Vec<u32>>,
    /// One of these shapes.
    pub aspects: Option<Vec<String>>,
    /// One of these sizes.
    pub resolutions: Option<Vec<String>>,
    /// With or without a first frame.
    pub image: Option<bool>,
    /// With or without a last frame.
    pub last_frame: Option<bool>,
    /// With or without reference images.
    pub references: Option<bool>,
    /// With or without sound.
    pub audio: Option<bool>,
}

/// A price that somebody states.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// What is counted.
    pub unit: Unit,
    /// Dollars for one of it.
    pub usd: Usd,
    /// Only for these sizes; for all when empty.
    #[serde(default)]
    pub resolutions: Vec<String>,
    /// Who says so.
    pub source: Option<String>,
    /// When that was true.
    #[serde(default, with = "day")]
    pub as_of: Option<Date>,
}

/// What a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// A second of the clip.
    Second,
    /// A request, however long the clip.
    Request,
}

/// The end of a model.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Retired {
    /// The first day without it.
    #[serde(with = "known_day")]
    pub on: Date,
    /// What to use instead.
    pub replacement: Option<String>,
    /// Who says so.
    pub source: Option<String>,
    /// When that was true.
    #[serde(default, with = "day")]
    pub as_of: Option<Date>,
}

impl Model {
    /// Whether this id or alias means the model.
    #[must_use]
    pub fn is_called(&self, id: &str) -> bool {
        self.id.eq_ignore_ascii_case(id) || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(id))
    }

    /// How it ended, if it has by that day.
    #[must_use]
    pub fn retired_by(&self, day: Date) -> Option<&Retired> {
        self.retired.as_ref().filter(|retired| retired.on <= day)
    }

    /// The lowest and the highest price of one clip that sources state; nothing when none applies, or when it is free,
    /// which nobody believes.
    #[must_use]
    pub fn price_range(&self, duration_s: Option<u32>, resolution: Option<&str>) -> Option<(Usd, Usd)> {
        let of = |price: &Price| match price.unit {
            Unit::Second => price.usd.checked_mul(duration_s?),
            Unit::Request => Some(price.usd),
        };
        let applies = |price: &&Price| {
            // An unknown size may turn out to be the dearest.
            price.resolutions.is_empty()
                || resolution.is_none_or(|asked| price.resolutions.iter().any(|size| size == asked))
        };
        let found: Vec<Usd> = self.prices.iter().filter(applies).filter_map(of).collect();
        let lowest = found.iter().min()?;
        found.iter().max().filter(|highest| **highest > Usd::ZERO).map(|highest| (*lowest, *highest))
    }
}

/// A day, as `2026-11-20`.
mod day {
    use super::{Date, Deserialize, Deserializer, Serialize};
    use serde::Serializer;
    use serde::de::Error;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(|_| D::Error::custom("a day is written as in 2026-11-20")))
            .transpose()
    }

    pub(super) fn serialize<S: Serializer>(day: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        day.map(|day| day.to_string()).serialize(serializer)
    }
}

/// A day that must be there.
mod known_day {
    use super::{Date, Deserializer, day};
    use serde::Serializer;
    use serde::de::Error;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        day::deserialize(deserializer)?.ok_or_else(|| D::Error::custom("the day is missing"))
    }

    pub(super) fn serialize<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(day)
    }
}
