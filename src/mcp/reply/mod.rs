//! What a tool call answers: structured content for programs, text that stands alone for everyone else.
//!
//! Some clients show only the structured part, some only the text, and for errors always the text; so both
//! are complete by themselves.

use std::fmt::Write as _;

use jiff::Timestamp;
use rmcp::ErrorData;
use rmcp::handler::server::tool::IntoCallToolResult;
use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock, Resource};
use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Kind, Money};
use crate::jobs::money::estimate::{Choice, Estimate};
use crate::model::job::State;
use crate::model::report::{
    ApprovalReport, CheckReport, CostReport, CreditsReport, ErrorReport, FileReport, JobList, JobReport,
    SessionReport, UploadReport,
};
use crate::redact::{quotation, quote};

pub(super) mod fit;

/// Files that get a link of their own; all of them stand in the structured part.
const LINKS: usize = 20;
/// So much of a service's reply stands in the text; all of it in the structured part.
const MOST_REPLY_CHARS: usize = 2_000;

impl IntoCallToolResult for Error {
    fn into_call_tool_result(self) -> Result<CallToolResponse, ErrorData> {
        Ok(error(&self).into())
    }
}

/// A failure before there was a job.
pub(super) fn error(error: &Error) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(error_words(error))])
}

/// What happened, whether money moved, whether to repeat the call, and what to do: whole by itself.
pub(super) fn error_words(error: &Error) -> String {
    let mut text = format!("{}: {}", error.kind().code(), error.message());
    if let Some(words) = error.quoted() {
        let _ = write!(text, "\nThe service said: {}", quotation(words));
    }
    let _ = write!(text, "\nMoney: {}", error.spent().sentence());
    text.push_str("\nRetry: ");
    text.push_str(&match (retry(error), error.wait_s()) {
        (Retry::Later, Some(seconds)) => format!("the same call may be made again after {seconds} s."),
        (Retry::Later, None) => "the same call may be made again a little later.".into(),
        (Retry::Changed, _) => "only after a change; the same call would fail again.".into(),
        (Retry::Doubtful, _) => "nothing was paid for, but the same call would probably fail again.".into(),
        (Retry::Never, _) => "do not repeat the call by yourself; it might be paid for twice.".into(),
    });
    let _ = write!(text, "\nNext: {}", error.next_step().unwrap_or("Tell the user what happened."));
    fit::text(text)
}

/// What repeating the same call would bring.
enum Retry {
    Later,
    Changed,
    Doubtful,
    Never,
}

/// Money decides first: only what cost nothing can be had again without paying twice.
fn retry(error: &Error) -> Retry {
    match error.kind() {
        _ if error.spent() != Money::NotSpent => Retry::Never,
        kind if !kind.retry_is_safe() => Retry::Doubtful,
        Kind::RateLimited
        | Kind::Unavailable
        | Kind::AtCapacity
        | Kind::TimedOut
        | Kind::Ledger
        | Kind::Cancelled => Retry::Later,
        _ => Retry::Changed,
    }
}

/// The answer of a call that started a job: a failed job is a failed call.
pub(super) fn outcome(mut report: JobReport, fresh: bool) -> CallToolResult {
    if !fresh {
        report.message = format!(
            "This is the job that the same call started before; nothing was started again. For another one, pass \
             new: true without request_id. {}",
            report.message
        );
    }
    // What is done, but fails a strict caller's check, has an error too.
    let failed = match report.error {
        Some(_) if report.state == State::Done.name() => true,
        _ => [State::Failed, State::Uncertain].iter().any(|state| state.name() == report.state),
    };
    let mut result = job(&report);
    result.is_error = Some(failed);
    result
}

/// Where a job stands, whatever that is: the asking succeeded.
pub(super) fn job(report: &JobReport) -> CallToolResult {
    let mut result = both(job_text(report), report);
    result.content.extend(links(&report.files));
    result
}

/// The same with a picture to look at, as far as that fits.
pub(super) fn with_picture(mut result: CallToolResult, jpeg: Option<&[u8]>) -> CallToolResult {
    let Some(jpeg) = jpeg else { return result };
    let size = serde_json::to_string(&result).map_or(usize::MAX, |text| text.len());
    result.content.push(match fit::picture(size, jpeg) {
        Some(data) => ContentBlock::image(data, "image/jpeg"),
        None => ContentBlock::text("The preview is too large for an answer; it lies beside the video."),
    });
    result
}

