//! The parts of a clip: what each call is asked for, with every file checked.

use std::path::{Path, PathBuf};

use super::quote::{Quote, may_go_dearer, standard_price, today};
use super::tidy;
use crate::app::App;
use crate::error::{Error, Result};
use crate::jobs::paths;
use crate::jobs::plan::{self, Caller, GenerateInput};
use crate::model::catalog::{Catalog, Plan};
use crate::model::delivery::Delivery;
use crate::model::inspection::Inspection;
use crate::model::job::{EpochMs, JobId};
use crate::model::request::{Fallback, Film, Inputs, Request, Run};
use crate::money::Usd;
use crate::skillboss::{self, inputs::Picture};

/// The job for a quote, with every file checked.
#[expect(clippy::too_many_arguments, reason = "each is another answer to what was asked")]
pub(super) async fn request(
    app: &App,
    caller: &Caller,
    input: &GenerateInput,
    prompt: &str,
    quote: &Quote,
    output_path: PathBuf,
    delivery: Delivery,
    enhance: bool,
) -> Result<Request> {
    let plan = &quote.plan;
    let (catalog, now_ms) = (app.catalog().await?, app.now_ms());
    let picture = |given: &Option<String>| {
        given.as_deref().map(|given| paths::picture(app.config(), caller, given)).transpose()
    };
    let base = Inputs {
        aspect_ratio: plan.aspect.clone(),
        resolution: plan.resolution.clone(),
        negative_prompt: tidy(input.negative_prompt.as_deref())
            .map(|avoid| plan::words("negative_prompt", &avoid))
            .transpose()?,
        generate_audio: plan.audio,
        ..Inputs::default()
    };
    let (image, last_frame) = (picture(&input.image)?, picture(&input.last_frame)?);
    let reference_images = input
        .reference_images
        .iter()
        .map(|given| paths::picture(app.config(), caller, given))
        .collect::<Result<Vec<_>>>()?;
    let total = plan.segments.len();
    // What was planned is what the result is held to, also where the call left it open.
    let inspection = plan::inspection(
        &GenerateInput {
            duration_seconds: plan.duration_s.map(f64::from),
            aspect_ratio: plan.aspect.clone(),
            resolution: plan.resolution.clone(),
            ..input.clone()
        },
        true,
    );
    let chained = input.chain_frames && total > 1;
    let folder = app.config().data_dir().join("clips").join(JobId::fresh().as_str());
    let mut parts = Vec::with_capacity(total);
    for (place, segment) in plan.segments.iter().enumerate() {
        let inputs = Inputs {
            prompt: part_prompt(prompt, place, total),
            duration_s: segment.duration_s,
            // What was given opens and closes the whole.
            image: if place == 0 { image.clone() } else { None },
            last_frame: if place + 1 == total { last_frame.clone() } else { None },
            reference_images: reference_images.clone(),
            ..base.clone()
        };
        let most = quote.most.get(place).copied().unwrap_or_default();
        let file =
            if total == 1 { output_path.clone() } else { folder.join(format!("part-{}.mp4", place + 1)) };
        parts.push(Run {
            prompt: prompt.to_owned(),
            model: plan.model.clone(),
            inputs,
            most,
            estimate: quote.estimates.get(place).copied().flatten(),
            output_path: Some(file),
            batch: input.batch.clone(),
            fallback: match may_go_dearer(input) {
                true => fallback(catalog, now_ms, plan, segment.duration_s, most)?,
                false => None,
            },
            template: None,
            rewrite: false,
            // The parts of a film get what the film made of the prompt.
            enhance: enhance && total == 1,
            enhancement: None,
            after_previous: chained && place > 0,
            inspection: if total == 1 { inspection.clone() } else { Inspection::default() },
            delivery: if total == 1 { delivery.clone() } else { Delivery::default() },
        });
    }
    if total == 1 {
        return parts.pop().map(Request::Run).ok_or_else(|| Error::internal("A plan without a clip."));
    }
    std::fs::create_dir_all(&folder)
        .map_err(|error| Error::storage(format!("The folder {} cannot be made.", folder.display()), error))?;
    Ok(Request::Film(Film {
        prompt: prompt.to_owned(),
        parts,
        had: Vec::new(),
        enhance,
        output_path,
        duration_s: f64::from(plan.duration_s.unwrap_or_default()),
        inspection,
        delivery,
    }))
}

/// The dearer tier, when its price is within what was allowed for the call.
fn fallback(
    catalog: &Catalog,
    now_ms: EpochMs,
    plan: &Plan,
    duration_s: Option<u32>,
    most: Usd,
) -> Result<Option<Fallback>> {
    let Some(standard) = &plan.standard_tier else { return Ok(None) };
    Ok(standard_price(catalog, plan, duration_s, today(now_ms)?)
        .filter(|price| *price <= most)
        .map(|estimate| Fallback { model: standard.clone(), estimate }))
}

/// Every part hears the whole wish, so that people and places stay the same.
fn part_prompt(prompt: &str, place: usize, total: usize) -> String {
    if total == 1 {
        return prompt.to_owned();
    }
    let place = place + 1;
    let go_on = if place == 1 {
        "It goes on in the next part."
    } else {
        "It goes on exactly where the part before ended."
    };
    format!(
        "{prompt}\n\nThis is part {place} of {total} of one continuous video: the same people, place, light, colours and style throughout. {go_on}"
    )
}

/// What is sent as `inputs`, with the pictures read from their files.
///
/// # Errors
/// `Storage` when a picture is gone or unreadable, and the limits of the service.
pub(in crate::jobs) async fn body(inputs: &Inputs) -> Result<skillboss::Inputs> {
    let mut reference_images = Vec::with_capacity(inputs.reference_images.len());
    for path in &inputs.reference_images {
        reference_images.push(Picture::read(path).await?);
    }
    Ok(skillboss::Inputs {
        prompt: inputs.prompt.clone(),
        duration_s: inputs.duration_s,
        aspect: inputs.aspect_ratio.clone(),
        resolution: inputs.resolution.clone(),
        negative_prompt: inputs.negative_prompt.clone(),
        image: picture(inputs.image.as_deref()).await?,
        last_frame: picture(inputs.last_frame.as_deref()).await?,
        reference_images,
        generate_audio: inputs.generate_audio,
        extra: serde_json::Map::new(),
    })
}

async fn picture(path: Option<&Path>) -> Result<Option<Picture>> {
    match path {
        Some(path) => Picture::read(path).await.map(Some),
        None => Ok(None),
    }
}
