//! Prompts with more detail: a small language model rewrites them before a clip is made, if that is wished.
//!
//! A rewriting is a job like any other that costs: written down first, sent once, in the same books and caps. Its key is
//! its content, so the ledger is also the cache. Whatever goes wrong, the prompt is used as it was, and that is said.

use std::time::Duration;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::error::{Error, Kind, Money, Result};
use crate::jobs::money::{approve, hold};
use crate::jobs::wait;
use crate::model::catalog::ModelKind;
use crate::model::inspection::Inspection;
use crate::model::job::{EpochMs, Job, Service, State};
use crate::model::request::{Enhancement, Inputs, Request, Run};
use crate::money::Usd;

/// A clip waits so long for its prompt: callers give up after a minute, and the clip itself is not written down before.
const PATIENCE: Duration = Duration::from_secs(15);
/// What failed without a charge is tried again after this.
const FORGOTTEN_MS: EpochMs = 10 * 60 * 1000;

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

/// The prompt with more detail, or the reason why it stays as it was.
pub(in crate::jobs) async fn enhance(
    app: &App,
    service: Service,
    prompt: &str,
    batch: Option<&str>,
) -> Enhancement {
    match rewritten(app, service, prompt, batch).await {
        Ok(text) => {
            Enhancement { text: Some(text), note: "The prompt was rewritten with more detail.".to_owned() }
        }
        Err(error) => {
            let money = match error.spent() {
                Money::NotSpent => "",
                Money::Spent => " The rewriting was charged.",
                Money::Unknown => " The rewriting may have been charged.",
            };
            Enhancement {
                text: None,
                note: format!(
                    "The prompt was not rewritten, and is used as it was: {}{money}",
                    error.message()
                ),
            }
        }
    }
}

async fn rewritten(app: &App, service: Service, prompt: &str, batch: Option<&str>) -> Result<String> {
    let writer = writer(app).await?;
    let (ledger, now_ms) = (app.ledger().await?, app.now_ms());
    let base = key(service, &writer.model, prompt);
    let known = ledger.latest_with_key_prefix(&base).await?;
    let id = match known {
        Some(job) if !is_forgotten(&job, now_ms) => job.id,
        earlier => {
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
                enhancement: None,
                after_previous: false,
                inspection: Inspection::default(),
                delivery: Default::default(),
            };
            let key = format!("{base}{}", earlier.map(|job| job.id.to_string()).unwrap_or_default());
            // Its price is a fraction of a cent and within every cap; who asked for it has agreed.
            approve::enter(app, service, key, Request::Run(run), true).await?.job.id
        }
    };
    let job = wait::unless_short(app, &id, PATIENCE, |_| {}).await?;
    outcome(app, &job).await
}

async fn outcome(app: &App, job: &Job) -> Result<String> {
    match (job.state, job.work.get("text").and_then(Value::as_str)) {
        (State::Done, Some(text)) => Ok(text.to_owned()),
        (state, _) if !state.is_at_rest() => {
            // It must not be sent when nobody waits for it any more.
            app.ledger().await?.request_cancel(&job.id, app.now_ms()).await?;
            Err(match hold::waits_for_money(job) {
                true => Error::new(Kind::OutOfCredits, "the wallet has no money for it."),
                false => Error::new(Kind::TimedOut, "the language model did not answer in time."),
            })
        }
        _ => Err(job
            .failure
            .as_ref()
            .map_or_else(|| Error::new(Kind::Cancelled, "the rewriting was stopped."), Error::from)),
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
