//! Boxes: the nested length-and-name records of which an MP4 file is made.

use crate::media::cursor::Cursor;
use crate::media::source::Source;
use crate::media::{Error, Limits};

/// A box at the top level of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct TopBox {
    pub(super) kind: [u8; 4],
    /// Where the box begins, header included.
    pub(super) start: u64,
    /// Where its content begins.
    pub(super) body: u64,
    /// Length of its content inside the file.
    pub(super) len: u64,
    /// Whether it claims to go on past the end of the file.
    pub(super) cut: bool,
}

/// Walks the top level of a file. A box that makes no sense ends the walk: what came before it is still of use.
pub(super) fn top_level(source: &mut Source, limits: &Limits) -> Result<Vec<TopBox>, Error> {
    let mut found = Vec::new();
    let mut at = 0;
    while source.len().saturating_sub(at) >= 8 {
        if found.len() as u64 >= limits.samples {
            return Err(Error::TooBig { what: "boxes in the file", limit: limits.samples });
        }
        let head = source.header_up_to(at, 16)?;
        let Some((kind, header, size)) = box_header(&head) else { break };
        let left = source.len() - at;
        let size = size.unwrap_or(left);
        if size < header || !kind.iter().all(|c| matches!(c, 0x20..=0x7e | 0xa9)) {
            break;
        }
        let cut = size > left;
        let len = size.min(left).saturating_sub(header);
        found.push(TopBox { kind, start: at, body: at + header, len, cut });
        at = at.saturating_add(size);
    }
    Ok(found)
}

/// Name, header length and whole size; a size of `None` reaches to the end of the enclosing space.
fn box_header(data: &[u8]) -> Option<([u8; 4], u64, Option<u64>)> {
    let mut cursor = Cursor::new(data);
    let size = cursor.be32()?;
    let kind = cursor.fourcc()?;
    match size {
        0 => Some((kind, 8, None)),
        1 => Some((kind, 16, Some(cursor.be64()?))),
        size => Some((kind, 8, Some(u64::from(size)))),
    }
}

/// The boxes inside a box in memory, in order; ends at the first that does not fit.
pub(super) fn boxes(data: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = data;
    std::iter::from_fn(move || {
        let (kind, header, size) = box_header(rest)?;
        let size = size.map_or(rest.len(), |s| usize::try_from(s).unwrap_or(usize::MAX));
        let body = rest.get(header as usize..size)?;
        rest = rest.get(size..)?;
        Some((kind, body))
    })
}

/// The first box of a name.
pub(super) fn find<'a>(data: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(data).find(|(k, _)| k == kind).map(|(_, body)| body)
}

/// The version and flags of a full box, and what follows them.
pub(super) fn full(body: &[u8]) -> Option<(u8, u32, Cursor<'_>)> {
    let mut cursor = Cursor::new(body);
    let version = cursor.u8()?;
    let flags = cursor.be24()?;
    Some((version, flags, cursor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_lie_end_the_walk() {
        let names = |data: &[u8]| boxes(data).map(|(k, b)| (k, b.len())).collect::<Vec<_>>();
        assert_eq!(names(b"\0\0\0\x0aabcdxx\0\0\0\x08efgh"), [(*b"abcd", 2), (*b"efgh", 0)]);
        assert_eq!(names(b"\0\0\0\0abcdxx"), [(*b"abcd", 2)], "zero reaches to the end");
        assert_eq!(names(b"\0\0\0\x04abcdxx"), [], "shorter than its own header");
        assert_eq!(names(b"\0\0\xff\xffabcdxx"), [], "longer than the data");
        assert_eq!(names(b"\0\0\0\x01abcd\xff\xff\xff\xff\xff\xff\xff\xff"), [], "64 bits of nonsense");
        assert_eq!(names(b"\0\0\0\x01abcd\0\0\0\0\0\0\0\x11z"), [(*b"abcd", 1)]);
    }
}
