//! Moving jobs: taking them, recording what happened, waking, cancelling.

use serde_json::Value;

use super::jobs::{at_rest, no_such_job, of_office, takeable};
use super::{Caps, Change, Ledger, NewJob, Office, Recorded, Reservation, Tx, charges, events, jobs, row};
use crate::error::{Error, Result};
use crate::model::job::{EpochMs, Job, JobId, State};

impl Ledger {
    /// Takes up to `limit` jobs of an office that are due and that nobody holds: first those whose result exists already
    /// and will be forgotten by the service one day, then the most overdue. Each is `owner`'s until
    /// `now_ms + lease_ms`, under a new fence; after that time anybody may take it.
    ///
    /// A queued turn is left alone while another turn of its session is submitting or running, or was asked
    /// for earlier. A job that cannot be read is leased all the same and reported in the log, so that it does
    /// not hold up the others.
    pub async fn claim(
        &self,
        office: Office,
        owner: &str,
        now_ms: EpochMs,
        lease_ms: i64,
        limit: u32,
    ) -> Result<Vec<Job>> {
        let mut tx = self.begin_lightly().await?;
        // One writer at a time, so nobody can take the same row. PostgreSQL will need SKIP LOCKED here.
        let rows = sqlx::query(concat!(
            "UPDATE job SET fence = fence + 1, lease_owner = $1, lease_until_ms = $2 \
             WHERE id IN (SELECT j.id FROM job j \
             WHERE j.due_at_ms <= $3 AND (j.lease_until_ms IS NULL OR j.lease_until_ms <= $3) AND ",
            takeable!(),
            " AND ",
            of_office!("$5"),
            " ORDER BY j.state NOT IN ('ready', 'delivering'), j.due_at_ms, j.created_at_ms, j.id LIMIT $4) RETURNING *"
        ))
        .bind(owner)
        .bind(now_ms.saturating_add(lease_ms))
        .bind(now_ms)
        .bind(i64::from(limit))
        .bind(office.is_rehearsal())
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        let mut jobs = row::jobs(&rows);
        let made = |job: &Job| matches!(job.state, State::Ready | State::Delivering);
        jobs.sort_by(|a, b| {
            (!made(a), a.due_at_ms, a.created_at_ms, &a.id).cmp(&(
                !made(b),
                b.due_at_ms,
                b.created_at_ms,
                &b.id,
            ))
        });
        Ok(jobs)
    }

    /// Writes down what happened to a job that the caller holds (`held.id` under `held.fence`).
    ///
    /// When somebody woke or cancelled the job in the meantime, it stays due at the time they set, if that is
    /// earlier: a wake-up is never lost to a step that began before it.
    ///
    /// # Errors
    /// `Internal` for a step that [`State::may_become`] forbids; nothing changes then.
    pub async fn record(&self, held: &Job, change: Change, who: &str, now_ms: EpochMs) -> Result<Recorded> {
        let mut tx = self.begin().await?;
        let Some(mut job) = held_job(&mut tx, held).await? else { return Ok(Recorded::Lost) };
        let woken_for = woken_for(held, &job);
        let from = job.state;
        apply(&mut job, &change, now_ms)?;
        job.due_at_ms = earlier(job.due_at_ms, woken_for.filter(|_| !job.state.is_at_rest()));
        save(&mut tx, &job, change.work.as_ref(), change.keep_lease).await?;
        if let Some(paid) = &change.paid {
            charges::move_to(&mut tx, &job.id, paid).await?;
        }
        if let Some(charge) = &change.charge {
            charges::close(&mut tx, &job.id, charge, now_ms).await?;
        }
        if from != job.state || !change.detail.is_null() {
            events::append(&mut tx, &job.id, (Some(from), job.state), who, &change.detail, now_ms).await?;
        }
        self.publish(tx).await?;
        Ok(Recorded::Done(job))
    }

    /// Settles a job that nobody holds, on behalf of a person or a late answer: goes on from `from` and from
    /// nowhere else. Whoever still believes to hold the job loses it. Used to adopt or drop what is
    /// uncertain, and to approve.
    ///
    /// # Errors
    /// `NotFound`, and `Internal` for a step that [`State::may_become`] forbids.
    pub async fn resolve(
        &self,
        id: &JobId,
        from: State,
        change: Change,
        who: &str,
        now_ms: EpochMs,
    ) -> Result<Recorded> {
        let mut tx = self.begin().await?;
        let mut job = locked_job(&mut tx, id).await?;
        if job.state != from {
            return Ok(Recorded::Lost);
        }
        apply(&mut job, &change, now_ms)?;
        job.fence += 1;
        save(&mut tx, &job, change.work.as_ref(), false).await?;
        if let Some(charge) = &change.charge {
            charges::close(&mut tx, id, charge, now_ms).await?;
        }
        events::append(&mut tx, id, (Some(from), job.state), who, &change.detail, now_ms).await?;
        self.publish(tx).await?;
        Ok(Recorded::Done(job))
    }

