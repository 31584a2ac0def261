//! Charges: dollars set aside before a request leaves, and what became of them.
//!
//! Setting aside, settling and freeing each happen in the transaction of the change that they belong to, so that
//! calls and processes side by side cannot overspend together. What may have been charged and cannot be told stays
//! set aside.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Ledger, Tx, row};
use crate::error::{Error, Kind, Result};
use crate::model::job::{EpochMs, Job, JobId, Service};
use crate::money::Usd;

/// A day, for the daily and the weekly cap; both begin at midnight UTC.
const DAY_MS: EpochMs = 86_400_000;

/// What a job may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The most that the service may take; told to it as the cap of the call.
    pub most: Usd,
    /// What it will probably take; none when no price is known.
    pub estimate: Option<Usd>,
    /// The model that is paid for.
    pub model: String,
    /// The batch that it belongs to.
    pub batch: Option<String>,
}

/// The most that may be spent together. None: no such limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// From midnight to midnight, UTC.
    pub per_day: Option<Usd>,
    /// From Monday to Monday, UTC.
    pub per_week: Option<Usd>,
    /// Within the batch that the reservation names.
    pub per_batch: Option<Usd>,
}

/// What a cap holds for. As the cause of an error it says which cap would have been passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Span {
    /// From midnight to midnight, UTC.
    #[error("day")]
    Day,
    /// From Monday to Monday, UTC.
    #[error("week")]
    Week,
    /// The calls that name one batch.
    #[error("batch")]
    Batch,
}

impl Span {
    /// When its budget begins anew; never for a batch.
    #[must_use]
    pub fn anew_ms(self, now_ms: EpochMs) -> Option<EpochMs> {
        match self {
            Self::Day => Some(day_start(now_ms) + DAY_MS),
            Self::Week => Some(week_start(now_ms) + 7 * DAY_MS),
            Self::Batch => None,
        }
    }
}

/// What is known about the cost of a job that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Charge {
    /// It was charged.
    Settled {
        /// So much.
        charged: Usd,
        /// Where that was read.
        source: ChargeSource,
        /// The service's receipt as it came.
        receipt: Option<String>,
    },
    /// It surely was not charged.
    Freed,
}

/// Where a charge was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeSource {
    /// In the signed receipt.
    Receipt,
    /// In the service's answer.
    Answer,
    /// Nowhere: the estimate is assumed.
    Estimate,
    /// Nowhere, and perhaps nothing was charged: the cap is assumed.
    WorstCase,
}

impl ChargeSource {
    const ALL: [Self; 4] = [Self::Receipt, Self::Answer, Self::Estimate, Self::WorstCase];

    /// The name in the ledger and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Answer => "answer",
            Self::Estimate => "estimate",
            Self::WorstCase => "worst_case",
        }
    }
}

impl std::str::FromStr for ChargeSource {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|source| source.name() == text)
            .ok_or_else(|| Error::new(Kind::Ledger, format!("There is no source of a charge {text:?}.")))
    }
}

/// One row of the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// The job.
    pub job_id: JobId,
    /// Who is paid.
    pub service: Service,
    /// The batch, if it belongs to one.
    pub batch: Option<String>,
    /// The model.
    pub model: String,
    /// The most that it may take.
    pub most: Usd,
    /// What was expected.
    pub estimate: Option<Usd>,
    /// What became of it; none while it is set aside.
    pub charge: Option<Charge>,
    /// When it was set aside.
    pub reserved_at_ms: EpochMs,
    /// When the first request left that may have been charged; none while there is none.
    pub sent_at_ms: Option<EpochMs>,
    /// When it ended.
    pub settled_at_ms: Option<EpochMs>,
}

/// Sums of the books.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Charged since midnight UTC, and set aside now.
    pub day: Usd,
    /// Charged since Monday UTC, and set aside now.
    pub week: Usd,
    /// Of that, set aside now.
    pub reserved: Usd,
}

/// A charge with the time at which it can have been made at the earliest.
macro_rules! booked {
    () => {
        "SELECT charge.*, (SELECT MIN(started_at_ms) FROM attempt WHERE attempt.job_id = charge.job_id \
         AND attempt.state NOT IN ('rejected', 'not_sent')) AS sent_at_ms FROM charge "
    };
}

