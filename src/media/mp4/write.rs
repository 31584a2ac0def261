//! Writes an MP4 whose index comes first, so that it plays while it still downloads.
//!
//! Samples are streamed into `mdat` behind a reserved gap, and `moov` is put into the gap at the end; only when
//! the guess for the gap was too small are the media bytes moved once. Edit lists hide encoder delay and cut the
//! tracks to their exact length (ISO/IEC 14496-12, sections 8.6.5 and 8.6.6).

use std::io::{self, Read, Seek, SeekFrom, Write};

use super::build::{ftyp, full, plain};

/// Units per second of the movie header: exact for milliseconds and for 48 kHz audio.
pub const MOVIE_TIMESCALE: u32 = 48_000;

/// What a track is, apart from its samples.
#[derive(Clone, Debug)]
pub struct Track {
    /// Picture or sound.
    pub kind: TrackKind,
    /// Media units per second, in which durations of samples are given.
    pub timescale: u32,
    /// The complete sample description box (`avc1`, `mp4a`, …), see [`super::entry`].
    pub entry: Vec<u8>,
    /// Media units to skip at the start: encoder priming or the first composition offset.
    pub skip: u64,
    /// Media units to play after `skip`; `None` plays everything.
    pub play: Option<u64>,
}

/// The two kinds of track that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackKind {
    /// Pictures, with their display size in pixels.
    Video {
        /// Display width in pixels.
        width: u32,
        /// Display height in pixels.
        height: u32,
    },
    /// Sound.
    Audio,
}

/// One encoded sample.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// The bytes, in the form the sample description promises.
    pub data: &'a [u8],
    /// How long it lasts, in media units.
    pub duration: u32,
    /// Presentation minus decoding time, in media units.
    pub offset: i32,
    /// A decoder can start here.
    pub sync: bool,
}

/// A file that is being written. Feed tracks in turns of about half a second, then call [`Writer::finish`].
pub struct Writer<F> {
    file: F,
    reserved: u64,
    end: u64,
    tracks: Vec<Index>,
    last_track: Option<usize>,
}

/// What the sample tables need to know of one track.
struct Index {
    track: Track,
    sizes: Vec<u32>,
    times: Vec<(u32, u32)>,
    offsets: Vec<(u32, i32)>,
    syncs: Vec<u32>,
    /// File offset relative to the first media byte, and samples in it.
    chunks: Vec<(u64, u32)>,
    chunk_time: u64,
    total: u64,
}

const MDAT_HEADER: u64 = 16;

