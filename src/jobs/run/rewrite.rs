//! A run that rewrites a prompt with a language model: sent once, cheap, and never worth a second try.

use std::time::Duration;

use serde_json::{Value, json};

use super::RunWork;
use crate::error::{Error, Kind, Money};
use crate::jobs::engine::freshness::Moment;
use crate::jobs::engine::step::{Halt, Step, notes};
use crate::jobs::money::hold::{self, Turn};
use crate::ledger::{AttemptState, Change, Charge, ChargeSource};
use crate::model::job::{Failure, State};
use crate::model::request::Run;
use crate::money::Usd;

/// One step: the request and its answer, or the end of one whose answer was lost.
pub(super) async fn step(step: &mut Step, run: &Run, work: RunWork) -> Result<(), Halt> {
    match step.job.state {
        State::Queued if step.job.cancel_requested => {
            step.cancelled("Stopped before anything was sent; it costs nothing.").await
        }
        State::Queued => send(step, run, work).await,
        _ => lost(step, run, work).await,
    }
}

async fn send(step: &mut Step, run: &Run, work: RunWork) -> Result<(), Halt> {
    let client = step.skillboss().await?;
    let turn = step.app.sending().await;
    // With an empty wallet it waits like every other call.
    if let Turn::Waits = hold::turn(step, run, &work).await? {
        return Ok(());
    }
    let moment = Moment::now(&step.app);
    let detail = json!({ "model": run.model, "most": run.most });
    let Some(n) = step.ledger.begin_attempt(&step.job, detail, moment.wall_ms()).await? else {
        return Err(Halt::Lost);
    };
    step.job.state = State::Submitting;
    if !moment.is_fresh(&step.app) {
        step.end_attempt(n, AttemptState::NotSent, None, Value::Null).await?;
        let note = "The process was stopped just before sending; starting anew.";
        return step.requeue(notes(&work)?, note, Duration::from_millis(50)).await;
    }
    let (mut own, run) = (step.clone(), run.clone());
    let sending = async move {
        let answer = client.rewrite(&run.model, &run.prompt, run.most).await;
        let settled = settle(&mut own, &run, work, n, answer).await;
        drop(turn);
        settled.map(|()| own)
    };
    step.see_through(sending).await
}

async fn settle(
    step: &mut Step,
    run: &Run,
    mut work: RunWork,
    n: u32,
    answer: Result<crate::skillboss::chat::Rewrite, Error>,
) -> Result<(), Halt> {
    let charged = |cost: Option<Usd>| match cost {
        Some(cost) => Charge::Settled { charged: cost, source: ChargeSource::Answer, receipt: None },
        None => Charge::Settled {
            charged: run.estimate.unwrap_or(run.most),
            source: ChargeSource::Estimate,
            receipt: None,
        },
    };
    match answer {
        Ok(rewrite) => {
            step.end_attempt(n, AttemptState::Accepted, None, Value::Null).await?;
            work.text = Some(rewrite.prompt);
            work.cost = rewrite.cost;
            step.record(Change {
                state: Some(State::Done),
                work: notes(&work)?,
                failure: Some(None),
                note: Some("The prompt was rewritten.".to_owned()),
                progress_pct: Some(100.0),
                charge: Some(charged(work.cost)),
                ..Change::default()
            })
            .await
        }
        // It came, and cannot be used.
        Err(error) if error.kind() == Kind::Protocol => {
            step.end_attempt(n, AttemptState::Accepted, None, Value::Null).await?;
            step.fail_with(notes(&work)?, Failure::from(&error.money(Money::Spent)), Some(charged(None)))
                .await
        }
        Err(error) if error.spent() == Money::NotSpent => {
            step.end_attempt(n, AttemptState::Rejected, None, Value::Null).await?;
            step.fail_with(notes(&work)?, Failure::from(&error), Some(Charge::Freed)).await
        }
        Err(_) => {
            step.end_attempt(n, AttemptState::Unknown, None, Value::Null).await?;
            lost(step, run, work).await
        }
    }
}

/// Nobody knows whether it was charged. It is booked as if it had been, and the prompt stays as it was: a second request
/// would cost more than the first could bring.
async fn lost(step: &mut Step, run: &Run, work: RunWork) -> Result<(), Halt> {
    let error = Error::new(Kind::Uncertain, "The answer of the language model was lost.")
        .money(Money::Unknown)
        .next("The prompt is used as it was; nothing is to be done.");
    let worst = Charge::Settled { charged: run.most, source: ChargeSource::WorstCase, receipt: None };
    step.fail_with(notes(&work)?, Failure::from(&error), Some(worst)).await
}
