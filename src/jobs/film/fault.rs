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
    let money = spent(&step.job, parts).code().to_owned();
    step.fail_with(notes(work)?, Failure { money, ..broken }, None).await
}

/// What a film came to, by what each of its own parts says. Parts that an earlier film had are in that one's books.
fn spent<'a>(film: &Job, parts: impl IntoIterator<Item = &'a Job>) -> Money {
    let own = parts.into_iter().filter(|part| part.parent_id.as_ref() == Some(&film.id));
    own.fold(Money::NotSpent, |sum, part| {
        let said = match (part.state, &part.failure) {
            (State::Done, _) => Money::Spent,
            (_, Some(failure)) => Money::from_code(&failure.money),
            (_, None) => Money::NotSpent,
        };
        match (sum, said) {
            (Money::Spent, _) | (_, Money::Spent) => Money::Spent,
            (Money::Unknown, _) | (_, Money::Unknown) => Money::Unknown,
            (Money::NotSpent, Money::NotSpent) => Money::NotSpent,
        }
    })
}

/// Why a film waits for a person, when one of these parts does, of so many in all.
pub(in crate::jobs) fn doubt(parts: &[Job], total: usize) -> Option<Error> {
    let doubtful = parts.iter().find(|part| part.state == State::Uncertain)?;
    let here = parts.iter().filter(|part| part.state == State::Done).count();
    let why = doubtful.failure.as_ref().map_or("", |failure| failure.message.as_str());
    let message = format!("{here} of {total} parts are here; another one is doubtful. {why}");
    Some(
        Error::new(Kind::Uncertain, message.trim_end())
            .money(Money::Unknown)
            .next(doubtful.failure.as_ref().and_then(|failure| failure.next.clone()).unwrap_or_default()),
    )
}

/// Nothing moves any more and something is missing. What is there stays and is not paid for again.
pub(super) async fn ended_badly(step: &mut Step, work: &FilmWork, parts: &[Job]) -> Result<(), Halt> {
    let (here, total) = (parts.iter().filter(|part| part.state == State::Done).count(), parts.len());
    if let Some(error) = doubt(parts, total) {
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
        let rest = match spent(&step.job, parts.iter().filter(|part| part.state != State::Done)) {
            Money::NotSpent => "the rest costs nothing",
            Money::Spent => "of the rest, some was charged too",
            Money::Unknown => "whether all of the rest is free is not known",
        };
        let note = format!("Stopped. {here} of {total} parts had been made and are charged; {rest}.");
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
    let error = Error::new(kind, format!("{here} of {total} parts are here. {message}"))
        .money(spent(&step.job, parts))
        .quoting(&quoted)
        .next(next(&step.job, kind, cause.as_ref()));
    step.fail_with(notes(work)?, Failure::from(&error), None).await
}

/// What a person can do about it. The same request would be refused once more, so that is no way out of a wrong one.
fn next(film: &Job, kind: Kind, cause: Option<&Failure>) -> String {
    if kind == Kind::InvalidInput {
        let change = cause.and_then(|failure| failure.next.clone()).unwrap_or_default();
        return format!(
            "{change} Trying the same again would be refused again: ask anew with what is named changed. `firstcut jobs show {}` names the files that are here, and `firstcut join` puts files together.",
            film.id
        )
        .trim_start()
        .to_owned();
    }
    format!(
        "`firstcut jobs retry {}` makes only what is missing; what is here is kept and not paid for again.",
        film.id
    )
}
