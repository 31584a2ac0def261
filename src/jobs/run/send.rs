//! Sends a run, once: the row first, then one request, then what its answer proves.

use std::time::Duration;

use serde_json::{Value, json};

use super::{RunWork, model_of};
use crate::error::{Error, Kind, Money};
use crate::jobs::clip::template;
use crate::jobs::engine::freshness::Moment;
use crate::jobs::engine::step::{Halt, Step, notes};
use crate::jobs::money::hold::{self, Turn};
use crate::jobs::money::readings;
use crate::jobs::run::hook;
use crate::jobs::run::{doubt, fetch, watch};
use crate::jobs::{clip, film};
use crate::ledger::{AttemptState, Change, Charge};
use crate::model::job::{Failure, State};
use crate::model::request::Run;
use crate::skillboss::submit::{Mode, Submission, Submitted, Work};
use crate::skillboss::{Ids, Remote};

/// Passing refusals after which it is given up; none of them cost anything.
const MAX_REFUSED: u32 = 8;
/// The same when the service only asks to slow down: many jobs wait for their turn then.
const MAX_SLOWED: u32 = 60;
/// The same after the service's own fault (500), which is documented as harmless.
const MAX_FAULTY: u32 = 2;
/// Refusals for want of room after which the other tier is taken, if its price was allowed.
const MAX_FULL: u32 = 2;

/// Sends it and writes down what became of that.
pub(super) async fn step(step: &mut Step, run: &Run, mut work: RunWork) -> Result<(), Halt> {
    let mut inputs = run.inputs.clone();
    if run.after_previous {
        let Some(frame) = &work.first_frame else {
            // The film hands it over as soon as the part before is here.
            let pause = Duration::from_secs(20);
            return step.requeue(notes(&work)?, "Waiting for the part before.", pause).await;
        };
        inputs.image = Some(frame.clone());
    }
    let client = step.skillboss().await?;
    // Pictures are read and everything is checked before the row says that something is about to leave.
    let todo = match &run.template {
        Some(update) => Work::Template(template::of(update)?),
        None => Work::Clip(clip::body(&inputs).await?),
    };
    // The number of the attempt is part of the address, and only this step can begin the next one.
    let webhook = hook::address(step.app.config(), &step.job.id, step.job.attempts + 1).await?;
    readings::before_charge(&step.app, step.job.service).await;
    let turn = step.app.sending().await;
    // Not before it is our turn: those ahead may just have been told that the wallet is empty.
    let has_funds = match hold::turn(step, run, &work).await? {
        Turn::Free => false,
        Turn::Probe(has_funds) => has_funds,
        Turn::Waits => return Ok(()),
    };
    client.turn().await;
    let moment = Moment::now(&step.app);
    let model = model_of(run, &work).to_owned();
    let detail = json!({ "model": model, "most": run.most });
    let Some(n) = step.ledger.begin_attempt(&step.job, detail, moment.wall_ms()).await? else {
        return Err(Halt::Lost);
    };
    step.job.state = State::Submitting;
    if !moment.is_fresh(&step.app) {
        step.end_attempt(n, AttemptState::NotSent, None, Value::Null).await?;
        let note = "The process was stopped just before sending; starting anew.";
        return step.requeue(notes(&work)?, note, Duration::from_millis(50)).await;
    }
    let submission = Submission {
        model,
        mode: match &todo {
            Work::Template(_) => Mode::Sync,
            Work::Clip(_) => Mode::Async { webhook_url: webhook },
        },
        work: todo,
        max_cost: run.most,
        idempotency_key: key_of(step, &work, n),
    };
    work.sent_at_ms = Some(step.now_ms());
    let (mut own, run) = (step.clone(), run.clone());
    let sending = async move {
        let sent = client.submit(&submission, async |ids| name(&own, n, ids).await).await;
        let taken = matches!(sent, Submitted::Accepted(_));
        let settled = settle(&mut own, &run, work, n, sent).await;
        drop(turn);
        // A finished one lifts it in any case; an accepted one may still fail for want of money.
        if taken && has_funds {
            hold::lift(&own).await?;
        }
        settled.map(|()| own)
    };
    step.see_through(sending).await
}

/// The same for requests of the same bytes: where the service keeps its promise, a repeat is harmless. With notices each
/// attempt has an address, and so a key, of its own.
fn key_of(step: &Step, work: &RunWork, n: u32) -> String {
    let id = &step.job.id;
    match (hook::is_on(step.app.config()), work.fell_back) {
        (true, _) => format!("{id}.{n}"),
        (false, true) => format!("{id}.{}f", work.declined),
        (false, false) => format!("{id}.{}", work.declined),
    }
}

/// Keeps the service's name for a run as soon as its answer begins.
async fn name(step: &Step, n: u32, ids: Ids) {
    let Some(name) = ids.request_id else { return };
    let (id, now_ms) = (&step.job.id, step.now_ms());
    if let Err(error) = step.ledger.note_attempt(id, n, &name, now_ms).await {
        tracing::warn!(job.id = %id, %error, "the service's name for a run was not written down early");
    }
}

