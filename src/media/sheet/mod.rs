//! The contact sheet: one picture that shows a whole clip, so that whoever made it can look before saying "done".

mod canvas;
mod digits;

use std::path::Path;

use canvas::{Canvas, jpeg_within};
pub(crate) use canvas::{shrink, to_rgb};

use super::decode::Stream;
use super::frame::Frame;
use super::picture::{self, Picture};
use super::probe::{Probe, probe_within};
use super::sniff::Kind;
use super::{Error, Limits, shots};

/// How a sheet or poster should come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SheetOptions {
    /// How many pictures of the clip to show; the grid is as square as it can be. Nine make 3x3.
    pub frames: usize,
    /// The JPEG is never larger than this many bytes.
    pub max_bytes: usize,
    /// Nor wider than this; and not higher than half again as much.
    pub max_width: u32,
}

impl Default for SheetOptions {
    fn default() -> Self {
        Self { frames: 9, max_bytes: 200_000, max_width: 1008 }
    }
}

/// A picture of a clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The picture, as JPEG.
    pub jpeg: Vec<u8>,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// The times of the pictures shown, in milliseconds. Fewer than asked for when the clip has fewer or some are damaged.
    pub shots: Vec<u64>,
}

/// Pixels between the pictures of a grid.
const GAP: usize = 4;

/// Shows a clip from its first picture to its last, evenly spaced, each with its time.
///
/// A still picture comes back scaled, with no shots.
///
/// # Errors
/// [`Error::Undecodable`] with the reason when the built-in decoder cannot read the file, [`Error::Malformed`] when no
/// picture came out: there is never an empty sheet. [`Error::TooBig`] when not even a thumbnail fits `max_bytes`.
pub fn sheet(path: &Path, options: &SheetOptions, limits: &Limits) -> Result<Sheet, Error> {
    let probe = probe_within(path, limits)?;
    if probe.kind == Kind::Image {
        return still(path, &probe, options, limits);
    }
    let mut stream = open(path, &probe, limits)?;
    let info = stream.info.clone();
    let shape = (info.display.0.max(1) as usize, info.display.1.max(1) as usize);
    let times = shots::spread(&stream, options.frames.clamp(1, 100));
    let cell = |count: usize, shrink: f64| {
        let columns = columns(count);
        let (max_width, max_height) = bounds(options.max_width, shrink);
        let share = |length: usize, parts: usize| (length.saturating_sub(GAP * (parts + 1)) / parts).max(16);
        fit(shape, share(max_width, columns), share(max_height, count.div_ceil(columns)))
    };
    let largest = cell(times.len().max(1), 1.0);
    // A picture may stand in for its neighbour as long as the spacing still looks even.
    let spacing =
        times.last().unwrap_or(&0).saturating_sub(*times.first().unwrap_or(&0)) / times.len().max(2) as u64;
    let shots = shots::take(&mut stream, &times, spacing / 8, |frame| canvas::to_rgb(frame, &info, largest))?;
    if shots.is_empty() {
        return Err(Error::Malformed { what: "not one picture for the contact sheet could be decoded" });
    }
    let columns = columns(shots.len());
    let (jpeg, width, height) = jpeg_within(options.max_bytes, |shrink| {
        let (cell_w, cell_h) = cell(shots.len(), shrink);
        let rows = shots.len().div_ceil(columns);
        let mut canvas = Canvas::new(GAP + columns * (cell_w + GAP), GAP + rows * (cell_h + GAP));
        for (number, (at_ms, picture)) in shots.iter().enumerate() {
            let at = (GAP + number % columns * (cell_w + GAP), GAP + number / columns * (cell_h + GAP));
            canvas.draw(picture, at, (cell_w, cell_h));
            digits::stamp(&mut canvas, *at_ms, at, (cell_w, cell_h));
        }
        canvas
    })?;
    Ok(Sheet { jpeg, width, height, shots: shots.iter().map(|(at_ms, _)| *at_ms).collect() })
}

