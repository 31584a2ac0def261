//! A run or a film as it is told: what was made, what it cost, what it was expected to cost, and what is left to do.

use crate::app::App;
use crate::error::{Error, Money, Result};
use crate::jobs::clip::enhance::Rewriting;
use crate::jobs::film::FilmWork;
use crate::jobs::inspect::{self, Seen};
use crate::jobs::money::approve::Waiting;
use crate::jobs::money::hold;
use crate::jobs::rehearsal;
use crate::jobs::run::{RunWork, model_of, retention};
use crate::ledger::{Booked, Charge, ChargeSource};
use crate::model::job::{Job, JobKind, State};
use crate::model::report::{ApprovalReport, CostReport, ErrorReport, FileReport, JobReport, RemoteReport};
use crate::model::request::Request;
use crate::money::Usd;
use crate::redact;
use crate::skillboss::receipt::Signature;

/// The report of a run or a film.
pub(in crate::jobs) async fn report(app: &App, job: &Job) -> Result<JobReport> {
    let Made { mut files, models, remote, seen } = made(app, job).await?;
    files.extend(seen.as_ref().and_then(|seen| seen.picture.clone()).map(|(_, picture)| picture));
    let cost = cost(app, job).await?;
    let waiting = Waiting::of(job).filter(|_| job.state == State::NeedsApproval);
    Ok(JobReport {
        job_id: job.id.to_string(),
        kind: job.kind.name().to_owned(),
        state: job.state.name().to_owned(),
        service: job.service.name().to_owned(),
        progress_pct: if job.state.is_at_rest() { None } else { job.progress_pct },
        message: format!(
            "{}{}{}",
            rehearsal::mark(job.service),
            message(job, &files, cost.as_ref(), models, seen.as_ref()),
            retention::warning(job, app.now_ms()).map(|words| format!(" {words}")).unwrap_or_default()
        ),
        next: next(job, &files, seen.as_ref()),
        checks: seen.map(|seen| seen.checks).unwrap_or_default(),
        cost,
        remote,
        error: job.failure.as_ref().map(|failure| ErrorReport::from(&Error::from(failure))),
        approval: waiting.map(|waiting| ApprovalReport {
            most_usd: waiting.most,
            quote_token: waiting.quote_token,
            valid_until_ms: waiting.valid_until_ms,
        }),
        files,
        ..JobReport::default()
    })
}

/// What there is to show.
#[derive(Default)]
struct Made {
    files: Vec<FileReport>,
    /// Which models were used that were not asked for, in words.
    models: Vec<String>,
    /// The service's names for it; of a whole, for the part that came to nothing.
    remote: Option<RemoteReport>,
    seen: Option<Seen>,
}

/// The video of a job, if it is here, and what was seen of it.
pub(in crate::jobs) async fn video(app: &App, job: &Job) -> Result<Option<(FileReport, Seen)>> {
    let made = made(app, job).await?;
    let whole = job.state == State::Done;
    Ok(made.files.into_iter().next().filter(|_| whole).map(|file| (file, made.seen.unwrap_or_default())))
}

async fn made(app: &App, job: &Job) -> Result<Made> {
    if job.kind == JobKind::Run {
        let (models, remote) = (models(std::slice::from_ref(job)), named(job));
        let work: RunWork = serde_json::from_value(job.work.clone()).unwrap_or_default();
        return Ok(Made { files: work.end.file.into_iter().collect(), models, remote, seen: work.end.seen });
    }
    let work: FilmWork = serde_json::from_value(job.work.clone()).unwrap_or_default();
    let mut parts = Vec::with_capacity(work.parts.len());
    for part in &work.parts {
        parts.push(app.ledger().await?.job(part).await?);
    }
    let models = models(&parts);
    if let Some(file) = work.end.file {
        return Ok(Made { files: vec![file], models, seen: work.end.seen, ..Made::default() });
    }
    // Before the film is whole, its parts are what there is.
    let remote = parts.iter().filter(|part| part.state != State::Done).find_map(named);
    let files = parts
        .into_iter()
        .filter(|_| job.state.is_at_rest())
        .filter_map(|part| serde_json::from_value::<RunWork>(part.work).ok()?.end.file)
        .collect();
    Ok(Made { files, models, remote, ..Made::default() })
}

