//! Work that this process cannot do, because it was started without a key that the process which asked for it had.
//!
//! One process moves the jobs of all. Nothing is wrong with such a job: it waits, and says for whom, until the key is there
//! or another process moves it.

use std::time::Duration;

use super::step::{Halt, Step, millis};
use crate::app::App;
use crate::error::{Error, Kind, Money};
use crate::jobs::publish;
use crate::ledger::Change;
use crate::model::job::{EpochMs, Service, State};
use crate::model::request::Request;

/// Another process may have taken over since the last look.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Then it fails instead: whoever asked has been told for long enough.
const LONGEST_MS: EpochMs = 3_600_000;
/// Among a job's notes: since when it waits.
const SINCE: &str = "lacking_since_ms";

/// What is missing here for a job of which nothing has been sent.
pub(super) fn of(step: &Step) -> Option<Error> {
    if step.job.state != State::Queued || step.job.cancel_requested {
        return None;
    }
    match &step.job.request {
        Request::Run(_) | Request::Film(_) => key(&step.app, step.job.service),
        Request::Post(post)
            if !step.job.service.is_rehearsal()
                && !publish::set_up(step.app.config()).contains(&post.scheduler) =>
        {
            let title = post.scheduler.title();
            Some(error(Kind::Config, &format!("is not set up for {title}"), "its settings"))
        }
        _ => None,
    }
}

/// The same of the key that pays for models.
pub(in crate::jobs) fn key(app: &App, service: Service) -> Option<Error> {
    let lacks = service == Service::SkillBoss && !app.config().skillboss.is_set_up();
    lacks.then(|| error(Kind::Unauthorized, "has no SkillBoss key", "SKILLBOSS_API_KEY"))
}

fn error(kind: Kind, lack: &str, setting: &str) -> Error {
    Error::new(
        kind,
        format!("The process that moves the jobs (number {}) {lack}. Nothing was sent.", std::process::id()),
    )
    .money(Money::NotSpent)
    .next(format!(
        "Start that process (firstcut serve, or a worker) with {setting}, or end it, so that the one that asked goes on."
    ))
}

/// Waits in the queue, and says for what; after an hour it fails.
pub(super) async fn wait(step: &mut Step, error: &Error) -> Result<(), Halt> {
    let now_ms = step.now_ms();
    let mut work = step.job.work.clone();
    let since_ms = work.get(SINCE).and_then(serde_json::Value::as_i64);
    if since_ms.is_some_and(|since_ms| now_ms - since_ms > LONGEST_MS) {
        return step.fail(error).await;
    }
    let due_ms = now_ms + millis(step.app.poll(step.job.service).min(LOOK_EVERY));
    let note = format!("{} {}", error.message(), error.next_step().unwrap_or_default());
    if since_ms.is_some() && step.job.note.as_ref() == Some(&note) {
        step.ledger.release(&step.job, due_ms).await?;
        return Ok(());
    }
    if !work.is_object() {
        work = serde_json::json!({});
    }
    work[SINCE] = since_ms.unwrap_or(now_ms).into();
    tracing::warn!(job.id = %step.job.id, "{note}");
    step.record(Change {
        work: Some(work),
        note: Some(note),
        due_at_ms: Some(Some(due_ms)),
        ..Change::default()
    })
    .await
}
