//! Every kind of trouble that only SkillBoss' half has, once.

use std::time::Duration;

use firstcut::sandbox::{Endpoint, ErrorShape, Fault, Faults, Rule};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::super::guest::{answer, http, ok};
use super::customer::{Customer, fetched, started, strike};
use crate::patience::until;

fn error(status: u16, shape: ErrorShape) -> Fault {
    Fault::Error {
        status,
        shape,
        code: None,
        message: Some("come back".into()),
        retry_after: None,
        after_work: false,
        keep_ids: false,
    }
}

#[tokio::test]
async fn errors_in_every_shape_and_with_a_pause() {
    let (_folder, sandbox) = started(|_| {}).await;
    let customer = Customer::wholesale(&sandbox);
    for (status, shape, got_status, place) in [
        (429, ErrorShape::Object, 429, "/error/message"),
        (503, ErrorShape::Word, 503, "/error"),
        (402, ErrorShape::Quote, 402, "/accepts/0/scheme"),
        (400, ErrorShape::Detail, 400, "/detail"),
        (500, ErrorShape::Message, 500, "/message"),
        (500, ErrorShape::CodeIn200, 200, "/code"),
    ] {
        strike(&sandbox, Endpoint::Run, error(status, shape));
        let (got, body) = answer(customer.run(json!({}))).await;
        assert_eq!(got.as_u16(), got_status);
        assert!(body.pointer(place).is_some(), "{shape:?} {body}");
    }
    strike(&sandbox, Endpoint::Run, error(502, ErrorShape::Html));
    let page = customer.run(json!({})).send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let date = "Wed, 21 Oct 2015 07:28:00 GMT";
    let rule = json!({ "endpoint": "run_status", "do":
        { "kind": "error", "status": 429, "shape": "word", "code": "rate_limited", "retry_after": date } });
    ok(http().post(format!("{}/__sandbox/faults", sandbox.url)).json(&rule)).await;
    let got = customer.get("/v1/run/status/x").send().await.unwrap();
    assert_eq!((got.status().as_u16(), &got.headers()["retry-after"]), (429, &date.parse().unwrap()));
    assert!(sandbox.skillboss.submissions().is_empty());
}

#[tokio::test]
async fn an_error_that_hides_a_success() {
    let (_folder, sandbox) = started(|_| {}).await;
    let customer = Customer::wholesale(&sandbox);
    for (number, keep_ids) in [false, true].into_iter().enumerate() {
        let Fault::Error { status, shape, code, message, retry_after, .. } = error(500, ErrorShape::Object)
        else {
            unreachable!()
        };
        let hides = Fault::Error { status, shape, code, message, retry_after, after_work: true, keep_ids };
        strike(&sandbox, Endpoint::Run, hides);
        let got = customer.run(json!({})).send().await.unwrap();
        assert_eq!((got.status().as_u16(), got.headers().contains_key("x-request-id")), (500, keep_ids));
        assert_eq!(sandbox.skillboss.submissions().len(), number + 1);
    }
    strike(&sandbox, Endpoint::Run, Fault::LostAnswer { how: firstcut::sandbox::Close::Reset });
    customer.run(json!({})).send().await.unwrap_err();
    strike(&sandbox, Endpoint::Run, Fault::Cut { how: firstcut::sandbox::Close::Eof });
    customer.run(json!({})).send().await.unwrap_err();
    assert_eq!(sandbox.skillboss.submissions().len(), 3);
}

