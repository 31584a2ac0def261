//! File kinds by their first bytes: a name or a Content-Type is a claim, the content is the fact.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Serialize;

use super::cursor::Cursor;

/// How many bytes from the start of a file [`sniff`] likes to see. Fewer will do for most formats.
pub const HEAD_BYTES: usize = 4096;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Moving pictures, with or without sound.
    Video,
    /// One picture, or a short animation in a picture format.
    Image,
    /// Sound alone.
    Audio,
}

/// A container or file format that is recognised by content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the names are the documentation
pub enum Format {
    Mp4,
    Mov,
    Avi,
    Webm,
    Mkv,
    Jpg,
    Png,
    Gif,
    Webp,
    Mp3,
    Wav,
    M4a,
    Aac,
    Flac,
    Ogg,
}

impl Format {
    /// Every format, for tables and tests.
    pub const ALL: [Format; 15] = [
        Format::Mp4,
        Format::Mov,
        Format::Avi,
        Format::Webm,
        Format::Mkv,
        Format::Jpg,
        Format::Png,
        Format::Gif,
        Format::Webp,
        Format::Mp3,
        Format::Wav,
        Format::M4a,
        Format::Aac,
        Format::Flac,
        Format::Ogg,
    ];

    /// Extension to give a new file, MIME type, kind.
    fn facts(self) -> (&'static str, &'static str, Kind) {
        match self {
            Format::Mp4 => ("mp4", "video/mp4", Kind::Video),
            Format::Mov => ("mov", "video/quicktime", Kind::Video),
            Format::Avi => ("avi", "video/x-msvideo", Kind::Video),
            Format::Webm => ("webm", "video/webm", Kind::Video),
            Format::Mkv => ("mkv", "video/x-matroska", Kind::Video),
            Format::Jpg => ("jpg", "image/jpeg", Kind::Image),
            Format::Png => ("png", "image/png", Kind::Image),
            Format::Gif => ("gif", "image/gif", Kind::Image),
            Format::Webp => ("webp", "image/webp", Kind::Image),
            Format::Mp3 => ("mp3", "audio/mpeg", Kind::Audio),
            Format::Wav => ("wav", "audio/wav", Kind::Audio),
            Format::M4a => ("m4a", "audio/mp4", Kind::Audio),
            Format::Aac => ("aac", "audio/aac", Kind::Audio),
            Format::Flac => ("flac", "audio/flac", Kind::Audio),
            Format::Ogg => ("ogg", "audio/ogg", Kind::Audio),
        }
    }

    /// The usual extension, without a dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        self.facts().0
    }

    /// The MIME type.
    #[must_use]
    pub fn mime(self) -> &'static str {
        self.facts().1
    }

    /// What such a file usually is. An MP4 or Matroska file may hold sound alone: only a probe tells.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.facts().2
    }

    /// Every extension under which such content is honestly named. The MP4 family is one structure under
    /// several names, and a WebM file is a Matroska file.
    #[must_use]
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Format::Mp4 => &["mp4", "m4v", "mov", "m4a", "qt", "3gp"],
            Format::Mov => &["mov", "qt", "mp4", "m4v"],
            Format::M4a => &["m4a", "m4b", "mp4", "aac"],
            Format::Webm => &["webm", "mkv", "weba"],
            Format::Mkv => &["mkv", "mka"],
            Format::Avi => &["avi"],
            Format::Jpg => &["jpg", "jpeg", "jpe", "jfif"],
            Format::Png => &["png", "apng"],
            Format::Gif => &["gif"],
            Format::Webp => &["webp"],
            Format::Mp3 => &["mp3"],
            Format::Wav => &["wav", "wave"],
            Format::Aac => &["aac", "adts"],
            Format::Flac => &["flac"],
            Format::Ogg => &["ogg", "oga", "opus"],
        }
    }

    /// Whether a file of this content may bear this extension (with or without a dot, any case).
    #[must_use]
    pub fn agrees_with(self, extension: &str) -> bool {
        let extension = extension.trim_start_matches('.').to_ascii_lowercase();
        self.extensions().contains(&extension.as_str())
    }
}

/// The format of a file by its first bytes; `None` when it is no media that we know.
#[must_use]
pub fn sniff(head: &[u8]) -> Option<Format> {
    let is = |at: usize, magic: &[u8]| head.get(at..).is_some_and(|rest| rest.starts_with(magic));
    if is(0, b"\x89PNG\r\n\x1a\n") {
        return Some(Format::Png);
    }
    if is(0, b"\xff\xd8\xff") {
        return Some(Format::Jpg);
    }
    if is(0, b"GIF87a") || is(0, b"GIF89a") {
        return Some(Format::Gif);
    }
    if is(0, b"fLaC") {
        return Some(Format::Flac);
    }
    if is(0, b"OggS\0") {
        return Some(Format::Ogg);
    }
    if is(0, b"\x1a\x45\xdf\xa3") {
        return matroska_doctype(head);
    }
    if is(0, b"RIFF") || is(0, b"RF64") {
        return match head.get(8..12)? {
            b"AVI " => Some(Format::Avi),
            b"WAVE" => Some(Format::Wav),
            b"WEBP" => Some(Format::Webp),
            _ => None,
        };
    }
    iso_media(head).or_else(|| elementary_audio(head))
}

