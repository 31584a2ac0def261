//! The wallet beside the books: what it lost between two readings, and what is booked for that time.
//!
//! Work goes on while the wallet is read, so a charge is *surely* between two readings only when its request left after
//! the first answer and settled before the second question. What was under way at either reading is *perhaps* between
//! them. The difference of the readings has to lie between the sure sum and that with all that is perhaps; what lies
//! outside cannot be explained by the books, whatever ran side by side.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::Result;
use crate::jobs::money::{readings, wallet};
use crate::ledger::{Booked, Charge, ChargeSource, Ledger, Reading};
use crate::model::job::{EpochMs, JobId, Service};
use crate::money::Usd;

/// Readings of one wallet, one after the other.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Stretch {
    /// From the first to the last.
    #[serde(flatten)]
    pub whole: Period,
    /// Of the times between two readings in it, those that the books do not explain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unexplained: Vec<Period>,
    /// For the person.
    pub message: String,
    /// Calls that were alone between two readings, and what the wallet lost then.
    #[serde(skip)]
    alone: Vec<(JobId, Usd)>,
}

/// The time between two readings.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Period {
    /// skillboss or sandbox.
    pub service: String,
    /// When the first one was taken (RFC 3339).
    pub from: String,
    /// When the last one was taken.
    pub to: String,
    /// In the wallet then.
    pub balance_before_usd: Usd,
    /// In the wallet at the end.
    pub balance_after_usd: Usd,
    /// The difference; negative when there is more.
    pub lost_usd: Usd,
    /// Paid calls that were surely charged in that time.
    pub calls: u32,
    /// What they are booked with.
    pub booked_usd: Usd,
    /// Of that, what the service did not say and is assumed.
    pub assumed_usd: Usd,
    /// What may have been charged besides: under way at a reading, still set aside, or not to be told.
    pub perhaps_usd: Usd,
    /// What the books do not explain: above 0 the wallet lost more, below 0 it lost less.
    pub unexplained_usd: Usd,
}

impl Stretch {
    /// What the wallet lost by a call, where that can be told.
    pub(super) fn lost_by(&self, job: &JobId) -> Option<Usd> {
        self.alone.iter().find(|(alone, _)| alone == job).map(|(_, lost)| *lost)
    }
}

/// Reads the wallet once more, if there is one; says why that was not possible.
pub(super) async fn read_now(app: &App) -> Option<String> {
    if !wallet::is_there(app) {
        return None;
    }
    let read = readings::take(app, wallet::service(app)).await;
    read.err().map(|error| format!("The wallet could not be read now: {}", error.message()))
}

/// Every stretch of readings since a moment, beside what is booked.
pub(in crate::jobs) async fn compare(ledger: &Ledger, since_ms: EpochMs) -> Result<Vec<Stretch>> {
    let charges = ledger.charges(0).await?;
    let mut stretches = Vec::new();
    for service in [Service::SkillBoss, Service::Sandbox] {
        let charges: Vec<_> = charges.iter().filter(|charge| charge.service == service).collect();
        let readings = ledger.balances(service, since_ms).await?;
        // Another key has another wallet, and the charges do not tell which one paid.
        for readings in readings.chunk_by(|a, b| a.wallet == b.wallet) {
            if let [first, .., last] = readings {
                stretches.push(stretch(first, last, readings, &charges)?);
            }
        }
    }
    Ok(stretches)
}

fn stretch(first: &Reading, last: &Reading, readings: &[Reading], charges: &[&Booked]) -> Result<Stretch> {
    let (whole, _) = period(first, last, charges)?;
    let mut stretch = Stretch { message: told(&whole), whole, ..Stretch::default() };
    for pair in readings.windows(2) {
        let [before, after] = pair else { continue };
        let (period, alone) = period(before, after, charges)?;
        stretch.alone.extend(alone.map(|job| (job, period.lost_usd)));
        if period.unexplained_usd != Usd::ZERO {
            stretch.unexplained.push(period);
        }
    }
    Ok(stretch)
}

