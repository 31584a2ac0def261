//! Draws what the sandbox is asked for and writes it as a real MP4.
//!
//! Pictures are honest illustrations, not footage, and every frame carries a small mark that says so. The same
//! request always gives the same file. Everything here blocks; call it where blocking is allowed.

mod air;
mod bed;
mod caption;
mod compose;
mod crew;
mod film;
mod footage;
mod hear;
mod ink;
mod layer;
mod light;
mod look;
mod mix;
mod noise;
mod opening;
mod patience;
mod scenes;
mod still;
mod timeline;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::media::aac::AacError;
use crate::media::encode::EncodeError;
use crate::media::frame::Yuv;

pub use compose::compose;
use crew::{Artist, Crew};

/// The shape of the video that is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canvas {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Pictures per second.
    pub fps: u32,
}

impl Canvas {
    /// The nearest canvas that is drawn here: even sides from 32 to 1920 pixels, at most as many pixels as 1080p
    /// has, 1 to 60 pictures a second. Larger shapes are scaled down and keep their proportions.
    #[must_use]
    pub fn fitted(self) -> Self {
        let (width, height) = (f64::from(self.width.max(1)), f64::from(self.height.max(1)));
        let area = (1920.0 * 1088.0 / (width * height)).sqrt();
        let scale = area.min(1920.0 / width.max(height)).min(1.0);
        let side = |length: f64| ((length * scale / 2.0).round() as u32 * 2).clamp(32, 1920);
        Self { width: side(width), height: side(height), fps: self.fps.clamp(1, 60) }
    }
}

/// A shot to be "generated" from words.
#[derive(Clone, Copy, Debug)]
pub struct Clip<'a> {
    /// What it shows.
    pub prompt: &'a str,
    /// How long it lasts, in milliseconds.
    pub duration_ms: u64,
    /// Its shape; brought to what [`Canvas::fitted`] says.
    pub canvas: Canvas,
    /// Words to write over it.
    pub caption: Option<&'a str>,
    /// With sound.
    pub sound: bool,
    /// A picture that it begins with; the scene grows out of it.
    pub first: Option<&'a Path>,
}

/// How the caller watches and stops the work.
pub struct Progress<'a> {
    /// Told the finished share, 0 to 1, after each picture.
    pub report: &'a (dyn Fn(f32) + Sync),
    /// Set it to end the work with [`Error::Cancelled`].
    pub cancelled: &'a AtomicBool,
}

impl Progress<'_> {
    fn at(&self, share: f32) -> Result<(), Error> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        (self.report)(share);
        Ok(())
    }
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Its length in milliseconds, exact.
    pub duration_ms: u64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Size of the file.
    pub bytes: u64,
    /// What could not be shown as asked, in sentences for the person who asked.
    pub notes: Vec<String>,
}

/// Why nothing was made. The half-written file is removed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request makes no video.
    #[error("{0}")]
    Request(String),
    /// A file that the draft uses cannot be read.
    #[error("the draft uses \"{name}\", which cannot be read: {why}")]
    Source {
        /// The source as the draft names it.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// The caller stopped it.
    #[error("the render was cancelled")]
    Cancelled,
    /// The file cannot be written.
    #[error("the video cannot be written: {0}")]
    Io(#[from] io::Error),
    /// The picture encoder failed.
    #[error(transparent)]
    Picture(#[from] EncodeError),
    /// The sound encoder failed.
    #[error(transparent)]
    Sound(#[from] AacError),
}

/// The longest video that is drawn here.
pub const MAX_DURATION_MS: u64 = 10 * 60 * 1000;

/// Draws a shot from its words and writes it to `out`, replacing what is there.
///
/// # Errors
/// A length of zero or more than [`MAX_DURATION_MS`], a full disk, or a cancelled job.
pub fn clip(clip: &Clip<'_>, out: &Path, progress: &Progress<'_>) -> Result<Rendered, Error> {
    let canvas = clip.canvas.fitted();
    let caption = clip.caption.and_then(|text| caption::Caption::new(text, canvas, caption::Place::Bottom));
    let mark = caption::mark(canvas);
    let duration_ms = clip.duration_ms;
    let mut bed = clip.sound.then(|| bed::Bed::for_prompt(clip.prompt));
    let opening = clip.first.map(|picture| opening::Opening::of(picture, canvas)).transpose()?;
    let artist = || -> Artist<'_> {
        let mut scene = scenes::of(clip.prompt, canvas);
        let (opening, caption, mark) = (&opening, &caption, &mark);
        Box::new(move |at_ms, frame| {
            scene.draw((at_ms / 1000.0) as f32, frame);
            if let Some(opening) = opening {
                opening.draw(at_ms, frame);
            }
            if let Some(caption) = caption {
                caption.draw(frame, caption::fade(at_ms, 0.0, duration_ms as f64));
            }
            mark.draw(frame, 1.0);
            Ok(())
        })
    };
    let hear = bed.as_mut().map(|bed| {
        move |left: &mut [f32], right: &mut [f32]| {
            bed.add(1.0, left, right);
            Ok(())
        }
    });
    let mut made = film::shoot(canvas, duration_ms, out, Crew::Anyhow(&artist), hear, progress)?;
    if let (Some(text), None) = (clip.caption, &caption) {
        made.notes.extend(caption::unreadable(text));
    }
    Ok(made)
}

/// Writes a plain card of this size and length, for tests that need many files, not pictures. With a `tint` its colour
/// is another one every second.
///
/// # Errors
/// As [`clip`].
pub fn card(
    canvas: Canvas,
    duration_ms: u64,
    sound: bool,
    tint: Option<u32>,
    out: &Path,
    progress: &Progress<'_>,
) -> Result<Rendered, Error> {
    let canvas = canvas.fitted();
    let mark = caption::mark(canvas);
    let mark = &mark;
    let artist = || -> Artist<'_> {
        Box::new(move |at_ms, frame| {
            let second = (at_ms / 1000.0) as u32;
            frame.fill(Yuv::hex(tint.map_or(0x0024_3447, |tint| tinted(tint, second))));
            mark.draw(frame, 1.0);
            Ok(())
        })
    };
    // Silence is sound too: nothing is added to it.
    let hear = sound.then_some(|_: &mut [f32], _: &mut [f32]| Ok(()));
    film::shoot(canvas, duration_ms, out, Crew::Anyhow(&artist), hear, progress)
}

/// The colour of a second: steps far apart, so that neighbours differ after coding too, and never so dark that a check of
/// the clip takes it for black.
fn tinted(tint: u32, second: u32) -> u32 {
    let any = tint.wrapping_add(second.wrapping_mul(0x0035_1b2d)) & 0x00ff_ffff;
    // Three quarters of each channel, over the darkest quarter.
    any - (any >> 2 & 0x003f_3f3f) + 0x003f_3f3f
}

#[cfg(test)]
mod tests;
