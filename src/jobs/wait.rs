//! Waits for a job to come to rest, for as long as the caller can stand.

use std::time::Duration;

use crate::app::App;
use crate::error::{Error, Result};
use crate::model::job::{Job, JobId};

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
pub async fn wait(app: &App, id: &JobId, limit: Duration, on_tick: impl FnMut(Tick) + Send) -> Result<Job> {
    let _ = (app, id, limit, on_tick);
    Err(Error::internal("stub"))
}
