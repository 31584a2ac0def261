//! Whole jobs through the door, in the sandbox: waiting, giving up, coming back.

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use super::{AT_ONCE, Pipe};
use crate::patience::until;

/// As little as can be rendered.
fn short(prompt: &str, wait_seconds: u32) -> Value {
    json!({"prompt": prompt, "duration_seconds": 1, "resolution": "720p", "wait_seconds": wait_seconds})
}

fn report(answer: &Value) -> &Value {
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    &answer["result"]["structuredContent"]
}

#[tokio::test]
async fn a_prompt_becomes_a_file_with_progress_on_the_way() {
    let mut pipe = Pipe::initialized().await;
    let asked = short("a sunset over the ocean", 120);
    let params = json!({"name": "generate_video", "arguments": asked, "_meta": {"progressToken": "t"}});
    let made = pipe.request("tools/call", params).await;
    let video = report(&made).clone();
    assert_eq!((&video["state"], &video["service"]), (&json!("done"), &json!("sandbox")), "{made}");
    let file = &video["files"][0];
    let bytes = std::fs::read(file["path"].as_str().unwrap()).unwrap();
    assert_eq!(&bytes[4..8], b"ftyp");
    assert_eq!(file["bytes"], bytes.len());

    // Both halves are whole by themselves.
    let text = made["result"]["content"][0]["text"].as_str().unwrap();
    for part in [file["path"].as_str().unwrap(), video["job_id"].as_str().unwrap(), "sandbox", "\nNext: "] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let link = &made["result"]["content"][1];
    assert_eq!((&link["type"], &link["uri"]), (&json!("resource_link"), &file["uri"]));

    let notes = std::mem::take(&mut pipe.notes);
    assert!(notes.len() > 1, "{notes:?}");
    let first = notes[0]["params"]["message"].as_str().unwrap();
    assert!(first.contains(video["job_id"].as_str().unwrap()), "the first news name the job: {first}");
    let mut last = -1.0;
    for note in &notes {
        let params = &note["params"];
        assert_eq!((&params["progressToken"], &params["total"]), (&json!("t"), &json!(10_000.0)));
        let progress = params["progress"].as_f64().unwrap();
        assert!(progress > last && progress < 10_000.0 && progress.fract() == 0.0, "{notes:?}");
        last = progress;
    }

    // The same call after a lost answer: the same job, and it says so.
    let again = pipe.call("generate_video", short("a sunset over the ocean", 120)).await;
    assert_eq!(report(&again)["job_id"], video["job_id"]);
    assert!(
        report(&again)["message"].as_str().unwrap().starts_with("This is the job that the same call started")
    );

    // Its session is the current one.
    let state = pipe.call("session_state", json!({})).await;
    assert_eq!(report(&state)["session_id"], video["session_id"]);
    let listed = pipe.call("list_jobs", json!({"state": "done"})).await;
    assert_eq!(report(&listed)["jobs"].as_array().unwrap().len(), 1, "{listed}");
    pipe.hang_up().await;
}

#[tokio::test]
async fn giving_up_ends_the_waiting_and_not_the_job() {
    let mut pipe = Pipe::initialized().await;
    let begun = pipe.call("generate_video", short("rain on a window", 0)).await;
    let id = report(&begun)["job_id"].clone();
    let next = report(&begun)["next"].as_str().unwrap();
    assert!(next.contains("check_job") && next.contains(id.as_str().unwrap()), "{next}");

    let check = json!({"name": "check_job", "arguments": {"job_id": id, "wait_seconds": 120}});
    let given_up = pipe.ask("tools/call", check.clone()).await;
    pipe.send(
        &json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": given_up}}),
    )
    .await;
    // `answer` fails the test if the given-up call were answered after all.
    let done = pipe.request("tools/call", check).await;
    assert_eq!(report(&done)["state"], "done", "{done}");

    // There is nothing left to stop; asking is not an error.
    let stopped = pipe.call("cancel_job", json!({"job_id": id})).await;
    assert_eq!(report(&stopped)["state"], "done", "{stopped}");
    pipe.hang_up().await;
}

#[tokio::test]
async fn a_job_outlives_the_client_that_started_it() {
    let mut pipe = Pipe::initialized().await;
    pipe.ask("tools/call", json!({"name": "generate_video", "arguments": short("snow in a street", 120)}))
        .await;
    let home = pipe.home.clone();
    // The client vanishes in the middle of the waiting, when the message has arrived: with this process its sandbox ends, too.
    let log = Path::new(home.path()).join("sandbox/requests.jsonl");
    let has_arrived = || std::fs::read_to_string(&log).is_ok_and(|log| log.contains("run_sse"));
    until("the message has arrived", async || has_arrived()).await;
    let began = Instant::now();
    pipe.hang_up().await;
    println!("left {:?} after the end of input", began.elapsed());
    assert!(began.elapsed() < AT_ONCE);
    assert!(Path::new(home.path()).join("ledger.sqlite").exists());

    let mut pipe = Pipe::at(home);
    let listed = pipe.modern("tools/call", json!({"name": "list_jobs", "arguments": {}})).await;
    let id = listed["result"]["structuredContent"]["jobs"][0]["job_id"].clone();
    let check = json!({"name": "check_job", "arguments": {"job_id": id, "wait_seconds": 120}});
    let done = pipe.modern("tools/call", check).await;
    assert_eq!(report(&done)["state"], "done", "{done}");
    pipe.hang_up().await;
}
