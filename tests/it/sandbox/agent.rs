//! What the emulated agent does with a message, and what it costs.

use firstcut::sandbox::{Charge, Sandbox, SecondStage, Silence};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::guest::{Guest, answer, instant};
use crate::patience::until;

const SUNSET: &str = "generate a 10-second video of a sunset over the ocean with waves crashing";

#[tokio::test]
async fn a_prompt_becomes_a_timeline() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    let heard = guest.told(SUNSET).await;
    assert_eq!(heard.tools(), ["generate_video_with_seedance", "edit_multitrack"]);
    assert!(heard.text().contains("sandbox"));
    let state = guest.state().await["state"].clone();
    let draft = &state["draft"];
    assert_eq!(
        (&draft["d"], &draft["m"]["width"], &draft["m"]["height"]),
        (&json!(10_000), &json!(1920), &json!(1080))
    );
    let kinds: Vec<&Value> = draft["t"].as_array().unwrap().iter().map(|track| &track["tt"]).collect();
    assert_eq!(kinds, [0, 1, 7]);
    assert_eq!(draft["t"][0]["sg"][0]["m"]["title"], "sunset over the ocean with waves crashing");
    assert_eq!(draft["t"][1]["sg"][0]["m"]["volume"], 0.35);
    assert_eq!(draft["t"][2]["sg"][0]["m"]["text"], "Sunset over the Ocean");
    assert_eq!(draft["t"][2]["sg"][0]["d"], 3000);
    assert!(draft["id"].as_u64().unwrap() > 1 << 53);
    assert_eq!(state["generated_media"].as_array().unwrap().len(), 1);
    assert_eq!(state["canvas_config"]["aspect_ratio"], "16:9");
    assert_eq!(guest.credits().await, [900, 0, 900]);
    let charges = sandbox.log.charges().unwrap();
    assert_eq!(charges.len(), 1);
    let Charge { user, session, text, credits, .. } = &charges[0];
    assert_eq!((user, session, text.as_str(), *credits), (&guest.user, &guest.session, SUNSET, 100));
}

#[tokio::test]
async fn words_choose_length_shape_and_size() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    for (text, want) in [
        ("generate a 5 second vertical video of a cat", (5000, 1080, 1920)),
        ("create a video of rain in 720p", (10_000, 1280, 720)),
        ("make a square clip about coffee, 8s", (8000, 1080, 1080)),
        ("Generate a 15-second 9:16 clip of neon streets in 4k", (15_000, 1080, 1920)),
        ("生成一个十五秒的竖屏海上日落视频", (15_000, 1080, 1920)),
        ("a quiet lake at dawn with mist", (10_000, 1920, 1080)),
    ] {
        let guest = Guest::arrive(&sandbox).await;
        guest.told(text).await;
        let draft = guest.draft().await;
        let got = (
            draft["d"].as_u64().unwrap(),
            draft["m"]["width"].as_u64().unwrap(),
            draft["m"]["height"].as_u64().unwrap(),
        );
        assert_eq!(got, want, "{text}: {draft}");
    }
}

#[tokio::test]
async fn edits_change_the_timeline() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    guest.told(SUNSET).await;
    let place = |pointer: &'static str| {
        let guest = &guest;
        async move { guest.draft().await.pointer(pointer).cloned().unwrap_or_default() }
    };
    for (text, pointer, want) in [
        ("change the title to \"Urban Dreams\"", "/t/2/sg/0/m/text", json!("Urban Dreams")),
        ("lower the music to 20%", "/t/1/sg/0/m/volume", json!(0.2)),
        ("add upbeat music at 50%", "/t/1/sg/0/m/title", json!("Upbeat")),
        ("add text \"Hello\" at the bottom from 2 to 5 seconds", "/t/2/sg/1/s", json!(2000)),
        ("trim the first 4 seconds", "/d", json!(6000)),
        ("undo", "/d", json!(10_000)),
        ("trim to 5 seconds and speed it up 2x", "/d", json!(2500)),
        ("make it black and white", "/t/0/sg/0/m/look", json!("black and white")),
        ("fade out the music over 2 seconds", "/t/1/sg/0/m/fade_out_ms", json!(2000)),
        ("mute the music", "/t/1/sg/0/m/muted", json!(true)),
        ("remove the music", "/t/1/tt", json!(7)),
        ("删除标题", "/t/1", Value::Null),
        ("添加标题“晨光”", "/t/1/sg/0/m/text", json!("晨光")),
        ("添加轻柔的背景音乐，音量百分之四十", "/t/2/sg/0/m/volume", json!(0.4)),
        ("split at 1s", "/t/0/sg/1/s", json!(1000)),
        ("delete the second clip", "/t/0/sg/1", Value::Null),
    ] {
        let heard = guest.told(text).await;
        assert_eq!(place(pointer).await, want, "{text}: {} {}", heard.text(), guest.draft().await);
    }
    // one generation, one first edit, the rest free
    let charged: Vec<i64> = sandbox.log.charges().unwrap().iter().map(|charge| charge.credits).collect();
    assert_eq!(charged, [100, 50]);
    assert_eq!(guest.credits().await, [850, 0, 850]);
}

