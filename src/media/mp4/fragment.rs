//! Movie fragments (`moof`): samples described piece by piece instead of in one table.

use super::boxes::{boxes, find, full};
use super::table::Sample;
use crate::media::{Error, Limits};

/// The defaults of `trex` for one track.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Defaults {
    pub(super) track_id: u32,
    duration: u32,
    size: u32,
    flags: u32,
}

impl Defaults {
    /// All defaults of an `mvex` box.
    pub(super) fn all(mvex: &[u8]) -> Vec<Self> {
        let trex = boxes(mvex).filter(|(kind, _)| kind == b"trex");
        trex.filter_map(|(_, body)| {
            let (_, _, mut c) = full(body)?;
            let track_id = c.be32()?;
            c.be32()?;
            Some(Self { track_id, duration: c.be32()?, size: c.be32()?, flags: c.be32()? })
        })
        .collect()
    }
}

/// Appends the samples that one `moof` adds to `track_id`. `moof_start` is the box's position in the file.
pub(super) fn append(
    samples: &mut Vec<Sample>,
    moof: &[u8],
    moof_start: u64,
    defaults: Defaults,
    limits: &Limits,
) -> Result<(), Error> {
    for (_, traf) in boxes(moof).filter(|(kind, _)| kind == b"traf") {
        let Some(head) = Head::parse(traf, moof_start, defaults) else { continue };
        if head.track_id != defaults.track_id {
            continue;
        }
        let mut dts = match find(traf, b"tfdt").and_then(base_time) {
            Some(dts) => dts,
            None => samples.last().map_or(0, |s| s.dts.saturating_add(i64::from(s.duration))),
        };
        let mut offset = head.base;
        for (_, trun) in boxes(traf).filter(|(kind, _)| kind == b"trun") {
            limits.go_on()?;
            run(samples, trun, &head, &mut dts, &mut offset, limits)?;
        }
    }
    Ok(())
}

struct Head {
    track_id: u32,
    base: u64,
    defaults: Defaults,
}

impl Head {
    fn parse(traf: &[u8], moof_start: u64, mut defaults: Defaults) -> Option<Self> {
        let (_, flags, mut c) = full(find(traf, b"tfhd")?)?;
        let track_id = c.be32()?;
        let base = if flags & 1 != 0 { c.be64()? } else { moof_start };
        if flags & 2 != 0 {
            c.be32()?;
        }
        if flags & 8 != 0 {
            defaults.duration = c.be32()?;
        }
        if flags & 0x10 != 0 {
            defaults.size = c.be32()?;
        }
        if flags & 0x20 != 0 {
            defaults.flags = c.be32()?;
        }
        Some(Self { track_id, base, defaults })
    }
}

fn base_time(tfdt: &[u8]) -> Option<i64> {
    let (version, _, mut c) = full(tfdt)?;
    let time = if version == 0 { u64::from(c.be32()?) } else { c.be64()? };
    i64::try_from(time).ok()
}

fn run(
    samples: &mut Vec<Sample>,
    trun: &[u8],
    head: &Head,
    dts: &mut i64,
    offset: &mut u64,
    limits: &Limits,
) -> Result<(), Error> {
    const CUT: Error = Error::Malformed { what: "a fragment lists more samples than it holds" };
    let (_, flags, mut c) = full(trun).ok_or(CUT)?;
    let count = c.be32().ok_or(CUT)?;
    if samples.len() as u64 + u64::from(count) > limits.samples {
        return Err(Error::TooBig { what: "samples in a track", limit: limits.samples });
    }
    if flags & 1 != 0 {
        let delta = i64::from(c.be_i32().ok_or(CUT)?);
        *offset = head.base.saturating_add_signed(delta);
    }
    let first_flags = if flags & 4 != 0 { Some(c.be32().ok_or(CUT)?) } else { None };
    for index in 0..count {
        let mut field = |bit: u32, default: u32| match flags & bit {
            0 => Ok(default),
            _ => c.be32().ok_or(CUT),
        };
        let duration = field(0x100, head.defaults.duration)?;
        let size = field(0x200, head.defaults.size)?;
        let sample_flags = field(0x400, head.defaults.flags)?;
        let shift = field(0x800, 0)? as i32;
        let sample_flags = first_flags.filter(|_| index == 0).unwrap_or(sample_flags);
        samples.push(Sample {
            offset: *offset,
            size,
            duration,
            dts: *dts,
            pts: dts.saturating_add(i64::from(shift)),
            sync: sample_flags & 0x0001_0000 == 0,
        });
        *offset = offset.saturating_add(u64::from(size));
        *dts = dts.saturating_add(i64::from(duration));
    }
    Ok(())
}
