//! A sandbox that is killed goes on with its jobs, and owes what it owed.

use std::collections::BTreeSet;
use std::time::Duration;

use firstcut::sandbox::{Bill, Clips, Pace, STANDARD_KEY, Submission, WHOLESALE_KEY};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::guest::{http, ok};
use super::super::process::{Process, lines, serve_with};
use super::customer::Customer;
use super::receiver::Receiver;
use crate::patience::until;

/// Not a test: the body of the other process, which the test below starts and kills.
#[tokio::test]
#[ignore = "a process for other tests"]
async fn serve() {
    serve_with(|options| {
        options.pace = Pace::REAL;
        options.skillboss.clips = Clips::Tiny;
        options.skillboss.webhooks.loopback = true;
        (options.skillboss.queue_ms, options.skillboss.work_ms) = (150, 150);
    })
    .await;
}

const BODY: &str = "sandbox::skillboss::restart::serve";

#[tokio::test]
async fn a_kill_loses_no_job_and_charges_none_twice() {
    let folder = TempDir::new().unwrap();
    let receiver = Receiver::open(&[]).await;
    let (mut process, mut url) = Process::start_as(folder.path(), BODY).await;
    let mut ids = Vec::new();
    for round in 0..3 {
        for (number, key) in [STANDARD_KEY, WHOLESALE_KEY, "sk-whole-sandbox-other"].iter().enumerate() {
            let customer = at(&url, key);
            let hook = json!({ "webhook_url": format!("{}-{round}-{number}", receiver.url) });
            ids.push((*key, customer.job(hook).await));
        }
        // In the queue, at work, and over.
        tokio::time::sleep(Duration::from_millis([20, 230, 60][round])).await;
        drop(process);
        (process, url) = Process::start_as(folder.path(), BODY).await;
    }
    let mut links = Vec::new();
    for (key, id) in &ids {
        let done = at(&url, key).done(id).await;
        assert_eq!(done["status"].as_str().unwrap().to_lowercase(), "completed");
        let link = done.pointer("/result/video_url").or(done.pointer("/result/outputs/0/url"));
        links.push(link.and_then(Value::as_str).unwrap().to_owned());
    }
    for link in links {
        assert!(http().get(link).send().await.unwrap().status().is_success());
    }
    let submissions: Vec<Submission> = lines(&url, "skillboss/submissions").await;
    let mut bills: Vec<Bill> = lines(&url, "skillboss/charges").await;
    assert_eq!((submissions.len(), bills.len()), (9, 9));
    assert!(submissions.iter().map(|one| one.number).eq(1..=9));
    bills.sort_by(|one, other| one.id.cmp(&other.id));
    bills.dedup_by(|one, other| one.id == other.id);
    assert_eq!(bills.len(), 9);
    assert_eq!(ok(at(&url, STANDARD_KEY).get("/api/me/balance")).await["balance"], 90.4);
    // Every webhook has come; one that was under way at a kill may have come twice.
    let told = || receiver.calls().iter().map(id_of).collect::<BTreeSet<_>>();
    until("each of nine is told", async || told().len() >= 9).await;
    assert_eq!(told(), ids.into_iter().map(|(_, id)| id).collect());
}

fn id_of(call: &super::receiver::Call) -> String {
    let body = call.body();
    body.get("job_id").or(body.get("request_id")).and_then(Value::as_str).unwrap().to_owned()
}

fn at(url: &str, key: &str) -> Customer {
    Customer { http: http(), url: url.to_owned(), key: key.to_owned() }
}
