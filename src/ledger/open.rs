//! Opening: the file, the connections, the schema.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::pool::PoolConnectionMetadata;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection, SqlSafeStr};

use super::{Inner, Ledger, fault, place};
use crate::error::{Error, Kind, Result};

/// How long a write waits for writers of other processes. Long, because giving up would lose what is paid
/// for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// "fcut": written into the file by the first migration.
const APPLICATION_ID: i64 = 1_717_794_164;

/// The schema, a step a line; numbers go up by one and a shipped file never changes.
const MIGRATIONS: [(&str, &str); 7] = [
    ("jobs", include_str!("migrations/sqlite/0001_jobs.sql")),
    ("dispatcher", include_str!("migrations/sqlite/0002_dispatcher.sql")),
    ("money", include_str!("migrations/sqlite/0003_money.sql")),
    ("batch", include_str!("migrations/sqlite/0004_batch.sql")),
    ("wallet", include_str!("migrations/sqlite/0005_wallet.sql")),
    ("offices", include_str!("migrations/sqlite/0006_offices.sql")),
    ("sessions", include_str!("migrations/sqlite/0007_sessions.sql")),
];

impl Ledger {
    /// Opens the ledger, and makes it where there is none (its folder too, private to the user). What is
    /// damaged or foreign is left as it is.
    ///
    /// # Errors
    /// `Ledger`, saying what is wrong with the file and what to do about it.
    pub async fn open(path: &Path) -> Result<Self> {
        Self::open_within(path, BUSY_TIMEOUT).await
    }

    /// The same, with another patience for the locks of other processes.
    pub async fn open_within(path: &Path, busy_timeout: Duration) -> Result<Self> {
        let path = place::prepare(path)?;
        if let Some(hazard) = place::hazard(&path) {
            tracing::warn!("{hazard}");
        }
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit stands for money: it must survive a power loss.
            .synchronous(SqliteSynchronous::Full)
            // macOS leaves data in the drive's cache otherwise; elsewhere this changes nothing.
            .pragma("fullfsync", "ON")
            .foreign_keys(true)
            .busy_timeout(busy_timeout)
            .statement_cache_capacity(32)
            .thread_name(|id| format!("ledger-{id}"))
            // KiB: rows are small, and several processes keep the file in the system's cache anyway.
            .pragma("cache_size", "-256")
            .pragma("journal_size_limit", "4194304");
        // Waiting for a turn must outlast the wait of the one ahead, or its error would hide the cause.
        let patience = busy_timeout.saturating_mul(4).max(Duration::from_secs(5));
        let writer = pool(1, patience).before_acquire(is_clean).connect_lazy_with(options.clone());
        let readers = pool(2, patience).connect_lazy_with(options.pragma("query_only", "ON"));
        let ledger = Self { inner: Arc::new(Inner { path, writer, readers }) };
        ledger.ready(busy_timeout).await.map_err(|error| at(ledger.path(), error))?;
        Ok(ledger)
    }

    /// Connects and brings the schema up to date.
    async fn ready(&self, busy_timeout: Duration) -> Result<()> {
        let mut writer = self.connect(busy_timeout).await?;
        // Its questions are asked of one moment: another process may be making the ledger right now.
        let mut moment = writer.begin().await?;
        let current = is_current(&mut moment).await?;
        moment.rollback().await?;
        if current {
            return Ok(());
        }
        // One transaction over all steps: of two processes, the second waits and then finds nothing to do.
        let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
        migrator().run_direct(None, &mut *tx, false).await?;
        Ok(tx.commit().await?)
    }

    /// The first connection. Turning a new file to the write-ahead journal fails at once when two do it at
    /// the same time, without the patience that everything else has; so it is tried again here.
    async fn connect(&self, busy_timeout: Duration) -> Result<sqlx::pool::PoolConnection<sqlx::Sqlite>> {
        const PAUSE: Duration = Duration::from_millis(20);
        let mut waited = Duration::ZERO;
        loop {
            match self.inner.writer.acquire().await {
                Err(error) if fault::is_busy(&error) && waited < busy_timeout => {
                    tokio::time::sleep(PAUSE).await;
                    waited += PAUSE;
                }
                answer => return Ok(answer?),
            }
        }
    }

    /// Reads the whole file and says whether it is sound. Slow on a large one.
    ///
    /// # Errors
    /// `Ledger` when it is damaged.
    pub async fn check(&self) -> Result<()> {
        let verdict: String =
            sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&self.inner.readers).await?;
        if verdict == "ok" {
            return Ok(());
        }
        Err(Error::new(Kind::Ledger, format!("The ledger {} is damaged.", self.path().display()))
            .next("It was left as it is. Put a backup in its place.")
            .quoting(&verdict))
    }
}

fn pool(connections: u32, patience: Duration) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(patience)
        // A file does not hang up, and each connection costs a thread: no pings, none made ahead, idle ones
        // closed.
        .test_before_acquire(false)
        .idle_timeout(Duration::from_secs(60))
}

/// Whether the writer may be used again. After some faults (a full disk, a failed write) `SQLite` ends the
/// transaction by itself; sqlx 0.9 still counts it as open then, and would refuse to begin another one for
/// ever. Such a connection is replaced.
fn is_clean(writer: &mut SqliteConnection, _: PoolConnectionMetadata) -> BoxFuture<'_, sqlx::Result<bool>> {
    Box::pin(async move {
        // A rollback may still be in the connection's queue; the answer comes after it.
        writer.ping().await?;
        Ok(!writer.is_in_transaction())
    })
}

/// Whether the schema is the one that we know.
///
/// # Errors
/// `Ledger` when it is newer, or of another program.
async fn is_current(writer: &mut SqliteConnection) -> Result<bool> {
    let application_id: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *writer).await?;
    if application_id != APPLICATION_ID {
        let tables: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master").fetch_one(&mut *writer).await?;
        if application_id != 0 || tables > 0 {
            return Err(Error::new(Kind::Ledger, "The file is a database of another program, not a ledger.")
                .next("It was left as it is. Point FIRSTCUT_HOME at another folder."));
        }
        return Ok(false);
    }
    let found: Option<i64> =
        sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(&mut *writer).await?;
    let (found, known) = (found.unwrap_or(0), MIGRATIONS.len() as i64);
    if found > known {
        return Err(Error::new(
            Kind::Ledger,
            format!(
                "The ledger was written by a newer firstcut (its schema is {found}, this one knows {known})."
            ),
        )
        .next("Update firstcut, or point FIRSTCUT_HOME at another folder. The ledger was left as it is."));
    }
    Ok(found == known)
}

fn migrator() -> Migrator {
    let steps = (1..).zip(MIGRATIONS).map(|(version, (name, sql))| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(steps.collect())
}

/// Adds where the ledger is, which its reader must know to mend it.
fn at(path: &Path, error: Error) -> Error {
    let mut told = Error::new(error.kind(), format!("{} ({})", error.message(), path.display()));
    if let Some(next) = error.next_step() {
        told = told.next(next);
    }
    told.because(error)
}
