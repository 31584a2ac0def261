//! What is told about a client that was changed, or would be.

use std::fmt::Write as _;

use serde::Serialize;

/// What became of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    Written,
    Already,
    Removed,
    Absent,
    Shown,
}

/// What is told about a client that was changed, or would be.
#[derive(Serialize)]
pub(super) struct Installed {
    pub(super) client: &'static str,
    #[serde(skip)]
    pub(super) title: &'static str,
    pub(super) outcome: Outcome,
    pub(super) message: String,
    /// The client's file.
    pub(super) file: String,
    /// The file as it was before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kept: Option<String>,
    /// The skill's file, and what became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) skill: Option<(String, Outcome)>,
    /// What a person may paste instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) block: Option<String>,
    /// What a person may click instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) link: Option<String>,
    /// Settings of this shell that go along.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) env: Vec<String>,
    /// Settings of this shell that the client will not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) env_left_out: Vec<&'static str>,
    /// What is to be known about keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) warnings: Vec<String>,
    pub(super) next: String,
}

impl Installed {
    pub(super) fn in_words(&self) -> String {
        let mut words = self.message.clone();
        match &self.block {
            Some(block) => {
                let _ = write!(words, "\n\n{block}\n");
            }
            None => {
                let _ = write!(words, "\n  settings: {}", self.file);
            }
        }
        if let Some(link) = &self.link {
            let _ = write!(words, "\nOr open this address:\n{link}\n");
        }
        if let Some(kept) = &self.kept {
            let _ = write!(words, "\n  as it was before: {kept}");
        }
        if !self.env.is_empty() && self.block.is_none() {
            let _ = write!(words, "\n  settings that go along: {}", self.env.join(", "));
        }
        if let Some((skill, outcome)) = &self.skill {
            let became = match outcome {
                Outcome::Written => "written",
                Outcome::Already => "already there",
                Outcome::Removed => "removed",
                Outcome::Absent => "not there",
                Outcome::Shown => "would be written",
            };
            let _ = write!(words, "\n  skill: {skill} ({became})");
        }
        for warning in &self.warnings {
            let _ = write!(words, "\n  {warning}");
        }
        if let Some(first) = self.env_left_out.first() {
            let _ = write!(
                words,
                "\n  set in this shell alone, so {} does not know: {}. To pass one on, add --env {first}.",
                self.title,
                self.env_left_out.join(", ")
            );
        }
        let _ = write!(words, "\nnext: {}", self.next);
        words
    }
}
