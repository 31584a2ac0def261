//! Money, fenced in: the account's rules, and the budget of its agents. `spending` keeps to them.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::SkillBoss;
use super::account::Caller;
use super::answer::{Refusal, invented, said};
use super::rows::{Budget, Rule};

/// `GET /api/wallet/rules`.
pub(super) async fn rules(Shared(boss): Shared<Arc<SkillBoss>>, caller: Caller) -> Response {
    invented(json!({ "rules": boss.account_of(&caller.wallet).rules }))
}

/// `POST /api/wallet/rules`: the rules of the account from now on.
pub(super) async fn set_rules(
    Shared(boss): Shared<Arc<SkillBoss>>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Refusal> {
    #[derive(Deserialize)]
    struct Given {
        rules: Vec<Rule>,
    }
    let given: Given = serde_json::from_slice(&body)
        .map_err(|error| Refusal::bad("invalid_rules", format!("rules: {error}")))?;
    let mut rules = given.rules;
    for rule in &mut rules {
        let known = rule.scope == "all"
            || rule
                .scope
                .split_once(':')
                .is_some_and(|(kind, name)| ["type", "model", "vendor"].contains(&kind) && !name.is_empty());
        if !known {
            return Err(Refusal::field("rules", &format!("scope {} is not understood", rule.scope)));
        }
        rule.id = format!("rule_{}", &Uuid::new_v4().simple().to_string()[..12]);
    }
    boss.wallets.change(&caller.wallet.account, |account| account.rules.clone_from(&rules))?;
    Ok(invented(json!({ "ok": true, "rules": rules })))
}

/// `POST /v1/agents/budget`.
pub(super) async fn set_budget(
    Shared(boss): Shared<Arc<SkillBoss>>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Refusal> {
    let budget: Budget = serde_json::from_slice(&body)
        .map_err(|error| Refusal::bad("invalid_budget", format!("budget: {error}")))?;
    boss.wallets.change(&caller.wallet.account, |account| account.budget = Some(budget.clone()))?;
    Ok(said(told(&budget)))
}

/// `GET /v1/agents/budget`.
pub(super) async fn budget(Shared(boss): Shared<Arc<SkillBoss>>, caller: Caller) -> Response {
    match boss.account_of(&caller.wallet).budget {
        Some(budget) => invented(told(&budget)),
        None => invented(json!({ "budget_configured": false })),
    }
}

fn told(budget: &Budget) -> Value {
    let limits = json!({ "daily": budget.daily, "weekly": budget.weekly, "monthly": budget.monthly });
    json!({ "budget_configured": true, "limits_active": limits, "hard_stop": budget.hard_stop })
}
