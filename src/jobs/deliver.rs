//! The one end of every job that makes a file: placed, described, looked at, stored in the bucket, handed on to its posts.
//!
//! Each step is written down before the next, so that a crash anywhere leads to the same end: the same file, the same
//! object, each post once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::delivery::{Named, Object, Stored, Upload, with_ending};
use crate::error::{Error, Kind, Money, Result};
use crate::jobs::engine::step::{Halt, Step, asked_pause};
use crate::jobs::inspect::{self, Seen, aside};
use crate::jobs::{paths, publish};
use crate::ledger::Change;
use crate::media::probe::{self, Probe};
use crate::media::sniff;
use crate::model::delivery::{Delivery, Place};
use crate::model::inspection::Inspection;
use crate::model::job::{Failure, Job, JobId, JobKind, Service, State};
use crate::model::report::FileReport;
use crate::model::request::Request;
use crate::net::staged;

/// A bucket that cannot be reached is tried so often before a person is told.
const MAX_TRIES: u32 = 8;
/// The longest pause between two tries.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is known of the file of a job; a part of the job's notes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct End {
    /// The file's name, decided before the bytes are put there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) final_path: Option<PathBuf>,
    /// Of the file in `final_path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
    /// The file, when it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<FileReport>,
    /// What was seen when it was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seen: Option<Seen>,
    /// An upload in parts that was begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) upload: Option<Upload>,
    /// Where it lies in the bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stored: Option<Stored>,
    /// Times that the bucket could not be reached.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) bucket_tries: u32,
}

/// Its fields among the notes.
const FIELDS: [&str; 7] = ["final_path", "sha256", "file", "seen", "upload", "stored", "bucket_tries"];

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl End {
    /// What the notes of a job say about its file.
    pub(super) fn of(job: &Job) -> Self {
        serde_json::from_value(job.work.clone()).unwrap_or_default()
    }

    /// The job's notes with this in them.
    fn among(&self, notes: &Value) -> Result<Option<Value>> {
        let mut notes = notes.as_object().cloned().unwrap_or_default();
        for field in FIELDS {
            notes.remove(field);
        }
        match serde_json::to_value(self) {
            Ok(Value::Object(own)) => notes.extend(own),
            Ok(_) => {}
            Err(error) => return Err(Error::internal("A job's notes cannot be written.").because(error)),
        }
        Ok(Some(Value::Object(notes)))
    }
}

/// What is to become of the file of a job.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// Its name, if that is free.
    pub(super) output: &'a Path,
    /// What it is held to.
    pub(super) inspection: &'a Inspection,
    /// Where it goes from its folder.
    pub(super) delivery: &'a Delivery,
    /// A part of a whole: that is looked at and handed on instead.
    pub(super) is_part: bool,
}

/// Whether the file lies in its place already: a crash came between the renaming and the row, perhaps before the part
/// file's own name was gone.
pub(super) async fn is_placed(step: &Step, wanted: &Wanted<'_>, end: &End) -> bool {
    let (Some(path), Some(sha256)) = (&end.final_path, &end.sha256) else { return false };
    let there = holds(path, sha256.clone()).await;
    if there {
        remove(&part_file(wanted.output, step.job.id.as_str()));
    }
    there
}

/// Gives the part file its name, which is written down before. Never overwrites.
pub(super) async fn place(
    step: &mut Step,
    wanted: &Wanted<'_>,
    end: &mut End,
    sha256: String,
) -> Result<(), Halt> {
    end.sha256 = Some(sha256);
    let free = paths::unused(wanted.output);
    end.final_path = Some(free.clone());
    step.record(Change {
        state: Some(State::Delivering),
        work: end.among(&step.job.work)?,
        keep_lease: true,
        due_at_ms: step.in_a(Duration::ZERO),
        ..Change::default()
    })
    .await?;
    let part = part_file(wanted.output, step.job.id.as_str());
    end.final_path = Some(staged::publish(&part, &free)?);
    Ok(())
}

