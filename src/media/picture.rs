//! Still pictures as RGB: read from PNG, JPEG, WebP and the first frame of a GIF, written as PNG or JPEG.

use std::fs::File;
use std::io::{Cursor as Reader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::probe::probe_within;
use super::sniff::{Format, Kind};
use super::{Error, Limits};

/// 8-bit RGB, rows tightly packed. Transparency is laid over white, as most viewers do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Samples in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green, blue of each sample.
    pub rgb: Vec<u8>,
}

/// Decodes a picture file, as stored: an EXIF turn is not applied.
///
/// # Errors
/// [`Error::Undecodable`] when the decoder refuses it or it is no picture, and those of a probe.
pub fn open(path: &Path, limits: &Limits) -> Result<Picture, Error> {
    let probe = probe_within(path, limits)?;
    if probe.kind != Kind::Image {
        return Err(Error::Undecodable { reason: "it is not a picture".to_owned() });
    }
    let size = (probe.width.unwrap_or(0), probe.height.unwrap_or(0));
    limits.picture(u64::from(size.0), u64::from(size.1))?;
    if probe.bytes > limits.header_bytes {
        return Err(Error::TooBig { what: "bytes of a picture file", limit: limits.header_bytes });
    }
    let bytes = std::fs::read(path)?;
    let decode = || match probe.format {
        Format::Png => png(&bytes, limits),
        Format::Jpg => jpeg(&bytes, limits),
        Format::Webp => webp(&bytes, limits),
        _ => gif(&bytes, limits),
    };
    let refused = |reason: String| Error::Undecodable { reason: format!("{:?}: {reason}", probe.format) };
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(picture)) if picture.rgb.len() == picture.width * picture.height * 3 => Ok(picture),
        Ok(Ok(_)) => Err(refused("the decoder gave fewer pixels than announced".to_owned())),
        Ok(Err(reason)) => Err(refused(reason)),
        Err(_) => Err(refused("the decoder gave up".to_owned())),
    }
}

/// Decodes a JPEG that is in memory.
pub(super) fn from_jpeg(bytes: &[u8], limits: &Limits) -> Result<Picture, Error> {
    let refused = |reason: &str| Error::Undecodable { reason: format!("JPEG: {reason}") };
    match catch_unwind(AssertUnwindSafe(|| jpeg(bytes, limits))) {
        Ok(Ok(picture)) => Ok(picture),
        Ok(Err(reason)) => Err(refused(&reason)),
        Err(_) => Err(refused("the decoder gave up")),
    }
}

impl Picture {
    /// The picture as PNG, without loss.
    ///
    /// # Errors
    /// [`Error::Unencodable`].
    pub fn png(&self) -> Result<Vec<u8>, Error> {
        let refused = |e: png::EncodingError| Error::Unencodable { reason: e.to_string() };
        let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, side(self.width), side(self.height));
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::Fast);
        let mut writer = encoder.write_header().map_err(refused)?;
        writer.write_image_data(&self.rgb).map_err(refused)?;
        writer.finish().map_err(refused)?;
        Ok(bytes)
    }

    /// The picture as JPEG of a quality from 1 to 100.
    ///
    /// # Errors
    /// [`Error::TooBig`] beyond 65,535 pixels on a side, [`Error::Unencodable`].
    pub fn jpeg(&self, quality: u8) -> Result<Vec<u8>, Error> {
        let side = |length: usize| {
            u16::try_from(length)
                .map_err(|_| Error::TooBig { what: "pixels on a side of a JPEG", limit: 65_535 })
        };
        let (width, height) = (side(self.width)?, side(self.height)?);
        let mut bytes = Vec::new();
        let encoder = jpeg_encoder::Encoder::new(&mut bytes, quality);
        let encoded = encoder.encode(&self.rgb, width, height, jpeg_encoder::ColorType::Rgb);
        encoded.map_err(|e| Error::Unencodable { reason: e.to_string() })?;
        Ok(bytes)
    }

    /// Writes the picture into a new file: JPEG when its name ends so, else PNG.
    ///
    /// # Errors
    /// [`Error::Io`], also when the file exists already; those of [`png`](Self::png) and [`jpeg`](Self::jpeg).
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
        let bytes = match extension.as_deref() {
            Some("jpg" | "jpeg") => self.jpeg(95)?,
            _ => self.png()?,
        };
        let mut file = File::options().write(true).create_new(true).open(path)?;
        Ok(file.write_all(&bytes)?)
    }

    /// Turned clockwise by 0, 90, 180 or 270 degrees.
    pub(crate) fn turned(self, degrees: u32) -> Self {
        let (w, h) = (self.width, self.height);
        let (width, height) = if degrees % 180 == 90 { (h, w) } else { (w, h) };
        if degrees == 0 {
            return self;
        }
        let mut rgb = Vec::with_capacity(self.rgb.len());
        for y in 0..height {
            for x in 0..width {
                let (from_x, from_y) = match degrees {
                    90 => (y, h - 1 - x),
                    180 => (w - 1 - x, h - 1 - y),
                    _ => (w - 1 - y, x),
                };
                let at = (from_y * w + from_x) * 3;
                rgb.extend_from_slice(self.rgb.get(at..at + 3).unwrap_or(&[0; 3]));
            }
        }
        Self { width, height, rgb }
    }

    fn from_rgba(width: usize, height: usize, rgba: &[u8]) -> Self {
        let over_white =
            |c: u8, a: u8| ((u32::from(c) * u32::from(a) + 255 * (255 - u32::from(a)) + 127) / 255) as u8;
        let rgb =
            rgba.as_chunks::<4>().0.iter().flat_map(|[r, g, b, a]| [*r, *g, *b].map(|c| over_white(c, *a)));
        Self { width, height, rgb: rgb.collect() }
    }
}

