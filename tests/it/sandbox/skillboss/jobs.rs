//! The three ways a clip is made, and everything that a job goes through.

use firstcut::media::probe::probe;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::super::guest::{answer, ok};
use super::customer::{Customer, fetched, started};

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
