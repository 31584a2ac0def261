//! Key files: secrets that are told or made once, each in a file of its own that only the user may read.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

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

/// Puts a secret that is told only once into a file: this one, or one beside it when there is one already. Says which.
///
/// # Errors
/// `Storage`; then the secret is nowhere.
pub(super) fn keep(path: &Path, secret: &str) -> Result<PathBuf> {
    if create(path, secret)? {
        return Ok(path.to_owned());
    }
    let other = beside(path, "key");
    create(&other, secret)?;
    Ok(other)
}

/// Finds out whether a key could be kept in the folder of this file, before one is asked for.
///
/// # Errors
/// `Storage`.
pub(super) fn try_folder(path: &Path) -> Result<()> {
    let trial = beside(path, "trial");
    create(&trial, "0123456789abcdef0123456789abcdef")?;
    fs::remove_file(&trial)
        .map_err(|error| Error::storage(format!("{} cannot be removed.", trial.display()), error))
}

/// A name of its own in the same folder.
fn beside(path: &Path, ending: &str) -> PathBuf {
    path.with_extension(format!("{}.{ending}", uuid::Uuid::new_v4().simple()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_told_once_is_kept_beside_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/skillboss.key");
        try_folder(&path).unwrap();
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0, "nothing stays of a trial");
        assert_eq!(keep(&path, "first").unwrap(), path);
        let other = keep(&path, "second").unwrap();
        assert_ne!(other, path);
        for (path, secret) in [(&path, "first"), (&other, "second")] {
            assert_eq!(read(path).unwrap().as_deref(), Some(secret));
            #[cfg(unix)]
            {
                let mode =
                    std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions());
                assert_eq!(mode & 0o777, 0o600);
            }
        }
        assert!(try_folder(&path.join("below/a/file.key")).is_err());
    }
}
