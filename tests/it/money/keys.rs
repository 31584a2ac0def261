//! Who moves the jobs may lack a key that whoever asked for them has: nothing fails of it, and nothing is paid or posted twice.

use firstcut::ledger::Office;
use firstcut::model::job::{Job, JobKind, State};
use firstcut::sandbox::{Endpoint, Fault, Rule, WHOLESALE_KEY};

use super::till::{alter, make};
use crate::delivery::{Bucket, posted_once, schedulers};
use crate::havoc::signal;
use crate::home::{Home, kill, playable};

fn says(job: &Job, words: &str) -> bool {
    job.note.as_deref().is_some_and(|note| note.contains(words))
}

/// It has waited since the beginning of time.
async fn for_ever(home: &Home, kind: &str) {
    let change = format!(
        "UPDATE job SET due_at_ms = 1, work = json_set(work, '$.keyless_since_ms', 1) WHERE kind = '{kind}' AND due_at_ms > 0"
    );
    alter(home, &[&change]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_mover_has_no_key_for_waits_for_one_who_has() {
    let mut home = Home::paying(|_| {}).await;
    home.set("SKILLBOSS_WHOLESALE_KEY", "");
    let mut worker = home.start(&["worker"]);
    home.moved_by(&worker, Office::Real).await;
    home.set("SKILLBOSS_WHOLESALE_KEY", WHOLESALE_KEY);

    // Not for ever; and then it is said whose key it is that is missing.
    let mut making = home.start(&make("a hill"));
    let keyless = |job: &Job| job.kind == JobKind::Run && says(job, "no SkillBoss key");
    let job = home.job_that(keyless).await;
    assert_eq!((job.state, job.attempts), (State::Queued, 0), "{job:?}");
    assert!(says(&job, &format!("process {}", worker.id().unwrap())), "{job:?}");
    for_ever(&home, "run").await;
    making.wait().await.unwrap();
    let failed = home.job_that(|it| it.id == job.id && it.state == State::Failed).await;
    let failure = failed.failure.unwrap();
    assert_eq!((failure.code.as_str(), failure.money.as_str()), ("unauthorized", "not_spent"), "{failure:?}");
    assert!(failure.next.unwrap().contains("process"), "how to go on");

    let mut making = home.start(&make("a lake"));
    home.job_that(|it| it.id != job.id && keyless(it)).await;
    signal(worker.id(), "-INT");
    worker.wait().await.unwrap();
    making.wait().await.unwrap();
    playable(&home.run(&make("a lake")).await.ok());
    assert_eq!((home.bills().len(), home.requests("run").len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_post_is_never_told_as_not_posted_for_want_of_a_setting() {
    let bucket = Bucket::open().await;
    let mut home = Home::paying(|_| {}).await;
    bucket.settings(&mut home);
    schedulers(&mut home, "hook");
    let id = home.run(&make("a lake")).await.ok()["job_id"].as_str().unwrap().to_owned();
    home.sandbox.faults.add(Rule::once(Endpoint::SocialPost, Fault::HangAfter));
    let publish = ["publish", &id, "--channel", "tiktok", "--when", "now", "--json"];
    let mut child = home.start(&publish);
    home.until("the hook has it", |home| !home.sandbox.social.posts().is_empty()).await;
    kill(&mut child).await;
    // Nobody waits here until the lease of the dead runs out.
    let free = "UPDATE job SET lease_owner = NULL, lease_until_ms = NULL, due_at_ms = 0 WHERE kind = 'post'";
    alter(&home, &[free]).await;

    home.set("FIRSTCUT_POST_HOOK_URL", "");
    let mut worker = home.start(&["worker"]);
    let waits = home.job_that(|job| job.kind == JobKind::Post && says(job, "is not set up")).await;
    assert_eq!(waits.state, State::Submitting, "{waits:?}");
    for_ever(&home, "post").await;
    let aside = home.job_that(|job| job.kind == JobKind::Post && job.state.is_at_rest()).await;
    assert_eq!(aside.state, State::Uncertain, "{aside:?}");
    signal(worker.id(), "-INT");
    worker.wait().await.unwrap();

    schedulers(&mut home, "hook");
    let asked = home.run(&publish).await.json();
    assert_eq!(asked["posts"][0]["state"], "uncertain", "{asked:#}");
    assert_eq!(posted_once(&home).len(), 1);
}
