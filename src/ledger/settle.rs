//! What a person decides about several jobs at once: all of it, or nothing.

use serde_json::{Value, json};

use super::moves::{apply, locked_job, save};
use super::{Caps, Change, Inserted, Ledger, NewJob, Reservation, Tx, charges, events, jobs};
use crate::error::{Error, Result};
use crate::model::job::{EpochMs, JobId, State};

/// One of the jobs that a person decides about.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Which.
    pub id: JobId,
    /// Where it must stand.
    pub from: State,
    /// What becomes of it.
    pub change: Change,
}

impl Ledger {
    /// Settles jobs that nobody holds, as [`resolve`](Self::resolve) does for one. Whoever still believes to hold one loses
    /// it.
    ///
    /// # Errors
    /// `InvalidInput` when one of them stands elsewhere by now; nothing changes then.
    pub async fn settle(&self, decisions: &[Decision], now_ms: EpochMs) -> Result<()> {
        let mut tx = self.begin().await?;
        decide(&mut tx, decisions, &Value::Null, now_ms).await?;
        self.publish(tx).await
    }

    /// The same, and writes down the job that takes their place, with what that may cost: so that what could still be
    /// adopted is never given up for nothing.
    ///
    /// # Errors
    /// As [`settle`](Self::settle), and `OverBudget` when a cap would be passed; nothing changes then.
    pub async fn replace(
        &self,
        decisions: &[Decision],
        new: NewJob,
        wanted: &Reservation,
        caps: &Caps,
        now_ms: EpochMs,
    ) -> Result<Inserted> {
        let mut tx = self.begin().await?;
        let (job, fresh) = jobs::write(&mut tx, &new, now_ms).await?;
        if !fresh {
            return Ok(Inserted { job, fresh });
        }
        decide(&mut tx, decisions, &json!({ "replaced_by": job.id }), now_ms).await?;
        charges::reserve(&mut tx, &job, wanted, caps, now_ms).await?;
        self.publish(tx).await?;
        Ok(Inserted { job, fresh })
    }
}

async fn decide(tx: &mut Tx, decisions: &[Decision], detail: &Value, now_ms: EpochMs) -> Result<()> {
    for Decision { id, from, change } in decisions {
        let mut job = locked_job(tx, id).await?;
        if job.state != *from {
            return Err(Error::invalid(format!("Job {id} has gone on meanwhile; nothing was changed."))
                .next("Look at it again."));
        }
        apply(&mut job, change, now_ms)?;
        job.fence += 1;
        save(tx, &job, change.work.as_ref(), false).await?;
        if let Some(charge) = &change.charge {
            charges::close(tx, id, charge, now_ms).await?;
        }
        events::append(tx, id, (Some(*from), job.state), "person", detail, now_ms).await?;
    }
    Ok(())
}
