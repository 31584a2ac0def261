//! Webhooks that arrive, and those that do not as they should.

use std::time::Duration;

use firstcut::sandbox::{Endpoint, Fault};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::super::guest::{answer, ok};
use super::customer::{Customer, started, strike};
use super::receiver::Receiver;
use crate::patience::until;

#[tokio::test]
async fn both_forms_arrive_once() {
    let (_folder, sandbox) = started(|_| {}).await;
    let receiver = Receiver::open(&[]).await;
    let standard = Customer::standard(&sandbox);
    // A webhook means a job, without "async".
    let id = standard.job(json!({ "async": null, "webhook_url": receiver.url })).await;
    let call = &receiver.got(1).await[0];
    let body = call.body();
    assert_eq!((&body["job_id"], &body["status"]), (&json!(id), &json!("completed")));
    assert!(body["output"]["video_url"].as_str().unwrap().starts_with(&sandbox.url), "{body}");
    assert_eq!((call.header("x-firstcut-sandbox"), call.header("webhook-signature")), (Some("1"), None));

    let wholesale = Customer::wholesale(&sandbox);
    let id = wholesale.job(json!({ "webhook_url": receiver.url })).await;
    let body = receiver.got(2).await[1].body();
    assert_eq!(
        (&body["request_id"], &body["status"], &body["error"]),
        (&json!(id), &json!("OK"), &Value::Null)
    );
    assert!(body["payload"]["videos"][0]["url"].as_str().unwrap().contains("/media/"), "{body}");
    assert_eq!(sandbox.skillboss.deliveries().len(), 2);
}

#[tokio::test]
async fn failures_are_told_and_cancels_are_not() {
    let (_folder, sandbox) = started(|_| {}).await;
    let receiver = Receiver::open(&[]).await;
    let fails = Fault::JobFails { message: Some("vendor rejected the prompt".into()) };
    strike(&sandbox, Endpoint::Run, fails.clone());
    let id = Customer::standard(&sandbox).job(json!({ "webhook_url": receiver.url })).await;
    let want =
        json!({ "job_id": id, "status": "failed", "output": null, "error": "vendor rejected the prompt" });
    assert_eq!(receiver.got(1).await[0].body(), want);
    strike(&sandbox, Endpoint::Run, fails);
    let wholesale = Customer::wholesale(&sandbox);
    let id = wholesale.job(json!({ "webhook_url": receiver.url })).await;
    let want = json!({ "request_id": id, "status": "ERROR", "payload": null, "error": "vendor rejected the prompt" });
    assert_eq!(receiver.got(2).await[1].body(), want);
    strike(&sandbox, Endpoint::Run, Fault::StuckInQueue);
    let id = wholesale.job(json!({ "webhook_url": receiver.url })).await;
    assert_eq!(wholesale.cancel(&id).await.0, StatusCode::OK);
    assert_eq!(receiver.got(2).await.len(), 2);
    assert!(sandbox.skillboss.charges().is_empty());
}

#[tokio::test]
async fn one_retry_and_no_more() {
    let (_folder, sandbox) = started(|_| {}).await;
    let wholesale = Customer::wholesale(&sandbox);
    let receiver = Receiver::open(&[503]).await;
    wholesale.job(json!({ "webhook_url": receiver.url })).await;
    let calls = receiver.got(2).await;
    assert_eq!((calls.len(), &calls[0].text), (2, &calls[1].text));
    let deaf = Receiver::open(&[500; 9]).await;
    wholesale.job(json!({ "webhook_url": deaf.url })).await;
    assert_eq!(deaf.got(2).await.len(), 2);
    let elsewhere = wholesale.job(json!({ "webhook_url": "https://receiver.example.com/cb" })).await;
    wholesale.done(&elsewhere).await;
    let told = || {
        let mut told = sandbox.skillboss.deliveries();
        told.retain(|one| one["id"] == elsewhere.as_str());
        told
    };
    until("it was tried twice", async || told().len() >= 2).await;
    let told = told();
    assert!(told.iter().all(|one| one["error"].as_str().unwrap().contains("this machine only")), "{told:?}");
}

