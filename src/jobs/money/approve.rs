//! A price that a person has to agree to: the job waits at rest, and a single-use quote sends it on its way.

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::jobs::film::reservation;
use crate::jobs::rehearsal;
use crate::jobs::submit::Submitted;
use crate::jobs::{keyfile, report};
use crate::ledger::{Caps, Change, Filter, Inserted, NewJob, Recorded, Reservation};
use crate::model::job::{EpochMs, Job, JobId, Service, State};
use crate::model::request::Request;
use crate::money::Usd;
use crate::redact::{self, Secret};

/// Prices change; an old quote is none.
const VALID_MS: EpochMs = 60 * 60 * 1000;
/// What may cost more waits for a person, unless the setting says otherwise. A rehearsal spends nothing real.
const APPROVE_ABOVE: Usd = Usd::from_cents(500);

/// Jobs that are looked through for a quote, newest first.
const MOST_WAITING: u32 = 1_000;

/// What a job keeps while it waits for a person's word.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::jobs) struct Waiting {
    /// Passed back to agree; works once.
    pub(in crate::jobs) quote_token: String,
    /// The price that is agreed to.
    pub(in crate::jobs) most: Usd,
    /// Until then.
    pub(in crate::jobs) valid_until_ms: EpochMs,
}

impl Waiting {
    pub(in crate::jobs) fn fresh(most: Usd, now_ms: EpochMs) -> Self {
        let token = uuid::Uuid::new_v4().simple();
        Self { quote_token: format!("quote_{token}"), most, valid_until_ms: now_ms + VALID_MS }
    }

    /// What a waiting job keeps.
    pub(in crate::jobs) fn of(job: &Job) -> Option<Self> {
        serde_json::from_value(job.work.get("waiting")?.clone()).ok()
    }
}

/// Whether so much needs a person's word.
pub(in crate::jobs) fn is_needed(app: &App, service: Service, most: Usd) -> bool {
    let above = match (app.config().budget.approve_above, service) {
        (Some(set), _) => Some(set),
        (None, Service::Sandbox) => None,
        (None, _) => Some(APPROVE_ABOVE),
    };
    above.is_some_and(|above| most > above)
}

/// Enters a paid request into the ledger, once for each key: every one begins here. What it will have done by jobs of their
/// own (`beside`) is agreed to with it, and set aside by those.
pub(in crate::jobs) async fn enter(
    app: &App,
    service: Service,
    dedupe_key: String,
    request: Request,
    approved: bool,
    beside: Usd,
) -> Result<Submitted> {
    let wanted = wanted(&request)?;
    let new = NewJob {
        id: JobId::fresh(),
        parent_id: None,
        service,
        session_id: None,
        state: State::Queued,
        request,
        work: serde_json::Value::Null,
        dedupe_key,
        note: Some("Waiting for its turn.".to_owned()),
        due_at_ms: Some(app.now_ms()),
    };
    let Inserted { job, fresh } = write_down(app, new, &wanted, approved, beside).await?;
    Ok(Submitted { job, fresh })
}

/// Writes a paid job down: on its way with its money set aside, or at rest until a person agrees to the price.
async fn write_down(
    app: &App,
    mut new: NewJob,
    wanted: &Reservation,
    approved: bool,
    beside: Usd,
) -> Result<Inserted> {
    let (ledger, now_ms) = (app.ledger().await?, app.now_ms());
    let most = wanted.most.checked_add(beside).unwrap_or(Usd::MAX);
    let inserted = if !approved && is_needed(app, new.service, most) {
        new.state = State::NeedsApproval;
        new.work = serde_json::json!({ "waiting": Waiting::fresh(most, now_ms) });
        new.note = Some(format!("It may cost up to {most}, which needs a person's word."));
        ledger.insert(new, now_ms).await?
    } else {
        ledger.insert_paid(new, wanted, &caps(app), now_ms).await?
    };
    app.ring();
    Ok(inserted)
}

/// Agrees to the price of a job. With a token, it must be the one that was shown, and still valid; without, a
/// person says so at a terminal.
///
/// # Errors
/// A wrong or outdated token; a budget that has no room any more. Nothing is sent then.
pub async fn approve(app: &App, id: &JobId, token: Option<&str>) -> Result<Job> {
    let job = report::find(app, id).await?;
    if job.state != State::NeedsApproval {
        return Err(Error::invalid(format!("The job {id} is {}; it waits for no approval.", job.state))
            .next(format!("Call check_job with job_id {id} to see how it stands.")));
    }
    let now_ms = app.now_ms();
    let waiting =
        Waiting::of(&job).ok_or_else(|| Error::internal(format!("The job {id} waits without a quote.")))?;
    if let Some(token) = token
        && token.trim() != waiting.quote_token
    {
        return Err(Error::invalid("This is not the quote that was shown for this job. Nothing was sent.")
            .next("Call check_job to see the quote, and pass it back only when the user has agreed."));
    }
    if now_ms > waiting.valid_until_ms {
        return Err(Error::new(
            Kind::InvalidInput,
            "This quote is older than an hour, and prices change. Nothing was sent.",
        )
        .next("Cancel the job and ask again: a new quote is made."));
    }
    let wanted = wanted(&job.request)?;
    let change = Change {
        work: Some(serde_json::Value::Null),
        note: Some("Approved.".to_owned()),
        detail: serde_json::json!({ "approved": wanted.most }),
        ..Change::default()
    };
    match app.ledger().await?.approve(id, &wanted, &caps(app), change, now_ms).await? {
        Recorded::Done(job) => {
            app.ring();
            Ok(job)
        }
        // Somebody else was quicker; the same outcome.
        Recorded::Lost => report::find(app, id).await,
    }
}

