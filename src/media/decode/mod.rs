//! Decoding: the pictures of an H.264 file in the order and orientation in which they are shown.

mod stream;
mod turn;

use std::collections::BTreeMap;
use std::path::Path;

pub(crate) use stream::{SampleKind, Stream};
pub(crate) use turn::turned;

use super::frame::Frame;
use super::{Error, Limits};

/// More pictures than H.264 lets a stream hold back; a file that wants more lies about its times.
const MAX_REORDER: usize = 32;

/// Which coefficients turn the file's colours into RGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matrix {
    /// ITU-R BT.601, standard definition.
    Bt601,
    /// ITU-R BT.709, high definition.
    Bt709,
}

/// Facts of the video track that is being decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoInfo {
    /// Width of the frames that come out, after cropping and turning.
    pub width: u32,
    /// Height of the frames that come out.
    pub height: u32,
    /// Size at which to show them: differs from the above when pixels are not square.
    pub display: (u32, u32),
    /// Clockwise turn, already applied to the frames.
    pub rotation_deg: u32,
    /// Length as presented.
    pub duration_ms: u64,
    /// Average pictures per second.
    pub fps: f64,
    /// Pictures in the file, those that an edit list hides included.
    pub frames: u64,
    /// Colour coefficients; by size when the file does not say.
    pub matrix: Matrix,
    /// Whether samples use 0..=255 instead of 16..=235.
    pub full_range: bool,
}

/// One picture and when it is shown.
#[derive(Clone, Debug)]
pub struct TimedFrame {
    /// The picture, cropped and turned.
    pub frame: Frame,
    /// Milliseconds from the start of the presentation.
    pub at_ms: u64,
    /// How long it is shown.
    pub duration_ms: u64,
}

/// Decodes a file from its beginning, in presentation order.
pub struct Decoder {
    stream: Stream,
    /// Next sample to decode.
    next: usize,
    /// The earliest time of all samples from each index on: what is earlier than that can be shown.
    earliest_from: Vec<i64>,
    waiting: BTreeMap<(i64, usize), Frame>,
    shown: u64,
    damaged: u64,
    cut: bool,
}

impl Decoder {
    /// Opens an MP4 or MOV file with H.264 video and reads what it needs before decoding.
    ///
    /// # Errors
    /// [`Error::Undecodable`] with the reason (codec, bit depth, chroma, interlacing), [`Error::TooBig`] beyond the
    /// limits, and those of [`super::probe::probe`].
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, Error> {
        let stream = Stream::open(path, limits)?;
        let mut earliest = i64::MAX;
        let mut earliest_from: Vec<i64> = stream
            .samples()
            .iter()
            .rev()
            .map(|sample| {
                earliest = earliest.min(sample.pts);
                earliest
            })
            .collect();
        earliest_from.reverse();
        Ok(Self {
            stream,
            next: 0,
            earliest_from,
            waiting: BTreeMap::new(),
            shown: 0,
            damaged: 0,
            cut: false,
        })
    }

    /// Facts of the track.
    #[must_use]
    pub fn info(&self) -> &VideoInfo {
        &self.stream.info
    }

    /// How many samples gave no picture so far: damaged, or past the end of a cut file.
    #[must_use]
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// The next picture; `None` after the last. Damaged pictures are left out and counted.
    ///
    /// # Errors
    /// [`Error::Undecodable`] for coding tools that turn up only inside the stream, [`Error::Malformed`] when not one
    /// picture could be decoded, [`Error::TooBig`] and [`Error::Stopped`] by the limits, [`Error::Io`].
    pub fn next_frame(&mut self) -> Result<Option<TimedFrame>, Error> {
        loop {
            let pending = if self.cut { None } else { self.earliest_from.get(self.next).copied() };
            let ready =
                self.waiting.keys().next().is_some_and(|(pts, _)| pending.is_none_or(|next| *pts < next));
            if ready && let Some(((_, index), frame)) = self.waiting.pop_first() {
                let Some((at_ms, duration_ms)) = self.stream.shown_ms(index) else { continue };
                self.shown += 1;
                let frame = turned(frame, self.stream.info.rotation_deg);
                return Ok(Some(TimedFrame { frame, at_ms, duration_ms }));
            }
            if pending.is_none() {
                return match (self.shown, self.damaged) {
                    (0, 1..) => Err(Error::Malformed { what: "none of its pictures could be decoded" }),
                    _ => Ok(None),
                };
            }
            self.decode_next()?;
        }
    }

    fn decode_next(&mut self) -> Result<(), Error> {
        let index = self.next;
        self.next += 1;
        match self.stream.decode(index) {
            Ok(Some(frame)) => {
                if self.waiting.len() >= MAX_REORDER {
                    return Err(Error::Malformed { what: "it shows pictures too far out of order" });
                }
                let pts = self.stream.samples().get(index).map_or(0, |sample| sample.pts);
                self.waiting.insert((pts, index), frame);
            }
            Ok(None) => self.damaged += 1,
            Err(Error::Truncated { .. }) => {
                self.damaged += 1;
                self.cut = true;
            }
            Err(other) => return Err(other),
        }
        Ok(())
    }
}
