//! A file of somebody else's: read with care, replaced in one piece, with the old one kept beside it.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};

/// Larger settings are none.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// What is added to the name of a file as it was before.
const BEFORE: &str = ".before-firstcut";

/// A text file, and what stands in it.
#[derive(Debug)]
pub(super) struct TextFile {
    /// Where it really lies: people keep such files as links into a folder of their own.
    path: PathBuf,
    /// None when it does not exist.
    bytes: Option<Vec<u8>>,
}

impl TextFile {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        match fs::metadata(&real) {
            Ok(about) if !about.is_file() || about.len() > MOST_BYTES => {
                return Err(Error::new(Kind::Storage, format!("{} is no file of settings.", path.display())));
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self { path: real, bytes: None }),
            Err(error) => return Err(unreadable(path, error)),
        }
        let bytes = fs::read(&real).map_err(|error| unreadable(path, error))?;
        Ok(Self { path: real, bytes: Some(bytes) })
    }

    /// Its text without the mark at its beginning that some editors write; empty when there is none.
    pub(super) fn text(&self) -> Option<&str> {
        let text = std::str::from_utf8(self.bytes.as_deref().unwrap_or_default()).ok()?;
        Some(text.strip_prefix('\u{feff}').unwrap_or(text))
    }

    /// Puts another text in its place; the old one is kept beside it under the name that is given back, unless one from
    /// before is kept there already. When it is to be `private`, nobody else may read it from then on.
    ///
    /// # Errors
    /// The folder cannot be written, or somebody else changed the file meanwhile. It is as it was then.
    pub(super) fn replace(&self, text: &str, private: bool) -> Result<Option<PathBuf>> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))?;
        let before = self.bytes.as_deref().unwrap_or_default();
        let mark = if before.starts_with("\u{feff}".as_bytes()) { "\u{feff}" } else { "" };
        let part = beside(&self.path, &format!(".{}.part", uuid::Uuid::new_v4().simple()));
        let replaced = self.replace_by(&part, &format!("{mark}{text}"), private);
        if replaced.is_err() {
            // The first error is the one that matters.
            let _ = fs::remove_file(&part);
        }
        replaced
    }

    fn replace_by(&self, part: &Path, text: &str, private: bool) -> Result<Option<PathBuf>> {
        let fault = |error| unwritable(&self.path, error);
        let mut options = fs::File::options();
        options.write(true).create_new(true);
        // The other servers' keys are in it too: until it has the old file's rights, and where there was none, it is
        // nobody else's to read.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(part).map_err(fault)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(fault)?;
        drop(file);
        let mut kept = None;
        if let Some(bytes) = &self.bytes {
            let rights = fs::metadata(&self.path).map_err(fault)?.permissions();
            fs::set_permissions(part, if private { own(rights) } else { rights }).map_err(fault)?;
            if fs::read(&self.path).map_err(fault)? != *bytes {
                return Err(Error::new(
                    Kind::Storage,
                    format!("{} was changed meanwhile; it was left alone.", self.path.display()),
                )
                .next("Close the client and run the same command again."));
            }
            let old = beside(&self.path, BEFORE);
            // The first one is the file without us; a later one would be ours.
            if fs::symlink_metadata(&old).is_err() {
                fs::copy(&self.path, &old).map_err(|error| unwritable(&old, error))?;
                kept = Some(old);
            }
        }
        fs::rename(part, &self.path).map_err(fault)?;
        Ok(kept)
    }

    /// Nobody else may read it from now on. For a file that says already what it should.
    pub(super) fn make_private(&self) -> Result<()> {
        let fault = |error| unwritable(&self.path, error);
        let rights = fs::metadata(&self.path).map_err(fault)?.permissions();
        fs::set_permissions(&self.path, own(rights)).map_err(fault)
    }

    /// Whether others on this machine may read it.
    pub(super) fn is_open(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|about| own(about.permissions()) != about.permissions())
    }

    pub(super) fn exists(&self) -> bool {
        self.bytes.is_some()
    }
}

/// The same rights, for the owner alone.
#[cfg(unix)]
fn own(mut rights: fs::Permissions) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    rights.set_mode(rights.mode() & !0o077);
    rights
}

/// A profile folder is private by default there.
#[cfg(not(unix))]
fn own(rights: fs::Permissions) -> fs::Permissions {
    rights
}

/// The same path with something added to its name.
fn beside(path: &Path, added: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(added);
    path.with_file_name(name)
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::storage(format!("{} cannot be read: {error}.", path.display()), error)
}

fn unwritable(path: &Path, error: std::io::Error) -> Error {
    Error::storage(format!("{} cannot be written: {error}.", path.display()), error)
        .next("Make the file writable, or paste what `--print` shows.")
}
