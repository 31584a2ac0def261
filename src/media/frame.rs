//! One picture in I420: the form in which everything here is decoded, composed and encoded.

/// A progressive 8-bit 4:2:0 picture. `width` and `height` are even.
///
/// Planes are tightly packed: `y` has `width * height` samples, `u` and `v` a quarter of that each.
/// Colours are BT.709, limited range, unless the reader of a file says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Samples in a row of the luma plane.
    pub width: usize,
    /// Rows of the luma plane.
    pub height: usize,
    /// Luma.
    pub y: Vec<u8>,
    /// Blue-difference chroma.
    pub u: Vec<u8>,
    /// Red-difference chroma.
    pub v: Vec<u8>,
}

impl Frame {
    /// A black picture; odd sizes are rounded up to even ones.
    #[must_use]
    pub fn black(width: usize, height: usize) -> Self {
        let (width, height) = (width.next_multiple_of(2), height.next_multiple_of(2));
        Self {
            width,
            height,
            y: vec![16; width * height],
            u: vec![128; width * height / 4],
            v: vec![128; width * height / 4],
        }
    }

    /// Paints everything in one colour.
    pub fn fill(&mut self, colour: Yuv) {
        self.y.fill(colour.y.round() as u8);
        self.u.fill(colour.u.round() as u8);
        self.v.fill(colour.v.round() as u8);
    }

    /// Moves the picture towards a colour: 0 leaves it, 1 is the colour alone.
    pub fn tint(&mut self, colour: Yuv, amount: f32) {
        let amount = (amount.clamp(0.0, 1.0) * 256.0) as i32;
        for (plane, to) in [(&mut self.y, colour.y), (&mut self.u, colour.u), (&mut self.v, colour.v)] {
            let to = to.round() as i32;
            for sample in plane.iter_mut() {
                let was = i32::from(*sample);
                *sample = (was + (((to - was) * amount + 128) >> 8)) as u8;
            }
        }
    }

    /// The picture as tightly packed 8-bit RGB.
    #[must_use]
    pub fn to_rgb(&self) -> Vec<u8> {
        let mut rgb = Vec::with_capacity(self.width * self.height * 3);
        for (number, row) in self.y.chunks_exact(self.width.max(1)).enumerate() {
            let half = self.width / 2;
            let at = number / 2 * half;
            let chroma = |plane: &'_ [u8]| plane.get(at..at + half).map(<[u8]>::to_vec).unwrap_or_default();
            let (us, vs) = (chroma(&self.u), chroma(&self.v));
            for (pair, (&u, &v)) in row.chunks_exact(2).zip(us.iter().zip(&vs)) {
                for &y in pair {
                    rgb.extend(Yuv { y: f32::from(y), u: f32::from(u), v: f32::from(v) }.to_rgb());
                }
            }
        }
        rgb
    }
}

/// A colour in BT.709 limited range: `y` from 16 to 235, `u` and `v` from 16 to 240 around 128.
///
/// Mixing two of these by weight equals mixing their RGB values, so whole pictures are drawn in this form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Yuv {
    /// Luma.
    pub y: f32,
    /// Blue difference.
    pub u: f32,
    /// Red difference.
    pub v: f32,
}

impl Yuv {
    /// From red, green and blue of 0 to 255.
    #[must_use]
    pub const fn rgb(r: f32, g: f32, b: f32) -> Self {
        let luma = (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255.0;
        Self {
            y: 16.0 + 219.0 * luma,
            u: 128.0 + 224.0 * (b / 255.0 - luma) / 1.8556,
            v: 128.0 + 224.0 * (r / 255.0 - luma) / 1.5748,
        }
    }

    /// From a web colour such as `0xff8040`.
    #[must_use]
    pub const fn hex(rgb: u32) -> Self {
        Self::rgb((rgb >> 16 & 255) as f32, (rgb >> 8 & 255) as f32, (rgb & 255) as f32)
    }

    /// This colour moved towards another by a weight of 0 to 1.
    #[must_use]
    pub fn mix(self, other: Self, weight: f32) -> Self {
        Self {
            y: self.y + (other.y - self.y) * weight,
            u: self.u + (other.u - self.u) * weight,
            v: self.v + (other.v - self.v) * weight,
        }
    }

    /// Red, green and blue of 0 to 255.
    #[must_use]
    pub fn to_rgb(self) -> [u8; 3] {
        let luma = (self.y - 16.0) * (255.0 / 219.0);
        let (u, v) = ((self.u - 128.0) * (255.0 / 224.0), (self.v - 128.0) * (255.0 / 224.0));
        [luma + 1.5748 * v, luma - 0.1873 * u - 0.4681 * v, luma + 1.8556 * u].map(|x| x.round() as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_survive_the_way_there_and_back() {
        for rgb in [0x000000, 0xffffff, 0xff0000, 0x00ff00, 0x0000ff, 0x123456, 0xfedcba] {
            let [r, g, b] = Yuv::hex(rgb).to_rgb();
            let back = u32::from(r) << 16 | u32::from(g) << 8 | u32::from(b);
            assert_eq!(back, rgb, "{rgb:06x} became {back:06x}");
        }
    }

    #[test]
    fn tinting_ends_at_the_colour() {
        let mut frame = Frame::black(4, 3);
        assert_eq!((frame.width, frame.height), (4, 4));
        let red = Yuv::hex(0xff0000);
        frame.tint(red, 1.0);
        let mut filled = Frame::black(4, 4);
        filled.fill(red);
        assert_eq!(frame, filled);
        assert_eq!(frame.to_rgb().len(), 4 * 4 * 3);
        assert!(frame.to_rgb()[0] > 250);
    }
}
