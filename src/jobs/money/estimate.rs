//! What a video would cost, before anything is asked for: the plan, its price, and what the models can do.

use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::Result;
use crate::jobs::clip;
use crate::jobs::plan::{self, GenerateInput};
use crate::jobs::rehearsal;
use crate::jobs::turn::WORST_CASE_CREDITS;
use crate::model::catalog::{Model, ModelKind, Price};
use crate::model::job::Service;
use crate::money::Usd;

/// What it would take.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Estimate {
    /// nemo, skillboss or sandbox.
    pub service: String,
    /// The model, when it is SkillBoss'.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// Seconds of each call; a long video is several, joined here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts_s: Vec<u32>,
    /// Shape that would be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspect_ratio: Option<String>,
    /// Lines that would be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// What it will probably cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_usd: Option<Usd>,
    /// The most that it could cost: the cap that would be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_usd: Option<Usd>,
    /// service (its own estimate) or catalog (list prices with their sources).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub price_from: String,
    /// NemoVideo's credits, for one generation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credits: Option<f64>,
    /// The models there are, or the one that was named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<Choice>,
    /// For the person.
    pub message: String,
    /// The sensible next call.
    pub next: String,
}

/// A model and what it accepts.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Choice {
    /// What to give as model.
    pub model: String,
    /// Seconds of one call.
    pub durations_s: Vec<u32>,
    /// Shapes.
    pub aspect_ratios: Vec<String>,
    /// Sizes.
    pub resolutions: Vec<String>,
    /// List prices, with what they count.
    pub prices: Vec<String>,
    /// What is made when nothing is said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub default: String,
    /// What it takes beside words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub takes: Vec<String>,
    /// What only goes together.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// When it ended, and what to use instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired: Option<String>,
}

/// Which of several prices is the one to reckon with.
const WHICH_COUNTS: &str = " Where a model has several list prices for a size, the highest counts: so much is set aside before a call, and sent along as its cap. The service's own estimate takes its place, where there is one.";

/// Plans and prices a wish, without a key from the catalog alone; writes nothing down and sends nothing that costs.
///
/// # Errors
/// As a call of `generate_video` with the same wish would be refused, but not for want of a key.
pub async fn estimate(app: &App, input: &GenerateInput) -> Result<Estimate> {
    let catalog = app.catalog().await?;
    let models: Vec<_> = match input.model.as_deref().map(str::trim) {
        Some(name) if !name.is_empty() && name != "auto" => {
            catalog.model(name).map(choice).into_iter().collect()
        }
        _ => catalog.models().iter().filter(|model| model.kind == ModelKind::Video).map(choice).collect(),
    };
    let Some(service) = clip::meant(app, input).await? else {
        if models.is_empty() {
            plan::refuse_foreign_wishes(&GenerateInput {
                model: input.model.clone(),
                ..GenerateInput::default()
            })?;
        }
        let service = app.service(input.service.as_deref())?;
        return Ok(Estimate {
            service: service.name().to_owned(),
            credits: Some(WORST_CASE_CREDITS),
            message: format!(
                "{}NemoVideo charges credits: about {WORST_CASE_CREDITS} for a generation, about 50 for an editing session, nothing for exports. Dollars are paid only for SkillBoss' models.{}",
                rehearsal::mark(service),
                if models.is_empty() { "" } else { WHICH_COUNTS }
            ),
            next: "Call check_credits for the balance, or estimate_cost with a model.".to_owned(),
            models,
            ..Estimate::default()
        });
    };
    let quote = clip::quote(app, service, input).await?;
    let plan = &quote.plan;
    let parts_s: Vec<u32> = plan.segments.iter().filter_map(|segment| segment.duration_s).collect();
    let how = match parts_s.as_slice() {
        [] => "in one call".to_owned(),
        [one] => format!("{one} s in one call"),
        many => format!(
            "{} calls of {} s, made {} and joined",
            many.len(),
            many.iter().map(u32::to_string).collect::<Vec<_>>().join(" + "),
            if input.chain_frames { "one after the other" } else { "side by side" }
        ),
    };
    let price = match quote.estimate() {
        Some(usd) => format!("probably {usd}, at most {}", quote.most()),
        None => format!("an unknown price, at most {}", quote.most()),
    };
    let with = match &quote.writer {
        Some(writer) => format!(", with up to {} for rewriting the prompt", writer.most),
        None => String::new(),
    };
    let has_key = service == Service::Sandbox || app.config().skillboss.is_set_up();
    let from = if quote.by_service {
        " The first is the service's own estimate.".to_owned()
    } else {
        let listed = app.catalog().await?.model(&plan.model).map(stated).unwrap_or_default();
        let why = match has_key {
            true => "the service's own word was not to be had",
            false => "the service was not asked, because no SkillBoss key is set",
        };
        format!(" That is the list price ({listed}); {why}.")
    };
    let counts =
        " What counts is the second: it is set aside before anything is sent, and goes along as the cap.";
    Ok(Estimate {
        service: service.name().to_owned(),
        model: plan.model.clone(),
        message: format!("{}{}: {how}, {price}{with}.{counts}{from}", rehearsal::mark(service), plan.model),
        parts_s,
        aspect_ratio: plan.aspect.clone(),
        resolution: plan.resolution.clone(),
        estimated_usd: quote.estimate(),
        most_usd: Some(quote.most()),
        price_from: if quote.by_service { "service" } else { "catalog" }.to_owned(),
        credits: None,
        next: if service == Service::Sandbox {
            "A rehearsal costs nothing real: call generate_video with the same arguments.".to_owned()
        } else if has_key {
            "Tell the user the price; then call generate_video with the same arguments.".to_owned()
        } else {
            "To make it, set SKILLBOSS_API_KEY or get a free trial with `firstcut wallet trial`; to rehearse it for nothing, use the service sandbox.".to_owned()
        },
        models,
    })
}

