//! A clip in the bucket: whole, once, under its own name; and the way back when the bucket was not there.

use firstcut::model::job::State;
use serde_json::Value;

use super::{BUCKET, Bucket, same_bytes};
use crate::home::{Home, playable};
use crate::money::till::make;

async fn home() -> (Bucket, Home) {
    let bucket = Bucket::open().await;
    let mut home = Home::paying(|_| {}).await;
    bucket.settings(&mut home);
    (bucket, home)
}

#[tokio::test]
async fn a_clip_lies_in_the_bucket_when_its_job_is_done() {
    let (bucket, home) = home().await;
    let report = home.run(&make("a lake at dawn")).await.ok();
    let file = playable(&report);
    let id = report["job_id"].as_str().unwrap();
    let key = format!("clips/{id}.mp4");
    assert_eq!(report["stored"]["bucket"], BUCKET);
    assert_eq!(report["stored"]["key"], key.as_str());
    assert_eq!(report["stored"]["url"], format!("{}/{BUCKET}/{key}", bucket.url));
    assert!(report["message"].as_str().unwrap().contains(&key), "{report:#}");
    assert_eq!(bucket.keys(), [key.as_str()]);
    assert!(same_bytes(&file, &bucket.object(&key)));

    // Who asks for the folder gets the folder.
    let mut words = make("a second lake");
    words.extend(["--deliver", "folder"]);
    let report = home.run(&words).await.ok();
    assert_eq!(report["stored"], Value::Null, "{report:#}");
    assert_eq!(bucket.keys().len(), 1);
}

#[tokio::test]
async fn every_kind_of_job_ends_there() {
    let (bucket, mut home) = home().await;
    // A film: two parts, one object.
    let mut words = make("a river");
    words[5] = "16";
    let film = home.run(&words).await.ok();
    assert_eq!(film["kind"], "film", "{film:#}");
    home.set("FIRSTCUT_SERVICE", "nemo");
    let video = home.run(&["make", "a 5-second 360p video of a harbour", "--json"]).await.ok();
    let export = home.run(&["export", "--new", "--json"]).await.ok();
    let mut expected: Vec<String> = [&film, &video, &export]
        .map(|report| format!("clips/{}.mp4", report["job_id"].as_str().unwrap()))
        .to_vec();
    expected.sort();
    assert_eq!(bucket.keys(), expected);
    for report in [&film, &video, &export] {
        let key = report["stored"]["key"].as_str().unwrap();
        assert!(same_bytes(&playable(report), &bucket.object(key)), "{report:#}");
    }
}

#[tokio::test]
async fn a_private_bucket_gives_links_that_say_when_they_end() {
    let (_bucket, mut home) = home().await;
    home.set("FIRSTCUT_BUCKET_URL", "");
    home.set("FIRSTCUT_BUCKET_LINK_S", "3600");
    let report = home.run(&make("a lake at noon")).await.ok();
    let url = report["stored"]["url"].as_str().unwrap();
    assert!(url.contains("X-Amz-Signature=") && url.contains("X-Amz-Expires=3600"), "{url}");
    // An error means that it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let fetched = reqwest::get(url).await.unwrap();
    assert_eq!(fetched.status(), 200);
    assert_eq!(fetched.bytes().await.unwrap(), std::fs::read(playable(&report)).unwrap());
    // Each look gives a fresh one.
    let id = report["job_id"].as_str().unwrap();
    let again = home.run(&["jobs", "show", id, "--json"]).await.ok();
    let ends = |report: &Value| report["stored"]["expires_at_ms"].as_i64().unwrap();
    assert!(ends(&again) > ends(&report));
    // Posts refuse them.
    super::schedulers(&mut home, "buffer");
    let error = home.run(&["publish", id, "--channel", "tiktok", "--json"]).await.error();
    assert!(error["next"].as_str().unwrap().contains("FIRSTCUT_BUCKET_URL"), "{error:#}");
    assert!(home.sandbox.social.posts().is_empty());
}

#[tokio::test]
async fn what_did_not_get_there_is_kept_and_delivered_later_for_nothing() {
    let (bucket, mut home) = home().await;
    home.set("AWS_SECRET_ACCESS_KEY", "a-secret-that-was-copied-badly");
    let ran = home.run(&make("a lake in the evening")).await;
    let report = ran.json();
    assert_eq!(report["state"], "failed", "{ran:?}");
    let error = &report["error"];
    assert_eq!(
        (error["code"].as_str(), error["money"].as_str()),
        (Some("unauthorized"), Some("spent")),
        "{error:#}"
    );
    assert!(error["message"].as_str().unwrap().contains("does not accept our keys"), "{error:#}");
    let next = error["next"].as_str().unwrap();
    assert!(next.contains("AWS_SECRET_ACCESS_KEY") && next.contains("jobs retry"), "{next}");
    let file = playable(&report);

    bucket.settings(&mut home);
    let id = report["job_id"].as_str().unwrap();
    let again = home.run(&["jobs", "retry", id, "--json"]).await.ok();
    assert_eq!(again["job_id"], id);
    assert!(same_bytes(&file, &bucket.object(&format!("clips/{id}.mp4"))));
    assert_eq!(home.bills().values().map(Vec::len).sum::<usize>(), 1, "delivering again costs nothing");
    let ledger = home.ledger().await.unwrap();
    assert_eq!(ledger.job(&id.parse().unwrap()).await.unwrap().state, State::Done);
}

#[tokio::test]
async fn a_bucket_that_is_not_set_up_is_told_before_money_moves() {
    let mut home = Home::paying(|_| {}).await;
    super::schedulers(&mut home, "buffer");
    let mut words = make("a lake at night");
    words.extend(["--deliver", "s3"]);
    let error = home.run(&words).await.error();
    assert!(error["next"].as_str().unwrap().contains("FIRSTCUT_BUCKET"), "{error:#}");
    let mut words = make("a lake at night");
    words.extend(["--channel", "tiktok"]);
    let error = home.run(&words).await.error();
    assert!(error["next"].as_str().unwrap().contains("FIRSTCUT_BUCKET_URL"), "{error:#}");
    assert!(home.sandbox.skillboss.submissions().is_empty());
}
