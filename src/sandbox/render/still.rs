//! Pictures in: PNG, JPEG, WebP and GIF (its first image), told apart by their first bytes.

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use crate::media::frame::{Frame, Yuv};
use crate::media::scale::{Crop, PlaneScaler, Scaler};

/// A still picture, with its transparency where it has any.
pub(super) struct Still {
    pub(super) frame: Frame,
    /// 0 is clear, 255 opaque; as large as the luma plane.
    pub(super) alpha: Option<Vec<u8>>,
}

/// Largest side of a picture that is opened.
const MAX_SIDE: u32 = 16_384;
/// Most pixels of a picture that is opened.
const MAX_PIXELS: u64 = 64 << 20;
/// Largest picture file.
const MAX_BYTES: u64 = 200 << 20;

/// Rows of RGBA.
struct Pixels {
    width: usize,
    height: usize,
    rgba: Vec<u8>,
}

impl Still {
    /// Whether the first bytes are those of a picture.
    pub(super) fn is_one(path: &Path) -> bool {
        let mut head = [0; 16];
        let read = File::open(path).and_then(|mut file| file.read(&mut head)).unwrap_or(0);
        kind(head.get(..read).unwrap_or_default()).is_some()
    }

    /// Opens a picture and brings it to at most `limit` pixels on its longer side. The error says what is wrong.
    pub(super) fn open(path: &Path, limit: usize) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        let read = BufReader::new(file)
            .take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| error.to_string())?;
        if read as u64 > MAX_BYTES {
            return Err("the picture file is larger than 200 MB".into());
        }
        let pixels = match kind(&bytes) {
            Some(Kind::Png) => png(&bytes),
            Some(Kind::Jpeg) => jpeg(&bytes),
            Some(Kind::Webp) => webp(&bytes),
            Some(Kind::Gif) => gif(&bytes),
            None => Err("it is not a PNG, JPEG, WebP or GIF picture".into()),
        }?;
        Ok(pixels.still(limit))
    }
}

enum Kind {
    Png,
    Jpeg,
    Webp,
    Gif,
}

fn kind(head: &[u8]) -> Option<Kind> {
    match head {
        [0x89, b'P', b'N', b'G', ..] => Some(Kind::Png),
        [0xff, 0xd8, 0xff, ..] => Some(Kind::Jpeg),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Kind::Webp),
        [b'G', b'I', b'F', b'8', ..] => Some(Kind::Gif),
        _ => None,
    }
}

fn size(width: u32, height: u32) -> Result<(usize, usize), String> {
    let fits = width <= MAX_SIDE && height <= MAX_SIDE && u64::from(width) * u64::from(height) <= MAX_PIXELS;
    if width == 0 || height == 0 || !fits {
        return Err(format!("a picture of {width}x{height} pixels is too large to open"));
    }
    Ok((width as usize, height as usize))
}

fn png(bytes: &[u8]) -> Result<Pixels, String> {
    let wrong = |error: png::DecodingError| format!("the PNG is damaged: {error}");
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let header = decoder.read_header_info().map_err(wrong)?;
    let (width, height) = size(header.width, header.height)?;
    let mut reader = decoder.read_info().map_err(wrong)?;
    let length = reader.output_buffer_size().ok_or("the PNG is too large")?;
    let mut data = vec![0; length];
    let info = reader.next_frame(&mut data).map_err(wrong)?;
    let rgba = match info.color_type {
        png::ColorType::Rgba => data,
        png::ColorType::Rgb => opaque(&data),
        png::ColorType::GrayscaleAlpha => {
            data.chunks_exact(2).flat_map(|p| [p[0], p[0], p[0], p[1]]).collect()
        }
        _ => data.iter().flat_map(|&grey| [grey, grey, grey, 255]).collect(),
    };
    Ok(Pixels { width, height, rgba })
}

fn opaque(rgb: &[u8]) -> Vec<u8> {
    rgb.chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], 255]).collect()
}

fn jpeg(bytes: &[u8]) -> Result<Pixels, String> {
    use zune_core::colorspace::ColorSpace;
    use zune_core::options::DecoderOptions;
    let options = DecoderOptions::default()
        .set_max_width(MAX_SIDE as usize)
        .set_max_height(MAX_SIDE as usize)
        .set_strict_mode(true)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let wrong = |error: zune_jpeg::errors::DecodeErrors| format!("the JPEG is damaged: {error}");
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(Cursor::new(bytes), options);
    decoder.decode_headers().map_err(wrong)?;
    let info = decoder.info().ok_or("the JPEG has no header")?;
    let (width, height) = size(info.width.into(), info.height.into())?;
    let turn = decoder.exif().and_then(|exif| orientation(exif)).unwrap_or(1);
    let rgb = decoder.decode().map_err(wrong)?;
    Ok(Pixels { width, height, rgba: opaque(&rgb) }.turned(turn))
}

fn webp(bytes: &[u8]) -> Result<Pixels, String> {
    let wrong = |error: image_webp::DecodingError| format!("the WebP is damaged: {error}");
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(bytes)).map_err(wrong)?;
    let (width, height) = decoder.dimensions();
    let (width, height) = size(width, height)?;
    decoder.set_memory_limit(MAX_PIXELS as usize * 4);
    let mut data = vec![0; decoder.output_buffer_size().ok_or("the WebP is too large")?];
    decoder.read_image(&mut data).map_err(wrong)?;
    let rgba = if decoder.has_alpha() { data } else { opaque(&data) };
    Ok(Pixels { width, height, rgba })
}

