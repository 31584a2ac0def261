//! The sky that most scenes share: colour by the hour, sun or moon with their glow, drifting clouds, stars.

use super::super::light::Row;
use super::super::look::{Hour, Look, Weather};
use super::super::noise::{Texture, smooth, wave};
use crate::media::frame::Yuv;

/// The sky above a horizon. All lengths are samples of the half-size grid.
pub(super) struct Sky {
    pub(super) horizon: f32,
    pub(super) sun: (f32, f32),
    pub(super) palette: Palette,
    width: f32,
    unit: f32,
    hour: Hour,
    clouds: Option<Clouds>,
    stars: Vec<Star>,
    texture: Texture,
    weights: Vec<f32>,
    shade: Vec<f32>,
}

/// The colours of an hour.
#[derive(Clone)]
pub(super) struct Palette {
    /// From the top of the picture to the horizon.
    pub(super) stops: [Yuv; 4],
    /// Of the sun's or moon's light.
    pub(super) glow: Yuv,
    /// Sun or moon itself.
    pub(super) disc: Yuv,
    /// Air between far things.
    pub(super) haze: Yuv,
    /// Near things against the light.
    pub(super) dark: Yuv,
    /// Clouds towards the sun.
    pub(super) cloud_lit: Yuv,
    /// Clouds away from the sun.
    pub(super) cloud_dark: Yuv,
}

struct Clouds {
    cover: f32,
    strength: f32,
}

struct Star {
    x: f32,
    y: usize,
    light: f32,
    phase: f32,
}

impl Palette {
    pub(super) fn of(look: &Look) -> Self {
        let (stops, glow, disc, haze, dark, lit, shadow) = match look.hour {
            Hour::Day => (
                [0x1f66c4, 0x4f98e0, 0x92c6f0, 0xdcedf6],
                0xfff6da,
                0xfffdf0,
                0xc2d9e8,
                0x1f3a44,
                0xffffff,
                0xa9bccc,
            ),
            Hour::Sunset => (
                [0x1d1f52, 0x64356f, 0xd9585a, 0xffb765],
                0xffb054,
                0xfff0b8,
                0xe58a68,
                0x1c1430,
                0xff9a6a,
                0x5b3a6c,
            ),
            Hour::Dawn => (
                [0x33538f, 0x8089bf, 0xeab2ae, 0xffe3bd],
                0xffe0a6,
                0xfff7dc,
                0xe3c2c0,
                0x233049,
                0xffdcc8,
                0x8d8bb0,
            ),
            Hour::Night => (
                [0x040818, 0x0a1533, 0x142a55, 0x2b4a78],
                0xa9c4f0,
                0xf3f5ff,
                0x22406b,
                0x04070f,
                0x30456e,
                0x0b142c,
            ),
        };
        let mut palette = Self {
            stops: stops.map(Yuv::hex),
            glow: Yuv::hex(glow),
            disc: Yuv::hex(disc),
            haze: Yuv::hex(haze),
            dark: Yuv::hex(dark),
            cloud_lit: Yuv::hex(lit),
            cloud_dark: Yuv::hex(shadow),
        };
        let grey = match look.weather {
            Weather::Clear => 0.0,
            Weather::Cloudy => 0.15,
            Weather::Snow => 0.3,
            Weather::Fog => 0.45,
            Weather::Rain => 0.6,
        };
        if grey > 0.0 {
            let to = if look.hour == Hour::Night { Yuv::hex(0x1a2233) } else { Yuv::hex(0x8d98a3) };
            for colour in &mut palette.stops {
                *colour = colour.mix(to, grey);
            }
            for colour in
                [&mut palette.glow, &mut palette.haze, &mut palette.cloud_lit, &mut palette.cloud_dark]
            {
                *colour = colour.mix(to, grey * 0.8);
            }
        }
        palette
    }

    /// The sky's colour at a share of the way from the top to the horizon.
    pub(super) fn at(&self, share: f32) -> Yuv {
        let place = share.clamp(0.0, 1.0).powf(1.15) * 3.0;
        let first = (place as usize).min(2);
        match (self.stops.get(first), self.stops.get(first + 1)) {
            (Some(&a), Some(&b)) => a.mix(b, place - first as f32),
            _ => self.haze,
        }
    }
}

impl Sky {
    /// A sky for a half-size grid, with the horizon and the sun at shares of height and width.
    pub(super) fn new(look: &Look, width: usize, height: usize, horizon: f32, sun_x: f32) -> Self {
        let mut dice = look.dice.clone();
        let (w, h) = (width as f32, height as f32);
        let unit = w.min(h);
        let horizon = h * horizon;
        let lift = match look.hour {
            Hour::Sunset => 0.07,
            Hour::Dawn => 0.16,
            Hour::Day => 0.34,
            Hour::Night => 0.32,
        };
        let sun = (w * sun_x, (horizon - unit * lift).max(unit * 0.12));
        let clear = look.weather == Weather::Clear;
        let dark = look.hour == Hour::Night && !matches!(look.weather, Weather::Rain | Weather::Fog);
        let stars = if dark { (w * horizon / 420.0) as usize } else { 0 };
        let stars = (0..stars)
            .map(|_| Star {
                x: dice.unit() * w,
                y: (dice.unit() * horizon) as usize,
                light: dice.unit().powi(5) * 0.9 + 0.12,
                phase: dice.unit(),
            })
            .collect();
        let clouds = match look.hour {
            Hour::Night if clear => None,
            _ => Some(Clouds {
                cover: if clear { dice.between(0.50, 0.56) } else { 0.36 },
                strength: if look.weather == Weather::Fog { 0.35 } else { 0.85 },
            }),
        };
        Self {
            horizon,
            sun,
            palette: Palette::of(look),
            width: w,
            unit,
            hour: look.hour,
            clouds,
            stars,
            texture: Texture::new(dice.next()),
            weights: vec![0.0; width],
            shade: vec![0.0; width],
        }
    }

