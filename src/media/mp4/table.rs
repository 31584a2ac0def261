//! The sample table (`stbl`): where each picture or packet lies, when it is decoded and shown.

use super::boxes::{find, full};
use crate::media::cursor::Cursor;
use crate::media::{Error, Limits};

/// One coded picture or audio packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Position in the file, bytes.
    pub offset: u64,
    /// Length in bytes.
    pub size: u32,
    /// How long it lasts, in ticks of the track's timescale.
    pub duration: u32,
    /// When it is decoded, in ticks, before edit lists.
    pub dts: i64,
    /// When it is shown, in ticks, before edit lists.
    pub pts: i64,
    /// Whether the file marks it as a sync sample. Not proof of an IDR picture.
    pub sync: bool,
}

/// The raw tables of a track, expanded only on demand.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    stts: Vec<u8>,
    ctts: Option<(u8, Vec<u8>)>,
    stsc: Vec<u8>,
    /// One size for all samples, or zero and the list.
    fixed_size: u32,
    sizes: Vec<u8>,
    count: u32,
    offsets: Vec<u8>,
    wide_offsets: bool,
    stss: Option<Vec<u8>>,
}

impl Table {
    /// Copies the tables out of an `stbl` box; the counts they state must fit the bytes that are there.
    pub(super) fn parse(stbl: &[u8]) -> Option<Self> {
        let (_, stts) = entries(find(stbl, b"stts")?, 8)?;
        let (_, stsc) = entries(find(stbl, b"stsc")?, 12)?;
        let (wide_offsets, offsets) = match find(stbl, b"stco") {
            Some(stco) => (false, entries(stco, 4)?.1),
            None => (true, entries(find(stbl, b"co64")?, 8)?.1),
        };
        let ctts = find(stbl, b"ctts").and_then(|body| entries(body, 8));
        let stss = find(stbl, b"stss").and_then(|body| entries(body, 4)).map(|(_, list)| list);
        let (_, _, mut cursor) = full(find(stbl, b"stsz")?)?;
        let (fixed_size, count) = (cursor.be32()?, cursor.be32()?);
        let listed = u64::from(count) * 4;
        let sizes = if fixed_size == 0 {
            cursor.rest().get(..usize::try_from(listed).ok()?)?.to_vec()
        } else {
            Vec::new()
        };
        Some(Self { stts, ctts, stsc, fixed_size, sizes, count, offsets, wide_offsets, stss })
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Sum of all sample durations in ticks, and how many samples `stts` speaks of.
    pub(super) fn total(&self) -> (u64, u64) {
        pairs(&self.stts).fold((0, 0), |(ticks, samples), (n, delta)| {
            (ticks.saturating_add(u64::from(n) * u64::from(delta)), samples.saturating_add(u64::from(n)))
        })
    }

    /// The furthest byte that any chunk begins at: past the end of the file means a cut file.
    pub(super) fn last_chunk(&self) -> Option<u64> {
        self.chunk_offsets().max()
    }

    fn chunk_offsets(&self) -> impl Iterator<Item = u64> + '_ {
        let width = if self.wide_offsets { 8 } else { 4 };
        self.offsets.chunks_exact(width).map(|raw| raw.iter().fold(0, |v, b| v << 8 | u64::from(*b)))
    }

    /// Every sample in decoding order.
    pub(super) fn expand(&self, limits: &Limits) -> Result<Vec<Sample>, Error> {
        if u64::from(self.count) > limits.samples {
            return Err(Error::TooBig { what: "samples in a track", limit: limits.samples });
        }
        let mut sizes =
            self.sizes.chunks_exact(4).map(|raw| raw.iter().fold(0, |v, b| v << 8 | u32::from(*b)));
        let mut durations = runs(pairs(&self.stts));
        let mut shifts = self.ctts.as_ref().map(|(_, raw)| runs(pairs(raw)));
        let mut sync = self.stss.as_ref().map(|raw| {
            raw.chunks_exact(4).map(|raw| raw.iter().fold(0, |v, b| v << 8 | u32::from(*b))).peekable()
        });
        let mut samples = Vec::with_capacity(self.count.min(1 << 16) as usize);
        let (mut dts, mut duration) = (0i64, 0u32);
        let mut plan = triples(&self.stsc).peekable();
        let (mut per_chunk, count) = (0, self.count as usize);
        for (chunk, start) in (1u32..).zip(self.chunk_offsets()) {
            limits.go_on()?;
            while let Some((_, n)) = plan.next_if(|(first, _)| *first <= chunk) {
                per_chunk = n;
            }
            let mut offset = start;
            for _ in 0..per_chunk {
                if samples.len() >= count {
                    break;
                }
                let number = samples.len() as u32 + 1;
                let size = if self.fixed_size > 0 { self.fixed_size } else { sizes.next().unwrap_or(0) };
                // A table that is one entry short repeats its last duration, as players do.
                duration = durations.next().unwrap_or(duration);
                let shift = shifts.as_mut().and_then(Iterator::next).unwrap_or(0) as i32;
                let sync = sync.as_mut().is_none_or(|list| {
                    while list.next_if(|n| *n < number).is_some() {}
                    list.peek() == Some(&number)
                });
                samples.push(Sample {
                    offset,
                    size,
                    duration,
                    dts,
                    pts: dts.saturating_add(i64::from(shift)),
                    sync,
                });
                offset = offset.saturating_add(u64::from(size));
                dts = dts.saturating_add(i64::from(duration));
            }
        }
        if samples.len() < count {
            return Err(Error::Malformed { what: "its index places fewer samples than it counts" });
        }
        Ok(samples)
    }
}

/// Version and raw entries of a table, bounded by what is there.
fn entries(body: &[u8], width: usize) -> Option<(u8, Vec<u8>)> {
    let (version, _, mut cursor) = full(body)?;
    let count = cursor.be32()? as usize;
    let raw = cursor.rest();
    Some((version, raw.get(..count.checked_mul(width)?)?.to_vec()))
}

fn pairs(raw: &[u8]) -> impl Iterator<Item = (u32, u32)> + '_ {
    raw.chunks_exact(8).filter_map(|raw| {
        let mut cursor = Cursor::new(raw);
        Some((cursor.be32()?, cursor.be32()?))
    })
}

/// First chunk and samples per chunk.
fn triples(raw: &[u8]) -> impl Iterator<Item = (u32, u32)> + '_ {
    raw.chunks_exact(12).filter_map(|raw| {
        let mut cursor = Cursor::new(raw);
        Some((cursor.be32()?, cursor.be32()?))
    })
}

/// Unrolls run lengths lazily: a run of four billion costs nothing until it is asked for.
fn runs(pairs: impl Iterator<Item = (u32, u32)>) -> impl Iterator<Item = u32> {
    pairs.flat_map(|(n, value)| std::iter::repeat_n(value, n as usize))
}
