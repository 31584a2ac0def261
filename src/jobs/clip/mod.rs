//! Clips by SkillBoss: from a wish to a plan with a price, and to the job that carries it out.

pub(super) mod enhance;
mod parts;
mod quote;
pub mod template;
pub(super) mod told;

use crate::app::App;
use crate::config::ServiceChoice;
use crate::error::{Error, Kind, Result};
use crate::jobs::money::approve;
use crate::jobs::paths;
use crate::jobs::plan::{self, Caller, GenerateInput};
use crate::jobs::publish;
use crate::jobs::submit::Submitted;
use crate::jobs::submit::identity::{Identity, identify};
use crate::model::job::Service;
use crate::money::Usd;

pub(super) use parts::body;
pub(super) use quote::cap;
pub use quote::{Quote, quote};

/// The service, if this is a wish for SkillBoss or its rehearsal; none when NemoVideo makes it.
///
/// # Errors
/// `Unauthorized` when SkillBoss would make it and no key is set.
pub(super) async fn service(app: &App, input: &GenerateInput) -> Result<Option<Service>> {
    match meant(app, input).await? {
        Some(Service::SkillBoss) if !app.config().skillboss.is_set_up() => Err(no_key()),
        meant => Ok(meant),
    }
}

/// The same for those who only ask: without a key, too.
pub(super) async fn meant(app: &App, input: &GenerateInput) -> Result<Option<Service>> {
    let word = input.service.as_deref().map(str::trim).filter(|word| !word.is_empty());
    let model = model(input);
    let choice = match word {
        None | Some("auto") => app.config().service,
        Some("nemo") => ServiceChoice::Nemo,
        Some("skillboss") => ServiceChoice::SkillBoss,
        Some("sandbox") => ServiceChoice::Sandbox,
        Some(word) => return word.parse::<Service>().map(|_| None),
    };
    Ok(match choice {
        ServiceChoice::Nemo => None,
        ServiceChoice::SkillBoss => Some(Service::SkillBoss),
        ServiceChoice::Sandbox => model.map(|_| Service::Sandbox),
        ServiceChoice::Auto => match model {
            Some(model) if app.catalog().await?.model(model).is_some() => Some(Service::SkillBoss),
            _ => None,
        },
    })
}

fn no_key() -> Error {
    Error::new(Kind::Unauthorized, "SkillBoss makes this, and no SkillBoss key is set. Nothing was sent.").next(
        "Set SKILLBOSS_API_KEY, get a free trial with `firstcut wallet trial`, rehearse with service sandbox, or leave the model out to use NemoVideo.",
    )
}

fn model(input: &GenerateInput) -> Option<&str> {
    input.model.as_deref().map(str::trim).filter(|model| !model.is_empty() && *model != "auto")
}

/// Writes down the job for a wish: planned, priced, within every budget, or waiting for a person's word.
pub(super) async fn submit(
    app: &App,
    caller: &Caller,
    service: Service,
    input: &GenerateInput,
    prompt: &str,
) -> Result<Submitted> {
    refuse_foreign_wishes(input)?;
    let input = &plan::as_spoken(input);
    let ledger = app.ledger().await?;
    let now_ms = app.now_ms();
    let asked = (
        (prompt, &input.model, input.duration_seconds, &input.aspect_ratio, &input.resolution),
        (&input.negative_prompt, &input.image, &input.last_frame, &input.reference_images),
        (input.generate_audio, &input.output_path, input.chain_frames, input.enhance),
    );
    let key = match identify(ledger, service, &asked, input.request_id.as_deref(), input.new, now_ms).await? {
        Identity::Known(job) => {
            publish::refuse_later_wish(app, &job, input.publish.as_ref())?;
            return approve::known(app, *job, input.quote_token.as_deref()).await;
        }
        Identity::Fresh(key) => key,
    };
    if let Some(token) = &input.quote_token {
        return approve::by_quote(app, "job", prompt, token, input.new).await;
    }
    let delivery =
        publish::delivery(app.config(), service, input.deliver.as_deref(), input.publish.as_ref(), now_ms)?;
    let quote = quote(app, service, input).await?;
    publish::foresee(&delivery, &quote.planned())?;
    let output_path = paths::output_file(app.config(), caller, input.output_path.as_deref(), prompt, now_ms)?;
    let enhance = input.enhance.unwrap_or(app.config().enhance);
    let request = parts::request(app, caller, input, prompt, &quote, output_path, delivery, enhance).await?;
    let beside = quote.writer.map_or(Usd::ZERO, |writer| writer.most);
    approve::enter(app, service, key, request, input.approved, beside).await
}

/// What can be checked of a wish before it has a price: what the models take, and that pictures are there.
pub(super) fn check(app: &App, caller: &Caller, input: &GenerateInput) -> Result<()> {
    refuse_foreign_wishes(input)?;
    for given in input.image.iter().chain(&input.last_frame).chain(&input.reference_images) {
        paths::picture(app.config(), caller, given)?;
    }
    Ok(())
}

/// What only sessions understand is refused, not dropped.
fn refuse_foreign_wishes(input: &GenerateInput) -> Result<()> {
    if input.session_id.as_deref().is_some_and(|id| !id.trim().is_empty()) {
        return Err(Error::invalid(
            "SkillBoss has no sessions, so session_id cannot be used with its models. Nothing was sent.",
        )
        .next("Leave out session_id, or leave out model to go on in the NemoVideo session."));
    }
    if !input.files.is_empty() {
        return Err(Error::invalid("These models take no uploads. Nothing was sent.")
            .next("Give a picture as image, last_frame or reference_images."));
    }
    Ok(())
}

fn tidy(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}
