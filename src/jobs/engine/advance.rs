//! One step of one job: look at the row, do at most one outside effect, write down what became of it.
//!
//! Losing, doubling or reordering calls of [`step`] is harmless: the lease makes sure that one worker at a time
//! looks at a job, and the fence that a late one changes nothing.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, interval_at, sleep};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::error::{Error, Kind, Money};
use crate::jobs::{film, publish, render, run, turn, video};
use crate::ledger::{Change, Charge, Ledger, Recorded};
use crate::model::job::{EpochMs, Failure, Job, JobKind, Service, State};
use crate::model::request::Request;
use crate::{nemo, skillboss};

/// A lease is this long and renewed every quarter of it; a worker that dies is noticed after it.
pub(in crate::jobs) const LEASE: Duration = Duration::from_secs(60);
/// A service that is down is asked again this often, without any progress between, before the job fails.
const MAX_FAULTS: u64 = 12;
/// How soon a request for the end is noticed while a service is listened to.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// A service that asks for a longer pause is asked again after this one all the same.
const LONGEST_ASKED_PAUSE: Duration = Duration::from_secs(10 * 60);

/// Why a step ends without having written its result.
pub(in crate::jobs) enum Halt {
    /// Somebody else owns the job by now.
    Lost,
    /// The process is asked to end; the job goes on later, here or elsewhere.
    Stop,
    /// Something failed that surely had no effect on money.
    Fault(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Fault(error)
    }
}

/// A job in the hands of its lease holder.
#[derive(Clone)]
pub(in crate::jobs) struct Step {
    pub(in crate::jobs) app: App,
    pub(in crate::jobs) ledger: Ledger,
    pub(in crate::jobs) job: Job,
    pub(in crate::jobs) stop: CancellationToken,
}

impl Step {
    /// The NemoVideo client of the job's service.
    pub(in crate::jobs) async fn client(&self) -> Result<nemo::Client, Halt> {
        Ok(self.app.client(self.job.service).await?)
    }

    /// The SkillBoss client of the job's service.
    pub(in crate::jobs) async fn skillboss(&self) -> Result<skillboss::Client, Halt> {
        Ok(self.app.skillboss(self.job.service).await?)
    }

    pub(in crate::jobs) fn now_ms(&self) -> EpochMs {
        self.app.now_ms()
    }

    /// What was learnt on the way, in the kind's own form.
    pub(in crate::jobs) fn work<T: DeserializeOwned + Default>(&self) -> Result<T, Halt> {
        if self.job.work.is_null() {
            return Ok(T::default());
        }
        serde_json::from_value(self.job.work.clone()).map_err(|error| {
            Halt::Fault(
                Error::internal(format!("The notes of {} cannot be read.", self.job.id)).because(error),
            )
        })
    }

    /// Writes a change under the fence.
    pub(in crate::jobs) async fn record(&mut self, mut change: Change) -> Result<(), Halt> {
        let at_rest = change.state.is_some_and(State::is_at_rest);
        if at_rest && change.state != Some(State::Uncertain) {
            forget_snapshot(&self.job, &mut change);
        }
        match self.ledger.record(&self.job, change, "engine", self.now_ms()).await? {
            Recorded::Done(job) => self.job = job,
            Recorded::Lost => return Err(Halt::Lost),
        }
        if at_rest && let Some(parent) = &self.job.parent_id {
            self.ledger.wake(parent, self.now_ms()).await?;
            if self.job.state == State::Done {
                // A whole that was put aside because of this part goes on.
                let goes_on = Change {
                    state: Some(State::Running),
                    failure: Some(None),
                    due_at_ms: Some(Some(self.now_ms())),
                    ..Change::default()
                };
                if self.ledger.job(parent).await?.kind == JobKind::Film {
                    self.ledger.resolve(parent, State::Uncertain, goes_on, "part", self.now_ms()).await?;
                }
            }
        }
        self.app.ring();
        Ok(())
    }

    /// The job ends without a result.
    pub(in crate::jobs) async fn fail(&mut self, error: &Error) -> Result<(), Halt> {
        self.record(Change {
            state: Some(State::Failed),
            failure: Some(Some(Failure::from(error))),
            charge: (error.spent() == Money::NotSpent).then_some(Charge::Freed),
            ..Change::default()
        })
        .await
    }

    /// The job ends because somebody asked for it; what was set aside for it is free again.
    pub(in crate::jobs) async fn cancelled(&mut self, note: &str) -> Result<(), Halt> {
        self.record(Change {
            state: Some(State::Cancelled),
            failure: Some(None),
            note: Some(note.to_owned()),
            charge: Some(Charge::Freed),
            ..Change::default()
        })
        .await
    }

    /// Comes back when somebody asks for the job's end.
    pub(in crate::jobs) fn end_asked_for(&self) -> impl Future<Output = ()> + Send + 'static {
        let (ledger, id) = (self.ledger.clone(), self.job.id.clone());
        async move {
            while !ledger.job(&id).await.is_ok_and(|job| job.cancel_requested) {
                sleep(ASK_EVERY).await;
            }
        }
    }

    /// Does something long, unless the process is asked to end.
    pub(in crate::jobs) async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Result<T, Halt> {
        tokio::select! {
            done = work => Ok(done),
            () = self.stop.cancelled() => Err(Halt::Stop),
        }
    }

    /// Now and a while, for a row's due time.
    pub(in crate::jobs) fn in_a(&self, pause: Duration) -> Option<Option<EpochMs>> {
        Some(Some(self.now_ms() + millis(pause)))
    }
}

/// A snapshot of a session is large, may hold signed addresses, and is of no use when nothing more is compared with it.
fn forget_snapshot(job: &Job, change: &mut Change) {
    let work = change.work.as_ref().unwrap_or(&job.work);
    if work.get("before").is_some_and(|before| !before.is_null()) {
        let mut work = work.clone();
        work["before"] = serde_json::Value::Null;
        change.work = Some(work);
    }
}

/// Notes in the ledger's form.
pub(in crate::jobs) fn notes<T: Serialize>(work: &T) -> Result<Option<serde_json::Value>, Halt> {
    Ok(Some(notes_value(work)?))
}

/// The same where nobody holds the job.
pub(in crate::jobs) fn notes_value<T: Serialize>(work: &T) -> Result<serde_json::Value, Error> {
    serde_json::to_value(work)
        .map_err(|error| Error::internal("A job's notes cannot be written.").because(error))
}

pub(in crate::jobs) fn millis(duration: Duration) -> EpochMs {
    EpochMs::try_from(duration.as_millis()).unwrap_or(EpochMs::MAX)
}

/// Moves one claimed job one step on. However long that takes, the lease is kept meanwhile; without it nothing more
/// is done.
pub(in crate::jobs) async fn step(app: App, ledger: Ledger, job: Job, stop: CancellationToken) {
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

async fn go(mut step: Step) {
    let went = match step.job.request {
        Request::Turn(_) => turn::step(&mut step).await,
        Request::Render(_) => render::step(&mut step).await,
        Request::Video(_) => video::step(&mut step).await,
        Request::Run(_) => run::step(&mut step).await,
        Request::Film(_) => film::step(&mut step).await,
        Request::Handover(_) => publish::handover(&mut step).await,
        Request::Post(_) => publish::step(&mut step).await,
    };
    let went = match went {
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

/// The pause that a service asked for, within reason.
pub(in crate::jobs) fn asked_pause(error: &Error) -> Option<Duration> {
    error.wait_s().map(|seconds| Duration::from_secs(seconds).min(LONGEST_ASKED_PAUSE))
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
