//! A skyline across the water: windows that go on and off, signs, cars along the bank, everything mirrored.

use super::super::Canvas;
use super::super::ink;
use super::super::light::Darkroom;
use super::super::look::{Hour, Look};
use super::super::noise::{Dice, smooth, wave};
use super::weather::Fall;
use super::{Scene, sky::Sky};
use crate::media::frame::{Frame, Yuv};

pub(super) struct City {
    sky: Sky,
    darkroom: Darkroom,
    /// Houses from back to front, ready to be copied over the sky.
    plate: Vec<Tile>,
    windows: Vec<Window>,
    signs: Vec<(Tile, f32)>,
    beacons: Vec<(f32, f32, f32)>,
    cars: Vec<(f32, f32, bool)>,
    bank: usize,
    hour: Hour,
    fall: Fall,
}

/// A rectangle in one colour; edges at even pixels.
#[derive(Clone, Copy)]
struct Tile {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    colour: Yuv,
}

/// A window that somebody switches.
struct Window {
    lit: Tile,
    dark: Yuv,
    phase: f32,
}

impl Tile {
    fn draw(self, frame: &mut Frame) {
        fill(&mut frame.y, frame.width, self.x, self.y, self.width, self.height, self.colour.y);
        let half = frame.width / 2;
        let (x, y, width, height) = (self.x / 2, self.y / 2, self.width / 2, self.height / 2);
        fill(&mut frame.u, half, x, y, width, height, self.colour.u);
        fill(&mut frame.v, half, x, y, width, height, self.colour.v);
    }
}

fn fill(plane: &mut [u8], stride: usize, x: usize, y: usize, width: usize, height: usize, value: f32) {
    let end = (x + width).min(stride);
    for row in plane.chunks_exact_mut(stride.max(1)).skip(y).take(height) {
        row.get_mut(x..end).unwrap_or_default().fill(value.round() as u8);
    }
}

impl City {
    pub(super) fn new(look: &Look, canvas: Canvas) -> Self {
        let (width, height) = (canvas.width as usize, canvas.height as usize);
        let mut dice = look.dice.clone();
        let bank = (height as f32 * 0.70) as usize & !1;
        let sky = Sky::new(look, width / 2, height / 2, 0.70, dice.between(0.2, 0.8));
        let mut city = Self {
            darkroom: Darkroom::new(width, height),
            plate: Vec::new(),
            windows: Vec::new(),
            signs: Vec::new(),
            beacons: Vec::new(),
            cars: (0..22).map(|number| (dice.unit(), dice.between(0.020, 0.038), number % 2 == 0)).collect(),
            bank,
            hour: look.hour,
            fall: Fall::of(look),
            sky,
        };
        let unit = width.min(height) as f32;
        for layer in 0..3 {
            let mut x = -(unit * 0.02);
            while x < width as f32 {
                let broad = unit * dice.between(0.05, 0.11) * (0.75 + 0.22 * layer as f32);
                let tall = height as f32
                    * dice.between(0.12, 0.27)
                    * [1.75, 1.35, 0.85][layer.min(2)]
                    * dice.between(0.75, 1.1);
                city.house(layer, x.max(0.0), broad, tall, unit, &mut dice);
                x += broad * dice.between(0.86, 1.12);
            }
        }
        city
    }

