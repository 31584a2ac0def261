//! The sessions that we made or were given, so that "the current one" is known after a restart.

use sqlx::sqlite::SqliteRow;

use super::{Ledger, row};
use crate::error::Result;
use crate::model::job::{EpochMs, Service};

/// A session at the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub service: Service,
    /// Its name there.
    pub session_id: String,
    /// The task it belongs to, as the service calls it.
    pub task_id: Option<String>,
    /// The user it belongs to.
    pub user_id: Option<String>,
    /// Language of its user, as in `zh-CN`.
    pub language: Option<String>,
    /// When we first heard of it.
    pub created_at_ms: EpochMs,
    /// When it was last worked in.
    pub last_used_at_ms: EpochMs,
    /// The same by somebody on this machine, for whom it may be the current one; none when only callers over HTTP or
    /// batches did.
    pub used_here_at_ms: Option<EpochMs>,
    /// When the service said that it is gone, and its timeline with it.
    pub lost_at_ms: Option<EpochMs>,
    /// A word for people.
    pub note: Option<String>,
    /// Files were put into it: what follows is about them.
    pub has_uploads: bool,
}

impl Session {
    /// One that is worked in for the first time; `here` when that is by somebody on this machine.
    #[must_use]
    pub fn new(service: Service, session_id: &str, here: bool, now_ms: EpochMs) -> Self {
        Self {
            service,
            session_id: session_id.to_owned(),
            task_id: None,
            user_id: None,
            language: None,
            created_at_ms: now_ms,
            last_used_at_ms: now_ms,
            used_here_at_ms: here.then_some(now_ms),
            lost_at_ms: None,
            note: None,
            has_uploads: false,
        }
    }
}

impl Ledger {
    /// Writes a session down, or brings its row up to date; the time of its making stays.
    pub async fn put_session(&self, session: &Session) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO session (service, session_id, task_id, user_id, language, created_at_ms, last_used_at_ms, \
             lost_at_ms, note, has_uploads, used_here_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
             ON CONFLICT (service, session_id) DO UPDATE SET task_id = excluded.task_id, \
             user_id = excluded.user_id, language = excluded.language, \
             last_used_at_ms = excluded.last_used_at_ms, lost_at_ms = excluded.lost_at_ms, note = excluded.note, \
             has_uploads = excluded.has_uploads, \
             used_here_at_ms = COALESCE(excluded.used_here_at_ms, session.used_here_at_ms)",
        )
        .bind(session.service.name())
        .bind(&session.session_id)
        .bind(&session.task_id)
        .bind(&session.user_id)
        .bind(&session.language)
        .bind(session.created_at_ms)
        .bind(session.last_used_at_ms)
        .bind(session.lost_at_ms)
        .bind(&session.note)
        .bind(session.has_uploads)
        .bind(session.used_here_at_ms)
        .execute(&mut *tx)
        .await?;
        self.publish(tx).await
    }

    /// The session of this name.
    pub async fn session(&self, service: Service, session_id: &str) -> Result<Option<Session>> {
        let query = sqlx::query("SELECT * FROM session WHERE service = $1 AND session_id = $2")
            .bind(service.name())
            .bind(session_id);
        self.one(query, session).await
    }

    /// The session that was used last on this machine, **even if it is lost**: an older one in its place would silently take
    /// the edits meant for it. The caller looks at `lost_at_ms` and says so.
    pub async fn last_session(&self, service: Service) -> Result<Option<Session>> {
        let query = sqlx::query(
            // A name that was given to us and never worked was a slip; it does not take the place of the last session.
            "SELECT * FROM session WHERE service = $1 AND used_here_at_ms IS NOT NULL \
             AND NOT (lost_at_ms IS NOT NULL AND task_id IS NULL AND user_id IS NULL) \
             ORDER BY used_here_at_ms DESC, created_at_ms DESC, session_id DESC LIMIT 1",
        )
        .bind(service.name());
        self.one(query, session).await
    }

    /// Says that the session is being worked in, and whether by somebody on this machine. False if there is no such
    /// session.
    pub async fn touch_session(
        &self,
        service: Service,
        session_id: &str,
        here: bool,
        now_ms: EpochMs,
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        let touched = sqlx::query(
            "UPDATE session SET last_used_at_ms = MAX(last_used_at_ms, $1), \
             used_here_at_ms = CASE WHEN $4 THEN MAX(COALESCE(used_here_at_ms, $1), $1) ELSE used_here_at_ms END \
             WHERE service = $2 AND session_id = $3",
        )
        .bind(now_ms)
        .bind(service.name())
        .bind(session_id)
        .bind(here)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        self.publish(tx).await?;
        Ok(touched > 0)
    }

    /// Says that the service lost the session; the first time it was noticed stays. False if there is no such
    /// session.
    pub async fn mark_session_lost(
        &self,
        service: Service,
        session_id: &str,
        now_ms: EpochMs,
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        let marked = sqlx::query(
            "UPDATE session SET lost_at_ms = COALESCE(lost_at_ms, $1) WHERE service = $2 AND session_id = $3",
        )
        .bind(now_ms)
        .bind(service.name())
        .bind(session_id)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        self.publish(tx).await?;
        Ok(marked > 0)
    }
}

pub(super) fn session(row: &SqliteRow) -> Result<Session> {
    Ok(Session {
        service: row::word(row, "service")?,
        session_id: row::get(row, "session_id")?,
        task_id: row::get(row, "task_id")?,
        user_id: row::get(row, "user_id")?,
        language: row::get(row, "language")?,
        created_at_ms: row::get(row, "created_at_ms")?,
        last_used_at_ms: row::get(row, "last_used_at_ms")?,
        used_here_at_ms: row::get(row, "used_here_at_ms")?,
        lost_at_ms: row::get(row, "lost_at_ms")?,
        note: row::get(row, "note")?,
        has_uploads: row::get(row, "has_uploads")?,
    })
}
