//! A template update: checked here, priced, then sent once like every paid call. It makes no file.

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::jobs::clip;
use crate::jobs::money::approve;
use crate::jobs::plan::GenerateInput;
use crate::jobs::submit::Submitted;
use crate::jobs::submit::identity::{Identity, identify};
use crate::model::delivery::Delivery;
use crate::model::inspection::Inspection;
use crate::model::job::Service;
use crate::model::request::{Inputs, Request, Run, Template};
use crate::money::Usd;
use crate::skillboss::template::TemplateUpdate;

/// The model behind it (wholesale video API).
pub const MODEL: &str = "shotstack/template-update";

/// Arguments of `update_template` and `template`.
#[derive(Clone, Debug, Default)]
pub struct TemplateInput {
    /// Which template.
    pub id: String,
    /// Its name from now on.
    pub name: Option<String>,
    /// Its definition from now on: an object with timeline and output.
    pub definition: Option<serde_json::Value>,
    /// Emptying the template is meant.
    pub blank: bool,
    /// `skillboss` or `sandbox`; else the configured one.
    pub service: Option<String>,
    /// Ceiling in dollars.
    pub max_cost_usd: Option<f64>,
    /// Agrees to the price of the job that the same call made before.
    pub quote_token: Option<String>,
    /// The same id gives the same job, for ever.
    pub request_id: Option<String>,
    /// Sends it again although the same was asked a moment ago.
    pub new: bool,
}

/// What is sent, checked.
pub(in crate::jobs) fn of(template: &Template) -> Result<TemplateUpdate> {
    TemplateUpdate::new(&template.id, template.name.as_deref(), template.definition.clone(), template.blank)
}

/// Writes down an update of a template.
///
/// # Errors
/// A definition that cannot be one; an update that would empty the template without being asked to; no price.
pub async fn update(app: &App, input: TemplateInput) -> Result<Submitted> {
    if input.id.trim().is_empty() {
        return Err(Error::invalid("No template is named; nothing was sent.")
            .next("Give template_id, as Shotstack's dashboard shows it."));
    }
    let template =
        Template { id: input.id, name: input.name, definition: input.definition, blank: input.blank };
    let update = of(&template)?;
    let like = GenerateInput {
        model: Some(MODEL.to_owned()),
        service: input.service,
        max_cost_usd: input.max_cost_usd,
        ..GenerateInput::default()
    };
    let service = clip::service(app, &like).await?.ok_or_else(|| {
        Error::invalid("Templates are SkillBoss' (wholesale key needed), not NemoVideo's. Nothing was sent.")
            .next("Set SKILLBOSS_WHOLESALE_KEY, or rehearse with service sandbox.")
    })?;
    let (ledger, now_ms) = (app.ledger().await?, app.now_ms());
    let request_id = input.request_id.as_deref();
    let key = match identify(ledger, service, &(MODEL, &template), request_id, input.new, now_ms).await? {
        Identity::Known(job) => return approve::known(app, *job, input.quote_token.as_deref()).await,
        Identity::Fresh(key) => key,
    };
    let words = template.name.clone().unwrap_or_else(|| format!("template {}", template.id));
    if let Some(token) = &input.quote_token {
        return approve::by_quote(app, "update", &words, token, input.new).await;
    }
    let (estimate, most) = price(app, service, &like, &update).await?;
    let request = Request::Run(Run {
        prompt: words,
        model: MODEL.to_owned(),
        inputs: Inputs::default(),
        most,
        estimate,
        output_path: None,
        batch: None,
        fallback: None,
        template: Some(template),
        rewrite: false,
        enhance: false,
        enhancement: None,
        after_previous: false,
        inspection: Inspection::default(),
        delivery: Delivery::default(),
    });
    approve::enter(app, service, key, request, false, Usd::ZERO).await
}

/// Billed per request: the service's own estimate, else the catalog's price, else the caller's ceiling if that was
/// allowed.
async fn price(
    app: &App,
    service: Service,
    like: &GenerateInput,
    update: &TemplateUpdate,
) -> Result<(Option<Usd>, Usd)> {
    let listed = app.catalog().await?.model(MODEL).and_then(|model| model.price_range(None, None));
    let asked = match app.skillboss(service).await?.estimate_template(update).await {
        Ok(estimate) => estimate.map(|estimate| estimate.cost),
        Err(error) => {
            tracing::info!(%error, "the service gives no estimate; the catalog's price is used");
            None
        }
    };
    let known = asked.or(listed.map(|(_, highest)| highest));
    let cap = clip::cap(app, like)?;
    // What is told to the service as the cap is a whole number of cents.
    match (known.map(|known| (known, known.up_to_cent())), cap) {
        (Some((_, most)), Some(cap)) if most > cap => Err(Error::new(
            Kind::OverBudget,
            format!("An update may cost {most}, and {cap} is the most that was allowed. Nothing was sent."),
        )
        .next("Raise max_cost_usd.")),
        (Some((known, most)), _) => Ok((Some(known), most)),
        (None, Some(cap)) if app.config().budget.allow_unknown_price || service == Service::Sandbox => Ok((None, cap)),
        (None, _) => Err(Error::new(Kind::PriceUnknown, "Nobody knows what a template update costs. Nothing was sent.")
            .next("Put its price into a catalog of yours (FIRSTCUT_CATALOG), or set FIRSTCUT_ALLOW_UNKNOWN_PRICE=1 and max_cost_usd.")),
    }
}