/// What the service calls a run, or the request of it that was refused last.
fn named(job: &Job) -> Option<RemoteReport> {
    let work: RunWork = serde_json::from_value(job.work.clone()).ok()?;
    let (id, record) = match work.remote {
        Some(remote) => (Some(remote.id), remote.record_id),
        None => (work.request_id, None),
    };
    let report = RemoteReport { id, record_id: work.record_id.or(record) };
    (report != RemoteReport::default()).then_some(report)
}

/// Which models these runs went to that were not asked for: by agreement, because the cheaper tier was full, or by the
/// service's own choice.
fn models(runs: &[Job]) -> Vec<String> {
    let (mut agreed, mut surprises) = (Vec::new(), Vec::new());
    for job in runs {
        let Request::Run(run) = &job.request else { continue };
        let work: RunWork = serde_json::from_value(job.work.clone()).unwrap_or_default();
        let sent_to = model_of(run, &work);
        if sent_to != run.model {
            agreed.push((run.model.as_str(), sent_to.to_owned()));
        }
        surprises.extend(work.model_used.filter(|used| !used.ends_with(sent_to)));
    }
    surprises.dedup();
    let mut said = Vec::new();
    if let Some((asked, used)) = agreed.first() {
        let whose = match runs.len() {
            1 => String::new(),
            all => format!(" for {} of {all} parts", agreed.len()),
        };
        said.push(format!(
            "There was no room for {asked}{whose}; {used} was used instead, at a price that max_cost_usd allowed."
        ));
    }
    said.extend(surprises.iter().map(|used| {
        format!(
            "The service says that it used the model {}, not the one that was asked for.",
            redact::quotation(used)
        )
    }));
    said
}

/// The sum of what the books hold for a job and its parts.
async fn cost(app: &App, job: &Job) -> Result<Option<CostReport>> {
    let ledger = app.ledger().await?;
    let mut booked: Vec<Booked> = ledger.charge(&job.id).await?.into_iter().collect();
    for part in ledger.children(&job.id).await? {
        booked.extend(ledger.charge(&part.id).await?);
    }
    if let Some(id) = rewriting(job).as_ref().and_then(Rewriting::own_job) {
        booked.extend(ledger.charge(id).await?);
    }
    let mut cost = CostReport::default();
    let (mut charged, mut open, mut estimate) = (Usd::ZERO, Usd::ZERO, Usd::ZERO);
    let (mut any, mut assumed) = (false, false);
    for entry in &booked {
        let add = |sum: Usd, more: Usd| sum.checked_add(more).unwrap_or(Usd::MAX);
        match &entry.charge {
            // A whole whose parts have their own entries.
            Some(Charge::Freed) => any |= job.state.is_at_rest(),
            Some(Charge::Settled { charged: usd, source, .. }) => {
                (any, charged) = (true, add(charged, *usd));
                assumed |= matches!(source, ChargeSource::Estimate | ChargeSource::WorstCase);
                estimate = add(estimate, entry.estimate.unwrap_or_default());
            }
            None => {
                (any, open) = (true, add(open, entry.most));
                estimate = add(estimate, entry.estimate.unwrap_or_default());
            }
        }
    }
    if !any {
        return Ok(None);
    }
    cost.usd = Some(charged);
    cost.usd_estimated = Some(estimate).filter(|usd| *usd > Usd::ZERO);
    cost.usd_may_still_cost = Some(open).filter(|usd| *usd > Usd::ZERO);
    cost.usd_is_assumed = assumed;
    Ok(Some(cost))
}

