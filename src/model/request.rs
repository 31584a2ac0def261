//! What was asked, parsed and therefore valid. The ledger stores it as JSON; fields are only ever added.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Render {
    /// The file to write, absolute; a number is added when it exists by then.
    pub output_path: PathBuf,
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

impl Media {
    /// The name by which people and services know it: the last part of the path or address.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Self::Url(url) => url
                .reveal()
                .path_segments()
                .and_then(|mut parts| parts.next_back())
                .filter(|part| !part.is_empty())
                .unwrap_or("the address")
                .to_owned(),
        }
    }
}
