//! Who asks and who moves are two processes, each with settings of its own: what was agreed to holds, and what one cannot do
//! waits for the other.

use firstcut::model::job::State;
use firstcut::sandbox::{Endpoint, Fault, WHOLESALE_KEY};
use serde_json::{Value, json};

use super::till::{all, alter, make, move_until, rest};
use crate::delivery::{Bucket, schedulers};
use crate::home::{Home, always};
use crate::pipeline::line;

/// Clips sent by now.
fn sent(home: &Home) -> usize {
    home.sandbox.skillboss.submissions().iter().filter(|one| one.model == super::till::MODEL).count()
}

/// Both settings of whoever is started next.
fn settings(home: &mut Home, are_on: bool) {
    for name in ["FIRSTCUT_STRICT", "FIRSTCUT_ENHANCE"] {
        home.set(name, if are_on { "1" } else { "0" });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settings_of_who_asked_hold() {
    for strict in [true, false] {
        let bucket = Bucket::open().await;
        let mut home = Home::paying(|_| {}).await;
        bucket.settings(&mut home);
        schedulers(&mut home, "buffer");
        // Shorter than asked for, which the delivery check does not let pass.
        home.sandbox.faults.add(always(Endpoint::Run, Fault::ClampDuration));
        settings(&mut home, strict);
        let posts = ["--channel", "tiktok", "--when", "queue", "--wait", "0"];
        let mut words = [&make("a lake")[..], &posts].concat();
        words[5] = "8";
        home.run(&words).await.ok();
        let hill = line("a hill", "k1").replace("\"seconds\": 4", "\"seconds\": 8");
        home.write("hills.jsonl", hill.as_bytes());
        let batch = ["batch", "hills.jsonl", "--yes", "--detach", "--channels", "tiktok", "--when", "queue"];
        let detached = home.run(&batch).await;
        assert_eq!(detached.code, Some(0), "{detached:?}");

        settings(&mut home, !strict);
        let app = home.app();
        move_until(&app, "both", async |ledger| {
            sent(&home) == 2 && all(ledger).await.iter().all(|job| job.state.is_at_rest())
        })
        .await;
        let posts = home.sandbox.social.posts().len();
        assert_eq!((bucket.keys().len(), posts), (2, if strict { 0 } else { 2 }), "strict: {strict}");
        assert_eq!(home.requests("chat").len(), if strict { 2 } else { 0 }, "both prompts, or none");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_of_a_batch_is_nobodys_current_session() {
    let home = Home::new().await;
    home.write(
        "two.txt",
        b"generate a 1-second 360p video of a lake\ngenerate a 1-second 360p video of a hill\n",
    );
    let detached = home.run(&["batch", "two.txt", "--yes", "--detach"]).await;
    assert_eq!(detached.code, Some(0), "{detached:?}");
    let app = home.app();
    move_until(&app, "both videos", async |ledger| {
        let jobs = all(ledger).await;
        jobs.iter().filter(|job| job.parent_id.is_none() && job.state == State::Done).count() == 2
    })
    .await;
    assert!(app.current().is_none(), "{:?}", app.current());
}

fn said(report: &Value) -> &str {
    report["message"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_this_process_has_no_key_for_waits_for_one_that_has() {
    let bucket = Bucket::open().await;
    let mut home = Home::paying(|_| {}).await;
    bucket.settings(&mut home);
    schedulers(&mut home, "buffer");
    let order = async |home: &Home, words: &[&str]| {
        let told = home.run(&[words, &["--wait", "0"]].concat()).await.ok();
        told["job_id"].as_str().unwrap().to_owned()
    };
    let posted =
        order(&home, &[&make("a lake")[..], &["--channel", "tiktok", "--when", "queue"]].concat()).await;
    let mut film = make("a moor");
    film[5] = "8";
    let film = order(&home, &film).await;
    home.write("one.jsonl", line("a hill", "k1").as_bytes());
    home.run(&["batch", "one.jsonl", "--yes", "--detach"]).await;

    // An assistant's server, say, that was started without the key.
    home.set("SKILLBOSS_WHOLESALE_KEY", "");
    home.set("FIRSTCUT_SERVICE", "nemo");
    let app = home.app();
    let waits =
        |note: &Option<String>| note.as_deref().is_some_and(|note| note.contains("has no SkillBoss key"));
    move_until(&app, "waiting", async |ledger| {
        let held = ledger.batch("one").await.unwrap().hold;
        held.is_some_and(|held| held.code == "unauthorized")
            && all(ledger).await.iter().all(|job| job.state == State::Queued && waits(&job.note))
    })
    .await;
    let told = home.run(&["jobs", "show", &posted, "--json"]).await.ok();
    assert!(said(&told).contains("SKILLBOSS_API_KEY") && told["error"].is_null(), "{told:#}");
    let told = home.run(&["batch", "show", "one", "--json"]).await.json();
    assert!(said(&told).contains("has no SkillBoss key"), "{told:#}");
    // Not for ever.
    let long_ago = "UPDATE job SET work = json_set(work, '$.keyless_since_ms', 1) WHERE id = ";
    alter(&home, &[&format!("{long_ago}'{film}'")]).await;
    let id = film.parse().unwrap();
    move_until(&app, "given up", async |ledger| ledger.job(&id).await.unwrap().state == State::Failed).await;
    let failed = home.run(&["jobs", "show", &film, "--json"]).await.json();
    let error = &failed["error"];
    assert_eq!(
        (&error["code"], &error["money"]),
        (&json!("unauthorized"), &json!("not_spent")),
        "{failed:#}"
    );
    assert_eq!(sent(&home), 0);

    // One that can pay, and cannot post.
    home.set("SKILLBOSS_WHOLESALE_KEY", WHOLESALE_KEY);
    home.set("FIRSTCUT_SERVICE", "skillboss");
    home.set("BUFFER_API_KEY", "");
    let app = home.app();
    move_until(&app, "the clip, and a post that waits", async |ledger| {
        all(ledger)
            .await
            .iter()
            .any(|job| job.note.as_deref().is_some_and(|note| note.contains("not set up for Buffer")))
    })
    .await;
    assert!(home.sandbox.social.posts().is_empty());

    // One that can do both.
    schedulers(&mut home, "buffer");
    rest(&home.app()).await;
    let told = home.run(&["jobs", "show", &posted, "--json"]).await.ok();
    assert_eq!((&told["state"], &told["posts"][0]["state"]), (&json!("done"), &json!("done")), "{told:#}");
    let told = home.run(&["batch", "wait", "one", "--json"]).await.ok();
    assert!(!said(&told).contains("key"), "{told:#}");
    assert_eq!((sent(&home), home.sandbox.social.posts().len()), (2, 1));
}
