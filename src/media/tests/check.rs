//! The delivery check: good files pass, bad ones fail on the right point, undecoded ones are not passed.

use std::collections::HashMap;

use super::fixture;
use crate::media::Limits;
use crate::media::check::{Report, Verdict, Wanted, check};

fn run(name: &str, wanted: &Wanted) -> Report {
    check(&fixture(name), wanted, &Limits::default())
}

fn verdicts(report: &Report) -> HashMap<&'static str, Verdict> {
    report.points.iter().map(|point| (point.name, point.verdict)).collect()
}

#[test]
fn a_good_file_passes_every_point() {
    let wanted = Wanted {
        duration_s: Some(2.0),
        size: Some((160, 90)),
        aspect: Some((16, 9)),
        lines: Some(90),
        sound: Some(true),
        format: None,
    };
    let report = run("h264-high-bframes-aac.mp4", &wanted);
    assert_eq!(report.verdict, Verdict::Pass, "{}", report.summary());
    let names: Vec<_> = report.points.iter().map(|p| p.name).collect();
    assert_eq!(
        names,
        [
            "container",
            "complete",
            "faststart",
            "duration",
            "resolution",
            "aspect",
            "start",
            "middle",
            "end",
            "motion",
            "sound",
            "clipping"
        ]
    );
}

#[test]
fn each_fault_falls_on_its_point() {
    let sound = Wanted { sound: Some(true), ..Wanted::default() };
    let long = Wanted { duration_s: Some(10.0), ..Wanted::default() };
    let tall = Wanted { size: Some((90, 160)), ..Wanted::default() };
    let large = Wanted { size: Some((320, 180)), ..Wanted::default() };
    let small = Wanted { size: Some((80, 45)), ..Wanted::default() };
    let silent = Wanted { sound: Some(false), ..Wanted::default() };
    let good = "h264-high-bframes-aac.mp4";
    for (name, wanted, point, verdict) in [
        ("black-silent.mp4", &sound, "sound", Verdict::Fail),
        ("black-silent.mp4", &sound, "start", Verdict::Fail),
        ("black-silent.mp4", &sound, "middle", Verdict::Fail),
        ("black-silent.mp4", &sound, "end", Verdict::Fail),
        ("black-silent.mp4", &sound, "motion", Verdict::Fail),
        ("black-silent.mp4", &silent, "sound", Verdict::Pass),
        ("black-silent.mp4", &Wanted::default(), "sound", Verdict::Warn),
        ("h264-baseline-cropped.mp4", &sound, "sound", Verdict::Fail),
        ("clipped.mp4", &sound, "clipping", Verdict::Fail),
        ("clipped.mp4", &silent, "sound", Verdict::Warn),
        ("late-index.mp4", &sound, "faststart", Verdict::Warn),
        ("quicktime.mov", &sound, "container", Verdict::Fail),
        ("sound-only.mp4", &sound, "pictures", Verdict::Fail),
        (good, &long, "duration", Verdict::Fail),
        (good, &tall, "resolution", Verdict::Fail),
        (good, &tall, "aspect", Verdict::Fail),
        (good, &large, "resolution", Verdict::Fail),
        (good, &large, "aspect", Verdict::Pass),
        (good, &small, "resolution", Verdict::Warn),
        (good, &sound, "clipping", Verdict::Pass),
    ] {
        let report = run(name, wanted);
        assert_eq!(verdicts(&report).get(point), Some(&verdict), "{name} {point}:\n{}", report.summary());
    }
}

#[test]
fn what_is_not_decoded_is_unknown_and_never_passed() {
    for name in ["hevc.mp4", "av1.mp4", "h264-10bit.mp4", "h264-interlaced.mp4"] {
        let report = run(name, &Wanted::default());
        let point = report.points.iter().find(|p| p.name == "pictures").unwrap();
        assert_eq!(point.verdict, Verdict::Unknown, "{name}");
        assert!(point.detail.starts_with("not decoded: "), "{name}: {}", point.detail);
        assert!(report.verdict >= Verdict::Unknown, "{name}");
    }
    let stopped = Limits { frames: 2, ..Limits::default() };
    let report = check(&fixture("h264-high-bframes-aac.mp4"), &Wanted::default(), &stopped);
    assert_eq!(verdicts(&report).get("pictures"), Some(&Verdict::Unknown));
}

#[test]
fn cut_and_foreign_files_fail_with_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(fixture("h264-high-bframes-aac.mp4")).unwrap();
    let cut = folder.path().join("cut.mp4");
    std::fs::write(&cut, &whole[..whole.len() * 2 / 3]).unwrap();
    let report = check(&cut, &Wanted::default(), &Limits::default());
    assert_eq!(verdicts(&report).get("complete"), Some(&Verdict::Fail));

    let late = std::fs::read(fixture("late-index.mp4")).unwrap();
    std::fs::write(&cut, &late[..late.len() / 2]).unwrap();
    let report = check(&cut, &Wanted::default(), &Limits::default());
    assert_eq!(verdicts(&report).get("complete"), Some(&Verdict::Fail), "no index at all");

    let page = folder.path().join("page.mp4");
    std::fs::write(&page, "<!DOCTYPE html><html>404</html>").unwrap();
    let report = check(&page, &Wanted::default(), &Limits::default());
    assert_eq!(report.verdict, Verdict::Fail);
    assert!(report.summary().contains("a web page"), "{}", report.summary());

    let missing = check(&folder.path().join("none.mp4"), &Wanted::default(), &Limits::default());
    assert_eq!(verdicts(&missing).get("file"), Some(&Verdict::Fail));

    let misnamed = folder.path().join("clip.webm");
    std::fs::write(&misnamed, &whole).unwrap();
    let report = check(&misnamed, &Wanted::default(), &Limits::default());
    assert_eq!(verdicts(&report).get("container"), Some(&Verdict::Warn));
}
