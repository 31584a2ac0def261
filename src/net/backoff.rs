//! Back-off: how long to wait before a request that may be repeated is repeated.

use std::time::Duration;

/// Doubling pauses with a cap and a limited number of attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest possible first pause.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
    /// How many repetitions there may be.
    pub repeats: u32,
}

impl Backoff {
    /// For reads: four repeats within about eight seconds.
    pub const READS: Self =
        Self { first: Duration::from_millis(500), longest: Duration::from_secs(8), repeats: 4 };

    /// The pause before repetition number `done + 1`, or nothing when it is time to give up.
    ///
    /// `random` lies in 0..1 and spreads the pause over the upper half of its range, so that many clients which
    /// were cut off together do not come back together.
    #[must_use]
    pub fn pause(&self, done: u32, random: f64) -> Option<Duration> {
        if done >= self.repeats {
            return None;
        }
        let whole = self.first.saturating_mul(2_u32.saturating_pow(done)).min(self.longest);
        let share = if random.is_finite() { random.clamp(0.0, 1.0) } else { 1.0 };
        Some(whole.mul_f64(0.5 + share / 2.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_cap_and_end() {
        let backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(5), repeats: 5 };
        for (done, random, expected) in [
            (0, 1.0, Some(1000)),
            (0, 0.0, Some(500)),
            (1, 1.0, Some(2000)),
            (2, 0.5, Some(3000)),
            (3, 1.0, Some(5000)),
            (4, 0.0, Some(2500)),
            (4, f64::NAN, Some(5000)),
            (4, -3.0, Some(2500)),
            (5, 0.5, None),
            (u32::MAX, 0.5, None),
        ] {
            assert_eq!(backoff.pause(done, random), expected.map(Duration::from_millis), "{done} {random}");
        }
    }
}
