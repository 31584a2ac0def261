//! Films from a timeline and its files.

use super::*;

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
