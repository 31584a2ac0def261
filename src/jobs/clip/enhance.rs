//! Prompts with more detail: a small language model rewrites them before a clip is sent, if that is wished.
//!
//! A rewriting is a job like any other that costs: written down first, sent once, in the same books and caps. Its key is
//! its content, so the ledger is also the cache. The clip's own job waits for it, so no call does. Whatever goes wrong,
//! the prompt is used as it was, and that is said.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::error::{Error, Kind, Money, Result};
use crate::jobs::engine::step::Step;
use crate::jobs::money::{approve, hold};
use crate::model::catalog::ModelKind;
use crate::model::inspection::Inspection;
use crate::model::job::{EpochMs, Failure, Job, JobId, Service, State};
use crate::model::request::{Enhancement, Inputs, Request, Run};
use crate::money::Usd;

/// A clip waits so long for its prompt: a language model that takes longer is in trouble.
const PATIENCE_MS: EpochMs = 15_000;
/// Pause between two looks at the rewriting; it is over within seconds.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// The same while it waits for money.
const LOOK_AT_MONEY_EVERY: Duration = Duration::from_secs(2);
/// What failed without a charge is tried again after this.
const FORGOTTEN_MS: EpochMs = 10 * 60 * 1000;
/// What a job does meanwhile, for people.
pub(in crate::jobs) const NOTE: &str = "A language model adds detail to the prompt first.";

/// A rewriting, as the job that wants it keeps it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::jobs) struct Rewriting {
    /// The job that does it, once it is written down.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<JobId>,
    /// Written down for this very clip, which tells its charge as its own; else it was there before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ours: bool,
    since_ms: EpochMs,
    /// What it waits for, if that is money.
    #[serde(skip)]
    waits: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Enhancement>,
}

impl Rewriting {
    /// What became of the prompt; none while that is open.
    pub(in crate::jobs) fn outcome(&self) -> Option<&Enhancement> {
        self.outcome.as_ref()
    }

    /// The job whose charge belongs to the clip.
    pub(in crate::jobs) fn own_job(&self) -> Option<&JobId> {
        self.job.as_ref().filter(|_| self.ours)
    }

    /// What the clip waits for because its prompt does.
    pub(in crate::jobs) fn waits(&self) -> Option<Failure> {
        self.waits.clone()
    }

    /// How long until the next step.
    pub(in crate::jobs) fn pause(&self) -> Duration {
        match (&self.outcome, &self.waits) {
            (Some(_), _) => Duration::ZERO,
            (None, Some(_)) => LOOK_AT_MONEY_EVERY,
            (None, None) => LOOK_EVERY,
        }
    }

    fn over(self, outcome: Result<String>) -> Self {
        Self { outcome: Some(told(outcome)), ..self }
    }
}

/// Who would rewrite, what it probably costs, and the cap that is sent.
#[derive(Clone, Debug)]
pub(in crate::jobs) struct Writer {
    model: String,
    pub(in crate::jobs) estimate: Usd,
    pub(in crate::jobs) most: Usd,
}

/// The language model of the catalog.
///
/// # Errors
/// `PriceUnknown` when the catalog has none with a price.
pub(in crate::jobs) async fn writer(app: &App) -> Result<Writer> {
    let models = app.catalog().await?.models();
    let priced = models.iter().filter(|model| model.kind == ModelKind::Chat && model.retired.is_none());
    let found = priced
        .filter_map(|model| Some((model.id.clone(), model.price_range(None, None)?.1)))
        .next()
        .ok_or_else(|| {
            Error::new(Kind::PriceUnknown, "The catalog has no language model with a price.")
                .next("Add one with kind = \"chat\" and a price to a catalog of yours (FIRSTCUT_CATALOG).")
        })?;
    Ok(Writer { model: found.0, estimate: found.1, most: found.1.up_to_cent() })
}

/// One look at the rewriting of a job's prompt, which is begun if it was not.
///
/// # Errors
/// Only what the ledger says; everything else leaves the prompt as it was.
pub(in crate::jobs) async fn look(
    step: &Step,
    rewriting: Option<Rewriting>,
    prompt: &str,
    batch: Option<&str>,
) -> Result<Rewriting> {
    let now_ms = step.now_ms();
    let rewriting = rewriting.unwrap_or_default();
    let Some(id) = rewriting.job.clone() else {
        return match begin(&step.app, step.job.service, prompt, batch).await {
            Ok((id, ours)) => Ok(Rewriting { job: Some(id), ours, since_ms: now_ms, ..rewriting }),
            Err(error) if error.kind() == Kind::Ledger => Err(error),
            Err(error) => Ok(rewriting.over(Err(error))),
        };
    };
    let job = step.ledger.job(&id).await?;
    if hold::waits_for_money(&job) {
        // So would the clip; both go on after a top-up.
        return Ok(Rewriting { since_ms: now_ms, waits: job.failure, ..rewriting });
    }
    // A time outside comes from a clock that was set back.
    let in_time = (0..PATIENCE_MS).contains(&(now_ms - rewriting.since_ms));
    if in_time && !job.state.is_at_rest() {
        return Ok(rewriting);
    }
    abandon(step, &job).await?;
    Ok(rewriting.over(outcome(&job)))
}

