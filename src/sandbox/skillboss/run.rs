//! `POST /v1/run`: one door for all models, answered at once with a job, or at the end with the result.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::account::{Caller, refused};
use super::answer::{Refusal, said};
use super::inputs::Order;
use super::models::{self, Kind, Model};
use super::options::{Form, Idempotency};
use super::rows::{Job, State, Work};
use super::shape::{object, over};
use super::{SkillBoss, Usd, queue};
use crate::sandbox::faults::Fault;
use crate::sandbox::files;
use crate::sandbox::store::hex;

/// How long an `Idempotency-Key` is remembered.
const KEY_LIFE_MS: i64 = 24 * 3600 * 1000;

/// A checked request, on its way to become a job.
pub(super) struct Ask<'a> {
    /// As asked.
    pub(super) model: &'a str,
    pub(super) used: &'static Model,
    pub(super) order: Order,
    pub(super) webhook_url: Option<String>,
    pub(super) waiting: bool,
    pub(super) body: &'a [u8],
}

/// The body as an object.
pub(super) fn body_of(body: &[u8]) -> Result<Value, Refusal> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::bad("invalid_json", format!("Malformed JSON: {error}")))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(Refusal::bad("invalid_json", "The body must be an object"))
    }
}

pub(super) async fn run(
    Shared(boss): Shared<Arc<SkillBoss>>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let asked = body_of(&body)?;
    let Some(name) = asked.get("model").and_then(Value::as_str).filter(|name| !name.is_empty()) else {
        return Err(Refusal::field("model", "a model id is required"));
    };
    let used = model_of(name, &caller)?;
    let mut order = boss.order(used, asked.get("inputs").unwrap_or(&Value::Null))?;
    if let (true, Work::Clip(wish), Kind::Video(video)) =
        (caller.troubles.has(&Fault::ClampDuration), &mut order.work, &used.kind)
    {
        wish.seconds = video.seconds.all().first().copied().unwrap_or(wish.seconds);
    }
    let webhook_url = match asked.get("webhook_url") {
        None | Some(Value::Null) => None,
        Some(Value::String(url)) => Some(boss.webhook_target(url)?),
        Some(_) => return Err(Refusal::field("webhook_url", "must be an address")),
    };
    let wants_job = asked.get("async") == Some(&Value::Bool(true)) || webhook_url.is_some();
    let waiting = !wants_job && !caller.troubles.has(&Fault::SyncUpgrade);

    let ask = Ask { model: name, used, order, webhook_url, waiting, body: &body };
    let (job, new) = boss.accept(&caller, &headers, ask)?;
    if new {
        let done = queue::start(&boss, &job.id);
        if job.has(&Fault::WebhookEarly) {
            // Its end is not ours: when it fails the job says so.
            let _ = done.await;
        }
    }
    let mut answer = if job.waiting { boss.when_done(&job).await? } else { boss.accepted(&job) };
    if !new {
        answer.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    let mut note = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            answer.headers_mut().insert(name, value);
        }
    };
    note("x-skillboss-balance", &boss.balance(&job.account).dollars().to_string());
    if job.form == Form::Wholesale {
        note("x-request-id", &job.id);
        note("x-record-id", &job.record_id);
    }
    Ok(answer)
}

/// The model that does the work.
fn model_of(name: &str, caller: &Caller) -> Result<&'static Model, Refusal> {
    let other = caller.troubles.0.iter().find_map(|fault| match fault {
        Fault::OtherModel { model } => models::find(model),
        _ => None,
    });
    let Some(model) = models::find(name) else {
        return Err(Refusal::bad("model_not_found", format!("Invalid model: {name} not found"))
            .with("param", "model"));
    };
    if model.gone || caller.troubles.has(&Fault::ModelGone) {
        let text = format!("Model not found: {name} is no longer available");
        let class = "not_found_error";
        return Err(
            Refusal::new(StatusCode::NOT_FOUND, class, "model_not_available", text).with("param", "model")
        );
    }
    if matches!(model.kind, Kind::TemplateUpdate { .. }) && caller.wallet.form == Form::Standard {
        return Err(refused(
            "invalid_api_key",
            "Wholesale key required for this model; this is a standard key",
        ));
    }
    let lite = matches!(&model.kind, Kind::Video(video) if video.lite);
    if lite && caller.troubles.has(&Fault::NoCapacity) {
        let text = "Discount pool at capacity (lite tier). Retry or fall back to the standard tier";
        let class = "upstream_unavailable";
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, class, "no_capacity", text));
    }
    Ok(other.unwrap_or(model))
}