#[tokio::test]
async fn links_hide_in_many_places() {
    let (_folder, sandbox) = started(|_| {}).await;
    let customer = Customer::standard(&sandbox);
    for (shape, place) in [
        ("output.video_url", "/output/video_url"),
        ("output.url", "/output/url"),
        ("video.url", "/video/url"),
        ("video", "/video"),
        ("videos[]", "/videos/0"),
        ("generatedSamples[].video.uri", "/generatedSamples/0/video/uri"),
        ("result.result.outputs[].url", "/result/result/outputs/0/url"),
        ("data[].url", "/data/0/url"),
        ("generated_images[].url", "/generated_images/0/url"),
        ("[]", "/0"),
    ] {
        let fault = Fault::ResultShape { shape: shape.into() };
        strike(&sandbox, Endpoint::Run, fault.clone());
        let waited = ok(customer.run(json!({ "async": false }))).await;
        assert!(
            waited.pointer(place).is_some_and(|it| it.as_str().unwrap().contains("/media/")),
            "{shape} {waited}"
        );
        if shape != "[]" {
            let id = customer.job(json!({})).await;
            customer.done(&id).await;
            strike(&sandbox, Endpoint::Job, fault);
            let asked = ok(customer.asked(&id)).await;
            assert!(asked.pointer(place).is_some_and(Value::is_string), "{shape} {asked}");
        }
    }
    strike(&sandbox, Endpoint::Run, Fault::ResultShape { shape: "binary".into() });
    let file = customer.run(json!({ "async": false })).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "video/mp4");
    assert_eq!(&file.bytes().await.unwrap()[4..8], b"ftyp");
}

#[tokio::test]
async fn jobs_go_wrong() {
    let (_folder, sandbox) = started(|_| {}).await;
    let customer = Customer::wholesale(&sandbox);
    let after = async |fault: Fault| {
        strike(&sandbox, Endpoint::Run, fault);
        customer.done(&customer.job(json!({})).await).await
    };
    let failed = after(Fault::JobFails { message: None }).await;
    assert_eq!((&failed["status"], &failed["result"]), (&json!("FAILED"), &Value::Null));
    let poor = after(Fault::LateNoFunds).await;
    assert!(poor["error"].as_str().unwrap().contains("insufficient balance"), "{poor}");
    assert!(sandbox.skillboss.charges().is_empty());
    let bare = after(Fault::NoMedia).await;
    assert_eq!((&bare["status"], &bare["result"]), (&json!("COMPLETED"), &Value::Null));
    let silent = after(Fault::NoCost).await;
    assert!(silent.get("cost_usd").is_none() && silent.get("receipt").is_none());
    after(Fault::ClampDuration).await;
    after(Fault::OtherModel { model: "veo-3.1-fast".into() }).await;
    let seconds: Vec<_> = sandbox.skillboss.submissions().iter().map(|one| one.seconds).collect();
    assert_eq!(seconds, [8, 8, 8, 8, 4, 8].map(Some));
    let costs: Vec<f64> = sandbox.skillboss.charges().iter().map(|bill| bill.amount_usd.dollars()).collect();
    assert_eq!(costs, [3.2, 3.2, 3.2, 1.2]);

    // A call that waits gets the end of the job as its own error.
    for (fault, status, code) in [
        (Fault::JobFails { message: None }, 500, "generation_failed"),
        (Fault::LateNoFunds, 402, "insufficient_balance"),
    ] {
        strike(&sandbox, Endpoint::Run, fault);
        let (got, body) = answer(customer.run(json!({ "async": false }))).await;
        assert_eq!((got.as_u16(), &body["error"]["code"]), (status, &json!(code)));
    }
    for (fault, word) in [(Fault::StuckInQueue, "IN_QUEUE"), (Fault::StuckInProgress, "IN_PROGRESS")] {
        strike(&sandbox, Endpoint::Run, fault);
        let id = customer.job(json!({})).await;
        until("it gets so far", async || ok(customer.asked(&id)).await["status"] == word).await;
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert_eq!(ok(customer.asked(&id)).await["status"], word);
        strike(&sandbox, Endpoint::RunStatus, Fault::OddStatus { word: "THROTTLED".into() });
        assert_eq!(ok(customer.asked(&id)).await["status"], "THROTTLED");
    }
}

