//! The loop that moves jobs: one process of those that share a ledger is the dispatcher, for rehearsed jobs and for real
//! ones each.

mod advance;
mod election;
pub(super) mod freshness;
pub(super) mod keys;
pub(super) mod step;
mod stop;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::config::ServiceChoice;
use crate::error::{Error, Money, Result};
use crate::jobs::{batch, publish, run};
use crate::ledger::{AttemptState, Change, Dispatcher, Ledger, Office};
use crate::model::job::{Failure, Job, Service, State};
use crate::model::request::Request;

use advance::LEASE;
use election::BEAT_EVERY;
use step::millis;

pub use stop::Stop;

/// Steps under way at once. Most of them wait for a service.
const MAX_STEPS: usize = 32;
/// The longest that the loop sleeps: jobs that other processes write down are found this soon.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How often paid clips are looked for that the service will soon forget.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);
/// A service may ask for a longer pause; then it is asked again too early, which is harmless.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Which jobs a process moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It was started for a rehearsal: only those of the sandbox, until something real is asked for through it
    /// ([`App::ask_for_real`]). What somebody stopped stays stopped.
    Rehearsals,
    /// All of them.
    Everything,
}

impl Reach {
    /// Of a process that was started for a job of this service.
    #[must_use]
    pub const fn of(service: Service) -> Self {
        if service.is_rehearsal() { Self::Rehearsals } else { Self::Everything }
    }

    /// Of a process that was started for nothing but what its settings say.
    #[must_use]
    pub fn of_settings(app: &App) -> Self {
        match app.config().service {
            ServiceChoice::Sandbox => Self::Rehearsals,
            ServiceChoice::Auto | ServiceChoice::Nemo | ServiceChoice::SkillBoss => Self::Everything,
        }
    }

    /// Whose jobs it moves from the beginning.
    #[must_use]
    pub const fn offices(self) -> &'static [Office] {
        match self {
            Self::Rehearsals => &[Office::Rehearsal],
            Self::Everything => &[Office::Rehearsal, Office::Real],
        }
    }
}

/// Runs until `stop`: waits to be elected, then steps whatever is due. Returns after the steps in hand have come to
/// their end, or have let go of their leases.
///
/// # Errors
/// When the ledger cannot be opened at all.
pub async fn run(app: App, reach: Reach, stop: impl Into<Stop>) -> Result<()> {
    // One office does not outlive the other.
    let stop = stop.into().child();
    if !first_job(&app, stop.no_more()).await {
        return Ok(());
    }
    let ledger = app.ledger().await?.clone();
    let real = async {
        if reach == Reach::Rehearsals {
            tokio::select! {
                () = stop.no_more().cancelled() => return Ok(()),
                () = app.real_is_asked_for() => {}
            }
        }
        stand_for(&app, &ledger, Office::Real, &stop).await
    };
    let (rehearsed, real) = tokio::join!(stand_for(&app, &ledger, Office::Rehearsal, &stop), real);
    rehearsed.and(real)
}

/// Waits to be elected to an office and holds it, until `stop`.
async fn stand_for(app: &App, ledger: &Ledger, office: Office, stop: &Stop) -> Result<()> {
    let owner = format!("{}-{}", std::process::id(), uuid::Uuid::new_v4().simple());
    let held = async {
        while let Some(elected) = election::win(app, ledger, office, &owner, stop.no_more()).await? {
            hold(app, ledger, &owner, &elected, stop).await?;
        }
        Ok(())
    };
    let ended = held.await;
    match ended {
        Ok(()) => stop.gently(),
        // The caller may begin anew, and does not wait for what may take minutes.
        Err(_) => stop.at_once(),
    }
    ended
}

/// Steps whatever is due, until `stop` or until another process has taken over.
async fn hold(app: &App, ledger: &Ledger, owner: &str, elected: &Dispatcher, stop: &Stop) -> Result<()> {
    let office = elected.office();
    mend_times(app, ledger, office).await?;
    run::retention::sweep(app, ledger, office).await?;
    let mut swept = Instant::now();
    let mut latest_ms = app.now_ms();
    let mut beaten = Instant::now();
    let steps = TaskTracker::new();
    let running = Arc::new(AtomicUsize::new(0));
    // Ends with this office: who moves the jobs also begins the lines of batches.
    let feeding = stop.no_more().child_token();
    let _over = feeding.clone().drop_guard();
    let feeder = tokio::spawn(batch::feed(app.clone(), ledger.clone(), office, feeding.clone()));
    while !stop.no_more().is_cancelled() {
        let rung = app.rung();
        let now_ms = app.now_ms();
        if now_ms < latest_ms - millis(LEASE) {
            tracing::warn!("the clock was set back");
            mend_times(app, ledger, office).await?;
        }
        latest_ms = now_ms;
        // Before anything is claimed: this process may have been stopped since the last time.
        if beaten.elapsed() >= BEAT_EVERY && has_work(app, ledger, office, &running).await {
            match elected.beat().await {
                Ok(true) => beaten = Instant::now(),
                Ok(false) => {
                    tracing::warn!("another process moves the jobs by now");
                    break;
                }
                Err(error) => tracing::error!(%error, "the dispatcher's beat could not be written"),
            }
        }
        if swept.elapsed() >= SWEEP_EVERY {
            swept = Instant::now();
            if let Err(error) = run::retention::sweep(app, ledger, office).await {
                tracing::error!(%error, "clips that expire soon could not be looked for");
            }
        }
        if let Err(error) = claim(app, ledger, office, owner, &steps, &running, stop.let_go()).await {
            tracing::error!(%error, "due jobs could not be read");
        }
        tokio::select! {
            () = stop.no_more().cancelled() => {}
            () = rung => {}
            () = tokio::time::sleep(nap(app, ledger, office, &running).await) => {}
        }
    }
    feeding.cancel();
    if let Err(error) = feeder.await {
        tracing::error!(%error, "the feeder of batches ended badly");
    }
    steps.close();
    steps.wait().await;
    Ok(())
}

