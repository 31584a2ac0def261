//! The one drawing table of a sandbox: both services render here, one video at a time, so that they leave the machine
//! to others.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// The table; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Studio(Arc<Semaphore>);

impl Default for Studio {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Studio {
    /// Waits for the table, then does the work where blocking is allowed.
    pub(super) async fn draw<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let place = Arc::clone(&self.0).acquire_owned().await;
        let drawn = tokio::task::spawn_blocking(move || {
            // Kept until the work is over, also when nobody waits for it any more.
            let _place = place;
            work()
        });
        drawn.await.unwrap_or_else(|_| Err("sandbox: the renderer panicked".to_owned()))
    }
}
