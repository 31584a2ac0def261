//! Jobs that the process that moves them lacks a key for: whoever asked for them may have it, and may move them next.

use std::time::Duration;

use serde_json::{Value, json};

use super::step::{Halt, Step, millis};
use crate::error::Error;
use crate::jobs::publish;
use crate::ledger::Change;
use crate::model::job::{EpochMs, State};
use crate::model::request::Request;

/// How soon one that has the key finds the job due.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Whoever asked a day ago may not want it any more.
const LONGEST_MS: EpochMs = 24 * 3600 * 1000;
/// Since when it waits, among the notes of any kind of job.
const SINCE: &str = "keyless_since_ms";

/// What this process lacks for the next step of a job.
pub(super) async fn lacking(step: &Step) -> Option<Error> {
    let job = &step.job;
    // What is to be stopped before it was sent needs no service.
    if job.service.is_rehearsal() || (job.state == State::Queued && job.cancel_requested) {
        return None;
    }
    match &job.request {
        // What was sent is looked after for as long as the service keeps it, with or without a key.
        Request::Run(_) if job.state == State::Queued => {
            step.app.skillboss(job.service).await.ok()?.wallet().err()
        }
        Request::Post(post) => publish::lacking(step.app.config(), post.scheduler),
        _ => None,
    }
}

/// Waits where it stands, and says for whom.
pub(super) async fn wait(step: &mut Step, lack: &Error) -> Result<(), Halt> {
    let now_ms = step.now_ms();
    let since_ms = step.job.work.get(SINCE).and_then(Value::as_i64);
    // There may be several processes, and only one of them is meant.
    let here = format!(
        "{} in process {}, which moves the jobs.",
        lack.message().trim_end_matches('.'),
        std::process::id()
    );
    if since_ms.is_some_and(|since_ms| now_ms - since_ms > LONGEST_MS) {
        let next = format!(
            "{} That process needs it: start it anew with it, or end it, so that one that has it moves the jobs.",
            lack.next_step().unwrap_or_default()
        );
        return Err(Error::new(lack.kind(), here).next(next.trim_start()).into());
    }
    let note = format!("{here} Start that anew with it, or end it, and this goes on; it waits for a day.");
    if since_ms.is_some() && step.job.note.as_deref() == Some(note.as_str()) {
        step.ledger.release(&step.job, now_ms + millis(LOOK_EVERY)).await?;
        return Ok(());
    }
    let mut work = step.job.work.clone();
    if !work.is_object() {
        work = json!({});
    }
    work[SINCE] = since_ms.unwrap_or(now_ms).into();
    let due_at_ms = step.in_a(LOOK_EVERY);
    step.record(Change { work: Some(work), note: Some(note), due_at_ms, ..Change::default() }).await
}
