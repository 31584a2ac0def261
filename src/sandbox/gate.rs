//! The gate that every request passes: it is numbered, written down, and perhaps struck by a fault.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use futures_util::StreamExt;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::connection::Peer;
use super::faults::{self, Close, Endpoint, Fault, FaultsHandle, Refused, Seen};
use super::log::{Entry, EntryKind, Log};
use super::store::{hex, short_hash};
use super::{Clock, nemo, skillboss, social, spoil};

/// What a request is about, for the log and for fault rules.
#[derive(Debug, Default)]
pub(super) struct About {
    pub(super) session: Option<String>,
    pub(super) render: Option<String>,
    pub(super) text: Option<String>,
}

/// What the gate needs to know.
pub(super) struct Gate {
    pub(super) log: Log,
    pub(super) faults: FaultsHandle,
    pub(super) clock: Clock,
    pub(super) closing: CancellationToken,
}

/// The faults of one request that its handler has to play itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Troubles(pub(super) Vec<Fault>);

impl Troubles {
    pub(super) fn has(&self, fault: &Fault) -> bool {
        self.0.contains(fault)
    }
}

/// A handler's word about a body that went past the gate: bytes and hex SHA-256.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// Bodies are read whole up to this size, except uploads, which are streamed.
const BODY_LIMIT_BYTES: usize = 64 * 1024 * 1024;

/// The headers that the log keeps.
const KEPT: [&str; 16] = [
    "accept",
    "accept-encoding",
    "content-length",
    "content-type",
    "idempotency-key",
    "if-range",
    "last-event-id",
    "range",
    "user-agent",
    "x-agent-name",
    "x-client-id",
    "x-max-cost-usd",
    "x-parent-task-id",
    "x-skill-platform",
    "x-skill-source",
    "x-skill-version",
];

/// Number, log, strike, pass on, log the answer.
pub(super) async fn pass(
    State(gate): State<Arc<Gate>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path() == "/" || request.uri().path().starts_with("/__sandbox/") {
        return marked(next.run(request).await);
    }
    let (method, path) = (request.method(), request.uri().path());
    let mut endpoint = nemo::endpoint_of(method, path).or_else(|| skillboss::endpoint_of(method, path));
    let mut entry = Entry {
        seq: gate.log.number(),
        method: request.method().to_string(),
        path: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
        endpoint: endpoint.map_or("unknown", Endpoint::name).to_owned(),
        headers: kept(request.headers()),
        token: bearer(request.headers()).map(fingerprint),
        ..Entry::default()
    };
    let (request, body) = match whole_body(request, endpoint).await {
        Ok(both) => both,
        Err(refusal) => return marked(refusal),
    };
    if let Some(of) =
        social::endpoint_of(request.method(), request.uri().path(), body.as_deref().unwrap_or_default())
    {
        of.name().clone_into(&mut entry.endpoint);
        endpoint = Some(of);
    }
    if let Some(body) = &body {
        entry.body_bytes = Some(body.len() as u64);
        entry.body_sha256 = Some(hex(&Sha256::digest(body)));
    }
    let about_of = if endpoint.is_some_and(Endpoint::is_skillboss) { skillboss::about } else { nemo::about };
    let about = about_of(request.uri().path(), body.as_deref().unwrap_or_default());
    entry.session = about.session;
    entry.render = about.render;
    entry.text.clone_from(&about.text);
    let troubles = endpoint.map_or_else(Vec::new, |endpoint| {
        let plain = body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        // Rules about SkillBoss may name a model, so they are tried on everything.
        let message = about.text.as_deref().filter(|_| !endpoint.is_skillboss());
        let text = message.unwrap_or(&plain);
        gate.faults.strike(&Seen { endpoint, session: entry.session.as_deref(), text })
    });
    entry.faults = troubles.iter().map(name_of).collect();
    if let Err(error) = gate.log.write(entry.clone()) {
        return marked(cannot_write(&error));
    }

    let answer = struck(&gate, &peer, request, next, &troubles).await;
    let received = answer.extensions().get::<Received>().cloned();
    let told = Entry {
        kind: EntryKind::Answer,
        status: Some(answer.status().as_u16()),
        headers: BTreeMap::new(),
        body_bytes: received.as_ref().map(|it| it.bytes),
        body_sha256: received.map(|it| it.sha256),
        text: None,
        ..entry
    };
    if let Err(error) = gate.log.write(told) {
        return marked(cannot_write(&error));
    }
    marked(answer)
}

