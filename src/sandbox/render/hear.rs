//! Sound in: the audio of a file as a stream of stereo samples at 48 kHz.

use std::path::Path;

use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as Trouble;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

use super::patience::Patience;
use crate::media::aac::SAMPLE_RATE;
use crate::media::allowance::Allowance;

/// A sound file that is being read.
pub(super) struct Recording {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    /// What may be read, and how long that may take, up to the next packet.
    allowance: Allowance,
    patience: Patience,
    track: u32,
    /// Decoded samples that are not used up yet, left and right.
    ready: Vec<[f32; 2]>,
    /// Where between two of them the next sample lies.
    position: f64,
    /// How fast it plays: 2 is twice as fast, and an octave higher.
    speed: f64,
    /// Samples per second in the file.
    rate: u32,
    ended: bool,
    scratch: Vec<f32>,
}

/// Packets in a row that may be damaged before the file is given up.
const MAX_DAMAGED: usize = 64;

impl Recording {
    /// Opens the first sound track of a file. `Ok(None)` when the file is readable but has no sound.
    pub(super) fn open(path: &Path, speed: f32) -> Result<Option<Self>, String> {
        let patience = Patience::new();
        let allowance = Allowance::new(&patience.limits());
        let file = allowance.open(path).map_err(|error| error.to_string())?;
        let stream = MediaSourceStream::new(Box::new(file), Default::default());
        let mut hint = Hint::new();
        if let Some(extension) = path.extension().and_then(|extension| extension.to_str()) {
            hint.with_extension(extension);
        }
        let format = symphonia::default::get_probe()
            .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
            .map_err(|error| format!("its sound cannot be read: {error}"))?;
        let Some(track) = format.default_track(TrackType::Audio) else { return Ok(None) };
        let parameters = track.codec_params.as_ref().and_then(|parameters| parameters.audio());
        let parameters = parameters.ok_or("its sound track does not say how it is coded")?;
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(parameters, &AudioDecoderOptions::default())
            .map_err(|error| format!("its sound cannot be decoded: {error}"))?;
        let track = track.id;
        let mut recording = Self {
            format,
            decoder,
            allowance,
            patience,
            track,
            ready: Vec::new(),
            position: 0.0,
            speed: f64::from(speed),
            rate: SAMPLE_RATE,
            ended: false,
            scratch: Vec::new(),
        };
        // The first packet tells whether the rest is worth anything.
        recording.read()?;
        Ok(Some(recording))
    }

    /// Leaves out the beginning.
    pub(super) fn skip(&mut self, ms: u64) -> Result<(), String> {
        let mut left = ms * u64::from(SAMPLE_RATE) / 1000;
        let mut waste = (vec![0.0; 4096], vec![0.0; 4096]);
        while left > 0 && !self.ended {
            let now = left.min(4096) as usize;
            let (l, r) = (waste.0.get_mut(..now), waste.1.get_mut(..now));
            self.add(0.0, l.unwrap_or_default(), r.unwrap_or_default())?;
            left -= now as u64;
        }
        Ok(())
    }

    /// Adds the next samples to a block, by a factor. After the end there is silence.
    pub(super) fn add(&mut self, volume: f32, left: &mut [f32], right: &mut [f32]) -> Result<(), String> {
        for (l, r) in left.iter_mut().zip(right.iter_mut()) {
            while !self.ended && self.position as usize + 1 >= self.ready.len() {
                self.read()?;
            }
            let at = self.position as usize;
            let share = (self.position - at as f64) as f32;
            let Some(&[a, b]) = self.ready.get(at) else { return Ok(()) };
            let [c, d] = self.ready.get(at + 1).copied().unwrap_or([a, b]);
            *l += volume * (a + (c - a) * share);
            *r += volume * (b + (d - b) * share);
            self.position += self.speed * f64::from(self.rate) / f64::from(SAMPLE_RATE);
        }
        Ok(())
    }

    /// Decodes one more packet.
    fn read(&mut self) -> Result<(), String> {
        let used = (self.position as usize).min(self.ready.len());
        self.ready.drain(..used);
        self.position -= used as f64;
        for _ in 0..MAX_DAMAGED {
            self.patience.renew();
            self.allowance.renew();
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) | Err(Trouble::ResetRequired) => {
                    self.ended = true;
                    return Ok(());
                }
                Err(Trouble::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    self.ended = true;
                    return Ok(());
                }
                Err(error) => return Err(format!("its sound is damaged: {error}")),
            };
            if packet.track_id != self.track {
                continue;
            }
            match self.decoder.decode(&packet) {
                Ok(block) => {
                    self.rate = block.spec().rate().max(1);
                    let channels = block.num_planes().max(1);
                    block.copy_to_vec_interleaved(&mut self.scratch);
                    self.ready.extend(self.scratch.chunks_exact(channels).map(fold_down));
                    return Ok(());
                }
                Err(Trouble::DecodeError(_) | Trouble::IoError(_)) => {}
                Err(error) => return Err(format!("its sound is damaged: {error}")),
            }
        }
        Err("its sound is damaged: no packet of many could be decoded".into())
    }
}

/// Stereo from any number of channels: of surround sound the front, with a share of centre and back.
fn fold_down(channels: &[f32]) -> [f32; 2] {
    match *channels {
        [] => [0.0; 2],
        [mono] => [mono; 2],
        [left, right] => [left, right],
        [left, right, centre] => [left + 0.7 * centre, right + 0.7 * centre],
        // Fourth is the deep-bass channel, then the back pair.
        [left, right, centre, _, ref rest @ ..] => {
            let back = |number: usize| rest.get(number).copied().unwrap_or(0.0);
            [left + 0.7 * centre + 0.5 * back(0), right + 0.7 * centre + 0.5 * back(1)]
        }
    }
}
