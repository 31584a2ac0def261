//! Answers: JSON that says where it comes from, and refusals in the shape of their endpoint.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use std::sync::Arc;

use super::SkillBoss;
use crate::sandbox::faults::{ErrorShape, Refused, refuse};

/// A JSON object as an answer; it says that it is the sandbox's.
pub(super) fn said(mut body: Value) -> Response {
    if let Some(body) = body.as_object_mut() {
        body.insert("x_sandbox".to_owned(), Value::Bool(true));
    }
    Json(body).into_response()
}

/// The same for endpoints whose bodies nobody has published.
pub(super) fn invented(mut body: Value) -> Response {
    if let Some(body) = body.as_object_mut() {
        body.insert("x_emulated".to_owned(), Value::Bool(true));
    }
    said(body)
}

/// Why a request is not served.
#[derive(Debug)]
pub(super) struct Refusal(Box<Refused>, ErrorShape);

impl Refusal {
    pub(super) fn new(status: StatusCode, class: &str, code: &str, message: impl Into<String>) -> Self {
        let refused = Refused {
            status,
            class: class.to_owned(),
            code: code.to_owned(),
            message: message.into(),
            extras: Map::new(),
            retry_after: None,
        };
        Self(Box::new(refused), ErrorShape::Object)
    }

    /// 400.
    pub(super) fn bad(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", code, message)
    }

    /// 400 about one field of the body.
    pub(super) fn field(name: &str, message: &str) -> Self {
        Self::bad("invalid_input", format!("{name}: {message}")).with("param", name)
    }

    /// 402: not enough money.
    pub(super) fn funds(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYMENT_REQUIRED, "insufficient_balance", code, message)
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found_error", "not_found", format!("{what} not found"))
    }

    /// One more field in the body.
    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.extras.insert(key.to_owned(), value.into());
        self
    }

    pub(super) fn retry_after(mut self, seconds: i64) -> Self {
        self.0.retry_after = Some(seconds.to_string());
        self.with("retry_after_seconds", seconds)
    }

    /// In another shape than the usual one.
    pub(super) fn shaped(mut self, shape: ErrorShape) -> Self {
        self.1 = shape;
        self
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        tracing::error!(%error, "the sandbox cannot keep its state");
        let text = format!("sandbox: its state cannot be kept: {error}");
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "api_error", "storage", text)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut answer = refuse(&self.0, self.1);
        answer.extensions_mut().insert(Arc::<Refused>::from(self.0));
        answer
    }
}

/// Gives every refusal the one shape that the options ask for.
pub(super) async fn in_one_shape(State(boss): State<Arc<SkillBoss>>, answer: Response) -> Response {
    match (boss.options.error_shape, answer.extensions().get::<Arc<Refused>>()) {
        (Some(shape), Some(refused)) => refuse(refused, shape),
        _ => answer,
    }
}
