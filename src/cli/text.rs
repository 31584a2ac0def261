//! Reports in words, for people at a terminal.

use std::fmt::Write as _;

use super::advice;
use crate::jobs::books::Books;
use crate::jobs::estimate::Estimate;
use crate::jobs::wallet::Wallet;
use crate::model::report::{
    CheckReport, CostReport, CreditsReport, ErrorReport, FileReport, JobList, JobReport, RemoteReport,
    SessionReport, UploadReport,
};
use crate::redact::quotation;

/// A video that is there, in short; `jobs show` tells the rest.
pub(super) fn made(report: &JobReport) -> String {
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
pub(super) fn job(report: &JobReport) -> String {
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
    if let Some(words) = &report.reply {
        line("Reply", &quotation(words));
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
    // Who is content needs no support.
    let content = report.state == "done" && !report.files.is_empty();
    if let Some(words) = report.remote.as_ref().filter(|_| !content).and_then(RemoteReport::words) {
        line("Remote", &format!("{words} (to quote to the service's support)"));
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

fn state(report: &JobReport) -> String {
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

/// Bytes in the unit that people use for files.
pub(super) fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let amount = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", amount / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", amount / 1e6),
        _ => format!("{:.1} GB", amount / 1e9),
    }
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

/// At most two decimals, and none that say nothing.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn next(text: &mut String, step: &str) {
    if !step.is_empty() {
        let _ = write!(text, "\nNext: {}", advice::for_people(step));
    }
}

/// The wallet and its limits.
pub(super) fn wallet(told: &Wallet) -> String {
    let mut text = told.message.clone();
    for rule in &told.rules {
        let _ = write!(text, "\nLimit    {rule}");
    }
    if let Some(beside) = &told.beside_the_books {
        let _ = write!(text, "\nBooks    {}", beside.message);
    }
    next(&mut text, &told.next);
    text
}

/// A price, and the models when none was named.
pub(super) fn estimate(told: &Estimate) -> String {
    let mut text = told.message.clone();
    for model in &told.models {
        let lengths: Vec<_> = model.durations_s.iter().map(u32::to_string).collect();
        let _ = write!(text, "\n\n{}", model.model);
        if let Some(retired) = &model.retired {
            let _ = write!(text, "  (retired {retired})");
            continue;
        }
        for (name, values) in [
            ("seconds", &lengths),
            ("shapes", &model.aspect_ratios),
            ("sizes", &model.resolutions),
            ("prices", &model.prices),
        ] {
            if !values.is_empty() {
                let _ = write!(text, "\n  {name:<8} {}", values.join(", "));
            }
        }
    }
    next(&mut text, &told.next);
    text
}

/// The books: a line per call and the sums.
pub(super) fn books(books: &Books) -> String {
    let mut text = String::new();
    for entry in &books.entries {
        let charged = match (&entry.charged_usd, entry.source.as_str()) {
            (Some(usd), "receipt" | "answer") => usd.to_string(),
            (Some(usd), source) => format!("{usd} ({source})"),
            (None, source) => format!("{source}, at most {}", entry.most_usd),
        };
        let expected = entry.estimated_usd.map(|usd| format!(", expected {usd}")).unwrap_or_default();
        let lost = entry.wallet_lost_usd.map(|usd| format!(", wallet lost {usd}")).unwrap_or_default();
        let seconds = entry.duration_s.map(|seconds| format!(" {seconds} s")).unwrap_or_default();
        let _ = writeln!(
            text,
            "{}  {}  {}{seconds}  {charged}{expected}{lost}  {}",
            entry.at.split('.').next().unwrap_or(&entry.at),
            entry.service,
            entry.model,
            entry.job_id
        );
        let remote = RemoteReport {
            id: Some(entry.remote_id.clone()).filter(|id| !id.is_empty()),
            record_id: Some(entry.record_id.clone()).filter(|id| !id.is_empty()),
        };
        if let Some(words) = remote.words() {
            let _ = writeln!(text, "    at the service: {words}");
        }
        if !entry.receipt_check.is_empty() {
            let _ = writeln!(text, "    receipt: {}", entry.receipt_check);
        }
    }
    for sum in &books.by_model {
        let _ = writeln!(
            text,
            "Sum  {}  {}: {} calls, {} charged, {} expected",
            sum.service, sum.model, sum.calls, sum.charged_usd, sum.estimated_usd
        );
    }
    for period in books.wallet.iter().flat_map(|stretch| &stretch.unexplained) {
        let _ = writeln!(
            text,
            "Wallet  {}  {} to {}: lost {}, booked {}, perhaps {} more, unexplained {}",
            period.service,
            period.from,
            period.to,
            period.lost_usd,
            period.booked_usd,
            period.perhaps_usd,
            period.unexplained_usd
        );
    }
    text.push_str(&books.message);
    text
}

/// Several jobs, one a line.
pub(super) fn jobs(list: &JobList, now: jiff::Timestamp) -> String {
    let mut text = list.message.trim_end().to_owned();
    for job in &list.jobs {
        let about = job.files.first().map_or(job.message.as_str(), |file| file.path.as_str());
        let about = crate::redact::quote(about, 100);
        let prompt = match job.prompt.as_str() {
            "" => String::new(),
            prompt => format!("{}  ", quotation(&crate::redact::quote(prompt, 40))),
        };
        let _ = write!(
            text,
            "\n{}  {:<11} {:<7} {:<6}  {:>7}  {prompt}{about}",
            job.job_id,
            state(job),
            job.service,
            job.kind,
            age(&job.created_at, now)
        );
    }
    next(&mut text, &list.next);
    text
}

/// How long ago something was, in the largest unit that fits.
fn age(at: &str, now: jiff::Timestamp) -> String {
    let Ok(at) = at.parse::<jiff::Timestamp>() else { return String::new() };
    let seconds = now.as_second().saturating_sub(at.as_second()).max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A timeline.
pub(super) fn session(report: &SessionReport) -> String {
    let mut text = report.message.trim_end().to_owned();
    if !report.timeline.is_empty() && !text.contains(&report.timeline) {
        let _ = write!(text, "\n{}", report.timeline);
    }
    let _ = write!(text, "\nSession   {} ({})", report.session_id, report.service);
    let _ = write!(text, "\nMedia     {} uploaded, {} generated", report.uploads, report.generated);
    for job in &report.active_jobs {
        let _ = write!(text, "\nRunning   {job}");
    }
    if let Some(link) = &report.browser_link {
        let _ = write!(text, "\nBrowser   {link}");
    }
    next(&mut text, &report.next);
    text
}

/// A balance.
pub(super) fn credits(report: &CreditsReport) -> String {
    let mut text = report.message.trim_end().to_owned();
    let _ = write!(
        text,
        "\nCredits   {} available, {} frozen, {} in all ({})",
        number(report.available),
        number(report.frozen),
        number(report.total),
        report.service
    );
    if let Some(address) = &report.top_up {
        let _ = write!(text, "\nTop up    {address}");
    }
    next(&mut text, &report.next);
    text
}

/// What went up.
pub(super) fn upload(report: &UploadReport) -> String {
    let mut text = report.message.trim_end().to_owned();
    for item in &report.uploaded {
        let mut facts = vec![item.kind.clone()];
        if let (Some(width), Some(height)) = (item.width, item.height) {
            facts.push(format!("{width}×{height}"));
        }
        if let Some(seconds) = item.duration_s {
            facts.push(format!("{seconds:.1} s"));
        }
        if let Some(bytes) = item.bytes {
            facts.push(size(bytes));
        }
        let _ = write!(text, "\nUploaded  {}  ({})", item.name, facts.join(", "));
    }
    let _ = write!(text, "\nSession   {} ({})", report.session_id, report.service);
    next(&mut text, &report.next);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, shown) in [(0.0, "0"), (12.0, "12"), (1.5, "1.5"), (1.256, "1.26"), (100.0, "100")] {
            assert_eq!(number(value), shown);
        }
        for (bytes, shown) in [(999, "999 bytes"), (1_500, "1.5 kB"), (200_000_000, "200.0 MB")] {
            assert_eq!(size(bytes), shown);
        }
    }

    #[test]
    fn an_age_is_short() {
        let now: jiff::Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        for (at, shown) in [
            ("2026-11-21T12:00:05Z", "0 s"),
            ("2026-11-21T11:59:18.5Z", "42 s"),
            ("2026-11-21T11:17:00Z", "43 min"),
            ("2026-11-20T13:00:00Z", "23 h"),
            ("2026-11-01T13:00:00Z", "19 days"),
            ("", ""),
        ] {
            assert_eq!(age(at, now), shown, "{at}");
        }
    }

    #[test]
    fn a_job_is_told_in_lines() {
        let report = JobReport {
            job_id: "job_1".into(),
            kind: "video".into(),
            state: "done".into(),
            service: "sandbox".into(),
            message: "Your video is ready.".into(),
            session_id: Some("9007199254740993".into()),
            files: vec![FileReport {
                path: "/v/sunset.mp4".into(),
                bytes: 3_100_000,
                width: Some(1920),
                height: Some(1080),
                duration_s: Some(10.0),
                ..FileReport::default()
            }],
            cost: Some(CostReport { credits: Some(12.0), credits_left: Some(88.0), ..CostReport::default() }),
            changes: vec!["title \"Sunset\" added, 0–3 s".into()],
            next: "Look at it.".into(),
            ..JobReport::default()
        };
        assert_eq!(
            job(&report),
            "Your video is ready.\n\
             File      /v/sunset.mp4  (1920×1080, 10.0 s, 3.1 MB)\n\
             Changed   title \"Sunset\" added, 0–3 s\n\
             Cost      12 credits, 88 left\n\
             Job       job_1 (done, sandbox)\n\
             Session   9007199254740993\n\
             Next: Look at it."
        );
    }
}
