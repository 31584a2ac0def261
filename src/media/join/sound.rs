//! The joined sound: packets copied when all segments are alike, otherwise encoded as one.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use super::Spool;
use super::segment::{Segment, apart};
use crate::media::aac::{self, PACKET_SAMPLES, SAMPLE_RATE};
use crate::media::mp4::entry;
use crate::media::mp4::read::Track;
use crate::media::sound::Sound;
use crate::media::{Error, Limits};

/// A packet, which file it lies in, and how long it lasts.
pub(super) struct Packet {
    pub(super) file: usize,
    pub(super) offset: u64,
    pub(super) size: u32,
    pub(super) duration: u32,
}

/// A whole sound track, ready to be written.
pub(super) struct JoinedSound {
    pub(super) files: Vec<PathBuf>,
    pub(super) packets: Vec<Packet>,
    pub(super) entry: Vec<u8>,
    pub(super) timescale: u32,
    /// Ticks that a player skips at the start: the encoder's priming.
    pub(super) skip: u64,
    /// Ticks to play.
    pub(super) play: u64,
    pub(super) reencoded: bool,
}

/// `ends_s` is where each segment's pictures end, in seconds. `None` when no segment has sound.
pub(super) fn assemble(
    parts: &[Segment],
    ends_s: &[f64],
    spool: &Spool,
    limits: &Limits,
) -> Result<Option<JoinedSound>, Error> {
    let tracks: Vec<Option<&Track>> = parts.iter().map(|part| part.movie.audio()).collect();
    if tracks.iter().all(Option::is_none) {
        return Ok(None);
    }
    let same: Option<Vec<&Track>> = tracks.iter().copied().collect();
    match same.filter(|tracks| alike(tracks)) {
        Some(tracks) => copied(parts, &tracks, ends_s, limits).map(Some),
        None => encoded(parts, ends_s, spool, limits).map(Some),
    }
}

fn alike(tracks: &[&Track]) -> bool {
    let key = |track: &Track| {
        let codec = &track.codec;
        (codec.name.clone(), codec.config.clone(), codec.sample_rate_hz, codec.channels, track.timescale)
    };
    let plain =
        |track: &&Track| track.codec.name == "aac" && !track.codec.config.is_empty() && one_edit(track);
    tracks.iter().all(plain) && tracks.windows(2).all(|pair| matches!(pair, [a, b] if key(a) == key(b)))
}

/// A delay before the sound, or pieces of it, cannot be copied packet by packet.
fn one_edit(track: &Track) -> bool {
    track.edits.len() <= 1 && track.edits.iter().all(|edit| edit.media_time.is_some())
}

/// Copies packets. Each segment's first packet goes where its pictures begin, give or take half a packet: what ran
/// over at the end of the segment before is dropped, what is missing there is waited for.
fn copied(
    parts: &[Segment],
    tracks: &[&Track],
    ends_s: &[f64],
    limits: &Limits,
) -> Result<JoinedSound, Error> {
    let Some(first) = tracks.first() else {
        return Err(Error::Malformed { what: "there is nothing to join" });
    };
    let timescale = first.timescale;
    let ticks = |seconds: f64| (seconds * f64::from(timescale)).round() as i64;
    let skip = first.edits.first().and_then(|edit| edit.media_time).unwrap_or(0).max(0);
    let mut packets: Vec<Packet> = Vec::new();
    let mut now = -skip; // where the next packet will be heard
    let starts_s = std::iter::once(0.0).chain(ends_s.iter().copied());
    for (file, (track, start_s)) in tracks.iter().zip(starts_s).enumerate() {
        limits.go_on()?;
        if file > 0 {
            settle(&mut packets, &mut now, ticks(start_s));
        }
        let samples = track.samples(limits)?;
        if let Some(part) = parts.get(file) {
            apart(&part.path, &samples)?;
        }
        // A packet decodes to its full length even where its file cuts the last one short.
        let duration = samples.first().map_or(0, |sample| sample.duration);
        for sample in samples {
            // Priming is needed once, at the very start; later it would be heard as a gap.
            if file == 0 || track.presented(sample.pts, sample.duration).is_some() {
                packets.push(Packet { file, offset: sample.offset, size: sample.size, duration });
                now += i64::from(duration);
            }
        }
    }
    let end = ticks(ends_s.last().copied().unwrap_or(0.0));
    settle(&mut packets, &mut now, end.max(0));
    let codec = &first.codec;
    let entry = match codec.sample_rate_hz {
        Some(rate) if rate <= 65_535 => {
            entry::mp4a(rate, codec.channels.unwrap_or(2) as u16, 0, &codec.config)
        }
        _ => codec.entry.clone(),
    };
    Ok(JoinedSound {
        files: parts.iter().map(|part| part.path.clone()).collect(),
        packets,
        entry,
        timescale,
        skip: skip as u64,
        play: u64::try_from(end.min(now)).unwrap_or(0),
        reencoded: false,
    })
}

