//! `join`: with the ffmpeg that is installed here, what the built-in decoder does not read becomes part of one video;
//! and a folder that was not there is made, and told.

use std::io::Write as _;

use serde_json::Value;

use crate::home::Home;

/// Whether there is an ffmpeg. Where none is, that is said aloud: nothing was tried.
fn has_ffmpeg() -> bool {
    let asked = std::process::Command::new("ffmpeg").arg("-version").output();
    let has = asked.is_ok_and(|answer| answer.status.success());
    if !has {
        // Past the test runner, which shows nothing of a test that passes.
        let said = "SKIPPED: no ffmpeg is installed here, so joining with a real one was not tried\n";
        std::io::stderr().write_all(said.as_bytes()).unwrap();
    }
    has
}

fn how(report: &Value) -> Vec<&str> {
    report["parts"].as_array().unwrap().iter().map(|part| part["how"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_installed_ffmpeg_joins_what_is_not_read_here() {
    if !has_ffmpeg() {
        return;
    }
    let mut home = Home::new().await;
    home.set("PATH", std::env::var("PATH").unwrap());
    let mut files = Vec::new();
    for name in ["h264-high-bframes-aac.mp4", "vp9-opus.webm", "hevc.mp4", "mpeg4-mp3.avi"] {
        let path = [env!("CARGO_MANIFEST_DIR"), "tests/fixtures/media", name].join("/");
        files.push(home.write(name, &std::fs::read(path).unwrap()));
    }
    let names: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let refused = home.run(&[&["join", "--json", "-o", "without.mp4"][..], &names].concat()).await;
    let error = refused.error();
    assert!(error["next"].as_str().unwrap().contains("firstcut probe"), "{error}");
    assert!(!home.work().join("without.mp4").exists());

    let joined =
        home.run(&[&["join", "--json", "--ffmpeg", "-o", "all.mp4"][..], &names].concat()).await.ok();
    // Three come from ffmpeg and agree, so the fourth is brought to their coding.
    assert_eq!(how(&joined), ["ffmpeg"; 4]);
    // What came out is whole by firstcut's own eyes, and no shorter than its parts.
    let path = joined["path"].as_str().unwrap();
    let seen = home.run(&["probe", "--check", "--json", path]).await.ok();
    assert_eq!((seen["format"].as_str(), seen["video_codec"].as_str()), (Some("mp4"), Some("h264")));
    assert_eq!((&seen["faststart"], &seen["truncated"]), (&Value::Bool(true), &Value::Bool(false)));
    assert_ne!(seen["verdict"], "fail", "{seen:#}");
    let mut whole_s = 0.0;
    for name in names {
        whole_s += home.run(&["probe", "--json", name]).await.ok()["duration_s"].as_f64().unwrap();
    }
    let is_s = seen["duration_s"].as_f64().unwrap();
    assert!((is_s - whole_s).abs() < 0.5, "{is_s} s of {whole_s} s");
    // … and by ffmpeg's, which decodes every picture of it without a word.
    let ffmpeg = ["-nostdin", "-v", "error", "-xerror", "-i", path, "-f", "null", "-"];
    let decoded = std::process::Command::new("ffmpeg").args(ffmpeg).output().unwrap();
    assert!(decoded.status.success() && decoded.stderr.is_empty(), "{decoded:?}");
}

#[tokio::test]
async fn a_folder_that_join_makes_is_told() {
    let home = Home::new().await;
    let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/media/h264-high-bframes-aac.mp4");
    let first = home.run(&["join", clip, clip, "-o", "fresh/deep/all.mp4"]).await;
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(first.stderr.contains("fresh/deep was not there; it was made"), "{first:?}");
    let second = home.run(&["join", clip, clip, "-o", "fresh/deep/all.mp4"]).await;
    assert!(second.code == Some(0) && !second.stderr.contains("was not there"), "{second:?}");
}
