//! Routes and batches compared arm by arm: what came of it, what it cost, what people said, and whether that says anything.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::interval::{self, Interval, Share};
use crate::app::App;
use crate::config::ServiceChoice;
use crate::error::{Error, Kind, Result};
use crate::ledger::{Charge, Ledger, Rating};
use crate::model::batch::{Line, LineState};
use crate::model::job::State;
use crate::money::Usd;

/// How often an interval may miss the truth.
const DOUBT: f64 = 0.05;
/// Fewer rated clips of an arm decide nothing.
const LEAST_CLIPS: usize = 10;

/// The arms beside each other.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Comparison {
    /// The route or the batch.
    pub name: String,
    /// Whether these are rehearsals, whose dollars are make-believe. They are never counted together with real clips.
    pub rehearsal: bool,
    /// One entry per model.
    pub arms: Vec<ArmReport>,
    /// The better model, only when the numbers say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub winner: Option<String>,
    /// For the person: what the numbers say, and what they do not.
    pub message: String,
}

/// What came of one model.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ArmReport {
    /// The model; the service's own choice where that is empty.
    pub model: String,
    /// Its weight in the settings, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// Lines that it got.
    pub lines: usize,
    /// Clips that are here.
    pub done: usize,
    /// Lines that came to nothing.
    pub failed: usize,
    /// Of those that ended, the share that came to a clip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success: Option<Interval>,
    /// Seconds of finished video.
    pub seconds: f64,
    /// Charged in dollars.
    pub charged_usd: Usd,
    /// The same for each finished clip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd_per_clip: Option<Usd>,
    /// Of the clips that a person judged, the share that was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Interval>,
    /// What each kept clip cost, the others' cost included; only when every finished clip was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd_per_kept_clip: Option<Usd>,
    /// Seconds from the beginning of a job to its clip, in the middle of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median_wait_s: Option<f64>,
    /// The mean score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<Interval>,
    /// Engagements for each view, a mean over clips.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engagement: Option<Interval>,
}

/// What was gathered of one arm.
#[derive(Default)]
struct Gathered {
    report: ArmReport,
    waits_s: Vec<f64>,
    judged: usize,
    kept: usize,
    scores: Vec<f64>,
    engagement: Vec<f64>,
}

/// A route's arms, over all batches.
///
/// # Errors
/// `NotFound` for a route that no setting and no line names.
pub async fn of_route(app: &App, name: &str) -> Result<Comparison> {
    let ledger = app.ledger().await?;
    let lines = of_one_kind(app, ledger.lines_of_route(name).await?);
    let set = app.config().routes.get(name);
    if lines.is_empty() && set.is_none() {
        return Err(Error::new(
            Kind::NotFound,
            format!("There is no route \"{}\".", crate::redact::quote(name, 60)),
        )
        .next("`firstcut routes` lists those of the settings."));
    }
    let weights: BTreeMap<&str, f64> =
        set.iter().flat_map(|route| &route.arms).map(|arm| (arm.model.as_str(), arm.weight)).collect();
    compare(ledger, name, &lines, &weights).await
}

/// A batch by model.
///
/// # Errors
/// `NotFound` for a batch that is not there.
pub async fn of_batch(app: &App, name: &str) -> Result<Comparison> {
    let ledger = app.ledger().await?;
    ledger.batch(name).await?;
    compare(ledger, name, &of_one_kind(app, ledger.lines(name).await?), &BTreeMap::new()).await
}

/// The real lines, or where there are none, or rehearsals are asked for, the rehearsed ones.
fn of_one_kind(app: &App, mut lines: Vec<Line>) -> Vec<Line> {
    let is_real = |line: &Line| !line.service.is_rehearsal();
    let (real, rehearsed) = (lines.iter().any(is_real), lines.iter().any(|line| !is_real(line)));
    let wanted = real && !(rehearsed && app.config().service == ServiceChoice::Sandbox);
    lines.retain(|line| is_real(line) == wanted);
    lines
}

