//! What a turn did, told from the session before and after it.
//!
//! About a third of all edits end without a word, and a stream can break; the message is never sent again.
//! [`judge`] is the whole policy, a pure table; the rest reads and writes.

use std::time::Duration;

use crate::error::{Error, Kind, Money};
use crate::jobs::engine::step::{Halt, Step, notes};
use crate::jobs::turn::words;
use crate::jobs::turn::{self, Balance, Heard, TurnWork};
use crate::ledger::{Change, Filter};
use crate::model::job::{JobKind, Service, State};
use crate::nemo::changes::{self, Changes};
use crate::nemo::state::SessionState;

/// Looks at an unchanged session before giving up on a broken stream (NemoVideo skill, SSE disconnect recovery).
pub(in crate::jobs) const LOOKS_AFTER_LOSS: u32 = 6;
/// Looks at an unchanged session after a stream that ended well: the change may come a moment later.
const LOOKS_AFTER_END: u32 = 2;
/// Looks at a changed session whose credits are still reserved: they are settled within seconds, or somebody else's.
const LOOKS_FOR_PRICE: u32 = 5;

/// What is known when a turn is judged.
#[derive(Clone, Copy, Debug)]
struct Evidence<'a> {
    /// What the stream said; none when the answer was lost.
    heard: Option<&'a Heard>,
    /// The session differs from before.
    changed: bool,
    /// It looks as it did at the last look.
    settled: bool,
    /// More credits are frozen than before: work is going on.
    busy: bool,
    /// The balance is what it was; none when it cannot be told.
    balance_same: Option<bool>,
    /// Looks so far, this one included.
    looks: u32,
    /// The 15 minutes are over.
    late: bool,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It did something, or answered.
    Done,
    /// Look again after a short pause.
    Soon,
    /// Look again after a pause of the recovery rule.
    Later,
    /// It ended and did nothing.
    NoEffect,
    /// The credits ran out on the way.
    OutOfCredits,
    /// The answer was lost, nothing changed, nothing was charged.
    NeverArrived,
    /// The answer was lost, and whether it was charged cannot be told.
    Uncertain,
}

fn judge(evidence: &Evidence<'_>) -> Verdict {
    let lost = evidence.heard.is_none_or(|heard| !heard.complete);
    if evidence.changed {
        // A stream tells when it has ended; without one, the timeline must have come to rest.
        let goes_on = lost && (evidence.busy || !evidence.settled) && !evidence.late;
        return match () {
            () if goes_on => Verdict::Later,
            () if !lost && evidence.busy && evidence.looks < LOOKS_FOR_PRICE => Verdict::Soon,
            () => Verdict::Done,
        };
    }
    if let Some(heard) = evidence.heard {
        if heard.out_of_credits {
            return Verdict::OutOfCredits;
        }
        if !lost {
            let answered = !heard.words.trim().is_empty() && !heard.only_apology && heard.error.is_none();
            return match () {
                () if answered && !heard.used_tools && !evidence.busy => Verdict::Done,
                // Reserved credits mean work: what it does may still come.
                () if evidence.busy && !evidence.late => Verdict::Later,
                () if evidence.looks < LOOKS_AFTER_END => Verdict::Soon,
                () if answered => Verdict::Done,
                () => Verdict::NoEffect,
            };
        }
    }
    match () {
        () if evidence.looks < LOOKS_AFTER_LOSS || (evidence.busy && !evidence.late) => Verdict::Later,
        () if evidence.balance_same == Some(true) => Verdict::NeverArrived,
        () => Verdict::Uncertain,
    }
}

/// The stream is over, well or not: look at the session at once if it ended well, else after the pause of the
/// recovery rule.
pub(in crate::jobs) async fn begin(step: &mut Step, work: TurnWork) -> Result<(), Halt> {
    let ended_well = work.heard.as_ref().is_some_and(|heard| heard.complete);
    let pause = if ended_well { Duration::ZERO } else { step.app.patience(step.job.service) };
    let note = if ended_well {
        "Reading what changed…"
    } else {
        "The connection was lost. The message is not sent again; the timeline will show what it did."
    };
    step.record(Change {
        state: Some(State::Running),
        work: notes(&work)?,
        note: Some(note.to_owned()),
        due_at_ms: step.in_a(pause),
        ..Change::default()
    })
    .await
}

