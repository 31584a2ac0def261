//! How paid work ends besides well: expired, full, short of funds, retired, doubtful; and what the books say of it all.

use firstcut::ledger::Charge;
use firstcut::model::job::{JobKind, State};
use firstcut::sandbox::{Close, Endpoint, Fault, Rule};
use serde_json::Value;

use super::till::{MODEL, all, alter, booked, make, nothing_is_lost, order, rest, wish};
use crate::home::{Home, kill, playable};

const WEEK_MS: i64 = 7 * 24 * 3600 * 1000;

/// Nobody is sold seconds that were not asked for.
#[tokio::test]
async fn a_length_that_a_model_does_not_make_is_refused_with_the_nearest() {
    let home = Home::paying(|_| {}).await;
    for (seconds, resolution, nearest) in [
        ("5", "720p", "4 s at 720p (at most $1.60); or 6 s at 720p (at most $2.40)"),
        ("30", "1080p", "30 s at 720p (at most $12.00); or 24 s at 1080p (at most $9.60); or 32 s at 1080p"),
    ] {
        let words = [
            "make",
            "a lake",
            "--model",
            "veo-3.1",
            "--seconds",
            seconds,
            "--resolution",
            resolution,
            "--json",
        ];
        let error = home.run(&words).await.error();
        assert_eq!(error["code"], "invalid_input", "{error:#}");
        assert!(error["next"].as_str().unwrap().contains(nearest), "{error:#}");
    }
    assert!(home.sandbox.skillboss.submissions().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_that_nobody_fetched_in_time_is_mourned_loudly() {
    let home = Home::paying(|_| {}).await;
    home.sandbox.faults.add(Rule { times: 0, ..Rule::once(Endpoint::Media, Fault::Hang) });
    let mut process = home.start(&make("a lake"));
    home.job_that(|job| job.state == State::Delivering).await;
    kill(&mut process).await;
    // Eight days later.
    home.sandbox.clock.advance_ms(WEEK_MS + WEEK_MS / 7);
    let long_ago = format!(
        "UPDATE job SET due_at_ms = 1, created_at_ms = created_at_ms - {0}, work = json_set(work, \
         '$.sent_at_ms', json_extract(work, '$.sent_at_ms') - {0}, \
         '$.completed_at_ms', json_extract(work, '$.completed_at_ms') - {0})",
        WEEK_MS + WEEK_MS / 7
    );
    alter(&home, &[&long_ago]).await;
    let id = home.jobs().await[0].id.to_string();
    let ran = home.run(&["jobs", "wait", &id, "--json"]).await;
    let error = ran.error();
    assert_eq!((&error["code"], &error["money"]), (&"expired_paid".into(), &"spent".into()), "{ran:?}");
    let name = home.sandbox.skillboss.submissions()[0].id.clone();
    assert!(error["next"].as_str().unwrap().contains(&name), "it says what to quote: {error}");
    let ledger = home.ledger().await.unwrap();
    let charge = booked(&ledger, &home.jobs().await[0].id).await.charge;
    assert!(matches!(charge, Some(Charge::Settled { .. })), "the books keep it: {charge:?}");
    ledger.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_tier_is_left_only_when_its_price_was_allowed() {
    for (cap, model, state) in
        [(None, None, "failed"), (Some("0.50"), None, "failed"), (Some("2"), Some("veo-3.1"), "done")]
    {
        let mut home = Home::paying(|_| {}).await;
        home.set("FIRSTCUT_POLL_S", "0.05");
        home.sandbox.faults.add(Rule { times: 0, ..Rule::once(Endpoint::Run, Fault::NoCapacity) });
        let mut words = make("a lake");
        words.extend(cap.iter().flat_map(|cap| ["--max-cost-usd", cap]));
        let report = home.run(&words).await.json();
        assert_eq!(report["state"], state, "{cap:?} {report:#}");
        let taken: Vec<_> = home.sandbox.skillboss.submissions().into_iter().map(|one| one.model).collect();
        assert_eq!(taken.first().map(String::as_str), model, "{cap:?}");
        let ledger = home.ledger().await.unwrap();
        let charge = booked(&ledger, &home.jobs().await[0].id).await.charge;
        match model {
            None => {
                assert_eq!((charge, &report["error"]["money"]), (Some(Charge::Freed), &"not_spent".into()))
            }
            Some(_) => {
                let Some(Charge::Settled { charged, .. }) = charge else { panic!("{charge:?}") };
                assert_eq!(charged.micros(), home.sandbox.skillboss.charges()[0].amount_usd.micros);
                // Every cap that was sent holds the dearer price, and none more than was allowed.
                for sent in home.requests("run") {
                    assert!(sent.headers["x-max-cost-usd"].parse::<f64>().unwrap() <= 2.0, "{sent:?}");
                }
            }
        }
        ledger.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_without_a_charge_says_so_and_what_was_never_sent_costs_nothing() {
    for (fault, code) in
        [(Fault::JobFails { message: None }, "declined"), (Fault::ModelGone, "model_retired")]
    {
        let home = Home::paying(|_| {}).await;
        home.sandbox.faults.add(Rule::once(Endpoint::Run, fault));
        let error = home.run(&make("a lake")).await.error();
        assert_eq!((&error["code"], &error["money"]), (&code.into(), &"not_spent".into()), "{error:#}");
        assert!(home.bills().is_empty());
        let ledger = home.ledger().await.unwrap();
        assert_eq!(booked(&ledger, &home.jobs().await[0].id).await.charge, Some(Charge::Freed));
        ledger.close().await;
    }
    let home = Home::paying(|_| {}).await;
    for (model, code) in [("sora-2", "model_retired"), ("no-such-model", "price_unknown")] {
        let error = home.run(&["make", "a lake", "--model", model, "--json"]).await.error();
        assert_eq!(error["code"], code, "{error:#}");
    }
    assert!(home.requests("run").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_doubtful_is_adopted_tried_again_or_dropped() {
    let home = Home::paying(|_| {}).await;
    let lost = || home.sandbox.faults.add(Rule::once(Endpoint::Run, Fault::LostAnswer { how: Close::Reset }));
    let doubtful = async |prompt: &str| {
        lost();
        let report = home.run(&make(prompt)).await.json();
        assert_eq!(report["state"], "uncertain", "{report:#}");
        report["job_id"].as_str().unwrap().to_owned()
    };
    let remote = |prompt: &str| {
        let all = home.sandbox.skillboss.submissions();
        all.into_iter().find(|one| one.prompt == prompt).unwrap().id
    };

    let first = doubtful("adopted").await;
    // A name that nobody knows, and another job's: neither moves money.
    let wrong = home
        .run(&["jobs", "adopt", &first, "--remote-id", "0123456789abcdef0123456789abcdef", "--json"])
        .await;
    assert_eq!(wrong.json()["state"], "uncertain", "{wrong:?}");
    let second = home.run(&make("another")).await.ok();
    assert_eq!(second["state"], "done");
    let theirs = home.run(&["jobs", "adopt", &first, "--remote-id", &remote("another"), "--json"]).await;
    assert_eq!(theirs.error()["code"], "invalid_input", "{theirs:?}");
    let adopted =
        home.run(&["jobs", "adopt", &first, "--remote-id", &remote("adopted"), "--json"]).await.ok();
    assert_eq!(adopted["state"], "done", "{adopted:#}");
    playable(&adopted);

    let third = doubtful("tried again").await;
    let asked = home.run(&["jobs", "retry", &third, "--json"]).await;
    assert!(asked.error()["message"].as_str().unwrap().contains("second charge"), "{asked:?}");
    let again = home.run(&["jobs", "retry", &third, "--yes", "--json"]).await.ok();
    assert_eq!(again["state"], "done", "{again:#}");
    assert_ne!(again["job_id"], third.as_str());
    let repeated = home.run(&["jobs", "retry", &third, "--yes", "--json"]).await.ok();
    assert_eq!(repeated["job_id"], again["job_id"], "the same retry once more is the same job");

    let fourth = doubtful("dropped").await;
    let dropped = home.run(&["jobs", "drop", &fourth, "--json"]).await.json();
    assert_eq!(dropped["state"], "failed", "{dropped:#}");

    let sent: Vec<_> = home.requests("run").into_iter().filter_map(|one| one.text).collect();
    assert_eq!(sent, ["adopted", "another", "tried again", "tried again", "dropped"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_failed_is_made_again_without_paying_for_the_others() {
    let home = Home::paying(|_| {}).await;
    // A part is tried twice by itself, because a failure is free; so it fails thrice.
    let fails = Rule {
        text: Some("part 2 of 2".into()),
        times: 2,
        ..Rule::once(Endpoint::Run, Fault::JobFails { message: None })
    };
    home.sandbox.faults.add(fails);
    let film =
        ["make", "a lake", "--model", "veo-3.1-lite", "--seconds", "12", "--resolution", "720p", "--json"];
    let failed = home.run(&film).await.json();
    assert_eq!((&failed["state"], &failed["cost"]["usd"]), (&"failed".into(), &"0.24".into()), "{failed:#}");
    let id = failed["job_id"].as_str().unwrap();
    let report = home.run(&["jobs", "retry", id, "--yes", "--json"]).await.ok();
    assert_eq!(report["state"], "done", "{report:#}");
    let found = firstcut::media::probe::probe(&playable(&report)).unwrap();
    assert!(found.duration_s.is_some_and(|seconds| (seconds - 12.0).abs() < 0.2), "{found:?}");
    let (bills, sent) = (home.sandbox.skillboss.charges(), home.requests("run").len());
    assert_eq!((bills.len(), sent), (2, 4), "one part once, the other refused twice and then made");
}

/// Sums by the program's table and by the sandbox's books.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_books_agree_to_the_last_cent() {
    let mut home = Home::paying(|_| {}).await;
    home.set("FIRSTCUT_POLL_S", "0.05");
    let app = home.app();
    for (number, fault) in [
        None,
        Some(Fault::WrongPrice { factor: 0.5 }),
        Some(Fault::JobFails { message: None }),
        Some(Fault::LostAnswer { how: Close::Reset }),
        Some(Fault::NoCost),
        Some(Fault::WrongPrice { factor: 1.25 }),
    ]
    .into_iter()
    .enumerate()
    {
        if let Some(fault) = fault {
            home.sandbox.faults.add(Rule::once(Endpoint::Run, fault));
        }
        order(&home, &app, wish(&format!("=lake \"{number}\", two"))).await.unwrap();
        rest(&app).await;
    }
    let told = home.run(&["jobs", "report", "--csv"]).await;
    assert_eq!(told.code, Some(0), "{told:?}");
    let mut table = csv::Reader::from_reader(told.stdout.as_bytes());
    let rows: Vec<std::collections::HashMap<String, String>> =
        table.deserialize().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), 6);
    let bills = home.sandbox.skillboss.charges();
    let micros = |text: &str| (text.parse::<f64>().unwrap() * 1e6).round() as i64;
    let (mut sum, mut doubtful) = (0, 0);
    for row in &rows {
        assert!(row["prompt"].starts_with("'="), "no formula: {row:?}");
        let bill = bills.iter().find(|bill| bill.id == row["remote_id"]);
        match row["source"].as_str() {
            "receipt" => {
                let bill = bill.unwrap_or_else(|| panic!("{row:?}"));
                assert_eq!(micros(&row["charged_usd"]), bill.amount_usd.micros, "{row:?}");
                assert_eq!(row["receipt"].split('.').count(), 3, "word for word: {row:?}");
                assert_eq!(
                    (row["receipt_model"].as_str(), row["receipt_seconds"].as_str()),
                    (MODEL, "4"),
                    "{row:?}"
                );
            }
            "estimate" => assert!(bill.is_some() && row["receipt"].is_empty(), "{row:?}"),
            "free" => assert_eq!(row["charged_usd"], "0.00", "{row:?}"),
            "unknown" => {
                assert!(row["charged_usd"].is_empty() && row["state"] == "uncertain", "{row:?}");
                doubtful += micros(&row["most_usd"]);
            }
            other => panic!("{other}: {row:?}"),
        }
        sum += if row["charged_usd"].is_empty() { 0 } else { micros(&row["charged_usd"]) };
    }
    let billed: i64 = bills.iter().map(|bill| bill.amount_usd.micros).sum();
    assert_eq!(sum + doubtful, billed, "charged and doubtful together are what the service took");
    let report: Value = home.run(&["jobs", "report", "--json"]).await.ok();
    assert_eq!(micros(report["charged_usd"].as_str().unwrap()), sum, "{report:#}");
    assert_eq!(micros(report["reserved_usd"].as_str().unwrap()), doubtful);
    let verified: Value = home.run(&["jobs", "report", "--verify", "--json"]).await.ok();
    for entry in verified["entries"].as_array().unwrap() {
        let expected = if entry["receipt"].is_string() { Some("genuine") } else { None };
        assert_eq!(entry["receipt_check"].as_str(), expected, "{entry:#}");
    }
    nothing_is_lost(&home).await;
    let ledger = app.ledger().await.unwrap();
    assert!(all(ledger).await.iter().all(|job| job.kind == JobKind::Run));
}

/// With the key for receipts each is checked when it comes, by nobody but us; without it nothing is claimed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_is_checked_with_the_key_when_it_comes() {
    let checks = async |home: &Home| {
        let told = home.run(&["jobs", "report", "--csv"]).await;
        let mut table = csv::Reader::from_reader(told.stdout.as_bytes());
        let rows: Vec<std::collections::HashMap<String, String>> =
            table.deserialize().collect::<Result<_, _>>().unwrap();
        (
            rows.into_iter()
                .map(|row| (row["source"].clone(), row["receipt_check"].clone()))
                .collect::<Vec<_>>(),
            told,
        )
    };
    for (key, source, check) in [
        (None, "receipt", ""),
        (Some(firstcut::sandbox::RECEIPT_KEY), "receipt", "genuine"),
        (Some("another-key"), "answer", "not genuine: its signature is wrong"),
    ] {
        let mut home = Home::paying(|_| {}).await;
        if let Some(key) = key {
            home.set("SKILLBOSS_RECEIPT_KEY", key);
        }
        let made = home.run(&make("a lake")).await.ok();
        let warned = made["message"].as_str().unwrap().contains("Its receipt is not genuine");
        assert_eq!(warned, check.starts_with("not"), "{made:#}");
        let (found, told) = checks(&home).await;
        assert_eq!(found, [(source.to_owned(), check.to_owned())], "{key:?}");
        assert_eq!(told.stderr.contains("1 is not genuine"), warned, "{told:?}");
        assert!(home.requests("receipts").is_empty(), "nobody was asked");
    }

    // The service's word beside it, as far as it comes.
    let home = Home::paying(|_| {}).await;
    for prompt in ["first", "second", "third"] {
        home.run(&make(prompt)).await.ok();
    }
    let away = Fault::Status { status: 503, code: None, message: None, retry_after_s: None };
    home.sandbox.faults.add(Rule { nth: 2, times: 0, ..Rule::once(Endpoint::Receipts, away) });
    let report = home.run(&["jobs", "report", "--verify", "--json"]).await.ok();
    let words: Vec<_> =
        report["entries"].as_array().unwrap().iter().map(|entry| entry["receipt_check"].as_str()).collect();
    assert_eq!(words, [Some("genuine"), None, None], "{report:#}");
    assert!(report["message"].as_str().unwrap().contains("2 more were not looked at"), "{report:#}");
}
