//! The list of what can be read now: what comes with the program, the last sessions, and page by page all jobs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use rmcp::model::{Annotations, ListResourcesResult, Resource, ResourceTemplate, Role};

use super::{Address, address, built_in, contents};
use crate::app::App;
use crate::error::{Error, Result};
use crate::jobs::report;
use crate::ledger::Session;
use crate::model::job::{EpochMs, Job, JobId, State};
use crate::model::report::JobReport;
use crate::model::request::Request;
use crate::redact;

/// Jobs on a page.
const PAGE: u32 = 20;
/// Sessions on the first page.
const SESSIONS: u32 = 5;

const JSON: &str = "application/json";

/// One page, and the word that leads to the next.
pub(super) async fn page(app: &App, cursor: Option<&str>) -> Result<ListResourcesResult> {
    let after = cursor.map(place).transpose()?;
    let mut listed = Vec::new();
    if after.is_none() {
        listed.extend(built_in::all().into_iter().map(|one| one.listed));
        listed.extend(standing());
    }
    let mut next = None;
    if let Some(ledger) = app.known_ledger().await? {
        if after.is_none() {
            listed.extend(ledger.recent_sessions("", SESSIONS).await?.iter().map(timeline));
        }
        let after = after.as_ref().map(|(ms, id)| (*ms, id));
        let mut jobs = ledger.roots_after(after, PAGE + 1).await?;
        if jobs.len() > PAGE as usize {
            jobs.truncate(PAGE as usize);
            next = jobs.last().map(cursor_after);
        }
        for job in &jobs {
            listed.extend(of_job(app, job).await);
        }
    }
    let mut result = ListResourcesResult::with_all_items(listed);
    result.next_cursor = next;
    Ok(result)
}

/// What can be read when its name is known.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    let template = |uri: &str, name: &str, title: &str, about: &str, mime: &str| {
        ResourceTemplate::new(uri, name).with_title(title).with_description(about).with_mime_type(mime)
    };
    vec![
        template(
            address::JOB,
            "job",
            "A job",
            "How a job stands, with its files, checks and costs, as check_job tells it.",
            JSON,
        ),
        template(
            address::SHEET,
            "contact-sheet",
            "Contact sheet of a video",
            "Nine frames of a finished video with their times: look at them before you call it done.",
            "image/jpeg",
        ),
        template(
            address::TIMELINE,
            "timeline",
            "Timeline of a session",
            "Tracks and clips of a session with their times, as the service has them now; also in one line of text.",
            JSON,
        ),
    ]
}

/// The addresses that are always there.
fn standing() -> [Resource; 2] {
    [
        Resource::new(Address::Jobs.to_string(), "jobs")
            .with_title("The newest jobs")
            .with_description("The newest jobs of this computer with their states and files.")
            .with_mime_type(JSON)
            .with_annotations(for_both(0.7)),
        Resource::new(Address::Models.to_string(), "models")
            .with_title("Models and prices")
            .with_description("What each SkillBoss model makes and costs, with source and day of every fact.")
            .with_mime_type(JSON)
            .with_annotations(for_both(0.4)),
    ]
}

fn timeline(session: &Session) -> Resource {
    let address = Address::Timeline(session.session_id.clone());
    let short: String = session.session_id.chars().take(8).collect();
    Resource::new(address.to_string(), format!("timeline-{}", session.session_id))
        .with_title(format!("Timeline of session {short} ({})", session.service.title()))
        .with_description("Tracks and clips with their times, as the service has them now.")
        .with_mime_type(JSON)
        .with_annotations(at(for_both(0.5), session.last_used_at_ms))
}

