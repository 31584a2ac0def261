//! Sound files by their headers: MP3, ADTS AAC, WAV, FLAC, Ogg.

use super::cursor::{Bits, Cursor};
use super::mp4::AAC_RATES_HZ;
use super::sniff::Format;
use super::source::Source;
use super::{Error, Limits};

/// What a sound file's headers say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct AudioFacts {
    pub(crate) codec: String,
    pub(crate) duration_s: Option<f64>,
    pub(crate) sample_rate_hz: Option<u32>,
    pub(crate) channels: Option<u32>,
    pub(crate) truncated: bool,
}

/// Reads the facts of one of the sound formats.
pub(crate) fn read(source: &mut Source, format: Format, limits: &Limits) -> Result<AudioFacts, Error> {
    match format {
        Format::Wav => wav(source),
        Format::Flac => flac(source),
        Format::Ogg => ogg(source),
        _ => elementary(source, format, limits),
    }
}

/// Bytes of an ID3v2 tag at the start, header included; 0 without one.
pub(crate) fn id3v2_len(head: &[u8]) -> usize {
    match head {
        [b'I', b'D', b'3', major, _, flags, a, b, c, d, ..]
            if *major < 0xff && (a | b | c | d) & 0x80 == 0 =>
        {
            let len = [a, b, c, d].iter().fold(0usize, |len, byte| len << 7 | usize::from(**byte));
            10 + len + if flags & 0x10 != 0 { 10 } else { 0 }
        }
        _ => 0,
    }
}

/// The header of an MPEG audio frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mp3Header {
    pub(crate) frame_bytes: usize,
    sample_rate_hz: u32,
    channels: u32,
    samples: u32,
    /// Where a Xing or Info header would stand.
    side_info: usize,
}

