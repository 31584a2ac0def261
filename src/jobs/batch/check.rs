//! Checks and prices a batch before anything of it is written down: what is wrong is named line by line, and the rest is
//! summed up.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use super::read::Read;
use super::{name, wish};
use crate::app::App;
use crate::config::ServiceChoice;
use crate::error::{Error, Result};
use crate::jobs::clip::{self, Quote};
use crate::jobs::plan::{self, Caller};
use crate::jobs::turn::WORST_CASE_CREDITS;
use crate::jobs::{publish, routes};
use crate::ledger::NewLine;
use crate::model::batch::Wish;
use crate::model::job::Service;
use crate::money::Usd;
use crate::nemo::route::{self, Intent};

/// With the batch's name and the round, a line's job still has a name that requests may have.
const MAX_ESCAPED_CHARS: usize = 100;

/// What would come of a batch.
#[derive(Debug, Default, Serialize)]
pub struct Prospect {
    /// Its name.
    pub batch: String,
    /// Whether it is a rehearsal: nothing is made for real, and its dollars are make-believe.
    pub rehearsal: bool,
    /// Lines that will be written down.
    #[serde(skip)]
    pub lines: Vec<NewLine>,
    /// How many those are.
    pub new_lines: usize,
    /// Lines that are in the ledger already.
    pub known_lines: usize,
    /// Lines that cannot be used, and why.
    pub problems: Vec<Problem>,
    /// Lines that are left out because another one says the same.
    pub skipped: Vec<Problem>,
    /// What the new lines will take, by model.
    pub sums: Vec<Sum>,
    /// What they will probably cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_usd: Option<Usd>,
    /// The most that they may cost: what is agreed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_usd: Option<Usd>,
    /// NemoVideo's credits, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_credits: Option<f64>,
}

/// Something about a line of the file.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// Counted from 1, as editors do.
    pub line: u32,
    /// What it is.
    pub message: String,
    /// What to do.
    pub next: String,
}

/// What the lines of one model will take.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sum {
    /// nemo, skillboss or sandbox.
    pub service: String,
    /// The model; the service's own choice where that is empty.
    pub model: String,
    /// Clips.
    pub lines: u32,
    /// Paid calls.
    pub calls: u32,
    /// Seconds of video, where they are known.
    pub seconds: u32,
    /// What they will probably cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_usd: Option<Usd>,
    /// The most that they may cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_usd: Option<Usd>,
}

impl Problem {
    fn new(line: u32, error: &Error) -> Self {
        Self {
            line,
            message: error.message().replace(" Nothing was sent.", ""),
            next: error.next_step().unwrap_or("Correct the line and run the same command again.").to_owned(),
        }
    }
}

/// Checks every line that was read.
///
/// # Errors
/// What concerns the batch as a whole: its name, or a ledger that cannot be read.
pub async fn check(
    app: &App,
    caller: &Caller,
    batch: &str,
    lines: Vec<Read>,
    defaults: &Wish,
) -> Result<Prospect> {
    let batch = name("name", batch)?;
    if batch.contains(['/', '#']) {
        // They divide the names of its jobs.
        return Err(Error::invalid("A batch's name cannot hold / or #. Nothing was sent.")
            .next("Give another one with --name, such as spring-07."));
    }
    let ledger = app.ledger().await?;
    let rehearsal = app.config().service == ServiceChoice::Sandbox;
    let known = match ledger.batch(&batch).await {
        Ok(_) => ledger.lines(&batch).await?,
        Err(_) => Vec::new(),
    };
    if known.iter().any(|line| line.service.is_rehearsal() != rehearsal) {
        return Err(refuse_to_mix(&batch, rehearsal));
    }
    let known: HashSet<String> = known.into_iter().map(|line| line.key).collect();
    let mut prospect = Prospect { batch, rehearsal, ..Prospect::default() };
    let mut sums: BTreeMap<(String, String), Sum> = BTreeMap::new();
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut prices = Prices::default();
    for read in lines {
        let checked = match read.wish {
            Ok(wish) => look(app, caller, read.line, wish::with_defaults(wish, defaults), &mut prices).await,
            Err(error) => Err(error),
        };
        let (new, priced) = match checked {
            Ok(checked) => checked,
            Err(error) => {
                prospect.problems.push(Problem::new(read.line, &error));
                continue;
            }
        };
        if let Some(first) = seen.insert(new.key.clone(), read.line) {
            let named = new.wish.key.is_some();
            let what =
                if named { format!("has the key \"{}\"", new.key) } else { "asks for the same".to_owned() };
            let message = format!("it {what} as line {first} and is left out");
            let next = "Give it a key of its own if both are meant.".to_owned();
            prospect.skipped.push(Problem { line: read.line, message, next });
            seen.insert(new.key, first);
            continue;
        }
        if known.contains(&new.key) {
            prospect.known_lines += 1;
        } else {
            let sum =
                sums.entry((new.service.name().to_owned(), priced.model.clone())).or_insert_with(|| Sum {
                    service: new.service.name().to_owned(),
                    model: priced.model.clone(),
                    ..Sum::default()
                });
            sum.lines += 1;
            sum.calls += priced.calls;
            sum.seconds += priced.seconds;
            let add = |sum: &mut Option<Usd>, more: Option<Usd>| {
                if let Some(more) = more {
                    *sum = Some(sum.unwrap_or_default().checked_add(more).unwrap_or(Usd::MAX));
                }
            };
            add(&mut sum.estimated_usd, priced.estimate);
            add(&mut sum.most_usd, priced.most);
            add(&mut prospect.estimated_usd, priced.estimate);
            add(&mut prospect.most_usd, priced.most);
            if priced.most.is_none() {
                *prospect.most_credits.get_or_insert(0.0) += WORST_CASE_CREDITS;
            }
            prospect.new_lines += 1;
        }
        // Known ones go along: the ledger says whether their content differs.
        prospect.lines.push(new);
    }
    prospect.sums = sums.into_values().collect();
    Ok(prospect)
}