impl<F: Read + Write + Seek> Writer<F> {
    /// Starts a file. `expected_samples` (all tracks together) sizes the gap for the index.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn new(mut file: F, expected_samples: usize) -> io::Result<Self> {
        let head = ftyp();
        let gap = 2048 + 16 * expected_samples as u64;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&head)?;
        write_zeros(&mut file, gap + MDAT_HEADER)?;
        Ok(Self { file, reserved: gap, end: 0, tracks: Vec::new(), last_track: None })
    }

    /// Adds a track and returns the number to use with [`Writer::sample`].
    pub fn track(&mut self, track: Track) -> usize {
        self.tracks.push(Index {
            track,
            sizes: Vec::new(),
            times: Vec::new(),
            offsets: Vec::new(),
            syncs: Vec::new(),
            chunks: Vec::new(),
            chunk_time: 0,
            total: 0,
        });
        self.tracks.len() - 1
    }

    /// Sets what is only known at the end: how many media units of a track are to be played.
    pub fn play(&mut self, track: usize, units: u64) {
        if let Some(index) = self.tracks.get_mut(track) {
            index.track.play = Some(units);
        }
    }

    /// Appends a sample, in decoding order within its track.
    ///
    /// # Errors
    /// An unknown track, a sample of 4 GiB or more, or a failing disk.
    pub fn sample(&mut self, track: usize, sample: Sample<'_>) -> io::Result<()> {
        let size = u32::try_from(sample.data.len()).map_err(|_| invalid("a sample is larger than 4 GiB"))?;
        let index = self.tracks.get_mut(track).ok_or_else(|| invalid("no such track"))?;
        let half_second = u64::from(index.track.timescale / 2);
        match index.chunks.last_mut() {
            Some(chunk) if self.last_track == Some(track) && index.chunk_time < half_second => chunk.1 += 1,
            _ => {
                index.chunks.push((self.end, 1));
                index.chunk_time = 0;
            }
        }
        self.last_track = Some(track);
        index.chunk_time += u64::from(sample.duration);
        index.total += u64::from(sample.duration);
        index.sizes.push(size);
        run(&mut index.times, sample.duration);
        run(&mut index.offsets, sample.offset);
        if sample.sync {
            index.syncs.push(index.sizes.len() as u32);
        }
        self.end += u64::from(size);
        self.file.write_all(sample.data)
    }

    /// Writes the index and returns the size of the file in bytes.
    ///
    /// # Errors
    /// When there is no sample at all, or the disk fails.
    pub fn finish(mut self) -> io::Result<u64> {
        if self.tracks.iter().all(|index| index.sizes.is_empty()) {
            return Err(invalid("nothing was written into the video"));
        }
        let head = ftyp().len() as u64;
        // The length of the index depends on the offsets only through `co64`, so two rounds settle it.
        let mut media_at = head + self.reserved + MDAT_HEADER;
        let mut moov = self.moov(media_at);
        let fits = |len: u64, room: u64| len == room || len + 8 <= room;
        if !fits(moov.len() as u64, self.reserved) {
            let room = moov.len() as u64 + 4096;
            self.make_room(media_at, room - self.reserved)?;
            self.reserved = room;
            media_at = head + room + MDAT_HEADER;
            moov = self.moov(media_at);
        }
        let free = self.reserved - moov.len() as u64;
        self.file.seek(SeekFrom::Start(head))?;
        self.file.write_all(&moov)?;
        if free > 0 {
            self.file.write_all(&(free as u32).to_be_bytes())?;
            self.file.write_all(b"free")?;
            write_zeros(&mut self.file, free - 8)?;
        }
        self.file.write_all(&1u32.to_be_bytes())?;
        self.file.write_all(b"mdat")?;
        self.file.write_all(&(self.end + MDAT_HEADER).to_be_bytes())?;
        self.file.flush()?;
        Ok(media_at + self.end)
    }

    /// Moves the media bytes `by` bytes towards the end, from the back so that nothing is overwritten.
    fn make_room(&mut self, media_at: u64, by: u64) -> io::Result<()> {
        let mut block = vec![0; 1 << 20];
        let mut left = self.end;
        while left > 0 {
            let take = left.min(block.len() as u64);
            left -= take;
            let part = block.get_mut(..take as usize).unwrap_or_default();
            self.file.seek(SeekFrom::Start(media_at + left))?;
            self.file.read_exact(part)?;
            self.file.seek(SeekFrom::Start(media_at + left + by))?;
            self.file.write_all(part)?;
        }
        Ok(())
    }

    fn moov(&self, media_at: u64) -> Vec<u8> {
        let duration = self.tracks.iter().map(Index::movie_duration).max().unwrap_or(0);
        let mut body = full(b"mvhd", 1, 0, |b| {
            b.u64(0).u64(0).u32(MOVIE_TIMESCALE).u64(duration);
            b.u32(0x0001_0000).u16(0x0100).zeros(10).matrix().zeros(24).u32(self.tracks.len() as u32 + 1);
        });
        for (number, index) in self.tracks.iter().enumerate().filter(|(_, index)| !index.sizes.is_empty()) {
            body.extend(index.trak(number as u32 + 1, media_at));
        }
        plain(b"moov", &body)
    }
}

impl Index {
    /// Media units that are shown.
    fn played(&self) -> u64 {
        self.track.play.unwrap_or_else(|| self.total.saturating_sub(self.track.skip))
    }

    fn movie_duration(&self) -> u64 {
        let scaled = u128::from(self.played()) * u128::from(MOVIE_TIMESCALE);
        (scaled / u128::from(self.track.timescale.max(1))) as u64
    }

    fn trak(&self, id: u32, media_at: u64) -> Vec<u8> {
        let (width, height, volume) = match self.track.kind {
            TrackKind::Video { width, height } => (width, height, 0),
            TrackKind::Audio => (0, 0, 0x0100),
        };
        let mut body = full(b"tkhd", 1, 3, |b| {
            b.u64(0).u64(0).u32(id).u32(0).u64(self.movie_duration()).zeros(8).u16(0);
            // Alternate group 0 for pictures, 1 for sound, as players expect of a single sound track.
            b.u16(u16::from(volume != 0)).u16(volume).u16(0).matrix().u32(width << 16).u32(height << 16);
        });
        let edit = full(b"elst", 1, 0, |b| {
            b.u32(1).u64(self.movie_duration()).u64(self.track.skip).u32(0x0001_0000);
        });
        body.extend(plain(b"edts", &edit));
        body.extend(plain(b"mdia", &self.mdia(media_at)));
        plain(b"trak", &body)
    }

