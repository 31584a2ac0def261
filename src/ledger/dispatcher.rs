//! Who moves the jobs: one process among those that share a ledger, elected by a file lock.
//!
//! Each assistant starts its own server, so several processes open the same file. The lock belongs to the
//! operating system: it is gone the moment its holder ends, however it ends. Leases and fences keep the jobs
//! safe even where such locks do nothing (some network folders); the election only keeps processes from
//! getting in each other's way.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::{Error, Result};

/// Being the dispatcher; ends when dropped.
#[derive(Debug)]
pub struct Dispatcher {
    /// Holds the lock. The file itself stays: removing it would let two processes lock two files of one name.
    _lock: File,
}

impl Dispatcher {
    /// Becomes the dispatcher, unless another process (or another handle of this one) is: then `None`, at
    /// once.
    ///
    /// # Errors
    /// `Storage` when the lock file cannot be made or the folder knows no locks.
    pub fn try_elect(lock_path: &Path) -> Result<Option<Self>> {
        let fault = |what: &str, error| {
            Error::storage(format!("The lock file {} cannot be {what}.", lock_path.display()), error)
                .next("Check that its folder exists, is on a local disk and may be written.")
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(lock_path).map_err(|error| fault("opened", error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _lock: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(fault("locked", error)),
        }
    }
}
