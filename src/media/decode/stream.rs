//! The codec seam: one H.264 track of a file, decoded sample by sample inside the limits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusty_h264::{DecodeError, Decoder as Codec, YuvFrame};

use super::{Matrix, VideoInfo};
use crate::media::frame::Frame;
use crate::media::h264::{AvcConfig, NAL_IDR, NAL_SLICE, NAL_SPS, Sps};
use crate::media::mp4::read::{Movie, Sample, Track};
use crate::media::probe::{display_size, video_obstacle};
use crate::media::source::Source;
use crate::media::{Error, Limits};

/// A file opened at its H.264 track.
pub(crate) struct Stream {
    path: PathBuf,
    source: Source,
    track: Track,
    /// Shared with those who decode beside: a long film has many.
    samples: Arc<[Sample]>,
    config: AvcConfig,
    sps: Sps,
    codec: Codec,
    limits: Limits,
    decoded: u64,
    kinds: Vec<Option<SampleKind>>,
    pub(crate) info: VideoInfo,
}

/// What kind of pictures a sample holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SampleKind {
    /// Decoding may start here.
    Idr,
    /// Others refer to it.
    Reference,
    /// Nothing refers to it (`nal_ref_idc` is 0 in all its slices): it may be skipped.
    Disposable,
}

impl Stream {
    pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Self, Error> {
        let mut source = Source::open(path, limits)?;
        let head = source.header_up_to(0, crate::media::sniff::HEAD_BYTES as u64)?;
        use crate::media::sniff::{Format, looks_like, sniff};
        match sniff(&head) {
            Some(Format::Mp4 | Format::Mov | Format::M4a) => {}
            Some(other) => {
                let reason = format!("{other:?}: the built-in decoder reads H.264 in MP4 or MOV");
                return Err(Error::Undecodable { reason });
            }
            None => return Err(Error::NotMedia { looks_like: looks_like(&head) }),
        }
        let movie = Movie::read(&mut source, limits)?;
        let Some(track) = movie.video().cloned() else {
            return Err(Error::Undecodable { reason: "it has no video track".to_owned() });
        };
        if let Some(reason) = video_obstacle(&track) {
            return Err(Error::Undecodable { reason });
        }
        let damaged = || Error::Malformed { what: "its H.264 parameter sets" };
        let config = track.codec.avc().ok_or_else(damaged)?;
        let sps = config.facts().ok_or_else(damaged)?;
        limits.picture(u64::from(sps.coded.0), u64::from(sps.coded.1))?;
        let samples: Arc<[Sample]> = track.samples(limits)?.into();
        let info = info(&track, &sps, samples.len() as u64);
        let kinds = vec![None; samples.len()];
        let stream = Self {
            path: path.to_owned(),
            source,
            track,
            samples,
            config,
            sps,
            codec: Codec::new(),
            limits: limits.clone(),
            decoded: 0,
            kinds,
            info,
        };
        for set in stream.config.sps.clone() {
            stream.vet(&set)?;
        }
        Ok(stream)
    }

    /// The same track once more, with a decoder of its own that has decoded nothing yet.
    pub(crate) fn again(&self) -> Result<Self, Error> {
        Ok(Self {
            path: self.path.clone(),
            source: Source::open(&self.path, &self.limits)?,
            track: self.track.clone(),
            samples: Arc::clone(&self.samples),
            config: self.config.clone(),
            sps: self.sps.clone(),
            codec: Codec::new(),
            limits: self.limits.clone(),
            decoded: self.decoded,
            kinds: self.kinds.clone(),
            info: self.info.clone(),
        })
    }

    /// What a decoder of this track may hold at a time: the pictures that the stream may refer to, and those at work.
    pub(crate) fn holds_bytes(&self) -> u64 {
        let (width, height) = self.sps.coded;
        let picture = u64::from(width) * u64::from(height) * 3 / 2;
        picture * (u64::from(self.sps.max_refs) + 2)
    }

    /// Samples in decoding order.
    pub(crate) fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// When a sample is shown, in milliseconds, and for how long; `None` when the edit list hides it.
    pub(crate) fn shown_ms(&self, index: usize) -> Option<(u64, u64)> {
        let sample = self.samples.get(index)?;
        self.track.presented_ms(sample.pts, sample.duration)
    }

    /// Whether others refer to a sample, from the headers of its slices.
    pub(crate) fn kind(&mut self, index: usize) -> Result<SampleKind, Error> {
        if let Some(kind) = self.kinds.get(index).copied().flatten() {
            return Ok(kind);
        }
        let data = self.read(index)?;
        Ok(self.note_kind(index, &data))
    }

    fn note_kind(&mut self, index: usize, data: &[u8]) -> SampleKind {
        let kind = kind_of(self.config.nals(data));
        if let Some(slot) = self.kinds.get_mut(index) {
            *slot = Some(kind);
        }
        kind
    }

    /// The last sample at or before `index` at which decoding may start. A sync sample need not be an IDR picture:
    /// the file's index also marks recovery points, from which references are missing.
    pub(crate) fn start_before(&mut self, index: usize) -> Result<usize, Error> {
        for at in (0..=index).rev() {
            if self.samples.get(at).is_some_and(|s| s.sync) && self.kind(at)? == SampleKind::Idr {
                return Ok(at);
            }
        }
        Ok(0)
    }

    /// Decodes a sample unless nothing refers to it.
    pub(crate) fn decode_reference(&mut self, index: usize) -> Result<(), Error> {
        if self.kinds.get(index).copied().flatten() == Some(SampleKind::Disposable) {
            return Ok(());
        }
        let data = self.read(index)?;
        if self.note_kind(index, &data) != SampleKind::Disposable {
            self.decode_data(&data)?;
        }
        Ok(())
    }

