//! `POST /v1/run/cancel/{id}`: only a job that nobody has begun can be cancelled.

use std::sync::Arc;

use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::SkillBoss;
use super::account::Caller;
use super::answer::{Refusal, said};
use super::options::Form;
use super::rows::State;

pub(super) async fn cancel(
    Shared(boss): Shared<Arc<SkillBoss>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, Refusal> {
    let job = boss.own_job(&caller, &id, Form::Wholesale)?;
    let now = boss.clock.now_ms();
    let before = boss.jobs.change(&job.id, |job| {
        let before = job.state;
        if before == State::Queued {
            (job.state, job.finished_at_ms, job.told) = (State::Cancelled, Some(now), true);
        }
        before
    })?;
    match before.unwrap_or(job.state) {
        State::Queued => Ok(said(json!({ "cancelled": true, "status": State::Cancelled.wholesale() }))),
        State::Running => {
            let text = "The vendor call has started; the job cannot be cancelled any more";
            Err(Refusal::new(StatusCode::CONFLICT, "conflict", "already_started", text)
                .with("status", State::Running.wholesale()))
        }
        over => Ok(said(json!({ "cancelled": false, "status": over.wholesale() }))),
    }
}
