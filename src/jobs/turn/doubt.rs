//! What is said when a message was sent and nothing shows what became of it. It is never sent again by itself.

use super::learnt::TurnWork;
use crate::error::{Error, Kind, Money};
use crate::jobs::advance::{Halt, Step, notes};
use crate::ledger::Change;
use crate::model::job::{Failure, JobId, State};

/// What an uncertain turn may have cost at most: a generation is about 100 credits, everything else about 50
/// (NemoVideo skill, credits).
pub(in crate::jobs) const WORST_CASE_CREDITS: f64 = 100.0;

/// The job that people know: the composite, if the turn is part of one.
fn named(step: &Step) -> &JobId {
    step.job.parent_id.as_ref().unwrap_or(&step.job.id)
}

/// The turn may have been charged, and nothing shows what became of it.
pub(in crate::jobs) async fn uncertain(step: &mut Step, work: &TurnWork) -> Result<(), Halt> {
    let error = Error::new(
        Kind::Uncertain,
        "The answer of NemoVideo was lost, and its timeline shows no change so far. \
         The message was not sent again, because it may have arrived.",
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
        "When NemoVideo answers again, `firstcut jobs adopt {}` looks what it did. {}",
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
