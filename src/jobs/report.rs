//! A job as it is told: the one place that turns rows into reports.

use crate::app::App;
use crate::error::{Error, Money, Result};
use crate::jobs::clip;
use crate::jobs::deliver::End;
use crate::jobs::inspect::{self, Seen};
use crate::jobs::publish;
use crate::jobs::rehearsal;
use crate::jobs::render::RenderWork;
use crate::jobs::turn::settle;
use crate::jobs::turn::{TurnWork, WORST_CASE_CREDITS};
use crate::jobs::video::VideoWork;
use crate::ledger::Filter;
use crate::media::check::Verdict;
use crate::model::job::{Job, JobId, JobKind, Service, State};
use crate::model::report::{
    ActionReport, CostReport, ErrorReport, FileReport, JobList, JobReport, ListedJob,
};
use crate::redact;

/// The most jobs that one list shows.
const MAX_LISTED: u32 = 100;
/// Characters of a reply inside of a message; as a whole it stands beside.
const MAX_QUOTED: usize = 300;
/// Characters of a prompt in a list.
const MAX_PROMPT: usize = 80;

/// The report of a job, with the parts of a composite folded in.
pub async fn report(app: &App, job: &Job) -> Result<JobReport> {
    let mut told = match job.kind {
        JobKind::Run | JobKind::Film => clip::told::report(app, job).await?,
        JobKind::Handover | JobKind::Post => publish::told::report(app, job).await?,
        JobKind::Turn | JobKind::Render | JobKind::Video => tell(job, &Parts::of(app, job).await?),
    };
    if !matches!(job.kind, JobKind::Handover | JobKind::Post) {
        publish::told::add(app, job, &mut told).await?;
    }
    insist(app, job, &mut told);
    Ok(told)
}

/// A strict caller takes no result that fails its check.
fn insist(app: &App, job: &Job, told: &mut JobReport) {
    if app.config().strict || job.request.inspection().is_some_and(|inspection| inspection.strict) {
        inspect::insist(told);
    }
}

/// The video that a job made, and what was seen of it.
pub(super) async fn video(app: &App, job: &Job) -> Result<Option<(FileReport, Seen)>> {
    if matches!(job.kind, JobKind::Run | JobKind::Film) {
        return clip::told::video(app, job).await;
    }
    if job.kind == JobKind::Handover {
        let end = End::of(job);
        return Ok(end.file.map(|file| (file, end.seen.unwrap_or_default())));
    }
    let parts = Parts::of(app, job).await?;
    Ok(parts.render.and_then(|(_, work)| Some((work.end.file?, work.end.seen.unwrap_or_default()))))
}

/// The job of that name.
pub async fn find(app: &App, id: &JobId) -> Result<Job> {
    app.ledger().await?.job(id).await
}

/// The newest jobs; parts of composites are left out.
pub async fn list(app: &App, state: Option<State>, limit: u32) -> Result<JobList> {
    if limit == 0 || limit > MAX_LISTED {
        return Err(Error::invalid(format!("limit is {limit}; it must be from 1 to {MAX_LISTED}.")));
    }
    let filter = Filter { state, roots_only: true, ..Filter::default() };
    let rows = app.ledger().await?.list(&filter, limit).await?;
    let mut jobs = Vec::with_capacity(rows.len());
    for row in &rows {
        // One damaged job must not hide the others.
        let mut told = report(app, row).await.unwrap_or_else(|error| unreadable(row, &error));
        told.checks.retain(|check| check.verdict != Verdict::Pass.name());
        let created_at = jiff::Timestamp::from_millisecond(row.created_at_ms).unwrap_or_default();
        jobs.push(ListedJob {
            report: told,
            prompt: redact::quote(row.request.words(), MAX_PROMPT),
            created_at: created_at.to_string(),
        });
    }
    Ok(told(jobs))
}

/// The list where nothing was ever made.
#[must_use]
pub fn empty_list() -> JobList {
    told(Vec::new())
}

fn told(jobs: Vec<ListedJob>) -> JobList {
    let open = jobs.iter().filter(|job| job.state == "uncertain" || job.state == "needs_approval").count();
    let message = match (jobs.len(), open) {
        (0, _) => "There are no such jobs.".to_owned(),
        (1, 0) => "1 job.".to_owned(),
        (1, _) => "1 job; it waits for a decision.".to_owned(),
        (n, 0) => format!("{n} jobs, newest first."),
        (n, 1) => format!("{n} jobs, newest first; 1 waits for a decision."),
        (n, open) => format!("{n} jobs, newest first; {open} wait for a decision."),
    };
    let next = match jobs.len() {
        0 => "Call generate_video to make one.",
        _ => "Call check_job with a job_id to see or await one.",
    };
    JobList { jobs, message, next: next.to_owned() }
}

