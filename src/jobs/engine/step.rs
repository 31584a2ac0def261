//! A job in the hands of its lease holder, and what every kind of job does with it.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::error::{Error, Money};
use crate::ledger::{AttemptState, Change, Charge, Ledger, Recorded};
use crate::model::job::{EpochMs, Failure, Job, JobKind, State};
use crate::{nemo, skillboss};

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

    /// The job ends without a result, with what was learnt until then.
    pub(in crate::jobs) async fn fail_with(
        &mut self,
        work: Option<Value>,
        failure: Failure,
        charge: Option<Charge>,
    ) -> Result<(), Halt> {
        self.record(Change {
            state: Some(State::Failed),
            work,
            failure: Some(Some(failure)),
            charge,
            ..Change::default()
        })
        .await
    }

    /// Back to the queue: what was sent surely had no effect.
    pub(in crate::jobs) async fn requeue(
        &mut self,
        work: Option<Value>,
        note: &str,
        pause: Duration,
    ) -> Result<(), Halt> {
        self.record(Change {
            state: Some(State::Queued),
            work,
            note: Some(note.to_owned()),
            due_at_ms: self.in_a(pause),
            ..Change::default()
        })
        .await
    }

    /// Writes down what became of an attempt, and the service's name for it, if it gave one.
    pub(in crate::jobs) async fn end_attempt(
        &self,
        n: u32,
        state: AttemptState,
        name: Option<&str>,
        detail: Value,
    ) -> Result<(), Halt> {
        self.ledger.end_attempt(&self.job.id, n, state, name, detail, self.now_ms()).await?;
        Ok(())
    }

    /// Sees through what has left. An answer that is on its way is worth the wait, though the process is to end; and it
    /// counts, though somebody else may hold the job by then, because this process was stopped meanwhile.
    pub(in crate::jobs) async fn see_through(
        &mut self,
        sending: impl Future<Output = Result<Self, Halt>> + Send + 'static,
    ) -> Result<(), Halt> {
        match tokio::spawn(sending).await {
            Ok(settled) => {
                *self = settled?;
                Ok(())
            }
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(error) => Err(Error::internal("Sending was interrupted.").because(error).into()),
        }
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

    /// How long to wait after the `n`th refusal for a passing reason: as long as the service asks, else longer each time.
    pub(in crate::jobs) fn pause_after(&self, n: u32, error: &Error) -> Duration {
        asked_pause(error).unwrap_or_else(|| {
            Duration::from_millis(500 << n.min(7)).min(self.app.poll(self.job.service) * 4)
        })
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
        work["before"] = Value::Null;
        change.work = Some(work);
    }
}

/// Notes in the ledger's form.
pub(in crate::jobs) fn notes<T: Serialize>(work: &T) -> Result<Option<Value>, Halt> {
    Ok(Some(notes_value(work)?))
}

/// The same where nobody holds the job.
pub(in crate::jobs) fn notes_value<T: Serialize>(work: &T) -> Result<Value, Error> {
    serde_json::to_value(work)
        .map_err(|error| Error::internal("A job's notes cannot be written.").because(error))
}

pub(in crate::jobs) fn millis(duration: Duration) -> EpochMs {
    EpochMs::try_from(duration.as_millis()).unwrap_or(EpochMs::MAX)
}

/// The pause that a service asked for, within reason.
pub(in crate::jobs) fn asked_pause(error: &Error) -> Option<Duration> {
    error.wait_s().map(|seconds| Duration::from_secs(seconds).min(LONGEST_ASKED_PAUSE))
}
