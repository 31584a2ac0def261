//! Scales pictures, plane by plane: area average when they shrink, straight lines between samples when they grow.

mod rows;

use super::frame::Frame;
use rows::{Sums, add, blend, put_down};

/// A rectangle of the source, in luma samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crop {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

impl Crop {
    /// The largest centred rectangle of a source that has the target's shape.
    #[must_use]
    pub fn cover(source: (usize, usize), target: (usize, usize)) -> Self {
        let (sw, sh, tw, th) =
            (source.0 as f32, source.1 as f32, target.0.max(1) as f32, target.1.max(1) as f32);
        let scale = (sw / tw).min(sh / th);
        let (width, height) = (tw * scale, th * scale);
        Self { x: (sw - width) / 2.0, y: (sh - height) / 2.0, width, height }
    }

    /// All of a source.
    #[must_use]
    pub fn whole(width: usize, height: usize) -> Self {
        Self { x: 0.0, y: 0.0, width: width as f32, height: height as f32 }
    }

    fn halved(self) -> Self {
        Self { x: self.x / 2.0, y: self.y / 2.0, width: self.width / 2.0, height: self.height / 2.0 }
    }
}

/// A prepared change of size, to be used on many pictures of one size.
#[derive(Clone, Debug)]
pub struct Scaler {
    luma: PlaneScaler,
    chroma: PlaneScaler,
    width: usize,
    height: usize,
}

impl Scaler {
    /// From a rectangle of a source to a whole target of even size.
    #[must_use]
    pub fn new(source: (usize, usize), crop: Crop, target: (usize, usize)) -> Self {
        let (width, height) = (target.0.next_multiple_of(2), target.1.next_multiple_of(2));
        Self {
            luma: PlaneScaler::new(source, crop, (width, height)),
            chroma: PlaneScaler::new((source.0 / 2, source.1 / 2), crop.halved(), (width / 2, height / 2)),
            width,
            height,
        }
    }

    /// Scales a picture. A picture of another size than prepared for comes out black.
    #[must_use]
    pub fn scale(&mut self, source: &Frame) -> Frame {
        let mut target = Frame::black(self.width, self.height);
        self.scale_into(source, &mut target);
        target
    }

    /// The same into a picture that is there already; a target of another size than prepared for is replaced.
    pub fn scale_into(&mut self, source: &Frame, target: &mut Frame) {
        let fits = self.luma.takes(&source.y) && self.chroma.takes(&source.u) && self.chroma.takes(&source.v);
        if !fits || (target.width, target.height) != (self.width, self.height) {
            *target = Frame::black(self.width, self.height);
        }
        self.luma.scale(&source.y, &mut target.y);
        self.chroma.scale(&source.u, &mut target.u);
        self.chroma.scale(&source.v, &mut target.v);
    }
}

/// The same for a single plane, such as an alpha channel.
///
/// One direction is done on whole rows at once, several samples in one number; the other sample by sample, so it goes
/// where there are fewer of them: last when a plane shrinks, first when it grows.
#[derive(Clone, Debug)]
pub struct PlaneScaler {
    source: (usize, usize),
    columns: Taps,
    rows: Taps,
    /// Half done samples, in 1/256 …
    between: Vec<u16>,
    /// … and while they are added up.
    sums: Vec<Sums>,
}

/// What the weights of a target row add up to: 255 times as much still fits 16 bits, so that rows are added up in those.
const ROW_UNIT: u32 = 1 << 8;
/// What the weights of a target column add up to.
const COLUMN_UNIT: u32 = 1 << 14;

impl PlaneScaler {
    /// From a rectangle of a plane to a whole plane.
    #[must_use]
    pub fn new(source: (usize, usize), crop: Crop, target: (usize, usize)) -> Self {
        Self {
            source,
            columns: Taps::new(source.0, crop.x, crop.width, target.0, COLUMN_UNIT),
            rows: Taps::new(source.1, crop.y, crop.height, target.1, ROW_UNIT),
            between: Vec::new(),
            sums: Vec::new(),
        }
    }

    fn takes(&self, source: &[u8]) -> bool {
        source.len() == self.source.0 * self.source.1
    }

    /// Scales; does nothing when the planes have other sizes than prepared for.
    pub fn scale(&mut self, source: &[u8], target: &mut [u8]) {
        let (wide, high) = (self.columns.first.len(), self.rows.first.len());
        if !self.takes(source) || target.len() != wide * high || target.is_empty() {
            return;
        }
        if high > self.source.1 { self.grow(source, target, wide) } else { self.shrink(source, target, wide) }
    }

