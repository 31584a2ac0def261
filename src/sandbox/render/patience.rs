//! How long a file of the user's may keep a drawing waiting: from one picture or packet to the next, and no longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::media::Limits;

/// Far more than the dearest picture takes on a slow machine.
const LONGEST: Duration = Duration::from_secs(60);

/// Begins anew with every picture.
pub(super) struct Patience {
    begun: Instant,
    /// In milliseconds after `begun`.
    ends_ms: Arc<AtomicU64>,
}

impl Patience {
    pub(super) fn new() -> Self {
        let patience = Self { begun: Instant::now(), ends_ms: Arc::default() };
        patience.renew();
        patience
    }

    /// The same time again.
    pub(super) fn renew(&self) {
        let ends = self.begun.elapsed().saturating_add(LONGEST);
        self.ends_ms.store(u64::try_from(ends.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The limits of media, with this one of time.
    pub(super) fn limits(&self) -> Limits {
        let (begun, ends_ms) = (self.begun, Arc::clone(&self.ends_ms));
        let over = move || begun.elapsed().as_millis() > u128::from(ends_ms.load(Ordering::Relaxed));
        Limits { stop: Some(Arc::new(over)), ..Limits::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_and_begins_anew() {
        let patience = Patience::new();
        let limits = patience.limits();
        assert!(limits.go_on().is_ok());
        patience.ends_ms.store(0, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(2));
        assert!(limits.go_on().is_err());
        patience.renew();
        assert!(limits.go_on().is_ok());
    }
}
