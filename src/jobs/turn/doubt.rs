//! What is said and done when a message was sent and nothing shows what became of it. It is never sent again by
//! itself, and the next one of its session waits a while.

use super::learnt::TurnWork;
use crate::error::{Error, Kind, Money};
use crate::jobs::engine::step::{Halt, Step, millis, notes};
use crate::ledger::{AttemptState, Change, Filter};
use crate::model::job::{EpochMs, Failure, JobId, JobKind, State};

/// What an uncertain turn may have cost at most: a generation is about 100 credits, everything else about 50
/// (NemoVideo skill, credits).
pub(in crate::jobs) const WORST_CASE_CREDITS: f64 = 100.0;

/// Patiences that a service is left alone with a message of which we know no end: the five minutes after which the
/// recovery rule gives up, too (NemoVideo skill, SSE disconnect recovery).
const PATIENCES: u32 = 10;

/// Until when the session is another message's: one that was sent, and then stopped or lost from sight, so that the
/// service may still change the timeline. None when it is free.
pub(super) async fn held_until(step: &Step, session_id: &str) -> Result<Option<EpochMs>, Halt> {
    let now_ms = step.now_ms();
    let length_ms = millis(step.app.patience(step.job.service) * PATIENCES);
    let turns =
        Filter { kind: Some(JobKind::Turn), session_id: Some(session_id.to_owned()), ..Filter::default() };
    let mut until = None;
    for other in step.ledger.list(&turns, 10).await? {
        let out_of_sight = matches!(other.state, State::Cancelled | State::Uncertain);
        if other.id == step.job.id || other.service != step.job.service || !out_of_sight {
            continue;
        }
        let Some(attempt) = step.ledger.last_attempt(&other.id).await? else { continue };
        let had_no_effect = matches!(attempt.state, AttemptState::Rejected | AttemptState::NotSent);
        let free_ms = attempt.started_at_ms + length_ms;
        // A time further away than that comes from a clock that was set back.
        if !had_no_effect && (now_ms..=now_ms + length_ms).contains(&free_ms) {
            until = until.max(Some(free_ms));
        }
    }
    Ok(until)
}

/// The job that people know: the composite, if the turn is part of one.
fn named(step: &Step) -> &JobId {
    step.job.parent_id.as_ref().unwrap_or(&step.job.id)
}

/// The turn may have been charged, and nothing shows what became of it.
pub(in crate::jobs) async fn uncertain(step: &mut Step, work: &TurnWork) -> Result<(), Halt> {
    let error = Error::new(
        Kind::Uncertain,
        format!(
            "The answer of {} was lost, and its timeline shows no change so far. \
             The message was not sent again, because it may have arrived.",
            step.job.service.title()
        ),
    )
    .money(Money::Unknown)
    .next(format!(
        "Look at the timeline with session_state. `firstcut jobs adopt {}` looks again; to send the words a second \
         time, accepting a second charge, make a new call with new: true.",
        named(step)
    ));
    step.record(Change {
        state: Some(State::Uncertain),
        work: notes(work)?,
        failure: Some(Some(Failure::from(&error))),
        ..Change::default()
    })
    .await
}

/// The message was sent, and the service does not let us see what became of it.
pub(in crate::jobs) async fn out_of_sight(step: &mut Step, cause: &Error) -> Result<(), Halt> {
    let message = format!("The message was sent, but what it did cannot be read. {}", cause.message());
    let told =
        |kind| Error::new(kind, message).money(Money::Unknown).quoting(cause.quoted().unwrap_or_default());
    if cause.kind() == Kind::SessionLost {
        if let Some(session_id) = &step.job.session_id {
            step.ledger.mark_session_lost(step.job.service, session_id, step.now_ms()).await?;
        }
        return step.fail(&told(Kind::SessionLost).next(cause.next_step().unwrap_or_default())).await;
    }
    let error = told(Kind::Uncertain).next(format!(
        "When {} answers again, `firstcut jobs adopt {}` looks what it did. {}",
        step.job.service.title(),
        named(step),
        cause.next_step().unwrap_or_default()
    ));
    step.record(Change {
        state: Some(State::Uncertain),
        failure: Some(Some(Failure::from(&error))),
        ..Change::default()
    })
    .await
}