impl Mp3Header {
    pub(crate) fn parse(head: &[u8]) -> Option<Self> {
        const V1: [[u32; 15]; 3] = [
            [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
            [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
            [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        ];
        const V2: [[u32; 15]; 2] = [
            [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
            [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        ];
        let mut bits = Bits::new(head.get(..4)?);
        if bits.bits(11)? != 0x7ff {
            return None;
        }
        let (version, layer) = (bits.bits(2)?, bits.bits(2)?);
        bits.bit()?;
        let (rate_index, hz_index, padding) = (bits.bits(4)? as usize, bits.bits(2)? as usize, bits.bits(1)?);
        bits.bit()?;
        let channels = if bits.bits(2)? == 3 { 1 } else { 2 };
        if version == 1 || layer == 0 {
            return None;
        }
        let layer = 4 - layer; // 1, 2, 3
        let table = if version == 3 { V1.get(layer as usize - 1)? } else { V2.get(usize::from(layer > 1))? };
        let kbps = *table.get(rate_index).filter(|k| **k > 0)?;
        let divider = match version {
            3 => 1,
            2 => 2,
            _ => 4,
        };
        let sample_rate_hz = *[44_100, 48_000, 32_000].get(hz_index)? / divider;
        let samples = match (layer, version) {
            (1, _) => 384,
            (3, 0 | 2) => 576,
            _ => 1152,
        };
        let frame_bytes = if layer == 1 {
            (12 * kbps * 1000 / sample_rate_hz + padding) * 4
        } else {
            samples / 8 * kbps * 1000 / sample_rate_hz + padding
        } as usize;
        let side_info = match (version, channels) {
            (3, 1) => 17,
            (3, _) => 32,
            (_, 1) => 9,
            _ => 17,
        };
        (frame_bytes > 4).then_some(Self { frame_bytes, sample_rate_hz, channels, samples, side_info })
    }

    /// How many frames a Xing, Info or VBRI header in this first frame announces.
    fn announced_frames(&self, frame: &[u8]) -> Option<u32> {
        let mut xing = Cursor::new(frame.get(4 + self.side_info..)?);
        if matches!(&xing.fourcc()?, b"Xing" | b"Info") {
            let flags = xing.be32()?;
            return if flags & 1 != 0 { xing.be32() } else { None };
        }
        let mut vbri = Cursor::new(frame.get(36..)?);
        (vbri.fourcc()? == *b"VBRI").then_some(())?;
        vbri.skip(10)?;
        vbri.be32()
    }
}

/// The header of an ADTS frame (ISO/IEC 13818-7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AdtsHeader {
    pub(crate) frame_bytes: usize,
    sample_rate_hz: u32,
    channels: u32,
    samples: u32,
}

impl AdtsHeader {
    pub(crate) fn parse(head: &[u8]) -> Option<Self> {
        let mut bits = Bits::new(head.get(..7)?);
        if bits.bits(12)? != 0xfff {
            return None;
        }
        bits.bit()?;
        if bits.bits(2)? != 0 {
            return None;
        }
        bits.bits(3)?; // protection, profile
        let sample_rate_hz = *AAC_RATES_HZ.get(bits.bits(4)? as usize)?;
        bits.bit()?;
        let channels = bits.bits(3)?;
        bits.bits(4)?;
        let frame_bytes = bits.bits(13)? as usize;
        bits.bits(11)?;
        let samples = 1024 * (bits.bits(2)? + 1);
        (frame_bytes >= 7).then_some(Self { frame_bytes, sample_rate_hz, channels, samples })
    }
}

/// MP3 and ADTS: walks the frames of the first megabytes; a longer file is measured by their average.
fn elementary(source: &mut Source, format: Format, limits: &Limits) -> Result<AudioFacts, Error> {
    const WALK_BYTES: u64 = 8 << 20;
    let head = source.header_up_to(0, 10)?;
    let start = id3v2_len(&head) as u64;
    let data = source.header_up_to(start, WALK_BYTES)?;
    let next = |at: usize| {
        let head = data.get(at..)?;
        if format == Format::Aac {
            AdtsHeader::parse(head).map(|h| (h.frame_bytes, h.sample_rate_hz, h.channels, h.samples))
        } else {
            Mp3Header::parse(head).map(|h| (h.frame_bytes, h.sample_rate_hz, h.channels, h.samples))
        }
    };
    // Junk between a tag and the first frame is common; a few kilobytes of it are stepped over.
    let Some(first_at) = (0..data.len().min(1 << 16)).find(|at| next(*at).is_some()) else {
        return Err(Error::Malformed { what: "no audio frame follows its tag" });
    };
    let (_, sample_rate_hz, channels, _) = next(first_at).unwrap_or((0, 1, 0, 0));
    let mut facts = AudioFacts {
        codec: if format == Format::Aac { "aac" } else { "mp3" }.to_owned(),
        sample_rate_hz: Some(sample_rate_hz),
        channels: Some(channels).filter(|c| *c > 0),
        ..AudioFacts::default()
    };
    let (mut at, mut samples) = (first_at, 0u64);
    while let Some((bytes, _, _, count)) = next(at) {
        limits.go_on()?;
        if at + bytes > data.len() {
            facts.truncated = start + data.len() as u64 == source.len();
            break;
        }
        samples += u64::from(count);
        at += bytes;
    }
    let walked = (at - first_at).max(1) as f64;
    let left = if start + (data.len() as u64) < source.len() { source.len() - start - at as u64 } else { 0 };
    let mut seconds = samples as f64 / f64::from(sample_rate_hz) * (1.0 + left as f64 / walked);
    if let Some(header) = data.get(first_at..).and_then(|head| Mp3Header::parse(head).zip(Some(head)))
        && format == Format::Mp3
        && let Some(frames) = header.0.announced_frames(header.1)
    {
        let announced = f64::from(frames) * f64::from(header.0.samples) / f64::from(sample_rate_hz);
        facts.truncated |= announced > seconds * 1.1 + 0.5;
        // What is announced includes what a cut download lacks.
        if !facts.truncated {
            seconds = announced;
        }
    }
    facts.duration_s = Some(seconds);
    Ok(facts)
}

/// RIFF or RF64 WAVE: walks the chunks up to the samples.
fn wav(source: &mut Source) -> Result<AudioFacts, Error> {
    let mut facts = AudioFacts { codec: "pcm".to_owned(), ..AudioFacts::default() };
    let (mut at, mut bytes_per_second, mut wide_size) = (12u64, 0u32, None);
    for _ in 0..1000 {
        let head = source.header_up_to(at, 8)?;
        let mut cursor = Cursor::new(&head);
        let (Some(kind), Some(size)) = (cursor.fourcc(), cursor.le32()) else { break };
        let body = at + 8;
        let mut size = u64::from(size);
        match &kind {
            b"ds64" => {
                let data = source.header_up_to(body, 16)?;
                let mut cursor = Cursor::new(&data);
                wide_size = cursor.le64().and_then(|_| cursor.le64());
            }
            b"fmt " => {
                let data = source.header_up_to(body, size.min(40))?;
                bytes_per_second = wav_format(&data, &mut facts)
                    .ok_or(Error::Malformed { what: "its fmt chunk is too short" })?;
            }
            b"data" => {
                if size == u64::from(u32::MAX) {
                    size = wide_size.unwrap_or(u64::MAX); // unknown when recorded into a pipe
                }
                let here = source.len().saturating_sub(body);
                facts.truncated = size > here && size != u64::MAX;
                if bytes_per_second > 0 {
                    facts.duration_s = Some(size.min(here) as f64 / f64::from(bytes_per_second));
                }
                return Ok(facts);
            }
            _ => {}
        }
        at = body.saturating_add(size).saturating_add(size & 1);
    }
    Err(Error::Truncated { missing: "the samples (data chunk)" })
}

/// Fills in the facts of a WAVEFORMATEX and gives its bytes per second.
pub(crate) fn wav_format(data: &[u8], facts: &mut AudioFacts) -> Option<u32> {
    let mut cursor = Cursor::new(data);
    let mut tag = cursor.le16()?;
    facts.channels = Some(u32::from(cursor.le16()?)).filter(|c| *c > 0);
    facts.sample_rate_hz = Some(cursor.le32()?).filter(|r| *r > 0);
    let bytes_per_second = cursor.le32()?;
    if tag == 0xfffe {
        tag = Cursor::new(data.get(24..)?).le16()?;
    }
    facts.codec = match tag {
        1 | 3 => "pcm".to_owned(),
        2 | 0x11 => "adpcm".to_owned(),
        6 => "alaw".to_owned(),
        7 => "mulaw".to_owned(),
        0x50 => "mp2".to_owned(),
        0x55 => "mp3".to_owned(),
        0xff | 0x1600 | 0x1602 => "aac".to_owned(),
        0x2000 => "ac3".to_owned(),
        other => format!("0x{other:04x}"),
    };
    Some(bytes_per_second)
}

/// The STREAMINFO block, which always comes first (RFC 9639, 8.2).
fn flac(source: &mut Source) -> Result<AudioFacts, Error> {
    let data = source.header(0, 42)?;
    let mut bits = Bits::new(data.get(18..).unwrap_or_default());
    let mut read = || {
        let rate = bits.bits(20)?;
        let channels = bits.bits(3)? + 1;
        bits.bits(5)?;
        Some((rate, channels, u64::from(bits.bits(4)?) << 32 | u64::from(bits.bits(32)?)))
    };
    let (rate, channels, samples) = read().ok_or(Error::Malformed { what: "its STREAMINFO is cut" })?;
    let known = rate > 0 && samples > 0;
    Ok(AudioFacts {
        codec: "flac".to_owned(),
        duration_s: known.then(|| samples as f64 / f64::from(rate)),
        sample_rate_hz: Some(rate).filter(|r| *r > 0),
        channels: Some(channels),
        truncated: false,
    })
}

/// Ogg: the first packet names the codec, the last page's granule position is the length.
fn ogg(source: &mut Source) -> Result<AudioFacts, Error> {
    const TAIL_BYTES: u64 = 1 << 16;
    let head = source.header_up_to(0, 512)?;
    let mut facts = AudioFacts::default();
    let mut lead_in = 0;
    let find = |needle: &[u8]| head.windows(needle.len()).position(|w| w == needle);
    if let Some(at) = find(b"OpusHead") {
        let mut cursor = Cursor::new(head.get(at + 9..).unwrap_or_default());
        facts.codec = "opus".to_owned();
        facts.channels = cursor.u8().map(u32::from);
        lead_in = cursor.le16().map_or(0, u64::from);
        facts.sample_rate_hz = Some(48_000);
    } else if let Some(at) = find(b"\x01vorbis") {
        let mut cursor = Cursor::new(head.get(at + 11..).unwrap_or_default());
        facts.codec = "vorbis".to_owned();
        facts.channels = cursor.u8().map(u32::from);
        facts.sample_rate_hz = cursor.le32().filter(|r| *r > 0);
    } else {
        return Err(Error::Undecodable {
            reason: "an Ogg stream that is neither Vorbis nor Opus".to_owned(),
        });
    }
    let tail = source.header_up_to(source.len().saturating_sub(TAIL_BYTES), TAIL_BYTES)?;
    let last = tail.windows(4).rposition(|w| w == b"OggS");
    let granule = last.and_then(|at| Cursor::new(tail.get(at + 6..)?).le64()).filter(|g| *g != u64::MAX);
    if let (Some(granule), Some(rate)) = (granule, facts.sample_rate_hz) {
        facts.duration_s = Some(granule.saturating_sub(lead_in) as f64 / f64::from(rate));
    }
    Ok(facts)
}
