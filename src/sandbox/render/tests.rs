//! Whole files: rendered small, then read back with the project's own readers.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use serde_json::{Value, json};

use super::*;
use crate::media::Limits;
use crate::media::decode::Decoder;
use crate::media::frame::{Frame, Yuv};
use crate::media::probe::probe;

const SMALL: Canvas = Canvas { width: 160, height: 90, fps: 10 };

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn clip(&self, name: &str, prompt: &str, canvas: Canvas, sound: bool) -> Rendered {
        let shot = Clip { prompt, duration_ms: 1000, canvas, caption: Some(prompt), sound, first: None };
        clip(&shot, &self.path(name), &quiet(&AtomicBool::new(false))).unwrap()
    }

    /// Composes a draft whose sources are files of this bench.
    fn compose(&self, draft: &Value, canvas: Canvas) -> Result<Rendered, Error> {
        let find = |source: &str| Some(self.path(source)).filter(|path| path.is_file());
        compose(draft, &find, canvas, &self.path("out.mp4"), &quiet(&AtomicBool::new(false)))
    }

    /// The pictures of a file.
    fn pictures(&self, name: &str) -> Vec<Frame> {
        let mut decoder = Decoder::open(&self.path(name), &Limits::default()).unwrap();
        std::iter::from_fn(|| decoder.next_frame().unwrap()).map(|timed| timed.frame).collect()
    }

    /// A picture in one colour.
    fn png(&self, name: &str, width: u32, height: u32, rgba: [u8; 4]) {
        let mut encoder = png::Encoder::new(fs::File::create(self.path(name)).unwrap(), width, height);
        encoder.set_color(png::ColorType::Rgba);
        let pixels = rgba.repeat((width * height) as usize);
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    }

    /// A tone of 500 Hz in 16-bit stereo.
    fn wav(&self, name: &str, rate: u32, seconds: f32) {
        let count = (rate as f32 * seconds) as u32;
        let mut bytes = [b"RIFF".as_slice(), &(36 + count * 4).to_le_bytes(), b"WAVEfmt "].concat();
        bytes.extend([16u32.to_le_bytes(), 0x0002_0001u32.to_le_bytes()].concat());
        bytes.extend([rate.to_le_bytes(), (rate * 4).to_le_bytes(), 0x0010_0004u32.to_le_bytes()].concat());
        bytes.extend([b"data".as_slice(), &(count * 4).to_le_bytes()].concat());
        for at in 0..count {
            let value =
                (0.5 * (at as f32 * 500.0 * std::f32::consts::TAU / rate as f32).sin() * 32_767.0) as i16;
            bytes.extend([value.to_le_bytes(), value.to_le_bytes()].concat());
        }
        fs::write(self.path(name), bytes).unwrap();
    }
}

fn quiet(cancelled: &AtomicBool) -> Progress<'_> {
    Progress { report: &|_| {}, cancelled }
}

/// The colour in the middle of the left half, where neither captions nor the mark stand.
fn colour(frame: &Frame) -> [u8; 3] {
    let (x, y) = (frame.width / 4, frame.height / 4);
    let chroma = y / 2 * (frame.width / 2) + x / 2;
    let (y, u, v) = (frame.y[y * frame.width + x], frame.u[chroma], frame.v[chroma]);
    Yuv { y: y.into(), u: u.into(), v: v.into() }.to_rgb()
}

fn close(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).all(|(&a, b)| a.abs_diff(b) <= 14)
}

/// Length of the sound, from the edit list that hides the encoder's delay.
fn heard_ms(path: &Path) -> u64 {
    let bytes = fs::read(path).unwrap();
    let lists: Vec<usize> = (0..bytes.len() - 4).filter(|&at| &bytes[at..at + 4] == b"elst").collect();
    let sound = lists[1] + 12;
    let played = u64::from_be_bytes(bytes[sound..sound + 8].try_into().unwrap());
    let packets = bytes.windows(4).filter(|four| four == b"stts").count();
    assert_eq!(packets, 2);
    let stts = (0..bytes.len() - 4).filter(|&at| &bytes[at..at + 4] == b"stts").nth(1).unwrap() + 12;
    let packets = u32::from_be_bytes(bytes[stts..stts + 4].try_into().unwrap());
    assert!(u64::from(packets) * 1024 >= played + 1024, "the samples are really there");
    played / 48
}

