//! Failed work, in every way in which a service may tell of it: what it says of the money is believed, and where it says
//! nothing, the books take the worst that can be.

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use firstcut::ledger::{Charge, ChargeSource};
use firstcut::model::job::{Job, JobKind, State};
use firstcut::sandbox::{Endpoint, Fault, Rule, STANDARD_KEY};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::till::{PRICE_MICROS, booked, make};
use crate::home::{Home, always};

/// A service that answers every submission with this and knows nothing else.
async fn says(answer: Value) -> String {
    let router = Router::new().fallback(move |asked: Request| {
        let is_run = asked.method() == Method::POST && asked.uri().path().ends_with("/run");
        let answer = is_run.then(|| Json(answer.clone())).ok_or(StatusCode::NOT_FOUND);
        std::future::ready(answer)
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

fn standard(home: &mut Home) {
    home.set("SKILLBOSS_WHOLESALE_KEY", "");
    home.set("SKILLBOSS_API_KEY", STANDARD_KEY);
}

/// Nobody could check its signature.
fn receipt(cost_usd: f64) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({ "rid": "r1", "cost_usd": cost_usd });
    format!("{}.{}.c2ln", part(json!({ "alg": "EdDSA" })), part(claims))
}

async fn the_charge(home: &Home) -> Option<Charge> {
    let ledger = home.ledger().await.unwrap();
    let charge = booked(&ledger, &home.jobs().await[0].id).await.charge;
    ledger.close().await;
    charge
}

fn settled(micros: i64, by: ChargeSource) -> impl Fn(&Option<Charge>) -> bool {
    move |charge| matches!(charge, Some(Charge::Settled { charged, source, .. }) if charged.micros() == micros && *source == by)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_without_a_name_is_judged_by_the_key_that_pays() {
    let answer = json!({ "status": "failed", "error": "the vendor gave up" });
    for is_standard in [true, false] {
        let mut home = Home::paying(|_| {}).await;
        if is_standard {
            standard(&mut home);
        }
        home.set("SKILLBOSS_API_URL", says(answer.clone()).await);
        let error = home.run(&make("a lake")).await.error();
        assert_eq!(error["code"], "declined", "{error:#}");
        assert_eq!(error["money"], if is_standard { "unknown" } else { "not_spent" }, "{error:#}");
        let charge = the_charge(&home).await;
        if is_standard {
            assert!(settled(PRICE_MICROS, ChargeSource::WorstCase)(&charge), "{charge:?}");
        } else {
            assert_eq!(charge, Some(Charge::Freed));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_receipt_of_a_failure_says_what_it_cost_and_is_kept() {
    let mut home = Home::paying(|_| {}).await;
    let receipt = receipt(0.07);
    let answer = json!({ "status": "failed", "error": "the vendor gave up", "receipt": receipt });
    home.set("SKILLBOSS_API_URL", says(answer).await);
    let error = home.run(&make("a lake")).await.error();
    assert_eq!((&error["code"], &error["money"]), (&json!("declined"), &json!("spent")), "{error:#}");
    let charge = the_charge(&home).await;
    assert!(settled(70_000, ChargeSource::Receipt)(&charge), "{charge:?}");
    assert!(matches!(charge, Some(Charge::Settled { receipt: Some(kept), .. }) if kept == receipt));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_service_stops_costs_nothing_only_where_that_is_promised() {
    for is_standard in [true, false] {
        let mut home = Home::paying(|_| {}).await;
        if is_standard {
            standard(&mut home);
        }
        let endpoint = if is_standard { Endpoint::Job } else { Endpoint::RunStatus };
        for fault in [Fault::OddStatus { word: "CANCELLED".to_owned() }, Fault::NoCost] {
            home.sandbox.faults.add(always(endpoint, fault));
        }
        let ended = home.run(&make("a lake")).await.json();
        let charge = the_charge(&home).await;
        if is_standard {
            assert_eq!(
                (&ended["state"], &ended["error"]["money"]),
                (&json!("failed"), &json!("unknown")),
                "{ended:#}"
            );
            assert!(settled(PRICE_MICROS, ChargeSource::WorstCase)(&charge), "{charge:?}");
        } else {
            assert_eq!((&ended["state"], charge), (&json!("cancelled"), Some(Charge::Freed)), "{ended:#}");
        }
    }
}

/// Finished and charged at first, and failed when the file is to be fetched: of a single clip, and of a film's part.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_takes_its_word_back_ends_the_job_and_keeps_the_charge() {
    for seconds in ["4", "12"] {
        let home = Home::paying(|_| {}).await;
        // It is asked for anew before each try to fetch it.
        home.sandbox.faults.add(always(
            Endpoint::Media,
            Fault::Status { status: 503, code: None, message: None, retry_after_s: None },
        ));
        let mut words = make("a lake");
        words[5] = seconds;
        let mut making = home.start(&words);
        let fetched = |job: &Job| job.kind == JobKind::Run && job.state == State::Delivering;
        let clip = home.job_that(fetched).await;
        for fault in [Fault::OddStatus { word: "FAILED".to_owned() }, Fault::NoMedia, Fault::NoCost] {
            let session = clip.work["remote"]["id"].as_str().map(str::to_owned);
            home.sandbox.faults.add(Rule { session, ..always(Endpoint::RunStatus, fault) });
        }
        let ended = home.job_that(|job| job.id == clip.id && job.state.is_at_rest()).await;
        assert_eq!(ended.state, State::Failed, "{seconds} s: {ended:?}");
        assert_eq!(ended.failure.as_ref().unwrap().money, "spent", "{seconds} s: {ended:?}");
        let ledger = home.ledger().await.unwrap();
        let charge = booked(&ledger, &clip.id).await.charge;
        ledger.close().await;
        assert!(
            matches!(
                charge,
                Some(Charge::Settled { source: ChargeSource::Answer | ChargeSource::Receipt, .. })
            ),
            "{charge:?}"
        );
        // What else belongs to it is brought home.
        home.no_more_faults();
        making.wait().await.unwrap();
    }
}
