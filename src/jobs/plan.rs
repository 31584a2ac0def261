//! From what was asked to a row: every argument checked before any money moves.

use std::path::PathBuf;

/// Arguments of `generate_video` and `make`.
#[derive(Clone, Debug, Default)]
pub struct GenerateInput {
    pub prompt: String,
    pub duration_seconds: Option<f64>,
    pub aspect_ratio: Option<String>,
    pub resolution: Option<String>,
    pub model: Option<String>,
    pub service: Option<String>,
    pub negative_prompt: Option<String>,
    pub image: Option<String>,
    pub last_frame: Option<String>,
    pub reference_images: Vec<String>,
    pub generate_audio: Option<bool>,
    pub max_cost_usd: Option<f64>,
    pub session_id: Option<String>,
    pub output_path: Option<String>,
    pub request_id: Option<String>,
    /// Makes another one although the same was asked before.
    pub new: bool,
    /// Files to upload first (`make --upload FILE`).
    pub files: Vec<String>,
}

/// Arguments of `edit_video` and `edit`.
#[derive(Clone, Debug, Default)]
pub struct EditInput {
    pub instruction: String,
    pub service: Option<String>,
    pub session_id: Option<String>,
    pub request_id: Option<String>,
    pub new: bool,
}

/// Arguments of `export`.
#[derive(Clone, Debug, Default)]
pub struct ExportInput {
    pub service: Option<String>,
    pub session_id: Option<String>,
    pub output_path: Option<String>,
    pub request_id: Option<String>,
    pub new: bool,
}

/// Arguments of `upload`.
#[derive(Clone, Debug, Default)]
pub struct UploadInput {
    pub files: Vec<String>,
    pub urls: Vec<String>,
    pub service: Option<String>,
    pub session_id: Option<String>,
}

/// Where a caller stands: paths are relative to this folder, the current session is its own.
#[derive(Clone, Debug)]
pub struct Caller {
    /// mcp or cli.
    pub door: Door,
    /// Relative paths start here.
    pub working_dir: PathBuf,
}

/// The way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    Mcp,
    Cli,
}
