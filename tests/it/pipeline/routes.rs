//! Routes: prompts spread over models, and the models compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use super::end;
use crate::home::Home;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_route_spreads_falls_back_and_is_compared() {
    let home = Home::paying(|_| {}).await;
    std::fs::write(
        home.path().join("firstcut.toml"),
        "[routes.social]\narms = [\n  { model = \"veo-3.1-lite\", weight = 50 },\n  { model = \"veo-3.1-fast\", weight = 50 },\n  { model = \"sora-2-pro\", weight = 100 },\n]\n",
    )
    .unwrap();
    let file = (0..24).fold(String::new(), |mut text, number| {
        let _ = writeln!(
            text,
            "{{\"prompt\": \"lake {number}\", \"key\": \"k{number}\", \"route\": \"social\", \"seconds\": 4, \"resolution\": \"720p\"}}"
        );
        text
    });
    home.write("ab.jsonl", file.as_bytes());
    let unknown = home.write("no.jsonl", b"{\"prompt\": \"a lake\", \"route\": \"sozial\"}\n");
    let refused = home.run(&["batch", unknown.to_str().unwrap(), "--check", "--json"]).await.json();
    assert!(refused["problems"][0]["next"].as_str().unwrap().contains("social"), "{refused:#}");

    let ran = home.run(&["batch", "ab.jsonl", "--yes", "--json"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let told = end(&ran);
    let mut arms = BTreeMap::<&str, usize>::new();
    for line in told["lines"].as_array().unwrap() {
        *arms.entry(line["model"].as_str().unwrap()).or_default() += 1;
        assert!(line["message"].as_str().unwrap().contains("Route social chose"), "{line:#}");
    }
    assert_eq!(
        arms.keys().copied().collect::<Vec<_>>(),
        ["veo-3.1-fast", "veo-3.1-lite"],
        "sora is retired: {arms:?}"
    );
    assert!(arms.values().all(|many| *many >= 4), "{arms:?}");
    assert!(
        told["lines"]
            .as_array()
            .unwrap()
            .iter()
            .any(|line| line["message"].as_str().unwrap().contains("retired"))
    );

    // What viewers did: the fast one is liked three times as often.
    let mut table = "key,views,likes,comments\n".to_owned();
    for (place, line) in told["lines"].as_array().unwrap().iter().enumerate() {
        let liked = if line["model"] == "veo-3.1-fast" { 90 } else { 30 } + place % 7;
        let _ = writeln!(table, "{},1000,{liked},1", line["key"].as_str().unwrap());
    }
    table.push_str("k99,10,1,1\nk1,many,1,1\n");
    home.write("likes.csv", table.as_bytes());
    let rated = home.run(&["jobs", "rate", "--csv", "likes.csv", "--batch", "ab", "--json"]).await;
    assert_eq!(rated.code, Some(2), "{rated:?}");
    assert_eq!(
        (&rated.json()["rated"], rated.json()["problems"].as_array().unwrap().len()),
        (&json!(24), 2),
        "{rated:?}"
    );

    let told = home.run(&["routes", "report", "social", "--json"]).await.ok();
    let arms = told["arms"].as_array().unwrap();
    assert_eq!(arms.len(), 3, "{told:#}");
    let wins = arms.iter().filter(|arm| arm["lines"] != 0).all(|arm| arm["done"].as_u64().unwrap() >= 10);
    assert_eq!(told["winner"] == "veo-3.1-fast", wins, "{told:#}");
    let by_batch = home.run(&["batch", "report", "ab", "--json"]).await.ok();
    let arms = by_batch["arms"].as_array().unwrap();
    assert_eq!(arms.len(), 2, "{by_batch:#}");
    for arm in arms {
        let done = arm["done"].as_u64().unwrap();
        let price = if arm["model"] == "veo-3.1-fast" { 48 } else { 12 } * done;
        assert_eq!(arm["charged_usd"], format!("{}.{:02}", price / 100, price % 100), "{arm:#}");
        assert_eq!(arm["engagement"]["clips"], done, "{arm:#}");
        assert!((arm["seconds"].as_f64().unwrap() - 4.0 * done as f64).abs() < 1.0, "{arm:#}");
    }
    let message = by_batch["message"].as_str().unwrap();
    if arms.iter().all(|arm| arm["done"].as_u64().unwrap() >= 10) {
        assert_eq!(by_batch["winner"], "veo-3.1-fast", "{by_batch:#}");
    } else {
        assert!(by_batch["winner"].is_null() && message.contains("at least 10"), "{by_batch:#}");
    }

    let job = told_job(&home).await;
    assert_eq!(home.run(&["jobs", "rate", &job, "good", "--json"]).await.ok()["rated"], 1);
    let wrong = home.run(&["jobs", "rate", &job, "so-so", "--json"]).await.error();
    assert_eq!(wrong["code"], "invalid_input");
}

async fn told_job(home: &Home) -> String {
    home.jobs().await.first().unwrap().id.to_string()
}