/// The file lies in its place: everything that comes after.
pub(super) async fn finish(step: &mut Step, wanted: &Wanted<'_>, mut end: End) -> Result<(), Halt> {
    let path = end.final_path.clone().unwrap_or_else(|| wanted.output.to_owned());
    if end.file.is_none() {
        end.file = Some(describe(step, &path).await?);
    }
    if !wanted.is_part {
        if end.seen.is_none() {
            going_on(step, &end, "Looking at the video…").await?;
            end.seen = inspect::inspect(&step.app, &path, wanted.inspection, &step.stop).await;
            if end.seen.is_none() {
                return Err(Halt::Stop);
            }
        }
        if wanted.delivery.place == Place::S3 && end.stored.is_none() && !store(step, &path, &mut end).await?
        {
            return Ok(());
        }
        if let Some(posts) = &wanted.delivery.posts {
            // Nobody posts what is broken or what nobody could look at, if that matters to the caller; the report says why
            // there are no posts. Who asked may have other settings than this process, so that the row alone tells.
            if end.seen.as_ref().is_some_and(|seen| seen.may_be_passed_on(wanted.inspection.strict)) {
                publish::begin(step, &end, posts).await?;
            }
        }
    }
    step.record(Change {
        state: Some(State::Done),
        work: end.among(&step.job.work)?,
        note: Some("✅ Video ready!".to_owned()),
        progress_pct: Some(100.0),
        ..Change::default()
    })
    .await
}

/// What is known is written down, and more is to come.
async fn going_on(step: &mut Step, end: &End, note: &str) -> Result<(), Halt> {
    step.record(Change {
        state: Some(State::Delivering),
        work: end.among(&step.job.work)?,
        note: Some(note.to_owned()),
        keep_lease: true,
        due_at_ms: step.in_a(Duration::ZERO),
        ..Change::default()
    })
    .await
}

/// Puts the file into the bucket. False when it did not get there and the row says why.
async fn store(step: &mut Step, path: &Path, end: &mut End) -> Result<bool, Halt> {
    going_on(step, end, "Putting the video into the bucket…").await?;
    match put(step, path, end).await {
        Ok(stored) => {
            (end.stored, end.upload, end.bucket_tries) = (Some(stored), None, 0);
            going_on(step, end, "In the bucket.").await?;
            Ok(true)
        }
        Err(Halt::Fault(error)) if error.kind() != Kind::Ledger => {
            end.bucket_tries += 1;
            not_stored(step, path, end, error).await?;
            Ok(false)
        }
        Err(halt) => Err(halt),
    }
}

async fn put(step: &mut Step, path: &Path, end: &mut End) -> Result<Stored, Halt> {
    let store = step.app.store()?;
    let root = root_of(&step.job).clone();
    let whole = step.ledger.job(&root).await?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let key = store.key(&Named {
        job: root.as_str(),
        created_at_ms: whole.created_at_ms,
        name: &stem,
        service: step.job.service.name(),
        rehearsal: step.job.service == Service::Sandbox,
    });
    let file = end.file.clone().unwrap_or_default();
    let key = with_ending(key, &file.mime);
    let sha256 = end.sha256.clone().unwrap_or_default();
    let object = Object {
        key: &key,
        file: path,
        bytes: file.bytes,
        sha256: &sha256,
        mime: &file.mime,
        job: root.as_str(),
    };
    // Its name is written down before the first part leaves: whoever goes on after a crash goes on with it.
    let noted = Arc::new(Mutex::new((step.clone(), end.clone())));
    let note = {
        let noted = Arc::clone(&noted);
        move |upload: Upload| note(Arc::clone(&noted), upload).boxed()
    };
    let put = step.unless_stopped(store.put(object, end.upload.clone(), note)).await;
    let noted = noted.lock().await;
    (step.job, *end) = (noted.0.job.clone(), noted.1.clone());
    Ok(put??)
}

/// Writes an upload down.
async fn note(noted: Arc<Mutex<(Step, End)>>, upload: Upload) -> Result<()> {
    let mut noted = noted.lock().await;
    let (step, end) = &mut *noted;
    end.upload = Some(upload);
    match going_on(step, end, "Putting the video into the bucket…").await {
        Ok(()) => Ok(()),
        Err(Halt::Fault(error)) => Err(error),
        Err(Halt::Lost | Halt::Stop) => Err(Error::new(Kind::Ledger, "The job has passed to somebody else.")),
    }
}

