//! Soft light: a picture is computed row by row at half size, which is the grid of its chroma, and then enlarged.
//!
//! Colours stay in YUV throughout, so nothing is ever converted; luma is doubled in size with an ordered dither, or
//! evening skies would show steps.

use crate::media::frame::{Frame, Yuv};

/// One row of half-size samples that a scene paints from back to front.
pub(super) struct Row {
    pub(super) y: Vec<f32>,
    pub(super) u: Vec<f32>,
    pub(super) v: Vec<f32>,
}

impl Row {
    fn new(width: usize) -> Self {
        Self { y: vec![16.0; width], u: vec![128.0; width], v: vec![128.0; width] }
    }

    pub(super) fn width(&self) -> usize {
        self.y.len()
    }

    pub(super) fn fill(&mut self, colour: Yuv) {
        self.y.fill(colour.y);
        self.u.fill(colour.u);
        self.v.fill(colour.v);
    }

    /// Mixes a colour in, by a weight of 0 to 1 for each sample.
    pub(super) fn mix(&mut self, colour: Yuv, weights: &[f32]) {
        for (plane, to) in [(&mut self.y, colour.y), (&mut self.u, colour.u), (&mut self.v, colour.v)] {
            for (sample, &weight) in plane.iter_mut().zip(weights) {
                *sample += (to - *sample) * weight;
            }
        }
    }

    /// Mixes a colour in evenly.
    pub(super) fn veil(&mut self, colour: Yuv, weight: f32) {
        for (plane, to) in [(&mut self.y, colour.y), (&mut self.u, colour.u), (&mut self.v, colour.v)] {
            for sample in plane.iter_mut() {
                *sample += (to - *sample) * weight;
            }
        }
    }

    /// Mixes a colour into one sample and, by the fraction, its right neighbour.
    pub(super) fn dot(&mut self, x: f32, colour: Yuv, weight: f32) {
        let (first, fraction) = (x.floor(), x - x.floor());
        for (at, share) in [(first, 1.0 - fraction), (first + 1.0, fraction)] {
            if at < 0.0 {
                continue;
            }
            for (plane, to) in [(&mut self.y, colour.y), (&mut self.u, colour.u), (&mut self.v, colour.v)] {
                if let Some(sample) = plane.get_mut(at as usize) {
                    *sample += (to - *sample) * (weight * share).min(1.0);
                }
            }
        }
    }
}

/// Turns rows into pictures.
pub(super) struct Darkroom {
    row: Row,
    /// Half-size luma in sixteenths of a step.
    luma: Vec<u16>,
    above: Vec<u16>,
    /// The dither pattern, eight rows of full width.
    dither: Vec<Vec<u16>>,
}

impl Darkroom {
    pub(super) fn new(width: usize, height: usize) -> Self {
        let (width, height) = (width / 2, height / 2);
        let dither = BAYER.iter().map(|row| row.iter().cycle().take(width * 2).copied().collect()).collect();
        Self { row: Row::new(width), luma: vec![16 << 4; width * height], above: vec![0; width], dither }
    }

    /// Calls `paint` for each half-size row from the top and writes the enlarged picture.
    pub(super) fn develop(&mut self, frame: &mut Frame, mut paint: impl FnMut(usize, &mut Row)) {
        let width = self.row.width().max(1);
        let rows = self.luma.chunks_exact_mut(width);
        let chroma = frame.u.chunks_exact_mut(width).zip(frame.v.chunks_exact_mut(width));
        for ((number, luma), (us, vs)) in rows.enumerate().zip(chroma) {
            paint(number, &mut self.row);
            for (narrow, &wide) in luma.iter_mut().zip(&self.row.y) {
                *narrow = whole(wide.clamp(16.0, 235.0) * 16.0) as u16;
            }
            let odd = number % 2 == 1;
            for (plane, from) in [(us, &self.row.u), (vs, &self.row.v)] {
                for (pair, values) in plane.chunks_mut(2).zip(from.chunks(2)) {
                    for (column, (sample, &value)) in pair.iter_mut().zip(values).enumerate() {
                        let dither = if odd == (column == 1) { 0.25 } else { -0.25 };
                        *sample = whole((value + dither).clamp(16.0, 240.0)) as u8;
                    }
                }
            }
        }
        self.enlarge(frame);
    }

    /// Doubles luma in both directions: each new sample lies a quarter of the way between two old ones.
    fn enlarge(&mut self, frame: &mut Frame) {
        let width = self.above.len().max(1);
        let height = self.luma.len() / width;
        let old = |number: usize| self.luma.get(number * width..(number + 1) * width).unwrap_or_default();
        for (number, out) in frame.y.chunks_exact_mut(width * 2).enumerate() {
            let near = number / 2;
            let far = if number % 2 == 0 { near.saturating_sub(1) } else { (near + 1).min(height - 1) };
            for ((mixed, &a), &b) in self.above.iter_mut().zip(old(near)).zip(old(far)) {
                *mixed = 3 * a + b;
            }
            let dither = self.dither.get(number % 8).map(Vec::as_slice).unwrap_or_default();
            let mixed = &self.above;
            // Between the first and the last sample every pair of new ones has an old one on each side.
            if let ([first, .., last], [a, .., b]) = (mixed.as_slice(), &mut *out) {
                (*a, *b) = ((first * 4).to_be_bytes()[0], (last * 4).to_be_bytes()[0]);
            }
            let inner = out.get_mut(1..width * 2 - 1).unwrap_or_default().chunks_exact_mut(2);
            let pairs = mixed.iter().zip(mixed.iter().skip(1));
            for ((out, (&a, &b)), dither) in inner.zip(pairs).zip(dither.chunks_exact(2)) {
                if let ([left, right], [first, second]) = (out, dither) {
                    *left = ((3 * a + b + first) >> 8) as u8;
                    *right = ((a + 3 * b + second) >> 8) as u8;
                }
            }
        }
    }
}

/// The nearest whole number of a small positive value; unlike a cast it needs no checks.
#[inline]
fn whole(value: f32) -> u32 {
    (value + 8_388_608.0).to_bits() & 0xffff
}

/// An 8x8 threshold pattern, in 1/256 of a luma step.
const BAYER: [[u16; 8]; 8] = {
    let mut pattern = [[0; 8]; 8];
    let mut y = 0;
    while y < 8 {
        let mut x = 0;
        while x < 8 {
            // Interleave the bits of x^y and y, most significant last.
            let mut value = 0;
            let mut bit = 0;
            while bit < 3 {
                value = value << 2 | ((x ^ y) >> bit & 1) << 1 | (y >> bit & 1);
                bit += 1;
            }
            pattern[y][x] = value as u16 * 4 + 2;
            x += 1;
        }
        y += 1;
    }
    pattern
};
