//! One segment's picture: a scene drawn from words, a still that slowly grows, or a decoded clip.

use std::path::Path;

use super::Canvas;
use super::caption::Place;
use super::footage::Footage;
use super::scenes::{self, Scene};
use super::still::Still;
use super::timeline::Segment;
use crate::media::frame::{Frame, Yuv};
use crate::media::scale::{Backdrop, Crop, PlaneScaler, Scaler};

/// What a segment shows.
pub(super) enum Layer {
    /// Drawn from words.
    Scene(Box<dyn Scene>),
    /// A picture that fills the canvas and slowly grows.
    Slide(Box<Slide>),
    /// A decoded clip.
    Footage(Box<Footage>),
    /// A small picture, with its transparency, at a fixed place.
    Badge(Box<Badge>),
}

impl Layer {
    pub(super) fn scene(words: &str, canvas: Canvas) -> Self {
        Self::Scene(scenes::of(words, canvas))
    }

    /// Opens a file. The error says what is wrong with it.
    pub(super) fn file(
        path: &Path,
        segment: &Segment,
        canvas: Canvas,
        overlay: bool,
    ) -> Result<Self, String> {
        if Still::is_one(path) {
            let still = Still::open(path, 2400)?;
            let badge = overlay && (still.alpha.is_some() || segment.scale.is_some());
            return Ok(if badge {
                Self::Badge(Box::new(Badge::new(&still, segment, canvas)))
            } else {
                Self::Slide(Box::new(Slide::new(still, canvas)))
            });
        }
        Footage::open(path, canvas).map(|footage| Self::Footage(Box::new(footage)))
    }

    /// Draws the layer: `source_ms` is the time inside its file, `share` how much of the segment is over.
    pub(super) fn draw(&mut self, source_ms: f64, share: f32, frame: &mut Frame) -> Result<(), String> {
        match self {
            Self::Scene(scene) => scene.draw((source_ms / 1000.0) as f32, frame),
            Self::Slide(slide) => slide.draw(share, frame),
            Self::Footage(footage) => return footage.draw(source_ms, frame),
            Self::Badge(badge) => badge.draw(frame),
        }
        Ok(())
    }
}

/// Whether a source lies so differently from the canvas that filling it would cut away most of the picture.
pub(super) fn crosswise(source: (usize, usize), canvas: (usize, usize)) -> bool {
    let shape = |(width, height): (usize, usize)| width as f32 / height.max(1) as f32;
    let (source, canvas) = (shape(source), shape(canvas));
    (source > 1.1 && canvas < 0.9) || (source < 0.9 && canvas > 1.1)
}

/// The largest even size of a source's shape inside a target.
pub(super) fn contained(source: (usize, usize), target: (usize, usize)) -> (usize, usize) {
    let scale = (target.0 as f32 / source.0.max(1) as f32).min(target.1 as f32 / source.1.max(1) as f32);
    let side =
        |length: usize, limit: usize| ((length as f32 * scale / 2.0).round() as usize * 2).clamp(2, limit);
    (side(source.0, target.0), side(source.1, target.1))
}

/// Copies a smaller picture into a larger one, at even coordinates.
pub(super) fn place(from: &Frame, into: &mut Frame, x: usize, y: usize) {
    let copy = |source: &[u8], sw: usize, target: &mut [u8], tw: usize, x: usize, y: usize| {
        for (from, into) in source.chunks_exact(sw.max(1)).zip(target.chunks_exact_mut(tw.max(1)).skip(y)) {
            if let Some(into) = into.get_mut(x..x + sw) {
                into.copy_from_slice(from);
            }
        }
    };
    let (x, y) = (x & !1, y & !1);
    copy(&from.y, from.width, &mut into.y, into.width, x, y);
    copy(&from.u, from.width / 2, &mut into.u, into.width / 2, x / 2, y / 2);
    copy(&from.v, from.width / 2, &mut into.v, into.width / 2, x / 2, y / 2);
}

/// A still on the whole canvas.
pub(super) struct Slide {
    picture: Frame,
    crop: Crop,
    canvas: (usize, usize),
}

/// How much a slide grows while it is shown.
const GROWTH: f32 = 0.08;

