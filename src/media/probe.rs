//! Probe: what a file is, how long, how big, how coded, and whether we can look into it.

use std::path::Path;

use serde::Serialize;

use super::mp4::read::{Movie, Track};
use super::sniff::{self, Format, Kind};
use super::source::Source;
use super::{Error, Limits, audio, avi, gif, matroska, still};

/// What is known of a media file. In JSON, what is unknown is left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Probe {
    /// Video, image or audio, by what is inside.
    pub kind: Kind,
    /// Container or file format.
    pub format: Format,
    /// Length in seconds, as presented.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Width as shown: after pixel shape and turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height as shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Average pictures per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
    /// Clockwise turn that a player applies; already in `width` and `height`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation_deg: Option<u32>,
    /// Codec of the pictures in common spelling, such as `h264`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_codec: Option<String>,
    /// Codec of the sound, such as `aac`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_codec: Option<String>,
    /// Whether there is sound.
    pub has_audio: bool,
    /// Audio samples per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rate_hz: Option<u32>,
    /// Audio channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<u32>,
    /// Average over the whole file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bitrate_kbps: Option<u32>,
    /// Number of pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<u64>,
    /// Whether playing can begin before the download ends; only for the MP4 family.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faststart: Option<bool>,
    /// Whether the file ends too early.
    pub truncated: bool,
    /// Whether the built-in decoders can show (or play) it.
    pub decodable: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undecodable_reason: Option<String>,
    /// Size of the file.
    pub bytes: u64,
}

/// Reads a file's headers under the default [`Limits`].
///
/// # Errors
/// See [`probe_within`].
pub fn probe(path: &Path) -> Result<Probe, Error> {
    probe_within(path, &Limits::default())
}

/// Reads a file's headers: its content decides, its name is ignored.
///
/// # Errors
/// [`Error::NotMedia`] with a guess what it is instead, [`Error::Truncated`] or [`Error::Malformed`] when not even
/// the headers can be read, [`Error::TooBig`] beyond the limits, [`Error::Io`].
pub fn probe_within(path: &Path, limits: &Limits) -> Result<Probe, Error> {
    let mut source = Source::open(path, limits)?;
    let head = source.header_up_to(0, sniff::HEAD_BYTES as u64)?;
    let format =
        sniff::sniff(&head).ok_or_else(|| Error::NotMedia { looks_like: sniff::looks_like(&head) })?;
    let mut probe = Probe::empty(format, source.len());
    match format {
        Format::Mp4 | Format::Mov | Format::M4a => probe.take_movie(&Movie::read(&mut source, limits)?),
        Format::Webm | Format::Mkv => probe.take_matroska(matroska::read(&mut source, limits)?),
        Format::Avi => probe.take_avi(avi::read(&mut source, limits)?),
        Format::Gif => probe.take_gif(gif::read(&mut source, limits)?),
        Format::Png | Format::Jpg | Format::Webp => {
            probe.take_still(still::read(&mut source, format, limits)?)
        }
        Format::Mp3 | Format::Wav | Format::Aac | Format::Flac | Format::Ogg => {
            probe.take_audio(audio::read(&mut source, format, limits)?);
        }
    }
    probe.finish(limits);
    Ok(probe)
}

impl Probe {
    fn empty(format: Format, bytes: u64) -> Self {
        Self {
            kind: format.kind(),
            format,
            duration_s: None,
            width: None,
            height: None,
            fps: None,
            rotation_deg: None,
            video_codec: None,
            audio_codec: None,
            has_audio: false,
            sample_rate_hz: None,
            channels: None,
            bitrate_kbps: None,
            frames: None,
            faststart: None,
            truncated: false,
            decodable: false,
            undecodable_reason: None,
            bytes,
        }
    }

