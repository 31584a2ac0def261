//! Waits for a job to come to rest, for as long as the caller can stand.

use std::time::Duration;

use tokio::time::Instant;

use crate::app::App;
use crate::error::Result;
use crate::jobs::money::hold;
use crate::jobs::{publish, report};
use crate::model::job::{EpochMs, Job, JobId, State};

/// Other processes change jobs too, and do not ring here; the ledger's revision tells that they did.
const LOOK_EVERY: Duration = Duration::from_millis(150);
/// The row is read again after this time, whatever the revision says.
const READ_EVERY: Duration = Duration::from_secs(5);
/// A client that hears nothing for longer may give up.
const TICK_EVERY: Duration = Duration::from_secs(5);
/// The skill's "Every 2 min", counted from the job's beginning: calls that wait take turns, the job goes on.
const NOTICE_EVERY_MS: EpochMs = 120_000;
/// A notice that fell due between two calls is made up for by a call that comes this soon.
const BETWEEN_CALLS_MS: EpochMs = 10_000;
/// The skill's words.
const NOTICE: &str = "⏳ Still working...";

/// In the note of a job that met a passing fault; a composite shows the notes of its parts.
pub(super) const TRYING_AGAIN: &str = "Trying again";

/// One look at a job that still runs. Comes at every change, and at least every 10 s.
#[derive(Clone, Debug)]
pub struct Tick {
    /// Since the waiting began.
    pub waited_ms: u64,
    /// 0 to 100 if the job knows.
    pub progress_pct: Option<f64>,
    /// Something does not answer or refuses for now, and is tried again.
    pub in_trouble: bool,
    /// What it is doing, for people; every two minutes "⏳ Still working...".
    pub message: String,
}

/// Waits at most `limit`; dropping the future stops the waiting and not the job. The job comes back as it is then.
pub async fn wait(app: &App, id: &JobId, limit: Duration, on_tick: impl FnMut(Tick) + Send) -> Result<Job> {
    until(app, id, limit, |job| job.state.is_at_rest(), on_tick).await
}

/// The same, but a job that waits for money in the wallet comes back at once: only a person can help it on.
pub async fn unless_short(
    app: &App,
    id: &JobId,
    limit: Duration,
    on_tick: impl FnMut(Tick) + Send,
) -> Result<Job> {
    until(app, id, limit, |job| job.state.is_at_rest() || hold::waits_for_money(job), on_tick).await
}

async fn until(
    app: &App,
    id: &JobId,
    limit: Duration,
    is_over: impl Fn(&Job) -> bool,
    mut on_tick: impl FnMut(Tick) + Send,
) -> Result<Job> {
    let begun = Instant::now();
    let mut told: Option<(Option<String>, Option<f64>)> = None;
    let mut next_tick = begun;
    let mut noticed_ms = app.now_ms() - BETWEEN_CALLS_MS;
    let ledger = app.ledger().await?;
    let mut revision = ledger.revision().await?;
    let mut job = report::find(app, id).await?;
    if !job.service.is_rehearsal() {
        app.ask_for_real();
    }
    let mut read = begun;
    loop {
        let rung = app.rung();
        let now = Instant::now();
        // Asked before the row is read, so that no change is missed.
        let newest = ledger.revision().await?;
        if newest != revision || now.duration_since(read) >= READ_EVERY {
            job = report::find(app, id).await?;
            (revision, read) = (newest, now);
        }
        let rests = is_over(&job) && !(job.state == State::Done && publish::is_under_way(app, id).await?);
        if rests || now.duration_since(begun) >= limit {
            return Ok(job);
        }
        let news = (job.note.clone(), job.progress_pct);
        if now >= next_tick || told.as_ref() != Some(&news) {
            let now_ms = app.now_ms();
            let notice = is_notice_due(job.created_at_ms, noticed_ms, now_ms);
            noticed_ms = now_ms;
            let note = job.note.as_deref().unwrap_or("Working…");
            on_tick(Tick {
                waited_ms: u64::try_from(now.duration_since(begun).as_millis()).unwrap_or(u64::MAX),
                progress_pct: job.progress_pct,
                in_trouble: note.contains(TRYING_AGAIN),
                message: if notice { format!("{NOTICE} {note}") } else { note.to_owned() },
            });
            told = Some(news);
            next_tick = now + TICK_EVERY;
        }
        let left = limit.saturating_sub(now.duration_since(begun));
        tokio::select! {
            () = rung => {}
            () = tokio::time::sleep(LOOK_EVERY.min(left)) => {}
        }
    }
}

/// Whether a whole number of two minutes of the job's life ended after `last_ms`, until `now_ms`.
fn is_notice_due(created_ms: EpochMs, last_ms: EpochMs, now_ms: EpochMs) -> bool {
    // A clock that was set back may show times before the job was there.
    let ended = |at_ms: EpochMs| at_ms.saturating_sub(created_ms).max(0) / NOTICE_EVERY_MS;
    ended(now_ms) > ended(last_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_two_minutes_of_the_job_are_told_once() {
        let born = 1_800_000_000_000;
        for (last_s, now_s, due) in [
            (-10, 0, false),
            (0, 119, false),
            (115, 120, true),
            (120, 125, false),
            (200, 239, false),
            // A call that began after the mark looks back over the pause before it.
            (235, 245, true),
            (235, 600, true),
            (-500, -400, false),
        ] {
            assert_eq!(
                is_notice_due(born, born + last_s * 1000, born + now_s * 1000),
                due,
                "{last_s} {now_s}"
            );
        }
    }
}