fn slide(source: &str, start_ms: u64, duration_ms: u64) -> Value {
    json!({"s": start_ms, "d": duration_ms, "m": {"url": source}})
}

#[test]
fn a_prompt_becomes_a_playable_file_of_the_asked_shape() {
    let bench = Bench::new();
    let shapes = [
        (160, 90, 10, true),
        (90, 160, 24, true),
        (64, 64, 30, false),
        (150, 86, 1, true),
        (128, 72, 60, true),
    ];
    for (width, height, fps, sound) in shapes {
        let made = bench.clip("a.mp4", "sunset over the ocean", Canvas { width, height, fps }, sound);
        assert_eq!((made.width, made.height, made.duration_ms, made.notes.len()), (width, height, 1000, 0));
        let path = bench.path("a.mp4");
        assert_eq!(made.bytes, fs::metadata(&path).unwrap().len());
        let facts = serde_json::to_value(probe(&path).unwrap()).unwrap();
        assert_eq!(facts["faststart"], json!(true), "{facts}");
        assert_eq!(facts["width"], json!(width));
        assert_eq!(facts["height"], json!(height));
        assert_eq!(facts["duration_s"].as_f64(), Some(1.0), "{facts}");
        if sound {
            assert_eq!(heard_ms(&path), 1000);
        }
        assert_eq!(facts.get("audio_codec").is_some_and(|codec| !codec.is_null()), sound, "{facts}");
        assert_eq!(bench.pictures("a.mp4").len(), fps as usize);
    }
}

#[test]
fn the_same_words_give_the_same_bytes_and_other_words_other_pictures() {
    let bench = Bench::new();
    let prompts = [
        "calm sea at sunset",
        "northern lights over mountains",
        "city at night in the rain",
        "foggy forest",
        "camels in the desert",
        "saturn, deep space",
        "snowy cabin",
        "an idea",
    ];
    let mut seen: Vec<Vec<u8>> = Vec::new();
    for prompt in prompts {
        let file = |name: &str| {
            bench.clip(name, prompt, SMALL, true);
            fs::read(bench.path(name)).unwrap()
        };
        let bytes = file("a.mp4");
        assert_eq!(bytes, file("b.mp4"), "{prompt}");
        assert!(!seen.contains(&bytes));
        seen.push(bytes);
        let pictures = bench.pictures("a.mp4");
        let (first, last) = (&pictures[0].y, &pictures[pictures.len() - 1].y);
        assert_ne!(first, last, "{prompt}: something moves");
        let spread = first.iter().max().unwrap() - first.iter().min().unwrap();
        assert!(spread > 60, "{prompt}: the picture has contrast");
    }
}

#[test]
fn every_scene_draws_on_the_smallest_and_oddest_canvas() {
    let bench = Bench::new();
    for prompt in
        ["ocean", "aurora", "city rain", "forest night", "desert", "space", "winter snow", "red", "fog", ""]
    {
        for (width, height) in [(0, 0), (33, 47), (32, 400), (400, 32)] {
            let made = bench.clip("a.mp4", prompt, Canvas { width, height, fps: 2 }, false);
            assert!(
                made.width.is_multiple_of(2)
                    && made.height.is_multiple_of(2)
                    && made.width >= 32
                    && made.height >= 32
            );
        }
    }
}

#[test]
fn shapes_are_brought_to_what_is_drawn() {
    let table = [
        ((1920, 1080, 30), (1920, 1080, 30)),
        ((1080, 1920, 30), (1080, 1920, 30)),
        ((3840, 2160, 60), (1920, 1080, 60)),
        ((2160, 3840, 120), (1080, 1920, 60)),
        ((853, 480, 0), (854, 480, 1)),
        ((1, 1, 25), (32, 32, 25)),
        ((u32::MAX, 1, 25), (1920, 32, 25)),
        ((4000, 4000, 25), (1446, 1446, 25)),
    ];
    for ((width, height, fps), expected) in table {
        let fitted = Canvas { width, height, fps }.fitted();
        assert_eq!((fitted.width, fitted.height, fitted.fps), expected, "{width}x{height}");
    }
}

