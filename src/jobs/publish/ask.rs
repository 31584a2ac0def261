//! Posts of a clip that is here already, asked for by hand: checked, shown, and only then written down.

use std::path::Path;

use super::{MOST_TRIES, Renew, check, footage, plan, taker, title, write_down};
use crate::app::App;
use crate::delivery::{Named, with_ending};
use crate::error::{Error, Kind, Result};
use crate::jobs::deliver::{self, End};
use crate::jobs::inspect;
use crate::jobs::plan::{Caller, PublishInput};
use crate::jobs::session::rehearsal_mark;
use crate::jobs::video::VideoWork;
use crate::jobs::{paths, report};
use crate::ledger::{Change, NewJob};
use crate::model::delivery::{Delivery, Place, Posts, Timing};
use crate::model::inspection::Inspection;
use crate::model::job::{Job, JobId, JobKind, Service, State};
use crate::model::report::JobReport;
use crate::model::request::{Handover, Request};
use crate::net::staged;

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

/// A clip, and what is known of it.
struct Clip {
    /// The job that made it; none for a file.
    root: Option<Job>,
    end: End,
    service: Service,
    inspection: Inspection,
    /// The key of its handover; the same bytes have the same, whatever they are called.
    key: String,
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

/// The clip of a job that is at rest.
async fn of_job(app: &App, id: &JobId) -> Result<Clip> {
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

async fn of_file(app: &App, caller: &Caller, given: &str) -> Result<Clip> {
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
fn numbered(key: &str, number: u32) -> String {
    if number == 1 { key.to_owned() } else { format!("{key}#{number}") }
}

/// A handover that nothing will come of, nor came of it: posts begin when the file is stored. Another one takes its place.
fn came_to_nothing(job: &Job) -> bool {
    let ended =
        job.state == State::Cancelled || (job.state == State::Failed && !deliver::is_undelivered(job));
    ended && End::of(job).stored.is_none()
}

/// The bucket may have got a public address since.
fn refresh_address(app: &App, end: &mut End) -> Result<()> {
    if let Some(stored) = &mut end.stored {
        let store = app.store()?;
        if stored.bucket == store.bucket() {
            stored.url = store.public_url(&stored.key).map(String::from);
        }
    }
    Ok(())
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
    let mut new = NewJob {
        id: JobId::fresh(),
        parent_id: clip.root.as_ref().map(|root| root.id.clone()),
        service: clip.service,
        session_id: None,
        state: State::Queued,
        request: Request::Handover(Handover {
            path,
            inspection: clip.inspection.clone(),
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
        ))),
    }
}

async fn deliver_again(app: &App, holder: &Job) -> Result<()> {
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

/// Stands for the name of a job that is not there yet.
const A_JOB: &str = "{job}";

/// What would happen.
fn tried(app: &App, clip: &Clip, place: Place, posts: &Posts) -> Result<JobReport> {
    let way = match place {
        Place::S3 => way_into_the_bucket(app, clip)?,
        Place::Folder => {
            "The clip would stay in its folder, and a make-believe address would be posted.".to_owned()
        }
    };
    let channels: Vec<_> = posts.channels.iter().map(ToString::to_string).collect();
    let when = match posts.timing {
        Timing::Draft => "as drafts, which appear only when a person sends them".to_owned(),
        Timing::Now => "to appear at once".to_owned(),
        Timing::Queue => "in the scheduler's next free slots".to_owned(),
        Timing::At(at_ms) => {
            format!("to appear at {}", jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default())
        }
    };
    let message = format!(
        "{}Tried only; nothing was sent. {way} Then {} would get {}: {}, {when}.",
        rehearsal_mark(clip.service),
        taker(posts.scheduler, clip.service),
        match channels.len() {
            1 => "1 post".to_owned(),
            several => format!("{several} posts"),
        },
        channels.join(", "),
    );
    let mut told = report::answer(clip.service.name(), &message, "Call publish without dry_run to do it.");
    told.job_id = clip.root.as_ref().map(|root| root.id.to_string()).unwrap_or_default();
    Ok(told)
}

/// Where the clip lies, or would.
fn way_into_the_bucket(app: &App, clip: &Clip) -> Result<String> {
    let store = app.store()?;
    let (root, path) = (clip.root.as_ref(), clip.end.final_path.clone().unwrap_or_default());
    let key = match &clip.end.stored {
        Some(stored) => stored.key.clone(),
        None => store.key(&Named {
            // A file gets its job when it is published.
            job: root.map_or(A_JOB, |root| root.id.as_str()),
            created_at_ms: root.map_or_else(|| app.now_ms(), |root| root.created_at_ms),
            name: &path.file_stem().unwrap_or_default().to_string_lossy(),
            service: clip.service.name(),
            rehearsal: clip.service.is_rehearsal(),
        }),
    };
    let key = with_ending(key, clip.end.file.as_ref().map_or("", |file| file.mime.as_str()));
    let url = store.public_url(&key).map(String::from).unwrap_or_default();
    Ok(format!(
        "The clip {} the bucket {} as {key} ({}).",
        if clip.end.stored.is_some() { "lies in" } else { "would go into" },
        store.bucket(),
        // An address spells it in a way that nobody reads.
        url.replace("%7Bjob%7D", A_JOB)
    ))
}
