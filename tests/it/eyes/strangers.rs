//! Files of strangers, at the outer door: `probe` as a process under a memory and a time limit of the system's own.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use firstcut::media::encode::{AccessUnit, Encoder};
use firstcut::media::frame::{Frame, Yuv};
use firstcut::media::mp4::entry;
use firstcut::media::mp4::write::{Sample, Track, TrackKind, Writer};
use serde_json::Value;

/// Address space of the process; past it an allocation ends the program.
const MEMORY_KIB: u32 = 256 << 10;
/// CPU time of the process; past it the system kills it.
const CPU_S: u32 = 45;

fn fixture(name: &str) -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/fixtures/media", name].iter().collect();
    std::fs::read(path).unwrap()
}

/// Runs `probe` on a file inside the limits.
async fn probe(file: &Path, words: &[&str]) -> Output {
    let limits = format!("ulimit -v {MEMORY_KIB} && ulimit -t {CPU_S} && exec \"$0\" \"$@\"");
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", &limits, env!("CARGO_BIN_EXE_firstcut"), "probe", "--json"]).args(words).arg(file);
    command.env_clear().env("HOME", file.parent().unwrap());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let ended = tokio::time::timeout(Duration::from_secs(300), command.output()).await;
    ended.expect("it hangs").unwrap()
}

/// What a file comes to: the verdict of the whole and of one point, and words of that point.
async fn comes_to(file: &Path, expected: &[&str], point: &str, told: &str) {
    let name = file.file_name().unwrap().to_str().unwrap();
    let output = probe(file, &["--check"]).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let verdict = report["verdict"].as_str().unwrap();
    let code = if verdict == "fail" { 33 } else { 0 };
    assert_eq!(output.status.code(), Some(code), "{name}: {output:?}");
    assert!(expected.contains(&verdict), "{name}: {report:#}");
    let points = report["checks"].as_array().unwrap();
    let found = points.iter().find(|check| check["point"] == point).unwrap_or_else(|| panic!("{report:#}"));
    assert!(found["detail"].as_str().unwrap().contains(told), "{name}: {report:#}");

    let strict = probe(file, &["--check", "--strict"]).await;
    let code = if ["fail", "unknown"].contains(&verdict) { 33 } else { 0 };
    assert_eq!(strict.status.code(), Some(code), "{name}: {strict:?}");

    // Without --check the answer is facts, or one clear error.
    let plain = probe(file, &[]).await;
    let answer: Value = serde_json::from_slice(&plain.stdout).unwrap();
    match plain.status.code() {
        Some(0) => assert!(answer["kind"].is_string(), "{name}: {answer:#}"),
        // An unsupported or too large file.
        Some(15 | 16) => assert!(!answer["error"]["next"].as_str().unwrap().is_empty(), "{name}: {answer:#}"),
        _ => panic!("{name}: {plain:?}"),
    }
}

fn overwrite(bytes: &mut [u8], kind: &[u8; 4], at: usize, words: &[u32]) {
    let places: Vec<usize> = (0..bytes.len() - 4).filter(|start| bytes[*start..].starts_with(kind)).collect();
    assert!(!places.is_empty());
    for start in places {
        for (number, word) in words.iter().enumerate() {
            let place = start + 4 + at + number * 4;
            bytes[place..place + 4].copy_from_slice(&word.to_be_bytes());
        }
    }
}

#[tokio::test]
async fn damaged_files_end_in_a_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let whole = fixture("h264-high-bframes-aac.mp4");
    let late = fixture("late-index.mp4");
    let data = whole.windows(4).position(|w| w == b"mdat").unwrap() + 8;

    comes_to(&write("empty.mp4", b""), &["fail"], "container", "an empty file").await;
    comes_to(&write("zeros.mp4", &[0; 1 << 20]), &["fail"], "container", "zero bytes").await;
    comes_to(&write("words.mp4", b"No film, but words."), &["fail"], "container", "not a media file").await;
    let cut = write("cut.mp4", &whole[..data + (whole.len() - data) / 2]);
    comes_to(&cut, &["fail"], "complete", "ends before").await;
    let unclosed = write("unclosed.mp4", &late[..late.len() * 2 / 3]);
    comes_to(&unclosed, &["fail"], "complete", "cut off").await;

    let mut noise = whole.clone();
    let mut dice = 1u32;
    for byte in &mut noise[data..] {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (dice >> 24) as u8;
    }
    comes_to(&write("noise.mp4", &noise), &["fail", "unknown"], "pictures", "").await;
    let mut index = whole.clone();
    overwrite(&mut index, b"trak", 0, &[0xffff_ffff, 0xffff_ffff]);
    comes_to(&write("index.mp4", &index), &["fail"], "pictures", "no video").await;
}

