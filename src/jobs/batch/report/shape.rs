//! What a batch is told in: itself, its lines, their posts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::Standing;
use crate::error::Kind;
use crate::model::job::Service;
use crate::model::report::ErrorReport;
use crate::money::Usd;

/// A batch.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct BatchReport {
    /// Its name.
    pub batch: String,
    /// active, paused or cancelled; done when every clip and post is where it shall be, ended when it came to less.
    pub state: String,
    /// Lines by their state: waiting, scheduled, refused, cancelled, or the state of their job.
    pub counts: BTreeMap<String, u32>,
    /// Who makes them.
    pub services: Vec<String>,
    /// All lines.
    pub lines_total: u32,
    /// Charged so far, in dollars.
    pub charged_usd: Usd,
    /// Set aside for what is under way or cannot be told.
    pub reserved_usd: Usd,
    /// The most that it may cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_usd: Option<Usd>,
    /// Seconds until the last line is done, as far as that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_s: Option<u64>,
    /// Why nothing more is begun just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<ErrorReport>,
    /// The lines, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineReport>,
    /// For the person.
    pub message: String,
    /// What to do next.
    pub next: String,
}

/// A line of a batch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct LineReport {
    /// Where it stood in the file.
    pub line: u32,
    /// Its name within the batch.
    pub key: String,
    /// waiting, scheduled, refused, cancelled, or the state of its job.
    pub state: String,
    /// Its job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// The model that was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The route that chose it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The beginning of the prompt.
    pub prompt: String,
    /// What was sent instead, when a language model added detail to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_prompt: Option<String>,
    /// What became of the wish for more detail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enhancement: Option<String>,
    /// Charged for it so far, in dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<Usd>,
    /// Set aside for it, in dollars: the most that is still to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved_usd: Option<Usd>,
    /// How it goes, or why it did not.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The error's code, when it came to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// 0 to 100, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress_pct: Option<f64>,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Not before this time (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// Its posts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub posts: Vec<PostReport>,
}

/// A post of a line's clip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct PostReport {
    /// Where it appears.
    pub channel: String,
    /// The state of its job; done when the scheduler has it.
    pub state: String,
    /// The same in words: on its way, a draft, queued or scheduled there.
    pub standing: String,
    /// How it goes, or why it did not.
    pub message: String,
    /// The error's code, when it came to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl BatchReport {
    /// Whether nothing about it is real.
    #[must_use]
    pub fn is_rehearsal(&self) -> bool {
        self.services == [Service::Sandbox.name()]
    }

    /// Why a post in this state came to nothing.
    fn post(&self, state: &str) -> Option<Kind> {
        let found = self.lines.iter().flat_map(|line| &line.posts).find(|post| post.state == state)?;
        Some(found.error.as_deref().and_then(Kind::from_code).unwrap_or(Kind::Declined))
    }

    /// How the command ends: with nothing, or with the reason that matters most.
    #[must_use]
    pub fn verdict(&self, standing: Standing) -> Option<Kind> {
        let some = |state: &str| self.counts.contains_key(state);
        let first = |state: &str| {
            let line = self.lines.iter().find(|line| line.state == state);
            line.and_then(|line| Kind::from_code(line.error.as_deref()?))
        };
        let hold = self.hold.as_ref().and_then(|hold| Kind::from_code(&hold.code));
        match standing {
            Standing::Moves => Some(Kind::TimedOut),
            Standing::Stuck => Some(hold.unwrap_or(Kind::TimedOut)),
            Standing::Ended if some("uncertain") => Some(Kind::Uncertain),
            Standing::Ended if some("failed") => Some(first("failed").unwrap_or(Kind::Declined)),
            Standing::Ended if some("refused") => Some(first("refused").unwrap_or(Kind::InvalidInput)),
            Standing::Ended if self.post("uncertain").is_some() => Some(Kind::Uncertain),
            Standing::Ended if self.post("failed").is_some() => self.post("failed"),
            Standing::Ended if some("needs_approval") => Some(Kind::TimedOut),
            Standing::Ended if some("cancelled") => Some(Kind::Cancelled),
            Standing::Ended => None,
        }
    }
}
