//! Rows that survive a kill: one JSON file each, replaced atomically.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Error;

/// A table: every row in memory, and each change in its file before it counts.
///
/// Rows are small and changes rare, so the lock is held while a row is written.
#[derive(Debug)]
pub(super) struct Table<T> {
    folder: PathBuf,
    rows: Mutex<HashMap<String, T>>,
}

#[derive(Serialize, Deserialize)]
struct OnDisk<T> {
    id: String,
    row: T,
}

impl<T: Clone + Serialize + DeserializeOwned> Table<T> {
    /// Reads the table back, or begins an empty one.
    pub(super) fn open(folder: PathBuf) -> Result<Self, Error> {
        let trouble = |source| Error::Folder { path: folder.clone(), source };
        fs::create_dir_all(&folder).map_err(trouble)?;
        let mut rows = HashMap::new();
        for entry in fs::read_dir(&folder).map_err(trouble)? {
            let path = entry.map_err(trouble)?.path();
            if path.extension().is_none_or(|end| end != "json") {
                continue;
            }
            let text =
                fs::read_to_string(&path).map_err(|source| Error::Folder { path: path.clone(), source })?;
            // What a power cut leaves of a row that it came too early for; a mere kill does not.
            if text.is_empty() {
                continue;
            }
            let read: OnDisk<T> = serde_json::from_str(&text).map_err(|error| Error::BadFile {
                path,
                reason: format!("not a row of the sandbox: {error}"),
            })?;
            rows.insert(read.id, read.row);
        }
        Ok(Self { folder, rows: Mutex::new(rows) })
    }

    pub(super) fn get(&self, id: &str) -> Option<T> {
        self.rows().get(id).cloned()
    }

    /// The first row that fits.
    pub(super) fn find(&self, fits: impl Fn(&T) -> bool) -> Option<T> {
        self.rows().values().find(|row| fits(row)).cloned()
    }

    pub(super) fn count(&self, fits: impl Fn(&T) -> bool) -> usize {
        self.rows().values().filter(|row| fits(row)).count()
    }

    /// Folds over all rows, in no order, under the lock.
    pub(super) fn fold<A>(&self, start: A, with: impl FnMut(A, &T) -> A) -> A {
        self.rows().values().fold(start, with)
    }

    /// The ids of all rows, in no order.
    pub(super) fn ids(&self) -> Vec<String> {
        self.rows().keys().cloned().collect()
    }

    /// Adds a row; `false` when the id is taken, and then nothing changes.
    pub(super) fn insert(&self, id: &str, row: T) -> io::Result<bool> {
        let mut rows = self.rows();
        if rows.contains_key(id) {
            return Ok(false);
        }
        self.write(id, &row)?;
        rows.insert(id.to_owned(), row);
        Ok(true)
    }

    /// Sets a row, new or not.
    pub(super) fn put(&self, id: &str, row: T) -> io::Result<()> {
        let mut rows = self.rows();
        self.write(id, &row)?;
        rows.insert(id.to_owned(), row);
        Ok(())
    }

    /// Changes a row under the lock; `None` when there is none.
    pub(super) fn change<R>(&self, id: &str, with: impl FnOnce(&mut T) -> R) -> io::Result<Option<R>> {
        let mut rows = self.rows();
        let Some(row) = rows.get(id) else { return Ok(None) };
        let mut next = row.clone();
        let result = with(&mut next);
        self.write(id, &next)?;
        rows.insert(id.to_owned(), next);
        Ok(Some(result))
    }

    pub(super) fn remove(&self, id: &str) -> io::Result<()> {
        let mut rows = self.rows();
        if rows.remove(id).is_some() {
            fs::remove_file(self.path_of(id))?;
        }
        Ok(())
    }

    pub(super) fn clear(&self) -> io::Result<()> {
        let mut rows = self.rows();
        for (id, _) in rows.drain() {
            fs::remove_file(self.path_of(&id))?;
        }
        Ok(())
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<String, T>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, id: &str, row: &T) -> io::Result<()> {
        let path = self.path_of(id);
        let text = serde_json::to_vec(&OnDisk { id: id.to_owned(), row })?;
        replace(&path, &text)
    }

    fn path_of(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{}.json", file_stem(id)))
    }
}

/// A file name for an id that a client chose: readable, never a path, distinct where case does not count.
pub(super) fn file_stem(id: &str) -> String {
    let plain: String = id
        .chars()
        .map(|letter| match letter {
            'a'..='z' | '0'..='9' | '_' | '-' => letter,
            _ => '-',
        })
        .take(48)
        .collect();
    if plain == id { plain } else { format!("{plain}.{}", short_hash(id)) }
}

/// The first 12 hex digits of the SHA-256.
pub(super) fn short_hash(of: &str) -> String {
    hex(&Sha256::digest(of.as_bytes()))[..12].to_owned()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file so that a reader, and a restart after a kill, sees the old bytes or the new ones.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = fs::File::create(&fresh)?;
    file.write_all(bytes)?;
    fs::rename(&fresh, path)
}