#[tokio::test]
async fn questions_and_refusals_are_free_and_change_nothing() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    guest.told(SUNSET).await;
    let before = guest.draft().await;
    for (text, want) in [
        ("how long is the video?", "10s"),
        ("what is on the timeline?", "sunset over the ocean"),
        ("视频多长？", "10s"),
        ("change the aspect ratio to 9:16", "aspect ratio"),
        ("把视频改成竖屏", "宽高比"),
        ("write me a poem about rust", "only help"),
        ("use https://open.spotify.com/track/1 as music", "streaming"),
        ("frobnicate it", "did not understand"),
        ("thanks, that looks great", "did not understand"),
    ] {
        let heard = guest.told(text).await;
        assert!(heard.text().contains(want), "{text}: {}", heard.text());
        assert!(heard.tools().is_empty(), "{text}");
    }
    assert_eq!(guest.draft().await, before);
    assert_eq!(sandbox.log.charges().unwrap().len(), 1);
}

#[tokio::test]
async fn credits_run_out() {
    let folder = TempDir::new().unwrap();
    let mut options = instant(&folder);
    options.prices.starting_credits = 120;
    let sandbox = Sandbox::start(options).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    guest.told(SUNSET).await;
    let (status, body) = answer(guest.say("add a title \"More\"")).await;
    assert_eq!((status, &body["code"]), (StatusCode::PAYMENT_REQUIRED, &json!(2001)));
    assert_eq!(guest.credits().await, [20, 0, 20]);
    assert!(!guest.told("how long is it?").await.text().is_empty());
}

#[tokio::test]
async fn about_three_edits_in_ten_are_silent() {
    let folder = TempDir::new().unwrap();
    let mut options = instant(&folder);
    options.silence = Silence::Sometimes;
    let sandbox = Sandbox::start(options).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    guest.told(SUNSET).await;
    let mut silent = 0;
    for turn in 0..100 {
        let heard = guest.told(&format!("set the music volume to {}%", turn % 50 + 10)).await;
        assert_eq!(heard.tools(), ["edit_multitrack"]);
        silent += u32::from(heard.text().is_empty());
    }
    assert!((15..=45).contains(&silent), "{silent} of 100");
}

#[tokio::test]
async fn the_second_stage_can_come_after_the_stream() {
    let folder = TempDir::new().unwrap();
    let mut options = instant(&folder);
    options.second_stage = SecondStage::AfterMs(100);
    let sandbox = Sandbox::start(options).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    let heard = guest.told(SUNSET).await;
    assert_eq!(heard.tools(), ["generate_video_with_seedance"]);
    until("the second stage", async || guest.draft().await["t"].as_array().unwrap().len() == 3).await;
}

#[tokio::test]
async fn requests_are_validated_as_the_framework_does() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    let run = |body: Value| answer(guest.post("/run_sse").json(&body));
    let message = json!({ "parts": [{ "text": "how long is it?" }] });
    let numeric: u64 = guest.session.parse().unwrap();
    for (body, kind) in [
        (json!({ "session_id": numeric, "new_message": message }), "string_type"),
        (json!({ "new_message": message }), "missing"),
        (json!({ "session_id": guest.session }), "missing"),
    ] {
        let (status, got) = run(body).await;
        assert_eq!((status, &got["detail"][0]["type"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(kind)));
    }
    let (status, got) = run(json!({ "session_id": "123", "new_message": message })).await;
    assert_eq!((status, &got["code"]), (StatusCode::NOT_FOUND, &json!(1002)));
    let camel = json!({ "appName": "nemo_agent", "sessionId": guest.session, "newMessage": message });
    assert_eq!(guest.post("/run_sse").json(&camel).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn one_run_at_a_time() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    super::guest::strike(
        &sandbox,
        firstcut::sandbox::Endpoint::RunSse,
        firstcut::sandbox::Fault::HeartbeatsOnly { count: 20, every_ms: 100 },
    );
    let first = guest.say(SUNSET).send().await.unwrap();
    assert_eq!(guest.credits().await, [900, 100, 1000]);
    let (status, body) = answer(guest.say("add a title \"x\"")).await;
    assert_eq!((status, &body["code"]), (StatusCode::CONFLICT, &json!(409)));
    first.text().await.unwrap();
    assert_eq!(guest.credits().await, [900, 0, 900]);
    guest.told("add a title \"x\"").await;
}
