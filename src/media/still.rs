//! Pictures by their headers: PNG, JPEG with its EXIF turn, WebP.

use super::cursor::Cursor;
use super::sniff::Format;
use super::source::Source;
use super::{Error, Limits};

/// Size and turn of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StillFacts {
    /// Size as stored, before the turn.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Clockwise turn for display.
    pub(crate) rotation_deg: u32,
    pub(crate) truncated: bool,
}

/// Reads the facts of a PNG, JPEG or WebP file.
pub(crate) fn read(source: &mut Source, format: Format, limits: &Limits) -> Result<StillFacts, Error> {
    const DAMAGED: Error = Error::Malformed { what: "its picture header" };
    let facts = match format {
        Format::Png => png(source)?,
        Format::Webp => webp(source)?,
        _ => jpeg(source, limits)?,
    };
    facts.filter(|f| f.width > 0 && f.height > 0).ok_or(DAMAGED)
}

fn png(source: &mut Source) -> Result<Option<StillFacts>, Error> {
    let head = source.header_up_to(0, 24)?;
    let tail = source.header_up_to(source.len().saturating_sub(12), 12)?;
    let parse = || {
        let mut cursor = Cursor::new(head.get(12..)?);
        (cursor.fourcc()? == *b"IHDR").then_some(())?;
        let (width, height) = (cursor.be32()?, cursor.be32()?);
        let truncated = tail.get(4..8) != Some(b"IEND");
        Some(StillFacts { width, height, rotation_deg: 0, truncated })
    };
    Ok(parse())
}

fn webp(source: &mut Source) -> Result<Option<StillFacts>, Error> {
    let (head, len) = (source.header_up_to(0, 30)?, source.len());
    let parse = || {
        let mut cursor = Cursor::new(head.get(4..)?);
        let riff_len = u64::from(cursor.le32()?);
        cursor.skip(4)?;
        let kind = cursor.fourcc()?;
        cursor.skip(4)?;
        let (width, height) = match &kind {
            b"VP8X" => {
                cursor.skip(4)?;
                (cursor.le24()? + 1, cursor.le24()? + 1)
            }
            b"VP8L" => {
                cursor.skip(1)?;
                let packed = cursor.le32()?;
                ((packed & 0x3fff) + 1, (packed >> 14 & 0x3fff) + 1)
            }
            b"VP8 " => {
                cursor.skip(6)?;
                (u32::from(cursor.le16()? & 0x3fff), u32::from(cursor.le16()? & 0x3fff))
            }
            _ => return None,
        };
        Some(StillFacts { width, height, rotation_deg: 0, truncated: riff_len + 8 > len })
    };
    Ok(parse())
}

/// Walks the marker segments up to the frame header.
fn jpeg(source: &mut Source, limits: &Limits) -> Result<Option<StillFacts>, Error> {
    let mut at = 2;
    let mut rotation_deg = 0;
    let tail = source.header_up_to(source.len().saturating_sub(64), 64)?;
    // Some cameras pad behind the end marker, so the last bytes need not be the very last two.
    let truncated = !tail.windows(2).any(|w| w == [0xff, 0xd9]);
    for _ in 0..limits.samples.min(10_000) {
        let head = source.header_up_to(at, 4)?;
        let mut cursor = Cursor::new(&head);
        let (Some(0xff), Some(marker)) = (cursor.u8(), cursor.u8()) else { return Ok(None) };
        if marker == 0xff {
            at += 1;
            continue;
        }
        if matches!(marker, 0x01 | 0xd0..=0xd8) {
            at += 2;
            continue;
        }
        let Some(len) = cursor.be16().filter(|len| *len >= 2) else {
            return Err(Error::Truncated { missing: "the picture header" });
        };
        let body = source.header_up_to(at + 4, u64::from(len) - 2)?;
        match marker {
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let mut cursor = Cursor::new(&body);
                let size = cursor.u8().and_then(|_| Some((cursor.be16()?, cursor.be16()?)));
                return Ok(size.map(|(height, width)| StillFacts {
                    width: u32::from(width),
                    height: u32::from(height),
                    rotation_deg,
                    truncated,
                }));
            }
            0xe1 if body.starts_with(b"Exif\0\0") => {
                rotation_deg = body.get(6..).and_then(exif_turn).unwrap_or(rotation_deg);
            }
            0xd9 | 0xda => return Ok(None),
            _ => {}
        }
        at += 2 + u64::from(len);
    }
    Ok(None)
}

/// The orientation tag (0x0112) of an EXIF block, as a clockwise turn. Mirrored orientations turn alike.
fn exif_turn(tiff: &[u8]) -> Option<u32> {
    let little = match tiff.get(..2)? {
        b"II" => true,
        b"MM" => false,
        _ => return None,
    };
    let u16_at = |at: usize| {
        let mut c = Cursor::new(tiff.get(at..)?);
        if little { c.le16() } else { c.be16() }
    };
    let mut c = Cursor::new(tiff.get(4..)?);
    let ifd = usize::try_from(if little { c.le32()? } else { c.be32()? }).ok()?;
    for entry in 0..usize::from(u16_at(ifd)?) {
        let at = ifd.checked_add(2 + entry * 12)?;
        if u16_at(at)? == 0x0112 {
            return match u16_at(at.checked_add(8)?)? {
                3 | 4 => Some(180),
                5 | 6 => Some(90),
                7 | 8 => Some(270),
                _ => Some(0),
            };
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::exif_turn;

    #[test]
    fn the_turn_of_a_phone_photo_is_read_in_both_byte_orders() {
        let little = [&b"II*\0\x08\0\0\0\x01\0"[..], b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"].concat();
        let big = [&b"MM\0*\0\0\0\x08\0\x01"[..], b"\x01\x12\0\x03\0\0\0\x01\0\x08\0\0"].concat();
        assert_eq!(exif_turn(&little), Some(90));
        assert_eq!(exif_turn(&big), Some(270));
        for len in 0..little.len() - 3 {
            assert_eq!(exif_turn(&little[..len]), None, "cut at {len}");
        }
        assert_eq!(exif_turn(b"II*\0\xff\xff\xff\xff"), None, "an offset into nowhere");
    }
}
