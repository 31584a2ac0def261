//! What a strict caller lets pass: every point was examined, and none of them failed.
//!
//! What is only doubtful (`warn`: a still first second, an index behind the media) may be meant, and is told instead.

use tokio_util::sync::CancellationToken;

use super::{PATIENCE, Seen, aside, checks, told, wanted};
use crate::app::App;
use crate::error::{Error, Kind, Money, Result};
use crate::jobs::deliver::End;
use crate::media::check::Verdict;
use crate::model::inspection::Inspection;
use crate::model::report::{CheckReport, ErrorReport, JobReport};

impl Seen {
    /// Whether a file may be put before people: always, unless the caller is strict.
    pub(in crate::jobs) fn may_be_passed_on(&self, strict: bool) -> bool {
        !strict || obstacle(&self.checks).is_none()
    }
}

/// What stands in the way of passing a file on; none when all points were examined and none failed.
fn obstacle(checks: &[CheckReport]) -> Option<String> {
    if checks.is_empty() {
        return Some("nobody could look at it".to_owned());
    }
    let stops = [Verdict::Fail.name(), Verdict::Unknown.name()];
    let bad: Vec<_> =
        checks.iter().filter(|check| stops.contains(&check.verdict.as_str())).map(told).collect();
    (!bad.is_empty()).then(|| bad.join("; "))
}

/// Whether the file of a finished job may be passed on. With `strict` everything that can be checked must have been, and
/// be good or doubtful at worst; without it, that is the caller's to judge.
///
/// # Errors
/// [`Kind::CheckFailed`] with what is wrong; the file is kept, and the money is as the report has it.
pub fn approve(report: &JobReport, strict: bool) -> Result<()> {
    if !strict || report.state != "done" || report.files.is_empty() {
        return Ok(());
    }
    let Some(what) = obstacle(&report.checks) else { return Ok(()) };
    let money = match report.cost.as_ref().map(|cost| (cost.credits, cost.usd)) {
        Some((Some(0.0), None)) => Money::NotSpent,
        Some((Some(_), _) | (_, Some(_))) => Money::Spent,
        _ => Money::Unknown,
    };
    let path = report.files.first().map(|file| file.path.as_str()).unwrap_or_default();
    Err(Error::new(Kind::CheckFailed, format!("The video does not pass its delivery check: {what}."))
        .money(money)
        .next(format!(
            "The file is kept as {path}. Look at it, then change the video with edit_video and export."
        )))
}

/// Holds a report to [`approve`]: what does not pass becomes its error.
pub fn insist(report: &mut JobReport) {
    if let Err(error) = approve(report, true) {
        let mut error = ErrorReport::from(&error);
        // The same video would come out again, whoever paid.
        error.retry_is_safe = false;
        report.next.clone_from(&error.next);
        report.error = Some(error);
    }
}

/// Refuses to put a clip before people that a strict caller would not: one that was never looked at is looked at now.
///
/// # Errors
/// [`Kind::CheckFailed`] with what is wrong. Nothing was posted.
pub(in crate::jobs) async fn vet(app: &App, end: &End, inspection: &Inspection) -> Result<()> {
    if !(inspection.strict || app.config().strict) {
        return Ok(());
    }
    let path = end.file.as_ref().map(|file| file.path.clone().into()).or_else(|| end.final_path.clone());
    let found = match (&end.seen, path) {
        (Some(seen), _) => seen.checks.clone(),
        (None, Some(path)) => {
            let wanted = wanted(inspection);
            // A file that cannot be examined is not examined, which is told below.
            let looked =
                aside(CancellationToken::new(), PATIENCE, move |limits| checks(&path, &wanted, limits));
            looked.await.unwrap_or_default()
        }
        (None, None) => Vec::new(),
    };
    let Some(what) = obstacle(&found) else { return Ok(()) };
    Err(Error::new(
        Kind::CheckFailed,
        format!("This clip does not pass its delivery check, so it is not posted: {what}."),
    )
    .next("Look at it. Make a better one; or, if it is good, publish its file without strict."))
}