async fn compare(
    ledger: &Ledger,
    name: &str,
    lines: &[Line],
    weights: &BTreeMap<&str, f64>,
) -> Result<Comparison> {
    let mut arms: BTreeMap<String, Gathered> = BTreeMap::new();
    for model in weights.keys() {
        arms.entry((*model).to_owned()).or_default();
    }
    for line in lines {
        let arm = arms.entry(line.model.clone().unwrap_or_default()).or_default();
        gather(ledger, line, arm).await?;
    }
    let mut arms: Vec<Gathered> = arms
        .into_iter()
        .map(|(model, mut arm)| {
            arm.report.weight = weights.get(model.as_str()).copied();
            arm.report.model = model;
            arm
        })
        .collect();
    arms.iter_mut().for_each(finish);
    let (winner, message) = verdict(&arms);
    Ok(Comparison {
        name: name.to_owned(),
        rehearsal: lines.first().is_some_and(|line| line.service.is_rehearsal()),
        winner,
        message,
        arms: arms.into_iter().map(|arm| arm.report).collect(),
    })
}

async fn gather(ledger: &Ledger, line: &Line, arm: &mut Gathered) -> Result<()> {
    arm.report.lines += 1;
    if line.state == LineState::Refused {
        arm.report.failed += 1;
    }
    let Some(id) = &line.job_id else { return Ok(()) };
    let job = ledger.job(id).await?;
    let mut booked: Vec<_> = ledger.charge(id).await?.into_iter().collect();
    for part in ledger.children(id).await? {
        booked.extend(ledger.charge(&part.id).await?);
    }
    for entry in booked {
        if let Some(Charge::Settled { charged, .. }) = entry.charge {
            arm.report.charged_usd = arm.report.charged_usd.checked_add(charged).unwrap_or(Usd::MAX);
        }
    }
    match job.state {
        State::Done => {
            arm.report.done += 1;
            arm.report.seconds +=
                job.work.pointer("/file/duration_s").and_then(serde_json::Value::as_f64).unwrap_or_default();
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of a job")]
            arm.waits_s.push((job.updated_at_ms - job.created_at_ms).max(0) as f64 / 1000.0);
        }
        State::Failed | State::Uncertain => arm.report.failed += 1,
        _ => {}
    }
    let Some(Rating { is_kept, score, views, engagements }) = ledger.rating(id).await? else { return Ok(()) };
    if let Some(kept) = is_kept {
        arm.judged += 1;
        arm.kept += usize::from(kept);
    }
    arm.scores.extend(score);
    if let (Some(views), Some(engagements)) = (views.filter(|views| *views > 0), engagements) {
        arm.engagement.push(f64::from(engagements) / f64::from(views));
    }
    Ok(())
}

fn finish(arm: &mut Gathered) {
    let report = &mut arm.report;
    report.success = interval::share(Share { hits: report.done, of: report.done + report.failed }, DOUBT);
    report.kept = interval::share(Share { hits: arm.kept, of: arm.judged }, DOUBT);
    report.usd_per_clip = each(report.charged_usd, report.done);
    report.usd_per_kept_clip = each(report.charged_usd, arm.kept).filter(|_| arm.judged == report.done);
    report.score = interval::mean(&arm.scores, DOUBT);
    report.engagement = interval::mean(&arm.engagement, DOUBT);
    arm.waits_s.sort_by(f64::total_cmp);
    report.median_wait_s = arm.waits_s.get(arm.waits_s.len() / 2).copied();
}

fn each(sum: Usd, clips: usize) -> Option<Usd> {
    let clips = i64::try_from(clips).ok().filter(|clips| *clips > 0)?;
    Some(Usd::from_micros(sum.micros() / clips))
}

/// What may decide, the most telling first.
const MEASURES: [&str; 3] = ["engagement", "score", "kept"];

impl Gathered {
    fn clips(&self, measure: &str) -> usize {
        match measure {
            "engagement" => self.engagement.len(),
            "score" => self.scores.len(),
            _ => self.judged,
        }
    }

    fn value(&self, measure: &str) -> f64 {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        match measure {
            "engagement" => mean(&self.engagement),
            "score" => mean(&self.scores),
            _ => self.kept as f64 / self.judged.max(1) as f64,
        }
    }

    fn above(&self, other: &Self, measure: &str, doubt: f64) -> Option<Interval> {
        match measure {
            "engagement" => interval::means_apart(&self.engagement, &other.engagement, doubt),
            "score" => interval::means_apart(&self.scores, &other.scores, doubt),
            _ => interval::shares_apart(
                Share { hits: self.kept, of: self.judged },
                Share { hits: other.kept, of: other.judged },
                doubt,
            ),
        }
    }
}