    /// Forgets all references; the next sample to decode must be an IDR.
    pub(crate) fn reset(&mut self) {
        self.codec = Codec::new();
    }

    /// Decodes one sample. `Ok(None)`: it held no whole picture, or a damaged one.
    pub(crate) fn decode(&mut self, index: usize) -> Result<Option<Frame>, Error> {
        let data = self.read(index)?;
        self.decode_data(&data)
    }

    fn decode_data(&mut self, data: &[u8]) -> Result<Option<Frame>, Error> {
        self.limits.go_on()?;
        self.decoded += 1;
        if self.decoded > self.limits.frames {
            return Err(Error::TooBig { what: "pictures to decode", limit: self.limits.frames });
        }
        let mut annexb = Vec::with_capacity(data.len() + 256);
        let nals: Vec<&[u8]> = self.config.nals(data).filter(|nal| !nal.is_empty()).collect();
        // Players that start in the middle need the sets before every IDR, and so do we after a reset.
        if kind_of(nals.iter().copied()) == SampleKind::Idr {
            for set in self.config.sps.iter().chain(&self.config.pps) {
                push(&mut annexb, set);
            }
        }
        for nal in nals {
            if nal.first().is_some_and(|header| header & 0x1f == NAL_SPS) {
                self.vet(nal)?;
            }
            push(&mut annexb, nal);
        }
        let codec = &mut self.codec;
        match catch_unwind(AssertUnwindSafe(|| codec.decode(&annexb))) {
            Ok(Ok(picture)) => Ok(picture.and_then(|picture| cropped(picture, &self.sps))),
            Ok(Err(DecodeError::Unsupported(tool))) => Err(Error::Undecodable {
                reason: format!("H.264 with a coding tool that is not supported: {tool}"),
            }),
            Ok(Err(_)) => Ok(None),
            Err(_) => {
                self.reset();
                Ok(None)
            }
        }
    }

    fn read(&mut self, index: usize) -> Result<Vec<u8>, Error> {
        let sample = self.samples.get(index).ok_or(Error::Malformed { what: "its index" })?;
        self.source.sample(sample.offset, u64::from(sample.size))
    }

    /// A parameter set inside the stream must not ask for more than what was agreed to at opening.
    fn vet(&self, set: &[u8]) -> Result<(), Error> {
        let Some(sps) = Sps::parse(set) else {
            return Err(Error::Malformed { what: "a parameter set inside the stream" });
        };
        if let Some(reason) = sps.obstacle() {
            return Err(Error::Undecodable { reason });
        }
        if (sps.coded, sps.width, sps.height) != (self.sps.coded, self.sps.width, self.sps.height) {
            return Err(Error::Undecodable {
                reason: "H.264 that changes its picture size midway".to_owned(),
            });
        }
        Ok(())
    }
}

fn push(annexb: &mut Vec<u8>, nal: &[u8]) {
    annexb.extend_from_slice(&[0, 0, 0, 1]);
    annexb.extend_from_slice(nal);
}

fn kind_of<'a>(nals: impl Iterator<Item = &'a [u8]>) -> SampleKind {
    let mut kind = SampleKind::Disposable;
    for header in nals.filter_map(|nal| nal.first()) {
        match (header & 0x1f, header >> 5 & 3) {
            (NAL_IDR, _) => return SampleKind::Idr,
            (NAL_SLICE..NAL_IDR, 1..) => kind = SampleKind::Reference,
            _ => {}
        }
    }
    kind
}

fn info(track: &Track, sps: &Sps, frames: u64) -> VideoInfo {
    let turned = track.rotation_deg % 180 == 90;
    let (width, height) = if turned { (sps.height, sps.width) } else { (sps.width, sps.height) };
    let stated = Some(sps.matrix).filter(|m| *m != 2).or(track.codec.nclx.map(|(matrix, _)| matrix));
    let matrix = match stated {
        Some(1) => Matrix::Bt709,
        Some(4..=7) => Matrix::Bt601,
        _ if sps.height >= 720 || sps.width >= 1280 => Matrix::Bt709,
        _ => Matrix::Bt601,
    };
    let media_s = track.media_ticks as f64 / f64::from(track.timescale);
    VideoInfo {
        width,
        height,
        display: display_size(track).unwrap_or((width, height)),
        rotation_deg: track.rotation_deg,
        duration_ms: (track.duration_s() * 1000.0).round() as u64,
        fps: if media_s > 0.0 { frames as f64 / media_s } else { 0.0 },
        frames,
        matrix,
        full_range: sps.full_range || track.codec.nclx.is_some_and(|(_, full)| full),
    }
}

/// The codec cuts right and bottom; what is still too wide or high stands at the left or top. A picture of another
/// size than announced is dropped.
fn cropped(picture: YuvFrame, sps: &Sps) -> Option<Frame> {
    let (width, height) = (sps.width as usize, sps.height as usize);
    if (picture.width, picture.height) == (width, height) {
        return Some(Frame { width, height, y: picture.y, u: picture.u, v: picture.v });
    }
    let (left, top) = (picture.width.checked_sub(width)?, picture.height.checked_sub(height)?);
    let cut = |plane: &[u8], stride: usize, left: usize, top: usize, width: usize, height: usize| {
        let rows = plane.chunks_exact(stride).skip(top).take(height);
        rows.map(|row| row.get(left..left + width)).collect::<Option<Vec<_>>>().map(|rows| rows.concat())
    };
    let (half, cw, ch) = (picture.width / 2, width / 2, height / 2);
    Some(Frame {
        width,
        height,
        y: cut(&picture.y, picture.width, left, top, width, height)?,
        u: cut(&picture.u, half, left / 2, top / 2, cw, ch)?,
        v: cut(&picture.v, half, left / 2, top / 2, cw, ch)?,
    })
}
