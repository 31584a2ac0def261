//! A video: a turn and then a render, under one name. It only watches over its parts and never talks to a service.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::jobs::engine::step::{Halt, Step, millis, notes};
use crate::jobs::turn::TurnWork;
use crate::jobs::turn::settle;
use crate::ledger::{Change, NewJob};
use crate::model::job::{Failure, Job, JobId, JobKind, State};
use crate::model::request::{Render, Request, Video};

/// Parts ring when they come to rest; this is for the ring that was lost in a crash.
const SAFETY_NET: Duration = Duration::from_millis(700);

/// What a video learns on the way.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct VideoWork {
    /// The part that generates.
    pub(super) turn: Option<JobId>,
    /// The part that exports.
    pub(super) render: Option<JobId>,
}

/// One step of a video.
pub(super) async fn step(step: &mut Step) -> Result<(), Halt> {
    let Request::Video(video) = step.job.request.clone() else {
        return Err(Error::internal("This job is no video.").into());
    };
    let mut work: VideoWork = step.work()?;
    let Some(turn) = part(step, work.turn.as_ref()).await? else {
        if step.job.cancel_requested {
            return step.cancelled("Stopped before anything was sent.").await;
        }
        let child = add_part(step, "turn", Request::Turn(video.turn.clone())).await?;
        work.turn = Some(child.id);
        return watch(step, &work, &child.note, None).await;
    };
    if step.job.session_id.is_none() && turn.session_id.is_some() {
        let change = Change { session_id: turn.session_id.clone(), keep_lease: true, ..Change::default() };
        step.record(change).await?;
    }
    if turn.state != State::Done {
        return follow(step, &work, &turn).await;
    }
    let Some(render) = part(step, work.render.as_ref()).await? else {
        return begin_render(step, &mut work, &turn, &video).await;
    };
    if render.state == State::Done {
        return step
            .record(Change {
                state: Some(State::Done),
                note: render.note.clone(),
                progress_pct: Some(100.0),
                ..Change::default()
            })
            .await;
    }
    follow(step, &work, &render).await
}

async fn begin_render(step: &mut Step, work: &mut VideoWork, turn: &Job, video: &Video) -> Result<(), Halt> {
    let told: TurnWork = serde_json::from_value(turn.work.clone()).unwrap_or_default();
    if step.job.cancel_requested {
        return step.cancelled("Stopped before the export; what was generated stays on the timeline.").await;
    }
    if !told.exportable {
        let error = Error::new(
            Kind::Declined,
            format!("{} answered, but put nothing on the timeline.", step.job.service.heading()),
        )
            .money(settle::money(&told))
            .quoting(&told.reply)
            .next("If it asked something, answer with edit_video in the same session; else describe the video anew.");
        return step.fail(&error).await;
    }
    let render = Request::Render(Render {
        output_path: video.output_path.clone(),
        inspection: video.inspection.clone(),
        delivery: video.delivery.clone(),
    });
    let child = add_part(step, "render", render).await?;
    work.render = Some(child.id);
    watch(step, work, &Some("Exporting…".to_owned()), None).await
}

async fn part(step: &Step, id: Option<&JobId>) -> Result<Option<Job>, Halt> {
    match id {
        Some(id) => Ok(Some(step.ledger.job(id).await?)),
        None => Ok(None),
    }
}

/// Adds a part; after a crash the same one is found again.
async fn add_part(step: &Step, name: &str, request: Request) -> Result<Job, Halt> {
    let now_ms = step.now_ms();
    let new = NewJob {
        id: JobId::fresh(),
        parent_id: Some(step.job.id.clone()),
        service: step.job.service,
        session_id: step.job.session_id.clone(),
        state: State::Queued,
        request,
        work: serde_json::Value::Null,
        dedupe_key: format!("part:{}:{name}", step.job.id),
        note: step.job.note.clone(),
        due_at_ms: Some(now_ms),
    };
    let part = step.ledger.insert(new, now_ms).await?.job;
    // Whoever asked for the end before the part was there could not ask the part.
    if step.ledger.job(&step.job.id).await?.cancel_requested {
        step.ledger.request_cancel(&part.id, now_ms).await?;
    }
    Ok(part)
}

/// The video is where its part is.
async fn follow(step: &mut Step, work: &VideoWork, part: &Job) -> Result<(), Halt> {
    match part.state {
        State::Failed => {
            let mut failure =
                part.failure.clone().unwrap_or_else(|| Failure::from(&Error::internal("A part failed.")));
            if let (JobKind::Render, Some(turn)) = (part.kind, &work.turn) {
                // The export is free, what it should have shown was not.
                let turn = step.ledger.job(turn).await?;
                let told: TurnWork = serde_json::from_value(turn.work).unwrap_or_default();
                settle::money(&told).code().clone_into(&mut failure.money);
            }
            step.fail_with(notes(work)?, failure, None).await
        }
        State::Uncertain => {
            let failure = part.failure.clone();
            step.record(Change {
                state: Some(State::Uncertain),
                work: notes(work)?,
                failure: Some(failure),
                ..Change::default()
            })
            .await
        }
        _ if step.job.cancel_requested && !part.cancel_requested && !part.state.is_at_rest() => {
            step.ledger.request_cancel(&part.id, step.now_ms()).await?;
            watch(step, work, &part.note, part.progress_pct).await
        }
        State::Cancelled => step.cancelled(part.note.as_deref().unwrap_or("Stopped.")).await,
        _ => watch(step, work, &part.note, part.progress_pct).await,
    }
}

async fn watch(
    step: &mut Step,
    work: &VideoWork,
    note: &Option<String>,
    progress_pct: Option<f64>,
) -> Result<(), Halt> {
    let learnt = notes(work)?;
    let job = &step.job;
    let has_news = job.state != State::Running
        || job.note != *note
        || job.progress_pct != progress_pct
        || learnt.as_ref() != Some(&job.work);
    if !has_news {
        let due_ms = step.now_ms() + millis(SAFETY_NET);
        return if step.ledger.release(job, due_ms).await? { Ok(()) } else { Err(Halt::Lost) };
    }
    step.record(Change {
        state: Some(State::Running),
        work: learnt,
        note: note.clone(),
        progress_pct,
        due_at_ms: step.in_a(SAFETY_NET),
        ..Change::default()
    })
    .await
}
