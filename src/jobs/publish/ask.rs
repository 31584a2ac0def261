//! Posts of a clip that is here already, asked for by hand: checked, shown, and only then written down.

use super::again::deliver_again;
use super::clip::{Clip, came_to_nothing, numbered, of_file, of_job, refresh_address};
use super::tried::tried;
use super::{MOST_TRIES, Renew, check, plan, taker, title, write_down};
use crate::app::App;
use crate::error::{Error, Result};
use crate::jobs::deliver::{self, End};
use crate::jobs::plan::{Caller, PublishInput};
use crate::jobs::{inspect, report};
use crate::ledger::NewJob;
use crate::model::delivery::{Delivery, Place, Posts};
use crate::model::inspection::Inspection;
use crate::model::job::{Job, JobId, State};
use crate::model::report::JobReport;
use crate::model::request::{Handover, Request};

/// Which clip.
#[derive(Clone, Debug)]
pub enum Asked {
    /// That of a job.
    Job(JobId),
    /// A file.
    File(String),
}

/// What became of the wish.
#[derive(Debug)]
pub enum Published {
    /// The posts are written down; this job tells about them.
    Job(Box<Job>),
    /// It was only tried: this would happen.
    Tried(Box<JobReport>),
}

/// Has posts made of a clip: into the bucket first, if it is not there and is no rehearsal without one. With `dry_run`
/// everything is checked and nothing is written down or sent.
///
/// # Errors
/// When the clip, a channel, the scheduler, the bucket or the time cannot be used. Nothing was posted then.
pub async fn publish(
    app: &App,
    caller: &Caller,
    asked: &Asked,
    input: &PublishInput,
    dry_run: bool,
) -> Result<Published> {
    let (config, now_ms) = (app.config(), app.now_ms());
    let clip = match asked {
        Asked::Job(id) => of_job(app, id).await?,
        Asked::File(path) => of_file(app, caller, path).await?,
    };
    let (place, posts) = plan::of_clip(config, clip.service.is_rehearsal(), input, now_ms)?;
    inspect::vet(app, &clip.end, &clip.inspection).await?;
    check(&clip.end, &posts)?;
    if dry_run {
        return Ok(Published::Tried(Box::new(tried(app, &clip, place, &posts)?)));
    }
    let ledger = app.ledger().await?;
    let mut end = clip.end.clone();
    if place == Place::S3 {
        refresh_address(app, &mut end)?;
    }
    let has_address = end.stored.as_ref().is_some_and(|stored| stored.url.is_some());
    let job = match &clip.root {
        Some(root) if has_address || place == Place::Folder => {
            let title = title(root);
            let rows =
                write_down(ledger, &root.id, clip.service, &end, &posts, &title, Renew::Failed, now_ms)
                    .await?;
            rows.iter().try_for_each(|row| refuse_another(row, &posts))?;
            root.clone()
        }
        _ => hand_over(app, &clip, Delivery { place, posts: Some(posts) }).await?,
    };
    app.ring();
    Ok(Published::Job(Box::new(job)))
}

/// A repeated wish finds the job that it made before. What that one does not do is refused, not dropped: nobody shall wait
/// for a post that never comes.
pub(in crate::jobs) fn refuse_later_wish(app: &App, job: &Job, wish: Option<&PublishInput>) -> Result<()> {
    let Some(wish) = wish else { return Ok(()) };
    let posts = job.request.delivery().and_then(|delivery| delivery.posts.as_ref());
    let how = match posts {
        None => "without posts",
        // As of then: its time may have come since.
        Some(posts) => {
            if *posts == plan::posts(app.config(), job.service.is_rehearsal(), wish, job.created_at_ms)? {
                return Ok(());
            }
            "with other channels, other words, another time or another scheduler for its posts"
        }
    };
    Err(Error::invalid(format!(
        "The same video was asked for a moment ago, {how}: {}. Nothing was sent.",
        job.id
    ))
    .next(format!(
        "Call publish with job_id {} when it is done; or ask with new: true for another video.",
        job.id
    )))
}

/// A post that is there is left as it is; other words or another time for it are refused, not dropped.
fn refuse_another(row: &Job, posts: &Posts) -> Result<()> {
    let Request::Post(post) = &row.request else { return Ok(()) };
    if post.caption == posts.caption && post.timing == posts.timing {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "There is a post of this clip for {} already ({}), with other words or another time. Nothing was changed.",
        post.channel, row.id
    ))
    .next(format!(
        "Change it at {}; the same clip is not posted there twice.",
        taker(post.scheduler, row.service)
    )))
}

/// The file goes into the bucket first.
async fn hand_over(app: &App, clip: &Clip, delivery: Delivery) -> Result<Job> {
    let (ledger, now_ms) = (app.ledger().await?, app.now_ms());
    let path = clip.end.final_path.clone().ok_or_else(|| Error::internal("A clip without a file."))?;
    let end = End { stored: None, upload: None, bucket_tries: 0, ..clip.end.clone() };
    let work = serde_json::to_value(&end).map_err(|error| Error::internal("Notes.").because(error))?;
    let strict = clip.inspection.strict || app.config().strict;
    let mut new = NewJob {
        id: JobId::fresh(),
        parent_id: clip.root.as_ref().map(|root| root.id.clone()),
        service: clip.service,
        session_id: None,
        state: State::Queued,
        request: Request::Handover(Handover {
            path,
            inspection: Inspection { strict, ..clip.inspection.clone() },
            delivery: delivery.clone(),
        }),
        work,
        dedupe_key: String::new(),
        note: Some("Waiting for its turn.".to_owned()),
        due_at_ms: Some(now_ms),
    };
    let mut number = 1;
    let job = loop {
        new.dedupe_key = numbered(&clip.key, number);
        let job = ledger.insert(new.clone(), now_ms).await?.job;
        if !came_to_nothing(&job) || number == MOST_TRIES {
            break job;
        }
        number += 1;
    };
    if job.request.delivery() != Some(&delivery) {
        return Err(Error::invalid(format!(
            "This clip is on its way to its posts already ({}, {}), with other channels, words or another time. Nothing was changed.",
            job.id, job.state
        ))
        .next(format!("Publish it when that is done; `firstcut jobs retry {}` goes on with it if it failed.", job.id)));
    }
    if deliver::is_undelivered(&job) {
        deliver_again(app, &job).await?;
    }
    match &clip.root {
        Some(root) => Ok(root.clone()),
        None => report::find(app, &job.id).await,
    }
}
