//! What something would cost, asked before it is made: choices, rules, where a price comes from, and what is left.

use firstcut::sandbox::{Endpoint, Fault};
use serde_json::json;

use crate::home::{Home, always};

/// What a model makes stands beside its price, pictures count, and every model of the sandbox is in the catalog.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_estimate_shows_the_choices_and_refuses_what_a_call_would() {
    let home = Home::paying(|_| {}).await;
    let told = home.run(&["estimate", "--model", "veo-3.1", "--seconds", "8", "--json"]).await.ok();
    let choice = &told["models"][0];
    assert_eq!(
        (&choice["model"], &choice["default"]),
        (&json!("veo-3.1"), &json!("8 s, 16:9, 1080p")),
        "{told:#}"
    );
    assert_eq!(
        choice["takes"],
        json!(["a first frame", "a last frame", "sound", "up to 3 reference images"])
    );
    assert_eq!(choice["rules"][0], "1080p and 4k exist only at 8 s");
    let text = home.run(&["estimate", "--model", "veo-3.1", "--seconds", "8"]).await.stdout;
    assert!(text.contains("rules    1080p and 4k exist only at 8 s; "), "{text}");

    // A picture that is only named: it stays here, and need not exist yet.
    let with = |more: &[&'static str]| {
        [&["estimate", "--model", "veo-3.1", "--seconds", "8", "--json"], more].concat()
    };
    let wrong = home.run(&with(&["--image", "a.png", "--reference-image", "b.png"])).await.error();
    assert!(wrong["message"].as_str().unwrap().contains("without a first or last frame"), "{wrong:#}");
    let dear = home.run(&with(&["--max-cost-usd", "1"])).await.error();
    assert_eq!(dear["code"], "over_budget", "{dear:#}");
    let sharp = home.run(&with(&["--resolution", "4k"])).await.ok();
    assert_eq!((&sharp["resolution"], &sharp["estimated_usd"]), (&json!("4k"), &json!("4.80")), "{sharp:#}");
    // One that needs a picture has a price with one.
    let words = ["estimate", "--model", "mm/i2v", "--seconds", "5", "--image", "a.png", "--json"];
    let told = home.run(&words).await.ok();
    assert_eq!(
        (&told["price_from"], &told["estimated_usd"]),
        (&json!("service"), &json!("0.30")),
        "{told:#}"
    );

    let mut server = home.serve().await;
    let asked = json!({"model": "veo-3.1", "duration_seconds": 8, "last_frame": "b.png"});
    let wrong = server.talk.call("estimate_cost", asked).await;
    assert!(wrong.to_string().contains("a last frame needs a first frame"), "{wrong:#}");
    let odd = json!({"prompt": "a lake", "model": "veo-3.1-lite", "resolution": "4k", "duration_seconds": 8});
    let nearest = server.talk.call("generate_video", odd).await.to_string();
    assert!(
        nearest.contains("no size") && nearest.contains("8 s, 16:9, 1080p"),
        "the catalog answers: {nearest}"
    );
    server.hang_up().await;

    let app = home.app();
    let offered =
        app.skillboss(firstcut::model::job::Service::SkillBoss).await.unwrap().models().await.unwrap();
    let offered = offered.unwrap();
    assert!(offered.len() >= 10, "{offered:?}");
    for model in offered {
        assert!(
            app.catalog().await.unwrap().model(&model.id).is_some(),
            "nothing is known about {}",
            model.id
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prices_say_where_they_come_from_and_both_services_their_balance() {
    let home = Home::paying(|_| {}).await;
    let words = ["estimate", "--model", "veo-3.1", "--seconds", "8", "--json"];
    let told = home.run(&words).await.ok();
    assert_eq!(told["price_from"], "service", "{told:#}");
    assert!(told["message"].as_str().unwrap().contains("the service's own estimate"), "{told:#}");
    let missing = Fault::Status { status: 404, code: None, message: None, retry_after_s: None };
    home.sandbox.faults.add(always(Endpoint::Estimate, missing));
    let told = home.run(&words).await.ok();
    assert_eq!(told["price_from"], "catalog", "{told:#}");
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("That is the list price (") && message.contains(", 2026-"), "{message}");
    let all = home.run(&["estimate", "--service", "nemo"]).await.stdout;
    assert!(all.contains("per second") && all.contains("(list price: "), "{all}");

    assert!(all.contains("the highest counts"), "{all}");

    // Without a key the list price is data all the same, and nobody is asked.
    let asked = home.requests("estimate").len();
    let mut home = home;
    home.set("SKILLBOSS_WHOLESALE_KEY", "");
    let told = home.run(&words).await.ok();
    assert_eq!((&told["price_from"], &told["most_usd"]), (&json!("catalog"), &json!("3.20")), "{told:#}");
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("no SkillBoss key is set") && message.contains("list price"), "{message}");
    assert!(message.contains("What counts is the second"), "{message}");
    assert!(told["next"].as_str().unwrap().contains("SKILLBOSS_API_KEY"), "{told:#}");
    let mut server = home.serve().await;
    let same = server.talk.call_ok("estimate_cost", json!({"model": "veo-3.1", "duration_seconds": 8})).await;
    assert_eq!(same["message"], told["message"]);
    server.hang_up().await;
    assert_eq!(home.requests("estimate").len(), asked);
    let refused = home.run(&["make", "a lake", "--model", "veo-3.1", "--seconds", "8", "--json"]).await;
    assert_eq!(refused.error()["code"], "unauthorized", "only asking needs no key");
    home.set("SKILLBOSS_WHOLESALE_KEY", firstcut::sandbox::WHOLESALE_KEY);

    let mut server = home.serve().await;
    let both = server.talk.call_ok("check_credits", json!({})).await;
    let message = both["message"].as_str().unwrap();
    assert!(
        message.contains("credits can be spent") && message.contains("$1000.00 in the SkillBoss wallet"),
        "{message}"
    );
    assert_eq!(both["wallet_usd"], "1000.00", "{both:#}");
    server.hang_up().await;
    let home = Home::new().await;
    let one = home.run(&["credits", "--json"]).await.ok();
    assert!(one["message"].as_str().unwrap().contains("SkillBoss: no key is set"), "{one:#}");
}

