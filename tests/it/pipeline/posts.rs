//! The guide's own command: twenty prompts of the example become twenty objects in a bucket and twenty scheduled posts.

use serde_json::{Value, json};

use super::{end, line};
use crate::delivery::{Bucket, posted_once, schedulers};
use crate::home::Home;

/// The guide's first command, as it stands there; a rehearsal unless it is taken out.
fn guide() -> Vec<String> {
    let mut words = crate::docs::commands(&crate::docs::read("docs/pipeline.md")).swap_remove(0);
    assert_eq!(words[..3], ["firstcut", "batch", "examples/prompts.jsonl"], "{words:?}");
    let rehearses = words.windows(2).any(|two| two == ["--service", "sandbox"]);
    assert!(rehearses, "{words:?}");
    words.remove(0);
    words.extend(["--json", "-j", "8"].map(str::to_owned));
    words
}

/// The same for real.
fn in_earnest(mut words: Vec<String>) -> Vec<String> {
    let at = words.iter().position(|word| word == "--service").unwrap();
    words.drain(at..at + 2);
    words
}

fn borrowed(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// Puts the prompts to where the guide has them.
fn put(home: &Home, prompts: &str) {
    std::fs::create_dir(home.work().join("examples")).unwrap();
    home.write("examples/prompts.jsonl", prompts.as_bytes());
}

fn example() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/prompts.jsonl")).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_prompts_become_twenty_objects_and_twenty_scheduled_posts() {
    let bucket = Bucket::open().await;
    for which in ["buffer", "hook"] {
        let mut home = Home::paying(|_| {}).await;
        bucket.settings(&mut home);
        schedulers(&mut home, which);
        let before = bucket.keys().len();
        put(&home, &example());
        let ran = home.run(&borrowed(&in_earnest(guide()))).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let told = end(&ran);
        assert_eq!(
            (&told["counts"], &told["charged_usd"]),
            (&json!({ "done": 20 }), &json!("2.40")),
            "{told:#}"
        );
        assert!(told["message"].as_str().unwrap().contains("20 posts are with the scheduler"), "{told:#}");
        for line in told["lines"].as_array().unwrap() {
            assert_eq!(line["posts"].as_array().map(Vec::len), Some(1), "{line:#}");
            assert_eq!(line["posts"][0]["state"], "done", "{line:#}");
            let standing = line["posts"][0]["standing"].as_str().unwrap();
            assert!(standing.starts_with("queued at ") || standing.starts_with("scheduled at "), "{line:#}");
        }
        assert_eq!(told["state"], "done", "{told:#}");
        let keys = bucket.keys();
        assert_eq!(keys.len() - before, 20, "{keys:?}");
        let posts = posted_once(&home);
        assert_eq!(posts.len(), 20);
        for post in &posts {
            assert!(matches!(post.status.as_str(), "queued" | "scheduled"), "{post:?}");
            let key = post.media_url.rsplit_once("/social-clips/").unwrap().1;
            assert!(keys.iter().any(|known| known == key), "{post:?} points nowhere");
            assert!(example().contains(&post.caption), "{post:?}");
        }
        assert_eq!(home.bills().len(), 20);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rehearsal_needs_no_bucket_and_no_keys() {
    let mut home = Home::new().await;
    home.set("FIRSTCUT_PREVIEW", "none");
    let first: String = example().lines().take(2).map(|line| format!("{line}\n")).collect();
    put(&home, &first);
    let ran = home.run(&borrowed(&guide())).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let told = end(&ran);
    assert!(told["message"].as_str().unwrap().starts_with("[sandbox"), "{told:#}");
    assert!(told["message"].as_str().unwrap().contains("2 posts are with the scheduler"), "{told:#}");
    assert!(home.bills().is_empty(), "nothing real was asked for");
    assert_eq!(told["batch"], "prompts-rehearsal", "the same file is still to be made for real: {told:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_bucket_and_a_scheduler_that_is_down_are_told_and_clips_are_kept() {
    // A key that the bucket refuses: each clip is made once and kept, and the rest goes on.
    let bucket = Bucket::open().await;
    let mut home = Home::paying(|_| {}).await;
    bucket.settings(&mut home);
    schedulers(&mut home, "hook");
    home.set("AWS_SECRET_ACCESS_KEY", "not-the-secret");
    home.write("two.jsonl", (line("a lake", "1") + &line("a hill", "2")).as_bytes());
    let ran = home.run(&["batch", "two.jsonl", "--yes", "--json"]).await;
    assert_ne!(ran.code, Some(0), "{ran:?}");
    let told = end(&ran);
    let lines = told["lines"].as_array().unwrap();
    for line in lines {
        assert_eq!(line["state"], "failed", "{line:#}");
        let said = format!("{} {}", line["message"], line["next"]);
        assert!(said.contains("AWS_SECRET_ACCESS_KEY"), "{line:#}");
    }
    assert_eq!((lines.len(), home.bills().len()), (2, 2), "both were tried, each was paid once: {told:#}");

    // Mended, both go on from where they were, for nothing.
    bucket.settings(&mut home);
    let before = bucket.keys().len();
    let mended = home.run(&["batch", "resume", "two", "--failed", "--json"]).await;
    assert_eq!(mended.code, Some(0), "{mended:?}");
    assert_eq!((end(&mended)["counts"].clone(), home.bills().len()), (json!({ "done": 2 }), 2), "{mended:?}");
    assert_eq!(bucket.keys().len() - before, 2);

    // A scheduler that nobody answers for.
    let mut home = Home::paying(|_| {}).await;
    bucket.settings(&mut home);
    schedulers(&mut home, "hook");
    home.set("FIRSTCUT_POST_HOOK_URL", "http://127.0.0.1:9/hook");
    home.write("two.jsonl", (line("a lake", "1") + &line("a hill", "2")).as_bytes());
    let posting = ["batch", "two.jsonl", "--yes", "--json", "--channels", "tiktok", "--aspect", "9:16"];
    let ran = home.run(&posting).await;
    assert_eq!(ran.code, Some(21), "{ran:?}");
    let told = end(&ran);
    assert_eq!(told["counts"], json!({ "done": 2 }), "the clips are there: {told:#}");
    for line in told["lines"].as_array().unwrap() {
        let post = &line["posts"][0];
        assert_eq!((&post["state"], &post["error"]), (&json!("failed"), &json!("unavailable")), "{line:#}");
    }
    assert!(told["next"].as_str().unwrap().contains("firstcut publish"), "{told:#}");

    // One is asked for again by itself and takes the failed one's place; the other line's goes on all the same.
    schedulers(&mut home, "hook");
    let clip = told["lines"][0]["job_id"].as_str().unwrap();
    home.run(&["publish", clip, "--channel", "tiktok", "--caption", "Better.", "--json"]).await.ok();
    let resumed = home.run(&["batch", "resume", "two", "--failed", "--json"]).await;
    assert_eq!(end(&resumed)["lines"][1]["posts"][0]["state"], "done", "{resumed:?}");

    // A channel that there is not.
    home.write(
        "wrong.jsonl",
        b"{\"prompt\": \"a lake\", \"model\": \"veo-3.1-lite\", \"channels\": \"tictoc\"}\n",
    );
    let checked = home.run(&["batch", "wrong.jsonl", "--check", "--json"]).await.json();
    let problem: &Value = &checked["problems"][0];
    assert!(problem["next"].as_str().unwrap().contains("tiktok"), "{checked:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_object_that_is_refused_does_not_keep_the_other_lines() {
    let bucket = Bucket::open().await;
    let mut home = Home::paying(|_| {}).await;
    bucket.settings(&mut home);
    home.write("three.jsonl", super::lines(3).as_bytes());
    bucket.refuse(1);
    let ran = home.run(&["batch", "three.jsonl", "--yes", "--json"]).await;
    assert_ne!(ran.code, Some(0), "{ran:?}");
    let told = end(&ran);
    assert_eq!(told["counts"], json!({ "done": 2, "failed": 1 }), "{told:#}");
    let failed = told["lines"].as_array().unwrap().iter().find(|line| line["state"] == "failed").unwrap();
    assert!(format!("{failed}").contains("s3:PutObject"), "{failed:#}");
    assert_eq!((bucket.keys().len(), home.bills().len()), (2, 3));
    let mended = home.run(&["batch", "resume", "three", "--failed", "--json"]).await;
    assert_eq!(
        (end(&mended)["counts"].clone(), bucket.keys().len()),
        (json!({ "done": 3 }), 3),
        "{mended:?}"
    );
    assert_eq!(home.bills().len(), 3, "none is paid twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_its_channel_would_not_take_is_left_out_before_it_costs() {
    let bucket = Bucket::open().await;
    let mut home = Home::paying(|_| {}).await;
    bucket.settings(&mut home);
    schedulers(&mut home, "buffer");
    let line = |prompt: &str, rest: &str| {
        format!(
            "{{\"prompt\": \"{prompt}\", \"model\": \"veo-3.1-lite\", \"resolution\": \"720p\", {rest}}}\n"
        )
    };
    let lines = line("a lake", "\"seconds\": 4, \"aspect\": \"16:9\", \"channels\": [\"shorts\"]")
        + &line("a hill", "\"seconds\": 144, \"channels\": [\"x\"]")
        + &line("a moor", "\"seconds\": 4, \"aspect\": \"9:16\", \"channels\": [\"shorts\"]");
    home.write("limits.jsonl", lines.as_bytes());
    let checked = home.run(&["batch", "limits.jsonl", "--check", "--json"]).await.json();
    let problems = checked["problems"].as_array().unwrap();
    assert_eq!((problems.len(), &checked["new_lines"]), (2, &json!(1)), "{checked:#}");
    for (problem, line, words) in [(&problems[0], 1, "it is 16:9"), (&problems[1], 2, "at most 140 s")] {
        assert_eq!(problem["line"], line, "{checked:#}");
        assert!(problem["message"].as_str().unwrap().contains(words), "{checked:#}");
    }
    let told = end(&home.run(&["batch", "limits.jsonl", "--yes", "--json"]).await);
    assert_eq!(told["counts"], json!({ "done": 1 }), "{told:#}");
    assert_eq!((posted_once(&home).len(), home.bills().len(), bucket.keys().len()), (1, 1, 1));
}
