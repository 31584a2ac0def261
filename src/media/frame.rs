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
}