/// One budget and one sum cannot be of real and of make-believe dollars.
fn refuse_to_mix(batch: &str, rehearsal: bool) -> Error {
    let (there, asked) = if rehearsal { ("real", "a rehearsal") } else { ("a rehearsal", "real") };
    Error::invalid(format!("The batch {batch} is {there}, and this would be {asked}. Nothing was sent."))
        .next("Give it a name of its own with --name.")
}

/// What a line will take.
#[derive(Clone, Debug, Default)]
struct Priced {
    model: String,
    calls: u32,
    seconds: u32,
    estimate: Option<Usd>,
    most: Option<Usd>,
}

/// Prices that were asked for: they do not hang on the words.
#[derive(Default)]
struct Prices(HashMap<String, Quote>);

async fn look(
    app: &App,
    caller: &Caller,
    line: u32,
    mut wish: Wish,
    prices: &mut Prices,
) -> Result<(NewLine, Priced)> {
    let prompt = plan::words("prompt", &wish.prompt)?;
    if route::route(&prompt).action != Intent::Edit {
        return Err(Error::invalid("its prompt is a command or a question, and no description of a video")
            .next("Say what shall be seen."));
    }
    wish.key = wish.key.as_deref().map(|key| name("key", key)).transpose()?;
    if wish.key.as_deref().is_some_and(|key| wish::escaped(key).chars().count() > MAX_ESCAPED_CHARS) {
        return Err(
            Error::invalid("its key holds too many of the signs /, # and %").next("Give a plainer key.")
        );
    }
    let digest = wish::digest(&wish)?;
    let key = wish.key.clone().unwrap_or_else(|| digest.clone());
    let due_at_ms = match &wish.not_before {
        Some(text) => wish::moment("not_before", text)?,
        None => 0,
    };
    let (model, note) = match (&wish.model, &wish.route) {
        (Some(_), Some(_)) => {
            return Err(Error::invalid("it names a model and a route").next("Keep one of them."));
        }
        (model, None) => (model.clone(), None),
        (None, Some(route)) => {
            let chosen = routes::choose(app, route, &key, &[]).await?;
            (Some(chosen.model), Some(chosen.why))
        }
    };
    if wish.channels.is_empty() && (wish.when.is_some() || wish.scheduler.is_some()) {
        return Err(Error::invalid("it says when or by whom it is posted, and names no channel")
            .next("Add channels, for example [\"tiktok\", \"reels\"]."));
    }
    let input = wish::input(&wish, model.as_deref());
    let (service, priced, planned) = match clip::service(app, &input).await? {
        Some(service) => {
            clip::check(app, caller, &input)?;
            let quote = prices.quote(app, service, &plan::as_spoken(&input)).await?;
            let seconds = quote.plan.duration_s.unwrap_or_default();
            let calls = u32::try_from(quote.plan.segments.len()).unwrap_or(u32::MAX);
            let (estimate, most) = (quote.estimate(), Some(quote.most()));
            // As agreed to: whoever begins the line may have other settings.
            wish.enhance = Some(wish.enhance.unwrap_or(app.config().enhance));
            let planned = quote.planned();
            (service, Priced { model: quote.plan.model.clone(), calls, seconds, estimate, most }, planned)
        }
        None => {
            plan::refuse_foreign_wishes(&input)?;
            plan::message(&prompt, &input)?;
            let seconds = plan::duration(wish.seconds)?.unwrap_or_default() as u32;
            let planned = publish::planned(&plan::inspection(&input, true));
            (app.service(None)?, Priced { calls: 1, seconds, ..Priced::default() }, planned)
        }
    };
    let delivery = publish::delivery(
        app.config(),
        service,
        input.deliver.as_deref(),
        input.publish.as_ref(),
        app.now_ms(),
    )?;
    publish::foresee(&delivery, &planned)?;
    wish.strict = app.config().strict;
    let new = NewLine { key, line, service, digest, model, most: priced.most, due_at_ms, note, wish };
    Ok((new, priced))
}

impl Prices {
    async fn quote(&mut self, app: &App, service: Service, input: &plan::GenerateInput) -> Result<Quote> {
        let of = format!(
            "{:?}",
            (
                (&input.model, input.duration_seconds, &input.aspect_ratio, &input.resolution),
                (input.generate_audio, input.max_cost_usd, input.image.is_some()),
                (input.last_frame.is_some(), input.reference_images.len(), input.enhance),
            )
        );
        if let Some(known) = self.0.get(&of) {
            return Ok(known.clone());
        }
        let quote = clip::quote(app, service, input).await?;
        self.0.insert(of, quote.clone());
        Ok(quote)
    }
}
