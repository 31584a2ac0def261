//! Reading: the movie and its tracks, from a complete, fragmented or cut file.

use std::path::Path;

use super::boxes::{TopBox, boxes, find, full, top_level};
pub use super::codec::Codec;
use super::fragment::{self, Defaults};
pub use super::table::Sample;
use super::table::Table;
use crate::media::source::Source;
use crate::media::{Error, Limits};

/// What an MP4 or QuickTime file holds.
#[derive(Clone, Debug)]
pub struct Movie {
    /// The major brand of `ftyp`, trimmed; empty in old QuickTime files.
    pub brand: String,
    /// Whether the index stands before the media, so that playing can begin before the download ends.
    pub faststart: bool,
    /// Whether the file ends before what its boxes or its index announce.
    pub truncated: bool,
    /// Whether samples are described by fragments.
    pub fragmented: bool,
    /// Length in seconds: the longest track as presented, after edit lists.
    pub duration_s: Option<f64>,
    /// All tracks in file order.
    pub tracks: Vec<Track>,
}

/// Every picture is looked up in the edit list, so a hostile one of thousands would cost more than decoding.
const MAX_EDITS: usize = 64;

/// What a track carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackKind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
    /// Subtitles, timecode, metadata.
    Other,
}

/// One entry of an edit list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit {
    /// How long this part is presented, in ticks of the track; zero means up to the end of the media.
    pub duration: u64,
    /// Where in the media it begins, in ticks; `None` presents nothing for that long.
    pub media_time: Option<i64>,
}

/// One track.
#[derive(Clone, Debug)]
pub struct Track {
    /// Number of the track in its file.
    pub id: u32,
    /// What it carries.
    pub kind: TrackKind,
    /// Ticks per second of every time of this track; never zero.
    pub timescale: u32,
    /// Length of the media in ticks, before edit lists.
    pub media_ticks: u64,
    /// How many samples it has.
    pub samples: u64,
    /// The edit list; empty when the media is presented as it is.
    pub edits: Vec<Edit>,
    /// Clockwise turn for display: 0, 90, 180 or 270.
    pub rotation_deg: u32,
    /// Codec facts.
    pub codec: Codec,
    /// Where the last picture ends that is shown, in ticks; sums up the fragments once.
    media_end: i64,
    table: Table,
    fragments: Vec<Sample>,
}

impl Movie {
    /// Reads the index of a file.
    ///
    /// # Errors
    /// [`Error::Truncated`] when the index is missing because the file was cut, [`Error::Malformed`] when there is
    /// none, [`Error::TooBig`] beyond the limits.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, Error> {
        Self::read(&mut Source::open(path, limits)?, limits)
    }

    pub(crate) fn read(source: &mut Source, limits: &Limits) -> Result<Self, Error> {
        let top = top_level(source, limits)?;
        let place = |kind: &[u8; 4]| top.iter().find(|b| b.kind == *kind);
        let mut truncated = top.iter().any(|b| b.cut);
        let Some(moov) = place(b"moov") else {
            return Err(match place(b"mdat") {
                Some(_) => Error::Truncated { missing: "its index (moov), which was to follow the media" },
                None if truncated => Error::Truncated { missing: "its index (moov)" },
                None => Error::Malformed { what: "it has no index (moov)" },
            });
        };
        let data = source.header(moov.body, moov.len)?;
        if moov.cut {
            return Err(Error::Truncated { missing: "part of its index (moov)" });
        }
        let movie_timescale =
            find(&data, b"mvhd").and_then(timescale_and_duration).map_or(1, |(scale, _)| scale);
        let defaults = find(&data, b"mvex").map(Defaults::all).unwrap_or_default();
        let mut tracks: Vec<Track> = boxes(&data)
            .filter(|(kind, _)| kind == b"trak")
            .take(64)
            .filter_map(|(_, trak)| Track::parse(trak, movie_timescale))
            .collect();
        if tracks.iter().any(|track| track.edits.len() > MAX_EDITS) {
            return Err(Error::TooBig { what: "edits of a track", limit: MAX_EDITS as u64 });
        }
        let moofs: Vec<&TopBox> = top.iter().filter(|b| b.kind == *b"moof").collect();
        for moof in moofs.iter().filter(|moof| !moof.cut) {
            let data = source.header(moof.body, moof.len)?;
            for (track, defaults) in with_defaults(&mut tracks, &defaults) {
                fragment::append(&mut track.fragments, &data, moof.start, defaults, limits)?;
            }
        }
        for track in &mut tracks {
            track.count_fragments();
        }
        truncated |= tracks.iter().any(|t| t.last_byte().is_some_and(|last| last > source.len()));
        let brand = match place(b"ftyp") {
            Some(ftyp) => String::from_utf8_lossy(&source.header_up_to(ftyp.body, 4)?).trim().to_owned(),
            None => String::new(),
        };
        let media = top.iter().find(|b| b.kind == *b"mdat");
        let longest =
            tracks.iter().filter(|t| t.kind != TrackKind::Other).map(Track::duration_s).reduce(f64::max);
        Ok(Self {
            brand,
            faststart: media.is_none_or(|mdat| moov.start < mdat.start),
            truncated,
            fragmented: !moofs.is_empty(),
            duration_s: longest.filter(|s| *s > 0.0),
            tracks,
        })
    }

    /// The first track with pictures; a cover image in an audio file does not count.
    #[must_use]
    pub fn video(&self) -> Option<&Track> {
        self.tracks.iter().find(|t| t.kind == TrackKind::Video && t.samples > 0)
    }

    /// The first track with sound.
    #[must_use]
    pub fn audio(&self) -> Option<&Track> {
        self.tracks.iter().find(|t| t.kind == TrackKind::Audio && t.samples > 0)
    }
}

