//! Each post once, whatever becomes of its message: what a list proves, and what waits for a person.

use firstcut::sandbox::{Close, Endpoint, Fault, Rule};

use super::{clip, error, home, posted_once};
use crate::home::{always, kill};
use crate::money::till::make;

#[tokio::test]
async fn whatever_becomes_of_the_answer_it_is_posted_once() {
    for (scheduler, fault, times) in [
        ("buffer", error(503, false), 2),
        ("buffer", error(429, false), 2),
        ("buffer", error(500, true), 1),
        ("buffer", error(500, false), 1),
        ("buffer", Fault::LostAnswer { how: Close::Reset }, 1),
        ("buffer", Fault::Cut { how: Close::Reset }, 1),
        ("ayrshare", Fault::LostAnswer { how: Close::Reset }, 1),
        ("ayrshare", error(500, true), 1),
        ("ayrshare", Fault::Cut { how: Close::Eof }, 1),
    ] {
        let (_bucket, home) = home(scheduler).await;
        let id = clip(&home, "a lake").await;
        home.sandbox.faults.add(Rule { times, ..Rule::once(Endpoint::SocialPost, fault.clone()) });
        let report =
            home.run(&["publish", &id, "--channel", "tiktok", "--when", "queue", "--json"]).await.ok();
        assert_eq!(report["posts"][0]["state"], "done", "{scheduler} {fault:?}: {report:#}");
        let posts = posted_once(&home);
        assert_eq!(posts.len(), 1, "{scheduler} {fault:?}");
        assert_eq!(report["posts"][0]["post_id"], posts[0].id.as_str());
    }
}

#[tokio::test]
async fn what_no_list_can_tell_waits_for_a_person() {
    let (_bucket, mut home) = home("hook").await;
    let id = clip(&home, "a lake").await;
    home.sandbox.faults.add(Rule::once(Endpoint::SocialPost, Fault::LostAnswer { how: Close::Reset }));
    let report = home.run(&["publish", &id, "--channel", "tiktok", "--json"]).await.json();
    assert_eq!(report["posts"][0]["state"], "uncertain", "{report:#}");
    let post = report["posts"][0]["job_id"].as_str().unwrap().to_owned();
    let shown = home.run(&["jobs", "show", &post, "--json"]).await.json();
    assert!(shown["next"].as_str().unwrap().contains("jobs adopt"), "{shown:#}");
    // It is not sent again by itself, nor by asking again.
    home.run(&["publish", &id, "--channel", "tiktok", "--json"]).await;
    assert_eq!(posted_once(&home).len(), 1);
    // Nor when a person says that it is there, whatever the receiver makes of repeats.
    home.set("FIRSTCUT_POST_HOOK_REPEATS", "1");
    home.run(&["jobs", "adopt", &post, "--json"]).await;
    let looked = home.run(&["jobs", "wait", &post, "--json"]).await.json();
    assert_eq!(looked["state"], "uncertain", "{looked:#}");
    assert_eq!(posted_once(&home)[0].repeats, 0);
    let adopted = home.run(&["jobs", "adopt", &post, "--remote-id", "hook_1", "--json"]).await.ok();
    assert_eq!(adopted["posts"][0]["post_id"], "hook_1", "{adopted:#}");

    // A receiver that ignores repeats gets the message again.
    home.sandbox.faults.add(Rule::once(Endpoint::SocialPost, Fault::LostAnswer { how: Close::Reset }));
    let report = home.run(&["publish", &id, "--channel", "youtube", "--json"]).await.ok();
    let posts = posted_once(&home);
    assert_eq!((posts.len(), posts[1].repeats), (2, 1), "{posts:?} {report:#}");

    // But not for ever.
    let lost = Rule::once(Endpoint::SocialPost, Fault::LostAnswer { how: Close::Reset });
    home.sandbox.faults.add(Rule { times: 20, ..lost });
    let report = home.run(&["publish", &id, "--channel", "x", "--json"]).await.json();
    let posts = report["posts"].as_array().unwrap();
    assert!(posts.iter().any(|post| post["state"] == "uncertain" && post["channel"] == "x"), "{report:#}");
    assert_eq!(posted_once(&home)[2].repeats, 8);
}

#[tokio::test]
async fn postiz_is_looked_at_only_where_its_list_can_tell() {
    let at = format!("{:.0}", jiff::Timestamp::now() + jiff::SignedDuration::from_hours(30));
    let (_bucket, home) = home("postiz").await;
    let id = clip(&home, "a lake").await;
    for (channel, when, state) in
        [("tiktok", at.as_str(), "done"), ("youtube", "now", "uncertain"), ("x", "queue", "uncertain")]
    {
        home.sandbox.faults.add(Rule::once(Endpoint::SocialPost, Fault::LostAnswer { how: Close::Reset }));
        let words = ["publish", &id, "--channel", channel, "--when", when, "--caption", "Same.", "--json"];
        let report = home.run(&words).await.json();
        let posts = report["posts"].as_array().unwrap_or_else(|| panic!("{report:#}"));
        let post = posts.iter().find(|post| post["channel"] == channel).unwrap();
        assert_eq!(post["state"], state, "{report:#}");
        if state == "uncertain" {
            let post = post["job_id"].as_str().unwrap();
            home.run(&["jobs", "adopt", post, "--json"]).await;
            let shown = home.run(&["jobs", "wait", post, "--json"]).await.json();
            assert_eq!(shown["state"], "uncertain", "{shown:#}");
        }
    }
    assert_eq!(posted_once(&home).len(), 3);
}

