//! Whatever a rehearsal tells, it tells as one; what it pretends to spend stands beside no real money.

use serde_json::{Value, json};

use crate::delivery::{Bucket, schedulers};
use crate::home::{Home, Ran};
use crate::money::till::make;
use crate::pipeline::line;

const CLIP: &str = "a 5-second 360p video of a lake";

/// A rehearsed clip that is here; its job and its file.
async fn clip(home: &Home) -> (String, String) {
    let report = home.run(&["make", CLIP, "--service", "sandbox", "--json"]).await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&report["job_id"]), text(&report["files"][0]["path"]))
}

fn message(report: &Value) -> &str {
    report["message"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rehearsed_clip_is_published_without_a_bucket_as_make_does() {
    let mut home = Home::new().await;
    home.set("FIRSTCUT_PREVIEW", "none");
    let (id, file) = clip(&home).await;

    let tried = home.run(&["publish", &id, "--channel", "tiktok", "--dry-run", "--json"]).await.ok();
    let said = message(&tried);
    for part in
        ["[sandbox", "Tried only", "the sandbox's own scheduler (in place of Buffer)", "make-believe address"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    let posted =
        home.run(&["publish", &id, "--channel", "tiktok", "--caption", "Waves.", "--json"]).await.ok();
    assert_eq!(
        (&posted["posts"][0]["state"], &posted["service"]),
        (&json!("done"), &json!("sandbox")),
        "{posted:#}"
    );
    assert!(message(&posted).contains("tiktok: a draft at the sandbox's own scheduler"), "{posted:#}");
    let post = posted["posts"][0]["job_id"].as_str().unwrap();
    let shown = home.run(&["jobs", "show", post, "--json"]).await.ok();
    assert!(
        message(&shown).starts_with("[sandbox") && message(&shown).contains("sandbox's own"),
        "{shown:#}"
    );

    // A file too, twice, and on another channel later.
    for (channel, posts) in [("tiktok", 1), ("tiktok", 1), ("x", 2)] {
        let words =
            ["publish", &file, "--channel", channel, "--when", "queue", "--service", "sandbox", "--json"];
        let posted = home.run(&words).await.ok();
        assert_eq!(posted["posts"].as_array().map(Vec::len), Some(posts), "{posted:#}");
        assert!(message(&posted).contains("queued at the sandbox's own scheduler"), "{posted:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publish_looks_at_its_arguments_before_the_bucket_and_names_what_there_is() {
    let mut home = Home::new().await;
    home.set("FIRSTCUT_PREVIEW", "none");
    let (id, file) = clip(&home).await;
    schedulers(&mut home, "buffer");
    let long = "a".repeat(5_000);
    // The rehearsed job, and a file that would be posted for real, with no bucket.
    for clip in [&id, &file] {
        for (words, code, said) in [
            (["--channel", "tictoc", "--caption", "Waves."], "invalid_input", "tiktok"),
            (["--channel", "x", "--caption", &long], "invalid_input", "caption"),
            (["--channel", "x", "--when", "soon"], "invalid_input", "2026-12-01"),
        ] {
            let all = [&["publish", clip.as_str()][..], &words, &["--json"]].concat();
            let error = home.run(&all).await.error();
            let text = format!("{} {}", error["message"], error["next"]);
            assert!(error["code"] == code && text.contains(said) && !text.contains("BUCKET"), "{error:#}");
        }
    }
    let error = home.run(&["publish", &file, "--channel", "x", "--json"]).await.error();
    let next = error["next"].as_str().unwrap();
    assert_eq!(error["code"], "config", "{error:#}");
    assert!(next.contains("FIRSTCUT_BUCKET_URL") && !next.contains("deliver"), "{error:#}");
    assert!(home.sandbox.social.posts().is_empty());

    // With a bucket, what is not there yet is named so that it can be read.
    let bucket = Bucket::open().await;
    bucket.settings(&mut home);
    let tried = home.run(&["publish", &file, "--channel", "x", "--dry-run", "--json"]).await.ok();
    let said = message(&tried);
    assert!(said.contains("/clips/{job}.mp4)") && !said.contains('%'), "{said}");
    assert!(said.contains("Then Buffer would get 1 post: x"), "{said}");
}

/// Every line for people but the advice.
fn every_line_says_so(ran: &Ran) {
    let lines = ran.stdout.lines().chain(ran.stderr.lines());
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with("Next: ")) {
        assert!(line.contains("[sandbox"), "{line:?} of {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rehearsed_batch_says_so_in_every_line_and_when_it_is_over() {
    let mut home = Home::new().await;
    home.set("FIRSTCUT_PREVIEW", "none");
    home.write("two.jsonl", (line("a lake", "1") + "{\"prompt\": }\n").as_bytes());
    let words = [
        "batch",
        "two.jsonl",
        "--channels",
        "tiktok",
        "--when",
        "queue",
        "--aspect",
        "9:16",
        "--service",
        "sandbox",
    ];
    let checked = home.run(&[&words[..], &["--check"]].concat()).await;
    every_line_says_so(&checked);
    assert!(checked.stdout.contains("in make-believe dollars"), "{checked:?}");

    let ran = home.run(&[&words[..], &["--yes"]].concat()).await;
    assert_eq!(ran.code, Some(2), "one line cannot be used: {ran:?}");
    every_line_says_so(&ran);
    assert!(ran.stdout.contains("two-rehearsal (done):"), "{ran:?}");
    assert!(ran.stdout.contains("1 post is with the scheduler, which is the sandbox's own"), "{ran:?}");
    for command in ["show", "report"] {
        every_line_says_so(&home.run(&["batch", command, "two-rehearsal"]).await);
    }
    let shown = home.run(&["batch", "show", "two-rehearsal"]).await.stdout;
    assert!(shown.contains("[tiktok: queued at the sandbox]"), "{shown}");
    let listed = home.run(&["batch", "list"]).await;
    every_line_says_so(&listed);
    assert!(listed.stdout.contains(" done ") && !listed.stdout.contains("active"), "{listed:?}");
    assert!(!listed.stdout.contains("nothing real was made"), "a short mark for a column: {listed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_books_keep_rehearsals_apart() {
    let mut home = Home::paying(|_| {}).await;
    home.set("FIRSTCUT_PREVIEW", "none");
    home.run(&make("a lake")).await.ok();
    let words = make("a hill");
    home.run(&[&words[..], &["--service", "sandbox"]].concat()).await.ok();

    let books = home.run(&["jobs", "report", "--json"]).await.ok();
    assert_eq!(
        (&books["charged_usd"], &books["rehearsed_usd"]),
        (&json!("0.12"), &json!("0.12")),
        "{books:#}"
    );
    assert!(message(&books).contains("1 paid call; $0.12 charged"), "{books:#}");
    assert!(message(&books).contains("1 rehearsed call came to $0.12 of make-believe dollars"), "{books:#}");
    for entry in books["entries"].as_array().unwrap() {
        assert_eq!(entry["rehearsal"], entry["service"] == "sandbox", "{entry:#}");
    }
    let text = home.run(&["jobs", "report"]).await.stdout;
    for line in text.lines().filter(|line| line.contains("sandbox  ")) {
        assert!(line.starts_with("[sandbox] "), "{line}");
    }

    let table = home.run(&["jobs", "report", "--csv"]).await.stdout;
    let mut rows = table.lines().map(|row| row.split(',').collect::<Vec<_>>());
    let head = rows.next().unwrap();
    let place = |name: &str| head.iter().position(|it| *it == name).unwrap();
    let sums: Vec<Vec<&str>> = rows
        .map(|row| {
            let shown = ["service", "most_usd", "estimated_usd", "charged_usd", "rehearsal", "rehearsed_usd"];
            shown.map(|name| row[place(name)]).to_vec()
        })
        .collect();
    assert_eq!(sums.len(), 2, "{table}");
    assert_eq!((sums[0][0], sums[0][3], sums[0][4], sums[0][5]), ("skillboss", "0.12", "no", ""), "{table}");
    assert_eq!(sums[1], ["sandbox", "", "", "", "yes", "0.12"], "{table}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_has_a_short_mark_and_a_trial_agrees_with_the_wallet() {
    let mut home = Home::new().await;
    home.set("FIRSTCUT_SERVICE", "sandbox");
    home.run(&["make", CLIP, "--wait", "0", "--json"]).await.ok();
    home.set("FIRSTCUT_SERVICE", "nemo");
    let listed = home.run(&["jobs", "list"]).await.stdout;
    assert!(listed.contains("[sandbox] Still working: Waiting for its turn."), "{listed}");
    assert!(!listed.contains("nothing real"), "{listed}");
    home.run(&["worker", "--until-done", "--service", "sandbox"]).await;
    let listed = home.run(&["jobs", "list"]).await.stdout;
    assert!(listed.contains("  [sandbox] /"), "{listed}");

    let trial = home.run(&["wallet", "trial", "--service", "sandbox", "--json"]).await.ok();
    let wallet = home.run(&["wallet", "--service", "sandbox", "--json"]).await.ok();
    assert_eq!(trial["balance_usd"], wallet["balance_usd"], "{trial:#} {wallet:#}");
    let balance = wallet["balance_usd"].as_str().unwrap();
    assert!(message(&trial).starts_with("[sandbox") && message(&trial).contains("$0.50"), "{trial:#}");
    assert!(
        message(&trial).contains(&format!("sandbox's own wallet, in which there is ${balance}")),
        "{trial:#}"
    );
    assert!(message(&wallet).contains(&format!("${balance} in the sandbox's own wallet")), "{wallet:#}");
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
