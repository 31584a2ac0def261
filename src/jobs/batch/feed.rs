//! Begins the lines of active batches, as room and budget allow. Run by the process that moves their jobs; doubled by a
//! process that only believes to be it, it does no harm: a line's job has a name of its own.

use std::error::Error as _;
use std::time::Duration;

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use super::{anew, stop, wish};
use crate::app::App;
use crate::error::{Error, Kind, Money, Result};
use crate::jobs::engine::keys;
use crate::jobs::money::approve;
use crate::jobs::plan::{Caller, Door};
use crate::jobs::routes;
use crate::jobs::submit::{self, Accepted};
use crate::ledger::{BatchChange, Ledger, LineChange, Office, Span};
use crate::model::batch::{Batch, BatchState, Line, LineState};
use crate::model::job::{EpochMs, Failure, Job};
use crate::money::Usd;

/// What other processes change is seen this soon.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// However little happens, all is looked at this often.
const LOOK_AT_LEAST_MS: EpochMs = 20_000;
/// A line that could not be begun for a passing reason is tried again after this, and then after twice as long.
const FIRST_PAUSE_MS: EpochMs = 1_000;
/// The longest such pause.
const LONGEST_PAUSE_MS: EpochMs = 60_000;

/// Feeds the batches of an office until `stop`.
pub(in crate::jobs) async fn run(app: App, ledger: Ledger, office: Office, stop: CancellationToken) {
    let mut seen: Option<(i64, EpochMs)> = None;
    while !stop.is_cancelled() {
        let rung = app.rung();
        let now_ms = app.now_ms();
        let looked = async {
            let revision = ledger.revision().await?;
            let next_ms = ledger.next_line_ms(office).await?;
            let is_due = |since_ms: EpochMs| next_ms.is_some_and(|at_ms| at_ms <= now_ms && at_ms > since_ms);
            let is_news = seen.is_none_or(|(known, since_ms)| {
                known != revision
                    || is_due(since_ms)
                    || now_ms - since_ms > LOOK_AT_LEAST_MS
                    || now_ms < since_ms
            });
            if is_news {
                tend(&app, &ledger, office).await?;
                seen = Some((revision, now_ms));
            }
            Ok::<_, Error>(())
        };
        tokio::select! {
            looked = looked => if let Err(error) = looked {
                tracing::error!(%error, "batches could not be tended");
            },
            () = stop.cancelled() => return,
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = rung => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn tend(app: &App, ledger: &Ledger, office: Office) -> Result<()> {
    for batch in ledger.live_batches(office).await? {
        // One that cannot be tended must not hold up the others.
        if let Err(error) = tend_one(app, ledger, &batch).await {
            tracing::error!(%error, batch = %batch.name, "a batch could not be tended");
        }
    }
    Ok(())
}

async fn tend_one(app: &App, ledger: &Ledger, batch: &Batch) -> Result<()> {
    if let Some(reason) = mend(app, ledger, batch).await? {
        tracing::info!(batch = %batch.name, "{}", reason.message);
        let change = BatchChange {
            state: Some(BatchState::Paused),
            hold: Some(Some(reason)),
            ..BatchChange::default()
        };
        ledger.change_batch(&batch.name, &change, app.now_ms()).await?;
        app.ring();
        return Ok(());
    }
    let short = short_of_money(ledger, batch).await?;
    let was_short = batch.hold.as_ref().is_some_and(|hold| hold.code == Kind::OutOfCredits.code());
    if short.is_some() || was_short {
        let is_short = short.is_some();
        if short != batch.hold {
            note_hold(app, ledger, batch, short).await?;
        }
        // What was begun goes on by itself when there is money; nothing more is begun before that.
        if is_short {
            return Ok(());
        }
    }
    let under_way = ledger.lines_under_way(&batch.name).await?;
    let room = batch.concurrency.saturating_sub(under_way);
    let lines = match room {
        0 => return Ok(()),
        room => ledger.due_lines(&batch.name, app.now_ms(), room).await?,
    };
    let mut hold = None;
    let mut fit = Vec::new();
    let mut planned = Usd::ZERO;
    for line in &lines {
        let lacks = match keys::of_service(app, line.service) {
            Some(error) => Some(Failure::from(&error)),
            None => lacks_room(app, ledger, batch, line, planned).await?,
        };
        match lacks {
            Some(why) => {
                hold = Some(why);
                break;
            }
            None => fit.push(line),
        }
        planned = planned.checked_add(line.most.unwrap_or_default()).unwrap_or(Usd::MAX);
    }
    let begun = join_all(fit.into_iter().map(|line| begin(app, ledger, batch, line))).await;
    for began in begun {
        hold = began?.or(hold);
    }
    if hold != batch.hold && (hold.is_some() || !lines.is_empty()) {
        note_hold(app, ledger, batch, hold).await?;
    }
    Ok(())
}

/// Why nothing more is begun just now, or that nothing stands in the way any more.
async fn note_hold(app: &App, ledger: &Ledger, batch: &Batch, hold: Option<Failure>) -> Result<()> {
    if let Some(why) = &hold {
        tracing::info!(batch = %batch.name, "{}", why.message);
    }
    let change = BatchChange { hold: Some(hold), ..BatchChange::default() };
    ledger.change_batch(&batch.name, &change, app.now_ms()).await?;
    app.ring();
    Ok(())
}

/// What is said while a line's job waits for money in its wallet: the next ones would only wait beside it.
async fn short_of_money(ledger: &Ledger, batch: &Batch) -> Result<Option<Failure>> {
    if !ledger.briefs(&batch.name).await?.iter().any(|(_, brief)| brief.waits_for_money()) {
        return Ok(None);
    }
    let error =
        Error::new(Kind::OutOfCredits, "There is too little in the SkillBoss wallet for the next clip.")
            .money(Money::NotSpent)
            .next(format!(
                "Top up the wallet at SkillBoss, then go on with: firstcut batch resume {}. A worker that runs goes on by itself.",
                batch.name
            ));
    Ok(Some(Failure::from(&error)))
}

/// Looks after lines whose jobs failed: another arm of the route where a model is gone. What would fail every other line
/// too, gives the reason to pause.
async fn mend(app: &App, ledger: &Ledger, batch: &Batch) -> Result<Option<Failure>> {
    let failed = ledger.failed_lines(&batch.name).await?;
    for line in failed.iter().filter(|line| line.state == LineState::Begun) {
        let Some(id) = &line.job_id else { continue };
        let job = ledger.job(id).await?;
        let Some(failure) = &job.failure else { continue };
        let kind = Kind::from_code(&failure.code);
        if let (Some(Kind::ModelRetired | Kind::AtCapacity), Some(route), Some(model)) =
            (kind, &line.wish.route, &line.model)
        {
            another_arm(app, line, route, model, failure).await?;
        }
        let hopeless = matches!(kind, Some(Kind::OutOfCredits | Kind::Unauthorized));
        if hopeless && job.updated_at_ms > batch.updated_at_ms {
            return Ok(Some(paused(batch, &job, failure)));
        }
    }
    Ok(None)
}

/// The line goes to another arm, unless there is none.
async fn another_arm(app: &App, line: &Line, route: &str, model: &str, failure: &Failure) -> Result<()> {
    let mut spent_arms = line.spent_arms.clone();
    spent_arms.push(model.to_owned());
    let Ok(chosen) = routes::choose(app, route, &line.key, &spent_arms).await else { return Ok(()) };
    let note = format!("{} {}", failure.message, chosen.why);
    anew(app, line, &note, |change| {
        change.model = Some(chosen.model);
        change.spent_arms = Some(spent_arms);
    })
    .await?;
    Ok(())
}

fn paused(batch: &Batch, job: &Job, failure: &Failure) -> Failure {
    Failure {
        code: failure.code.clone(),
        message: format!("Paused, because every other line would fail too: {}", failure.message),
        next: Some(format!(
            "{} Then go on with: firstcut batch resume {} --failed",
            failure.next.as_deref().unwrap_or("Set the account right."),
            batch.name
        )),
        money: Money::NotSpent.code().to_owned(),
        quoted: job.failure.as_ref().and_then(|failure| failure.quoted.clone()),
    }
}

/// Why this line must wait for money, if it must: looked at before anything is asked of the service. The ledger looks
/// again when the money is set aside.
async fn lacks_room(
    app: &App,
    ledger: &Ledger,
    batch: &Batch,
    line: &Line,
    planned: Usd,
) -> Result<Option<Failure>> {
    let Some(most) = line.most else { return Ok(None) };
    let now_ms = app.now_ms();
    let wanted = planned.checked_add(most).unwrap_or(Usd::MAX);
    let caps = approve::caps(app);
    let spent = ledger.spent(line.service, now_ms).await?;
    let (charged, reserved) = ledger.batch_spent(&batch.name).await?;
    let in_batch = charged.checked_add(reserved).unwrap_or(Usd::MAX);
    let per_batch = batch.budget.into_iter().chain(caps.per_batch).min();
    for (span, cap, used) in [
        (Span::Batch, per_batch, in_batch),
        (Span::Week, caps.per_week, spent.week),
        (Span::Day, caps.per_day, spent.day),
    ] {
        let Some(cap) = cap else { continue };
        if used.checked_add(wanted).is_none_or(|sum| sum > cap) {
            return Ok(Some(waits_for(batch, span, cap, used)));
        }
    }
    Ok(None)
}

/// What is said while a cap has no room.
fn waits_for(batch: &Batch, span: Span, cap: Usd, used: Usd) -> Failure {
    let name = &batch.name;
    let error = match span {
        Span::Batch => Error::new(
            Kind::OverBudget,
            format!("The next line does not fit into the batch's budget of {cap}: {used} of it is spent or set aside."),
        )
        .next(format!("Raise it with: firstcut batch resume {name} --budget USD. The lines wait meanwhile.")),
        Span::Day | Span::Week => Error::new(
            Kind::OverBudget,
            format!("The next line does not fit into the {span}'s budget of {cap}: {used} of it is spent or set aside."),
        )
        .next(format!(
            "The lines wait until it begins anew ({}), or until you raise it.",
            if span == Span::Day { "at midnight UTC" } else { "on Monday, UTC" }
        )),
    };
    // Scripts tell by this whether to wait for the clock or for a person.
    Failure { quoted: Some(span.to_string()), ..Failure::from(&error) }
}

/// Begins a line. Gives the reason when it must wait for money after all.
async fn begin(app: &App, ledger: &Ledger, batch: &Batch, line: &Line) -> Result<Option<Failure>> {
    let mut line = line.clone();
    let mut note = None;
    if let (Some(route), Some(model)) = (&line.wish.route, &line.model) {
        // The model may have gone since the line was written down.
        let chosen = routes::choose(app, route, &line.key, &line.spent_arms).await;
        if let Ok(chosen) = chosen
            && chosen.model != *model
        {
            note = Some(chosen.why);
            line.model = Some(chosen.model);
        }
    }
    let caller = Caller { door: Door::Cli, working_dir: batch.working_dir.clone() };
    let accepted = submit::accept(app, &caller, wish::input_of(&line)).await;
    let now_ms = app.now_ms();
    let mut hold = None;
    let mut begun = None;
    let change = match accepted {
        Ok(Accepted::Job(submitted)) => {
            let change = LineChange {
                state: Some(LineState::Begun),
                model: line.model.clone(),
                job_id: Some(Some(submitted.job.id.clone())),
                note: note.map(Some),
                ..LineChange::default()
            };
            begun = Some(submitted.job);
            change
        }
        Ok(Accepted::Told(_)) => {
            refused(&Error::invalid("Its prompt is a question, and no description of a video."))
        }
        Err(error) => match error.source().and_then(|cause| cause.downcast_ref::<Span>()).copied() {
            Some(span) => {
                let why = Error::new(Kind::OverBudget, error.message().to_owned());
                let why = error.next_step().map_or(Failure::from(&why), |_| Failure {
                    next: error.next_step().map(str::to_owned),
                    quoted: Some(span.to_string()),
                    ..Failure::from(&why)
                });
                hold = Some(why);
                let until_ms = span.anew_ms(now_ms).unwrap_or(EpochMs::MAX).min(now_ms + LONGEST_PAUSE_MS);
                LineChange { due_at_ms: Some(until_ms), ..LineChange::default() }
            }
            None if is_passing(&error) => {
                // One that was put off before is put off for longer.
                let before_ms = line.due_at_ms.saturating_sub(line.updated_at_ms);
                let pause_ms = (before_ms * 2).clamp(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
                LineChange {
                    due_at_ms: Some(now_ms + pause_ms),
                    note: Some(Some(format!("{} Trying again.", error.message()))),
                    ..LineChange::default()
                }
            }
            None => refused(&error),
        },
    };
    let is_noted = ledger.change_line(&line, &change, now_ms).await?;
    if let Some(job) = begun.filter(|_| !is_noted) {
        // The batch may have been cancelled while the job was being made: nothing else would stop it.
        let lines = ledger.lines(&line.batch).await?;
        if lines.iter().any(|now| now.key == line.key && now.state == LineState::Cancelled) {
            stop(app, &ledger.job(&job.id).await?).await?;
        }
    }
    app.ring();
    Ok(hold)
}

fn refused(error: &Error) -> LineChange {
    LineChange {
        state: Some(LineState::Refused),
        failure: Some(Some(Failure::from(error))),
        ..LineChange::default()
    }
}

/// Whether it may go better in a moment, and nothing about the line is wrong.
fn is_passing(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::Unavailable
            | Kind::RateLimited
            | Kind::TimedOut
            | Kind::Ledger
            | Kind::Storage
            | Kind::AtCapacity
    )
}
