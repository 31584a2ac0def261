//! Writing the joined file: one continuous clock for all segments, tracks in turns of half a second.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::segment::{Piece, Strip};
use super::sound::JoinedSound;
use crate::media::h264::AvcConfig;
use crate::media::mp4::write::{Sample, Track, TrackKind, Writer};
use crate::media::source::Source;
use crate::media::{Error, Limits};

/// All pictures, segment by segment.
pub(super) struct Pictures {
    pub(super) strips: Vec<Strip>,
    pub(super) entry: Vec<u8>,
    pub(super) timescale: u32,
    pub(super) kind: TrackKind,
}

/// A picture with its times in the joined track.
struct Timed {
    strip: usize,
    piece: Piece,
    dts: u64,
    duration: u32,
    offset: i32,
}

/// Writes everything and gives the size of the file.
pub(super) fn mux(
    mut writer: Writer<File>,
    video: &Pictures,
    sound: Option<JoinedSound>,
    limits: &Limits,
) -> Result<u64, Error> {
    let (pictures, delay, total) = timed(video)?;
    let video_track = writer.track(Track {
        kind: video.kind,
        timescale: video.timescale,
        entry: video.entry.clone(),
        skip: delay,
        play: Some(total),
    });
    let sound_track = sound.as_ref().map(|sound| {
        writer.track(Track {
            kind: TrackKind::Audio,
            timescale: sound.timescale,
            entry: sound.entry.clone(),
            skip: sound.skip,
            play: Some(sound.play),
        })
    });
    let mut files = Files { open: Vec::new(), limits: limits.clone() };
    let mut packets = sound.iter().flat_map(|sound| sound.packets.iter()).peekable();
    let (mut heard, mut turn_ends) = (0u64, 0.5);
    for picture in &pictures {
        let strip = video.strips.get(picture.strip).ok_or(Error::Malformed { what: "a segment" })?;
        if picture.dts as f64 / f64::from(video.timescale) >= turn_ends {
            sound_until(
                &mut writer,
                &mut files,
                sound.as_ref(),
                sound_track,
                &mut packets,
                &mut heard,
                turn_ends,
            )?;
            turn_ends += 0.5;
        }
        let mut data = files.read(&strip.path, picture.piece.offset, picture.piece.size)?;
        if picture.piece.sync && !strip.sets.is_empty() {
            data = with_sets(&data, strip);
        }
        let Timed { duration, offset, .. } = *picture;
        writer.sample(video_track, Sample { data: &data, duration, offset, sync: picture.piece.sync })?;
    }
    sound_until(
        &mut writer,
        &mut files,
        sound.as_ref(),
        sound_track,
        &mut packets,
        &mut heard,
        f64::INFINITY,
    )?;
    Ok(writer.finish()?)
}

fn sound_until<'a, F: Read + Write + Seek>(
    writer: &mut Writer<F>,
    files: &mut Files,
    sound: Option<&'a JoinedSound>,
    track: Option<usize>,
    packets: &mut std::iter::Peekable<impl Iterator<Item = &'a super::sound::Packet>>,
    heard: &mut u64,
    end_s: f64,
) -> Result<(), Error> {
    let (Some(sound), Some(track)) = (sound, track) else { return Ok(()) };
    while let Some(packet) = packets.next_if(|_| (*heard as f64) < end_s * f64::from(sound.timescale)) {
        let path = sound.files.get(packet.file).ok_or(Error::Malformed { what: "a segment" })?;
        let data = files.read(path, packet.offset, packet.size)?;
        writer.sample(track, Sample { data: &data, duration: packet.duration, offset: 0, sync: true })?;
        *heard += u64::from(packet.duration);
    }
    Ok(())
}

/// Gives every picture its decoding time: the n-th picture to be decoded gets the n-th time of showing, less a delay
/// that is just large enough for all reordering. So times never jump where segments meet, however they were coded.
fn timed(video: &Pictures) -> Result<(Vec<Timed>, u64, u64), Error> {
    let mut start = 0u64;
    let mut shown: Vec<(usize, Piece, u64)> = Vec::new();
    for (number, strip) in video.strips.iter().enumerate() {
        shown.extend(strip.pieces.iter().map(|piece| (number, *piece, start.saturating_add(piece.at))));
        start = start.saturating_add(strip.ticks);
    }
    let mut clock: Vec<u64> = shown.iter().map(|(_, _, at)| *at).collect();
    clock.sort_unstable();
    let delay =
        shown.iter().zip(&clock).map(|((_, _, at), tick)| tick.saturating_sub(*at)).max().unwrap_or(0);
    let too_long = |_| Error::TooBig { what: "ticks between two pictures", limit: u64::from(u32::MAX) };
    let ends = clock.iter().skip(1).copied().chain([start]);
    let mut timed = Vec::with_capacity(shown.len());
    for (((strip, piece, at), dts), next) in shown.into_iter().zip(&clock).zip(ends) {
        let duration = u32::try_from(next.saturating_sub(*dts)).map_err(too_long)?;
        let offset = i32::try_from(at as i128 + delay as i128 - *dts as i128);
        let offset =
            offset.map_err(|_| Error::TooBig { what: "ticks of reordering", limit: i32::MAX as u64 })?;
        timed.push(Timed { strip, piece, dts: *dts, duration, offset });
    }
    Ok((timed, delay, start))
}

/// A sync picture with its parameter sets in front (behind an access unit delimiter, which must stay first).
fn with_sets(data: &[u8], strip: &Strip) -> Vec<u8> {
    const DELIMITER: u8 = 9;
    let avc = AvcConfig { length_size: strip.length_size, sps: Vec::new(), pps: Vec::new() };
    let first = avc.nals(data).next().filter(|nal| nal.first().is_some_and(|h| h & 0x1f == DELIMITER));
    let at = first.map_or(0, |nal| nal.len() + strip.length_size).min(data.len());
    let (head, tail) = data.split_at(at);
    [head, &strip.sets, tail].concat()
}

/// The input files, opened once each.
struct Files {
    open: Vec<(PathBuf, Source)>,
    limits: Limits,
}

impl Files {
    fn read(&mut self, path: &Path, offset: u64, size: u32) -> Result<Vec<u8>, Error> {
        let at = match self.open.iter().position(|(open, _)| open == path) {
            Some(at) => at,
            None => {
                self.open.push((path.to_owned(), Source::open(path, &self.limits)?));
                self.open.len() - 1
            }
        };
        let (_, source) = self.open.get_mut(at).ok_or(Error::Malformed { what: "a segment" })?;
        source.sample(offset, u64::from(size))
    }
}
