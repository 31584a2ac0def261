//! `POST /api/estimate`: what a call is going to cost, before it is made. Its body is not published.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::response::Response;
use serde_json::{Value, json};

use super::SkillBoss;
use super::account::Caller;
use super::answer::{Refusal, invented};
use super::models::{self, Kind};
use super::run::body_of;
use crate::sandbox::faults::Fault;

pub(super) async fn estimate(
    Shared(boss): Shared<Arc<SkillBoss>>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Refusal> {
    let asked = body_of(&body)?;
    let name = asked.get("model").and_then(Value::as_str).unwrap_or_default();
    let Some(model) = models::find(name).filter(|model| !model.gone) else {
        return Err(Refusal::bad("model_not_found", format!("Invalid model: {name} not found")));
    };
    let count = match asked.get("count") {
        None => 1,
        Some(count) => count
            .as_u64()
            .and_then(|count| u32::try_from(count).ok())
            .filter(|count| (1..=10_000).contains(count))
            .ok_or_else(|| Refusal::field("count", "must be from 1 to 10000"))?,
    };
    let order = boss.order(model, asked.get("inputs").unwrap_or(&Value::Null))?;
    let wrong = caller.troubles.0.iter().find_map(|fault| match fault {
        Fault::WrongPrice { factor } => Some(*factor),
        _ => None,
    });
    let one = order.price.times(boss.account_of(&caller.wallet).rate).times(wrong.unwrap_or(1.0));
    let by_second = matches!(model.kind, Kind::Video(_) | Kind::TemplateRender { .. });
    Ok(invented(json!({
        "ok": true,
        "model": name,
        "estimated_cost_usd": one * count,
        "unit": if by_second { "second" } else { "request" },
        "units": order.units * count,
        "unit_price_usd": one.times(1.0 / f64::from(order.units.max(1))),
        "count": count,
    })))
}
