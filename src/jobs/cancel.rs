//! Ends a job on request, and lets a person settle what no reading could.

use crate::app::App;
use crate::error::{Error, Kind, Money, Result};
use crate::jobs::turn::settle::LOOKS_AFTER_LOSS;
use crate::jobs::{film, publish, report};
use crate::ledger::{AttemptState, Change, Charge, ChargeSource, Decision};
use crate::model::job::{Failure, Job, JobId, JobKind, State};
use crate::model::request::Request;
use crate::skillboss::Remote;

/// Asks for an end. What was already paid stays paid, and the report says so.
pub async fn cancel(app: &App, id: &JobId) -> Result<Job> {
    let job = report::find(app, id).await?;
    if job.state == State::Uncertain {
        return Err(Error::new(
            Kind::InvalidInput,
            "This job waits for a decision; there is nothing to stop.",
        )
        .next(format!(
            "A person can settle it with `firstcut jobs adopt {id}` or `firstcut jobs drop {id}`."
        )));
    }
    let ledger = app.ledger().await?;
    if job.state == State::NeedsApproval {
        let change = Change {
            state: Some(State::Cancelled),
            note: Some("Not agreed to; nothing was sent, and nothing was spent.".to_owned()),
            ..Change::default()
        };
        ledger.resolve(id, State::NeedsApproval, change, "caller", app.now_ms()).await?;
    } else {
        ledger.request_cancel(id, app.now_ms()).await?;
    }
    app.ring();
    report::find(app, id).await
}

/// What is said when a job that is to be stopped had ended before.
#[must_use]
pub fn too_late(job: &Job) -> String {
    format!(
        "Nothing was stopped: job {} had ended before ({}). What it cost stays as it is.",
        job.id, job.state
    )
}

/// An uncertain job is looked at again: it goes on as if its answer had just been lost. With the name that the
/// service gave to a run, found by a person in its list, the run goes on under that name.
pub async fn adopt(app: &App, id: &JobId, remote_id: Option<&str>) -> Result<Job> {
    if report::find(app, id).await?.kind == JobKind::Post {
        return publish::adopt_post(app, id, remote_id).await;
    }
    let remote = remote_id.map(Remote::by_id).transpose()?;
    let id = &match remote {
        Some(_) => doubtful_run(app, id).await?,
        None => id.clone(),
    };
    if let Some(remote) = &remote {
        let ledger = app.ledger().await?;
        if ledger.is_remote_of_another(&remote.id, id).await? {
            return Err(Error::invalid(format!("{} is the work of another job of this ledger.", remote.id))
                .next("Look in the service's list for the one that no job here knows."));
        }
        if let Some(attempt) = ledger.last_attempt(id).await? {
            let name = Some(remote.id.as_str());
            let said = serde_json::json!({ "adopted": remote.id });
            ledger.end_attempt(id, attempt.n, AttemptState::Accepted, name, said, app.now_ms()).await?;
        }
    }
    let goes_on = |job: &Job| Change {
        state: Some(State::Running),
        work: looks_anew(job, remote.as_ref()),
        failure: Some(None),
        note: Some("Looking at it again.".to_owned()),
        due_at_ms: Some(Some(app.now_ms())),
        ..Change::default()
    };
    let Named { job, whole, parts } = named(app, id).await?;
    let is_meant = |part: &&Job| job.id == whole.id || part.id == job.id;
    let meant = parts.iter().filter(is_meant).chain([&whole]);
    let decisions: Vec<_> = meant.filter_map(|job| decision(job, goes_on(job))).collect();
    app.ledger().await?.settle(&decisions, app.now_ms()).await?;
    app.ring();
    report::find(app, &whole.id).await
}

/// An uncertain job is given up; its worst case stays in the books.
pub async fn drop_uncertain(app: &App, id: &JobId) -> Result<Job> {
    if report::find(app, id).await?.kind == JobKind::Post {
        return publish::drop_post(app, id).await;
    }
    let Named { job, whole, parts } = named(app, id).await?;
    let is_meant = |part: &Job| job.id == whole.id || part.id == job.id;
    let mut decisions: Vec<_> = parts
        .iter()
        .filter(|part| is_meant(part))
        .filter_map(|part| decision(part, given_up(part)))
        .collect();
    if whole.state == State::Uncertain {
        let left: Vec<_> = parts.iter().filter(|part| !is_meant(part)).cloned().collect();
        match film::doubt(&left, parts.len()) {
            // Of another part nobody knows yet: it can still be adopted, and the whole goes on then.
            Some(doubt) => {
                let failure = Some(Some(Failure::from(&doubt)));
                decisions.extend(decision(&whole, Change { failure, ..Change::default() }));
            }
            None => {
                decisions.extend(decision(&whole, given_up(&whole)));
                decisions.extend(parts.iter().filter_map(never_sent));
            }
        }
    }
    app.ledger().await?.settle(&decisions, app.now_ms()).await?;
    app.ring();
    report::find(app, &whole.id).await
}

