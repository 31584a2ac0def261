//! Brings a job to rest in this process, or lets go of it in a way that can be taken up again.

use std::time::Duration;

use serde_json::json;

use super::mover::Mover;
use super::preview::Look;
use super::progress::Progress;
use super::{Exit, Shell, advice, text};
use crate::error::{Error, Kind, Result};
use crate::jobs::engine::Reach;
use crate::jobs::{inspect, report, wait};
use crate::model::job::{Job, JobId, State};
use crate::model::report::JobReport;

/// Longer than any job lives: anonymous accounts end after seven days.
const UNTIL_DONE: Duration = Duration::from_secs(8 * 24 * 3600);

impl Shell {
    /// Moves the job until it rests, waits for money, the limit is over or the person stops it, shows progress, and
    /// reports. A rehearsal moves nothing real beside it.
    pub(super) async fn follow(
        &self,
        id: &JobId,
        limit: Option<Duration>,
        look: Look,
        notice: &str,
    ) -> Result<Exit> {
        self.stay_with(id, limit, look, notice, false).await
    }

    /// The same; `though_short` waits for money too.
    pub(super) async fn stay_with(
        &self,
        id: &JobId,
        limit: Option<Duration>,
        look: Look,
        notice: &str,
        though_short: bool,
    ) -> Result<Exit> {
        if limit == Some(Duration::ZERO) {
            let job = report::find(&self.app, id).await?;
            return self.tell(&job, look, true).await;
        }
        let reach = Reach::of(report::find(&self.app, id).await?.service);
        let mut mover = Mover::start(&self.app, reach);
        let progress = Progress::start(self.out, notice);
        let limit = limit.unwrap_or(UNTIL_DONE);
        let mut warned = false;
        let on_tick = |tick: wait::Tick| {
            progress.tick(&tick);
            if tick.in_trouble && !warned {
                warned = true;
                progress.beside(&format!(
                    "It is tried again by itself. Ctrl-C stops the waiting; firstcut jobs wait {id} goes on later, firstcut jobs cancel {id} gives it up."
                ));
            }
        };
        let waiting = async {
            if though_short {
                wait::wait(&self.app, id, limit, on_tick).await
            } else {
                wait::unless_short(&self.app, id, limit, on_tick).await
            }
        };

        let end = tokio::select! {
            job = waiting => End::Waited(job.map(Box::new)),
            error = mover.broken() => End::Broken(error),
            () = interrupted() => End::Interrupted,
        };
        progress.end();
        match end {
            End::Waited(Ok(job)) if job.state.is_at_rest() => {
                let told = self.tell(&job, look, false).await;
                mover.finish(self).await;
                told
            }
            End::Waited(job) => {
                mover.leave().await;
                self.tell(job?.as_ref(), look, false).await
            }
            End::Broken(error) => Err(without_mover(id, error)),
            End::Interrupted => {
                mover.leave().await;
                self.tell_interrupted(id, look).await
            }
        }
    }

    /// Prints the job as it is; the exit code says how it ended.
    pub(super) async fn tell(&self, job: &Job, look: Look, asked_not_to_wait: bool) -> Result<Exit> {
        let mut report = self.report(job).await?;
        if look.strict {
            inspect::insist(&mut report);
        }
        let drawing = self.picture(job, &mut report, look).await;
        // Who waited for a video wants the video; who only looks wants everything.
        let is_made = job.state == State::Done && !report.files.is_empty() && !asked_not_to_wait;
        self.out.result(&report, || if is_made { text::made(&report) } else { text::job(&report) })?;
        if let Some(drawing) = drawing {
            self.out.note(self.caption(look));
            self.out.draw(&drawing);
        }
        if asked_not_to_wait && !job.state.is_at_rest() {
            return Ok(0);
        }
        Ok(exit_code(job.state, &report))
    }

    /// A job as it is told here.
    pub(super) async fn report(&self, job: &Job) -> Result<JobReport> {
        let mut report = report::report(&self.app, job).await?;
        report.next = advice::next(&report);
        if !job.state.is_at_rest() {
            // Nobody works on it when this process ends.
            report.message = report.message.replacen("Still working:", "Not finished:", 1);
        }
        Ok(report)
    }

    async fn tell_interrupted(&self, id: &JobId, look: Look) -> Result<Exit> {
        let job = report::find(&self.app, id).await?;
        if job.state.is_at_rest() {
            return self.tell(&job, look, false).await;
        }
        let resume = format!("firstcut jobs wait {id}");
        if self.out.json {
            let report = self.report(&job).await?;
            let mut shape = json!(report);
            shape["next"] = json!(resume);
            self.out.result(&shape, String::new)?;
        }
        self.out.note(&format!(
            "Stopped waiting; the job is kept and nothing is paid twice. Go on with:\n  {resume}"
        ));
        Ok(Kind::Cancelled.exit_code())
    }
}

enum End {
    Waited(Result<Box<Job>>),
    Broken(Error),
    Interrupted,
}

fn without_mover(id: &JobId, error: Error) -> Error {
    let step = error.next_step().map(|step| format!("{step} ")).unwrap_or_default();
    error.next(format!("{step}The job is kept. Go on with: firstcut jobs wait {id}"))
}

/// 0 only for a job that is done, and well.
fn exit_code(state: State, report: &JobReport) -> Exit {
    let kind = match state {
        // Done, but not well enough for a strict caller.
        State::Done => match &report.error {
            Some(error) => Kind::from_code(&error.code).unwrap_or(Kind::Internal),
            None => return 0,
        },
        State::Failed => {
            let code = report.error.as_ref().and_then(|error| Kind::from_code(&error.code));
            code.unwrap_or(Kind::Internal)
        }
        State::Cancelled => Kind::Cancelled,
        State::Uncertain => Kind::Uncertain,
        // Not at the end yet, by time or for want of an approval or of money.
        State::NeedsApproval
        | State::Queued
        | State::Submitting
        | State::Running
        | State::Ready
        | State::Delivering => {
            let code = report.error.as_ref().and_then(|error| Kind::from_code(&error.code));
            code.unwrap_or(Kind::TimedOut)
        }
    };
    kind.exit_code()
}

/// Comes back when the person or the system asks the process to end.
pub(super) async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler there is nothing to wait for; the system's own way of ending remains.
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_says_why_it_ended() {
        let id = JobId::fresh();
        let damaged = Error::new(Kind::Ledger, "The ledger is damaged.").next("Restore the file.");
        for (why, kind, begins) in [
            (damaged, Kind::Ledger, "Restore the file. The job is kept."),
            (Error::internal("It ended."), Kind::Internal, "The job is kept."),
        ] {
            let error = without_mover(&id, why);
            let step = error.next_step().unwrap();
            assert_eq!(error.kind(), kind);
            assert!(step.starts_with(begins) && step.ends_with(&format!("jobs wait {id}")), "{step}");
        }
    }
}
