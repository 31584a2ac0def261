//! Matroska and WebM by their EBML elements (RFC 8794, RFC 9559): length, tracks, codecs.

use super::cursor::Cursor;
use super::source::Source;
use super::{Error, Limits};

/// What a Matroska file says of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct MatroskaFacts {
    pub(crate) duration_s: Option<f64>,
    pub(crate) video: Option<VideoTrack>,
    pub(crate) audio: Option<AudioTrack>,
    pub(crate) truncated: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct VideoTrack {
    pub(crate) codec: String,
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    pub(crate) fps: Option<f64>,
    pub(crate) rotation_deg: u32,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct AudioTrack {
    pub(crate) codec: String,
    pub(crate) sample_rate_hz: Option<u32>,
    pub(crate) channels: Option<u32>,
}

const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_a966;
const TRACKS: u32 = 0x1654_ae6b;
const CLUSTER: u32 = 0x1f43_b675;
const CLUSTER_TIME: u32 = 0xe7;
const BLOCK_GROUP: u32 = 0xa0;
const BLOCK: u32 = 0xa1;
const SIMPLE_BLOCK: u32 = 0xa3;

/// Walks the top of the segment. A recording without a stated length is measured by its last block.
pub(crate) fn read(source: &mut Source, limits: &Limits) -> Result<MatroskaFacts, Error> {
    let mut facts = MatroskaFacts::default();
    let mut scale_ns = 1_000_000u64;
    let (mut cluster_time, mut last_time) = (0u64, None);
    let mut at = 0;
    let (mut seen_segment, mut steps) = (false, 0);
    while at < source.len() {
        steps += 1;
        if steps > limits.samples {
            return Err(Error::TooBig { what: "elements in the file", limit: limits.samples });
        }
        let head = source.header_up_to(at, 12)?;
        let mut cursor = Cursor::new(&head);
        let Some((id, size)) = element(&mut cursor) else { break };
        let body = at + (head.len() - cursor.rest().len()) as u64;
        let left = source.len() - body.min(source.len());
        facts.truncated |= size.is_some_and(|size| size > left);
        match id {
            // Step into these; everything else at this level is stepped over.
            SEGMENT => {
                seen_segment = true;
                at = body;
                continue;
            }
            // Live recordings state no length: then the time of the last block counts.
            CLUSTER if size.is_none() || facts.duration_s.is_none() => {
                at = body;
                continue;
            }
            CLUSTER_TIME => {
                cluster_time = unsigned(&source.header_up_to(body, size.unwrap_or(0).min(8))?);
            }
            BLOCK_GROUP => {
                at = body;
                continue;
            }
            BLOCK | SIMPLE_BLOCK => {
                let head = source.header_up_to(body, 4)?;
                let offset = head.get(1..).and_then(|rest| Cursor::new(rest).be16()).map_or(0, |t| t as i16);
                last_time = last_time.max(Some(cluster_time.saturating_add_signed(i64::from(offset))));
            }
            INFO => info(&source.header_up_to(body, size.unwrap_or(left))?, &mut scale_ns, &mut facts),
            TRACKS => tracks(&source.header_up_to(body, size.unwrap_or(left))?, &mut facts),
            _ => {}
        }
        let Some(size) = size else { break };
        at = body.saturating_add(size);
    }
    if !seen_segment {
        return Err(Error::Truncated { missing: "its segment" });
    }
    if let Some(ticks) = facts.duration_s.take() {
        facts.duration_s = Some(ticks * scale_ns as f64 / 1e9);
    } else if let Some(time) = last_time {
        let last_picture_s = facts.video.as_ref().and_then(|video| video.fps).map_or(0.0, |fps| 1.0 / fps);
        facts.duration_s = Some(time as f64 * scale_ns as f64 / 1e9 + last_picture_s);
    }
    facts.duration_s = facts.duration_s.filter(|s| s.is_finite() && *s > 0.0);
    Ok(facts)
}

/// An element's id and size; an unknown size is `None`.
fn element(cursor: &mut Cursor<'_>) -> Option<(u32, Option<u64>)> {
    let first = cursor.u8()?;
    let extra = first.leading_zeros();
    if extra > 3 {
        return None;
    }
    let id = cursor.take(extra as usize)?.iter().fold(u32::from(first), |id, b| id << 8 | u32::from(*b));
    let first = cursor.u8()?;
    let extra = first.leading_zeros();
    if extra > 7 {
        return None;
    }
    let high = u64::from(first) & (0x7f >> extra);
    let size = cursor.take(extra as usize)?.iter().fold(high, |size, b| size << 8 | u64::from(*b));
    let unknown = (1u64 << (7 * (extra + 1))) - 1;
    Some((id, (size != unknown).then_some(size)))
}

fn elements(data: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = Cursor::new(data);
    std::iter::from_fn(move || {
        let (id, size) = element(&mut rest)?;
        Some((id, rest.take(usize::try_from(size?).ok()?)?))
    })
}

fn unsigned(body: &[u8]) -> u64 {
    body.iter().take(8).fold(0, |v, b| v << 8 | u64::from(*b))
}

fn float(body: &[u8]) -> Option<f64> {
    match body.len() {
        4 => Some(f64::from(f32::from_bits(Cursor::new(body).be32()?))),
        8 => Some(f64::from_bits(Cursor::new(body).be64()?)),
        _ => None,
    }
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body.get(..body.len().min(64)).unwrap_or_default())
        .trim_end_matches('\0')
        .to_owned()
}

