//! The sandbox's own account: what was accepted, and what was charged for. Tests hold clients to it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rows::{Job, State, Work};
use super::{SkillBoss, Usd};

/// A request that was accepted: a job, a waiting call, a template update, a rewrite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// In the order of acceptance, from 1.
    pub number: u64,
    /// When, in epoch milliseconds.
    pub at_ms: i64,
    /// Its `job_id` or `request_id`.
    pub id: String,
    /// Who pays.
    pub account: String,
    /// With which wallet.
    pub wallet: String,
    /// As asked.
    pub model: String,
    /// The prompt, the template's name, or the text to rewrite.
    pub prompt: String,
    /// Seconds of the clip; nothing for other work.
    pub seconds: Option<u32>,
    /// Where the result is told.
    pub webhook_url: Option<String>,
    /// The header `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// The header `X-Parent-Task-Id`.
    pub parent_task: Option<String>,
    /// The digest of the body: equal requests have equal ones.
    pub body_sha256: String,
    /// Of the picture that the clip was to begin with.
    pub first_frame_sha256: Option<String>,
    /// What it costs when it is done.
    pub price_usd: Usd,
    /// `IN_QUEUE`, `IN_PROGRESS`, `COMPLETED`, `FAILED`, `CANCELLED`, whatever the form.
    pub status: String,
    /// What was charged.
    pub charged_usd: Option<Usd>,
}

/// A charge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bill {
    /// When, in epoch milliseconds.
    pub at_ms: i64,
    /// For which submission.
    pub id: String,
    /// Who paid.
    pub account: String,
    /// For which prompt.
    pub prompt: String,
    /// The webhook of the submission, which may carry the client's own reference.
    pub webhook_url: Option<String>,
    /// How much.
    pub amount_usd: Usd,
}

/// The account, to be read while the sandbox runs.
#[derive(Clone)]
pub struct SkillBossBooks(pub(in crate::sandbox) Arc<SkillBoss>);

impl std::fmt::Debug for SkillBossBooks {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("SkillBossBooks").finish_non_exhaustive()
    }
}

impl SkillBossBooks {
    /// The base of the calls that make videos, with its `/v1`; the control plane is at the sandbox's own `url`.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("{}/v1", self.0.base)
    }

    /// Everything that was accepted, oldest first, also before a restart.
    #[must_use]
    pub fn submissions(&self) -> Vec<Submission> {
        self.jobs().iter().map(submission).collect()
    }

    /// Every charge, in the order of their submissions.
    #[must_use]
    pub fn charges(&self) -> Vec<Bill> {
        self.jobs().iter().filter_map(bill).collect()
    }

    /// What the account of a key still has; `None` when nobody has come with that key.
    #[must_use]
    pub fn balance(&self, key: &str) -> Option<Usd> {
        let wallet = self.0.wallets.find(|wallet| wallet.key == key)?;
        Some(self.0.balance(&wallet.account))
    }

    /// Puts money into the account of a key, as its owner does; `None` when nobody has come with that key.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn top_up(&self, key: &str, amount: Usd) -> std::io::Result<Option<Usd>> {
        let Some(wallet) = self.0.wallets.find(|wallet| wallet.key == key) else { return Ok(None) };
        self.0.wallets.change(&wallet.account, |account| account.grant = account.grant + amount)?;
        Ok(Some(self.0.balance(&wallet.account)))
    }

    /// The finished clip of a submission, where it lies here.
    #[must_use]
    pub fn clip(&self, id: &str) -> Option<std::path::PathBuf> {
        Some(self.0.folder.join(self.0.jobs.get(id)?.file?))
    }

    /// Every attempt to tell a webhook, as JSON: `at_ms`, `id`, `url`, `forged`, `body`, `status`, `error`.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Value> {
        let mut all: Vec<(i64, Value)> = Vec::new();
        for job in self.jobs() {
            for one in &job.deliveries {
                let told = json!({
                    "at_ms": one.at_ms, "id": job.id, "url": job.webhook_url, "forged": one.forged,
                    "body": one.body, "status": one.status, "error": one.error,
                });
                all.push((one.at_ms, told));
            }
        }
        all.sort_by_key(|(at_ms, _)| *at_ms);
        all.into_iter().map(|(_, told)| told).collect()
    }

    fn jobs(&self) -> Vec<Job> {
        let mut jobs = self.0.jobs.fold(Vec::new(), |mut jobs, job| {
            jobs.push(job.clone());
            jobs
        });
        jobs.sort_by_key(|job| job.number);
        jobs
    }
}

fn submission(job: &Job) -> Submission {
    Submission {
        number: job.number,
        at_ms: job.created_at_ms,
        id: job.id.clone(),
        account: job.account.clone(),
        wallet: job.wallet.clone(),
        model: job.model.clone(),
        prompt: job.words().to_owned(),
        seconds: if let Work::Clip(wish) = &job.work { Some(wish.seconds) } else { None },
        webhook_url: job.webhook_url.clone(),
        idempotency_key: job.idempotency_key.clone(),
        parent_task: job.parent_task.clone(),
        body_sha256: job.body_sha256.clone(),
        first_frame_sha256: job.first_frame_sha256.clone(),
        price_usd: job.price,
        status: job.state.wholesale().to_owned(),
        charged_usd: job.lost(),
    }
}

fn bill(job: &Job) -> Option<Bill> {
    let amount_usd = job.lost().filter(|_| job.state == State::Completed)?;
    Some(Bill {
        at_ms: job.finished_at_ms.unwrap_or(job.created_at_ms),
        id: job.id.clone(),
        account: job.account.clone(),
        prompt: job.words().to_owned(),
        webhook_url: job.webhook_url.clone(),
        amount_usd,
    })
}
