//! Joined files: every picture of every segment, in order, on one clock.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::fixture;
use crate::media::check::{Verdict, Wanted, check};
use crate::media::decode::Decoder;
use crate::media::frame::Frame;
use crate::media::join::{Joined, join};
use crate::media::mp4::read::Movie;
use crate::media::probe::probe;
use crate::media::sound::Sound;
use crate::media::{Error, Limits};

/// Joins fixtures into a throw-away file.
fn joined(names: &[&str]) -> (tempfile::TempDir, PathBuf, Result<Joined, Error>) {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("joined.mp4");
    let segments: Vec<PathBuf> = names.iter().map(|name| fixture(name)).collect();
    let result = join(&segments, &output, &Limits::default());
    (folder, output, result)
}

/// Times and pictures of a file.
fn pictures(path: &std::path::Path) -> Vec<(u64, Frame)> {
    let mut decoder = Decoder::open(path, &Limits::default()).unwrap();
    let frames = std::iter::from_fn(|| decoder.next_frame().unwrap()).map(|shown| (shown.at_ms, shown.frame));
    let frames = frames.collect();
    assert_eq!(decoder.damaged(), 0);
    frames
}

fn hash(frame: &Frame) -> Vec<u8> {
    Sha256::new().chain_update(&frame.y).chain_update(&frame.u).chain_update(&frame.v).finalize().to_vec()
}

/// Mean difference of luma, for what went through an encoder.
fn difference(a: &Frame, b: &Frame) -> f64 {
    let sum: u64 = a.y.iter().zip(&b.y).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.y.len() as f64
}

#[test]
fn alike_segments_are_copied_picture_by_picture() {
    let name = "h264-high-bframes-aac.mp4";
    let (_folder, output, result) = joined(&[name, name, name]);
    let result = result.unwrap();
    assert_eq!((result.reencoded.len(), result.sound_reencoded), (0, false));
    assert!((result.duration_s - 4.8).abs() < 1e-6, "{result:?}");
    let once = pictures(&fixture(name));
    let all = pictures(&output);
    assert_eq!(all.len(), once.len() * 3);
    for (number, (at_ms, frame)) in all.iter().enumerate() {
        let (single_at, single) = &once[number % once.len()];
        assert_eq!(*at_ms, single_at + number as u64 / once.len() as u64 * 1600);
        assert_eq!(hash(frame), hash(single), "picture {number}");
    }
    let probe = probe(&output).unwrap();
    assert_eq!((probe.faststart, probe.truncated, probe.duration_s), (Some(true), false, Some(4.8)));
    let wanted =
        Wanted { duration_s: Some(4.8), sound: Some(true), size: Some((160, 90)), ..Wanted::default() };
    let report = check(&output, &wanted, &Limits::default());
    assert_eq!(report.verdict, Verdict::Pass, "{}", report.summary());
}

#[test]
fn decoding_times_rise_and_sound_keeps_step() {
    let (_folder, output, result) = joined(&["h264-high-bframes-aac.mp4"; 5]);
    result.unwrap();
    let movie = Movie::open(&output, &Limits::default()).unwrap();
    let video = movie.video().unwrap().samples(&Limits::default()).unwrap();
    assert!(video.windows(2).all(|pair| pair[0].dts < pair[1].dts));
    assert!(video.iter().all(|sample| sample.pts >= sample.dts));
    let sound = movie.audio().unwrap();
    let packets = sound.samples(&Limits::default()).unwrap();
    let last = packets.last().unwrap();
    let end_s = (last.dts + i64::from(last.duration) - 1024) as f64 / f64::from(sound.timescale);
    assert!((end_s - 8.0).abs() < 0.013, "sound ends at {end_s}");
    let odd = packets.iter().filter(|packet| packet.duration != 1024).count();
    assert_eq!(odd, 0, "there is nothing to wait for between segments of full length");
}

