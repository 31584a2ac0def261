//! The noise of a place: surf, rain, wind, traffic, birds, crickets.

use super::look::{Hour, Look, Place, Weather};
use super::noise::{Dice, wave};
use crate::media::aac::SAMPLE_RATE;

const RATE: f32 = SAMPLE_RATE as f32;

/// Filtered hiss that swells as waves or wind do, and now and then a bird or cricket.
pub(super) struct Air {
    kind: AirKind,
    dice: Dice,
    low: [f32; 2],
    lower: [f32; 2],
    phase: f32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum AirKind {
    Waves,
    Rain,
    Wind,
    Street,
    Crickets,
    Birds,
}

impl Air {
    /// What is heard there; some places are silent.
    pub(super) fn of(look: &Look) -> Option<Self> {
        let kind = match (look.place, look.weather) {
            (_, Weather::Rain) => AirKind::Rain,
            (Place::Ocean, _) => AirKind::Waves,
            (Place::City, _) => AirKind::Street,
            (Place::Forest, _) if look.hour == Hour::Night => AirKind::Crickets,
            (Place::Forest, _) => AirKind::Birds,
            (Place::Mountains | Place::Desert | Place::Winter, _) => AirKind::Wind,
            (Place::Space | Place::Abstract, _) => return None,
        };
        Some(Self { kind, dice: look.dice.clone(), low: [0.0; 2], lower: [0.0; 2], phase: 0.0 })
    }

    /// The sample at a place in time, left and right; to be asked one after the other.
    pub(super) fn next(&mut self, at: u64) -> [f32; 2] {
        let t = at as f32 / RATE;
        let mut out = [0.0; 2];
        let swell = |rate: f32, shift: f32| 0.5 + 0.5 * wave(t * rate + shift);
        let (gain, bright, dull) = match self.kind {
            AirKind::Waves => (0.05 + 0.30 * swell(0.11, 0.7).powi(2) + 0.10 * swell(0.07, 0.2), 0.16, 0.02),
            AirKind::Rain => (0.16, 0.6, 0.06),
            AirKind::Wind => (0.20 + 0.30 * swell(0.09, 0.1) * swell(0.05, 0.6), 0.035, 0.004),
            AirKind::Street => (0.26, 0.02, 0.002),
            AirKind::Crickets | AirKind::Birds => (0.06, 0.05, 0.008),
        };
        for (channel, value) in out.iter_mut().enumerate() {
            let hiss = self.dice.unit() - 0.5;
            if let (Some(low), Some(lower)) = (self.low.get_mut(channel), self.lower.get_mut(channel)) {
                *low += (hiss - *low) * bright;
                *lower += (*low - *lower) * dull;
                *value = (*low - *lower) * gain;
            }
        }
        let chirp = match self.kind {
            AirKind::Crickets => {
                self.phase = (self.phase + 4300.0 / RATE).fract();
                let beat = (t * 1.7).fract() < 0.45;
                if beat { 0.012 * wave(self.phase) * (0.5 + 0.5 * wave(t * 32.0)) } else { 0.0 }
            }
            AirKind::Birds => {
                // A short run of falling whistles every few seconds.
                let song = (t * 0.37 + 0.3).fract() / 0.37;
                let (count, inside) = ((song / 0.16).floor(), (song / 0.16).fract());
                if count < 4.0 {
                    let pitch = 3100.0 + 350.0 * wave(count * 0.31) - 900.0 * inside;
                    self.phase = (self.phase + pitch / RATE).fract();
                    0.022 * wave(self.phase) * (wave(inside * 0.5)).max(0.0)
                } else {
                    0.0
                }
            }
            _ => 0.0,
        };
        [out[0] + chirp * 0.7, out[1] + chirp]
    }
}
