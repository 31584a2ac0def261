//! A job in words.

use std::fmt::Write as _;

use super::{next, number, size};
use crate::model::report::{CheckReport, CostReport, ErrorReport, FileReport, JobReport};
use crate::redact::quotation;

/// A video that is there, in short; `jobs show` tells the rest.
pub(in crate::cli) fn made(report: &JobReport) -> String {
    let mut text = report.message.trim_end().to_owned();
    let (pictures, videos): (Vec<_>, Vec<_>) =
        report.files.iter().partition(|file| file.mime.starts_with("image/"));
    for video in videos {
        let _ = write!(text, "\nVideo     {}", facts(video));
    }
    for picture in pictures {
        let kind = if picture.path.contains(".sheet") { "contact sheet, nine frames" } else { "one frame" };
        let _ = write!(text, "\nPreview   {}  ({kind})", picture.path);
    }
    if let Some(cost) = report.cost.as_ref().and_then(cost) {
        let _ = write!(text, "\nCost      {cost}");
    }
    next(&mut text, &report.next);
    text
}

/// One job with all that is known.
pub(in crate::cli) fn job(report: &JobReport) -> String {
    let mut text = report.message.trim_end().to_owned();
    let mut line = |name: &str, value: &str| {
        let _ = write!(text, "\n{name:<9} {value}");
    };
    for file in &report.files {
        line("File", &self::file(file));
    }
    if let Some(checked) = checked(&report.checks) {
        line("Checked", &checked);
    }
    if let Some(words) =
        report.reply.as_deref().map(quotation).filter(|words| !report.message.contains(words))
    {
        line("Reply", &words);
    }
    if let Some(timeline) = &report.timeline {
        line("Timeline", timeline);
    }
    for change in report.changes.iter().filter(|change| !report.message.contains(change.as_str())) {
        line("Changed", change);
    }
    for action in &report.actions {
        let detail =
            action.detail.as_ref().map(|detail| format!(" ({})", quotation(detail))).unwrap_or_default();
        line("Action", &format!("{}: {}{detail}", action.action, action.status));
    }
    if let Some(cost) = report.cost.as_ref().and_then(cost) {
        line("Cost", &cost);
    }
    // An answer to a question is no job.
    if !report.job_id.is_empty() {
        line("Job", &format!("{} ({}, {})", report.job_id, state(report), report.service));
    }
    if let Some(session) = &report.session_id {
        line("Session", session);
    }
    if let Some(error) = &report.error {
        line("Error", &self::error(error, &report.message));
    }
    next(&mut text, &report.next);
    text
}

/// How the delivery check came out; what is not good stands in the message.
fn checked(checks: &[CheckReport]) -> Option<String> {
    let good = checks.iter().filter(|check| check.verdict == "pass").count();
    (!checks.is_empty()).then(|| match checks.len() - good {
        0 => format!("{good} points, all good"),
        bad => format!("{} points, {bad} not good", checks.len()),
    })
}

pub(super) fn state(report: &JobReport) -> String {
    match report.progress_pct {
        Some(percent) if report.state != "done" => format!("{} {percent:.0} %", report.state),
        _ => report.state.clone(),
    }
}

/// A failure, without what the job's message has told already.
fn error(error: &ErrorReport, told: &str) -> String {
    let mut text = error.code.clone();
    if !told.contains(&error.message) {
        let _ = write!(text, ": {}", error.message);
    }
    if let Some(words) = error.service_said.as_deref().map(quotation).filter(|words| !told.contains(words)) {
        let _ = write!(text, " The service said: {words}.");
    }
    text
}

fn file(file: &FileReport) -> String {
    format!("{}  ({})", file.path, facts(file))
}

/// What was measured.
fn facts(file: &FileReport) -> String {
    let mut facts = Vec::new();
    if let (Some(width), Some(height)) = (file.width, file.height) {
        facts.push(format!("{width}×{height}"));
    }
    if let Some(seconds) = file.duration_s {
        facts.push(format!("{seconds:.1} s"));
    }
    facts.push(size(file.bytes));
    facts.join(", ")
}

fn cost(cost: &CostReport) -> Option<String> {
    if let Some(usd) = cost.usd {
        let expected = cost.usd_estimated.map(|usd| format!(", expected {usd}")).unwrap_or_default();
        let open =
            cost.usd_may_still_cost.map(|usd| format!(", up to {usd} more set aside")).unwrap_or_default();
        let assumed = if cost.usd_is_assumed { " (assumed)" } else { "" };
        return Some(format!("{usd}{assumed}{expected}{open}"));
    }
    let spent = match (cost.credits, cost.worst_case_credits) {
        (Some(credits), _) => format!("{} credits", number(credits)),
        (None, Some(worst)) => format!("at most {} credits", number(worst)),
        (None, None) => return None,
    };
    let left = cost.credits_left.map(|left| format!(", {} left", number(left))).unwrap_or_default();
    Some(format!("{spent}{left}"))
}