/// What a person decides about a job that is uncertain.
pub(super) fn decision(job: &Job, change: Change) -> Option<Decision> {
    let from = State::Uncertain;
    (job.state == from).then(|| Decision { id: job.id.clone(), from, change })
}

/// A part that waits for one that was given up never begins: it ends with that, and what was set aside for it is free.
pub(super) fn never_sent(part: &Job) -> Option<Decision> {
    let change = Change {
        state: Some(State::Cancelled),
        failure: Some(None),
        note: Some("Given up before it was sent; it costs nothing.".to_owned()),
        charge: Some(Charge::Freed),
        ..Change::default()
    };
    let waits = part.kind == JobKind::Run && part.state == State::Queued;
    waits.then(|| Decision { id: part.id.clone(), from: State::Queued, change })
}

/// What giving up does to a job.
pub(super) fn given_up(job: &Job) -> Change {
    let given_up = Error::new(
        Kind::Uncertain,
        "It was given up by a person; nothing shows what became of it.",
    )
    .money(Money::Unknown)
    .next(
        "To ask for the same once more, accepting that it may be charged twice, call again with new: true.",
    );
    Change {
        state: Some(State::Failed),
        // Nobody will compare again, and a session's state may hold signed addresses.
        work: without_snapshot(job),
        charge: worst_case(job),
        failure: Some(Some(Failure::from(&given_up))),
        note: Some("Given up by a person; it may have been charged.".to_owned()),
        ..Change::default()
    }
}

/// A job that is uncertain, as a person names it.
struct Named {
    job: Job,
    /// What it is a part of, or itself.
    whole: Job,
    /// All parts of the whole.
    parts: Vec<Job>,
}

async fn named(app: &App, id: &JobId) -> Result<Named> {
    let job = report::find(app, id).await?;
    if job.state != State::Uncertain {
        return Err(Error::invalid(format!(
            "Job {id} is {}; only an uncertain job can be settled.",
            job.state
        ))
        .next(format!("Call check_job with job_id {id} to see how it stands.")));
    }
    let whole = match &job.parent_id {
        Some(parent) => report::find(app, parent).await?,
        None => job.clone(),
    };
    let parts = app.ledger().await?.children(&whole.id).await?;
    Ok(Named { job, whole, parts })
}

/// One last look is left: it finds the effect, or the job is uncertain again.
fn looks_anew(job: &Job, named: Option<&Remote>) -> Option<serde_json::Value> {
    if let (JobKind::Run, Some(remote)) = (job.kind, named) {
        let mut work = job.work.clone();
        work["remote"] = serde_json::to_value(remote).ok()?;
        work["unknown_to_service"] = 0.into();
        return Some(work);
    }
    if job.kind != JobKind::Turn {
        return None;
    }
    let mut work = job.work.clone();
    if let Some(looks) = work.get_mut("looks") {
        *looks = (LOOKS_AFTER_LOSS - 1).into();
    }
    Some(work)
}

/// The run that a name from the service's list can only be for.
async fn doubtful_run(app: &App, id: &JobId) -> Result<JobId> {
    let job = report::find(app, id).await?;
    if job.kind == JobKind::Run {
        return Ok(job.id);
    }
    let parts = app.ledger().await?.children(id).await?;
    let doubtful: Vec<_> =
        parts.iter().filter(|part| part.kind == JobKind::Run && part.state == State::Uncertain).collect();
    match doubtful.as_slice() {
        [one] => Ok(one.id.clone()),
        [] => Err(Error::invalid(format!("No part of {id} waits for a name."))
            .next(format!("Call check_job with job_id {id} to see how it stands."))),
        many => {
            let names: Vec<_> = many.iter().map(|part| part.id.to_string()).collect();
            Err(Error::invalid("Several parts wait for a name.")
                .next(format!("Name the part that it is for: {}.", names.join(", "))))
        }
    }
}

/// What nobody can tell is booked as if it had been charged, so that budgets err on the safe side.
fn worst_case(job: &Job) -> Option<Charge> {
    match &job.request {
        Request::Run(run) => {
            Some(Charge::Settled { charged: run.most, source: ChargeSource::WorstCase, receipt: None })
        }
        _ => None,
    }
}

fn without_snapshot(job: &Job) -> Option<serde_json::Value> {
    let mut work = job.work.clone();
    work.as_object_mut()?.remove("before")?;
    Some(work)
}
