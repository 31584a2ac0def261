//! News about jobs, in both eras, also when another process makes them.

use serde_json::{Value, json};

use super::{AT_ONCE, Pipe};
use crate::talk::modern_meta;

const UPDATED: &str = "notifications/resources/updated";
const LIST_CHANGED: &str = "notifications/resources/list_changed";

/// Reads until this notification comes, about this address if one is given.
async fn heard(pipe: &mut Pipe, method: &str, uri: Option<&str>) -> Value {
    let wanted =
        |note: &Value| note["method"] == method && uri.is_none_or(|uri| note["params"]["uri"] == uri);
    if let Some(at) = pipe.notes.iter().position(wanted) {
        return pipe.notes.remove(at);
    }
    loop {
        let message = pipe.receive().await;
        assert!(message.get("id").is_none(), "an answer instead of news: {message}");
        if wanted(&message) {
            return message;
        }
    }
}

async fn start(pipe: &mut Pipe, prompt: &str) -> String {
    let asked = json!({"prompt": prompt, "duration_seconds": 1, "resolution": "720p", "wait_seconds": 0});
    pipe.call_ok("generate_video", asked).await["job_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_older_era_hears_of_jobs_it_subscribed_to_and_of_new_ones() {
    let mut pipe = Pipe::initialized().await;
    // Nobody who has not seen the list is told that it changed.
    let id = start(&mut pipe, "fog over a lake").await;
    let uri = format!("firstcut://jobs/{id}");
    let subscribed = pipe.request("resources/subscribe", json!({"uri": uri})).await;
    assert_eq!(subscribed["result"], json!({}), "{subscribed}");
    heard(&mut pipe, UPDATED, Some(&uri)).await;
    let done = pipe.call_ok("check_job", json!({"job_id": id, "wait_seconds": 120})).await;
    assert_eq!(done["state"], "done");
    heard(&mut pipe, UPDATED, Some(&uri)).await;
    assert!(pipe.notes.iter().all(|note| note["method"] == UPDATED), "{:?}", pipe.notes);

    pipe.request("resources/list", json!({})).await;
    let left = pipe.request("resources/unsubscribe", json!({"uri": uri})).await;
    assert_eq!(left["result"], json!({}), "{left}");
    pipe.notes.clear();
    start(&mut pipe, "rain on a roof").await;
    heard(&mut pipe, LIST_CHANGED, None).await;
    assert!(pipe.notes.iter().all(|note| note["params"]["uri"] != uri), "{:?}", pipe.notes);

    for wrong in ["firstcut://nothing", "firstcut://models", "file:///etc/passwd"] {
        let answer = pipe.request("resources/subscribe", json!({"uri": wrong})).await;
        assert_eq!(answer["error"]["code"], -32002, "{wrong}: {answer}");
    }
    pipe.hang_up().await;
}

#[tokio::test]
async fn the_newer_era_hears_on_a_request_that_stays_open_what_another_process_does() {
    let mut worker = Pipe::initialized().await;
    let mut pipe = Pipe::at(worker.home.clone());
    let id = start(&mut worker, "a harbour at night").await;
    let uri = format!("firstcut://jobs/{id}");
    let wanted = json!({"resourcesListChanged": true, "toolsListChanged": true,
        "resourceSubscriptions": [uri, "firstcut://jobs", "firstcut://models", "file:///etc/passwd"]});
    let listen =
        pipe.ask("subscriptions/listen", json!({"notifications": wanted, "_meta": modern_meta()})).await;
    let acknowledged = heard(&mut pipe, "notifications/subscriptions/acknowledged", None).await;
    let accepted = &acknowledged["params"]["notifications"];
    assert_eq!(accepted["resourceSubscriptions"], json!([uri, "firstcut://jobs"]), "{acknowledged}");
    assert_eq!(accepted["resourcesListChanged"], true);
    assert!(accepted.get("toolsListChanged").is_none(), "tools do not change: {acknowledged}");

    let note = heard(&mut pipe, UPDATED, Some(&uri)).await;
    let marked = note["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"].clone();
    assert_eq!(marked, json!(listen), "{note}");
    heard(&mut pipe, UPDATED, Some("firstcut://jobs")).await;
    heard(&mut pipe, LIST_CHANGED, None).await;

    // Ended by the client: other requests go on being answered, and nothing is told any more.
    pipe.send(
        &json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": listen}}),
    )
    .await;
    let done = worker.call_ok("check_job", json!({"job_id": id, "wait_seconds": 120})).await;
    assert_eq!(done["state"], "done");
    pipe.modern("tools/list", json!({})).await;
    pipe.notes.clear();
    start(&mut worker, "a harbour by day").await;
    for _ in 0..3 {
        pipe.modern("resources/list", json!({})).await;
    }
    assert!(pipe.notes.is_empty(), "{:?}", pipe.notes);
    pipe.hang_up().await;
    worker.hang_up().await;
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_subscriptions_along() {
    let worker = Pipe::initialized().await;
    let mut pipe = Pipe::at(worker.home.clone());
    pipe.initialize().await;
    for number in 0..200 {
        let uri = format!("firstcut://sessions/s{number}/timeline");
        let answer = pipe.request("resources/subscribe", json!({"uri": uri})).await;
        assert_eq!(answer["result"], json!({}), "{answer}");
    }
    let more = pipe.request("resources/subscribe", json!({"uri": "firstcut://jobs"})).await;
    assert!(more["error"]["message"].as_str().unwrap().contains("200 subscriptions"), "{more}");
    // Leaves at once, whatever is waited for.
    let began = std::time::Instant::now();
    pipe.hang_up().await;
    assert!(began.elapsed() < AT_ONCE);
    worker.hang_up().await;
}
