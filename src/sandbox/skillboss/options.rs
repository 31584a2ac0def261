//! What can be set about the SkillBoss half before it starts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Usd;
use crate::sandbox::faults::ErrorShape;

/// A standard key that every sandbox knows; `sk-sandbox-` and anything else is an account of its own.
pub const STANDARD_KEY: &str = "sk-sandbox-standard";
/// A wholesale key that every sandbox knows; `sk-whole-sandbox-` and anything else is an account of its own.
pub const WHOLESALE_KEY: &str = "sk-whole-sandbox";

/// The key with which a sandbox signs receipts (HS256), unless another one is set.
pub const RECEIPT_KEY: &str = "sandbox-receipt-key";

/// Everything about the SkillBoss half that can be chosen.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "snake_case")]
pub struct SkillBossOptions {
    /// What an account has at first.
    pub balance_usd: Usd,
    /// Accounts beyond the ready-made ones.
    pub accounts: Vec<KeyHolder>,
    /// Which of the two forms of answers a key gets.
    pub protocol: Protocol,
    /// What a finished clip is.
    pub clips: Clips,
    /// How long a job waits in the queue, at [`Pace`](crate::sandbox::Pace) 1.
    pub queue_ms: u64,
    /// How long the work takes at least, at [`Pace`](crate::sandbox::Pace) 1. Drawing comes on top where it takes longer.
    pub work_ms: u64,
    /// What becomes of a length that the model cannot make.
    pub durations: Durations,
    /// Who is believed about an `Idempotency-Key`.
    pub idempotency: Idempotency,
    /// Webhooks.
    pub webhooks: Webhooks,
    /// How long a link to a file is good.
    pub link_life_s: u32,
    /// One shape for all errors; each endpoint's own when absent.
    pub error_shape: Option<ErrorShape>,
    /// A request without a key gets the price quote of a pay-per-call door (402) instead of 401.
    pub quote_without_key: bool,
    /// Other prices, by model: per second, or per request where the model is billed so.
    pub prices_usd: BTreeMap<String, Usd>,
    /// What an anonymous trial wallet holds.
    pub trial_usd: Usd,
    /// The key with which receipts are signed (HS256).
    pub receipt_key: String,
}

impl Default for SkillBossOptions {
    fn default() -> Self {
        Self {
            balance_usd: Usd::cents(10_000),
            accounts: Vec::new(),
            protocol: Protocol::ByKey,
            clips: Clips::Drawn,
            queue_ms: 400,
            work_ms: 600,
            durations: Durations::Reject,
            idempotency: Idempotency::Published,
            webhooks: Webhooks::default(),
            link_life_s: 3600,
            error_shape: None,
            quote_without_key: false,
            prices_usd: BTreeMap::new(),
            trial_usd: Usd::cents(50),
            receipt_key: RECEIPT_KEY.to_owned(),
        }
    }
}

/// An account that is known beforehand.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyHolder {
    /// The key.
    pub key: String,
    /// Its money at the first start; [`SkillBossOptions::balance_usd`] when absent.
    #[serde(default)]
    pub balance_usd: Option<Usd>,
    /// The form of its answers; by its first letters when absent.
    #[serde(default)]
    pub form: Option<Form>,
    /// What is paid of the list price: 0.8 is 20 % off.
    #[serde(default = "full")]
    pub rate: f64,
}

fn full() -> f64 {
    1.0
}

/// The two forms in which jobs are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `job_id`, `accepted`, `queued | running | completed | failed`.
    Standard,
    /// `request_id`, `IN_QUEUE | IN_PROGRESS | COMPLETED | FAILED | CANCELLED`.
    Wholesale,
}

/// Which form a key gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Keys that begin with `sk-whole-` are wholesale keys.
    ByKey,
    /// Every key is answered in the standard form.
    Standard,
    /// The wholesale host: standard keys are refused with 401.
    Wholesale,
}

/// What a finished clip is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clips {
    /// A scene drawn from the prompt, 24 pictures a second.
    Drawn,
    /// A plain card of the right size and length, one picture a second, made once for each shape and length.
    Tiny,
    /// The same in colours of its own for each clip, which change every second: for looking at single frames.
    Tinted,
}

/// What becomes of a length that the model cannot make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durations {
    /// 400.
    Reject,
    /// The nearest length that it can make, without a word.
    Clamp,
    /// It is made all the same.
    Accept,
}

/// Who is believed about an `Idempotency-Key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Idempotency {
    /// As published: the standard form honours it, the wholesale one does not know it.
    Published,
    /// Both honour it.
    Honoured,
    /// Nobody does.
    Ignored,
}

/// How results are told to a `webhook_url`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Webhooks {
    /// Addresses on this machine are accepted, also without TLS. Only those are ever called.
    pub loopback: bool,
    /// A secret (`whsec_…`): bodies are signed as the Standard Webhooks specification says.
    pub secret: Option<String>,
    /// A header for a plain signature besides: the hex HMAC-SHA256 of the body with the secret's bytes.
    pub hmac_header: Option<String>,
    /// Attempts after a failed one, in the standard form; in the wholesale form it is always one.
    pub standard_retries: u32,
    /// Pause before another attempt, at [`Pace`](crate::sandbox::Pace) 1.
    pub retry_ms: u64,
    /// How long a receiver may take.
    pub timeout_ms: u64,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self {
            loopback: false,
            secret: None,
            hmac_header: None,
            standard_retries: 1,
            retry_ms: 1000,
            timeout_ms: 5000,
        }
    }
}
