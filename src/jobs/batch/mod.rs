//! Batches: a file of wishes becomes lines of the ledger, and the lines become jobs as room and budget allow.
//!
//! [`read`](read::read) understands the file, [`check`](check::check) prices it, [`enqueue`] writes it down in one
//! transaction. From then on `feed`, run by the process that moves the jobs, begins line after line through the same
//! door as every other request, under a name of its own, so that a crash in between never makes two jobs of one line.

pub mod check;
mod feed;
mod fields;
pub mod read;
pub mod report;
mod wish;

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::jobs::money::readings;
use crate::jobs::submit::identity::asked_key;
use crate::jobs::{cancel, publish};
use crate::ledger::{BatchChange, Enqueued, Ledger, LineChange, NewBatch};
use crate::model::batch::{Batch, BatchState, Line, LineState};
use crate::model::job::{Job, State};
use crate::money::Usd;

pub(super) use feed::run as feed;

/// The most lines that may be under way at once.
pub const MAX_CONCURRENCY: u32 = 64;
/// The longest name of a batch or of a line.
const MAX_NAME_CHARS: usize = 80;

/// Writes down what was checked and agreed to.
pub async fn enqueue(app: &App, prospect: &check::Prospect, new: NewBatch) -> Result<Enqueued> {
    let enqueued = app.ledger().await?.enqueue(&new, &prospect.lines, app.now_ms()).await?;
    app.ring();
    Ok(enqueued)
}

/// Begins no more lines; what was begun goes on.
pub async fn pause(app: &App, name: &str) -> Result<Batch> {
    refuse_ended(app, name).await?;
    change(app, name, BatchChange { state: Some(BatchState::Paused), ..BatchChange::default() }).await
}

/// Where a clip waits for money, the balance is read now: if there is more than before, it goes on at once.
async fn look_into_the_wallet(app: &App, ledger: &Ledger, name: &str) -> Result<()> {
    let briefs = ledger.briefs(name).await?;
    let Some((short, _)) = briefs.iter().find(|(_, brief)| brief.waits_for_money()) else { return Ok(()) };
    if let Err(error) = readings::take(app, ledger.job(short).await?.service).await {
        // It is asked for again in its time.
        tracing::warn!(%error, batch = name, "the balance is not told");
    }
    Ok(())
}

/// Goes on, perhaps with another budget.
pub async fn resume(
    app: &App,
    name: &str,
    budget: Option<Usd>,
    concurrency: Option<u32>,
    failed_too: bool,
) -> Result<Batch> {
    let ledger = app.ledger().await?;
    look_into_the_wallet(app, ledger, name).await?;
    let change = BatchChange { state: Some(BatchState::Active), budget, concurrency, hold: Some(None) };
    let batch = ledger.change_batch(name, &change, app.now_ms()).await?;
    if failed_too {
        // What is here and only lacks its bucket or its posts goes on from there, for nothing.
        for line in ledger.lines(name).await?.iter().filter(|line| line.state == LineState::Begun) {
            let Some(id) = &line.job_id else { continue };
            for job in std::iter::once(ledger.job(id).await?).chain(ledger.children(id).await?) {
                match publish::again(app, &job).await {
                    // What has been replaced, or has moved on, stays as it is; the other lines are tried all the same.
                    Err(error) if error.kind() == Kind::InvalidInput => {
                        tracing::warn!(batch = name, line = %line.key, "{}", error.message());
                    }
                    tried => _ = tried?,
                }
            }
        }
        for line in ledger.failed_lines(name).await? {
            anew(app, &line, "Tried again.", |_| {}).await?;
        }
    }
    app.ring();
    Ok(batch)
}

/// One that has ended is left alone: marked as cancelled, it would take no new lines.
async fn refuse_ended(app: &App, name: &str) -> Result<()> {
    let (told, standing) = report::report(app, name).await?;
    if standing != report::Standing::Ended || told.state == BatchState::Cancelled.name() {
        return Ok(());
    }
    Err(Error::invalid(format!("The batch {name} has ended already ({}). Nothing was changed.", told.state))
        .next(format!("See it with: firstcut batch show {name}")))
}

/// Begins nothing more, and stops what was begun where that is still possible.
pub async fn cancel(app: &App, name: &str) -> Result<Batch> {
    refuse_ended(app, name).await?;
    let batch =
        change(app, name, BatchChange { state: Some(BatchState::Cancelled), ..BatchChange::default() })
            .await?;
    let ledger = app.ledger().await?;
    for line in ledger.lines(name).await? {
        let job = match &line.job_id {
            Some(id) => Some(ledger.job(id).await?),
            // A line may have become a job and whoever began it had no time to write that down.
            None => ledger.job_by_key(&asked_key(line.service, &wish::request_id(&line))).await?,
        };
        if let Some(job) = job {
            stop(app, &job).await?;
        }
    }
    Ok(batch)
}

/// Stops a job of a batch that was cancelled, where there is something to stop.
async fn stop(app: &App, job: &Job) -> Result<()> {
    if job.state == State::NeedsApproval || !job.state.is_at_rest() {
        cancel::cancel(app, &job.id).await?;
    }
    Ok(())
}

async fn change(app: &App, name: &str, change: BatchChange) -> Result<Batch> {
    let batch = app.ledger().await?.change_batch(name, &change, app.now_ms()).await?;
    app.ring();
    Ok(batch)
}

/// A line waits for its turn again and will be another job.
async fn anew(app: &App, line: &Line, note: &str, more: impl FnOnce(&mut LineChange)) -> Result<bool> {
    let now_ms = app.now_ms();
    let mut change = LineChange {
        state: Some(LineState::Waiting),
        job_id: Some(None),
        due_at_ms: Some(now_ms),
        note: Some(Some(note.to_owned())),
        failure: Some(None),
        next_round: true,
        ..LineChange::default()
    };
    more(&mut change);
    app.ledger().await?.change_line(line, &change, now_ms).await
}

/// A name of a batch or a line: short, visible, and no word for a terminal.
fn name(what: &str, text: &str) -> Result<String> {
    let text = text.trim();
    let wrong = if text.is_empty() {
        "is empty".to_owned()
    } else if text.chars().count() > MAX_NAME_CHARS {
        format!("is longer than {MAX_NAME_CHARS} characters")
    } else if text.chars().any(char::is_control) {
        "holds a control character".to_owned()
    } else {
        return Ok(text.to_owned());
    };
    Err(Error::invalid(format!("its {what} {wrong}")).next(format!("Give a {what} such as spring-07.")))
}
