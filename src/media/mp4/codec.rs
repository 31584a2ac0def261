//! Sample entries: which codec a track uses, and the facts that its configuration record states.

use super::boxes::{boxes, find, full};
use crate::media::cursor::{Bits, Cursor};
use crate::media::h264::AvcConfig;

/// What a sample entry (`stsd`) says about a track's coding.
#[derive(Clone, Debug, Default)]
pub struct Codec {
    /// The four characters of the sample entry, such as `avc1`.
    pub fourcc: String,
    /// A name in common use, such as `h264`; the four characters when unknown.
    pub name: String,
    /// Coded size in samples; for H.264 from the parameter set, otherwise from the sample entry.
    pub coded: Option<(u32, u32)>,
    /// Pixel aspect ratio, horizontal to vertical, when the file states one.
    pub pixel_aspect: Option<(u32, u32)>,
    /// Bits per colour sample, when the configuration states it.
    pub bit_depth: Option<u32>,
    /// Matrix coefficients (ITU-T H.273) and full range, when the container states them.
    pub nclx: Option<(u8, bool)>,
    /// Audio samples per second.
    pub sample_rate_hz: Option<u32>,
    /// Audio channels.
    pub channels: Option<u32>,
    /// The codec's own configuration record: the content of `avcC`, or the AudioSpecificConfig of AAC.
    pub(crate) config: Vec<u8>,
    /// The whole sample entry box, as remuxing needs it.
    #[cfg(feature = "studio")]
    pub(crate) entry: Vec<u8>,
}

impl Codec {
    /// Reads the first entry of an `stsd` box; `video` tells which kind of entry to expect.
    pub(super) fn parse(stsd: &[u8], video: bool) -> Option<Self> {
        let (_, _, mut cursor) = full(stsd)?;
        cursor.be32()?;
        let (fourcc, body) = boxes(cursor.rest()).next()?;
        let mut codec = Self {
            fourcc: fourcc.iter().map(|b| char::from(*b)).collect::<String>().trim().to_owned(),
            name: name_of(fourcc).map_or_else(|| printable(fourcc), str::to_owned),
            #[cfg(feature = "studio")]
            entry: whole(fourcc, body)?,
            ..Self::default()
        };
        // A damaged entry still leaves its name.
        let _ = if video { codec.read_video(body) } else { codec.read_audio(body) };
        Some(codec)
    }

    /// The H.264 parameter sets, when this is H.264.
    pub(crate) fn avc(&self) -> Option<AvcConfig> {
        (self.name == "h264").then(|| AvcConfig::parse(&self.config)).flatten()
    }

    fn read_video(&mut self, body: &[u8]) -> Option<()> {
        let mut cursor = Cursor::new(body);
        cursor.skip(24)?;
        self.coded =
            Some((u32::from(cursor.be16()?), u32::from(cursor.be16()?))).filter(|(w, h)| *w > 0 && *h > 0);
        cursor.skip(50)?;
        let extensions = cursor.rest();
        if let Some(pasp) = find(extensions, b"pasp") {
            let mut pasp = Cursor::new(pasp);
            self.pixel_aspect = Some((pasp.be32()?, pasp.be32()?)).filter(|(h, v)| *h > 0 && *v > 0);
        }
        self.nclx = find(extensions, b"colr").and_then(nclx);
        if let Some(avcc) = find(extensions, b"avcC") {
            self.config = avcc.to_vec();
            let sps = AvcConfig::parse(avcc)?.facts()?;
            self.coded = Some((sps.width, sps.height));
            self.bit_depth = Some(sps.bit_depth);
        } else if let Some(hvcc) = find(extensions, b"hvcC") {
            self.bit_depth = hvcc.get(17).map(|b| 8 + u32::from(b & 7));
        } else if let Some(vpcc) = find(extensions, b"vpcC") {
            self.bit_depth = vpcc.get(6).map(|b| u32::from(b >> 4));
        } else if let Some(av1c) = find(extensions, b"av1C") {
            let flags = *av1c.get(2)?;
            self.bit_depth = Some(match (flags >> 6 & 1, flags >> 5 & 1) {
                (0, _) => 8,
                (_, 0) => 10,
                _ => 12,
            });
        }
        Some(())
    }

    fn read_audio(&mut self, body: &[u8]) -> Option<()> {
        let mut cursor = Cursor::new(body);
        cursor.skip(8)?;
        let version = cursor.be16()?;
        cursor.skip(6)?;
        self.channels = Some(u32::from(cursor.be16()?)).filter(|c| *c > 0);
        cursor.skip(6)?;
        self.sample_rate_hz = Some(cursor.be32()? >> 16).filter(|r| *r > 0);
        // QuickTime sound descriptions carry more fields before their extensions.
        match version {
            1 => cursor.skip(16)?,
            2 => {
                cursor.skip(4)?;
                let rate = f64::from_bits(cursor.be64()?);
                self.sample_rate_hz = (1.0..1e7).contains(&rate).then_some(rate as u32);
                self.channels = Some(cursor.be32()?).filter(|c| *c > 0);
                cursor.skip(20)?;
            }
            _ => {}
        }
        let extensions = cursor.rest();
        let esds = find(extensions, b"esds").or_else(|| find(find(extensions, b"wave")?, b"esds"));
        if let Some(esds) = esds {
            self.read_esds(esds);
        }
        if let Some(opus) = find(extensions, b"dOps") {
            self.channels = opus.get(1).map(|c| u32::from(*c));
            self.sample_rate_hz = Some(48_000); // Opus always decodes to 48 kHz
        }
        Some(())
    }

