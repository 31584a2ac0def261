//! A render: the timeline becomes a file. Free, and safe to look up by the id that we choose.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::error::{Error, Kind};
use crate::jobs::deliver::{self, End, Wanted};
use crate::jobs::engine::step::{Halt, Step, notes};
use crate::ledger::{AttemptState, Change, Filter};
use crate::model::job::{EpochMs, JobKind, State};
use crate::model::request::{Render, Request};
use crate::nemo::render::{RenderStatus, Submission};
use crate::nemo::state::SessionState;
use crate::net::staged::Downloaded;

/// A failed render gets a new id once (NemoVideo skill, Export).
const MAX_RENDERS: u32 = 2;
/// A submission that the service is too busy for is offered again so often.
const MAX_ATTEMPTS: u32 = 6;
/// A render that takes longer is given up; another one is free.
const DEADLINE_MS: EpochMs = 15 * 60 * 1000;
/// The timeline must look the same twice before it is rendered, because the second stage of a generation may
/// arrive after the stream ended; but not for ever.
const MAX_LOOKS: u32 = 8;

/// What a render learns on the way.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct RenderWork {
    /// The id that we chose; committed before the request.
    pub(super) render_id: Option<String>,
    /// Renders that failed or got lost.
    pub(super) failed: u32,
    /// When that was submitted.
    pub(super) submitted_at_ms: EpochMs,
    /// Looks at the timeline before submitting.
    pub(super) looks: u32,
    /// The timeline at the last look, in the skill's form.
    pub(super) timeline: Option<String>,
    /// Reported as completed, but without an address.
    pub(super) completed_without_url: u32,
    /// The file.
    #[serde(flatten)]
    pub(super) end: End,
}

/// One step of a render.
pub(super) async fn step(step: &mut Step) -> Result<(), Halt> {
    let Request::Render(render) = step.job.request.clone() else {
        return Err(Error::internal("This job is no render.").into());
    };
    let work: RenderWork = step.work()?;
    if step.job.cancel_requested && !matches!(step.job.state, State::Ready | State::Delivering) {
        return cancel(step, &work).await;
    }
    match step.job.state {
        State::Queued => prepare(step, work).await,
        // The lease ended around the request: our own id tells whether it arrived.
        State::Submitting => look_up(step, work).await,
        State::Running => poll(step, work).await,
        State::Ready | State::Delivering => deliver(step, &render, work).await,
        state => Err(Error::internal(format!("A render cannot be {state}.")).into()),
    }
}

fn session_of(step: &Step) -> Result<String, Halt> {
    step.job.session_id.clone().ok_or_else(|| Error::internal("A render has no session.").into())
}

/// Reads the timeline freshly, and submits it when it has stopped changing.
async fn prepare(step: &mut Step, mut work: RenderWork) -> Result<(), Halt> {
    let session_id = session_of(step)?;
    if step.job.parent_id.is_none() && edits_come_first(step, &session_id).await? {
        return step
            .record(Change {
                note: Some("Waiting for the edit that was asked for before…".to_owned()),
                due_at_ms: step.in_a(step.app.poll(step.job.service).min(Duration::from_secs(3))),
                ..Change::default()
            })
            .await;
    }
    let state = step.client().await?.state(&session_id).await?;
    let timeline = state.draft.timeline().to_string();
    let settled = work.timeline.as_ref() == Some(&timeline) || work.looks >= MAX_LOOKS;
    let may_still_change = step.job.parent_id.is_some() && !settled;
    work.looks += 1;
    work.timeline = Some(timeline);
    if may_still_change
        || (!state.draft.is_exportable() && step.job.parent_id.is_some() && work.looks < MAX_LOOKS)
    {
        let pause = step.app.poll(step.job.service).min(Duration::from_secs(3));
        return step
            .record(Change {
                work: notes(&work)?,
                note: Some("Waiting for the timeline to settle…".to_owned()),
                due_at_ms: step.in_a(pause),
                ..Change::default()
            })
            .await;
    }
    if !state.draft.is_exportable() {
        let error = Error::new(Kind::EmptyTimeline, "There is nothing on the timeline to export yet.")
            .next("Generate or edit something first with generate_video or edit_video, then export.");
        return step.fail(&error).await;
    }
    work.render_id = Some(fresh_id(step.now_ms()));
    work.submitted_at_ms = step.now_ms();
    step.record(Change { work: notes(&work)?, keep_lease: true, ..Change::default() }).await?;
    submit(step, work, &state).await
}

