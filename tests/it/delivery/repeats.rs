//! What was sent again under its key: it may be there from the first time, so nothing but a receipt says what became of it.

use firstcut::model::job::{Job, JobKind, State};
use firstcut::sandbox::{Close, Endpoint, Fault, Rule};
use serde_json::Value;
use tokio::process::Child;

use super::{Bucket, error, posted_once, schedulers};
use crate::home::{Home, always};
use crate::money::till::{alter, make};

/// A home whose scheduler knows a key again.
async fn home(scheduler: &str) -> (Bucket, Home) {
    let bucket = Bucket::open().await;
    let mut home = Home::paying(|_| {}).await;
    bucket.settings(&mut home);
    schedulers(&mut home, scheduler);
    home.set("FIRSTCUT_POST_HOOK_REPEATS", "1");
    (bucket, home)
}

async fn clip(home: &Home) -> String {
    home.run(&make("a lake")).await.ok()["job_id"].as_str().unwrap().to_owned()
}

/// The first message arrives and its answer does not; whatever comes after it meets the other fault.
fn lost_and_then(home: &Home, then: Rule) {
    home.sandbox.faults.add(Rule::once(Endpoint::SocialPost, Fault::LostAnswer { how: Close::Reset }));
    home.sandbox.faults.add(then);
}

/// A post that waits for its second message.
async fn waits_to_be_sent_again(home: &Home) -> Job {
    let waits = |job: &Job| {
        let refused = job.note.as_deref().is_some_and(|note| note.contains("slow down"));
        job.kind == JobKind::Post && job.state == State::Queued && job.work["repeats"] == 1 && refused
    };
    home.job_that(waits).await
}

/// It is doubtful, says both sides of that, and no further wish sends it a second time.
async fn is_doubtful_and_posted_once(home: &Home, id: &str, post: &Value, why: &str) {
    assert_eq!(post["state"], "uncertain", "{post:#}");
    let told = post["error"].as_str().unwrap();
    assert!(told.contains("may or may not") && told.contains(why), "{post:#}");
    assert!(!told.contains("Nothing was posted"), "{post:#}");
    home.no_more_faults();
    let asked = home.run(&["publish", id, "--channel", "tiktok", "--json"]).await.json();
    assert_eq!(posted_once(home).len(), 1, "{asked:#}");
    let post = post["job_id"].as_str().unwrap();
    let adopted = home.run(&["jobs", "adopt", post, "--remote-id", "their-name", "--json"]).await.ok();
    assert_eq!(adopted["posts"][0]["state"], "done", "{adopted:#}");
    assert_eq!(posted_once(home).len(), 1);
}

#[tokio::test]
async fn its_refusal_proves_nothing() {
    for scheduler in ["hook", "ayrshare"] {
        let (_bucket, home) = home(scheduler).await;
        let id = clip(&home).await;
        // The first one used the quota up.
        lost_and_then(&home, Rule { nth: 2, ..always(Endpoint::SocialPost, error(402, false)) });
        let report = home.run(&["publish", &id, "--channel", "tiktok", "--json"]).await.json();
        is_doubtful_and_posted_once(&home, &id, &report["posts"][0], "does not allow this").await;
    }
}

/// The report of a post that a command in the background publishes, once that has ended.
async fn ended(home: &Home, id: &str, mut publishing: Child) -> Value {
    publishing.wait().await.unwrap();
    home.run(&["jobs", "show", id, "--json"]).await.json()["posts"][0].clone()
}

#[tokio::test]
async fn nor_does_its_end_at_a_persons_wish() {
    let (_bucket, home) = home("hook").await;
    let id = clip(&home).await;
    lost_and_then(&home, Rule { nth: 2, ..always(Endpoint::SocialPost, error(429, false)) });
    let publishing = home.start(&["publish", &id, "--channel", "tiktok"]);
    let post = waits_to_be_sent_again(&home).await;
    assert!(!post.note.as_deref().unwrap().contains("Nothing was posted"), "{post:?}");
    home.run(&["jobs", "cancel", post.id.as_str(), "--json"]).await;
    let told = ended(&home, &id, publishing).await;
    is_doubtful_and_posted_once(&home, &id, &told, "stopped before it was sent again").await;
}

#[tokio::test]
async fn nor_does_the_hour_that_has_passed_meanwhile() {
    let (_bucket, home) = home("hook").await;
    let id = clip(&home).await;
    lost_and_then(&home, Rule { nth: 2, ..always(Endpoint::SocialPost, error(429, false)) });
    let at = format!("{:.0}", jiff::Timestamp::now() + jiff::SignedDuration::from_hours(30));
    let publishing = home.start(&["publish", &id, "--channel", "tiktok", "--when", &at]);
    waits_to_be_sent_again(&home).await;
    let past = "UPDATE job SET request = json_set(request, '$.timing.at', 1000) WHERE kind = 'post'";
    alter(&home, &[past]).await;
    let told = ended(&home, &id, publishing).await;
    is_doubtful_and_posted_once(&home, &id, &told, "passed before it could be posted").await;
}

#[tokio::test]
async fn what_a_person_did_not_find_is_sent_once_more() {
    let (_bucket, home) = home("hook").await;
    let id = clip(&home).await;
    // Neither of them arrives.
    home.sandbox.faults.add(Rule::once(Endpoint::SocialPost, Fault::Cut { how: Close::Reset }));
    home.sandbox.faults.add(Rule { nth: 2, ..always(Endpoint::SocialPost, error(429, false)) });
    let publishing = home.start(&["publish", &id, "--channel", "tiktok"]);
    let post = waits_to_be_sent_again(&home).await;
    home.run(&["jobs", "cancel", post.id.as_str(), "--json"]).await;
    assert_eq!(ended(&home, &id, publishing).await["state"], "uncertain");
    home.no_more_faults();
    home.run(&["jobs", "drop", post.id.as_str(), "--json"]).await.ok();
    // Who asks for it once more does not want it stopped any longer.
    let again = home.run(&["jobs", "retry", post.id.as_str(), "--json"]).await.ok();
    assert_eq!(again["state"], "done", "{again:#}");
    assert_eq!(posted_once(&home).len(), 1);
}
