//! Exporting: submission checks, progress, both reply shapes, files and ranges.

use firstcut::sandbox::{EmptyDraft, EntryKind, Plan, RenderReply, Sandbox};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::guest::{Guest, answer, http, instant, ok};

/// A short, small clip, so that drawing it is quick.
const SHORT: &str = "generate a 1-second 360p video of a lake";

async fn guest_with_clip(sandbox: &Sandbox) -> Guest {
    let guest = Guest::arrive(sandbox).await;
    guest.told(SHORT).await;
    guest
}

#[tokio::test]
async fn a_render_becomes_a_file() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = guest_with_clip(&sandbox).await;
    let done = guest.render("render_1").await;
    assert_eq!((&done["taskId"], &done["status"]), (&json!("render_1"), &json!("completed")), "{done}");
    assert_eq!((&done["progress"], &done["output"]["duration"]), (&json!(100.0), &json!(1.0)));
    let url = done["output"]["url"].as_str().unwrap();
    assert!(url.ends_with("/cdn/render-result/render_1.mp4"), "{url}");

    let file = http().get(url).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "video/mp4");
    let size = done["output"]["size"].as_u64().unwrap();
    assert_eq!(file.content_length(), Some(size));
    let tag = file.headers()["etag"].clone();
    let whole = file.bytes().await.unwrap();
    assert_eq!(whole.get(4..8), Some(&b"ftyp"[..]));

    let part = http().get(url).header("Range", "bytes=100-").header("If-Range", &tag).send().await.unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.headers()["content-range"], format!("bytes 100-{}/{size}", size - 1));
    assert_eq!(part.bytes().await.unwrap(), whole.slice(100..));
    let stale =
        http().get(url).header("Range", "bytes=100-").header("If-Range", "\"old\"").send().await.unwrap();
    assert_eq!((stale.status(), stale.bytes().await.unwrap()), (StatusCode::OK, whole.clone()));
    let beyond = http().get(url).header("Range", format!("bytes={size}-")).send().await.unwrap();
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);

    let direct = guest.get("/api/render/proxy/render_1/download").send().await.unwrap();
    assert_eq!(direct.bytes().await.unwrap(), whole);
    assert_eq!(guest.credits().await, [900, 0, 900], "exports are free");
}

/// What the file at this link is, by its content.
async fn probed(link: &str, folder: &TempDir) -> firstcut::media::probe::Probe {
    let path = folder.path().join("probed.mp4");
    std::fs::write(&path, http().get(link).send().await.unwrap().bytes().await.unwrap()).unwrap();
    firstcut::media::probe::probe(&path).unwrap()
}

#[tokio::test]
async fn the_file_is_what_the_words_asked_for() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    guest.told("generate a 2-second vertical 360p video of a sunset over the ocean").await;
    guest.told("trim to 1.5 seconds").await;
    let done = guest.render("tall").await;
    let file = probed(done["output"]["url"].as_str().unwrap(), &folder).await;
    assert_eq!((file.width, file.height, file.video_codec.as_deref()), (Some(360), Some(640), Some("h264")));
    assert!((file.duration_s.unwrap() - 1.5).abs() < 0.05, "{file:?}");
    assert!(file.has_audio && file.decodable && file.faststart == Some(true), "{file:?}");

    // the file comes back as an upload, is measured, cut and rendered again, smaller
    let bytes =
        http().get(done["output"]["url"].as_str().unwrap()).send().await.unwrap().bytes().await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    let (_, uploaded) = guest.upload("again.mp4", bytes.to_vec()).await;
    let info = &uploaded["data"]["files"][0];
    assert_eq!((&info["width"], &info["height"], &info["duration"]), (&json!(360), &json!(640), &json!(1.5)));
    guest.told("trim the first 0.5 seconds and add a title \"Again\"").await;
    let draft = guest.draft().await;
    assert_eq!((&draft["d"], &draft["t"][0]["sg"][0]["m"]["in_ms"]), (&json!(1000), &json!(500)));
    let body = json!({ "id": "small", "sessionId": guest.session, "draft": draft,
        "output": { "format": "mp4", "quality": "high", "resolution": "180p" } });
    ok(guest.attributed(guest.post("/api/render/proxy/lambda")).json(&body)).await;
    let done = guest.finished("small").await;
    let file = probed(done["output"]["url"].as_str().unwrap(), &folder).await;
    assert_eq!((file.width, file.height), (Some(180), Some(320)), "{done}");
    assert!((file.duration_s.unwrap() - 1.0).abs() < 0.05, "{file:?}");
}

