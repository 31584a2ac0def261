//! How a job stands, in both forms.

use std::sync::Arc;

use axum::extract::{Path, Query, State as Shared};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::SkillBoss;
use super::account::Caller;
use super::answer::{Refusal, said};
use super::options::Form;
use super::rows::{Job, State, Work};
use super::shape::{at, object, over};
use crate::sandbox::clock::iso;
use crate::sandbox::faults::Fault;

/// How long a finished job is known (API page, Async mode).
const KEPT_MS: i64 = 7 * 24 * 3600 * 1000;

impl SkillBoss {
    /// A job that is not forgotten yet. What is forgotten loses its file.
    pub(super) fn job_of(&self, id: &str) -> Option<Job> {
        let job = self.jobs.get(id)?;
        if job.finished_at_ms.is_none_or(|at| at + KEPT_MS > self.clock.now_ms()) {
            return Some(job);
        }
        if let Some(file) = job.file.filter(|file| file.contains(id)) {
            // Gone already when somebody else asked first.
            let _ = std::fs::remove_file(self.folder.join(file));
        }
        None
    }

    /// The caller's job of this form; anybody else's does not exist.
    pub(super) fn own_job(&self, caller: &Caller, id: &str, form: Form) -> Result<Job, Refusal> {
        self.job_of(id)
            .filter(|job| job.account == caller.wallet.account && job.form == form)
            .ok_or_else(|| Refusal::not_found("Job"))
    }

    /// What came of a finished job, as the waiting call tells it: one field of the answer, and its place in it.
    pub(super) fn outcome(&self, job: &Job, usual_place: &str, troubles: &[Fault]) -> Value {
        let mut all = job.troubles.iter().chain(troubles);
        if all.clone().any(|fault| *fault == Fault::NoMedia) {
            return json!({});
        }
        match &job.work {
            Work::Clip(_) => {
                let place = all.find_map(|fault| match fault {
                    Fault::ResultShape { shape } => Some(shape.as_str()),
                    _ => None,
                });
                at(place.unwrap_or(usual_place), self.link(job).into())
            }
            Work::TemplateUpdate { id, .. } => {
                let root = usual_place.split(['.', '[']).next().unwrap_or_default();
                let response = json!({ "message": "Template Successfully Updated", "id": id });
                let body = json!({ "success": true, "message": "OK", "response": response });
                if root == "outputs" { body } else { at(root, body) }
            }
            Work::Chat { text } => at(usual_place, super::chat::rewritten(text).into()),
        }
    }

    /// What a finished job cost, where the answer has room for it.
    pub(super) fn cost(&self, job: &Job, troubles: &[Fault]) -> Value {
        let hidden = job.troubles.iter().chain(troubles).any(|fault| *fault == Fault::NoCost);
        match job.charged.filter(|_| !hidden) {
            Some(charged) => object([
                ("cost_usd", json!(charged)),
                ("wallet_balance_after_usd", json!(self.balance(&job.account))),
                ("receipt", json!(job.receipt)),
            ]),
            None => json!({}),
        }
    }

    /// The standard form.
    fn standard(&self, job: &Job, troubles: &[Fault]) -> Value {
        let mut body = json!({
            "job_id": job.id,
            "status": word(job.state.standard(), troubles),
            "model": job.used_model,
            "result": null,
            "error": job.error,
            "created_at": iso(job.created_at_ms),
            "completed_at": job.finished_at_ms.map(iso),
        });
        if job.state == State::Completed {
            over(&mut body, self.outcome(job, "result.video_url", troubles));
            over(&mut body, self.cost(job, troubles));
        }
        body
    }

    /// The wholesale form.
    fn wholesale(&self, job: &Job, troubles: &[Fault]) -> Value {
        let mut body = json!({
            "request_id": job.id,
            "status": word(job.state.wholesale(), troubles),
            "result": null,
            "error": job.error,
        });
        if job.state == State::Completed {
            // The result is what the waiting call would have answered.
            let plain = self.outcome(job, "result.outputs[].url", troubles);
            over(&mut body, plain);
            over(&mut body, self.cost(job, troubles));
        }
        body
    }
}

fn word<'a>(right: &'a str, troubles: &'a [Fault]) -> &'a str {
    let odd = troubles.iter().find_map(|fault| match fault {
        Fault::OddStatus { word } => Some(word.as_str()),
        _ => None,
    });
    odd.unwrap_or(right)
}

/// `GET /v1/job/{id}`.
pub(super) async fn job(
    Shared(boss): Shared<Arc<SkillBoss>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, Refusal> {
    let job = boss.own_job(&caller, &id, Form::Standard)?;
    Ok(said(boss.standard(&job, &caller.troubles.0)))
}

#[derive(Deserialize)]
pub(super) struct Listing {
    status: Option<String>,
}

/// `GET /v1/job?status=`: newest first.
pub(super) async fn list(
    Shared(boss): Shared<Arc<SkillBoss>>,
    Query(listing): Query<Listing>,
    caller: Caller,
) -> Response {
    let wanted = |job: &Job| {
        let status = listing.status.as_deref().filter(|status| !status.is_empty() && *status != "all");
        job.form == Form::Standard
            && job.account == caller.wallet.account
            && status.is_none_or(|status| status == job.state.standard())
    };
    let mut jobs = boss.jobs.fold(Vec::new(), |mut jobs, job| {
        if wanted(job) {
            jobs.push(job.clone());
        }
        jobs
    });
    jobs.retain(|job| boss.job_of(&job.id).is_some());
    jobs.sort_by_key(|job| std::cmp::Reverse(job.number));
    let jobs: Vec<Value> = jobs.iter().map(|job| boss.standard(job, &caller.troubles.0)).collect();
    said(json!({ "count": jobs.len(), "jobs": jobs }))
}

/// `GET /v1/run/status/{id}`.
pub(super) async fn run_status(
    Shared(boss): Shared<Arc<SkillBoss>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, Refusal> {
    let job = boss.own_job(&caller, &id, Form::Wholesale)?;
    Ok(said(boss.wholesale(&job, &caller.troubles.0)))
}
