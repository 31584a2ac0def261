//! What is told of what was seen, and what a strict caller makes of it.

use super::*;
use crate::model::report::CostReport;

fn point(point: &str, verdict: &str, detail: &str) -> CheckReport {
    CheckReport { point: point.into(), verdict: verdict.into(), detail: detail.into() }
}

fn report(checks: Vec<CheckReport>, credits: Option<f64>) -> JobReport {
    JobReport {
        state: "done".into(),
        files: vec![FileReport { path: "/v/clip.mp4".into(), ..FileReport::default() }],
        checks,
        cost: Some(CostReport { credits, ..CostReport::default() }),
        next: "Show it.".into(),
        ..JobReport::default()
    }
}

#[test]
fn only_what_is_not_good_is_told() {
    let mut seen = Seen { checks: vec![point("complete", "pass", "3 bytes")], ..Seen::default() };
    assert_eq!(summary(&seen), None);
    seen.checks.push(point("faststart", "warn", "the index stands behind the media"));
    seen.checks.push(point("start", "fail", "black from 0.0 to 1.0 s"));
    seen.checks.push(point("sound", "unknown", "not decoded: Opus"));
    seen.no_picture = Some("it has sound but no pictures".into());
    assert_eq!(
        summary(&seen).unwrap(),
        "⚠️ The delivery check failed: start (black from 0.0 to 1.0 s). \
         Not everything could be checked: sound (not decoded: Opus). \
         Worth a look: faststart (the index stands behind the media). \
         There is no preview: it has sound but no pictures."
    );
}

#[test]
fn the_strict_take_nothing_that_failed_or_was_not_seen() {
    for (verdicts, passes) in [
        (&["pass", "warn"][..], true),
        (&["pass", "fail"], false),
        (&["pass", "unknown"], false),
        (&[], false),
    ] {
        let checks: Vec<CheckReport> = verdicts.iter().map(|verdict| point("start", verdict, "…")).collect();
        let seen = Seen { checks: Vec::clone(&checks), ..Seen::default() };
        assert_eq!(
            (seen.may_be_passed_on(true), seen.may_be_passed_on(false)),
            (passes, true),
            "{verdicts:?}"
        );
        let mut told = report(checks, Some(12.0));
        assert!(approve(&told, false).is_ok(), "{verdicts:?}");
        assert_eq!(approve(&told, true).is_ok(), passes, "{verdicts:?}");
        insist(&mut told);
        assert_eq!(told.error.is_none(), passes, "{verdicts:?}");
        assert_eq!(told.files.len(), 1, "the file is kept");
    }
    for (credits, money) in [(Some(0.0), "not_spent"), (Some(12.0), "spent"), (None, "unknown")] {
        let mut told = report(vec![point("end", "fail", "black")], credits);
        insist(&mut told);
        let error = told.error.unwrap();
        assert_eq!((error.code.as_str(), error.money.as_str()), ("check_failed", money));
        assert!(!error.retry_is_safe && error.next.contains("/v/clip.mp4"), "{error:?}");
    }
    let mut running = JobReport { state: "running".into(), ..JobReport::default() };
    insist(&mut running);
    assert!(running.error.is_none(), "there is nothing to hold to anything yet");
}

#[cfg(feature = "studio")]
mod with_eyes {
    use super::*;

    fn fixture(name: &str) -> PathBuf {
        [env!("CARGO_MANIFEST_DIR"), "tests/fixtures/media", name].iter().collect()
    }

    #[test]
    fn a_picture_lies_beside_its_video_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let clip = folder.path().join("take 1.final.mp4");
        std::fs::copy(fixture("h264-high-bframes-aac.mp4"), &clip).unwrap();
        let sheet = folder.path().join("take 1.final.sheet.jpg");
        std::fs::write(&sheet, "mine").unwrap();
        let draw_it = |preview| {
            let drawn = draw(&clip, preview, 200_000, &Limits::default()).unwrap()?;
            Some((drawn.saved_beside(&clip, preview).unwrap(), drawn.jpeg))
        };
        let (drawn, jpeg) = draw_it(Preview::Sheet).unwrap();
        assert_eq!(std::fs::read(&sheet).unwrap(), b"mine");
        assert_eq!(drawn.path, folder.path().join("take 1.final.sheet-2.jpg").display().to_string());
        assert_eq!(std::fs::read(&drawn.path).unwrap(), jpeg);
        std::fs::remove_file(&sheet).unwrap();
        let (first, _) = draw_it(Preview::Sheet).unwrap();
        let (again, _) = draw_it(Preview::Sheet).unwrap();
        assert_eq!(first, again, "the same picture is not saved twice");
        let (poster, _) = draw_it(Preview::Poster).unwrap();
        assert!(poster.path.ends_with("take 1.final.poster.jpg") && poster.mime == "image/jpeg");
        assert!(draw_it(Preview::None).is_none());
        let small = read(Path::new(&poster.path), 3_000, &Limits::default()).unwrap();
        assert!(small.len() <= 3_000, "a saved picture keeps to the budget of today");
        assert!(read(&clip, 200_000, &Limits::default()).is_none(), "what is no picture is not shown");
        let left: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left.len(), 4, "{left:?}");
    }
}
