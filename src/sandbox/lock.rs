//! One sandbox to a folder: what each keeps in memory would overwrite what the other has written.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use super::Error;

/// Takes the folder for this sandbox, as long as the file is held.
pub(super) fn alone_in(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let trouble = |source| Error::Folder { path: path.clone(), source };
    fs::create_dir_all(folder).map_err(|source| Error::Folder { path: folder.to_path_buf(), source })?;
    let file = File::options().create(true).append(true).open(&path).map_err(trouble)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse {
            folder: folder.to_path_buf(),
            url: fs::read_to_string(folder.join("address")).unwrap_or_default(),
        }),
        Err(TryLockError::Error(source)) => Err(trouble(source)),
    }
}

/// Writes down where this sandbox listens, for those who come second.
pub(super) fn tell_address(folder: &Path, url: &str) -> Result<(), Error> {
    let path = folder.join("address");
    fs::write(&path, url).map_err(|source| Error::Folder { path, source })
}
