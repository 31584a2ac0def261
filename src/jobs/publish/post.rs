//! One post: sent at most once, looked for when its answer was lost, and told as it is.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::doubt::put_aside;
use crate::error::{Error, Kind, Money, Result};
use crate::jobs::engine::freshness::Moment;
use crate::jobs::engine::step::{Halt, Step, millis, notes};
use crate::ledger::{AttemptState, Change};
use crate::model::delivery::{Scheduler, Timing};
use crate::model::job::{EpochMs, Failure, State};
use crate::model::request::{Post, Request};
use crate::redact;
use crate::social::{Client, Found, Lost, Message, Receipt, Sent, channels};

/// Passing refusals after which it is given up; nothing was posted then.
const MAX_REFUSED: u32 = 8;
/// The same when the scheduler only asks to slow down: many posts wait for their turn then.
const MAX_SLOWED: u32 = 60;
/// How often a lost post is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Looks that may fail because the list cannot be read.
const MAX_BLIND: u32 = 30;

/// Times that a lost post is sent again under its key.
const MAX_REPEATS: u32 = 8;

/// The longest address of a post that is shown.
const MAX_URL_BYTES: usize = 2048;

/// What a post learns on the way.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct PostWork {
    /// The scheduler's name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) post_id: Option<String>,
    /// The scheduler's word for where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<String>,
    /// Where it can be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    /// Times that it was refused for a passing reason.
    #[serde(skip_serializing_if = "is_zero")]
    refused: u32,
    /// When its answer was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    lost_at_ms: Option<EpochMs>,
    /// Looks at the list that failed.
    #[serde(skip_serializing_if = "is_zero")]
    blind: u32,
    /// Times that it was sent again under its key.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) repeats: u32,
    /// A person said that it is there: it is only looked for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    adopted: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// One step of a post.
pub(in crate::jobs) async fn step(step: &mut Step) -> Result<(), Halt> {
    let Request::Post(post) = step.job.request.clone() else {
        return Err(Error::internal("This job is no post.").into());
    };
    let work: PostWork = step.work()?;
    match step.job.state {
        State::Queued if step.job.cancel_requested && work.repeats > 0 => {
            put_aside(
                step,
                &post,
                work,
                Some("its answer was lost, and it was stopped before it was sent again"),
            )
            .await
        }
        State::Queued if step.job.cancel_requested => step.cancelled("Stopped before it was posted.").await,
        State::Queued => send(step, &post, work).await,
        // The process ended around the message, or its answer was lost.
        State::Submitting | State::Running => look(step, &post, work).await,
        state => Err(Error::internal(format!("A post cannot be {state}.")).into()),
    }
}

fn message(step: &Step, post: &Post) -> Message {
    Message {
        key: step.job.id.to_string(),
        channel: post.channel.clone(),
        caption: post.caption.clone(),
        title: post.title.clone(),
        timing: post.timing,
        media_url: post.media_url.clone(),
        file: post.file.clone(),
        sha256: post.sha256.clone(),
        asked_at_ms: step.job.created_at_ms,
    }
}

async fn client(step: &Step, post: &Post) -> Result<Client> {
    let client = step.app.scheduler(post.scheduler, step.job.service).await?;
    client.vet(&post.media_url)?;
    Ok(client)
}

/// Sends it and writes down what became of that.
async fn send(step: &mut Step, post: &Post, mut work: PostWork) -> Result<(), Halt> {
    let ready = async {
        let network = channels::network(&post.channel)?;
        network.check_way(post.scheduler)?;
        network.check_caption(&post.caption)?;
        network.check_file(&post.file)?;
        refuse_past(post, step.now_ms())?;
        let (client, message) = (client(step, post).await?, message(step, post));
        let turn = step.app.sending().await;
        // Slow, and without effect: the moment counts from after it.
        let ready = client.prepare(&message).await?;
        Ok((client, message, turn, ready))
    };
    let (client, message, turn, ready) = match ready.await {
        Ok(ready) => ready,
        Err(error) => return refused(step, post, work, error).await,
    };
    let moment = Moment::now(&step.app);
    let detail = json!({ "scheduler": post.scheduler.name(), "channel": post.channel.to_string() });
    let Some(n) = step.ledger.begin_attempt(&step.job, detail, moment.wall_ms()).await? else {
        return Err(Halt::Lost);
    };
    step.job.state = State::Submitting;
    if !moment.is_fresh(&step.app) {
        step.end_attempt(n, AttemptState::NotSent, None, Value::Null).await?;
        let note = "The process was stopped just before posting; starting anew.";
        return step.requeue(notes(&work)?, note, Duration::from_millis(50)).await;
    }
    let (mut own, post) = (step.clone(), post.clone());
    let sending = async move {
        let sent = client.send(&message, ready).await;
        let settled = match sent {
            Sent::Accepted(receipt) => {
                own.end_attempt(n, AttemptState::Accepted, name(&receipt), Value::Null).await?;
                posted(&mut own, work, receipt).await
            }
            Sent::Refused(error) => {
                own.end_attempt(n, AttemptState::Rejected, None, json!({ "said": error.message() })).await?;
                refused(&mut own, &post, work, error).await
            }
            Sent::Doubtful(error) => {
                own.end_attempt(n, AttemptState::Unknown, None, json!({ "said": error.message() })).await?;
                work.lost_at_ms = Some(own.now_ms());
                looking(&mut own, &client, work, error.message()).await
            }
            Sent::Known => {
                own.end_attempt(n, AttemptState::Unknown, None, json!({ "said": "it knew the key" })).await?;
                work.lost_at_ms = Some(own.now_ms());
                looking(&mut own, &client, work, "It has this post already.").await
            }
        };
        drop(turn);
        settled.map(|()| own)
    };
    step.see_through(sending).await
}

