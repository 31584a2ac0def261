//! Water to the horizon: swell, the glitter path of sun or moon, a sailing boat and gulls.

use super::super::Canvas;
use super::super::ink;
use super::super::light::Darkroom;
use super::super::look::{Hour, Look, Weather};
use super::super::noise::{Dice, smooth, wave};
use super::{Scene, sky::Sky};
use crate::media::frame::{Frame, Yuv};

pub(super) struct Ocean {
    sky: Sky,
    darkroom: Darkroom,
    hour: Hour,
    body: Yuv,
    boat: (f32, f32),
    birds: Vec<Bird>,
    near: Vec<f32>,
    far: Vec<f32>,
    glitter: Vec<f32>,
}

struct Bird {
    x: f32,
    y: f32,
    size: f32,
    speed: f32,
    phase: f32,
}

impl Ocean {
    pub(super) fn new(look: &Look, canvas: Canvas) -> Self {
        let (width, height) = (canvas.width as usize / 2, canvas.height as usize / 2);
        let mut dice = look.dice.clone();
        let tall = canvas.height > canvas.width;
        let sky = Sky::new(look, width, height, if tall { 0.54 } else { 0.56 }, dice.between(0.44, 0.62));
        let body = match look.hour {
            Hour::Day => 0x0f5a86,
            Hour::Dawn => 0x3b5878,
            Hour::Sunset => 0x251c48,
            Hour::Night => 0x040b1e,
        };
        let body = match look.weather {
            Weather::Rain | Weather::Fog => Yuv::hex(body).mix(Yuv::hex(0x3a4650), 0.6),
            _ => Yuv::hex(body),
        };
        let flock = if look.hour == Hour::Night { 0 } else { 5 };
        let birds = (0..flock).map(|number| Bird::new(number, &mut dice)).collect();
        Self {
            sky,
            darkroom: Darkroom::new(canvas.width as usize, canvas.height as usize),
            hour: look.hour,
            body,
            boat: (dice.between(0.20, 0.32), dice.between(0.02, 0.035)),
            birds,
            near: vec![0.0; width],
            far: vec![0.0; width],
            glitter: vec![0.0; width],
        }
    }

    fn boat(&self, frame: &mut Frame, t: f32) {
        let (w, h) = (frame.width as f32, frame.height as f32);
        let unit = w.min(h);
        let size = unit * 0.085;
        let x = w * self.boat.0 + t * unit * 0.004;
        let y = self.sky.horizon * 2.0 + h * self.boat.1 + wave(t * 0.31) * size * 0.03;
        let tilt = wave(t * 0.23 + 0.2) * 0.06;
        let place = |px: f32, py: f32| (x + (px - py * tilt) * size, y + (py + px * tilt) * size);
        let dark = self.sky.palette.dark;
        let sail = match self.hour {
            Hour::Day => Yuv::hex(0xf6f3ea),
            Hour::Dawn => Yuv::hex(0xf1d9c4),
            Hour::Sunset => Yuv::hex(0x4a2a48),
            Hour::Night => Yuv::hex(0x25304c),
        };
        // Its reflection first, torn by the waves.
        for step in 0..9 {
            let depth = step as f32 / 9.0;
            let sway = wave(t * 0.7 + depth * 2.3) * 0.08;
            let half = 0.42 * (1.0 - depth);
            let line = size * 0.04;
            let at = y + size * (0.14 + depth * 0.85);
            let (from, to) = ((x + (sway - half) * size, at), (x + (sway + half) * size, at));
            ink::stroke(frame, from, to, line, dark, 0.42 * (1.0 - depth));
        }
        let hull = [(-0.48, -0.03), (0.52, -0.06), (0.40, 0.12), (-0.36, 0.12)];
        ink::polygon(frame, &hull.map(|(px, py)| place(px, py)), dark, 1.0);
        ink::stroke(frame, place(0.02, 0.0), place(0.02, -1.12), size * 0.03, dark, 1.0);
        let belly = 0.04 * wave(t * 0.2);
        let main = [(0.05, -1.08), (0.20 + belly, -0.62), (0.46 + belly, -0.16), (0.05, -0.14)];
        ink::polygon(frame, &main.map(|(px, py)| place(px, py)), sail, 1.0);
        let jib = [(-0.01, -0.96), (-0.01, -0.14), (-0.40, -0.14), (-0.20 - belly, -0.50)];
        ink::polygon(frame, &jib.map(|(px, py)| place(px, py)), sail.mix(dark, 0.18), 1.0);
    }
}

