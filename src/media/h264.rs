//! H.264 parameter sets: what a stream needs from a decoder, read before any decoder sees it (ITU-T H.264, 7.3.2.1).

use super::cursor::{Bits, Cursor};

/// NAL unit types that matter here.
#[cfg(feature = "studio")]
pub(crate) const NAL_SLICE: u8 = 1;
#[cfg(feature = "studio")]
pub(crate) const NAL_IDR: u8 = 5;
pub(crate) const NAL_SPS: u8 = 7;

/// Macroblocks of decoded pictures that level 5.2 lets a stream refer to (table A-1); hostile streams ask for more.
const MAX_DPB_MBS: u64 = 184_320;

/// Facts of a sequence parameter set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sps {
    pub(crate) profile_idc: u8,
    pub(crate) constraints: u8,
    pub(crate) level_idc: u8,
    pub(crate) chroma_format_idc: u32,
    pub(crate) bit_depth: u32,
    pub(crate) frame_mbs_only: bool,
    /// Size after cropping, in samples.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Size of the coded macroblock grid, in samples: what a decoder must hold.
    pub(crate) coded: (u32, u32),
    /// How many decoded pictures the stream may refer back to.
    pub(crate) max_refs: u32,
    /// Whether samples use 0..=255 instead of 16..=235.
    pub(crate) full_range: bool,
    /// The matrix coefficients of the VUI; 2 when unspecified.
    pub(crate) matrix: u8,
}

impl Sps {
    /// Reads a NAL unit of type 7, header byte included.
    pub(crate) fn parse(nal: &[u8]) -> Option<Self> {
        let (header, payload) = nal.split_first()?;
        if header & 0x1f != NAL_SPS {
            return None;
        }
        let rbsp = unescape(payload.get(..payload.len().min(4096))?);
        let mut r = Bits::new(&rbsp);
        let (profile_idc, constraints, level_idc) = (r.bits(8)? as u8, r.bits(8)? as u8, r.bits(8)? as u8);
        r.ue()?; // id
        let (mut chroma_format_idc, mut bit_depth) = (1, 8);
        if matches!(profile_idc, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
            chroma_format_idc = r.ue()?;
            if chroma_format_idc == 3 {
                r.bit()?;
            }
            bit_depth = 8 + r.ue()?.max(r.ue()?);
            r.bit()?; // lossless transform bypass
            if r.bit()? {
                let lists = if chroma_format_idc == 3 { 12 } else { 8 };
                for list in 0..lists {
                    if r.bit()? {
                        skip_scaling_list(&mut r, if list < 6 { 16 } else { 64 })?;
                    }
                }
            }
        }
        if chroma_format_idc > 3 || bit_depth > 14 {
            return None;
        }
        r.ue()?; // log2_max_frame_num
        match r.ue()? {
            0 => drop(r.ue()?),
            1 => {
                r.bit()?;
                r.se()?;
                r.se()?;
                for _ in 0..r.ue()?.min(256) {
                    r.se()?;
                }
            }
            _ => {}
        }
        let max_refs = r.ue()?;
        r.bit()?;
        let (width_mbs, map_units) = (r.ue()?.checked_add(1)?, r.ue()?.checked_add(1)?);
        let frame_mbs_only = r.bit()?;
        if !frame_mbs_only {
            r.bit()?;
        }
        r.bit()?; // direct_8x8_inference
        let coded_width = width_mbs.checked_mul(16)?;
        let coded_height = map_units.checked_mul(if frame_mbs_only { 16 } else { 32 })?;
        let (mut width, mut height) = (coded_width, coded_height);
        if r.bit()? {
            let unit_x = if matches!(chroma_format_idc, 1 | 2) { 2 } else { 1 };
            let unit_y = if chroma_format_idc == 1 { 2 } else { 1 } * if frame_mbs_only { 1 } else { 2 };
            let (left, right, top, bottom) = (r.ue()?, r.ue()?, r.ue()?, r.ue()?);
            width = width.checked_sub(left.checked_add(right)?.checked_mul(unit_x)?).filter(|w| *w > 0)?;
            height = height.checked_sub(top.checked_add(bottom)?.checked_mul(unit_y)?).filter(|h| *h > 0)?;
        }
        let (full_range, matrix) = vui_colour(&mut r).unwrap_or((false, 2));
        Some(Self {
            profile_idc,
            constraints,
            level_idc,
            chroma_format_idc,
            bit_depth,
            frame_mbs_only,
            width,
            height,
            coded: (coded_width, coded_height),
            max_refs,
            full_range,
            matrix,
        })
    }

    /// Why the built-in decoder cannot read such a stream; `None` when it can.
    pub(crate) fn obstacle(&self) -> Option<String> {
        let (name, chroma) = (self.profile_name(), ["4:0:0", "4:2:0", "4:2:2", "4:4:4"]);
        let chroma = chroma.get(self.chroma_format_idc as usize).copied().unwrap_or("unknown chroma");
        let trait_ = if self.bit_depth != 8 {
            format!("{}-bit", self.bit_depth)
        } else if self.chroma_format_idc != 1 {
            chroma.to_owned()
        } else if !self.frame_mbs_only {
            "interlaced".to_owned()
        } else if u64::from(self.max_refs) * u64::from(self.coded.0 / 16) * u64::from(self.coded.1 / 16)
            > MAX_DPB_MBS
        {
            format!("{} reference pictures of {}x{}", self.max_refs, self.coded.0, self.coded.1)
        } else {
            return None;
        };
        Some(format!("H.264 {name} ({trait_}): the built-in decoder reads 8-bit 4:2:0 progressive H.264"))
    }