/// The clip took longer than the time that was named for it.
fn refuse_past(post: &Post, now_ms: EpochMs) -> Result<()> {
    match post.timing {
        Timing::At(at_ms) if at_ms < now_ms => {
            Err(Error::invalid(format!("The time for {} passed before it could be posted.", post.channel))
                .next("Nothing was posted. Publish it again with another time."))
        }
        _ => Ok(()),
    }
}

/// The scheduler has it.
async fn posted(step: &mut Step, mut work: PostWork, receipt: Receipt) -> Result<(), Halt> {
    let status = redact::label(&receipt.status);
    let note = format!("The scheduler has it ({status}).");
    // The attempt keeps the name as it came; whatever is shown is cleaned.
    work.post_id = Some(redact::label(&receipt.id)).filter(|id| !id.is_empty());
    work.status = Some(status);
    work.url = receipt.url.as_deref().and_then(web_address);
    let change = Change {
        state: Some(State::Done),
        work: notes(&work)?,
        failure: Some(None),
        note: Some(note),
        progress_pct: Some(100.0),
        ..Change::default()
    };
    match step.record(change.clone()).await {
        // It was put aside as lost while the answer was on its way: the answer heals it.
        Err(Halt::Lost) => {
            step.ledger.resolve(&step.job.id, State::Uncertain, change, "late answer", step.now_ms()).await?;
            Err(Halt::Lost)
        }
        recorded => recorded,
    }
}

/// An address that a person may follow, as it is written in addresses: without blanks or anything else to read.
fn web_address(text: &str) -> Option<String> {
    let url = (text.len() <= MAX_URL_BYTES).then(|| Url::parse(text).ok()).flatten()?;
    (matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none())
        .then(|| url.to_string())
}

/// It had no effect. Passing reasons are waited out. What was sent again under its key may be there from the first time,
/// so that its refusal proves nothing.
async fn refused(step: &mut Step, post: &Post, mut work: PostWork, error: Error) -> Result<(), Halt> {
    work.refused += 1;
    let most = match error.kind() {
        Kind::RateLimited => MAX_SLOWED,
        Kind::Unavailable => MAX_REFUSED,
        _ => 0,
    };
    let sent_before = work.repeats > 0;
    if work.refused > most && sent_before {
        let said = error.message().trim_end_matches('.');
        let why = format!("its answer was lost, and sending it again came to nothing ({said})");
        return put_aside(step, post, work, Some(&why)).await;
    }
    if work.refused > most {
        let error = error.money(Money::NotSpent);
        return step.fail_with(notes(&work)?, Failure::from(&error), None).await;
    }
    let pause = step.pause_after(work.refused, &error);
    let known = if sent_before { "" } else { " Nothing was posted." };
    let note = format!("{}{known} Trying again.", error.message());
    step.requeue(notes(&work)?, &note, pause).await
}

/// Its answer was lost; the scheduler's list will tell, if it has one.
async fn looking(step: &mut Step, client: &Client, work: PostWork, why: &str) -> Result<(), Halt> {
    step.record(Change {
        work: notes(&work)?,
        note: Some(format!("{why} Looking whether it arrived.")),
        due_at_ms: step.in_a(between_looks(client)),
        ..Change::default()
    })
    .await
}

