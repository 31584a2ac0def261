//! Every fixture is what its maker says.

use serde_json::{Value, json};

use super::fixture;
use crate::media::probe::probe;
use crate::media::{Error, sniff};

/// A fixture's probe as JSON, without what depends on the encoder's mood.
fn seen(name: &str) -> Value {
    let probe = probe(&fixture(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut json = serde_json::to_value(&probe).unwrap();
    let map = json.as_object_mut().unwrap();
    assert_eq!(map.remove("bytes").unwrap(), std::fs::metadata(fixture(name)).unwrap().len());
    for key in ["bitrate_kbps", "undecodable_reason"] {
        map.remove(key);
    }
    json
}

#[test]
fn mp4_family() {
    let aac = json!({"audio_codec": "aac", "has_audio": true, "sample_rate_hz": 44100, "channels": 1});
    let video = |extra: Value| {
        let mut base = json!({"kind": "video", "format": "mp4", "duration_s": 1.0, "width": 160, "height": 90,
            "fps": 10.0, "rotation_deg": 0, "video_codec": "h264", "has_audio": false, "frames": 10,
            "faststart": true, "truncated": false, "decodable": cfg!(feature = "studio")});
        for (key, value) in extra.as_object().unwrap() {
            base[key] = value.clone();
        }
        base
    };
    let sounding = |mut extra: Value| {
        for (key, value) in aac.as_object().unwrap() {
            extra[key] = value.clone();
        }
        for (key, value) in [("duration_s", json!(1.6)), ("frames", json!(16))] {
            if extra.get(key).is_none() {
                extra[key] = value;
            }
        }
        video(extra)
    };
    for (name, expected) in [
        ("h264-high-bframes-aac.mp4", sounding(json!({}))),
        ("late-index.mp4", sounding(json!({"faststart": false}))),
        ("fragmented.mp4", sounding(json!({"duration_s": 1.8}))),
        ("edit-list.mp4", sounding(json!({"duration_s": 1.05}))),
        ("quicktime.mov", sounding(json!({"format": "mov", "faststart": false}))),
        ("h264-baseline-cropped.mp4", video(json!({"width": 162}))),
        ("h264-turned.mp4", video(json!({"width": 90, "height": 160, "rotation_deg": 270}))),
        ("wide-pixels.mp4", video(json!({"width": 213}))),
        ("h264-10bit.mp4", video(json!({"faststart": false, "decodable": false}))),
        ("h264-interlaced.mp4", video(json!({"height": 96, "faststart": false, "decodable": false}))),
        ("hevc.mp4", video(json!({"video_codec": "hevc", "faststart": false, "decodable": false}))),
        (
            "av1.mp4",
            video(
                json!({"video_codec": "av1", "duration_s": 0.6, "frames": 6, "faststart": false, "decodable": false}),
            ),
        ),
    ] {
        assert_eq!(seen(name), expected, "{name}");
    }
    for (name, format) in [("sound-only.mp4", "mp4"), ("tone.m4a", "m4a")] {
        let expected = json!({"kind": "audio", "format": format, "duration_s": 1.6, "audio_codec": "aac",
            "has_audio": true, "sample_rate_hz": 44100, "channels": 1, "faststart": false, "truncated": false,
            "decodable": cfg!(feature = "studio")});
        assert_eq!(seen(name), expected, "{name}");
    }
}

#[test]
fn other_containers() {
    for (name, expected) in [
        (
            "h264.mkv",
            json!({"kind": "video", "format": "mkv", "duration_s": 1.023, "width": 160, "height": 90, "fps": 10.0,
                "rotation_deg": 0, "video_codec": "h264", "audio_codec": "aac", "has_audio": true,
                "sample_rate_hz": 44100, "channels": 1, "truncated": false, "decodable": false}),
        ),
        (
            "vp9-opus.webm",
            json!({"kind": "video", "format": "webm", "duration_s": 1.008, "width": 160, "height": 90, "fps": 10.0,
                "rotation_deg": 0, "video_codec": "vp9", "audio_codec": "opus", "has_audio": true,
                "sample_rate_hz": 48000, "channels": 1, "truncated": false, "decodable": false}),
        ),
        (
            "live.webm",
            json!({"kind": "video", "format": "webm", "duration_s": 1.6, "width": 160, "height": 90, "fps": 10.0,
                "rotation_deg": 0, "video_codec": "vp9", "has_audio": false, "truncated": false, "decodable": false}),
        ),
        (
            "mpeg4-mp3.avi",
            json!({"kind": "video", "format": "avi", "duration_s": 1.1, "width": 160, "height": 90, "fps": 10.0,
                "video_codec": "mpeg4", "audio_codec": "mp3", "has_audio": true, "sample_rate_hz": 44100,
                "channels": 1, "frames": 11, "truncated": false, "decodable": false}),
        ),
    ] {
        assert_eq!(seen(name), expected, "{name}");
    }
}

#[test]
fn sound_and_pictures() {
    for (name, format, codec, seconds, rate) in [
        ("tone.mp3", "mp3", "mp3", 1.646, 44_100),
        ("tone.aac", "aac", "aac", 1.625, 44_100),
        ("tone.wav", "wav", "pcm", 1.0, 8_000),
        ("tone.flac", "flac", "flac", 1.0, 8_000),
        ("tone.ogg", "ogg", "vorbis", 1.0, 44_100),
    ] {
        let expected = json!({"kind": "audio", "format": format, "duration_s": seconds, "audio_codec": codec,
            "has_audio": true, "sample_rate_hz": rate, "channels": 1, "truncated": false,
            "decodable": cfg!(feature = "studio")});
        assert_eq!(seen(name), expected, "{name}");
    }
    for (name, format) in [("picture.png", "png"), ("picture.jpg", "jpg"), ("picture.webp", "webp")] {
        let expected = json!({"kind": "image", "format": format, "width": 64, "height": 48, "has_audio": false,
            "truncated": false, "decodable": cfg!(feature = "studio")});
        assert_eq!(seen(name), expected, "{name}");
    }
    let gif = seen("animation.gif");
    assert_eq!((&gif["frames"], &gif["duration_s"], &gif["fps"]), (&json!(5), &json!(1.0), &json!(5.0)));
}

#[test]
fn content_decides_and_a_name_is_only_compared() {
    for entry in std::fs::read_dir(fixture("")).unwrap() {
        let path = entry.unwrap().path();
        let extension = path.extension().unwrap().to_str().unwrap().to_owned();
        let head = std::fs::read(&path).unwrap();
        if extension == "frames" {
            assert_eq!(sniff::sniff(&head), None);
            continue;
        }
        let format = sniff::sniff(&head).unwrap();
        assert!(format.agrees_with(&extension), "{}", path.display());
        assert_eq!(sniff::sniff(&head[..64]), Some(format), "{}: 64 bytes are enough", path.display());
    }
    match probe(&fixture("late-index.mp4.frames")) {
        Err(Error::NotMedia { looks_like }) => assert_eq!(looks_like, "text"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_summary_is_one_line_for_people() {
    let line = |name: &str| probe(&fixture(name)).unwrap().summary();
    assert_eq!(
        line("h264-turned.mp4").split(" · ").take(6).collect::<Vec<_>>(),
        ["MP4", "1.0 s", "90x160", "10 fps", "h264", "no sound"]
    );
    assert!(line("hevc.mp4").contains("not decodable: HEVC"));
    assert!(line("late-index.mp4").contains("index at the end"));
    assert!(!line("vp9-opus.webm").contains('\n'));
}

#[test]
fn a_cut_file_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut");
    for (name, share) in
        [("h264-high-bframes-aac.mp4", 0.7), ("tone.wav", 0.5), ("picture.png", 0.9), ("tone.mp3", 0.6)]
    {
        let whole = std::fs::read(fixture(name)).unwrap();
        std::fs::write(&path, &whole[..(whole.len() as f64 * share) as usize]).unwrap();
        assert!(probe(&path).unwrap().truncated, "{name}");
    }
    let late = std::fs::read(fixture("late-index.mp4")).unwrap();
    std::fs::write(&path, &late[..late.len() / 2]).unwrap();
    assert!(matches!(probe(&path), Err(Error::Truncated { .. })), "its index was at the end");
}
