//! The identity of a request: the same call twice gives the same job.
//!
//! A client that lost our answer repeats the call. Within [`WINDOW_MS`] of the earlier job's last change, and
//! for as long as that runs, the repetition *is* that job; `request_id` makes it so for ever, `new` never. What
//! failed without any effect, or was stopped by its caller, is forgotten at once.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::{Error, Money, Result};
use crate::jobs::money::approve::Waiting;
use crate::ledger::Ledger;
use crate::model::job::{EpochMs, Job, JobId, JobKind, Service, State};

/// Longer than any client waits for one call, shorter than a person takes to want the same again.
const WINDOW_MS: EpochMs = 10 * 60 * 1000;

/// Who a request is.
pub(in crate::jobs) enum Identity {
    /// This row is it already.
    Known(Box<Job>),
    /// It is new, under this key. Two racers get the same key, and the ledger takes one.
    Fresh(String),
}

/// Looks for the job that the same call made before.
///
/// `asked` is everything that makes the request what it is, and nothing that we added.
pub(in crate::jobs) async fn identify(
    ledger: &Ledger,
    service: Service,
    asked: &impl Serialize,
    request_id: Option<&str>,
    new: bool,
    now_ms: EpochMs,
) -> Result<Identity> {
    if let Some(request_id) = request_id.map(str::trim).filter(|id| !id.is_empty()) {
        if request_id.chars().count() > 200 {
            return Err(Error::invalid("request_id is longer than 200 characters. Nothing was sent."));
        }
        let key = asked_key(service, request_id);
        return Ok(match ledger.job_by_key(&key).await? {
            Some(job) => Identity::Known(Box::new(job)),
            None => Identity::Fresh(key),
        });
    }
    if new {
        return Ok(Identity::Fresh(format!("new:{}", JobId::fresh())));
    }
    let base = format!("same:{}:", digest(service, asked)?);
    Ok(match ledger.latest_with_key_prefix(&base).await? {
        Some(job)
            if !job.state.is_at_rest()
                // Nobody knows whether it was paid: the same words are no order to pay again, however late they come.
                || job.state == State::Uncertain
                // A person takes longer to agree than a client to call again.
                || Waiting::of(&job).is_some_and(|waiting| job.state == State::NeedsApproval && now_ms <= waiting.valid_until_ms)
                || (now_ms - job.updated_at_ms < WINDOW_MS
                    && is_kept(&job, was_sent(ledger, &job).await?)) =>
        {
            Identity::Known(Box::new(job))
        }
        earlier => {
            Identity::Fresh(format!("{base}{}", earlier.map(|job| job.id.to_string()).unwrap_or_default()))
        }
    })
}

/// The key of a request that has a name of its own.
pub(in crate::jobs) fn asked_key(service: Service, request_id: &str) -> String {
    format!("asked:{}:{request_id}", service.name())
}

/// Whether asking for the same again means this job and its result.
fn is_kept(job: &Job, was_sent: bool) -> bool {
    match job.state {
        // What was stopped after it was sent may still be charged: the same words again must be meant.
        State::Cancelled => was_sent,
        // An old quote is none.
        State::NeedsApproval => false,
        State::Failed => job.failure.as_ref().is_none_or(|failure| failure.money != Money::NotSpent.code()),
        _ => true,
    }
}

/// Whether a message of this job, or of a part of it, may have left.
async fn was_sent(ledger: &Ledger, job: &Job) -> Result<bool> {
    let sent = |job: &Job| matches!(job.kind, JobKind::Turn | JobKind::Run) && job.attempts > 0;
    Ok(sent(job) || ledger.children(&job.id).await?.iter().any(sent))
}

fn digest(service: Service, asked: &impl Serialize) -> Result<String> {
    let text = serde_json::to_vec(&(service.name(), asked))
        .map_err(|error| Error::internal("A request cannot be written down.").because(error))?;
    Ok(Sha256::digest(&text).iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}