    pub(super) fn texture(&self) -> &Texture {
        &self.texture
    }

    /// Paints one row, at most down to the horizon; below it the horizon's own colour goes on.
    pub(super) fn row(&mut self, y: usize, t: f32, row: &mut Row) {
        let fy = y as f32;
        row.fill(self.palette.at(fy / self.horizon));
        for star in self.stars.iter().filter(|star| star.y == y) {
            let twinkle = 0.72 + 0.28 * wave(star.phase + t * (0.2 + star.phase * 0.5));
            row.dot(star.x, Yuv::hex(0xf4f6ff), star.light * twinkle);
        }
        self.glow(fy, row);
        if fy < self.horizon {
            self.clouds(fy, t, row);
        }
    }

    fn glow(&mut self, y: f32, row: &mut Row) {
        let (sx, sy) = self.sun;
        let (reach, peak, radius) = match self.hour {
            Hour::Sunset => (0.30, 0.9, 0.062),
            Hour::Dawn => (0.26, 0.8, 0.05),
            Hour::Day => (0.16, 0.8, 0.042),
            Hour::Night => (0.075, 0.55, 0.05),
        };
        // Near the horizon the light spreads sideways.
        let squash = if self.hour == Hour::Night { 1.0 } else { 1.5 };
        let k = 1.0 / (self.unit * reach).powi(2);
        let dy2 = ((y - sy) * squash).powi(2);
        for (x, weight) in self.weights.iter_mut().enumerate() {
            let dx = x as f32 - sx;
            let near = 1.0 / (1.0 + k * (dx * dx + dy2));
            *weight = near * near * peak;
        }
        row.mix(self.palette.glow, &self.weights);
        let radius = self.unit * radius;
        let dy = y - sy;
        if dy.abs() <= radius + 1.0 {
            let bright = self.palette.disc;
            for (x, weight) in self.weights.iter_mut().enumerate() {
                let distance = (x as f32 - sx).hypot(dy);
                *weight = (radius - distance + 0.5).clamp(0.0, 1.0);
            }
            row.mix(bright, &self.weights);
            if self.hour == Hour::Night {
                // Faint seas on the moon.
                let step = 0.9 / radius / 6.0;
                self.texture.line(0.3 - sx * step, 0.4 + dy * step, step, &mut self.shade);
                for (weight, shade) in self.weights.iter_mut().zip(&self.shade) {
                    *weight *= smooth(0.5, 0.75, *shade) * 0.22;
                }
                row.mix(Yuv::hex(0x8d97b5), &self.weights);
            }
        }
    }

    fn clouds(&mut self, y: f32, t: f32, row: &mut Row) {
        let Some(clouds) = &self.clouds else { return };
        // Clouds lie on a ceiling: towards the horizon they shrink and crowd together.
        let depth = (self.horizon - y) / self.horizon;
        let far = 1.0 / (depth + 0.16);
        let step = far * 0.16 / self.unit;
        let u = 0.5 - self.width / 2.0 * step + t * 0.0035;
        let v = far * 0.62 + t * 0.0012;
        self.texture.line(u, v, step, &mut self.weights);
        // A second look a little nearer to the sun tells which side is lit.
        let towards = 0.012 * ((y - self.sun.1) / (self.unit * 0.12)).clamp(-1.0, 1.0);
        self.texture.line(u + 0.006, v + towards * far.min(3.0), step, &mut self.shade);
        let fade = clouds.strength * smooth(0.0, 0.10, depth);
        let sun_x = self.sun.0;
        let spread = 1.0 / (self.unit * 0.55).powi(2);
        for (x, (weight, shade)) in self.weights.iter_mut().zip(&mut self.shade).enumerate() {
            let density = *weight;
            let dx = x as f32 - sun_x;
            let near = 1.0 / (1.0 + dx * dx * spread);
            let lit = (0.35 + (density - *shade) * 3.2 + 0.5 * near).clamp(0.0, 1.0);
            *weight = smooth(clouds.cover, clouds.cover + 0.30, density) * fade;
            *shade = *weight * lit;
        }
        row.mix(self.palette.cloud_dark, &self.weights);
        // The dark coat took `weight`; the lit share is laid over it so that both together stay below one.
        for (shade, weight) in self.shade.iter_mut().zip(&self.weights) {
            *shade = (*shade / (1.0 + 0.15 * weight)).min(1.0);
        }
        row.mix(self.palette.cloud_lit, &self.shade);
    }
}
