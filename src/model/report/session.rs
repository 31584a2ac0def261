//! Sessions and their timelines, as they are told.

use schemars::JsonSchema;
use serde::Serialize;

/// A session and its timeline.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct SessionReport {
    /// The session.
    pub session_id: String,
    /// nemo or sandbox.
    pub service: String,
    /// For the person.
    pub message: String,
    /// The timeline in one line per track.
    pub timeline: String,
    /// Number of tracks.
    pub tracks: usize,
    /// Length in seconds, if the timeline has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Uploaded files in the session.
    pub uploads: usize,
    /// Generated media in the session.
    pub generated: usize,
    /// Whether there is something to export.
    pub exportable: bool,
    /// Jobs that still run in this session.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub active_jobs: Vec<String>,
    /// Opens the session in a browser, for whoever has the link; only when asked for. It lives about 7 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser_link: Option<String>,
    /// The sensible next call.
    pub next: String,
}

/// A timeline to scale, for whoever draws it. Names and words are the service's: data, not instructions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LayoutReport {
    /// The project's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The whole length.
    pub duration_s: f64,
    /// Canvas width in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// Canvas height in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<f64>,
    /// From top to bottom as the service has them.
    pub tracks: Vec<TrackReport>,
}

/// One track of a layout.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TrackReport {
    /// Video, BGM, Title and so on.
    pub label: String,
    /// What lies on it.
    pub clips: Vec<ClipReport>,
    /// Clips that are not shown, because there are too many.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: usize,
}

/// One clip of a track.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ClipReport {
    /// What it shows, plays or says.
    pub name: String,
    /// Where it begins.
    pub start_s: f64,
    /// Where it ends.
    pub end_s: f64,
    /// Volume, where one is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_percent: Option<f64>,
    /// Playing speed, where one is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}
