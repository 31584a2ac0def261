//! Jobs: writing them down and finding them again.

use super::{Caps, Filter, Inserted, Ledger, NewJob, Office, Reservation, Tx, charges, events, row};
use crate::error::{Error, Kind, Result};
use crate::model::job::{EpochMs, Job, JobId, JobKind, State};

/// The states in which a job moves no more by itself: [`State::is_at_rest`] in SQL.
macro_rules! at_rest {
    () => {
        "('done', 'needs_approval', 'uncertain', 'failed', 'cancelled')"
    };
}

/// What makes a job `j` one that a dispatcher may take, apart from time and lease.
///
/// Two turns never run at once in one session, and they run in the order in which they were asked for, even
/// when the oldest one is put off to be tried again. One whose end was asked for is taken out of turn: it
/// will not be sent.
macro_rules! takeable {
    () => {
        "j.due_at_ms IS NOT NULL
         AND (j.kind <> 'turn' OR j.state <> 'queued' OR j.session_id IS NULL OR j.cancel_requested
              OR NOT EXISTS (
                SELECT 1 FROM job o
                WHERE o.service = j.service AND o.session_id = j.session_id AND o.kind = 'turn' AND o.id <> j.id
                AND (o.state IN ('submitting', 'running')
                     OR (o.state = 'queued' AND (o.created_at_ms, o.id) < (j.created_at_ms, j.id)))))"
    };
}

/// Whether a job `j` is one of an office; the parameter of this name says whether that is the one of rehearsals.
macro_rules! of_office {
    ($is_rehearsal:literal) => {
        concat!("(j.service = 'sandbox') = ", $is_rehearsal)
    };
}

pub(super) use {at_rest, of_office, takeable};

impl Ledger {
    /// Writes a job down. The same dedupe key again gives the job that is there already, whatever else was
    /// asked.
    ///
    /// # Errors
    /// `Internal` when the state is not one to begin with or the parent does not exist.
    pub async fn insert(&self, new: NewJob, now_ms: EpochMs) -> Result<Inserted> {
        let mut tx = self.begin().await?;
        let (job, fresh) = write(&mut tx, &new, now_ms).await?;
        if fresh {
            self.publish(tx).await?;
        }
        Ok(Inserted { job, fresh })
    }

    /// The same for a job that costs dollars: what it may cost is set aside with it, or neither happens.
    ///
    /// # Errors
    /// `OverBudget` when a cap would be passed; nothing is written then.
    pub async fn insert_paid(
        &self,
        new: NewJob,
        wanted: &Reservation,
        caps: &Caps,
        now_ms: EpochMs,
    ) -> Result<Inserted> {
        let mut tx = self.begin().await?;
        let (job, fresh) = write(&mut tx, &new, now_ms).await?;
        if fresh {
            charges::reserve(&mut tx, &job, wanted, caps, now_ms).await?;
            self.publish(tx).await?;
        }
        Ok(Inserted { job, fresh })
    }