/// One telling picture of a clip: the first of a few candidates that is not nearly one colour.
///
/// # Errors
/// As [`sheet`].
pub fn poster(path: &Path, options: &SheetOptions, limits: &Limits) -> Result<Sheet, Error> {
    let probe = probe_within(path, limits)?;
    if probe.kind == Kind::Image {
        return still(path, &probe, options, limits);
    }
    let mut stream = open(path, &probe, limits)?;
    let info = stream.info.clone();
    let shape = (info.display.0.max(1) as usize, info.display.1.max(1) as usize);
    let (max_width, max_height) = bounds(options.max_width, 1.0);
    let size = fit(shape, max_width, max_height);
    let mut best: Option<(u64, Picture)> = None;
    for share in [0.33, 0.5, 0.75, 0.1] {
        let at_ms = (info.duration_ms as f64 * share) as u64;
        let shot = shots::take(&mut stream, &[at_ms], info.duration_ms / 16, |frame| {
            (contrast(frame) < 4.0, canvas::to_rgb(frame, &info, size))
        })?;
        let Some((at_ms, (plain, picture))) = shot.into_iter().next() else { continue };
        if best.is_none() || !plain {
            best = Some((at_ms, picture));
        }
        if !plain {
            break;
        }
    }
    let (at_ms, picture) =
        best.ok_or(Error::Malformed { what: "no picture for the poster could be decoded" })?;
    let (jpeg, width, height) = whole(&picture, options)?;
    Ok(Sheet { jpeg, width, height, shots: vec![at_ms] })
}

fn open(path: &Path, probe: &Probe, limits: &Limits) -> Result<Stream, Error> {
    if probe.kind == Kind::Audio {
        return Err(Error::Undecodable { reason: "it has sound but no pictures".to_owned() });
    }
    match &probe.undecodable_reason {
        Some(reason) => Err(Error::Undecodable { reason: reason.clone() }),
        None => Stream::open(path, limits),
    }
}

fn still(path: &Path, probe: &Probe, options: &SheetOptions, limits: &Limits) -> Result<Sheet, Error> {
    let picture = picture::open(path, limits)?.turned(probe.rotation_deg.unwrap_or(0));
    let (jpeg, width, height) = whole(&picture, options)?;
    Ok(Sheet { jpeg, width, height, shots: Vec::new() })
}

/// One picture as a JPEG inside the options.
fn whole(picture: &Picture, options: &SheetOptions) -> Result<(Vec<u8>, u32, u32), Error> {
    jpeg_within(options.max_bytes, |shrink| {
        let (max_width, max_height) = bounds(options.max_width, shrink);
        let size = fit((picture.width, picture.height), max_width, max_height);
        let mut canvas = Canvas::new(size.0, size.1);
        canvas.draw(picture, (0, 0), size);
        canvas
    })
}

fn columns(count: usize) -> usize {
    (1..=count).find(|c| c * c >= count).unwrap_or(1)
}

/// The largest width and height of a sheet.
fn bounds(max_width: u32, shrink: f64) -> (usize, usize) {
    let width = ((f64::from(max_width.clamp(16, 8192)) * shrink) as usize).max(16);
    (width, width * 3 / 2)
}

/// The largest size of a shape that fits a box, never larger than the shape itself.
fn fit((width, height): (usize, usize), max_width: usize, max_height: usize) -> (usize, usize) {
    let scale = (max_width as f64 / width as f64).min(max_height as f64 / height as f64).min(1.0);
    let side = |length: usize| ((length as f64 * scale).round() as usize).max(1);
    (side(width), side(height))
}

/// The standard deviation of luma: near zero for a picture in one colour.
fn contrast(frame: &Frame) -> f64 {
    let count = frame.y.len().max(1) as f64;
    let (sum, squares) = frame.y.iter().fold((0u64, 0u64), |(sum, squares), y| {
        let y = u64::from(*y);
        (sum + y, squares + y * y)
    });
    let mean = sum as f64 / count;
    (squares as f64 / count - mean * mean).max(0.0).sqrt()
}