/// Whether a message to the same timeline was asked for before this export and has not ended.
async fn edits_come_first(step: &Step, session_id: &str) -> Result<bool, Halt> {
    let turns = Filter {
        active_only: true,
        kind: Some(JobKind::Turn),
        session_id: Some(session_id.to_owned()),
        ..Filter::default()
    };
    let own = (step.job.created_at_ms, &step.job.id);
    let turns = step.ledger.list(&turns, 100).await?;
    Ok(turns.iter().any(|turn| turn.service == step.job.service && (turn.created_at_ms, &turn.id) < own))
}

/// `render_` and a timestamp (NemoVideo skill, Export), made unique by a few random digits.
fn fresh_id(now_ms: EpochMs) -> String {
    let random = Uuid::new_v4().simple().to_string();
    format!("render_{now_ms}_{}", random.get(..6).unwrap_or_default())
}

async fn submit(step: &mut Step, work: RenderWork, state: &SessionState) -> Result<(), Halt> {
    let session_id = session_of(step)?;
    let render_id = work.render_id.clone().unwrap_or_default();
    let client = step.client().await?;
    let detail = serde_json::json!({ "render_id": render_id });
    let Some(n) = step.ledger.begin_attempt(&step.job, detail, step.now_ms()).await? else {
        return Err(Halt::Lost);
    };
    step.job.state = State::Submitting;
    let sent = step.unless_stopped(client.submit_render(&render_id, &session_id, &state.draft)).await?;
    match sent {
        // An id that is known already is ours: an earlier submission had arrived.
        Ok(Submission::Accepted | Submission::AlreadyKnown) => {
            step.end_attempt(n, AttemptState::Accepted, Some(&render_id), Value::Null).await?;
            rendering(step, &work, step.app.poll(step.job.service).min(Duration::from_secs(5))).await
        }
        Err(error) if error.kind() == Kind::Uncertain => {
            step.end_attempt(n, AttemptState::Unknown, Some(&render_id), Value::Null).await?;
            look_up(step, work).await
        }
        Err(error) => {
            step.end_attempt(n, AttemptState::Rejected, Some(&render_id), Value::Null).await?;
            let hopeless = matches!(
                error.kind(),
                Kind::PlanRequired
                    | Kind::Unauthorized
                    | Kind::SessionLost
                    | Kind::OutOfCredits
                    | Kind::EmptyTimeline
            );
            let busy = matches!(error.kind(), Kind::Unavailable | Kind::RateLimited);
            if hopeless {
                step.fail(&error).await
            } else if busy && n < MAX_ATTEMPTS {
                let pause = error.wait_s().map_or(step.app.poll(step.job.service), Duration::from_secs);
                again(step, work, &format!("{} Trying again.", error.message()), pause).await
            } else {
                once_more(step, work, error).await
            }
        }
    }
}

async fn rendering(step: &mut Step, work: &RenderWork, pause: Duration) -> Result<(), Halt> {
    step.record(Change {
        state: Some(State::Running),
        work: notes(work)?,
        note: Some("⏳ Rendering, about 30 s to 90 s.".to_owned()),
        due_at_ms: step.in_a(pause),
        ..Change::default()
    })
    .await
}

/// Our own id tells whether a lost submission arrived.
async fn look_up(step: &mut Step, work: RenderWork) -> Result<(), Halt> {
    let Some(render_id) = work.render_id.clone() else {
        return once_more(step, work, Error::internal("A render was begun without an id.")).await;
    };
    match step.client().await?.render_status(&render_id).await {
        Ok(_) => rendering(step, &work, Duration::ZERO).await,
        Err(error) if error.kind() == Kind::NotFound => once_more(step, work, error).await,
        Err(error) => Err(error.into()),
    }
}

/// A new id, once; then the failure is told.
async fn once_more(step: &mut Step, mut work: RenderWork, error: Error) -> Result<(), Halt> {
    work.failed += 1;
    if work.failed >= MAX_RENDERS {
        let failed = Error::new(error.kind(), error.message().to_owned())
            .quoting(error.quoted().unwrap_or_default())
            .next("The timeline is untouched and exporting is free: call export again.")
            .because(error);
        return step.fail(&failed).await;
    }
    let note = "The render failed; trying once more under a new id.";
    again(step, work, note, Duration::from_millis(200)).await
}

/// Back to the start, with the timeline as it is.
async fn again(step: &mut Step, work: RenderWork, note: &str, pause: Duration) -> Result<(), Halt> {
    let RenderWork { failed, timeline, .. } = work;
    let work = RenderWork { failed, timeline, looks: MAX_LOOKS, ..RenderWork::default() };
    step.requeue(notes(&work)?, note, pause).await
}

