//! The three ways a clip is made, and everything that a job goes through.

use std::time::Duration;

use base64::Engine;
use firstcut::media::Limits;
use firstcut::media::decode::Decoder;
use firstcut::media::probe::probe;
use firstcut::sandbox::{Clips, Endpoint, EntryKind, Fault, Pace};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::super::guest::{answer, ok};
use super::customer::{Customer, fetched, started, strike};
use crate::patience::{LOOK_EVERY, until};

/// The file behind a link: width, height, milliseconds, and whether it has sound.
async fn measured(url: &str) -> (u32, u32, u64, bool) {
    let got = fetched(url).await;
    assert_eq!(got.status(), StatusCode::OK);
    assert_eq!(got.headers()["content-type"], "video/mp4");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.mp4");
    std::fs::write(&path, got.bytes().await.unwrap()).unwrap();
    let facts = probe(&path).unwrap();
    assert!(facts.decodable, "{facts:?}");
    let ms = (facts.duration_s.unwrap() * 1000.0).round() as u64;
    (facts.width.unwrap(), facts.height.unwrap(), ms, facts.has_audio)
}

#[tokio::test]
async fn a_standard_job() {
    let (_folder, sandbox) = started(|_| {}).await;
    let customer = Customer::standard(&sandbox);
    let got = customer.run(json!({})).send().await.unwrap();
    assert_eq!(got.status(), StatusCode::ACCEPTED);
    assert_eq!(got.headers()["x-firstcut-sandbox"], "1");
    let body: Value = got.json().await.unwrap();
    let id = body["job_id"].as_str().unwrap();
    assert!(id.starts_with("job_") && id.len() == 20, "{id}");
    assert_eq!(body["poll_url"], format!("/v1/job/{id}"));
    assert_eq!((&body["status"], &body["model"]), (&json!("accepted"), &json!("veo-3.1")));
    assert_eq!(body["x_sandbox"], true);
    let done = customer.done(id).await;
    assert_eq!((&done["status"], &done["error"]), (&json!("completed"), &Value::Null));
    assert_eq!(done["cost_usd"], 3.2);
    assert_eq!(done["wallet_balance_after_usd"], 96.8);
    let url = done["result"]["video_url"].as_str().unwrap();
    assert_eq!(measured(url).await, (1080, 1920, 8000, false));
    let list = ok(customer.get("/v1/job?status=completed")).await;
    assert_eq!((&list["count"], &list["jobs"][0]["job_id"]), (&json!(1), &json!(id)));
    assert_eq!(ok(customer.get("/v1/job?status=running")).await["count"], 0);
}

