//! Renders: submitting, polling, cancelling and fetching them.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Nemo;
use super::answer::Refusal;
use super::auth::Caller;
use super::cdn::with_links;
use super::exact;
use super::rows::{Doom, RenderRow, RenderStatus, Session};
use crate::sandbox::faults::Fault;
use crate::sandbox::files;
use crate::sandbox::gate::Troubles;
use crate::sandbox::options::{EmptyDraft, Plan, RenderReply};
use crate::sandbox::store::file_stem;

/// The three headers without which an export is refused.
const ATTRIBUTION: [&str; 3] = ["x-skill-source", "x-skill-version", "x-skill-platform"];

#[derive(Deserialize)]
struct Submission {
    id: Option<Value>,
    #[serde(rename = "sessionId")]
    session: Option<Value>,
    /// As it was written, to compare every digit.
    draft: Option<Box<RawValue>>,
    #[serde(default)]
    output: Value,
}

/// `POST /api/render/proxy/lambda`.
pub(super) async fn submit(
    State(nemo): State<Arc<Nemo>>,
    headers: HeaderMap,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Refusal> {
    nemo.accept(&headers, &caller, &body).map_err(Refusal::of_render)
}

impl Nemo {
    fn accept(&self, headers: &HeaderMap, caller: &Caller, body: &[u8]) -> Result<Response, Refusal> {
        may_export(headers, caller)?;
        let bad = |text: &str| Refusal::http(StatusCode::BAD_REQUEST, &format!("{text} (sandbox)"));
        let given: Submission =
            serde_json::from_slice(body).map_err(|error| bad(&format!("Not JSON: {error}")))?;
        let Some(Value::String(id)) =
            given.id.filter(|id| id.as_str().is_some_and(|id| !id.trim().is_empty()))
        else {
            return Err(bad("\"id\" must be a string that you choose"));
        };
        let Some(Value::String(session)) = given.session else {
            return Err(bad("\"sessionId\" (camel case) must be the session's id, a string"));
        };
        let session = self.session_of(caller, "me", &session)?;
        if self.renders.get(&id).is_some() {
            return Err(Refusal::http(
                StatusCode::CONFLICT,
                "duplicate id: this render id has been used (sandbox)",
            ));
        }
        let text = given.draft.as_ref().map_or("null", |draft| draft.get());
        let draft: Value = serde_json::from_str(text).map_err(|error| bad(&error.to_string()))?;
        let mut doom = doom_of(&caller.troubles);
        if !has_segments(&draft) {
            match self.options.empty_draft {
                EmptyDraft::Refused => return Err(bad("The draft is empty: there is nothing to render")),
                EmptyDraft::Fails => doom = Some(Doom::Fails("empty draft".to_owned())),
            }
        } else if self.options.strict_draft {
            self.check_draft(&session, text)?;
        }
        let row = RenderRow {
            id: id.clone(),
            user: caller.user.id.clone(),
            session: session.id,
            status: RenderStatus::Pending,
            draft,
            output: given.output,
            created_at_ms: self.clock.now_ms(),
            completed_at_ms: None,
            error: None,
            made: None,
            doom,
        };
        if !self.has_room() {
            return Err(Refusal::http(
                StatusCode::TOO_MANY_REQUESTS,
                "Too many renders are waiting (sandbox)",
            ));
        }
        self.renders.put(&id, row)?;
        self.enqueue(&id);
        let data = json!({ "id": id, "status": "pending", "progress": 5 });
        Ok(Json(match self.options.render_reply {
            RenderReply::B => json!({ "success": true, "data": data }),
            RenderReply::A => json!({ "taskId": id, "status": "pending", "progress": 5 }),
            RenderReply::Superset => {
                json!({ "success": true, "data": data, "taskId": id, "id": id, "status": "pending", "progress": 5 })
            }
        })
        .into_response())
    }

    /// The draft must be one that was handed out, whatever the order of its keys.
    fn check_draft(&self, session: &Session, text: &str) -> Result<(), Refusal> {
        let bad = |text: String| Refusal::http(StatusCode::BAD_REQUEST, &text);
        let print = exact::fingerprint(text).map_err(bad)?;
        if session.issued.contains(&print) {
            return Ok(());
        }
        let current = with_links(json!(session.project.draft), &self.base).to_string();
        let where_ = exact::difference(&current, text)
            .map_err(bad)?
            .unwrap_or_else(|| "it was never handed out".to_owned());
        Err(bad(format!(
            "The draft is not one that the sandbox handed out. It must travel unchanged, unknown keys and all digits included. \
             Against the current one: {where_}"
        )))
    }

    /// The caller's render.
    fn render_of(&self, caller: &Caller, id: &str) -> Result<RenderRow, Refusal> {
        let own = self.renders.get(id).filter(|row| row.user == caller.user.id);
        own.ok_or_else(|| Refusal::http(StatusCode::NOT_FOUND, "Render not found (sandbox)").of_render())
    }

    /// The finished file of a render.
    pub(super) fn output_file(&self, id: &str) -> PathBuf {
        self.output_folder().join(format!("{}.mp4", file_stem(id)))
    }
}

/// Attribution headers and plan: the two meanings of 402.
fn may_export(headers: &HeaderMap, caller: &Caller) -> Result<(), Refusal> {
    let given =
        |name: &&str| headers.get(*name).is_some_and(|value| !value.as_bytes().trim_ascii().is_empty());
    let missing: Vec<&str> = ATTRIBUTION.into_iter().filter(|name| !given(name)).collect();
    let refused = |text: &str| Refusal::http(StatusCode::PAYMENT_REQUIRED, text);
    if !missing.is_empty() {
        return Err(refused(&format!("Export is not available: {} missing (sandbox)", missing.join(", "))));
    }
    if caller.user.plan == Plan::FreeBlocked {
        return Err(refused("Export is not available on the free plan. Register or upgrade (sandbox)"));
    }
    Ok(())
}

fn has_segments(draft: &Value) -> bool {
    let tracks = draft.get("t").and_then(Value::as_array);
    tracks.is_some_and(|tracks| {
        tracks.iter().any(|track| track.get("sg").and_then(Value::as_array).is_some_and(|sg| !sg.is_empty()))
    })
}

fn doom_of(troubles: &Troubles) -> Option<Doom> {
    troubles.0.iter().find_map(|fault| match fault {
        Fault::RenderFails { message } => Some(Doom::Fails(
            message.clone().unwrap_or_else(|| "sandbox: the render node gave up".to_owned()),
        )),
        Fault::RenderStuck => Some(Doom::Stuck),
        _ => None,
    })
}

/// `GET /api/render/proxy/lambda/{id}`.
pub(super) async fn poll(
    State(nemo): State<Arc<Nemo>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, Refusal> {
    let row = nemo.render_of(&caller, &id)?;
    let progress = nemo.progress_of(&row);
    let without_url = caller.troubles.has(&Fault::NoUrl);
    let url = (row.status == RenderStatus::Completed && !without_url).then(|| {
        let query = nemo.options.link_query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}/cdn/render-result/{}.mp4{query}", nemo.base, file_stem(&id))
    });
    let mut flat = json!({ "taskId": id, "status": row.status, "progress": progress });
    let mut data =
        json!({ "id": id, "status": row.status, "progress": progress, "createdAt": row.created_at_ms });
    if let Some(made) = row.made.filter(|_| row.status == RenderStatus::Completed) {
        flat["output"] = json!({ "duration": made.duration_ms as f64 / 1000.0, "size": made.bytes });
        flat["output"]["width"] = made.width.into();
        flat["output"]["height"] = made.height.into();
        if !made.notes.is_empty() {
            flat["output"]["notes"] = made.notes.into();
        }
    }
    if let Some(url) = url {
        flat["output"]["url"] = url.clone().into();
        data["outputUrl"] = url.into();
    }
    if let Some(at) = row.completed_at_ms {
        data["completedAt"] = at.into();
    }
    if let Some(error) = row.error {
        flat["error"] = error.clone().into();
        data["error"] = error.into();
    }
    Ok(Json(match nemo.options.render_reply {
        RenderReply::A => flat,
        RenderReply::B => json!({ "success": true, "data": data }),
        RenderReply::Superset => {
            flat["success"] = true.into();
            flat["outputUrl"] = data.get("outputUrl").cloned().unwrap_or_default();
            flat["data"] = data;
            flat
        }
    })
    .into_response())
}

/// `POST /api/render/proxy/lambda/{id}/cancel`.
pub(super) async fn cancel(
    State(nemo): State<Arc<Nemo>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, Refusal> {
    nemo.render_of(&caller, &id)?;
    let status = nemo.cancel_render(&id)?;
    Ok(Json(json!({ "success": true, "data": { "id": id, "status": status } })).into_response())
}

/// `GET /api/render/proxy/{id}/download`.
pub(super) async fn download(
    State(nemo): State<Arc<Nemo>>,
    Path(id): Path<String>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let row = nemo.render_of(&caller, &id)?;
    if row.status != RenderStatus::Completed {
        return Err(Refusal::http(StatusCode::CONFLICT, "The render is not completed (sandbox)").of_render());
    }
    Ok(files::serve(&nemo.output_file(&id), request.method(), request.headers()).await)
}
