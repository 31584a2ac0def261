//! A batch: many wishes under one name and one budget, each a line that becomes a job.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::model::job::{EpochMs, Failure, JobId, Service};
use crate::money::Usd;

/// What a line asks for, in its writer's words. The ledger stores it as JSON; fields are only ever added.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wish {
    /// What the clip shows.
    pub prompt: String,
    /// The writer's own name for the line; else one is made from its content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// A route of the settings, which chooses the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Length in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Shape, as in `9:16`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspect: Option<String>,
    /// Size, as in `1080p`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// What must not be in the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negative_prompt: Option<String>,
    /// First frame: a path or an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Last frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_frame: Option<String>,
    /// Pictures for style and characters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reference_images: Vec<String>,
    /// Whether it shall have sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<bool>,
    /// The most that this line may cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_cost_usd: Option<f64>,
    /// Where the file goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Where it is posted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// The words of the post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// When it is posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Who takes the post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<String>,
    /// Where the file goes beside its folder: `folder` (nowhere) or `s3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deliver: Option<String>,
    /// It is not made before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// Whether a language model adds detail to the prompt first; else as the setting says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enhance: Option<bool>,
    /// Whether a clip is posted only when everything that can be checked of it is good. No field of a file: so the settings
    /// were when the line was written down.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
}

/// Whether lines of a batch are begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchState {
    /// Yes, as there is room.
    Active,
    /// No; what was begun goes on.
    Paused,
    /// Never again.
    Cancelled,
}

impl BatchState {
    /// The name in results and the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
        }
    }
}

impl FromStr for BatchState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        [Self::Active, Self::Paused, Self::Cancelled]
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| Error::new(Kind::Ledger, format!("There is no state of a batch {text:?}.")))
    }
}

/// Where a line stands before and beside its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineState {
    /// It has no job yet.
    Waiting,
    /// It has one, and that job's state counts.
    Begun,
    /// It cannot become a job.
    Refused,
    /// Its batch was cancelled before its turn.
    Cancelled,
}

impl LineState {
    /// The name in results and the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Begun => "begun",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for LineState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for LineState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        [Self::Waiting, Self::Begun, Self::Refused, Self::Cancelled]
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| Error::new(Kind::Ledger, format!("There is no state of a line {text:?}.")))
    }
}

/// A batch as the ledger has it.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Its name.
    pub name: String,
    /// Whether its lines are begun.
    pub state: BatchState,
    /// The most that it may cost; none while nothing in it costs dollars.
    pub budget: Option<Usd>,
    /// Whether a person named the budget; else it is the price that was agreed to.
    pub budget_is_set: bool,
    /// Lines under way at once.
    pub concurrency: u32,
    /// Relative paths begin here.
    pub working_dir: PathBuf,
    /// Why nothing more is begun just now.
    pub hold: Option<Failure>,
    /// When it was made.
    pub created_at_ms: EpochMs,
    /// When it changed last.
    pub updated_at_ms: EpochMs,
}

/// A line as the ledger has it.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its batch.
    pub batch: String,
    /// Its name within the batch.
    pub key: String,
    /// The order in which lines are begun.
    pub place: i64,
    /// Where it stood in the file, counted from 1.
    pub line: u32,
    /// Who makes it.
    pub service: Service,
    /// What was written there.
    pub wish: Wish,
    /// The model that was chosen; none where the service chooses.
    pub model: Option<String>,
    /// Models that its route must not choose again.
    pub spent_arms: Vec<String>,
    /// The most that it may cost, when it was checked.
    pub most: Option<Usd>,
    /// Where it stands.
    pub state: LineState,
    /// Grows when it is tried anew.
    pub round: u32,
    /// Not before this time.
    pub due_at_ms: EpochMs,
    /// Its job.
    pub job_id: Option<JobId>,
    /// A word for people.
    pub note: Option<String>,
    /// Why it cannot become a job.
    pub failure: Option<Failure>,
    /// When it changed last.
    pub updated_at_ms: EpochMs,
}
