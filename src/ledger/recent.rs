//! What happened lately: for lists that go on, for names that are being typed, and for those who wait for news.

use super::jobs::at_rest;
use super::{Ledger, Session, row, sessions};
use crate::error::Result;
use crate::model::job::{EpochMs, Job, JobId};

/// Says that something is as it was: two that are equal mean that nothing changed in between.
pub type Mark = String;

impl Ledger {
    /// Jobs that are no parts of others, newest first, from the one that follows `after` on.
    pub async fn roots_after(&self, after: Option<(EpochMs, &JobId)>, limit: u32) -> Result<Vec<Job>> {
        let (before_ms, before_id) = after.map_or((EpochMs::MAX, ""), |(ms, id)| (ms, id.as_str()));
        let rows = sqlx::query(
            "SELECT * FROM job WHERE parent_id IS NULL \
             AND (created_at_ms < $1 OR (created_at_ms = $1 AND id < $2)) \
             ORDER BY created_at_ms DESC, id DESC LIMIT $3",
        )
        .bind(before_ms)
        .bind(before_id)
        .bind(i64::from(limit))
        .fetch_all(&self.inner.readers)
        .await?;
        Ok(row::jobs(&rows))
    }

    /// Names of jobs that begin so, newest first; only of those that made a file, if asked.
    pub async fn job_names(&self, prefix: &str, with_file: bool, limit: u32) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar(
            "SELECT id FROM job WHERE parent_id IS NULL AND id >= $1 AND id < $2 \
             AND (NOT $3 OR (state = 'done' AND kind <> 'turn')) \
             ORDER BY created_at_ms DESC, id DESC LIMIT $4",
        )
        .bind(prefix)
        .bind(format!("{prefix}~"))
        .bind(with_file)
        .bind(i64::from(limit))
        .fetch_all(&self.inner.readers)
        .await?)
    }

    /// Sessions whose names begin so and that are not lost, the last used first.
    pub async fn recent_sessions(&self, prefix: &str, limit: u32) -> Result<Vec<Session>> {
        let query = sqlx::query(
            "SELECT * FROM session WHERE lost_at_ms IS NULL AND session_id >= $1 AND session_id < $2 \
             ORDER BY last_used_at_ms DESC, session_id DESC LIMIT $3",
        )
        .bind(prefix)
        .bind(format!("{prefix}~"))
        .bind(i64::from(limit));
        self.all(query, sessions::session).await
    }

    /// Changes whenever something changed that is told about this job, its parts included; that somebody looked after it is
    /// nothing to tell. None without such a job.
    pub async fn job_mark(&self, id: &JobId) -> Result<Option<Mark>> {
        let rows: Vec<Mark> = sqlx::query_scalar(
            "SELECT state || ' ' || attempts || ' ' || COALESCE(progress_pct, -1) || ' ' \
             || cancel_requested || ' ' || LENGTH(work) || ' ' || COALESCE(session_id, '') || ' ' || COALESCE(note, '') \
             FROM job WHERE id = $1 OR parent_id = $1 ORDER BY id",
        )
        .bind(id.as_str())
        .fetch_all(&self.inner.readers)
        .await?;
        Ok((!rows.is_empty()).then(|| rows.join("\n")))
    }

    /// Changes whenever any job comes into another state, or a new one is there.
    pub async fn jobs_mark(&self) -> Result<Option<Mark>> {
        let newest: Option<i64> =
            sqlx::query_scalar("SELECT MAX(seq) FROM event").fetch_one(&self.inner.readers).await?;
        Ok(newest.map(|seq| seq.to_string()))
    }

    /// Changes whenever a list of jobs would show something else to read: a job was born, or has come to rest.
    pub async fn list_mark(&self) -> Result<Option<Mark>> {
        // From the end, so that only the few latest events are read.
        let newest: Option<i64> = sqlx::query_scalar(concat!(
            "SELECT e.seq FROM event e JOIN job j ON j.id = e.job_id \
             WHERE j.parent_id IS NULL AND (e.from_state IS NULL OR e.to_state IN ",
            at_rest!(),
            ") ORDER BY e.seq DESC LIMIT 1"
        ))
        .fetch_optional(&self.inner.readers)
        .await?;
        Ok(newest.map(|seq| seq.to_string()))
    }

    /// Changes whenever a job that works on this session comes into another state. None if none ever did.
    pub async fn session_mark(&self, session_id: &str) -> Result<Option<Mark>> {
        let newest: Option<i64> = sqlx::query_scalar(
            "SELECT MAX(e.seq) FROM event e JOIN job j ON j.id = e.job_id WHERE j.session_id = $1",
        )
        .bind(session_id)
        .fetch_one(&self.inner.readers)
        .await?;
        Ok(newest.map(|seq| seq.to_string()))
    }
}
