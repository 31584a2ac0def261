//! A turn: one message to the NemoVideo agent, sent once and never again, and its reply.
//!
//! The state of the session is read before the message leaves. What the turn did is then told from the state
//! after it, whatever the stream said or failed to say: see [`settle`].

mod doubt;
mod learnt;
pub(super) mod settle;
mod words;

use std::time::Duration;

use serde_json::{Value, json};

pub(super) use doubt::{WORST_CASE_CREDITS, out_of_sight, uncertain};
pub(super) use learnt::{Balance, Heard, TurnWork};

use crate::error::{Error, Kind};
use crate::jobs::engine::freshness::Moment;
use crate::jobs::engine::step::{Halt, Step, asked_pause, notes};
use crate::jobs::session;
use crate::ledger::{AttemptState, Change};
use crate::model::job::{EpochMs, Service, State};
use crate::model::request::{Request, Turn};
use crate::nemo::events::TurnEvent;
use crate::nemo::state::SessionState;
use crate::nemo::stream::TurnStream;
use crate::nemo::turn::Fold;

/// Refusals that surely had no effect are tried this often.
const MAX_ATTEMPTS: u32 = 4;

/// One step of a turn.
pub(super) async fn step(step: &mut Step) -> Result<(), Halt> {
    let Request::Turn(turn) = step.job.request.clone() else {
        return Err(Error::internal("This job is no turn.").into());
    };
    match step.job.state {
        State::Queued if step.job.cancel_requested => {
            step.cancelled("Stopped before the message was sent; nothing was spent.").await
        }
        State::Queued => prepare(step, &turn).await,
        // The lease ended between the commit and the answer: the message may have arrived.
        State::Submitting => answer_was_lost(step).await,
        State::Running => settle::look(step).await,
        state => Err(Error::internal(format!("A turn cannot be {state}.")).into()),
    }
}

/// Makes sure of a session, fills it, looks at it, and sends the message.
async fn prepare(step: &mut Step, turn: &Turn) -> Result<(), Halt> {
    let client = step.client().await?;
    let mut work: TurnWork = step.work()?;
    let session_id = match step.job.session_id.clone() {
        Some(session_id) => session_id,
        None => {
            // After a fault, the fault is still the news.
            if work.faults == 0 {
                note(step, &work, "Setting up…").await?;
            }
            let service = step.job.service;
            let made = session::create(&step.app, &step.ledger, service, &turn.language, !turn.aside).await?;
            let change = Change { session_id: Some(made.clone()), keep_lease: true, ..Change::default() };
            step.record(change).await?;
            made
        }
    };
    if let Some(free_ms) = doubt::held_until(step, &session_id).await? {
        let note = format!(
            "Waiting: {} may still work on the message before, and has no way to be stopped.",
            step.job.service.title()
        );
        let due_at_ms = Some(Some(free_ms));
        return step.record(Change { note: Some(note), due_at_ms, ..Change::default() }).await;
    }
    fill(step, &mut work, turn, &session_id).await?;
    work.before = Some(client.state(&session_id).await?.raw().to_owned());
    work.faults = 0;
    work.credits_before = Balance::read(&client).await;
    work.sent_at_ms = step.now_ms();
    note(step, &work, &format!("Sending your words to {}…", step.job.service.title())).await?;
    send(step, work, turn, &session_id).await
}

/// Puts the turn's files and addresses into the session, one after the other.
async fn fill(step: &mut Step, work: &mut TurnWork, turn: &Turn, session_id: &str) -> Result<(), Halt> {
    let client = step.client().await?;
    for (index, media) in turn.media.iter().enumerate().skip(work.uploaded) {
        let name = media.name();
        let is_there = work.uploading && holds(&client.state(session_id).await?, &name);
        if !is_there {
            work.uploading = true;
            let total = turn.media.len();
            note(step, work, &format!("Uploading {name} ({} of {total})…", index + 1)).await?;
            let upload = session::put(&client, session_id, std::slice::from_ref(media), &|_, _| {});
            step.unless_stopped(upload).await??;
        }
        work.uploaded = index + 1;
        work.uploading = false;
        note(step, work, &format!("{name} is uploaded.")).await?;
    }
    Ok(())
}

