//! Waiting for what happens by itself: as long as it needs, and never for ever.

use std::time::Duration;

/// Far above what anything here takes, so that what never comes fails the test instead of hanging it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(150);

/// Between two looks at something that is about to happen.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Looks until something is so.
pub(crate) async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let look = async {
        while !so().await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, look).await.is_ok(), "never happened: {what}");
}
