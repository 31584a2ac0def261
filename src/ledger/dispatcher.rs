//! Who moves the jobs: one process among those that share a ledger, for each of two offices.
//!
//! Each assistant starts its own server, so several processes open the same file. A file lock elects one: it
//! belongs to the operating system and is gone the moment its holder ends, however it ends. A holder that is
//! stopped or stuck keeps it, so the holder also beats while there is work; one that does not is deposed. Then
//! the next term begins, with a lock file of its own. Leases and fences keep the jobs safe whatever happens
//! here; the election only keeps processes from getting in each other's way.
//!
//! Rehearsed jobs and real ones have an office each. A process that was started for a rehearsal stands for the first
//! only: it never sends what is paid for, and never keeps anybody else from doing so.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::Ledger;
use super::jobs::{of_office, takeable};
use crate::error::{Error, Result};
use crate::model::job::{EpochMs, Service};

/// Which jobs somebody moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Office {
    /// Those of the services that really make, and charge.
    Real,
    /// Those of the sandbox.
    Rehearsal,
}

impl Office {
    /// The one that moves jobs of this service.
    #[must_use]
    pub const fn of(service: Service) -> Self {
        if service.is_rehearsal() { Self::Rehearsal } else { Self::Real }
    }

    pub(super) const fn is_rehearsal(self) -> bool {
        matches!(self, Self::Rehearsal)
    }

    /// Its row.
    const fn id(self) -> i64 {
        match self {
            Self::Real => 1,
            Self::Rehearsal => 2,
        }
    }
}

/// Being the dispatcher of an office; ends when dropped.
#[derive(Debug)]
pub struct Dispatcher {
    ledger: Ledger,
    office: Office,
    term: i64,
    /// Holds the lock. The file stays as long as its term lasts: removing it would let two processes lock two
    /// files of one name.
    _lock: File,
}

/// What somebody who is not the dispatcher sees of the one who is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// Grows when a dispatcher is deposed.
    pub term: i64,
    /// Changes every few seconds while the dispatcher has work.
    pub beat: i64,
    /// Some job is due, nobody holds it, and it could be taken.
    pub overdue: bool,
}

impl Dispatcher {
    /// Becomes the dispatcher of an office, under this name for leases, unless another process (or another handle of this
    /// one) is: then `None`, at once. The leases of the one before end, because it has ended.
    ///
    /// # Errors
    /// `Storage` when the lock file cannot be made or the folder knows no locks; `Ledger` when it cannot be
    /// written.
    pub async fn try_elect(
        ledger: &Ledger,
        office: Office,
        owner: &str,
        now_ms: EpochMs,
    ) -> Result<Option<Self>> {
        let term: i64 = sqlx::query_scalar("SELECT term FROM dispatcher WHERE id = $1")
            .bind(office.id())
            .fetch_one(&ledger.inner.readers)
            .await?;
        let Some(lock) = lock(&lock_path(ledger.path(), office, term))? else { return Ok(None) };
        let mut tx = ledger.begin().await?;
        let former: Option<String> =
            sqlx::query_scalar("SELECT owner FROM dispatcher WHERE id = $1 AND term = $2")
                .bind(office.id())
                .bind(term)
                .fetch_optional(&mut *tx)
                .await?;
        // Deposed before it began.
        let Some(former) = former else { return Ok(None) };
        sqlx::query("UPDATE dispatcher SET owner = $1, beat = beat + 1 WHERE id = $2")
            .bind(owner)
            .bind(office.id())
            .execute(&mut *tx)
            .await?;
        sqlx::query("UPDATE job SET lease_until_ms = $1 WHERE lease_owner = $2 AND lease_until_ms > $1")
            .bind(now_ms)
            .bind(former)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Some(Self { ledger: ledger.clone(), office, term, _lock: lock }))
    }

    /// Which jobs it moves.
    #[must_use]
    pub const fn office(&self) -> Office {
        self.office
    }

    /// Shows that it lives. False: it was deposed, and another one moves the jobs.
    pub async fn beat(&self) -> Result<bool> {
        let mut tx = self.ledger.begin_lightly().await?;
        let beaten = sqlx::query("UPDATE dispatcher SET beat = beat + 1 WHERE id = $1 AND term = $2")
            .bind(self.office.id())
            .bind(self.term)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(beaten.rows_affected() > 0)
    }
}

impl Ledger {
    /// How the dispatcher of an office seems to be.
    pub async fn pulse(&self, office: Office, now_ms: EpochMs) -> Result<Pulse> {
        let (term, beat, overdue) = sqlx::query_as(concat!(
            "SELECT term, beat, EXISTS (SELECT 1 FROM job j WHERE j.due_at_ms <= $1 \
             AND (j.lease_until_ms IS NULL OR j.lease_until_ms <= $1) AND ",
            takeable!(),
            " AND ",
            of_office!("$2"),
            ") FROM dispatcher WHERE id = $3"
        ))
        .bind(now_ms)
        .bind(office.is_rehearsal())
        .bind(office.id())
        .fetch_one(&self.inner.readers)
        .await?;
        Ok(Pulse { term, beat, overdue })
    }

    /// Ends a term whose dispatcher has shown no life, so that another one can be elected. Its leases stay until
    /// they run out: it may only be slow. False when it beat in the meantime, or somebody else was faster.
    pub async fn depose(&self, office: Office, silent: Pulse) -> Result<bool> {
        let mut tx = self.begin().await?;
        let deposed = sqlx::query(
            "UPDATE dispatcher SET term = term + 1, beat = beat + 1, owner = '' \
             WHERE id = $1 AND term = $2 AND beat = $3",
        )
        .bind(office.id())
        .bind(silent.term)
        .bind(silent.beat)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        let done = deposed.rows_affected() > 0;
        if done {
            // The name is never used again. Where an open file cannot be removed, it stays, empty.
            let _stays = std::fs::remove_file(lock_path(self.path(), office, silent.term));
        }
        Ok(done)
    }
}

/// The lock file of a term lies beside the ledger.
fn lock_path(ledger: &Path, office: Office, term: i64) -> PathBuf {
    ledger.with_extension(match office {
        Office::Real => format!("{term}.lock"),
        Office::Rehearsal => format!("rehearsal-{term}.lock"),
    })
}

fn lock(path: &Path) -> Result<Option<File>> {
    let fault = |what: &str, error| {
        Error::storage(format!("The lock file {} cannot be {what}.", path.display()), error)
            .next("Check that its folder exists, is on a local disk and may be written.")
    };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|error| fault("opened", error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(fault("locked", error)),
    }
}
