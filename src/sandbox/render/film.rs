//! The cutting table: coded pictures come in, sound is mixed and coded beside them, and both are written.

use std::fs::{self, File};
use std::path::Path;
use std::thread;

use super::crew::{Crew, Plan, Rushes};
use super::{Canvas, Error, MAX_DURATION_MS, Progress, Rendered};
use crate::media::aac::{self, BITRATE_BPS, PACKET_SAMPLES, SAMPLE_RATE};
use crate::media::mp4::entry;
use crate::media::mp4::write::{Sample, Track, TrackKind, Writer};

/// Samples of sound that are mixed at a time: half a second, the distance at which tracks take turns in the file.
const SOUND_BLOCK: u64 = SAMPLE_RATE as u64 / 2;

/// Makes and writes a whole video. `hear` gets blocks of silence to add to.
pub(super) fn shoot<'a>(
    canvas: Canvas,
    duration_ms: u64,
    out: &Path,
    crew: Crew<'a>,
    hear: Option<impl FnMut(&mut [f32], &mut [f32]) -> Result<(), Error>>,
    progress: &Progress<'_>,
) -> Result<Rendered, Error> {
    if duration_ms == 0 {
        return Err(Error::Request("the video would last 0 seconds".into()));
    }
    if duration_ms > MAX_DURATION_MS {
        let limit = MAX_DURATION_MS / 60_000;
        return Err(Error::Request(format!(
            "the sandbox renders at most {limit} minutes, not {duration_ms} ms"
        )));
    }
    let total = pictures(canvas, duration_ms);
    let result = thread::scope(|scope| {
        let (rushes, hands) = crew.start(Plan::new(canvas, total), scope);
        let written = cut(canvas, duration_ms, total, out, rushes, hear, progress);
        let failed = || Err(Error::Request("drawing failed unexpectedly".into()));
        // A failed artist also ends the writer, so its reason goes first; a failed writer stops the artists silently.
        hands
            .into_iter()
            .map(|hand| hand.join().unwrap_or_else(|_| failed()))
            .fold(Ok(()), Result::and)
            .and(written)
    });
    if result.is_err() {
        let _ = fs::remove_file(out);
    }
    result
}

/// How many pictures cover the time; the last one may be shorter than the others.
fn pictures(canvas: Canvas, duration_ms: u64) -> u64 {
    (duration_ms * u64::from(canvas.fps)).div_ceil(1000)
}

/// Writes pictures as they come in, each half second of sound before its pictures. Takes the rushes with it when it
/// ends early, so that nobody goes on drawing.
fn cut(
    canvas: Canvas,
    duration_ms: u64,
    total: u64,
    out: &Path,
    rushes: Rushes,
    mut hear: Option<impl FnMut(&mut [f32], &mut [f32]) -> Result<(), Error>>,
    progress: &Progress<'_>,
) -> Result<Rendered, Error> {
    let samples = duration_ms * u64::from(SAMPLE_RATE) / 1000;
    let packets = if hear.is_some() { samples / u64::from(PACKET_SAMPLES) + 3 } else { 0 };
    let file = File::options().read(true).write(true).create(true).truncate(true).open(out)?;
    let mut writer = Writer::new(Buffered::new(file), (total + packets) as usize)?;
    let mut sound = match hear {
        Some(_) => Some(aac::Encoder::new()?),
        None => None,
    };
    let sound_track = 1;
    let mut waiting: Vec<Vec<u8>> = Vec::new();
    let mut heard = 0;
    for number in 0..total {
        if let (Some(hear), Some(sound)) = (&mut hear, &mut sound) {
            // Half a second ahead, and at slow picture rates up to the next picture.
            let ahead_ms = (number + 1) * 1000 / u64::from(canvas.fps) + 500;
            let wanted = (ahead_ms * u64::from(SAMPLE_RATE) / 1000).min(samples);
            while heard < wanted {
                let block = (samples - heard).min(SOUND_BLOCK) as usize;
                let (mut left, mut right) = (vec![0.0; block], vec![0.0; block]);
                hear(&mut left, &mut right)?;
                heard += block as u64;
                sound.feed(&left, &right, |packet| waiting.push(packet.to_vec()))?;
            }
        }
        let Some(picture) = rushes.picture(number) else {
            return Err(Error::Request("drawing ended early".into()));
        };
        if number == 0 {
            writer.track(video_track(canvas, &picture.avcc));
            if let Some(sound) = &sound {
                writer.track(audio_track(sound.config()));
            }
        }
        // One millisecond is `fps` units of a track that counts 1000 units a picture.
        let rest = duration_ms * u64::from(canvas.fps) - number * 1000;
        let (data, sync) = (&picture.unit.data, picture.unit.keyframe);
        writer.sample(0, Sample { data, duration: rest.min(1000) as u32, offset: 0, sync })?;
        progress.at((number + 1) as f32 / total as f32)?;
        if (number + 1) % u64::from(canvas.fps.div_ceil(2)) == 0 {
            write_sound(&mut writer, sound_track, &mut waiting)?;
        }
    }
    if let Some(sound) = sound {
        let skip = sound.finish(|packet| waiting.push(packet.to_vec()))?;
        debug_assert_eq!(skip, AAC_PRIMING);
        write_sound(&mut writer, sound_track, &mut waiting)?;
        writer.play(sound_track, samples);
    }
    let bytes = writer.finish()?;
    Ok(Rendered { duration_ms, width: canvas.width, height: canvas.height, bytes, notes: Vec::new() })
}

fn write_sound(writer: &mut Writer<Buffered>, track: usize, packets: &mut Vec<Vec<u8>>) -> Result<(), Error> {
    for packet in packets.drain(..) {
        writer.sample(track, Sample { data: &packet, duration: PACKET_SAMPLES, offset: 0, sync: true })?;
    }
    Ok(())
}

/// Samples that the encoder puts before the first real one.
const AAC_PRIMING: u64 = 1024;

fn video_track(canvas: Canvas, avcc: &[u8]) -> Track {
    let Canvas { width, height, fps } = canvas;
    Track {
        kind: TrackKind::Video { width, height },
        timescale: fps * 1000,
        entry: entry::avc1(width, height, avcc),
        skip: 0,
        play: None,
    }
}

fn audio_track(config: &[u8]) -> Track {
    Track {
        kind: TrackKind::Audio,
        timescale: SAMPLE_RATE,
        entry: entry::mp4a(SAMPLE_RATE, 2, BITRATE_BPS, config),
        skip: AAC_PRIMING,
        play: None,
    }
}

use buffer::Buffered;

mod buffer {
    use std::fs::File;
    use std::io::{BufWriter, Read, Result, Seek, SeekFrom, Write};

    /// Collects writes; reads and seeks go to the file after what was collected is written.
    pub(super) struct Buffered(BufWriter<File>);

    impl Buffered {
        pub(super) fn new(file: File) -> Self {
            Self(BufWriter::with_capacity(1 << 18, file))
        }
    }
    impl Write for Buffered {
        fn write(&mut self, bytes: &[u8]) -> Result<usize> {
            self.0.write(bytes)
        }
        fn flush(&mut self) -> Result<()> {
            self.0.flush()
        }
    }
    impl Seek for Buffered {
        fn seek(&mut self, to: SeekFrom) -> Result<u64> {
            self.0.seek(to)
        }
    }
    impl Read for Buffered {
        fn read(&mut self, bytes: &mut [u8]) -> Result<usize> {
            self.0.flush()?;
            self.0.get_mut().read(bytes)
        }
    }
}
