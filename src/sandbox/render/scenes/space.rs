//! Stars, a nebula, a banded planet with rings, and a shooting star now and then.

use super::super::Canvas;
use super::super::ink;
use super::super::light::{Darkroom, Row};
use super::super::look::Look;
use super::super::noise::{Texture, smooth, wave};
use super::Scene;
use crate::media::frame::{Frame, Yuv};

pub(super) struct Space {
    darkroom: Darkroom,
    texture: Texture,
    stars: Vec<Star>,
    /// Stars by row, so that a row finds its own.
    rows: Vec<Vec<usize>>,
    cloud: Vec<f32>,
    fold: Vec<f32>,
    nebula: [Yuv; 3],
    planet: Planet,
}

struct Star {
    x: f32,
    light: f32,
    phase: f32,
    colour: Yuv,
}

struct Planet {
    x: f32,
    y: f32,
    radius: f32,
    bands: [Yuv; 3],
    ring: Yuv,
    tilt: f32,
}

impl Space {
    pub(super) fn new(look: &Look, canvas: Canvas) -> Self {
        let (width, height) = (canvas.width as usize / 2, canvas.height as usize / 2);
        let (w, h) = (width as f32, height as f32);
        let mut dice = look.dice.clone();
        let count = (w * h / 420.0) as usize;
        let mut rows = vec![Vec::new(); height];
        let tints = [0xffffff, 0xcfdcff, 0xfff0d8, 0xffd8c0];
        let stars = (0..count)
            .map(|number| {
                if let Some(row) = rows.get_mut((dice.unit() * h) as usize) {
                    row.push(number);
                }
                Star {
                    x: dice.unit() * w,
                    light: 0.10 + 0.9 * dice.unit().powi(7),
                    phase: dice.unit(),
                    colour: Yuv::hex(*tints.get(dice.next() as usize % 4).unwrap_or(&0xffffff)),
                }
            })
            .collect();
        let schemes = [
            ([0x2b1a66, 0x8a2f86, 0x2f6fb0], [0xe8c79a, 0xb98a5e, 0xf4e4c6], 0xd9c4a0),
            ([0x0f2f5c, 0x1f7f8f, 0x6a4fb8], [0x8fb8d8, 0x4f7fb0, 0xd8ecf5], 0xb8cfe0),
            ([0x4a1838, 0xb0443f, 0x5a3f9a], [0xd98a5a, 0x9a4f3a, 0xf0c090], 0xe0b090),
        ];
        let (nebula, bands, ring) = schemes[dice.next() as usize % 3];
        let mut nebula = nebula.map(Yuv::hex);
        if let Some(accent) = look.accent.map(Yuv::hex) {
            nebula = [nebula[0].mix(accent, 0.3), accent, accent.mix(nebula[2], 0.4)];
        }
        let side = if dice.unit() < 0.5 { 0.30 } else { 0.70 };
        let tall = canvas.height > canvas.width;
        let planet = Planet {
            x: w * if tall { 0.54 } else { side },
            y: h * if tall { 0.36 } else { 0.46 },
            radius: w.min(h) * dice.between(0.19, 0.24),
            bands: bands.map(Yuv::hex),
            ring: Yuv::hex(ring),
            tilt: dice.between(0.22, 0.34),
        };
        Self {
            darkroom: Darkroom::new(canvas.width as usize, canvas.height as usize),
            texture: Texture::new(dice.next()),
            stars,
            rows,
            cloud: vec![0.0; width],
            fold: vec![0.0; width],
            nebula,
            planet,
        }
    }
}

impl Planet {
    /// Half of the ring: what passes behind the planet or before it.
    fn ring(&self, y: f32, front: bool, cover: &mut [f32], row: &mut Row) {
        let outer = self.radius * 2.15;
        if (y - self.y).abs() > outer {
            return;
        }
        // The ring's plane is tilted twice: towards us, and a little sideways.
        let lean = 0.22;
        for (x, cover) in cover.iter_mut().enumerate() {
            let (dx, dy) = (x as f32 - self.x, y - self.y);
            let (along, across) = (dx + dy * lean, (dy - dx * lean) / self.tilt);
            let distance = along.hypot(across) / self.radius;
            let here = (across > 0.0) == front;
            let body = smooth(1.28, 1.34, distance) * (1.0 - smooth(2.02, 2.10, distance));
            let gap = 1.0 - 0.85 * (smooth(1.70, 1.73, distance) - smooth(1.77, 1.80, distance));
            let grain = 0.62 + 0.25 * wave(distance * 5.3) + 0.13 * wave(distance * 17.0);
            *cover = if here { body * gap * grain * 0.8 } else { 0.0 };
        }
        row.mix(self.ring, cover);
    }

