//! The odd segment: decoded, brought to the others' size, encoded into a spool file.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use super::Spool;
use super::segment::{Piece, Segment, Strip, prefixed};
use crate::media::decode::{Decoder, VideoInfo};
use crate::media::encode::Encoder;
use crate::media::frame::Frame;
use crate::media::h264::AvcConfig;
use crate::media::scale::{Backdrop, Crop, Scaler};
use crate::media::{Error, Limits};

/// Encodes odd segments one after the other into one spool file.
pub(super) struct Recoder {
    target: (u32, u32),
    timescale: u32,
    length_size: usize,
    spool: Option<(PathBuf, File)>,
    written: u64,
    avcc: Vec<u8>,
}

impl Recoder {
    pub(super) fn new(target: (u32, u32), timescale: u32, model: Option<&Segment>) -> Self {
        let avc = model.and_then(|model| model.video.codec.avc());
        Self {
            target,
            timescale,
            length_size: avc.map_or(4, |avc| avc.length_size),
            spool: None,
            written: 0,
            avcc: Vec::new(),
        }
    }

    /// Bytes of the length before each NAL unit of the joined track.
    pub(super) fn length_size(&self) -> usize {
        self.length_size
    }

    /// The decoder configuration of what was encoded last; empty before that.
    pub(super) fn avcc(&self) -> &[u8] {
        &self.avcc
    }

    pub(super) fn encode(&mut self, part: &Segment, spool: &Spool, limits: &Limits) -> Result<Strip, Error> {
        let refused = |e: crate::media::encode::EncodeError| Error::Unencodable { reason: e.to_string() };
        let mut decoder = Decoder::open(&part.path, limits)?;
        let info = decoder.info().clone();
        let fps = if info.fps.is_finite() { info.fps.round().clamp(1.0, 120.0) as u32 } else { 30 };
        let mut encoder = Encoder::new(self.target.0, self.target.1, fps).map_err(refused)?;
        let mut fit = Fit::new(&info, self.target);
        let (path, file) = match &mut self.spool {
            Some(spool) => spool,
            none => none.insert(spool.create("pictures")?),
        };
        let (mut pieces, mut end_ms) = (Vec::new(), 0);
        let ticks = |ms: u64| {
            let ticks = (u128::from(ms) * u128::from(self.timescale) + 500) / 1000;
            u64::try_from(ticks).unwrap_or(u64::MAX)
        };
        while let Some(shown) = decoder.next_frame()? {
            let unit = encoder.encode(&fit.fit(shown.frame)).map_err(refused)?;
            let data = if self.length_size == 4 {
                unit.data
            } else {
                let four = AvcConfig { length_size: 4, sps: Vec::new(), pps: Vec::new() };
                prefixed(four.nals(&unit.data), self.length_size)?
            };
            file.write_all(&data)?;
            let size = u32::try_from(data.len()).unwrap_or(u32::MAX);
            pieces.push(Piece { offset: self.written, size, at: ticks(shown.at_ms), sync: unit.keyframe });
            self.written += data.len() as u64;
            end_ms = end_ms.max(shown.at_ms.saturating_add(shown.duration_ms));
        }
        if pieces.is_empty() {
            return Err(Error::Malformed { what: "a segment shows no picture" });
        }
        self.avcc = encoder.avcc().map_err(refused)?.to_vec();
        let sets = match AvcConfig::parse(&self.avcc) {
            Some(avc) => prefixed(avc.sps.iter().chain(&avc.pps).map(Vec::as_slice), self.length_size)?,
            None => Vec::new(),
        };
        Ok(Strip { path: path.clone(), pieces, ticks: ticks(end_ms), sets, length_size: self.length_size })
    }
}

/// Brings pictures to a size: scaled whole, with a soft copy of themselves where the shape differs.
struct Fit {
    target: (usize, usize),
    inner: (usize, usize),
    scaler: Scaler,
    backdrop: Backdrop,
}

impl Fit {
    fn new(info: &VideoInfo, target: (u32, u32)) -> Self {
        let target = (target.0 as usize, target.1 as usize);
        let source = (info.width as usize, info.height as usize);
        let shape = f64::from(info.display.0.max(1)) / f64::from(info.display.1.max(1));
        let even = |length: f64, most: usize| ((length / 2.0).round() as usize * 2).clamp(2, most);
        let wide = even(target.1 as f64 * shape, target.0);
        let high = even(target.0 as f64 / shape, target.1);
        // A difference of a few pixels is stretched rather than framed.
        let near = |a: usize, b: usize| a * 50 >= b * 49;
        let inner = (
            if near(wide, target.0) { target.0 } else { wide },
            if near(high, target.1) { target.1 } else { high },
        );
        Self {
            target,
            inner,
            scaler: Scaler::new(source, Crop::whole(source.0, source.1), inner),
            backdrop: Backdrop::new(source, target),
        }
    }

    fn fit(&mut self, frame: Frame) -> Frame {
        if (frame.width, frame.height) == self.target && self.inner == self.target {
            return frame;
        }
        let scaled = self.scaler.scale(&frame);
        if self.inner == self.target {
            return scaled;
        }
        let mut whole = self.backdrop.draw(&frame);
        // Even offsets keep chroma in step with luma.
        let (left, top) = ((self.target.0 - self.inner.0) / 4 * 2, (self.target.1 - self.inner.1) / 4 * 2);
        paste(&mut whole.y, self.target.0, &scaled.y, self.inner.0, (left, top));
        for (plane, from) in [(&mut whole.u, &scaled.u), (&mut whole.v, &scaled.v)] {
            paste(plane, self.target.0 / 2, from, self.inner.0 / 2, (left / 2, top / 2));
        }
        whole
    }
}

fn paste(plane: &mut [u8], stride: usize, from: &[u8], width: usize, (left, top): (usize, usize)) {
    for (to, row) in plane.chunks_exact_mut(stride.max(1)).skip(top).zip(from.chunks_exact(width.max(1))) {
        if let Some(to) = to.get_mut(left..left + width) {
            to.copy_from_slice(row);
        }
    }
}