#[tokio::test]
async fn a_kill_around_the_message_posts_once() {
    let (_bucket, home) = home("buffer").await;
    let id = clip(&home, "a lake").await;
    home.sandbox.faults.add(Rule::once(Endpoint::SocialPost, Fault::HangAfter));
    let mut child = home.start(&["publish", &id, "--channel", "tiktok", "--when", "now"]);
    home.until("the scheduler has it", |home| !home.sandbox.social.posts().is_empty()).await;
    kill(&mut child).await;
    super::kills::forget_leases(&home).await;
    let report = home.run(&["publish", &id, "--channel", "tiktok", "--when", "now", "--json"]).await.ok();
    assert_eq!(report["posts"][0]["state"], "done", "{report:#}");
    assert_eq!(posted_once(&home).len(), 1);
}

#[tokio::test]
async fn a_file_is_known_by_its_bytes_and_posted_once() {
    let (bucket, home) = home("buffer").await;
    let made = home.run(&make("a lake")).await.ok();
    let made = std::fs::read(made["files"][0]["path"].as_str().unwrap()).unwrap();
    home.write("own.mp4", &made);
    home.write("copy.mp4", &made);
    let publish = async |file: &str, channel: &str, caption: &str| {
        home.run(&["publish", file, "--channel", channel, "--caption", caption, "--json"]).await
    };
    let first = publish("own.mp4", "tiktok", "A lake.").await.ok();
    assert_eq!(first["posts"][0]["state"], "done", "{first:#}");
    for file in ["own.mp4", "copy.mp4"] {
        let again = publish(file, "tiktok", "A lake.").await.ok();
        assert_eq!((&again["job_id"], posted_once(&home).len()), (&first["job_id"], 1), "{again:#}");
        let error = publish(file, "tiktok", "Other words.").await.error();
        assert!(error["message"].as_str().unwrap().contains("already"), "{error:#}");
    }
    let more = publish("own.mp4", "youtube", "Other words.").await.ok();
    assert_eq!((&more["job_id"], posted_once(&home).len()), (&first["job_id"], 2), "{more:#}");
    assert_eq!(bucket.keys().len(), 2, "the clip of the job and one of the file: {:?}", bucket.keys());

    // Another film under the same name is another clip.
    let mut longer = make("a hill");
    longer[5] = "8";
    let other = home.run(&longer).await.ok();
    let other = std::fs::read(other["files"][0]["path"].as_str().unwrap()).unwrap();
    assert_ne!(made, other);
    home.write("own.mp4", &other);
    let second = publish("own.mp4", "tiktok", "A lake.").await.ok();
    assert_ne!(second["job_id"], first["job_id"]);
    assert_eq!(posted_once(&home).len(), 3, "{second:#}");
}

#[tokio::test]
async fn a_post_that_is_adopted_and_not_in_the_list_is_still_never_sent_again() {
    let (_bucket, home) = home("buffer").await;
    let id = clip(&home, "a lake").await;
    // It never arrived, and the list was away for as long as it was looked for.
    home.sandbox.faults.add(Rule::once(Endpoint::SocialPost, Fault::Cut { how: Close::Reset }));
    home.sandbox.faults.add(Rule { nth: 3, ..always(Endpoint::SocialRead, error(503, false)) });
    let report = home.run(&["publish", &id, "--channel", "tiktok", "--when", "now", "--json"]).await.json();
    assert_eq!(report["posts"][0]["state"], "uncertain", "{report:#}");
    home.no_more_faults();
    let post = report["posts"][0]["job_id"].as_str().unwrap();
    home.run(&["jobs", "adopt", post, "--json"]).await;
    let looked = home.run(&["jobs", "wait", post, "--json"]).await.json();
    assert_eq!(looked["state"], "uncertain", "{looked:#}");
    assert!(home.sandbox.social.posts().is_empty(), "a person said that it is there");
    // Whoever finds that it is not there says so, and has it posted.
    home.run(&["jobs", "drop", post, "--json"]).await.ok();
    home.run(&["jobs", "retry", post, "--json"]).await.ok();
    assert_eq!(posted_once(&home).len(), 1);
}

#[tokio::test]
async fn what_fails_before_the_message_is_no_attempt() {
    let (_bucket, home) = home("buffer").await;
    let id = clip(&home, "a lake").await;
    // The question for the accounts, which comes before the message.
    home.sandbox.faults.add(Rule::once(Endpoint::SocialRead, error(503, false)));
    let report = home.run(&["publish", &id, "--channel", "tiktok", "--when", "now", "--json"]).await.ok();
    let post = report["posts"][0]["job_id"].as_str().unwrap().to_owned();
    assert_eq!(report["posts"][0]["state"], "done", "{report:#}");
    let row = home.job_that(|job| job.id.as_str() == post).await;
    assert_eq!((row.attempts, home.requests("social_post").len(), posted_once(&home).len()), (1, 1, 1));
}
