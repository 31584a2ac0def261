//! Sound: the samples of a file, block by block, inside the limits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as Trouble;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

use super::allowance::Allowance;
use super::mp4::read::{Movie, Sample, Track};
use super::probe::{Probe, probe_within};
use super::sniff::Format;
use super::source::Source;
use super::{Error, Limits};

/// Some decoded samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Samples per second of each channel.
    pub rate_hz: u32,
    /// Channels.
    pub channels: usize,
    /// Samples of all channels in turn; full scale is -1 to 1, but lossy codecs overshoot.
    pub samples: Vec<f32>,
}

/// A sound track that is being decoded.
pub struct Sound {
    reader: Reader,
    limits: Limits,
    blocks: u64,
    damaged: u64,
}

enum Reader {
    /// AAC in our own demuxer, which also reads cut and fragmented files.
    Aac {
        source: Source,
        track: Box<Track>,
        samples: std::vec::IntoIter<Sample>,
        codec: Box<syom::Decoder>,
    },
    Other {
        allowance: Allowance,
        format: Box<dyn FormatReader>,
        track: u32,
        codec: Box<dyn AudioDecoder>,
    },
}

impl Sound {
    /// Opens the first sound track of a file; `None` when it has none.
    ///
    /// # Errors
    /// [`Error::Undecodable`] when no built-in decoder reads its codec, and those of a probe.
    pub fn open(path: &Path, limits: &Limits) -> Result<Option<Self>, Error> {
        let probe = probe_within(path, limits)?;
        if !probe.has_audio {
            return Ok(None);
        }
        let reader = match (probe.format, probe.audio_codec.as_deref()) {
            (Format::Mp4 | Format::Mov | Format::M4a, Some("aac")) => open_aac(path, limits)?,
            _ => open_other(path, &probe, limits)?,
        };
        Ok(Some(Self { reader, limits: limits.clone(), blocks: 0, damaged: 0 }))
    }

    /// How many packets could not be decoded so far.
    #[must_use]
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// The next samples; `None` after the last. Damaged packets are left out and counted.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the container breaks off, [`Error::TooBig`] and [`Error::Stopped`] by the limits.
    pub fn next_block(&mut self) -> Result<Option<Block>, Error> {
        loop {
            self.limits.go_on()?;
            self.blocks += 1;
            if self.blocks > self.limits.samples {
                return Err(Error::TooBig { what: "packets of sound", limit: self.limits.samples });
            }
            let reader = &mut self.reader;
            match catch_unwind(AssertUnwindSafe(|| reader.step())) {
                Ok(Ok(Step::Block(block))) => return Ok(Some(block)),
                Ok(Ok(Step::Nothing)) => {}
                Ok(Ok(Step::Damaged)) => self.damaged += 1,
                Ok(Ok(Step::End)) => return Ok(None),
                Ok(Err(error)) => return Err(error),
                Err(_) => return Err(Error::Malformed { what: "its sound made the decoder give up" }),
            }
        }
    }
}

enum Step {
    Block(Block),
    Nothing,
    Damaged,
    End,
}

impl Reader {
    fn step(&mut self) -> Result<Step, Error> {
        match self {
            Self::Aac { source, track, samples, codec } => aac_step(source, track, samples, codec),
            Self::Other { allowance, format, track, codec } => {
                allowance.renew();
                let step = other_step(format.as_mut(), *track, codec.as_mut());
                allowance.check().and(step)
            }
        }
    }
}

fn open_aac(path: &Path, limits: &Limits) -> Result<Reader, Error> {
    let mut source = Source::open(path, limits)?;
    let movie = Movie::read(&mut source, limits)?;
    let track = movie.audio().cloned().ok_or(Error::Malformed { what: "its sound track" })?;
    let codec = aac_decoder(&track)?;
    let samples = track.samples(limits)?.into_iter();
    Ok(Reader::Aac { source, track: Box::new(track), samples, codec: Box::new(codec) })
}

