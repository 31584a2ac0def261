//! A batch as it is told: every line beside its job, what it cost, what it waits for, and how long that will take.

mod count;
mod shape;
mod words;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::app::App;
use crate::error::{Error, Result};
use crate::jobs::publish;
use crate::ledger::{Brief, Office};
use crate::model::batch::{Line, LineState};
use crate::model::job::{EpochMs, Service, State};
use crate::model::report::ErrorReport;
use crate::model::request::Post;
use crate::money::Usd;
use crate::redact;

pub use count::Standing;
pub use shape::{BatchReport, LineReport, PostReport};

use count::Count;

/// Characters of a rewritten prompt that are shown.
const SENT_CHARS: usize = 400;

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
    told.message = words::message(&batch, &told, &count, standing);
    told.next = words::next(&batch, &told, standing);
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