#[test]
fn only_the_odd_segment_is_encoded_anew() {
    let names = ["h264-high-bframes-aac.mp4", "h264-baseline-cropped.mp4", "h264-high-bframes-aac.mp4"];
    let (_folder, output, result) = joined(&names);
    let result = result.unwrap();
    assert_eq!(
        (result.reencoded, result.sound_reencoded),
        (vec![1], true),
        "162x90 without sound is the odd one"
    );
    assert!((result.duration_s - 4.2).abs() < 1e-3);
    let all = pictures(&output);
    let (copied, odd) = (pictures(&fixture(names[0])), pictures(&fixture(names[1])));
    assert_eq!(all.len(), 16 + 10 + 16);
    for number in 0..16 {
        assert_eq!(hash(&all[number].1), hash(&copied[number].1), "copied before, {number}");
        assert_eq!(hash(&all[26 + number].1), hash(&copied[number].1), "copied after, {number}");
    }
    for (number, (at_ms, frame)) in all[16..26].iter().enumerate() {
        assert_eq!(*at_ms, 1600 + 100 * number as u64);
        assert_eq!((frame.width, frame.height), (160, 90));
        let inner = |frame: &Frame| Frame { y: frame.y[..160].to_vec(), ..frame.clone() };
        assert!(difference(&inner(frame), &inner(&odd[number].1)) < 30.0, "picture {number} is another");
    }
    // Sound: tone, a second of silence where the odd segment has none, tone.
    let mut sound = Sound::open(&output, &Limits::default()).unwrap().unwrap();
    let mut left = Vec::new();
    while let Some(block) = sound.next_block().unwrap() {
        assert_eq!((block.rate_hz, block.channels), (48_000, 2));
        left.extend(block.samples.chunks_exact(2).map(|instant| instant[0]));
    }
    let peak = |from_s: f64, to_s: f64| {
        let range = (from_s * 48_000.0) as usize..(to_s * 48_000.0) as usize;
        left[range].iter().fold(0f32, |peak, v| peak.max(v.abs()))
    };
    assert!(peak(0.2, 1.4) > 0.08 && peak(2.8, 4.0) > 0.08);
    assert!(peak(1.75, 2.5) < 0.005, "{}", peak(1.75, 2.5));
}

#[test]
fn turned_segments_of_another_shape_are_framed_not_stretched() {
    let (_folder, output, result) = joined(&["wide-pixels.mp4", "h264-turned.mp4", "wide-pixels.mp4"]);
    let result = result.unwrap();
    assert_eq!(result.reencoded, [1]);
    let probe = probe(&output).unwrap();
    assert_eq!((probe.width, probe.height, probe.has_audio), (Some(213), Some(90), false));
    assert_eq!(pictures(&output).len(), 30);
}

#[test]
fn segments_that_nothing_can_be_copied_from_become_one_size() {
    let (_folder, output, result) = joined(&["h264-turned.mp4", "edit-list.mp4"]);
    let result = result.unwrap();
    assert_eq!((result.reencoded, result.sound_reencoded), (vec![0, 1], true));
    let probe = probe(&output).unwrap();
    assert_eq!((probe.width, probe.height, probe.rotation_deg), (Some(90), Some(160), Some(0)));
    assert!((probe.duration_s.unwrap() - 2.05).abs() < 0.01, "{:?}", probe.duration_s);
    assert_eq!(pictures(&output).len(), 10 + 11);
}

#[test]
fn foreign_codecs_are_copied_when_alike_and_named_when_odd() {
    let (_folder, output, result) = joined(&["hevc.mp4", "hevc.mp4"]);
    assert!((result.unwrap().duration_s - 2.0).abs() < 1e-3);
    assert_eq!(probe(&output).unwrap().video_codec.as_deref(), Some("hevc"));
    let (_folder, output, result) =
        joined(&["h264-high-bframes-aac.mp4", "hevc.mp4", "h264-high-bframes-aac.mp4"]);
    match result {
        Err(Error::Undecodable { reason }) => assert!(reason.contains("hevc.mp4"), "{reason}"),
        other => panic!("{other:?}"),
    }
    assert!(!output.exists(), "nothing half-written stays");
}

#[test]
fn the_segment_that_stands_in_the_way_is_told() {
    use crate::media::join::join_with;
    let folder = tempfile::tempdir().unwrap();
    let plain = fixture("h264-high-bframes-aac.mp4");
    for (names, culprit) in [
        ([plain.clone(), fixture("sound-only.mp4"), plain.clone()], Some(1)),
        ([plain.clone(), plain.clone(), fixture("hevc.mp4")], Some(2)),
        ([plain.clone(), fixture("none.mp4"), fixture("hevc.mp4")], Some(1)),
    ] {
        let fault = join_with(&names, &folder.path().join("all.mp4"), None, &Limits::default()).unwrap_err();
        assert_eq!(fault.segment, culprit, "{fault:?}");
    }
}

#[test]
fn bad_input_leaves_nothing_behind() {
    for names in [&[][..], &["tone.mp3"], &["sound-only.mp4"], &["picture.png"], &["none.mp4"]] {
        let (folder, _, result) = joined(names);
        assert!(result.is_err(), "{names:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{names:?}");
    }
    let (folder, output, result) = joined(&["quicktime.mov", "late-index.mp4"]);
    result.unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "the spool is gone");
    let again = join(&[fixture("quicktime.mov")], &output, &Limits::default());
    assert!(matches!(again, Err(Error::Io(e)) if e.kind() == std::io::ErrorKind::AlreadyExists));
    assert!(output.exists(), "what was there stays");
}

