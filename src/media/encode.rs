//! H.264 out: pictures in, length-prefixed access units and their `avcC` record out.
//!
//! A narrow seam over the encoder, so that another can take its place. Constant quality, one picture in and one
//! access unit out, no reordering.

use rusty_h264::{EncoderConfig, YuvPlanes};

use super::frame::Frame;
use super::sps;

/// What can go wrong while a picture is encoded.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The encoder refused the size or the picture.
    #[error("the H.264 encoder refused the picture: {0}")]
    Refused(rusty_h264::EncodeError),
    /// The encoder's output lacks what a file needs.
    #[error("the H.264 encoder made no usable {0}")]
    Missing(&'static str),
}

/// One encoded picture, in the form that MP4 stores.
#[derive(Clone, Debug)]
pub struct AccessUnit {
    /// NAL units, each behind its length in four bytes; parameter sets are left out.
    pub data: Vec<u8>,
    /// Decoding can start here.
    pub keyframe: bool,
}

/// Quantiser of the pictures (0 lossless to 51 coarse): skies band visibly above 26.
const QUALITY_QP: u8 = 25;
/// Seconds between pictures at which a player can start.
const KEYFRAME_SECONDS: u32 = 2;

/// An H.264 encoder for one video.
pub struct Encoder {
    inner: rusty_h264::Encoder,
    fps: u32,
    avcc: Option<Vec<u8>>,
}

impl Encoder {
    /// For pictures of one even size.
    ///
    /// # Errors
    /// When the size is odd or zero.
    pub fn new(width: u32, height: u32, fps: u32) -> Result<Self, EncodeError> {
        let mut config = EncoderConfig::baseline(width as usize, height as usize);
        config.qp = QUALITY_QP;
        config.bitrate = 0;
        config.framerate = fps as f32;
        config.gop_size = (fps * KEYFRAME_SECONDS).max(1);
        config.aq_strength = 0.5;
        // The Baseline profile has no weighted prediction (ITU-T H.264, A.2.1); looking for fades costs time, too.
        config.weightp = false;
        config.level_idc = sps::level(width, height, fps);
        let inner = rusty_h264::Encoder::new(config).map_err(EncodeError::Refused)?;
        Ok(Self { inner, fps, avcc: None })
    }

    /// Encodes the next picture.
    ///
    /// # Errors
    /// When the picture has another size than the encoder.
    pub fn encode(&mut self, frame: &Frame) -> Result<AccessUnit, EncodeError> {
        let planes = YuvPlanes::tight(frame.width, frame.height, &frame.y, &frame.u, &frame.v)
            .ok_or(EncodeError::Missing("picture"))?;
        let stream = self.inner.encode_planes(&planes).map_err(EncodeError::Refused)?;
        let mut unit = AccessUnit { data: Vec::with_capacity(stream.len() + 16), keyframe: false };
        let (mut sps, mut pps) = (None, None);
        for nal in nal_units(&stream) {
            match nal.first().map(|header| header & 0x1f) {
                Some(7) => sps = Some(nal),
                Some(8) => pps = Some(nal),
                Some(9) | None => {}
                Some(kind) => {
                    unit.keyframe |= kind == 5;
                    unit.data.extend_from_slice(&(nal.len() as u32).to_be_bytes());
                    unit.data.extend_from_slice(nal);
                }
            }
        }
        if unit.data.is_empty() {
            return Err(EncodeError::Missing("picture"));
        }
        if let (None, Some(sps), Some(pps)) = (&self.avcc, sps, pps) {
            self.avcc = Some(record(sps, pps, self.fps).ok_or(EncodeError::Missing("parameter sets"))?);
        }
        Ok(unit)
    }

    /// The `avcC` record; known once the first picture is encoded.
    ///
    /// # Errors
    /// Before the first picture.
    pub fn avcc(&self) -> Result<&[u8], EncodeError> {
        self.avcc.as_deref().ok_or(EncodeError::Missing("parameter sets"))
    }
}

/// The decoder configuration of ISO/IEC 14496-15, for profiles below High.
fn record(sps: &[u8], pps: &[u8], fps: u32) -> Option<Vec<u8>> {
    let sps = sps::with_colour(sps, fps)?;
    let mut bytes = vec![1, *sps.get(1)?, *sps.get(2)?, *sps.get(3)?, 0xff, 0xe1];
    bytes.extend(u16::try_from(sps.len()).ok()?.to_be_bytes());
    bytes.extend(&sps);
    bytes.push(1);
    bytes.extend(u16::try_from(pps.len()).ok()?.to_be_bytes());
    bytes.extend(pps);
    Some(bytes)
}

/// Splits an Annex B stream at its start codes.
fn nal_units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut starts = Vec::new();
    let mut at = 0;
    while let Some(found) = stream.get(at..).and_then(|rest| rest.windows(3).position(|w| w == [0, 0, 1])) {
        starts.push(at + found);
        at += found + 3;
    }
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([stream.len()]).collect();
    starts.into_iter().zip(ends).filter_map(|(start, end)| {
        let nal = stream.get(start + 3..end)?;
        // The first zero of a four-byte start code belongs to nobody.
        let trailing = nal.iter().rev().take_while(|&&byte| byte == 0).count();
        nal.get(..nal.len() - trailing).filter(|nal| !nal.is_empty())
    })
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
