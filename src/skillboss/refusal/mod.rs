//! Refusals: the eight shapes in which SkillBoss says no, also inside a success, brought to one.

use serde_json::Value;

use crate::money::Usd;
use crate::skillboss::dialect;
use crate::skillboss::wire::{self, Answer, Body};

/// A trial wallet is given once a day; nothing asks for more patience.
const LONGEST_WAIT_S: u64 = 24 * 60 * 60;

/// What a refusal means to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Our request is wrong.
    BadRequest,
    /// The body is too large.
    TooLarge,
    /// The key is wrong, or of the other kind.
    Auth,
    /// Too little money (402).
    Funds,
    /// Dearer than `X-Max-Cost-Usd` (402).
    CostCap,
    /// A budget or rule of the account stops it (402).
    Budget,
    /// No key arrived, so that a price for strangers is quoted (402, x402).
    PaymentQuote,
    /// The key may not do this.
    Forbidden,
    /// No such thing.
    NotFound,
    /// The model does not exist, or no longer.
    ModelGone,
    /// It cannot be done any more.
    Conflict,
    /// The free trial of this network address is used up.
    TrialClaimed,
    /// Slow down.
    RateLimited,
    /// A passing fault.
    Server,
    /// No room in the cheap tier.
    Capacity,
    /// It sends us elsewhere.
    Redirect,
    /// Nothing that this service would say.
    Foreign,
}

/// A refusal in one shape.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// The status, or the one inside a 200.
    pub(super) http: u16,
    pub(super) meaning: Meaning,
    /// The service's words; may be empty.
    pub(super) words: String,
    pub(super) wait_s: Option<u64>,
    /// What it would have cost, or what is missing.
    pub(super) required: Option<Usd>,
    /// The body was JSON: the service itself spoke, and not something in between.
    pub(super) is_own: bool,
    /// It came inside a success.
    pub(super) is_inside_success: bool,
    /// The answer names the request, in a header or as a job.
    pub(super) names_request: bool,
    /// The body names a job.
    pub(super) names_job: bool,
}

impl Refusal {
    /// The refusal in an answer, unless it is none.
    pub(super) fn of(answer: &Answer) -> Option<Self> {
        let status = answer.head.status;
        let failed = !(200..300).contains(&status);
        match &answer.body {
            Body::Json { value, .. } => {
                let inner = inner_failure(value);
                if !failed && inner.is_none() {
                    return None;
                }
                Some(Self::told(if failed { status } else { inner.unwrap_or(400) }, value, answer))
            }
            Body::File(_) => None,
            Body::Text(text) if !failed && text.trim().is_empty() => None,
            Body::Text(text) => Some(Self::text(status, text, answer)),
        }
    }

    fn told(http: u16, body: &Value, answer: &Answer) -> Self {
        let (code, words, names_job) = (code(body), words(body), dialect::named(body).is_some());
        let places = [body, body.get("error").unwrap_or(&Value::Null)];
        let first = |names: &[&str]| places.iter().find_map(|place| wire::usd(place, names));
        let wait_s = places
            .iter()
            .find_map(|place| place.get("retry_after_seconds").or_else(|| place.get("retry_after"))?.as_u64())
            .map(|seconds| seconds.min(LONGEST_WAIT_S));
        let quotes = body.get("accepts").is_some_and(Value::is_array);
        Self {
            http,
            meaning: meaning(http, &code, &words, quotes),
            wait_s: answer.head.wait_s.or(wait_s),
            required: first(&["required_usd", "price_usd", "estimated_cost_usd", "cost_usd"]),
            words: if words.is_empty() { code } else { words },
            is_own: true,
            is_inside_success: (200..300).contains(&answer.head.status),
            names_request: names_job || answer.head.ids.request_id.is_some(),
            names_job,
        }
    }

    /// Plain words or a web page. A success without JSON is none, unless its words are known.
    fn text(http: u16, text: &str, answer: &Answer) -> Self {
        let page = text.trim_start().starts_with('<');
        let words = if page { String::new() } else { text.chars().take(300).collect() };
        let failed = !(200..300).contains(&http);
        let known = meaning(if failed { http } else { 402 }, "", &words, false);
        let lower = words.to_ascii_lowercase();
        let meaning = if failed {
            known
        } else if lower.contains("insufficient") {
            Meaning::Funds
        } else if lower.contains("invalid token") || lower.contains("invalid api key") {
            Meaning::Auth
        } else {
            Meaning::Foreign
        };
        Self {
            http,
            meaning,
            words,
            wait_s: answer.head.wait_s,
            required: None,
            is_own: false,
            is_inside_success: !failed,
            names_request: answer.head.ids.request_id.is_some(),
            names_job: false,
        }
    }
}

