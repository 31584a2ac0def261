//! The queue: a file is checked, priced, written down and made, within its budget and once.

use serde_json::{Value, json};

use super::{end, events, line, lines};
use crate::home::{Home, kill};
use firstcut::jobs::plan::{Caller, Door, GenerateInput};
use firstcut::jobs::submit::{self, Accepted};
use firstcut::model::job::State;

fn problem(priced: &Value, line: u64) -> String {
    let found = priced["problems"].as_array().unwrap().iter().find(|problem| problem["line"] == line);
    let found = found.unwrap_or_else(|| panic!("nothing about line {line}: {priced:#}"));
    format!("{} {}", found["message"].as_str().unwrap(), found["next"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_line_is_named_and_the_rest_goes_on() {
    let home = Home::paying(|_| {}).await;
    let mut rows: Vec<String> = lines(20).lines().map(str::to_owned).collect();
    rows[16] = "{\"prompt\": \"lake 17\", \"seconds\": 4,, }".to_owned();
    rows[3] = "{\"promt\": \"lake 4\"}".to_owned();
    rows[4] = "{\"prompt\": \"lake 5\", \"model\": \"sora-2-pro\"}".to_owned();
    rows[5] =
        "{\"prompt\": \"lake 6\", \"model\": \"veo-3.1-lite\", \"seconds\": 5, \"resolution\": \"720p\"}"
            .to_owned();
    rows[6] = "{\"prompt\": \"lake 7\", \"model\": \"veo-3.1-lite\", \"channels\": [\"tictoc\"]}".to_owned();
    rows[7] = "{\"prompt\": \"how many credits are left?\"}".to_owned();
    rows[8] = "{\"prompt\": \"lake 9\", \"not_before\": \"next week\"}".to_owned();
    rows[9] = "{\"prompt\": \"lake 10\", \"model\": \"veo-3.1-lite\", \"image\": \"missing.png\"}".to_owned();
    // The key of line 1 and the content of line 2.
    rows[10] = line("another lake", "k1").trim().to_owned();
    home.write("clips.jsonl", rows.join("\n").as_bytes());

    let checked = home.run(&["batch", "clips.jsonl", "--check", "--json"]).await;
    assert_eq!(checked.code, Some(2), "{checked:?}");
    let priced = checked.json();
    for (line, words) in [
        (17, "no JSON object"),
        (4, "prompt"),
        (5, "veo-3.1"),
        (6, "4 s"),
        (7, "tiktok"),
        (8, "command or a question"),
        (9, "2026-12-01"),
        (10, "missing.png"),
    ] {
        let said = problem(&priced, line);
        assert!(said.contains(words), "{line}: {said}");
    }
    assert_eq!(priced["problems"].as_array().unwrap().len(), 8, "{priced:#}");
    assert_eq!(priced["skipped"][0]["line"], 11, "{priced:#}");
    assert_eq!((&priced["new_lines"], &priced["most_usd"]), (&json!(11), &json!("1.32")), "{priced:#}");
    assert!(home.requests("run").is_empty() && home.jobs().await.is_empty(), "a check makes nothing");

    // Nobody agreed.
    let refused = home.run(&["batch", "clips.jsonl"]).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("--yes") && home.jobs().await.is_empty(), "{refused:?}");

    let ran = home.run(&["batch", "clips.jsonl", "--yes", "--json"]).await;
    assert_eq!(ran.code, Some(2), "the bad lines are said by the exit code: {ran:?}");
    let told = end(&ran);
    assert_eq!((&told["counts"]["done"], &told["charged_usd"]), (&json!(11), &json!("1.32")), "{told:#}");
    assert_eq!(home.bills().len(), 11);
    let told: Vec<_> = events(&ran);
    assert_eq!(told[0]["event"], "priced");
    let done: Vec<_> =
        told.iter().filter(|event| event["event"] == "line" && event["state"] == "done").collect();
    assert_eq!(done.len(), 11, "a line per change");
    for event in done {
        assert_eq!(event["cost_usd"], "0.12", "each line knows its cost: {event:#}");
        let file = event["file"].as_str().unwrap();
        assert!(std::fs::metadata(file).is_ok_and(|facts| facts.len() > 500), "{event:#}");
    }

    // The same file again makes nothing; a new line makes one; another content under a known key is said.
    let again = home.run(&["batch", "clips.jsonl", "--yes", "--json"]).await;
    assert_eq!(end(&again)["counts"]["done"], 11, "{again:?}");
    let more = format!("{}{}", line("quite another lake", "k1"), line("lake number 99", "k99"));
    home.write("clips.jsonl", more.as_bytes());
    let more = home.run(&["batch", "clips.jsonl", "--yes"]).await;
    assert_eq!(more.code, Some(0), "{more:?}");
    assert!(more.stderr.contains("Line 1 has a key"), "{more:?}");
    assert_eq!(home.bills().len(), 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_stops_at_its_budget_and_goes_on_when_that_is_raised() {
    let home = Home::paying(|_| {}).await;
    home.write("five.csv", b"prompt;key;model;seconds;resolution\na lake;1;veo-3.1-lite;4;720p\na hill;2;veo-3.1-lite;4;720p\na wood;3;veo-3.1-lite;4;720p\na moor;4;veo-3.1-lite;4;720p\na cape;5;veo-3.1-lite;4;720p\n");
    let ran = home.run(&["batch", "five.csv", "--yes", "--json", "--budget", "0.30"]).await;
    assert_eq!(ran.code, Some(28), "{ran:?}");
    let told = end(&ran);
    assert_eq!((&told["counts"]["done"], &told["counts"]["waiting"]), (&json!(2), &json!(3)), "{told:#}");
    assert!(told["message"].as_str().unwrap().contains("budget of $0.30"), "{told:#}");
    assert!(told["next"].as_str().unwrap().contains("batch resume five --budget"), "{told:#}");

    let still = home.run(&["batch", "wait", "five"]).await;
    assert_eq!(still.code, Some(28), "{still:?}");
    let resumed = home.run(&["batch", "resume", "five", "--budget", "1", "--json"]).await;
    assert_eq!(resumed.code, Some(0), "{resumed:?}");
    assert_eq!(end(&resumed)["counts"], json!({ "done": 5 }));
    assert_eq!(home.bills().len(), 5);

    // The books name the batch, one line a charge.
    let table = home.run(&["jobs", "report", "--csv"]).await.stdout;
    assert_eq!(table.lines().filter(|row| row.contains(",five,")).count(), 5, "{table}");
    // Each with the model and the seconds that its receipt states.
    assert_eq!(table.lines().filter(|row| row.contains(",veo-3.1-lite,4,,")).count(), 5, "{table}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paused_resumed_cancelled_and_put_off() {
    let mut home = Home::paying(|_| {}).await;
    home.set("FIRSTCUT_MAX_USD_PER_DAY", "0.25");
    home.write("later.jsonl", b"{\"prompt\": \"a lake\", \"key\": \"1\", \"not_before\": \"2999-01-01\", \"model\": \"veo-3.1-lite\", \"seconds\": 4, \"resolution\": \"720p\"}\n");
    let words = ["batch", "later.jsonl", "--yes", "--detach", "--json"];
    assert_eq!(home.run(&words).await.code, Some(0));
    let name = ["batch", "pause", "later", "--json"];
    assert_eq!(home.run(&name).await.json()["state"], "paused");
    let shown = home.run(&["batch", "show", "later", "--json"]).await.json();
    assert_eq!(shown["lines"][0]["state"], "scheduled", "{shown:#}");
    assert!(shown["lines"][0]["not_before"].as_str().unwrap().starts_with("299"), "{shown:#}");

    // A day's budget makes lines wait, and is no failure.
    home.write("many.jsonl", lines(4).as_bytes());
    assert_eq!(home.run(&["batch", "many.jsonl", "--yes", "--detach"]).await.code, Some(0));
    let mut worker = home.start(&["worker"]);
    home.until("two are charged", |home| home.bills().len() == 2).await;
    let held = async {
        loop {
            let shown = home.run(&["batch", "show", "many", "--json"]).await.json();
            if shown["hold"].is_object() && shown["counts"]["done"] == 2 {
                return shown;
            }
        }
    };
    let held = tokio::time::timeout(crate::patience::PATIENCE, held).await.unwrap();
    assert_eq!(
        (&held["hold"]["code"], &held["counts"]["waiting"]),
        (&json!("over_budget"), &json!(2)),
        "{held:#}"
    );
    assert!(held["next"].as_str().unwrap().contains("midnight"), "{held:#}");

    let cancelled = home.run(&["batch", "cancel", "many", "--json"]).await;
    assert_eq!(end(&cancelled)["counts"], json!({ "done": 2, "cancelled": 2 }), "{cancelled:?}");
    let never = home.run(&["batch", "resume", "many", "--json"]).await.error();
    assert_eq!(never["code"], "invalid_input");
    assert_eq!(home.run(&["batch", "show", "nothing", "--json"]).await.error()["code"], "not_found");
    kill(&mut worker).await;
    let listed = home.run(&["batch", "list", "--json"]).await.json();
    assert_eq!(listed["batches"].as_array().unwrap().len(), 2, "{listed:#}");
    assert_eq!(home.bills().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_wallet_holds_it_up_and_after_a_top_up_it_goes_on() {
    let home = Home::paying(|options| {
        options.skillboss.balance_usd = firstcut::sandbox::Usd::cents(13);
    })
    .await;
    home.write("five.jsonl", lines(5).as_bytes());
    let ran = home.run(&["batch", "five.jsonl", "--yes", "--json", "-j", "1"]).await;
    assert_eq!(ran.code, Some(13), "{ran:?}");
    let told = end(&ran);
    assert_eq!((&told["state"], &told["counts"]["done"]), (&json!("active"), &json!(1)), "{told:#}");
    assert_eq!((&told["counts"]["queued"], &told["counts"]["waiting"]), (&json!(1), &json!(3)), "{told:#}");
    assert!(told["next"].as_str().unwrap().contains("batch resume five"), "{told:#}");
    assert_eq!(home.bills().len(), 1);

    home.sandbox
        .skillboss
        .top_up(firstcut::sandbox::WHOLESALE_KEY, firstcut::sandbox::Usd::cents(500))
        .unwrap()
        .unwrap();
    let resumed = home.run(&["batch", "resume", "five", "--json"]).await;
    assert_eq!(resumed.code, Some(0), "{resumed:?}");
    assert_eq!((end(&resumed)["counts"].clone(), home.bills().len()), (json!({ "done": 5 }), 5));
    // Nothing is left to stop, and the same file may still get more lines.
    for what in ["cancel", "pause"] {
        let ended = home.run(&["batch", what, "five", "--json"]).await.error();
        assert!(ended["message"].as_str().unwrap().contains("has ended already (done)"), "{ended:#}");
    }
    assert_eq!(home.run(&["batch", "five.jsonl", "--yes", "--json"]).await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_its_line_does_not_know_yet_is_cancelled_with_the_batch() {
    let home = Home::paying(|_| {}).await;
    home.write("one.jsonl", line("a lake", "k1").as_bytes());
    assert_eq!(home.run(&["batch", "one.jsonl", "--yes", "--detach"]).await.code, Some(0));
    // As if whoever began the line had been killed before it noted that.
    let input = GenerateInput {
        prompt: "a lake".into(),
        model: Some("veo-3.1-lite".into()),
        duration_seconds: Some(4.0),
        resolution: Some("720p".into()),
        service: Some("skillboss".into()),
        request_id: Some("batch:one/k1".into()),
        batch: Some("one".into()),
        approved: true,
        ..GenerateInput::default()
    };
    let caller = Caller { door: Door::Cli, working_dir: home.work() };
    let Accepted::Job(begun) = submit::generate(&home.app(), &caller, input).await.unwrap() else {
        panic!("no job")
    };
    assert_eq!(begun.job.state, State::Queued);

    let cancelled = home.run(&["batch", "cancel", "one", "--json"]).await;
    assert_eq!(end(&cancelled)["counts"], json!({ "cancelled": 1 }), "{cancelled:?}");
    let job = home.run(&["jobs", "wait", begun.job.id.as_str(), "--json"]).await;
    let [job] = &home.jobs().await[..] else { panic!("one job: {job:?}") };
    assert_eq!((job.state, home.bills().len()), (State::Cancelled, 0));
}
