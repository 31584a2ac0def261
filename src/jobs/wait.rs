//! Waits for a job to come to rest, for as long as the caller can stand.

use std::time::Duration;

use tokio::time::Instant;

use crate::app::App;
use crate::error::Result;
use crate::jobs::report;
use crate::model::job::{Job, JobId};

/// Other processes change jobs too, and do not ring here.
const LOOK_EVERY: Duration = Duration::from_millis(150);
/// A client that hears nothing for longer may give up.
const TICK_EVERY: Duration = Duration::from_secs(5);
/// The skill's "Every 2 min".
const NOTICE_EVERY: Duration = Duration::from_secs(120);
/// The skill's words.
const NOTICE: &str = "⏳ Still working...";

/// One look at a job that still runs. Comes at every change, and at least every 10 s.
#[derive(Clone, Debug)]
pub struct Tick {
    /// Since the waiting began.
    pub waited_ms: u64,
    /// 0 to 100 if the job knows.
    pub progress_pct: Option<f64>,
    /// What it is doing, for people; every two minutes "⏳ Still working...".
    pub message: String,
}

/// Waits at most `limit`; dropping the future stops the waiting and not the job. The job comes back as it is then.
pub async fn wait(
    app: &App,
    id: &JobId,
    limit: Duration,
    mut on_tick: impl FnMut(Tick) + Send,
) -> Result<Job> {
    let begun = Instant::now();
    let mut told: Option<(Option<String>, Option<f64>)> = None;
    let mut next_tick = begun;
    let mut next_notice = begun + NOTICE_EVERY;
    loop {
        let rung = app.rung();
        let job = report::find(app, id).await?;
        let now = Instant::now();
        if job.state.is_at_rest() || now.duration_since(begun) >= limit {
            return Ok(job);
        }
        let news = (job.note.clone(), job.progress_pct);
        if now >= next_tick || told.as_ref() != Some(&news) {
            let notice = now >= next_notice;
            if notice {
                next_notice = now + NOTICE_EVERY;
            }
            let note = job.note.as_deref().unwrap_or("Working…");
            on_tick(Tick {
                waited_ms: u64::try_from(now.duration_since(begun).as_millis()).unwrap_or(u64::MAX),
                progress_pct: job.progress_pct,
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