#[test]
fn every_frame_carries_the_mark() {
    let bench = Bench::new();
    bench.png("black.png", 64, 36, [0, 0, 0, 255]);
    let canvas = Canvas { width: 320, height: 180, fps: 5 };
    bench.compose(&json!({"t":[{"tt":0,"sg":[slide("black.png", 0, 1000)]}]}), canvas).unwrap();
    for frame in bench.pictures("out.mp4") {
        let corner =
            frame.y.chunks_exact(320).take(20).flat_map(|row| &row[240..]).filter(|&&y| y > 80).count();
        assert!(corner > 20, "letters in the corner");
    }
}

#[test]
fn bad_lengths_and_cancelling_leave_no_file() {
    let bench = Bench::new();
    let out = bench.path("a.mp4");
    for duration_ms in [0, MAX_DURATION_MS + 1] {
        let shot = Clip { prompt: "x", duration_ms, canvas: SMALL, caption: None, sound: true, first: None };
        assert!(matches!(clip(&shot, &out, &quiet(&AtomicBool::new(false))), Err(Error::Request(_))));
        assert!(!out.exists());
    }
    let shot =
        Clip { prompt: "x", duration_ms: 60_000, canvas: SMALL, caption: None, sound: true, first: None };
    let (cancelled, told) = (AtomicBool::new(false), AtomicUsize::new(0));
    let report = |share: f32| {
        assert!((0.0..1.0).contains(&share));
        if told.fetch_add(1, Ordering::Relaxed) == 5 {
            cancelled.store(true, Ordering::Relaxed);
        }
    };
    let result = clip(&shot, &out, &Progress { report: &report, cancelled: &cancelled });
    assert!(matches!(result, Err(Error::Cancelled)));
    assert_eq!(told.load(Ordering::Relaxed), 6, "nothing is reported after cancelling");
    assert!(!out.exists());
    let nowhere = bench.path("no/such/folder/a.mp4");
    assert!(matches!(clip(&shot, &nowhere, &quiet(&AtomicBool::new(false))), Err(Error::Io(_))));
}

#[test]
fn the_file_is_the_same_however_many_draw_it() {
    let bench = Bench::new();
    let quiet_yet = AtomicBool::new(false);
    let artist = || -> Artist<'_> {
        let mut scene = scenes::of("rain over a city at night", SMALL);
        Box::new(move |at_ms, frame| {
            scene.draw((at_ms / 1000.0) as f32, frame);
            Ok(())
        })
    };
    let shoot = |name: &str, crew: Crew<'_>| {
        let hear = Some(|_: &mut [f32], _: &mut [f32]| Ok(()));
        film::shoot(SMALL, 5_000, &bench.path(name), crew, hear, &quiet(&quiet_yet)).unwrap();
        fs::read(bench.path(name)).unwrap()
    };
    let one = shoot("one.mp4", Crew::InOrder(artist()));
    assert!(one == shoot("many.mp4", Crew::Anyhow(&artist)));
    assert_eq!(bench.pictures("many.mp4").len(), 50);
}

#[test]
fn an_artist_who_fails_is_the_reason() {
    let bench = Bench::new();
    let quiet_yet = AtomicBool::new(false);
    let artist = || -> Artist<'_> {
        Box::new(|at_ms, _| match at_ms {
            3_000.0.. => Err(Error::Request("no more paint".into())),
            _ => Ok(()),
        })
    };
    for crew in [Crew::InOrder(artist()), Crew::Anyhow(&artist)] {
        let hear = None::<fn(&mut [f32], &mut [f32]) -> Result<(), Error>>;
        let made = film::shoot(SMALL, 5_000, &bench.path("a.mp4"), crew, hear, &quiet(&quiet_yet));
        assert!(matches!(made, Err(Error::Request(why)) if why == "no more paint"));
        assert!(!bench.path("a.mp4").exists());
    }
}

#[test]
fn a_caption_that_cannot_be_set_is_reported() {
    let bench = Bench::new();
    let made = bench.clip("a.mp4", "مرحبا بالعالم", SMALL, false);
    assert!(made.notes[0].contains("not shown"), "{:?}", made.notes);
    assert!(bench.clip("a.mp4", "都市の夢 서울 Ελλάδα Привет ẵ", SMALL, false).notes.is_empty());
}

