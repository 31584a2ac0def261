//! `POST /run_sse`: one message to the agent, answered by a stream of events.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::Nemo;
use super::answer::{Code, Refusal};
use super::auth::Caller;
use super::rows::{Running, Session};
use super::script::{self, Cost, Mood, Script};
use super::stream;
use super::turn::Turn;
use crate::sandbox::connection::Peer;
use crate::sandbox::faults::Fault;
use crate::sandbox::gate::Troubles;
use crate::sandbox::options::{SecondStage, Silence};

/// The text parts of a request's `new_message`, joined; both casings are taken, as the framework takes them.
pub(super) fn message_of(body: &Value) -> Option<String> {
    let message = body.get("new_message").or_else(|| body.get("newMessage"))?;
    let parts = message.get("parts")?.as_array()?;
    let texts: Vec<&str> = parts.iter().filter_map(|part| part.get("text")?.as_str()).collect();
    Some(texts.join("\n"))
}

pub(super) async fn run_sse(
    State(nemo): State<Arc<Nemo>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Refusal> {
    let given: Value = serde_json::from_slice(&body)
        .map_err(|error| Refusal::field("json_invalid", &["body"], &error.to_string(), Value::Null))?;
    let id = session_id(&given)?;
    let text = message_of(&given)
        .ok_or_else(|| Refusal::field("missing", &["body", "newMessage"], "Field required", given.clone()))?;
    // Skills have sent the own id, `me`, and nothing; a foreign id finds no session.
    let user = ["user_id", "userId"].iter().find_map(|key| given.get(key)?.as_str()).unwrap_or("me");
    let session = match nemo.session_of(&caller, user, &id) {
        Err(_) if nemo.options.session_404_detail => {
            let detail = json!(format!("Session not found: {id}"));
            return Err(Refusal::detail(StatusCode::NOT_FOUND, detail));
        }
        other => other?,
    };
    let mood = mood(&nemo, &caller.troubles);
    let script = script::plan(&session, &text, mood);
    let credits = price(&nemo, &session, &script);
    take_turn(&nemo, &session, &text, credits)?;
    let (sink, answer) =
        stream::open(nemo.options.heartbeat, &caller.troubles, peer.cut, nemo.closing.clone());
    let partials = nemo.options.partials
        || given.get("streaming") == Some(&Value::Bool(true))
        || caller.troubles.has(&Fault::Partials);
    let turn =
        Turn::new(Arc::clone(&nemo), session, text, credits, script.zh, caller.troubles, sink, partials);
    // On its own: the work goes on, and is charged, whether the client listens to the end or not.
    tokio::spawn(turn.play(script));
    Ok(answer)
}

/// A run that a kill cut off goes on, as a service's own would have: from its beginning if it had changed nothing,
/// else what it did stands.
pub(super) fn resume(nemo: &Arc<Nemo>) -> std::io::Result<()> {
    for id in nemo.sessions.ids() {
        let Some(session) = nemo.sessions.get(&id) else { continue };
        let Some(run) = session.running.clone() else { continue };
        if run.begun {
            nemo.sessions.change(&id, |row| row.running = None)?;
            continue;
        }
        let troubles = Troubles(Vec::new());
        let script = script::plan(&session, &run.message, mood(nemo, &troubles));
        let sink = stream::nowhere(nemo.options.heartbeat);
        let turn =
            Turn::new(Arc::clone(nemo), session, run.message, run.credits, script.zh, troubles, sink, false);
        tokio::spawn(turn.play(script));
    }
    Ok(())
}

fn session_id(given: &Value) -> Result<String, Refusal> {
    match given.get("session_id").or_else(|| given.get("sessionId")) {
        Some(Value::String(id)) => Ok(id.clone()),
        Some(other) => {
            let text = "Input should be a valid string";
            Err(Refusal::field("string_type", &["body", "sessionId"], text, other.clone()))
        }
        None => Err(Refusal::field("missing", &["body", "sessionId"], "Field required", given.clone())),
    }
}

fn mood(nemo: &Nemo, troubles: &Troubles) -> Mood {
    let silence = if troubles.has(&Fault::Silent) { Silence::Always } else { nemo.options.silence };
    Mood { silence, second_stage: nemo.options.second_stage != SecondStage::Off }
}

fn price(nemo: &Nemo, session: &Session, script: &Script) -> i64 {
    match script.cost {
        Cost::Nothing => 0,
        Cost::Generation => nemo.options.prices.generation,
        Cost::Edit if session.edit_paid => 0,
        Cost::Edit => nemo.options.prices.first_edit,
    }
}

/// One run at a time, and only with enough credits. The row says so before the first byte leaves.
fn take_turn(nemo: &Nemo, session: &Session, message: &str, credits: i64) -> Result<(), Refusal> {
    let free = nemo.sessions.change(&session.id, |row| {
        let free = row.running.is_none();
        if free {
            row.running = Some(Running { credits, message: message.to_owned(), begun: false });
            row.turns += 1;
        }
        free
    })?;
    if free != Some(true) {
        let text = "A run is already in progress for this session (sandbox)";
        return Err(Refusal::http(StatusCode::CONFLICT, text));
    }
    match nemo.freeze(&session.user, credits) {
        Ok(true) => Ok(()),
        short_or_broken => {
            nemo.sessions.change(&session.id, |row| row.running = None)?;
            short_or_broken?;
            Err(nemo.refuse(Code::NoCredits, "Insufficient credits (sandbox)"))
        }
    }
}
