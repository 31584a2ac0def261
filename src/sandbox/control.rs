//! The sandbox's own endpoints, under `/__sandbox/`: what a test or a developer asks it about itself.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::io::ReaderStream;

use super::faults::{Faults, Rule};
use super::gate::Gate;
use super::{SkillBossBooks, SocialBooks, Usd};

/// What these endpoints steer.
pub(super) struct Control {
    pub(super) gate: Arc<Gate>,
    pub(super) books: SkillBossBooks,
    pub(super) posts: SocialBooks,
    /// Forgets every user, session, upload and render.
    pub(super) reset: Box<dyn Fn() -> std::io::Result<()> + Send + Sync>,
}

type Shared = Arc<Control>;

pub(super) fn router(control: Control) -> Router {
    Router::new()
        .route("/", get(hello))
        .route("/__sandbox/log", get(requests))
        .route("/__sandbox/charges", get(charges))
        .route("/__sandbox/skillboss/submissions", get(submissions))
        .route("/__sandbox/skillboss/charges", get(bills))
        .route("/__sandbox/skillboss/webhooks", get(deliveries))
        .route("/__sandbox/skillboss/top-up", post(top_up))
        .route("/__sandbox/social/posts", get(posts))
        .route("/__sandbox/faults", get(rules).post(set_rules))
        .route("/__sandbox/clock", post(clock))
        .route("/__sandbox/reset", post(reset))
        .with_state(Arc::new(control))
}

async fn hello() -> Json<Value> {
    Json(json!({
        "sandbox": true,
        "about": "firstcut's sandbox: emulated services on this machine; nothing here is the real thing",
    }))
}

async fn requests(State(control): State<Shared>) -> Response {
    lines(control.gate.log.paths()[0]).await
}

async fn charges(State(control): State<Shared>) -> Response {
    lines(control.gate.log.paths()[1]).await
}

async fn submissions(State(control): State<Shared>) -> Response {
    rows(&control.books.submissions())
}

async fn bills(State(control): State<Shared>) -> Response {
    rows(&control.books.charges())
}

async fn deliveries(State(control): State<Shared>) -> Response {
    rows(&control.books.deliveries())
}

#[derive(Deserialize)]
struct TopUp {
    /// Whose account.
    key: String,
    usd: Usd,
}

async fn top_up(State(control): State<Shared>, Json(TopUp { key, usd }): Json<TopUp>) -> Response {
    match control.books.top_up(&key, usd) {
        Ok(Some(balance)) => Json(json!({ "balance_usd": balance })).into_response(),
        Ok(None) => trouble(StatusCode::NOT_FOUND, "nobody has come with this key"),
        Err(error) => trouble(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

async fn posts(State(control): State<Shared>) -> Response {
    rows(&control.posts.posts())
}

const JSON_LINES: [(header::HeaderName, &str); 1] =
    [(header::CONTENT_TYPE, "application/jsonl; charset=utf-8")];

/// JSON lines of what is in memory.
fn rows(rows: &[impl Serialize]) -> Response {
    let mut text = String::new();
    for row in rows {
        match serde_json::to_string(row) {
            Ok(line) => text.extend([line.as_str(), "\n"]),
            Err(error) => return trouble(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }
    (JSON_LINES, text).into_response()
}

async fn lines(path: &std::path::Path) -> Response {
    match tokio::fs::File::open(path).await {
        Ok(file) => (JSON_LINES, Body::from_stream(ReaderStream::new(file))).into_response(),
        Err(error) => trouble(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

async fn rules(State(control): State<Shared>) -> Json<Value> {
    Json(json!({ "rules": control.gate.faults.report() }))
}

/// `{"rules":[…]}` replaces all rules; a single rule is added to them.
async fn set_rules(State(control): State<Shared>, body: axum::body::Bytes) -> Response {
    let taken = serde_json::from_slice::<Value>(&body).and_then(|given| {
        if given.get("rules").is_some() {
            serde_json::from_value::<Faults>(given).map(|faults| control.gate.faults.set(faults))
        } else {
            serde_json::from_value::<Rule>(given).map(|rule| control.gate.faults.add(rule))
        }
    });
    match taken {
        Ok(()) => Json(json!({ "rules": control.gate.faults.report() })).into_response(),
        Err(error) => trouble(StatusCode::BAD_REQUEST, &format!("fault rules: {error}")),
    }
}

#[derive(Deserialize)]
struct Advance {
    advance_ms: i64,
}

async fn clock(State(control): State<Shared>, Json(advance): Json<Advance>) -> Json<Value> {
    control.gate.clock.advance_ms(advance.advance_ms);
    Json(json!({ "now_ms": control.gate.clock.now_ms() }))
}

async fn reset(State(control): State<Shared>) -> Response {
    control.gate.faults.set(Faults::default());
    match (control.reset)().and_then(|()| control.gate.log.clear()) {
        Ok(()) => Json(json!({ "reset": true })).into_response(),
        Err(error) => trouble(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn trouble(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({ "error": text }))).into_response()
}
