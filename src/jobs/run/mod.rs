//! A run: one call of a SkillBoss model. Paid in dollars, sent at most once, fetched whatever happens.

mod doubt;
mod fetch;
pub mod hook;
pub(super) mod retention;
mod rewrite;
mod send;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Money};
use crate::jobs::clip::enhance::{self, Rewriting};
use crate::jobs::deliver::End;
use crate::jobs::engine::step::{Halt, Step, asked_pause, notes};
use crate::jobs::money::readings;
use crate::ledger::{Change, Charge};
use crate::model::job::{EpochMs, Failure, Job, State};
use crate::model::request::{Request, Run};
use crate::money::Usd;
use crate::redact::SafeUrl;
use crate::skillboss::{Ids, Remote};

/// A finished result is kept by the service for so long (wholesale video API, "Poll status").
pub(super) const RETENTION_MS: EpochMs = 7 * 24 * 3600 * 1000;
/// The longest pause between two tries while something is paid for and cannot be reached.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a run learns on the way.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct RunWork {
    /// The last frame of the part before, when it begins there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_frame: Option<PathBuf>,
    /// The service's name for it, and where to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remote: Option<Remote>,
    /// What the service called the last request (`x-request-id`), to quote to support.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_id: Option<String>,
    /// The service's own record of the charge (`x-record-id`), to quote to support.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) record_id: Option<String>,
    /// The last request carried an address of ours, so that the service may tell us unasked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) hooked: bool,
    /// The tier was full and the run went to its fallback.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) fell_back: bool,
    /// What becomes of a prompt that is to have more detail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rewriting: Option<Rewriting>,
    /// Since when there is too little in the wallet for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) short_since_ms: Option<EpochMs>,
    /// Times that it was refused for a passing reason.
    pub(super) refused: u32,
    /// When the request left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sent_at_ms: Option<EpochMs>,
    /// When the service first said that it is finished; the retention counts from here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) completed_at_ms: Option<EpochMs>,
    /// Times that it was finished without a file.
    pub(super) without_media: u32,
    /// Times that the service did not know its own name for it.
    pub(super) unknown_to_service: u32,
    /// Failures, none of them charged, after which it was sent again.
    pub(super) declined: u32,
    /// The result's address, kept only when no name was given under which to ask for it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<SafeUrl>,
    /// What it came to, and whether the service said so itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cost: Option<Usd>,
    /// What the key for receipts said of the receipt, if both are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) receipt_check: Option<String>,
    /// The prompt that a language model wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    /// The model that the service says it used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) model_used: Option<String>,
    /// Names under which the service lists work that may be this run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) candidates: Vec<String>,
    /// The file.
    #[serde(flatten)]
    pub(super) end: End,
}

impl RunWork {
    /// Keeps what the headers of an answer said; what they left out stays as it was.
    fn keep(&mut self, ids: Ids) {
        self.request_id = ids.request_id.or(self.request_id.take());
        self.record_id = ids.record_id.or(self.record_id.take());
    }
}

/// One step of a run.
pub(super) async fn step(step: &mut Step) -> Result<(), Halt> {
    let Request::Run(run) = step.job.request.clone() else {
        return Err(Error::internal("This job is no run.").into());
    };
    let work: RunWork = step.work()?;
    if run.rewrite {
        return rewrite::step(step, &run, work).await;
    }
    let before = step.job.state;
    let cancelled = before == State::Queued && step.job.cancel_requested;
    let run = match work.rewriting.as_ref().and_then(Rewriting::outcome) {
        Some(enhancement) => run.with_words(enhancement),
        None if run.enhance && before == State::Queued && !cancelled => {
            return add_detail(step, &run, work).await;
        }
        None => run,
    };
    match before {
        State::Queued if cancelled => {
            let note = enhance::give_up(step, work.rewriting.as_ref()).await?;
            step.cancelled(note).await
        }
        State::Queued => send::step(step, &run, work).await,
        State::Submitting => doubt::step(step, &run, work).await,
        State::Running => watch::step(step, &run, work).await,
        State::Ready | State::Delivering => fetch::step(step, &run, work).await,
        state => Err(Error::internal(format!("A run cannot be {state}.")).into()),
    }?;
    // It was settled in this step.
    if !is_settled(before) && is_settled(step.job.state) {
        readings::after_charge(&step.app, step.job.service).await;
    }
    Ok(())
}

