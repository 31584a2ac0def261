//! Dunes with a lit and a shaded side, and a caravan on its way along one of them.

use super::super::Canvas;
use super::super::ink;
use super::super::light::Darkroom;
use super::super::look::{Hour, Look};
use super::super::noise::{smooth, wave};
use super::weather::Fall;
use super::{Scene, sky::Sky};
use crate::media::frame::{Frame, Yuv};

pub(super) struct Desert {
    sky: Sky,
    darkroom: Darkroom,
    dunes: Vec<Dune>,
    cover: Vec<f32>,
    ripple: Vec<f32>,
    fall: Fall,
}

struct Dune {
    seed: f32,
    base: f32,
    rise: f32,
    drift: f32,
    lit: Yuv,
    shaded: Yuv,
    tops: Vec<f32>,
    /// How far each column faces the light, 0 to 1.
    facing: Vec<f32>,
    highest: f32,
}

const DUNES: usize = 5;
/// The dune that the caravan walks on.
const WALKED: usize = 2;

impl Dune {
    /// Height of the crest above its base, as a share of the rise; `x` in canvas widths.
    fn height(&self, x: f32) -> f32 {
        let s = self.seed;
        let long = wave(x * 0.42 + s);
        // A second wave leans on the first, so that one side is steep.
        0.55 * long
            + 0.28 * wave(x * 0.93 + s * 2.3 + 0.12 * long)
            + 0.10 * wave(x * 2.1 + s * 5.1 + 0.2 * long)
    }
}

impl Desert {
    pub(super) fn new(look: &Look, canvas: Canvas) -> Self {
        let (width, height) = (canvas.width as usize / 2, canvas.height as usize / 2);
        let mut dice = look.dice.clone();
        let sky = Sky::new(look, width, height, 0.58, dice.between(0.3, 0.7));
        let (lit, shaded) = match look.hour {
            Hour::Day => (0xf0cf94, 0xb5844e),
            Hour::Dawn => (0xf3c9a0, 0x9a6f68),
            Hour::Sunset => (0xf59a55, 0x6a2f45),
            Hour::Night => (0x3d4f78, 0x141c38),
        };
        let dunes = (0..DUNES)
            .map(|number| {
                let near = number as f32 / (DUNES - 1) as f32;
                let far = 0.55 * (1.0 - near);
                Dune {
                    seed: dice.unit(),
                    base: 0.60 + 0.32 * near,
                    rise: 0.055 + 0.060 * near,
                    drift: 0.002 + 0.010 * near,
                    lit: Yuv::hex(lit).mix(sky.palette.haze, far),
                    shaded: Yuv::hex(shaded).mix(sky.palette.haze, far).mix(sky.palette.dark, 0.25 * near),
                    tops: vec![0.0; width],
                    facing: vec![0.0; width],
                    highest: 0.0,
                }
            })
            .collect();
        Self {
            darkroom: Darkroom::new(canvas.width as usize, canvas.height as usize),
            dunes,
            cover: vec![0.0; width],
            ripple: vec![0.0; width],
            fall: Fall::of(look),
            sky,
        }
    }