    fn shrink(&mut self, source: &[u8], target: &mut [u8], wide: usize) {
        // Only what the columns will look at.
        let used = self.columns.reach();
        self.between.resize(self.source.0, 0);
        self.sums.resize(used.len().div_ceil(8), Sums::default());
        for (number, out) in target.chunks_exact_mut(wide).enumerate() {
            self.sums.fill(Sums::default());
            let (first, weights) = self.rows.at(number);
            let rows = source.chunks_exact(self.source.0).skip(first).map(|row| row.get(used.clone()));
            let mut rows = rows.map(Option::unwrap_or_default).zip(weights);
            // Two at a time: sums are fetched and put back half as often.
            while let Some((a, &weight_a)) = rows.next() {
                let (b, &weight_b) = rows.next().unwrap_or((a, &0));
                add(&mut self.sums, (a, weight_a), (b, weight_b));
            }
            put_down(&self.sums, self.between.get_mut(used.clone()).unwrap_or_default());
            self.columns.apply(&self.between, |at, sum| {
                if let Some(sample) = out.get_mut(at) {
                    *sample = ((sum + (1 << 21)) >> 22).min(255) as u8;
                }
            });
        }
    }

    fn grow(&mut self, source: &[u8], target: &mut [u8], wide: usize) {
        self.between.resize(wide * self.source.1, 0);
        let mut wider = vec![0u16; self.source.0];
        let rows = self.between.chunks_exact_mut(wide);
        for (row, out) in source.chunks_exact(self.source.0).zip(rows) {
            for (wider, &sample) in wider.iter_mut().zip(row) {
                *wider = u16::from(sample);
            }
            self.columns.apply(&wider, |at, sum| {
                if let Some(sample) = out.get_mut(at) {
                    *sample = ((sum + (1 << 5)) >> 6) as u16;
                }
            });
        }
        for (number, out) in target.chunks_exact_mut(wide).enumerate() {
            // A grown row lies between two old ones, or on one.
            let (first, weights) = self.rows.at(number);
            let rows = self.between.chunks_exact(wide).skip(first).zip(weights);
            let mut rows = rows.filter(|(_, weight)| **weight > 0);
            let Some((a, &weight_a)) = rows.next() else { continue };
            let (b, &weight_b) = rows.next().unwrap_or((a, &0));
            blend(out, (a, weight_a), (b, weight_b));
        }
    }
}

/// For each target sample: the first source sample and the weights from there, which add up to one unit.
#[derive(Clone, Debug)]
struct Taps {
    first: Vec<usize>,
    weights: Vec<u16>,
    each: usize,
}

impl Taps {
    fn new(source: usize, start: f32, length: f32, target: usize, unit: u32) -> Self {
        let step = length / target.max(1) as f32;
        let reach = step.max(1.0);
        let each = (reach.ceil() as usize * 2 + 1).min(source.max(1));
        let mut taps = Self { first: Vec::new(), weights: Vec::new(), each };
        for number in 0..target {
            let centre = start + (number as f32 + 0.5) * step - 0.5;
            let first = (centre - reach).ceil().clamp(0.0, source.saturating_sub(each) as f32) as usize;
            let tent = |at: usize| (1.0 - ((first + at) as f32 - centre).abs() / reach).max(0.0);
            let sum: f32 = (0..each).map(tent).sum();
            // Each weight is the step from one rounded sum to the next, so that no rounding adds up.
            let (mut so_far, mut given) = (0.0, 0u32);
            // Outside the source there is only its edge.
            let edge = if centre < first as f32 { 0 } else { each - 1 };
            for at in 0..each {
                so_far += if sum > 0.0 { tent(at) / sum } else { f32::from(u8::from(at == edge)) };
                let upto =
                    if at + 1 == each { unit } else { ((so_far * unit as f32).round() as u32).min(unit) };
                taps.weights.push(upto.saturating_sub(given) as u16);
                given = given.max(upto);
            }
            taps.first.push(first);
        }
        taps
    }

    fn at(&self, number: usize) -> (usize, &[u16]) {
        let first = self.first.get(number).copied().unwrap_or(0);
        (first, self.weights.get(number * self.each..(number + 1) * self.each).unwrap_or_default())
    }

    /// The source samples that are looked at.
    fn reach(&self) -> std::ops::Range<usize> {
        let first = self.first.first().copied().unwrap_or(0);
        first..self.first.last().map_or(first, |last| last + self.each)
    }

    /// The weighted sum of each target sample.
    fn apply(&self, row: &[u16], give: impl FnMut(usize, u32)) {
        let product = |value: u16, weight: u16| u32::from(value) * u32::from(weight);
        // The usual numbers of weights, written out: compiled for size, a loop around each sample stays one.
        match self.each {
            3 => self
                .apply_few(row, give, |[a, b, c], [x, y, z]| product(a, x) + product(b, y) + product(c, z)),
            5 => self.apply_few(row, give, |[a, b, c, d, e], [v, w, x, y, z]| {
                product(a, v) + product(b, w) + product(c, x) + product(d, y) + product(e, z)
            }),
            _ => self.apply_many(row, give),
        }
    }

    fn apply_few<const EACH: usize>(
        &self,
        row: &[u16],
        mut give: impl FnMut(usize, u32),
        sum: impl Fn([u16; EACH], [u16; EACH]) -> u32,
    ) {
        let (weights, _) = self.weights.as_chunks::<EACH>();
        for (at, (first, weights)) in self.first.iter().zip(weights).enumerate() {
            let taps = row.get(*first..).and_then(<[u16]>::first_chunk).copied().unwrap_or([0; EACH]);
            give(at, sum(taps, *weights));
        }
    }