#[test]
fn pictures_follow_the_timeline() {
    let bench = Bench::new();
    bench.png("red.png", 64, 36, [220, 30, 30, 255]);
    bench.png("blue.png", 320, 180, [30, 30, 220, 255]);
    bench.png("green.png", 33, 61, [30, 200, 30, 255]);
    bench.png("clear.png", 64, 36, [255, 255, 255, 0]);
    let draft = json!({"d": 5000, "t": [
        {"tt": 0, "sg": [
            slide("red.png", 0, 2000),
            slide("https://cdn.example.test/x/blue.png?sig=1", 1000, 1000),
            slide("red.png", 2000, 0),
            slide("green.png", 3000, 1000),
        ]},
        {"tt": 0, "sg": [slide("clear.png", 0, 5000)]},
        {"tt": 99, "sg": [{"d": 1}]},
    ]});
    let made = bench.compose(&draft, SMALL).unwrap();
    assert_eq!(made.duration_ms, 5000);
    let pictures = bench.pictures("out.mp4");
    assert_eq!(pictures.len(), 50);
    // The later of two overlapping segments wins; a gap and what is left at the end are black.
    let expected = [(5, [220, 30, 30]), (15, [30, 30, 220]), (25, [0, 0, 0]), (45, [0, 0, 0])];
    for (number, rgb) in expected {
        assert!(close(colour(&pictures[number]), rgb), "picture {number}: {:?}", colour(&pictures[number]));
    }
    // An upright picture on a wide canvas stands before a darkened copy of itself.
    let [r, g, b] = colour(&pictures[35]);
    assert!(g > 60 && g < 170 && r < 40 && b < 40, "{r} {g} {b}");
}

#[test]
fn a_clip_is_shown_in_step_and_its_sound_is_heard() {
    let bench = Bench::new();
    bench.png("red.png", 64, 36, [220, 30, 30, 255]);
    bench.png("blue.png", 64, 36, [30, 30, 220, 255]);
    bench.wav("tone.wav", 44_100, 1.0);
    let source = json!({"d": 2000, "t": [
        {"tt": 0, "sg": [slide("red.png", 0, 1000), slide("blue.png", 1000, 1000)]},
        {"tt": 1, "sg": [slide("tone.wav", 1000, 1000)]},
    ]});
    bench.compose(&source, Canvas { width: 96, height: 54, fps: 25 }).unwrap();
    fs::rename(bench.path("out.mp4"), bench.path("clip.mp4")).unwrap();

    let mut segment = slide("clip.mp4", 0, 1500);
    segment["m"]["source_in_ms"] = json!(500);
    bench.compose(&json!({"t": [{"tt": 0, "sg": [segment.clone()]}]}), SMALL).unwrap();
    let pictures = bench.pictures("out.mp4");
    assert!(close(colour(&pictures[4]), [220, 30, 30]), "{:?}", colour(&pictures[4]));
    assert!(close(colour(&pictures[5]), [30, 30, 220]), "{:?}", colour(&pictures[5]));
    assert_eq!(loud(&bench), [false, true, true]);

    segment["m"]["volume"] = json!(0);
    segment["m"]["speed"] = json!(2);
    bench.compose(&json!({"t": [{"tt": 0, "sg": [segment]}]}), SMALL).unwrap();
    let pictures = bench.pictures("out.mp4");
    assert!(close(colour(&pictures[2]), [220, 30, 30]) && close(colour(&pictures[3]), [30, 30, 220]));
    assert!(close(colour(&pictures[14]), [30, 30, 220]), "after its end a clip stands still");
    assert_eq!(loud(&bench), [false, false, false]);
}

/// Which half seconds of the result can be heard; their exact number also shows that no sample is missing.
fn loud(bench: &Bench) -> Vec<bool> {
    let mut recording = hear::Recording::open(&bench.path("out.mp4"), 1.0).unwrap().unwrap();
    let mut half = || {
        let (mut left, mut right) = (vec![0.0; 24_000], vec![0.0; 24_000]);
        recording.add(1.0, &mut left, &mut right).unwrap();
        left.iter().skip(2_500).take(19_000).map(|x| x * x).sum::<f32>() / 19_000.0 > 1e-3
    };
    vec![half(), half(), half()]
}