#[tokio::test]
async fn submissions_go_wrong() {
    let (_folder, sandbox) = started(|_| {}).await;
    let customer = Customer::wholesale(&sandbox);
    strike(&sandbox, Endpoint::Run, Fault::ModelGone);
    assert_eq!(answer(customer.run(json!({}))).await.1["error"]["code"], "model_not_available");
    // The pool of the lite tier is full; the standard tier does not care.
    let full =
        Rule { text: Some("veo-3.1-lite".into()), times: 0, ..Rule::once(Endpoint::Run, Fault::NoCapacity) };
    sandbox.faults.add(full);
    let (status, body) = answer(customer.run(json!({ "model": "veo-3.1-lite" }))).await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("no_capacity")));
    customer.job(json!({})).await;
    strike(&sandbox, Endpoint::Run, Fault::SyncUpgrade);
    let (status, body) = answer(customer.run(json!({ "async": false }))).await;
    assert_eq!((status, body["request_id"].is_string()), (StatusCode::ACCEPTED, true));
    let elsewhere = Fault::ForeignUrls { origin: "https://evil.example".into() };
    strike(&sandbox, Endpoint::Run, elsewhere.clone());
    let body = answer(customer.run(json!({}))).await.1;
    assert!(
        ["status_url", "cancel_url"]
            .iter()
            .all(|key| body[key].as_str().unwrap().starts_with("https://evil.example/"))
    );
    strike(&sandbox, Endpoint::Run, elsewhere);
    let body = answer(Customer::standard(&sandbox).run(json!({}))).await.1;
    assert!(body["poll_url"].as_str().unwrap().starts_with("https://evil.example/v1/job/"));
    strike(&sandbox, Endpoint::Run, Fault::MemoryHint);
    let body = answer(customer.run(json!({}))).await.1;
    assert!(
        body["_memory_hint"].is_string()
            && body["_skills_update_message"].is_string()
            && body["request_id"].is_string()
    );
    strike(&sandbox, Endpoint::Balance, Fault::ExpireToken);
    assert_eq!(answer(customer.get("/api/me/balance")).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(answer(customer.get("/api/me/balance")).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn files_go_wrong() {
    let (_folder, sandbox) = started(|_| {}).await;
    let customer = Customer::standard(&sandbox);
    let done = customer.done(&customer.job(json!({})).await).await;
    let url = done["result"]["video_url"].as_str().unwrap();
    let whole = fetched(url).await.bytes().await.unwrap().len() as u64;
    for status in [404, 403] {
        strike(&sandbox, Endpoint::Media, error(status, ErrorShape::Text));
        assert_eq!(fetched(url).await.status().as_u16(), status);
    }
    strike(&sandbox, Endpoint::Media, Fault::CutBody { bytes: 100 });
    let cut = fetched(url).await;
    assert_eq!(cut.content_length(), Some(whole));
    cut.bytes().await.unwrap_err();
    strike(&sandbox, Endpoint::Media, Fault::WebPage);
    assert_eq!(fetched(url).await.headers()["content-type"], "text/html; charset=utf-8");
    strike(&sandbox, Endpoint::Media, Fault::HugeBody { bytes: 10 << 30 });
    assert_eq!(fetched(url).await.content_length(), Some(10 << 30));
    strike(&sandbox, Endpoint::Media, Fault::HugeBody { bytes: 100_000 });
    assert_eq!(fetched(url).await.bytes().await.unwrap().len(), 100_000);
    let to = "http://169.254.169.254/latest/meta-data/".to_owned();
    strike(&sandbox, Endpoint::Media, Fault::Redirect { to: to.clone() });
    let still =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let got = still.get(url).send().await.unwrap();
    assert_eq!((got.status(), got.headers()["location"].to_str().unwrap()), (StatusCode::FOUND, to.as_str()));
}

#[test]
fn bare_words_take_the_defaults() {
    let text =
        ["memory_hint", "redirect", "error", "foreign_urls", "job_fails", "webhook_forged", "no_capacity"]
            .map(|word| format!("[[rules]]\nendpoint = \"run\"\ndo = \"{word}\"\n"))
            .concat();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faults.toml");
    std::fs::write(&path, text).unwrap();
    let rules = Faults::from_file(&path).unwrap().rules;
    assert_eq!(rules.len(), 7);
    assert_eq!(rules[3].fault, Fault::ForeignUrls { origin: "https://elsewhere.example".into() });
}
