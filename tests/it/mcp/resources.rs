//! What can be read beside the tools: the list, jobs, pictures, timelines, models, and the skill.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::Pipe;

/// The entries of a list, page after page.
async fn listed(pipe: &mut Pipe) -> Vec<Value> {
    let mut all = Vec::new();
    let mut params = json!({});
    loop {
        let answer = pipe.request("resources/list", params).await;
        let Value::Array(page) = answer["result"]["resources"].clone() else { panic!("no list: {answer}") };
        assert!(page.len() <= 60, "a page of {}", page.len());
        all.extend(page);
        match answer["result"].get("nextCursor") {
            Some(cursor) => params = json!({"cursor": cursor}),
            None => return all,
        }
    }
}

fn uris(list: &[Value]) -> Vec<&str> {
    list.iter().map(|one| one["uri"].as_str().unwrap()).collect()
}

async fn read(pipe: &mut Pipe, uri: &str) -> Value {
    pipe.request("resources/read", json!({"uri": uri})).await
}

/// The JSON that stands at an address.
async fn read_json(pipe: &mut Pipe, uri: &str) -> Value {
    let answer = read(pipe, uri).await;
    let contents = &answer["result"]["contents"][0];
    assert_eq!(
        (&contents["uri"], &contents["mimeType"]),
        (&json!(uri), &json!("application/json")),
        "{answer}"
    );
    serde_json::from_str(contents["text"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_fresh_home_has_what_comes_with_the_program_and_stays_fresh() {
    let mut pipe = Pipe::initialized().await;
    let list = listed(&mut pipe).await;
    for uri in ["skill://firstcut/SKILL.md", "firstcut://jobs", "firstcut://models"] {
        assert!(uris(&list).contains(&uri), "{uri} in {list:?}");
    }
    let skill = list.iter().find(|one| one["uri"] == "skill://firstcut/SKILL.md").unwrap();
    assert_eq!((&skill["name"], &skill["mimeType"]), (&json!("firstcut"), &json!("text/markdown")));
    assert!(skill["description"].as_str().unwrap().contains("Make and edit videos"), "{skill}");

    let read_back = read(&mut pipe, "skill://firstcut/SKILL.md").await;
    let text = read_back["result"]["contents"][0]["text"].as_str().unwrap();
    assert_eq!(text, include_str!("../../../SKILL.md"));
    assert_eq!(skill["size"], text.len());

    let jobs = read_json(&mut pipe, "firstcut://jobs").await;
    assert_eq!(jobs["jobs"], json!([]));
    let models = read_json(&mut pipe, "firstcut://models").await;
    let veo = models["models"].as_array().unwrap().iter().find(|model| model["id"] == "veo-3.1").unwrap();
    assert!(!veo["prices"].as_array().unwrap().is_empty());
    for price in veo["prices"].as_array().unwrap() {
        assert!(
            price["source"].is_string() && price["as_of"].is_string() && price["usd"].is_string(),
            "{price}"
        );
    }
    assert!(!models.to_string().contains("null"));

    let answer = pipe.request("resources/templates/list", json!({})).await;
    let templates = answer["result"]["resourceTemplates"].as_array().unwrap();
    assert_eq!(templates.len(), 3);
    for template in templates {
        assert!(template["title"].is_string() && template["description"].is_string(), "{template}");
    }
    // Looking makes no ledger.
    assert!(!pipe.home.path().join("ledger.sqlite").exists());
    pipe.hang_up().await;
}

#[tokio::test]
async fn a_finished_job_can_be_read_seen_and_listed() {
    let mut pipe = Pipe::initialized().await;
    let asked =
        json!({"prompt": "a 1-second video of a \"red\" kite", "resolution": "720p", "wait_seconds": 120});
    let made = pipe.call_ok("generate_video", asked).await;
    let id = made["job_id"].as_str().unwrap().to_owned();
    let session = made["session_id"].as_str().unwrap().to_owned();

    let list = listed(&mut pipe).await;
    let entry =
        |uri: &str| list.iter().find(|one| one["uri"] == uri).unwrap_or_else(|| panic!("{uri}: {list:?}"));
    let job_uri = format!("firstcut://jobs/{id}");
    let job = entry(&job_uri);
    assert_eq!(job["title"], "Video: a 1-second video of a 'red' kite (done)");
    assert_eq!(job["name"], id);
    assert!(job["annotations"]["lastModified"].as_str().unwrap().contains('T'), "{job}");
    let sheet_uri = format!("{job_uri}/contact-sheet");
    assert_eq!(entry(&sheet_uri)["mimeType"], "image/jpeg");
    let timeline_uri = format!("firstcut://sessions/{session}/timeline");
    entry(&timeline_uri);

    // Exactly what the tool says.
    let told = pipe.call_ok("check_job", json!({"job_id": id, "preview": "none"})).await;
    assert_eq!(read_json(&mut pipe, &job_uri).await, told);
    assert_eq!(read_json(&mut pipe, "firstcut://jobs").await["jobs"][0]["job_id"], id);

    let seen = read(&mut pipe, &sheet_uri).await;
    assert!(seen.to_string().len() < 900_000);
    let blob = &seen["result"]["contents"][0];
    assert_eq!(blob["mimeType"], "image/jpeg");
    let jpeg = BASE64.decode(blob["blob"].as_str().unwrap()).unwrap();
    assert_eq!(std::fs::read(made["files"][1]["path"].as_str().unwrap()).unwrap(), jpeg);
    assert_eq!(entry(&sheet_uri)["size"], jpeg.len());

    let timeline = read_json(&mut pipe, &timeline_uri).await;
    assert_eq!(timeline["session_id"], session);
    let clips = timeline["layout"]["tracks"][0]["clips"].as_array().unwrap();
    assert!(clips[0]["end_s"].as_f64().unwrap() > clips[0]["start_s"].as_f64().unwrap(), "{timeline}");
    let both = read(&mut pipe, &timeline_uri).await;
    let summary = &both["result"]["contents"][1];
    assert_eq!((&summary["text"], &summary["mimeType"]), (&timeline["timeline"], &json!("text/plain")));

    // An edit makes no video, so there is nothing to see of it.
    let edit =
        pipe.call_ok("edit_video", json!({"instruction": "add a title \"Kite\"", "wait_seconds": 120})).await;
    let uri = format!("firstcut://jobs/{}/contact-sheet", edit["job_id"].as_str().unwrap());
    let none = read(&mut pipe, &uri).await;
    assert_eq!(none["error"]["code"], -32002, "{none}");
    assert!(none["error"]["message"].as_str().unwrap().contains("has no contact sheet"), "{none}");
    pipe.hang_up().await;
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap() {
    let mut pipe = Pipe::initialized().await;
    let mut made = Vec::new();
    for number in 0..45 {
        let asked = json!({"prompt": format!("waves number {number}"), "wait_seconds": 0});
        let id = pipe.call_ok("generate_video", asked).await["job_id"].as_str().unwrap().to_owned();
        pipe.call_ok("cancel_job", json!({"job_id": id})).await;
        made.push(format!("firstcut://jobs/{id}"));
    }
    let list = listed(&mut pipe).await;
    let jobs: Vec<_> = uris(&list)
        .into_iter()
        .filter(|uri| uri.starts_with("firstcut://jobs/") && !uri.ends_with("contact-sheet"))
        .collect();
    made.reverse();
    assert_eq!(jobs, made, "newest first, each once");
    let bad = pipe.request("resources/list", json!({"cursor": "nonsense"})).await;
    assert_eq!(bad["error"]["code"], -32602, "{bad}");
    pipe.hang_up().await;
}

#[tokio::test]
async fn what_is_not_there_is_told_as_each_era_wants_it() {
    let nobody = "firstcut://jobs/job_00000000000000000000000000000000";
    for uri in [
        nobody,
        "firstcut://jobs/job_00000000000000000000000000000000/contact-sheet",
        "firstcut://sessions/nobody/timeline",
        "firstcut://nothing",
        "skill://firstcut/../secrets",
        "file:///etc/passwd",
        "",
    ] {
        let mut pipe = Pipe::initialized().await;
        let answer = read(&mut pipe, uri).await;
        assert_eq!(answer["error"]["code"], -32002, "{uri}: {answer}");
        assert!(answer["error"]["message"].as_str().unwrap().len() > 20, "{answer}");
        pipe.hang_up().await;

        let mut pipe = Pipe::open();
        let answer = pipe.modern("resources/read", json!({"uri": uri})).await;
        assert_eq!(answer["error"]["code"], -32602, "{uri}: {answer}");
        pipe.hang_up().await;
    }
}

#[tokio::test]
async fn the_newer_era_learns_how_long_each_answer_holds() {
    let mut pipe = Pipe::open();
    for (method, params, scope) in [
        ("resources/list", json!({}), "private"),
        ("resources/templates/list", json!({}), "public"),
        ("prompts/list", json!({}), "public"),
        ("resources/read", json!({"uri": "firstcut://jobs"}), "private"),
        ("resources/read", json!({"uri": "skill://firstcut/SKILL.md"}), "public"),
        ("skills/list", json!({}), "public"),
        ("skills/get", json!({"uri": "skill://firstcut/SKILL.md"}), "public"),
    ] {
        let answer = pipe.modern(method, params).await;
        let result = &answer["result"];
        assert_eq!(
            (&result["resultType"], &result["cacheScope"]),
            (&json!("complete"), &json!(scope)),
            "{method}: {answer}"
        );
        assert!(
            result["ttlMs"].as_u64().is_some_and(|ttl| (ttl > 0) == (scope == "public")),
            "{method}: {answer}"
        );
    }
    let skill = pipe.modern("skills/get", json!({"uri": "skill://firstcut/SKILL.md"})).await;
    let entry = &skill["result"]["skill"];
    assert_eq!(entry["frontmatter"]["name"], "firstcut");
    assert_eq!(entry["resources"][0]["size"], include_str!("../../../SKILL.md").len());
    let none = pipe.modern("skills/get", json!({"uri": "skill://other/SKILL.md"})).await;
    assert_eq!(none["error"]["code"], -32602, "{none}");
    pipe.hang_up().await;
}
