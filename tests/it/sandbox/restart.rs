//! What a stopped, dropped or killed sandbox still knows on the same folder.

use std::time::Duration;

use firstcut::sandbox::{Endpoint, Fault, Pace, Sandbox};
use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;

use super::guest::{Guest, answer, http, instant, ok, strike};
use crate::patience::until;

const SHORT: &str = "generate a 1-second 360p video of a lake";

impl Guest {
    /// The same guest at the sandbox's new address.
    fn back(self, sandbox: &Sandbox) -> Self {
        Self { url: sandbox.url.clone(), ..self }
    }
}

#[tokio::test]
async fn everything_is_still_there() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::named(&sandbox, "me").await;
    guest.upload("a.png", b"\x89PNG\r\n\x1a\n....".to_vec()).await;
    guest.told(SHORT).await;
    guest.told("add a title \"Kept\"").await;
    let before = guest.state().await;
    let done = guest.render("r").await;
    let (asked, charged) = (sandbox.log.requests().unwrap().len(), sandbox.log.charges().unwrap());
    sandbox.stop().await;

    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = guest.back(&sandbox);
    let now = guest.state().await;
    assert_eq!(now["state"]["draft"]["id"], before["state"]["draft"]["id"]);
    assert_eq!(now["state"]["draft"]["t"][2], before["state"]["draft"]["t"][2]);
    assert_eq!(now["state"]["video_infos"][0]["hash"], before["state"]["video_infos"][0]["hash"]);
    assert_eq!(guest.credits().await, [850, 0, 850]);
    assert_eq!(sandbox.log.charges().unwrap(), charged);
    let again = ok(guest.get("/api/render/proxy/lambda/r")).await;
    assert_eq!((&again["status"], &again["output"]["size"]), (&json!("completed"), &done["output"]["size"]));
    let url = again["output"]["url"].as_str().unwrap();
    assert!(url.starts_with(&sandbox.url), "{url}");
    assert_eq!(http().get(url).send().await.unwrap().status(), StatusCode::OK);
    // a draft that was read before the restart may still be rendered; the render id is still taken
    let old = before["state"]["draft"].clone();
    assert_eq!(answer(guest.submission("r", &old)).await.0, StatusCode::CONFLICT);
    ok(guest.submission("r2", &old)).await;
    guest.finished("r2").await;
    let requests = sandbox.log.requests().unwrap();
    assert!(requests.len() > asked);
    assert!(requests.windows(2).all(|pair| pair[0].seq < pair[1].seq), "numbers go on");
    let known = http().post(format!("{}/api/auth/anonymous-token", sandbox.url)).header("X-Client-Id", "me");
    assert_eq!(answer(known).await.0, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_run_that_was_under_way_goes_on_and_is_charged_once() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    strike(&sandbox, Endpoint::RunSse, Fault::HeartbeatsOnly { count: 1000, every_ms: 50 });
    let stream = guest.say(SHORT).send().await.unwrap();
    assert_eq!(guest.credits().await, [900, 100, 1000]);
    drop(sandbox);
    assert!(stream.text().await.is_err());

    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = guest.back(&sandbox);
    until("nothing is set aside", async || guest.credits().await[1] == 0).await;
    assert_eq!(guest.credits().await, [900, 0, 900]);
    assert!(guest.draft().await["t"].is_array());
    assert_eq!(sandbox.log.charges().unwrap().len(), 1);
}

#[tokio::test]
async fn a_render_that_was_under_way_goes_on() {
    let folder = TempDir::new().unwrap();
    let mut options = instant(&folder);
    let sandbox = Sandbox::start(options.clone()).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    guest.told(SHORT).await;
    drop(sandbox);
    options.pace = Pace(50.0);
    let sandbox = Sandbox::start(options).await.unwrap();
    let guest = guest.back(&sandbox);
    let draft = guest.draft().await;
    ok(guest.submission("r", &draft)).await;
    assert_ne!(ok(guest.get("/api/render/proxy/lambda/r")).await["status"], "completed");
    sandbox.stop().await;

    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = guest.back(&sandbox);
    assert_eq!(guest.finished("r").await["status"], "completed");
}

#[tokio::test]
async fn stopping_does_not_wait_for_the_slow() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    strike(&sandbox, Endpoint::RunSse, Fault::HeartbeatsForever { every_ms: 10 });
    strike(&sandbox, Endpoint::Credits, Fault::Hang);
    let stream = guest.say(SHORT).send().await.unwrap();
    let hanging = tokio::spawn(guest.get("/api/credits/balance/simple").send());
    tokio::time::sleep(Duration::from_millis(50)).await;
    sandbox.stop().await;
    assert!(stream.text().await.is_err());
    let _ = hanging.await.unwrap();
}

#[tokio::test]
async fn half_a_line_in_the_log_is_survived() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    let before = sandbox.log.entries().unwrap().len();
    sandbox.stop().await;
    let path = folder.path().join("requests.jsonl");
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str("{\"seq\":99,\"me");
    std::fs::write(&path, text).unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    guest.back(&sandbox).credits().await;
    assert_eq!(sandbox.log.entries().unwrap().len(), before + 2);
}

#[tokio::test]
async fn a_folder_serves_one_sandbox() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    match Sandbox::start(instant(&folder)).await.unwrap_err() {
        firstcut::sandbox::Error::InUse { url, .. } => assert_eq!(url, sandbox.url),
        other => panic!("{other}"),
    }
    sandbox.stop().await;
    Sandbox::start(instant(&folder)).await.unwrap();
}

#[tokio::test]
async fn a_foreign_folder_is_named() {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir_all(folder.path().join("nemo/users")).unwrap();
    std::fs::write(folder.path().join("nemo/users/letter.json"), "Dear Sir").unwrap();
    let error = Sandbox::start(instant(&folder)).await.unwrap_err().to_string();
    assert!(error.contains("letter.json"), "{error}");
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Sandbox::start(firstcut::sandbox::Options::in_folder(file)).await.unwrap_err().to_string();
    assert!(error.contains("file"), "{error}");
}