fn info(data: &[u8], scale_ns: &mut u64, facts: &mut MatroskaFacts) {
    for (id, body) in elements(data) {
        match id {
            0x2a_d7b1 => *scale_ns = unsigned(body).max(1),
            0x4489 => facts.duration_s = float(body), // in ticks until the scale is known
            _ => {}
        }
    }
}

fn tracks(data: &[u8], facts: &mut MatroskaFacts) {
    for (_, entry) in elements(data).filter(|(id, _)| *id == 0xae).take(64) {
        let of = |wanted: u32| elements(entry).find(|(id, _)| *id == wanted).map(|(_, body)| body);
        let codec = codec_name(&of(0x86).map(text).unwrap_or_default());
        match of(0x83).map(unsigned) {
            Some(1) if facts.video.is_none() => {
                let video = of(0xe0).unwrap_or_default();
                let field = |wanted: u32| elements(video).find(|(id, _)| *id == wanted).map(|(_, body)| body);
                let number =
                    |id: u32| field(id).map(unsigned).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
                let frame_ns = of(0x23_e383).map(unsigned).filter(|ns| *ns > 0);
                // Display size counts in pixels unless its unit says otherwise.
                let in_pixels = number(0x54b2).is_none();
                let (pixel, display) = ((number(0xb0), number(0xba)), (number(0x54b0), number(0x54ba)));
                let size = if in_pixels { (display.0.or(pixel.0), display.1.or(pixel.1)) } else { pixel };
                facts.video = Some(VideoTrack {
                    codec,
                    width: size.0,
                    height: size.1,
                    fps: frame_ns.map(|ns| 1e9 / ns as f64),
                    rotation_deg: field(0x7670).and_then(pose_turn).unwrap_or(0),
                });
            }
            Some(2) if facts.audio.is_none() => {
                let audio = of(0xe1).unwrap_or_default();
                let field = |wanted: u32| elements(audio).find(|(id, _)| *id == wanted).map(|(_, body)| body);
                let rate = field(0x78b5).or_else(|| field(0xb5)).and_then(float);
                facts.audio = Some(AudioTrack {
                    codec,
                    sample_rate_hz: rate.filter(|r| (1.0..1e7).contains(r)).map(|r| r as u32),
                    channels: Some(field(0x9f).map_or(1, unsigned) as u32),
                });
            }
            _ => {}
        }
    }
}

/// The roll of a rectangular projection, which is how a turned phone clip is stored; counter-clockwise degrees.
fn pose_turn(projection: &[u8]) -> Option<u32> {
    let roll = elements(projection).find(|(id, _)| *id == 0x7675).and_then(|(_, body)| float(body))?;
    let turn = (-roll).rem_euclid(360.0);
    [0u32, 90, 180, 270].into_iter().find(|t| (turn - f64::from(*t)).abs() < 1.0)
}

fn codec_name(id: &str) -> String {
    match id {
        "V_MPEG4/ISO/AVC" => "h264",
        "V_MPEGH/ISO/HEVC" => "hevc",
        "V_AV1" => "av1",
        "V_VP8" => "vp8",
        "V_VP9" => "vp9",
        "V_MPEG4/ISO/ASP" => "mpeg4",
        "V_MJPEG" => "mjpeg",
        "V_THEORA" => "theora",
        "A_OPUS" => "opus",
        "A_VORBIS" => "vorbis",
        "A_MPEG/L3" => "mp3",
        "A_FLAC" => "flac",
        "A_AC3" => "ac3",
        "A_EAC3" => "eac3",
        "A_DTS" => "dts",
        id if id.starts_with("A_AAC") => "aac",
        id if id.starts_with("A_PCM") => "pcm",
        id => return id.to_owned(),
    }
    .to_owned()
}