/// A model knows only arguments: what the prompt says of the whole becomes one, and is made and paid as such.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_prompt_says_of_the_whole_counts_for_a_model_too() {
    let home = Home::paying(|_| {}).await;
    let prompt = "a 4-second fox in vertical 9:16";
    let model = ["--model", "veo-3.1-lite", "--resolution", "720p", "--json"];
    let told = home.run(&[&["make", prompt], &model[..]].concat()).await.ok();
    let made = home.sandbox.skillboss.submissions().remove(0);
    assert_eq!((made.seconds, told["cost"]["usd"].as_str()), (Some(4), Some("0.12")), "{told:#}");
    assert_eq!(
        (&told["files"][0]["width"], &told["files"][0]["height"]),
        (&json!(720), &json!(1280)),
        "{told:#}"
    );
    home.write(
        "one.jsonl",
        format!("{{\"prompt\": \"{prompt}\", \"model\": \"veo-3.1-lite\", \"resolution\": \"720p\"}}\n")
            .as_bytes(),
    );
    let checked = home.run(&["batch", "one.jsonl", "--check", "--json"]).await.json();
    assert!(checked.to_string().contains("0.12"), "{checked:#}");
    // A length that it does not make is refused as if it had been an argument.
    let refused = home.run(&[&["make", "a 5-second video of a hen"], &model[..]].concat()).await.error();
    assert!(refused["message"].as_str().unwrap().contains("5 s"), "{refused:#}");
    // An argument says more than the words.
    let told = home.run(&[&["make", prompt, "--seconds", "6"], &model[..]].concat()).await.ok();
    assert_eq!(told["cost"]["usd"], "0.18", "{told:#}");
}