/// A winner only where its advantage over every other arm is surely above nothing, each comparison being held to a share
/// of the doubt that is allowed to all.
fn verdict(all: &[Gathered]) -> (Option<String>, String) {
    // An arm that never had a line, such as a retired model, is no rival.
    let arms: Vec<&Gathered> = all.iter().filter(|arm| arm.report.lines > 0).collect();
    if arms.len() < 2 {
        return (None, "There is nothing to compare: only one model was used.".to_owned());
    }
    let measure =
        MEASURES.into_iter().find(|measure| arms.iter().all(|arm| arm.clips(measure) >= LEAST_CLIPS));
    let Some(measure) = measure else {
        let (best, least) = MEASURES
            .into_iter()
            .map(|measure| (measure, arms.iter().map(|arm| arm.clips(measure)).min().unwrap_or(0)))
            .max_by_key(|(_, least)| *least)
            .unwrap_or(("kept", 0));
        let step = "Rate clips with `firstcut jobs rate JOB good|bad`, or many with `--csv`.";
        let message = if least == 0 {
            format!("No winner yet: not every model has rated clips. {step}")
        } else {
            format!(
                "No winner yet: {least} rated clips ({best}) of a model decide nothing; at least {LEAST_CLIPS} of each are needed. {step}"
            )
        };
        return (None, message);
    };
    let what = match measure {
        "engagement" => "engagement per view",
        "score" => "score",
        _ => "share of kept clips",
    };
    let Some(best) = arms.iter().copied().max_by(|a, b| a.value(measure).total_cmp(&b.value(measure))) else {
        return (None, "There is nothing to compare.".to_owned());
    };
    #[expect(clippy::cast_precision_loss, reason = "arms are few")]
    let doubt = DOUBT / (arms.len() - 1) as f64;
    let mut closest: Option<(Interval, &Gathered)> = None;
    for other in arms.iter().copied().filter(|other| !std::ptr::eq(*other, best)) {
        let Some(apart) = best.above(other, measure, doubt) else { continue };
        if closest.as_ref().is_none_or(|(least, _)| apart.low < least.low) {
            closest = Some((apart, other));
        }
    }
    let Some((apart, rival)) = closest else { return (None, "There is nothing to compare.".to_owned()) };
    let (one, other) = (&best.report.model, &rival.report.model);
    let figures = format!(
        "{what}: {} {} against {} {}, a difference of {}, probably between {} and {}",
        one,
        shown(measure, best.value(measure)),
        other,
        shown(measure, rival.value(measure)),
        shown(measure, apart.value),
        shown(measure, apart.low),
        shown(measure, apart.high),
    );
    if apart.low > 0.0 {
        (Some(one.clone()), format!("{one} is better. By {figures}."))
    } else {
        (
            None,
            format!(
                "No winner: the numbers do not tell the models apart. By {figures}. More rated clips would narrow that."
            ),
        )
    }
}

fn shown(measure: &str, value: f64) -> String {
    if measure == "score" { format!("{value:.2}") } else { format!("{:.1} %", value * 100.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(model: &str, kept: usize, judged: usize, engagement: &[f64]) -> Gathered {
        let report = ArmReport { model: model.to_owned(), done: judged, lines: 20, ..ArmReport::default() };
        Gathered { report, judged, kept, engagement: engagement.to_vec(), ..Gathered::default() }
    }

    #[test]
    fn a_winner_only_when_the_numbers_say_so() {
        let spread = |around: f64| (0..20).map(|n| around + f64::from(n % 5) * 0.002).collect::<Vec<_>>();
        for (arms, winner, said) in [
            (vec![arm("a", 9, 9, &[])], None, "only one"),
            (vec![arm("a", 9, 9, &[]), arm("b", 0, 9, &[])], None, "decide nothing"),
            (vec![arm("a", 9, 9, &[]), arm("b", 0, 0, &[])], None, "not every model"),
            (vec![arm("a", 12, 20, &[]), arm("b", 9, 20, &[])], None, "do not tell"),
            (vec![arm("a", 19, 20, &[]), arm("b", 5, 20, &[])], Some("a"), "a is better"),
            // What viewers did weighs more than what we like.
            (vec![arm("a", 19, 20, &spread(0.03)), arm("b", 5, 20, &spread(0.05))], Some("b"), "engagement"),
            // Two rivals: it must beat the better one.
            (vec![arm("a", 19, 20, &[]), arm("b", 5, 20, &[]), arm("c", 17, 20, &[])], None, "c"),
        ] {
            let (found, message) = verdict(&arms);
            assert_eq!(found.as_deref(), winner, "{message}");
            assert!(message.contains(said), "{message}");
        }
    }
}
