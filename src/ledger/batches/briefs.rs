//! The jobs and posts of a batch in short, as a list of its lines shows them.

use sqlx::sqlite::SqliteRow;

use crate::error::{Kind, Result};
use crate::ledger::{Ledger, row};
use crate::model::job::{EpochMs, Failure, JobId, State};
use crate::model::request::{Enhancement, Post};
use crate::money::Usd;

/// What a list of lines shows of a job.
#[derive(Clone, Debug)]
pub struct Brief {
    /// Where it stands.
    pub state: State,
    /// What it is doing.
    pub note: Option<String>,
    /// 0 to 100.
    pub progress_pct: Option<f64>,
    /// Why it ended badly.
    pub failure: Option<Failure>,
    /// The file that it made.
    pub file: Option<String>,
    /// Charged for it, for its parts, and for the rewriting of its prompt that was made for it.
    pub charged: Usd,
    /// Set aside for the same.
    pub reserved: Usd,
    /// What became of its prompt before it was sent.
    pub enhancement: Option<Enhancement>,
    /// When it was written down.
    pub created_at_ms: EpochMs,
    /// When it changed last.
    pub updated_at_ms: EpochMs,
}

impl Brief {
    /// Whether it stands in the queue until there is money in its wallet.
    #[must_use]
    pub fn waits_for_money(&self) -> bool {
        let code = Kind::OutOfCredits.code();
        self.state == State::Queued && self.failure.as_ref().is_some_and(|failure| failure.code == code)
    }
}

impl Ledger {
    /// The jobs of a batch in short.
    pub async fn briefs(&self, name: &str) -> Result<Vec<(JobId, Brief)>> {
        // A video's file is in the notes of its export, which is the newest of its parts.
        let query = sqlx::query(
            "SELECT j.id, j.state, j.note, j.progress_pct, j.failure, j.created_at_ms, j.updated_at_ms, \
             COALESCE(json_extract(j.work, '$.file.path'), (SELECT json_extract(p.work, '$.file.path') FROM job p \
             WHERE j.kind = 'video' AND p.parent_id = j.id AND p.kind = 'render' ORDER BY p.created_at_ms DESC LIMIT 1)) AS file, \
             COALESCE(json_extract(j.work, '$.rewriting.outcome'), json_extract(j.request, '$.enhancement')) AS enhancement, \
             (SELECT SUM(c.charged_micros) FROM charge c WHERE c.state <> 'freed' AND c.job_id IN \
             (SELECT j.id UNION ALL SELECT p.id FROM job p WHERE p.parent_id = j.id \
             UNION ALL SELECT json_extract(j.work, '$.rewriting.job') WHERE json_extract(j.work, '$.rewriting.ours'))) AS charged, \
             (SELECT SUM(c.reserved_micros) FROM charge c WHERE c.state = 'reserved' AND c.job_id IN \
             (SELECT j.id UNION ALL SELECT p.id FROM job p WHERE p.parent_id = j.id \
             UNION ALL SELECT json_extract(j.work, '$.rewriting.job') WHERE json_extract(j.work, '$.rewriting.ours'))) AS reserved \
             FROM batch_line l JOIN job j ON j.id = l.job_id WHERE l.batch = $1",
        )
        .bind(name);
        self.all(query, |found| Ok((row::word(found, "id")?, brief(found)?))).await
    }

    /// The posts of a batch's clips: whose they are, what was asked for, and how they stand.
    pub async fn post_briefs(&self, name: &str) -> Result<Vec<(JobId, Post, Brief)>> {
        let query = sqlx::query(
            "SELECT l.job_id, p.state, p.note, p.progress_pct, p.failure, p.created_at_ms, p.updated_at_ms, NULL AS file, \
             NULL AS enhancement, NULL AS charged, NULL AS reserved, \
             p.request FROM batch_line l JOIN job p ON p.parent_id = l.job_id WHERE l.batch = $1 AND p.kind = 'post' \
             ORDER BY p.created_at_ms, p.id",
        )
        .bind(name);
        self.all(query, |found| {
            Ok((row::word(found, "job_id")?, row::json(found, "request")?, brief(found)?))
        })
        .await
    }
}

fn brief(found: &SqliteRow) -> Result<Brief> {
    Ok(Brief {
        state: row::word(found, "state")?,
        note: row::get(found, "note")?,
        progress_pct: row::get(found, "progress_pct")?,
        failure: row::optional_json(found, "failure")?,
        file: row::get(found, "file")?,
        charged: usd(found, "charged")?,
        reserved: usd(found, "reserved")?,
        enhancement: row::optional_json(found, "enhancement")?,
        created_at_ms: row::get(found, "created_at_ms")?,
        updated_at_ms: row::get(found, "updated_at_ms")?,
    })
}

/// A sum of nothing is no money.
fn usd(found: &SqliteRow, column: &'static str) -> Result<Usd> {
    Ok(Usd::from_micros(row::get::<Option<i64>>(found, column)?.unwrap_or_default()))
}