    /// One house with its windows, and whatever stands on its roof.
    fn house(&mut self, layer: usize, x: f32, broad: f32, tall: f32, unit: f32, dice: &mut Dice) {
        let near = layer as f32 / 2.0;
        let palette = self.sky.palette.clone();
        let night = matches!(self.hour, Hour::Night | Hour::Sunset);
        let wall = palette.haze.mix(palette.dark, if night { 0.42 + 0.5 * near } else { 0.14 + 0.34 * near });
        let wall = wall.mix(Yuv::hex(0x4a5a78), dice.between(0.0, 0.25));
        let even = |value: f32| value.max(0.0) as usize & !1;
        let body = Tile {
            x: even(x),
            y: even(self.bank as f32 - tall),
            width: even(broad).max(2),
            height: even(tall).max(2),
            colour: wall,
        };
        self.plate.push(body);
        // A lighter edge towards the light gives the block a side.
        let side = Tile {
            width: even(broad * 0.12).max(2),
            colour: wall.mix(palette.glow, if night { 0.06 } else { 0.25 }),
            ..body
        };
        self.plate.push(side);
        if dice.unit() < 0.4 {
            let (w, h) = (even(broad * 0.5), even(tall * 0.08));
            self.plate.push(Tile {
                x: body.x + even(broad * 0.25),
                y: body.y.saturating_sub(h),
                width: w,
                height: h,
                colour: wall,
            });
        }
        if layer < 2 && dice.unit() < 0.35 {
            let mast = even(unit * dice.between(0.03, 0.07));
            let middle = body.x + even(broad / 2.0);
            let thick = even(unit * 0.003).max(2);
            self.plate.push(Tile {
                x: middle,
                y: body.y.saturating_sub(mast),
                width: thick,
                height: mast,
                colour: wall,
            });
            self.beacons.push((middle as f32 + 1.0, body.y.saturating_sub(mast) as f32, dice.unit()));
        }
        let pane = even(unit * (0.0062 + 0.0034 * near)).max(2);
        let (dx, dy) = (even(pane as f32 * 2.0).max(4), even(pane as f32 * 2.3).max(4));
        let lit_share = if night { dice.between(0.18, 0.5) } else { 0.10 };
        let warm = [0xffd58a, 0xffe9c0, 0xffc26a, 0xcfe4ff];
        let strength = 0.45 + 0.5 * near;
        for row in (body.y + dy..(self.bank).saturating_sub(dy)).step_by(dy) {
            // Offices light whole floors.
            let floor = dice.unit();
            for column in (body.x + dx..(body.x + body.width).saturating_sub(pane + 2)).step_by(dx) {
                let lit = dice.unit() < lit_share || floor < 0.05;
                let glass =
                    if night { wall.mix(Yuv::hex(0), 0.25) } else { wall.mix(Yuv::hex(0xbfe0f5), 0.35) };
                let light = Yuv::hex(*warm.get(dice.next() as usize % 4).unwrap_or(&0xffffff));
                let colour = if lit { wall.mix(light, strength) } else { glass };
                let tile =
                    Tile { x: column, y: row, width: pane, height: even(pane as f32 * 1.3).max(2), colour };
                if lit && dice.unit() < 0.16 {
                    self.windows.push(Window { lit: tile, dark: glass, phase: dice.unit() });
                } else if night || layer > 0 {
                    self.plate.push(tile);
                }
            }
        }
        if night && layer == 2 && dice.unit() < 0.5 && tall > unit * 0.12 {
            let neon = [0xff3fa0, 0x30e0ff, 0xa060ff, 0xff7040];
            let colour = Yuv::hex(*neon.get(dice.next() as usize % 4).unwrap_or(&0xffffff));
            let sign = Tile {
                x: body.x + even(broad * 0.7),
                y: body.y + even(tall * 0.18),
                width: even(unit * 0.014).max(2),
                height: even(tall * dice.between(0.25, 0.5)).max(2),
                colour,
            };
            self.signs.push((sign, dice.unit()));
        }
    }

    fn lights(&self, frame: &mut Frame, t: f32) {
        for window in &self.windows {
            let on = wave(t * 0.045 + window.phase) > -0.35;
            Tile { colour: if on { window.lit.colour } else { window.dark }, ..window.lit }.draw(frame);
        }
        let unit = frame.width.min(frame.height) as f32;
        for (sign, phase) in &self.signs {
            // A tired tube flickers now and then.
            let steady = if wave(t * 0.21 + phase) > 0.93 && wave(t * 7.0) > 0.0 { 0.35 } else { 1.0 };
            let (x, y) = (sign.x as f32, sign.y as f32);
            let (w, h) = (sign.width as f32, sign.height as f32);
            for ring in 1..4 {
                let grow = unit * 0.006 * ring as f32;
                let halo = [
                    (x - grow, y - grow),
                    (x + w + grow, y - grow),
                    (x + w + grow, y + h + grow),
                    (x - grow, y + h + grow),
                ];
                ink::polygon(frame, &halo, sign.colour, 0.13 * steady);
            }
            Tile { colour: sign.colour.mix(Yuv::hex(0xffffff), 0.35 * steady), ..*sign }.draw(frame);
        }
        if self.hour != Hour::Day {
            for &(x, y, phase) in &self.beacons {
                let blink = smooth(0.6, 0.95, wave(t * 0.55 + phase));
                ink::disc(frame, (x, y), unit * 0.010, Yuv::hex(0xff3030), 0.3 * blink);
                ink::disc(frame, (x, y), unit * 0.0035, Yuv::hex(0xff7060), blink);
            }
            let width = frame.width as f32;
            for &(start, speed, right) in &self.cars {
                let way = (start + t * speed * unit / width).fract() * 1.06 - 0.03;
                let x = if right { way } else { 1.0 - way } * width;
                let y = self.bank as f32 - unit * if right { 0.006 } else { 0.012 };
                let colour = if right { Yuv::hex(0xfff2d0) } else { Yuv::hex(0xff4030) };
                ink::disc(frame, (x, y), unit * 0.009, colour, 0.28);
                ink::disc(frame, (x, y), unit * 0.003, colour.mix(Yuv::hex(0xffffff), 0.4), 1.0);
            }
        }
    }

