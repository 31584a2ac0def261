//! What is refused at the door, and which refusal wins.

use firstcut::sandbox::{Clips, Durations, ErrorShape, Form, Options, Protocol, Usd};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::super::guest::{answer, http};
use super::customer::{Customer, started};

#[tokio::test]
async fn inputs_are_checked_against_the_model() {
    let (_folder, sandbox) = started(|_| {}).await;
    let customer = Customer::wholesale(&sandbox);
    let dot = "iVBORw0KGgo=";
    for (model, inputs, field) in [
        ("veo-3.1", json!({}), "inputs.prompt"),
        ("veo-3.1", json!({ "prompt": "  " }), "inputs.prompt"),
        ("veo-3.1", json!({ "prompt": 7 }), "inputs.prompt"),
        ("veo-3.1", json!({ "prompt": "x", "duration": 30 }), "inputs.duration"),
        ("veo-3.1", json!({ "prompt": "x", "duration_seconds": 5 }), "inputs.duration_seconds"),
        ("veo-3.1", json!({ "prompt": "x", "duration_seconds": 7.5 }), "inputs.duration_seconds"),
        ("veo-3.1", json!({ "prompt": "x", "duration_seconds": 8, "duration": 6 }), "inputs.duration"),
        // The size is 1080p unless told, and that is for 8 seconds.
        ("veo-3.1", json!({ "prompt": "x", "duration_seconds": 4 }), "inputs.resolution"),
        ("veo-3.1", json!({ "prompt": "x", "aspect_ratio": "1:1" }), "inputs.aspect_ratio"),
        ("veo-3.1-lite", json!({ "prompt": "x", "resolution": "4k" }), "inputs.resolution"),
        ("veo-3.1", json!({ "prompt": "x", "generate_audio": "yes" }), "inputs.generate_audio"),
        ("veo-3.1", json!({ "prompt": "x", "image": "!!" }), "inputs.image"),
        ("veo-3.1", json!({ "prompt": "x", "image": "aGVsbG8=" }), "inputs.image"),
        ("veo-3.1", json!({ "prompt": "x", "last_frame": dot }), "inputs.last_frame"),
        (
            "veo-3.1",
            json!({ "prompt": "x", "image": dot, "reference_images": [dot] }),
            "inputs.reference_images",
        ),
        (
            "veo-3.1",
            json!({ "prompt": "x", "reference_images": [dot, dot, dot, dot] }),
            "inputs.reference_images",
        ),
        ("mm/i2v", json!({ "prompt": "x" }), "inputs.image"),
        ("seedance/seedance-2.0", json!({ "prompt": "x", "duration": 8 }), "inputs.duration"),
        ("shotstack/template-update", json!({ "id": "t" }), "inputs.name"),
        ("shotstack/template-update", json!({ "name": "n", "template": {} }), "inputs.template"),
    ] {
        let (status, body) = answer(customer.run(json!({ "model": model, "inputs": inputs }))).await;
        assert_eq!(
            (status, &body["error"]["param"]),
            (StatusCode::BAD_REQUEST, &json!(field)),
            "{model} {inputs} {body}"
        );
    }
    for (model, inputs) in [
        (
            "veo-3.1",
            json!({ "prompt": "x", "duration_seconds": 4, "resolution": "720p", "image": dot, "last_frame": dot }),
        ),
        ("veo-3.1", json!({ "prompt": "x", "reference_images": [format!("data:image/png;base64,{dot}")] })),
        ("veo-3.1", json!({ "prompt": "x", "negative_prompt": "blurry", "unheard_of": 1 })),
        ("gemini-omni-1.2-flash", json!({ "prompt": "x", "duration": 15, "resolution": "4k" })),
        ("mm/t2v", json!({ "prompt": "x" })),
    ] {
        customer.job(json!({ "model": model, "inputs": inputs })).await;
    }
}

#[tokio::test]
async fn lengths_by_policy() {
    let long = json!({ "prompt": "x", "duration": 30, "aspect_ratio": "9:16" });
    for (policy, want) in [(Durations::Clamp, 8), (Durations::Accept, 30)] {
        let (_folder, sandbox) = started(|options| options.skillboss.durations = policy).await;
        Customer::standard(&sandbox).job(json!({ "inputs": long })).await;
        assert_eq!(sandbox.skillboss.submissions()[0].seconds, Some(want));
    }
}

/// Body and headers word for word as the page "Prompt to 30-Second Social Clip" sends them, at its price.
#[tokio::test]
async fn as_the_published_page_sends_it() {
    let (_folder, sandbox) = started(|options| {
        options.skillboss.durations = Durations::Accept;
        options.skillboss.prices_usd.insert("veo-3.1".into(), Usd::cents(2));
    })
    .await;
    let customer = Customer::standard(&sandbox);
    let prompt = "A neon-lit Tokyo alley at night, slow dolly-in, cinematic 35mm film look";
    let hook = "https://my-app.example.com/webhooks/video-done";
    let body = |model: &str| {
        let inputs = json!({ "prompt": prompt, "duration": 30, "aspect_ratio": "9:16" });
        json!({ "model": model, "inputs": inputs, "async": true, "webhook_url": hook })
    };
    let send = |model: &str| customer.post("/v1/run").header("X-Max-Cost-Usd", "1.00").json(&body(model));
    let (status, refused) = answer(send("sora-2-pro")).await;
    assert_eq!((status, &refused["error"]["param"]), (StatusCode::NOT_FOUND, &json!("model")));
    let (status, accepted) = answer(send("veo-3.1")).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let done = customer.done(accepted["job_id"].as_str().unwrap()).await;
    assert_eq!((&done["status"], &done["cost_usd"]), (&json!("completed"), &json!(0.6)));
    let submission = &sandbox.skillboss.submissions()[0];
    assert_eq!((submission.prompt.as_str(), submission.webhook_url.as_deref()), (prompt, Some(hook)));

    let reset = http().post(format!("{}/__sandbox/reset", sandbox.url)).send().await.unwrap();
    assert_eq!(reset.status(), StatusCode::OK);
    assert!(sandbox.skillboss.submissions().is_empty());
    assert_eq!(sandbox.skillboss.balance(&customer.key), Some(Usd::cents(10_000)));
}

