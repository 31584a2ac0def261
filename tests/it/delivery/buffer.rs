//! Buffer in its own words: what it shows under another address, a queue that is paused, a key that it refuses.

use firstcut::sandbox::SOCIAL_KEY;
use serde_json::{Value, json};

use super::home;
use crate::canned::{Canned, Piece, with};
use crate::money::till::make;

fn buffer_says(data: &Value) -> Vec<Piece> {
    with(200, "Content-Type: application/json\r\n", json!({ "data": data }).to_string().as_bytes())
}

fn accounts(paused: bool) -> [Vec<Piece>; 2] {
    let channel = json!({
        "id": "ch", "name": "ours", "service": "tiktok",
        "isDisconnected": false, "isLocked": false, "isQueuePaused": paused,
    });
    [
        buffer_says(&json!({ "account": { "organizations": [{ "id": "org", "name": "Ours" }] } })),
        buffer_says(&json!({ "channels": [channel] })),
    ]
}

/// Buffer may show another address than it was given: then nothing in its list proves that a message did not arrive.
#[tokio::test]
async fn a_lost_post_that_buffer_may_show_elsewhere_is_not_sent_twice() {
    let (_bucket, mut home) = home("buffer").await;
    let id = home.run(&make("a lake")).await.ok()["job_id"].as_str().unwrap().to_owned();
    let mut replies: Vec<_> = accounts(false).into();
    replies.push(vec![Piece::Reset]);
    let node = json!({
        "id": "p1", "status": "scheduled", "text": "Words that were shortened there.",
        "createdAt": jiff::Timestamp::now().to_string(),
        "assets": [{ "source": "https://media.buffer.example/a1.mp4" }],
    });
    let list = json!({ "posts": { "edges": [{ "node": node }], "pageInfo": { "hasNextPage": false } } });
    replies.extend(std::iter::repeat_n(buffer_says(&list), 60));
    let buffer = Canned::start(replies).await;
    home.set("BUFFER_API_URL", buffer.url.as_str());
    home.set("BUFFER_API_KEY", SOCIAL_KEY);
    let words = ["publish", &id, "--channel", "tiktok", "--caption", "A lake.", "--when", "queue", "--json"];
    let report = home.run(&words).await.json();
    assert_eq!(report["posts"][0]["state"], "uncertain", "{report:#}");
    let sent = buffer.seen().iter().filter(|seen| seen.text().contains("createPost(")).count();
    assert_eq!(sent, 1, "sent once, and never again by itself");
}

#[tokio::test]
async fn a_paused_queue_and_a_refused_key_at_buffer_are_told_as_such() {
    let (_bucket, mut home) = home("buffer").await;
    let id = home.run(&make("a lake")).await.ok()["job_id"].as_str().unwrap().to_owned();
    let mut replies: Vec<_> = accounts(true).into();
    let buffer = Canned::start(replies.clone()).await;
    home.set("BUFFER_API_URL", buffer.url.as_str());
    let words = ["publish", &id, "--channel", "tiktok", "--when", "queue", "--json"];
    let report = home.run(&words).await.ok();
    assert_eq!(report["posts"][0]["state"], "failed", "{report:#}");
    assert!(report["posts"][0]["error"].as_str().unwrap().contains("queue is paused"), "{report:#}");
    // A draft does not wait in it; a refused key is said to be one.
    let refused = json!({ "createPost": { "__typename": "UnauthorizedError", "message": "No." } });
    replies.push(buffer_says(&refused));
    let buffer = Canned::start(replies).await;
    home.set("BUFFER_API_URL", buffer.url.as_str());
    let report = home.run(&["publish", &id, "--channel", "tiktok", "--json"]).await.ok();
    let posts = report["posts"].as_array().unwrap();
    let error = posts.iter().find_map(|post| post["error"].as_str().filter(|error| error.contains("key")));
    assert!(error.is_some(), "{report:#}");
}
