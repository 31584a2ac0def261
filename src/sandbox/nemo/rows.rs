//! What the emulated service remembers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::draft::Draft;
use crate::sandbox::options::Plan;

/// A user and the one token that is valid for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) token: String,
    /// Epoch milliseconds; `None` never expires.
    pub(super) expires_at_ms: Option<i64>,
    /// How the user came: client id, peer address, time.
    pub(super) came: Option<Arrival>,
    pub(super) available: i64,
    pub(super) frozen: i64,
    pub(super) plan: Plan,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Arrival {
    pub(super) client_id: String,
    pub(super) peer: String,
    pub(super) at_ms: i64,
}

/// A session: one project of one user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) task_id: String,
    pub(super) task_name: String,
    pub(super) language: String,
    pub(super) user: String,
    pub(super) project: Project,
    /// Drafts before each change, for undo; newest last.
    pub(super) history: Vec<Option<Draft>>,
    /// Fingerprints of the drafts that were handed out.
    pub(super) issued: Vec<String>,
    /// The first edit has been paid.
    pub(super) edit_paid: bool,
    /// Messages received.
    pub(super) turns: u32,
    /// The run that is under way.
    pub(super) running: Option<Running>,
}

/// A run, as far as the next start must know it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Running {
    /// Credits that it froze.
    pub(super) credits: i64,
    /// What was asked.
    pub(super) message: String,
    /// It has changed the project, and charged for it.
    pub(super) begun: bool,
}

/// The part of a session that `/api/state` shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Project {
    pub(super) video_infos: Vec<Value>,
    /// `null` before the first generation.
    pub(super) draft: Option<Draft>,
    pub(super) canvas_config: Value,
    pub(super) video_analyses: Value,
    pub(super) generated_media: Vec<Value>,
}

/// A render that was asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RenderRow {
    pub(super) id: String,
    pub(super) user: String,
    pub(super) session: String,
    pub(super) status: RenderStatus,
    pub(super) draft: Value,
    pub(super) output: Value,
    pub(super) created_at_ms: i64,
    pub(super) completed_at_ms: Option<i64>,
    pub(super) error: Option<String>,
    pub(super) made: Option<Made>,
    /// Set by a fault rule: how it is to go wrong.
    pub(super) doom: Option<Doom>,
}

/// Where a render stands (the enum of the public documents, and a cancelled one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RenderStatus {
    Pending,
    Processing,
    Completed,
    Failed,
    Cancelled,
}

/// A finished file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Made {
    pub(super) duration_ms: u64,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bytes: u64,
    /// What could not be rendered as asked.
    pub(super) notes: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Doom {
    Fails(String),
    Stuck,
}