    /// Sends a job that waited for approval on its way and sets aside what it may cost, both or neither.
    ///
    /// # Errors
    /// `OverBudget` when a cap would be passed; nothing changes then.
    pub async fn approve(
        &self,
        id: &JobId,
        wanted: &Reservation,
        caps: &Caps,
        change: Change,
        now_ms: EpochMs,
    ) -> Result<Recorded> {
        let mut tx = self.begin().await?;
        let mut job = locked_job(&mut tx, id).await?;
        if job.state != State::NeedsApproval {
            return Ok(Recorded::Lost);
        }
        charges::reserve(&mut tx, &job, wanted, caps, now_ms).await?;
        apply(&mut job, &Change { state: Some(State::Queued), ..change.clone() }, now_ms)?;
        job.fence += 1;
        save(&mut tx, &job, change.work.as_ref(), false).await?;
        events::append(
            &mut tx,
            id,
            (Some(State::NeedsApproval), job.state),
            "person",
            &change.detail,
            now_ms,
        )
        .await?;
        self.publish(tx).await?;
        Ok(Recorded::Done(job))
    }

    /// Writes down the parts of a job that the caller holds, divides what was set aside for it among them, and
    /// records the change, all or nothing. The sum must not be more than what the whole had.
    pub async fn divide(
        &self,
        held: &Job,
        parts: Vec<(NewJob, Reservation)>,
        change: Change,
        now_ms: EpochMs,
    ) -> Result<Recorded> {
        let mut tx = self.begin().await?;
        let Some(mut job) = held_job(&mut tx, held).await? else { return Ok(Recorded::Lost) };
        if job.cancel_requested {
            // Its end was asked for since the caller looked: nothing is written down, and it is looked at again.
            job.due_at_ms = Some(now_ms);
            save(&mut tx, &job, None, false).await?;
            self.publish(tx).await?;
            return Ok(Recorded::Lost);
        }
        for (part, wanted) in &parts {
            let (part, fresh) = jobs::write(&mut tx, part, now_ms).await?;
            if fresh {
                charges::write(&mut tx, &part, wanted, now_ms).await?;
            }
        }
        charges::close(&mut tx, &job.id, &charges::Charge::Freed, now_ms).await?;
        let from = job.state;
        apply(&mut job, &change, now_ms)?;
        save(&mut tx, &job, change.work.as_ref(), change.keep_lease).await?;
        let detail = serde_json::json!({ "parts": parts.len() });
        events::append(&mut tx, &job.id, (Some(from), job.state), "engine", &detail, now_ms).await?;
        self.publish(tx).await?;
        Ok(Recorded::Done(job))
    }

    /// Holds on to a job for longer. False if it has passed to somebody else.
    pub async fn renew(&self, held: &Job, until_ms: EpochMs) -> Result<bool> {
        let mut tx = self.begin_lightly().await?;
        let renewed = sqlx::query(
            "UPDATE job SET lease_until_ms = $1 WHERE id = $2 AND fence = $3 AND lease_owner IS NOT NULL",
        )
        .bind(until_ms)
        .bind(held.id.as_str())
        .bind(held.fence)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(renewed.rows_affected() > 0)
    }