/// A program that says it is ffmpeg and "converts" everything into a fixture.
#[cfg(unix)]
fn stand_in(folder: &std::path::Path, does: &str) -> crate::media::ffmpeg::Ffmpeg {
    use std::os::unix::fs::PermissionsExt;
    let program = folder.join("ffmpeg");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *-version*) echo 'ffmpeg version stand-in'; exit;; esac\n\
         for last; do :; done\nlast=${{last#file:}}\n{does}\n"
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    crate::media::ffmpeg::Ffmpeg::find(&program).unwrap()
}

#[cfg(unix)]
#[test]
fn an_ffmpeg_that_is_asked_for_makes_what_cannot_be_read_here() {
    use crate::media::join::{Fault, join_with};
    let folder = tempfile::tempdir().unwrap();
    let plain = fixture("h264-high-bframes-aac.mp4");
    let converts = format!("cp '{}' \"$last\"", plain.display());
    let ffmpeg = stand_in(folder.path(), &converts);
    let output = folder.path().join("joined.mp4");
    let segments = [plain.clone(), fixture("vp9-opus.webm"), plain.clone(), fixture("hevc.mp4")];
    let joined = join_with(&segments, &output, Some(&ffmpeg), &Limits::default()).unwrap();
    assert_eq!(joined.by_ffmpeg, [1, 3]);
    assert_eq!(joined.reencoded, [3], "what ffmpeg made at opening agrees with the others and is copied");
    assert_eq!(pictures(&output).len(), 4 * 16);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "the program and the output");

    let fails = stand_in(folder.path(), "echo 'no such codec' >&2; exit 3");
    let output = folder.path().join("other.mp4");
    match join_with(&segments, &output, Some(&fails), &Limits::default()) {
        Err(Fault { segment: Some(1), error: Error::Undecodable { reason } }) => {
            assert!(reason.contains("vp9-opus.webm") && reason.contains("no such codec"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    let hangs = stand_in(folder.path(), "exec sleep 600");
    let soon = Limits::default().until(std::time::Instant::now() + std::time::Duration::from_millis(200));
    let stopped = join_with(&segments, &output, Some(&hangs), &soon);
    assert!(matches!(stopped, Err(Fault { error: Error::Stopped, .. })), "{stopped:?}");
    assert!(!output.exists());
    let missing = crate::media::ffmpeg::Ffmpeg::find(&folder.path().join("none"));
    assert!(matches!(missing, Err(Error::Undecodable { .. })));
}

#[test]
fn the_last_frame_is_the_one_that_is_shown_last() {
    use crate::media::last_frame::{last_frame, save_last_frame};
    use crate::media::picture;
    for name in ["h264-high-bframes-aac.mp4", "h264-turned.mp4", "wide-pixels.mp4", "edit-list.mp4"] {
        let clip = fixture(name);
        let last = last_frame(&clip, &Limits::default()).unwrap();
        let probe = probe(&clip).unwrap();
        assert_eq!(
            (Some(last.width as u32), Some(last.height as u32)),
            (probe.width, probe.height),
            "{name}"
        );
        let (_, frame) = pictures(&clip).pop().unwrap();
        let mean = |values: &mut dyn Iterator<Item = u8>, count: usize| {
            values.map(f64::from).sum::<f64>() / count as f64
        };
        let luma = (mean(&mut frame.y.iter().copied(), frame.y.len()) - 16.0) * 255.0 / 219.0;
        let grey = mean(&mut last.rgb.iter().copied(), last.rgb.len());
        assert!((luma - grey).abs() < 40.0, "{name}: {luma} and {grey}");
        let folder = tempfile::tempdir().unwrap();
        for (file, exact) in [("end.png", true), ("end.jpg", false)] {
            let path = folder.path().join(file);
            save_last_frame(&clip, &path, &Limits::default()).unwrap();
            let read = picture::open(&path, &Limits::default()).unwrap();
            assert_eq!((read.width, read.height), (last.width, last.height));
            assert!(!exact || read == last, "PNG is without loss");
            let again = save_last_frame(&clip, &path, &Limits::default());
            assert!(matches!(again, Err(Error::Io(_))), "nothing is overwritten");
        }
    }
    for name in ["hevc.mp4", "sound-only.mp4", "picture.png"] {
        assert!(matches!(last_frame(&fixture(name), &Limits::default()), Err(Error::Undecodable { .. })));
    }
}

/// A file with words of one of its boxes written over: every place of that name, so many bytes behind it.
fn altered(folder: &std::path::Path, name: &str, kind: &[u8; 4], at: usize, words: &[u32]) -> PathBuf {
    let mut bytes = std::fs::read(fixture(name)).unwrap();
    let places: Vec<usize> = (0..bytes.len() - 4).filter(|start| bytes[*start..].starts_with(kind)).collect();
    assert!(!places.is_empty());
    for start in places {
        for (number, word) in words.iter().enumerate() {
            let place = start + 4 + at + number * 4;
            bytes[place..place + 4].copy_from_slice(&word.to_be_bytes());
        }
    }
    let path = folder.join(format!("altered-{name}"));
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn pixels_as_wide_as_a_house_are_not_drawn() {
    use crate::media::last_frame::last_frame;
    let folder = tempfile::tempdir().unwrap();
    let wide = altered(folder.path(), "wide-pixels.mp4", b"pasp", 0, &[1_000_000, 1]);
    let few = Limits { pixels: 1 << 20, ..Limits::default() };
    let refused = last_frame(&wide, &few);
    assert!(matches!(refused, Err(Error::TooBig { .. })), "{refused:?}");
    // Turned so that it has to be encoded anew, at the size that it says it is shown at.
    let turned = altered(folder.path(), "h264-turned.mp4", b"pasp", 0, &[1_000_000, 1]);
    let output = folder.path().join("all.mp4");
    let refused = join(&[turned.clone(), turned], &output, &few);
    assert!(matches!(refused, Err(Error::TooBig { .. })), "{refused:?}");
    assert!(!output.exists());
}

#[test]
fn samples_that_lie_upon_each_other_do_not_fill_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    // Every picture is said to be as large as the file allows, one upon the other.
    let name = "h264-baseline-cropped.mp4";
    let bytes = std::fs::metadata(fixture(name)).unwrap().len() as u32;
    let upon = altered(folder.path(), name, b"stsz", 4, &[bytes / 4]);
    let output = folder.path().join("all.mp4");
    match join(&[upon], &output, &Limits::default()) {
        Err(Error::Malformed { what }) => assert!(what.contains("upon each other"), "{what}"),
        other => panic!("{other:?}"),
    }
    assert!(!output.exists());
}

#[test]
fn years_of_silence_are_not_encoded() {
    let folder = tempfile::tempdir().unwrap();
    // Each picture of a clip without sound is said to stand for days.
    let name = "h264-baseline-cropped.mp4";
    let weeks = altered(folder.path(), name, b"stts", 8, &[10, u32::MAX]);
    let mut bytes = std::fs::read(&weeks).unwrap();
    // Its edit list would show the first second only.
    let list = bytes.windows(4).position(|it| it == b"edts").unwrap();
    bytes[list..list + 4].copy_from_slice(b"free");
    std::fs::write(&weeks, bytes).unwrap();
    let output = folder.path().join("all.mp4");
    let sound = fixture("h264-high-bframes-aac.mp4");
    let few = Limits { samples: 20_000, ..Limits::default() };
    let refused = join(&[sound, weeks], &output, &few);
    assert!(matches!(refused, Err(Error::TooBig { .. })), "{refused:?}");
    assert!(!output.exists());
}

#[test]
fn what_joining_may_take_grows_with_the_files() {
    use crate::media::join::patience;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    std::fs::File::create(&path).unwrap().set_len(10 << 20).unwrap();
    let (one, two) = (patience(std::slice::from_ref(&path)), patience(&[path.clone(), path]));
    assert_eq!((patience(&[]).as_secs(), one.as_secs(), two.as_secs()), (600, 900, 1200));
}

#[cfg(unix)]
#[test]
fn an_ffmpeg_finds_the_last_frame_of_what_is_not_read_here() {
    use crate::media::last_frame::{last_frame, save_last_frame_with};
    let folder = tempfile::tempdir().unwrap();
    let plain = fixture("h264-high-bframes-aac.mp4");
    let ffmpeg = stand_in(folder.path(), &format!("cp '{}' \"$last\"", plain.display()));
    let frame = folder.path().join("clip.last.png");
    let refused = save_last_frame_with(&fixture("hevc.mp4"), &frame, None, &Limits::default());
    assert!(matches!(refused, Err(Error::Undecodable { .. })), "{refused:?}");
    save_last_frame_with(&fixture("hevc.mp4"), &frame, Some(&ffmpeg), &Limits::default()).unwrap();
    let saved = crate::media::picture::open(&frame, &Limits::default()).unwrap();
    assert_eq!(saved.rgb, last_frame(&plain, &Limits::default()).unwrap().rgb);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "the program and the picture");
}
