//! `/v1/pilot`: the gateway chooses the model. What it does follows from the body.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::SkillBoss;
use super::account::Caller;
use super::answer::{Refusal, invented};
use super::catalog::available;
use super::models::{self, Kind, Model};
use super::run::{self, body_of};

pub(super) async fn pilot(
    shared: Shared<Arc<SkillBoss>>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let boss = &shared.0;
    let asked = body_of(&body)?;
    let text = |key: &str| asked.get(key).and_then(Value::as_str).unwrap_or_default().to_lowercase();
    if asked.get("discover") == Some(&Value::Bool(true)) {
        let word = text("keyword");
        let found: Vec<Value> = models::all()
            .iter()
            .filter(|one| {
                !one.gone && format!("{} {} {}", one.id, one.title, one.vendor).to_lowercase().contains(&word)
            })
            .map(|one| boss.brief(one))
            .collect();
        return Ok(invented(json!({ "mode": "search", "matches": found })));
    }
    if let Some(chain) = asked.get("chain") {
        return Ok(invented(json!({ "mode": "plan", "steps": chain })));
    }
    let kind = text("type");
    if kind.is_empty() {
        return Ok(invented(json!({ "mode": "guide", "available_types": available() })));
    }
    let mut ranked: Vec<&'static Model> = models::all()
        .iter()
        .filter(|one| {
            !one.gone
                && one.type_name() == kind
                && !matches!(one.kind, Kind::TemplateUpdate { .. } | Kind::TemplateRender { .. })
        })
        .collect();
    ranked.sort_by_key(|one| boss.cheapest(one));
    if text("prefer") == "quality" {
        ranked.reverse();
    }
    let Some(inputs) = asked.get("inputs") else {
        let limit = asked.get("limit").and_then(Value::as_u64).map_or(5, |limit| limit.clamp(1, 50) as usize);
        let list: Vec<Value> = ranked.iter().take(limit).map(|one| boss.brief(one)).collect();
        return Ok(invented(json!({ "mode": "recommend", "recommendations": list })));
    };
    let best = ranked.first().ok_or_else(|| Refusal::field("type", "no model of this type"))?;
    let call = json!({ "model": best.id, "inputs": inputs }).to_string();
    run::run(shared, caller, headers, Bytes::from(call)).await
}
