//! The audit: what happened to a job, in order, written in the transaction of the change itself.

use serde_json::Value;
use sqlx::sqlite::SqliteRow;

use super::{Ledger, Tx, row};
use crate::error::Result;
use crate::model::job::{EpochMs, JobId, State};

/// Something that happened to a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Grows with time, over all jobs.
    pub seq: i64,
    /// The job.
    pub job_id: JobId,
    /// When.
    pub at_ms: EpochMs,
    /// The state before; none at birth.
    pub from_state: Option<State>,
    /// The state after.
    pub to_state: State,
    /// Who did it: a dispatcher, a tool, a person.
    pub who: String,
    /// More about it; null if there is no more.
    pub detail: Value,
}

impl Ledger {
    /// Everything that happened to a job, oldest first.
    pub async fn events(&self, id: &JobId) -> Result<Vec<Event>> {
        let query = sqlx::query("SELECT * FROM event WHERE job_id = $1 ORDER BY seq").bind(id.as_str());
        self.all(query, event).await
    }
}

fn event(row: &SqliteRow) -> Result<Event> {
    Ok(Event {
        seq: row::get(row, "seq")?,
        job_id: row::word(row, "job_id")?,
        at_ms: row::get(row, "at_ms")?,
        from_state: row::optional_word(row, "from_state")?,
        to_state: row::word(row, "to_state")?,
        who: row::get(row, "who")?,
        detail: row::optional_json(row, "detail")?.unwrap_or_default(),
    })
}

/// Writes an event.
pub(super) async fn append(
    tx: &mut Tx,
    id: &JobId,
    (from, to): (Option<State>, State),
    who: &str,
    detail: &Value,
    now_ms: EpochMs,
) -> Result<()> {
    let detail = if detail.is_null() { None } else { Some(row::to_json(detail)?) };
    sqlx::query(
        "INSERT INTO event (job_id, at_ms, from_state, to_state, who, detail) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id.as_str())
    .bind(now_ms)
    .bind(from.map(State::name))
    .bind(to.name())
    .bind(who)
    .bind(detail)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
