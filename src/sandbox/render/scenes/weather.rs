//! What falls in front of a scene: rain and snow.

use super::super::ink;
use super::super::look::{Look, Weather};
use super::super::noise::{Dice, wave};
use crate::media::frame::{Frame, Yuv};

/// Falling drops or flakes.
pub(super) struct Fall {
    kind: Weather,
    drops: Vec<Drop>,
}

struct Drop {
    x: f32,
    y: f32,
    /// 0 far to 1 near: near ones are larger and faster.
    near: f32,
    phase: f32,
}

impl Fall {
    /// Nothing falls in clear weather.
    pub(super) fn of(look: &Look) -> Self {
        let mut dice = Dice::new(look.dice.clone().next() ^ 0x5eed);
        let count = match look.weather {
            Weather::Rain => 420,
            Weather::Snow => 190,
            _ => 0,
        };
        let drops = (0..count)
            .map(|_| Drop { x: dice.unit(), y: dice.unit(), near: dice.unit().powi(2), phase: dice.unit() })
            .collect();
        Self { kind: look.weather, drops }
    }

    pub(super) fn draw(&self, t: f32, frame: &mut Frame) {
        let (w, h) = (frame.width as f32, frame.height as f32);
        let unit = w.min(h);
        for drop in &self.drops {
            if self.kind == Weather::Rain {
                let y = (drop.y + t * (1.1 + 0.9 * drop.near)).fract() * (h * 1.1) - h * 0.05;
                let x = (drop.x - t * 0.06 + y / h * -0.05).rem_euclid(1.0) * w;
                streak(frame, x, y, unit * (0.02 + 0.035 * drop.near), 14.0 + 34.0 * drop.near);
            } else {
                let y = (drop.y + t * (0.035 + 0.075 * drop.near)).fract() * (h * 1.06) - h * 0.03;
                let sway = wave(t * (0.10 + 0.1 * drop.phase) + drop.phase) * 0.02;
                let x = (drop.x + sway + t * 0.008).rem_euclid(1.0) * w;
                let radius = unit * (0.0013 + 0.0045 * drop.near);
                ink::disc(frame, (x, y), radius, Yuv::hex(0xffffff), 0.45 + 0.4 * (1.0 - drop.near));
            }
        }
    }
}

/// A thin slanted line of light, brighter at its lower end.
fn streak(frame: &mut Frame, x: f32, y: f32, length: f32, light: f32) {
    let steps = length.max(1.0) as usize;
    for step in 0..steps {
        let share = step as f32 / steps as f32;
        let (px, py) = (x - share * length * 0.08, y + step as f32);
        if px < 0.0 || py < 0.0 || px as usize >= frame.width {
            continue;
        }
        if let Some(sample) = frame.y.get_mut(py as usize * frame.width + px as usize) {
            *sample = (f32::from(*sample) + light * share).min(235.0) as u8;
        }
    }
}
