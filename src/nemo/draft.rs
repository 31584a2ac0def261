//! The draft: NemoVideo's timeline, carried verbatim and looked at without being touched.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::{Error, Kind, Result};
use crate::nemo::timeline::Timeline;

/// A draft exactly as the service sent it: unknown keys, their order, and every digit of every number
/// (NemoVideo skill, Draft field mapping).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Draft(Box<RawValue>);

impl Draft {
    /// Takes the draft's JSON text.
    ///
    /// # Errors
    /// [`Kind::Protocol`] when it is no JSON.
    pub fn parse(raw: &str) -> Result<Self> {
        serde_json::from_str(raw).map(Self).map_err(|error| {
            Error::new(Kind::Protocol, "The timeline that NemoVideo sent cannot be read.").because(error)
        })
    }

    /// A session before its first video.
    #[must_use]
    pub fn none() -> Self {
        Self(RawValue::NULL.to_owned())
    }

    pub(super) fn of(value: Option<&RawValue>) -> Self {
        value.map_or_else(Self::none, |value| Self(value.to_owned()))
    }

    /// The JSON text, byte for byte.
    #[must_use]
    pub fn raw(&self) -> &str {
        self.0.get()
    }

    /// What can be seen on the timeline.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        Timeline::read(self.raw())
    }

    /// Whether there is anything to render: a track with at least one segment.
    #[must_use]
    pub fn is_exportable(&self) -> bool {
        self.timeline().tracks.iter().any(|track| !track.clips.is_empty())
    }
}

impl PartialEq for Draft {
    fn eq(&self, other: &Self) -> bool {
        self.raw() == other.raw()
    }
}

impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timeline().fmt(f)
    }
}
