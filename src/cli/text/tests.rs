//! What a terminal shows, word for word.

use super::list::age;
use super::{job, number, size};
use crate::model::report::{CostReport, FileReport, JobReport};

#[test]
fn numbers_are_short() {
    for (value, shown) in [(0.0, "0"), (12.0, "12"), (1.5, "1.5"), (1.256, "1.26"), (100.0, "100")] {
        assert_eq!(number(value), shown);
    }
    for (bytes, shown) in [(999, "999 bytes"), (1_500, "1.5 kB"), (200_000_000, "200.0 MB")] {
        assert_eq!(size(bytes), shown);
    }
}

#[test]
fn an_age_is_short() {
    let now: jiff::Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
    for (at, shown) in [
        ("2026-11-21T12:00:05Z", "0 s"),
        ("2026-11-21T11:59:18.5Z", "42 s"),
        ("2026-11-21T11:17:00Z", "43 min"),
        ("2026-11-20T13:00:00Z", "23 h"),
        ("2026-11-01T13:00:00Z", "19 days"),
        ("", ""),
    ] {
        assert_eq!(age(at, now), shown, "{at}");
    }
}

#[test]
fn a_job_is_told_in_lines() {
    let report = JobReport {
        job_id: "job_1".into(),
        kind: "video".into(),
        state: "done".into(),
        service: "sandbox".into(),
        message: "Your video is ready.".into(),
        session_id: Some("9007199254740993".into()),
        files: vec![FileReport {
            path: "/v/sunset.mp4".into(),
            bytes: 3_100_000,
            width: Some(1920),
            height: Some(1080),
            duration_s: Some(10.0),
            ..FileReport::default()
        }],
        cost: Some(CostReport { credits: Some(12.0), credits_left: Some(88.0), ..CostReport::default() }),
        changes: vec!["title \"Sunset\" added, 0–3 s".into()],
        next: "Look at it.".into(),
        ..JobReport::default()
    };
    assert_eq!(
        job(&report),
        "Your video is ready.\n\
         File      /v/sunset.mp4  (1920×1080, 10.0 s, 3.1 MB)\n\
         Changed   title \"Sunset\" added, 0–3 s\n\
         Cost      12 credits, 88 left\n\
         Job       job_1 (done, sandbox)\n\
         Session   9007199254740993\n\
         Next: Look at it."
    );
}
