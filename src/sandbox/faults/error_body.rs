//! The shapes in which SkillBoss, its older parts and the proxies before it word an error.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// How an error body is built. All of these have been seen in public.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorShape {
    /// `{"error":{"message","type","code",…}}`.
    #[default]
    Object,
    /// `{"error":"machine_code",…}`.
    Word,
    /// The price quote of a pay-per-call door: `{"error":"Payment required","price_usd","network","accepts":[…]}`.
    Quote,
    /// `{"detail":"text"}`.
    Detail,
    /// `{"message":"text"}`.
    Message,
    /// `{"code":500,"message":"text"}` with HTTP status 200.
    #[serde(rename = "code_in_200")]
    CodeIn200,
    /// Plain text.
    Text,
    /// A proxy's web page.
    Html,
}

/// An error, before it has a shape.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Refused {
    pub(in crate::sandbox) status: StatusCode,
    /// The class of the error: `invalid_request_error`, `insufficient_balance`, …
    pub(in crate::sandbox) class: String,
    /// A word for machines.
    pub(in crate::sandbox) code: String,
    /// Words for people.
    pub(in crate::sandbox) message: String,
    /// What else the body says.
    pub(in crate::sandbox) extras: Map<String, Value>,
    /// A `Retry-After` header.
    pub(in crate::sandbox) retry_after: Option<String>,
}

/// The error in a shape.
pub(in crate::sandbox) fn refuse(refused: &Refused, shape: ErrorShape) -> Response {
    let Refused { status, class, code, message, extras, retry_after } = refused;
    let json = |mut body: Value| {
        if let Some(body) = body.as_object_mut() {
            body.insert("x_sandbox".to_owned(), Value::Bool(true));
        }
        (*status, axum::Json(body)).into_response()
    };
    let mut answer = match shape {
        ErrorShape::Object => {
            let mut error = json!({ "message": message, "type": class, "code": code });
            if let Some(error) = error.as_object_mut() {
                error.extend(extras.clone());
            }
            json(json!({ "error": error }))
        }
        ErrorShape::Word => {
            let mut body = json!({ "error": code });
            if let Some(body) = body.as_object_mut() {
                body.extend(extras.clone());
            }
            json(body)
        }
        ErrorShape::Quote => json(json!({
            "error": "Payment required", "price_usd": 0.04, "network": "eip155:8453",
            "accepts": [{ "scheme": "exact", "network": "eip155:8453", "asset": "USDC", "payTo": "sandbox" }],
        })),
        ErrorShape::Detail => json(json!({ "detail": message })),
        ErrorShape::Message => json(json!({ "message": message })),
        ErrorShape::CodeIn200 => {
            let body = json!({ "code": status.as_u16(), "message": message, "x_sandbox": true });
            (StatusCode::OK, axum::Json(body)).into_response()
        }
        ErrorShape::Text => (*status, message.clone()).into_response(),
        ErrorShape::Html => {
            let title = status.to_string();
            let page =
                format!("<!doctype html><title>{title}</title><h1>{title}</h1><hr><p>sandbox proxy</p>");
            (*status, Html(page)).into_response()
        }
    };
    if let Some(after) = retry_after.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
        answer.headers_mut().insert(header::RETRY_AFTER, after);
    }
    answer
}
