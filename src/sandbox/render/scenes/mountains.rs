//! Ridges in the haze behind a dark line of trees; at night with stars, moon and, when asked, northern lights.

use super::super::Canvas;
use super::super::ink;
use super::super::light::{Darkroom, Row};
use super::super::look::{Hour, Look, Weather};
use super::super::noise::{Texture, smooth, wave};
use super::land::{self, Conifers, Ridge};
use super::weather::Fall;
use super::{Scene, sky::Sky};
use crate::media::frame::{Frame, Yuv};

pub(super) struct Mountains {
    sky: Sky,
    darkroom: Darkroom,
    ridges: Vec<Ridge>,
    trees: Conifers,
    edge: Vec<f32>,
    aurora: Option<Aurora>,
    snow: bool,
    snow_light: Yuv,
    shade: Vec<f32>,
    fall: Fall,
}

const RIDGES: usize = 5;

impl Mountains {
    pub(super) fn new(look: &Look, canvas: Canvas) -> Self {
        let (width, height) = (canvas.width as usize / 2, canvas.height as usize / 2);
        let mut dice = look.dice.clone();
        // Northern lights want a clear sky, whatever falls elsewhere.
        let weather = if look.aurora { Weather::Clear } else { look.weather };
        let sun_x = if look.aurora { 0.86 } else { dice.between(0.3, 0.7) };
        let sky = Sky::new(&Look { weather, ..look.clone() }, width, height, 0.60, sun_x);
        let palette = &sky.palette;
        let mist_strength = if look.weather == Weather::Fog { 0.75 } else { 0.42 };
        let ridges = (0..RIDGES)
            .map(|number| {
                let near = number as f32 / (RIDGES - 1) as f32;
                let far_colour = palette.haze.mix(palette.stops[2], 0.35);
                let colour = far_colour.mix(palette.dark, 0.22 + 0.70 * near);
                let mist = colour.mix(palette.haze, mist_strength * (1.0 - 0.7 * near));
                Ridge::new(width, colour, (mist, height as f32 * (0.20 + 0.08 * near)))
            })
            .collect();
        let snow_light = if look.hour == Hour::Night { Yuv::hex(0x8fb0d8) } else { palette.cloud_lit };
        Self {
            darkroom: Darkroom::new(canvas.width as usize, canvas.height as usize),
            ridges,
            trees: Conifers::new(&mut dice, 90),
            edge: vec![0.0; canvas.width as usize],
            aurora: look.aurora.then(|| Aurora::new(width)),
            snow: look.weather == Weather::Snow || look.hour != Hour::Sunset,
            snow_light,
            shade: vec![0.0; width],
            fall: Fall::of(look),
            sky,
        }
    }
}

impl Scene for Mountains {
    fn draw(&mut self, t: f32, frame: &mut Frame) {
        let (w, h) = (frame.width as f32 / 2.0, frame.height as f32 / 2.0);
        let unit = w.min(h);
        let Self { sky, darkroom, ridges, aurora, snow, snow_light, shade, .. } = self;
        for (number, ridge) in ridges.iter_mut().enumerate() {
            let near = number as f32 / (RIDGES - 1) as f32;
            let base = h * (0.64 + 0.26 * near);
            let rise = unit.mul_add(0.30, h * 0.09) * (1.0 - 0.55 * near);
            // The camera drifts; near ridges pass faster.
            let u = 0.13 + 0.31 * number as f32 + t * (0.0008 + 0.0032 * near);
            ridge.cut(sky.texture(), u, 0.11 + 0.17 * number as f32, 0.26 / unit, base, rise);
        }
        if let Some(aurora) = aurora {
            aurora.set(sky.texture(), t, w, h);
        }
        let cap = *snow;
        darkroom.develop(frame, |y, row| {
            let fy = y as f32;
            sky.row(y, t, row);
            if let Some(aurora) = aurora {
                aurora.row(fy, h, row);
            }
            if cap && !ridges.iter().skip(2).any(|ridge| ridge.hides(fy)) {
                for ridge in ridges.iter_mut().take(2) {
                    snowcap(ridge, sky.texture(), fy, unit, *snow_light, shade, row);
                }
                land::paint(ridges.get_mut(2..).unwrap_or_default(), fy, row);
            } else {
                land::paint(ridges, fy, row);
            }
        });
        self.trees.line(t * 0.0022, 0.5 / frame.width as f32, &mut self.edge);
        let ground = frame.height as f32 * 0.965;
        let tall = (unit * 2.0) * 0.125;
        let dip = self.edge.len() as f32;
        for (x, top) in self.edge.iter_mut().enumerate() {
            let valley = wave(x as f32 / dip * 0.5 + 0.25).abs();
            *top = ground - tall * *top + tall * 0.5 * valley;
        }
        let dark = self.sky.palette.dark;
        ink::below(frame, &self.edge, |_| dark);
        self.fall.draw(t, frame);
    }
}

