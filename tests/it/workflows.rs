//! The skill's three workflows, at both doors and as scripts to try by hand.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::home::{Home, ended, playable};

const SUNSET: &str = "generate a 2-second 360p video of a sunset over the ocean with waves crashing";
const CITY: &str = "generate a 1-second 360p video of a city street at night";
const PICTURE: &[u8] = include_bytes!("../fixtures/media/picture.png");
const PHOTO: &[u8] = include_bytes!("../fixtures/media/picture.jpg");

fn text<'a>(report: &'a Value, field: &str) -> &'a str {
    report[field].as_str().unwrap_or_else(|| panic!("no {field}: {report:#}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quick_edit_over_mcp() {
    let home = Home::new().await;
    let picture = home.write("beach.png", PICTURE);
    let mut serve = home.serve().await;
    let uploaded = serve.talk.call_ok("upload", json!({"files": [picture]})).await;
    let call = json!({"name": "generate_video", "arguments": {"prompt": SUNSET, "wait_seconds": 60}, "_meta": {"progressToken": "p"}});
    let answer = serve.talk.request("tools/call", call).await;
    let report = &answer["result"]["structuredContent"];
    playable(report);
    assert!((report["files"][0]["duration_s"].as_f64().unwrap() - 2.0).abs() < 0.1, "{report:#}");
    assert_eq!(report["session_id"], uploaded["session_id"], "what was uploaded is used");
    assert_eq!(report["cost"]["credits"], 100.0, "{report:#}");
    let told = serve.talk.notes.iter().filter(|note| note["method"] == "notifications/progress").count();
    assert!(told > 0, "progress is told: {:?}", serve.talk.notes);
    serve.hang_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batch_style_over_mcp() {
    let home = Home::new().await;
    let files = [home.write("one.png", PICTURE), home.write("two.jpg", PHOTO)];
    let mut serve = home.serve().await;
    let uploaded = serve.talk.call_ok("upload", json!({"files": files})).await;
    assert_eq!(uploaded["uploaded"].as_array().unwrap().len(), 2, "{uploaded:#}");
    let mut made = Vec::new();
    for (words, title) in [
        ("trim to 1 second and add a title \"First\"", "First"),
        ("change the title to \"Second\"", "Second"),
    ] {
        let edited =
            serve.talk.call_ok("edit_video", json!({"instruction": words, "wait_seconds": 60})).await;
        assert!(text(&edited, "timeline").contains(title), "{edited:#}");
        let exported = serve
            .talk
            .call_ok("export", json!({"output_path": format!("{title}.mp4"), "wait_seconds": 60}))
            .await;
        assert!(text(&exported, "timeline").contains(title), "{exported:#}");
        made.push(playable(&exported));
    }
    serve.hang_up().await;
    assert_ne!(std::fs::read(&made[0]).unwrap(), std::fs::read(&made[1]).unwrap(), "each its own render");
    assert_eq!((home.requests("with_session").len(), home.requests("render_submit").len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn iterative_over_mcp() {
    let home = Home::new().await;
    let mut serve = home.serve().await;
    let rough = serve.generate(CITY, 60.0).await;
    playable(&rough);
    let session = text(&rough, "session_id").to_owned();
    for (words, shows) in [
        ("change the title to \"Urban Dreams\"", "Title: \"Urban Dreams\""),
        ("add lo-fi music at 35%", "35%"),
    ] {
        let edited =
            serve.talk.call_ok("edit_video", json!({"instruction": words, "wait_seconds": 60})).await;
        assert_eq!(edited["session_id"], session.as_str(), "the session keeps the timeline");
        let state = serve.talk.call_ok("session_state", json!({})).await;
        assert!(text(&state, "timeline").contains(shows), "{state:#}");
    }
    let last = serve.talk.call_ok("export", json!({"wait_seconds": 60})).await;
    assert_ne!(playable(&last), playable(&rough), "the rough cut is kept");
    // The same words as a request, as people say it.
    let again = json!({"instruction": "export 1080p MP4", "new": true, "wait_seconds": 60});
    playable(&serve.talk.call_ok("edit_video", again).await);
    serve.hang_up().await;
    assert_eq!((home.requests("with_session").len(), home.requests("render_submit").len()), (1, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_that_are_a_command_are_carried_out() {
    let home = Home::new().await;
    playable(&home.run(&["make", CITY, "--json"]).await.ok());
    let sent = home.messages().len();
    for (words, told) in [("how many credits are left?", "credits"), ("show tracks", "Timeline (")] {
        let answer = home.run(&["edit", words, "--json"]).await.ok();
        assert!(text(&answer, "message").contains(told), "{answer:#}");
    }
    playable(&home.run(&["make", "download the video", "--json"]).await.ok());
    assert_eq!(home.messages().len(), sent, "none of these is a message to the agent");
}

/// Runs one of the scripts as a person would, with the service of this home.
async fn script(home: &Home, name: &str, words: &[&Path]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    let program = Path::new(env!("CARGO_BIN_EXE_firstcut")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", program.display());
    let mut command = Command::new("/bin/sh");
    command.arg(script).args(words).env_clear().envs(home.vars()).env("PATH", path).current_dir(home.work());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let ran = ended(command).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout
}

fn is_video(path: &Path) {
    playable(&json!({"files": [{"path": path}]}));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quick_edit_by_hand() {
    let home = Home::new().await;
    script(&home, "quick_edit.sh", &[&home.write("beach.png", PICTURE)]).await;
    is_video(&home.work().join("sunset.mp4"));
    assert_eq!((home.requests("upload").len(), home.requests("render_submit").len()), (1, 1));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batch_style_by_hand() {
    let home = Home::new().await;
    script(&home, "batch_style.sh", &[&home.write("one.png", PICTURE), &home.write("two.jpg", PHOTO)]).await;
    is_video(&home.work().join("take-1.mp4"));
    is_video(&home.work().join("take-2.mp4"));
    assert_eq!((home.requests("with_session").len(), home.requests("render_submit").len()), (1, 2));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn iterative_by_hand() {
    let home = Home::new().await;
    let said = script(&home, "iterative.sh", &[]).await;
    is_video(&home.work().join("rough-cut.mp4"));
    is_video(&home.work().join("final-cut.mp4"));
    assert!(said.contains("Title: \"Urban Dreams\""), "{said}");
    assert_eq!((home.requests("with_session").len(), home.requests("render_submit").len()), (1, 2));
}