/// A job, and its picture if it made a video.
async fn of_job(app: &App, job: &Job) -> Vec<Resource> {
    let words = words(job);
    let told = report::report(app, job).await;
    let mut resource = Resource::new(Address::Job(job.id.clone()).to_string(), job.id.as_str())
        .with_title(format!("{words} ({})", job.state.name().replace('_', " ")))
        .with_mime_type(JSON)
        .with_annotations(at(for_both(weight(job.state)), job.updated_at_ms));
    // A damaged job is listed all the same; who reads it is told what is wrong.
    let Ok(told) = told else { return vec![resource] };
    if let Ok(text) = contents::job_text(&told) {
        resource.size = Some(text.len() as u64);
    }
    resource.description = Some(redact::quote(&told.message, 200));
    let mut listed = vec![resource];
    if job.state == State::Done && has_video(&told) {
        let address = Address::Sheet(job.id.clone()).to_string();
        let mut sheet = Resource::new(address, format!("{}-contact-sheet", job.id))
            .with_title(format!("Contact sheet: {words}"))
            .with_description("Nine frames of the video with their times.")
            .with_mime_type("image/jpeg")
            .with_annotations(at(for_both(0.6), job.updated_at_ms));
        sheet.size = told.files.iter().find(|file| file.path.ends_with(".sheet.jpg")).map(|file| file.bytes);
        listed.push(sheet);
    }
    listed
}

fn has_video(told: &JobReport) -> bool {
    told.files.iter().any(|file| file.mime.starts_with("video/"))
}

/// What a person would call the job: its kind and the words that asked for it.
fn words(job: &Job) -> String {
    let (kind, words) = match &job.request {
        Request::Turn(turn) => ("Edit", turn.message.clone()),
        Request::Render(render) => {
            ("Export", render.output_path.file_name().unwrap_or_default().to_string_lossy().into_owned())
        }
        Request::Video(video) => ("Video", video.prompt.clone()),
        Request::Run(run) if run.template.is_some() => ("Template", run.prompt.clone()),
        Request::Run(run) if run.rewrite => ("Rewriting", run.prompt.clone()),
        Request::Run(run) => ("Video", run.prompt.clone()),
        Request::Film(film) => ("Video", film.prompt.clone()),
        Request::Handover(handover) => {
            ("Delivery", handover.path.file_name().unwrap_or_default().to_string_lossy().into_owned())
        }
        Request::Post(post) => ("Post", format!("{} {}", post.channel, post.caption)),
    };
    match redact::label(&words) {
        words if words.is_empty() => kind.to_owned(),
        words => format!("{kind}: {words}"),
    }
}

/// What waits for somebody comes first.
fn weight(state: State) -> f32 {
    match state {
        State::NeedsApproval | State::Uncertain => 0.9,
        State::Done => 0.6,
        State::Failed => 0.5,
        State::Cancelled => 0.2,
        _ => 0.8,
    }
}

fn for_both(priority: f32) -> Annotations {
    Annotations::default().with_audience(vec![Role::User, Role::Assistant]).with_priority(priority)
}

fn at(mut annotations: Annotations, ms: EpochMs) -> Annotations {
    annotations.last_modified = Timestamp::from_millisecond(ms).ok().map(|time| time.to_string());
    annotations
}

/// Leads to the jobs that follow this one; opaque to clients, as the protocol wants.
fn cursor_after(job: &Job) -> String {
    BASE64.encode(format!("{} {}", job.created_at_ms, job.id))
}

fn place(cursor: &str) -> Result<(EpochMs, JobId)> {
    let read = || {
        let text = String::from_utf8(BASE64.decode(cursor).ok()?).ok()?;
        let (ms, id) = text.split_once(' ')?;
        Some((ms.parse().ok()?, id.parse().ok()?))
    };
    read().ok_or_else(|| {
        Error::invalid("The cursor is none that firstcut gave out.")
            .next("List the resources from the start.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_ours_or_refused() {
        let id = JobId::fresh();
        assert_eq!(place(&BASE64.encode(format!("17 {id}"))).unwrap(), (17, id.clone()));
        for bad in
            ["", "x", "ä", &BASE64.encode("17"), &BASE64.encode(format!("a {id}")), &BASE64.encode("1 job_2")]
        {
            assert!(place(bad).is_err(), "{bad}");
        }
    }
}
