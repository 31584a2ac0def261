//! Timing: how patient the client is, and where it gets the time and its luck from.

use std::time::Duration;

use jiff::Timestamp;

use crate::net::backoff::Backoff;

/// Limits and pauses. Tests shorten them.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Making a connection.
    pub connect: Duration,
    /// An ordinary question, from its first byte to the last of its answer.
    pub answer: Duration,
    /// A submission, from its first byte to the last of its answer; large pictures get more.
    pub submit: Duration,
    /// A call that is answered only when its work is done (SkillBoss wholesale API page: at least 300 s).
    pub sync: Duration,
    /// The slowest line on which pictures must get through, in bytes per second.
    pub slowest_line: u64,
    /// The longest pause that a service may ask of us inside one call; a longer one is told to the caller.
    pub longest_pause: Duration,
    /// Between the repeats of reads.
    pub backoff: Backoff,
    /// The clock.
    pub now: fn() -> Timestamp,
    /// A number in 0..1, to spread pauses.
    pub random: fn() -> f64,
}

impl Timing {
    /// The total time of a submission with so many bytes of pictures, which grow by a third on their way.
    pub(super) fn submit_limit(&self, picture_bytes: usize) -> Duration {
        let seconds = picture_bytes as u64 / 3 * 4 / self.slowest_line.max(1);
        self.submit.saturating_add(Duration::from_secs(seconds))
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(15),
            submit: Duration::from_secs(60),
            sync: Duration::from_secs(330),
            slowest_line: 64 * 1024,
            longest_pause: Duration::from_secs(20),
            backoff: Backoff::READS,
            now: Timestamp::now,
            // Eight random bits of a UUID are luck enough for a pause.
            random: || f64::from(uuid::Uuid::new_v4().into_bytes()[0]) / 255.0,
        }
    }
}
