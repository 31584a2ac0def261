//! An inspection: what a finished file is held to, and which picture of it is made.

use serde::{Deserialize, Serialize};

use crate::config::Preview;

/// How a finished file is looked at. What is `None` was not asked for and is not held against it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inspection {
    /// The picture to make; else as the setting says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<Preview>,
    /// What fails the check, or cannot be checked, is an error of the call, and is not posted: so the call said, or the
    /// settings of the process that took it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    /// Length in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Width to height, such as 9 to 16.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspect: Option<(u32, u32)>,
    /// The shorter side in pixels: 1080 for 1080p, lying or standing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<u32>,
    /// With or without sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sound: Option<bool>,
}

impl Inspection {
    /// Whether nothing was asked for, so that the ledger need not keep it.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}
