//! A quote: the calls that a wish needs, and what they will cost.

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

use super::enhance::{self, Writer};
use super::parts::body;
use super::{model, tidy};
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::jobs::plan::{self, GenerateInput};
use crate::model::catalog::{Catalog, Plan, Wish};
use crate::model::job::{EpochMs, Service};
use crate::model::request::Inputs;
use crate::money::Usd;
use crate::skillboss::{self, inputs::Picture};
use crate::social::channels::Planned;

/// A plan and what it will cost.
#[derive(Clone, Debug)]
pub struct Quote {
    /// Who would make it.
    pub service: Service,
    /// The calls.
    pub plan: Plan,
    /// What each call will probably cost; none when nobody knows.
    pub estimates: Vec<Option<Usd>>,
    /// The most that each call may take: told to the service as its cap.
    pub most: Vec<Usd>,
    /// Whether the service itself named the price; else it is the catalog's.
    pub by_service: bool,
    /// Who rewrites the prompt first, if that is wished: a call of its own, beside those of the plan.
    pub(in crate::jobs) writer: Option<Writer>,
}

impl Quote {
    /// What it will probably cost as a whole.
    #[must_use]
    pub fn estimate(&self) -> Option<Usd> {
        let calls = self.estimates.iter().copied().sum::<Option<Option<Usd>>>().flatten();
        calls?.checked_add(self.writer.as_ref().map_or(Usd::ZERO, |writer| writer.estimate))
    }

    /// What is known of the clip, for those who shall take it.
    #[must_use]
    pub fn planned(&self) -> Planned {
        let sides = self.plan.aspect.as_deref().and_then(|aspect| aspect.split_once(':'));
        Planned {
            duration_s: self.plan.duration_s.map(f64::from),
            aspect: sides.and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?))),
        }
    }

    /// The most that it may cost as a whole.
    #[must_use]
    pub fn most(&self) -> Usd {
        let calls = self.most.iter().copied().chain(self.writer.as_ref().map(|writer| writer.most));
        calls.sum::<Option<Usd>>().unwrap_or(Usd::MAX)
    }
}

/// Plans the wish and prices it. Nothing is written down and nothing is sent that costs anything.
///
/// # Errors
/// A wrong combination with the nearest legal ones; a retired model with its replacement; an unknown price that
/// was not allowed; more than the caps of one call.
pub async fn quote(app: &App, service: Service, input: &GenerateInput) -> Result<Quote> {
    let catalog = app.catalog().await?;
    let wish = Wish {
        model: model(input).unwrap_or_else(|| catalog.default_model()).to_owned(),
        duration_s: whole_seconds(input.duration_seconds)?,
        aspect: tidy(input.aspect_ratio.as_deref()),
        resolution: tidy(input.resolution.as_deref()),
        audio: input.generate_audio,
        image: input.image.is_some(),
        last_frame: input.last_frame.is_some(),
        references: u32::try_from(input.reference_images.len()).unwrap_or(u32::MAX),
        chain: input.chain_frames,
        allow_unknown_model: app.config().budget.allow_unknown_price,
    };
    let today = today(app.now_ms())?;
    let plan = catalog.plan(&wish, today).map_err(Error::from)?;
    if plan.overshoot_s > 0 {
        return Err(no_such_length(catalog, &wish, &plan, today));
    }
    refuse_chain(input, &plan)?;
    let (estimates, by_service) = prices(app, service, &plan, input).await;
    let writer = match input.enhance.unwrap_or(app.config().enhance) {
        // Without one the prompt stays as it is, which costs nothing.
        true => enhance::writer(app).await.ok(),
        false => None,
    };
    let cap = cap_beside(app, input, writer.as_ref())?;
    let most = shares(&plan, &estimates, cap, app.config().budget.allow_unknown_price)
        .map_err(|error| beside(error, writer.as_ref().filter(|_| input.max_cost_usd.is_some())))?;
    // A general setting is a net for mistakes; only the call's own word says that the dearer tier may be taken.
    let most = match may_go_dearer(input) {
        true => with_room(catalog, &plan, most, cap, today),
        false => most,
    };
    Ok(Quote { service, plan, estimates, most, by_service, writer })
}

/// Parts that shall begin where others end, of a model or in a build that cannot do that.
fn refuse_chain(input: &GenerateInput, plan: &Plan) -> Result<()> {
    if !input.chain_frames || plan.segments.len() < 2 {
        return Ok(());
    }
    let next = "Leave chain_frames out: the parts are made side by side then.";
    if cfg!(not(feature = "studio")) {
        return Err(Error::invalid(
            "This build has no decoders, so it cannot take a clip's last frame. Nothing was sent.",
        )
        .next(next));
    }
    if !plan.can_chain_frames {
        let why = match input.reference_images.is_empty() {
            true => "takes no first frame",
            false => "takes no first frame beside reference images",
        };
        return Err(Error::invalid(format!(
            "{} {why}, so its clips cannot be chained. Nothing was sent.",
            plan.model
        ))
        .next(next));
    }
    Ok(())
}

