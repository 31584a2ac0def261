//! One step of one job: look at the row, do at most one outside effect, write down what became of it.
//!
//! Losing, doubling or reordering calls of [`step`] is harmless: the lease makes sure that one worker at a time
//! looks at a job, and the fence that a late one changes nothing.

use std::time::Duration;

use tokio::time::{Instant, interval_at};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::error::{Error, Kind};
use crate::jobs::{film, publish, render, run, turn, video};
use crate::ledger::{Change, Ledger};
use crate::model::job::{Job, Service, State};
use crate::model::request::Request;

use super::keys;
use super::step::{Halt, Step, asked_pause, millis};

/// A lease is this long and renewed every quarter of it; a worker that dies is noticed after it.
pub(super) const LEASE: Duration = Duration::from_secs(60);
/// A service that is down is asked again this often, without any progress between, before the job fails.
const MAX_FAULTS: u64 = 12;

/// Moves one claimed job one step on. However long that takes, the lease is kept meanwhile; without it nothing more
/// is done.
pub(super) async fn step(app: App, ledger: Ledger, job: Job, stop: CancellationToken) {
    let kept = keep_lease(app.clone(), ledger.clone(), job.clone());
    tokio::select! {
        () = go(Step { app, ledger, job, stop }) => {}
        () = kept => {}
    }
}

/// Comes back when the job has passed to somebody else.
async fn keep_lease(app: App, ledger: Ledger, job: Job) {
    let mut renewal = interval_at(Instant::now() + LEASE / 4, LEASE / 4);
    loop {
        renewal.tick().await;
        match ledger.renew(&job, app.now_ms() + millis(LEASE)).await {
            Ok(true) => {}
            Ok(false) => return,
            // The next try may still come in time; if not, the fence holds.
            Err(error) => tracing::warn!(job.id = %job.id, %error, "a lease was not renewed"),
        }
    }
}

async fn take(step: &mut Step) -> Result<(), Halt> {
    if let Some(lack) = keys::lacking(step) {
        return keys::wait(step, lack).await;
    }
    match step.job.request {
        Request::Turn(_) => turn::step(step).await,
        Request::Render(_) => render::step(step).await,
        Request::Video(_) => video::step(step).await,
        Request::Run(_) => run::step(step).await,
        Request::Film(_) => film::step(step).await,
        Request::Handover(_) => publish::handover(step).await,
        Request::Post(_) => publish::step(step).await,
    }
}

async fn go(mut step: Step) {
    let went = match take(&mut step).await {
        // A ledger that cannot be written now is no verdict about a job: the lease runs out, and the next look tells.
        Err(Halt::Fault(error)) if error.kind() != Kind::Ledger => after_fault(&mut step, &error).await,
        went => went,
    };
    match went {
        Ok(()) | Err(Halt::Lost) => {}
        Err(Halt::Stop) => {
            // Nothing more to lose if this fails: the lease runs out by itself.
            if let Err(error) = step.ledger.release(&step.job, step.now_ms()).await {
                tracing::warn!(job.id = %step.job.id, %error, "a lease was not given back");
            }
        }
        Err(Halt::Fault(error)) => {
            tracing::error!(job.id = %step.job.id, %error, "a step could not be recorded")
        }
    }
}

/// A passing fault is retried later, with growing pauses; anything else ends the job.
async fn after_fault(step: &mut Step, error: &Error) -> Result<(), Halt> {
    if error.kind() == Kind::SessionLost
        && let Some(session_id) = &step.job.session_id
    {
        step.ledger.mark_session_lost(step.job.service, session_id, step.now_ms()).await?;
    }
    let faults = step.job.work.get("faults").and_then(serde_json::Value::as_u64).unwrap_or(0) + 1;
    let sent =
        matches!(step.job.state, State::Submitting | State::Running | State::Ready | State::Delivering);
    if sent && matches!(step.job.request, Request::Run(_)) {
        return run::stay(step, error, faults).await;
    }
    if let Request::Film(_) = step.job.request {
        return film::after_fault(step, error, faults).await;
    }
    let passing = matches!(error.kind(), Kind::Unavailable | Kind::RateLimited | Kind::TimedOut);
    if !passing || faults > MAX_FAULTS {
        let talking = matches!(step.job.state, State::Submitting | State::Running);
        return match step.job.request {
            // What was paid for is not forgotten because it cannot be seen just now.
            Request::Turn(_) if talking => turn::out_of_sight(step, error).await,
            // Nor is what may be before people already.
            Request::Post(_) => publish::out_of_sight(step, error).await,
            _ => step.fail(error).await,
        };
    }
    let pause = asked_pause(error)
        .unwrap_or_else(|| Duration::from_millis(250 << faults.min(7)).min(step.app.poll(step.job.service)));
    let mut work = step.job.work.clone();
    if !work.is_object() {
        work = serde_json::json!({});
    }
    work["faults"] = faults.into();
    let offline = error.kind() == Kind::Unavailable && !sent && step.job.service == Service::Nemo;
    // Said while it is still time to choose: nothing has left yet.
    let hint = if offline { " Without a network, the service sandbox makes a rehearsal." } else { "" };
    let note = format!("{} Trying again.{hint}", error.message());
    step.record(Change {
        work: Some(work),
        note: Some(note),
        due_at_ms: step.in_a(pause),
        ..Change::default()
    })
    .await
}