/// The media type of a file by its content; that of mere bytes for what is no media.
///
/// # Errors
/// The file cannot be read.
pub fn mime_of(path: &Path) -> std::io::Result<&'static str> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(sniff(&head).map_or("application/octet-stream", Format::mime))
}

/// In words, what a file that [`sniff`] does not know seems to be.
#[must_use]
pub fn looks_like(head: &[u8]) -> &'static str {
    const SIGNATURES: &[(&[u8], &str)] = &[
        (b"%PDF", "a PDF document"),
        (b"PK\x03\x04", "a ZIP archive or an office document"),
        (b"PK\x05\x06", "an empty ZIP archive"),
        (b"\x1f\x8b", "a gzip archive"),
        (b"Rar!", "a RAR archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"-----BEGIN", "a key or certificate"),
        (b"PuTTY-User-Key", "a private key"),
        (b"ssh-", "an SSH key"),
        (b"SQLite format 3\0", "a database"),
        (b"\x7fELF", "a program"),
        (b"MZ", "a program"),
        (b"\xcf\xfa\xed\xfe", "a program"),
        (b"BM", "a BMP picture"),
        (b"II*\0", "a TIFF picture"),
        (b"MM\0*", "a TIFF picture"),
        (b"8BPS", "a Photoshop document"),
        (b"FLV", "a Flash video"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file"),
        (b"\0\0\x01\xba", "an MPEG program stream"),
    ];
    if head.is_empty() {
        return "an empty file";
    }
    if let Some((_, words)) = SIGNATURES.iter().find(|(magic, _)| head.starts_with(magic)) {
        return words;
    }
    if head.get(4..8) == Some(b"ftyp") {
        return match head.get(8..12) {
            Some(b"avif" | b"avis") => "an AVIF picture",
            Some(b"heic" | b"heix" | b"hevc" | b"mif1" | b"msf1") => "a HEIC picture",
            _ => "an unknown file of the MP4 family",
        };
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return "text";
    }
    if head.iter().all(|b| *b == 0) {
        return "zero bytes";
    }
    let text = |b: &u8| matches!(b, b'\t' | b'\n' | b'\r' | 0x0c | 0x20..=0x7e | 0x80..);
    let utf8 = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(e) => e.error_len().is_none(), // only the cut at the end of the head is wrong
    };
    if utf8 && head.iter().all(text) {
        let start = head.trim_ascii_start();
        let web = [&b"<!doctype html"[..], b"<html", b"<HTML", b"<!DOCTYPE html"];
        return match start.first() {
            Some(b'{' | b'[') => "JSON or other text",
            _ if web.iter().any(|tag| start.starts_with(tag)) => "a web page",
            _ if start.starts_with(b"<svg") => "an SVG drawing",
            _ => "text",
        };
    }
    "unknown binary data"
}

/// The `DocType` stands within the first few dozen bytes of the EBML header.
fn matroska_doctype(head: &[u8]) -> Option<Format> {
    let head = head.get(..head.len().min(128))?;
    let at = head.windows(2).position(|w| w == [0x42, 0x82])?;
    let mut cursor = Cursor::new(head.get(at + 2..)?);
    let len = usize::from(cursor.u8()? & 0x7f);
    match cursor.take(len)?.trim_ascii_end() {
        doctype if doctype.starts_with(b"webm") => Some(Format::Webm),
        doctype if doctype.starts_with(b"matroska") => Some(Format::Mkv),
        _ => None,
    }
}

fn iso_media(head: &[u8]) -> Option<Format> {
    let mut cursor = Cursor::new(head);
    let size = cursor.be32()?;
    match &cursor.fourcc()? {
        b"ftyp" => match &cursor.fourcc()? {
            b"avif" | b"avis" | b"heic" | b"heix" | b"hevc" | b"heim" | b"heis" | b"mif1" | b"msf1"
            | b"jp2 " | b"jpx " | b"crx " => None,
            b"qt  " => Some(Format::Mov),
            b"M4A " | b"M4B " | b"M4P " => Some(Format::M4a),
            _ => Some(Format::Mp4),
        },
        // QuickTime files from before `ftyp`, and a fragmented stream that starts with its type box.
        b"moov" | b"mdat" if size == 0 || size == 1 || size >= 8 => Some(Format::Mov),
        b"wide" | b"skip" | b"free" | b"pnot" if (8..1 << 20).contains(&size) => {
            let next = head.get(size as usize + 4..size as usize + 8)?;
            matches!(next, b"moov" | b"mdat" | b"wide" | b"free").then_some(Format::Mov)
        }
        b"styp" if size >= 16 => Some(Format::Mp4),
        _ => None,
    }
}

