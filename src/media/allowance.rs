//! An allowance for readers that are not ours: so many bytes at a time, and none when the time is up.
//!
//! They believe the lengths that a file states, and would hold gigabytes of one in memory if it has them. Their own
//! error for a refused byte says nothing, so the reason is kept here.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use symphonia::core::io::MediaSource;

use super::audio::id3v2_len;
use super::{Error, Limits};

/// What may still be read. Clones share it.
#[derive(Clone)]
pub(crate) struct Allowance {
    left: Arc<AtomicU64>,
    limits: Limits,
}

impl Allowance {
    /// As much as headers may have.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { left: Arc::new(AtomicU64::new(limits.header_bytes)), limits: limits.clone() }
    }

    /// As much again, for the next packet and what lies before it.
    pub(crate) fn renew(&self) {
        self.left.store(self.limits.header_bytes, Ordering::Relaxed);
    }

    /// Why the last bytes were refused, if they were.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.limits.go_on()?;
        match self.left.load(Ordering::Relaxed) {
            0 => Err(Error::TooBig { what: "bytes read at a time", limit: self.limits.header_bytes }),
            _ => Ok(()),
        }
    }

    /// The file, within the allowance, from behind the ID3 tag that may stand before its sound: the readers know no
    /// such tags, look for sound in them (a cover is megabytes) and give up.
    pub(crate) fn open(&self, path: &Path) -> io::Result<Rationed> {
        let mut file = File::open(path)?;
        let mut head = Vec::new();
        (&mut file).take(10).read_to_end(&mut head)?;
        let whole = file.metadata()?.len();
        let start = (id3v2_len(&head) as u64).min(whole);
        file.seek(SeekFrom::Start(start))?;
        Ok(Rationed { file, start, length: whole - start, allowance: self.clone() })
    }
}

/// A file that gives no more than is allowed.
pub(crate) struct Rationed {
    file: File,
    /// Where it begins for its reader.
    start: u64,
    length: u64,
    allowance: Allowance,
}

impl Read for Rationed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let refused = |_| io::Error::other("no more of this file may be read");
        self.allowance.check().map_err(refused)?;
        let left = &self.allowance.left;
        let room = left.load(Ordering::Relaxed).min(buffer.len() as u64) as usize;
        let read = self.file.read(buffer.get_mut(..room).unwrap_or_default())?;
        left.fetch_sub(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl Seek for Rationed {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => SeekFrom::Start(at.saturating_add(self.start)),
            other => other,
        };
        let at = self.file.seek(to)?;
        at.checked_sub(self.start).ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }
}

impl MediaSource for Rationed {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length)
    }
}