impl Slide {
    fn new(still: Still, canvas: Canvas) -> Self {
        let canvas = (canvas.width as usize, canvas.height as usize);
        let picture = solid(still);
        let size = (picture.width, picture.height);
        if crosswise(size, canvas) {
            // The whole composition, backdrop included, then grows as one.
            let inner = contained(size, canvas);
            let mut whole = Backdrop::new(size, canvas).draw(&picture);
            let fitted = Scaler::new(size, Crop::whole(size.0, size.1), inner).scale(&picture);
            place(&fitted, &mut whole, (canvas.0 - inner.0) / 2, (canvas.1 - inner.1) / 2);
            return Self { picture: whole, crop: Crop::whole(canvas.0, canvas.1), canvas };
        }
        Self { crop: Crop::cover(size, canvas), picture, canvas }
    }

    fn draw(&self, share: f32, frame: &mut Frame) {
        let scale = 1.0 / (1.0 + GROWTH * share.clamp(0.0, 1.0));
        let Crop { x, y, width, height } = self.crop;
        let crop = Crop {
            x: x + width * (1.0 - scale) / 2.0,
            y: y + height * (1.0 - scale) / 2.0,
            width: width * scale,
            height: height * scale,
        };
        let size = (self.picture.width, self.picture.height);
        Scaler::new(size, crop, self.canvas).scale_into(&self.picture, frame);
    }
}

/// A picture without transparency: what was clear shows a dark ground.
fn solid(still: Still) -> Frame {
    let Some(alpha) = still.alpha else { return still.frame };
    let (width, height) = (still.frame.width, still.frame.height);
    let mut ground = Frame::black(width, height);
    ground.fill(Yuv::hex(0x14181f));
    stamp(&still.frame, &alpha, &mut ground, 0, 0);
    ground
}

/// Lays a picture with transparency over another.
fn stamp(from: &Frame, alpha: &[u8], into: &mut Frame, x: usize, y: usize) {
    let (x, y) = (x & !1, y & !1);
    let mix = |was: u8, new: u8, alpha: u32| {
        ((u32::from(was) * (255 - alpha) + u32::from(new) * alpha + 127) / 255) as u8
    };
    let width = from.width.max(2);
    for (row, (luma, alpha)) in from.y.chunks_exact(width).zip(alpha.chunks_exact(width)).enumerate() {
        let start = (y + row) * into.width + x;
        if let Some(into) = into.y.get_mut(start..start + width) {
            for ((into, &new), &alpha) in into.iter_mut().zip(luma).zip(alpha) {
                *into = mix(*into, new, alpha.into());
            }
        }
    }
    let half = width / 2;
    for (row, alphas) in alpha.chunks_exact(width * 2).enumerate() {
        let (upper, lower) = alphas.split_at(width);
        let start = (y / 2 + row) * (into.width / 2) + x / 2;
        for (plane, source) in [(&mut into.u, &from.u), (&mut into.v, &from.v)] {
            let source = source.get(row * half..(row + 1) * half).unwrap_or_default();
            let Some(plane) = plane.get_mut(start..start + half) else { continue };
            let cover = upper.chunks_exact(2).zip(lower.chunks_exact(2));
            for ((into, &new), (a, b)) in plane.iter_mut().zip(source).zip(cover) {
                let alpha = a.iter().chain(b).map(|&a| u32::from(a)).sum::<u32>() / 4;
                *into = mix(*into, new, alpha);
            }
        }
    }
}

/// A logo or sticker.
pub(super) struct Badge {
    picture: Frame,
    alpha: Vec<u8>,
    x: usize,
    y: usize,
}

impl Badge {
    fn new(still: &Still, segment: &Segment, canvas: Canvas) -> Self {
        let (width, height) = (canvas.width as usize, canvas.height as usize);
        let size = (still.frame.width, still.frame.height);
        let room = (width as f32 * segment.scale.unwrap_or(0.2)) as usize;
        let target = contained(size, (room.max(2).next_multiple_of(2).min(width), height * 9 / 20 * 2));
        let whole = Crop::whole(size.0, size.1);
        let mut alpha = vec![255; target.0 * target.1];
        if let Some(source) = &still.alpha {
            PlaneScaler::new(size, whole, target).scale(source, &mut alpha);
        }
        let margin = width.min(height) / 24;
        let (x, y) = match segment.place {
            Some(Place::Center) => ((width - target.0) / 2, (height - target.1) / 2),
            Some(Place::Bottom) => ((width - target.0) / 2, height.saturating_sub(target.1 + margin)),
            Some(Place::Top) => ((width - target.0) / 2, margin),
            _ => (margin.min(width - target.0), margin),
        };
        Self { picture: Scaler::new(size, whole, target).scale(&still.frame), alpha, x, y }
    }

    fn draw(&self, frame: &mut Frame) {
        stamp(&self.picture, &self.alpha, frame, self.x, self.y);
    }
}