    fn take_movie(&mut self, movie: &Movie) {
        self.duration_s = movie.duration_s;
        self.faststart = Some(movie.faststart);
        self.truncated = movie.truncated;
        if let Some(audio) = movie.audio() {
            self.has_audio = true;
            self.audio_codec = Some(audio.codec.name.clone());
            self.sample_rate_hz = audio.codec.sample_rate_hz;
            self.channels = audio.codec.channels;
        }
        if let Some(video) = movie.video() {
            self.kind = Kind::Video;
            (self.width, self.height) = display_size(video).map_or((None, None), |(w, h)| (Some(w), Some(h)));
            self.rotation_deg = Some(video.rotation_deg);
            self.video_codec = Some(video.codec.name.clone());
            self.frames = Some(video.samples);
            let media_s = video.media_ticks as f64 / f64::from(video.timescale);
            self.fps = (media_s > 0.0).then(|| video.samples as f64 / media_s);
            self.undecodable_reason = video_obstacle(video);
        } else {
            self.kind = Kind::Audio;
            if !self.has_audio {
                self.undecodable_reason = Some("it has no video and no audio track".to_owned());
            }
        }
    }

    fn take_matroska(&mut self, facts: matroska::MatroskaFacts) {
        self.duration_s = facts.duration_s;
        self.truncated = facts.truncated;
        if let Some(audio) = facts.audio {
            self.has_audio = true;
            self.audio_codec = Some(audio.codec);
            self.sample_rate_hz = audio.sample_rate_hz;
            self.channels = audio.channels;
        }
        let Some(video) = facts.video else {
            self.kind = Kind::Audio;
            return;
        };
        let turned = video.rotation_deg % 180 == 90;
        (self.width, self.height) =
            if turned { (video.height, video.width) } else { (video.width, video.height) };
        self.rotation_deg = Some(video.rotation_deg);
        self.fps = video.fps;
        self.undecodable_reason = Some(container_obstacle("Matroska or WebM", &video.codec));
        self.video_codec = Some(video.codec);
    }

    fn take_avi(&mut self, facts: avi::AviFacts) {
        self.truncated = facts.truncated;
        self.duration_s = facts.duration_s;
        (self.width, self.height) = (facts.width, facts.height);
        self.fps = facts.fps;
        self.frames = facts.frames;
        let codec = facts.video_codec.as_deref().unwrap_or("unknown video");
        self.undecodable_reason = Some(container_obstacle("AVI", codec));
        self.video_codec = facts.video_codec;
        if let Some(audio) = facts.audio {
            self.has_audio = true;
            self.duration_s = self.duration_s.or(audio.duration_s);
            self.audio_codec = Some(audio.codec);
            self.sample_rate_hz = audio.sample_rate_hz;
            self.channels = audio.channels;
        }
    }

    fn take_gif(&mut self, facts: gif::GifFacts) {
        (self.width, self.height) = (Some(facts.width), Some(facts.height));
        self.frames = Some(facts.frames).filter(|frames| *frames > 0);
        self.truncated = facts.truncated;
        if facts.frames > 1 {
            let seconds = facts.centiseconds as f64 / 100.0;
            self.duration_s = Some(seconds).filter(|s| *s > 0.0);
            self.fps = self.duration_s.map(|s| facts.frames as f64 / s);
        }
    }

    fn take_still(&mut self, facts: still::StillFacts) {
        let turned = facts.rotation_deg % 180 == 90;
        let (width, height) = if turned { (facts.height, facts.width) } else { (facts.width, facts.height) };
        (self.width, self.height) = (Some(width), Some(height));
        self.rotation_deg = Some(facts.rotation_deg).filter(|turn| *turn != 0);
        self.truncated = facts.truncated;
    }

    fn take_audio(&mut self, facts: audio::AudioFacts) {
        self.has_audio = true;
        self.duration_s = facts.duration_s;
        self.sample_rate_hz = facts.sample_rate_hz;
        self.channels = facts.channels;
        self.truncated = facts.truncated;
        self.audio_codec = Some(facts.codec);
    }

    /// Rounds for people, computes what follows from the rest, and settles whether we can decode it.
    fn finish(&mut self, limits: &Limits) {
        let tidy =
            |value: Option<f64>| value.filter(|v| v.is_finite()).map(|v| (v * 1000.0).round() / 1000.0);
        self.fps = tidy(self.fps);
        self.duration_s = tidy(self.duration_s);
        if self.kind != Kind::Image {
            let kbps = self.duration_s.filter(|s| *s > 0.0).map(|s| self.bytes as f64 * 8.0 / 1000.0 / s);
            self.bitrate_kbps = kbps.map(|k| k.round() as u32);
        }
        if self.kind == Kind::Audio && self.undecodable_reason.is_none() {
            self.undecodable_reason = self.audio_codec.as_deref().and_then(audio_obstacle);
        }
        if let (Some(width), Some(height)) = (self.width, self.height)
            && let Err(error) = limits.picture(u64::from(width), u64::from(height))
        {
            self.undecodable_reason.get_or_insert_with(|| format!("{width}x{height}: {error}"));
        }
        if cfg!(not(feature = "studio")) {
            self.undecodable_reason
                .get_or_insert_with(|| "this build has no decoders (feature studio is off)".to_owned());
        }
        self.decodable = self.undecodable_reason.is_none();
    }

