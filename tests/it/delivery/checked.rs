//! Looked at before it is posted, where that matters: what fails, and what nobody could look at.

use firstcut::sandbox::{Clips, Endpoint, Fault, Rule};
use serde_json::{Value, json};

use super::{home, home_of, posted_once};
use crate::canned::{Canned, with};
use crate::eyes::undecodable;
use crate::money::till::make;

#[tokio::test]
async fn what_fails_its_check_is_not_posted_when_that_matters() {
    let (bucket, home) = home("buffer").await;
    // Half as long as asked for, which the delivery check does not let pass.
    home.sandbox.faults.add(Rule::once(Endpoint::Run, Fault::ClampDuration));
    let mut words = make("a lake");
    words[5] = "8";
    words.extend(["--strict", "--channel", "tiktok", "--when", "queue"]);
    let ran = home.run(&words).await;
    assert_eq!(ran.code, Some(33), "{ran:?}");
    let report = ran.json();
    assert_eq!(report["posts"], Value::Null, "{report:#}");
    assert_eq!(bucket.keys().len(), 1, "it is kept, here and there");
    let id = report["job_id"].as_str().unwrap();
    let error = home.run(&["publish", id, "--channel", "tiktok", "--json"]).await.error();
    assert_eq!(error["code"], "check_failed", "{error:#}");
    assert!(home.sandbox.social.posts().is_empty());
}

#[tokio::test]
async fn what_nobody_could_look_at_is_not_posted_when_that_matters() {
    // In colours that change, as a clip must that passes.
    let (bucket, mut home) = home_of("buffer", Clips::Tinted).await;
    let good = home.run(&make("a lake")).await.ok();
    let good = std::fs::read(good["files"][0]["path"].as_str().unwrap()).unwrap();
    let odd = undecodable(&good);

    // Made to be posted: it is kept, here and there, and goes no further.
    let served = with(200, "Content-Type: video/mp4\r\n", &odd);
    let server = Canned::start(vec![served]).await;
    let elsewhere = Fault::Redirect { to: server.url.join("odd.mp4").unwrap().to_string() };
    home.sandbox.faults.add(Rule::once(Endpoint::Media, elsewhere));
    let mut words = make("a river");
    words.extend(["--strict", "--channel", "tiktok", "--when", "queue"]);
    let ran = home.run(&words).await;
    assert_eq!(ran.code, Some(33), "{ran:?}");
    let report = ran.json();
    let verdicts: Vec<_> =
        report["checks"].as_array().unwrap().iter().filter_map(|check| check["verdict"].as_str()).collect();
    assert!(verdicts.contains(&"unknown") && !verdicts.contains(&"fail"), "{report:#}");
    assert_eq!((&report["state"], &report["posts"]), (&json!("done"), &Value::Null), "{report:#}");
    assert_eq!((bucket.keys().len(), home.sandbox.social.posts().len()), (2, 0));
    let id = report["job_id"].as_str().unwrap();
    let error = home.run(&["publish", id, "--channel", "tiktok", "--json"]).await.error();
    assert_eq!(error["code"], "check_failed", "{error:#}");
    assert!(error["message"].as_str().unwrap().contains("HEVC"), "{error:#}");

    // A file that nobody has looked at yet is looked at first, also when it is only tried.
    home.write("odd.mp4", &odd);
    home.write("good.mp4", &good);
    home.set("FIRSTCUT_STRICT", "1");
    let publish = ["publish", "odd.mp4", "--channel", "tiktok", "--json"];
    for words in [publish.to_vec(), [&publish[..], &["--dry-run"]].concat()] {
        let error = home.run(&words).await.error();
        assert_eq!(error["code"], "check_failed", "{error:#}");
    }
    assert_eq!((bucket.keys().len(), home.sandbox.social.posts().len()), (2, 0));
    home.run(&["publish", "good.mp4", "--channel", "tiktok", "--json"]).await.ok();
    assert_eq!(posted_once(&home).len(), 1);
    // Whoever has looked at it posts it.
    home.set("FIRSTCUT_STRICT", "0");
    home.run(&publish).await.ok();
    assert_eq!(posted_once(&home).len(), 2);
}

#[tokio::test]
async fn a_clip_from_before_there_were_checks_is_looked_at_first() {
    let (_bucket, mut home) = home_of("buffer", Clips::Tinted).await;
    let made = home.run(&make("a lake")).await.ok();
    let id = made["job_id"].as_str().unwrap();
    crate::money::till::alter(&home, &["UPDATE job SET work = json_remove(work, '$.seen')"]).await;
    home.set("FIRSTCUT_STRICT", "1");
    let path = made["files"][0]["path"].as_str().unwrap();
    let good = std::fs::read(path).unwrap();
    std::fs::write(path, undecodable(&good)).unwrap();
    let publish = ["publish", id, "--channel", "tiktok", "--dry-run", "--json"];
    let error = home.run(&publish).await.error();
    assert_eq!(error["code"], "check_failed", "{error:#}");
    std::fs::write(path, good).unwrap();
    home.run(&publish).await.ok();
    assert!(home.sandbox.social.posts().is_empty());
}
