//! Where a clip lies and how its posts stand, as it is told.

use super::clip::holder;
use super::post::PostWork;
use super::{standing, taker};
use crate::app::App;
use crate::error::{Error, Result};
use crate::jobs::deliver::End;
use crate::jobs::inspect;
use crate::jobs::rehearsal;
use crate::model::delivery::{Scheduler, Timing};
use crate::model::job::{Job, JobKind, Service, State};
use crate::model::report::{ErrorReport, JobReport, PostReport, StoredReport};
use crate::model::request::Request;

/// The report of a handover or of one post.
pub(in crate::jobs) async fn report(app: &App, job: &Job) -> Result<JobReport> {
    let end = End::of(job);
    let mut told = JobReport {
        job_id: job.id.to_string(),
        kind: job.kind.name().to_owned(),
        state: job.state.name().to_owned(),
        service: job.service.name().to_owned(),
        progress_pct: if job.state.is_at_rest() { None } else { job.progress_pct },
        message: format!("{}{}", rehearsal::mark(job.service), message(job)),
        next: next(job),
        checks: end.seen.as_ref().map(|seen| seen.checks.clone()).unwrap_or_default(),
        files: end.file.iter().cloned().collect(),
        error: job.failure.as_ref().map(|failure| ErrorReport::from(&Error::from(failure))),
        ..JobReport::default()
    };
    if job.kind == JobKind::Post {
        told.posts = post(job).into_iter().collect();
    } else {
        if let Some(summary) = end.seen.as_ref().and_then(inspect::summary) {
            told.message = format!("{} {summary}", told.message);
        }
        add(app, job, &mut told).await?;
    }
    Ok(told)
}

fn message(job: &Job) -> String {
    match (job.state, &job.failure) {
        (State::Done, _) if job.kind == JobKind::Post => match &job.request {
            Request::Post(post) => {
                let taker = taker(post.scheduler, job.service);
                format!("✅ {}: {}.", post.channel, standing(&taker, &when(post.timing)))
            }
            _ => "✅ Done.".to_owned(),
        },
        (State::Done, _) => "✅ The file is delivered.".to_owned(),
        (State::Failed | State::Uncertain, Some(failure)) => {
            format!("{} Nothing was charged by firstcut for this.", failure.message)
        }
        (State::Cancelled, _) => job.note.clone().unwrap_or_else(|| "Stopped.".to_owned()),
        _ => format!("Still working: {}", job.note.as_deref().unwrap_or("Waiting for its turn.")),
    }
}

fn next(job: &Job) -> String {
    match job.state {
        State::Done => "Nothing more is to be done.".to_owned(),
        State::Failed | State::Uncertain => job
            .failure
            .as_ref()
            .and_then(|failure| failure.next.clone())
            .unwrap_or_else(|| "Tell the user what happened.".to_owned()),
        State::Cancelled => "Call publish to ask for it again.".to_owned(),
        _ => format!("Call check_job with job_id {} to wait for it; it goes on meanwhile.", job.id),
    }
}

/// Adds where the file of a job lies in the bucket and how its posts stand.
pub(in crate::jobs) async fn add(app: &App, job: &Job, told: &mut JobReport) -> Result<()> {
    let meant = job.request.delivery().is_some_and(|delivery| !delivery.is_plain());
    let children = app.ledger().await?.children(&job.id).await?;
    let later = |child: &&Job| matches!(child.kind, JobKind::Handover | JobKind::Post);
    if !meant && !children.iter().any(|child| later(&child)) {
        return Ok(());
    }
    let mut stored = match holder(app, job).await? {
        Some(holder) => End::of(&holder).stored,
        None => None,
    };
    for child in &children {
        match child.kind {
            JobKind::Post => told.posts.extend(post(child)),
            JobKind::Handover => {
                stored = stored.or_else(|| End::of(child).stored);
                if let (State::Failed, Some(failure)) = (child.state, &child.failure) {
                    told.message = format!("{} {}", told.message, failure.message);
                    told.next = failure.next.clone().unwrap_or_default();
                }
            }
            _ => {}
        }
    }
    if let Some(stored) = stored {
        let store = app.store().ok().filter(|store| store.bucket() == stored.bucket);
        // Signed links run out: each look gives a fresh one.
        let link = match &store {
            Some(store) => store.link(&stored.key, app.now_ms()).await.ok().flatten(),
            None => None,
        };
        let url =
            store.as_ref().and_then(|store| store.public_url(&stored.key)).map(String::from).or(stored.url);
        if let Some(url) = &url {
            told.message = format!("{} It can be seen at {url}.", told.message);
        } else {
            told.message =
                format!("{} It lies in the bucket {} as {}.", told.message, stored.bucket, stored.key);
        }
        told.stored = Some(StoredReport {
            bucket: stored.bucket,
            key: stored.key,
            expires_at_ms: link.as_ref().map(|link| link.expires_at_ms),
            url: url.or_else(|| link.map(|link| link.url.reveal().to_string())),
        });
    }
    say_posts(job.service, told);
    Ok(())
}

/// One sentence about all posts, and what to do about the first that needs somebody.
fn say_posts(service: Service, told: &mut JobReport) {
    if told.posts.is_empty() {
        return;
    }
    let each: Vec<_> = told
        .posts
        .iter()
        .map(|post| match (&post.error, post.state.as_str()) {
            (Some(error), _) => format!("{}: {} ({error})", post.channel, post.state),
            (None, "done") => {
                let taker = Scheduler::from_name(&post.scheduler).map(|one| taker(one, service));
                format!("{}: {}", post.channel, standing(&taker.unwrap_or_default(), &post.when))
            }
            (None, state) => format!("{}: {state}", post.channel),
        })
        .collect();
    told.message = format!("{} Posts: {}.", told.message, each.join("; "));
    if let Some(post) = told.posts.iter().find(|post| post.error.is_some()) {
        told.next = format!(
            "{} Call check_job with job_id {} for what to do about {}.",
            told.next, post.job_id, post.channel
        );
    }
}

/// When a post appears, as it is told.
pub(in crate::jobs) fn when(timing: Timing) -> String {
    match timing {
        Timing::At(at_ms) => jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default().to_string(),
        timing => timing.name().to_owned(),
    }
}

fn post(job: &Job) -> Option<PostReport> {
    let Request::Post(post) = &job.request else { return None };
    let work: PostWork = serde_json::from_value(job.work.clone()).unwrap_or_default();
    Some(PostReport {
        job_id: job.id.to_string(),
        channel: post.channel.to_string(),
        scheduler: post.scheduler.name().to_owned(),
        state: job.state.name().to_owned(),
        when: when(post.timing),
        post_id: work.post_id,
        url: work.url,
        error: job.failure.as_ref().map(|failure| failure.message.clone()),
    })
}
