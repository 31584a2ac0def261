//! Clips from a prompt.

use super::*;

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
fn no_tint_is_black_and_neighbours_differ() {
    for tint in (0..0x0100_0000).step_by(4099) {
        let seconds: Vec<_> = (0..8).map(|second| Yuv::hex(tinted(tint, second))).collect();
        // A check calls below 34 black.
        assert!(seconds.iter().all(|colour| colour.y > 60.0), "{tint:06x}: {seconds:?}");
        for pair in seconds.windows(2) {
            // It compares how bright they are.
            assert!((pair[0].y - pair[1].y).abs() > 8.0, "{tint:06x}: {pair:?}");
        }
    }
}
