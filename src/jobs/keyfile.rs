//! Key files: secrets that are told or made once, each in a file of its own that only the user may read.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::error::{Error, Result};

/// Puts a secret into a new file, whole or not at all. False when there is one already; that one stays.
///
/// # Errors
/// `Storage`.
pub(super) fn create(path: &Path, secret: &str) -> Result<bool> {
    let cannot = |error| Error::storage(format!("The key file {} cannot be made.", path.display()), error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(cannot)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", uuid::Uuid::new_v4().simple()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside).map_err(cannot)?;
    let written = file.write_all(secret.as_bytes()).and_then(|()| file.sync_all());
    // Of two processes that make it at once, one wins.
    let linked = written.and_then(|()| fs::hard_link(&beside, path));
    fs::remove_file(&beside).map_err(cannot)?;
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(cannot(error)),
    }
}

/// The secret in a file, if there is one.
///
/// # Errors
/// `Storage`.
pub(super) fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(secret) => Ok(Some(secret)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::storage(format!("The key file {} cannot be read.", path.display()), error)),
    }
}