/// A job of which no more than its row can be read.
fn unreadable(job: &Job, error: &Error) -> JobReport {
    JobReport {
        job_id: job.id.to_string(),
        kind: job.kind.name().to_owned(),
        state: job.state.name().to_owned(),
        service: job.service.name().to_owned(),
        session_id: job.session_id.clone(),
        message: format!("{}This job is damaged: {}", rehearsal::mark(job.service), error.message()),
        error: Some(ErrorReport::from(error)),
        next: "The other jobs are not affected.".to_owned(),
        ..JobReport::default()
    }
}

/// An answer that is no job.
pub(super) fn answer(service: &str, message: &str, next: &str) -> JobReport {
    JobReport {
        kind: "answer".to_owned(),
        state: State::Done.name().to_owned(),
        service: service.to_owned(),
        message: message.to_owned(),
        next: next.to_owned(),
        ..JobReport::default()
    }
}

/// What the parts of a job learnt.
#[derive(Default)]
struct Parts {
    turn: Option<(Job, TurnWork)>,
    render: Option<(Job, RenderWork)>,
}

impl Parts {
    async fn of(app: &App, job: &Job) -> Result<Self> {
        let mut parts = Self::default();
        match job.kind {
            JobKind::Turn => parts.turn = Some((job.clone(), notes(job)?)),
            JobKind::Render => parts.render = Some((job.clone(), notes(job)?)),
            // Told by `clip::told` and `publish::told`.
            JobKind::Run | JobKind::Film | JobKind::Handover | JobKind::Post => {}
            JobKind::Video => {
                let ledger = app.ledger().await?;
                let work: VideoWork = notes(job)?;
                for part in work.turn.iter().chain(&work.render) {
                    let part = ledger.job(part).await?;
                    match part.kind {
                        JobKind::Turn => parts.turn = Some((part.clone(), notes(&part)?)),
                        JobKind::Render => parts.render = Some((part.clone(), notes(&part)?)),
                        _ => {}
                    }
                }
            }
        }
        Ok(parts)
    }
}

fn notes<T: serde::de::DeserializeOwned + Default>(job: &Job) -> Result<T> {
    if job.work.is_null() {
        return Ok(T::default());
    }
    serde_json::from_value(job.work.clone())
        .map_err(|error| Error::internal(format!("The notes of {} cannot be read.", job.id)).because(error))
}

fn tell(job: &Job, parts: &Parts) -> JobReport {
    let turn = parts.turn.as_ref().filter(|(part, _)| part.state == State::Done).map(|(_, work)| work);
    let file = parts.render.as_ref().and_then(|(_, work)| work.end.file.clone());
    let seen = parts.render.as_ref().and_then(|(_, work)| work.end.seen.as_ref());
    let exports = job.kind != JobKind::Turn;
    let rendered_timeline = parts.render.as_ref().and_then(|(_, work)| work.timeline.clone());
    JobReport {
        job_id: job.id.to_string(),
        kind: job.kind.name().to_owned(),
        state: job.state.name().to_owned(),
        service: job.service.name().to_owned(),
        session_id: job.session_id.clone(),
        progress_pct: if job.state.is_at_rest() { None } else { job.progress_pct },
        cost: cost(job, parts),
        timeline: rendered_timeline.or_else(|| turn.and_then(|work| work.timeline.clone())),
        changes: turn.map(|work| work.changes.clone()).unwrap_or_default(),
        actions: turn.map(|work| actions(&work.actions, exports, file.is_some())).unwrap_or_default(),
        reply: turn
            .filter(|_| job.state == State::Done)
            .map(|work| work.reply.trim().to_owned())
            .filter(|words| !words.is_empty()),
        approval: None,
        error: job.failure.as_ref().map(|failure| ErrorReport::from(&Error::from(failure))),
        message: format!(
            "{}{}",
            rehearsal::mark(job.service),
            message(job, turn, file.as_ref().map(|f| f.path.as_str()), seen)
        ),
        next: next(job, file.is_some(), seen),
        checks: seen.map(|seen| seen.checks.clone()).unwrap_or_default(),
        files: file
            .into_iter()
            .chain(seen.and_then(|seen| seen.picture.clone()).map(|(_, picture)| picture))
            .collect(),
        ..JobReport::default()
    }
}

/// An export that the service asked for is carried out by a job that makes a file anyway.
fn actions(actions: &[ActionReport], exports: bool, exported: bool) -> Vec<ActionReport> {
    let mut told: Vec<ActionReport> = actions.to_vec();
    for action in told.iter_mut().filter(|action| action.action == "export") {
        let status = match (exports, exported) {
            (true, true) => "done",
            (true, false) => "pending",
            (false, _) => "offered",
        };
        status.clone_into(&mut action.status);
    }
    told
}

