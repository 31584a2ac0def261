//! Tries an ended or doubtful job again, on a person's word: only what is missing, at a price that is shown first.

use crate::app::App;
use crate::error::{Error, Money, Result};
use crate::jobs::film::FilmWork;
use crate::jobs::money::approve;
use crate::jobs::{cancel, publish, report};
use crate::ledger::NewJob;
use crate::model::job::{Job, JobId, JobKind, State};
use crate::model::request::{Film, Request};
use crate::money::Usd;

/// What a retry would mean.
#[derive(Clone, Debug)]
pub struct Prospect {
    /// The job that would be tried again; the whole, when a part was named.
    pub job: Job,
    /// What the missing work may cost.
    pub most: Usd,
    /// What may be charged a second time, because nobody knows whether it was charged the first time.
    pub twice: Usd,
}

/// What trying again would cost, without doing it.
///
/// # Errors
/// When the job still runs, is done, or is none that is paid in dollars.
pub async fn prospect(app: &App, id: &JobId) -> Result<Prospect> {
    let mut job = report::find(app, id).await?;
    if let (Some(parent), false) = (&job.parent_id, matches!(job.kind, JobKind::Post | JobKind::Handover)) {
        job = report::find(app, parent).await?;
    }
    if !matches!(job.state, State::Failed | State::Uncertain | State::Cancelled) {
        return Err(Error::invalid(format!(
            "The job {} is {}; there is nothing to try again.",
            job.id, job.state
        ))
        .next(format!("Call check_job with job_id {} to see how it stands.", job.id)));
    }
    if publish::is_undelivered(app, &job).await? {
        return Ok(Prospect { job, most: Usd::ZERO, twice: Usd::ZERO });
    }
    let ledger = app.ledger().await?;
    let (request, _) = missing(app, &job).await?;
    let most = approve::wanted(&request)?.most;
    let mut twice = Usd::ZERO;
    for part in ledger.children(&job.id).await?.iter().chain(std::iter::once(&job)) {
        let doubtful = part.state == State::Uncertain
            || part.failure.as_ref().is_some_and(|failure| failure.money != Money::NotSpent.code());
        if let (Request::Run(run), true) = (&part.request, doubtful) {
            twice = twice.checked_add(run.most).unwrap_or(Usd::MAX);
        }
    }
    Ok(Prospect { job, most, twice })
}

/// Tries again: what is doubtful is given up with its worst case in the books, and what is missing becomes a new
/// job that keeps the parts that are here.
pub async fn retry(app: &App, id: &JobId) -> Result<Job> {
    let Prospect { job, .. } = prospect(app, id).await?;
    if publish::again(app, &job).await? {
        return report::find(app, &job.id).await;
    }
    let (request, had) = missing(app, &job).await?;
    let (ledger, now_ms) = (app.ledger().await?, app.now_ms());
    let mut decisions = Vec::new();
    for part in ledger.children(&job.id).await?.iter().chain(std::iter::once(&job)) {
        // What waits for a part that is given up would wait for ever, and is set aside once more in the new job.
        decisions.extend(cancel::decision(part, cancel::given_up(part)).or_else(|| cancel::never_sent(part)));
    }
    let new = NewJob {
        id: JobId::fresh(),
        parent_id: None,
        service: job.service,
        session_id: None,
        state: State::Queued,
        request: request.clone(),
        work: serde_json::Value::Null,
        dedupe_key: format!("retry:{}", job.id),
        note: Some(match had {
            0 => "Tried again.".to_owned(),
            1 => "Tried again; 1 part is kept from before.".to_owned(),
            had => format!("Tried again; {had} parts are kept from before."),
        }),
        due_at_ms: Some(now_ms),
    };
    let wanted = approve::wanted(&request)?;
    let inserted = ledger.replace(&decisions, new, &wanted, &approve::caps(app), now_ms).await?;
    app.ring();
    if !inserted.fresh && matches!(inserted.job.state, State::Failed | State::Cancelled | State::Uncertain) {
        return Err(Error::invalid(format!(
            "The job {} was tried again before, as {}, and that is {}.",
            job.id, inserted.job.id, inserted.job.state
        ))
        .next(format!("Try that one again: `firstcut jobs retry {}`.", inserted.job.id)));
    }
    Ok(inserted.job)
}

/// The request for what is missing, and how many parts are here.
async fn missing(app: &App, job: &Job) -> Result<(Request, usize)> {
    match &job.request {
        Request::Run(_) => Ok((job.request.clone(), 0)),
        Request::Film(film) => {
            let work: FilmWork = serde_json::from_value(job.work.clone()).unwrap_or_default();
            let mut had = Vec::with_capacity(film.parts.len());
            for place in 0..film.parts.len() {
                let id = work.parts.get(place).or(film.had.get(place).and_then(Option::as_ref));
                had.push(match id {
                    Some(id) if report::find(app, id).await?.state == State::Done => Some(id.clone()),
                    _ => None,
                });
            }
            let count = had.iter().flatten().count();
            Ok((Request::Film(Film { had, ..film.clone() }), count))
        }
        _ => Err(Error::invalid(format!("The job {} cannot be tried again this way.", job.id)).next(
            "Ask for the same once more: for NemoVideo's work call generate_video, edit_video or export.",
        )),
    }
}
