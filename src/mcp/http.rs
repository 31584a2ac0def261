//! The same server over Streamable HTTP, at `/mcp`: stateless for the newer protocol, with sessions for the older one.
//!
//! Whoever comes this way may be anywhere, so it reads and writes only in the output folder and in folders that the
//! settings name, and a session of its own is the only thing that it can mean by "the current one".

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use rmcp::ServerHandler;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::mcp::server::Server;

/// Where it is.
pub const PATH: &str = "/mcp";

/// A call carries words and paths, and at most the definition of a template.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// How long a call may take to arrive whole.
const PATIENCE: Duration = Duration::from_secs(15);
/// A session whose client is silent for so long is forgotten; its jobs are not.
const SESSION_IDLE: Duration = Duration::from_secs(60 * 60);

/// The route. `leaving` is tripped when the program is about to end: calls that wait are answered then, and say that
/// their jobs go on. Who may call is the business of whoever serves the route.
pub fn routes(app: &App, leaving: CancellationToken) -> Router {
    let server = Server::remote(app.clone(), leaving);
    routes_for(move || server.for_another())
}

/// The same for any server, so that it can be tried with one that has more tools.
pub fn routes_for<S: ServerHandler>(server: impl Fn() -> S + Send + Sync + 'static) -> Router {
    let mut sessions = LocalSessionManager::default();
    sessions.session_config.keep_alive = Some(SESSION_IDLE);
    let config = StreamableHttpServerConfig::default()
        // Host and Origin are checked with the token, before anything is read.
        .disable_allowed_hosts()
        .with_json_response(true)
        .with_max_request_body_bytes(MOST_BYTES);
    let service = StreamableHttpService::new(move || Ok(server()), Arc::new(sessions), config);
    Router::new().route(PATH, any(take::<S>)).with_state(service)
}

async fn take<S: ServerHandler>(
    State(service): State<StreamableHttpService<S, LocalSessionManager>>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let body = match tokio::time::timeout(PATIENCE, to_bytes(body, MOST_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let claims_json = head.method == Method::POST
        && head
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let answer = service.handle(Request::from_parts(head, Body::from(body.clone()))).await;
    // The SDK calls words that it cannot read an unsupported type.
    if claims_json && answer.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        return unreadable(&body);
    }
    answer.map(Body::new)
}

/// JSON-RPC's own answers to what is no JSON, and to JSON that is no message.
fn unreadable(body: &Bytes) -> Response {
    let (code, message) = match serde_json::from_slice::<serde::de::IgnoredAny>(body) {
        Err(error) => (-32700, format!("Parse error: {error}")),
        Ok(_) => (-32600, "Invalid request: this is no JSON-RPC message.".to_owned()),
    };
    let error = json!({"jsonrpc": "2.0", "error": {"code": code, "message": message}});
    (StatusCode::BAD_REQUEST, [(CONTENT_TYPE, "application/json")], error.to_string()).into_response()
}
