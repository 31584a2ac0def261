//! Posts of which nobody can tell whether they are there: each waits for a person.

use super::post::PostWork;
use crate::error::{Error, Kind, Money};
use crate::jobs::engine::step::{Halt, Step, notes};
use crate::ledger::Change;
use crate::model::job::{Failure, Job, State};
use crate::model::request::{Post, Request};

/// Nobody can tell (`why`): it waits for a person, and is not sent again by itself.
pub(super) async fn put_aside(
    step: &mut Step,
    post: &Post,
    work: PostWork,
    why: Option<&str>,
) -> Result<(), Halt> {
    let error = doubt(&step.job, post, why.unwrap_or("nothing shows it"));
    step.record(Change {
        state: Some(State::Uncertain),
        work: notes(&work)?,
        failure: Some(Some(Failure::from(&error))),
        ..Change::default()
    })
    .await
}

/// What a person is told of a post that may be there.
fn doubt(job: &Job, post: &Post, why: &str) -> Error {
    let who = post.scheduler.title();
    Error::new(Kind::Uncertain, format!("{who} may or may not have the post for {}: {why}.", post.channel))
        .money(Money::NotSpent)
        .next(format!(
            "Look there. If it is there, `firstcut jobs adopt {id} --remote-id ID` settles it; if not, `firstcut jobs drop {id}` and publish again.",
            id = job.id
        ))
}

/// Nothing more can be done about it here. What may have left is put aside; only what never did has failed.
pub(in crate::jobs) async fn out_of_sight(step: &mut Step, cause: &Error) -> Result<(), Halt> {
    let Request::Post(post) = step.job.request.clone() else {
        return step.fail(cause).await;
    };
    let work: PostWork = step.work()?;
    if step.job.state == State::Queued && work.repeats == 0 {
        return step.fail(cause).await;
    }
    let why = format!("it cannot be asked any more ({})", cause.message().trim_end_matches('.'));
    put_aside(step, &post, work, Some(&why)).await
}

/// What becomes of a post after a panic: what may have left waits for a person.
pub(in crate::jobs) fn after_panic(job: &Job, post: &Post) -> Change {
    let why = "firstcut made a mistake while it worked on this; please report it";
    let (state, error) = match job.attempts {
        0 => (State::Failed, Error::internal(format!("{why}."))),
        _ => (State::Uncertain, doubt(job, post, why)),
    };
    Change { state: Some(state), failure: Some(Some(Failure::from(&error))), ..Change::default() }
}
