//! What stands at an address. Reading spends nothing and changes nothing.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rmcp::model::ResourceContents;
use serde::Serialize;
use serde_json::{Value, json};

use super::Address;
use crate::app::App;
use crate::config::Preview;
use crate::error::{Error, Kind, Result};
use crate::jobs::inspect::{self, Keep};
use crate::jobs::{report, session};
use crate::mcp::page;
use crate::mcp::reply::fit;
use crate::media::sniff::{self, Kind as MediaKind};
use crate::model::job::JobId;
use crate::model::report::JobReport;

/// How long a service may take to show a timeline.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes of a text: with what is around it and its quotation marks escaped it stays far under what clients take.
const MOST_BYTES: usize = 400_000;

/// Jobs in the list of the newest.
const NEWEST: u32 = 20;

/// The texts or pictures of an address.
pub(super) async fn read(app: &App, address: &Address) -> Result<Vec<ResourceContents>> {
    let uri = address.to_string();
    match address {
        Address::Jobs => {
            let list = match app.known_ledger().await? {
                Some(_) => report::list(app, None, NEWEST).await?,
                None => report::empty_list(),
            };
            Ok(vec![json_text(&fit::structured(value(&list)?), uri)])
        }
        Address::Job(id) => {
            let told = report::report(app, &job(app, id).await?).await?;
            Ok(vec![ResourceContents::text(job_text(&told)?, uri).with_mime_type("application/json")])
        }
        Address::Sheet(id) => Ok(vec![sheet(app, id, uri).await?]),
        Address::Video(id) => Ok(vec![video(app, id, uri).await?]),
        Address::Timeline(id) => {
            let (told, layout) = session::look(app, id, PATIENCE).await?;
            let summary = fit::text(told.timeline.clone());
            let mut whole = value(&told)?;
            if let Some(whole) = whole.as_object_mut() {
                whole.insert("layout".into(), value(&layout)?);
            }
            Ok(vec![
                json_text(&fit::within(whole, MOST_BYTES), uri.clone()),
                ResourceContents::text(summary, uri),
            ])
        }
        Address::Models => Ok(vec![json_text(&fit::within(models(app).await?, MOST_BYTES), uri)]),
    }
}

/// A job exactly as `check_job` tells it.
pub(super) fn job_text(told: &JobReport) -> Result<String> {
    Ok(fit::structured(value(told)?).to_string())
}

/// The job of this name; looking for it makes no ledger.
async fn job(app: &App, id: &JobId) -> Result<crate::model::job::Job> {
    match app.known_ledger().await? {
        Some(ledger) => ledger.job(id).await,
        None => Err(Error::new(Kind::NotFound, format!("There is no job {id}; nothing was made here yet."))),
    }
}

/// The nine frames of a job's video.
async fn sheet(app: &App, id: &JobId, uri: String) -> Result<ResourceContents> {
    let job = job(app, id).await?;
    // Receives what stands in the way of a picture.
    let mut told = JobReport::default();
    let drawn = inspect::show(app, &job, &mut told, Some(Preview::Sheet), Keep::Nowhere).await;
    let Some(jpeg) = drawn else {
        let why = match told.message.trim() {
            "" => "It has made no video, or none yet.",
            why => why,
        };
        return Err(Error::new(Kind::NotFound, format!("{id} has no contact sheet. {why}"))
            .next(format!("Call check_job with job_id {id} to see how the job stands.")));
    };
    let blob = fit::picture(uri.len() * 2, &jpeg).ok_or_else(|| {
        Error::new(Kind::FileTooLarge, "The contact sheet is too large for an answer.")
            .next("It lies beside the video; FIRSTCUT_PREVIEW_KB makes the next ones smaller.")
    })?;
    Ok(ResourceContents::blob(blob, uri).with_mime_type("image/jpeg"))
}

/// The bytes of a job's video, as long as they are few.
async fn video(app: &App, id: &JobId, uri: String) -> Result<ResourceContents> {
    let told = report::report(app, &job(app, id).await?).await?;
    let file = told.files.into_iter().find(|file| file.mime.starts_with("video/"));
    let file =
        file.ok_or_else(|| Error::new(Kind::NotFound, format!("{id} has made no video, or none yet.")))?;
    let fault = |error| Error::storage(format!("{} cannot be read.", file.path), error);
    let size = tokio::fs::metadata(&file.path).await.map_err(fault)?.len();
    if size > page::MAX_VIDEO_BYTES {
        return Err(Error::new(
            Kind::FileTooLarge,
            format!("The video has {size} bytes, too many for an answer."),
        )
        .next(format!("It lies at {}.", file.path)));
    }
    let bytes = tokio::fs::read(&file.path).await.map_err(fault)?;
    // The user may have put something else there.
    if sniff::sniff(&bytes).is_none_or(|format| format.kind() != MediaKind::Video) {
        return Err(Error::new(Kind::NotFound, format!("{} is no video any more.", file.path)));
    }
    Ok(ResourceContents::blob(BASE64.encode(bytes), uri).with_mime_type(file.mime))
}

/// Everything that the catalog knows, each fact with its source and day.
async fn models(app: &App) -> Result<Value> {
    let catalog = app.catalog().await?;
    Ok(without_nulls(json!({
        "message": "SkillBoss' models: what they make, and list prices in dollars, each with its source and the day it was \
                    true. NemoVideo chooses its models by itself and charges credits.",
        "default_model": catalog.default_model(),
        "models": value(&catalog.models())?,
        "next": "Call estimate_cost with a model, a length, a shape and a size for the price that counts.",
    })))
}

fn value(told: &impl Serialize) -> Result<Value> {
    serde_json::to_value(told)
        .map_err(|fault| Error::internal("The answer could not be written down.").because(fault))
}

fn json_text(value: &Value, uri: String) -> ResourceContents {
    ResourceContents::text(value.to_string(), uri).with_mime_type("application/json")
}

/// What nobody knows is absent.
fn without_nulls(mut value: Value) -> Value {
    fn clean(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|_, field| !field.is_null());
                fields.values_mut().for_each(clean);
            }
            Value::Array(items) => items.iter_mut().for_each(clean),
            _ => {}
        }
    }
    clean(&mut value);
    value
}
