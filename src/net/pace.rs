//! Pace: how many requests a second a service is asked with one key, found out by asking.
//!
//! Nobody publishes the limit. So the pace grows slowly while nobody complains, and halves when the service says
//! that it is too much (429), as TCP does it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Where it begins, and never less than [`SLOWEST`], never more than [`FASTEST`].
const FIRST: f64 = 50.0;
const SLOWEST: f64 = 0.5;
const FASTEST: f64 = 200.0;
/// Requests a second by which the pace grows, each second in which it is used up.
const GROWTH: f64 = 5.0;
/// Complaints that come together are one.
const DEAF: Duration = Duration::from_secs(1);

/// A token bucket with a pace that adapts; one for each key.
#[derive(Debug)]
pub struct Pace(Mutex<Bucket>);

#[derive(Debug)]
struct Bucket {
    per_second: f64,
    tokens: f64,
    filled: Instant,
    slowed: Option<Instant>,
}

impl Default for Pace {
    fn default() -> Self {
        Self(Mutex::new(Bucket { per_second: FIRST, tokens: FIRST, filled: Instant::now(), slowed: None }))
    }
}

impl Pace {
    /// Waits for the next request's turn.
    pub async fn turn(&self) {
        let wait = self.0.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now());
        if wait > Duration::ZERO {
            tokio::time::sleep(wait).await;
        }
    }

    /// The service said that it was too much.
    pub fn too_fast(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).slow_down(Instant::now());
    }
}

impl Bucket {
    /// Takes a token, perhaps one of the future, and says how long to wait for it.
    fn take(&mut self, now: Instant) -> Duration {
        let passed = now.duration_since(self.filled).as_secs_f64();
        self.filled = now;
        self.tokens = passed.mul_add(self.per_second, self.tokens).min(self.per_second.max(1.0));
        self.tokens -= 1.0;
        if self.tokens >= 0.0 {
            return Duration::ZERO;
        }
        // It is used up: the limit may be higher than believed.
        self.per_second = (self.per_second + GROWTH * passed.min(1.0)).min(FASTEST);
        Duration::from_secs_f64(-self.tokens / self.per_second)
    }

    fn slow_down(&mut self, now: Instant) {
        if self.slowed.is_some_and(|at| now.duration_since(at) < DEAF) {
            return;
        }
        self.slowed = Some(now);
        self.per_second = (self.per_second / 2.0).max(SLOWEST);
        self.tokens = self.tokens.min(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_halves_once_for_one_complaint_and_grows_only_in_use() {
        let start = Instant::now();
        let mut bucket = Bucket { per_second: 10.0, tokens: 10.0, filled: start, slowed: None };
        assert!((0..10).all(|_| bucket.take(start).is_zero()), "a burst of a second's worth");
        assert_eq!(bucket.take(start), Duration::from_millis(100));
        bucket.slow_down(start);
        bucket.slow_down(start + Duration::from_millis(5));
        assert!((bucket.per_second - 5.0).abs() < 1e-9);
        let later = start + Duration::from_secs(60);
        assert!(bucket.take(later).is_zero() && (bucket.per_second - 5.0).abs() < 1e-9, "idle: no growth");
        while bucket.take(later).is_zero() {}
        bucket.take(later + Duration::from_secs(1));
        for _ in 0..20 {
            bucket.slow_down(bucket.filled + Duration::from_secs(100));
            bucket.slowed = None;
        }
        assert!(bucket.per_second >= SLOWEST);
    }
}
