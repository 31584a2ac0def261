//! The anonymous trial: a little money without a name.

use std::sync::Arc;

use axum::extract::{ConnectInfo, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use uuid::Uuid;

use super::SkillBoss;
use super::answer::{Refusal, said};
use super::rows::Wallet;
use crate::sandbox::clock::iso;
use crate::sandbox::connection::Peer;
use crate::sandbox::faults::ErrorShape;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// `POST /api/try/anonymous-wallet`: one a day from one address.
pub(super) async fn trial(
    Shared(boss): Shared<Arc<SkillBoss>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
) -> Result<Response, Refusal> {
    let (now, from) = (boss.clock.now_ms(), peer.address.ip().to_string());
    let _money = boss.money();
    let earlier = boss
        .wallets
        .find(|wallet| wallet.claimed_from.as_ref() == Some(&from) && wallet.born_at_ms + DAY_MS > now);
    if let Some(earlier) = earlier {
        let left_s = (earlier.born_at_ms + DAY_MS - now) / 1000 + 1;
        let text = "One trial wallet a day";
        let refusal =
            Refusal::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", "trial_already_claimed", text);
        return Err(refusal.retry_after(left_s).shaped(ErrorShape::Word));
    }
    let key = format!("sk_skillboss_sandbox{}", Uuid::new_v4().simple());
    let expires_at_ms = now + DAY_MS;
    let fresh = boss.fresh_wallet(&key, boss.options.trial_usd);
    let wallet = Wallet { claimed_from: Some(from), expires_at_ms: Some(expires_at_ms), ..fresh };
    boss.wallets.put(&wallet.id.clone(), wallet)?;
    Ok(said(json!({
        "ok": true,
        "api_key": key,
        "amount_usd": boss.options.trial_usd,
        "expires_at": iso(expires_at_ms),
        "claim_url": format!("{}/claim", boss.base),
    })))
}
