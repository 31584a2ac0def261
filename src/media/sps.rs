//! The sequence parameter set of what we encode: its level, and the colour facts that the encoder leaves out.
//!
//! Without them players guess the colour matrix from the height. Syntax: ITU-T H.264, sections 7.3.2.1.1 and E.1.1.

/// The lowest level (ten times its number) that admits the size and rate (H.264 table A-1).
#[must_use]
pub(super) fn level(width: u32, height: u32, fps: u32) -> u8 {
    // Level, macroblocks per second, macroblocks per picture.
    const LEVELS: [(u8, u32, u32); 15] = [
        (10, 1_485, 99),
        (11, 3_000, 396),
        (12, 6_000, 396),
        (13, 11_880, 396),
        (21, 19_800, 792),
        (22, 20_250, 1_620),
        (30, 40_500, 1_620),
        (31, 108_000, 3_600),
        (32, 216_000, 5_120),
        (40, 245_760, 8_192),
        (42, 522_240, 8_704),
        (50, 589_824, 22_080),
        (51, 983_040, 36_864),
        (52, 2_073_600, 36_864),
        (60, 4_177_920, 139_264),
    ];
    let picture = width.div_ceil(16) * height.div_ceil(16);
    let second = picture.saturating_mul(fps);
    // A side may not exceed the root of eight times the picture limit.
    let side = width.max(height).div_ceil(16);
    LEVELS
        .iter()
        .find(|&&(_, mbps, size)| second <= mbps && picture <= size && side * side <= 8 * size)
        .map_or(62, |&(level, ..)| level)
}

/// Adds BT.709 limited range, square pixels, the frame rate and "no reordering" to a set that has no such section.
///
/// Takes and returns the whole NAL unit. `None` when the set is malformed or already says these things.
#[must_use]
pub(super) fn with_colour(nal: &[u8], fps: u32) -> Option<Vec<u8>> {
    let (header, payload) = nal.split_first()?;
    let rbsp = unescape(payload);
    let mut bits = Bits { bytes: &rbsp, at: 0 };
    let profile = bits.u(8)?;
    bits.u(16)?;
    bits.ue()?;
    if profile >= 100 {
        return None;
    }
    bits.ue()?;
    match bits.ue()? {
        0 => drop(bits.ue()?),
        2 => {}
        _ => return None,
    }
    let references = bits.ue()?;
    bits.u(1)?;
    bits.ue()?;
    bits.ue()?;
    if bits.u(1)? == 0 {
        bits.u(1)?;
    }
    bits.u(1)?;
    if bits.u(1)? == 1 {
        for _ in 0..4 {
            bits.ue()?;
        }
    }
    if bits.u(1)? == 1 {
        return None;
    }

    let mut out = BitsOut::default();
    let mut copy = Bits { bytes: &rbsp, at: 0 };
    for _ in 0..bits.at - 1 {
        out.u(1, copy.u(1)?);
    }
    out.u(1, 1); // vui_parameters_present_flag
    out.u(1, 1).u(8, 1); // square pixels
    out.u(1, 0); // overscan unknown
    out.u(1, 1).u(3, 5).u(1, 0).u(1, 1).u(8, 1).u(8, 1).u(8, 1); // limited range, BT.709 throughout
    out.u(1, 0); // chroma location: default
    out.u(1, 1).u(32, 1).u(32, fps.saturating_mul(2)).u(1, 1); // field rate, fixed
    out.u(3, 0); // no buffering model, no picture structure
    out.u(1, 1).u(1, 1).ue(0).ue(0).ue(16).ue(16).ue(0).ue(references.max(1)); // nothing is reordered
    out.u(1, 1);
    let mut bytes = vec![*header];
    bytes.extend(escape(&out.bytes));
    Some(bytes)
}

/// Reads bits, most significant first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn u(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    /// An unsigned Exp-Golomb number.
    fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.u(1)? == 0 {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.u(zeros)?)
    }
}

#[derive(Default)]
struct BitsOut {
    bytes: Vec<u8>,
    used: u8,
}

impl BitsOut {
    fn u(&mut self, count: u32, value: u32) -> &mut Self {
        for bit in (0..count).rev() {
            if self.used == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> bit & 1) as u8) << (7 - self.used);
            }
            self.used = (self.used + 1) % 8;
        }
        self
    }

    fn ue(&mut self, value: u32) -> &mut Self {
        let length = (value + 1).ilog2();
        self.u(length, 0).u(length + 1, value + 1)
    }
}

/// Removes the byte that keeps payload from looking like a start code.
fn unescape(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len());
    let mut zeros = 0;
    for &byte in payload {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        bytes.push(byte);
    }
    bytes
}

fn escape(rbsp: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(rbsp.len() + 4);
    let mut zeros = 0;
    for &byte in rbsp {
        if zeros >= 2 && byte <= 3 {
            bytes.push(3);
            zeros = 0;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        bytes.push(byte);
    }
    bytes
}
