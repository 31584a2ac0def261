//! What a person or the feed changes on a batch and its lines.

use super::{batch, cancelled, no_such_batch};
use crate::error::Result;
use crate::ledger::{Ledger, row};
use crate::model::batch::{Batch, BatchState, Line, LineState};
use crate::model::job::{EpochMs, Failure, JobId};
use crate::money::Usd;

/// What changes on a batch. What is left out stays.
#[derive(Clone, Debug, Default)]
pub struct BatchChange {
    /// Whether its lines are begun.
    pub state: Option<BatchState>,
    /// The budget that a person names.
    pub budget: Option<Usd>,
    /// Lines under way at once.
    pub concurrency: Option<u32>,
    /// `Some(None)` clears it.
    pub hold: Option<Option<Failure>>,
}

/// What changes on a line. What is left out stays.
#[derive(Clone, Debug, Default)]
pub struct LineChange {
    /// Where it stands.
    pub state: Option<LineState>,
    /// The model that was chosen.
    pub model: Option<String>,
    /// Models that its route must not choose again.
    pub spent_arms: Option<Vec<String>>,
    /// Its job; `Some(None)` for a new round without one.
    pub job_id: Option<Option<JobId>>,
    /// Not before this time.
    pub due_at_ms: Option<EpochMs>,
    /// A word for people; `Some(None)` clears it.
    pub note: Option<Option<String>>,
    /// Why it cannot become a job; `Some(None)` clears it.
    pub failure: Option<Option<Failure>>,
    /// It is tried anew: another job.
    pub next_round: bool,
}

impl Ledger {
    /// Changes a batch.
    ///
    /// # Errors
    /// `NotFound`, and `InvalidInput` for one that was cancelled.
    pub async fn change_batch(&self, name: &str, change: &BatchChange, now_ms: EpochMs) -> Result<Batch> {
        let mut tx = self.begin().await?;
        let found =
            sqlx::query("SELECT * FROM batch WHERE name = $1").bind(name).fetch_optional(&mut *tx).await?;
        let mut changed = batch(&found.ok_or_else(|| no_such_batch(name))?)?;
        if changed.state == BatchState::Cancelled {
            return Err(cancelled(name));
        }
        changed.state = change.state.unwrap_or(changed.state);
        changed.concurrency = change.concurrency.unwrap_or(changed.concurrency);
        if let Some(budget) = change.budget {
            (changed.budget, changed.budget_is_set) = (Some(budget), true);
        }
        if let Some(hold) = &change.hold {
            changed.hold.clone_from(hold);
        }
        sqlx::query(
            "UPDATE batch SET state = $1, concurrency = $2, budget_micros = $3, budget_is_set = $4, hold = $5, \
             updated_at_ms = $6 WHERE name = $7",
        )
        .bind(changed.state.name())
        .bind(i64::from(changed.concurrency))
        .bind(changed.budget.map(Usd::micros))
        .bind(changed.budget_is_set)
        .bind(changed.hold.as_ref().map(row::to_json).transpose()?)
        // A hold comes and goes by itself; this is when a person changed something.
        .bind(if change.state.is_some() || change.budget.is_some() { now_ms } else { changed.updated_at_ms })
        .bind(name)
        .execute(&mut *tx)
        .await?;
        if changed.state == BatchState::Cancelled {
            sqlx::query(
                "UPDATE batch_line SET state = 'cancelled', note = 'Its batch was cancelled before its turn.', \
                 updated_at_ms = $1 WHERE batch = $2 AND state = 'waiting'",
            )
            .bind(now_ms)
            .bind(name)
            .execute(&mut *tx)
            .await?;
        }
        self.publish(tx).await?;
        Ok(changed)
    }

    /// Changes a line that still stands where it was seen; false when somebody else was quicker.
    pub async fn change_line(&self, seen: &Line, change: &LineChange, now_ms: EpochMs) -> Result<bool> {
        let mut tx = self.begin().await?;
        let changed = sqlx::query(
            "UPDATE batch_line SET state = COALESCE($1, state), model = COALESCE($2, model), \
             spent_arms = COALESCE($3, spent_arms), job_id = CASE WHEN $4 THEN $5 ELSE job_id END, \
             due_at_ms = COALESCE($6, due_at_ms), note = CASE WHEN $7 THEN $8 ELSE note END, \
             failure = CASE WHEN $9 THEN $10 ELSE failure END, round = round + $11, updated_at_ms = $12 \
             WHERE batch = $13 AND key = $14 AND state = $15 AND round = $16",
        )
        .bind(change.state.map(LineState::name))
        .bind(&change.model)
        .bind(change.spent_arms.as_ref().map(row::to_json).transpose()?)
        .bind(change.job_id.is_some())
        .bind(change.job_id.as_ref().and_then(Option::as_ref).map(JobId::as_str))
        .bind(change.due_at_ms)
        .bind(change.note.is_some())
        .bind(change.note.as_ref().and_then(Option::as_deref))
        .bind(change.failure.is_some())
        .bind(change.failure.as_ref().and_then(Option::as_ref).map(row::to_json).transpose()?)
        .bind(i64::from(change.next_round))
        .bind(now_ms)
        .bind(&seen.batch)
        .bind(&seen.key)
        .bind(seen.state.name())
        .bind(i64::from(seen.round))
        .execute(&mut *tx)
        .await?;
        self.publish(tx).await?;
        Ok(changed.rows_affected() > 0)
    }
}
