//! What was asked, parsed and therefore valid. The ledger stores it as JSON; fields are only ever added.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::inspection::Inspection;
use crate::model::job::JobKind;
use crate::redact::SafeUrl;

/// What a job was asked to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Request {
    /// A message to the agent.
    Turn(Turn),
    /// An export.
    Render(Render),
    /// Both, one after the other.
    Video(Video),
}

impl Request {
    /// The kind of job that does it.
    #[must_use]
    pub const fn kind(&self) -> JobKind {
        match self {
            Self::Turn(_) => JobKind::Turn,
            Self::Render(_) => JobKind::Render,
            Self::Video(_) => JobKind::Video,
        }
    }

    /// How the file that it makes is looked at, if it makes one.
    #[must_use]
    pub const fn inspection(&self) -> Option<&Inspection> {
        match self {
            Self::Turn(_) => None,
            Self::Render(render) => Some(&render.inspection),
            Self::Video(video) => Some(&video.inspection),
        }
    }
}

/// A message to the NemoVideo agent, sent exactly as written here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The words.
    pub message: String,
    /// Files and addresses to put into the session first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// Language of the words, as in `zh-CN`; a session that must be made gets it.
    pub language: String,
}

/// An export of the session's timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Render {
    /// The file to write, absolute; a number is added when it exists by then.
    pub output_path: PathBuf,
    /// How the file is looked at.
    #[serde(default, skip_serializing_if = "Inspection::is_plain")]
    pub inspection: Inspection,
}

/// A prompt in, a file out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Video {
    /// What the user asked for, in the user's words.
    pub prompt: String,
    /// What is sent: the prompt, and the wishes beside it in a second paragraph.
    pub turn: Turn,
    /// The file to write, absolute; a number is added when it exists by then.
    pub output_path: PathBuf,
    /// Asked length in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// How the file is looked at.
    #[serde(default, skip_serializing_if = "Inspection::is_plain")]
    pub inspection: Inspection,
}

/// A file or an address that goes into a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Media {
    /// A file on this machine, absolute, already checked.
    File(PathBuf),
    /// A public address, already checked; it may be signed.
    Url(SafeUrl),
}
