//! Tasks: a job as the Tasks extension of the protocol has it. The ledger is their only keeper, so a task's name is
//! its job's and outlives every process.

use std::time::Duration;

use rmcp::model::{
    CancelTaskParams, DetailedTask, GetTaskParams, GetTaskResult, InputRequests, JsonObject, Task,
    TaskPayload, TaskStatus, UpdateTaskParams,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::Value;

use crate::error::{Error, Kind, Result};
use crate::jobs::inspect::Keep;
use crate::jobs::money::approve;
use crate::jobs::{cancel, report};
use crate::mcp::look::Look;
use crate::mcp::peer::Abilities;
use crate::mcp::server::Server;
use crate::mcp::{approval, reply};
use crate::model::job::{EpochMs, Job, JobId, State};

/// A look into the ledger is cheap, and a service is not asked more often for it.
const MOST_OFTEN: Duration = Duration::from_millis(100);
const LEAST_OFTEN: Duration = Duration::from_secs(5);

impl Server {
    /// The task that a job is, before anything is known about its end.
    pub(super) fn task(&self, job: &Job) -> Task {
        let status = match job.state {
            State::NeedsApproval => TaskStatus::InputRequired,
            State::Cancelled => TaskStatus::Cancelled,
            state if state.is_at_rest() => TaskStatus::Completed,
            _ => TaskStatus::Working,
        };
        let pause = self.app().poll(job.service).clamp(MOST_OFTEN, LEAST_OFTEN);
        // No time to live: the ledger keeps what it has.
        Task::new(job.id.as_str(), status, time(job.created_at_ms), time(job.updated_at_ms))
            .with_poll_interval_ms(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX))
            .with_status_message(course(job))
    }

    /// `tasks/get`.
    pub(super) async fn told_task(
        &self,
        asked: &GetTaskParams,
        request: &RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        let job = self.job_of(&asked.task_id).await?;
        self.detailed(&job, request).await.map(GetTaskResult::new).map_err(|error| refusal(&error))
    }

    async fn detailed(&self, job: &Job, request: &RequestContext<RoleServer>) -> Result<DetailedTask> {
        let mut task = self.task(job);
        let payload = match job.state {
            State::NeedsApproval => match approve::question(self.app(), job) {
                Some(question) if Abilities::of(request).forms => {
                    let input_requests = InputRequests::from([approval::request(&question)]);
                    TaskPayload::InputRequired { input_requests }
                }
                // Nobody can be asked this way, or too late: the call ends as it would have without a task.
                _ => TaskPayload::Completed { result: self.result(job).await? },
            },
            State::Cancelled => {
                task = task.with_status_message(report::report(self.app(), job).await?.message);
                TaskPayload::Cancelled
            }
            state if state.is_at_rest() => TaskPayload::Completed { result: self.result(job).await? },
            _ => TaskPayload::Working,
        };
        Ok(DetailedTask::new(task, payload))
    }

    /// What the tool would have answered.
    async fn result(&self, job: &Job) -> Result<JsonObject> {
        let (report, picture) = self.seen(job, Look::default(), Keep::Beside).await?;
        let result = reply::with_picture(reply::outcome(report, true), picture.as_deref());
        match serde_json::to_value(result) {
            Ok(Value::Object(result)) => Ok(result),
            _ => Err(Error::internal("A result cannot be written down.")),
        }
    }

    /// `tasks/update`: the user's answer to the question about the price. Other answers belong to no question of ours.
    pub(super) async fn answered_task(
        &self,
        update: &UpdateTaskParams,
        request: &RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let job = self.job_of(&update.task_id).await?;
        let Some(action) = approval::action(&update.input_responses) else { return Ok(()) };
        if job.state != State::NeedsApproval || !Abilities::of(request).forms {
            return Ok(());
        }
        let settled = match approval::Word::of(&action) {
            approval::Word::Yes => approve::approve(self.app(), &job.id, None).await,
            // The question has been put and will not be put again, so closing it is an answer too.
            approval::Word::No | approval::Word::Closed => cancel::cancel(self.app(), &job.id).await,
        };
        settled.map(drop).map_err(|error| refusal(&error))
    }

    /// `tasks/cancel`: a wish, whose outcome the next look shows.
    pub(super) async fn cancelled_task(&self, asked: &CancelTaskParams) -> Result<(), ErrorData> {
        let job = self.job_of(&asked.task_id).await?;
        if job.state.is_at_rest() && job.state != State::NeedsApproval {
            return Ok(());
        }
        cancel::cancel(self.app(), &job.id).await.map(drop).map_err(|error| refusal(&error))
    }

    async fn job_of(&self, task_id: &str) -> Result<Job, ErrorData> {
        let found = async { report::find(self.app(), &task_id.parse::<JobId>()?).await };
        let job = found.await.map_err(|error| refusal(&error))?;
        self.note(&job);
        Ok(job)
    }
}

/// What a job is doing, in a sentence.
fn course(job: &Job) -> String {
    let note = job.note.as_deref().unwrap_or("Waiting for its turn.");
    match job.progress_pct {
        _ if job.cancel_requested && !job.state.is_at_rest() => "Being stopped.".to_owned(),
        Some(percent) if !job.state.is_at_rest() => format!("{note} {percent:.0} %"),
        _ => note.to_owned(),
    }
}

fn time(at_ms: EpochMs) -> String {
    jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default().to_string()
}

/// What cannot be told as a task is an error of the protocol.
fn refusal(error: &Error) -> ErrorData {
    let step = error.next_step().map(|step| format!(" {step}")).unwrap_or_default();
    let words = format!("{}{step}", error.message());
    match error.kind() {
        Kind::NotFound | Kind::InvalidInput | Kind::OverBudget => ErrorData::invalid_params(words, None),
        _ => ErrorData::internal_error(words, None),
    }
}
