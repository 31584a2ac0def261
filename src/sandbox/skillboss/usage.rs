//! Money, shown: what an account has, and what it was used for.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, State as Shared};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Caller;
use super::answer::{Refusal, said};
use super::rows::Job;
use super::{SkillBoss, Usd, models};

const DAY_MS: i64 = 24 * 3600 * 1000;

/// `GET /v1/wallet/balance`, `GET /api/me/balance`.
pub(super) async fn balance(Shared(boss): Shared<Arc<SkillBoss>>, caller: Caller) -> Response {
    let balance = boss.balance(&caller.wallet.account);
    said(json!({ "email": "sandbox@example.com", "balance": balance, "balance_usd": balance }))
}

#[derive(Deserialize)]
pub(super) struct Window {
    period: Option<String>,
    model: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// `GET /api/me/usage?period=day|week|month|all&model=&type=`.
pub(super) async fn usage(
    Shared(boss): Shared<Arc<SkillBoss>>,
    Query(window): Query<Window>,
    caller: Caller,
) -> Result<Response, Refusal> {
    let days = match window.period.as_deref().unwrap_or("month") {
        "day" => Some(1),
        "week" => Some(7),
        "month" => Some(30),
        "all" => None,
        other => return Err(Refusal::field("period", &format!("{other} is none of day, week, month, all"))),
    };
    let since = days.map_or(i64::MIN, |days| boss.clock.now_ms() - days * DAY_MS);
    let fits = |job: &Job| {
        job.account == caller.wallet.account
            && job.finished_at_ms.is_some_and(|at| at >= since)
            && window.model.as_ref().is_none_or(|model| *model == job.used_model)
            && window.kind.as_deref().is_none_or(|kind| kind == type_of(job))
    };
    let none = BTreeMap::<(String, &str), (u32, Usd)>::new();
    let used = boss.jobs.fold(none, |mut used, job| {
        if let Some(charged) = job.charged.filter(|_| fits(job)) {
            let one = used.entry((job.used_model.clone(), type_of(job))).or_default();
            *one = (one.0 + 1, one.1 + charged);
        }
        used
    });
    let (requests, total) =
        used.values().fold((0, Usd::default()), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let by_model: Vec<Value> = used
        .iter()
        .map(|((model, kind), (requests, cost))| json!({ "model": model, "type": kind, "requests": requests, "cost_usd": cost }))
        .collect();
    Ok(said(json!({ "summary": { "total_requests": requests, "total_usd": total }, "by_model": by_model })))
}

fn type_of(job: &Job) -> &'static str {
    models::find(&job.used_model).map_or("video", models::Model::type_name)
}
