//! What a film needs codecs for: joining its parts, and the picture that one of them ends with.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::media::{Error, Limits};

/// A last frame that takes longer to find is told to be not readable.
pub(super) const LAST_FRAME_PATIENCE: Duration = Duration::from_secs(5 * 60);

/// Joins the files; gives the numbers of those that were encoded anew. `program` is the ffmpeg that may be used.
#[cfg(feature = "studio")]
pub(super) fn join(
    files: &[PathBuf],
    output: &Path,
    program: Option<&Path>,
    limits: &Limits,
) -> Result<Vec<usize>, Error> {
    with_ffmpeg(program, |ffmpeg| {
        let joined = crate::media::join::join_with(files, output, ffmpeg, limits);
        Ok(joined.map_err(|fault| fault.error)?.reencoded)
    })
}

/// Saves the last picture of a clip as a new PNG.
#[cfg(feature = "studio")]
pub(super) fn last_frame(
    clip: &Path,
    output: &Path,
    program: Option<&Path>,
    limits: &Limits,
) -> Result<(), Error> {
    with_ffmpeg(program, |ffmpeg| {
        crate::media::last_frame::save_last_frame_with(clip, output, ffmpeg, limits)
    })
}

/// Most parts are read without ffmpeg, so one that cannot be used matters only when something cannot.
#[cfg(feature = "studio")]
fn with_ffmpeg<T>(
    program: Option<&Path>,
    work: impl FnOnce(Option<&crate::media::ffmpeg::Ffmpeg>) -> Result<T, Error>,
) -> Result<T, Error> {
    let found = program.map(crate::media::ffmpeg::Ffmpeg::find);
    match (work(found.as_ref().and_then(|found| found.as_ref().ok())), found) {
        (Err(Error::Undecodable { reason }), Some(Err(Error::Undecodable { reason: unusable }))) => {
            Err(Error::Undecodable { reason: format!("{reason}; {unusable}") })
        }
        (done, _) => done,
    }
}

/// Longer than any honest joining of these files takes.
#[cfg(feature = "studio")]
pub(super) fn patience(files: &[PathBuf]) -> Duration {
    crate::media::join::patience(files)
}

/// A build without codecs: the parts are made and kept.
#[cfg(not(feature = "studio"))]
fn no_codecs() -> Error {
    Error::Undecodable { reason: "this build has no codecs (feature studio is off)".to_owned() }
}

#[cfg(not(feature = "studio"))]
pub(super) fn join(_: &[PathBuf], _: &Path, _: Option<&Path>, _: &Limits) -> Result<Vec<usize>, Error> {
    Err(no_codecs())
}

#[cfg(not(feature = "studio"))]
pub(super) fn last_frame(_: &Path, _: &Path, _: Option<&Path>, _: &Limits) -> Result<(), Error> {
    Err(no_codecs())
}

#[cfg(not(feature = "studio"))]
pub(super) fn patience(_: &[PathBuf]) -> Duration {
    Duration::ZERO
}