async fn settle(step: &mut Step, run: &Run, work: RunWork, n: u32, sent: Submitted) -> Result<(), Halt> {
    match sent {
        Submitted::Accepted(accepted) => {
            step.end_attempt(n, AttemptState::Accepted, Some(&accepted.remote.id), Value::Null).await?;
            let work = RunWork { record_id: accepted.ids.record_id, ..work };
            self::accepted(step, work, accepted.remote).await
        }
        Submitted::Finished(finished) => {
            let name = finished.remote.as_ref().map(|remote| remote.id.clone());
            step.end_attempt(n, AttemptState::Accepted, name.as_deref(), Value::Null).await?;
            let record_id = finished.ids.record_id;
            let work = RunWork { remote: finished.remote, record_id, ..work };
            if let Some(file) = &finished.file {
                fetch::keep(step, run, file).await?;
            }
            watch::told(step, run, work, finished.report).await
        }
        Submitted::Refused(error) => {
            step.end_attempt(n, AttemptState::Rejected, None, json!({ "said": error.message() })).await?;
            match refused(step, run, work, error).await {
                // It was put aside as lost meanwhile, and now it is known that nothing was done.
                Err(Halt::Lost) => not_done_after_all(step).await,
                done => done,
            }
        }
        Submitted::Doubtful { error, ids } => {
            let said = json!({ "said": error.message() });
            match ids.request_id {
                // The answer broke off, but not before it gave a name.
                Some(name) => {
                    step.end_attempt(n, AttemptState::Accepted, Some(&name), said).await?;
                    accepted(step, work, Remote::by_id(&name)?).await
                }
                None => {
                    step.end_attempt(n, AttemptState::Unknown, None, said).await?;
                    doubt::lost(step, run, work, Some(&error)).await
                }
            }
        }
    }
}

/// The service has it; from now on its state is asked for.
pub(super) async fn accepted(step: &mut Step, work: RunWork, remote: Remote) -> Result<(), Halt> {
    let work = RunWork { remote: Some(remote), candidates: Vec::new(), ..work };
    let change = Change {
        state: Some(State::Running),
        work: notes(&work)?,
        failure: Some(None),
        note: Some("⏳ Waiting in the service's queue.".to_owned()),
        due_at_ms: step.in_a(step.app.poll(step.job.service)),
        ..Change::default()
    };
    match step.record(change.clone()).await {
        // It was put aside as lost while the answer was on its way: the answer heals it.
        Err(Halt::Lost) => {
            film::heal(&step.ledger, &step.job, change, "late answer", step.now_ms()).await?;
            Err(Halt::Lost)
        }
        recorded => recorded,
    }
}

/// A late answer shows that nothing was done: what was put aside costs nothing.
async fn not_done_after_all(step: &Step) -> Result<(), Halt> {
    let error =
        Error::new(Kind::Unavailable, "The service had refused the request, as its late answer shows.")
            .money(Money::NotSpent)
            .next("Ask for the same again.");
    let change = Change {
        state: Some(State::Failed),
        failure: Some(Some(Failure::from(&error))),
        charge: Some(Charge::Freed),
        ..Change::default()
    };
    film::heal(&step.ledger, &step.job, change, "late answer", step.now_ms()).await?;
    Err(Halt::Lost)
}

/// It had no effect. Passing reasons are waited out, a full tier is left if that was allowed.
async fn refused(step: &mut Step, run: &Run, mut work: RunWork, error: Error) -> Result<(), Halt> {
    if error.kind() == Kind::OutOfCredits {
        return hold::begin(step, work).await;
    }
    work.refused += 1;
    let passing = matches!(error.kind(), Kind::Unavailable | Kind::RateLimited | Kind::AtCapacity);
    let most = match error.kind() {
        Kind::RateLimited => MAX_SLOWED,
        // A host that cannot be reached was sent nothing at all.
        Kind::Unavailable if error.quoted().is_some() => MAX_FAULTY,
        _ => MAX_REFUSED,
    };
    if !passing || work.refused > most {
        return fail(step, &work, error).await;
    }
    if error.kind() == Kind::AtCapacity && work.refused >= MAX_FULL && !work.fell_back {
        match &run.fallback {
            Some(fallback) => {
                work.fell_back = true;
                let note = format!("No room at this tier; going on with {}.", fallback.model);
                return step.requeue(notes(&work)?, &note, Duration::from_millis(200)).await;
            }
            None if work.refused > MAX_FULL + 1 => return fail(step, &work, error).await,
            None => {}
        }
    }
    let pause = step.pause_after(work.refused, &error);
    step.requeue(notes(&work)?, &format!("{} Trying again.", error.message()), pause).await
}

async fn fail(step: &mut Step, work: &RunWork, error: Error) -> Result<(), Halt> {
    let error = error.money(Money::NotSpent);
    step.fail_with(notes(work)?, Failure::from(&error), Some(Charge::Freed)).await
}
