//! A staged file: what is being fetched lies in a part file until it is whole, and then appears under its name at once.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use crate::error::{Error, Result};

/// A part file that grows, with the sum of what it holds.
#[derive(Debug)]
pub struct Staged {
    path: PathBuf,
    file: File,
    bytes: u64,
    sum: Sha256,
}

/// What a finished part file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downloaded {
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
}

impl Staged {
    /// Opens or creates the part file; what an earlier attempt left is kept and summed again.
    ///
    /// # Errors
    /// [`Storage`](crate::error::Kind::Storage).
    pub async fn open(path: &Path) -> Result<Self> {
        let cannot = |error| Error::storage(format!("The file {} cannot be written.", path.display()), error);
        let mut file =
            OpenOptions::new().create(true).read(true).append(true).open(path).await.map_err(cannot)?;
        let earlier = path.to_owned();
        let (bytes, sum) = tokio::task::spawn_blocking(move || sum_of(&earlier))
            .await
            .map_err(|error| Error::internal("Summing a file was interrupted.").because(error))?
            .map_err(cannot)?;
        file.seek(io::SeekFrom::End(0)).await.map_err(cannot)?;
        Ok(Self { path: path.to_owned(), file, bytes, sum })
    }

    /// How much there is.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds to the end.
    ///
    /// # Errors
    /// [`Storage`](crate::error::Kind::Storage), for example when the disk is full.
    pub async fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).await.map_err(|error| self.cannot(error))?;
        self.sum.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Throws away what there is.
    ///
    /// # Errors
    /// [`Storage`](crate::error::Kind::Storage).
    pub async fn restart(&mut self) -> Result<()> {
        self.file.flush().await.map_err(|error| self.cannot(error))?;
        self.file.set_len(0).await.map_err(|error| self.cannot(error))?;
        self.bytes = 0;
        self.sum = Sha256::new();
        Ok(())
    }

    /// Hands everything to the operating system, so that a later attempt can go on from here.
    ///
    /// # Errors
    /// [`Storage`](crate::error::Kind::Storage): a full disk may show only here.
    pub async fn flush(&mut self) -> Result<()> {
        self.file.flush().await.map_err(|error| self.cannot(error))
    }

    /// Puts everything on the disk.
    ///
    /// # Errors
    /// [`Storage`](crate::error::Kind::Storage).
    pub async fn finish(mut self) -> Result<Downloaded> {
        self.flush().await?;
        self.file.sync_all().await.map_err(|error| self.cannot(error))?;
        let sha256 = self.sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Downloaded { bytes: self.bytes, sha256 })
    }

    fn cannot(&self, error: io::Error) -> Error {
        let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        let name = self.path.display();
        if full {
            Error::storage(format!("The disk is full: {name} cannot grow."), error)
                .next("Free some space and call again; what was fetched so far is kept.")
        } else {
            Error::storage(format!("The file {name} cannot be written."), error)
        }
    }
}

/// The SHA-256 of a file in lower-case hexadecimal digits.
///
/// # Errors
/// When it cannot be read.
pub fn sha256_of(path: &Path) -> io::Result<String> {
    Ok(sum_of(path)?.1.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn sum_of(path: &Path) -> io::Result<(u64, Sha256)> {
    let (mut file, mut bytes, mut sum) = (fs::File::open(path)?, 0, Sha256::new());
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut piece)?;
        let Some(piece) = piece.get(..read).filter(|piece| !piece.is_empty()) else {
            return Ok((bytes, sum));
        };
        sum.update(piece);
        bytes += read as u64;
    }
}

/// Gives a finished part file its name, in the same folder, in one step, without ever replacing a file: `clip.mp4`
/// becomes `clip-2.mp4` when it is taken. Returns the name that it got.
///
/// # Errors
/// [`Storage`](crate::error::Kind::Storage).
pub fn publish(part: &Path, wanted: &Path) -> Result<PathBuf> {
    let cannot = |error| Error::storage(format!("The file {} cannot be created.", wanted.display()), error);
    for number in 1..=9_999 {
        let name = numbered(wanted, number);
        match claim(part, &name) {
            Ok(()) => {
                sync_folder(&name).map_err(cannot)?;
                return Ok(name);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(cannot(error)),
        }
    }
    Err(cannot(io::ErrorKind::AlreadyExists.into()))
}

/// Moves `part` to `name` unless that exists.
fn claim(part: &Path, name: &Path) -> io::Result<()> {
    match fs::hard_link(part, name) {
        Ok(()) => fs::remove_file(part),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if !part.exists() => Err(io::ErrorKind::NotFound.into()),
        // Some file systems have no links: take the name with an empty file, then replace that one, which is ours.
        Err(_) => {
            fs::OpenOptions::new().write(true).create_new(true).open(name)?;
            fs::rename(part, name).inspect_err(|_| {
                // The empty placeholder must not pass for a video; the rename's own error is what matters.
                let _ = fs::remove_file(name);
            })
        }
    }
}

/// `clip.mp4`, `clip-2.mp4`, `clip-3.mp4`…
fn numbered(wanted: &Path, number: u32) -> PathBuf {
    if number == 1 {
        return wanted.to_owned();
    }
    let mut name = wanted.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = wanted.extension() {
        name.push(".");
        name.push(extension);
    }
    wanted.with_file_name(name)
}

/// Makes the new name itself survive a power cut, where the system allows it.
fn sync_folder(name: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishing_never_replaces() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = folder.path().join("clip.mp4");
        for (words, expected) in [("one", "clip.mp4"), ("two", "clip-2.mp4"), ("three", "clip-3.mp4")] {
            let part = folder.path().join("job.part");
            fs::write(&part, words).unwrap();
            let name = publish(&part, &wanted).unwrap();
            assert_eq!(name, folder.path().join(expected));
            assert_eq!(fs::read_to_string(name).unwrap(), words);
            assert!(!part.exists());
        }
        assert!(publish(&folder.path().join("none.part"), &wanted).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[tokio::test]
    async fn a_part_file_is_continued() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job.part");
        let mut staged = Staged::open(&path).await.unwrap();
        staged.append(b"ab").await.unwrap();
        staged.flush().await.unwrap();
        drop(staged);
        let mut staged = Staged::open(&path).await.unwrap();
        assert_eq!(staged.bytes(), 2);
        staged.append(b"c").await.unwrap();
        let whole = staged.finish().await.unwrap();
        assert_eq!(whole.bytes, 3);
        assert_eq!(whole.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let mut staged = Staged::open(&path).await.unwrap();
        staged.restart().await.unwrap();
        staged.append(b"abc").await.unwrap();
        assert_eq!(staged.finish().await.unwrap(), whole);
        assert_eq!(fs::read(path).unwrap(), b"abc");
    }
}
