//! Media files: what is in them, and how they are decoded, drawn and written.
//!
//! Everything here reads bytes that a stranger may have made. So every reader works inside [`Limits`], trusts no
//! length that a file states, and ends in a value or an [`Error`], never in a panic.

#[cfg(feature = "studio")]
pub mod aac;
#[cfg(feature = "studio")]
pub(crate) mod allowance;
mod audio;
mod avi;
pub mod check;
mod cursor;
#[cfg(feature = "studio")]
pub mod decode;
#[cfg(feature = "studio")]
pub mod encode;
mod fault;
#[cfg(feature = "studio")]
pub mod ffmpeg;
pub mod frame;
mod gif;
mod h264;
#[cfg(feature = "studio")]
pub mod join;
#[cfg(feature = "studio")]
pub mod last_frame;
mod matroska;
pub mod mp4;
#[cfg(feature = "studio")]
pub mod picture;
pub mod probe;
pub mod scale;
#[cfg(feature = "studio")]
pub mod sheet;
#[cfg(feature = "studio")]
pub(crate) mod shots;
pub mod sniff;
#[cfg(feature = "studio")]
pub mod sound;
mod source;
#[cfg(feature = "studio")]
mod sps;
mod still;

use std::fmt;
use std::sync::Arc;

/// Why a file could not be read; one variant for each thing that a caller would do differently.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused: missing, unreadable, a folder, a full disk.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The content is none of the formats of [`sniff::Format`], whatever its name says.
    #[error("not a media file: it looks like {looks_like}")]
    NotMedia {
        /// A guess in words, such as "a PDF document".
        looks_like: &'static str,
    },
    /// The file ends before what it announces; a download that stopped, or a recording that was never closed.
    #[error("the file is cut off: {missing}")]
    Truncated {
        /// What is not there.
        missing: &'static str,
    },
    /// The file contradicts itself or its format.
    #[error("the file is damaged: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// The file may be fine, but the built-in decoders do not read this kind.
    #[error("cannot be decoded here: {reason}")]
    Undecodable {
        /// Codec and property that stand in the way, and a way out.
        reason: String,
    },
    /// The built-in encoders refused what they were given.
    #[error("could not be encoded: {reason}")]
    Unencodable {
        /// What the encoder said.
        reason: String,
    },
    /// Reading on would pass one of the [`Limits`].
    #[error("too big to open safely: {what} (limit {limit})")]
    TooBig {
        /// Which quantity, in words.
        what: &'static str,
        /// The limit it would pass.
        limit: u64,
    },
    /// The caller's [`Limits::stop`] said so: the time is up or the work was cancelled.
    #[error("stopped before it was finished: the time allowed is used up")]
    Stopped,
}

/// How much of a stranger's file may be read, held and decoded.
#[derive(Clone)]
pub struct Limits {
    /// Bytes of headers, indexes and tables read per file. Sample data does not count.
    pub header_bytes: u64,
    /// Entries of one track's sample table, or elements walked in another container.
    pub samples: u64,
    /// Samples of luma in one picture. The default takes 4096x2304 and refuses 8K.
    pub pixels: u64,
    /// Pictures decoded per opened file.
    pub frames: u64,
    /// Bytes of one coded picture or audio packet.
    pub sample_bytes: u64,
    /// Asked between units of work of at most a few milliseconds; `true` ends the work with [`Error::Stopped`].
    /// A deadline or a cancelled job, as the caller likes.
    pub stop: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes: 48 << 20,
            samples: 2_000_000,
            pixels: 4096 * 2304,
            frames: 250_000,
            sample_bytes: 32 << 20,
            stop: None,
        }
    }
}

impl Limits {
    /// The same limits, ended at a point in time.
    #[must_use]
    pub fn until(mut self, deadline: std::time::Instant) -> Self {
        self.stop = Some(Arc::new(move || std::time::Instant::now() >= deadline));
        self
    }

    /// An error when the caller wants the work to end.
    pub(crate) fn go_on(&self) -> Result<(), Error> {
        match &self.stop {
            Some(stop) if stop() => Err(Error::Stopped),
            _ => Ok(()),
        }
    }

    /// An error for a picture whose luma plane is empty or larger than allowed.
    pub(crate) fn picture(&self, width: u64, height: u64) -> Result<(), Error> {
        if width == 0 || height == 0 {
            return Err(Error::Malformed { what: "a picture without width or height" });
        }
        match width.checked_mul(height) {
            Some(pixels) if pixels <= self.pixels => Ok(()),
            _ => Err(Error::TooBig { what: "pixels in a picture", limit: self.pixels }),
        }
    }
}

/// A JPEG as PNG, for terminals that read nothing else.
///
/// # Errors
/// [`Error::Undecodable`], also in a build without decoders.
#[cfg(feature = "studio")]
pub fn as_png(jpeg: &[u8]) -> Result<Vec<u8>, Error> {
    picture::from_jpeg(jpeg, &Limits::default())?.png()
}

/// Needs the feature studio.
///
/// # Errors
/// Always [`Error::Undecodable`].
#[cfg(not(feature = "studio"))]
pub fn as_png(_: &[u8]) -> Result<Vec<u8>, Error> {
    Err(Error::Undecodable { reason: "this build has no decoders".to_owned() })
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits")
            .field("header_bytes", &self.header_bytes)
            .field("samples", &self.samples)
            .field("pixels", &self.pixels)
            .field("frames", &self.frames)
            .field("sample_bytes", &self.sample_bytes)
            .field("stop", &self.stop.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests;
