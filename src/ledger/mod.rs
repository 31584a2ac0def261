//! The ledger: what was asked, what was sent, what came of it. It survives us, and it alone is the truth.
//!
//! - **The row exists before the request leaves.** [`Ledger::begin_attempt`] commits, synced to the disk,
//!   before anything is sent that costs money or cannot be repeated.
//! - **Nobody moves a job without its lease.** [`Ledger::claim`] hands out a job with a fence; every change
//!   names the fence, and one made under an older fence has no effect ([`Recorded::Lost`]).
//! - **Time is given.** `now_ms` comes from the caller; nothing here reads a clock.
//!
//! Several processes share one file: everybody may write down jobs and read, one of them moves them
//! ([`Dispatcher`]). All SQL of the program is in this folder, one function per intent, in the dialect that
//! `SQLite` and `PostgreSQL` share wherever there is one.

mod attempts;
mod balances;
mod batches;
mod charges;
mod dispatcher;
mod events;
mod fault;
mod holds;
mod jobs;
mod lookups;
mod moves;
mod notices;
mod open;
mod place;
mod ratings;
mod recent;
mod row;
mod sessions;
mod settle;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqlitePool, SqliteRow};
use sqlx::{Sqlite, Transaction};

use crate::error::Result;
use crate::model::job::{EpochMs, Failure, Job, JobId, JobKind, Service, State};
use crate::model::request::Request;

pub use attempts::{Attempt, AttemptState};
pub use balances::Reading;
pub use batches::{BatchChange, Brief, Enqueued, LineChange, NewBatch, NewLine};
pub use charges::{Booked, Caps, Charge, ChargeSource, Paid, Reservation, Span, Spent};
pub use dispatcher::{Dispatcher, Office, Pulse};
pub use events::Event;
pub use holds::Hold;
pub use place::hazard;
pub use ratings::Rating;
pub use recent::Mark;
pub use sessions::Session;
pub use settle::Decision;

/// A write transaction. Dropped without [`Ledger::publish`], it leaves no trace.
type Tx = Transaction<'static, Sqlite>;

/// A handle on the ledger; clones share it.
#[derive(Clone, Debug)]
pub struct Ledger {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    /// One connection: writers of this process queue here in order, instead of racing for the file lock.
    writer: SqlitePool,
    readers: SqlitePool,
}

/// A job to be written down.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its name, made by the caller, so that it is known even if the answer is lost.
    pub id: JobId,
    /// The composite that it belongs to; must exist.
    pub parent_id: Option<JobId>,
    /// Who does it.
    pub service: Service,
    /// The session it works in, if known.
    pub session_id: Option<String>,
    /// `queued` or `needs_approval`.
    pub state: State,
    /// What was asked.
    pub request: Request,
    /// What is known already.
    pub work: Value,
    /// The same key twice gives the same job.
    pub dedupe_key: String,
    /// A word for people.
    pub note: Option<String>,
    /// When somebody must look at it; none means at once. Ignored for `needs_approval`, which is at rest.
    pub due_at_ms: Option<EpochMs>,
}

/// What became of [`Ledger::insert`].
#[derive(Clone, Debug)]
pub struct Inserted {
    /// The job with this dedupe key.
    pub job: Job,
    /// Whether it was written just now; if not, the call repeats an earlier one.
    pub fresh: bool,
}

/// What changes on a job. What is left out stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The next state; a step that [`State::may_become`] forbids is refused.
    pub state: Option<State>,
    /// The session, once it is known.
    pub session_id: Option<String>,
    /// What was learnt, replacing all that was there.
    pub work: Option<Value>,
    /// `Some(None)` clears it.
    pub failure: Option<Option<Failure>>,
    /// A word for people.
    pub note: Option<String>,
    /// 0 to 100; what lies outside is brought to the nearest end.
    pub progress_pct: Option<f64>,
    /// When to look again. `Some(None)`: only when woken. Always none at rest.
    pub due_at_ms: Option<Option<EpochMs>>,
    /// What it came to, in dollars; written in the same transaction.
    pub charge: Option<Charge>,
    /// From now on another model is paid for, at another price.
    pub paid: Option<Paid>,
    /// Keep working on it. Otherwise, and always at rest, the lease is given back.
    pub keep_lease: bool,
    /// More about the change for the audit. With it, an event is written even when the state stays.
    pub detail: Value,
}

/// What became of a change.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "looked at once and never kept; a box would only be in the way"
)]
pub enum Recorded {
    /// The change is on disk; this is the job now.
    Done(Job),
    /// The job has passed to somebody else, or stands elsewhere than expected: nothing was changed, stop
    /// quietly.
    Lost,
}

/// Which jobs to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// In this state.
    pub state: Option<State>,
    /// Only what still moves by itself. A part that is queued in a whole that waits for a person does not.
    pub active_only: bool,
    /// Of this kind.
    pub kind: Option<JobKind>,
    /// In this session.
    pub session_id: Option<String>,
    /// Without the parts of composites.
    pub roots_only: bool,
    /// Moved by this office.
    pub office: Option<Office>,
}

impl Ledger {
    /// Where the ledger lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// A number that differs from the one before when a job, an attempt or a session changed, in any process.
    /// A waiter compares it instead of reading rows. Claiming, renewing and giving back a job do not count.
    pub async fn revision(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT value FROM revision WHERE id = 1")
            .fetch_one(&self.inner.readers)
            .await?)
    }

    /// Lets go of the file in good order. Not needed for safety: whatever was committed stays.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
    }

    /// The row that answers a query, if there is one.
    async fn one<T>(
        &self,
        query: Query<'_, Sqlite, SqliteArguments>,
        read: fn(&SqliteRow) -> Result<T>,
    ) -> Result<Option<T>> {
        query.fetch_optional(&self.inner.readers).await?.as_ref().map(read).transpose()
    }

    /// The rows that answer a query. One that cannot be read is an error, unlike with [`row::jobs`].
    async fn all<T>(
        &self,
        query: Query<'_, Sqlite, SqliteArguments>,
        read: fn(&SqliteRow) -> Result<T>,
    ) -> Result<Vec<T>> {
        query.fetch_all(&self.inner.readers).await?.iter().map(read).collect()
    }

    /// Starts a write. Immediate: taking the write lock later, after a read, would fail at once when somebody
    /// else wrote in between, without waiting.
    async fn begin(&self) -> Result<Tx> {
        Ok(self.inner.writer.begin_with("PRAGMA synchronous = FULL; BEGIN IMMEDIATE").await?)
    }

    /// Starts a write that need not survive a power loss: who holds a job, and when to look at it again. It ends with
    /// the processes that it concerns; a thousand jobs that are merely asked after should not wear out a disk.
    async fn begin_lightly(&self) -> Result<Tx> {
        Ok(self.inner.writer.begin_with("PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE").await?)
    }

    /// Commits a change that waiters should notice.
    async fn publish(&self, mut tx: Tx) -> Result<()> {
        sqlx::query("UPDATE revision SET value = value + 1 WHERE id = 1").execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }
}
