//! A film: several runs under one name and one budget, joined into one file. It never talks to a service itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Money, Result};
use crate::jobs::advance::{Halt, Step, millis, notes};
use crate::jobs::run::RunWork;
use crate::jobs::{deliver, inspect, paths};
use crate::ledger::{Change, Ledger, NewJob, Reservation};
use crate::media;
use crate::model::job::{EpochMs, Failure, Job, JobId, State};
use crate::model::report::FileReport;
use crate::model::request::{Film, Request, Run};
use crate::net::staged;

/// Parts ring when they come to rest; this is for the ring that was lost in a crash.
const SAFETY_NET: Duration = Duration::from_millis(700);

/// What a film learns on the way.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct FilmWork {
    /// The parts in order, once they are written down.
    pub(super) parts: Vec<JobId>,
    /// The file's name, decided before the bytes are put there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) final_path: Option<PathBuf>,
    /// Of the file in `final_path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
    /// The file, when it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<FileReport>,
    /// What was seen of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seen: Option<inspect::Seen>,
    /// Parts whose pictures had to be encoded anew to fit the others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) reencoded: Vec<usize>,
}

/// One step of a film.
pub(super) async fn step(step: &mut Step) -> Result<(), Halt> {
    let Request::Film(film) = step.job.request.clone() else {
        return Err(Error::internal("This job is no film.").into());
    };
    let work: FilmWork = step.work()?;
    if work.parts.is_empty() {
        if step.job.cancel_requested {
            return step.cancelled("Stopped before anything was sent; it costs nothing.").await;
        }
        return divide(step, &film, work).await;
    }
    let mut parts = Vec::with_capacity(work.parts.len());
    for id in &work.parts {
        parts.push(step.ledger.job(id).await?);
    }
    if parts.iter().all(|part| part.state == State::Done) {
        return assemble(step, &film, work, &parts).await;
    }
    if parts.iter().all(|part| part.state.is_at_rest()) {
        return ended_badly(step, &work, &parts).await;
    }
    watch(step, &work, &parts).await
}

/// Writes down the parts and hands each its share of what was set aside, all at once.
async fn divide(step: &mut Step, film: &Film, mut work: FilmWork) -> Result<(), Halt> {
    let now_ms = step.now_ms();
    let mut new = Vec::new();
    for (place, run) in film.parts.iter().enumerate() {
        if let Some(had) = film.had.get(place).cloned().flatten() {
            work.parts.push(had);
            continue;
        }
        let id = JobId::fresh();
        work.parts.push(id.clone());
        let job = NewJob {
            id,
            parent_id: Some(step.job.id.clone()),
            service: step.job.service,
            session_id: None,
            state: State::Queued,
            request: Request::Run(run.clone()),
            work: serde_json::Value::Null,
            dedupe_key: format!("part:{}:{place}", step.job.id),
            note: Some("Waiting for its turn.".to_owned()),
            due_at_ms: Some(now_ms),
        };
        new.push((job, reservation(run)));
    }
    let change = Change {
        state: Some(State::Running),
        work: notes(&work)?,
        note: Some(format!("{} parts, made side by side.", work.parts.len())),
        due_at_ms: step.in_a(SAFETY_NET),
        ..Change::default()
    };
    match step.ledger.divide(&step.job, new, change, now_ms).await? {
        crate::ledger::Recorded::Done(job) => step.job = job,
        crate::ledger::Recorded::Lost => return Err(Halt::Lost),
    }
    step.app.ring();
    Ok(())
}

/// What a run may cost, as the books want it.
pub(super) fn reservation(run: &Run) -> Reservation {
    Reservation { most: run.most, estimate: run.estimate, model: run.model.clone(), batch: run.batch.clone() }
}

async fn watch(step: &mut Step, work: &FilmWork, parts: &[Job]) -> Result<(), Halt> {
    if step.job.cancel_requested {
        for part in parts.iter().filter(|part| !part.cancel_requested && !part.state.is_at_rest()) {
            step.ledger.request_cancel(&part.id, step.now_ms()).await?;
        }
    }
    pass_frames_on(step, parts).await?;
    let ready = parts.iter().filter(|part| part.state == State::Done).count();
    let note = format!("⏳ {ready} of {} parts are here.", parts.len());
    let share = parts.iter().map(share).sum::<f64>() / parts.len().max(1) as f64;
    let known = step.job.note.as_deref() == Some(note.as_str());
    if known && step.job.progress_pct.is_some_and(|told| (told - share).abs() < 1.0) {
        step.ledger.release(&step.job, step.now_ms() + millis(SAFETY_NET)).await?;
        return Ok(());
    }
    step.record(Change {
        work: notes(work)?,
        note: Some(note),
        progress_pct: Some(share),
        due_at_ms: step.in_a(SAFETY_NET),
        ..Change::default()
    })
    .await
}