    /// The elementary stream descriptor (ISO/IEC 14496-1): object type and AudioSpecificConfig.
    fn read_esds(&mut self, esds: &[u8]) -> Option<()> {
        let (_, _, cursor) = full(esds)?;
        let (tag, mut es) = descriptor(cursor.rest())?;
        if tag == 3 {
            es.skip(2)?;
            let flags = es.u8()?;
            if flags & 0x80 != 0 {
                es.skip(2)?;
            }
            if flags & 0x40 != 0 {
                let len = es.u8()?;
                es.skip(usize::from(len))?;
            }
            if flags & 0x20 != 0 {
                es.skip(2)?;
            }
        }
        let (4, mut config) = descriptor(es.rest())? else { return None };
        match config.u8()? {
            0x69 | 0x6b => self.name = "mp3".to_owned(),
            0xa5 => self.name = "ac3".to_owned(),
            0xa9 => self.name = "dts".to_owned(),
            0xdd => self.name = "vorbis".to_owned(),
            _ => {}
        }
        config.skip(12)?;
        let (5, specific) = descriptor(config.rest())? else { return None };
        self.config = specific.rest().get(..specific.rest().len().min(64))?.to_vec();
        if let Some(asc) = AacConfig::parse(&self.config) {
            self.sample_rate_hz = Some(asc.sample_rate_hz);
            self.channels = asc.channels.or(self.channels);
        }
        Some(())
    }
}

/// What an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1) says of the sound that comes out.
pub(crate) struct AacConfig {
    pub(crate) sample_rate_hz: u32,
    pub(crate) channels: Option<u32>,
}

/// Sample rates by index, as AAC numbers them.
pub(crate) const AAC_RATES_HZ: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

impl AacConfig {
    pub(crate) fn parse(asc: &[u8]) -> Option<Self> {
        let mut bits = Bits::new(asc);
        let object_type = Self::object_type(&mut bits)?;
        let mut sample_rate_hz = Self::rate(&mut bits)?;
        let channels = match bits.bits(4)? {
            0 => None,
            7 => Some(8),
            n => Some(n),
        };
        // Explicit SBR and PS state the rate of the upper layer.
        let channels = if matches!(object_type, 5 | 29) {
            sample_rate_hz = Self::rate(&mut bits)?;
            if object_type == 29 { Some(2) } else { channels }
        } else {
            channels
        };
        Some(Self { sample_rate_hz, channels })
    }

    fn object_type(bits: &mut Bits<'_>) -> Option<u32> {
        match bits.bits(5)? {
            31 => Some(32 + bits.bits(6)?),
            n => Some(n),
        }
    }

    fn rate(bits: &mut Bits<'_>) -> Option<u32> {
        match bits.bits(4)? {
            15 => bits.bits(24),
            index => AAC_RATES_HZ.get(index as usize).copied(),
        }
    }
}

/// A descriptor's tag and content; its length is coded in groups of seven bits.
fn descriptor(data: &[u8]) -> Option<(u8, Cursor<'_>)> {
    let mut cursor = Cursor::new(data);
    let tag = cursor.u8()?;
    let mut len = 0usize;
    for _ in 0..4 {
        let byte = cursor.u8()?;
        len = len << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    let content = cursor.rest();
    Some((tag, Cursor::new(content.get(..len.min(content.len()))?)))
}

/// Matrix and range of a `colr` box; QuickTime's `nclc` has no range.
fn nclx(colr: &[u8]) -> Option<(u8, bool)> {
    let mut cursor = Cursor::new(colr);
    let kind = cursor.fourcc()?;
    matches!(&kind, b"nclx" | b"nclc").then_some(())?;
    cursor.skip(4)?;
    let matrix = u8::try_from(cursor.be16()?).ok()?;
    Some((matrix, kind == *b"nclx" && cursor.u8()? & 0x80 != 0))
}

/// The sample entry as a box again.
#[cfg(feature = "studio")]
fn whole(fourcc: [u8; 4], body: &[u8]) -> Option<Vec<u8>> {
    let size = u32::try_from(body.len() + 8).ok()?.to_be_bytes();
    Some([&size[..], &fourcc, body].concat())
}

fn name_of(fourcc: [u8; 4]) -> Option<&'static str> {
    Some(match &fourcc {
        b"avc1" | b"avc2" | b"avc3" | b"avc4" => "h264",
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => "hevc",
        b"av01" => "av1",
        b"vp08" => "vp8",
        b"vp09" => "vp9",
        b"mp4v" => "mpeg4",
        b"s263" | b"h263" => "h263",
        b"jpeg" | b"mjpa" | b"mjpb" | b"mjpg" => "mjpeg",
        b"apco" | b"apcs" | b"apcn" | b"apch" | b"ap4h" | b"ap4x" => "prores",
        b"mp4a" => "aac",
        b".mp3" | b"mp3 " => "mp3",
        b"Opus" => "opus",
        b"fLaC" => "flac",
        b"alac" => "alac",
        b"ac-3" => "ac3",
        b"ec-3" => "eac3",
        b"sowt" | b"twos" | b"lpcm" | b"raw " | b"in24" | b"in32" | b"fl32" | b"fl64" | b"ipcm" | b"fpcm" => {
            "pcm"
        }
        b"encv" | b"enca" => "encrypted",
        _ => return None,
    })
}

fn printable(fourcc: [u8; 4]) -> String {
    fourcc.iter().map(|b| if b.is_ascii_graphic() { char::from(*b) } else { '?' }).collect()
}
