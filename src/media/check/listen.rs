//! Listening: is there sound where sound was asked for, and is it clipped?

use std::path::Path;

use super::{Point, Verdict};
use crate::media::sound::Sound;
use crate::media::{Error, Limits};

/// Below -60 dB of full scale nobody hears anything.
const SILENCE: f32 = 0.001;
/// At or above this a sample stands at the rail; lossy coding makes the flat tops of clipped sound ripple a little.
const FULL: f32 = 0.985;
/// So many samples at the rail in a row are a flat top, not a chance peak.
const FLAT_TOP: u32 = 3;

/// Longer sound is heard so far: decoding hours would keep everybody waiting.
const LISTEN_S: u64 = 600;

/// What was heard.
#[derive(Default)]
struct Heard {
    samples: u64,
    peak: f32,
    /// Samples that stand in flat tops.
    clipped: u64,
    /// Tenths of a second, and how many of them are silent.
    moments: u64,
    silent: u64,
    damaged: u64,
    /// There is more that was not listened to.
    cut: bool,
}

/// Adds the points `sound` and `clipping`.
pub(super) fn sound(path: &Path, wanted: Option<bool>, limits: &Limits, points: &mut Vec<Point>) {
    match listen(path, limits) {
        Ok(heard) => {
            points.push(presence(&heard, wanted));
            points.push(clipping(&heard));
        }
        Err(error @ (Error::Undecodable { .. } | Error::TooBig { .. } | Error::Stopped)) => {
            points.push(Point::not_decoded("sound", error));
        }
        Err(error) => points.push(Point::new("sound", Verdict::Fail, error.to_string())),
    }
}

fn listen(path: &Path, limits: &Limits) -> Result<Heard, Error> {
    let mut heard = Heard::default();
    let Some(mut sound) = Sound::open(path, limits)? else { return Ok(heard) };
    let (mut in_moment, mut moment_peak) = (0u32, 0f32);
    let mut runs: Vec<u32> = Vec::new();
    while let Some(block) = sound.next_block()? {
        runs.resize(block.channels, 0);
        let moment = (block.rate_hz / 10).max(1);
        if heard.moments >= LISTEN_S * 10 {
            heard.cut = true;
            break;
        }
        for instant in block.samples.chunks_exact(block.channels.max(1)) {
            for (value, run) in instant.iter().zip(&mut runs) {
                let level = if value.is_finite() { value.abs() } else { 0.0 };
                moment_peak = moment_peak.max(level);
                *run = if level >= FULL { *run + 1 } else { 0 };
                heard.clipped += match *run {
                    FLAT_TOP => u64::from(FLAT_TOP),
                    more if more > FLAT_TOP => 1,
                    _ => 0,
                };
            }
            heard.samples += instant.len() as u64;
            in_moment += 1;
            if in_moment >= moment {
                heard.moments += 1;
                heard.silent += u64::from(moment_peak < SILENCE);
                heard.peak = heard.peak.max(moment_peak);
                (in_moment, moment_peak) = (0, 0.0);
            }
        }
    }
    heard.peak = heard.peak.max(moment_peak);
    heard.damaged = sound.damaged();
    Ok(heard)
}

fn presence(heard: &Heard, wanted: Option<bool>) -> Point {
    let peak_db = 20.0 * heard.peak.max(1e-6).log10();
    let (verdict, detail) = if heard.samples == 0 {
        (Verdict::Fail, "there is a sound track, but nothing of it can be decoded".to_owned())
    } else if heard.peak < SILENCE {
        match wanted {
            Some(true) => {
                (Verdict::Fail, format!("silent throughout (peak {peak_db:.0} dB), and sound was asked for"))
            }
            Some(false) => (Verdict::Pass, "silent, as asked".to_owned()),
            None => {
                (Verdict::Warn, format!("there is a sound track, but it is silent (peak {peak_db:.0} dB)"))
            }
        }
    } else if wanted == Some(false) {
        (Verdict::Warn, format!("there is sound (peak {peak_db:.0} dB), and none was asked for"))
    } else if heard.silent * 2 > heard.moments {
        (Verdict::Warn, format!("silent for {} % of the time", heard.silent * 100 / heard.moments.max(1)))
    } else if heard.damaged > 0 {
        (Verdict::Warn, format!("{} packets of sound are damaged", heard.damaged))
    } else {
        (Verdict::Pass, format!("peak {peak_db:.0} dB"))
    };
    let so_far = if heard.cut { format!(" (the first {} minutes)", LISTEN_S / 60) } else { String::new() };
    Point::new("sound", verdict, detail + &so_far)
}

fn clipping(heard: &Heard) -> Point {
    let share = heard.clipped as f64 / heard.samples.max(1) as f64;
    let verdict = match share {
        s if s > 0.01 => Verdict::Fail,
        s if s > 0.001 => Verdict::Warn,
        _ => Verdict::Pass,
    };
    let detail = match verdict {
        Verdict::Pass => "none".to_owned(),
        _ => format!("{:.2} % of the samples stand at full scale", share * 100.0),
    };
    Point::new("clipping", verdict, detail)
}
