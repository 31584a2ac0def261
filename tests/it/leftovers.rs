//! What a new user stumbled over at the command line: said plainly now, and held here.

use firstcut::sandbox::{Endpoint, Fault};
use serde_json::json;

use crate::home::{Home, always};
use crate::ports::Nobody;

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
        let nobody = Nobody::new();
        for name in ["NEMO_API_URL", "NEMO_WEB_URL", "SKILLBOSS_API_URL", "SKILLBOSS_WEB_URL"] {
            home.set(name, nobody.url.clone());
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