fn png(bytes: &[u8], limits: &Limits) -> Result<Picture, String> {
    let memory = usize::try_from(limits.pixels.saturating_mul(16)).unwrap_or(usize::MAX);
    let mut decoder = png::Decoder::new_with_limits(Reader::new(bytes), png::Limits { bytes: memory });
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|e| e.to_string())?;
    let (width, height) = reader.info().size();
    limits.picture(width.into(), height.into()).map_err(|e| e.to_string())?;
    let mut data = vec![0; reader.output_buffer_size().ok_or("too large")?];
    let frame = reader.next_frame(&mut data).map_err(|e| e.to_string())?;
    let (width, height) = (frame.width as usize, frame.height as usize);
    let data = data.get(..frame.buffer_size()).unwrap_or_default();
    Ok(match frame.color_type {
        png::ColorType::Rgba => Picture::from_rgba(width, height, data),
        png::ColorType::GrayscaleAlpha => {
            let rgba: Vec<u8> = data.as_chunks::<2>().0.iter().flat_map(|[y, a]| [*y, *y, *y, *a]).collect();
            Picture::from_rgba(width, height, &rgba)
        }
        png::ColorType::Grayscale => {
            Picture { width, height, rgb: data.iter().flat_map(|y| [*y; 3]).collect() }
        }
        _ => Picture { width, height, rgb: data.to_vec() },
    })
}

fn jpeg(bytes: &[u8], limits: &Limits) -> Result<Picture, String> {
    use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
    let side = usize::try_from(limits.pixels).unwrap_or(usize::MAX).min(65_535);
    let options = DecoderOptions::default()
        .set_max_width(side)
        .set_max_height(side)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    // Before any memory is taken: the file may say another size in a place where the probe did not look.
    decoder.decode_headers().map_err(|e| e.to_string())?;
    let (width, height) = decoder.dimensions().ok_or("it has no size")?;
    limits.picture(width as u64, height as u64).map_err(|e| e.to_string())?;
    let rgb = decoder.decode().map_err(|e| e.to_string())?;
    Ok(Picture { width, height, rgb })
}

fn webp(bytes: &[u8], limits: &Limits) -> Result<Picture, String> {
    let mut decoder = image_webp::WebPDecoder::new(Reader::new(bytes)).map_err(|e| e.to_string())?;
    decoder.set_memory_limit(usize::try_from(limits.pixels.saturating_mul(4)).unwrap_or(usize::MAX));
    let (width, height) = decoder.dimensions();
    limits.picture(width.into(), height.into()).map_err(|e| e.to_string())?;
    let mut data = vec![0; decoder.output_buffer_size().ok_or("too large")?];
    decoder.read_image(&mut data).map_err(|e| e.to_string())?;
    let (width, height) = (width as usize, height as usize);
    Ok(match decoder.has_alpha() {
        true => Picture::from_rgba(width, height, &data),
        false => Picture { width, height, rgb: data },
    })
}

/// The first frame, on a canvas of the whole picture's size.
fn gif(bytes: &[u8], limits: &Limits) -> Result<Picture, String> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    if let Some(memory) = std::num::NonZeroU64::new(limits.pixels.saturating_mul(4)) {
        options.set_memory_limit(gif::MemoryLimit::Bytes(memory));
    }
    let mut decoder = options.read_info(bytes).map_err(|e| e.to_string())?;
    let (width, height) = (usize::from(decoder.width()), usize::from(decoder.height()));
    limits.picture(width as u64, height as u64).map_err(|e| e.to_string())?;
    let frame = decoder.read_next_frame().map_err(|e| e.to_string())?.ok_or("it has no frame")?;
    let mut canvas = vec![0; width * height * 4];
    let (left, top, wide) = (usize::from(frame.left), usize::from(frame.top), usize::from(frame.width));
    for (row, pixels) in frame.buffer.chunks_exact((wide * 4).max(4)).enumerate() {
        let at = ((top + row) * width + left) * 4;
        let visible = wide.min(width.saturating_sub(left)) * 4;
        if top + row < height
            && let (Some(to), Some(from)) = (canvas.get_mut(at..at + visible), pixels.get(..visible))
        {
            to.copy_from_slice(from);
        }
    }
    Ok(Picture::from_rgba(width, height, &canvas))
}