/// The status of a failure inside a success: `{"code":500,"message":…}`, `{"ok":false}`, or an error without a job.
fn inner_failure(body: &Value) -> Option<u16> {
    let code = match body.get("code") {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    if let Some(code) =
        code.and_then(|code| u16::try_from(code).ok()).filter(|code| (400..600).contains(code))
    {
        return Some(code);
    }
    let no = |name: &str| body.get(name) == Some(&Value::Bool(false));
    let has_error = match body.get("error") {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(_) => true,
    };
    // A job that failed has an error too, but also a state; a receipt that is wrong has a verdict.
    let of_a_job = ["job_id", "status", "valid"].iter().any(|name| body.get(name).is_some());
    (no("ok") || no("success") || (has_error && !of_a_job)).then_some(400)
}

/// The machine's word: `error.code`, `error.type`, or `error` where it is one.
fn code(body: &Value) -> String {
    let error = body.get("error");
    error
        .and_then(|error| wire::text(error, &["code", "type"]))
        .or_else(|| error.and_then(Value::as_str).filter(|text| is_word(text)).map(str::to_owned))
        .or_else(|| wire::text(body, &["error_code", "type"]))
        .unwrap_or_default()
        .to_ascii_lowercase()
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// The words for people, wherever they are.
fn words(body: &Value) -> String {
    let from = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Object(_) => wire::text(value, &["message", "detail", "msg", "type", "code"]),
        // FastAPI lists what is wrong with each field.
        Value::Array(items) => {
            let items: Vec<_> = items
                .iter()
                .filter_map(|item| {
                    let place = item.get("loc").and_then(Value::as_array).map(|path| {
                        path.iter()
                            .map(|part| part.to_string().replace('"', ""))
                            .collect::<Vec<_>>()
                            .join(".")
                    });
                    let message =
                        item.as_str().map(str::to_owned).or_else(|| wire::text(item, &["msg", "message"]))?;
                    Some(place.map_or(message.clone(), |place| format!("{place}: {message}")))
                })
                .collect();
            Some(items.join("; "))
        }
        _ => None,
    };
    ["detail", "error", "message", "msg"]
        .iter()
        .filter_map(|name| from(body.get(name)?))
        .find(|words| !words.is_empty())
        .unwrap_or_default()
}

fn meaning(http: u16, code: &str, words: &str, quotes: bool) -> Meaning {
    let all = format!("{code} {words}").to_ascii_lowercase();
    let says = |any: &[&str]| any.iter().any(|part| all.contains(part));
    match code {
        "trial_already_claimed" => return Meaning::TrialClaimed,
        "invalid_api_key" | "missing_authorization" => return Meaning::Auth,
        "insufficient_balance" => return Meaning::Funds,
        "max_cost_exceeded" => return Meaning::CostCap,
        "idempotency_conflict" => return Meaning::Conflict,
        "model_not_found" => return Meaning::ModelGone,
        _ => {}
    }
    let model_gone = says(&["model"])
        && says(&[
            "not found",
            "unknown",
            "no longer",
            "retired",
            "deprecated",
            "not exist",
            "not supported",
            "invalid model",
            "bad model",
        ]);
    match http {
        300..400 => Meaning::Redirect,
        401 => Meaning::Auth,
        402 if quotes => Meaning::PaymentQuote,
        402 if says(&[
            "budget",
            "daily",
            "weekly",
            "monthly",
            "hard stop",
            "hard_stop",
            "spending limit",
            "rule",
        ]) =>
        {
            Meaning::Budget
        }
        402 if says(&[
            "max cost",
            "max_cost",
            "max-cost",
            "cost cap",
            "cost_cap",
            "exceeds cap",
            "per-call cap",
        ]) =>
        {
            Meaning::CostCap
        }
        402 => Meaning::Funds,
        403 => Meaning::Forbidden,
        400 | 404 | 410 | 422 if model_gone => Meaning::ModelGone,
        404 | 405 | 410 | 501 => Meaning::NotFound,
        409 => Meaning::Conflict,
        413 => Meaning::TooLarge,
        425 | 429 => Meaning::RateLimited,
        503 if says(&["capacity", "lite", "tier", "pool", "upstream"]) => Meaning::Capacity,
        // A provider's 429 is passed on inside a 500.
        500.. if says(&["429", "rate limit", "too many requests"]) => Meaning::RateLimited,
        500.. if says(&["insufficient balance", "insufficient coins", "insufficient credits"]) => {
            Meaning::Funds
        }
        408 | 500.. => Meaning::Server,
        400 if says(&["insufficient"]) => Meaning::Funds,
        400.. => Meaning::BadRequest,
        _ => Meaning::Foreign,
    }
}

#[cfg(test)]
mod tests;