#[tokio::test]
async fn the_first_fault_wins() {
    let (_folder, sandbox) = started(|_| {}).await;
    let send = |key: &'static str, body: String, cap: &'static str| {
        answer(
            http()
                .post(format!("{}/v1/run", sandbox.url))
                .header("authorization", format!("Bearer {key}"))
                .header("X-Max-Cost-Usd", cap)
                .body(body),
        )
    };
    let key = "sk-whole-sandbox";
    let run =
        |model: &str, inputs: Value| json!({ "model": model, "inputs": inputs, "async": true }).to_string();
    let good = json!({ "prompt": "x" });
    for (key, body, cap, status, code) in [
        ("", "no json".to_owned(), "0", 401, "missing_authorization"),
        ("sk-live-1234", "no json".to_owned(), "0", 401, "invalid_api_key"),
        (key, "no json".to_owned(), "0", 400, "invalid_json"),
        (key, "[1]".to_owned(), "0", 400, "invalid_json"),
        (key, "{}".to_owned(), "0", 400, "invalid_input"),
        (key, run("nonsense", json!({})), "0", 400, "model_not_found"),
        (key, run("sora-2-pro", json!({})), "0", 404, "model_not_available"),
        (key, run("veo-3.1", json!({})), "0", 400, "invalid_input"),
        (key, run("veo-3.1", good.clone()), "0", 402, "max_cost_exceeded"),
    ] {
        let (got, answered) = send(key, body.clone(), cap).await;
        assert_eq!((got.as_u16(), answered["error"]["code"].as_str()), (status, Some(code)), "{body}");
    }
    assert!(sandbox.skillboss.submissions().is_empty());
}

#[tokio::test]
async fn keys_and_hosts() {
    let (_folder, sandbox) = started(|options| {
        options.skillboss.protocol = Protocol::Wholesale;
        options.skillboss.quote_without_key = true;
    })
    .await;
    let (status, body) = answer(Customer::standard(&sandbox).run(json!({}))).await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::UNAUTHORIZED, &json!("invalid_api_key")));
    Customer::wholesale(&sandbox).job(json!({})).await;
    let (status, body) = answer(http().post(format!("{}/v1/run", sandbox.url)).json(&json!({}))).await;
    assert_eq!((status, body["accepts"].is_array()), (StatusCode::PAYMENT_REQUIRED, true));

    let (_folder, sandbox) = started(|options| options.skillboss.protocol = Protocol::Standard).await;
    assert!(Customer::wholesale(&sandbox).job(json!({})).await.starts_with("job_"));
}

#[tokio::test]
async fn every_shape_of_an_error() {
    for (shape, want) in [
        (
            ErrorShape::Object,
            json!({ "error": { "message": "Job not found", "type": "not_found_error", "code": "not_found" }, "x_sandbox": true }),
        ),
        (ErrorShape::Word, json!({ "error": "not_found", "x_sandbox": true })),
        (ErrorShape::Detail, json!({ "detail": "Job not found", "x_sandbox": true })),
        (ErrorShape::Message, json!({ "message": "Job not found", "x_sandbox": true })),
        (ErrorShape::CodeIn200, json!({ "code": 404, "message": "Job not found", "x_sandbox": true })),
    ] {
        let (_folder, sandbox) = started(|options| options.skillboss.error_shape = Some(shape)).await;
        let (status, body) = answer(Customer::standard(&sandbox).get("/v1/job/job_0")).await;
        assert_eq!(
            status,
            if shape == ErrorShape::CodeIn200 { StatusCode::OK } else { StatusCode::NOT_FOUND }
        );
        assert_eq!(body, want);
    }
    for (shape, start) in [(ErrorShape::Text, "Job not found"), (ErrorShape::Html, "<!doctype html>")] {
        let (_folder, sandbox) = started(|options| options.skillboss.error_shape = Some(shape)).await;
        let got = Customer::standard(&sandbox).get("/v1/job/job_0").send().await.unwrap();
        assert_eq!(got.status(), StatusCode::NOT_FOUND);
        assert!(got.text().await.unwrap().starts_with(start));
    }
}

#[test]
fn settings_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.toml");
    let text = "[skillboss]\nclips = \"tiny\"\nbalance_usd = \"12.50\"\nprices_usd = { \"veo-3.1\" = 0.02 }\n\
                durations = \"clamp\"\n[[skillboss.accounts]]\nkey = \"sk-ours\"\nform = \"wholesale\"\n\
                [skillboss.webhooks]\nloopback = true\nsecret = \"whsec_x\"\n";
    std::fs::write(&path, text).unwrap();
    let options = Options::from_file(&path).unwrap().skillboss;
    assert_eq!((options.clips, options.durations), (Clips::Tiny, Durations::Clamp));
    assert_eq!((options.balance_usd, options.prices_usd["veo-3.1"]), (Usd::cents(1250), Usd::cents(2)));
    assert_eq!(options.accounts[0].form, Some(Form::Wholesale));
    assert!(options.webhooks.loopback && options.webhooks.timeout_ms == 5000);
}
