//! `POST /v1/chat/completions`: a small rewrite of a prompt.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::SkillBoss;
use super::account::Caller;
use super::answer::{Refusal, said};
use super::models::{self, Kind};
use super::run::{Ask, body_of};

/// What the model makes of a text: the same, with a camera and a light.
pub(super) fn rewritten(text: &str) -> String {
    let text = unfenced(text.trim()).trim_end_matches('.');
    format!("cinematic: {text}. Slow dolly-in, soft key light, shallow depth of field, 35mm film look.")
}

/// A model answers with what stands between marks such as `<prompt>` and `</prompt>`, and without them.
fn unfenced(text: &str) -> &str {
    let inside = || {
        let (mark, rest) = text.strip_prefix('<')?.split_once('>')?;
        let is_mark = !mark.is_empty() && mark.bytes().all(|byte| byte.is_ascii_alphabetic());
        rest.strip_suffix(&format!("</{mark}>")).filter(|_| is_mark)
    };
    inside().unwrap_or(text).trim()
}

pub(super) async fn completions(
    Shared(boss): Shared<Arc<SkillBoss>>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let asked = body_of(&body)?;
    let id = asked.get("model").and_then(Value::as_str).unwrap_or_default();
    let Some(model) = models::find(id).filter(|model| matches!(model.kind, Kind::Chat { .. })) else {
        return Err(Refusal::bad("model_not_found", format!("Invalid model: {id} is no chat model here")));
    };
    let order = boss.order(model, &asked)?;
    let ask = Ask { model: id, used: model, order, webhook_url: None, waiting: true, body: &body };
    let (job, _) = boss.accept(&caller, &headers, ask)?;
    let job = boss.finish_now(&job)?;
    let text = rewritten(job.words());
    let count = |text: &str| text.split_whitespace().count() * 4 / 3;
    let (prompt, answer) = (count(job.words()), count(&text));
    let message = json!({ "role": "assistant", "content": text });
    Ok(said(json!({
        "id": job.id,
        "object": "chat.completion",
        "created": job.created_at_ms / 1000,
        "model": id,
        "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer },
        "cost_usd": job.charged,
    }))
    .into_response())
}
