//! What a new user stumbled over at the command line: said plainly now, and held here.

use firstcut::sandbox::{Endpoint, Fault};
use serde_json::json;

use crate::home::{Home, always};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_what_has_ended_is_no_success() {
    let home = Home::paying(|_| {}).await;
    let words =
        ["make", "a lake", "--model", "veo-3.1-lite", "--seconds", "4", "--resolution", "720p", "--json"];
    let done = home.run(&words).await.ok();
    let id = done["job_id"].as_str().unwrap();
    let text = home.run(&["jobs", "cancel", id]).await;
    assert!(
        text.stdout.contains("Nothing was stopped") && text.stdout.contains("had ended before (done)"),
        "{text:?}"
    );
    assert!(!text.stdout.contains("ready!"), "{text:?}");
    let told = home.run(&["jobs", "cancel", id, "--json"]).await.ok();
    assert_eq!(told["state"], "done", "{told:#}");
    let mut server = home.serve().await;
    let told = server.talk.call_ok("cancel_job", json!({ "job_id": id })).await;
    assert!(told["message"].as_str().unwrap().contains("Nothing was stopped"), "{told:#}");

    // The list tells them apart.
    let list = home.run(&["jobs", "list"]).await.stdout;
    let row = list.lines().find(|line| line.starts_with(id)).unwrap_or_else(|| panic!("{list}"));
    assert!(row.contains("\"a lake\"") && (row.contains(" s  ") || row.contains(" min  ")), "{row}");
    let listed = server.talk.call_ok("list_jobs", json!({})).await;
    assert_eq!(listed["jobs"][0]["prompt"], "a lake", "{listed:#}");
    assert!(listed["jobs"][0]["created_at"].as_str().unwrap().ends_with('Z'), "{listed:#}");
    server.hang_up().await;
}

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
    let mut home = home;
    home.set("FIRSTCUT_ALLOW_UNKNOWN_PRICE", "1");
    let done = home.run(&words).await.ok();
    assert_eq!(done["state"], "done", "{done:#}");
    assert!(done["message"].as_str().unwrap().contains("record of it is rec_"), "{done:#}");
    let books = home.run(&["jobs", "report", "--json"]).await.ok();
    assert!(books["entries"][0]["record_id"].as_str().unwrap().starts_with("rec_"), "{books:#}");
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_command_names_the_sandbox_and_the_preview_is_called_what_it_is() {
    let mut home = Home::new().await;
    home.set("FIRSTCUT_SERVICE", "auto");
    let words = ["make", "a 1-second 360p video of a lake", "--service", "sandbox"];
    let made = home.run(&words).await;
    assert_eq!(made.code, Some(0), "{made:?}");
    for part in
        ["\nVideo     ", "\nPreview   ", "(contact sheet, nine frames)", "edit \"…\" --service sandbox"]
    {
        assert!(made.stdout.contains(part), "{part}: {}", made.stdout);
    }
    // And it works as it stands.
    let edited =
        home.run(&["edit", "add a title that says Lake", "--service", "sandbox", "--json"]).await.ok();
    assert_eq!(edited["state"], "done", "{edited:#}");
}

#[tokio::test]
async fn a_folder_that_join_makes_is_told() {
    let home = Home::new().await;
    let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/media/h264-high-bframes-aac.mp4");
    let first = home.run(&["join", clip, clip, "-o", "fresh/deep/all.mp4"]).await;
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(first.stderr.contains("fresh/deep was not there; it was made"), "{first:?}");
    let second = home.run(&["join", clip, clip, "-o", "fresh/deep/all.mp4"]).await;
    assert!(second.code == Some(0) && !second.stderr.contains("was not there"), "{second:?}");
}

/// Nobody answers at all: that is said at once, with how to stop and how to go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_network_a_command_says_so_within_seconds() {
    for paid in [false, true] {
        let mut home = if paid { Home::paying(|_| {}).await } else { Home::new().await };
        home.may_leave_jobs = true;
        // A port of this machine that nobody listens on.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let nobody = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        for name in ["NEMO_API_URL", "NEMO_WEB_URL", "SKILLBOSS_API_URL", "SKILLBOSS_WEB_URL"] {
            home.set(name, nobody.clone());
        }
        home.set("FIRSTCUT_POLL_S", "5");
        let mut words = vec!["make", "a lake", "--wait", "10"];
        if paid {
            words.extend(["--model", "veo-3.1-lite", "--seconds", "4", "--resolution", "720p"]);
        }
        let ran = home.run(&words).await;
        assert!(ran.stderr.contains("cannot be reached"), "{ran:?}");
        for part in ["Ctrl-C stops the waiting", "firstcut jobs wait job_", "firstcut jobs cancel job_"] {
            assert!(ran.stderr.contains(part), "{part}: {ran:?}");
        }
        assert_ne!(ran.code, Some(0), "{ran:?}");
        assert!(home.requests("run").is_empty() && home.messages().is_empty());
    }
}

#[tokio::test]
async fn a_check_that_fails_has_an_exit_code_of_its_own() {
    let home = Home::new().await;
    let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/media/h264-high-bframes-aac.mp4");
    let failing = home.run(&["probe", clip, "--check", "--duration", "60", "--json"]).await;
    assert_eq!((failing.code, &failing.json()["verdict"]), (Some(33), &json!("fail")), "{failing:?}");
    assert_eq!(home.run(&["probe", clip, "--json"]).await.code, Some(0));
}
