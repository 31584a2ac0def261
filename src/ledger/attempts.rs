//! Attempts: one row for each request that costs money or cannot be repeated, written before it leaves.

use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;

use super::moves::{held_job, locked_job, save, step};
use super::{Ledger, Tx, events, row};
use crate::error::{Error, Kind, Result};
use crate::model::job::{EpochMs, Job, JobId, JobKind, State};

/// What is known about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptState {
    /// Begun; it may be on its way, and nothing is known of its end.
    Open,
    /// The service took it.
    Accepted,
    /// The service refused it: it had no effect.
    Rejected,
    /// It surely never left.
    NotSent,
    /// It may have arrived; nothing shows it.
    Unknown,
}

impl AttemptState {
    const ALL: [Self; 5] = [Self::Open, Self::Accepted, Self::Rejected, Self::NotSent, Self::Unknown];

    /// The name in the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::NotSent => "not_sent",
            Self::Unknown => "unknown",
        }
    }

    /// Whether news of `next` tells more than is known.
    const fn gives_way_to(self, next: Self) -> bool {
        match self {
            Self::Open => true,
            Self::Unknown => !matches!(next, Self::Open),
            Self::Rejected | Self::NotSent => matches!(next, Self::Accepted),
            Self::Accepted => false,
        }
    }
}

impl std::str::FromStr for AttemptState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| Error::new(Kind::Ledger, format!("There is no attempt state {text:?}.")))
    }
}

/// One request that costs money or cannot be repeated.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The job it was made for.
    pub job_id: JobId,
    /// 1 for the first.
    pub n: u32,
    /// What is known about it.
    pub state: AttemptState,
    /// What the service calls the work.
    pub remote_id: Option<String>,
    /// What helps to find out what became of it: the snapshot before it, the answer.
    pub detail: Value,
    /// When it was written down, just before it left.
    pub started_at_ms: EpochMs,
    /// When its end was written down; none while open.
    pub ended_at_ms: Option<EpochMs>,
}

impl Ledger {
    /// Writes down that a request is about to leave: the job is `submitting`, the attempt `open`, and both
    /// are on the disk when this returns. Gives the number of the attempt.
    ///
    /// **None: do not send.** The job has passed to somebody else; or its end was asked for, or another turn
    /// of its session got ahead, and then it was given back.
    ///
    /// # Errors
    /// `Internal` when the state does not allow it, or an earlier attempt is still open, or — but for
    /// renders, which are free — an earlier one may have arrived. Nothing may be sent then, either.
    pub async fn begin_attempt(&self, held: &Job, detail: Value, now_ms: EpochMs) -> Result<Option<u32>> {
        let mut tx = self.begin().await?;
        let Some(mut job) = held_job(&mut tx, held).await? else { return Ok(None) };
        if job.cancel_requested || session_is_busy(&mut tx, &job).await? {
            job.due_at_ms = Some(now_ms);
            save(&mut tx, &job, None, false).await?;
            self.publish(tx).await?;
            return Ok(None);
        }
        refuse_unsettled(&mut tx, &job).await?;
        let from = job.state;
        step(&mut job, State::Submitting)?;
        job.attempts += 1;
        job.updated_at_ms = now_ms;
        save(&mut tx, &job, None, true).await?;
        sqlx::query(
            "INSERT INTO attempt (job_id, n, state, detail, started_at_ms) VALUES ($1, $2, 'open', $3, $4)",
        )
        .bind(job.id.as_str())
        .bind(i64::from(job.attempts))
        .bind(row::to_json(&detail)?)
        .bind(now_ms)
        .execute(&mut *tx)
        .await?;
        let about = json!({ "attempt": job.attempts, "begun": true });
        events::append(&mut tx, &job.id, (Some(from), job.state), "dispatcher", &about, now_ms).await?;
        self.publish(tx).await?;
        Ok(Some(job.attempts))
    }

    /// Writes down how a request ended. Not fenced, because a late answer must not be thrown away: it belongs
    /// to the attempt whoever holds the job by now. Knowledge only grows (`open` < `unknown` < `rejected`,
    /// `not_sent` < `accepted`); the fields of `detail` are added to those there are. Gives the attempt as it
    /// now stands.
    ///
    /// # Errors
    /// `NotFound` when no such attempt was begun, `Internal` when asked to open it again.
    pub async fn end_attempt(
        &self,
        id: &JobId,
        n: u32,
        state: AttemptState,
        remote_id: Option<&str>,
        detail: Value,
        now_ms: EpochMs,
    ) -> Result<Attempt> {
        if state == AttemptState::Open {
            return Err(Error::internal("An attempt cannot end as open."));
        }
        let mut tx = self.begin().await?;
        let job = locked_job(&mut tx, id).await?;
        let found = sqlx::query("SELECT * FROM attempt WHERE job_id = $1 AND n = $2")
            .bind(id.as_str())
            .bind(i64::from(n))
            .fetch_optional(&mut *tx)
            .await?;
        let found = found.ok_or_else(|| {
            Error::new(Kind::NotFound, format!("The job {id} has no attempt {n}."))
                .next("Its events name the attempts it has.")
        })?;
        let mut attempt = read(&found)?;
        let remote_id = remote_id.map(str::to_owned);
        if attempt.state.gives_way_to(state) {
            attempt.state = state;
            attempt.ended_at_ms = Some(now_ms);
            attempt.remote_id = remote_id.clone().or(attempt.remote_id);
        } else {
            attempt.remote_id = attempt.remote_id.or_else(|| remote_id.clone());
        }
        merge(&mut attempt.detail, detail);
        sqlx::query(
            "UPDATE attempt SET state = $1, remote_id = $2, detail = $3, ended_at_ms = $4 WHERE job_id = $5 AND n = $6",
        )
        .bind(attempt.state.name())
        .bind(&attempt.remote_id)
        .bind(row::to_json(&attempt.detail)?)
        .bind(attempt.ended_at_ms)
        .bind(id.as_str())
        .bind(i64::from(n))
        .execute(&mut *tx)
        .await?;
        let about = json!({ "attempt": n, "said": state.name(), "remote_id": remote_id });
        events::append(&mut tx, id, (Some(job.state), job.state), "dispatcher", &about, now_ms).await?;
        self.publish(tx).await?;
        Ok(attempt)
    }