/// The vector of the Standard Webhooks specification, and a body of ours.
#[tokio::test]
async fn signatures() {
    let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let (_folder, sandbox) = started(|options| {
        options.skillboss.webhooks.secret = Some(secret.to_owned());
        options.skillboss.webhooks.hmac_header = Some("x-signature".to_owned());
    })
    .await;
    let receiver = Receiver::open(&[]).await;
    let customer = Customer::standard(&sandbox);
    let mut signed = Vec::new();
    for (fault, count) in
        [(None, 1), (Some(Fault::WebhookBadSignature), 2), (Some(Fault::WebhookUnsigned), 3)]
    {
        fault.into_iter().for_each(|fault| strike(&sandbox, Endpoint::Run, fault));
        customer.job(json!({ "webhook_url": receiver.url })).await;
        let call = receiver.got(count).await.pop().unwrap();
        let Some(given) = call.header("webhook-signature") else {
            signed.push(None);
            continue;
        };
        let text = format!(
            "{}.{}.{}",
            call.header("webhook-id").unwrap(),
            call.header("webhook-timestamp").unwrap(),
            call.text
        );
        let right = standard_webhook(secret, &text) == given;
        let plain = call.header("x-signature").unwrap();
        assert_eq!(plain.len(), 64);
        signed.push(Some(right));
    }
    assert_eq!(signed, [Some(true), Some(false), None]);
    let vector = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk.1649367553.{\"email\":\"test@example.com\",\"username\":\"test_user\"}";
    assert_eq!(standard_webhook(secret, vector), "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
}

/// Written from the specification, apart from the sandbox's own code.
fn standard_webhook(secret: &str, text: &str) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest, Sha256};

    let mut key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap();
    key.resize(64, 0);
    let pad = |with: u8| key.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    let inner = Sha256::digest([pad(0x36).as_slice(), text.as_bytes()].concat());
    format!("v1,{}", STANDARD.encode(Sha256::digest([pad(0x5c).as_slice(), &inner].concat())))
}

#[tokio::test]
async fn webhooks_go_astray() {
    let (_folder, sandbox) = started(|_| {}).await;
    let customer = Customer::wholesale(&sandbox);
    let with = async |fault: Fault, count: usize| {
        let receiver = Receiver::open(&[]).await;
        strike(&sandbox, Endpoint::Run, fault);
        let id = customer.job(json!({ "webhook_url": receiver.url })).await;
        let done = customer.done(&id).await;
        assert_eq!(done["status"], "COMPLETED");
        (id, receiver.got(count).await)
    };
    assert_eq!(with(Fault::WebhookLost, 0).await.1.len(), 0);
    let (_, twice) = with(Fault::WebhookTwice, 2).await;
    assert_eq!((twice.len(), &twice[0].text), (2, &twice[1].text));
    assert_eq!(with(Fault::WebhookLate { ms: 80 }, 1).await.1.len(), 1);
    let (id, forged) = with(Fault::WebhookForged, 2).await;
    assert_eq!((&forged[0].body()["request_id"], &forged[0].body()["status"]), (&json!(id), &json!("OK")));
    assert!(forged[0].text.contains("attacker.example") && !forged[1].text.contains("attacker"));

    // Delivered before the submission is answered.
    let early = Receiver::open(&[]).await;
    strike(&sandbox, Endpoint::Run, Fault::WebhookEarly);
    let got = customer.run(json!({ "webhook_url": early.url })).send().await.unwrap();
    assert_eq!((got.status(), early.calls().len()), (StatusCode::ACCEPTED, 1));

    // Two jobs, told in the other order.
    let shared = Receiver::open(&[]).await;
    strike(&sandbox, Endpoint::Run, Fault::WebhookReordered);
    let first = customer.job(json!({ "webhook_url": shared.url })).await;
    customer.done(&first).await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    let second = customer.job(json!({ "webhook_url": shared.url })).await;
    let order: Vec<_> = shared.got(2).await.iter().map(|call| call.body()["request_id"].clone()).collect();
    assert_eq!(order, [json!(second), json!(first)]);
}

#[tokio::test]
async fn addresses_are_checked_at_submission() {
    let (_folder, sandbox) = started(|options| options.skillboss.webhooks.loopback = false).await;
    let customer = Customer::standard(&sandbox);
    for bad in [
        "http://my-app.example.com/x",
        "https://127.0.0.1/x",
        "https://10.0.0.8/x",
        "https://localhost/x",
        "x",
    ] {
        let (status, body) = answer(customer.run(json!({ "webhook_url": bad }))).await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::BAD_REQUEST, &json!("webhook_url_refused")),
            "{bad}"
        );
    }
    assert!(sandbox.skillboss.submissions().is_empty());
    ok(customer.get("/api/me/balance")).await;
}
