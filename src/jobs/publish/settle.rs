//! A person settles what no list could tell about a post.

use serde_json::json;

use crate::app::App;
use crate::error::{Error, Kind, Money, Result};
use crate::jobs::report;
use crate::ledger::{AttemptState, Change};
use crate::model::job::{Failure, Job, JobId, State};
use crate::redact;

/// Somebody looked: it is there, perhaps under this name. Without a name the scheduler is asked once more, and nothing is
/// ever sent again.
pub(in crate::jobs) async fn adopt_post(app: &App, id: &JobId, post_id: Option<&str>) -> Result<Job> {
    let job = uncertain(app, id).await?;
    let ledger = app.ledger().await?;
    let Some(post_id) = post_id.map(str::trim).filter(|post_id| !post_id.is_empty()) else {
        let change = Change {
            state: Some(State::Submitting),
            work: Some(json!({ "adopted": true })),
            failure: Some(None),
            note: Some("Looking at it again.".to_owned()),
            ..Change::default()
        };
        ledger.resolve(id, State::Uncertain, change, "person", app.now_ms()).await?;
        app.ring();
        return report::find(app, id).await;
    };
    end(app, &job, AttemptState::Accepted, Some(post_id), "found by a person").await?;
    let mut work = job.work.clone();
    work["post_id"] = json!(redact::label(post_id));
    let change = Change {
        state: Some(State::Done),
        work: Some(work),
        failure: Some(None),
        note: Some("Found there by a person.".to_owned()),
        ..Change::default()
    };
    ledger.resolve(id, State::Uncertain, change, "person", app.now_ms()).await?;
    app.ring();
    report::find(app, id).await
}

/// Somebody looked: it is not there. Publishing it again is harmless from now on.
pub(in crate::jobs) async fn drop_post(app: &App, id: &JobId) -> Result<Job> {
    let job = uncertain(app, id).await?;
    end(app, &job, AttemptState::Rejected, None, "not found by a person").await?;
    let error = Error::new(Kind::Declined, "It was not posted, as a person found.")
        .money(Money::NotSpent)
        .next(format!("`firstcut jobs retry {id}` posts it."));
    let change = Change {
        state: Some(State::Failed),
        failure: Some(Some(Failure::from(&error))),
        note: Some("Given up by a person.".to_owned()),
        ..Change::default()
    };
    app.ledger().await?.resolve(id, State::Uncertain, change, "person", app.now_ms()).await?;
    app.ring();
    report::find(app, id).await
}

async fn uncertain(app: &App, id: &JobId) -> Result<Job> {
    let job = report::find(app, id).await?;
    if job.state == State::Uncertain {
        return Ok(job);
    }
    Err(Error::invalid(format!("Job {id} is {}; only an uncertain job can be settled.", job.state)))
}

async fn end(app: &App, job: &Job, state: AttemptState, post_id: Option<&str>, said: &str) -> Result<()> {
    let ledger = app.ledger().await?;
    if let Some(attempt) = ledger.last_attempt(&job.id).await? {
        ledger.end_attempt(&job.id, attempt.n, state, post_id, json!({ "said": said }), app.now_ms()).await?;
    }
    Ok(())
}