    /// One line for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut parts = vec![format!("{:?}", self.format).to_uppercase()];
        parts.extend(self.duration_s.map(|s| format!("{s:.1} s")));
        parts.extend(self.width.zip(self.height).map(|(w, h)| format!("{w}x{h}")));
        parts.extend(self.fps.map(|fps| format!("{} fps", (fps * 100.0).round() / 100.0)));
        parts.extend(self.video_codec.clone());
        parts.extend(self.audio_codec.as_ref().map(|codec| match (self.sample_rate_hz, self.channels) {
            (Some(rate), Some(channels)) => {
                format!("{codec} {:.1} kHz {channels} ch", f64::from(rate) / 1000.0)
            }
            _ => codec.clone(),
        }));
        if self.kind == Kind::Video && !self.has_audio {
            parts.push("no sound".to_owned());
        }
        parts.extend(self.rotation_deg.filter(|turn| *turn != 0).map(|turn| format!("turned {turn}°")));
        parts.push(match self.bytes {
            b if b >= 1_000_000 => format!("{:.1} MB", b as f64 / 1e6),
            b => format!("{:.1} kB", b as f64 / 1e3),
        });
        if self.faststart == Some(false) {
            parts.push("index at the end".to_owned());
        }
        if self.truncated {
            parts.push("CUT OFF".to_owned());
        }
        parts.extend(self.undecodable_reason.as_ref().map(|reason| format!("not decodable: {reason}")));
        parts.join(" · ")
    }
}

/// Coded size, stretched by the pixel shape, turned by the matrix. A shape within half a percent of square is
/// rounding by an encoder, not an intention.
pub(crate) fn display_size(track: &Track) -> Option<(u32, u32)> {
    let (mut width, height) = track.codec.coded?;
    if let Some((h, v)) = track.codec.pixel_aspect {
        let shape = f64::from(h) / f64::from(v);
        if (shape - 1.0).abs() > 0.005 {
            width = (f64::from(width) * shape).round().clamp(1.0, 65_535.0) as u32;
        }
    }
    Some(if track.rotation_deg % 180 == 90 { (height, width) } else { (width, height) })
}

const WAY_OUT: &str = "convert it to 8-bit H.264 in MP4 to have it looked at";

/// Why the built-in decoder cannot read a video track.
pub(crate) fn video_obstacle(track: &Track) -> Option<String> {
    let codec = &track.codec;
    if codec.name != "h264" {
        let name = match codec.name.as_str() {
            "hevc" => "HEVC",
            "av1" => "AV1",
            "vp9" => "VP9",
            other => other,
        };
        let depth = codec.bit_depth.filter(|d| *d > 8).map(|d| format!(" ({d}-bit)")).unwrap_or_default();
        return Some(format!("{name}{depth}: the built-in decoder reads H.264 only; {WAY_OUT}"));
    }
    let Some(sps) = codec.avc().and_then(|avc| avc.facts()) else {
        return Some("its H.264 parameter sets are missing or damaged".to_owned());
    };
    sps.obstacle().map(|reason| format!("{reason}; {WAY_OUT}"))
}

fn container_obstacle(container: &str, codec: &str) -> String {
    format!("{codec} in {container}: the built-in decoder reads H.264 in MP4 or MOV; {WAY_OUT}")
}

fn audio_obstacle(codec: &str) -> Option<String> {
    let known = matches!(codec, "aac" | "mp3" | "pcm" | "flac" | "vorbis");
    (!known).then(|| format!("{codec}: the built-in decoders read AAC, MP3, PCM, FLAC and Vorbis"))
}
