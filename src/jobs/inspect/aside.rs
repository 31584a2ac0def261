//! Work on files that strangers made: on a thread of its own, few at a time, and each only for so long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::media::Limits;

/// Decoding fills one core or two, and some fifty megabytes each.
static LOOKS: Semaphore = Semaphore::const_new(2);
/// Joining may encode for many minutes: it has room of its own, so that no look waits for it.
static JOINS: Semaphore = Semaphore::const_new(2);

/// Does something within limits that end when `stop` is cancelled, or `patience` after it was begun. An error says why it
/// could not.
pub(in crate::jobs) async fn aside<T: Send + 'static>(
    stop: CancellationToken,
    patience: Duration,
    work: impl FnOnce(&Limits) -> T + Send + 'static,
) -> Result<T, String> {
    within(&LOOKS, stop, patience, work).await
}

/// The same for the making of a film: joining its parts, and saving the last frame of one for the next.
pub(in crate::jobs) async fn joining<T: Send + 'static>(
    stop: CancellationToken,
    patience: Duration,
    work: impl FnOnce(&Limits) -> T + Send + 'static,
) -> Result<T, String> {
    within(&JOINS, stop, patience, work).await
}

async fn within<T: Send + 'static>(
    room: &Semaphore,
    stop: CancellationToken,
    patience: Duration,
    work: impl FnOnce(&Limits) -> T + Send + 'static,
) -> Result<T, String> {
    let _room = room.acquire().await.map_err(|error| error.to_string())?;
    let worked = tokio::task::spawn_blocking(move || {
        let end = Instant::now() + patience;
        let over = move || stop.is_cancelled() || Instant::now() >= end;
        work(&Limits { stop: Some(Arc::new(over)), ..Limits::default() })
    });
    worked.await.map_err(|error| format!("looking at the file ended early ({error})"))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn films_that_are_joined_hold_up_no_look() {
        let minute = Duration::from_secs(60);
        let (begun, begins) = mpsc::channel();
        let mut ends = Vec::new();
        let mut joined = Vec::new();
        for _ in 0..2 {
            let (end, ended) = mpsc::channel::<()>();
            let begun = begun.clone();
            ends.push(end);
            joined.push(tokio::spawn(joining(CancellationToken::new(), minute, move |_| {
                begun.send(()).unwrap();
                // Until the test lets go of the other end.
                ended.recv().is_err()
            })));
        }
        let both = tokio::task::spawn_blocking(move || (begins.recv(), begins.recv()));
        assert_eq!(both.await.unwrap(), (Ok(()), Ok(())));
        let look = aside(CancellationToken::new(), minute, |_| 7);
        assert_eq!(tokio::time::timeout(minute, look).await, Ok(Ok(7)));
        drop(ends);
        for film in joined {
            assert_eq!(film.await.unwrap(), Ok(true));
        }
    }
}