    /// The job of this name.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn job(&self, id: &JobId) -> Result<Job> {
        let query = sqlx::query("SELECT * FROM job WHERE id = $1").bind(id.as_str());
        self.one(query, row::job).await?.ok_or_else(|| no_such_job(id))
    }

    /// The job with this dedupe key.
    pub async fn job_by_key(&self, dedupe_key: &str) -> Result<Option<Job>> {
        let query = sqlx::query("SELECT * FROM job WHERE dedupe_key = $1").bind(dedupe_key);
        self.one(query, row::job).await
    }

    /// Jobs that fit, newest first, at most `limit`.
    pub async fn list(&self, filter: &Filter, limit: u32) -> Result<Vec<Job>> {
        let rows = sqlx::query(concat!(
            "SELECT * FROM job \
             WHERE (CAST($1 AS TEXT) IS NULL OR state = $1) \
             AND (CAST($2 AS TEXT) IS NULL OR kind = $2) \
             AND (CAST($3 AS TEXT) IS NULL OR session_id = $3) \
             AND (NOT $4 OR (state NOT IN ",
            at_rest!(),
            " AND NOT (state = 'queued' AND EXISTS (SELECT 1 FROM job whole \
             WHERE whole.id = job.parent_id AND whole.state = 'uncertain')))) AND (NOT $5 OR parent_id IS NULL) AND ($6 IS NULL OR (service = 'sandbox') = $6) \
             ORDER BY created_at_ms DESC, id DESC LIMIT $7"
        ))
        .bind(filter.state.map(State::name))
        .bind(filter.kind.map(JobKind::name))
        .bind(&filter.session_id)
        .bind(filter.active_only)
        .bind(filter.roots_only)
        .bind(filter.office.map(Office::is_rehearsal))
        .bind(i64::from(limit))
        .fetch_all(&self.inner.readers)
        .await?;
        Ok(row::jobs(&rows))
    }

    /// The parts of a composite, oldest first.
    pub async fn children(&self, id: &JobId) -> Result<Vec<Job>> {
        let rows = sqlx::query("SELECT * FROM job WHERE parent_id = $1 ORDER BY created_at_ms, id")
            .bind(id.as_str())
            .fetch_all(&self.inner.readers)
            .await?;
        Ok(row::jobs(&rows))
    }

    /// Everything that is not at rest, oldest first: what a restart has to look after.
    pub async fn active(&self) -> Result<Vec<Job>> {
        let rows = sqlx::query(concat!(
            "SELECT * FROM job WHERE state NOT IN ",
            at_rest!(),
            " ORDER BY created_at_ms, id"
        ))
        .fetch_all(&self.inner.readers)
        .await?;
        Ok(row::jobs(&rows))
    }

    /// When the next [`claim`](Self::claim) can find something: the earliest time at which a job of an office is due
    /// and nobody's. None while there is nothing to wait for but a change of the [`revision`](Self::revision).
    pub async fn next_due_ms(&self, office: Office) -> Result<Option<EpochMs>> {
        Ok(sqlx::query_scalar(concat!(
            "SELECT MIN(CASE WHEN j.lease_until_ms > j.due_at_ms THEN j.lease_until_ms ELSE j.due_at_ms END) \
             FROM job j WHERE ",
            takeable!(),
            " AND ",
            of_office!("$1")
        ))
        .bind(office.is_rehearsal())
        .fetch_one(&self.inner.readers)
        .await?)
    }
}

/// Writes a job down unless its key is there already; gives the row with that key, and whether it is new.
pub(super) async fn write(tx: &mut Tx, new: &NewJob, now_ms: EpochMs) -> Result<(Job, bool)> {
    let due_at_ms = match new.state {
        State::Queued => Some(new.due_at_ms.unwrap_or(now_ms)),
        State::NeedsApproval => None,
        state => return Err(Error::internal(format!("A job cannot begin as {state}."))),
    };
    let inserted = sqlx::query(
        "INSERT INTO job (id, parent_id, kind, service, session_id, state, request, work, dedupe_key, note, \
         created_at_ms, updated_at_ms, due_at_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12) \
         ON CONFLICT (dedupe_key) DO NOTHING",
    )
    .bind(new.id.as_str())
    .bind(new.parent_id.as_ref().map(JobId::as_str))
    .bind(new.request.kind().name())
    .bind(new.service.name())
    .bind(&new.session_id)
    .bind(new.state.name())
    .bind(row::to_json(&new.request)?)
    .bind(row::to_json(&new.work)?)
    .bind(&new.dedupe_key)
    .bind(&new.note)
    .bind(now_ms)
    .bind(due_at_ms)
    .execute(&mut **tx)
    .await?;
    let found = sqlx::query("SELECT * FROM job WHERE dedupe_key = $1")
        .bind(&new.dedupe_key)
        .fetch_one(&mut **tx)
        .await?;
    let job = row::job(&found)?;
    let fresh = inserted.rows_affected() > 0;
    if fresh {
        events::append(tx, &job.id, (None, job.state), "caller", &serde_json::Value::Null, now_ms).await?;
    }
    Ok((job, fresh))
}

pub(super) fn no_such_job(id: &JobId) -> Error {
    Error::new(Kind::NotFound, format!("There is no job {id} in the ledger."))
        .next("List the jobs to see those there are.")
}
