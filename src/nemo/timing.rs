//! Timing: how patient the client is, and where it gets the time and its luck from.

use std::time::Duration;

use jiff::Timestamp;

use crate::net::backoff::Backoff;

/// How often a call is repeated to a service that cannot be reached at all.
pub(super) const UNREACHABLE_REPEATS: u32 = 2;

/// Limits and pauses. The defaults follow the NemoVideo skill; tests shorten them.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Making a connection.
    pub connect: Duration,
    /// Waiting for an ordinary answer.
    pub answer: Duration,
    /// A stream or body without a single byte: five minutes without a sign of life.
    pub idle: Duration,
    /// A stream with nothing but heartbeats.
    pub heartbeats_only: Duration,
    /// A whole turn: at most 15 minutes.
    pub turn: Duration,
    /// Between the repeats of reads.
    pub backoff: Backoff,
    /// The clock.
    pub now: fn() -> Timestamp,
    /// A number in 0..1, to spread pauses.
    pub random: fn() -> f64,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            answer: Duration::from_secs(60),
            idle: Duration::from_secs(5 * 60),
            heartbeats_only: Duration::from_secs(10 * 60),
            turn: Duration::from_secs(15 * 60),
            backoff: Backoff::READS,
            now: Timestamp::now,
            // Eight random bits of a UUID are luck enough for a pause.
            random: || f64::from(uuid::Uuid::new_v4().into_bytes()[0]) / 255.0,
        }
    }
}
