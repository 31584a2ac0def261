//! The last picture of a clip as a picture file: what the next clip is to begin with, so that one leads into the other.

use std::path::Path;

use super::decode::Stream;
use super::ffmpeg::Ffmpeg;
use super::picture::Picture;
use super::sheet::to_rgb;
use super::{Error, Limits, shots};

/// How far before the end a picture is still taken when those after it are damaged.
const STEPS_BACK_MS: [u64; 4] = [0, 100, 400, 1000];

/// The last picture that a clip shows, turned and in its shape, at full size.
///
/// # Errors
/// [`Error::Undecodable`] with the reason, [`Error::Malformed`] when no picture of the last second can be decoded, and
/// the other errors of opening a stranger's file.
pub fn last_frame(clip: &Path, limits: &Limits) -> Result<Picture, Error> {
    let mut stream = Stream::open(clip, limits)?;
    let info = stream.info.clone();
    // The file says how wide its pixels are, and need not be modest.
    limits.picture(u64::from(info.display.0), u64::from(info.display.1))?;
    let size = (info.display.0 as usize, info.display.1 as usize);
    let last = shots::spread(&stream, 2).last().copied();
    let last = last.ok_or(Error::Malformed { what: "none of its pictures is ever shown" })?;
    for back in STEPS_BACK_MS {
        let shot =
            shots::take(&mut stream, &[last.saturating_sub(back)], 0, |frame| to_rgb(frame, &info, size))?;
        if let Some((_, picture)) = shot.into_iter().next() {
            return Ok(picture);
        }
    }
    Err(Error::Malformed { what: "the end of its pictures" })
}

/// Writes the [`last_frame`] of a clip into a new file: PNG, or JPEG when the name ends so.
///
/// # Errors
/// As [`last_frame`]; [`Error::Io`] also when `output` exists already.
pub fn save_last_frame(clip: &Path, output: &Path, limits: &Limits) -> Result<(), Error> {
    save_last_frame_with(clip, output, None, limits)
}

/// [`save_last_frame`], with an installed ffmpeg for clips that the built-in decoder does not read.
///
/// # Errors
/// As [`save_last_frame`]; [`Error::Undecodable`] with ffmpeg's words when it cannot read the clip either.
pub fn save_last_frame_with(
    clip: &Path,
    output: &Path,
    ffmpeg: Option<&Ffmpeg>,
    limits: &Limits,
) -> Result<(), Error> {
    match (last_frame(clip, limits), ffmpeg) {
        (Err(Error::Undecodable { .. }), Some(ffmpeg)) => converted(clip, output, ffmpeg, limits),
        (found, _) => found,
    }?
    .save(output)
}

/// The last picture of what ffmpeg makes of a clip, in a file beside the output that does not stay.
fn converted(clip: &Path, output: &Path, ffmpeg: &Ffmpeg, limits: &Limits) -> Result<Picture, Error> {
    let copy = output.with_extension("converted.mp4");
    // What a crash left there is of no use.
    let _ = std::fs::remove_file(&copy);
    let found = ffmpeg.convert(clip, &copy, None, limits).and_then(|()| last_frame(&copy, limits));
    let _ = std::fs::remove_file(&copy);
    found
}