/// Who states a price, and when that was true.
fn said(price: &Price) -> String {
    let source = price.source.as_deref().unwrap_or("a catalog of yours");
    match price.as_of {
        Some(day) => format!("{source}, {day}"),
        None => format!("{source}, without a date"),
    }
}

/// The same of all prices of a model, once each.
fn stated(model: &Model) -> String {
    let mut all: Vec<_> = model.prices.iter().map(said).collect();
    all.dedup();
    all.join("; ")
}

/// What goes in beside the words; nothing when nobody has said.
fn takes(model: &Model) -> Vec<String> {
    let Some(takes) = &model.takes else { return Vec::new() };
    let references = match takes.references {
        0 => None,
        1 => Some("1 reference image".to_owned()),
        most => Some(format!("up to {most} reference images")),
    };
    [(takes.image, "a first frame"), (takes.last_frame, "a last frame"), (takes.audio, "sound")]
        .into_iter()
        .filter(|(has, _)| *has)
        .map(|(_, what)| what.to_owned())
        .chain(references)
        .collect()
}

fn choice(model: &Model) -> Choice {
    fn all<T: Clone>(allowed: Option<&crate::model::catalog::Allowed<T>>) -> Vec<T> {
        allowed.map(|allowed| allowed.allowed.clone()).unwrap_or_default()
    }
    let prices = model.prices.iter().map(|price| {
        let unit = match price.unit {
            crate::model::catalog::Unit::Second => "second",
            crate::model::catalog::Unit::Request => "request",
        };
        let of = match price.resolutions.as_slice() {
            [] => String::new(),
            sizes => format!(" at {}", sizes.join(", ")),
        };
        format!("{} per {unit}{of} (list price: {})", price.usd, said(price))
    });
    Choice {
        model: model.id.clone(),
        durations_s: all(model.durations.as_ref()),
        aspect_ratios: all(model.aspects.as_ref()),
        resolutions: all(model.resolutions.as_ref()),
        prices: prices.collect(),
        default: [
            model.durations.as_ref().and_then(|known| known.default).map(|seconds| format!("{seconds} s")),
            model.aspects.as_ref().and_then(|known| known.default.clone()),
            model.resolutions.as_ref().and_then(|known| known.default.clone()),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", "),
        takes: takes(model),
        rules: model.rules.iter().map(|rule| rule.why.clone()).collect(),
        retired: model.retired.as_ref().map(|retired| match &retired.replacement {
            Some(other) => format!("since {}; use {other}", retired.on),
            None => format!("since {}", retired.on),
        }),
    }
}