#[test]
fn recordings_of_any_rate_keep_their_length_and_pitch() {
    let bench = Bench::new();
    for rate in [8_000, 22_050, 44_100, 48_000, 96_000] {
        bench.wav("tone.wav", rate, 0.5);
        let mut recording = hear::Recording::open(&bench.path("tone.wav"), 1.0).unwrap().unwrap();
        let (mut left, mut right) = (vec![0.0; 48_000], vec![0.0; 48_000]);
        recording.add(0.5, &mut left, &mut right).unwrap();
        let end = left.iter().rposition(|x| x.abs() > 0.01).unwrap();
        assert!(end.abs_diff(24_000) < 60, "{rate}: {end}");
        let crossings = left[..24_000].windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
        assert!(crossings.abs_diff(250) <= 1, "{rate}: {crossings}");
        let peak = left.iter().copied().fold(0.0, f32::max);
        assert!((peak - 0.25).abs() < 0.02, "{rate}: {peak}");
    }
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let bench = Bench::new();
    bench.png("good.png", 64, 36, [1, 2, 3, 255]);
    bench.wav("good.wav", 8_000, 0.2);
    let good = fs::read(bench.path("good.png")).unwrap();
    fs::write(bench.path("cut.png"), &good[..good.len() / 2]).unwrap();
    fs::write(bench.path("fake.jpg"), b"\xff\xd8\xff\xe0 this is no picture").unwrap();
    fs::write(bench.path("fake.webp"), b"RIFF\x10\0\0\0WEBPVP8 nonsense").unwrap();
    fs::write(bench.path("fake.gif"), b"GIF89a\x01").unwrap();
    fs::write(bench.path("notes.mp4"), b"these are notes").unwrap();
    fs::write(bench.path("notes.mp3"), b"these are notes, and no music at all").unwrap();
    // A header that promises a picture far larger than anything that is opened.
    let mut huge = good.clone();
    huge[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    fs::write(bench.path("huge.png"), huge).unwrap();
    let table = [
        (0, "cut.png"),
        (0, "fake.jpg"),
        (0, "fake.webp"),
        (0, "fake.gif"),
        (0, "huge.png"),
        (0, "notes.mp4"),
        (0, "missing.mp4"),
        (0, "good.wav"),
        (1, "notes.mp3"),
        (1, "good.png"),
    ];
    for (kind, name) in table {
        let error = bench.compose(&json!({"t":[{"tt":kind,"sg":[slide(name, 0, 500)]}]}), SMALL).unwrap_err();
        assert!(matches!(&error, Error::Source { name: named, .. } if named == name), "{error}");
        assert!(!bench.path("out.mp4").exists(), "{name}");
    }
}

#[test]
fn words_replace_files_that_are_not_there() {
    let bench = Bench::new();
    let segment = |meta: Value| json!({"d": 500, "m": meta});
    let draft = json!({"m": {"title": "mix"}, "t": [
        {"tt": 0, "sg": [
            segment(json!({"title": "ocean", "url": "https://cdn.example.test/gone.mp4"})),
            segment(json!({"prompt": "desert", "volume": 0.5})),
        ]},
        {"tt": 1, "sg": [segment(json!({"title": "Lo-fi", "volume": 0.35, "fade_ms": 100}))]},
        {"tt": 7, "sg": [segment(json!({"text": "Hello", "position": "top", "color": "#ff0000"}))]},
    ]});
    let made = bench.compose(&draft, SMALL).unwrap();
    assert_eq!((made.duration_ms, made.notes.len()), (1000, 0));
    // Sound and words alone get a picture too.
    for kind in [1, 7] {
        bench
            .compose(
                &json!({"m":{"title":"forest"},"t":[{"tt":kind,"sg":[segment(json!({"text":"a"}))]}]}),
                SMALL,
            )
            .unwrap();
        let picture = bench.pictures("out.mp4").remove(2);
        assert!(picture.y.iter().any(|&y| y > 60));
    }
}