impl SkillBoss {
    /// Cap, balance, rules, idempotency, and then a row; `false` beside a job that was there before.
    pub(super) fn accept(
        &self,
        caller: &Caller,
        headers: &HeaderMap,
        ask: Ask<'_>,
    ) -> Result<(Job, bool), Refusal> {
        let header = |name: &str| {
            headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let price = ask.order.price.times(self.account_of(&caller.wallet).rate);
        if let Some(cap) = header("x-max-cost-usd") {
            let cap = cap.trim().parse().ok().and_then(Usd::of).filter(|cap| cap.micros >= 0);
            let cap = cap.ok_or_else(|| {
                Refusal::bad("invalid_header", "X-Max-Cost-Usd must be an amount of dollars")
            })?;
            if price > cap {
                let text = format!("Max cost exceeded: this call costs {price}, the cap is {cap}");
                return Err(Refusal::new(
                    StatusCode::PAYMENT_REQUIRED,
                    "cost_cap",
                    "max_cost_exceeded",
                    text,
                )
                .with("required_usd", json!(price))
                .with("cap_usd", json!(cap)));
            }
        }
        let key = header("idempotency-key").filter(|key| !key.trim().is_empty());
        let digest = hex(&Sha256::digest(ask.body));

        let _money = self.money();
        self.may_spend(&caller.wallet, ask.used, price)?;
        if let Some(earlier) = key.as_deref().and_then(|key| self.earlier(caller, key)) {
            if earlier.body_sha256 == digest {
                return Ok((earlier, false));
            }
            let text = "The Idempotency-Key was used with another body";
            return Err(Refusal::new(StatusCode::CONFLICT, "conflict", "idempotency_conflict", text));
        }
        let charge_factor = caller.troubles.0.iter().find_map(|fault| match fault {
            Fault::WrongPrice { factor } => Some(*factor),
            _ => None,
        });
        let job = Job {
            id: new_id(caller.form),
            number: self.next.fetch_add(1, Ordering::Relaxed),
            form: caller.form,
            account: caller.wallet.account.clone(),
            wallet: caller.wallet.id.clone(),
            model: ask.model.to_owned(),
            used_model: ask.used.id.to_owned(),
            work: ask.order.work,
            units: ask.order.units,
            price: charge_factor.map_or(price, |factor| price.times(factor)),
            told: ask.webhook_url.is_none(),
            webhook_url: ask.webhook_url,
            waiting: ask.waiting,
            idempotency_key: key,
            body_sha256: digest,
            first_frame_sha256: ask.order.first_frame.as_ref().map(|picture| hex(&Sha256::digest(picture))),
            agent: header("x-agent-name"),
            parent_task: header("x-parent-task-id"),
            record_id: format!("rec_{}", &Uuid::new_v4().simple().to_string()[..20]),
            state: State::Queued,
            created_at_ms: self.clock.now_ms(),
            finished_at_ms: None,
            error: None,
            charged: None,
            taken: None,
            receipt: None,
            file: None,
            deliveries: Vec::new(),
            troubles: caller.troubles.0.clone(),
        };
        if let Some(picture) = ask.order.first_frame {
            std::fs::write(self.first_frame(&job.id), picture)?;
        }
        self.jobs.put(&job.id, job.clone())?;
        Ok((job, true))
    }

    /// The job that this key made in the last day, where keys are honoured.
    fn earlier(&self, caller: &Caller, key: &str) -> Option<Job> {
        let honoured = match self.options.idempotency {
            Idempotency::Published => caller.form == Form::Standard,
            Idempotency::Honoured => true,
            Idempotency::Ignored => false,
        };
        let after = self.clock.now_ms() - KEY_LIFE_MS;
        let same = |job: &Job| {
            job.account == caller.wallet.account
                && job.idempotency_key.as_deref() == Some(key)
                && job.created_at_ms > after
        };
        honoured.then(|| self.jobs.find(same)).flatten()
    }

    /// 202: the job is written down.
    fn accepted(&self, job: &Job) -> Response {
        let origin = job.troubles.iter().find_map(|fault| match fault {
            Fault::ForeignUrls { origin } => Some(origin.as_str()),
            _ => None,
        });
        let body = match job.form {
            Form::Standard => {
                let path = format!("/v1/job/{}", job.id);
                let poll_url = origin.map_or(path.clone(), |origin| format!("{origin}{path}"));
                json!({ "status": "accepted", "job_id": job.id, "poll_url": poll_url, "model": job.used_model })
            }
            Form::Wholesale => {
                let base = origin.unwrap_or(&self.base);
                json!({
                    "request_id": job.id,
                    "status": State::Queued.wholesale(),
                    "status_url": format!("{base}/v1/run/status/{}", job.id),
                    "cancel_url": format!("{base}/v1/run/cancel/{}", job.id),
                })
            }
        };
        (StatusCode::ACCEPTED, said(body)).into_response()
    }

    /// 200 with the result, or the error that the job ended with.
    async fn when_done(&self, job: &Job) -> Result<Response, Refusal> {
        let job = queue::ended(self, &job.id).await.ok_or_else(|| Refusal::not_found("Job"))?;
        let binary = |fault: &Fault| matches!(fault, Fault::ResultShape { shape } if shape == "binary");
        match (job.state, &job.file) {
            (State::Completed, Some(file)) if job.troubles.iter().any(binary) => {
                let file = self.folder.join(file);
                Ok(files::serve(&file, &axum::http::Method::GET, &HeaderMap::new()).await)
            }
            (State::Completed, _) => {
                let mut body = self.outcome(&job, "outputs[].url", &[]);
                if body.is_object() {
                    over(&mut body, object([("model", json!(job.used_model))]));
                    over(&mut body, self.cost(&job, &[]));
                }
                Ok(said(body))
            }
            _ => {
                let text = job.error.unwrap_or_else(|| "The job was cancelled".to_owned());
                if text.contains(queue::NO_FUNDS) {
                    return Err(Refusal::funds("insufficient_balance", text));
                }
                Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "api_error", "generation_failed", text))
            }
        }
    }
}

fn new_id(form: Form) -> String {
    let hex = Uuid::new_v4().simple().to_string();
    match form {
        Form::Standard => format!("job_{}", &hex[..16]),
        Form::Wholesale => hex,
    }
}