#[tokio::test]
async fn an_unreadable_upload_fails_the_render_with_its_name() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    guest.upload("torn.png", b"\x89PNG\r\n\x1a\n....".to_vec()).await;
    guest.told("make a slideshow, 1 second each").await;
    let done = guest.render("r").await;
    assert_eq!(done["status"], "failed");
    assert!(done["error"].as_str().unwrap().contains("torn.png"), "{done}");
}

#[tokio::test]
async fn a_token_on_the_file_server_is_a_leak() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = guest_with_clip(&sandbox).await;
    let done = guest.render("render_1").await;
    let url = done["output"]["url"].as_str().unwrap();
    let refused = http().get(url).bearer_auth(&guest.token).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let leaks =
        sandbox.log.entries().unwrap().into_iter().filter(|entry| entry.kind == EntryKind::Leak).count();
    assert_eq!(leaks, 1);
    for outside in
        ["render-result/../../nemo/users", "render-result/%2e%2e%2fusers", "media/../users/x.json", "gen/x"]
    {
        let got = http().get(format!("{}/cdn/{outside}", sandbox.url)).send().await.unwrap();
        assert_eq!(got.status(), StatusCode::NOT_FOUND, "{outside}");
    }
}

#[tokio::test]
async fn generated_clips_can_be_fetched() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = guest_with_clip(&sandbox).await;
    let media = guest.state().await["state"]["generated_media"][0].clone();
    let clip = http().get(media["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(clip.status(), StatusCode::OK);
    assert_eq!(clip.bytes().await.unwrap().get(4..8), Some(&b"ftyp"[..]));
}

#[tokio::test]
async fn both_reply_shapes() {
    for (shape, status, url) in [
        (RenderReply::A, "/status", "/output/url"),
        (RenderReply::B, "/data/status", "/data/outputUrl"),
        (RenderReply::Superset, "/data/status", "/outputUrl"),
    ] {
        let folder = TempDir::new().unwrap();
        let mut options = instant(&folder);
        options.render_reply = shape;
        let sandbox = Sandbox::start(options).await.unwrap();
        let guest = guest_with_clip(&sandbox).await;
        let done = guest.render("render_1").await;
        assert_eq!(done.pointer(status), Some(&json!("completed")), "{shape:?}: {done}");
        assert!(done.pointer(url).and_then(Value::as_str).is_some(), "{shape:?}: {done}");
        assert_eq!(shape == RenderReply::B, done.get("status").is_none(), "{shape:?}: {done}");
    }
}

#[tokio::test]
async fn attribution_and_plan_decide_about_exports() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = guest_with_clip(&sandbox).await;
    let draft = guest.draft().await;
    let headers = ["X-Skill-Source", "X-Skill-Version", "X-Skill-Platform"];
    for missing in headers {
        let mut request = guest.post("/api/render/proxy/lambda");
        for name in headers.iter().filter(|name| **name != missing) {
            request = request.header(*name, "x");
        }
        let body = json!({ "id": "r", "sessionId": guest.session, "draft": draft });
        let (status, body) = answer(request.json(&body)).await;
        assert_eq!(
            (status, &body["code"], &body["success"]),
            (StatusCode::PAYMENT_REQUIRED, &json!(402), &json!(false))
        );
        assert!(body["error"].as_str().unwrap().contains(&missing.to_lowercase()), "{body}");
    }
    let folder = TempDir::new().unwrap();
    let mut options = instant(&folder);
    options.plan = Plan::FreeBlocked;
    let sandbox = Sandbox::start(options).await.unwrap();
    let guest = guest_with_clip(&sandbox).await;
    let (status, body) = answer(guest.submission("r", &guest.draft().await)).await;
    assert_eq!((status, &body["code"]), (StatusCode::PAYMENT_REQUIRED, &json!(402)));
}