fn message(
    job: &Job,
    files: &[FileReport],
    cost: Option<&CostReport>,
    models: Vec<String>,
    seen: Option<&Seen>,
) -> String {
    let mut said = Vec::new();
    match job.state {
        State::Done => {
            match files.first() {
                Some(file) => said.push(format!("✅ Video ready! It is saved as {}.", file.path)),
                None => said.push("✅ Done.".to_owned()),
            }
            if files.is_empty()
                && let Some(record) = job.work.get("record_id").and_then(serde_json::Value::as_str)
            {
                said.push(format!(
                    "The service's record of it is {}; quote that to its support.",
                    redact::label(record)
                ));
            }
            if let Some(usd) = cost.and_then(|cost| cost.usd) {
                let about =
                    if cost.is_some_and(|cost| cost.usd_is_assumed) { "It probably cost" } else { "It cost" };
                said.push(format!("{about} {usd}."));
            }
            said.extend(models.clone());
            said.extend(forged(job));
            said.extend(seen.and_then(inspect::summary));
        }
        State::Failed | State::Uncertain => {
            let Some(failure) = &job.failure else { return "The job failed.".to_owned() };
            said.push(failure.message.clone());
            said.push(Money::from_code(&failure.money).sentence().to_owned());
            if let Some(words) = failure.quoted.as_deref().map(str::trim).filter(|words| !words.is_empty()) {
                said.push(format!("The service says: {}", redact::quotation(words)));
            }
        }
        State::Cancelled => said.push(job.note.clone().unwrap_or_else(|| "Stopped.".to_owned())),
        State::NeedsApproval => said.push(job.note.clone().unwrap_or_default()),
        _ if job.cancel_requested => said.push("Being stopped.".to_owned()),
        _ if hold::waits_for_money(job) => said.push(WAITS_FOR_MONEY.to_owned()),
        _ => {
            let note = job.note.as_deref().unwrap_or("Waiting for its turn.");
            said.push(format!("Still working: {note}"));
        }
    }
    // Of what ended otherwise, too: its money went there.
    if job.state != State::Done {
        said.extend(models);
    }
    if !matches!(job.state, State::Cancelled | State::NeedsApproval) {
        said.extend(rewritten(job));
    }
    said.join(" ")
}

/// What the key for receipts said, if that is no good.
fn forged(job: &Job) -> Option<String> {
    let check = job.work.get("receipt_check")?.as_str().filter(|check| *check != Signature::GENUINE)?;
    Some(format!("⚠️ Its receipt is {check}."))
}

/// Of a run or a film that waits until there is money.
const WAITS_FOR_MONEY: &str = "Waiting for money: there is too little in the SkillBoss wallet. Nothing was charged for what waits, and it goes on by itself after a top-up.";

/// What a run or a film keeps of its prompt's rewriting.
fn rewriting(job: &Job) -> Option<Rewriting> {
    serde_json::from_value(job.work.get("rewriting")?.clone()).ok()
}

/// What became of the prompt before it was sent, beside the user's own.
fn rewritten(job: &Job) -> Option<String> {
    let run = match &job.request {
        Request::Run(run) => run,
        Request::Film(film) => film.parts.first()?,
        _ => return None,
    };
    let rewriting = rewriting(job);
    let it = rewriting.as_ref().and_then(Rewriting::outcome).or(run.enhancement.as_ref())?;
    let yours = job.request.words();
    Some(match &it.text {
        Some(text) => {
            format!("{} Sent: {} Yours: {}", it.note, redact::quotation(text), redact::quotation(yours))
        }
        None => it.note.clone(),
    })
}

fn next(job: &Job, files: &[FileReport], seen: Option<&Seen>) -> String {
    match job.state {
        State::Done if files.is_empty() => "Nothing more is to be done.".to_owned(),
        State::Done if seen.is_some_and(Seen::has_failed) => {
            "Tell the user what the delivery check found.".to_owned()
        }
        State::Done if seen.is_some_and(|seen| seen.picture.is_some()) => {
            "Look at the preview, then show the file to the user.".to_owned()
        }
        State::Done => "Show the file to the user.".to_owned(),
        State::Failed | State::Uncertain => job
            .failure
            .as_ref()
            .and_then(|failure| failure.next.clone())
            .unwrap_or_else(|| "Tell the user what happened.".to_owned()),
        State::Cancelled if matches!(&job.request, Request::Run(run) if run.template.is_some()) => {
            "Call update_template to ask for it again.".to_owned()
        }
        State::Cancelled => "Call generate_video to start anew.".to_owned(),
        _ if hold::waits_for_money(job) => {
            job.failure.as_ref().and_then(|failure| failure.next.clone()).unwrap_or_default()
        }
        State::NeedsApproval if matches!(&job.request, Request::Run(run) if run.template.is_some()) => {
            format!(
                "Ask the user whether this price is all right. Only if so, repeat the same update_template call with quote_token added (at a terminal: `firstcut jobs approve {0}`); else call cancel_job with job_id {0}, which costs nothing.",
                job.id
            )
        }
        State::NeedsApproval => format!(
            "Ask the user whether this price is all right. Only if so, repeat the same generate_video call with quote_token added; else call cancel_job with job_id {}, which costs nothing.",
            job.id
        ),
        _ => format!("Call check_job with job_id {} to wait for it; it goes on meanwhile.", job.id),
    }
}
