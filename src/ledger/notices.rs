//! Notices: what a service told us unasked. They prove nothing; they name what may be asked about, and wake a job.

use super::moves::{locked_job, save};
use super::{Ledger, row};
use crate::error::Result;
use crate::model::job::{EpochMs, Job, JobId};

impl Ledger {
    /// Writes a notice down and has its job looked at now, unless that is at rest. None: this very notice came
    /// before; otherwise the job as it stands.
    ///
    /// # Errors
    /// `NotFound` when there is no such job.
    pub async fn take_notice(
        &self,
        id: &JobId,
        n: u32,
        remote_id: &str,
        status: &str,
        now_ms: EpochMs,
    ) -> Result<Option<Job>> {
        let mut tx = self.begin().await?;
        let mut job = locked_job(&mut tx, id).await?;
        let taken = sqlx::query(
            "INSERT INTO notice (job_id, n, remote_id, status, received_at_ms) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT DO NOTHING",
        )
        .bind(id.as_str())
        .bind(i64::from(n))
        .bind(remote_id)
        .bind(status)
        .bind(now_ms)
        .execute(&mut *tx)
        .await?;
        // A repeated one wakes too: the first may have been forged, or have come before anything could be seen.
        if !job.state.is_at_rest() {
            job.due_at_ms = Some(now_ms);
            save(&mut tx, &job, None, true).await?;
        }
        self.publish(tx).await?;
        Ok((taken.rows_affected() > 0).then_some(job))
    }

    /// The service's names for an attempt, as notices gave them; the first one first. A name that another job has from
    /// its own answer is left out: that notice was forged or mixed up.
    pub async fn noticed(&self, id: &JobId, n: u32) -> Result<Vec<String>> {
        let query = sqlx::query(
            "SELECT remote_id FROM notice WHERE job_id = $1 AND n = $2 AND NOT EXISTS \
             (SELECT 1 FROM attempt a WHERE a.remote_id = notice.remote_id AND a.job_id <> $1) \
             GROUP BY remote_id ORDER BY MIN(received_at_ms)",
        )
        .bind(id.as_str())
        .bind(i64::from(n));
        self.all(query, |row| row::get(row, "remote_id")).await
    }
}
