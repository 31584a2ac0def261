//! Damaged and hostile files end in a clean answer: no panic, no hang, no more memory than agreed.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::fixture;
use crate::media::probe::probe_within;
use crate::media::{Error, Limits};

/// A small generator with a fixed seed, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

/// Limits that a fixture keeps easily, and that count the steps, so that endless work ends in an error.
fn strict() -> Limits {
    let steps = AtomicU64::new(0);
    Limits {
        header_bytes: 1 << 20,
        samples: 20_000,
        pixels: 1 << 20,
        frames: 400,
        sample_bytes: 1 << 20,
        stop: Some(Arc::new(move || steps.fetch_add(1, Ordering::Relaxed) > 200_000)),
    }
}

/// Everything that opens a stranger's file. The results do not matter; that there is one does. Encoding anew is dear, so
/// it is not done with every file.
fn open_in_every_way(path: &Path, encodes: bool) {
    let probe = probe_within(path, &strict());
    if let Ok(probe) = &probe {
        assert!(serde_json::to_string(probe).is_ok() && !probe.summary().is_empty());
    }
    assert!(!matches!(probe, Err(Error::Stopped)), "{} went round in circles", path.display());
    #[cfg(feature = "studio")]
    {
        use crate::media::{check, decode, join, last_frame, picture, sheet, sound};
        if let Ok(mut decoder) = decode::Decoder::open(path, &strict()) {
            while let Ok(Some(_)) = decoder.next_frame() {}
        }
        let _ = picture::open(path, &strict());
        if let Ok(Some(mut sound)) = sound::Sound::open(path, &strict()) {
            while let Ok(Some(_)) = sound.next_block() {}
        }
        match sheet::sheet(path, &sheet::SheetOptions { max_width: 96, ..Default::default() }, &strict()) {
            Ok(sheet) => assert!(!sheet.jpeg.is_empty()),
            Err(error) => {
                assert!(!matches!(error, Error::Stopped), "{} went round in circles", path.display())
            }
        }
        let report = check::check(path, &check::Wanted::default(), &strict());
        assert!(!report.points.is_empty());
        let round = |error: &Error| {
            assert!(!matches!(error, Error::Stopped), "{} went round in circles", path.display())
        };
        match last_frame::last_frame(path, &strict()) {
            Ok(picture) => assert!(!picture.rgb.is_empty()),
            Err(error) => round(&error),
        }
        let joined = path.with_extension("joined.mp4");
        let plain = fixture("h264-high-bframes-aac.mp4");
        // By itself it is copied; behind another it is copied or encoded anew.
        let alone = [path.to_owned()];
        let behind = [plain, path.to_owned()];
        for segments in [&alone[..]].into_iter().chain(encodes.then_some(&behind[..])) {
            match join::join(segments, &joined, &strict()) {
                Ok(_) => std::fs::remove_file(&joined).unwrap(),
                Err(error) => round(&error),
            }
            assert!(!joined.exists());
        }
    }
}

fn fixtures() -> Vec<String> {
    let entries = std::fs::read_dir(fixture("")).unwrap();
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.ends_with(".frames"));
    names.sort();
    assert!(names.len() > 20);
    names
}

/// How many damaged copies of each fixture are tried, besides half as many cut ones.
const ROUNDS: usize = 140;

#[test]
fn cut_files_end_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut");
    let mut dice = Dice(0x5eed_0001);
    for name in fixtures() {
        let whole = std::fs::read(fixture(&name)).unwrap();
        for round in 0..ROUNDS / 2 {
            std::fs::write(&path, &whole[..dice.roll(whole.len())]).unwrap();
            open_in_every_way(&path, round % 7 == 0);
        }
    }
}

#[test]
fn damaged_files_end_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged");
    let mut dice = Dice(0x5eed_0002);
    for name in fixtures() {
        let whole = std::fs::read(fixture(&name)).unwrap();
        // Headers are where a flipped bit does most; they stand at one of the ends.
        let ends = whole.len().min(1200);
        for round in 0..ROUNDS {
            let mut bytes = whole.clone();
            for _ in 0..1 + dice.roll(12) {
                let at = match round % 3 {
                    0 => dice.roll(ends),
                    1 => whole.len() - 1 - dice.roll(ends),
                    _ => dice.roll(whole.len()),
                };
                bytes[at] = match dice.roll(4) {
                    0 => 0,
                    1 => 0xff,
                    2 => bytes[at] ^ (1 << dice.roll(8)),
                    _ => dice.roll(256) as u8,
                };
            }
            std::fs::write(&path, &bytes).unwrap();
            open_in_every_way(&path, round % 7 == 0);
        }
    }
}

fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = (body.len() as u32 + 8).to_be_bytes().to_vec();
    bytes.extend_from_slice(kind);
    bytes.extend_from_slice(body);
    bytes
}

fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_be_bytes()).collect()
}

/// A one-track file around a sample table.
fn movie_around(stbl: &[u8]) -> Vec<u8> {
    let stbl = boxed(b"stbl", stbl);
    let mdhd = boxed(b"mdhd", &words(&[0, 0, 0, 1000, 1000, 0]));
    let hdlr = boxed(b"hdlr", &[&words(&[0, 0])[..], b"vide", &[0; 13]].concat());
    let mdia = boxed(b"mdia", &[mdhd, hdlr, boxed(b"minf", &stbl)].concat());
    let tkhd = boxed(
        b"tkhd",
        &words(&[0, 0, 0, 1, 0, 1000, 0, 0, 0, 0, 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000, 0, 0]),
    );
    let mvhd = boxed(b"mvhd", &words(&[0, 0, 0, 1000, 1000]));
    let moov = boxed(b"moov", &[mvhd, boxed(b"trak", &[tkhd, mdia].concat())].concat());
    [boxed(b"ftyp", b"isom\0\0\x02\0isom"), moov, boxed(b"mdat", &[0; 64])].concat()
}

