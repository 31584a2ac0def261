//! What a channel would not take is refused before it is paid for, stored or sent.

use firstcut::sandbox::SOCIAL_KEY;
use serde_json::{Value, json};

use super::{Bucket, posted_once, schedulers};
use crate::canned::{Canned, Piece, with};
use crate::home::Home;
use crate::money::till::make;

const MOVIE: &[u8] = include_bytes!("../../fixtures/media/quicktime.mov");
const SHORT: &[u8] = include_bytes!("../../fixtures/media/late-index.mp4");
const PICTURE: &[u8] = include_bytes!("../../fixtures/media/picture.png");
const TONE: &[u8] = include_bytes!("../../fixtures/media/tone.mp3");
const SOUND: &[u8] = include_bytes!("../../fixtures/media/sound-only.mp4");

async fn home(scheduler: &str) -> (Bucket, Home) {
    let bucket = Bucket::open().await;
    let mut home = Home::paying(|_| {}).await;
    bucket.settings(&mut home);
    schedulers(&mut home, scheduler);
    (bucket, home)
}

fn said(error: &Value) -> String {
    format!(
        "{} {}",
        error["message"].as_str().unwrap_or_default(),
        error["next"].as_str().unwrap_or_default()
    )
}

#[tokio::test]
async fn a_plan_that_no_channel_takes_costs_nothing() {
    let (_bucket, mut home) = home("buffer").await;
    for (seconds, more, words) in [
        (
            "4",
            ["--aspect", "16:9", "--channel", "shorts"],
            "YouTube Shorts would not take this clip: it is 16:9",
        ),
        // Nobody said a shape: it is the model's own.
        ("4", ["--caption", "A lake.", "--channel", "shorts"], "it is 16:9"),
        ("144", ["--aspect", "16:9", "--channel", "x"], "it lasts 144.0 s, and X takes at most 140 s"),
    ] {
        let mut order = make("a lake");
        order[5] = seconds;
        order.extend(more);
        let error = home.run(&order).await.error();
        assert!(said(&error).contains(words), "{error:#}");
        assert!(said(&error).contains("Nothing was sent."), "{error:#}");
    }
    let mut serve = home.serve().await;
    let wish = json!({
        "prompt": "a lake", "model": "veo-3.1-lite", "duration_seconds": 4, "resolution": "720p", "aspect_ratio": "16:9",
        "publish": {"channels": ["shorts"]},
    });
    let answer = serve.talk.call("generate_video", wish).await;
    assert_eq!(answer["result"]["isError"], true, "{answer:#}");
    assert!(answer["result"].to_string().contains("it is 16:9"), "{answer:#}");
    serve.hang_up().await;
    // NemoVideo: what is known of the wish counts.
    home.set("FIRSTCUT_SERVICE", "nemo");
    let words = ["make", "a 200-second video of a lake", "--channel", "shorts", "--json"];
    let error = home.run(&words).await.error();
    assert!(said(&error).contains("at most 180 s"), "{error:#}");
    assert!(home.bills().is_empty() && home.jobs().await.is_empty() && home.messages().is_empty());
}

#[tokio::test]
async fn a_file_is_held_to_the_limits_before_it_is_stored() {
    let (bucket, home) = home("hook").await;
    home.write("short.mp4", SHORT);
    home.write("picture.png", PICTURE);
    home.write("tone.mp4", TONE);
    home.write("sound.mp4", SOUND);
    for (file, channel, words) in [
        ("short.mp4", "tiktok", "TikTok takes at least 3 s"),
        ("picture.png", "tiktok", "no video"),
        ("tone.mp4", "tiktok", ".mp3"),
        ("sound.mp4", "tiktok", "holds no moving pictures"),
    ] {
        for more in [["--dry-run", "--json"].as_slice(), &["--json"]] {
            let order = [["publish", file, "--channel", channel].as_slice(), more].concat();
            let error = home.run(&order).await.error();
            assert_eq!(error["code"], "unsupported_file", "{file}: {error:#}");
            assert!(said(&error).contains(words), "{file}: {error:#}");
        }
    }
    assert!(bucket.keys().is_empty() && posted_once(&home).is_empty(), "{:?}", bucket.keys());

    // Another kind of video is stored as what it is.
    home.write("movie.mov", MOVIE);
    let tried = home.run(&["publish", "movie.mov", "--channel", "youtube", "--dry-run", "--json"]).await.ok();
    assert!(tried["message"].as_str().unwrap().contains(".mov"), "{tried:#}");
    let report = home.run(&["publish", "movie.mov", "--channel", "youtube", "--json"]).await.ok();
    assert_eq!(report["posts"][0]["state"], "done", "{report:#}");
    let keys = bucket.keys();
    assert!(keys.len() == 1 && keys[0].ends_with(".mov"), "{keys:?}");
    assert!(posted_once(&home)[0].media_url.ends_with(".mov"));
    let url = report["stored"]["url"].as_str().unwrap();
    assert!(url.ends_with(".mov"), "{url}");
}

#[tokio::test]
async fn what_a_scheduler_cannot_post_for_us_is_refused_with_what_can() {
    let (_bucket, mut home) = home("buffer").await;
    for (scheduler, channel, words) in [
        ("buffer", "pinterest", "board"),
        ("postiz", "pinterest", "board"),
        ("ayrshare", "pinterest", "board"),
        ("ayrshare", "x", "developer app"),
    ] {
        schedulers(&mut home, scheduler);
        let mut order = make("a lake");
        order.extend(["--channel", channel]);
        let error = home.run(&order).await.error();
        assert!(said(&error).contains(words) && said(&error).contains("hook"), "{error:#}");
    }
    assert!(home.bills().is_empty());
    schedulers(&mut home, "hook");
    let mut order = make("a lake");
    order.extend(["--channel", "pinterest,x"]);
    home.run(&order).await.ok();
    assert_eq!(posted_once(&home).len(), 2);
}

#[tokio::test]
async fn an_assistant_can_say_who_takes_the_posts() {
    let (_bucket, mut home) = home("buffer").await;
    home.set("FIRSTCUT_WAIT_S", "60");
    home.set("FIRSTCUT_SCHEDULER", "");
    let mut serve = home.serve().await;
    let wish = |more: Value| {
        let mut publish = json!({"channels": ["tiktok"], "when": "queue"});
        publish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"prompt": "a lake", "model": "veo-3.1-lite", "duration_seconds": 4, "resolution": "720p", "publish": publish})
    };
    let refused = serve.talk.call("generate_video", wish(json!({}))).await;
    let text = refused["result"].to_string();
    assert!(
        refused["result"]["isError"] == true && text.contains("Say which one as scheduler"),
        "{refused:#}"
    );
    let report = serve.talk.call_ok("generate_video", wish(json!({"scheduler": "postiz"}))).await;
    assert_eq!(
        (&report["posts"][0]["scheduler"], &report["posts"][0]["state"]),
        (&json!("postiz"), &json!("done"))
    );
    let id = report["job_id"].as_str().unwrap();
    let again = json!({"job_id": id, "channels": ["youtube"], "scheduler": "ayrshare"});
    let report = serve.talk.call_ok("publish", again).await;
    assert_eq!(report["posts"][1]["scheduler"], "ayrshare", "{report:#}");
    serve.hang_up().await;
}

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