/// The clip is here and not there: tried again while the fault may pass, else told. Either way the file is kept.
async fn not_stored(step: &mut Step, path: &Path, end: &End, error: Error) -> Result<(), Halt> {
    let passing = matches!(error.kind(), Kind::Unavailable | Kind::RateLimited | Kind::TimedOut);
    if passing && end.bucket_tries < MAX_TRIES {
        let pause = asked_pause(&error)
            .unwrap_or_else(|| Duration::from_millis(500 << end.bucket_tries.min(7)).min(PATIENCE));
        return step
            .record(Change {
                state: Some(State::Delivering),
                work: end.among(&step.job.work)?,
                note: Some(format!(
                    "{} The clip is kept at {}. Trying again.",
                    error.message(),
                    path.display()
                )),
                due_at_ms: step.in_a(pause),
                ..Change::default()
            })
            .await;
    }
    let money = match step.job.request {
        Request::Run(_) | Request::Film(_) => Money::Spent,
        _ => Money::NotSpent,
    };
    let fix = error.next_step().unwrap_or("Mend what is wrong there.").to_owned();
    let told = Error::new(
        error.kind(),
        format!("The clip is ready, but did not get into the bucket. {}", error.message()),
    )
    .money(money)
    .quoting(error.quoted().unwrap_or_default())
    .next(format!(
        "{fix} Then `firstcut jobs retry {}` delivers it; that costs nothing. The clip is kept at {}.",
        root_of(&step.job),
        path.display()
    ));
    step.fail_with(end.among(&step.job.work)?, Failure::from(&told), None).await
}

/// The job that a person knows: the whole, when this is a part; the clip, when this hands it over afterwards.
pub(super) fn root_of(job: &Job) -> &JobId {
    job.parent_id.as_ref().unwrap_or(&job.id)
}

/// Whether a job made a file that did not get into the bucket, so that only this is missing.
pub(super) fn is_undelivered(job: &Job) -> bool {
    let end = End::of(job);
    let meant = job.request.delivery().is_some_and(|delivery| delivery.place == Place::S3);
    let here = end.final_path.as_ref().is_some_and(|path| path.is_file());
    job.state == State::Failed && job.kind != JobKind::Video && meant && here && end.stored.is_none()
}

/// Whether the file at `path` is the one with this sum.
async fn holds(path: &Path, sha256: String) -> bool {
    let path = path.to_owned();
    let sum = tokio::task::spawn_blocking(move || staged::sha256_of(&path).ok());
    sum.await.ok().flatten().is_some_and(|sum| sum == sha256)
}

/// A file that is no longer needed.
pub(super) fn remove(part: &Path) {
    match std::fs::remove_file(part) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, "a part file was left behind");
        }
        _ => {}
    }
}

/// A file as it is told: measured, not assumed.
async fn describe(step: &Step, path: &Path) -> Result<FileReport, Halt> {
    let path = path.to_owned();
    let described = aside(step.stop.clone(), inspect::PATIENCE, move |limits| {
        // What cannot be probed is still there; its measures are left out rather than guessed.
        measure(&path, probe::probe_within(&path, limits).ok().as_ref())
    });
    let described =
        described.await.map_err(|reason| Error::internal(format!("Measuring a file: {reason}.")))?;
    if step.stop.is_cancelled() {
        return Err(Halt::Stop); // it may have been measured by half
    }
    Ok(described?)
}

/// What a probe says of a file, and what every file has.
pub(super) fn measure(path: &Path, probe: Option<&Probe>) -> Result<FileReport> {
    let unreadable = |error| Error::storage(format!("{} cannot be read.", path.display()), error);
    Ok(FileReport {
        uri: url::Url::from_file_path(path).map(String::from).unwrap_or_default(),
        path: path.display().to_string(),
        mime: sniff::mime_of(path).map_err(unreadable)?.to_owned(),
        bytes: std::fs::metadata(path).map_err(unreadable)?.len(),
        width: probe.and_then(|probe| probe.width),
        height: probe.and_then(|probe| probe.height),
        duration_s: probe.and_then(|probe| probe.duration_s),
    })
}

/// Beside the target, so that the renaming stays within one file system; hidden, so that nobody opens half a video.
pub(super) fn part_file(output: &Path, job_id: &str) -> PathBuf {
    let folder = output.parent().unwrap_or(Path::new("."));
    folder.join(format!(".{job_id}.part"))
}
