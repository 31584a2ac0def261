//! Jobs that the process that moves them lacks a key for: whoever asked for them may have it, and may move them next.
//!
//! One process moves the jobs of all, with settings of its own. Nothing is wrong with such a job: it waits, and says for whom.

use std::time::Duration;

use serde_json::{Value, json};

use super::step::{Halt, Step, millis};
use crate::app::App;
use crate::error::{Error, Kind, Money};
use crate::jobs::publish;
use crate::ledger::Change;
use crate::model::job::{EpochMs, Service, State};
use crate::model::request::Request;

/// How soon one that has the key finds the job due.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Whoever asked a day ago may not want it any more.
const LONGEST_MS: EpochMs = 24 * 3600 * 1000;
/// Since when it waits, among the notes of any kind of job.
const SINCE: &str = "keyless_since_ms";

/// What this process lacks for the next step of a job.
pub(super) fn lacking(step: &Step) -> Option<Error> {
    let job = &step.job;
    // What is to be stopped before it was sent needs no service.
    if job.service.is_rehearsal() || (job.state == State::Queued && job.cancel_requested) {
        return None;
    }
    match &job.request {
        // What was sent is looked after for as long as the service keeps it, with or without a key.
        Request::Run(_) | Request::Film(_) if job.state == State::Queued => {
            of_service(&step.app, job.service)
        }
        Request::Post(post) => {
            let setting = publish::lacking(step.app.config(), post.scheduler)?;
            Some(error(Kind::Config, &format!("is not set up for {}.", post.scheduler.title()), setting))
        }
        _ => None,
    }
}

/// The same of the key that pays for models, when nothing has been sent yet.
pub(in crate::jobs) fn of_service(app: &App, service: Service) -> Option<Error> {
    let lacks = service == Service::SkillBoss && !app.config().skillboss.is_set_up();
    lacks.then(|| {
        error(Kind::Unauthorized, "has no SkillBoss key. Nothing was sent.", "SKILLBOSS_API_KEY")
            .money(Money::NotSpent)
    })
}

/// There may be several processes, and only one of them is meant.
fn error(kind: Kind, lack: &str, setting: &str) -> Error {
    Error::new(kind, format!("The process that moves the jobs (process {}) {lack}", std::process::id())).next(
        format!(
            "Start that process (firstcut serve, or a worker) anew with {setting}, or end it, so that one that has it goes on."
        ),
    )
}

/// Waits where it stands, and says for whom; after a day that is its end.
pub(super) async fn wait(step: &mut Step, lack: Error) -> Result<(), Halt> {
    let now_ms = step.now_ms();
    let since_ms = step.job.work.get(SINCE).and_then(Value::as_i64);
    if since_ms.is_some_and(|since_ms| now_ms - since_ms > LONGEST_MS) {
        return Err(lack.into());
    }
    let pause = step.app.poll(step.job.service).min(LOOK_EVERY);
    let note = format!("{} {}", lack.message(), lack.next_step().unwrap_or_default());
    if since_ms.is_some() && step.job.note.as_deref() == Some(note.as_str()) {
        step.ledger.release(&step.job, now_ms + millis(pause)).await?;
        return Ok(());
    }
    let mut work = step.job.work.clone();
    if !work.is_object() {
        work = json!({});
    }
    work[SINCE] = since_ms.unwrap_or(now_ms).into();
    let due_at_ms = step.in_a(pause);
    step.record(Change { work: Some(work), note: Some(note), due_at_ms, ..Change::default() }).await
}