/// Brings the end of the packets so far to a target: drops those that lie past it, stretches the last up to it.
fn settle(packets: &mut Vec<Packet>, now: &mut i64, target: i64) {
    while let Some(last) = packets.last() {
        let half = i64::from(last.duration / 2);
        if now.saturating_sub(target) <= half {
            if target.saturating_sub(*now) > half
                && let Some(last) = packets.last_mut()
            {
                let gap = u32::try_from(target.saturating_sub(*now)).unwrap_or(0);
                last.duration = last.duration.saturating_add(gap);
                *now = target;
            }
            return;
        }
        *now -= i64::from(last.duration);
        packets.pop();
    }
}

/// Decodes everything and encodes it as one track, to the sample.
fn encoded(parts: &[Segment], ends_s: &[f64], spool: &Spool, limits: &Limits) -> Result<JoinedSound, Error> {
    let refused = |e: aac::AacError| Error::Unencodable { reason: e.to_string() };
    // Pictures may be said to stand for years, and silence costs as much as sound.
    let whole_s = ends_s.last().copied().unwrap_or(0.0);
    if whole_s * f64::from(SAMPLE_RATE) / f64::from(PACKET_SAMPLES) > limits.samples as f64 {
        return Err(Error::TooBig { what: "packets of sound", limit: limits.samples });
    }
    let (path, file) = spool.create("sound")?;
    let mut out = Packets { file, written: 0, packets: Vec::new(), failed: None };
    let mut encoder = aac::Encoder::new().map_err(refused)?;
    let mut heard = 0u64;
    for (part, end_s) in parts.iter().zip(ends_s) {
        let end = (end_s * f64::from(SAMPLE_RATE)).round() as u64;
        let mut voice = Voice { sound: Sound::open(&part.path, limits)?, ..Voice::default() };
        while heard < end {
            limits.go_on()?;
            let count = (end - heard).min(4096) as usize;
            let (left, right) = voice.next(count)?;
            encoder.feed(&left, &right, |packet| out.push(packet)).map_err(refused)?;
            heard += count as u64;
        }
    }
    let config = encoder.config().to_vec();
    let skip = encoder.finish(|packet| out.push(packet)).map_err(refused)?;
    if let Some(error) = out.failed {
        return Err(error.into());
    }
    Ok(JoinedSound {
        files: vec![path],
        packets: out.packets,
        entry: entry::mp4a(SAMPLE_RATE, 2, aac::BITRATE_BPS, &config),
        timescale: SAMPLE_RATE,
        skip,
        play: heard,
        reencoded: true,
    })
}

/// Encoded packets on their way into the spool; a callback cannot return the disk's error, so it is kept.
struct Packets {
    file: File,
    written: u64,
    packets: Vec<Packet>,
    failed: Option<std::io::Error>,
}

impl Packets {
    fn push(&mut self, data: &[u8]) {
        if let Err(error) = self.file.write_all(data) {
            self.failed.get_or_insert(error);
        }
        let size = data.len() as u32;
        self.packets.push(Packet { file: 0, offset: self.written, size, duration: PACKET_SAMPLES });
        self.written += u64::from(size);
    }
}

/// One segment's sound as stereo at 48 kHz, followed by silence for ever.
#[derive(Default)]
struct Voice {
    sound: Option<Sound>,
    ready: Vec<[f32; 2]>,
    rate_hz: u32,
    /// Where between two decoded samples the next one lies.
    position: f64,
}

impl Voice {
    fn next(&mut self, count: usize) -> Result<(Vec<f32>, Vec<f32>), Error> {
        let (mut left, mut right) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for _ in 0..count {
            while self.sound.is_some() && self.position as usize + 1 >= self.ready.len() {
                self.refill()?;
            }
            let at = self.position as usize;
            let share = (self.position - at as f64) as f32;
            let here = self.ready.get(at).copied().unwrap_or([0.0; 2]);
            let next = self.ready.get(at + 1).copied().unwrap_or(here);
            left.push(here[0] + (next[0] - here[0]) * share);
            right.push(here[1] + (next[1] - here[1]) * share);
            self.position += f64::from(self.rate_hz) / f64::from(SAMPLE_RATE);
        }
        Ok((left, right))
    }

    fn refill(&mut self) -> Result<(), Error> {
        let used = (self.position as usize).min(self.ready.len());
        self.ready.drain(..used);
        self.position -= used as f64;
        let block = match &mut self.sound {
            Some(sound) => sound.next_block()?,
            None => None,
        };
        let Some(block) = block else {
            self.sound = None;
            return Ok(());
        };
        self.rate_hz = block.rate_hz;
        self.ready.extend(block.samples.chunks_exact(block.channels.max(1)).map(|instant| match *instant {
            [] => [0.0; 2],
            [mono] => [mono; 2],
            [left, right] => [left, right],
            // Of surround sound the front, with a share of the centre.
            [left, right, centre, ..] => [left + 0.7 * centre, right + 0.7 * centre],
        }));
        Ok(())
    }
}
