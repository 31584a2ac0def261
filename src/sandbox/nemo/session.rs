//! Sessions: making one, showing its state, and the credits behind it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Nemo;
use super::answer::{Refusal, ok};
use super::auth::Caller;
use super::cdn::with_links;
use super::exact;
use super::rows::{Project, Session};
use crate::sandbox::faults::Fault;
use crate::sandbox::spoil::stringify;

/// How many of the drafts handed out are remembered.
const ISSUED_KEPT: usize = 64;

/// `POST /api/tasks/me/with-session/nemo_agent`.
pub(super) async fn create(
    State(nemo): State<Arc<Nemo>>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Refusal> {
    let given: Value = serde_json::from_slice(&body).unwrap_or_default();
    if !given.is_object() {
        return Err(Refusal::field("json_invalid", &["body"], "JSON object expected", Value::Null));
    }
    let word = |key: &str, otherwise: &str| match given.get(key) {
        None | Some(Value::Null) => Ok(otherwise.to_owned()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => {
            let text = "Input should be a valid string";
            Err(Refusal::field("string_type", &["body", key], text, other.clone()))
        }
    };
    let session = Session {
        id: new_session_id(),
        task_id: format!("task_{}", Uuid::new_v4().simple()),
        task_name: word("task_name", "project")?,
        language: word("language", "en")?,
        user: caller.user.id,
        project: Project {
            video_infos: Vec::new(),
            draft: None,
            canvas_config: json!({}),
            video_analyses: json!({}),
            generated_media: Vec::new(),
        },
        history: Vec::new(),
        issued: Vec::new(),
        edit_paid: false,
        turns: 0,
        running: None,
    };
    nemo.sessions.put(&session.id, session.clone())?;
    Ok(ok(json!({ "task_id": session.task_id, "session_id": session.id, "user_id": session.user })))
}

/// Nineteen digits, above 2^53 and below 2^63.
fn new_session_id() -> String {
    let (random, _) = Uuid::new_v4().as_u64_pair();
    (5_000_000_000_000_000_000 + random % 4_000_000_000_000_000_000).to_string()
}

/// `GET /api/credits/balance/simple`.
pub(super) async fn credits(caller: Caller) -> Response {
    let user = caller.user;
    ok(json!({ "available": user.available, "frozen": user.frozen, "total": user.available + user.frozen }))
}

/// `GET /api/state/nemo_agent/{user}/{session}/latest`.
pub(super) async fn state(
    State(nemo): State<Arc<Nemo>>,
    Path((named, id)): Path<(String, String)>,
    caller: Caller,
) -> Result<Response, Refusal> {
    let session = nemo.session_of(&caller, &named, &id)?;
    let project = session.project;
    let mut draft = json!(project.draft);
    if caller.troubles.has(&Fault::UnknownTrack)
        && let Some(tracks) = draft.get_mut("t").and_then(Value::as_array_mut)
    {
        let sticker =
            json!({ "id": "seg_x1", "s": 0, "d": 1500, "m": { "sticker": "sandbox", "weight": 0.7 } });
        tracks.push(json!({ "tt": 42, "sg": [sticker], "m": { "layer": u64::MAX } }));
    }
    if caller.troubles.has(&Fault::NumbersAsStrings) {
        stringify(&mut draft);
    }
    let draft = with_links(draft, &nemo.base);
    nemo.note_issued(&id, &draft)?;
    let mut state = json!({
        "video_infos": project.video_infos,
        "draft": draft,
        "canvas_config": project.canvas_config,
        "video_analyses": project.video_analyses,
        "generated_media": project.generated_media,
    });
    if let Some(state) = state.as_object_mut() {
        if caller.troubles.has(&Fault::DraftNull) {
            state.insert("draft".to_owned(), Value::Null);
        }
        if caller.troubles.has(&Fault::DraftMissing) {
            state.remove("draft");
        }
    }
    Ok(ok(json!({
        "session_id": session.id,
        "task_id": session.task_id,
        "task_name": session.task_name,
        "user_id": session.user,
        "state": with_links(state, &nemo.base),
    })))
}

impl Nemo {
    /// Remembers that a client may now render this draft.
    pub(super) fn note_issued(&self, session: &str, draft: &Value) -> Result<(), Refusal> {
        if draft.is_null() {
            return Ok(());
        }
        let text = draft.to_string();
        let print = exact::fingerprint(&text)
            .map_err(|reason| Refusal::http(StatusCode::INTERNAL_SERVER_ERROR, &reason))?;
        if self.sessions.get(session).is_some_and(|session| session.issued.last() == Some(&print)) {
            return Ok(());
        }
        self.sessions.change(session, |session| {
            session.issued.retain(|known| *known != print);
            session.issued.push(print);
            let surplus = session.issued.len().saturating_sub(ISSUED_KEPT);
            session.issued.drain(..surplus);
        })?;
        Ok(())
    }
}
