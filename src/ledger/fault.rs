//! What a database error means for the person who must act.

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;

use crate::error::{Error, Kind};

/// `SQLite`'s primary result codes (its documentation, "Result and Error Codes") that people can do something
/// about.
mod code {
    pub(super) const PERM: u32 = 3;
    pub(super) const BUSY: u32 = 5;
    pub(super) const LOCKED: u32 = 6;
    pub(super) const READONLY: u32 = 8;
    pub(super) const IOERR: u32 = 10;
    pub(super) const CORRUPT: u32 = 11;
    pub(super) const FULL: u32 = 13;
    pub(super) const CANTOPEN: u32 = 14;
    pub(super) const CONSTRAINT: u32 = 19;
    pub(super) const AUTH: u32 = 23;
    pub(super) const NOTADB: u32 = 26;
}

/// The primary code, without the extension in the upper bits.
fn primary_code(error: &dyn DatabaseError) -> Option<u32> {
    Some(error.code()?.parse::<u32>().ok()? & 0xff)
}

/// Whether somebody else holds the file and waiting may help.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(primary_code);
    matches!(code, Some(code::BUSY | code::LOCKED))
}

/// What happened and what to do.
fn diagnose(error: &sqlx::Error) -> (Kind, &'static str, &'static str) {
    let code = match error {
        sqlx::Error::Database(error) => primary_code(&**error),
        sqlx::Error::PoolTimedOut => Some(code::BUSY),
        sqlx::Error::PoolClosed => {
            return (Kind::Ledger, "The ledger is closed already.", "Call again after a restart.");
        }
        sqlx::Error::Io(_) => Some(code::IOERR),
        _ => None,
    };
    let (message, next) = match code {
        Some(code::BUSY | code::LOCKED) => (
            "The ledger is locked by another program.",
            "Close what has it open (a database viewer, a backup, a stuck firstcut) and call again.",
        ),
        Some(code::NOTADB | code::CORRUPT) => (
            "The ledger is damaged, or is not a ledger.",
            "It was left as it is. Put a backup in its place, or move it and the files beside it with -wal and -shm \
             to safety to start afresh; jobs under way then have to be looked up at the service.",
        ),
        Some(code::READONLY | code::PERM | code::AUTH) => (
            "The ledger cannot be written.",
            "Make the file and its folder writable for your user, or point FIRSTCUT_HOME at another folder.",
        ),
        Some(code::FULL) => ("The disk with the ledger is full.", "Free some space and call again."),
        Some(code::CANTOPEN) => (
            "The ledger cannot be opened.",
            "Check that its folder exists, is on a local disk and may be written by your user.",
        ),
        Some(code::IOERR) => (
            "The disk with the ledger failed to read or write.",
            "Check the disk; if it is a network or synchronised folder, point FIRSTCUT_HOME at a local one.",
        ),
        Some(code::CONSTRAINT) => {
            return (
                Kind::Internal,
                "The ledger refused a change that makes no sense.",
                "Please report this with the log; nothing was changed.",
            );
        }
        _ => {
            return (
                Kind::Internal,
                "The ledger could not do what it was asked.",
                "Please report this with the log; nothing was changed.",
            );
        }
    };
    (Kind::Ledger, message, next)
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let (kind, message, next) = diagnose(&error);
        Self::new(kind, message).next(next).because(error)
    }
}

impl From<MigrateError> for Error {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            error => Self::new(Kind::Ledger, "The ledger's schema is not the one that this firstcut knows.")
                .next("Use the firstcut that wrote it, or point FIRSTCUT_HOME at another folder.")
                .because(error),
        }
    }
}