    /// The lower part mirrors the upper, stirred and darkened.
    fn mirror(&self, frame: &mut Frame, t: f32) {
        let (bank, height, width) = (self.bank, frame.height, frame.width);
        let water = match self.hour {
            Hour::Day => Yuv::hex(0x3c6a88),
            Hour::Dawn => Yuv::hex(0x4a5878),
            Hour::Sunset => Yuv::hex(0x2a1f48),
            Hour::Night => Yuv::hex(0x050b1c),
        };
        let planes = [(&mut frame.y, 1, water.y), (&mut frame.u, 2, water.u), (&mut frame.v, 2, water.v)];
        for (plane, cut, deep) in planes {
            let (stride, bank, height) = (width / cut, bank / cut, height / cut);
            let shore = (bank * stride).min(plane.len());
            let (above, below) = plane.split_at_mut(shore);
            for (number, row) in below.chunks_exact_mut(stride.max(1)).enumerate() {
                let depth = number as f32 / (height - bank).max(1) as f32;
                let ripple = wave(depth * 11.0 / (0.25 + depth) - t * 0.33)
                    + 0.6 * wave(depth * 29.0 - t * 0.71 + 0.3);
                let down = number as f32 * 1.9 + ripple * height as f32 * 0.006 * (0.3 + depth);
                let from = bank.saturating_sub(1 + down.max(0.0) as usize);
                let shift = (ripple * stride as f32 * 0.0035 * (0.2 + depth)) as isize;
                let source = above.get(from * stride..(from + 1) * stride).unwrap_or_default();
                let weight = ((0.70 - 0.45 * depth + 0.10 * ripple).clamp(0.1, 0.85) * 256.0) as i32;
                let deep = deep as i32;
                for (x, sample) in row.iter_mut().enumerate() {
                    let at = (x as isize + shift).clamp(0, stride as isize - 1) as usize;
                    let value = i32::from(source.get(at).copied().unwrap_or(16));
                    *sample = (deep + (((value - deep) * weight) >> 8)) as u8;
                }
            }
        }
    }
}

impl Scene for City {
    fn draw(&mut self, t: f32, frame: &mut Frame) {
        let Self { sky, darkroom, .. } = self;
        let glow = sky.palette.haze.mix(sky.palette.glow, 0.25);
        let night = self.hour == Hour::Night;
        darkroom.develop(frame, |y, row| {
            if (y as f32) < sky.horizon {
                sky.row(y, t, row);
                if night {
                    // The town lights the air above it.
                    let low = smooth(0.35, 1.0, y as f32 / sky.horizon);
                    row.veil(glow.mix(Yuv::hex(0xb07a70), 0.5), 0.55 * low * low);
                }
            }
        });
        for tile in &self.plate {
            tile.draw(frame);
        }
        self.lights(frame, t);
        let quay = Tile {
            x: 0,
            y: self.bank.saturating_sub((frame.height / 180).max(1) * 2),
            width: frame.width,
            height: (frame.height / 180).max(1) * 2,
            colour: self.sky.palette.dark.mix(self.sky.palette.haze, 0.12),
        };
        quay.draw(frame);
        self.mirror(frame, t);
        self.fall.draw(t, frame);
    }
}
