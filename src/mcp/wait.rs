//! How long a call waits for its job, and what it answers when the job takes longer.

use std::time::{Duration, Instant};

use rmcp::RoleServer;
use rmcp::model::{CallToolResponse, CreateTaskResult};
use rmcp::service::RequestContext;

use crate::error::{Error, Kind, Result};
use crate::jobs::inspect::Keep;
use crate::jobs::submit::{Accepted, Submitted};
use crate::jobs::{report, wait};
use crate::mcp::approval::Answered;
use crate::mcp::look::Look;
use crate::mcp::peer::Abilities;
use crate::mcp::progress::{Teller, telling};
use crate::mcp::reply;
use crate::mcp::server::Server;
use crate::model::job::{Job, JobId};

/// The longest that a call may ask to wait: as long as a turn of the service may take.
const LONGEST_S: f64 = 900.0;

/// Claude Code moves a call to the background after 120 s; its calls wait just under that.
const CLAUDE_CODE: Duration = Duration::from_secs(110);

/// Many clients give a call up after 60 s.
const OTHERS: Duration = Duration::from_secs(45);

/// The argument wins, then the setting, then what this client is known to stand.
fn limit(asked_s: Option<f64>, setting: Option<Duration>, client: Option<&str>) -> Duration {
    if let Some(asked_s) = asked_s {
        // Below zero was refused with the arguments.
        return Duration::from_secs_f64(asked_s.clamp(0.0, LONGEST_S));
    }
    setting.unwrap_or(match client {
        Some(name) if name.starts_with("claude-code") => CLAUDE_CODE,
        _ => OTHERS,
    })
}

impl Server {
    /// How long this call may wait for its job.
    pub(super) fn patience(
        &self,
        request: &RequestContext<RoleServer>,
        wait_seconds: Option<f64>,
    ) -> Duration {
        let client = request.client_info().map(|client| client.name);
        limit(wait_seconds, self.app().config().wait, client.as_deref())
    }

    /// A call is about this job. If that is a real one, it moves, whatever this server was started for.
    pub(super) fn note(&self, job: &Job) {
        if !job.service.is_rehearsal() {
            self.app().ask_for_real();
        }
    }

    /// Waits for a job within the limits of this call and answers with where it stands then.
    ///
    /// Cancelling the call, or the client's leaving, ends the waiting; the job goes on.
    pub(super) async fn follow(
        &self,
        request: &RequestContext<RoleServer>,
        id: &JobId,
        limit: Duration,
    ) -> Result<Job> {
        let waited = telling(request, format!("Working on {id}."), async |teller| {
            tokio::select! {
                biased;
                () = request.ct.cancelled() => None,
                // The last answers must be out before the program is.
                () = self.leaving().cancelled() => None,
                job = wait::wait(self.app(), id, limit, move |tick| teller.tell(tick.progress_pct, tick.message)) => Some(job),
            }
        })
        .await;
        match waited {
            Some(job) => job,
            None => report::find(self.app(), id).await,
        }
    }

    /// Does something that is no job and has no trace in the ledger; it ends with the call.
    pub(super) async fn unless_cancelled<T>(
        &self,
        request: &RequestContext<RoleServer>,
        first: &str,
        work: impl AsyncFnOnce(Teller) -> Result<T>,
    ) -> Result<T> {
        telling(request, first, async |teller| {
            tokio::select! {
                biased;
                () = request.ct.cancelled() => Err(Error::new(Kind::Cancelled, "The call was cancelled.")),
                done = work(teller) => done,
            }
        })
        .await
    }

    /// The answer to words that became a job, or were a question. What went by since the call had `begun` is gone from
    /// what its client can stand.
    pub(super) async fn accepted(
        &self,
        request: &RequestContext<RoleServer>,
        accepted: Accepted,
        wait_seconds: Option<f64>,
        look: Look,
        begun: Instant,
    ) -> Result<CallToolResponse> {
        match accepted {
            Accepted::Job(submitted) => self.outcome(request, *submitted, wait_seconds, look, begun).await,
            Accepted::Told(report) => Ok(reply::outcome(*report, true).into()),
        }
    }

    /// The answer to a call that started a job, or met the one that the same call had started before. A price that
    /// a person has to agree to is asked for first.
    pub(super) async fn outcome(
        &self,
        request: &RequestContext<RoleServer>,
        submitted: Submitted,
        wait_seconds: Option<f64>,
        look: Look,
        begun: Instant,
    ) -> Result<CallToolResponse> {
        let Submitted { job, fresh } = submitted;
        self.note(&job);
        let patience = self.patience(request, wait_seconds).saturating_sub(begun.elapsed());
        let begun = Instant::now();
        let answered = self.ask(request, job, patience).await?;
        // What the user took to answer is gone from what the client can stand.
        self.answer(request, answered, fresh, patience.saturating_sub(begun.elapsed()), look).await
    }

    /// The answer once everybody who had to be asked was asked: a task for clients that take one, else the job as it
    /// is when the waiting ends.
    pub(super) async fn answer(
        &self,
        request: &RequestContext<RoleServer>,
        answered: Answered,
        fresh: bool,
        patience: Duration,
        look: Look,
    ) -> Result<CallToolResponse> {
        let (job, remark) = match answered {
            Answered::Round(round) => return Ok(round.into()),
            Answered::Job(job, remark) => (*job, remark),
        };
        // Who asks for an answer at once wants the job's name, and not to be told about its end.
        if Abilities::of(request).tasks && !job.state.is_at_rest() && !patience.is_zero() {
            return Ok(CreateTaskResult::new(self.task(&job)).into());
        }
        let id = job.id;
        let told = async {
            let job = self.follow(request, &id, patience).await?;
            self.seen(&job, look, Keep::Beside).await
        };
        match told.await {
            Ok((mut report, picture)) => {
                if let Some(remark) = remark {
                    report.message = format!("{remark} {}", report.message);
                }
                Ok(reply::with_picture(reply::outcome(report, fresh), picture.as_deref()).into())
            }
            Err(error) => Err(accepted_before(&id, error)),
        }
    }
}

/// An error after the job was written down: whoever reads it must learn the name, or the job is lost to them.
fn accepted_before(id: &JobId, error: Error) -> Error {
    let step = error.next_step().map(|step| format!(" {step}")).unwrap_or_default();
    error.next(format!(
        "The job {id} was accepted and goes on: call check_job with it, do not start it again.{step}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_argument_wins_then_the_setting_then_the_client() {
        let s = Duration::from_secs;
        for (asked, setting, client, waits) in [
            (Some(0.0), Some(s(7)), Some("claude-code"), s(0)),
            (Some(30.0), Some(s(7)), None, s(30)),
            (Some(1e9), None, None, s(900)),
            (None, Some(s(7)), Some("claude-code"), s(7)),
            (None, None, Some("claude-code"), s(110)),
            (None, None, Some("cursor"), s(45)),
            (None, None, None, s(45)),
        ] {
            assert_eq!(limit(asked, setting, client), waits);
        }
    }

    #[test]
    fn a_late_error_names_the_job() {
        let id = JobId::fresh();
        let error = accepted_before(&id, Error::internal("Oh.").next("Look again."));
        let step = error.next_step().unwrap();
        assert!(
            step.contains(id.as_str()) && step.contains("check_job") && step.ends_with("Look again."),
            "{step}"
        );
    }
}