#[test]
fn mp4_bombs_are_refused_within_the_limits() {
    let stts = boxed(b"stts", &words(&[0, 1, u32::MAX, u32::MAX]));
    let stsc = boxed(b"stsc", &words(&[0, 1, 1, u32::MAX, 1]));
    let stco = boxed(b"stco", &words(&[0, 1, 8]));
    let nested = (0..2000).fold(Vec::new(), |inner, _| boxed(b"moov", &inner));
    let tiny_boxes: Vec<u8> = std::iter::repeat_n(boxed(b"free", &[]), 30_000).flatten().collect();
    let ftyp = boxed(b"ftyp", b"isom\0\0\x02\0isom");
    let mut endless = ftyp.clone();
    endless.extend(b"\0\0\0\x01moov\xff\xff\xff\xff\xff\xff\xff\xff");
    let mut no_size = ftyp.clone();
    no_size.extend(b"\0\0\0\0moov\0\0\0\0trak\0\0\0\0mdia");
    let mut wrap = ftyp.clone();
    wrap.extend(b"\0\0\0\x01free\xff\xff\xff\xff\xff\xff\xff\xf0");
    let bombs: [(&str, Vec<u8>); 9] = [
        (
            "four billion samples of one size",
            movie_around(&[&stts[..], &stsc, &stco, &boxed(b"stsz", &words(&[0, 1, u32::MAX]))].concat()),
        ),
        (
            "four billion sizes that are not there",
            movie_around(
                &[&stts[..], &stsc, &stco, &boxed(b"stsz", &words(&[0, 0, u32::MAX, 1, 2]))].concat(),
            ),
        ),
        (
            "a table longer than its box",
            movie_around(
                &[
                    &boxed(b"stts", &words(&[0, u32::MAX, 1, 1]))[..],
                    &stsc,
                    &stco,
                    &boxed(b"stsz", &words(&[0, 1, 4])),
                ]
                .concat(),
            ),
        ),
        ("boxes in boxes", [&ftyp[..], &nested].concat()),
        ("thirty thousand boxes", [&ftyp[..], &tiny_boxes].concat()),
        ("64 bits of length", endless),
        ("a length that wraps around", wrap),
        ("boxes without length", no_size),
        ("nothing but a type", ftyp.clone()),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.mp4");
    for (what, bytes) in bombs {
        std::fs::write(&path, &bytes).unwrap();
        if let Ok(probe) = probe_within(&path, &strict()) {
            assert!(!probe.decodable, "{what}: {}", probe.summary());
        }
        open_in_every_way(&path, true);
    }
}

#[test]
fn sample_tables_are_limited_when_they_are_used() {
    use crate::media::mp4::read::Movie;
    let stts = boxed(b"stts", &words(&[0, 1, u32::MAX, 1]));
    let stsc = boxed(b"stsc", &words(&[0, 1, 1, u32::MAX, 1]));
    let stco = boxed(b"stco", &words(&[0, 1, 8]));
    let stsz = boxed(b"stsz", &words(&[0, 1, u32::MAX]));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.mp4");
    std::fs::write(&path, movie_around(&[stts, stsc, stco, stsz].concat())).unwrap();
    let movie = Movie::open(&path, &strict()).unwrap();
    assert!(matches!(movie.tracks[0].samples(&strict()), Err(Error::TooBig { limit: 20_000, .. })));
}

#[test]
fn headers_have_a_budget() {
    let small = Limits { header_bytes: 1000, ..Limits::default() };
    let error = probe_within(&fixture("h264-high-bframes-aac.mp4"), &small).unwrap_err();
    assert!(matches!(error, Error::TooBig { what: "bytes of headers", limit: 1000 }), "{error}");
}

#[test]
fn what_is_no_regular_file_is_refused_without_reading() {
    assert!(matches!(probe_within(fixture("").as_path(), &strict()), Err(Error::Io(_))), "a folder");
    #[cfg(unix)]
    assert!(matches!(probe_within(Path::new("/dev/zero"), &strict()), Err(Error::NotMedia { .. })));
}

#[test]
fn an_edit_list_of_thousands_is_refused() {
    let edits = [words(&[0, 1000]), words(&[1, 0, 0x10000]).repeat(1000)].concat();
    let elst = boxed(b"edts", &boxed(b"elst", &edits));
    let whole = movie_around(&[]);
    let trak = whole.windows(4).position(|w| w == b"trak").unwrap() + 4;
    let mut bytes = [&whole[..trak], &elst, &whole[trak..]].concat();
    // Both boxes around the edit list grow by its length.
    for kind in [b"moov", b"trak"] {
        let at = bytes.windows(4).position(|w| w == kind).unwrap() - 4;
        let size = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) + elst.len() as u32;
        bytes[at..at + 4].copy_from_slice(&size.to_be_bytes());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("edits.mp4");
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(probe_within(&path, &strict()), Err(Error::TooBig { limit: 64, .. })));
}

#[test]
fn a_very_large_animation_still_tells_its_size() {
    let small = Limits { header_bytes: 6000, ..Limits::default() };
    let probe = probe_within(&fixture("animation.gif"), &small).unwrap();
    assert_eq!((probe.width, probe.frames, probe.truncated), (Some(64), None, false));
}