/// Several jobs, a line each.
pub(super) fn jobs(list: &JobList) -> CallToolResult {
    let mut text = list.message.clone();
    for job in &list.jobs {
        let _ = write!(text, "\n- {} {} {} ({})", job.job_id, job.kind, job.state, job.service);
        if !job.prompt.is_empty() {
            let _ = write!(text, " {}", quotation(&job.prompt));
        }
        if let Some(file) = job.files.first() {
            let _ = write!(text, ": {}", file.path);
        } else if let Some(error) = &job.error {
            let _ = write!(text, ": {}", error.code);
        }
    }
    let _ = write!(text, "\nNext: {}", list.next);
    both(text, list)
}

/// A session's timeline.
pub(super) fn session(report: &SessionReport) -> CallToolResult {
    let mut text = format!("{}\n{}", report.message, report.timeline);
    if !report.active_jobs.is_empty() {
        let _ = write!(text, "\nStill running: {}", report.active_jobs.join(", "));
    }
    if let Some(link) = &report.browser_link {
        let _ = write!(text, "\nBrowser link, for this user alone: {link}");
    }
    let _ = write!(text, "\nsession_id: {} · {}", report.session_id, service(&report.service));
    let _ = write!(text, "\nNext: {}", report.next);
    both(text, report)
}

/// A price.
pub(super) fn estimate(told: &Estimate) -> CallToolResult {
    let mut text = told.message.clone();
    for model in told.models.iter().filter(|model| model.retired.is_none()) {
        let _ = write!(text, "\n{}: {}", model.model, choice_text(model));
    }
    let _ = write!(text, "\nNext: {}", told.next);
    both(text, told)
}

/// What is known of a model.
fn choice_text(model: &Choice) -> String {
    let lengths: Vec<_> = model.durations_s.iter().map(u32::to_string).collect();
    let facts = [
        ("", lengths.join("/"), " s"),
        ("", model.aspect_ratios.join(", "), ""),
        ("", model.resolutions.join(", "), ""),
        ("", model.prices.join(", "), ""),
        ("takes: ", model.takes.join(", "), ""),
        ("rules: ", model.rules.join(", "), ""),
    ];
    let known = facts.iter().filter(|(_, fact, _)| !fact.is_empty());
    let known: Vec<_> = known.map(|(name, fact, unit)| format!("{name}{fact}{unit}")).collect();
    if known.is_empty() { "nothing is known of it but its name".to_owned() } else { known.join("; ") }
}

/// The balance.
pub(super) fn credits(report: &CreditsReport) -> CallToolResult {
    let mut text = report.message.clone();
    if let (Some(available), Some(frozen)) = (report.available, report.frozen) {
        let _ = write!(text, "\nCredits: {available} available, {frozen} reserved.");
    }
    if let Some(place) = &report.top_up {
        let _ = write!(text, "\nMore credits: {place}");
    }
    let _ = write!(text, "\n{}\nNext: {}", service(&report.service), report.next);
    both(text, report)
}

/// What was uploaded.
pub(super) fn uploads(report: &UploadReport) -> CallToolResult {
    let mut text = report.message.clone();
    for file in &report.uploaded {
        let _ = write!(text, "\n- {} ({})", file.name, file.kind);
    }
    let _ = write!(text, "\nsession_id: {} · {}", report.session_id, service(&report.service));
    let _ = write!(text, "\nNext: {}", report.next);
    both(text, report)
}

fn both(text: String, report: &impl Serialize) -> CallToolResult {
    match serde_json::to_value(report) {
        Ok(value) => {
            let mut result = CallToolResult::structured(Value::Null);
            result.content = vec![ContentBlock::text(fit::text(text))];
            result.structured_content = Some(fit::structured(value));
            result
        }
        Err(fault) => error(&Error::internal("The answer could not be written down.").because(fault)),
    }
}

fn job_text(report: &JobReport) -> String {
    let mut text = report.message.clone();
    for file in &report.files {
        let _ = write!(text, "\nFile: {}", file_text(file));
    }
    if let Some(cost) = &report.cost {
        text.push_str(&cost_text(cost));
    }
    if let Some(good) = good(&report.checks) {
        let _ = write!(text, "\nDelivery check: {good}");
    }
    if let Some(approval) = &report.approval {
        text.push_str(&approval_text(approval));
    }
    if let Some(words) = &report.reply {
        // On one line: no line of an answer is anybody's but ours.
        let _ = write!(text, "\nThe service said: {}", quotation(&quote(words, MOST_REPLY_CHARS)));
    }
    for change in report.changes.iter().filter(|change| !report.message.contains(change.as_str())) {
        let _ = write!(text, "\nChanged: {change}");
    }
    for action in &report.actions {
        let detail =
            action.detail.as_deref().map(|words| format!(" ({})", quotation(words))).unwrap_or_default();
        let _ = write!(text, "\nAsked for by the service: {}{detail}: {}", action.action, action.status);
    }
    if let Some(timeline) = &report.timeline {
        let _ = write!(text, "\nTimeline:\n{timeline}");
    }
    if let Some(error) = &report.error {
        text.push_str(&error_text(error, &report.message));
    }
    let progress = report.progress_pct.map(|percent| format!(" {percent:.0} %")).unwrap_or_default();
    // An answer to a question is no job.
    if !report.job_id.is_empty() {
        let _ = write!(text, "\njob_id: {} · {}{progress} · ", report.job_id, report.state);
    } else {
        text.push('\n');
    }
    text.push_str(&service(&report.service));
    if let Some(session) = &report.session_id {
        let _ = write!(text, " · session_id: {session}");
    }
    let _ = write!(text, "\nNext: {}", report.next);
    text
}

