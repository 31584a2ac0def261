//! GIF by its block structure: size, and how long an animation runs.

use super::cursor::Cursor;
use super::source::Source;
use super::{Error, Limits};

/// What a GIF file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct GifFacts {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) frames: u64,
    /// Sum of the frame delays in hundredths of a second; players stretch delays below 2 to 10.
    pub(crate) centiseconds: u64,
    pub(crate) truncated: bool,
}

/// Walks the blocks; a file that ends early counts what is there. Of a very large one only the size is told.
pub(crate) fn read(source: &mut Source, limits: &Limits) -> Result<GifFacts, Error> {
    let whole = source.len() <= limits.header_bytes / 2;
    let data = source.header_up_to(0, if whole { source.len() } else { 1024 })?;
    let mut facts = GifFacts { truncated: true, ..GifFacts::default() };
    let mut cursor = Cursor::new(&data);
    header(&mut cursor, &mut facts).ok_or(Error::Malformed { what: "its picture header" })?;
    if facts.width == 0 || facts.height == 0 {
        return Err(Error::Malformed { what: "its picture header" });
    }
    if !whole {
        facts.truncated = false;
        return Ok(facts);
    }
    while let Some(more) = block(&mut cursor, &mut facts) {
        limits.go_on()?;
        if !more {
            facts.truncated = false;
            break;
        }
        if facts.frames >= limits.samples {
            return Err(Error::TooBig { what: "frames in an animation", limit: limits.samples });
        }
    }
    Ok(facts)
}

fn header(cursor: &mut Cursor<'_>, facts: &mut GifFacts) -> Option<()> {
    cursor.skip(6)?;
    facts.width = u32::from(cursor.le16()?);
    facts.height = u32::from(cursor.le16()?);
    let flags = cursor.u8()?;
    cursor.skip(2)?;
    skip_palette(cursor, flags)
}

fn skip_palette(cursor: &mut Cursor<'_>, flags: u8) -> Option<()> {
    if flags & 0x80 != 0 { cursor.skip(3 << ((flags & 7) + 1)) } else { Some(()) }
}

/// One block; `false` at the trailer, `None` where the file ends or makes no sense.
fn block(cursor: &mut Cursor<'_>, facts: &mut GifFacts) -> Option<bool> {
    match cursor.u8()? {
        0x3b => return Some(false),
        0x21 => {
            if cursor.u8()? == 0xf9 {
                let mut control = Cursor::new(cursor.rest().get(2..)?);
                let delay = u64::from(control.le16()?);
                facts.centiseconds += if delay < 2 { 10 } else { delay };
            }
        }
        0x2c => {
            cursor.skip(8)?;
            let flags = cursor.u8()?;
            skip_palette(cursor, flags)?;
            cursor.skip(1)?;
            facts.frames += 1;
        }
        _ => return None,
    }
    loop {
        match cursor.u8()? {
            0 => return Some(true),
            len => cursor.skip(usize::from(len))?,
        }
    }
}
