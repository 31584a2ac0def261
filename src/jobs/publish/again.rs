//! Deliveries and posts that came to nothing, sent on their way once more.

use super::clip::holder;
use crate::app::App;
use crate::error::{Error, Result};
use crate::jobs::deliver;
use crate::ledger::Change;
use crate::model::job::{Job, JobKind, State};
use crate::model::request::Request;

/// Whether all that is missing of a job is its delivery, or that it is a post that was refused.
pub(in crate::jobs) async fn is_undelivered(app: &App, job: &Job) -> Result<bool> {
    if job.kind == JobKind::Post {
        return Ok(job.state == State::Failed);
    }
    Ok(holder(app, job).await?.is_some_and(|holder| deliver::is_undelivered(&holder)))
}

/// A job whose file is here and did not get into the bucket goes on from there. False when it is none of that sort.
pub(in crate::jobs) async fn again(app: &App, job: &Job) -> Result<bool> {
    if job.kind == JobKind::Post && job.state == State::Failed {
        refuse_second(app, job).await?;
        let change = Change {
            state: Some(State::Queued),
            work: Some(serde_json::Value::Null),
            failure: Some(None),
            note: Some("Waiting for its turn once more.".to_owned()),
            ..Change::default()
        };
        app.ledger().await?.resolve(&job.id, State::Failed, change, "person", app.now_ms()).await?;
        app.ring();
        return Ok(true);
    }
    let Some(holder) = holder(app, job).await? else { return Ok(false) };
    if !deliver::is_undelivered(&holder) {
        return Ok(false);
    }
    deliver_again(app, &holder).await?;
    if holder.id != job.id {
        let goes_on = Change { state: Some(State::Running), failure: Some(None), ..Change::default() };
        app.ledger().await?.resolve(&job.id, State::Failed, goes_on, "person", app.now_ms()).await?;
    }
    app.ring();
    Ok(true)
}

/// A post that came to nothing is not sent after another one has taken its place.
async fn refuse_second(app: &App, job: &Job) -> Result<()> {
    let (Request::Post(post), Some(parent)) = (&job.request, &job.parent_id) else { return Ok(()) };
    let is_other = |other: &&Job| match &other.request {
        Request::Post(of) => {
            other.id != job.id && of.channel == post.channel && of.scheduler == post.scheduler
        }
        _ => false,
    };
    let others = app.ledger().await?.children(parent).await?;
    match others
        .iter()
        .filter(is_other)
        .find(|other| !matches!(other.state, State::Failed | State::Cancelled))
    {
        None => Ok(()),
        Some(other) => Err(Error::invalid(format!(
            "The job {} was asked for again as {}, and that is {}. Nothing was sent.",
            job.id, other.id, other.state
        ))
        .next(format!("Call check_job with job_id {} to see how that one stands.", other.id))),
    }
}

pub(super) async fn deliver_again(app: &App, holder: &Job) -> Result<()> {
    let mut work = holder.work.clone();
    work["bucket_tries"] = 0.into();
    let change = Change {
        state: Some(State::Delivering),
        work: Some(work),
        failure: Some(None),
        note: Some("Delivering it again.".to_owned()),
        ..Change::default()
    };
    app.ledger().await?.resolve(&holder.id, State::Failed, change, "person", app.now_ms()).await?;
    Ok(())
}
