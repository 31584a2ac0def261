//! The RGB picture that a sheet is drawn on, and its JPEG under a byte budget.

use crate::media::Error;
use crate::media::decode::{Matrix, VideoInfo};
use crate::media::frame::Frame;
use crate::media::picture::Picture;

/// A picture that is drawn on.
pub(super) struct Canvas {
    pub(super) picture: Picture,
}

impl Canvas {
    /// A dark grey canvas.
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { picture: Picture { width, height, rgb: vec![24; width * height * 3] } }
    }

    pub(super) fn set(&mut self, x: usize, y: usize, colour: [u8; 3]) {
        let Picture { width, rgb, .. } = &mut self.picture;
        if x < *width
            && let Some(pixel) = rgb.get_mut((y * *width + x) * 3..).and_then(|p| p.first_chunk_mut::<3>())
        {
            *pixel = colour;
        }
    }

    /// Draws a picture into a cell, scaled to fill it.
    pub(super) fn draw(&mut self, picture: &Picture, at: (usize, usize), size: (usize, usize)) {
        let channel = |c: usize| {
            let plane: Vec<u8> = picture.rgb.iter().skip(c).step_by(3).copied().collect();
            shrink(&plane, (picture.width, picture.height), size)
        };
        let (r, g, b) = (channel(0), channel(1), channel(2));
        for (number, ((r, g), b)) in r.iter().zip(&g).zip(&b).enumerate() {
            self.set(at.0 + number % size.0, at.1 + number / size.0, [*r, *g, *b]);
        }
    }
}

/// A decoded picture in RGB at another size, by the file's own colour coefficients.
pub(crate) fn to_rgb(frame: &Frame, info: &VideoInfo, size: (usize, usize)) -> Picture {
    let luma = shrink(&frame.y, (frame.width, frame.height), size);
    let half = (frame.width / 2, frame.height / 2);
    let (blue, red) = (shrink(&frame.u, half, size), shrink(&frame.v, half, size));
    let (kr, kb) = match info.matrix {
        Matrix::Bt601 => (0.299, 0.114),
        Matrix::Bt709 => (0.2126, 0.0722),
    };
    let (floor, y_range, c_range) = if info.full_range { (0.0, 255.0, 255.0) } else { (16.0, 219.0, 224.0) };
    let mut rgb = Vec::with_capacity(luma.len() * 3);
    for ((y, u), v) in luma.iter().zip(&blue).zip(&red) {
        let y = (f32::from(*y) - floor) * (255.0 / y_range);
        let (u, v) =
            ((f32::from(*u) - 128.0) * (255.0 / c_range), (f32::from(*v) - 128.0) * (255.0 / c_range));
        let (r, b) = (y + 2.0 * (1.0 - kr) * v, y + 2.0 * (1.0 - kb) * u);
        let g = (y - kr * r - kb * b) / (1.0 - kr - kb);
        rgb.extend([r, g, b].map(|c| c.round() as u8));
    }
    Picture { width: size.0, height: size.1, rgb }
}

/// Scales a plane by averaging the area under each new sample, columns first, so that fine detail does not flicker.
/// Enlarging (chroma, tiny clips) repeats samples.
pub(crate) fn shrink(plane: &[u8], from: (usize, usize), to: (usize, usize)) -> Vec<u8> {
    let span = |index: usize, from: usize, to: usize| {
        let start = index * from / to;
        (start, ((index + 1) * from / to).max(start + 1).min(from))
    };
    let columns: Vec<(usize, usize)> = (0..to.0).map(|x| span(x, from.0, to.0)).collect();
    let mut out = Vec::with_capacity(to.0 * to.1);
    let mut sums = vec![0u32; from.0];
    for y in 0..to.1 {
        let (top, bottom) = span(y, from.1, to.1);
        sums.fill(0);
        for row in plane.chunks_exact(from.0.max(1)).skip(top).take(bottom - top) {
            for (sum, sample) in sums.iter_mut().zip(row) {
                *sum += u32::from(*sample);
            }
        }
        out.extend(columns.iter().map(|(left, right)| {
            let area = ((right - left) * (bottom - top)).max(1) as u32;
            let sum: u32 = sums.get(*left..*right).unwrap_or_default().iter().sum();
            ((sum + area / 2) / area) as u8
        }));
    }
    out
}

/// Draws and compresses until the JPEG fits: first coarser, then smaller. Gives the bytes and the size in pixels.
pub(super) fn jpeg_within(
    max_bytes: usize,
    draw: impl Fn(f64) -> Canvas,
) -> Result<(Vec<u8>, u32, u32), Error> {
    for shrink in [1.0, 0.75, 0.5, 0.35, 0.2, 0.1] {
        let canvas = draw(shrink);
        for quality in [86, 78, 68, 56, 44] {
            let jpeg = canvas.picture.jpeg(quality)?;
            if jpeg.len() <= max_bytes {
                return Ok((jpeg, canvas.picture.width as u32, canvas.picture.height as u32));
            }
            if jpeg.len() > max_bytes.saturating_mul(4) {
                break; // no quality will save this size
            }
        }
    }
    Err(Error::TooBig { what: "bytes of even the smallest preview", limit: max_bytes as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_averages_and_enlarging_repeats() {
        assert_eq!(shrink(&[0, 100, 200, 100], (2, 2), (1, 1)), [100]);
        assert_eq!(shrink(&[10, 20], (2, 1), (4, 1)), [10, 10, 20, 20]);
        assert_eq!(shrink(&[0, 10, 20, 30], (4, 1), (2, 1)), [5, 25]);
    }

    #[test]
    fn a_budget_is_kept_or_refused() {
        let noise = |shrink: f64| {
            let side = (256.0 * shrink) as usize;
            let mut canvas = Canvas::new(side, side);
            for at in 0..side * side {
                let v = ((at * 2_654_435_761) >> 7) as u8;
                canvas.set(at % side, at / side, [v, v ^ 0x55, !v]);
            }
            canvas
        };
        for budget in [100_000, 20_000, 3_000] {
            let (jpeg, width, _) = jpeg_within(budget, noise).unwrap();
            assert!(jpeg.len() <= budget && width > 0, "{budget}: {}", jpeg.len());
        }
        assert!(matches!(jpeg_within(100, noise), Err(Error::TooBig { .. })));
    }
}