/// Plays the faults that concern the whole exchange, and leaves the others to the handler.
async fn struck(gate: &Gate, peer: &Peer, mut request: Request, next: Next, troubles: &[Fault]) -> Response {
    let mut lost = None;
    let (mut strings, mut orders, mut error_after) = (false, false, None);
    let (mut hang_after, mut cut_after, mut stall_after) = (false, None, None);
    for fault in troubles {
        match fault {
            Fault::Delay { ms } => wait(gate, Duration::from_millis(*ms)).await,
            Fault::Hang => {
                gate.closing.cancelled().await;
                return refusal(503, None, Some("sandbox: closing"), None);
            }
            Fault::Cut { how } => return cut(peer, *how),
            Fault::WebPage => {
                return Html("<!doctype html><title>Sandbox</title><p>Please log in to the network.")
                    .into_response();
            }
            Fault::Status { status, code, message, retry_after_s } => {
                return refusal(*status, *code, message.as_deref(), *retry_after_s);
            }
            Fault::Error { after_work: false, .. } => return error(fault, &HeaderMap::new()),
            Fault::Error { .. } => error_after = Some(fault),
            Fault::Redirect { to } => {
                return (StatusCode::FOUND, [(header::LOCATION, to.as_str())]).into_response();
            }
            Fault::HugeBody { bytes } => return spoil::huge(*bytes),
            Fault::MemoryHint => orders = true,
            Fault::LostAnswer { how } => lost = Some(*how),
            Fault::NumbersAsStrings => strings = true,
            Fault::HangAfter => hang_after = true,
            Fault::CutBody { bytes } => cut_after = Some(*bytes),
            Fault::StallBody { bytes } => stall_after = Some(*bytes),
            _ => {}
        }
    }
    request.extensions_mut().insert(Troubles(troubles.to_vec()));
    let mut answer = next.run(request).await;
    if lost.is_some() || hang_after {
        // The work of a stream is done when its last frame is written.
        let (parts, body) = answer.into_parts();
        let mut frames = body.into_data_stream();
        while frames.next().await.is_some_and(|frame| frame.is_ok()) {}
        if let Some(how) = lost {
            return cut(peer, how);
        }
        gate.closing.cancelled().await;
        return Response::from_parts(parts, Body::empty());
    }
    if let Some(fault) = error_after {
        return error(fault, answer.headers());
    }
    if strings {
        answer = spoil::with_strings(answer).await;
    }
    if orders {
        answer = spoil::with_orders(answer).await;
    }
    if let Some(bytes) = cut_after {
        answer = answer.map(|body| spoil::cut_body(body, bytes, async {}));
    }
    if let Some(bytes) = stall_after {
        let closing = gate.closing.clone();
        answer = answer.map(|body| spoil::cut_body(body, bytes, closing.cancelled_owned()));
    }
    answer
}

async fn wait(gate: &Gate, time: Duration) {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = gate.closing.cancelled() => {}
    }
}

/// Ends the connection instead of answering; the response that goes back is never written.
fn cut(peer: &Peer, how: Close) -> Response {
    if how == Close::Reset {
        peer.cut.ends_with_reset();
    }
    peer.cut.now();
    StatusCode::OK.into_response()
}

fn refusal(status: u16, code: Option<i64>, message: Option<&str>, retry_after_s: Option<u32>) -> Response {
    let message = message.unwrap_or("sandbox: a fault rule answered this request");
    let code = code.unwrap_or_else(|| i64::from(status));
    let body = json!({ "code": code, "message": message, "msg": message, "data": null });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = (status, Json(body)).into_response();
    if let Some(seconds) = retry_after_s {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

/// The error of a rule; `hidden` are the headers of the answer that it hides.
fn error(fault: &Fault, hidden: &HeaderMap) -> Response {
    let Fault::Error { status, shape, code, message, retry_after, keep_ids, .. } = fault else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let refused = Refused {
        status: StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        class: "api_error".to_owned(),
        code: code.clone().unwrap_or_else(|| format!("sandbox_{status}")),
        message: message.clone().unwrap_or_else(|| "sandbox: a fault rule answered this request".to_owned()),
        extras: serde_json::Map::new(),
        retry_after: retry_after.clone(),
    };
    let mut answer = faults::refuse(&refused, *shape);
    for name in ["x-request-id", "x-record-id"].into_iter().filter(|_| *keep_ids) {
        if let Some(value) = hidden.get(name) {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    answer
}

async fn whole_body(
    request: Request,
    endpoint: Option<Endpoint>,
) -> Result<(Request, Option<Bytes>), Response> {
    let form = request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| {
        kind.to_str().is_ok_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/"))
    });
    if endpoint == Some(Endpoint::Upload) && form || request.method() == Method::GET {
        return Ok((request, None));
    }
    let (parts, body) = request.into_parts();
    match to_bytes(body, BODY_LIMIT_BYTES).await {
        Ok(bytes) => Ok((Request::from_parts(parts, Body::from(bytes.clone())), Some(bytes))),
        Err(error) => {
            tracing::warn!(%error, "the sandbox could not read a request's body");
            Err(refusal(413, None, Some("the body is larger than 64 MiB or broke off"), None))
        }
    }
}

fn kept(headers: &HeaderMap) -> BTreeMap<String, String> {
    KEPT.iter()
        .filter_map(|name| {
            let value = headers.get(*name)?;
            Some(((*name).to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        })
        .collect()
}

/// The token of an `Authorization: Bearer` header.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Enough to tell tokens apart, nothing to use them with.
fn fingerprint(token: &str) -> String {
    format!("token:{}", short_hash(token))
}

fn name_of(fault: &Fault) -> String {
    serde_json::to_value(fault)
        .ok()
        .and_then(|value| Some(value.get("kind")?.as_str()?.to_owned()))
        .unwrap_or_default()
}

fn cannot_write(error: &std::io::Error) -> Response {
    refusal(507, None, Some(&format!("sandbox: its log cannot be written: {error}")), None)
}

/// Nobody may take an answer of the sandbox for the real thing.
fn marked(mut answer: Response) -> Response {
    answer.headers_mut().insert("x-firstcut-sandbox", HeaderValue::from_static("1"));
    answer
}