/// Nobody is sold seconds that were not asked for: the nearest lengths that there are, with their prices.
fn no_such_length(catalog: &Catalog, wish: &Wish, plan: &Plan, today: Date) -> Error {
    let asked = wish.duration_s.unwrap_or_default();
    let exact = |seconds: u32, resolution: &Option<String>| {
        let wish = Wish { duration_s: Some(seconds), resolution: resolution.clone(), ..wish.clone() };
        catalog.plan(&wish, today).ok().filter(|plan| plan.overshoot_s == 0)
    };
    let describe = |seconds: u32, plan: &Plan| {
        let size = plan.resolution.as_ref().map(|size| format!(" at {size}")).unwrap_or_default();
        let price = plan.price.map_or_else(|| "price unknown".to_owned(), |price| format!("at most {price}"));
        format!("{seconds} s{size} ({price})")
    };
    let mut possible = Vec::new();
    // The same length at another size, then the nearest shorter and longer one.
    possible.extend(exact(asked, &None).map(|plan| describe(asked, &plan)));
    let shorter = (1..asked).rev().find_map(|seconds| Some((seconds, exact(seconds, &wish.resolution)?)));
    possible.extend(shorter.map(|(seconds, plan)| describe(seconds, &plan)));
    let longer = asked + plan.overshoot_s;
    possible.extend(exact(longer, &wish.resolution).map(|plan| describe(longer, &plan)));
    Error::invalid(format!(
        "{} makes no video of exactly {asked} s{}. Nothing was sent.",
        plan.model,
        wish.resolution.as_ref().map(|size| format!(" at {size}")).unwrap_or_default()
    ))
    .next(format!("Possible is: {}.", possible.join("; or ")))
}

/// What the service itself says, else what the catalog says.
async fn prices(app: &App, service: Service, plan: &Plan, input: &GenerateInput) -> (Vec<Option<Usd>>, bool) {
    let listed = || plan.segments.iter().map(|segment| segment.price).collect();
    if service == Service::SkillBoss && !app.config().skillboss.is_set_up() {
        return (listed(), false);
    }
    let Ok(client) = app.skillboss(service).await else { return (listed(), false) };
    let mut known: Vec<(Option<u32>, Usd)> = Vec::new();
    for segment in &plan.segments {
        if known.iter().any(|(length, _)| *length == segment.duration_s) {
            continue;
        }
        let asked = Inputs {
            // The price does not hang on the words, but a request without any is none.
            prompt: if input.prompt.trim().is_empty() { "a video".to_owned() } else { input.prompt.clone() },
            duration_s: segment.duration_s,
            aspect_ratio: plan.aspect.clone(),
            resolution: plan.resolution.clone(),
            generate_audio: plan.audio,
            ..Inputs::default()
        };
        let estimate = match body(&asked).await {
            Ok(inputs) => client.estimate(&plan.model, &with_pictures(inputs, input)).await,
            Err(error) => Err(error),
        };
        match estimate {
            Ok(Some(price)) => known.push((segment.duration_s, price.cost)),
            // Its list price is good enough to refuse by; the cap that is sent holds the service to it.
            Ok(None) => return (listed(), false),
            Err(error) => {
                tracing::info!(%error, "the service gives no estimate; the catalog's price is used");
                return (listed(), false);
            }
        }
    }
    let price = |length| known.iter().find(|(known, _)| *known == length).map(|(_, price)| *price);
    (plan.segments.iter().map(|segment| price(segment.duration_s)).collect(), true)
}

/// With something in every place where a picture will go: some models have no price without one.
fn with_pictures(inputs: skillboss::Inputs, input: &GenerateInput) -> skillboss::Inputs {
    let stand_in = |given: &Option<String>| given.as_ref().map(|_| Picture::stand_in());
    skillboss::Inputs {
        image: stand_in(&input.image),
        last_frame: stand_in(&input.last_frame),
        reference_images: input.reference_images.iter().map(|_| Picture::stand_in()).collect(),
        ..inputs
    }
}

/// The most that this call may cost, by its own word and by the setting.
pub(in crate::jobs) fn cap(app: &App, input: &GenerateInput) -> Result<Option<Usd>> {
    cap_beside(app, input, None)
}

/// The same when the prompt is rewritten first: that is within what the call's own word allows, and to the setting a call of
/// its own.
fn cap_beside(app: &App, input: &GenerateInput, writer: Option<&Writer>) -> Result<Option<Usd>> {
    let beside = writer.map_or(Usd::ZERO, |writer| writer.most);
    let asked = match input.max_cost_usd {
        None => None,
        Some(usd) => Some(dollars(usd)?.checked_sub(beside).unwrap_or_default().max(Usd::ZERO)),
    };
    Ok(match (asked, app.config().budget.per_call) {
        (Some(asked), Some(set)) => Some(asked.min(set)),
        (asked, set) => asked.or(set),
    })
}