fn with_defaults<'a>(
    tracks: &'a mut [Track],
    defaults: &'a [Defaults],
) -> impl Iterator<Item = (&'a mut Track, Defaults)> {
    tracks.iter_mut().filter_map(|track| {
        let found = defaults.iter().find(|d| d.track_id == track.id).copied();
        Some((track, found?))
    })
}

impl Track {
    fn parse(trak: &[u8], movie_timescale: u32) -> Option<Self> {
        let mdia = find(trak, b"mdia")?;
        let (timescale, stated_ticks) = timescale_and_duration(find(mdia, b"mdhd")?)?;
        let kind = match find(mdia, b"hdlr")?.get(8..12)? {
            b"vide" => TrackKind::Video,
            b"soun" => TrackKind::Audio,
            _ => TrackKind::Other,
        };
        let stbl = find(find(mdia, b"minf")?, b"stbl")?;
        let codec = find(stbl, b"stsd").and_then(|stsd| Codec::parse(stsd, kind == TrackKind::Video));
        let table = Table::parse(stbl).unwrap_or_default();
        let (ticks, _) = table.total();
        let (id, rotation_deg) = track_header(find(trak, b"tkhd")?)?;
        let elst = find(trak, b"edts").and_then(|edts| find(edts, b"elst"));
        Some(Self {
            id,
            kind,
            timescale,
            media_ticks: if ticks > 0 { ticks } else { stated_ticks },
            samples: u64::from(table.count()),
            edits: elst.and_then(|elst| edits(elst, movie_timescale, timescale)).unwrap_or_default(),
            rotation_deg,
            codec: codec.unwrap_or_default(),
            media_end: 0,
            table,
            fragments: Vec::new(),
        })
    }

    /// Every sample in decoding order.
    ///
    /// # Errors
    /// [`Error::TooBig`] beyond the limits, [`Error::Malformed`] for a table that contradicts itself.
    pub fn samples(&self, limits: &Limits) -> Result<Vec<Sample>, Error> {
        let mut samples = self.table.expand(limits)?;
        samples.extend_from_slice(&self.fragments);
        Ok(samples)
    }

