//! What can be had, how it is chosen, templates and words.

use reqwest::StatusCode;
use serde_json::json;

use super::super::guest::{answer, ok};
use super::customer::{Customer, started};

#[tokio::test]
async fn models_by_list_and_by_name() {
    let (_folder, sandbox) = started(|_| {}).await;
    let customer = Customer::standard(&sandbox);
    let types = ok(customer.get("/v1/models")).await;
    assert_eq!(
        (&types["available_types"]["chat"], &types["available_types"]["video"]),
        (&json!(1), &json!(10))
    );
    let list = ok(customer.get("/v1/models?types=video")).await;
    assert_eq!(list["count"], 10);
    for path in ["seedance/seedance-2.0", "seedance%2Fseedance-2.0"] {
        let one = ok(customer.get(&format!("/v1/models/{path}"))).await;
        assert_eq!(one["model"]["display_name"], "Seedance 2.0");
        assert_eq!(one["model"]["limits"]["durations"], json!([5, 10, 15]));
        assert_eq!(one["model"]["pricing"]["per_second"], 0.36);
    }
    for gone in ["sora-2-pro", "nonsense"] {
        assert_eq!(answer(customer.get(&format!("/v1/models/{gone}"))).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(ok(customer.get("/api/catalog")).await["products"].as_array().unwrap().len(), 11);
    assert_eq!(ok(customer.get("/api/status")).await["vendors"]["google"]["status"], "operational");
}

#[tokio::test]
async fn the_pilot_chooses() {
    let (_folder, sandbox) = started(|_| {}).await;
    let customer = Customer::standard(&sandbox);
    let ask = |body: serde_json::Value| ok(customer.post("/v1/pilot").json(&body));
    assert_eq!(ask(json!({})).await["available_types"]["chat"], 1);
    assert_eq!(
        ask(json!({ "discover": true, "keyword": "lite" })).await["matches"][0]["model_id"],
        "veo-3.1-lite"
    );
    let cheap = ask(json!({ "type": "video", "prefer": "price", "limit": 3 })).await;
    assert_eq!(cheap["recommendations"].as_array().unwrap().len(), 3);
    assert_eq!(cheap["recommendations"][0]["model_id"], "veo-3.1-lite");
    let made = ask(json!({ "type": "video", "prefer": "price", "inputs": { "prompt": "a lake" } })).await;
    assert!(made["outputs"][0]["url"].is_string(), "{made}");
    assert_eq!(sandbox.skillboss.charges().len(), 1);
}

#[tokio::test]
async fn templates_and_words_cost_a_little() {
    let (_folder, sandbox) = started(|_| {}).await;
    let customer = Customer::wholesale(&sandbox);
    let template = json!({ "timeline": { "tracks": [] }, "output": { "format": "mp4" } });
    let inputs = json!({ "id": "f5493c17", "name": "Vertical promo", "template": template });
    let update = json!({ "model": "shotstack/template-update", "inputs": inputs });
    // This model is for wholesale keys only.
    let (status, body) = answer(Customer::standard(&sandbox).run(update.clone())).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (401, &json!("invalid_api_key")), "{body}");
    let id = customer.job(update.clone()).await;
    let done = customer.done(&id).await;
    assert_eq!(
        done["result"]["response"],
        json!({ "message": "Template Successfully Updated", "id": "f5493c17" })
    );
    let mut waiting = update;
    waiting["async"] = json!(false);
    let got = ok(customer.run(waiting)).await;
    assert_eq!((&got["success"], &got["response"]["id"]), (&json!(true), &json!("f5493c17")));
    let render =
        json!({ "model": "shotstack/template-render", "inputs": { "id": "f5493c17", "duration": 4 } });
    let done = customer.done(&customer.job(render).await).await;
    assert!(done["result"]["outputs"][0]["url"].is_string(), "{done}");

    let messages =
        json!([{ "role": "system", "content": "be short" }, { "role": "user", "content": "a cat." }]);
    let said = ok(customer
        .post("/v1/chat/completions")
        .json(&json!({ "model": "claude-4-5-haiku", "messages": messages })))
    .await;
    let text = said["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(text.starts_with("cinematic: a cat. "), "{text}");
    let through_run = json!({ "model": "bedrock/claude-4-5-haiku", "inputs": { "messages": messages } });
    customer.done(&customer.job(through_run).await).await;
    let costs: Vec<f64> = sandbox.skillboss.charges().iter().map(|bill| bill.amount_usd.dollars()).collect();
    assert_eq!(costs, [0.01, 0.01, 0.04, 0.001, 0.001]);
}