impl Ledger {
    /// What was spent and set aside at a service.
    pub async fn spent(&self, service: Service, now_ms: EpochMs) -> Result<Spent> {
        let row = sqlx::query(SPENT)
            .bind(service.name())
            .bind(day_start(now_ms))
            .bind(week_start(now_ms))
            .fetch_one(&self.inner.readers)
            .await?;
        spent(&row)
    }

    /// Whether anything is set aside at a service.
    pub async fn is_spending(&self, service: Service) -> Result<bool> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM charge WHERE service = $1 AND state = 'reserved')",
        )
        .bind(service.name())
        .fetch_one(&self.inner.readers)
        .await?)
    }

    /// The entry of a job.
    pub async fn charge(&self, id: &JobId) -> Result<Option<Booked>> {
        let query = sqlx::query(concat!(booked!(), "WHERE job_id = $1")).bind(id.as_str());
        self.one(query, booked).await
    }

    /// All entries since a moment, oldest first.
    pub async fn charges(&self, since_ms: EpochMs) -> Result<Vec<Booked>> {
        let query =
            sqlx::query(concat!(booked!(), "WHERE reserved_at_ms >= $1 ORDER BY reserved_at_ms, job_id"))
                .bind(since_ms);
        self.all(query, booked).await
    }
}

const SPENT: &str = "SELECT \
    COALESCE(SUM(CASE WHEN state = 'reserved' THEN reserved_micros WHEN settled_at_ms >= $2 THEN charged_micros ELSE 0 END), 0) AS day, \
    COALESCE(SUM(CASE WHEN state = 'reserved' THEN reserved_micros WHEN settled_at_ms >= $3 THEN charged_micros ELSE 0 END), 0) AS week, \
    COALESCE(SUM(CASE WHEN state = 'reserved' THEN reserved_micros ELSE 0 END), 0) AS reserved \
    FROM charge WHERE service = $1 AND (state = 'reserved' OR (state = 'settled' AND settled_at_ms >= $3))";

/// Sets money aside for a job, unless a cap would be passed.
pub(super) async fn reserve(
    tx: &mut Tx,
    job: &Job,
    wanted: &Reservation,
    caps: &Caps,
    now_ms: EpochMs,
) -> Result<()> {
    refuse_overspending(tx, job.service, wanted, caps, now_ms).await?;
    write(tx, job, wanted, now_ms).await
}