/// The price that waits for a person's word, and what agrees to it.
fn approval_text(approval: &ApprovalReport) -> String {
    let until = Timestamp::from_millisecond(approval.valid_until_ms).map(|at| at.to_string());
    format!(
        "\nIt may cost up to {}. quote_token: {} (until {})",
        approval.most_usd,
        approval.quote_token,
        until.unwrap_or_else(|_| "an hour after it was made".to_owned())
    )
}

/// Nobody may take the rehearsal for the real thing.
fn service(name: &str) -> String {
    match name {
        "sandbox" => "service: sandbox (a rehearsal; nothing real was made or paid for)".into(),
        name => format!("service: {name}"),
    }
}

fn file_text(file: &FileReport) -> String {
    let mut about = Vec::new();
    if let (Some(width), Some(height)) = (file.width, file.height) {
        about.push(format!("{width}x{height}"));
    }
    if let Some(seconds) = file.duration_s {
        about.push(format!("{seconds:.1} s"));
    }
    about.push(format!("{} bytes", file.bytes));
    format!("{} ({}, {})", file.path, file.mime, about.join(", "))
}

/// How many points of the check are good; what is not stands in the message.
fn good(checks: &[CheckReport]) -> Option<String> {
    let good = checks.iter().filter(|check| check.verdict == "pass").count();
    (!checks.is_empty()).then(|| format!("{good} of {} points good", checks.len()))
}

fn cost_text(cost: &CostReport) -> String {
    let mut text = String::new();
    if let Some(usd) = cost.usd {
        let _ = write!(text, "\nCost: {usd}{}", if cost.usd_is_assumed { " (assumed)" } else { "" });
        if let Some(expected) = cost.usd_estimated.filter(|expected| *expected != usd) {
            let _ = write!(text, ", expected {expected}");
        }
        if let Some(open) = cost.usd_may_still_cost {
            let _ = write!(text, "; up to {open} more is set aside");
        }
        text.push('.');
        return text;
    }
    match (cost.credits, cost.worst_case_credits) {
        (Some(credits), _) => {
            let _ = write!(text, "\nCost: {credits} credits");
        }
        (None, Some(most)) => {
            let _ = write!(text, "\nCost: not known yet, at most {most} credits");
        }
        (None, None) => text.push_str("\nCost: not known"),
    }
    if let Some(left) = cost.credits_left {
        let _ = write!(text, "; {left} left");
    }
    text.push('.');
    text
}

/// A failure, without what the job's message has told already.
fn error_text(error: &ErrorReport, told: &str) -> String {
    let mut text = format!("\nError {}", error.code);
    if !told.contains(&error.message) {
        let _ = write!(text, ": {}", error.message);
    }
    if let Some(words) = error.service_said.as_deref().map(quotation).filter(|words| !told.contains(words)) {
        let _ = write!(text, "\nThe service said: {words}");
    }
    let retry = match error.retry_is_safe {
        true => "safe",
        false if error.money == Money::NotSpent.code() => "free, but it would probably fail again",
        false => "not safe, it might be paid for twice",
    };
    let _ = write!(text, "\nMoney: {} · Retry: {retry}", error.money);
    if !error.next.is_empty() {
        let _ = write!(text, "\nTo do: {}", error.next);
    }
    text
}

fn links(files: &[FileReport]) -> impl Iterator<Item = ContentBlock> {
    files.iter().take(LINKS).map(|file| {
        let name = file.path.rsplit(['/', '\\']).next().unwrap_or(&file.path);
        let mut link = Resource::new(&file.uri, name).with_mime_type(&file.mime);
        link.size = Some(file.bytes);
        ContentBlock::resource_link(link)
    })
}

#[cfg(test)]
mod tests;