    /// The profile in words.
    pub(crate) fn profile_name(&self) -> &'static str {
        match (self.profile_idc, self.constraints & 0x40 != 0) {
            (66, true) => "Constrained Baseline",
            (66, false) => "Baseline",
            (77, _) => "Main",
            (88, _) => "Extended",
            (100, _) => "High",
            (110, _) => "High 10",
            (122, _) => "High 4:2:2",
            (244, _) => "High 4:4:4",
            (44, _) => "CAVLC 4:4:4",
            _ => "of an unusual profile",
        }
    }
}

fn skip_scaling_list(r: &mut Bits<'_>, size: u32) -> Option<()> {
    let (mut last, mut next) = (8i32, 8i32);
    for _ in 0..size {
        if next != 0 {
            next = last.checked_add(r.se()?)?.checked_add(256)?.rem_euclid(256);
        }
        last = if next == 0 { last } else { next };
    }
    Some(())
}

/// Range and matrix from the VUI; absent means limited range, unspecified matrix.
fn vui_colour(r: &mut Bits<'_>) -> Option<(bool, u8)> {
    let mut colour = (false, 2);
    if !r.bit()? {
        return None;
    }
    if r.bit()? && r.bits(8)? == 255 {
        r.bits(32)?; // sample aspect ratio; the container's pasp speaks for display
    }
    if r.bit()? {
        r.bit()?; // overscan
    }
    if r.bit()? {
        r.bits(3)?;
        colour.0 = r.bit()?;
        if r.bit()? {
            r.bits(16)?;
            colour.1 = r.bits(8)? as u8;
        }
    }
    Some(colour)
}

/// Removes the emulation-prevention bytes of a NAL unit's payload.
fn unescape(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len());
    let mut zeros = 0;
    for byte in payload {
        if zeros >= 2 && *byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        out.push(*byte);
    }
    out
}

/// An `avcC` record (ISO/IEC 14496-15): parameter sets and the size of the length field before each NAL unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AvcConfig {
    pub(crate) length_size: usize,
    pub(crate) sps: Vec<Vec<u8>>,
    pub(crate) pps: Vec<Vec<u8>>,
}

impl AvcConfig {
    pub(crate) fn parse(avcc: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(avcc);
        if cursor.u8()? != 1 {
            return None;
        }
        cursor.skip(3)?;
        let length_size = usize::from(cursor.u8()? & 3) + 1;
        let sps = Self::sets(&mut cursor, 0x1f)?;
        let pps = Self::sets(&mut cursor, 0xff)?;
        Some(Self { length_size, sps, pps })
    }

    fn sets(cursor: &mut Cursor<'_>, mask: u8) -> Option<Vec<Vec<u8>>> {
        let count = cursor.u8()? & mask;
        (0..count)
            .map(|_| {
                let len = cursor.be16()?;
                cursor.take(usize::from(len)).map(<[u8]>::to_vec)
            })
            .collect()
    }

    /// The facts of the first sequence parameter set.
    pub(crate) fn facts(&self) -> Option<Sps> {
        Sps::parse(self.sps.first()?)
    }

    /// The NAL units of one sample; stops at the first length that does not fit.
    #[cfg(feature = "studio")]
    pub(crate) fn nals<'a>(&self, sample: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (mut rest, length_size) = (Cursor::new(sample), self.length_size);
        std::iter::from_fn(move || {
            let len = rest.take(length_size)?.iter().fold(0usize, |len, b| len << 8 | usize::from(*b));
            rest.take(len)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_high_profile_parameter_set_is_read() {
        // x264, 640x360 High, as ffmpeg writes it.
        let nal = [
            0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00,
            0x01, 0x00, 0x00, 0x03, 0x00, 0x3c, 0x0f, 0x16, 0x2d, 0x96,
        ];
        let sps = Sps::parse(&nal).unwrap();
        assert_eq!((sps.profile_idc, sps.level_idc, sps.bit_depth, sps.chroma_format_idc), (100, 30, 8, 1));
        assert_eq!((sps.width, sps.height, sps.coded), (640, 360, (640, 368)));
        assert_eq!(sps.obstacle(), None);
        for len in 0..nal.len() - 8 {
            let _ = Sps::parse(&nal[..len]); // a cut one is None or odd, never a panic
        }
    }

    #[test]
    #[cfg(feature = "studio")]
    fn nal_lengths_are_not_trusted() {
        let config = AvcConfig { length_size: 4, sps: vec![], pps: vec![] };
        let sample = [0, 0, 0, 2, 0x65, 1, 0xff, 0xff, 0xff, 0xff, 9];
        assert_eq!(config.nals(&sample).collect::<Vec<_>>(), [&[0x65, 1][..]]);
    }
}