    /// Writes down what was learnt about a request that is still under way: the service's name for it, as soon as
    /// its answer begins. Not fenced, like its end.
    pub async fn note_attempt(&self, id: &JobId, n: u32, remote_id: &str, now_ms: EpochMs) -> Result<()> {
        let mut tx = self.begin().await?;
        let job = locked_job(&mut tx, id).await?;
        sqlx::query("UPDATE attempt SET remote_id = COALESCE(remote_id, $1) WHERE job_id = $2 AND n = $3")
            .bind(remote_id)
            .bind(id.as_str())
            .bind(i64::from(n))
            .execute(&mut *tx)
            .await?;
        let about = json!({ "attempt": n, "remote_id": remote_id });
        events::append(&mut tx, id, (Some(job.state), job.state), "dispatcher", &about, now_ms).await?;
        self.publish(tx).await
    }

    /// Whether a name that the service gave is known from any attempt, whoever's.
    pub async fn knows_remote(&self, remote_id: &str) -> Result<bool> {
        Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM attempt WHERE remote_id = $1)")
            .bind(remote_id)
            .fetch_one(&self.inner.readers)
            .await?)
    }

    /// Whether a name that the service gave is that of another job's work.
    pub async fn is_remote_of_another(&self, remote_id: &str, id: &JobId) -> Result<bool> {
        let known = "SELECT EXISTS (SELECT 1 FROM attempt WHERE remote_id = $1 AND job_id <> $2)";
        Ok(sqlx::query_scalar(known).bind(remote_id).bind(id.as_str()).fetch_one(&self.inner.readers).await?)
    }

    /// The attempt of this number.
    pub async fn attempt(&self, id: &JobId, n: u32) -> Result<Option<Attempt>> {
        let query = sqlx::query("SELECT * FROM attempt WHERE job_id = $1 AND n = $2")
            .bind(id.as_str())
            .bind(i64::from(n));
        self.one(query, read).await
    }

    /// The latest attempt of a job.
    pub async fn last_attempt(&self, id: &JobId) -> Result<Option<Attempt>> {
        let query =
            sqlx::query("SELECT * FROM attempt WHERE job_id = $1 ORDER BY n DESC LIMIT 1").bind(id.as_str());
        self.one(query, read).await
    }
}

fn read(row: &SqliteRow) -> Result<Attempt> {
    Ok(Attempt {
        job_id: row::word(row, "job_id")?,
        n: row::get(row, "n")?,
        state: row::word(row, "state")?,
        remote_id: row::get(row, "remote_id")?,
        detail: row::json(row, "detail")?,
        started_at_ms: row::get(row, "started_at_ms")?,
        ended_at_ms: row::get(row, "ended_at_ms")?,
    })
}

/// Whether another turn is under way in the session. [`Ledger::claim`] looked already; but a holder whose
/// lease ran out, or who learnt the session later, may find that another turn was let through since.
async fn session_is_busy(tx: &mut Tx, job: &Job) -> Result<bool> {
    if job.kind != JobKind::Turn {
        return Ok(false);
    }
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM job WHERE service = $1 AND session_id = $2 AND kind = 'turn' AND id <> $3 \
         AND state IN ('submitting', 'running'))",
    )
    .bind(job.service.name())
    .bind(&job.session_id)
    .bind(job.id.as_str())
    .fetch_one(&mut **tx)
    .await?)
}

/// Never pays twice: no new request while an earlier one may still have an effect.
async fn refuse_unsettled(tx: &mut Tx, job: &Job) -> Result<()> {
    let unsettled: Option<i64> = sqlx::query_scalar(
        "SELECT n FROM attempt WHERE job_id = $1 AND (state = 'open' OR (state = 'unknown' AND $2)) ORDER BY n LIMIT 1",
    )
    .bind(job.id.as_str())
    .bind(job.kind != JobKind::Render)
    .fetch_optional(&mut **tx)
    .await?;
    match unsettled {
        None => Ok(()),
        Some(n) => Err(Error::internal(format!(
            "The job {} must not be sent again: what became of its attempt {n} is not known.",
            job.id
        ))),
    }
}

/// Adds the fields of `more`; what is not an object replaces, and null adds nothing.
fn merge(detail: &mut Value, more: Value) {
    match (detail, more) {
        (_, Value::Null) => {}
        (Value::Object(fields), Value::Object(more)) => fields.extend(more),
        (detail, more) => *detail = more,
    }
}
