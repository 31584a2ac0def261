//! An empty wallet: nothing more is sent with it but one probe at a time, and what waits goes on when there is money.
//!
//! What was refused for want of money was not charged, so it goes back to the queue. The balance is asked for first,
//! which is free; only when it suffices, or is not told, the one job whose turn it is tries again.

use std::time::Duration;

use crate::app::App;
use crate::error::{Error, Kind, Money, Result};
use crate::jobs::engine::step::{Halt, Step, millis, notes};
use crate::jobs::money::readings;
use crate::jobs::run::{RunWork, assumed};
use crate::ledger::{Change, Charge};
use crate::model::job::{EpochMs, Failure, Job, Service, State};
use crate::model::request::Run;

/// The first probe comes after so many pauses between two status questions: half a minute at SkillBoss.
const FIRST_POLLS: u32 = 4;
/// The pause doubles up to so many: five minutes.
const MOST_POLLS: u32 = 40;
/// Whoever asked for a clip a day ago may not want to pay for it any more.
const LONGEST_MS: EpochMs = 24 * 3600 * 1000;

/// Whether a run may be sent.
pub(in crate::jobs) enum Turn {
    /// Nothing holds it.
    Free,
    /// It is the probe. True: the balance was seen to suffice.
    Probe(bool),
    /// It waits; that is written down.
    Waits,
}

/// Whether a job waits for money.
pub(in crate::jobs) fn waits_for_money(job: &Job) -> bool {
    !job.state.is_at_rest()
        && !job.cancel_requested
        && job.failure.as_ref().is_some_and(|failure| failure.code == Kind::OutOfCredits.code())
}

/// Asks for the right to send.
pub(in crate::jobs) async fn turn(step: &mut Step, run: &Run, work: &RunWork) -> Result<Turn, Halt> {
    let (service, wallet) = (step.job.service, step.skillboss().await?.wallet()?);
    let Some(hold) = step.ledger.hold(service, &wallet).await? else { return Ok(Turn::Free) };
    let (now_ms, next) = (step.now_ms(), pause(&step.app, service, hold.probes));
    if now_ms < hold.probe_at_ms {
        wait(step, work.clone(), hold.probe_at_ms).await?;
        return Ok(Turn::Waits);
    }
    let next_ms = now_ms + millis(next);
    if !step.ledger.take_probe(service, &wallet, &hold, next_ms).await? {
        wait(step, work.clone(), next_ms).await?;
        return Ok(Turn::Waits);
    }
    match readings::read(&step.app, service).await {
        Ok(balance) if balance.available < assumed(run, work) => {
            wait(step, work.clone(), next_ms).await?;
            Ok(Turn::Waits)
        }
        Ok(_) => Ok(Turn::Probe(true)),
        Err(error) => {
            tracing::info!(%error, "the balance is not told; one request is tried");
            Ok(Turn::Probe(false))
        }
    }
}

/// A run was refused, or failed without a charge, for want of money: it goes back to the queue, and the others wait.
pub(in crate::jobs) async fn begin(step: &mut Step, work: RunWork) -> Result<(), Halt> {
    let probe_at_ms = hold(step).await?;
    wait(step, work, probe_at_ms).await
}

/// The same for a run that ends with it, because nobody says whether it was charged.
pub(in crate::jobs) async fn others(step: &Step) -> Result<(), Halt> {
    hold(step).await.map(|_| ())
}

/// The service has shown that there is money: everything goes on.
pub(in crate::jobs) async fn lift(step: &Step) -> Result<(), Halt> {
    let (service, wallet) = (step.job.service, step.skillboss().await?.wallet()?);
    if step.ledger.hold(service, &wallet).await?.is_some()
        && step.ledger.lift_hold(service, &wallet, step.now_ms()).await?
    {
        step.app.ring();
    }
    Ok(())
}

/// There is more in the wallet than before: the next probe is due now.
pub(in crate::jobs) async fn hurry(app: &App, service: Service, wallet: &str) -> Result<()> {
    if app.ledger().await?.hurry_hold(service, wallet, app.now_ms()).await? {
        app.ring();
    }
    Ok(())
}

async fn hold(step: &Step) -> Result<EpochMs, Halt> {
    let (service, wallet) = (step.job.service, step.skillboss().await?.wallet()?);
    let probe_at_ms = step.now_ms() + millis(pause(&step.app, service, 0));
    let hold = step.ledger.begin_hold(service, &wallet, step.now_ms(), probe_at_ms).await?;
    Ok(hold.probe_at_ms)
}

fn pause(app: &App, service: Service, probes: u32) -> Duration {
    let polls = FIRST_POLLS.saturating_mul(1 << probes.min(10)).min(MOST_POLLS);
    app.jitter(app.poll(service) * polls)
}

/// Waits in the queue, and says for what.
async fn wait(step: &mut Step, mut work: RunWork, until_ms: EpochMs) -> Result<(), Halt> {
    let now_ms = step.now_ms();
    let since_ms = *work.short_since_ms.get_or_insert(now_ms);
    if now_ms - since_ms > LONGEST_MS {
        let error =
            Error::new(Kind::OutOfCredits, "The SkillBoss wallet had too little in it for a whole day.")
                .money(Money::NotSpent)
                .next("Top up the wallet at SkillBoss, then ask for the same again.");
        return step.fail_with(notes(&work)?, Failure::from(&error), Some(Charge::Freed)).await;
    }
    // Not all at the same moment: the first one to come has the probe.
    let until_ms = until_ms.max(now_ms + 50);
    if step.job.state == State::Queued && waits_for_money(&step.job) {
        step.ledger.release(&step.job, until_ms).await?;
        return Ok(());
    }
    let error = Error::new(Kind::OutOfCredits, "There is too little in the SkillBoss wallet for this.")
        .money(Money::NotSpent)
        .next("Top up the wallet at SkillBoss; then this goes on by itself within minutes, and at once after check_credits. It waits for a day; cancel_job gives it up.");
    step.record(Change {
        state: Some(State::Queued),
        work: notes(&work)?,
        failure: Some(Some(Failure::from(&error))),
        note: Some("Waiting for money in the SkillBoss wallet; nothing was charged.".to_owned()),
        due_at_ms: Some(Some(until_ms)),
        ..Change::default()
    })
    .await
}