    fn mdia(&self, media_at: u64) -> Vec<u8> {
        let (handler, name, header) = match self.track.kind {
            TrackKind::Video { .. } => (
                b"vide",
                "video\0",
                full(b"vmhd", 0, 1, |b| {
                    b.zeros(8);
                }),
            ),
            TrackKind::Audio => (
                b"soun",
                "sound\0",
                full(b"smhd", 0, 0, |b| {
                    b.zeros(4);
                }),
            ),
        };
        let mut mdia = full(b"mdhd", 1, 0, |b| {
            // Language "und", five bits a letter.
            b.u64(0).u64(0).u32(self.track.timescale).u64(self.total).u16(0x55c4).u16(0);
        });
        mdia.extend(full(b"hdlr", 0, 0, |b| {
            b.u32(0).raw(handler).zeros(12).raw(name.as_bytes());
        }));
        let mut minf = header;
        let here = full(b"url ", 0, 1, |_| {});
        minf.extend(plain(
            b"dinf",
            &full(b"dref", 0, 0, |b| {
                b.u32(1).raw(&here);
            }),
        ));
        minf.extend(plain(b"stbl", &self.stbl(media_at)));
        mdia.extend(plain(b"minf", &minf));
        mdia
    }

    fn stbl(&self, media_at: u64) -> Vec<u8> {
        let mut stbl = full(b"stsd", 0, 0, |b| {
            b.u32(1).raw(&self.track.entry);
        });
        stbl.extend(full(b"stts", 0, 0, |b| {
            b.u32(self.times.len() as u32);
            self.times.iter().for_each(|&(count, delta)| {
                b.u32(count).u32(delta);
            });
        }));
        if self.offsets.iter().any(|&(_, offset)| offset != 0) {
            stbl.extend(full(b"ctts", 1, 0, |b| {
                b.u32(self.offsets.len() as u32);
                self.offsets.iter().for_each(|&(count, offset)| {
                    b.u32(count).u32(offset as u32);
                });
            }));
        }
        if self.syncs.len() != self.sizes.len() {
            stbl.extend(full(b"stss", 0, 0, |b| {
                b.u32(self.syncs.len() as u32);
                self.syncs.iter().for_each(|&number| {
                    b.u32(number);
                });
            }));
        }
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for (number, &(_, samples)) in self.chunks.iter().enumerate() {
            if runs.last().is_none_or(|run| run.1 != samples) {
                runs.push((number as u32 + 1, samples));
            }
        }
        stbl.extend(full(b"stsc", 0, 0, |b| {
            b.u32(runs.len() as u32);
            runs.iter().for_each(|&(first, samples)| {
                b.u32(first).u32(samples).u32(1);
            });
        }));
        stbl.extend(full(b"stsz", 0, 0, |b| {
            b.u32(0).u32(self.sizes.len() as u32);
            self.sizes.iter().for_each(|&size| {
                b.u32(size);
            });
        }));
        let far = self.chunks.last().is_some_and(|&(at, _)| u32::try_from(media_at + at).is_err());
        stbl.extend(full(if far { b"co64" } else { b"stco" }, 0, 0, |b| {
            b.u32(self.chunks.len() as u32);
            for &(at, _) in &self.chunks {
                if far {
                    b.u64(media_at + at)
                } else {
                    b.u32((media_at + at) as u32)
                };
            }
        }));
        if self.track.kind == TrackKind::Audio && self.track.skip > 0 {
            stbl.extend(roll(self.sizes.len() as u32));
        }
        stbl
    }
}

/// Says that a sound decoder needs the packet before the one it starts at (roll distance -1).
fn roll(samples: u32) -> Vec<u8> {
    let mut groups = full(b"sgpd", 1, 0, |b| {
        b.raw(b"roll").u32(2).u32(1).u16(0xffff);
    });
    groups.extend(full(b"sbgp", 0, 0, |b| {
        b.raw(b"roll").u32(1).u32(samples).u32(1);
    }));
    groups
}

/// Extends a run-length list by one value.
fn run<T: PartialEq>(runs: &mut Vec<(u32, T)>, value: T) {
    match runs.last_mut() {
        Some(last) if last.1 == value => last.0 += 1,
        _ => runs.push((1, value)),
    }
}

fn write_zeros(file: &mut impl Write, count: u64) -> io::Result<()> {
    io::copy(&mut io::repeat(0).take(count), file).map(drop)
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