#[tokio::test]
async fn what_is_not_decoded_is_told_and_not_passed() {
    let folder = tempfile::tempdir().unwrap();
    for (name, told) in [
        ("h264-10bit.mp4", "10-bit"),
        ("h264-interlaced.mp4", "interlaced"),
        ("hevc.mp4", "HEVC"),
        ("av1.mp4", "AV1"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, fixture(name)).unwrap();
        comes_to(&path, &["unknown"], "pictures", told).await;
    }
    let path = folder.path().join("sound-only.mp4");
    std::fs::write(&path, fixture("sound-only.mp4")).unwrap();
    comes_to(&path, &["fail"], "pictures", "no video").await;
}

#[tokio::test]
async fn bombs_do_not_go_off() {
    let folder = tempfile::tempdir().unwrap();
    let most = u32::MAX;
    // Tables that announce four billion pictures in a chunk, each of one byte and each for ever.
    let mut samples = fixture("h264-high-bframes-aac.mp4");
    overwrite(&mut samples, b"stsz", 4, &[1, most]);
    overwrite(&mut samples, b"stts", 8, &[most, most]);
    overwrite(&mut samples, b"stsc", 12, &[most]);
    // Boxes within boxes, and an index of four gigabytes of nothing.
    let nested = (0..4000).fold(Vec::new(), |inner: Vec<u8>, _| {
        [&(inner.len() as u32 + 8).to_be_bytes()[..], b"moov", &inner].concat()
    });
    let kind = b"\0\0\0\x14ftypisom\0\0\x02\0isom";
    let path = folder.path().join("samples.mp4");
    std::fs::write(&path, samples).unwrap();
    comes_to(&path, &["fail", "unknown"], "pictures", "").await;
    let path = folder.path().join("nested.mp4");
    std::fs::write(&path, [kind, &nested[..]].concat()).unwrap();
    comes_to(&path, &["fail", "unknown"], "pictures", "").await;
    let path = folder.path().join("hollow.mp4");
    std::fs::write(&path, [&kind[..], b"\xff\xff\xff\xf0moov"].concat()).unwrap();
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(0x1_0000_0000).unwrap();
    comes_to(&path, &["fail", "unknown"], "file", "").await;
}

/// Pictures that grow brighter, coded, with their decoder record.
fn coded(width: u32, height: u32, count: u64) -> (Vec<AccessUnit>, Vec<u8>) {
    let mut encoder = Encoder::new(width, height, 30).unwrap();
    let mut frame = Frame::black(width as usize, height as usize);
    let mut units = Vec::new();
    for number in 0..count {
        frame.fill(Yuv { y: 60.0 + (number % 120) as f32, u: 128.0, v: 128.0 });
        units.push(encoder.encode(&frame).unwrap());
    }
    (units, encoder.avcc().unwrap().to_vec())
}

/// A film that repeats coded pictures, each shown for its own thousandths of a second.
fn film(path: &Path, (width, height): (u32, u32), count: u64, times_ms: &[u32]) {
    let (units, avcc) = coded(width, height, count);
    let file =
        std::fs::File::options().read(true).write(true).create(true).truncate(true).open(path).unwrap();
    let mut writer = Writer::new(file, times_ms.len()).unwrap();
    let kind = TrackKind::Video { width, height };
    let entry = entry::avc1(width, height, &avcc);
    writer.track(Track { kind, timescale: 1000, entry, skip: 0, play: None });
    for (unit, duration) in units.iter().cycle().zip(times_ms) {
        writer
            .sample(0, Sample { data: &unit.data, duration: *duration, offset: 0, sync: unit.keyframe })
            .unwrap();
    }
    writer.finish().unwrap();
}

#[tokio::test]
async fn extreme_but_whole_files_are_judged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("8k.mp4");
    film(&path, (7680, 4320), 1, &[1000, 1000]);
    comes_to(&path, &["unknown"], "pictures", "7680x4320").await;

    let path = folder.path().join("three-hours.mp4");
    film(&path, (64, 36), 60, &vec![33; 3 * 3600 * 30]);
    comes_to(&path, &["pass"], "end", "10691").await;

    // Thirty pictures a second, then one for five seconds, then five a second.
    let path = folder.path().join("uneven.mp4");
    let times: Vec<u32> = std::iter::repeat_n(33, 30).chain([5000]).chain([200; 5]).collect();
    film(&path, (64, 36), 90, &times);
    comes_to(&path, &["warn"], "middle", "nothing moves").await;
}
