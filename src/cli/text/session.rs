//! Sessions and uploads in words.

use std::fmt::Write as _;

use super::{next_at, size};
use crate::model::report::{SessionReport, UploadReport};

/// A timeline.
pub(in crate::cli) fn session(report: &SessionReport) -> String {
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
    next_at(&report.service, &mut text, &report.next);
    text
}

/// What went up.
pub(in crate::cli) fn upload(report: &UploadReport) -> String {
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
    next_at(&report.service, &mut text, &report.next);
    text
}
