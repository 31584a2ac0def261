//! Looking before saying "done", at the command line: previews beside the video, and what a strict caller gets.

mod join;
#[cfg(target_os = "linux")]
mod strangers;

use serde_json::{Value, json};

use crate::home::{Home, playable};

/// A clip that says it is HEVC, which nobody here can look into; all else about it is as it should be.
pub(crate) fn undecodable(clip: &[u8]) -> Vec<u8> {
    let mut bytes = clip.to_vec();
    let entry = bytes.windows(8).position(|it| it.starts_with(b"avc1") && it[4..8] == [0; 4]).unwrap();
    bytes[entry..entry + 4].copy_from_slice(b"hvc1");
    bytes
}

const SMALL: [&str; 4] = ["--duration", "1", "--resolution", "720p"];

/// A video of one second, and then a wish in its session that the sandbox does not understand: one second where five
/// were asked for.
async fn too_short(home: &Home, strict: &[&str]) -> (Option<i32>, Value) {
    let first = home.run(&[&["make", "a lake at dawn", "--json"][..], &SMALL].concat()).await.ok();
    let session = first["session_id"].as_str().unwrap();
    let words = ["make", "snow on the hills", "--session", session, "--duration", "5", "--json"];
    let second = home.run(&[&words[..], strict].concat()).await;
    (second.code, second.json())
}

#[tokio::test]
async fn make_saves_a_sheet_and_says_how_the_check_came_out() {
    let home = Home::new().await;
    let made = home
        .run(&[&["make", "a sunset over the ocean", "-o", "sea.mp4", "--json"][..], &SMALL].concat())
        .await;
    let report = made.ok();
    let video = playable(&report);
    let sheet = video.with_extension("sheet.jpg");
    assert_eq!(report["files"][1]["path"], sheet.to_str().unwrap());
    let probed = firstcut::media::probe::probe(&sheet).unwrap();
    assert_eq!(probed.width.map(u64::from), report["files"][1]["width"].as_u64());
    assert!(
        report["checks"].as_array().unwrap().iter().all(|check| check["verdict"] == "pass"),
        "{report:#}"
    );

    let id = report["job_id"].as_str().unwrap();
    let shown = home.run(&["jobs", "show", id, "--preview", "poster"]).await;
    assert!(shown.stdout.contains("sea.poster.jpg") && shown.stdout.contains("all good"), "{}", shown.stdout);
    assert!(video.with_extension("poster.jpg").exists());
    assert!(!shown.stdout.contains('\u{1b}'), "what is no terminal gets no picture");

    let bare = home
        .run(&[&["make", "rain in a city", "--preview", "none", "--json"][..], &SMALL].concat())
        .await
        .ok();
    assert_eq!(bare["files"].as_array().unwrap().len(), 1);
    assert_eq!(home.run(&["make", "x", "--preview", "film"]).await.code, Some(2));
}

#[tokio::test]
async fn the_strict_are_told_with_an_error_and_keep_the_file() {
    let home = Home::new().await;
    let (code, report) = too_short(&home, &[]).await;
    assert_eq!(code, Some(0), "without --strict the verdict is only told");
    let message = report["message"].as_str().unwrap();
    assert!(
        message.contains("The delivery check failed: duration (1.00 s; 5 s were asked for)"),
        "{message}"
    );
    assert!(report["next"].as_str().unwrap().contains("firstcut edit"), "{report:#}");
    let id = report["job_id"].as_str().unwrap().to_owned();
    assert_eq!(home.run(&["jobs", "show", &id]).await.code, Some(0));
    assert_eq!(home.run(&["jobs", "show", &id, "--strict"]).await.code, Some(33));

    let home = Home::new().await;
    let (code, report) = too_short(&home, &["--strict"]).await;
    assert_eq!((code, &report["state"]), (Some(33), &json!("done")), "{report:#}");
    let error = &report["error"];
    assert_eq!((&error["code"], &error["money"]), (&json!("check_failed"), &json!("spent")), "{error:#}");
    assert_eq!(error["retry_is_safe"], false);
    let kept = playable(&report);
    assert!(error["next"].as_str().unwrap().contains(kept.to_str().unwrap()));
    // The job remembers that it was to be strict, also in another process.
    assert_eq!(home.run(&["jobs", "wait", report["job_id"].as_str().unwrap()]).await.code, Some(33));
}

#[tokio::test]
async fn a_strict_setting_makes_a_failed_check_a_failed_call() {
    let mut home = Home::new().await;
    home.set("FIRSTCUT_STRICT", "1");
    home.set("FIRSTCUT_PREVIEW", "none");
    let mut serve = home.serve().await;
    let ask = |prompt: &str, seconds: u32, session: Option<&str>| json!({"prompt": prompt, "duration_seconds": seconds, "session_id": session, "resolution": "720p", "wait_seconds": 120});
    let first = serve.talk.call_ok("generate_video", ask("a lake at dawn", 1, None)).await;
    let again = ask("snow on the hills", 5, first["session_id"].as_str());
    let second = serve.talk.call("generate_video", again).await;
    assert_eq!(second["result"]["isError"], true, "{second:#}");
    let report = &second["result"]["structuredContent"];
    assert_eq!((&report["state"], &report["error"]["code"]), (&json!("done"), &json!("check_failed")));
    assert_eq!(report["files"].as_array().unwrap().len(), 1, "no preview by the setting");
    let text = second["result"]["content"][0]["text"].as_str().unwrap();
    for part in ["duration", "check_failed", report["files"][0]["path"].as_str().unwrap()] {
        assert!(text.contains(part), "{part}: {text}");
    }
    serve.hang_up().await;
}

#[tokio::test]
async fn a_check_that_fails_has_an_exit_code_of_its_own() {
    let home = Home::new().await;
    let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/media/h264-high-bframes-aac.mp4");
    let failing = home.run(&["probe", clip, "--check", "--duration", "60", "--json"]).await;
    assert_eq!((failing.code, &failing.json()["verdict"]), (Some(33), &json!("fail")), "{failing:?}");
    assert_eq!(home.run(&["probe", clip, "--json"]).await.code, Some(0));
}
