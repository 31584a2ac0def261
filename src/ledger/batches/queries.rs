//! What is asked about batches and their lines.

use super::{batch, line, no_such_batch};
use crate::error::Result;
use crate::ledger::jobs::at_rest;
use crate::ledger::{Ledger, Office, row};
use crate::model::batch::{Batch, Line};
use crate::model::job::EpochMs;
use crate::money::Usd;

impl Ledger {
    /// The batch of that name.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn batch(&self, name: &str) -> Result<Batch> {
        let query = sqlx::query("SELECT * FROM batch WHERE name = $1").bind(name);
        self.one(query, batch).await?.ok_or_else(|| no_such_batch(name))
    }

    /// All batches, newest first.
    pub async fn batches(&self) -> Result<Vec<Batch>> {
        let query = sqlx::query("SELECT * FROM batch ORDER BY created_at_ms DESC, name");
        self.all(query, batch).await
    }

    /// The lines of a batch, in order.
    pub async fn lines(&self, name: &str) -> Result<Vec<Line>> {
        let query = sqlx::query("SELECT * FROM batch_line WHERE batch = $1 ORDER BY place, key").bind(name);
        self.all(query, line).await
    }

    /// The lines of every batch that a route chose the model of.
    pub async fn lines_of_route(&self, route: &str) -> Result<Vec<Line>> {
        let query = sqlx::query(
            "SELECT * FROM batch_line WHERE json_extract(wish, '$.route') = $1 ORDER BY created_at_ms, place",
        )
        .bind(route);
        self.all(query, line).await
    }

    /// Lines of a batch that wait and are due, in order, at most `limit`.
    pub async fn due_lines(&self, name: &str, now_ms: EpochMs, limit: u32) -> Result<Vec<Line>> {
        let query = sqlx::query(
            "SELECT * FROM batch_line WHERE batch = $1 AND state = 'waiting' AND due_at_ms <= $2 \
             ORDER BY place, key LIMIT $3",
        )
        .bind(name)
        .bind(now_ms)
        .bind(i64::from(limit));
        self.all(query, line).await
    }

    /// When the next line of an active batch, among those of an office, is due; none when no line waits.
    pub async fn next_line_ms(&self, office: Office) -> Result<Option<EpochMs>> {
        Ok(sqlx::query_scalar(
            "SELECT MIN(l.due_at_ms) FROM batch_line l JOIN batch b ON b.name = l.batch \
             WHERE l.state = 'waiting' AND b.state = 'active' AND (l.service = 'sandbox') = $1",
        )
        .bind(office.is_rehearsal())
        .fetch_one(&self.inner.readers)
        .await?)
    }

    /// Active batches with lines that wait, or with jobs under way: those that are rehearsals altogether, or the others.
    pub async fn live_batches(&self, office: Office) -> Result<Vec<Batch>> {
        let query = sqlx::query(concat!(
            "SELECT * FROM batch b WHERE state = 'active' \
             AND (NOT EXISTS (SELECT 1 FROM batch_line l WHERE l.batch = b.name AND l.service <> 'sandbox')) = $1 AND (\
             EXISTS (SELECT 1 FROM batch_line l WHERE l.batch = b.name AND l.state = 'waiting') \
             OR EXISTS (SELECT 1 FROM batch_line l JOIN job j ON j.id = l.job_id WHERE l.batch = b.name AND j.state NOT IN ",
            at_rest!(),
            ")) ORDER BY created_at_ms, name"
        ))
        .bind(office.is_rehearsal());
        self.all(query, batch).await
    }

    /// How many lines of a batch have a job that still moves.
    pub async fn lines_under_way(&self, name: &str) -> Result<u32> {
        let count: i64 = sqlx::query_scalar(concat!(
            "SELECT COUNT(*) FROM batch_line l JOIN job j ON j.id = l.job_id WHERE l.batch = $1 AND j.state NOT IN ",
            at_rest!()
        ))
        .bind(name)
        .fetch_one(&self.inner.readers)
        .await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Lines whose job failed and was surely not charged.
    pub async fn failed_lines(&self, name: &str) -> Result<Vec<Line>> {
        let query = sqlx::query(
            "SELECT l.* FROM batch_line l LEFT JOIN job j ON j.id = l.job_id WHERE l.batch = $1 AND (l.state = 'refused' \
             OR (l.state = 'begun' AND j.state = 'failed' AND json_extract(j.failure, '$.money') = 'not_spent')) \
             ORDER BY l.place, l.key",
        )
        .bind(name);
        self.all(query, line).await
    }

    /// What a batch was charged and has set aside.
    pub async fn batch_spent(&self, name: &str) -> Result<(Usd, Usd)> {
        let found = sqlx::query(
            "SELECT COALESCE(SUM(charged_micros), 0) AS charged, \
             COALESCE(SUM(CASE WHEN state = 'reserved' THEN reserved_micros END), 0) AS reserved \
             FROM charge WHERE batch = $1 AND state <> 'freed'",
        )
        .bind(name)
        .fetch_one(&self.inner.readers)
        .await?;
        Ok((Usd::from_micros(row::get(&found, "charged")?), Usd::from_micros(row::get(&found, "reserved")?)))
    }
}
