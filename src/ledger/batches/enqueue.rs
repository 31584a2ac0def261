//! Writing a batch and its lines down.

use std::path::PathBuf;

use super::{batch, cancelled};
use crate::error::Result;
use crate::ledger::{Ledger, Tx, row};
use crate::model::batch::{BatchState, Wish};
use crate::model::job::{EpochMs, Service};
use crate::money::Usd;

/// Lines under way at once, where nobody said.
const DEFAULT_CONCURRENCY: u32 = 4;

/// A batch to be written down, or to get more lines.
#[derive(Clone, Debug)]
pub struct NewBatch {
    /// Its name.
    pub name: String,
    /// The budget that a person named; else the sum of what the lines may cost is added to what it had.
    pub budget: Option<Usd>,
    /// Lines under way at once; none leaves what it was.
    pub concurrency: Option<u32>,
    /// Relative paths begin here.
    pub working_dir: PathBuf,
}

/// A line to be written down.
#[derive(Clone, Debug)]
pub struct NewLine {
    /// Its name within the batch.
    pub key: String,
    /// Where it stood in the file, counted from 1.
    pub line: u32,
    /// Who makes it.
    pub service: Service,
    /// What was written there.
    pub wish: Wish,
    /// Of what makes the wish what it is.
    pub digest: String,
    /// The model that was chosen.
    pub model: Option<String>,
    /// The most that it may cost; none when it costs no dollars.
    pub most: Option<Usd>,
    /// Not before this time.
    pub due_at_ms: EpochMs,
    /// A word for people.
    pub note: Option<String>,
}

/// What became of the lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enqueued {
    /// Lines that are new.
    pub fresh: usize,
    /// Lines of the file whose key was there with the same content.
    pub known: Vec<u32>,
    /// Lines of the file whose key was there with other content, which stands.
    pub differing: Vec<u32>,
}

impl Ledger {
    /// Writes a batch and its lines down, all or nothing. A key that is there keeps the line that it had.
    ///
    /// # Errors
    /// `InvalidInput` when the batch was cancelled.
    pub async fn enqueue(&self, new: &NewBatch, lines: &[NewLine], now_ms: EpochMs) -> Result<Enqueued> {
        let mut tx = self.begin().await?;
        let found = sqlx::query("SELECT * FROM batch WHERE name = $1")
            .bind(&new.name)
            .fetch_optional(&mut *tx)
            .await?;
        let had = found.as_ref().map(batch).transpose()?;
        match &had {
            Some(had) if had.state == BatchState::Cancelled => return Err(cancelled(&new.name)),
            Some(_) => {}
            None => {
                sqlx::query(
                    "INSERT INTO batch (name, state, concurrency, working_dir, created_at_ms, updated_at_ms) \
                     VALUES ($1, 'active', $2, $3, $4, $4)",
                )
                .bind(&new.name)
                .bind(i64::from(new.concurrency.unwrap_or(DEFAULT_CONCURRENCY)))
                .bind(new.working_dir.to_string_lossy().as_ref())
                .bind(now_ms)
                .execute(&mut *tx)
                .await?;
            }
        }
        let mut done = Enqueued::default();
        let mut agreed: Option<Usd> = None;
        for line in lines {
            if write(&mut tx, &new.name, line, now_ms).await? {
                done.fresh += 1;
                if let Some(most) = line.most {
                    agreed = Some(agreed.unwrap_or_default().checked_add(most).unwrap_or(Usd::MAX));
                }
                continue;
            }
            let digest: String =
                sqlx::query_scalar("SELECT digest FROM batch_line WHERE batch = $1 AND key = $2")
                    .bind(&new.name)
                    .bind(&line.key)
                    .fetch_one(&mut *tx)
                    .await?;
            let list = if digest == line.digest { &mut done.known } else { &mut done.differing };
            list.push(line.line);
        }
        let (had_budget, was_set) = had.map_or((None, false), |had| (had.budget, had.budget_is_set));
        let (budget, is_set) = match (new.budget, agreed) {
            (Some(named), _) => (Some(named), true),
            (None, Some(more)) if !was_set => {
                (Some(had_budget.unwrap_or_default().checked_add(more).unwrap_or(Usd::MAX)), false)
            }
            (None, _) => (had_budget, was_set),
        };
        sqlx::query(
            "UPDATE batch SET budget_micros = $1, budget_is_set = $2, concurrency = COALESCE($3, concurrency), hold = NULL, \
             updated_at_ms = $4 WHERE name = $5",
        )
        .bind(budget.map(Usd::micros))
        .bind(is_set)
        .bind(new.concurrency.map(i64::from))
        .bind(now_ms)
        .bind(&new.name)
        .execute(&mut *tx)
        .await?;
        self.publish(tx).await?;
        Ok(done)
    }
}

/// Writes a line unless its key is there; whether it is new.
async fn write(tx: &mut Tx, batch: &str, new: &NewLine, now_ms: EpochMs) -> Result<bool> {
    let inserted = sqlx::query(
        "INSERT INTO batch_line (batch, key, place, line, service, wish, digest, model, spent_arms, most_micros, state, \
         due_at_ms, note, created_at_ms, updated_at_ms) \
         VALUES ($1, $2, (SELECT COALESCE(MAX(place), 0) + 1 FROM batch_line WHERE batch = $1), $3, $4, $5, $6, $7, '[]', \
         $8, 'waiting', $9, $10, $11, $11) ON CONFLICT (batch, key) DO NOTHING",
    )
    .bind(batch)
    .bind(&new.key)
    .bind(i64::from(new.line))
    .bind(new.service.name())
    .bind(row::to_json(&new.wish)?)
    .bind(&new.digest)
    .bind(&new.model)
    .bind(new.most.map(Usd::micros))
    .bind(new.due_at_ms)
    .bind(&new.note)
    .bind(now_ms)
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() > 0)
}
