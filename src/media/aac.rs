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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_survives_and_its_length_is_known() {
        let tone = |at: usize| 0.4 * (at as f32 * 440.0 * std::f32::consts::TAU / SAMPLE_RATE as f32).sin();
        let samples: Vec<f32> = (0..30_000).map(tone).collect();
        let mut encoder = Encoder::new().unwrap();
        let config = encoder.config().to_vec();
        assert_eq!(config, [0x11, 0x90], "AAC-LC, 48 kHz, stereo");
        let mut packets = Vec::new();
        for block in samples.chunks(777) {
            encoder.feed(block, block, |packet| packets.push(packet.to_vec())).unwrap();
        }
        let skip = encoder.finish(|packet| packets.push(packet.to_vec())).unwrap() as usize;
        assert!(packets.len() * PACKET_SAMPLES as usize >= skip + samples.len());

        let payloads: Vec<&[u8]> = packets.iter().map(Vec::as_slice).collect();
        let file = syom::mux_raw_lc_m4a(&payloads, SAMPLE_RATE, 2, samples.len() as u64).unwrap();
        let decoded = syom::decode_with(&file, &syom::DecodeOptions::audio()).unwrap();
        let plane = &decoded.channels[0];
        assert_eq!(plane.len(), samples.len());
        let energy = |values: &[f32]| values.iter().map(|x| x * x).sum::<f32>() / values.len() as f32;
        let rest: Vec<f32> = plane.iter().zip(&samples).map(|(a, b)| a - b).collect();
        assert!(energy(&rest) < 0.01 * energy(&samples), "{} of {}", energy(&rest), energy(&samples));
    }

    #[test]
    fn what_no_player_takes_is_tamed() {
        let mut encoder = Encoder::new().unwrap();
        let wild = [f32::NAN, f32::INFINITY, -7.0, 1.5, 0.0].repeat(500);
        encoder.feed(&wild, &wild, |_| {}).unwrap();
        assert_eq!(encoder.finish(|_| {}).unwrap(), 1024);
        assert!(Encoder::new().unwrap().finish(|_| {}).is_err(), "nothing was fed");
    }
}
