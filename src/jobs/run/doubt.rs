//! A run whose answer was lost: what can be read is read, and what cannot be told is shown. Never a second request.

use serde_json::Value;

use super::send::accepted;
use super::{RunWork, model_of};
use crate::error::{Error, Kind, Money};
use crate::jobs::engine::step::{Halt, Step, notes};
use crate::jobs::run::hook;
use crate::ledger::{AttemptState, Change};
use crate::model::job::{EpochMs, Failure, State};
use crate::model::request::Run;
use crate::skillboss::Remote;

/// The service's clock may differ from ours by this much.
const SKEW_MS: EpochMs = 120_000;
/// How long a notice from the service may take to arrive and settle it, where we can be called at all.
const NOTICE_MS: EpochMs = 30 * 60 * 1000;

/// The lease ended around the request.
pub(super) async fn step(step: &mut Step, run: &Run, work: RunWork) -> Result<(), Halt> {
    let Some(attempt) = step.ledger.last_attempt(&step.job.id).await? else {
        return Err(Error::internal("A run was submitted without a note of it.").into());
    };
    match (attempt.state, &attempt.remote_id) {
        (AttemptState::Accepted | AttemptState::Open | AttemptState::Unknown, Some(name)) => {
            let name = name.clone();
            step.end_attempt(attempt.n, AttemptState::Accepted, Some(&name), Value::Null).await?;
            accepted(step, work, Remote::by_id(&name)?).await
        }
        (AttemptState::Rejected | AttemptState::NotSent, _) => {
            let pause = std::time::Duration::from_millis(50);
            step.requeue(notes(&work)?, "It had not left; starting anew.", pause).await
        }
        (AttemptState::Accepted, None) => {
            // Finished within its own answer, and that answer died with the process that had it.
            lost(step, run, work, None).await
        }
        (AttemptState::Open | AttemptState::Unknown, None) => {
            // A notice may have come for it, even before its own answer.
            if let Some(name) = step.ledger.noticed(&step.job.id, attempt.n).await?.into_iter().next() {
                step.end_attempt(attempt.n, AttemptState::Accepted, Some(&name), Value::Null).await?;
                return accepted(step, work, Remote::by_id(&name)?).await;
            }
            if attempt.state == AttemptState::Open {
                step.end_attempt(attempt.n, AttemptState::Unknown, None, Value::Null).await?;
            }
            lost(step, run, work, None).await
        }
    }
}

/// Nothing proves that it arrived, nothing that it did not.
pub(super) async fn lost(
    step: &mut Step,
    run: &Run,
    mut work: RunWork,
    cause: Option<&Error>,
) -> Result<(), Halt> {
    let waited = step.now_ms() - work.sent_at_ms.unwrap_or(step.job.updated_at_ms);
    work.sent_at_ms.get_or_insert(step.job.updated_at_ms);
    if hook::is_on(step.app.config()) && waited < NOTICE_MS && !step.job.cancel_requested {
        return step
            .record(Change {
                state: Some(State::Submitting),
                work: notes(&work)?,
                note: Some(
                    "The answer was lost; the service's notice may still tell what became of it.".to_owned(),
                ),
                due_at_ms: Some(Some(step.now_ms() + (NOTICE_MS - waited).min(60_000))),
                ..Change::default()
            })
            .await;
    }
    work.candidates = candidates(step, run, &work).await;
    let error = Error::new(
        Kind::Uncertain,
        format!(
            "The request may have reached the service, and its answer was lost{}.",
            cause.map(|cause| format!(" ({})", cause.message().trim_end_matches('.'))).unwrap_or_default()
        ),
    )
    .money(Money::Unknown)
    .next(advice(step, run, &work));
    step.record(Change {
        state: Some(State::Uncertain),
        work: notes(&work)?,
        failure: Some(Some(Failure::from(&error))),
        note: Some("Nothing shows whether it arrived.".to_owned()),
        ..Change::default()
    })
    .await?;
    // A notice that came while this was written down found nothing to heal yet.
    let n = step.job.attempts;
    if let Some(name) = step.ledger.noticed(&step.job.id, n).await?.into_iter().next() {
        hook::heal(&step.ledger, &step.job, n, Remote::by_id(&name)?, step.now_ms()).await?;
    }
    Ok(())
}

pub(super) fn advice(step: &Step, run: &Run, work: &RunWork) -> String {
    let id = &step.job.id;
    let seen = match work.candidates.as_slice() {
        [] => String::new(),
        [one] => format!("The service lists one job that may be it: {one}. "),
        many => format!("The service lists {} jobs that may be it: {}. ", many.len(), many.join(", ")),
    };
    format!(
        "{seen}A person decides: `firstcut jobs adopt {id} --remote-id ID` goes on with the service's job of that id, \
         `firstcut jobs retry {id}` sends it again and may cost {} a second time, `firstcut jobs drop {id}` gives it up.",
        run.most
    )
}

/// Work that the service lists, that nobody here knows, of this model and from that moment. Shown, never taken:
/// another program may use the same key.
pub(super) async fn candidates(step: &Step, run: &Run, work: &RunWork) -> Vec<String> {
    let Ok(client) = step.skillboss().await else { return Vec::new() };
    let listed = match client.jobs(None).await {
        Ok(Some(listed)) => listed,
        Ok(None) => return Vec::new(),
        Err(error) => {
            tracing::info!(job.id = %step.job.id, %error, "the service's list of jobs cannot be read");
            return Vec::new();
        }
    };
    let sent = work.sent_at_ms.unwrap_or(step.job.updated_at_ms);
    let mut found = Vec::new();
    for job in listed {
        let at = job.created_at.map(|at| at.as_millisecond());
        let of_then = at.is_none_or(|at| (sent - SKEW_MS..=sent + SKEW_MS).contains(&at));
        let of_model = job.report.model.as_deref().is_none_or(|model| model == model_of(run, work));
        if of_then && of_model && !step.ledger.knows_remote(&job.remote.id).await.unwrap_or(true) {
            found.push(job.remote.id);
        }
    }
    found.truncate(5);
    found
}
