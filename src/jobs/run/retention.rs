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

/// When the service will have forgotten a clip that is not here yet, if that is soon; the earliest that it can be.
pub(in crate::jobs) fn ends_soon(job: &Job, now_ms: EpochMs) -> Option<EpochMs> {
    if job.kind != JobKind::Run || !matches!(job.state, State::Running | State::Ready | State::Delivering) {
        return None;
    }
    let work: RunWork = serde_json::from_value(job.work.clone()).ok()?;
    let since_ms = work.completed_at_ms.or(work.sent_at_ms)?;
    let end_ms = since_ms + RETENTION_MS;
    (end_ms - now_ms < SOON_MS).then_some(end_ms)
}

/// The same in words.
pub(in crate::jobs) fn warning(job: &Job, now_ms: EpochMs) -> Option<String> {
    let end = Timestamp::from_millisecond(ends_soon(job, now_ms)?).ok()?;
    let end = end.to_string();
    let end = end.split('.').next().unwrap_or(&end).trim_end_matches('Z');
    Some(format!("⚠️ The service keeps this clip until {end} UTC only, and it is not here yet."))
}

/// Has every clip of an office that is close to its end looked at now, ahead of all others. Gives how many there are.
pub(in crate::jobs) async fn sweep(app: &App, ledger: &Ledger, office: Office) -> Result<usize> {
    let now_ms = app.now_ms();
    let filter =
        Filter { active_only: true, kind: Some(JobKind::Run), office: Some(office), ..Filter::default() };
    let mut found = 0;
    for job in ledger.list(&filter, MOST).await? {
        let Some(words) = warning(&job, now_ms) else { continue };
        tracing::warn!(job.id = %job.id, "{words}");
        ledger.wake(&job.id, now_ms).await?;
        found += 1;
    }
    Ok(found)
}
