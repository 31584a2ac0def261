//! A file opened for bounded random access: headers are charged to a budget, sample data to a size limit.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::{Error, Limits};

/// A regular file, its length at opening, and what may still be read of its headers.
pub(crate) struct Source {
    file: File,
    len: u64,
    header_budget: u64,
    limits: Limits,
}

impl Source {
    /// Opens a regular file; a pipe or a device would block or never end.
    pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Self, Error> {
        let metadata = std::fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(std::io::Error::from(std::io::ErrorKind::IsADirectory).into());
        }
        if !metadata.is_file() {
            return Err(Error::NotMedia { looks_like: "a device or a pipe" });
        }
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        if len == 0 {
            return Err(Error::NotMedia { looks_like: "an empty file" });
        }
        Ok(Self { file, len, header_budget: limits.header_bytes, limits: limits.clone() })
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Exactly `len` bytes of headers or tables at `offset`.
    pub(crate) fn header(&mut self, offset: u64, len: u64) -> Result<Vec<u8>, Error> {
        let bytes = self.header_up_to(offset, len)?;
        if (bytes.len() as u64) < len {
            return Err(Error::Truncated { missing: "its headers or index" });
        }
        Ok(bytes)
    }

    /// Up to `len` bytes of headers at `offset`: fewer at the end of the file.
    pub(crate) fn header_up_to(&mut self, offset: u64, len: u64) -> Result<Vec<u8>, Error> {
        self.limits.go_on()?;
        let len = len.min(self.len.saturating_sub(offset));
        self.header_budget = self
            .header_budget
            .checked_sub(len)
            .ok_or(Error::TooBig { what: "bytes of headers", limit: self.limits.header_bytes })?;
        self.read(offset, len)
    }

    /// One coded picture or packet.
    #[cfg(feature = "studio")]
    pub(crate) fn sample(&mut self, offset: u64, len: u64) -> Result<Vec<u8>, Error> {
        self.limits.go_on()?;
        if len > self.limits.sample_bytes {
            return Err(Error::TooBig {
                what: "bytes in one coded picture",
                limit: self.limits.sample_bytes,
            });
        }
        if offset.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(Error::Truncated { missing: "the data of a picture or packet" });
        }
        self.read(offset, len)
    }

    fn read(&mut self, offset: u64, len: u64) -> Result<Vec<u8>, Error> {
        self.file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::with_capacity(len.min(1 << 20) as usize);
        // `take` and a growing buffer: a file that shrinks while it is read gives fewer bytes, not an allocation.
        (&mut self.file).take(len).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}