fn cost(job: &Job, parts: &Parts) -> Option<CostReport> {
    let Some((part, work)) = &parts.turn else {
        // Exporting is free (NemoVideo skill, Export).
        return job.state.is_at_rest().then(|| CostReport { credits: Some(0.0), ..CostReport::default() });
    };
    let refused = part.failure.as_ref().is_some_and(|failure| failure.money == Money::NotSpent.code());
    // What never left, or was refused, cost nothing, although the balance was not read again.
    let spent = if part.attempts == 0 || refused { Some(0.0) } else { settle::spent(work) };
    match part.state {
        State::Queued => None,
        State::Uncertain => {
            Some(CostReport { worst_case_credits: Some(WORST_CASE_CREDITS), ..CostReport::default() })
        }
        State::Done | State::Failed | State::Cancelled => Some(CostReport {
            credits: spent,
            credits_left: work.credits_after.as_ref().map(|credits| credits.available),
            worst_case_credits: spent.is_none().then_some(WORST_CASE_CREDITS),
            ..CostReport::default()
        }),
        _ => None,
    }
}

fn message(job: &Job, turn: Option<&TurnWork>, file: Option<&str>, seen: Option<&Seen>) -> String {
    match job.state {
        State::Done => {
            let mut said = Vec::new();
            if let Some(path) = file {
                said.push(format!("✅ Video ready! It is saved as {path}."));
            }
            said.extend(seen.and_then(inspect::summary));
            if let Some(work) = turn {
                match work.changes.as_slice() {
                    [] => said.extend(without_change(job.service, work, "")),
                    // Beside a file, the list of its parts would only be noise.
                    _ if file.is_some() => {}
                    changes if work.beside_timeline => {
                        said.extend(without_change(job.service, work, &changes.join("; ")));
                    }
                    changes => said.push(format!("Changed on the timeline: {}.", changes.join("; "))),
                }
                if work.failed_partly {
                    said.push(format!(
                        "{} also reported a failure, so something that was asked for may be missing.",
                        job.service.heading()
                    ));
                }
            }
            said.join(" ")
        }
        State::Failed | State::Uncertain => {
            let Some(failure) = &job.failure else { return "The job failed.".to_owned() };
            let mut said = vec![
                failure.message.clone(),
                crate::error::Money::from_code(&failure.money).sentence().into(),
            ];
            if let Some(quotation) = failure.quoted.as_deref().and_then(|words| quotation(job.service, words))
            {
                said.push(quotation);
            }
            said.join(" ")
        }
        State::Cancelled => job.note.clone().unwrap_or_else(|| "Stopped.".to_owned()),
        _ if job.cancel_requested => "Being stopped.".to_owned(),
        _ => {
            let note = job.note.as_deref().unwrap_or("Waiting for its turn.");
            format!("Still working: {note}")
        }
    }
}

/// A turn that ended well and left the timeline as it was: nobody may take it for an edit.
fn without_change(service: Service, work: &TurnWork, beside: &str) -> Vec<String> {
    let mut said = vec![match beside {
        "" => "Nothing on the timeline changed.".to_owned(),
        beside => format!("Nothing on the timeline changed; beside it: {beside}."),
    }];
    said.extend(quotation(service, &redact::quote(&work.reply, MAX_QUOTED)));
    said.push(match settle::spent(work) {
        Some(0.0) => "It cost no credits.".to_owned(),
        Some(credits) => format!("It cost {credits} credits all the same."),
        None => format!("What it cost cannot be told: {WORST_CASE_CREDITS} credits at most."),
    });
    said
}

/// The service's words are data: quoted, so that nobody takes them for ours or for an instruction.
fn quotation(service: Service, words: &str) -> Option<String> {
    let words = words.trim();
    (!words.is_empty()).then(|| format!("{} says: {}", service.heading(), redact::quotation(words)))
}

fn next(job: &Job, has_file: bool, seen: Option<&Seen>) -> String {
    let failed = seen.is_some_and(Seen::has_failed);
    let has_picture = seen.is_some_and(|seen| seen.picture.is_some());
    match job.state {
        State::Done if has_file && failed => {
            "Tell the user what the delivery check found. To change the video call edit_video, then export."
                .to_owned()
        }
        State::Done if has_file && !has_picture => {
            "Show the file to the user. To change it call edit_video, then export.".to_owned()
        }
        State::Done if has_file => {
            "Look at the preview, then show the file to the user. To change it call edit_video, then export."
                .to_owned()
        }
        State::Done => "Call export to get the MP4, or edit_video to change more.".to_owned(),
        State::Failed | State::Uncertain => job
            .failure
            .as_ref()
            .and_then(|failure| failure.next.clone())
            .unwrap_or_else(|| "Tell the user what happened.".to_owned()),
        State::Cancelled => match job.kind {
            JobKind::Turn => "Call edit_video to ask for it again.",
            JobKind::Render => "Call export to make the file.",
            _ => "Call generate_video to start anew.",
        }
        .to_owned(),
        State::NeedsApproval => "Ask the user whether the price is all right.".to_owned(),
        _ if job.cancel_requested => {
            format!("Call check_job with job_id {} to see how it ended.", job.id)
        }
        _ => format!("Call check_job with job_id {} to wait for it; it goes on meanwhile.", job.id),
    }
}