impl Bird {
    fn new(number: usize, dice: &mut Dice) -> Self {
        Self {
            x: 0.62 + number as f32 * 0.055 + dice.between(-0.02, 0.02),
            y: 0.20 + (number % 3) as f32 * 0.035 + dice.between(-0.012, 0.012),
            size: dice.between(0.011, 0.018),
            speed: dice.between(0.012, 0.016),
            phase: dice.unit(),
        }
    }

    fn draw(&self, frame: &mut Frame, t: f32, colour: Yuv) {
        let (w, h) = (frame.width as f32, frame.height as f32);
        let unit = w.min(h);
        let span = unit * self.size;
        let x = (self.x - self.speed * t + 0.2).rem_euclid(1.4) - 0.2;
        let (x, y) = (x * w, (self.y + 0.006 * wave(t * 0.17 + self.phase)) * h);
        // Gulls beat a few times, then glide.
        let beating = smooth(-0.2, 0.3, wave(t * 0.11 + self.phase * 3.0));
        let flap = wave(t * 1.5 + self.phase) * (0.15 + 0.55 * beating) + 0.25;
        let line = span * 0.15;
        for side in [-1.0, 1.0] {
            let elbow = (x + side * span * 0.45, y - span * flap * 0.75);
            let tip = (x + side * span, y - span * flap * 0.45 + span * 0.08);
            ink::stroke(frame, (x, y), elbow, line * 1.2, colour, 0.9);
            ink::stroke(frame, elbow, tip, line * 0.8, colour, 0.9);
        }
    }
}

impl Scene for Ocean {
    fn draw(&mut self, t: f32, frame: &mut Frame) {
        let Self { sky, darkroom, near, far, glitter, body, hour, .. } = self;
        let height = frame.height as f32 / 2.0;
        let unit = (frame.width.min(frame.height)) as f32 / 2.0;
        let middle = frame.width as f32 / 4.0;
        let shine = match hour {
            Hour::Sunset => 1.0,
            Hour::Dawn => 0.8,
            Hour::Day => 0.55,
            Hour::Night => 0.75,
        };
        darkroom.develop(frame, |y, row| {
            let fy = y as f32;
            if fy < sky.horizon {
                sky.row(y, t, row);
                return;
            }
            let depth = (fy - sky.horizon) / (height - sky.horizon);
            // Flat water mirrors the sky above; near water shows its own colour.
            let mirrored = sky.palette.at(1.0 - depth * 0.85);
            row.fill(mirrored.mix(*body, 0.22 + 0.58 * depth.sqrt()));

            let far_away = 1.0 / (depth + 0.035);
            let step = far_away.powf(0.8) * 0.15 / unit;
            let (u, v) = (0.5 - middle * step, far_away * 0.42);
            sky.texture().line(u + t * 0.010, v * 2.0 - t * 0.055, step, far);
            sky.texture().line(u * 2.3 - t * 0.016, v * 5.2 - t * 0.10, step * 2.3, near);
            // Close by, small waves ride on the large ones.
            sky.texture().line(u * 6.1 + t * 0.021, v * 13.0 - t * 0.19, step * 6.1, glitter);
            let small = 1.15 * smooth(0.08, 0.7, depth);
            let path = unit * (0.055 + 0.26 * depth);
            let k = 1.0 / (path * path);
            let fine = 0.30 - 0.10 * depth;
            for (x, ((far, near), glitter)) in
                far.iter_mut().zip(near.iter_mut()).zip(glitter.iter_mut()).enumerate()
            {
                let swell = (*far - 0.5) * 1.1 + (*near - 0.5) * 0.9 + (*glitter - 0.5) * small;
                let dx = x as f32 - sky.sun.0;
                let beam = 1.0 / (1.0 + k * dx * dx);
                let beam = beam * beam;
                let spark = smooth(fine - 0.32 * beam, fine + 0.34 - 0.24 * beam, swell);
                *glitter = (spark * beam * 1.15 + 0.20 * beam).min(1.0) * shine;
                // What is not sparkling is darker in the troughs and mirrors more sky on the crests.
                *far = (-swell * 0.75).clamp(0.0, 0.55);
                *near = (swell * 0.55).clamp(0.0, 0.34);
            }
            row.mix(body.mix(Yuv::hex(0), 0.35), far);
            row.mix(mirrored.mix(sky.palette.stops[3], 0.4), near);
            row.mix(sky.palette.glow.mix(sky.palette.disc, 0.45), glitter);
            // The horizon lies in haze.
            row.veil(sky.palette.stops[3], 0.5 * (1.0 - smooth(0.0, 0.05, depth)));
        });
        self.boat(frame, t);
        let colour = self.sky.palette.dark.mix(self.sky.palette.haze, 0.15);
        for bird in &self.birds {
            bird.draw(frame, t, colour);
        }
    }
}
