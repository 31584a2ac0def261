//! Becoming the dispatcher of an office: at once when the one before has ended, after a while when it only shows no life.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::error::Result;
use crate::ledger::{Dispatcher, Ledger, Office, Pulse};

/// How often a process that is not the dispatcher looks whether it may be.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A dispatcher with work beats this often.
pub(super) const BEAT_EVERY: Duration = Duration::from_secs(3);
/// One that lets this pass while a job waits is stopped or stuck. Being wrong is harmless: leases and fences hold.
const SILENCE: Duration = Duration::from_secs(15);

/// Waits to be elected to an office, as `owner` of leases; none when it is time to end.
pub(super) async fn win(
    app: &App,
    ledger: &Ledger,
    office: Office,
    owner: &str,
    stop: &CancellationToken,
) -> Result<Option<Dispatcher>> {
    let mut watch = Watch::default();
    while !stop.is_cancelled() {
        if let Some(elected) = Dispatcher::try_elect(ledger, office, owner, app.now_ms()).await? {
            return Ok(Some(elected));
        }
        let pulse = ledger.pulse(office, app.now_ms()).await?;
        if watch.is_silent(pulse, Instant::now()) && ledger.depose(office, pulse).await? {
            tracing::warn!(
                "the process that moved the jobs has shown no sign of life for {} s; taking over",
                SILENCE.as_secs()
            );
            continue;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    Ok(None)
}

/// How long a dispatcher has been silent under our eyes. The steady clock counts, and only while we look: one that
/// woke up together with us from the machine's sleep is not late.
#[derive(Debug, Default)]
struct Watch {
    since: Option<(Pulse, Instant)>,
}

impl Watch {
    fn is_silent(&mut self, pulse: Pulse, now: Instant) -> bool {
        match self.since {
            // Without work it need not beat.
            _ if !pulse.overdue => self.since = None,
            Some((seen, since)) if seen == pulse => return now.duration_since(since) >= SILENCE,
            _ => self.since = Some((pulse, now)),
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_counts_only_while_a_job_waits_and_nothing_beats() {
        let begun = Instant::now();
        let mut watch = Watch::default();
        // Seconds, term, beat, whether a job waits; whether that is silence.
        for (at_s, term, beat, overdue, silent) in [
            (0, 1, 5, false, false),
            (60, 1, 5, false, false),
            (61, 1, 5, true, false),
            (75, 1, 5, true, false),
            (76, 1, 5, true, true),
            (77, 1, 6, true, false),
            (91, 1, 6, true, false),
            (92, 1, 6, false, false),
            (93, 1, 6, true, false),
            (107, 1, 6, true, false),
            (108, 2, 6, true, false),
            (122, 2, 6, true, false),
            (123, 2, 6, true, true),
        ] {
            let now = begun + Duration::from_secs(at_s);
            assert_eq!(watch.is_silent(Pulse { term, beat, overdue }, now), silent, "{at_s} s");
        }
    }
}
