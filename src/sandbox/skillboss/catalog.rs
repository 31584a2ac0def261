//! What can be had: `/v1/models`, `/api/catalog`, `/api/status`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State as Shared};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refusal, invented, said};
use super::models::{self, Kind, Model};
use super::{SkillBoss, Usd};

#[derive(Deserialize)]
pub(super) struct Wanted {
    types: Option<String>,
}

/// `GET /v1/models`: how many of each type, and a plain list; `?types=video` or `all` describes them.
pub(super) async fn models(Shared(boss): Shared<Arc<SkillBoss>>, Query(wanted): Query<Wanted>) -> Response {
    let Some(types) = wanted.types else {
        let data: Vec<Value> =
            offered().map(|one| json!({ "id": one.id, "object": "model", "owned_by": one.vendor })).collect();
        return said(json!({ "available_types": available(), "object": "list", "data": data }));
    };
    let types: Vec<&str> = types.split(',').map(str::trim).collect();
    let fits = |one: &&Model| types.iter().any(|name| *name == "all" || *name == one.type_name());
    let models: Vec<Value> = offered().filter(fits).map(|one| boss.brief(one)).collect();
    said(json!({ "count": models.len(), "models": models }))
}

/// `GET /v1/models/{id}`: ids contain slashes, raw or encoded.
pub(super) async fn model(
    Shared(boss): Shared<Arc<SkillBoss>>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let Some(model) = models::find(&id).filter(|model| !model.gone) else {
        return Err(Refusal::not_found("Model"));
    };
    let inputs = match &model.kind {
        Kind::Video(_) => json!({ "prompt": "a lake at dawn" }),
        Kind::TemplateUpdate { .. } => json!({ "id": "…", "name": "Vertical promo" }),
        Kind::TemplateRender { .. } => json!({ "id": "…" }),
        Kind::Chat { .. } => json!({ "messages": [{ "role": "user", "content": "…" }] }),
    };
    let example = json!({ "model": model.id, "inputs": inputs, "async": true });
    let mut about = boss.brief(model);
    if let Some(about) = about.as_object_mut() {
        about.insert("display_name".to_owned(), model.title.into());
        about.insert("limits".to_owned(), limits(model));
        about.insert("request_doc".to_owned(), "inputs as in the published table".into());
        about.insert("response_doc".to_owned(), "{\"outputs\":[{\"url\"}]}".into());
        about.insert("curl_example".to_owned(), format!("curl {}/v1/run -d '{example}'", boss.base).into());
    }
    Ok(said(json!({ "model": about })))
}

/// `GET /api/catalog`.
pub(super) async fn catalog(Shared(boss): Shared<Arc<SkillBoss>>) -> Response {
    let products: Vec<Value> = offered()
        .map(|one| {
            json!({
                "id": one.id,
                "slug": one.id.replace(['/', '.'], "-"),
                "name": one.title,
                "category": one.type_name(),
                "vendor": one.vendor,
                "pricing": boss.pricing(one),
                "capabilities": limits(one),
            })
        })
        .collect();
    invented(json!({ "products": products }))
}

/// `GET /api/status`.
pub(super) async fn health() -> Response {
    let vendors: BTreeMap<&str, Value> =
        offered().map(|one| (one.vendor, json!({ "status": "operational" }))).collect();
    invented(json!({ "ok": true, "vendors": vendors }))
}

fn offered() -> impl Iterator<Item = &'static Model> {
    models::all().iter().filter(|model| !model.gone)
}

/// How many models of each type there are.
pub(super) fn available() -> BTreeMap<&'static str, u32> {
    offered().fold(BTreeMap::new(), |mut types, one| {
        *types.entry(one.type_name()).or_default() += 1;
        types
    })
}

impl SkillBoss {
    /// A model in a list.
    pub(super) fn brief(&self, model: &Model) -> Value {
        json!({
            "model_id": model.id,
            "type": model.type_name(),
            "vendor": model.vendor,
            "description": model.title,
            "pricing": self.pricing(model),
        })
    }

    /// The lowest list price of a unit, for sorting.
    pub(super) fn cheapest(&self, model: &Model) -> Usd {
        let listed = match &model.kind {
            Kind::Video(video) => video.sizes.iter().map(|(_, price)| *price).min().unwrap_or_default(),
            Kind::TemplateUpdate { price } | Kind::TemplateRender { price } | Kind::Chat { price } => *price,
        };
        self.options.prices_usd.get(model.id).copied().unwrap_or(listed)
    }

    fn pricing(&self, model: &Model) -> Value {
        let own = self.options.prices_usd.get(model.id).copied();
        match &model.kind {
            Kind::Video(video) => {
                let by_size: BTreeMap<&str, Usd> =
                    video.sizes.iter().map(|(size, price)| (*size, own.unwrap_or(*price))).collect();
                let usual = video.sizes.first().map(|(_, price)| own.unwrap_or(*price));
                json!({ "unit": "second", "per_second": usual, "per_second_by_resolution": by_size })
            }
            Kind::TemplateRender { price } => {
                json!({ "unit": "second", "per_second": own.unwrap_or(*price) })
            }
            Kind::TemplateUpdate { price } | Kind::Chat { price } => {
                json!({ "unit": "request", "input": own.unwrap_or(*price) })
            }
        }
    }
}

/// What a model takes, in words for machines.
fn limits(model: &Model) -> Value {
    let Kind::Video(video) = &model.kind else { return json!({}) };
    let sizes: Vec<&str> = video.sizes.iter().map(|(size, _)| *size).collect();
    json!({
        "durations": video.seconds.all(),
        "default_duration": video.seconds.usual(),
        "aspect_ratios": video.aspects,
        "resolutions": sizes,
        "above_720p_only_with_duration": video.large_only_at,
        "first_frame": video.first_frame,
        "last_frame": video.last_frame,
        "reference_images": video.references,
        "lite": video.lite,
    })
}
