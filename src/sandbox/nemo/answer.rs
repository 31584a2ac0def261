//! The answers' envelopes, good and bad.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Nemo;

/// `{"code":0,"data":…}`.
pub(super) fn ok(data: Value) -> Response {
    Json(json!({ "code": 0, "data": data })).into_response()
}

/// A refusal, in one of the shapes that documents and captures show.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    body: Value,
}

impl Refusal {
    /// `{"code","message","msg","data":null}`. No document settles which text key is real, so both are there.
    fn coded(status: StatusCode, code: i64, message: &str) -> Self {
        Self { status, body: json!({ "code": code, "message": message, "msg": message, "data": null }) }
    }

    /// An HTTP error whose code is its status.
    pub(super) fn http(status: StatusCode, message: &str) -> Self {
        Self::coded(status, i64::from(status.as_u16()), message)
    }

    /// FastAPI's `{"detail":…}`.
    pub(super) fn detail(status: StatusCode, detail: Value) -> Self {
        Self { status, body: json!({ "detail": detail }) }
    }

    /// A field that FastAPI's validation misses or cannot use.
    pub(super) fn field(kind: &str, place: &[&str], message: &str, input: Value) -> Self {
        let item = json!({ "type": kind, "loc": place, "msg": message, "input": input });
        Self::detail(StatusCode::UNPROCESSABLE_ENTITY, json!([item]))
    }

    /// The same refusal, as the render proxy words it.
    pub(super) fn of_render(mut self) -> Self {
        if let Some(body) = self.body.as_object_mut() {
            let text = body.get("message").cloned().unwrap_or_default();
            body.insert("success".to_owned(), Value::Bool(false));
            body.insert("error".to_owned(), text);
        }
        self
    }

    /// The disk is full, or worse.
    pub(super) fn broken(error: &std::io::Error) -> Self {
        tracing::error!(%error, "the sandbox cannot keep its state");
        Self::http(StatusCode::INSUFFICIENT_STORAGE, &format!("sandbox: its state cannot be kept: {error}"))
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Self::broken(&error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

/// The documented body codes (NemoVideo skill, Error Handling).
#[derive(Clone, Copy, Debug)]
pub(super) enum Code {
    BadToken,
    NoSession,
    NoCredits,
    UnsupportedFile,
    FileTooLarge,
}

impl Nemo {
    /// A refusal with a documented code; whether its HTTP status says so too is an option.
    pub(super) fn refuse(&self, code: Code, message: &str) -> Refusal {
        let (number, status) = match code {
            Code::BadToken => (1001, StatusCode::UNAUTHORIZED),
            Code::NoSession => (1002, StatusCode::NOT_FOUND),
            Code::NoCredits => (2001, StatusCode::PAYMENT_REQUIRED),
            Code::UnsupportedFile => (4001, StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Code::FileTooLarge => (4002, StatusCode::PAYLOAD_TOO_LARGE),
        };
        let status = if self.options.errors_as_200 { StatusCode::OK } else { status };
        Refusal::coded(status, number, message)
    }
}

/// What FastAPI says about a path that it does not know.
pub(super) async fn not_found() -> Refusal {
    Refusal::detail(StatusCode::NOT_FOUND, json!("Not Found"))
}
