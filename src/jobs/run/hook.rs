//! Where a service may tell us that a run has ended: an address of its own for each attempt, which nobody can guess.
//!
//! A notice never moves a job. It names what the service calls the run, and has the job looked at now instead of at
//! the next poll; what is true is asked for. So a forged or repeated one costs at most one question.

use url::Url;

use crate::app::App;
use crate::config::Config;
use crate::error::{Kind, Result};
use crate::jobs::engine::step::notes_value;
use crate::jobs::film;
use crate::jobs::keyfile;
use crate::jobs::run::RunWork;
use crate::ledger::{AttemptState, Change, Ledger};
use crate::model::job::{EpochMs, Job, JobId, State};
use crate::net::seal::Seal;
use crate::skillboss::Remote;
use crate::skillboss::status::Phase;
use crate::skillboss::webhook::check_address;

/// The path under which notices come in, before the token.
pub const PATH: &str = "/hooks/v1/";

/// What became of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Written down; the job is looked at.
    New,
    /// It had come before.
    Again,
    /// No address of ours: forged, or of another ledger.
    NotOurs,
}

/// Whether services can reach us at all.
pub(in crate::jobs) fn is_on(config: &Config) -> bool {
    config.hooks.public_url.is_some()
}

/// The address for the `n`th attempt of a job; none when services cannot reach us.
///
/// # Errors
/// `Storage` when the key of these addresses cannot be read or made.
pub(in crate::jobs) async fn address(config: &Config, id: &JobId, n: u32) -> Result<Option<Url>> {
    let Some(base) = &config.hooks.public_url else { return Ok(None) };
    // The service refuses what is not public, and the whole request with it; a notice is only a convenience.
    if let Err(error) = check_address(base, config.skillboss.allow_loopback).await {
        tracing::warn!(%error, "FIRSTCUT_PUBLIC_URL is not used; results are asked for");
        return Ok(None);
    }
    let token = seal(config)?.seal(&format!("{id}.{n}"));
    let mut url = base.clone();
    url.set_path(&format!("{}{PATH}{token}", base.path().trim_end_matches('/')));
    Ok(Some(url))
}

/// Takes a notice that came in under `token`: the service calls the run `remote` and claims that it stands there.
///
/// # Errors
/// `Ledger` when it cannot be written down; the sender should try again.
pub async fn take(app: &App, token: &str, remote: Remote, claim: Phase) -> Result<Taken> {
    let Some((id, n)) = seal(app.config())?.open(token).and_then(|words| parse(&words)) else {
        return Ok(Taken::NotOurs);
    };
    let (ledger, now_ms) = (app.ledger().await?, app.now_ms());
    let job = match ledger.take_notice(&id, n, &remote.id, &format!("{claim:?}").to_lowercase(), now_ms).await
    {
        Ok(Some(job)) => (job, Taken::New),
        // It came before, but we may have ended before we acted on it.
        Ok(None) => (ledger.job(&id).await?, Taken::Again),
        Err(error) if error.kind() == Kind::NotFound => return Ok(Taken::NotOurs),
        Err(error) => return Err(error),
    };
    let (job, taken) = job;
    if job.state == State::Uncertain {
        heal(ledger, &job, n, remote, now_ms).await?;
    }
    app.ring();
    Ok(taken)
}

/// A run that was put aside as lost goes on under the name that the notice gave; the service is asked whether
/// that is true.
pub(in crate::jobs) async fn heal(
    ledger: &Ledger,
    job: &Job,
    n: u32,
    remote: Remote,
    now_ms: EpochMs,
) -> Result<()> {
    let Ok(work) = serde_json::from_value::<RunWork>(job.work.clone()) else { return Ok(()) };
    // Somebody who knows the address may still lie about the name: another job's is not taken.
    if ledger.is_remote_of_another(&remote.id, &job.id).await? {
        return Ok(());
    }
    let nothing = serde_json::Value::Null;
    ledger.end_attempt(&job.id, n, AttemptState::Accepted, Some(&remote.id), nothing, now_ms).await?;
    let change = Change {
        state: Some(State::Running),
        work: Some(notes_value(&RunWork { remote: Some(remote), unknown_to_service: 0, ..work })?),
        failure: Some(None),
        note: Some("The service's notice tells its name; asking for its state.".to_owned()),
        due_at_ms: Some(Some(now_ms)),
        ..Change::default()
    };
    film::heal(ledger, job, change, "notice", now_ms).await
}

fn parse(words: &str) -> Option<(JobId, u32)> {
    let (id, n) = words.rsplit_once('.')?;
    Some((id.parse().ok()?, n.parse().ok()?))
}

/// The key of these addresses: made once for each ledger, private to the user. Another line before it replaces it,
/// and addresses that were given out before are still known.
fn seal(config: &Config) -> Result<Seal> {
    let path = config.data_dir().join("hook.key");
    if keyfile::read(&path)?.is_none() {
        let key = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        keyfile::create(&path, &key)?;
    }
    Seal::from_keys(keyfile::read(&path)?.unwrap_or_default().lines())
}