/// One look at the session.
pub(in crate::jobs) async fn look(step: &mut Step) -> Result<(), Halt> {
    let mut work: TurnWork = step.work()?;
    if step.job.cancel_requested {
        return step
            .cancelled(&format!(
                "Stopped listening. {} has no way to stop a message that was sent: it may still change the timeline \
                 and cost credits.",
                step.job.service.heading()
            ))
            .await;
    }
    let Some(session_id) = step.job.session_id.clone() else {
        return Err(Error::internal("A turn under way has no session.").into());
    };
    let client = step.client().await?;
    let after = client.state(&session_id).await?;
    let credits = Balance::read(&client).await;
    work.looks += 1;
    work.faults = 0;
    let before = work.before.as_deref().map(SessionState::parse).transpose()?;
    let changes = before.map(|before| changes::diff(&before, &after)).unwrap_or_default();
    let timeline = Some(after.draft.timeline().to_string());
    let evidence = Evidence {
        heard: work.heard.as_ref(),
        changed: !changes.is_empty(),
        settled: timeline == work.timeline,
        busy: both(&work.credits_before, &credits).is_some_and(|(before, now)| now.frozen > before.frozen),
        balance_same: both(&work.credits_before, &credits)
            .map(|(before, now)| now.total >= before.total && now.frozen <= before.frozen),
        looks: work.looks,
        late: turn::age_ms(step, &work) > turn::DEADLINE_MS,
    };
    let verdict = judge(&evidence);
    work.credits_after = credits;
    work.shared |= is_shared(step, &work).await?;
    work.timeline = timeline;
    match verdict {
        Verdict::Done => done(step, work, &changes, &after).await,
        Verdict::Soon => {
            again(step, &work, step.app.poll(step.job.service).min(Duration::from_secs(2))).await
        }
        Verdict::Later => again(step, &work, step.app.patience(step.job.service) * 2).await,
        Verdict::OutOfCredits => {
            let error = client.out_of_credits(&session_id, "").await;
            finish_badly(step, &work, error).await
        }
        Verdict::NoEffect => {
            let error = no_effect(step.job.service, &work);
            finish_badly(step, &work, error).await
        }
        Verdict::NeverArrived => {
            let error = Error::new(
                Kind::Unavailable,
                format!(
                    "The connection to {} was lost. After minutes its timeline and balance are still as before: the \
                     message shows no effect.",
                    step.job.service.title()
                ),
            )
            .next("Make the call again with new: true.");
            finish_badly(step, &work, error).await
        }
        Verdict::Uncertain => turn::uncertain(step, &work).await,
    }
}

fn both<'a, T>(one: &'a Option<T>, other: &'a Option<T>) -> Option<(&'a T, &'a T)> {
    one.as_ref().zip(other.as_ref())
}

async fn again(step: &mut Step, work: &TurnWork, pause: Duration) -> Result<(), Halt> {
    step.record(Change {
        work: notes(work)?,
        note: Some("Looking what changes on the timeline.".to_owned()),
        due_at_ms: step.in_a(pause),
        ..Change::default()
    })
    .await
}

async fn done(
    step: &mut Step,
    mut work: TurnWork,
    changes: &Changes,
    after: &SessionState,
) -> Result<(), Halt> {
    let said = work.heard.as_ref().map(|heard| heard.words.clone()).unwrap_or_default();
    (work.reply, work.actions) = words::translate(&said);
    work.failed_partly =
        work.heard.as_ref().is_some_and(|heard| heard.error.is_some() || heard.out_of_credits)
            && !changes.is_empty();
    work.changes = changes.phrases().to_vec();
    work.beside_timeline = !changes.on_timeline();
    work.exportable = after.draft.is_exportable();
    if let Some(session_id) = step.job.session_id.clone() {
        // What was uploaded has been used: the next video starts afresh.
        step.ledger.note_uploads(step.job.service, &session_id, false).await?;
    }
    step.record(Change {
        state: Some(State::Done),
        work: notes(&work)?,
        note: Some("The turn is over.".to_owned()),
        progress_pct: Some(100.0),
        ..Change::default()
    })
    .await
}

async fn finish_badly(step: &mut Step, work: &TurnWork, error: Error) -> Result<(), Halt> {
    step.record(Change { work: notes(work)?, keep_lease: true, ..Change::default() }).await?;
    step.fail(&error.money(money(work))).await
}

/// Credits that the turn took from the account, if its balance tells.
pub(in crate::jobs) fn spent(work: &TurnWork) -> Option<f64> {
    let (before, after) = (work.credits_before?, work.credits_after?);
    if after.frozen > before.frozen {
        // Reserved is neither spent nor free.
        return None;
    }
    let gone = (before.total - after.total).max(0.0);
    // Nothing gone is nothing spent, whoever else was at it.
    (gone == 0.0 || !work.shared).then_some(gone)
}

/// The same as a word.
pub(in crate::jobs) fn money(work: &TurnWork) -> Money {
    match spent(work) {
        Some(credits) if credits > 0.0 => Money::Spent,
        Some(_) => Money::NotSpent,
        None => Money::Unknown,
    }
}

/// Whether another turn of the same account was under way since this one left.
async fn is_shared(step: &Step, work: &TurnWork) -> Result<bool, Halt> {
    let turns = Filter { kind: Some(JobKind::Turn), ..Filter::default() };
    let others = step.ledger.list(&turns, 100).await?;
    Ok(others.iter().any(|other| {
        other.id != step.job.id
            && other.service == step.job.service
            && other.attempts > 0
            && (!other.state.is_at_rest() || other.updated_at_ms >= work.sent_at_ms)
    }))
}

fn no_effect(service: Service, work: &TurnWork) -> Error {
    let who = service.heading();
    let heard = work.heard.as_ref();
    let failed = heard.is_some_and(|heard| heard.error.is_some() || heard.only_apology);
    let error = if failed {
        Error::new(Kind::Declined, format!("{who} reported a failure, and the timeline is unchanged."))
    } else {
        Error::new(
            Kind::Declined,
            format!("{who} ended without a word, and the timeline is unchanged: nothing was done."),
        )
    };
    let words = heard.map(|heard| match &heard.error {
        Some(error) => words::without_internals(error),
        None => words::translate(&heard.words).0,
    });
    error.quoting(words.as_deref().unwrap_or_default()).next(
        "Say it more concretely (what, where, how long), or ask whether to try the same again with new: true.",
    )
}
