//! Decoded sound: a 440 Hz tone must come out of every format as one.

use super::fixture;
use crate::media::Limits;
use crate::media::sound::Sound;

/// Seconds, peak, and pitch by counting zero crossings.
fn hear(name: &str) -> (f64, f32, f64) {
    let mut sound = Sound::open(&fixture(name), &Limits::default()).unwrap().unwrap();
    let (mut samples, mut rate) = (Vec::new(), 0);
    while let Some(block) = sound.next_block().unwrap() {
        rate = block.rate_hz;
        samples.extend(block.samples.chunks_exact(block.channels).map(|instant| instant[0]));
    }
    assert_eq!(sound.damaged(), 0, "{name}");
    let seconds = samples.len() as f64 / f64::from(rate);
    let peak = samples.iter().fold(0f32, |peak, v| peak.max(v.abs()));
    // Only swings from clearly below to clearly above count: the encoder's lead-in is noise around zero.
    let (mut below, mut crossings) = (false, 0);
    for value in samples {
        if value < -0.03 {
            below = true;
        } else if value > 0.03 && std::mem::take(&mut below) {
            crossings += 1;
        }
    }
    (seconds, peak, f64::from(crossings) / seconds)
}

#[test]
fn the_tone_is_the_same_from_every_container() {
    for name in [
        "h264-high-bframes-aac.mp4",
        "fragmented.mp4",
        "quicktime.mov",
        "h264.mkv",
        "sound-only.mp4",
        "tone.m4a",
        "tone.aac",
        "tone.mp3",
        "tone.wav",
        "tone.flac",
        "tone.ogg",
    ] {
        let (seconds, peak, pitch) = hear(name);
        assert!((0.95..1.75).contains(&seconds), "{name}: {seconds} s");
        assert!((0.08..0.2).contains(&peak), "{name}: peak {peak}");
        assert!((pitch - 440.0).abs() < 20.0, "{name}: {pitch} Hz");
    }
}

#[test]
fn an_avi_gives_a_reason() {
    let Err(error) = Sound::open(&fixture("mpeg4-mp3.avi"), &Limits::default()) else {
        panic!("AVI was read")
    };
    assert!(matches!(error, crate::media::Error::Undecodable { .. }), "{error}");
}

#[test]
fn no_track_is_none_and_a_foreign_codec_a_reason() {
    assert!(Sound::open(&fixture("hevc.mp4"), &Limits::default()).unwrap().is_none());
    let Err(error) = Sound::open(&fixture("vp9-opus.webm"), &Limits::default()) else {
        panic!("Opus was decoded")
    };
    assert!(error.to_string().contains("opus"), "{error}");
}