async fn poll(step: &mut Step, mut work: RenderWork) -> Result<(), Halt> {
    let render_id = work.render_id.clone().unwrap_or_default();
    let interval = step.app.poll(step.job.service);
    match step.client().await?.render_status(&render_id).await {
        Ok(RenderStatus::Completed { url }) => {
            work.completed_without_url += u32::from(url.is_none());
            if url.is_none() && work.completed_without_url < 2 {
                return rendering(step, &work, interval).await;
            }
            step.record(Change {
                state: Some(State::Ready),
                work: notes(&work)?,
                note: Some("Rendered; downloading.".to_owned()),
                progress_pct: Some(100.0),
                due_at_ms: step.in_a(Duration::ZERO),
                ..Change::default()
            })
            .await
        }
        Ok(RenderStatus::Failed { message }) => {
            let error = Error::new(Kind::Declined, "The render failed at the service.").quoting(&message);
            once_more(step, work, error).await
        }
        Ok(_) if step.now_ms() - work.submitted_at_ms > DEADLINE_MS => {
            let error = Error::new(Kind::TimedOut, "The render did not finish within 15 minutes.")
                .next("The timeline is untouched and exporting is free: call export again.");
            step.fail(&error).await
        }
        Ok(status) => {
            let progress = match status {
                RenderStatus::Pending { progress }
                | RenderStatus::Processing { progress }
                | RenderStatus::Other { progress, .. } => progress,
                RenderStatus::Completed { .. } | RenderStatus::Failed { .. } => None,
            };
            step.record(Change {
                work: notes(&work)?,
                note: Some(match progress {
                    Some(pct) => format!("⏳ Rendering, {pct:.0} %."),
                    None => "⏳ Rendering.".to_owned(),
                }),
                progress_pct: progress,
                due_at_ms: step.in_a(interval),
                ..Change::default()
            })
            .await
        }
        Err(error) if error.kind() == Kind::NotFound => once_more(step, work, error).await,
        Err(error) => Err(error.into()),
    }
}

/// Stops a render that is under way; it is free either way.
async fn cancel(step: &mut Step, work: &RenderWork) -> Result<(), Halt> {
    if let (Some(render_id), State::Running) = (&work.render_id, step.job.state)
        && let Err(error) = step.client().await?.cancel_render(render_id).await
    {
        tracing::info!(job.id = %step.job.id, %error, "a render could not be stopped at the service");
    }
    step.cancelled(
        "Stopped rendering, which costs nothing. The timeline stays as it is and can be exported later.",
    )
    .await
}

/// Fetches and places the file; done again from anywhere after a crash, with the same result.
async fn deliver(step: &mut Step, render: &Render, work: RenderWork) -> Result<(), Halt> {
    let wanted = Wanted {
        output: &render.output_path,
        inspection: &render.inspection,
        delivery: &render.delivery,
        is_part: false,
    };
    let mut end = work.end.clone();
    if !deliver::is_placed(step, &wanted, &end).await {
        step.record(Change {
            state: Some(State::Delivering),
            note: Some("Downloading the video…".to_owned()),
            keep_lease: true,
            due_at_ms: step.in_a(Duration::ZERO),
            ..Change::default()
        })
        .await?;
        let part = deliver::part_file(&render.output_path, step.job.id.as_str());
        let downloaded = fetch(step, &work, &part).await?;
        deliver::place(step, &wanted, &mut end, downloaded.sha256).await?;
    }
    deliver::finish(step, &wanted, end).await
}

async fn fetch(step: &Step, work: &RenderWork, part: &Path) -> Result<Downloaded, Halt> {
    let client = step.client().await?;
    let render_id = work.render_id.clone().unwrap_or_default();
    // The address is asked for again and written down nowhere: it may be signed, and a signature runs out.
    let url = match client.render_status(&render_id).await? {
        RenderStatus::Completed { url } => url,
        _ => None,
    };
    // Without one, the service's own route is taken.
    let fetched = step.unless_stopped(client.download(&render_id, url.as_ref(), part, &|_, _| {})).await?;
    fetched.map_err(|error| {
        if error.kind() != Kind::Storage {
            return Halt::Fault(error);
        }
        // On a full disk half a video helps nobody, and the whole one is still at the service.
        deliver::remove(part);
        let failed = Error::new(Kind::Storage, error.message()).because(error);
        Halt::Fault(failed.next("The timeline is kept. Free some space, then call export again: it is free."))
    })
}