/// Whether anybody can miss us: an idle dispatcher leaves the disk alone.
async fn has_work(app: &App, ledger: &Ledger, office: Office, running: &AtomicUsize) -> bool {
    running.load(Ordering::Relaxed) > 0
        || ledger.next_due_ms(office).await.ok().flatten().is_some_and(|due_ms| due_ms <= app.now_ms())
}

/// Waits until there can be a job at all: most servers are started only to be listed, and a ledger that nobody has
/// written to need not be made. False when it is time to end.
async fn first_job(app: &App, stop: &CancellationToken) -> bool {
    while !app.config().ledger_file.exists() {
        let rung = app.rung();
        tokio::select! {
            () = stop.cancelled() => return false,
            () = rung => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    true
}

/// Due times are wall-clock times, and clocks are set back.
async fn mend_times(app: &App, ledger: &Ledger, office: Office) -> Result<()> {
    let horizon = app.poll(Service::Nemo).saturating_mul(4).max(LONGEST_PAUSE);
    ledger.forget_far_future(office, app.now_ms(), millis(horizon)).await
}

/// Claims what is due and starts its steps.
async fn claim(
    app: &App,
    ledger: &Ledger,
    office: Office,
    owner: &str,
    steps: &TaskTracker,
    running: &Arc<AtomicUsize>,
    stop: &CancellationToken,
) -> Result<()> {
    let free = MAX_STEPS.saturating_sub(running.load(Ordering::Relaxed));
    let free = u32::try_from(free).unwrap_or(0);
    // An idle loop leaves the disk alone.
    if free == 0 || ledger.next_due_ms(office).await?.is_none_or(|due_ms| due_ms > app.now_ms()) {
        return Ok(());
    }
    for job in ledger.claim(office, owner, app.now_ms(), millis(LEASE), free).await? {
        running.fetch_add(1, Ordering::Relaxed);
        let (app, ledger, stop, running) = (app.clone(), ledger.clone(), stop.clone(), Arc::clone(running));
        steps.spawn(async move {
            let (bell, books, claimed) = (app.clone(), ledger.clone(), job.clone());
            if AssertUnwindSafe(advance::step(app, ledger, job, stop)).catch_unwind().await.is_err() {
                bury(&bell, &books, &claimed).await;
            }
            running.fetch_sub(1, Ordering::Relaxed);
            bell.ring();
        });
    }
    Ok(())
}

/// A panic ends one job and no more; otherwise it would come back with every claim.
async fn bury(app: &App, ledger: &Ledger, job: &Job) {
    let buried = async {
        // As it is now: the step may have come far before it broke down.
        let job = Job { fence: job.fence, ..ledger.job(&job.id).await? };
        let sent = match ledger.last_attempt(&job.id).await? {
            Some(attempt) => !matches!(attempt.state, AttemptState::Rejected | AttemptState::NotSent),
            None => false,
        };
        let change = match &job.request {
            Request::Run(_) | Request::Film(_) => run::after_panic(&job, sent, app.now_ms()),
            Request::Post(post) => publish::after_panic(&job, post),
            _ => {
                let error = Error::internal("firstcut made a mistake while it worked on this job.")
                    .money(Money::Unknown)
                    .next("Look at what is there before asking again, and report the mistake.");
                Change {
                    state: Some(State::Failed),
                    failure: Some(Some(Failure::from(&error))),
                    ..Change::default()
                }
            }
        };
        ledger.record(&job, change, "engine", app.now_ms()).await
    };
    if let Err(error) = buried.await {
        tracing::error!(job.id = %job.id, %error, "a panic could not be recorded");
    }
}

/// Until the next job is due, within bounds.
async fn nap(app: &App, ledger: &Ledger, office: Office, running: &AtomicUsize) -> Duration {
    if running.load(Ordering::Relaxed) >= MAX_STEPS {
        // A step that ends rings.
        return LOOK_EVERY;
    }
    let due = ledger.next_due_ms(office).await.ok().flatten().unwrap_or(i64::MAX);
    let until = u64::try_from(due.saturating_sub(app.now_ms())).unwrap_or(0);
    Duration::from_millis(until).clamp(Duration::from_millis(5), LOOK_EVERY)
}