#[tokio::test]
async fn a_wholesale_job() {
    let (_folder, sandbox) = started(|_| {}).await;
    let customer = Customer::wholesale(&sandbox);
    let inputs =
        json!({ "prompt": "a lake", "duration_seconds": 6, "resolution": "720p", "generate_audio": true });
    let got = customer.run(json!({ "inputs": inputs })).send().await.unwrap();
    assert_eq!(got.status(), StatusCode::ACCEPTED);
    let head = |name: &str| got.headers()[name].to_str().unwrap().to_owned();
    let (request_id, record_id) = (head("x-request-id"), head("x-record-id"));
    let body: Value = got.json().await.unwrap();
    let id = body["request_id"].as_str().unwrap();
    assert_eq!((id, id.len()), (request_id.as_str(), 32));
    assert!(record_id.starts_with("rec_"));
    assert_eq!(body["status"], "IN_QUEUE");
    assert_eq!(body["status_url"], format!("{}/v1/run/status/{id}", sandbox.url));
    assert_eq!(body["cancel_url"], format!("{}/v1/run/cancel/{id}", sandbox.url));
    let done = customer.done(id).await;
    assert_eq!((&done["status"], &done["cost_usd"]), (&json!("COMPLETED"), &json!(2.4)));
    let url = done["result"]["outputs"][0]["url"].as_str().unwrap();
    assert_eq!(measured(url).await, (1280, 720, 6000, true));
    assert_eq!(answer(customer.get(&format!("/v1/job/{id}"))).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_call_that_waits() {
    let (_folder, sandbox) = started(|_| {}).await;
    for customer in [Customer::standard(&sandbox), Customer::wholesale(&sandbox)] {
        let done = ok(customer.run(json!({ "async": false }))).await;
        assert_eq!(measured(done["outputs"][0]["url"].as_str().unwrap()).await, (1080, 1920, 8000, false));
    }
    assert_eq!(sandbox.skillboss.submissions().len(), 2);
    assert_eq!(sandbox.skillboss.charges().len(), 2);
}

#[tokio::test]
async fn a_scene_is_drawn_and_begins_with_the_given_picture() {
    let (_folder, sandbox) = started(|options| options.skillboss.clips = Clips::Drawn).await;
    let customer = Customer::with(&sandbox, "sk-sandbox-artist");
    let mut png = Vec::new();
    {
        let mut red = png::Encoder::new(&mut png, 16, 16);
        red.set_color(png::ColorType::Rgb);
        red.write_header().unwrap().write_image_data(&[200, 10, 10].repeat(256)).unwrap();
    }
    let image = base64::engine::general_purpose::STANDARD.encode(png);
    let inputs = json!({
        "prompt": "a lake", "duration": 3, "resolution": "360p", "image": image, "generate_audio": true,
    });
    let id = customer.job(json!({ "model": "gemini-omni-1.1-flash", "inputs": inputs })).await;
    let done = customer.done(&id).await;
    let url = done["result"]["video_url"].as_str().unwrap();
    assert_eq!(measured(url).await, (640, 360, 3000, true));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.mp4");
    std::fs::write(&path, fetched(url).await.bytes().await.unwrap()).unwrap();
    let mut film = Decoder::open(&path, &Limits::default()).unwrap();
    let frames: Vec<_> = std::iter::from_fn(|| film.next_frame().unwrap()).map(|timed| timed.frame).collect();
    assert_eq!(frames.len(), 72);
    let red = |number: usize| {
        let frame = &frames[number];
        let rgb = frame.to_rgb();
        let middle = (frame.height / 2 * frame.width + frame.width / 2) * 3;
        let [r, g, b] = [rgb[middle], rgb[middle + 1], rgb[middle + 2]].map(i32::from);
        r > g + 80 && r > b + 80
    };
    assert!(red(0) && !red(60));
}

#[tokio::test]
async fn states_take_their_time() {
    let (_folder, sandbox) = started(|options| {
        options.pace = Pace::REAL;
        // Long enough that each is seen also on a machine that is busy.
        (options.skillboss.queue_ms, options.skillboss.work_ms) = (1_000, 1_000);
    })
    .await;
    for (customer, words) in [
        (Customer::standard(&sandbox), ["queued", "running", "completed"]),
        (Customer::wholesale(&sandbox), ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]),
    ] {
        let id = customer.job(json!({})).await;
        let mut seen = Vec::new();
        while seen.last().is_none_or(|word| word != words[2]) {
            let word = ok(customer.asked(&id)).await["status"].as_str().unwrap().to_owned();
            assert!(words.contains(&word.as_str()), "{word}");
            seen.push(word);
            seen.dedup();
            tokio::time::sleep(LOOK_EVERY).await;
        }
        assert_eq!(seen, words);
    }
}

#[tokio::test]
async fn a_cancel_wins_only_in_the_queue() {
    let (_folder, sandbox) = started(|options| {
        options.pace = Pace::REAL;
        options.skillboss.queue_ms = 60_000;
    })
    .await;
    let customer = Customer::wholesale(&sandbox);
    let id = customer.job(json!({ "webhook_url": "https://receiver.example.com/cb" })).await;
    assert_eq!(customer.cancel(&id).await, cancelled(true, "CANCELLED"));
    assert_eq!(customer.cancel(&id).await, cancelled(false, "CANCELLED"));
    let done = customer.done(&id).await;
    assert_eq!((&done["status"], &done["result"]), (&json!("CANCELLED"), &Value::Null));

    assert!(sandbox.skillboss.charges().is_empty() && sandbox.skillboss.deliveries().is_empty());
    for other in [Customer::standard(&sandbox), Customer::with(&sandbox, "sk-whole-sandbox-other")] {
        assert_eq!(other.cancel(&id).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(customer.cancel("nobody").await.0, StatusCode::NOT_FOUND);
}

fn cancelled(yes: bool, status: &str) -> (StatusCode, Value) {
    (StatusCode::OK, json!({ "cancelled": yes, "status": status, "x_sandbox": true }))
}

#[tokio::test]
async fn a_cancel_comes_too_late() {
    let (_folder, sandbox) = started(|_| {}).await;
    let customer = Customer::wholesale(&sandbox);
    strike(&sandbox, Endpoint::Run, Fault::StuckInProgress);
    let stuck = customer.job(json!({})).await;
    until("it is begun", async || ok(customer.asked(&stuck)).await["status"] == "IN_PROGRESS").await;
    let (status, body) = customer.cancel(&stuck).await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::CONFLICT, &json!("already_started")));
    let over = customer.job(json!({})).await;
    customer.done(&over).await;
    assert_eq!(customer.cancel(&over).await, cancelled(false, "COMPLETED"));
    assert_eq!(sandbox.skillboss.charges().len(), 1);
}

#[tokio::test]
async fn many_cancels_and_workers_race_for_a_job() {
    let (_folder, sandbox) = started(|options| {
        options.pace = Pace::REAL;
        options.skillboss.queue_ms = 20;
        options.skillboss.work_ms = 0;
    })
    .await;
    let customer = Customer::wholesale(&sandbox);
    let mut won = 0;
    for wait_ms in [0, 5, 10, 15, 18, 20, 22, 25, 30, 40] {
        let id = customer.job(json!({})).await;
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        let (status, body) = customer.cancel(&id).await;
        let end = customer.done(&id).await;
        let cancelled = body["cancelled"] == true;
        won += usize::from(cancelled);
        assert!(status == StatusCode::OK || status == StatusCode::CONFLICT, "{body}");
        assert_eq!(end["status"], if cancelled { "CANCELLED" } else { "COMPLETED" });
    }
    assert_eq!(sandbox.skillboss.charges().len(), 10 - won);
}

#[tokio::test]
async fn results_are_kept_for_seven_days_and_links_for_an_hour() {
    let (_folder, sandbox) = started(|options| options.skillboss.clips = Clips::Tiny).await;
    let customer = Customer::standard(&sandbox);
    let id = customer.job(json!({})).await;
    let link = |done: &Value| done["result"]["video_url"].as_str().unwrap().to_owned();
    let old = link(&customer.done(&id).await);
    assert_eq!(fetched(&old.replace("sig=", "sig=0")).await.status(), StatusCode::FORBIDDEN);
    let leak = customer.http.get(&old).bearer_auth(&customer.key).send().await.unwrap();
    assert_eq!(leak.status(), StatusCode::BAD_REQUEST);
    let leaks = sandbox.log.entries().unwrap().into_iter().filter(|entry| entry.kind == EntryKind::Leak);
    assert_eq!(leaks.count(), 1);
    let part = customer.http.get(&old).header("Range", "bytes=4-7").send().await.unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.bytes().await.unwrap().as_ref(), b"ftyp");

    sandbox.clock.advance_ms(3_601_000);
    assert_eq!(fetched(&old).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(fetched(&link(&customer.done(&id).await)).await.status(), StatusCode::OK);
    sandbox.clock.advance_ms(7 * 24 * 3_600_000);
    assert_eq!(answer(customer.asked(&id)).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ok(customer.get("/v1/job")).await["count"], 0);
    assert_eq!(sandbox.skillboss.charges().len(), 1, "what was charged is not forgotten");
}

#[tokio::test]
async fn jobs_belong_to_their_account() {
    let (_folder, sandbox) = started(|_| {}).await;
    let (mine, other) = (Customer::standard(&sandbox), Customer::with(&sandbox, "sk-sandbox-other"));
    let id = mine.job(json!({})).await;
    mine.done(&id).await;
    assert_eq!(answer(other.asked(&id)).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ok(other.get("/v1/job")).await["count"], 0);
    assert_eq!(ok(other.get("/api/me/balance")).await["balance"], 100.0);
    assert_eq!(ok(mine.get("/v1/wallet/balance")).await["balance_usd"], 96.8);
}
