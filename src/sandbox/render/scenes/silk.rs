//! For everything else: ribbons of silk in the colours that the words name, with drifting lights.

use super::super::Canvas;
use super::super::ink::Mask;
use super::super::light::Darkroom;
use super::super::look::{Hour, Look};
use super::super::noise::{Texture, smooth, wave};
use super::Scene;
use super::weather::Fall;
use crate::media::frame::{Frame, Yuv};

pub(super) struct Silk {
    darkroom: Darkroom,
    texture: Texture,
    colours: [Yuv; 4],
    lights: Vec<Light>,
    warp: Vec<f32>,
    grain: Vec<f32>,
    sheet: Vec<f32>,
    shine: Vec<f32>,
    fall: Fall,
}

/// A round light out of focus.
struct Light {
    x: f32,
    y: f32,
    speed: f32,
    phase: f32,
    mask: Mask,
    colour: Yuv,
    strength: f32,
}

impl Silk {
    pub(super) fn new(look: &Look, canvas: Canvas) -> Self {
        let (width, height) = (canvas.width as usize, canvas.height as usize);
        let mut dice = look.dice.clone();
        let unit = width.min(height) as f32;
        let schemes = [
            [0x141b4d, 0x3a3fb8, 0xb04fd0, 0xffb088],
            [0x06283a, 0x0f6f86, 0x38c6b0, 0xf5e6a8],
            [0x2a0f38, 0x9a2f6a, 0xf26a5a, 0xffd58a],
            [0x0c1f2f, 0x245f9a, 0x5fb0f0, 0xf2f8ff],
        ];
        let mut colours = schemes[dice.next() as usize % 4].map(Yuv::hex);
        if let Some(accent) = look.accent.map(Yuv::hex) {
            let (black, white) = (Yuv::hex(0x0a0c18), Yuv::hex(0xfff6ea));
            colours = [black.mix(accent, 0.22), accent.mix(black, 0.35), accent, accent.mix(white, 0.55)];
        }
        if look.hour == Hour::Night {
            colours = colours.map(|colour| colour.mix(Yuv::hex(0x05060f), 0.3));
        }
        let lights = (0..14)
            .map(|_| {
                let radius = (unit * dice.between(0.012, 0.05)).max(2.0);
                let side = radius as usize * 2 + 4;
                let mut mask = Mask::new(0, 0, side, side);
                for (x, y) in (0..side as i32).flat_map(|y| (0..side as i32).map(move |x| (x, y))) {
                    let distance = (x as f32 - radius).hypot(y as f32 - radius) / radius;
                    // Brighter at the rim, as a lens shows it.
                    let rim = 0.55 + 0.45 * smooth(0.6, 0.95, distance);
                    mask.cover(x, y, rim * (1.0 - smooth(0.94, 1.0, distance)));
                }
                Light {
                    x: dice.unit(),
                    y: dice.unit(),
                    speed: dice.between(0.006, 0.02),
                    phase: dice.unit(),
                    mask,
                    colour: colours[3],
                    strength: dice.between(0.06, 0.20),
                }
            })
            .collect();
        Self {
            darkroom: Darkroom::new(width, height),
            texture: Texture::new(dice.next()),
            colours,
            lights,
            warp: vec![0.0; width / 2],
            grain: vec![0.0; width / 2],
            sheet: vec![0.0; width / 2],
            shine: vec![0.0; width / 2],
            fall: Fall::of(look),
        }
    }
}

impl Scene for Silk {
    fn draw(&mut self, t: f32, frame: &mut Frame) {
        let (w, h) = (frame.width as f32 / 2.0, frame.height as f32 / 2.0);
        let unit = w.min(h);
        let Self { darkroom, texture, colours, warp, grain, sheet, shine, .. } = self;
        darkroom.develop(frame, |y, row| {
            let fy = y as f32;
            row.fill(colours[0].mix(colours[1], fy / h));
            let (down, wide) = (fy / unit, 1.0 / unit);
            for (x, warp) in warp.iter_mut().enumerate() {
                let fx = x as f32 * wide;
                let slow = wave(fx * 0.31 + down * 0.17 + t * 0.013);
                *warp = 0.42 * slow + 0.22 * wave(fx * 0.57 - down * 0.43 + 0.4 * slow - t * 0.021);
            }
            // A breath of grain keeps the cloth from looking like plastic.
            texture.line(0.1, down * 1.9, 0.4 * wide, grain);
            for ribbon in 0..3 {
                let shift = ribbon as f32 * 0.37;
                let (slope, speed) = (0.55 + 0.2 * ribbon as f32, 0.035 + 0.013 * ribbon as f32);
                let cloth = sheet.iter_mut().zip(shine.iter_mut());
                for (x, ((sheet, shine), (&warp, grain))) in
                    cloth.zip(warp.iter().zip(grain.iter())).enumerate()
                {
                    let fx = x as f32 / unit;
                    let bend = warp * (0.8 + shift) + *grain * 0.012;
                    let phase = fy / unit * slope - fx * 0.38 + bend + shift - t * speed;
                    let fold = wave(phase);
                    let crease = wave(phase * 2.0 + bend * 0.7 + 0.18);
                    *sheet = smooth(-0.55, 0.95, fold) * 0.55;
                    *shine = smooth(0.35, 1.0, crease) * *sheet * 0.75;
                }
                row.mix(
                    if ribbon == 1 { colours[2] } else { colours[1].mix(colours[2], 0.5 * ribbon as f32) },
                    sheet,
                );
                row.mix(colours[3], shine);
            }
        });
        let (w, h) = (frame.width as f32, frame.height as f32);
        for light in &mut self.lights {
            let side = light.mask.width as f32;
            let x = (light.x + 0.03 * wave(t * 0.05 + light.phase)) * (w + side) - side;
            let y = (light.y - t * light.speed).rem_euclid(1.0) * (h + side) - side;
            light.mask.x = x as i32 & !1;
            light.mask.y = y as i32 & !1;
            let breath = 0.75 + 0.25 * wave(t * 0.13 + light.phase * 2.0);
            light.mask.draw(frame, light.colour, light.strength * breath);
        }
        self.fall.draw(t, frame);
    }
}
