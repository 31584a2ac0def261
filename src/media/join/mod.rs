//! Joining: several segments become one MP4, copied where their coding agrees, re-encoded only where it does not.

mod mux;
mod reencode;
mod segment;
mod sound;

use std::cell::RefCell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use segment::{Segment, Strip};

use super::ffmpeg::Ffmpeg;
use super::mp4::entry;
use super::mp4::write::{self, TrackKind};
use super::{Error, Limits};

/// What was made of the segments.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Joined {
    /// Size of the file.
    pub bytes: u64,
    /// Length in seconds.
    pub duration_s: f64,
    /// Which segments, counted from zero, had their pictures encoded anew; all others were copied as they are.
    pub reencoded: Vec<usize>,
    /// Whether the sound was encoded anew, because the segments' sound differed or some had none.
    pub sound_reencoded: bool,
    /// Which segments an installed ffmpeg had a hand in.
    pub by_ffmpeg: Vec<usize>,
}

/// Why nothing was joined.
#[derive(Debug)]
pub struct Fault {
    /// Which segment stands in the way, counted from zero; none when it is not one of them alone.
    pub segment: Option<usize>,
    /// What is wrong.
    pub error: Error,
}

impl Fault {
    fn of(number: usize) -> impl Fn(Error) -> Self {
        move |error| Self { segment: Some(number), error }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self { segment: None, error }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Error::from(error).into()
    }
}

/// Ticks per second when no segment's own timescale can be kept.
const TIMESCALE: u32 = 90_000;

/// What the least joining may take.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// What a mebibyte more may take: encoding half a minute of thrifty pictures anew on a slow machine.
const PATIENCE_PER_MIB: Duration = Duration::from_secs(30);

/// Longer than any honest joining of these files takes; what takes longer was made to.
#[must_use]
pub fn patience(segments: &[PathBuf]) -> Duration {
    let bytes = |path: &PathBuf| std::fs::metadata(path).map_or(0, |facts| facts.len());
    let mib = segments.iter().map(bytes).fold(0u64, u64::saturating_add) >> 20;
    PATIENCE_PER_MIB.saturating_mul(u32::try_from(mib).unwrap_or(u32::MAX)).saturating_add(PATIENCE)
}

/// Joins segments in order into a new file with the index in front.
///
/// Every segment keeps its presented length and its sound stays within half a packet of its pictures. Segments that
/// differ from the majority in codec, size or parameter sets are decoded, scaled (with a blurred copy behind, if the
/// shape differs) and encoded. Sound is copied when it is alike everywhere; otherwise all of it becomes stereo at
/// 48 kHz, with silence where a segment has none.
///
/// # Errors
/// [`Error::Undecodable`] naming the segment, when one has to be encoded anew and cannot be decoded;
/// [`Error::Unencodable`]; [`Error::Io`] also when `output` exists already; the errors of reading an MP4. Nothing
/// half-written stays behind.
pub fn join(segments: &[PathBuf], output: &Path, limits: &Limits) -> Result<Joined, Error> {
    join_with(segments, output, None, limits).map_err(|fault| fault.error)
}

/// [`join`], with an installed ffmpeg for what has to be encoded anew and for files that the built-in decoder does not
/// read.
///
/// # Errors
/// As [`join`], with the segment that stands in the way; [`Error::Undecodable`] with ffmpeg's words when it cannot read
/// a segment either.
pub fn join_with(
    segments: &[PathBuf],
    output: &Path,
    ffmpeg: Option<&Ffmpeg>,
    limits: &Limits,
) -> Result<Joined, Fault> {
    if segments.is_empty() {
        return Err(Error::Malformed { what: "there is nothing to join" }.into());
    }
    let file = File::options().read(true).write(true).create_new(true).open(output)?;
    let work = Work { segments, spool: Spool::beside(output), ffmpeg, limits };
    let joined = work.into_file(file);
    if joined.is_err() {
        // The first error is the one that matters.
        let _ = std::fs::remove_file(output);
    }
    joined
}

/// Files beside the output for what is encoded anew; removed when the work ends, well or not.
struct Spool {
    path: PathBuf,
    made: RefCell<Vec<PathBuf>>,
}

impl Spool {
    fn beside(output: &Path) -> Self {
        let mut name = output.file_name().unwrap_or_default().to_owned();
        name.push(".joining.spool");
        Self { path: output.with_file_name(name), made: RefCell::default() }
    }

    /// A name that is free: whoever owns the output owns these too, so what a crash left there is removed.
    fn name(&self, name: &str) -> PathBuf {
        let path = self.path.with_extension(name);
        let _ = std::fs::remove_file(&path);
        self.made.borrow_mut().push(path.clone());
        path
    }

