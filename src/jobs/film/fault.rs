//! Films that come to nothing: what is made is kept, what is paid is said, and nothing is left running.

use std::time::Duration;

use super::{FilmWork, SAFETY_NET};
use crate::error::{Error, Kind, Money};
use crate::jobs::engine::step::{Halt, Step, millis, notes};
use crate::ledger::Change;
use crate::model::job::{Failure, Job, State};

/// Between two tries to put a film where it belongs.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Something went wrong that is no part's fault. A disk may be there again, so it is tried for as long as it takes;
/// what will not get better ends the film, but not before its parts have ended: they are paid for.
pub(in crate::jobs) async fn after_fault(step: &mut Step, error: &Error, faults: u64) -> Result<(), Halt> {
    let mut work: FilmWork = step.work()?;
    if work.parts.is_empty() {
        return step.fail(error).await;
    }
    let lasting = !matches!(error.kind(), Kind::Storage | Kind::Unavailable | Kind::TimedOut | Kind::Ledger);
    if lasting {
        let told = Error::new(error.kind(), error.message().to_owned())
            .money(Money::Spent)
            .next("The parts that were made are kept; `firstcut jobs show` names their files, and `firstcut join` puts files together.");
        work.broken = Some(Failure::from(&told));
    }
    let mut kept = notes(&work)?.unwrap_or_default();
    kept["faults"] = faults.into();
    let pause = Duration::from_millis(500 << faults.min(7)).min(LONGEST_PAUSE);
    step.record(Change {
        work: Some(kept),
        note: Some(format!("{} Trying again; what is made is kept.", error.message())),
        due_at_ms: step.in_a(if lasting { Duration::ZERO } else { pause }),
        ..Change::default()
    })
    .await
}

/// Stops what has not begun, waits for what has, and says why there is no film.
pub(super) async fn end_broken(
    step: &mut Step,
    work: &FilmWork,
    parts: &[Job],
    broken: Failure,
) -> Result<(), Halt> {
    for part in parts.iter().filter(|part| !part.cancel_requested && !part.state.is_at_rest()) {
        step.ledger.request_cancel(&part.id, step.now_ms()).await?;
    }
    if !parts.iter().all(|part| part.state.is_at_rest()) {
        step.ledger.release(&step.job, step.now_ms() + millis(SAFETY_NET)).await?;
        return Ok(());
    }
    step.fail_with(notes(work)?, broken, None).await
}

/// Nothing moves any more and something is missing. What is there stays and is not paid for again.
pub(super) async fn ended_badly(step: &mut Step, work: &FilmWork, parts: &[Job]) -> Result<(), Halt> {
    let (here, total) = (parts.iter().filter(|part| part.state == State::Done).count(), parts.len());
    if let Some(doubtful) = parts.iter().find(|part| part.state == State::Uncertain) {
        let error = Error::new(
            Kind::Uncertain,
            format!("{here} of {total} parts are here; of another one nothing shows whether it was sent."),
        )
        .money(Money::Unknown)
        .next(doubtful.failure.as_ref().and_then(|failure| failure.next.clone()).unwrap_or_default());
        return step
            .record(Change {
                state: Some(State::Uncertain),
                work: notes(work)?,
                failure: Some(Some(Failure::from(&error))),
                ..Change::default()
            })
            .await;
    }
    if parts.iter().any(|part| part.state == State::Cancelled) && step.job.cancel_requested {
        let note = format!(
            "Stopped. {here} of {total} parts had been made and are charged; the rest costs nothing."
        );
        return step
            .record(Change {
                state: Some(State::Cancelled),
                work: notes(work)?,
                note: Some(note),
                ..Change::default()
            })
            .await;
    }
    let cause = parts.iter().find_map(|part| part.failure.clone());
    let (message, quoted) = match &cause {
        Some(failure) => (failure.message.clone(), failure.quoted.clone().unwrap_or_default()),
        None => ("A part was stopped.".to_owned(), String::new()),
    };
    let kind = cause.as_ref().and_then(|failure| Kind::from_code(&failure.code)).unwrap_or(Kind::Declined);
    let spent =
        if here > 0 { Money::Spent } else { cause.map_or(Money::NotSpent, |f| Money::from_code(&f.money)) };
    let error = Error::new(kind, format!("{here} of {total} parts are here. {message}"))
        .money(spent)
        .quoting(&quoted)
        .next(format!(
            "`firstcut jobs retry {}` makes only what is missing; what is here is kept and not paid for again.",
            step.job.id
        ));
    step.fail_with(notes(work)?, Failure::from(&error), None).await
}
