//! Shapes of land that several scenes share: hazy ridges behind each other, and lines of conifers.

use super::super::light::Row;
use super::super::noise::{Dice, Texture, smooth};
use crate::media::frame::Yuv;

/// One ridge on the half-size grid, redrawn when the camera drifts.
pub(super) struct Ridge {
    /// Height of the edge in each column.
    pub(super) tops: Vec<f32>,
    highest: f32,
    lowest: f32,
    scratch: Vec<f32>,
    pub(super) colour: Yuv,
    /// What lies in the hollow below the edge, and how many rows it takes to get there.
    pub(super) mist: (Yuv, f32),
}

impl Ridge {
    pub(super) fn new(width: usize, colour: Yuv, mist: (Yuv, f32)) -> Self {
        Self { tops: vec![0.0; width], highest: 0.0, lowest: 0.0, scratch: vec![0.0; width], colour, mist }
    }

    /// Cuts the edge out of the texture: `base` is its lowest row, `rise` how far it may climb, `u` moves it sideways.
    pub(super) fn cut(&mut self, texture: &Texture, u: f32, v: f32, step: f32, base: f32, rise: f32) {
        texture.line(u, v, step, &mut self.tops);
        texture.line(u * 4.0, v + 0.37, step * 4.0, &mut self.scratch);
        for (top, &rough) in self.tops.iter_mut().zip(&self.scratch) {
            // Folding the noise at its middle makes peaks out of slopes.
            let peak = 1.0 - (2.0 * *top - 1.0).abs();
            *top = base - rise * (0.72 * peak + 0.2 * *top + 0.16 * (rough - 0.5));
        }
        self.settle();
    }

    /// To be called after `tops` were set by hand.
    pub(super) fn settle(&mut self) {
        self.highest = self.tops.iter().copied().fold(f32::MAX, f32::min);
        self.lowest = self.tops.iter().copied().fold(f32::MIN, f32::max);
    }

    /// Whether the ridge hides the whole row.
    pub(super) fn hides(&self, y: f32) -> bool {
        y > self.lowest + 1.0
    }

    /// Paints one row; returns how much of each column is covered, when any is.
    pub(super) fn row(&mut self, y: f32, row: &mut Row) -> Option<&[f32]> {
        if y < self.highest - 1.0 {
            return None;
        }
        for (cover, &top) in self.scratch.iter_mut().zip(&self.tops) {
            *cover = (y - top + 0.5).clamp(0.0, 1.0);
        }
        let depth = smooth(0.0, 1.0, (y - self.highest) / self.mist.1);
        row.mix(self.colour.mix(self.mist.0, depth), &self.scratch);
        Some(&self.scratch)
    }
}

/// Paints ridges from back to front, leaving out what nearer ones hide.
pub(super) fn paint(ridges: &mut [Ridge], y: f32, row: &mut Row) {
    let first = ridges.iter().rposition(|ridge| ridge.hides(y)).unwrap_or(0);
    for ridge in ridges.iter_mut().skip(first) {
        ridge.row(y, row);
    }
}

/// An endless line of conifers: heights from 0 to 1 along a strip that repeats.
pub(super) struct Conifers {
    heights: Vec<f32>,
}

const STRIP: usize = 4096;

impl Conifers {
    /// `crowd` trees side by side on the strip.
    pub(super) fn new(dice: &mut Dice, crowd: usize) -> Self {
        let mut heights = vec![0.0f32; STRIP];
        let room = STRIP as f32 / crowd as f32;
        for number in 0..crowd {
            let middle = (number as f32 + dice.between(-0.4, 0.4)) * room;
            let height = dice.between(0.45, 1.0);
            let half = room * dice.between(0.55, 0.8) * (0.6 + 0.4 * height);
            let tiers = dice.between(6.0, 9.0);
            for dx in -(half as i32)..=half as i32 {
                let out = dx.unsigned_abs() as f32 / half;
                // Branches hang: each tier is a small tooth on the way down.
                let tooth = (out * tiers).fract();
                let value = height * (1.0 - out).powf(0.92) - tooth * 0.055 * height * (0.4 + out);
                let at = (middle as i32 + dx).rem_euclid(STRIP as i32) as usize;
                if let Some(cell) = heights.get_mut(at) {
                    *cell = cell.max(value);
                }
            }
        }
        Self { heights }
    }

    /// Heights along a row: `offset` and `step` in shares of the strip.
    pub(super) fn line(&self, offset: f32, step: f32, out: &mut [f32]) {
        let mut x = offset.rem_euclid(1.0) * STRIP as f32;
        for value in out {
            let at = x as usize;
            let cell = |at: usize| self.heights.get(at % STRIP).copied().unwrap_or(0.0);
            *value = cell(at) + (cell(at + 1) - cell(at)) * (x - at as f32);
            x += step * STRIP as f32;
        }
    }
}
