//! The mixing desk: sounds with a place in time, a loudness and soft ends, added up and kept within bounds.

use super::Error;
use super::bed::Bed;
use super::hear::Recording;
use super::timeline::Segment;
use crate::media::aac::SAMPLE_RATE;

/// Everything that is heard, played once from the start.
#[derive(Default)]
pub(super) struct Desk {
    channels: Vec<Channel>,
    played: u64,
}

struct Channel {
    source: Source,
    name: String,
    /// First and last sample, counted from the start of the video.
    from: u64,
    to: u64,
    fade_in: u64,
    fade_out: u64,
    volume: f32,
}

enum Source {
    Band(Box<Bed>),
    File(Box<Recording>),
}

impl Desk {
    /// Adds music or noise made here.
    pub(super) fn band(&mut self, segment: &Segment, bed: Bed) {
        self.add(segment, String::new(), Source::Band(Box::new(bed)));
    }

    /// Adds the sound of a file that starts where the segment says.
    pub(super) fn file(
        &mut self,
        segment: &Segment,
        name: &str,
        mut recording: Recording,
    ) -> Result<(), Error> {
        recording.skip(segment.source_in_ms).map_err(|why| Error::Source { name: name.into(), why })?;
        self.add(segment, name.into(), Source::File(Box::new(recording)));
        Ok(())
    }

    fn add(&mut self, segment: &Segment, name: String, source: Source) {
        let samples = |ms: u64| ms * u64::from(SAMPLE_RATE) / 1000;
        let (from, to) = (samples(segment.start_ms), samples(segment.end_ms));
        // Even a hard cut gets a few milliseconds, or it clicks.
        let fade = |ms: u64| samples(ms.max(8)).min((to - from) / 2).max(1);
        let (fade_in, fade_out) = (fade(segment.fade_in_ms), fade(segment.fade_out_ms));
        self.channels.push(Channel { source, name, from, to, fade_in, fade_out, volume: segment.volume });
    }

    /// Adds the next block of everything to silence.
    pub(super) fn play(&mut self, left: &mut [f32], right: &mut [f32]) -> Result<(), Error> {
        let (start, end) = (self.played, self.played + left.len() as u64);
        for channel in self.channels.iter_mut().filter(|channel| channel.from < end && channel.to > start) {
            channel.play(start, left, right)?;
        }
        self.channels.retain(|channel| channel.to > end);
        self.played = end;
        for sample in left.iter_mut().chain(right.iter_mut()) {
            *sample = limited(*sample);
        }
        Ok(())
    }
}

impl Channel {
    fn play(&mut self, start: u64, left: &mut [f32], right: &mut [f32]) -> Result<(), Error> {
        let first = self.from.max(start);
        let last = self.to.min(start + left.len() as u64);
        let span = (first - start) as usize..(last - start) as usize;
        let (mut l, mut r) = (vec![0.0; span.len()], vec![0.0; span.len()]);
        match &mut self.source {
            Source::Band(bed) => bed.add(1.0, &mut l, &mut r),
            Source::File(recording) => recording
                .add(1.0, &mut l, &mut r)
                .map_err(|why| Error::Source { name: self.name.clone(), why })?,
        }
        for (into, from) in [(left, l), (right, r)] {
            let into = into.get_mut(span.clone()).unwrap_or_default();
            for ((sample, value), at) in into.iter_mut().zip(from).zip(first..) {
                let rise = (at - self.from) as f32 / self.fade_in as f32;
                let fall = (self.to - at) as f32 / self.fade_out as f32;
                *sample += value * self.volume * rise.min(fall).min(1.0);
            }
        }
        Ok(())
    }
}

/// Lets everyday levels through unchanged and bends what is louder towards, never past, full scale.
fn limited(sample: f32) -> f32 {
    const KNEE: f32 = 0.8;
    let over = sample.abs() - KNEE;
    if over <= 0.0 { sample } else { sample.signum() * (KNEE + (1.0 - KNEE) * over / (over + 1.0 - KNEE)) }
}
