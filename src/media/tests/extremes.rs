//! Files that are whole but extreme: hours long, 8K, of uneven pace, or with gigabytes where a reader expects a word.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::fixture;
use crate::media::check::{Verdict, Wanted, check};
use crate::media::decode::{Decoder, Stream};
use crate::media::encode::{AccessUnit, Encoder};
use crate::media::frame::{Frame, Yuv};
use crate::media::mp4::entry;
use crate::media::mp4::write::{Sample, Track, TrackKind, Writer};
use crate::media::probe::probe;
use crate::media::sheet::{SheetOptions, sheet};
use crate::media::sound::Sound;
use crate::media::{Error, Limits, shots};

/// Pictures that grow brighter, coded, with their decoder record.
fn coded(width: u32, height: u32, count: u64) -> (Vec<AccessUnit>, Vec<u8>) {
    let mut encoder = Encoder::new(width, height, 30).unwrap();
    let mut frame = Frame::black(width as usize, height as usize);
    let units = (0..count).map(|number| {
        frame.fill(Yuv { y: 60.0 + (number % 120) as f32, u: 128.0, v: 128.0 });
        encoder.encode(&frame).unwrap()
    });
    let units = units.collect();
    (units, encoder.avcc().unwrap().to_vec())
}

/// A film that repeats coded pictures, each shown for a time of its own, in thousandths of a second.
fn film(path: &Path, (width, height): (u32, u32), units: &[AccessUnit], avcc: &[u8], times_ms: &[u32]) {
    let file =
        std::fs::File::options().read(true).write(true).create(true).truncate(true).open(path).unwrap();
    let mut writer = Writer::new(file, times_ms.len()).unwrap();
    writer.track(Track {
        kind: TrackKind::Video { width, height },
        timescale: 1000,
        entry: entry::avc1(width, height, avcc),
        skip: 0,
        play: None,
    });
    for (unit, duration) in units.iter().cycle().zip(times_ms) {
        let sample = Sample { data: &unit.data, duration: *duration, offset: 0, sync: unit.keyframe };
        writer.sample(0, sample).unwrap();
    }
    writer.finish().unwrap();
}

fn file(name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}

#[test]
fn three_hours_are_seen_in_nine_frames() {
    let (_folder, path) = file("long.mp4");
    let (units, avcc) = coded(64, 36, 60);
    film(&path, (64, 36), &units, &avcc, &vec![33; 3 * 3600 * 30]);
    assert!((probe(&path).unwrap().duration_s.unwrap() - 3.0 * 3600.0 * 0.99).abs() < 1.0);
    // So few pictures suffice, however long the film is.
    let few = Limits { frames: 1_500, ..Limits::default() };
    let seen = sheet(&path, &SheetOptions::default(), &few).unwrap();
    assert_eq!(seen.shots.len(), 9);
    assert!(seen.shots[8] > 3 * 3600 * 980);
    let report = check(&path, &Wanted::default(), &few);
    assert_eq!(report.verdict, Verdict::Pass, "{}", report.summary());
}

#[test]
fn two_decoders_side_by_side_show_what_one_does() {
    let (width, height) = (320u32, 180u32);
    let (mut units, mut avcc, mut dice) = (Vec::new(), Vec::new(), 1u32);
    // Noise, so that there is enough to decode; an encoder of its own for each of four stretches.
    for _ in 0..4 {
        let mut encoder = Encoder::new(width, height, 30).unwrap();
        for _ in 0..15 {
            let mut frame = Frame::black(width as usize, height as usize);
            for y in &mut frame.y {
                dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *y = 16 + (dice >> 24) as u8 % 200;
            }
            units.push(encoder.encode(&frame).unwrap());
        }
        avcc = encoder.avcc().unwrap().to_vec();
    }
    let (_folder, path) = file("noise.mp4");
    film(&path, (width, height), &units, &avcc, &[33; 60]);
    assert!(std::fs::metadata(&path).unwrap().len() > 1 << 20, "a second decoder is worth it");
    let mut inorder = Decoder::open(&path, &Limits::default()).unwrap();
    let whole: Vec<_> = std::iter::from_fn(|| inorder.next_frame().unwrap()).collect();
    let mut stream = Stream::open(&path, &Limits::default()).unwrap();
    let times: Vec<u64> = whole.iter().map(|shown| shown.at_ms).collect();
    let taken = shots::take(&mut stream, &times, 0, Frame::clone).unwrap();
    assert_eq!(taken.len(), 60);
    for ((at_ms, frame), shown) in taken.into_iter().zip(whole) {
        assert!(at_ms == shown.at_ms && frame == shown.frame, "{at_ms} ms");
    }
}

