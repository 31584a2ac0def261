//! Sample descriptions: what a decoder must know before the first sample.

use super::build::{Bytes, full, plain};

/// H.264 with its parameter sets in an `avcC` record, BT.709 in limited range.
#[must_use]
pub fn avc1(width: u32, height: u32, avcc: &[u8]) -> Vec<u8> {
    let mut body = Bytes::default();
    body.zeros(6).u16(1).zeros(16).u16(width as u16).u16(height as u16);
    body.u32(0x0048_0000).u32(0x0048_0000).u32(0).u16(1).zeros(32).u16(0x0018).u16(0xffff);
    body.raw(&plain(b"avcC", avcc));
    // Primaries, transfer and matrix 1 are BT.709 (ISO/IEC 23091-2); the zero means limited range.
    body.raw(&plain(b"colr", b"nclx\0\x01\0\x01\0\x01\0"));
    body.raw(&plain(b"pasp", &[0, 0, 0, 1, 0, 0, 0, 1]));
    plain(b"avc1", &body.0)
}

/// AAC with its `AudioSpecificConfig`.
#[must_use]
pub fn mp4a(sample_rate: u32, channels: u16, bitrate_bps: u32, config: &[u8]) -> Vec<u8> {
    let mut decoder = vec![0x40, 0x15, 0, 0, 0];
    decoder.extend(bitrate_bps.to_be_bytes());
    decoder.extend(bitrate_bps.to_be_bytes());
    decoder.extend(descriptor(5, config));
    let mut stream = vec![0, 1, 0];
    stream.extend(descriptor(4, &decoder));
    stream.extend(descriptor(6, &[2]));

    let mut body = Bytes::default();
    body.zeros(6).u16(1).zeros(8).u16(channels).u16(16).zeros(4).u32(sample_rate << 16);
    body.raw(&full(b"esds", 0, 0, |b| {
        b.raw(&descriptor(3, &stream));
    }));
    plain(b"mp4a", &body.0)
}

/// An MPEG-4 descriptor; its length always takes four bytes, as most writers do it.
fn descriptor(tag: u8, body: &[u8]) -> Vec<u8> {
    let len = body.len() as u32;
    let seven_bits = |shift: u32, more: u8| ((len >> shift) & 0x7f) as u8 | more;
    let mut bytes =
        vec![tag, seven_bits(21, 0x80), seven_bits(14, 0x80), seven_bits(7, 0x80), seven_bits(0, 0)];
    bytes.extend_from_slice(body);
    bytes
}