/// A far ridge with snow on the slopes that face the light.
fn snowcap(
    ridge: &mut Ridge,
    texture: &Texture,
    y: f32,
    unit: f32,
    light: Yuv,
    shade: &mut [f32],
    row: &mut Row,
) {
    let tops = ridge.tops.clone();
    let Some(cover) = ridge.row(y, row) else { return };
    texture.line(0.3, y * 1.4 / unit, 1.6 / unit, shade);
    let wide = (unit * 0.012).max(2.0);
    let at =
        |x: f32| tops.get((x.max(0.0) as usize).min(tops.len().saturating_sub(1))).copied().unwrap_or(0.0);
    for (x, ((weight, &cover), &top)) in shade.iter_mut().zip(cover).zip(&tops).enumerate() {
        *weight = if cover > 0.0 {
            // Faces run down from the crest at a slant, so a point is lit as the crest beside it is.
            let below = y - top;
            let crest = x as f32 + below * 0.55;
            let slope = (at(crest + wide) - at(crest - wide)) / (2.0 * wide);
            let ragged = *weight - 0.5;
            let reach = unit * (0.17 + 0.22 * ragged);
            let white = 1.0 - smooth(reach * 0.55, reach.max(1.0), below);
            cover * white * (0.46 + 0.55 * slope + 0.35 * ragged).clamp(0.06, 0.88)
        } else {
            0.0
        };
    }
    row.mix(light, shade);
}

/// Curtains of light.
struct Aurora {
    base: Vec<[f32; 2]>,
    light: Vec<[f32; 2]>,
    green: Vec<f32>,
    violet: Vec<f32>,
    line: Vec<f32>,
}

impl Aurora {
    fn new(width: usize) -> Self {
        let zeros = vec![[0.0; 2]; width];
        Self {
            base: zeros.clone(),
            light: zeros,
            green: vec![0.0; width],
            violet: vec![0.0; width],
            line: vec![0.0; width],
        }
    }

    /// Where the curtains hang and how bright their folds are at a time.
    fn set(&mut self, texture: &Texture, t: f32, w: f32, h: f32) {
        for curtain in 0..2 {
            let shift = curtain as f32 * 0.41;
            texture.line(0.2 + shift - t * 0.018, 0.5 + shift + t * 0.011, 1.5 / w, &mut self.line);
            let columns = self.base.iter_mut().zip(&mut self.light).zip(&self.line);
            for (x, ((base, light), &fold)) in columns.enumerate() {
                let fx = x as f32 / w;
                let sweep =
                    0.06 * wave(fx * 0.7 + shift + t * 0.021) + 0.028 * wave(fx * 2.1 - t * 0.043 + shift);
                if let (Some(base), Some(light)) = (base.get_mut(curtain), light.get_mut(curtain)) {
                    *base = h * (0.43 - 0.11 * curtain as f32 + sweep + (fold - 0.5) * 0.05);
                    let band = 0.55 + 0.45 * wave(fx * 0.9 + t * 0.03 + shift * 2.0);
                    *light = band * smooth(0.18, 0.85, fold) * (1.0 - 0.35 * curtain as f32);
                }
            }
        }
    }

    fn row(&mut self, y: f32, h: f32, row: &mut Row) {
        let reach = 1.0 / (h * 0.30);
        let sums = self.green.iter_mut().zip(&mut self.violet);
        for ((green, violet), (base, light)) in sums.zip(self.base.iter().zip(&self.light)) {
            (*green, *violet) = (0.0, 0.0);
            for (base, light) in base.iter().zip(light) {
                let up = (base - y) * reach;
                let body = smooth(-0.10, 0.16, up) * (1.0 - up.clamp(0.0, 1.0)).powi(2) * light;
                *green += body * (1.0 - up.clamp(0.0, 1.0));
                *violet += body * up.clamp(0.0, 1.0) * 1.7;
            }
            *green = (*green * 1.9).min(0.88);
            *violet = (*violet * 1.5).min(0.75);
        }
        row.mix(Yuv::hex(0x7a4fd0), &self.violet);
        row.mix(Yuv::hex(0x4dffa8), &self.green);
    }
}