/// Gives each part that begins where another ends the picture that it waits for. A part whose forerunner came to
/// nothing will never have one.
async fn pass_frames_on(step: &Step, parts: &[Job]) -> Result<(), Halt> {
    for pair in parts.windows(2) {
        let [before, part] = pair else { continue };
        let mut work: RunWork = serde_json::from_value(part.work.clone()).unwrap_or_default();
        let waits = matches!(&part.request, Request::Run(run) if run.after_previous);
        if !waits || part.state != State::Queued || work.first_frame.is_some() {
            continue;
        }
        if before.state != State::Done {
            if before.state.is_at_rest() && !part.cancel_requested {
                step.ledger.request_cancel(&part.id, step.now_ms()).await?;
            }
            continue;
        }
        let clip = file_of(before)?;
        let frame = clip.with_extension("last.png");
        if !frame.exists() {
            let (from, to) = (clip.clone(), frame.clone());
            let saved = tokio::task::spawn_blocking(move || craft::last_frame(&from, &to));
            saved
                .await
                .map_err(|error| Error::internal("Reading a frame was interrupted.").because(error))?
                .map_err(|error| error.about(&clip))?;
        }
        work.first_frame = Some(frame);
        let change = Change {
            work: notes(&work)?,
            note: Some("Its first frame is here.".to_owned()),
            due_at_ms: Some(Some(step.now_ms())),
            ..Change::default()
        };
        step.ledger.resolve(&part.id, State::Queued, change, "film", step.now_ms()).await?;
    }
    Ok(())
}

/// News about a run that was put aside as doubtful: it goes on, and so does the film that waited because of it.
pub(super) async fn heal(
    ledger: &Ledger,
    job: &Job,
    change: Change,
    who: &str,
    now_ms: EpochMs,
) -> Result<()> {
    ledger.resolve(&job.id, State::Uncertain, change, who, now_ms).await?;
    let Some(parent) = &job.parent_id else { return Ok(()) };
    let goes_on = Change {
        state: Some(State::Running),
        failure: Some(None),
        due_at_ms: Some(Some(now_ms)),
        ..Change::default()
    };
    ledger.resolve(parent, State::Uncertain, goes_on, who, now_ms).await?;
    Ok(())
}

/// How far a part is, for the bar: what is known of its state.
fn share(part: &Job) -> f64 {
    match part.state {
        State::Done => 95.0,
        State::Ready | State::Delivering => 80.0,
        State::Running => 40.0,
        _ => 5.0,
    }
}

/// Every part is here: they become one file.
async fn assemble(step: &mut Step, film: &Film, mut work: FilmWork, parts: &[Job]) -> Result<(), Halt> {
    let part_file = deliver::part_file(&film.output_path, step.job.id.as_str());
    if let (Some(path), Some(sha256)) = (work.final_path.clone(), work.sha256.clone())
        && deliver::holds(&path, sha256).await
    {
        deliver::remove(&part_file);
        return done(step, film, work, parts, &path).await;
    }
    if step.job.state == State::Running {
        step.record(Change {
            state: Some(State::Ready),
            note: Some("Joining the parts…".to_owned()),
            keep_lease: true,
            due_at_ms: step.in_a(Duration::ZERO),
            ..Change::default()
        })
        .await?;
    }
    let files = parts.iter().map(file_of).collect::<Result<Vec<_>, Halt>>()?;
    // What an earlier try left is of no use: joining starts anew.
    deliver::remove(&part_file);
    let (from, to) = (files.clone(), part_file.clone());
    let joined = tokio::task::spawn_blocking(move || {
        let reencoded = craft::join(&from, &to)?;
        let sum = staged::sha256_of(&to)?;
        Ok::<_, media::Error>((reencoded, sum))
    });
    let (reencoded, sha256) = match joined.await {
        Ok(Ok(joined)) => joined,
        Ok(Err(error)) => return cannot_join(step, &work, &files, error).await,
        Err(error) => return Err(Error::internal("Joining was interrupted.").because(error).into()),
    };
    work.reencoded = reencoded;
    work.sha256 = Some(sha256);
    work.final_path = Some(paths::unused(&film.output_path));
    step.record(Change {
        state: Some(State::Delivering),
        work: notes(&work)?,
        keep_lease: true,
        due_at_ms: step.in_a(Duration::ZERO),
        ..Change::default()
    })
    .await?;
    let wanted = work.final_path.clone().unwrap_or_else(|| film.output_path.clone());
    let path = staged::publish(&part_file, &wanted)?;
    work.final_path = Some(path.clone());
    done(step, film, work, parts, &path).await
}

async fn done(
    step: &mut Step,
    film: &Film,
    mut work: FilmWork,
    parts: &[Job],
    path: &Path,
) -> Result<(), Halt> {
    work.file = Some(deliver::describe(path).await?);
    step.record(deliver::looking(notes(&work)?, step)).await?;
    work.seen = inspect::inspect(&step.app, path, &film.inspection, &step.stop).await;
    if work.seen.is_none() {
        return Err(Halt::Stop);
    }
    step.record(Change {
        state: Some(State::Done),
        work: notes(&work)?,
        note: Some("✅ Video ready!".to_owned()),
        progress_pct: Some(100.0),
        ..Change::default()
    })
    .await?;
    // The film is on the disk and written down: its parts have served.
    for file in parts.iter().filter_map(|part| file_of(part).ok()) {
        deliver::remove(&file);
        deliver::remove(&file.with_extension("last.png"));
    }
    Ok(())
}