fn aac_decoder(track: &Track) -> Result<syom::Decoder, Error> {
    let mut options = syom::DecodeOptions::audio();
    options.max_duration_secs = 86_400.0; // our own limits count packets
    syom::Decoder::from_asc(&track.codec.config, options)
        .map_err(|e| Error::Undecodable { reason: format!("AAC sound: {e}") })
}

fn aac_step(
    source: &mut Source,
    track: &Track,
    samples: &mut std::vec::IntoIter<Sample>,
    codec: &mut syom::Decoder,
) -> Result<Step, Error> {
    let Some(sample) = samples.next() else { return Ok(Step::End) };
    let data = match source.sample(sample.offset, u64::from(sample.size)) {
        Err(Error::Truncated { .. }) => return Ok(Step::End),
        other => other?,
    };
    let mut block = Block { rate_hz: 0, channels: 0, samples: Vec::new() };
    let decoded = codec.decode_au(&data, |frame| {
        block.rate_hz = frame.sample_rate;
        block.channels = frame.planar.len();
        block.samples.reserve(frame.samples * frame.planar.len());
        for at in 0..frame.samples {
            block.samples.extend(frame.planar.iter().map(|plane| plane.get(at).copied().unwrap_or(0.0)));
        }
        Ok(())
    });
    if decoded.is_err() {
        *codec = aac_decoder(track)?; // one failed packet fails the decoder for good
        return Ok(Step::Damaged);
    }
    // Priming, and what an edit list hides, is decoded for the sake of what follows but not heard.
    let heard = track.presented_ms(sample.pts, sample.duration).is_some();
    Ok(if heard && !block.samples.is_empty() { Step::Block(block) } else { Step::Nothing })
}

fn open_other(path: &Path, probe: &Probe, limits: &Limits) -> Result<Reader, Error> {
    let refused = |what: &str, e: &Trouble| Error::Undecodable { reason: format!("{what}: {e}") };
    let allowance = Allowance::new(limits);
    let stream = MediaSourceStream::new(Box::new(allowance.open(path)?), Default::default());
    let mut hint = Hint::new();
    hint.with_extension(probe.format.extension());
    let opened = catch_unwind(AssertUnwindSafe(|| {
        symphonia::default::get_probe()
            .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
            .map_err(|e| refused("its sound cannot be read", &e))
    }));
    let opened = opened.map_err(|_| Error::Malformed { what: "its headers made the reader give up" })?;
    allowance.check()?;
    let format = opened?;
    let name = probe.audio_codec.as_deref().unwrap_or("unknown");
    let unknown =
        || Error::Undecodable { reason: format!("{name} sound: there is no built-in decoder for it") };
    let track = format.default_track(TrackType::Audio).ok_or_else(unknown)?;
    let parameters = track.codec_params.as_ref().and_then(|p| p.audio()).ok_or_else(unknown)?;
    let codec = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(|_| unknown())?;
    let track = track.id;
    Ok(Reader::Other { allowance, format, track, codec })
}

fn other_step(
    format: &mut dyn FormatReader,
    track: u32,
    codec: &mut dyn AudioDecoder,
) -> Result<Step, Error> {
    let packet = match format.next_packet() {
        Ok(Some(packet)) => packet,
        Ok(None) | Err(Trouble::ResetRequired) => return Ok(Step::End),
        Err(Trouble::IoError(e)) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(Step::End),
        Err(Trouble::IoError(e)) => return Err(e.into()),
        Err(_) => return Err(Error::Malformed { what: "its sound breaks off" }),
    };
    if packet.track_id != track {
        return Ok(Step::Nothing);
    }
    match codec.decode(&packet) {
        Ok(decoded) => {
            let mut samples = Vec::new();
            decoded.copy_to_vec_interleaved(&mut samples);
            let (rate_hz, channels) = (decoded.spec().rate(), decoded.num_planes());
            let empty = samples.is_empty() || channels == 0;
            Ok(if empty { Step::Nothing } else { Step::Block(Block { rate_hz, channels, samples }) })
        }
        Err(Trouble::DecodeError(_) | Trouble::IoError(_)) => Ok(Step::Damaged),
        Err(_) => Err(Error::Malformed { what: "its sound" }),
    }
}
