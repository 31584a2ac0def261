//! Work on files that strangers made: on a thread of its own, few at a time, and each only for so long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::media::Limits;

/// Decoding fills one core or two, and some fifty megabytes each.
static ROOM: Semaphore = Semaphore::const_new(2);

/// Does something within limits that end when `stop` is cancelled, or `patience` after it was begun. An error says why it
/// could not.
pub(in crate::jobs) async fn aside<T: Send + 'static>(
    stop: CancellationToken,
    patience: Duration,
    work: impl FnOnce(&Limits) -> T + Send + 'static,
) -> Result<T, String> {
    let _room = ROOM.acquire().await.map_err(|error| error.to_string())?;
    let worked = tokio::task::spawn_blocking(move || {
        let end = Instant::now() + patience;
        let over = move || stop.is_cancelled() || Instant::now() >= end;
        work(&Limits { stop: Some(Arc::new(over)), ..Limits::default() })
    });
    worked.await.map_err(|error| format!("looking at the file ended early ({error})"))
}