fn file_of(part: &Job) -> Result<PathBuf, Halt> {
    let work: RunWork = serde_json::from_value(part.work.clone())
        .map_err(|error| Error::internal("A part's notes cannot be read.").because(error))?;
    work.file
        .map(|file| PathBuf::from(file.path))
        .ok_or_else(|| Error::internal(format!("The part {} has no file.", part.id)).into())
}

/// The parts are paid for and here: they are named, never thrown away.
async fn cannot_join(
    step: &mut Step,
    work: &FilmWork,
    files: &[PathBuf],
    cause: media::Error,
) -> Result<(), Halt> {
    let names: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
    let error = Error::new(Kind::Storage, format!("The parts are here, but could not be joined: {cause}."))
        .money(Money::Spent)
        .next(format!(
            "The parts are kept: {}. `firstcut join` puts them together by hand.",
            names.join(", ")
        ))
        .because(cause);
    step.record(Change {
        state: Some(State::Failed),
        work: notes(work)?,
        failure: Some(Some(Failure::from(&error))),
        ..Change::default()
    })
    .await
}

/// Nothing moves any more and something is missing. What is there stays and is not paid for again.
async fn ended_badly(step: &mut Step, work: &FilmWork, parts: &[Job]) -> Result<(), Halt> {
    let (here, total) = (parts.iter().filter(|part| part.state == State::Done).count(), parts.len());
    if let Some(doubtful) = parts.iter().find(|part| part.state == State::Uncertain) {
        let error = Error::new(
            Kind::Uncertain,
            format!("{here} of {total} parts are here; of another one nothing shows whether it was sent."),
        )
        .money(Money::Unknown)
        .next(doubtful.failure.as_ref().and_then(|failure| failure.next.clone()).unwrap_or_default());
        return step
            .record(Change {
                state: Some(State::Uncertain),
                work: notes(work)?,
                failure: Some(Some(Failure::from(&error))),
                ..Change::default()
            })
            .await;
    }
    if parts.iter().any(|part| part.state == State::Cancelled) && step.job.cancel_requested {
        let note = format!(
            "Stopped. {here} of {total} parts had been made and are charged; the rest costs nothing."
        );
        return step
            .record(Change {
                state: Some(State::Cancelled),
                work: notes(work)?,
                note: Some(note),
                ..Change::default()
            })
            .await;
    }
    let cause = parts.iter().find_map(|part| part.failure.clone());
    let (message, quoted) = match &cause {
        Some(failure) => (failure.message.clone(), failure.quoted.clone().unwrap_or_default()),
        None => ("A part was stopped.".to_owned(), String::new()),
    };
    let kind = cause.as_ref().and_then(|failure| Kind::from_code(&failure.code)).unwrap_or(Kind::Declined);
    let spent =
        if here > 0 { Money::Spent } else { cause.map_or(Money::NotSpent, |f| Money::from_code(&f.money)) };
    let error = Error::new(kind, format!("{here} of {total} parts are here. {message}"))
        .money(spent)
        .quoting(&quoted)
        .next(format!(
            "`firstcut jobs retry {}` makes only what is missing; what is here is kept and not paid for again.",
            step.job.id
        ));
    step.record(Change {
        state: Some(State::Failed),
        work: notes(work)?,
        failure: Some(Some(Failure::from(&error))),
        ..Change::default()
    })
    .await
}

/// What needs codecs.
#[cfg(feature = "studio")]
mod craft {
    use std::path::{Path, PathBuf};

    use crate::media::{Error, Limits, join, last_frame};

    /// Joins the files; gives the numbers of those that were encoded anew.
    pub(super) fn join(files: &[PathBuf], output: &Path) -> Result<Vec<usize>, Error> {
        Ok(join::join(files, output, &Limits::default())?.reencoded)
    }

    pub(super) fn last_frame(clip: &Path, output: &Path) -> Result<(), Error> {
        last_frame::save_last_frame(clip, output, &Limits::default())
    }
}

/// A build without codecs: the parts are made and kept.
#[cfg(not(feature = "studio"))]
mod craft {
    use std::path::{Path, PathBuf};

    use crate::media::Error;

    fn no_codecs() -> Error {
        Error::Undecodable { reason: "this build has no codecs (feature studio is off)".to_owned() }
    }

    pub(super) fn join(_: &[PathBuf], _: &Path) -> Result<Vec<usize>, Error> {
        Err(no_codecs())
    }

    pub(super) fn last_frame(_: &Path, _: &Path) -> Result<(), Error> {
        Err(no_codecs())
    }
}
