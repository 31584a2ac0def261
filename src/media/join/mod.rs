//! Joining: several segments become one MP4, copied where their coding agrees, re-encoded only where it does not.

mod mux;
mod reencode;
mod segment;
mod sound;

use std::fs::File;
use std::path::{Path, PathBuf};

use segment::{Segment, Strip};

use super::mp4::entry;
use super::mp4::write::{self, TrackKind};
use super::{Error, Limits};

/// What was made of the segments.
#[derive(Clone, Debug, PartialEq)]
pub struct Joined {
    /// Size of the file.
    pub bytes: u64,
    /// Length in seconds.
    pub duration_s: f64,
    /// Which segments, counted from zero, had their pictures encoded anew.
    pub reencoded: Vec<usize>,
    /// Whether the sound was encoded anew, because the segments' sound differed or some had none.
    pub sound_reencoded: bool,
}

/// Ticks per second when no segment's own timescale can be kept.
const TIMESCALE: u32 = 90_000;

/// Joins segments in order into a new file with the index in front.
///
/// Every segment keeps its presented length and its sound stays within half a packet of its pictures. Segments that
/// differ from the majority in codec, size or parameter sets are decoded, scaled (with a blurred copy behind, if the
/// shape differs) and encoded. Sound is copied when it is alike everywhere; otherwise all of it becomes stereo at
/// 48 kHz, with silence where a segment has none.
///
/// # Errors
/// [`Error::Undecodable`] naming the segment, when one has to be encoded anew and cannot be decoded;
/// [`Error::Unencodable`]; [`Error::Io`] also when `output` exists already; the errors of reading an MP4.
pub fn join(segments: &[PathBuf], output: &Path, limits: &Limits) -> Result<Joined, Error> {
    let parts = segments.iter().map(|path| Segment::open(path, limits)).collect::<Result<Vec<_>, _>>()?;
    if parts.is_empty() {
        return Err(Error::Malformed { what: "there is nothing to join" });
    }
    let file = File::options().read(true).write(true).create_new(true).open(output)?;
    let spool = Spool { path: spool_path(output) };
    let joined = into_file(&parts, file, &spool, limits);
    if joined.is_err() {
        // Nothing half-written stays behind; the first error is the one that matters.
        let _ = std::fs::remove_file(output);
    }
    joined
}

/// A file beside the output for what is encoded anew; removed when the work ends, well or not.
struct Spool {
    path: PathBuf,
}

impl Spool {
    fn create(&self, name: &str) -> Result<(PathBuf, File), Error> {
        let path = self.path.with_extension(name);
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        Ok((path, file))
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        for name in ["pictures", "sound"] {
            let _ = std::fs::remove_file(self.path.with_extension(name));
        }
    }
}

fn spool_path(output: &Path) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_owned();
    name.push(".joining.spool");
    output.with_file_name(name)
}

fn into_file(parts: &[Segment], file: File, spool: &Spool, limits: &Limits) -> Result<Joined, Error> {
    let model = segment::majority(parts);
    let odd: Vec<usize> = (0..parts.len()).filter(|n| !alike(parts, model, *n)).collect();
    let (timescale, target) = match model.and_then(|n| parts.get(n)) {
        Some(model) => (model.video.timescale, model.video.codec.coded.unwrap_or(model.display)),
        None => (TIMESCALE, parts.first().map_or((2, 2), |first| first.display)),
    };
    let mut encoder = reencode::Recoder::new(target, timescale, model.and_then(|n| parts.get(n)));
    if !odd.is_empty() {
        encoder.open(spool)?;
    }
    let mut strips: Vec<Strip> = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        limits.go_on()?;
        strips.push(if odd.contains(&number) {
            encoder.encode(part, limits).map_err(|error| naming(part, error))?
        } else {
            Strip::copied(part, timescale, !odd.is_empty(), limits)?
        });
    }
    let ends: Vec<u64> = strips
        .iter()
        .scan(0, |end, strip| {
            *end += strip.ticks;
            Some(*end)
        })
        .collect();
    let entry = match model.and_then(|n| parts.get(n)) {
        Some(model) => model.video.codec.entry.clone(),
        None => entry::avc1(target.0, target.1, encoder.avcc()),
    };
    let (width, height) = model.and_then(|n| parts.get(n)).map_or(target, |model| model.display);
    let video = mux::Pictures { strips, entry, timescale, kind: TrackKind::Video { width, height } };
    let seconds: Vec<f64> = ends.iter().map(|end| *end as f64 / f64::from(timescale)).collect();
    let sound = sound::assemble(parts, &seconds, spool, limits)?;
    let sound_reencoded = sound.as_ref().is_some_and(|sound| sound.reencoded);
    let count = video.strips.iter().map(|s| s.pieces.len()).sum::<usize>()
        + sound.as_ref().map_or(0, |sound| sound.packets.len());
    let writer = write::Writer::new(file, count)?;
    let bytes = mux::mux(writer, &video, sound, limits)?;
    Ok(Joined { bytes, duration_s: seconds.last().copied().unwrap_or(0.0), reencoded: odd, sound_reencoded })
}

fn alike(parts: &[Segment], model: Option<usize>, number: usize) -> bool {
    match (model.and_then(|n| parts.get(n)), parts.get(number)) {
        (Some(model), Some(part)) => part.agrees_with(model),
        _ => false,
    }
}

fn naming(part: &Segment, error: Error) -> Error {
    match error {
        Error::Undecodable { reason } => {
            let name = part.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Error::Undecodable { reason: format!("segment {name} has to be encoded anew, but {reason}") }
        }
        other => other,
    }
}
