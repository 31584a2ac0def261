//! Conifers in layers of mist, passing slowly; fireflies at night, birds by day. With snow it is a winter wood.

use super::super::Canvas;
use super::super::ink;
use super::super::light::Darkroom;
use super::super::look::{Hour, Look, Place, Weather};
use super::super::noise::{smooth, wave};
use super::land::{self, Conifers, Ridge};
use super::weather::Fall;
use super::{Scene, sky::Sky};
use crate::media::frame::{Frame, Yuv};

pub(super) struct Forest {
    sky: Sky,
    darkroom: Darkroom,
    far: Vec<Ridge>,
    trees: Conifers,
    line: Vec<f32>,
    edge: Vec<f32>,
    near: [Yuv; 2],
    ground: Option<Yuv>,
    flies: Vec<(f32, f32, f32)>,
    night: bool,
    cabin: bool,
    fall: Fall,
}

const FAR: usize = 3;

impl Forest {
    pub(super) fn new(look: &Look, canvas: Canvas) -> Self {
        let (width, height) = (canvas.width as usize / 2, canvas.height as usize / 2);
        let mut dice = look.dice.clone();
        let sky = Sky::new(look, width, height, 0.62, dice.between(0.35, 0.65));
        let winter = look.place == Place::Winter;
        let green = match (winter, look.hour) {
            (_, Hour::Night) => Yuv::hex(0x061412),
            (true, _) => Yuv::hex(0x1d333d),
            (_, Hour::Sunset) => Yuv::hex(0x20152a),
            _ => Yuv::hex(0x10291f),
        };
        let palette = &sky.palette;
        let far = (0..FAR)
            .map(|number| {
                let near = (number as f32 + 1.0) / (FAR + 2) as f32;
                let colour = palette.haze.mix(green, 0.18 + near * 0.85);
                Ridge::new(width, colour, (colour.mix(palette.haze, 0.75 - 0.3 * near), height as f32 * 0.22))
            })
            .collect();
        let near = [palette.haze.mix(green, 0.86), green.mix(Yuv::hex(0), 0.35)];
        let ground = winter.then(|| match look.hour {
            Hour::Night => Yuv::hex(0x2c4468),
            Hour::Sunset => Yuv::hex(0xc9a4b8),
            _ => Yuv::hex(0xe9f1f8),
        });
        let flies = (0..26).map(|_| (dice.unit(), dice.between(0.55, 0.95), dice.unit())).collect();
        Self {
            darkroom: Darkroom::new(canvas.width as usize, canvas.height as usize),
            far,
            trees: Conifers::new(&mut dice, 44),
            line: vec![0.0; width],
            edge: vec![0.0; canvas.width as usize],
            near,
            ground,
            flies,
            night: look.hour == Hour::Night,
            cabin: winter,
            fall: Fall::of(&Look {
                weather: if winter { Weather::Snow } else { look.weather },
                ..look.clone()
            }),
            sky,
        }
    }

    /// A small house with a lit window and smoke from its chimney.
    fn cabin(&self, frame: &mut Frame, t: f32) {
        let (w, h) = (frame.width as f32, frame.height as f32);
        let size = w.min(h) * 0.10;
        let (x, y) = (w * 0.64, h * 0.842);
        let place = |px: f32, py: f32| (x + px * size, y + py * size);
        let snow = self.ground.unwrap_or(self.sky.palette.haze);
        for puff in 0..9 {
            let age = (puff as f32 / 9.0 + t * 0.055).fract();
            let drift = age * 0.6 + 0.10 * wave(age * 1.3 + t * 0.05);
            let colour = self.sky.palette.haze.mix(snow, 0.3);
            ink::disc(
                frame,
                place(0.30 + drift, -0.95 - age * 1.6),
                size * (0.05 + 0.17 * age),
                colour,
                0.34 * (1.0 - age),
            );
        }
        let shapes: [(&[(f32, f32)], Yuv); 6] = [
            (&[(0.22, -0.9), (0.36, -0.9), (0.36, -0.5), (0.22, -0.5)], Yuv::hex(0x3c2a26)),
            (&[(-0.5, -0.42), (0.5, -0.42), (0.5, 0.06), (-0.5, 0.06)], Yuv::hex(0x4a3026)),
            (&[(-0.66, -0.38), (0.0, -0.92), (0.66, -0.38)], snow),
            (&[(-0.5, -0.38), (0.0, -0.78), (0.5, -0.38)], Yuv::hex(0x4a3026)),
            (&[(-0.30, -0.28), (-0.06, -0.28), (-0.06, -0.06), (-0.30, -0.06)], Yuv::hex(0xffc860)),
            (&[(0.12, -0.26), (0.32, -0.26), (0.32, 0.06), (0.12, 0.06)], Yuv::hex(0x2b1b16)),
        ];
        for (points, colour) in shapes {
            let points: Vec<(f32, f32)> = points.iter().map(|&(px, py)| place(px, py)).collect();
            ink::polygon(frame, &points, colour, 1.0);
        }
        let flicker = 0.16 + 0.04 * wave(t * 0.9) + 0.02 * wave(t * 2.3);
        for ring in 1..4 {
            ink::disc(
                frame,
                place(-0.18, -0.17),
                size * 0.16 * ring as f32,
                Yuv::hex(0xffc060),
                flicker / ring as f32,
            );
        }
    }

