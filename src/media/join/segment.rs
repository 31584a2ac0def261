//! Segments as they come in: can their pictures be copied, and which samples are those?

use std::path::{Path, PathBuf};

use crate::media::mp4::read::{Movie, Sample, Track};
use crate::media::probe::display_size;
use crate::media::{Error, Limits};

/// One input file.
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) movie: Movie,
    pub(super) video: Track,
    /// Size as shown, even.
    pub(super) display: (u32, u32),
    copyable: bool,
}

/// One coded picture that is ready to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) offset: u64,
    pub(super) size: u32,
    /// When it is shown, in ticks of the joined track from the segment's start.
    pub(super) at: u64,
    pub(super) sync: bool,
}

/// The pictures of one segment, in decoding order.
pub(super) struct Strip {
    /// The file that holds them.
    pub(super) path: PathBuf,
    pub(super) pieces: Vec<Piece>,
    /// How long the segment is shown, in ticks of the joined track.
    pub(super) ticks: u64,
    /// Parameter sets, each behind its length, to repeat before every sync picture; empty when all segments share them.
    pub(super) sets: Vec<u8>,
    /// Bytes of the length before each NAL unit.
    pub(super) length_size: usize,
}

impl Segment {
    pub(super) fn open(path: &Path, limits: &Limits) -> Result<Self, Error> {
        let movie = Movie::open(path, limits)?;
        if movie.truncated {
            return Err(Error::Truncated { missing: "part of a segment's media" });
        }
        let no_video = || Error::Undecodable {
            reason: format!("{} has no video track", path.file_name().unwrap_or_default().to_string_lossy()),
        };
        let video = movie.video().cloned().ok_or_else(no_video)?;
        let (width, height) = display_size(&video).ok_or_else(no_video)?;
        let even = |length: u32| length.checked_next_multiple_of(2).ok_or_else(no_video);
        let display = (even(width)?, even(height)?);
        let copyable = copyable(&video, limits)?;
        Ok(Self { path: path.to_owned(), movie, video, display, copyable })
    }

    /// Whether both can stand in one track under one sample description.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        let (a, b) = (&self.video.codec, &other.video.codec);
        let described = if a.name == "h264" { a.config == b.config } else { a.entry == b.entry };
        self.copyable
            && other.copyable
            && (&a.name, a.coded, a.pixel_aspect, a.nclx) == (&b.name, b.coded, b.pixel_aspect, b.nclx)
            && described
    }
}

/// Samples can be copied when they begin with a picture that needs no other and every one of them is shown as it is:
/// a trimmed lead-in, or a turn, cannot be said for a part of a track.
fn copyable(video: &Track, limits: &Limits) -> Result<bool, Error> {
    if video.rotation_deg != 0 || video.edits.len() > 1 || video.codec.entry.is_empty() {
        return Ok(false);
    }
    let samples = video.samples(limits)?;
    let begins_well = samples.first().is_some_and(|first| first.sync);
    Ok(begins_well && samples.iter().all(|s| video.presented(s.pts, s.duration).is_some()))
}

/// The segment that most others agree with, if it can be copied: the first of the largest group. What is to be mixed
/// with pictures that we encode has to be H.264.
pub(super) fn majority(parts: &[Segment]) -> Option<usize> {
    let votes =
        |n: &usize| parts.get(*n).map_or(0, |part| parts.iter().filter(|p| p.agrees_with(part)).count());
    let best = (0..parts.len()).max_by_key(|n| (votes(n), std::cmp::Reverse(*n)))?;
    let part = parts.get(best)?;
    let all = votes(&best) == parts.len();
    let mixable =
        part.video.codec.avc().is_some_and(|avc| avc.facts().is_some_and(|sps| sps.obstacle().is_none()));
    (part.copyable && (all || mixable)).then_some(best)
}

impl Strip {
    /// The samples of a segment as they are.
    pub(super) fn copied(
        part: &Segment,
        timescale: u32,
        mixed: bool,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let track = &part.video;
        let rescale = |ticks: u64| {
            let scaled = (u128::from(ticks) * u128::from(timescale) + u128::from(track.timescale / 2))
                / u128::from(track.timescale);
            u64::try_from(scaled).unwrap_or(u64::MAX)
        };
        let mut end = 0;
        let mut pieces = Vec::new();
        let samples = track.samples(limits)?;
        apart(&part.path, &samples)?;
        for sample in samples {
            let Some((at, lasts)) = track.presented(sample.pts, sample.duration) else { continue };
            end = end.max(at.saturating_add(lasts));
            pieces.push(Piece {
                offset: sample.offset,
                size: sample.size,
                at: rescale(at),
                sync: sample.sync,
            });
        }
        let avc = track.codec.avc();
        let length_size = avc.as_ref().map_or(4, |avc| avc.length_size);
        let sets = match avc.filter(|_| mixed) {
            Some(avc) => prefixed(avc.sps.iter().chain(&avc.pps).map(Vec::as_slice), length_size)?,
            None => Vec::new(),
        };
        Ok(Self { path: part.path.clone(), pieces, ticks: rescale(end), sets, length_size })
    }
}

/// Samples that lie upon each other could make a disk full of a small file.
pub(super) fn apart(path: &Path, samples: &[Sample]) -> Result<(), Error> {
    let bytes = samples.iter().map(|sample| u64::from(sample.size)).fold(0, u64::saturating_add);
    match bytes <= std::fs::metadata(path)?.len() {
        true => Ok(()),
        false => Err(Error::Malformed { what: "its samples lie upon each other" }),
    }
}

/// NAL units, each behind its length.
pub(super) fn prefixed<'a>(
    nals: impl Iterator<Item = &'a [u8]>,
    length_size: usize,
) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    for nal in nals {
        let len = (nal.len() as u64).to_be_bytes();
        let (high, low) = len.split_at(8 - length_size.min(8));
        if high.iter().any(|byte| *byte != 0) {
            return Err(Error::Unencodable {
                reason: "a picture is too large for the other segments' format".into(),
            });
        }
        out.extend_from_slice(low);
        out.extend_from_slice(nal);
    }
    Ok(out)
}