#[test]
fn eight_k_is_told_and_not_opened() {
    let (_folder, path) = file("8k.mp4");
    let (units, avcc) = coded(7680, 4320, 1);
    film(&path, (7680, 4320), &units, &avcc, &[1000, 1000]);
    let found = probe(&path).unwrap();
    assert_eq!((found.width, found.height, found.decodable), (Some(7680), Some(4320), false));
    assert!(found.undecodable_reason.as_deref().unwrap().contains("7680x4320"), "{}", found.summary());
    let report = check(&path, &Wanted::default(), &Limits::default());
    assert_eq!(report.verdict, Verdict::Unknown, "{}", report.summary());
    let refused = sheet(&path, &SheetOptions::default(), &Limits::default());
    assert!(matches!(refused, Err(Error::Undecodable { .. })), "{refused:?}");
}

#[test]
fn an_uneven_pace_is_shown_at_even_times() {
    let (_folder, path) = file("uneven.mp4");
    let (units, avcc) = coded(64, 36, 90);
    // A second of thirty pictures, then one picture for five seconds, then a slow second.
    let times: Vec<u32> = std::iter::repeat_n(33, 30).chain([5000]).chain([200; 5]).collect();
    film(&path, (64, 36), &units, &avcc, &times);
    let seen = sheet(&path, &SheetOptions::default(), &Limits::default()).unwrap();
    assert!(seen.shots.len() >= 5 && seen.shots.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", seen.shots);
    assert_eq!((seen.shots[0], *seen.shots.last().unwrap()), (0, 990 + 5000 + 800));
    let wanted = Wanted { duration_s: Some(7.0), ..Wanted::default() };
    let report = check(&path, &wanted, &Limits::default());
    let point = |name: &str| report.points.iter().find(|point| point.name == name).unwrap().verdict;
    assert_eq!((point("duration"), point("start")), (Verdict::Pass, Verdict::Pass), "{}", report.summary());
    assert_eq!(point("motion"), Verdict::Pass, "{}", report.summary());
    // One picture stands through the middle: seen, and worth a look.
    assert_eq!(point("middle"), Verdict::Warn, "{}", report.summary());
}

#[test]
fn a_still_start_or_end_is_told_and_not_the_other() {
    // Forty pictures of one scene, and eighty that grow brighter.
    let mut encoder = Encoder::new(64, 36, 30).unwrap();
    let mut scene = Frame::black(64, 36);
    for (at, y) in scene.y.iter_mut().enumerate() {
        *y = 60 + (at % 64) as u8;
    }
    let still: Vec<_> = (0..40).map(|_| encoder.encode(&scene).unwrap()).collect();
    let (moving, _) = coded(64, 36, 80);
    let avcc = encoder.avcc().unwrap().to_vec();
    for (units, start, end) in [
        ([still.clone(), moving.clone()].concat(), Verdict::Warn, Verdict::Pass),
        ([moving, still].concat(), Verdict::Pass, Verdict::Warn),
    ] {
        let (_folder, path) = file("still.mp4");
        film(&path, (64, 36), &units, &avcc, &[33; 120]);
        let report = check(&path, &Wanted::default(), &Limits::default());
        let point = |name: &str| report.points.iter().find(|point| point.name == name).unwrap();
        let found = (point("start").verdict, point("middle").verdict, point("end").verdict);
        assert_eq!(found, (start, Verdict::Pass, end), "{}", report.summary());
        assert_eq!(point("motion").verdict, Verdict::Pass, "{}", report.summary());
        let told = if start == Verdict::Warn { point("start") } else { point("end") };
        assert!(told.detail.starts_with("nothing moves from"), "{}", told.detail);
    }
}

#[test]
fn a_word_of_gigabytes_is_refused_before_it_is_held() {
    let (_folder, path) = file("tags.flac");
    // One comment that states, and has, more bytes than may be read at a time.
    let text = [b"TITLE=".as_slice(), &[b'a'; 8_000_000]].concat();
    let length = text.len() as u32;
    let counts = [[0; 4], 1u32.to_le_bytes(), length.to_le_bytes()].concat();
    let block = (4 << 24 | (length + 12)).to_be_bytes();
    let whole = std::fs::read(fixture("tone.flac")).unwrap();
    let (stream_info, rest) = whole.split_at(42);
    std::fs::write(&path, [stream_info, &block, &counts, &text, rest].concat()).unwrap();
    let small = Limits { header_bytes: 1 << 20, ..Limits::default() };
    match Sound::open(&path, &small) {
        Err(Error::TooBig { limit: 1_048_576, .. }) => {}
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was opened"),
    }
    let more = Sound::open(&path, &Limits::default()).unwrap().unwrap().next_block().unwrap().unwrap();
    assert!(!more.samples.is_empty());
    // Readers that are not ours end in time, too.
    let over = Limits::default().until(Instant::now().checked_sub(Duration::from_secs(1)).unwrap());
    for name in ["tone.mp3", "tone.ogg", "vp9-opus.webm", "tone.flac"] {
        assert!(matches!(Sound::open(&fixture(name), &over), Err(Error::Stopped)), "{name}");
    }
}

#[test]
fn sound_behind_a_cover_of_megabytes_is_heard() {
    let (_folder, path) = file("cover.mp3");
    let length = 8_000_000u32;
    let synchsafe = |n: u32| [21, 14, 7, 0].map(|shift| (n >> shift & 0x7f) as u8);
    let mut bytes =
        [b"ID3\x04\0\0".as_slice(), &synchsafe(length + 10), b"APIC", &synchsafe(length)].concat();
    // What looks like the start of a frame of sound everywhere.
    bytes.resize(bytes.len() + 2 + length as usize, 0xff);
    bytes.extend(std::fs::read(fixture("tone.mp3")).unwrap());
    std::fs::write(&path, bytes).unwrap();
    let heard = |path: &Path, limits: &Limits| {
        let mut sound = Sound::open(path, limits).unwrap().unwrap();
        let mut samples = Vec::new();
        while let Some(block) = sound.next_block().unwrap() {
            samples.extend(block.samples);
        }
        samples
    };
    let small = Limits { header_bytes: 1 << 20, ..Limits::default() };
    let plain = heard(&fixture("tone.mp3"), &small);
    assert!(!plain.is_empty());
    assert_eq!(heard(&path, &Limits::default()), plain);
    assert_eq!(heard(&path, &small), plain, "the tag does not count");
}

#[test]
fn a_jpeg_of_two_sizes_is_refused() {
    let (_folder, path) = file("two.jpg");
    let mut bytes = std::fs::read(fixture("picture.jpg")).unwrap();
    let at = bytes.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
    let length = usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]])) + 2;
    let mut second = bytes[at..at + length].to_vec();
    second[5..9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    bytes.splice(at + length..at + length, second);
    std::fs::write(&path, bytes).unwrap();
    assert!(crate::media::picture::open(&path, &Limits::default()).is_err());
}