    /// Gives a job back unchanged, to be looked at again at `due_at_ms`, or earlier if somebody woke it.
    /// False if it has passed to somebody else.
    pub async fn release(&self, held: &Job, due_at_ms: EpochMs) -> Result<bool> {
        let mut tx = self.begin_lightly().await?;
        let Some(mut job) = held_job(&mut tx, held).await? else { return Ok(false) };
        if !job.state.is_at_rest() {
            job.due_at_ms = earlier(Some(due_at_ms), woken_for(held, &job));
        }
        save(&mut tx, &job, None, false).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Has a job looked at now: news about it may have come. False if it is at rest.
    pub async fn wake(&self, id: &JobId, now_ms: EpochMs) -> Result<bool> {
        let mut tx = self.begin().await?;
        let mut job = locked_job(&mut tx, id).await?;
        if job.state.is_at_rest() {
            return Ok(false);
        }
        job.due_at_ms = Some(now_ms);
        save(&mut tx, &job, None, true).await?;
        self.publish(tx).await?;
        Ok(true)
    }

    /// Asks for the end of a job and of all its parts: each is flagged and due now. What is at rest stays as
    /// it is. Gives the job as it stands.
    pub async fn request_cancel(&self, id: &JobId, now_ms: EpochMs) -> Result<Job> {
        let mut tx = self.begin().await?;
        let rows = sqlx::query(concat!(
            "WITH RECURSIVE tree (id) AS (SELECT $1 UNION SELECT j.id FROM job j JOIN tree ON j.parent_id = tree.id) \
             SELECT * FROM job WHERE id IN (SELECT id FROM tree) AND state NOT IN ",
            at_rest!()
        ))
        .bind(id.as_str())
        .fetch_all(&mut *tx)
        .await?;
        for mut job in row::jobs(&rows) {
            let news = !job.cancel_requested;
            job.cancel_requested = true;
            job.due_at_ms = Some(now_ms);
            job.updated_at_ms = now_ms;
            save(&mut tx, &job, None, true).await?;
            if news {
                let detail = serde_json::json!({ "cancel_requested": true });
                events::append(&mut tx, &job.id, (Some(job.state), job.state), "caller", &detail, now_ms)
                    .await?;
            }
        }
        let job = locked_job(&mut tx, id).await?;
        self.publish(tx).await?;
        Ok(job)
    }
}

/// The job as it stands, under the write lock.
pub(super) async fn locked_job(tx: &mut Tx, id: &JobId) -> Result<Job> {
    // The write lock is on the whole file. PostgreSQL will need FOR UPDATE here.
    let found =
        sqlx::query("SELECT * FROM job WHERE id = $1").bind(id.as_str()).fetch_optional(&mut **tx).await?;
    row::job(&found.ok_or_else(|| no_such_job(id))?)
}

/// The job as it stands, unless it has passed to somebody else.
pub(super) async fn held_job(tx: &mut Tx, held: &Job) -> Result<Option<Job>> {
    let job = locked_job(tx, &held.id).await?;
    Ok((job.fence == held.fence).then_some(job))
}

/// Writes everything about a job that can change; what was learnt only if there is news, so that it is not
/// read and written again (and rounded) for nothing.
pub(super) async fn save(tx: &mut Tx, job: &Job, work: Option<&Value>, keep_lease: bool) -> Result<()> {
    let failure = job.failure.as_ref().map(row::to_json).transpose()?;
    sqlx::query(
        "UPDATE job SET state = $1, session_id = $2, work = COALESCE($3, work), attempts = $4, failure = $5, note = $6, \
         progress_pct = $7, cancel_requested = $8, updated_at_ms = $9, due_at_ms = $10, fence = $11, \
         lease_owner = CASE WHEN $12 THEN lease_owner END, lease_until_ms = CASE WHEN $12 THEN lease_until_ms END \
         WHERE id = $13",
    )
    .bind(job.state.name())
    .bind(&job.session_id)
    .bind(work.map(row::to_json).transpose()?)
    .bind(i64::from(job.attempts))
    .bind(failure)
    .bind(&job.note)
    .bind(job.progress_pct)
    .bind(job.cancel_requested)
    .bind(job.updated_at_ms)
    .bind(job.due_at_ms)
    .bind(job.fence)
    .bind(keep_lease && !job.state.is_at_rest())
    .bind(job.id.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Moves to a state, if that step is allowed.
pub(super) fn step(job: &mut Job, next: State) -> Result<()> {
    if !job.state.may_become(next) {
        return Err(Error::internal(format!("The job {} cannot go from {} to {next}.", job.id, job.state)));
    }
    job.state = next;
    Ok(())
}

pub(super) fn apply(job: &mut Job, change: &Change, now_ms: EpochMs) -> Result<()> {
    let was_at_rest = job.state.is_at_rest();
    if let Some(next) = change.state {
        // Whoever has something that came to nothing done once more does not want it stopped any longer.
        job.cancel_requested &= job.state != State::Failed;
        step(job, next)?;
    }
    if change.session_id.is_some() {
        job.session_id.clone_from(&change.session_id);
    }
    if let Some(work) = &change.work {
        job.work.clone_from(work);
    }
    if let Some(failure) = &change.failure {
        job.failure.clone_from(failure);
    }
    if change.note.is_some() {
        job.note.clone_from(&change.note);
    }
    if let Some(progress) = change.progress_pct.filter(|progress| !progress.is_nan()) {
        job.progress_pct = Some(progress.clamp(0.0, 100.0));
    }
    job.due_at_ms = match change.due_at_ms {
        _ if job.state.is_at_rest() => None,
        Some(due_at_ms) => due_at_ms,
        None if was_at_rest => Some(now_ms),
        None => job.due_at_ms,
    };
    job.updated_at_ms = now_ms;
    Ok(())
}

/// The time that somebody else set since the holder looked; a step of the holder does not put it off.
fn woken_for(held: &Job, current: &Job) -> Option<EpochMs> {
    let woken = current.due_at_ms != held.due_at_ms || current.cancel_requested != held.cancel_requested;
    current.due_at_ms.filter(|_| woken)
}

fn earlier(a: Option<EpochMs>, b: Option<EpochMs>) -> Option<EpochMs> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
