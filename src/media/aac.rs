//! AAC out: stereo 48 kHz samples in, raw packets and their configuration out.

/// Samples per second of everything that is mixed here.
pub const SAMPLE_RATE: u32 = 48_000;
/// Samples of each channel in a packet.
pub const PACKET_SAMPLES: u32 = 1024;
/// Rate at which music still sounds clean with this encoder.
pub const BITRATE_BPS: u32 = 160_000;

/// The encoder refused the sound.
#[derive(Debug, thiserror::Error)]
#[error("the AAC encoder refused the sound: {0}")]
pub struct AacError(#[from] syom::AacError);

/// A stereo AAC-LC encoder.
pub struct Encoder {
    inner: syom::Encoder,
}

impl Encoder {
    /// For stereo at 48 kHz.
    ///
    /// # Errors
    /// When the encoder cannot be set up.
    pub fn new() -> Result<Self, AacError> {
        let options = syom::EncodeOptions::raw().with_bitrate_bps(BITRATE_BPS);
        Ok(Self { inner: syom::Encoder::new(SAMPLE_RATE, 2, &options)? })
    }

    /// The `AudioSpecificConfig` for the sample description.
    #[must_use]
    pub fn config(&self) -> &[u8] {
        self.inner.asc()
    }

    /// Encodes more samples; each finished packet goes to `packet`. Values outside -1 to 1 are cut off.
    ///
    /// # Errors
    /// When the encoder fails; it is then of no further use.
    pub fn feed(
        &mut self,
        left: &[f32],
        right: &[f32],
        mut packet: impl FnMut(&[u8]),
    ) -> Result<(), AacError> {
        // The encoder refuses what a player would clip, and what is no number.
        let tame = |plane: &[f32]| -> Vec<f32> {
            plane.iter().map(|&x| if x.is_nan() { 0.0 } else { x.clamp(-1.0, 1.0) }).collect()
        };
        self.inner.feed(&[&tame(left), &tame(right)], |frame| {
            packet(frame.au);
            Ok(())
        })?;
        Ok(())
    }

    /// Encodes what is left, and returns how many samples of each channel a player must skip at the start.
    ///
    /// # Errors
    /// When nothing was fed or the encoder fails.
    pub fn finish(mut self, mut packet: impl FnMut(&[u8])) -> Result<u64, AacError> {
        let info = self.inner.finish(|frame| {
            packet(frame.au);
            Ok(())
        })?;
        Ok(info.priming)
    }
}
