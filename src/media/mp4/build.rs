//! The box syntax of MP4: a length, four letters, a body.

/// Big-endian bytes in the making.
#[derive(Default)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Bytes {
    pub(super) fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }
    pub(super) fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }
    pub(super) fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }
    pub(super) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }
    pub(super) fn zeros(&mut self, count: usize) -> &mut Self {
        self.0.resize(self.0.len() + count, 0);
        self
    }
    /// The transformation that turns and moves nothing.
    pub(super) fn matrix(&mut self) -> &mut Self {
        for value in [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000] {
            self.u32(value);
        }
        self
    }
}

/// A box around `body`.
pub(super) fn plain(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len() + 8);
    bytes.extend_from_slice(&(body.len() as u32 + 8).to_be_bytes());
    bytes.extend_from_slice(kind);
    bytes.extend_from_slice(body);
    bytes
}

/// A box with a version and flags.
pub(super) fn full(kind: &[u8; 4], version: u8, flags: u32, body: impl FnOnce(&mut Bytes)) -> Vec<u8> {
    let mut bytes = Bytes::default();
    bytes.u32(u32::from(version) << 24 | flags);
    body(&mut bytes);
    plain(kind, &bytes.0)
}

/// The brands that every H.264 player knows.
pub(super) fn ftyp() -> Vec<u8> {
    plain(b"ftyp", b"isom\0\0\x02\0isomiso2avc1mp41")
}