    fn lights(&self, frame: &mut Frame, t: f32) {
        let (w, h) = (frame.width as f32, frame.height as f32);
        let unit = w.min(h);
        for &(x, y, phase) in &self.flies {
            let glow = smooth(0.1, 1.0, wave(t * (0.16 + 0.1 * phase) + phase * 3.0));
            let x = (x + 0.03 * wave(t * 0.05 + phase) + 0.012 * wave(t * 0.17 + phase * 5.0)) * w;
            let y = (y + 0.02 * wave(t * 0.07 + phase * 2.0)) * h;
            ink::disc(frame, (x, y), unit * 0.008, Yuv::hex(0xd8ff70), 0.25 * glow);
            ink::disc(frame, (x, y), unit * 0.0026, Yuv::hex(0xfbffd0), glow);
        }
    }
}

impl Scene for Forest {
    fn draw(&mut self, t: f32, frame: &mut Frame) {
        let (w, h) = (frame.width as f32 / 2.0, frame.height as f32 / 2.0);
        let unit = w.min(h);
        let Self { sky, darkroom, far, trees, line, .. } = self;
        for (number, ridge) in far.iter_mut().enumerate() {
            let near = (number as f32 + 1.0) / (FAR + 2) as f32;
            // Hills under the trees.
            sky.texture().line(
                number as f32 * 0.3 + t * 0.001 * near,
                0.2 * number as f32,
                0.10 / unit,
                line,
            );
            trees.line(
                0.21 * number as f32 + t * 0.0022 * near,
                (0.62 - 0.40 * near) / unit,
                &mut ridge.tops,
            );
            let base = h * (0.56 + 0.30 * near);
            for (top, hill) in ridge.tops.iter_mut().zip(line.iter()) {
                *top = base - (hill - 0.3) * unit * 0.16 - *top * unit * (0.10 + 0.20 * near);
            }
            ridge.settle();
        }
        darkroom.develop(frame, |y, row| {
            let fy = y as f32;
            sky.row(y, t, row);
            land::paint(far, fy, row);
            // Mist hangs between the trunks.
            let mist = smooth(0.60, 0.74, fy / h) * (1.0 - smooth(0.80, 1.0, fy / h));
            row.veil(sky.palette.haze, 0.30 * mist);
        });
        let full = unit * 2.0;
        let layers = [(0.905, 0.34, 0.22, 0.0034), (1.03, 0.62, 0.13, 0.0056)];
        for ((base, tall, step, speed), &colour) in layers.into_iter().zip(&self.near) {
            self.trees.line(0.63 + base + t * speed, step / full, &mut self.edge);
            let middle = self.edge.len() as f32 / 2.0;
            for (x, top) in self.edge.iter_mut().enumerate() {
                // The view stays open in the middle.
                let side = ((x as f32 - middle) / middle).abs();
                let frame_it = if base > 1.0 { smooth(0.25, 0.95, side) } else { 0.55 + 0.45 * side };
                *top = 2.0 * h * base - full * tall * *top * frame_it;
            }
            let sky_haze = self.sky.palette.haze;
            if base < 1.0
                && let Some(snow) = self.ground
            {
                ink::below(frame, &self.edge, |_| colour);
                let meadow: Vec<f32> = (0..frame.width)
                    .map(|x| 2.0 * h * (0.845 + 0.012 * wave(x as f32 / middle * 0.31 + 0.1)))
                    .collect();
                ink::below(frame, &meadow, |share| {
                    snow.mix(Yuv::hex(0x9fb6d0), smooth(0.86, 1.0, share) * 0.35)
                });
            } else {
                ink::below(frame, &self.edge, |share| colour.mix(sky_haze, 0.10 * smooth(0.7, 1.0, share)));
            }
            if base < 1.0 && self.cabin {
                self.cabin(frame, t);
            }
        }
        if self.night && self.ground.is_none() {
            self.lights(frame, t);
        }
        self.fall.draw(t, frame);
    }
}
