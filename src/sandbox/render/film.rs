//! The camera and the cutting table: one thread draws, the other encodes and writes.

use std::fs::{self, File};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;

use super::{Canvas, Error, MAX_DURATION_MS, Progress, Rendered};
use crate::media::aac::{self, BITRATE_BPS, PACKET_SAMPLES, SAMPLE_RATE};
use crate::media::encode::Encoder;
use crate::media::frame::Frame;
use crate::media::mp4::entry;
use crate::media::mp4::write::{Sample, Track, TrackKind, Writer};

/// What travels from the drawing thread to the encoding one.
enum Piece {
    Picture(Frame),
    Sound(Vec<f32>, Vec<f32>),
}

/// Pictures under way between the threads; they are used again and again.
const IN_FLIGHT: usize = 3;
/// Samples of sound that are mixed at a time: half a second, the distance at which tracks take turns in the file.
const SOUND_BLOCK: u64 = SAMPLE_RATE as u64 / 2;

/// Draws and writes a whole video. `draw` gets the time in milliseconds, `hear` blocks of silence to add to.
pub(super) fn shoot(
    canvas: Canvas,
    duration_ms: u64,
    out: &Path,
    draw: impl FnMut(f64, &mut Frame) -> Result<(), Error> + Send,
    hear: Option<impl FnMut(&mut [f32], &mut [f32]) -> Result<(), Error> + Send>,
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
    let result = thread::scope(|scope| {
        let (send, receive) = sync_channel(IN_FLIGHT);
        let (give_back, used) = channel();
        let with_sound = hear.is_some();
        let artist = scope.spawn(move || perform(canvas, duration_ms, draw, hear, &send, &used));
        let written = develop(canvas, duration_ms, with_sound, out, &receive, &give_back, progress);
        drop(receive);
        let drawn =
            artist.join().unwrap_or_else(|_| Err(Error::Request("drawing failed unexpectedly".into())));
        // A failed artist also ends the writer, so its reason goes first; a failed writer stops the artist silently.
        drawn.and(written)
    });
    if result.is_err() {
        let _ = fs::remove_file(out);
    }
    result
}

/// The drawing thread: pictures in order, each half second of sound before its pictures.
fn perform(
    canvas: Canvas,
    duration_ms: u64,
    mut draw: impl FnMut(f64, &mut Frame) -> Result<(), Error>,
    mut hear: Option<impl FnMut(&mut [f32], &mut [f32]) -> Result<(), Error>>,
    send: &SyncSender<Piece>,
    used: &Receiver<Frame>,
) -> Result<(), Error> {
    let samples = duration_ms * u64::from(SAMPLE_RATE) / 1000;
    let mut heard = 0;
    for number in 0..pictures(canvas, duration_ms) {
        let at_ms = number as f64 * 1000.0 / f64::from(canvas.fps);
        if let Some(hear) = &mut hear {
            // Half a second ahead, and at slow picture rates up to the next picture.
            let ahead_ms = (number + 1) * 1000 / u64::from(canvas.fps) + 500;
            let wanted = (ahead_ms * u64::from(SAMPLE_RATE) / 1000).min(samples);
            while heard < wanted {
                let block = (samples - heard).min(SOUND_BLOCK) as usize;
                let (mut left, mut right) = (vec![0.0; block], vec![0.0; block]);
                hear(&mut left, &mut right)?;
                heard += block as u64;
                if send.send(Piece::Sound(left, right)).is_err() {
                    return Ok(());
                }
            }
        }
        let mut frame =
            used.try_recv().unwrap_or_else(|_| Frame::black(canvas.width as usize, canvas.height as usize));
        draw(at_ms, &mut frame)?;
        if send.send(Piece::Picture(frame)).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// How many pictures cover the time; the last one may be shorter than the others.
fn pictures(canvas: Canvas, duration_ms: u64) -> u64 {
    (duration_ms * u64::from(canvas.fps)).div_ceil(1000)
}

/// The encoding thread.
fn develop(
    canvas: Canvas,
    duration_ms: u64,
    with_sound: bool,
    out: &Path,
    receive: &Receiver<Piece>,
    give_back: &std::sync::mpsc::Sender<Frame>,
    progress: &Progress<'_>,
) -> Result<Rendered, Error> {
    let total = pictures(canvas, duration_ms);
    let samples = duration_ms * u64::from(SAMPLE_RATE) / 1000;
    let packets = if with_sound { samples / u64::from(PACKET_SAMPLES) + 3 } else { 0 };
    let file = File::options().read(true).write(true).create(true).truncate(true).open(out)?;
    let mut writer = Writer::new(Buffered::new(file), (total + packets) as usize)?;
    let mut encoder = Encoder::new(canvas.width, canvas.height, canvas.fps)?;
    let mut sound = match with_sound {
        true => Some(aac::Encoder::new()?),
        false => None,
    };
    let sound_track = 1;
    let mut waiting: Vec<Vec<u8>> = Vec::new();
    let mut number = 0;
    while let Ok(piece) = receive.recv() {
        match piece {
            Piece::Sound(left, right) => {
                if let Some(sound) = &mut sound {
                    sound.feed(&left, &right, |packet| waiting.push(packet.to_vec()))?;
                }
            }
            Piece::Picture(frame) => {
                let unit = encoder.encode(&frame)?;
                let _ = give_back.send(frame);
                if number == 0 {
                    writer.track(video_track(canvas, encoder.avcc()?));
                    if let Some(sound) = &sound {
                        writer.track(audio_track(sound.config()));
                    }
                }
                number += 1;
                // One millisecond is `fps` units of a track that counts 1000 units a picture.
                let rest = duration_ms * u64::from(canvas.fps) - (number - 1) * 1000;
                let duration = rest.min(1000) as u32;
                writer.sample(0, Sample { data: &unit.data, duration, offset: 0, sync: unit.keyframe })?;
                progress.at(number as f32 / total as f32)?;
            }
        }
        if number > 0 && number % u64::from(canvas.fps.div_ceil(2)) == 0 {
            write_sound(&mut writer, sound_track, &mut waiting)?;
        }
    }
    if number < total {
        return Err(Error::Request("drawing ended early".into()));
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
