//! The seven days: a finished clip is kept by the service for so long. What comes close to the end is fetched first, and
//! said loudly.

use jiff::Timestamp;

use super::{RETENTION_MS, RunWork};
use crate::app::App;
use crate::error::Result;
use crate::ledger::{Filter, Ledger, Office};
use crate::model::job::{EpochMs, Job, JobKind, State};

/// From here on it is said.
const SOON_MS: EpochMs = 48 * 3600 * 1000;
/// More clips than this are not under way at once.
const MOST: u32 = 10_000;

/// What is known of a clip that is not here yet.
fn under_way(job: &Job) -> Option<RunWork> {
    if job.kind != JobKind::Run || !matches!(job.state, State::Running | State::Ready | State::Delivering) {
        return None;
    }
    serde_json::from_value(job.work.clone()).ok()
}

/// Whether what began then is over soon.
fn is_soon(since_ms: EpochMs, now_ms: EpochMs) -> bool {
    since_ms + RETENTION_MS - now_ms < SOON_MS
}

/// Of a finished clip that is not here yet: until when the service keeps it, if that is soon. Of one that is not finished
/// nobody can say that.
pub(in crate::jobs) fn warning(job: &Job, now_ms: EpochMs) -> Option<String> {
    let completed_at_ms = under_way(job)?.completed_at_ms.filter(|since_ms| is_soon(*since_ms, now_ms))?;
    let end = Timestamp::from_millisecond(completed_at_ms + RETENTION_MS).ok()?;
    let end = end.to_string();
    let end = end.split('.').next().unwrap_or(&end).trim_end_matches('Z');
    Some(format!("⚠️ The service keeps this clip until {end} UTC only, and it is not here yet."))
}

/// Has every clip of an office that may be close to its end looked at now, ahead of all others: also one that may have
/// been finished while nobody asked. Gives how many there are.
pub(in crate::jobs) async fn sweep(app: &App, ledger: &Ledger, office: Office) -> Result<usize> {
    let now_ms = app.now_ms();
    let filter =
        Filter { active_only: true, kind: Some(JobKind::Run), office: Some(office), ..Filter::default() };
    let mut found = 0;
    for job in ledger.list(&filter, MOST).await? {
        let since_ms = under_way(&job).and_then(|work| work.completed_at_ms.or(work.sent_at_ms));
        if !since_ms.is_some_and(|since_ms| is_soon(since_ms, now_ms)) {
            continue;
        }
        if let Some(words) = warning(&job, now_ms) {
            tracing::warn!(job.id = %job.id, "{words}");
        }
        ledger.wake(&job.id, now_ms).await?;
        found += 1;
    }
    Ok(found)
}