#[tokio::test]
async fn submissions_are_checked() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = guest_with_clip(&sandbox).await;
    let draft = guest.draft().await;
    let send = |body: Value| answer(guest.attributed(guest.post("/api/render/proxy/lambda")).json(&body));
    for (body, status, words) in [
        (json!({ "sessionId": guest.session, "draft": draft }), 400, "\"id\""),
        (json!({ "id": "r", "session_id": guest.session, "draft": draft }), 400, "camel case"),
        (json!({ "id": "r", "sessionId": "123", "draft": draft }), 404, "Session not found"),
        (json!({ "id": "r", "sessionId": guest.session, "draft": {} }), 400, "empty"),
        (
            json!({ "id": "r", "sessionId": guest.session, "draft": { "t": [{ "tt": 0, "sg": [] }] } }),
            400,
            "empty",
        ),
        (json!({ "id": "r", "sessionId": guest.session, "draft": draft.to_string() }), 400, "empty"),
        (json!({ "id": "r", "sessionId": guest.session }), 400, "empty"),
    ] {
        let (got, answer) = send(body.clone()).await;
        assert_eq!(got.as_u16(), status, "{body}: {answer}");
        assert!(answer["error"].as_str().unwrap().contains(words), "{answer}");
    }
    ok(guest.submission("r", &draft)).await;
    let (status, body) = answer(guest.submission("r", &draft)).await;
    assert_eq!((status, body["success"] == false), (StatusCode::CONFLICT, true));
    assert!(body["error"].as_str().unwrap().contains("duplicate id"));
    let stranger = Guest::arrive(&sandbox).await;
    assert_eq!(answer(stranger.get("/api/render/proxy/lambda/r")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(answer(guest.get("/api/render/proxy/lambda/none")).await.0, StatusCode::NOT_FOUND);
    guest.finished("r").await;
}

#[tokio::test]
async fn a_draft_must_come_back_as_it_was() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = guest_with_clip(&sandbox).await;
    let draft = guest.draft().await;
    let spoil = |change: fn(&mut Value)| {
        let mut draft = draft.clone();
        change(&mut draft);
        answer(guest.submission("r", &draft))
    };
    for (change, place) in [
        ((|draft| draft["id"] = json!(draft["id"].as_f64().unwrap())) as fn(&mut Value), "/id"),
        (|draft| draft["x"]["clock"] = json!(9_007_199_254_740_992_u64), "/x/clock"),
        (|draft| draft["x"]["gain"] = json!(0.3), "/x/gain"),
        (|draft| draft["t"][0]["sg"][0]["d"] = json!(900), "/t/0/sg/0/d"),
        (|draft| _ = draft.as_object_mut().unwrap().remove("x"), "/x is missing"),
    ] {
        let (status, body) = spoil(change).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{place}");
        assert!(body["error"].as_str().unwrap().contains(place), "{place}: {body}");
    }
    // an older one that was handed out is still good
    guest.told("add a title \"later\"").await;
    ok(guest.submission("r", &draft)).await;
    guest.finished("r").await;

    let folder = TempDir::new().unwrap();
    let mut options = instant(&folder);
    options.strict_draft = false;
    let sandbox = Sandbox::start(options).await.unwrap();
    let guest = guest_with_clip(&sandbox).await;
    let mut draft = guest.draft().await;
    draft["id"] = json!(1);
    ok(guest.submission("r", &draft)).await;
    guest.finished("r").await;
}

#[tokio::test]
async fn an_empty_draft_can_fail_later() {
    let folder = TempDir::new().unwrap();
    let mut options = instant(&folder);
    options.empty_draft = EmptyDraft::Fails;
    let sandbox = Sandbox::start(options).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    ok(guest.submission("r", &json!({ "t": [] }))).await;
    let done = guest.finished("r").await;
    assert_eq!((&done["status"], &done["error"]), (&json!("failed"), &json!("empty draft")));
}

#[tokio::test]
async fn renders_can_be_cancelled() {
    let folder = TempDir::new().unwrap();
    let mut options = instant(&folder);
    options.strict_draft = false;
    options.pace = firstcut::sandbox::Pace(20.0);
    let sandbox = Sandbox::start(options).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    let draft = json!({ "d": 1000, "m": { "width": 320, "height": 180 },
        "t": [{ "tt": 0, "sg": [{ "s": 0, "d": 1000, "m": { "prompt": "lake" } }] }] });
    ok(guest.submission("r", &draft)).await;
    let (status, body) = answer(guest.get("/api/render/proxy/r/download")).await;
    assert_eq!((status, &body["success"]), (StatusCode::CONFLICT, &json!(false)));
    let told = ok(guest.post("/api/render/proxy/lambda/r/cancel")).await;
    assert_eq!(told["data"]["status"], "cancelled");
    assert_eq!(guest.finished("r").await["status"], "cancelled");
}

#[tokio::test]
async fn progress_rises() {
    let folder = TempDir::new().unwrap();
    let mut options = instant(&folder);
    options.pace = firstcut::sandbox::Pace::REAL;
    let sandbox = Sandbox::start(options).await.unwrap();
    let guest = guest_with_clip(&sandbox).await;
    ok(guest.submission("r", &guest.draft().await)).await;
    let mut seen = vec![];
    loop {
        let now = ok(guest.get("/api/render/proxy/lambda/r")).await;
        seen.push(now["progress"].as_f64().unwrap());
        if now["status"] == "completed" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(seen.windows(2).all(|pair| pair[0] <= pair[1]), "{seen:?}");
    assert!(seen.len() > 3 && seen.iter().any(|progress| (6.0..99.0).contains(progress)), "{seen:?}");
}