    fn caravan(&self, frame: &mut Frame, t: f32) {
        let Some(dune) = self.dunes.get(WALKED) else { return };
        let (w, h) = (frame.width as f32, frame.height as f32);
        let unit = w.min(h);
        let size = unit * 0.042;
        let colour = dune.shaded.mix(self.sky.palette.dark, 0.75);
        for number in 0..4 {
            let x = 0.30 + number as f32 * size * 1.75 / w + t * 0.0075;
            let row = |x: f32| h * dune.base - h * dune.rise * dune.height(x + t * dune.drift);
            let y = row(x) + size * 0.05;
            let tilt = ((row(x + 0.01) - row(x - 0.01)) / (0.02 * w)).clamp(-0.5, 0.5);
            let phase = t * 0.55 + number as f32 * 0.27;
            let bob = 0.02 * wave(phase * 2.0);
            let place = |px: f32, py: f32| (x * w + px * size, y + (py + bob) * size + px * size * tilt);
            for (leg, shift) in [(-0.30, 0.0), (-0.20, 0.5), (0.22, 0.25), (0.32, 0.75)] {
                let swing = 0.10 * wave(phase + shift);
                ink::stroke(frame, place(leg, -0.45), place(leg + swing, -0.02), size * 0.075, colour, 1.0);
            }
            let body = [
                (-0.42, -0.52),
                (-0.36, -0.68),
                (-0.20, -0.74),
                (-0.06, -0.96),
                (0.06, -0.96),
                (0.18, -0.74),
                (0.34, -0.70),
                (0.44, -0.60),
                (0.40, -0.44),
                (-0.34, -0.40),
            ];
            let neck = [
                (0.34, -0.66),
                (0.50, -0.62),
                (0.62, -0.84),
                (0.66, -1.02),
                (0.84, -0.98),
                (0.86, -1.08),
                (0.66, -1.16),
                (0.56, -1.10),
                (0.50, -0.86),
            ];
            for outline in [&body[..], &neck[..]] {
                let points: Vec<(f32, f32)> = outline.iter().map(|&(px, py)| place(px, py)).collect();
                ink::polygon(frame, &points, colour, 1.0);
            }
            if number == 3 {
                // The leader walks ahead with a staff.
                let step = 0.09 * wave(phase * 1.2);
                ink::stroke(frame, place(1.30, -0.36), place(1.30 + step, 0.0), size * 0.07, colour, 1.0);
                ink::stroke(frame, place(1.30, -0.36), place(1.30 - step, 0.0), size * 0.07, colour, 1.0);
                let coat = [(1.20, -0.22), (1.25, -0.62), (1.37, -0.62), (1.42, -0.22)]
                    .map(|(px, py)| place(px, py));
                ink::polygon(frame, &coat, colour, 1.0);
                ink::disc(frame, place(1.31, -0.70), size * 0.085, colour, 1.0);
                ink::stroke(frame, place(1.48, -0.66), place(1.50, 0.0), size * 0.03, colour, 1.0);
            }
        }
    }
}

impl Scene for Desert {
    fn draw(&mut self, t: f32, frame: &mut Frame) {
        let (w, h) = (frame.width as f32 / 2.0, frame.height as f32 / 2.0);
        let unit = w.min(h);
        let Self { sky, darkroom, dunes, cover, ripple, .. } = self;
        let sun = sky.sun.0;
        for dune in dunes.iter_mut() {
            let (mut tops, mut facing) = (std::mem::take(&mut dune.tops), std::mem::take(&mut dune.facing));
            for (x, (top, facing)) in tops.iter_mut().zip(&mut facing).enumerate() {
                let at = x as f32 / w + t * dune.drift;
                let (here, next) = (dune.height(at), dune.height(at + 0.004));
                *top = h * (dune.base - dune.rise * here);
                // Rising to the right faces left, and the light comes from the sun's side.
                let left = smooth(-0.9, 0.9, (next - here) / 0.004 * 0.35);
                *facing = if sun > w / 2.0 { 1.0 - left } else { left };
            }
            dune.highest = tops.iter().copied().fold(f32::MAX, f32::min);
            (dune.tops, dune.facing) = (tops, facing);
        }
        darkroom.develop(frame, |y, row| {
            let fy = y as f32;
            sky.row(y, t, row);
            for dune in dunes.iter().filter(|dune| fy >= dune.highest - 1.0) {
                let deep = smooth(0.0, h * 0.20, fy - dune.highest);
                sky.texture().line(dune.seed + t * dune.drift * 0.5, fy * 0.9 / unit, 0.22 / unit, ripple);
                for (cover, &top) in cover.iter_mut().zip(&dune.tops) {
                    *cover = (fy - top + 0.5).clamp(0.0, 1.0);
                }
                row.mix(dune.shaded, cover);
                for ((cover, &facing), &ripple) in cover.iter_mut().zip(&dune.facing).zip(ripple.iter()) {
                    let light = facing * (1.0 - 0.45 * deep) + (ripple - 0.5) * 0.22;
                    *cover *= light.clamp(0.0, 1.0);
                }
                row.mix(dune.lit, cover);
            }
        });
        self.caravan(frame, t);
        self.fall.draw(t, frame);
    }
}
