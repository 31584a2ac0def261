//! The balance, as it is told.

use schemars::JsonSchema;
use serde::Serialize;

use crate::money::Usd;

/// The balance.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct CreditsReport {
    /// nemo or sandbox; skillboss when only its wallet was told.
    pub service: String,
    /// For the person.
    pub message: String,
    /// Credits that can be spent; absent, as the next two, when NemoVideo did not tell them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<f64>,
    /// Credits reserved by running work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frozen: Option<f64>,
    /// Both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<f64>,
    /// Dollars in the SkillBoss wallet, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wallet_usd: Option<Usd>,
    /// Dollars charged today (UTC) or set aside now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spent_today_usd: Option<Usd>,
    /// The same since Monday.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spent_this_week_usd: Option<Usd>,
    /// Where to get more, when they are low.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_up: Option<String>,
    /// The sensible next call.
    pub next: String,
}
