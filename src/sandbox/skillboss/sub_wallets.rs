//! Sub-wallets: keys that draw on an account, each within its own limits.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::account::Caller;
use super::answer::{Refusal, invented};
use super::rows::{Limits, State, Wallet};
use super::{SkillBoss, Usd};

/// `POST /v1/sub-wallets`: a key that draws on the account, within its own limits.
pub(super) async fn open(
    Shared(boss): Shared<Arc<SkillBoss>>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Refusal> {
    #[derive(Deserialize)]
    struct Given {
        #[serde(default)]
        label: Option<String>,
        #[serde(default)]
        rules: Limits,
    }
    let given: Given = serde_json::from_slice(&body)
        .map_err(|error| Refusal::bad("invalid_sub_wallet", format!("sub-wallet: {error}")))?;
    let expires_at_ms = match &given.rules.expires_at {
        None => None,
        Some(text) => {
            let at: jiff::Timestamp =
                text.parse().map_err(|_| Refusal::field("rules.expires_at", "is no RFC 3339 time"))?;
            Some(at.as_millisecond())
        }
    };
    let random = Uuid::new_v4().simple().to_string();
    let start = if caller.wallet.key.starts_with("sk-whole-") { "sk-whole-sub" } else { "sk-sub" };
    let key = format!("{start}-{random}");
    let wallet = Wallet {
        id: format!("sw_{}", &random[..16]),
        account: caller.wallet.account.clone(),
        form: caller.wallet.form,
        label: given.label,
        limits: given.rules,
        expires_at_ms,
        ..boss.fresh_wallet(&key, Usd::default())
    };
    boss.wallets.put(&wallet.id, wallet.clone())?;
    let mut body = boss.shown(&wallet);
    body["api_key"] = key.into();
    Ok(invented(body))
}

/// `GET /v1/sub-wallets`.
pub(super) async fn list(Shared(boss): Shared<Arc<SkillBoss>>, caller: Caller) -> Response {
    let mut list = boss.wallets.fold(Vec::new(), |mut list, wallet| {
        if wallet.account == caller.wallet.account && wallet.id != wallet.account {
            list.push(wallet.clone());
        }
        list
    });
    list.sort_by_key(|wallet| wallet.born_at_ms);
    let list: Vec<Value> = list.iter().map(|wallet| boss.shown(wallet)).collect();
    invented(json!({ "sub_wallets": list }))
}

impl SkillBoss {
    fn shown(&self, wallet: &Wallet) -> Value {
        let spent = self.jobs.fold(Usd::default(), |sum, job| {
            let counts = job.wallet == wallet.id && job.state == State::Completed;
            sum + job.charged.filter(|_| counts).unwrap_or_default()
        });
        json!({ "id": wallet.id, "label": wallet.label, "rules": wallet.limits, "spent_usd": spent })
    }
}
