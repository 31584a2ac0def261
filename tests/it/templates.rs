//! Templates are changed for their price, as clips are made: asked first where that is wished, and found in the books.

use firstcut::sandbox::{Endpoint, Fault, Rule};
use serde_json::json;

use crate::home::{Home, always};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn templates_name_their_record_and_a_missing_file_is_a_mistake_of_input() {
    let home = Home::paying(|_| {}).await;
    let id = "f5493c17-d01f-445c-bb49-535fae65f219";
    let error =
        home.run(&["template", id, "--name", "Winter", "--file", "nowhere.json", "--json"]).await.error();
    assert_eq!(error["code"], "invalid_input", "{error:#}");
    assert!(error["message"].as_str().unwrap().contains("nowhere.json"), "{error:#}");
    assert!(home.sandbox.skillboss.submissions().is_empty());

    let clip = json!({ "asset": { "type": "video", "src": "https://media.example/a.mp4" }, "start": 0, "length": 5 });
    let definition =
        json!({ "timeline": { "tracks": [{ "clips": [clip] }] }, "output": { "format": "mp4" } });
    home.write("winter.json", definition.to_string().as_bytes());
    let words =
        ["template", id, "--name", "Winter", "--file", "winter.json", "--max-cost-usd", "0.10", "--json"];
    // The service names the price itself, so that no setting is needed.
    let done = home.run(&words).await.ok();
    assert_eq!(
        (&done["cost"]["usd"], &done["cost"]["usd_estimated"]),
        (&json!("0.01"), &json!("0.01")),
        "{done:#}"
    );
    assert_eq!(home.requests("run")[0].headers["x-max-cost-usd"], "0.01", "{done:#}");
    assert_eq!(done["state"], "done", "{done:#}");
    assert!(done["message"].as_str().unwrap().contains("record of it is rec_"), "{done:#}");
    let books = home.run(&["jobs", "report", "--json"]).await.ok();
    assert!(books["entries"][0]["record_id"].as_str().unwrap().starts_with("rec_"), "{books:#}");
}

/// Above the limit a template waits for a person's word, which comes back with the token; a standard key is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_is_agreed_to_by_its_quote_and_paid_with_the_right_key() {
    let mut home = Home::paying(|_| {}).await;
    home.set("FIRSTCUT_APPROVE_ABOVE_USD", "0.005");
    let mut server = home.serve().await;
    let call = json!({ "template_id": "f5493c17", "name": "Winter", "blank": true });
    let asked = server.talk.call_ok("update_template", call.clone()).await;
    assert_eq!((&asked["state"], &asked["approval"]["most_usd"]), (&json!("needs_approval"), &json!("0.01")));
    assert!(asked["next"].as_str().unwrap().contains("update_template call with quote_token"), "{asked:#}");
    assert!(home.requests("run").is_empty());
    let mut agreed = call.clone();
    agreed["quote_token"] = asked["approval"]["quote_token"].clone();
    let done = server.talk.call_ok("update_template", agreed.clone()).await;
    assert_eq!((&done["job_id"], &done["state"]), (&asked["job_id"], &json!("done")), "{done:#}");
    agreed["name"] = json!("Summer");
    let other = server.talk.call("update_template", agreed).await;
    assert!(other.to_string().contains("No update waits for this quote"), "{other:#}");
    assert_eq!(home.requests("run").len(), 1);
    server.hang_up().await;

    // Without the price that the service names, and with a ceiling that is too low, nothing leaves.
    let words = ["template", "f5493c17", "--name", "Spring", "--blank", "--max-cost-usd", "0.001", "--json"];
    assert_eq!(home.run(&words).await.error()["code"], "over_budget");
    // The service is told whole cents, so that a price below the ceiling may still pass it.
    home.sandbox.faults.add(Rule::once(Endpoint::Estimate, Fault::WrongPrice { factor: 0.4 }));
    let words = ["template", "f5493c17", "--name", "Spring", "--blank", "--max-cost-usd", "0.005", "--json"];
    assert_eq!(home.run(&words).await.error()["code"], "over_budget");
    let missing = Fault::Status { status: 404, code: None, message: None, retry_after_s: None };
    home.sandbox.faults.add(always(Endpoint::Estimate, missing));
    let words = ["template", "f5493c17", "--name", "Spring", "--blank", "--json"];
    assert_eq!(home.run(&words).await.error()["code"], "price_unknown");
    assert_eq!(home.requests("run").len(), 1);

    let mut home = Home::paying(|_| {}).await;
    home.set("SKILLBOSS_WHOLESALE_KEY", "");
    home.set("SKILLBOSS_API_KEY", firstcut::sandbox::STANDARD_KEY);
    let refused = home.run(&words).await.error();
    assert_eq!(
        (&refused["code"], &refused["money"]),
        (&json!("unauthorized"), &json!("not_spent")),
        "{refused:#}"
    );
    assert!(refused.to_string().contains("SKILLBOSS_WHOLESALE_KEY"), "{refused:#}");
}