/// It must not be sent when nobody waits for it any more. Other clips with the same words may.
async fn abandon(step: &Step, job: &Job) -> Result<()> {
    if job.state.is_at_rest() {
        return Ok(());
    }
    let waits = |other: &Job| {
        let rewriting = other.work.get("rewriting").cloned();
        let rewriting: Rewriting =
            rewriting.and_then(|it| serde_json::from_value(it).ok()).unwrap_or_default();
        other.id != step.job.id
            && !other.cancel_requested
            && rewriting.outcome.is_none()
            && rewriting.job.as_ref() == Some(&job.id)
    };
    if !step.ledger.active().await?.iter().any(waits) {
        step.ledger.request_cancel(&job.id, step.now_ms()).await?;
    }
    Ok(())
}

/// Nobody wants the clip any more, and so its prompt neither. What is to be said of the money.
pub(in crate::jobs) async fn give_up(step: &Step, rewriting: Option<&Rewriting>) -> Result<&'static str> {
    let Some(id) = rewriting.and_then(|it| it.job.as_ref()) else {
        return Ok("Stopped before anything was sent; it costs nothing.");
    };
    abandon(step, &step.ledger.job(id).await?).await?;
    Ok("Stopped before the clip was sent. Rewriting its prompt may have cost up to a cent.")
}

/// The job that rewrites this prompt, or did; and whether it was written down now.
async fn begin(app: &App, service: Service, prompt: &str, batch: Option<&str>) -> Result<(JobId, bool)> {
    let writer = writer(app).await?;
    let (ledger, now_ms) = (app.ledger().await?, app.now_ms());
    let base = key(service, &writer.model, prompt);
    let earlier = match ledger.latest_with_key_prefix(&base).await? {
        Some(job) if !is_forgotten(&job, now_ms) => return Ok((job.id, false)),
        earlier => earlier,
    };
    let run = Run {
        prompt: prompt.to_owned(),
        model: writer.model,
        inputs: Inputs::default(),
        most: writer.most,
        estimate: Some(writer.estimate),
        output_path: None,
        batch: batch.map(str::to_owned),
        fallback: None,
        template: None,
        rewrite: true,
        enhance: false,
        enhancement: None,
        after_previous: false,
        inspection: Inspection::default(),
        delivery: Default::default(),
    };
    let key = format!("{base}{}", earlier.map(|job| job.id.to_string()).unwrap_or_default());
    // Its price stood in the clip's, within its cap, so who asked for that has agreed.
    let entered = approve::enter(app, service, key, Request::Run(run), true, Usd::ZERO).await?;
    Ok((entered.job.id, entered.fresh))
}

/// The text that a rewriting came to, or why there is none.
fn outcome(job: &Job) -> Result<String> {
    match (job.state, job.work.get("text").and_then(Value::as_str)) {
        (State::Done, Some(text)) => Ok(text.to_owned()),
        (state, _) if !state.is_at_rest() => {
            let error = Error::new(Kind::TimedOut, "the language model did not answer in time.");
            Err(if state == State::Queued { error } else { error.money(Money::Unknown) })
        }
        _ => Err(job
            .failure
            .as_ref()
            .map_or_else(|| Error::new(Kind::Cancelled, "the rewriting was stopped."), Error::from)),
    }
}

fn told(outcome: Result<String>) -> Enhancement {
    match outcome {
        Ok(text) => {
            Enhancement { text: Some(text), note: "The prompt was rewritten with more detail.".to_owned() }
        }
        Err(error) => {
            let money = match error.spent() {
                Money::NotSpent => "",
                Money::Spent => " The rewriting was charged.",
                Money::Unknown => " The rewriting may have been charged.",
            };
            let note =
                format!("The prompt was not rewritten, and is used as it was: {}{money}", error.message());
            Enhancement { text: None, note }
        }
    }
}

/// Whether it may be asked for once more: it failed or was stopped without a charge, and a while ago.
fn is_forgotten(job: &Job, now_ms: EpochMs) -> bool {
    let free = job.failure.as_ref().is_none_or(|failure| failure.money == Money::NotSpent.code());
    matches!(job.state, State::Failed | State::Cancelled) && free && now_ms - job.updated_at_ms > FORGOTTEN_MS
}

fn key(service: Service, model: &str, prompt: &str) -> String {
    let digest = Sha256::digest(format!("{model}\0{}", prompt.trim()).as_bytes());
    let digest: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("rewrite:{}:{digest}:", service.name())
}