    /// How long the track is presented, in seconds, after its edit list.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        let ticks = if self.edits.is_empty() {
            self.media_ticks
        } else {
            self.edits.iter().fold(0, |sum: u64, edit| sum.saturating_add(self.edit_ticks(edit)))
        };
        ticks as f64 / f64::from(self.timescale)
    }

    /// The presented length of one edit in ticks: an open end, and one past the media, stop where the media does.
    fn edit_ticks(&self, edit: &Edit) -> u64 {
        let Some(start) = edit.media_time else { return edit.duration };
        // Reordered pictures are shown later than the sum of durations says, so a stated length is cut only at that sum.
        if edit.duration > 0 && self.fragments.is_empty() {
            return edit.duration.min(self.media_ticks);
        }
        // Fragmented files state no length, or that of their first piece.
        u64::try_from(self.media_end.saturating_sub(start)).unwrap_or(0)
    }

    /// When a piece of media is presented: milliseconds from the start and for how long; `None` when an edit hides it.
    #[must_use]
    pub fn presented_ms(&self, pts: i64, duration: u32) -> Option<(u64, u64)> {
        let scale = u128::from(self.timescale);
        let ms =
            |ticks: u64| u64::try_from((u128::from(ticks) * 1000 + scale / 2) / scale).unwrap_or(u64::MAX);
        let (at, lasts) = self.presented(pts, duration)?;
        Some((ms(at), ms(at.saturating_add(lasts)) - ms(at)))
    }

    /// The same in ticks of the track. With several edits the first that shows it counts.
    #[must_use]
    pub fn presented(&self, pts: i64, duration: u32) -> Option<(u64, u64)> {
        let ticks = |value: i128| u64::try_from(value.max(0)).unwrap_or(u64::MAX);
        let (begin, end) = (i128::from(pts), i128::from(pts) + i128::from(duration));
        if self.edits.is_empty() {
            return (end > 0 || duration == 0).then(|| (ticks(begin), ticks(end - begin.max(0))));
        }
        let mut now = 0i128;
        for edit in &self.edits {
            let len = i128::from(self.edit_ticks(edit));
            if let Some(start) = edit.media_time.map(i128::from) {
                let (from, to) = (begin.max(start), end.min(start + len));
                if from < to {
                    return Some((ticks(now + from - start), ticks(to - from)));
                }
            }
            now += len;
        }
        None
    }

    fn count_fragments(&mut self) {
        self.samples += self.fragments.len() as u64;
        let end = self.fragments.last().map(|s| s.dts.saturating_add(i64::from(s.duration)));
        let end = end.and_then(|end| u64::try_from(end).ok()).unwrap_or(0);
        self.media_ticks = if self.table.count() == 0 { end } else { self.media_ticks.max(end) };
        let shown = self.fragments.iter().map(|s| s.pts.saturating_add(i64::from(s.duration))).max();
        self.media_end = shown.unwrap_or(i64::try_from(self.media_ticks).unwrap_or(i64::MAX));
    }

    fn last_byte(&self) -> Option<u64> {
        let fragment = self.fragments.iter().map(|s| s.offset.saturating_add(u64::from(s.size))).max();
        fragment.max(self.table.last_chunk().map(|start| start.saturating_add(1)))
    }
}

/// Timescale and duration of `mvhd` or `mdhd`, which begin alike.
fn timescale_and_duration(body: &[u8]) -> Option<(u32, u64)> {
    let (version, _, mut c) = full(body)?;
    let (scale, ticks) = if version == 1 {
        c.skip(16)?;
        (c.be32()?, c.be64()?)
    } else {
        c.skip(8)?;
        (c.be32()?, u64::from(c.be32()?))
    };
    let unknown = if version == 1 { u64::MAX } else { u64::from(u32::MAX) };
    (scale > 0).then_some((scale, if ticks == unknown { 0 } else { ticks }))
}

/// Track id, and the turn that the matrix of `tkhd` asks for.
fn track_header(tkhd: &[u8]) -> Option<(u32, u32)> {
    let (version, _, mut c) = full(tkhd)?;
    c.skip(if version == 1 { 16 } else { 8 })?;
    let id = c.be32()?;
    c.skip(if version == 1 { 12 } else { 8 } + 16)?;
    let (a, b) = (c.be_i32()?, c.be_i32()?);
    c.skip(4)?;
    let (x, y) = (c.be_i32()?, c.be_i32()?);
    let one = 1 << 16;
    let turn = match (a.signum(), b.signum(), x.signum(), y.signum()) {
        (0, 1, -1, 0) => 90,
        (-1, 0, 0, -1) => 180,
        (0, -1, 1, 0) => 270,
        _ => 0,
    };
    let plain = [a, b, x, y].iter().all(|v| v.unsigned_abs() <= one * 4);
    Some((id, if plain { turn } else { 0 }))
}

/// The edit list, with durations brought from the movie's timescale to the track's.
fn edits(elst: &[u8], movie_timescale: u32, timescale: u32) -> Option<Vec<Edit>> {
    let (version, _, mut c) = full(elst)?;
    let count = c.be32()?;
    let mut list = Vec::new();
    for _ in 0..count.min(MAX_EDITS as u32 + 1) {
        let (duration, media_time) = if version == 1 {
            (c.be64()?, c.be64()? as i64)
        } else {
            (u64::from(c.be32()?), i64::from(c.be_i32()?))
        };
        c.skip(4)?;
        let ticks = u128::from(duration) * u128::from(timescale) / u128::from(movie_timescale.max(1));
        let duration = u64::try_from(ticks).unwrap_or(u64::MAX);
        list.push(Edit { duration, media_time: (media_time >= 0).then_some(media_time) });
    }
    Some(list)
}