    fn row(&self, y: f32, t: f32, texture: &Texture, cover: &mut [f32], row: &mut Row) {
        let dy = (y - self.y) / self.radius;
        if dy.abs() > 1.08 {
            return;
        }
        let left = ((self.x - self.radius * 1.1).max(0.0)) as usize;
        let right = ((self.x + self.radius * 1.1).max(0.0) as usize).min(row.width());
        for x in left..right {
            let dx = (x as f32 - self.x) / self.radius;
            let square = dx * dx + dy * dy;
            let edge = ((1.0 - square.sqrt()) * self.radius + 0.5).clamp(0.0, 1.0);
            let z = (1.0 - square).max(0.0).sqrt();
            // Light from the upper left; a planet's night side is nearly black.
            let light = smooth(-0.12, 0.95, dx * -0.62 + dy * -0.38 + z * 0.68);
            let latitude = dy + dx * 0.22;
            let turn = (dx / (z + 0.55)) * 0.16 + t * 0.012;
            let swirl = texture.at(turn, latitude * 0.35) - 0.5;
            let band = 0.5 + 0.5 * wave(latitude * 2.6 + swirl * 0.42);
            let fine = 0.5 + 0.5 * wave(latitude * 7.3 + swirl * 0.7 + 0.2);
            let [a, b, c] = self.bands;
            let colour = a.mix(b, band).mix(c, fine * 0.35);
            let colour = Yuv::hex(0x05060c).mix(colour, 0.04 + 0.96 * light);
            for (plane, to) in [(&mut row.y, colour.y), (&mut row.u, colour.u), (&mut row.v, colour.v)] {
                if let Some(sample) = plane.get_mut(x) {
                    *sample += (to - *sample) * edge;
                }
            }
        }
        // A thin shine of air on the lit side.
        for (x, cover) in cover.iter_mut().enumerate() {
            let dx = (x as f32 - self.x) / self.radius;
            let distance = dx.hypot(dy);
            let lit = smooth(-0.2, 0.9, dx * -0.75 + dy * -0.45);
            *cover = lit * smooth(0.93, 1.0, distance) * (1.0 - smooth(1.0, 1.07, distance)) * 0.5;
        }
        row.mix(self.bands[2], cover);
    }
}

impl Scene for Space {
    fn draw(&mut self, t: f32, frame: &mut Frame) {
        let (w, h) = (frame.width as f32 / 2.0, frame.height as f32 / 2.0);
        let unit = w.min(h);
        let Self { darkroom, texture, stars, rows, cloud, fold, nebula, planet, .. } = self;
        darkroom.develop(frame, |y, row| {
            let fy = y as f32;
            row.fill(Yuv::hex(0x04050f).mix(nebula[0], 0.16));
            let step = 0.30 / unit;
            texture.line(t * 0.002, fy * step + t * 0.001, step, cloud);
            texture.line(0.37 - t * 0.0015, fy * step * 1.7 + 0.2, step * 1.7, fold);
            // A broad band across the sky, where the clouds are densest.
            for (x, (cloud, fold)) in cloud.iter_mut().zip(fold.iter_mut()).enumerate() {
                let across =
                    (fy - h * 0.5) / unit + (x as f32 - w * 0.5) / unit * 0.42 + (*fold - 0.5) * 0.35;
                let band = 1.0 / (1.0 + 7.0 * across * across);
                let (a, b) = (*cloud, *fold);
                *cloud = smooth(0.38, 0.95, a) * band * 0.85;
                *fold = smooth(0.50, 0.95, b) * band * band * 0.7;
            }
            row.mix(nebula[1], cloud);
            row.mix(nebula[2], fold);
            for star in rows.get(y).into_iter().flatten().filter_map(|&number| stars.get(number)) {
                let twinkle = 0.75 + 0.25 * wave(t * (0.2 + 0.4 * star.phase) + star.phase);
                let x = (star.x + t * 0.15).rem_euclid(w);
                row.dot(x, star.colour, star.light * twinkle);
            }
            planet.ring(fy, false, cloud, row);
            planet.row(fy, t, texture, cloud, row);
            planet.ring(fy, true, cloud, row);
        });
        // Every seven seconds a line of light.
        let (round, age) = ((t / 7.0).floor(), (t - 1.4).rem_euclid(7.0));
        if age < 0.9 {
            let (w, h) = (w * 2.0, h * 2.0);
            let start = (w * (0.55 + 0.3 * wave(round * 0.37)), h * (0.12 + 0.08 * wave(round * 0.61)));
            let at = |s: f32| (start.0 - s * unit * 1.1, start.1 + s * unit * 0.42);
            for part in 0..6 {
                let back = (age - 0.025 * part as f32).max(0.0);
                let glow = (1.0 - part as f32 / 6.0) * smooth(0.0, 0.15, age) * (1.0 - smooth(0.5, 0.9, age));
                ink::stroke(
                    frame,
                    at(back),
                    at((back - 0.03).max(0.0)),
                    unit * 0.005,
                    Yuv::hex(0xffffff),
                    glow,
                );
            }
        }
    }
}