/// The same without a look at the caps: for the parts of what was set aside as a whole.
pub(super) async fn write(tx: &mut Tx, job: &Job, wanted: &Reservation, now_ms: EpochMs) -> Result<()> {
    sqlx::query(
        "INSERT INTO charge (job_id, service, batch, model, state, reserved_micros, estimate_micros, reserved_at_ms) \
         VALUES ($1, $2, $3, $4, 'reserved', $5, $6, $7)",
    )
    .bind(job.id.as_str())
    .bind(job.service.name())
    .bind(&wanted.batch)
    .bind(&wanted.model)
    .bind(wanted.most.micros())
    .bind(wanted.estimate.map(Usd::micros))
    .bind(now_ms)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes down what a job came to. What is known already stays, but for a freed or assumed charge that turns out
/// to be real.
pub(super) async fn close(tx: &mut Tx, id: &JobId, charge: &Charge, now_ms: EpochMs) -> Result<()> {
    let (state, charged, source, receipt) = match charge {
        Charge::Settled { charged, source, receipt } => {
            ("settled", Some(charged.micros()), Some(source.name()), receipt.as_deref())
        }
        Charge::Freed => ("freed", None, None, None),
    };
    sqlx::query(
        "UPDATE charge SET state = $1, charged_micros = $2, source = $3, receipt = $4, settled_at_ms = $5 \
         WHERE job_id = $6 AND (state = 'reserved' \
         OR ($1 = 'settled' AND (state = 'freed' OR source IN ('estimate', 'worst_case'))))",
    )
    .bind(state)
    .bind(charged)
    .bind(source)
    .bind(receipt)
    .bind(now_ms)
    .bind(id.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Under the write lock, so that what is read here is what counts at the commit.
async fn refuse_overspending(
    tx: &mut Tx,
    service: Service,
    wanted: &Reservation,
    caps: &Caps,
    now_ms: EpochMs,
) -> Result<()> {
    let row = sqlx::query(SPENT)
        .bind(service.name())
        .bind(day_start(now_ms))
        .bind(week_start(now_ms))
        .fetch_one(&mut **tx)
        .await?;
    let spent = spent(&row)?;
    let in_batch = match &wanted.batch {
        None => Usd::ZERO,
        Some(batch) => Usd::from_micros(
            sqlx::query_scalar(
                "SELECT COALESCE(SUM(CASE WHEN state = 'reserved' THEN reserved_micros ELSE charged_micros END), 0) \
                 FROM charge WHERE batch = $1 AND service = $2 AND state <> 'freed'",
            )
            .bind(batch)
            .bind(service.name())
            .fetch_one(&mut **tx)
            .await?,
        ),
    };
    let per_batch = match &wanted.batch {
        None => None,
        // A batch that was enqueued has a budget of its own.
        Some(batch) => {
            let own: Option<Option<i64>> =
                sqlx::query_scalar("SELECT budget_micros FROM batch WHERE name = $1")
                    .bind(batch)
                    .fetch_optional(&mut **tx)
                    .await?;
            let own = own.flatten().map(Usd::from_micros);
            own.into_iter().chain(caps.per_batch).min()
        }
    };
    for (span, cap, used) in [
        (Span::Day, caps.per_day, spent.day),
        (Span::Week, caps.per_week, spent.week),
        (Span::Batch, per_batch, in_batch),
    ] {
        let Some(cap) = cap else { continue };
        if used.checked_add(wanted.most).is_none_or(|sum| sum > cap) {
            return Err(Error::new(
                Kind::OverBudget,
                format!(
                    "This may cost {} and would pass the {span}'s budget of {cap}: {used} of it is spent or set aside. Nothing was sent.",
                    wanted.most
                ),
            )
            .because(span)
            .next("Ask for something shorter or a cheaper model, wait for the budget to begin anew, or raise it."));
        }
    }
    Ok(())
}

/// Midnight UTC.
fn day_start(now_ms: EpochMs) -> EpochMs {
    now_ms - now_ms.rem_euclid(DAY_MS)
}

/// Monday, midnight UTC. The epoch began on a Thursday.
fn week_start(now_ms: EpochMs) -> EpochMs {
    now_ms - (now_ms + 3 * DAY_MS).rem_euclid(7 * DAY_MS)
}

fn spent(row: &SqliteRow) -> Result<Spent> {
    Ok(Spent {
        day: Usd::from_micros(row::get(row, "day")?),
        week: Usd::from_micros(row::get(row, "week")?),
        reserved: Usd::from_micros(row::get(row, "reserved")?),
    })
}

fn booked(row: &SqliteRow) -> Result<Booked> {
    let charged: Option<i64> = row::get(row, "charged_micros")?;
    let charge = match (row.try_get::<&str, _>("state").unwrap_or_default(), charged) {
        ("settled", Some(charged)) => Some(Charge::Settled {
            charged: Usd::from_micros(charged),
            source: row::word(row, "source")?,
            receipt: row::get(row, "receipt")?,
        }),
        ("freed", _) => Some(Charge::Freed),
        _ => None,
    };
    Ok(Booked {
        job_id: row::word(row, "job_id")?,
        service: row::word(row, "service")?,
        batch: row::get(row, "batch")?,
        model: row::get(row, "model")?,
        most: Usd::from_micros(row::get(row, "reserved_micros")?),
        estimate: row::get::<Option<i64>>(row, "estimate_micros")?.map(Usd::from_micros),
        charge,
        reserved_at_ms: row::get(row, "reserved_at_ms")?,
        sent_at_ms: row::get(row, "sent_at_ms")?,
        settled_at_ms: row::get(row, "settled_at_ms")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_weeks_begin_at_midnight_utc() {
        // 2026-11-21 is a Saturday.
        let saturday: EpochMs = 1_795_219_200_000;
        assert_eq!(day_start(saturday + 5), saturday);
        assert_eq!(week_start(saturday + 5), saturday - 5 * DAY_MS);
        assert_eq!(week_start(saturday - 5 * DAY_MS), saturday - 5 * DAY_MS);
        assert_eq!(week_start(saturday - 5 * DAY_MS - 1), saturday - 12 * DAY_MS);
    }
}
