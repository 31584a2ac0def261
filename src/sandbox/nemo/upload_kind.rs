//! What an uploaded file is: by its name, and by its first bytes.

/// What a file can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Video,
    Image,
    Audio,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Image => "image",
            Self::Audio => "audio",
        }
    }
}

/// The accepted extensions (NemoVideo skill, Supported formats); `.jpeg` as the official command line takes it.
pub(super) const ACCEPTED: &str = "mp4, mov, avi, webm, mkv, jpg, png, gif, webp, mp3, wav, m4a, aac";

/// How many bytes [`looks_like`] wants to see.
pub(super) const HEAD_BYTES: usize = 64;

/// The kind that a file name promises.
pub(super) fn promised(name: &str) -> Option<Kind> {
    let (_, end) = name.rsplit_once('.')?;
    Some(match end.to_ascii_lowercase().as_str() {
        "mp4" | "mov" | "avi" | "webm" | "mkv" => Kind::Video,
        "jpg" | "jpeg" | "png" | "gif" | "webp" => Kind::Image,
        "mp3" | "wav" | "m4a" | "aac" => Kind::Audio,
        _ => return None,
    })
}

/// Whether the first bytes can be those of such a file. Light on purpose: a service looks at the container, no further.
pub(super) fn looks_like(kind: Kind, head: &[u8]) -> bool {
    let at = |from: usize, mark: &[u8]| head.get(from..).is_some_and(|rest| rest.starts_with(mark));
    let iso = at(4, b"ftyp")
        || at(4, b"moov")
        || at(4, b"mdat")
        || at(4, b"free")
        || at(4, b"wide")
        || at(4, b"skip");
    match kind {
        Kind::Video => iso || at(0, &[0x1a, 0x45, 0xdf, 0xa3]) || at(0, b"RIFF") && at(8, b"AVI "),
        Kind::Image => {
            at(0, &[0xff, 0xd8, 0xff])
                || at(0, b"\x89PNG\r\n\x1a\n")
                || at(0, b"GIF8")
                || at(0, b"RIFF") && at(8, b"WEBP")
        }
        Kind::Audio => {
            let sync = matches!(head, [0xff, second, ..] if second & 0xe0 == 0xe0);
            iso || at(0, b"ID3") || at(0, b"RIFF") && at(8, b"WAVE") || at(0, b"ADIF") || sync
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, looks_like, promised};

    #[test]
    fn names_and_bytes() {
        assert_eq!(promised("a.b.MP4"), Some(Kind::Video));
        assert_eq!(promised("notes.txt"), None);
        assert_eq!(promised("mp4"), None);
        for (kind, head, want) in [
            (Kind::Video, &b"\0\0\0\x20ftypisom"[..], true),
            (Kind::Video, b"-----BEGIN KEY-----", false),
            (Kind::Image, b"\x89PNG\r\n\x1a\n\0", true),
            (Kind::Image, b"\0\0\0\x20ftypisom", false),
            (Kind::Audio, b"ID3\x04", true),
            (Kind::Audio, b"RIFF\0\0\0\0WAVEfmt ", true),
            (Kind::Audio, b"\xff\xfb\x90", true),
            (Kind::Audio, b"", false),
        ] {
            assert_eq!(looks_like(kind, head), want, "{kind:?} {head:?}");
        }
    }
}