/// The job with these words that waits under this quote.
async fn waiting_for(app: &App, prompt: &str, token: &str) -> Result<Option<Job>> {
    let waiting = Filter { state: Some(State::NeedsApproval), roots_only: true, ..Filter::default() };
    let is_it = |job: &Job| {
        job.request.words() == prompt
            && Waiting::of(job).is_some_and(|waiting| waiting.quote_token == token.trim())
    };
    Ok(app.ledger().await?.list(&waiting, MOST_WAITING).await?.into_iter().find(is_it))
}

/// What a job that waits asks a person.
#[derive(Clone, Debug)]
pub struct Question {
    /// A sentence with the price, which is all that a dialog may show.
    pub words: String,
    /// How long it may still be answered, in milliseconds.
    pub valid_ms: u64,
}

/// The question of a job, if it waits for an answer that still counts.
#[must_use]
pub fn question(app: &App, job: &Job) -> Option<Question> {
    let waiting = Waiting::of(job).filter(|_| job.state == State::NeedsApproval)?;
    let valid_ms = u64::try_from(waiting.valid_until_ms - app.now_ms()).ok().filter(|left| *left > 0)?;
    let (what, model) = match &job.request {
        Request::Run(run) if run.template.is_some() => ("Changing this template", Some(&run.model)),
        Request::Run(run) => ("Making this video", Some(&run.model)),
        Request::Film(film) => ("Making this video", film.parts.first().map(|run| &run.model)),
        _ => ("This", None),
    };
    let with = model.map(|model| format!(" with {}", redact::label(model))).unwrap_or_default();
    let words = format!(
        "{}{what}{with} may cost up to {} at {}. Nothing has been sent or spent yet. Go ahead?\n\nAsked for: {}",
        rehearsal::mark(job.service),
        waiting.most,
        job.service.title(),
        redact::quotation(&redact::quote(job.request.words(), 300)),
    );
    Some(Question { words, valid_ms })
}

/// A key for sealing questions that travel through a client: made once for each ledger, private to the user.
///
/// # Errors
/// `Storage`.
pub fn key(app: &App) -> Result<Secret> {
    let path = app.config().data_dir().join("approval.key");
    if keyfile::read(&path)?.is_none() {
        let key = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        keyfile::create(&path, &key)?;
    }
    Ok(Secret::new(keyfile::read(&path)?.unwrap_or_default().trim()))
}

/// What a request may cost as a whole.
pub(in crate::jobs) fn wanted(request: &Request) -> Result<Reservation> {
    match request {
        Request::Run(run) => Ok(reservation(run)),
        Request::Film(film) => {
            let due: Vec<_> = film
                .parts
                .iter()
                .enumerate()
                .filter(|(place, _)| film.had.get(*place).is_none_or(Option::is_none))
                .map(|(_, run)| run)
                .collect();
            let first = film.parts.first().ok_or_else(|| Error::internal("A film without parts."))?;
            Ok(Reservation {
                most: due.iter().map(|run| run.most).sum::<Option<Usd>>().unwrap_or(Usd::MAX),
                estimate: due.iter().map(|run| run.estimate).sum::<Option<Option<Usd>>>().flatten(),
                ..reservation(first)
            })
        }
        _ => Err(Error::internal("Only SkillBoss' work is paid in dollars.")),
    }
}

/// The caps of this ledger.
pub(in crate::jobs) fn caps(app: &App) -> Caps {
    let budget = &app.config().budget;
    Caps { per_day: budget.per_day, per_week: budget.per_week, per_batch: budget.per_batch }
}

/// Agrees to the price of a job by its quote, and says whether that set it on its way. Saying so twice, or at the same
/// moment, is saying it once.
///
/// # Errors
/// As [`approve`], while the job still waits.
pub(in crate::jobs) async fn agree(app: &App, id: &JobId, token: &str) -> Result<(Job, bool)> {
    match approve(app, id, Some(token)).await {
        Ok(job) => Ok((job, true)),
        Err(error) => match report::find(app, id).await? {
            job if job.state == State::NeedsApproval => Err(error),
            job => Ok((job, false)),
        },
    }
}

/// What a repeated wish finds; with the quote of a job that waits, it starts it.
///
/// # Errors
/// As [`agree`].
pub(in crate::jobs) async fn known(app: &App, job: Job, token: Option<&str>) -> Result<Submitted> {
    match token {
        Some(token) if job.state == State::NeedsApproval => {
            let (job, fresh) = agree(app, &job.id, token).await?;
            Ok(Submitted { job, fresh })
        }
        _ => Ok(Submitted { job, fresh: false }),
    }
}

/// Who asked for another one of the same is known by the quote alone.
///
/// # Errors
/// No job waits for it: the wish (`what`) is another one than it was made for.
pub(in crate::jobs) async fn by_quote(
    app: &App,
    what: &str,
    words: &str,
    token: &str,
    new: bool,
) -> Result<Submitted> {
    if new && let Some(job) = waiting_for(app, words, token).await? {
        let job = approve(app, &job.id, Some(token)).await?;
        return Ok(Submitted { job, fresh: true });
    }
    Err(Error::invalid(format!(
        "No {what} waits for this quote: the other arguments differ from those it was made for. Nothing was sent."
    ))
    .next("Repeat the call exactly as it was, with quote_token added."))
}