/// One look at the prompt that is being rewritten; the next step sends the run.
async fn add_detail(step: &mut Step, run: &Run, mut work: RunWork) -> Result<(), Halt> {
    let rewriting = enhance::look(step, work.rewriting.take(), &run.prompt, run.batch.as_deref()).await?;
    let (due_at_ms, waits) = (step.in_a(rewriting.pause()), rewriting.waits());
    work.rewriting = Some(rewriting);
    let note = Some(enhance::NOTE.to_owned());
    step.record(Change { work: notes(&work)?, failure: Some(waits), note, due_at_ms, ..Change::default() })
        .await
}

/// Whether it is known what a run in this state came to.
fn is_settled(state: State) -> bool {
    matches!(state, State::Ready | State::Delivering | State::Done | State::Failed)
}

/// A fault after the money may have moved: it is tried again for as long as the service keeps the result, because
/// what was paid for is not given up.
pub(super) async fn stay(step: &mut Step, error: &Error, faults: u64) -> Result<(), Halt> {
    let work: RunWork = step.work()?;
    let pause =
        asked_pause(error).unwrap_or_else(|| Duration::from_millis(250 << faults.min(8)).min(PATIENCE));
    let next = error.next_step().unwrap_or_default();
    let mut kept = step.job.work.clone();
    if !kept.is_object() {
        kept = notes(&work)?.unwrap_or_default();
    }
    kept["faults"] = faults.into();
    step.record(Change {
        work: Some(kept),
        note: Some(format!("{} {next} Trying again; nothing is lost.", error.message())),
        due_at_ms: step.in_a(pause),
        ..Change::default()
    })
    .await
}

/// What becomes of paid work after a panic: what is surely unsent fails and is free, what may be sent is put aside, and
/// what is finished at the service is tried again.
pub(super) fn after_panic(job: &Job, sent: bool, now_ms: EpochMs) -> Change {
    let mistake = "firstcut made a mistake while it worked on this; please report it.";
    match (&job.request, job.state) {
        (Request::Run(_), State::Queued) if !sent => Change {
            state: Some(State::Failed),
            failure: Some(Some(Failure::from(&Error::internal(mistake)))),
            charge: Some(Charge::Freed),
            ..Change::default()
        },
        (Request::Run(_), State::Submitting | State::Running) => {
            let error = Error::new(Kind::Uncertain, mistake)
                .money(Money::Unknown)
                .next(format!("`firstcut jobs adopt {}` goes on with it.", job.id));
            Change {
                state: Some(State::Uncertain),
                failure: Some(Some(Failure::from(&error))),
                ..Change::default()
            }
        }
        _ => Change {
            note: Some(format!("{mistake} Trying again in a minute.")),
            due_at_ms: Some(Some(now_ms + 60_000)),
            ..Change::default()
        },
    }
}

/// The model that the run is sent to.
pub(super) fn model_of<'a>(run: &'a Run, work: &RunWork) -> &'a str {
    match &run.fallback {
        Some(fallback) if work.fell_back => &fallback.model,
        _ => &run.model,
    }
}

/// What it is assumed to have cost when the service does not say.
pub(super) fn assumed(run: &Run, work: &RunWork) -> Usd {
    let estimate = match &run.fallback {
        Some(fallback) if work.fell_back => Some(fallback.estimate),
        _ => run.estimate,
    };
    estimate.unwrap_or(run.most)
}
