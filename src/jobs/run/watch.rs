//! Asks how a run goes, and settles what it cost in the same moment as its end is written down.

use std::time::Duration;

use serde_json::Value;

use super::{RETENTION_MS, RunWork, assumed, doubt, fetch, send};
use crate::error::{Error, Kind, Money};
use crate::jobs::engine::step::{Halt, Step, millis, notes};
use crate::jobs::money::hold;
use crate::ledger::{AttemptState, Change, Charge, ChargeSource};
use crate::model::job::{EpochMs, Failure, State};
use crate::model::request::Run;
use crate::money::Usd;
use crate::skillboss::receipt::{Claims, Signature};
use crate::skillboss::status::{Phase, Report};
use crate::skillboss::{Dialect, Remote};

/// A name that the service does not know is asked for so often, with pauses: lists lag behind.
const MAX_UNKNOWN: u32 = 6;
/// After half an hour a run is asked for more rarely.
const LONG_MS: i64 = 30 * 60 * 1000;

/// One question.
pub(super) async fn step(step: &mut Step, run: &Run, mut work: RunWork) -> Result<(), Halt> {
    let Some(remote) = work.remote.clone() else {
        // Adopted without a name: what the attempt or a notice knows is looked up.
        return doubt::step(step, run, work).await;
    };
    let client = step.skillboss().await?;
    if step.job.cancel_requested {
        match client.cancel(&remote).await {
            // What it says is not believed: the state that is asked for next tells.
            Ok(answer) => tracing::info!(job.id = %step.job.id, ?answer, "a run was to be stopped"),
            Err(error) => tracing::info!(job.id = %step.job.id, %error, "a run could not be stopped"),
        }
    }
    match client.status(&remote).await {
        Ok(report) => told(step, run, work, report).await,
        Err(error) if error.kind() == Kind::NotFound => {
            work.unknown_to_service += 1;
            unknown(step, run, work, error).await
        }
        // It is asked for as long as it can be told, and not for ever.
        Err(error) if is_long_over(step, &work) => {
            never_ended(step, run, &work, "cannot be asked about it").await?;
            tracing::warn!(job.id = %step.job.id, %error, "a run is not asked for any more");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// What the service said.
pub(super) async fn told(step: &mut Step, run: &Run, mut work: RunWork, report: Report) -> Result<(), Halt> {
    work.unknown_to_service = 0;
    work.model_used = report.model.clone().or(work.model_used);
    match report.phase {
        Phase::Queued | Phase::Running | Phase::Unknown => waiting(step, run, work, &report).await,
        Phase::Completed => completed(step, run, work, report).await,
        Phase::Failed | Phase::Cancelled => declined(step, run, work, report).await,
    }
}

async fn waiting(step: &mut Step, run: &Run, work: RunWork, report: &Report) -> Result<(), Halt> {
    if is_long_over(step, &work) {
        let stands = match report.phase {
            Phase::Queued => "still says that it waits in its queue",
            Phase::Running => "still says that it works on it",
            _ => "says nothing about it that can be understood",
        };
        return never_ended(step, run, &work, stands).await;
    }
    let mut note = match report.phase {
        Phase::Queued => "⏳ Waiting in the service's queue.",
        _ => "⏳ Generating.",
    };
    if step.job.cancel_requested {
        note = match report.phase {
            Phase::Queued => "It is to be stopped; the service has not confirmed that yet.",
            _ => {
                "It cannot be stopped any more: the service works on it and will charge it. The clip will be fetched."
            }
        };
    }
    // Where the service can call us, asking is only the safety net.
    let interval = step.app.poll(step.job.service) * if work.hooked { 4 } else { 1 };
    let long = step.now_ms() - since_ms(step, &work) > LONG_MS;
    let pause = if long { interval * 8 } else { step.app.jitter(interval) };
    if step.job.note.as_deref() == Some(note) && step.job.work == notes(&work)?.unwrap_or_default() {
        // Nothing new: the row need not be written again.
        step.ledger.release(&step.job, step.now_ms() + millis(pause)).await?;
        return Ok(());
    }
    step.record(Change {
        state: Some(State::Running),
        work: notes(&work)?,
        note: Some(note.to_owned()),
        due_at_ms: step.in_a(pause),
        ..Change::default()
    })
    .await
}

/// When it was sent.
fn since_ms(step: &Step, work: &RunWork) -> EpochMs {
    work.sent_at_ms.unwrap_or(step.job.created_at_ms)
}

/// Whether its result, had there been one at once, would be forgotten by now.
fn is_long_over(step: &Step, work: &RunWork) -> bool {
    step.now_ms() - since_ms(step, work) > RETENTION_MS
}

/// No work takes so long, and nothing that is finished is kept for longer: a person decides, so that the money does not
/// stay set aside for ever.
async fn never_ended(step: &mut Step, run: &Run, work: &RunWork, stands: &str) -> Result<(), Halt> {
    let id = &step.job.id;
    let error = Error::new(
        Kind::Uncertain,
        format!("The service took this more than 7 days ago and {stands}; it is not waited for any longer."),
    )
    .money(Money::Unknown)
    .next(format!(
        "A person decides: `firstcut jobs adopt {id}` asks the service once more, `firstcut jobs drop {id}` gives it up with {} in the books, \
         `firstcut jobs retry {id}` sends it again and may cost that a second time.",
        run.most
    ));
    step.record(Change {
        state: Some(State::Uncertain),
        work: notes(work)?,
        failure: Some(Some(Failure::from(&error))),
        note: Some("The service never ended it.".to_owned()),
        ..Change::default()
    })
    .await
}

async fn completed(step: &mut Step, run: &Run, mut work: RunWork, report: Report) -> Result<(), Halt> {
    let now_ms = step.now_ms();
    work.completed_at_ms.get_or_insert(now_ms);
    work.short_since_ms = None;
    hold::lift(step).await?;
    let says = checked(step, &mut work, &report).await?;
    work.cost = report.cost.or(says);
    if work.remote.is_none() {
        work.address = report.outputs.first().map(|found| found.url.clone());
    }
    let charge = Charge::Settled {
        charged: work.cost.unwrap_or_else(|| assumed(run, &work)),
        source: source(says, report.cost).unwrap_or(ChargeSource::Estimate),
        receipt: report.receipt.clone(),
    };
    if run.output_path.is_none() {
        return step
            .record(Change {
                state: Some(State::Done),
                work: notes(&work)?,
                note: Some("Done.".to_owned()),
                progress_pct: Some(100.0),
                charge: Some(charge),
                ..Change::default()
            })
            .await;
    }
    let kept = work.remote.is_none() && work.address.is_none() && fetch::is_kept(step, run).await;
    let without = report.outputs.is_empty() && !kept;
    if without {
        work.without_media += 1;
        if work.remote.is_none() {
            let error =
                Error::new(Kind::Protocol, "The service says that the clip is finished, but names no file.")
                    .money(Money::Spent)
                    .next("Ask the service's support for it; `firstcut jobs show` has the id to quote.");
            return step.fail_with(notes(&work)?, Failure::from(&error), Some(charge)).await;
        }
        let since = work.completed_at_ms.unwrap_or(now_ms);
        if now_ms - since > RETENTION_MS {
            return fetch::expired(step, work).await;
        }
    }
    let (note, pause) = if without {
        let pause = Duration::from_secs(1 << work.without_media.min(6)).min(super::PATIENCE);
        ("Finished and paid for, but the service names no file that may be fetched; asking again.", pause)
    } else {
        ("Finished; downloading.", Duration::ZERO)
    };
    // The address is asked for again when the file is fetched, and written down nowhere: it is signed.
    step.record(Change {
        state: Some(State::Ready),
        work: notes(&work)?,
        note: Some(note.to_owned()),
        progress_pct: Some(95.0),
        due_at_ms: step.in_a(pause),
        charge: Some(charge),
        ..Change::default()
    })
    .await
}

/// What the receipt says that it cost. Nothing when it is worth nothing: a key is set and says that it is forged. Either way
/// what the key said of it is kept.
async fn checked(step: &Step, work: &mut RunWork, report: &Report) -> Result<Option<Usd>, Halt> {
    let Some(receipt) = report.receipt.as_deref() else { return Ok(None) };
    let signature = step.skillboss().await?.check_receipt(receipt);
    work.receipt_check = signature.as_ref().map(Signature::told);
    let is_forged = matches!(signature, Some(Signature::Forged { .. }));
    Ok(Claims::unverified(receipt).filter(|_| !is_forged).and_then(|claims| claims.cost))
}

/// Who says what it cost: the receipt, unless the answer says otherwise.
fn source(says: Option<Usd>, told: Option<Usd>) -> Option<ChargeSource> {
    match (says, told) {
        (Some(says), told) if told.is_none_or(|told| told == says) => Some(ChargeSource::Receipt),
        (_, Some(_)) => Some(ChargeSource::Answer),
        _ => None,
    }
}

/// Failed or stopped. That is not charged in the wholesale dialect; in the other one nobody says, and the books take the worst.
async fn declined(step: &mut Step, run: &Run, mut work: RunWork, mut report: Report) -> Result<(), Halt> {
    work.declined += 1;
    let says = checked(step, &mut work, &report).await?;
    let source = source(says, report.cost);
    report.cost = report.cost.or(says);
    let dialect = match &work.remote {
        Some(remote) => remote.dialect,
        // What has no name speaks as the key does.
        None if step.skillboss().await?.is_wholesale() => Dialect::Wholesale,
        None => Dialect::Standard,
    };
    let money = report.charged(dialect);
    if matches!(step.job.state, State::Ready | State::Delivering) {
        return taken_back(step, &work, &report).await;
    }
    if report.phase == Phase::Cancelled && money == Money::NotSpent {
        return step.cancelled("Stopped in the service's queue; it costs nothing.").await;
    }
    let error = report
        .failure(dialect)
        .unwrap_or_else(|| Error::new(Kind::Declined, "The service stopped the work.").money(money));
    if error.kind() == Kind::OutOfCredits && !step.job.cancel_requested {
        if money == Money::NotSpent {
            return hold::begin(step, RunWork { remote: None, sent_at_ms: None, ..work }).await;
        }
        hold::others(step).await?;
    }
    // A part of a film is worth a second try, the others being paid for, if the failure surely was free.
    let again = step.job.parent_id.is_some()
        && work.declined < 2
        && !step.job.cancel_requested
        && error.kind() == Kind::Declined
        && money == Money::NotSpent;
    if again {
        let work = RunWork { remote: None, sent_at_ms: None, ..work };
        let note = "It failed without a charge; trying once more.";
        return step.requeue(notes(&work)?, note, Duration::from_secs(1)).await;
    }
    let receipt = report.receipt.clone();
    let charge = match (money, report.cost.zip(source)) {
        (Money::NotSpent, _) => Charge::Freed,
        (_, Some((charged, source))) => Charge::Settled { charged, source, receipt },
        (_, None) => Charge::Settled { charged: run.most, source: ChargeSource::WorstCase, receipt },
    };
    step.fail_with(notes(&work)?, Failure::from(&error), Some(charge)).await
}

/// It was finished and charged before, and cannot be fetched any more: it is not sent again, and the charge stays.
async fn taken_back(step: &mut Step, work: &RunWork, report: &Report) -> Result<(), Halt> {
    let what = match report.phase {
        Phase::Cancelled => "was stopped",
        _ => "failed",
    };
    let error = Error::new(
        Kind::Declined,
        format!("The service had said that the clip is finished, and now says that it {what}."),
    )
    .money(Money::Spent)
    .quoting(report.error.as_deref().unwrap_or_default())
    .next("Ask the service's support for it; `firstcut jobs show` has the id to quote.");
    step.fail_with(notes(work)?, Failure::from(&error), None).await
}

/// The service does not know the name that it gave.
async fn unknown(step: &mut Step, run: &Run, work: RunWork, error: Error) -> Result<(), Halt> {
    if work.unknown_to_service < MAX_UNKNOWN {
        let pause = step.app.poll(step.job.service) * work.unknown_to_service;
        return step
            .record(Change {
                work: notes(&work)?,
                note: Some("The service does not know it yet; asking again.".to_owned()),
                due_at_ms: step.in_a(pause),
                ..Change::default()
            })
            .await;
    }
    // The name may have come by a notice that lied; another one may tell the truth.
    let names = step.ledger.noticed(&step.job.id, step.job.attempts).await?;
    let tried = work.remote.as_ref().and_then(|remote| names.iter().position(|name| *name == remote.id));
    // A name that no notice gave came from a header, perhaps a proxy's: then the first notice is next.
    if let Some(next) = names.get(tried.map_or(0, |tried| tried + 1)) {
        let work = RunWork { unknown_to_service: 0, ..work };
        step.end_attempt(step.job.attempts, AttemptState::Accepted, Some(next), Value::Null).await?;
        return send::accepted(step, work, Remote::by_id(next)?).await;
    }
    let work = RunWork { candidates: doubt::candidates(step, run, &work).await, ..work };
    let error =
        Error::new(Kind::Uncertain, "The service does not know the run under the name that its answer gave.")
            .money(Money::Unknown)
            .next(doubt::advice(step, run, &work))
            .because(error);
    step.record(Change {
        state: Some(State::Uncertain),
        work: notes(&work)?,
        failure: Some(Some(Failure::from(&error))),
        ..Change::default()
    })
    .await
}
