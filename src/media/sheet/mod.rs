//! The contact sheet: one picture that shows a whole clip, so that whoever made it can look before saying "done".

mod canvas;
mod digits;

use std::path::Path;

use canvas::{Canvas, jpeg_within};
pub(crate) use canvas::{shrink, to_rgb};

use super::decode::{Stream, VideoInfo};
use super::frame::Frame;
use super::picture::{self, Picture};
use super::probe::{Probe, probe_within};
use super::shots::{self, Wish};
use super::sniff::Kind;
use super::{Error, Limits};

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

/// Which picture of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The whole clip from its first picture to its last, evenly spaced, each with its time.
    Sheet,
    /// One telling picture: the first of a few candidates that is not nearly one colour.
    Poster,
}

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
    let mut sketch = Sketch::new(Style::Sheet, options, &stream);
    let wish = sketch.wish.clone();
    shots::visit(&mut stream, &[&wish], |_, at_ms, frame| sketch.add(at_ms, frame))?;
    sketch.finish()
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
    let mut sketch = Sketch::new(Style::Poster, options, &stream);
    let Wish { times_ms, tolerance_ms } = sketch.wish.clone();
    for at_ms in times_ms {
        let wish = Wish { times_ms: vec![at_ms], tolerance_ms };
        shots::visit(&mut stream, &[&wish], |_, at_ms, frame| sketch.add(at_ms, frame))?;
        if sketch.pictures.last().is_some_and(|picture| !picture.plain) {
            break; // the others need not be decoded
        }
    }
    sketch.finish()
}

/// A sheet or poster that is being made: it says what it wants to see, and is shown that.
pub(super) struct Sketch {
    style: Style,
    options: SheetOptions,
    info: VideoInfo,
    /// The pictures it needs; of a poster all candidates, best first.
    pub(super) wish: Wish,
    /// How large a picture is kept.
    size: (usize, usize),
    pictures: Vec<Kept>,
}

/// A picture that was seen.
struct Kept {
    at_ms: u64,
    /// Nearly one colour.
    plain: bool,
    picture: Picture,
}

/// Where a telling picture is looked for, in shares of the clip.
const CANDIDATES: [f64; 4] = [0.33, 0.5, 0.75, 0.1];

impl Sketch {
    pub(super) fn new(style: Style, options: &SheetOptions, stream: &Stream) -> Self {
        let info = stream.info.clone();
        let shape = (info.display.0.max(1) as usize, info.display.1.max(1) as usize);
        let (wish, size) = match style {
            Style::Sheet => {
                let times_ms = shots::spread(stream, options.frames.clamp(1, 100));
                // A picture may stand in for its neighbour as long as the spacing still looks even.
                let whole = times_ms.last().unwrap_or(&0).saturating_sub(*times_ms.first().unwrap_or(&0));
                let spacing = whole / times_ms.len().max(2) as u64;
                let size = cell(shape, options, times_ms.len().max(1), 1.0);
                (Wish { times_ms, tolerance_ms: spacing / 8 }, size)
            }
            Style::Poster => {
                let times_ms = CANDIDATES.map(|share| (info.duration_ms as f64 * share) as u64).to_vec();
                let (max_width, max_height) = bounds(options.max_width, 1.0);
                let tolerance_ms = info.duration_ms / 16;
                (Wish { times_ms, tolerance_ms }, fit(shape, max_width, max_height))
            }
        };
        Self { style, options: *options, info, wish, size, pictures: Vec::new() }
    }

    /// Takes a picture that was wished for.
    pub(super) fn add(&mut self, at_ms: u64, frame: &Frame) {
        let plain = self.style == Style::Poster && contrast(frame) < 4.0;
        self.pictures.push(Kept { at_ms, plain, picture: canvas::to_rgb(frame, &self.info, self.size) });
    }

    /// What came of it.
    pub(super) fn finish(self) -> Result<Sheet, Error> {
        match self.style {
            Style::Sheet => self.grid(),
            Style::Poster => self.best(),
        }
    }

    fn grid(mut self) -> Result<Sheet, Error> {
        if self.pictures.is_empty() {
            return Err(Error::Malformed { what: "not one picture for the contact sheet could be decoded" });
        }
        self.pictures.sort_by_key(|kept| kept.at_ms);
        let shape = (self.info.display.0.max(1) as usize, self.info.display.1.max(1) as usize);
        let count = self.pictures.len();
        let columns = columns(count);
        let (jpeg, width, height) = jpeg_within(self.options.max_bytes, |shrink| {
            let (cell_w, cell_h) = cell(shape, &self.options, count, shrink);
            let rows = count.div_ceil(columns);
            let mut canvas = Canvas::new(GAP + columns * (cell_w + GAP), GAP + rows * (cell_h + GAP));
            for (number, kept) in self.pictures.iter().enumerate() {
                let at = (GAP + number % columns * (cell_w + GAP), GAP + number / columns * (cell_h + GAP));
                canvas.draw(&kept.picture, at, (cell_w, cell_h));
                digits::stamp(&mut canvas, kept.at_ms, at, (cell_w, cell_h));
            }
            canvas
        })?;
        Ok(Sheet { jpeg, width, height, shots: self.pictures.iter().map(|kept| kept.at_ms).collect() })
    }

    /// The candidates may have come in any order, and may be seen at a neighbour's time.
    fn best(self) -> Result<Sheet, Error> {
        let wanted = &self.wish.times_ms;
        let rank = |kept: &&Kept| {
            let nearest = |rank: &usize| wanted.get(*rank).map(|at_ms| at_ms.abs_diff(kept.at_ms));
            (kept.plain, (0..wanted.len()).min_by_key(nearest))
        };
        let best = self.pictures.iter().min_by_key(rank);
        let best = best.ok_or(Error::Malformed { what: "no picture for the poster could be decoded" })?;
        let (jpeg, width, height) = whole(&best.picture, &self.options)?;
        Ok(Sheet { jpeg, width, height, shots: vec![best.at_ms] })
    }
}

/// The size of a picture among so many, on a sheet shrunk by a factor.
fn cell(shape: (usize, usize), options: &SheetOptions, count: usize, shrink: f64) -> (usize, usize) {
    let columns = columns(count);
    let (max_width, max_height) = bounds(options.max_width, shrink);
    let share = |length: usize, parts: usize| (length.saturating_sub(GAP * (parts + 1)) / parts).max(16);
    fit(shape, share(max_width, columns), share(max_height, count.div_ceil(columns)))
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
