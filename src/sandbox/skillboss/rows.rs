//! What the emulated service remembers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Usd;
use super::options::Form;
use crate::sandbox::faults::Fault;

/// A key with what it may spend. An account is its first wallet; the others draw on that one's money.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Wallet {
    pub(super) id: String,
    pub(super) key: String,
    /// The first wallet of the account; its own id there.
    pub(super) account: String,
    pub(super) form: Form,
    /// The account's money before anything was charged; nothing in the other wallets.
    pub(super) grant: Usd,
    /// What is paid of the list price.
    pub(super) rate: f64,
    pub(super) label: Option<String>,
    pub(super) born_at_ms: i64,
    pub(super) expires_at_ms: Option<i64>,
    pub(super) limits: Limits,
    /// Of the account.
    pub(super) rules: Vec<Rule>,
    /// Of the account.
    pub(super) budget: Option<Budget>,
    /// The address that claimed a trial.
    pub(super) claimed_from: Option<String>,
}

/// What one wallet may spend.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) max_spend_usd: Option<Usd>,
    pub(super) daily_limit_usd: Option<Usd>,
    pub(super) weekly_limit_usd: Option<Usd>,
    pub(super) monthly_limit_usd: Option<Usd>,
    pub(super) allowed_vendors: Option<Vec<String>>,
    pub(super) expires_at: Option<String>,
}

/// A rule of an account, kept by the service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    #[serde(default)]
    pub(super) id: String,
    /// `all`, `type:video`, `model:veo-3.1` or `vendor:google`.
    #[serde(default = "everything")]
    pub(super) scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max_cost_usd: Option<Usd>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) daily_limit_usd: Option<Usd>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) weekly_limit_usd: Option<Usd>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) monthly_limit_usd: Option<Usd>,
}

fn everything() -> String {
    "all".to_owned()
}

/// The budget of the agents of an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Budget {
    #[serde(alias = "daily_limit")]
    pub(super) daily: Option<Usd>,
    #[serde(alias = "weekly_limit")]
    pub(super) weekly: Option<Usd>,
    #[serde(alias = "monthly_limit")]
    pub(super) monthly: Option<Usd>,
    #[serde(default)]
    pub(super) hard_stop: bool,
    #[serde(default)]
    pub(super) alert_at_80_percent: bool,
    #[serde(default)]
    pub(super) escalation_email: Option<String>,
}

/// Something that was accepted, and what became of it. Never deleted, so that it is the account of all charges.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) id: String,
    /// In the order of acceptance, from 1.
    pub(super) number: u64,
    pub(super) form: Form,
    pub(super) account: String,
    pub(super) wallet: String,
    /// As asked.
    pub(super) model: String,
    /// As used.
    pub(super) used_model: String,
    pub(super) work: Work,
    /// How many seconds or requests are billed.
    pub(super) units: u32,
    pub(super) price: Usd,
    pub(super) webhook_url: Option<String>,
    /// The client asked to wait for the result.
    pub(super) waiting: bool,
    pub(super) idempotency_key: Option<String>,
    pub(super) body_sha256: String,
    /// Of the picture that it begins with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first_frame_sha256: Option<String>,
    pub(super) agent: Option<String>,
    pub(super) parent_task: Option<String>,
    pub(super) record_id: String,
    pub(super) state: State,
    pub(super) created_at_ms: i64,
    pub(super) finished_at_ms: Option<i64>,
    pub(super) error: Option<String>,
    /// What the answer and the receipt say.
    pub(super) charged: Option<Usd>,
    /// What the wallet lost, where that is something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) taken: Option<Usd>,
    pub(super) receipt: Option<String>,
    /// The file, below the half's folder.
    pub(super) file: Option<String>,
    /// Nothing is left to tell the webhook.
    pub(super) told: bool,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) troubles: Vec<Fault>,
}

impl Job {
    pub(super) fn is_over(&self) -> bool {
        !matches!(self.state, State::Queued | State::Running)
    }

    /// What it really took from the wallet.
    pub(super) fn lost(&self) -> Option<Usd> {
        self.taken.or(self.charged)
    }

    /// What the client wanted, in its words.
    pub(super) fn words(&self) -> &str {
        match &self.work {
            Work::Clip(wish) => &wish.prompt,
            Work::TemplateUpdate { name, .. } => name,
            Work::Chat { text } => text,
        }
    }

    pub(super) fn has(&self, fault: &Fault) -> bool {
        self.troubles.contains(fault)
    }
}

/// What is to be done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Work {
    Clip(Wish),
    TemplateUpdate { id: String, name: String, blank: bool },
    Chat { text: String },
}

/// A clip, as it is going to be made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Wish {
    pub(super) prompt: String,
    pub(super) seconds: u32,
    pub(super) aspect: String,
    pub(super) size: String,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) audio: bool,
    /// It begins with a picture that was sent.
    pub(super) first_frame: bool,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Queued,
    Running,
    Completed,
    Failed,
    Cancelled,
}

impl State {
    /// The word of the standard form. A cancelled job has none there; it counts as failed.
    pub(super) fn standard(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed | Self::Cancelled => "failed",
        }
    }

    /// The word of the wholesale form.
    pub(super) fn wholesale(self) -> &'static str {
        match self {
            Self::Queued => "IN_QUEUE",
            Self::Running => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// One attempt to tell a webhook.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Delivery {
    pub(super) at_ms: i64,
    pub(super) forged: bool,
    pub(super) body: Value,
    /// The receiver's answer.
    pub(super) status: Option<u16>,
    /// Why there is none.
    pub(super) error: Option<String>,
}
