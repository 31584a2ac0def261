//! Questions of a few callers: who asked the same before, whose session is this.

use super::jobs::at_rest;
use super::{Ledger, Office, Session, row, sessions};
use crate::error::Result;
use crate::model::job::{EpochMs, Job, JobId, Service};

impl Ledger {
    /// The newest job whose dedupe key begins so.
    pub async fn latest_with_key_prefix(&self, prefix: &str) -> Result<Option<Job>> {
        // A range uses the index of the unique column, LIKE would not; keys are ASCII.
        let query = sqlx::query(
            "SELECT * FROM job WHERE dedupe_key >= $1 AND dedupe_key < $2 \
             ORDER BY created_at_ms DESC, id DESC LIMIT 1",
        )
        .bind(prefix)
        .bind(format!("{prefix}~"));
        self.one(query, row::job).await
    }

    /// Whether a clip is still on its way into the bucket afterwards, or a post of it on its way to a scheduler.
    pub async fn has_posts_under_way(&self, id: &JobId) -> Result<bool> {
        Ok(sqlx::query_scalar(concat!(
            "SELECT EXISTS (SELECT 1 FROM job WHERE parent_id = $1 AND kind IN ('post', 'handover') AND state NOT IN ",
            at_rest!(),
            ")"
        ))
        .bind(id.as_str())
        .fetch_one(&self.inner.readers)
        .await?)
    }

    /// The session of this name, whoever's it is.
    pub async fn session_by_id(&self, session_id: &str) -> Result<Option<Session>> {
        let query =
            sqlx::query("SELECT * FROM session WHERE session_id = $1 ORDER BY last_used_at_ms DESC LIMIT 1")
                .bind(session_id);
        self.one(query, sessions::session).await
    }

    /// Remembers that files were put into a session, or that they have been used.
    pub async fn note_uploads(&self, service: Service, session_id: &str, waiting: bool) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE session SET has_uploads = $1 WHERE service = $2 AND session_id = $3")
            .bind(waiting)
            .bind(service.name())
            .bind(session_id)
            .execute(&mut *tx)
            .await?;
        self.publish(tx).await
    }

    /// Makes due now what is due, among the jobs of an office, later than `horizon_ms` from now. Nobody plans so far
    /// ahead: the clock was set back since, and the jobs would wait until it is there again.
    pub async fn forget_far_future(&self, office: Office, now_ms: EpochMs, horizon_ms: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE job SET due_at_ms = $1 WHERE due_at_ms > $2 AND (service = 'sandbox') = $3")
            .bind(now_ms)
            .bind(now_ms.saturating_add(horizon_ms))
            .bind(office.is_rehearsal())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}