/// The commit, the message, and the listening.
async fn send(step: &mut Step, mut work: TurnWork, turn: &Turn, session_id: &str) -> Result<(), Halt> {
    let client = step.client().await?;
    let moment = Moment::now(&step.app);
    let Some(n) = step.ledger.begin_attempt(&step.job, json!({}), moment.wall_ms()).await? else {
        return Err(Halt::Lost);
    };
    // From here on the message may have left, whatever goes wrong.
    step.job.state = State::Submitting;
    if !moment.is_fresh(&step.app) {
        step.end_attempt(n, AttemptState::NotSent, None, Value::Null).await?;
        let note = "The process was stopped just before sending; sending now.";
        return step.requeue(None, note, Duration::ZERO).await;
    }
    let sent = tokio::select! {
        sent = client.send(session_id, &turn.message) => sent,
        // Once begun, a request may have arrived. The next worker reads what became of it.
        () = step.stop.cancelled() => return Err(Halt::Stop),
        () = step.end_asked_for() => Err(Error::new(Kind::Uncertain, "The end was asked for.")),
    };
    let heard = match sent {
        Ok(stream) => {
            step.record(Change {
                note: Some(format!(
                    "{} is working on it; this may take a few minutes.",
                    step.job.service.heading()
                )),
                due_at_ms: step.in_a(Duration::ZERO),
                keep_lease: true,
                ..Change::default()
            })
            .await?;
            listen(step, stream, n).await?
        }
        Err(error) => Err(error),
    };
    match heard {
        Ok(heard) => {
            work.heard = Some(heard);
            settle::begin(step, work).await
        }
        Err(error) if error.kind() == Kind::Uncertain => {
            step.end_attempt(n, AttemptState::Unknown, None, Value::Null).await?;
            tracing::warn!(job.id = %step.job.id, %error, "the answer to a turn was lost");
            settle::begin(step, work).await
        }
        Err(error) => {
            step.end_attempt(n, AttemptState::Rejected, None, Value::Null).await?;
            let passing = matches!(error.kind(), Kind::Unavailable | Kind::RateLimited);
            if passing && n < MAX_ATTEMPTS {
                let pause = asked_pause(&error).unwrap_or_else(|| step.app.patience(step.job.service));
                return step.requeue(None, error.message(), pause).await;
            }
            if error.kind() == Kind::SessionLost {
                step.ledger.mark_session_lost(step.job.service, session_id, step.now_ms()).await?;
            }
            step.fail(&error).await
        }
    }
}

/// A process died around the request. The session tells what became of it.
async fn answer_was_lost(step: &mut Step) -> Result<(), Halt> {
    if let Some(attempt) = step.ledger.last_attempt(&step.job.id).await?
        && attempt.state == AttemptState::Open
    {
        step.end_attempt(attempt.n, AttemptState::Unknown, None, Value::Null).await?;
    }
    let work = step.work()?;
    settle::begin(step, work).await
}

/// Folds the stream and shows what the agent is doing.
///
/// The inner error is a refusal that came in place of a stream: the message surely had no effect.
async fn listen(step: &mut Step, mut stream: TurnStream, n: u32) -> Result<Result<Heard, Error>, Halt> {
    let mut fold = Fold::default();
    let mut accepted = false;
    let stop = step.stop.clone();
    let end_asked_for = step.end_asked_for();
    tokio::pin!(end_asked_for);
    loop {
        tokio::select! {
            () = stop.cancelled() => return Err(Halt::Stop),
            () = &mut end_asked_for => break,
            event = stream.next() => match event {
                None => break,
                Some(Err(error)) if !accepted && error.kind() != Kind::Protocol => return Ok(Err(error)),
                Some(Err(error)) => tracing::warn!(job.id = %step.job.id, %error, "the stream of a turn broke"),
                Some(Ok(event)) => {
                    if !accepted {
                        accepted = true;
                        step.end_attempt(n, AttemptState::Accepted, None, Value::Null).await?;
                        step.record(Change {
                            state: Some(State::Running),
                            keep_lease: true,
                            ..Change::default()
                        }).await?;
                    }
                    if let TurnEvent::Message(message) = &event
                        && let Some(tool) = message.tool_calls.last()
                    {
                        step.record(Change {
                            note: Some(doing(step.job.service, tool)),
                            keep_lease: true,
                            ..Change::default()
                        }).await?;
                    }
                    fold.push(event);
                }
            },
        }
    }
    if !accepted {
        // An empty stream: it arrived, and nothing came back.
        step.end_attempt(n, AttemptState::Unknown, None, Value::Null).await?;
    }
    let end = stream.end();
    Ok(Ok(Heard::from(&fold.finish(end))))
}

/// What a tool of the backend does, for people. Its name is theirs, so it is only matched and never shown.
fn doing(service: Service, tool: &str) -> String {
    let has = |part: &str| tool.contains(part);
    let doing = if has("generate_video") || has("seedance") {
        match service {
            Service::Nemo | Service::SkillBoss => "generates the footage; this takes one to five minutes.",
            Service::Sandbox => "draws the footage.",
        }
    } else if has("music") || has("audio") || has("voice") || has("suno") {
        "works on the sound."
    } else if has("understand") || has("analy") {
        "looks at the material."
    } else if has("edit") || has("draft") || has("multitrack") || has("trim") || has("effect") {
        "edits the timeline."
    } else {
        "is working on it."
    };
    format!("{} {doing}", service.heading())
}

async fn note(step: &mut Step, work: &TurnWork, words: &str) -> Result<(), Halt> {
    step.record(Change {
        work: notes(work)?,
        note: Some(words.to_owned()),
        keep_lease: true,
        ..Change::default()
    })
    .await
}

/// Whether a file of this name is in the session already.
fn holds(state: &SessionState, name: &str) -> bool {
    state.uploads.iter().any(|asset| asset.name == name)
}

/// How long a turn may take in all: the skill's 15 minutes.
pub(super) const DEADLINE_MS: EpochMs = 15 * 60 * 1000;

/// Milliseconds that the turn is under way.
pub(super) fn age_ms(step: &Step, work: &TurnWork) -> EpochMs {
    (step.now_ms() - work.sent_at_ms).max(0)
}