/// Says what else the cap has to hold.
fn beside(error: Error, writer: Option<&Writer>) -> Error {
    let Some(writer) = writer.filter(|_| error.kind() == Kind::OverBudget) else { return error };
    let next = error.next_step().unwrap_or_default().to_owned();
    Error::new(
        Kind::OverBudget,
        format!("{} Beside that, {} is kept for rewriting its prompt.", error.message(), writer.most),
    )
    .next(next)
}

/// An argument in dollars.
pub(super) fn dollars(usd: f64) -> Result<Usd> {
    format!("{usd}").parse().ok().filter(|usd| *usd >= Usd::ZERO).ok_or_else(|| {
        Error::invalid(format!("max_cost_usd is {usd}; it must be 0 or more. Nothing was sent."))
    })
}

/// What each call may take at most. What was allowed as a whole is divided by the price of the parts.
fn shares(plan: &Plan, estimates: &[Option<Usd>], cap: Option<Usd>, allow_unknown: bool) -> Result<Vec<Usd>> {
    let known: Option<Vec<Usd>> = estimates.iter().copied().map(|price| price.map(Usd::up_to_cent)).collect();
    match (known, cap) {
        (Some(prices), cap) => {
            let sum = prices.iter().copied().sum::<Option<Usd>>().unwrap_or(Usd::MAX);
            match cap {
                Some(cap) if sum > cap => Err(Error::new(
                    Kind::OverBudget,
                    format!("This would cost about {sum}, and {cap} is the most that one call may cost. Nothing was sent."),
                )
                .next("Ask for something shorter, a lower resolution or a cheaper model, or raise max_cost_usd (and FIRSTCUT_MAX_USD_PER_CALL).")),
                Some(_) | None => Ok(prices),
            }
        }
        (None, Some(cap)) if allow_unknown => {
            let parts = i64::try_from(plan.segments.len()).unwrap_or(1).max(1);
            // Whole cents, rounded down: what is set aside is exactly what is told to the service.
            let share = Usd::from_micros(cap.micros() / parts).down_to_cent();
            if share <= Usd::ZERO {
                return Err(Error::invalid(format!(
                    "max_cost_usd is {cap}, which leaves less than a cent for each call. Nothing was sent."
                ))
                .next("Raise max_cost_usd."));
            }
            Ok(vec![share; plan.segments.len()])
        }
        (None, _) => {
            let next = if allow_unknown {
                "Set max_cost_usd, so that there is a limit at all."
            } else {
                "Choose a model with a known price (estimate_cost shows them), or set FIRSTCUT_ALLOW_UNKNOWN_PRICE=1 and max_cost_usd."
            };
            Err(Error::new(
                Kind::PriceUnknown,
                format!("Nobody knows what {} would cost. Nothing was sent.", plan.model),
            )
            .next(next))
        }
    }
}

/// Whether the caller named a price for this very call, within which the dearer tier may be taken.
pub(super) fn may_go_dearer(input: &GenerateInput) -> bool {
    input.max_cost_usd.is_some()
}

/// Where the caller allowed so much, each call may go to the dearer tier when its own is full.
fn with_room(catalog: &Catalog, plan: &Plan, most: Vec<Usd>, cap: Option<Usd>, today: Date) -> Vec<Usd> {
    let dearer: Option<Vec<Usd>> = plan
        .segments
        .iter()
        .map(|segment| standard_price(catalog, plan, segment.duration_s, today))
        .zip(&most)
        .map(|(price, most)| price.map(|price| price.max(*most)))
        .collect();
    match (dearer, cap) {
        (Some(dearer), Some(cap))
            if dearer.iter().copied().sum::<Option<Usd>>().is_some_and(|sum| sum <= cap) =>
        {
            dearer
        }
        _ => most,
    }
}

/// What one call of this length costs at the tier that is never full.
pub(super) fn standard_price(
    catalog: &Catalog,
    plan: &Plan,
    duration_s: Option<u32>,
    today: Date,
) -> Option<Usd> {
    let wish = Wish {
        model: plan.standard_tier.clone()?,
        duration_s,
        aspect: plan.aspect.clone(),
        resolution: plan.resolution.clone(),
        audio: plan.audio,
        ..Wish::default()
    };
    let other = catalog.plan(&wish, today).ok().filter(|other| other.segments.len() == 1)?;
    other.price.map(Usd::up_to_cent)
}

fn whole_seconds(seconds: Option<f64>) -> Result<Option<u32>> {
    match plan::duration(seconds)? {
        None => Ok(None),
        Some(seconds) if seconds.fract() == 0.0 => Ok(Some(seconds as u32)),
        Some(seconds) => Err(Error::invalid(format!(
            "duration_seconds is {seconds}; these models make whole seconds. Nothing was sent."
        ))
        .next(format!("Ask for {} or {}.", seconds.floor(), seconds.ceil()))),
    }
}

/// The day of a moment, UTC.
pub(super) fn today(now_ms: EpochMs) -> Result<Date> {
    Timestamp::from_millisecond(now_ms)
        .map(|at| at.to_zoned(TimeZone::UTC).date())
        .map_err(|error| Error::internal("The clock shows no day.").because(error))
}
