//! A batch as it is told: every line beside its job, what it cost, what it waits for, and how long that will take.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::jobs::publish;
use crate::jobs::session::rehearsal_mark;
use crate::ledger::{Brief, Office, Span};
use crate::model::batch::{Batch, BatchState, Line, LineState};
use crate::model::job::{EpochMs, Service, State};
use crate::model::report::ErrorReport;
use crate::model::request::Post;
use crate::money::Usd;
use crate::redact;

/// Characters of a rewritten prompt that are shown.
const SENT_CHARS: usize = 400;

/// A batch.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct BatchReport {
    /// Its name.
    pub batch: String,
    /// active, paused or cancelled; done when every clip and post is where it shall be, ended when it came to less.
    pub state: String,
    /// Lines by their state: waiting, scheduled, refused, cancelled, or the state of their job.
    pub counts: BTreeMap<String, u32>,
    /// Who makes them.
    pub services: Vec<String>,
    /// All lines.
    pub lines_total: u32,
    /// Charged so far, in dollars.
    pub charged_usd: Usd,
    /// Set aside for what is under way or cannot be told.
    pub reserved_usd: Usd,
    /// The most that it may cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_usd: Option<Usd>,
    /// Seconds until the last line is done, as far as that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_s: Option<u64>,
    /// Why nothing more is begun just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<ErrorReport>,
    /// The lines, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineReport>,
    /// For the person.
    pub message: String,
    /// What to do next.
    pub next: String,
}

/// A line of a batch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct LineReport {
    /// Where it stood in the file.
    pub line: u32,
    /// Its name within the batch.
    pub key: String,
    /// waiting, scheduled, refused, cancelled, or the state of its job.
    pub state: String,
    /// Its job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// The model that was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The route that chose it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The beginning of the prompt.
    pub prompt: String,
    /// What was sent instead, when a language model added detail to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_prompt: Option<String>,
    /// What became of the wish for more detail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enhancement: Option<String>,
    /// Charged for it so far, in dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<Usd>,
    /// Set aside for it, in dollars: the most that is still to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved_usd: Option<Usd>,
    /// How it goes, or why it did not.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The error's code, when it came to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// 0 to 100, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress_pct: Option<f64>,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Not before this time (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// Its posts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub posts: Vec<PostReport>,
}

/// A post of a line's clip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct PostReport {
    /// Where it appears.
    pub channel: String,
    /// The state of its job; done when the scheduler has it.
    pub state: String,
    /// The same in words: on its way, a draft, queued or scheduled there.
    pub standing: String,
    /// How it goes, or why it did not.
    pub message: String,
    /// The error's code, when it came to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a batch can still do by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Something moves, or will when its time comes.
    Moves,
    /// Nothing moves until a person does something: it is paused, or its budget is spent.
    Stuck,
    /// Every line has ended.
    Ended,
}

/// A batch with all its lines, and what it can still do.
pub async fn report(app: &App, name: &str) -> Result<(BatchReport, Standing)> {
    let ledger = app.ledger().await?;
    let batch = ledger.batch(name).await?;
    let lines = ledger.lines(name).await?;
    let briefs: BTreeMap<_, _> = ledger.briefs(name).await?.into_iter().collect();
    let mut posts: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (job, asked, brief) in ledger.post_briefs(name).await? {
        posts.entry(job).or_default().push((asked, brief));
    }
    let (charged_usd, reserved_usd) = ledger.batch_spent(name).await?;
    let now_ms = app.now_ms();
    let mut told = BatchReport {
        batch: batch.name.clone(),
        lines_total: u32::try_from(lines.len()).unwrap_or(u32::MAX),
        charged_usd,
        reserved_usd,
        budget_usd: batch.budget,
        hold: batch.hold.as_ref().map(|hold| ErrorReport::from(&Error::from(hold))),
        ..BatchReport::default()
    };
    let mut count = Count::default();
    for row in &lines {
        let brief = row.job_id.as_ref().and_then(|id| briefs.get(id));
        count.add(row, brief, now_ms);
        let mut line = tell(row, brief, now_ms);
        for (asked, brief) in row.job_id.iter().filter_map(|id| posts.get(id)).flatten() {
            count.add_post(brief);
            line.posts.push(post(row.service, asked, brief));
        }
        let service = row.service.name();
        if !told.services.iter().any(|known| known == service) {
            told.services.push(service.to_owned());
        }
        *told.counts.entry(line.state.clone()).or_default() += 1;
        told.lines.push(line);
    }
    let standing = count.standing(&batch);
    count.state(&batch, standing).clone_into(&mut told.state);
    told.eta_s = count.eta_s(&batch).filter(|_| standing == Standing::Moves);
    told.message = message(&batch, &told, &count, standing);
    told.next = next(&batch, &told, standing);
    Ok((told, standing))
}