fn between_looks(client: &Client) -> Duration {
    (client.grace() / 8).min(LOOK_EVERY)
}

/// Finds out what became of a message whose answer was lost.
async fn look(step: &mut Step, post: &Post, mut work: PostWork) -> Result<(), Halt> {
    let client = client(step, post).await?;
    let Some(attempt) = step.ledger.last_attempt(&step.job.id).await? else {
        return step.requeue(notes(&work)?, "Starting anew.", Duration::ZERO).await;
    };
    match attempt.state {
        // The answer had come, and only the row was not written.
        AttemptState::Accepted => {
            let receipt = Receipt {
                id: attempt.remote_id.unwrap_or_default(),
                status: post.timing.name().to_owned(),
                url: None,
            };
            return posted(step, work, receipt).await;
        }
        AttemptState::Rejected | AttemptState::NotSent if !work.adopted => {
            return step
                .requeue(notes(&work)?, "It had not been posted; trying again.", Duration::ZERO)
                .await;
        }
        AttemptState::Open => {
            let said = json!({ "said": "the process ended around it" });
            step.end_attempt(attempt.n, AttemptState::Unknown, None, said).await?;
        }
        AttemptState::Unknown | AttemptState::Rejected | AttemptState::NotSent => {}
    }
    let since_ms = work.lost_at_ms.unwrap_or(attempt.started_at_ms);
    work.lost_at_ms = Some(since_ms);
    let is_old = step.now_ms() - since_ms.max(attempt.started_at_ms) > millis(client.grace());
    let lost = client.lost(post.timing);
    match lost {
        Lost::Ask => return put_aside(step, post, work, None).await,
        // A hook has no list to look at.
        Lost::Repeat if work.adopted && post.scheduler == Scheduler::Hook => {
            return put_aside(step, post, work, None).await;
        }
        // The same key makes the same post; a little later, so that the first one has arrived or never will.
        Lost::Repeat if !work.adopted && work.blind == 0 && !is_known(&attempt.detail) => {
            if work.repeats >= MAX_REPEATS {
                return put_aside(step, post, work, None).await;
            }
            work.repeats += 1;
            step.end_attempt(
                attempt.n,
                AttemptState::Rejected,
                None,
                json!({ "said": "sent again under the same key" }),
            )
            .await?;
            return step
                .requeue(notes(&work)?, "Sending it again under the same key.", between_looks(&client))
                .await;
        }
        Lost::Repeat | Lost::Look => {}
    }
    match found(step, post, &client, attempt.started_at_ms).await {
        Ok(mut found) if found.ours.len() == 1 => {
            let receipt = found.ours.remove(0);
            step.end_attempt(attempt.n, AttemptState::Accepted, name(&receipt), json!({ "found": true }))
                .await?;
            posted(step, work, receipt).await
        }
        Ok(found)
            if found.ours.is_empty()
                && found.perhaps.is_empty()
                && is_old
                && lost == Lost::Look
                && !work.adopted =>
        {
            step.end_attempt(attempt.n, AttemptState::Rejected, None, json!({ "said": "not in the list" }))
                .await?;
            work.lost_at_ms = None;
            step.requeue(notes(&work)?, "It had not arrived; sending it again.", Duration::ZERO).await
        }
        Ok(found) if found.ours.len() > 1 || is_old => put_aside(step, post, work, None).await,
        Ok(_) => looking(step, &client, work, "It is not in the scheduler's list yet.").await,
        Err(error) => {
            work.blind += 1;
            if work.blind > MAX_BLIND {
                return put_aside(step, post, work, None).await;
            }
            looking(step, &client, work, error.message()).await
        }
    }
}

/// The scheduler said that it had this key before.
fn is_known(detail: &Value) -> bool {
    detail.get("said").and_then(Value::as_str) == Some("it knew the key")
}

/// The posts in the list that can be this one: those that no other job here made.
async fn found(step: &Step, post: &Post, client: &Client, since_ms: EpochMs) -> Result<Found> {
    let mut found = client.find(&message(step, post), since_ms).await?;
    for receipts in [&mut found.ours, &mut found.perhaps] {
        let mut kept = Vec::new();
        for receipt in receipts.drain(..) {
            if !step.ledger.is_remote_of_another(&receipt.id, &step.job.id).await? {
                kept.push(receipt);
            }
        }
        *receipts = kept;
    }
    Ok(found)
}

/// Its name there, if the scheduler gave one.
fn name(receipt: &Receipt) -> Option<&str> {
    Some(receipt.id.as_str()).filter(|id| !id.is_empty())
}