    fn create(&self, name: &str) -> Result<(PathBuf, File), Error> {
        let path = self.name(name);
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        Ok((path, file))
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        for path in self.made.take() {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// One joining.
struct Work<'a> {
    segments: &'a [PathBuf],
    spool: Spool,
    ffmpeg: Option<&'a Ffmpeg>,
    limits: &'a Limits,
}

impl Work<'_> {
    fn into_file(self, file: File) -> Result<Joined, Fault> {
        let (limits, spool) = (self.limits, &self.spool);
        let (mut parts, mut by_ffmpeg) = self.open()?;
        let model = segment::majority(&parts);
        let odd: Vec<usize> = (0..parts.len()).filter(|n| !alike(&parts, model, *n)).collect();
        let (timescale, target) = match model.and_then(|n| parts.get(n)) {
            Some(model) => (model.video.timescale, model.video.codec.coded.unwrap_or(model.display)),
            None => (TIMESCALE, parts.first().map_or((2, 2), |first| first.display)),
        };
        if !odd.is_empty() {
            // A file says how wide its pixels are, and need not be modest.
            limits.picture(u64::from(target.0), u64::from(target.1))?;
        }
        let mut encoder = reencode::Recoder::new(target, timescale, model.and_then(|n| parts.get(n)));
        let mut strips: Vec<Strip> = Vec::new();
        for (number, part) in parts.iter_mut().enumerate() {
            limits.go_on()?;
            let fault = Fault::of(number);
            strips.push(if !odd.contains(&number) {
                Strip::copied(part, timescale, !odd.is_empty(), limits).map_err(fault)?
            } else if let Some(ffmpeg) = self.ffmpeg.filter(|_| encoder.length_size() == 4) {
                *part = self.converted(ffmpeg, number, Some(target)).map_err(&fault)?;
                by_ffmpeg.push(number);
                Strip::copied(part, timescale, true, limits).map_err(fault)?
            } else {
                encoder.encode(part, spool, limits).map_err(|error| fault(naming(part, error)))?
            });
        }
        by_ffmpeg.sort_unstable();
        by_ffmpeg.dedup();
        let ends: Vec<u64> = strips
            .iter()
            .scan(0, |end, strip| {
                *end = strip.ticks.saturating_add(*end);
                Some(*end)
            })
            .collect();
        let entry = match model.or(by_ffmpeg.first().copied()).and_then(|n| parts.get(n)) {
            Some(model) => model.video.codec.entry.clone(),
            None => entry::avc1(target.0, target.1, encoder.avcc()),
        };
        let (width, height) = model.and_then(|n| parts.get(n)).map_or(target, |model| model.display);
        let video = mux::Pictures { strips, entry, timescale, kind: TrackKind::Video { width, height } };
        let seconds: Vec<f64> = ends.iter().map(|end| *end as f64 / f64::from(timescale)).collect();
        let sound = sound::assemble(&parts, &seconds, spool, limits)?;
        let sound_reencoded = sound.as_ref().is_some_and(|sound| sound.reencoded);
        let count = video.strips.iter().map(|s| s.pieces.len()).sum::<usize>()
            + sound.as_ref().map_or(0, |sound| sound.packets.len());
        let writer = write::Writer::new(file, count)?;
        let bytes = mux::mux(writer, &video, sound, limits)?;
        let duration_s = seconds.last().copied().unwrap_or(0.0);
        Ok(Joined { bytes, duration_s, reencoded: odd, sound_reencoded, by_ffmpeg })
    }

    /// Opens all segments; what is no MP4 goes through ffmpeg first, if there is one.
    fn open(&self) -> Result<(Vec<Segment>, Vec<usize>), Fault> {
        let (mut parts, mut by_ffmpeg) = (Vec::new(), Vec::new());
        for (number, path) in self.segments.iter().enumerate() {
            parts.push(match (Segment::open(path, self.limits), self.ffmpeg) {
                (Err(Error::Undecodable { .. } | Error::Malformed { .. }), Some(ffmpeg)) => {
                    by_ffmpeg.push(number);
                    self.converted(ffmpeg, number, None).map_err(Fault::of(number))?
                }
                (part, _) => part.map_err(Fault::of(number))?,
            });
        }
        Ok((parts, by_ffmpeg))
    }

    /// A segment made anew by ffmpeg from its source.
    fn converted(&self, ffmpeg: &Ffmpeg, number: usize, size: Option<(u32, u32)>) -> Result<Segment, Error> {
        let source = self.segments.get(number).ok_or(Error::Malformed { what: "a segment" })?;
        let file = self.spool.name(&format!("{number}.mp4"));
        ffmpeg.convert(source, &file, size, self.limits)?;
        let part = Segment::open(&file, self.limits)?;
        if size.is_some_and(|size| part.video.codec.coded != Some(size)) || part.video.codec.avc().is_none() {
            return Err(Error::Malformed { what: "what ffmpeg made of a segment" });
        }
        Ok(part)
    }
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
