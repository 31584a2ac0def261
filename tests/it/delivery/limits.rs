//! What a channel would not take is refused before it is paid for, stored or sent.

use serde_json::{Value, json};

use super::{home, posted_once, schedulers};
use crate::money::till::make;

const MOVIE: &[u8] = include_bytes!("../../fixtures/media/quicktime.mov");
const SHORT: &[u8] = include_bytes!("../../fixtures/media/late-index.mp4");
const PICTURE: &[u8] = include_bytes!("../../fixtures/media/picture.png");
const TONE: &[u8] = include_bytes!("../../fixtures/media/tone.mp3");
const SOUND: &[u8] = include_bytes!("../../fixtures/media/sound-only.mp4");

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