/// MP3 and ADTS have no magic number but a repeating frame header; an ID3 tag may stand before either.
fn elementary_audio(head: &[u8]) -> Option<Format> {
    let tag = super::audio::id3v2_len(head);
    if tag > 0 {
        let Some(rest) = head.get(tag..).filter(|rest| rest.len() >= 8) else {
            return Some(Format::Mp3); // the tag (a cover picture, say) is longer than the head that we were given
        };
        return elementary_audio_frames(rest).or(Some(Format::Mp3));
    }
    elementary_audio_frames(head)
}

fn elementary_audio_frames(head: &[u8]) -> Option<Format> {
    use super::audio::{AdtsHeader, Mp3Header};
    // A second header where the first frame ends is proof; a head too short for that is given the benefit.
    if let Some(first) = AdtsHeader::parse(head) {
        let next = head.get(first.frame_bytes..).filter(|next| next.len() >= 7);
        return next.is_none_or(|next| AdtsHeader::parse(next).is_some()).then_some(Format::Aac);
    }
    // Layer I is not MP3, and its first bytes are those of UTF-16 text.
    let first = Mp3Header::parse(head).filter(|_| head.get(1).is_some_and(|b| b & 6 != 6))?;
    let next = head.get(first.frame_bytes..).filter(|next| next.len() >= 4);
    next.is_none_or(|next| Mp3Header::parse(next).is_some()).then_some(Format::Mp3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_are_known_by_content() {
        let cases: &[(&[u8], Format)] = &[
            (b"\0\0\0\x20ftypisom\0\0\x02\0", Format::Mp4),
            (b"\0\0\0\x14ftypqt  \0\0\0\0", Format::Mov),
            (b"\0\0\0\x1cftypM4A \0\0\0\0", Format::M4a),
            (b"\0\0\0\x08wide\0\0\0\0mdat", Format::Mov),
            (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", Format::Webm),
            (b"\x1a\x45\xdf\xa3\xa3\x42\x86\x81\x01\x42\x82\x88matroska", Format::Mkv),
            (b"RIFF\0\0\0\0AVI LIST", Format::Avi),
            (b"RIFF\0\0\0\0WAVEfmt ", Format::Wav),
            (b"RIFF\0\0\0\0WEBPVP8 ", Format::Webp),
            (b"\xff\xd8\xff\xe0", Format::Jpg),
            (b"\x89PNG\r\n\x1a\n", Format::Png),
            (b"GIF89a", Format::Gif),
            (b"ID3\x04\0\0\0\0\x02\0", Format::Mp3),
            (b"\xff\xfb\x90\x64\0\0\0\0", Format::Mp3),
            (b"\xff\xf1\x50\x80\x02\x1f\xfc\x21", Format::Aac),
            (b"fLaC\0\0\0\x22", Format::Flac),
            (b"OggS\0\x02", Format::Ogg),
        ];
        for (head, format) in cases {
            assert_eq!(sniff(head), Some(*format), "{:?}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn what_is_no_media_is_named_in_words() {
        let cases: &[(&[u8], &str)] = &[
            (b"", "an empty file"),
            (b"hello, world\n", "text"),
            ("Grüße aus Köln".as_bytes(), "text"),
            (b"{\"a\": 1}", "JSON or other text"),
            (b"<!DOCTYPE html><html>", "a web page"),
            (b"%PDF-1.7", "a PDF document"),
            (b"PK\x03\x04\x14\0", "a ZIP archive or an office document"),
            (b"-----BEGIN OPENSSH PRIVATE KEY-----", "a key or certificate"),
            (b"ssh-ed25519 AAAA", "an SSH key"),
            (b"\0\0\0\x18ftypheic", "a HEIC picture"),
            (b"\0\0\0\0\0\0\0\0", "zero bytes"),
            (b"\xff\xfe\x41\x00\x42\x00\x43\x00", "text"),
            (b"\x01\x02\x03", "unknown binary data"),
        ];
        for (head, words) in cases {
            assert_eq!(sniff(head), None, "{words}");
            assert_eq!(looks_like(head), *words);
        }
    }

    #[test]
    fn extensions_agree_within_a_family_only() {
        for (format, extension, agrees) in [
            (Format::Jpg, "JPEG", true),
            (Format::Jpg, ".jpg", true),
            (Format::Jpg, "png", false),
            (Format::Mp4, "mov", true),
            (Format::Mov, "mp4", true),
            (Format::M4a, "m4a", true),
            (Format::Mp4, "m4a", true),
            (Format::Mp4, "webm", false),
            (Format::Webm, "mkv", true),
            (Format::Mkv, "webm", false),
            (Format::Mp3, "", false),
        ] {
            assert_eq!(format.agrees_with(extension), agrees, "{format:?} {extension}");
        }
        for format in Format::ALL {
            assert!(format.agrees_with(format.extension()));
        }
    }
}