/// Every batch in short, newest first.
pub async fn list(app: &App) -> Result<Vec<BatchReport>> {
    let mut all = Vec::new();
    for batch in app.ledger().await?.batches().await? {
        let (mut told, _) = report(app, &batch.name).await?;
        told.lines.clear();
        all.push(told);
    }
    Ok(all)
}

/// Whether any batch of these offices will go on by itself.
pub async fn any_moves(app: &App, offices: &[Office]) -> Result<bool> {
    for office in offices {
        for batch in app.ledger().await?.live_batches(*office).await? {
            if report(app, &batch.name).await?.1 == Standing::Moves {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// What the lines add up to.
#[derive(Default)]
struct Count {
    /// Wait for room or money.
    waiting: u32,
    /// Wait for their time.
    scheduled: u32,
    moving: u32,
    /// Begun, and wait for money in their wallet.
    short: u32,
    /// Wait for a person: a price, or a doubt.
    doubtful: u32,
    done: u32,
    failed: u32,
    cancelled: u32,
    posts: u32,
    posts_failed: u32,
    /// Milliseconds that finished ones took.
    took_ms: i64,
}

impl Count {
    fn add(&mut self, line: &Line, brief: Option<&Brief>, now_ms: EpochMs) {
        match (line.state, brief) {
            (LineState::Waiting, _) if line.due_at_ms > now_ms && line.wish.not_before.is_some() => {
                self.scheduled += 1;
            }
            (LineState::Waiting, _) | (LineState::Begun, None) => self.waiting += 1,
            (LineState::Refused, _) => self.failed += 1,
            (LineState::Cancelled, _) => self.cancelled += 1,
            (LineState::Begun, Some(brief)) => match brief.state {
                State::Done => {
                    self.done += 1;
                    self.took_ms += (brief.updated_at_ms - brief.created_at_ms).max(0);
                }
                State::Failed => self.failed += 1,
                State::Cancelled => self.cancelled += 1,
                State::Uncertain | State::NeedsApproval => self.doubtful += 1,
                _ if brief.waits_for_money() => self.short += 1,
                _ => self.moving += 1,
            },
        }
    }

    fn add_post(&mut self, brief: &Brief) {
        match brief.state {
            State::Done => self.posts += 1,
            State::Failed | State::Cancelled => self.posts_failed += 1,
            State::Uncertain => self.doubtful += 1,
            _ => self.moving += 1,
        }
    }

    fn standing(&self, batch: &Batch) -> Standing {
        if self.moving > 0 {
            return Standing::Moves;
        }
        if self.short > 0 {
            return Standing::Stuck;
        }
        if self.waiting + self.scheduled == 0 {
            return Standing::Ended;
        }
        let needs_a_person = batch.hold.as_ref().is_some_and(|hold| {
            // A day and a week begin anew by themselves.
            let by_clock = [Span::Day, Span::Week].map(|span| span.to_string());
            hold.quoted.as_ref().is_none_or(|span| !by_clock.contains(span))
        });
        if batch.state != BatchState::Active || (needs_a_person && self.waiting > 0) {
            Standing::Stuck
        } else {
            Standing::Moves
        }
    }

    /// How the batch stands, in a word.
    fn state(&self, batch: &Batch, standing: Standing) -> &'static str {
        let short = [self.failed, self.cancelled, self.doubtful, self.posts_failed];
        match (batch.state, standing) {
            (BatchState::Active | BatchState::Paused, Standing::Ended) if short == [0; 4] => "done",
            (BatchState::Active | BatchState::Paused, Standing::Ended) => "ended",
            (state, _) => state.name(),
        }
    }

    fn eta_s(&self, batch: &Batch) -> Option<u64> {
        let each_ms = u64::try_from(self.took_ms).ok()?.checked_div(u64::from(self.done))?;
        // Those under way are halfway through, as far as anybody knows.
        let rest_halves = u64::from(self.waiting) * 2 + u64::from(self.moving);
        if self.scheduled > 0 || rest_halves == 0 {
            return None;
        }
        Some(each_ms * rest_halves / 2 / u64::from(batch.concurrency.max(1)) / 1000)
    }
}

fn tell(line: &Line, brief: Option<&Brief>, now_ms: EpochMs) -> LineReport {
    let later = line.due_at_ms > now_ms && line.wish.not_before.is_some();
    let failure = brief.and_then(|brief| brief.failure.as_ref()).or(line.failure.as_ref());
    let state = match (line.state, brief) {
        (LineState::Begun, Some(brief)) => brief.state.name(),
        (LineState::Waiting, _) if later => "scheduled",
        (state, _) => state.name(),
    };
    let note = brief.and_then(|brief| brief.note.as_deref()).or(line.note.as_deref());
    let chosen = line.note.as_deref().filter(|_| brief.is_some() && line.wish.route.is_some());
    let words = match failure {
        Some(failure) => failure.message.as_str(),
        None if line.state == LineState::Waiting && note.is_none() => "Waiting for its turn.",
        None => note.unwrap_or_default(),
    };
    let enhancement = brief.and_then(|brief| brief.enhancement.as_ref());
    let some_money = |usd: Usd| (usd > Usd::ZERO).then_some(usd);
    let timed = Timestamp::from_millisecond(line.due_at_ms).ok().filter(|_| later);
    LineReport {
        line: line.line,
        key: line.key.clone(),
        state: state.to_owned(),
        job_id: line.job_id.as_ref().map(ToString::to_string),
        model: line.model.clone(),
        route: line.wish.route.clone(),
        prompt: redact::quote(&line.wish.prompt, 80),
        sent_prompt: enhancement.and_then(|it| Some(redact::quote(it.text.as_deref()?, SENT_CHARS))),
        enhancement: enhancement.map(|it| it.note.clone()),
        cost_usd: brief.and_then(|brief| some_money(brief.charged)),
        reserved_usd: brief.and_then(|brief| some_money(brief.reserved)),
        message: [words, chosen.unwrap_or_default()].join(" ").trim().to_owned(),
        next: failure.and_then(|failure| failure.next.clone()),
        error: failure.map(|failure| failure.code.clone()),
        progress_pct: brief.filter(|brief| !brief.state.is_at_rest()).and_then(|brief| brief.progress_pct),
        file: brief.and_then(|brief| brief.file.clone()),
        not_before: timed.map(|at| at.to_string()),
        posts: Vec::new(),
    }
}

fn post(service: Service, asked: &Post, brief: &Brief) -> PostReport {
    let failure = brief.failure.as_ref();
    let taker = if service.is_rehearsal() { "the sandbox" } else { asked.scheduler.title() };
    PostReport {
        channel: asked.channel.network.clone(),
        state: brief.state.name().to_owned(),
        standing: match brief.state {
            State::Done => publish::standing(taker, &publish::told::when(asked.timing)),
            state if state.is_at_rest() => state.name().to_owned(),
            _ => format!("on its way to {taker}"),
        },
        message: failure.map(|it| it.message.clone()).or(brief.note.clone()).unwrap_or_default(),
        error: failure.map(|it| it.code.clone()),
    }
}

fn message(batch: &Batch, told: &BatchReport, count: &Count, standing: Standing) -> String {
    let mut said = Vec::new();
    let rehearsed = told.is_rehearsal();
    let mark = if rehearsed { rehearsal_mark(Service::Sandbox) } else { "" };
    let head = match standing {
        Standing::Ended if count.done == told.lines_total => format!("✅ All {} clips are here.", count.done),
        Standing::Ended => format!("Ended: {} of {} clips are here.", count.done, told.lines_total),
        _ => format!("{} of {} clips are here.", count.done, told.lines_total),
    };
    said.push(head);
    for (many, what) in [
        (count.moving, "under way"),
        (count.short, "waiting for money"),
        (count.waiting, "waiting"),
        (count.scheduled, "waiting for their time"),
        (count.failed, "came to nothing"),
        (
            count.posts,
            if rehearsed {
                "posts are with the scheduler, which is the sandbox's own"
            } else {
                "posts are with the scheduler"
            },
        ),
        (count.posts_failed, "posts came to nothing"),
        (count.doubtful, "wait for a decision"),
        (count.cancelled, "cancelled"),
    ] {
        if many > 0 {
            said.push(format!("{many} {what}."));
        }
    }
    if told.charged_usd > Usd::ZERO || told.reserved_usd > Usd::ZERO || told.budget_usd.is_some() {
        let open = match told.reserved_usd {
            Usd::ZERO => String::new(),
            open => format!(", {open} set aside"),
        };
        let budget = told.budget_usd.map(|budget| format!(" of at most {budget}")).unwrap_or_default();
        let kind = if rehearsed { " in make-believe dollars" } else { "" };
        said.push(format!("Charged {}{budget}{open}{kind}.", told.charged_usd));
    }
    match batch.state {
        BatchState::Paused if batch.hold.is_none() => said.push("Paused.".to_owned()),
        BatchState::Cancelled => said.push("The batch was cancelled.".to_owned()),
        _ => {}
    }
    if let Some(hold) = batch.hold.as_ref().filter(|_| standing != Standing::Ended) {
        said.push(hold.message.clone());
    }
    format!("{mark}{}", said.join(" "))
}

fn next(batch: &Batch, told: &BatchReport, standing: Standing) -> String {
    let name = &batch.name;
    let hold = batch.hold.as_ref().and_then(|hold| hold.next.clone());
    let some = |state: &str| told.counts.contains_key(state);
    match standing {
        Standing::Stuck => hold.unwrap_or_else(|| format!("Go on with: firstcut batch resume {name}")),
        Standing::Moves => hold.unwrap_or_else(|| {
            format!("firstcut batch wait {name} stays with it; firstcut worker moves it in the background.")
        }),
        Standing::Ended if some("uncertain") => {
            "Settle what is uncertain: firstcut jobs adopt, retry or drop JOB.".to_owned()
        }
        Standing::Ended
            if told.lines.iter().flat_map(|line| &line.posts).any(|post| post.error.is_some()) =>
        {
            format!(
                "firstcut batch show {name} says what became of the posts; firstcut publish JOB posts a clip again."
            )
        }
        Standing::Ended if some("failed") || some("refused") => format!(
            "firstcut batch show {name} says why; firstcut batch resume {name} --failed tries again what cost nothing."
        ),
        Standing::Ended => format!("firstcut batch report {name} shows what each model cost."),
    }
}

impl BatchReport {
    /// Whether nothing about it is real.
    #[must_use]
    pub fn is_rehearsal(&self) -> bool {
        self.services == [Service::Sandbox.name()]
    }

    /// Why a post in this state came to nothing.
    fn post(&self, state: &str) -> Option<Kind> {
        let found = self.lines.iter().flat_map(|line| &line.posts).find(|post| post.state == state)?;
        Some(found.error.as_deref().and_then(Kind::from_code).unwrap_or(Kind::Declined))
    }

    /// How the command ends: with nothing, or with the reason that matters most.
    #[must_use]
    pub fn verdict(&self, standing: Standing) -> Option<Kind> {
        let some = |state: &str| self.counts.contains_key(state);
        let first = |state: &str| {
            let line = self.lines.iter().find(|line| line.state == state);
            line.and_then(|line| Kind::from_code(line.error.as_deref()?))
        };
        let hold = self.hold.as_ref().and_then(|hold| Kind::from_code(&hold.code));
        match standing {
            Standing::Moves => Some(Kind::TimedOut),
            Standing::Stuck => Some(hold.unwrap_or(Kind::TimedOut)),
            Standing::Ended if some("uncertain") => Some(Kind::Uncertain),
            Standing::Ended if some("failed") => Some(first("failed").unwrap_or(Kind::Declined)),
            Standing::Ended if some("refused") => Some(first("refused").unwrap_or(Kind::InvalidInput)),
            Standing::Ended if self.post("uncertain").is_some() => Some(Kind::Uncertain),
            Standing::Ended if self.post("failed").is_some() => self.post("failed"),
            Standing::Ended if some("needs_approval") => Some(Kind::TimedOut),
            Standing::Ended if some("cancelled") => Some(Kind::Cancelled),
            Standing::Ended => None,
        }
    }
}
