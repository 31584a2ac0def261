//! The clip that a wish for posts means: that of a job, or a file, which may be the clip of a job too.

use std::path::Path;

use super::{MOST_TRIES, footage};
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::jobs::deliver::{self, End};
use crate::jobs::plan::Caller;
use crate::jobs::video::VideoWork;
use crate::jobs::{paths, report};
use crate::model::inspection::Inspection;
use crate::model::job::{Job, JobId, JobKind, Service, State};
use crate::net::staged;

/// A clip, and what is known of it.
pub(super) struct Clip {
    /// The job that made it; none for a file.
    pub(super) root: Option<Job>,
    pub(super) end: End,
    pub(super) service: Service,
    pub(super) inspection: Inspection,
    /// The key of its handover; the same bytes have the same, whatever they are called.
    pub(super) key: String,
}

/// The clip of a job that is at rest.
pub(super) async fn of_job(app: &App, id: &JobId) -> Result<Clip> {
    let mut root = report::find(app, id).await?;
    if let Some(parent) = &root.parent_id {
        root = report::find(app, parent).await?;
    }
    if !root.state.is_at_rest() {
        return Err(Error::invalid(format!("The job {} is not done yet ({}).", root.id, root.state))
            .next("Publish it when it is; or say so where the video is asked for (`publish`)."));
    }
    let mut end = match holder(app, &root).await? {
        Some(holder) => End::of(&holder),
        None => End::default(),
    };
    if end.stored.is_none() {
        // It may have been handed over since.
        let later = app.ledger().await?.children(&root.id).await?;
        let mut later = later.iter().filter(|child| child.kind == JobKind::Handover).map(End::of);
        end = later.find(|end| end.stored.is_some()).unwrap_or(end);
    }
    let here = end.file.as_ref().is_some_and(|file| std::path::Path::new(&file.path).is_file());
    if !here && end.stored.is_none() {
        return Err(Error::new(
            Kind::NotFound,
            format!("The job {} has no video that could be posted.", root.id),
        )
        .next("Name a job that made one, or a file."));
    }
    let inspection = root.request.inspection().cloned().unwrap_or_default();
    Ok(Clip {
        service: root.service,
        inspection,
        key: format!("handover:{}", root.id),
        end,
        root: Some(root),
    })
}

/// The job whose notes tell about the file of a job: itself, or the export of a video.
pub(super) async fn holder(app: &App, root: &Job) -> Result<Option<Job>> {
    if root.kind != JobKind::Video {
        return Ok(Some(root.clone()));
    }
    let work: VideoWork = serde_json::from_value(root.work.clone()).unwrap_or_default();
    match work.render {
        Some(render) => report::find(app, &render).await.map(Some),
        None => Ok(None),
    }
}

pub(super) async fn of_file(app: &App, caller: &Caller, given: &str) -> Result<Clip> {
    let path = paths::video_file(app.config(), caller, given)?;
    let service = app.service(None)?;
    let sha256 = sum(&path).await?;
    let key = format!("handover:{}:{sha256}", service.name());
    let ledger = app.ledger().await?;
    // A file that was handed over is the clip of that job: its posts are known, and none is made twice.
    for number in 1..=MOST_TRIES {
        match ledger.job_by_key(&numbered(&key, number)).await? {
            Some(job) if came_to_nothing(&job) => {}
            // A rehearsed one may be done without a bucket.
            Some(job)
                if job.state == State::Done || (job.state.is_at_rest() && End::of(&job).stored.is_some()) =>
            {
                return of_job(app, &job.id).await;
            }
            _ => break,
        }
    }
    let file = footage::measured(&path).await?;
    Ok(Clip {
        root: None,
        end: End { final_path: Some(path), sha256: Some(sha256), file: Some(file), ..End::default() },
        service,
        inspection: Inspection::default(),
        key,
    })
}

async fn sum(path: &Path) -> Result<String> {
    let read = path.to_owned();
    let summed = tokio::task::spawn_blocking(move || staged::sha256_of(&read));
    summed.await.map_err(|error| Error::internal("Reading was interrupted.").because(error))?.map_err(
        |error| {
            Error::new(Kind::NotFound, format!("{} cannot be read. Nothing was sent.", path.display()))
                .next("Check the path and the rights of the file.")
                .because(error)
        },
    )
}

/// The key of the first try is the plain one.
pub(super) fn numbered(key: &str, number: u32) -> String {
    if number == 1 { key.to_owned() } else { format!("{key}#{number}") }
}

/// A handover that nothing will come of, nor came of it: posts begin when the file is stored. Another one takes its place.
pub(super) fn came_to_nothing(job: &Job) -> bool {
    let ended =
        job.state == State::Cancelled || (job.state == State::Failed && !deliver::is_undelivered(job));
    ended && End::of(job).stored.is_none()
}

/// The bucket may have got a public address since.
pub(super) fn refresh_address(app: &App, end: &mut End) -> Result<()> {
    if let Some(stored) = &mut end.stored {
        let store = app.store()?;
        if stored.bucket == store.bucket() {
            stored.url = store.public_url(&stored.key).map(String::from);
        }
    }
    Ok(())
}
