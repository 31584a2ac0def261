//! AVI by its RIFF headers: size, rate, length and codecs.

use super::audio::{AudioFacts, wav_format};
use super::cursor::Cursor;
use super::source::Source;
use super::{Error, Limits};

/// What an AVI file says of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct AviFacts {
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    pub(crate) fps: Option<f64>,
    pub(crate) frames: Option<u64>,
    pub(crate) video_codec: Option<String>,
    pub(crate) audio: Option<AudioFacts>,
    pub(crate) duration_s: Option<f64>,
    pub(crate) truncated: bool,
}

/// Reads the header list, which stands first.
pub(crate) fn read(source: &mut Source, limits: &Limits) -> Result<AviFacts, Error> {
    let mut facts = AviFacts::default();
    let (mut at, mut riff_end) = (12u64, 0u64);
    if let Some(size) = Cursor::new(source.header_up_to(4, 4)?.as_slice()).le32() {
        riff_end = 8 + u64::from(size);
    }
    for _ in 0..64 {
        limits.go_on()?;
        let head = source.header_up_to(at, 12)?;
        let mut cursor = Cursor::new(&head);
        let (Some(kind), Some(size)) = (cursor.fourcc(), cursor.le32()) else { break };
        if kind == *b"LIST" && cursor.fourcc() == Some(*b"hdrl") {
            let list = source.header_up_to(at + 12, u64::from(size).saturating_sub(4).min(1 << 20))?;
            header_list(&list, &mut facts);
            facts.truncated = riff_end > source.len();
            return Ok(facts);
        }
        at = at.saturating_add(8).saturating_add(u64::from(size)).saturating_add(u64::from(size & 1));
    }
    Err(Error::Truncated { missing: "its header list" })
}

fn chunks(data: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = Cursor::new(data);
    std::iter::from_fn(move || {
        let kind = rest.fourcc()?;
        let size = rest.le32()? as usize;
        let body = rest.take(size.min(rest.rest().len()))?;
        let _ = rest.skip(size & 1); // the pad byte may be missing at the end
        Some((kind, body))
    })
}

fn header_list(list: &[u8], facts: &mut AviFacts) {
    for (kind, body) in chunks(list) {
        match (&kind, body.split_at_checked(4)) {
            (b"avih", _) => drop(main_header(body, facts)),
            (b"LIST", Some((b"strl", stream))) => drop(stream_list(stream, facts)),
            (b"LIST", Some((b"odml", odml))) => {
                // Files past one gigabyte count all their frames here.
                let total =
                    chunks(odml).find(|(kind, _)| kind == b"dmlh").and_then(|(_, b)| Cursor::new(b).le32());
                facts.frames = total.filter(|n| *n > 0).map(u64::from).or(facts.frames);
                if let (Some(frames), Some(fps)) = (facts.frames, facts.fps) {
                    facts.duration_s = Some(frames as f64 / fps);
                }
            }
            _ => {}
        }
    }
}

fn main_header(body: &[u8], facts: &mut AviFacts) -> Option<()> {
    let mut c = Cursor::new(body);
    let micros = c.le32()?;
    c.skip(12)?;
    let frames = c.le32()?;
    c.skip(12)?;
    facts.width = Some(c.le32()?).filter(|w| *w > 0);
    facts.height = Some(c.le32()?).filter(|h| *h > 0);
    if micros > 0 && frames > 0 {
        facts.duration_s = Some(f64::from(frames) * f64::from(micros) / 1e6);
    }
    Some(())
}

fn stream_list(list: &[u8], facts: &mut AviFacts) -> Option<()> {
    let of = |name: &[u8; 4]| chunks(list).find(|(kind, _)| kind == name).map(|(_, body)| body);
    let mut c = Cursor::new(of(b"strh")?);
    let kind = c.fourcc()?;
    let handler = c.fourcc()?;
    c.skip(12)?;
    let (scale, rate) = (c.le32()?, c.le32()?);
    c.skip(4)?;
    let length = c.le32()?;
    let per_second = (scale > 0 && rate > 0).then(|| f64::from(rate) / f64::from(scale));
    let format = of(b"strf")?;
    match &kind {
        b"vids" if facts.video_codec.is_none() => {
            let mut c = Cursor::new(format.get(4..)?);
            let (width, height) = (c.le32()?, (c.le32()? as i32).unsigned_abs());
            facts.width = Some(width).filter(|w| *w > 0).or(facts.width);
            facts.height = Some(height).filter(|h| *h > 0).or(facts.height);
            c.skip(4)?;
            let codec = c.fourcc()?;
            facts.video_codec = Some(codec_name(if codec == [0; 4] { handler } else { codec }));
            facts.fps = per_second;
            facts.frames = Some(u64::from(length)).filter(|n| *n > 0);
            if let (Some(fps), true) = (per_second, length > 0) {
                facts.duration_s = Some(f64::from(length) / fps);
            }
        }
        b"auds" if facts.audio.is_none() => {
            let mut audio = AudioFacts::default();
            wav_format(format, &mut audio)?;
            audio.duration_s = per_second.map(|per_second| f64::from(length) / per_second);
            facts.audio = Some(audio);
        }
        _ => {}
    }
    Some(())
}

fn codec_name(fourcc: [u8; 4]) -> String {
    match fourcc.map(|b| b.to_ascii_lowercase()) {
        [b'h' | b'x', b'2', b'6', b'4'] | [b'a', b'v', b'c', b'1'] | [b'd', b'a', b'v', b'c'] => {
            "h264".to_owned()
        }
        [b'x', b'v', b'i', b'd']
        | [b'd', b'i', b'v', b'x']
        | [b'd', b'x', b'5', b'0']
        | [b'f', b'm', b'p', b'4']
        | [b'm', b'p', b'4', b'v'] => "mpeg4".to_owned(),
        [b'm', b'j', b'p', b'g'] => "mjpeg".to_owned(),
        [b'h' | b'x', b'2', b'6', b'5'] | [b'h', b'e', b'v', b'c'] | [b'h', b'v', b'c', b'1'] => {
            "hevc".to_owned()
        }
        [0 | b'd', 0 | b'i', 0 | b'b', 0 | b' '] => "rawvideo".to_owned(),
        other => other.iter().map(|b| if b.is_ascii_graphic() { char::from(*b) } else { '?' }).collect(),
    }
}
