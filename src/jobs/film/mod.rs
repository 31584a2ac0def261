//! A film: several runs under one name and one budget, joined into one file. It never talks to a service itself.

mod craft;
mod fault;
mod whole;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};
use crate::jobs::clip::enhance::{self, Rewriting};
use crate::jobs::deliver::End;
use crate::jobs::engine::step::{Halt, Step, millis, notes};
use crate::jobs::inspect::joining;
use crate::jobs::money::hold;
use crate::jobs::run::RunWork;
use crate::ledger::{Change, Ledger, NewJob, Reservation};
use crate::media;
use crate::model::job::{EpochMs, Failure, Job, JobId, State};
use crate::model::request::{Film, Request, Run};

pub(super) use fault::{after_fault, doubt};

/// Parts ring when they come to rest; this is for the ring that was lost in a crash.
const SAFETY_NET: Duration = Duration::from_millis(700);

/// What a film learns on the way.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct FilmWork {
    /// The parts in order, once they are written down.
    pub(super) parts: Vec<JobId>,
    /// What becomes of a prompt that is to have more detail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rewriting: Option<Rewriting>,
    /// The file.
    #[serde(flatten)]
    pub(super) end: End,
    /// Why it cannot become whole; it ends when the parts that are under way have ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) broken: Option<Failure>,
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
            let note = enhance::give_up(step, work.rewriting.as_ref()).await?;
            return step.cancelled(note).await;
        }
        if film.enhance && work.rewriting.as_ref().and_then(Rewriting::outcome).is_none() {
            return add_detail(step, &film, work).await;
        }
        return divide(step, &film, work).await;
    }
    let mut parts = Vec::with_capacity(work.parts.len());
    for id in &work.parts {
        parts.push(step.ledger.job(id).await?);
    }
    let waits = parts.iter().find(|part| hold::waits_for_money(part)).and_then(|part| part.failure.clone());
    if waits.is_none() && step.job.failure.is_some() {
        step.record(Change { failure: Some(None), keep_lease: true, ..Change::default() }).await?;
    }
    if let Some(broken) = work.broken.clone() {
        return fault::end_broken(step, &work, &parts, broken).await;
    }
    if parts.iter().all(|part| part.state == State::Done) {
        return whole::assemble(step, &film, work, &parts).await;
    }
    // What waits for a part that nobody knows anything about moves as little as that one.
    let stuck = |place: usize| {
        let waits = matches!(parts.get(place).map(|part| &part.request), Some(Request::Run(run)) if run.after_previous);
        waits && parts.get(place.wrapping_sub(1)).is_some_and(|before| before.state != State::Done)
    };
    let doubtful = parts.iter().any(|part| part.state == State::Uncertain);
    let rests = |(place, part): (usize, &Job)| {
        part.state.is_at_rest() || (doubtful && part.state == State::Queued && stuck(place))
    };
    if parts.iter().enumerate().all(rests) {
        return fault::ended_badly(step, &work, &parts).await;
    }
    watch(step, &work, &parts, waits).await
}

/// One look at the prompt that is being rewritten; when that is over, the next step divides the film.
async fn add_detail(step: &mut Step, film: &Film, mut work: FilmWork) -> Result<(), Halt> {
    let batch = film.parts.first().and_then(|run| run.batch.as_deref());
    let rewriting = enhance::look(step, work.rewriting.take(), &film.prompt, batch).await?;
    let (due_at_ms, waits) = (step.in_a(rewriting.pause()), rewriting.waits());
    work.rewriting = Some(rewriting);
    let note = Some(enhance::NOTE.to_owned());
    step.record(Change { work: notes(&work)?, failure: Some(waits), note, due_at_ms, ..Change::default() })
        .await
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
        let wanted = reservation(run);
        let run = match work.rewriting.as_ref().and_then(Rewriting::outcome) {
            Some(enhancement) => run.clone().with_words(enhancement),
            None => run.clone(),
        };
        let id = JobId::fresh();
        work.parts.push(id.clone());
        let job = NewJob {
            id,
            parent_id: Some(step.job.id.clone()),
            service: step.job.service,
            session_id: None,
            state: State::Queued,
            request: Request::Run(run),
            work: serde_json::Value::Null,
            dedupe_key: format!("part:{}:{place}", step.job.id),
            note: Some("Waiting for its turn.".to_owned()),
            due_at_ms: Some(now_ms),
        };
        new.push((job, wanted));
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

/// What a part waits for (`waits`), the whole waits for.
async fn watch(step: &mut Step, work: &FilmWork, parts: &[Job], waits: Option<Failure>) -> Result<(), Halt> {
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
    if known
        && waits == step.job.failure
        && step.job.progress_pct.is_some_and(|told| (told - share).abs() < 1.0)
    {
        step.ledger.release(&step.job, step.now_ms() + millis(SAFETY_NET)).await?;
        return Ok(());
    }
    step.record(Change {
        work: notes(work)?,
        failure: Some(waits),
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
            if matches!(before.state, State::Failed | State::Cancelled) && !part.cancel_requested {
                step.ledger.request_cancel(&part.id, step.now_ms()).await?;
            }
            continue;
        }
        let clip = file_of(before)?;
        let frame = clip.with_extension("last.png");
        if !frame.exists() {
            save_last_frame(step, &clip, &frame).await?;
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

/// Saves the picture that a clip ends with.
async fn save_last_frame(step: &Step, clip: &Path, frame: &Path) -> Result<(), Halt> {
    let (from, to, ffmpeg) = (clip.to_owned(), frame.to_owned(), step.app.config().ffmpeg.clone());
    let saved = joining(step.stop.clone(), craft::LAST_FRAME_PATIENCE, move |limits| {
        craft::last_frame(&from, &to, ffmpeg.as_deref(), limits)
    });
    match saved.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(media::Error::Stopped)) if step.stop.is_cancelled() => Err(Halt::Stop),
        Ok(Err(media::Error::Stopped)) => {
            // It would take as long the next time, so it is no fault that passes.
            let what = format!("The last frame of {} could not be found in time.", clip.display());
            Err(Error::new(Kind::UnsupportedFile, what).into())
        }
        Ok(Err(error)) => Err(error.about(clip).into()),
        Err(reason) => Err(Error::internal(format!("Reading a frame: {reason}.")).into()),
    }
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

fn file_of(part: &Job) -> Result<PathBuf, Halt> {
    let work: RunWork = serde_json::from_value(part.work.clone())
        .map_err(|error| Error::internal("A part's notes cannot be read.").because(error))?;
    work.end
        .file
        .map(|file| PathBuf::from(file.path))
        .ok_or_else(|| Error::internal(format!("The part {} has no file.", part.id)).into())
}