fn gif(bytes: &[u8]) -> Result<Pixels, String> {
    let wrong = |error: gif::DecodingError| format!("the GIF is damaged: {error}");
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(Cursor::new(bytes)).map_err(wrong)?;
    let (width, height) = size(decoder.width().into(), decoder.height().into())?;
    let mut rgba = vec![0; width * height * 4];
    let frame = decoder.read_next_frame().map_err(wrong)?.ok_or("the GIF has no image")?;
    let (left, top, across) = (usize::from(frame.left), usize::from(frame.top), usize::from(frame.width));
    for (number, row) in frame.buffer.chunks_exact(across.max(1) * 4).enumerate() {
        let start = ((top + number) * width + left) * 4;
        let room = width.saturating_sub(left).min(across) * 4;
        if let (Some(into), Some(from)) = (rgba.get_mut(start..start + room), row.get(..room)) {
            into.copy_from_slice(from);
        }
    }
    Ok(Pixels { width, height, rgba })
}

/// How a camera was held (EXIF tag 0x0112): 1 is upright.
fn orientation(exif: &[u8]) -> Option<u16> {
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    let little = exif.starts_with(b"II");
    let u16_at = |at: usize| {
        let pair = [*exif.get(at)?, *exif.get(at + 1)?];
        Some(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    };
    let u32_at = |at: usize| {
        let (a, b) = (u32::from(u16_at(at)?), u32::from(u16_at(at + 2)?));
        Some(if little { b << 16 | a } else { a << 16 | b })
    };
    let list = u32_at(4)? as usize;
    let count = usize::from(u16_at(list)?);
    (0..count)
        .map(|entry| list + 2 + entry * 12)
        .find(|&at| u16_at(at) == Some(0x0112))
        .and_then(|at| u16_at(at + 8))
}

impl Pixels {
    /// Undoes the way a camera was held.
    fn turned(self, orientation: u16) -> Self {
        let (w, h) = (self.width, self.height);
        let swap = (5..=8).contains(&orientation);
        let (width, height) = if swap { (h, w) } else { (w, h) };
        if !(2..=8).contains(&orientation) {
            return self;
        }
        let mut rgba = Vec::with_capacity(self.rgba.len());
        for y in 0..height {
            for x in 0..width {
                let (sx, sy) = match orientation {
                    2 => (w - 1 - x, y),
                    3 => (w - 1 - x, h - 1 - y),
                    4 => (x, h - 1 - y),
                    5 => (y, x),
                    6 => (y, h - 1 - x),
                    7 => (w - 1 - y, h - 1 - x),
                    _ => (w - 1 - y, x),
                };
                let at = (sy * w + sx) * 4;
                rgba.extend_from_slice(self.rgba.get(at..at + 4).unwrap_or(&[0; 4]));
            }
        }
        Self { width, height, rgba }
    }

    /// To I420, shrunk to the limit.
    fn still(self, limit: usize) -> Still {
        // An odd last column or row is doubled.
        let (w, h) = (self.width.next_multiple_of(2), self.height.next_multiple_of(2));
        let mut frame = Frame::black(w, h);
        let mut alpha = vec![255u8; w * h];
        let pixel = |x: usize, y: usize| {
            let at = (y.min(self.height - 1) * self.width + x.min(self.width - 1)) * 4;
            match self.rgba.get(at..at + 4) {
                Some(&[r, g, b, a]) => (Yuv::rgb(r.into(), g.into(), b.into()), a),
                _ => (Yuv::hex(0), 0),
            }
        };
        let corners = [(0, 0), (1, 0), (0, 1), (1, 1)];
        for (block, (u, v)) in frame.u.iter_mut().zip(&mut frame.v).enumerate() {
            let (x, y) = (block % (w / 2) * 2, block / (w / 2) * 2);
            let (mut us, mut vs) = (0.0, 0.0);
            for (dx, dy) in corners {
                let (colour, a) = pixel(x + dx, y + dy);
                let at = (y + dy) * w + x + dx;
                if let (Some(luma), Some(alpha)) = (frame.y.get_mut(at), alpha.get_mut(at)) {
                    (*luma, *alpha) = (colour.y.round() as u8, a);
                }
                us += colour.u / 4.0;
                vs += colour.v / 4.0;
            }
            (*u, *v) = (us.round() as u8, vs.round() as u8);
        }
        let mut alpha = alpha.iter().any(|&a| a < 255).then_some(alpha);
        let longer = w.max(h);
        if longer > limit {
            let shrink = |side: usize| ((side * limit / longer).max(2)).next_multiple_of(2);
            let target = (shrink(w), shrink(h));
            frame = Scaler::new((w, h), Crop::whole(w, h), target).scale(&frame);
            alpha = alpha.map(|alpha| {
                let mut small = vec![0; target.0 * target.1];
                PlaneScaler::new((w, h), Crop::whole(w, h), target).scale(&alpha, &mut small);
                small
            });
        }
        Still { frame, alpha }
    }
}
