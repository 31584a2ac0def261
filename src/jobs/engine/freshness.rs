//! The guard of a paid request against a process that was frozen between its commit and its sending.
//!
//! Somebody else may own the job by then, may have looked whether the request arrived, and may have sent it. Take a
//! [`Moment`] before the attempt is written down, and ask it just before the request leaves: when it has gone stale,
//! do not send, end the attempt as `NotSent`, and put the job back into the queue.

use std::time::Duration;

use tokio::time::Instant;

use crate::app::App;
use crate::jobs::engine::step::millis;
use crate::model::job::EpochMs;

/// Far less than a lease, and more than a commit takes on a slow disk.
const LONGEST: Duration = Duration::from_secs(5);

/// A reading of both clocks: the steady one does not count while the machine sleeps, the wall clock may be set.
#[derive(Clone, Copy, Debug)]
pub(in crate::jobs) struct Moment {
    wall_ms: EpochMs,
    steady: Instant,
}

impl Moment {
    /// Now.
    pub(in crate::jobs) fn now(app: &App) -> Self {
        Self { wall_ms: app.now_ms(), steady: Instant::now() }
    }

    /// The wall clock's reading, for the rows that are written at this moment.
    pub(in crate::jobs) fn wall_ms(self) -> EpochMs {
        self.wall_ms
    }

    /// Whether so little has passed since that nobody else can have taken over.
    pub(in crate::jobs) fn is_fresh(self, app: &App) -> bool {
        self.is_fresh_at(Self::now(app))
    }

    /// By either clock. One that was set back meanwhile tells nothing, which is no proof of freshness.
    fn is_fresh_at(self, later: Self) -> bool {
        later.wall_ms.abs_diff(self.wall_ms) <= millis(LONGEST).unsigned_abs()
            && later.steady.duration_since(self.steady) <= LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_clock_can_tell_that_too_much_time_has_passed() {
        let steady = Instant::now();
        let before = Moment { wall_ms: 1_800_000_000_000, steady };
        for (wall_ms, steady_ms, fresh, why) in [
            (0, 0, true, "at once"),
            (5_000, 5_000, true, "a slow disk"),
            (5_001, 0, false, "the machine slept"),
            (3_600_000, 3, false, "the lid was closed for an hour"),
            (0, 5_001, false, "the process was stopped while the clock was set back"),
            (7_000, 7_000, false, "the process was stopped"),
            (-2, 3, true, "the clock was corrected a little"),
            (-60_000, 3, false, "the clock was set back"),
        ] {
            let after = Moment {
                wall_ms: before.wall_ms + wall_ms,
                steady: steady + Duration::from_millis(steady_ms),
            };
            assert_eq!(before.is_fresh_at(after), fresh, "{why}");
        }
    }
}