    fn apply_many(&self, row: &[u16], mut give: impl FnMut(usize, u32)) {
        for (at, first) in self.first.iter().enumerate() {
            let taps = row.get(*first..).unwrap_or_default().iter().zip(self.at(at).1);
            give(at, taps.map(|(&value, &weight)| u32::from(value) * u32::from(weight)).sum());
        }
    }
}

/// A soft, dark copy that covers a target: what stands behind a clip of another shape.
#[derive(Clone, Debug)]
pub struct Backdrop {
    down: Scaler,
    up: Scaler,
    small: Frame,
}

impl Backdrop {
    /// For pictures of one size behind a target of one size.
    #[must_use]
    pub fn new(source: (usize, usize), target: (usize, usize)) -> Self {
        let small = ((target.0 / 24).max(2).next_multiple_of(2), (target.1 / 24).max(2).next_multiple_of(2));
        Self {
            down: Scaler::new(source, Crop::cover(source, target), small),
            up: Scaler::new(small, Crop::whole(small.0, small.1), target),
            small: Frame::black(small.0, small.1),
        }
    }

    /// Makes the copy.
    #[must_use]
    pub fn draw(&mut self, source: &Frame) -> Frame {
        let mut copy = Frame::black(self.up.width, self.up.height);
        self.draw_into(source, &mut copy);
        copy
    }

    /// The same over a picture that is there already.
    pub fn draw_into(&mut self, source: &Frame, copy: &mut Frame) {
        self.down.scale_into(source, &mut self.small);
        self.small.tint(super::frame::Yuv::hex(0), 0.45);
        self.up.scale_into(&self.small, copy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::frame::Yuv;

    #[test]
    fn flat_pictures_stay_flat() {
        let mut grey = Frame::black(70, 46);
        grey.fill(Yuv { y: 120.0, u: 90.0, v: 200.0 });
        for target in [(70, 46), (16, 16), (200, 300), (2, 2), (71, 45)] {
            for crop in [Crop::whole(70, 46), Crop::cover((70, 46), target)] {
                let scaled = Scaler::new((70, 46), crop, target).scale(&grey);
                assert_eq!((scaled.width % 2, scaled.height % 2), (0, 0));
                assert!(scaled.y.iter().all(|&y| y == 120), "{target:?} {crop:?}");
                assert!(scaled.u.iter().all(|&u| u == 90) && scaled.v.iter().all(|&v| v == 200));
            }
        }
    }

    #[test]
    fn positions_are_kept() {
        // Dark on the left, light on the right: the edge stays in the middle at any size.
        let mut halves = Frame::black(100, 20);
        for (at, y) in halves.y.iter_mut().enumerate() {
            *y = if at % 100 < 50 { 20 } else { 220 };
        }
        for width in [10, 40, 100, 300] {
            let scaled = Scaler::new((100, 20), Crop::whole(100, 20), (width, 20)).scale(&halves);
            let row = &scaled.y[..width];
            let sum: u32 = row.iter().map(|&y| u32::from(y)).sum();
            assert_eq!(sum / width as u32, 120, "{width}");
            assert_eq!((row[0], row[width - 1]), (20, 220));
            assert!(row.windows(2).all(|pair| pair[0] <= pair[1]), "no ringing at {width}");
        }
    }

    #[test]
    fn a_slope_stays_where_it_is_when_it_is_cropped() {
        // Brighter by two with each column, from an odd column on: what is cropped away must not show, nor shift the rest.
        let source: Vec<u8> = (0..37 * 90).map(|at| (at % 90) as u8 * 2).collect();
        let crop = Crop { x: 21.0, y: 3.0, width: 45.0, height: 31.0 };
        for (wide, high) in [(45, 31), (15, 11), (90, 93), (31, 37)] {
            let mut target = vec![0; wide * high];
            PlaneScaler::new((90, 37), crop, (wide, high)).scale(&source, &mut target);
            for (at, sample) in target.iter().enumerate() {
                let expected = 2.0 * (21.0 + ((at % wide) as f32 + 0.5) * 45.0 / wide as f32 - 0.5);
                assert!(
                    (f32::from(*sample) - expected).abs() <= 1.5,
                    "{wide}x{high}, {at}: {sample}, {expected}"
                );
            }
        }
    }

    #[test]
    fn covering_cuts_the_longer_direction_around_the_middle() {
        assert_eq!(Crop::cover((200, 100), (50, 50)), Crop { x: 50.0, y: 0.0, width: 100.0, height: 100.0 });
        assert_eq!(
            Crop::cover((100, 200), (100, 100)),
            Crop { x: 0.0, y: 50.0, width: 100.0, height: 100.0 }
        );
    }

    #[test]
    fn another_size_than_prepared_for_comes_out_black() {
        let other = Scaler::new((64, 64), Crop::whole(64, 64), (32, 32)).scale(&Frame::black(16, 16));
        assert_eq!(other, Frame::black(32, 32));
    }
}
