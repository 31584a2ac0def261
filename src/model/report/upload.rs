//! Uploads, as they are told.

use schemars::JsonSchema;
use serde::Serialize;

/// What was uploaded.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct UploadReport {
    /// The session that has the files now.
    pub session_id: String,
    /// nemo or sandbox.
    pub service: String,
    /// For the person.
    pub message: String,
    /// One entry per file or address.
    pub uploaded: Vec<UploadedReport>,
    /// The sensible next call.
    pub next: String,
}

/// One uploaded file.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct UploadedReport {
    /// Its name at the service.
    pub name: String,
    /// video, image or audio.
    pub kind: String,
    /// Size, for local files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Length in seconds, as measured by the service, or else here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Pixels across.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Whether a local file ends too early; the message says so.
    #[serde(skip)]
    #[schemars(skip)]
    pub is_cut: bool,
}