/// What lies between two readings; and the call, if it is only one.
fn period(before: &Reading, after: &Reading, charges: &[&Booked]) -> Result<(Period, Option<JobId>)> {
    let minus = |a: Usd, b: Usd| a.checked_sub(b).unwrap_or_default();
    let mut period = Period {
        service: before.service.name().to_owned(),
        from: moment(before.answered_at_ms)?,
        to: moment(after.answered_at_ms)?,
        balance_before_usd: before.balance,
        balance_after_usd: after.balance,
        lost_usd: minus(before.balance, after.balance),
        ..Period::default()
    };
    let (mut touched, mut alone) = (0, None);
    for booked in charges {
        let (amount, sent_ms) = match (&booked.charge, booked.sent_at_ms) {
            (Some(Charge::Freed), _) => continue,
            (Some(Charge::Settled { charged, .. }), sent_ms) => {
                (*charged, sent_ms.unwrap_or(booked.reserved_at_ms))
            }
            (None, Some(sent_ms)) => (booked.most, sent_ms),
            // Nothing has left yet.
            (None, None) => continue,
        };
        let settled_ms = booked.settled_at_ms.unwrap_or(EpochMs::MAX);
        if settled_ms <= before.asked_at_ms || sent_ms >= after.answered_at_ms {
            continue;
        }
        touched += 1;
        let inside = sent_ms >= before.answered_at_ms && settled_ms <= after.asked_at_ms;
        match booked.charge {
            Some(Charge::Settled { source, .. }) if inside && source != ChargeSource::WorstCase => {
                add(&mut period.booked_usd, amount);
                period.calls += 1;
                alone = Some(booked.job_id.clone());
                if source == ChargeSource::Estimate {
                    add(&mut period.assumed_usd, amount);
                }
            }
            _ => add(&mut period.perhaps_usd, amount),
        }
    }
    let mut most = period.booked_usd;
    add(&mut most, period.perhaps_usd);
    period.unexplained_usd = if period.lost_usd > most {
        minus(period.lost_usd, most)
    } else if period.lost_usd < period.booked_usd {
        minus(period.lost_usd, period.booked_usd)
    } else {
        Usd::ZERO
    };
    Ok((period, alone.filter(|_| touched == 1)))
}

fn add(sum: &mut Usd, more: Usd) {
    *sum = sum.checked_add(more).unwrap_or(Usd::MAX);
}

fn moment(at_ms: EpochMs) -> Result<String> {
    Timestamp::from_millisecond(at_ms)
        .map(|at| at.to_string())
        .map_err(|error| crate::error::Error::internal("A time in the books makes no sense.").because(error))
}

/// The verdict, and what to do about it.
pub(in crate::jobs) fn told(period: &Period) -> String {
    let Period { booked_usd: booked, perhaps_usd: perhaps, unexplained_usd, .. } = period;
    let none = Usd::ZERO;
    let (from, to) = (short(&period.from), short(&period.to));
    let wallet = if period.service == Service::Sandbox.name() {
        "the sandbox's make-believe wallet"
    } else {
        "the wallet"
    };
    let mut text = if period.lost_usd < none {
        let more = none.checked_sub(period.lost_usd).unwrap_or_default();
        format!("From {from} to {to} UTC {wallet} gained {more}")
    } else {
        format!("From {from} to {to} UTC {wallet} lost {}", period.lost_usd)
    };
    text.push_str(&format!(
        " ({} → {}); {booked} of charges are booked for that time",
        period.balance_before_usd, period.balance_after_usd
    ));
    if *perhaps > none {
        text.push_str(&format!(
            ", and up to {perhaps} may have been charged besides: set aside for what runs, or not to be told"
        ));
    }
    text.push_str(". ");
    let assumed = if period.assumed_usd > none {
        format!(
            " The service did not say what {} of it was charged with; that is assumed, and may be the reason.",
            period.assumed_usd
        )
    } else {
        String::new()
    };
    let amount = if *unexplained_usd < none {
        none.checked_sub(*unexplained_usd).unwrap_or_default()
    } else {
        *unexplained_usd
    };
    text.push_str(&match unexplained_usd.cmp(&none) {
        std::cmp::Ordering::Equal => "The two agree.".to_owned(),
        std::cmp::Ordering::Greater => format!(
            "⚠️ {amount} more is gone than the books explain.{assumed} Look in the service's usage list for calls that are not here (another program with the same key?), check the receipts with `firstcut jobs report --verify`, and ask its support, quoting the ids above."
        ),
        std::cmp::Ordering::Less => format!(
            "⚠️ {amount} less is gone than the books say.{assumed} A top-up or a refund explains that; if there was none, look at the calls in the service's usage list."
        ),
    });
    text
}

/// To the second, without the letters.
fn short(at: &str) -> String {
    let at = at.split('.').next().unwrap_or(at);
    at.trim_end_matches('Z').replace('T', " ")
}
