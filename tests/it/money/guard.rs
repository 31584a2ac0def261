//! Addresses that strangers name: none of the tricks leads into this machine or its network, and a clip that is paid
//! for stays within reach.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use firstcut::app::App;
use firstcut::ledger::Charge;
use firstcut::model::job::State;
use firstcut::sandbox::{Endpoint, Fault, Rule};
use serde_json::{Value, json};

use super::till::{booked, make, move_until, order, rest, wish};
use crate::home::Home;

const CLIP: &[u8] = include_bytes!("../../fixtures/media/h264-high-bframes-aac.mp4");

/// Where a service may say that a clip lies; `PORT` is a door of this machine that nobody may knock at.
const TRICKS: [&str; 28] = [
    "http://127.0.0.1:PORT/trap.mp4",
    "https://127.0.0.1:PORT/trap.mp4",
    "http://localhost:PORT/trap.mp4",
    "https://localhost:PORT/trap.mp4",
    "https://any.localhost:PORT/trap.mp4",
    "https://0x7f.1:PORT/trap.mp4",
    "https://0177.0.0.1:PORT/trap.mp4",
    "https://2130706433:PORT/trap.mp4",
    "https://0:PORT/trap.mp4",
    "https://[::1]:PORT/trap.mp4",
    "https://[::ffff:127.0.0.1]:PORT/trap.mp4",
    "https://[64:ff9b::7f00:1]:PORT/trap.mp4",
    "https://[2002:7f00:1::]:PORT/trap.mp4",
    "https://user:pass@127.0.0.1:PORT/trap.mp4",
    "https://media.example@127.0.0.1:PORT/trap.mp4",
    "https://user@media.example/trap.mp4",
    "https://10.0.0.1/trap.mp4",
    "https://192.168.1.1/trap.mp4",
    "https://172.16.0.1/trap.mp4",
    "https://100.64.0.1/trap.mp4",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fe80::1]/trap.mp4",
    "https://[fd00::1]/trap.mp4",
    "http://media.example/trap.mp4",
    "ftp://media.example/trap.mp4",
    "file:///etc/passwd",
    "/trap.mp4",
    "",
];

/// A service that says of each clip that it lies behind another trick, until it comes to its senses.
#[derive(Default)]
struct Liar {
    port: u16,
    asked: Mutex<[u32; TRICKS.len()]>,
    honest: Mutex<Option<String>>,
}

/// A door of this machine that nobody may knock at.
async fn trap() -> (Arc<AtomicU32>, u16) {
    let knocks = Arc::new(AtomicU32::new(0));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, counted) = (listener.local_addr().unwrap().port(), Arc::clone(&knocks));
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    (knocks, port)
}

async fn liar(port: u16) -> (Arc<Liar>, String) {
    let liar = Arc::new(Liar { port, ..Liar::default() });
    let routes = Router::new()
        .route("/v1/run", post(run))
        .route("/v1/run/status/{id}", get(status))
        .route("/clip.mp4", get(|| async { CLIP }))
        .with_state(Arc::clone(&liar));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (liar, url)
}

/// The prompt ends with the number of the trick, and so does the name of the work.
async fn run(body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap();
    let words = body["inputs"]["prompt"].as_str().unwrap();
    let number: usize = words.rsplit(' ').next().unwrap().parse().unwrap();
    let answer = json!({ "request_id": format!("{number:032x}"), "status": "IN_QUEUE" });
    (StatusCode::ACCEPTED, axum::Json(answer)).into_response()
}

async fn status(Shared(liar): Shared<Arc<Liar>>, Path(id): Path<String>) -> Response {
    let number = usize::from_str_radix(&id, 16).unwrap();
    liar.asked.lock().unwrap()[number] += 1;
    let trick = TRICKS[number].replace("PORT", &liar.port.to_string());
    let url = liar.honest.lock().unwrap().clone().unwrap_or(trick);
    axum::Json(json!({
        "request_id": id, "status": "COMPLETED", "cost_usd": 0.12, "result": { "outputs": [{ "url": url }] },
    }))
    .into_response()
}

/// The program as it is out there: this machine is no place for a clip to come from.
fn strict(home: &Home) -> App {
    let mut config = home.app().config().clone();
    config.skillboss.allow_loopback = false;
    App::build(config)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_trick_with_an_address_leads_inside_and_the_clip_stays_within_reach() {
    let (knocks, port) = trap().await;
    let (liar, url) = liar(port).await;
    let mut home = Home::paying(|_| {}).await;
    home.set("SKILLBOSS_API_URL", format!("{url}/v1"));
    home.set("SKILLBOSS_WEB_URL", url.clone());
    home.set("FIRSTCUT_POLL_S", "0.05");
    let app = strict(&home);
    let mut jobs = Vec::new();
    for number in 0..TRICKS.len() {
        jobs.push(order(&home, &app, wish(&format!("a lake, number {number}"))).await.unwrap().id);
    }
    let twice = || liar.asked.lock().unwrap().iter().all(|asked| *asked >= 3);
    move_until(&app, "each was asked for again", async |_| twice()).await;
    let ledger = app.ledger().await.unwrap();
    for (job, trick) in jobs.iter().zip(TRICKS) {
        let stands = ledger.job(job).await.unwrap();
        assert!(matches!(stands.state, State::Ready | State::Delivering), "{trick}: {stands:?}");
        let charge = booked(ledger, job).await.charge;
        assert!(matches!(charge, Some(Charge::Settled { .. })), "{trick}: {charge:?}");
    }
    assert_eq!(knocks.load(Ordering::Relaxed), 0, "nobody knocked");

    *liar.honest.lock().unwrap() = Some(format!("{url}/clip.mp4"));
    let app = home.app();
    for job in &jobs {
        app.ledger().await.unwrap().wake(job, app.now_ms()).await.unwrap();
    }
    rest(&app).await;
    for (job, trick) in jobs.iter().zip(TRICKS) {
        let done = app.ledger().await.unwrap().job(job).await.unwrap();
        assert_eq!(done.state, State::Done, "{trick}: {done:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_redirect_leads_inside_either() {
    for to in [
        "http://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/x.mp4",
        "https://[fd00::1]/x.mp4",
        "https://2852039166/latest/",
        "https://user:pass@media.example/x.mp4",
        "ftp://127.0.0.1/x.mp4",
    ] {
        let mut home = Home::paying(|_| {}).await;
        home.set("FIRSTCUT_POLL_S", "0.05");
        let app = home.app();
        home.sandbox.faults.add(Rule::once(Endpoint::Media, Fault::Redirect { to: to.to_owned() }));
        let job = order(&home, &app, wish("a lake")).await.unwrap();
        rest(&app).await;
        assert_eq!(app.ledger().await.unwrap().job(&job.id).await.unwrap().state, State::Done, "{to}");
        assert_eq!((home.requests("media").len(), home.bills().len()), (2, 1), "{to}");
    }
}

/// Names of this machine that are no addresses and not `localhost`: only looking them up tells where they lead.
fn names_of_this_machine() -> Vec<String> {
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let mut names: Vec<_> = hosts
        .lines()
        .filter_map(|line| line.split('#').next())
        .filter(|line| line.starts_with("127.") || line.starts_with("::1"))
        .flat_map(|line| line.split_whitespace().skip(1))
        .map(str::to_owned)
        .collect();
    names.push("localhost".to_owned());
    names.dedup();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_lead_to_this_machine_are_looked_up_and_refused() {
    let names = names_of_this_machine();
    let (knocks, port) = trap().await;
    for name in &names {
        // As the address of a clip, said by the service …
        let (liar, url) = liar(port).await;
        *liar.honest.lock().unwrap() = Some(format!("https://{name}:{port}/trap.mp4"));
        let mut home = Home::paying(|_| {}).await;
        home.set("SKILLBOSS_API_URL", format!("{url}/v1"));
        home.set("SKILLBOSS_WEB_URL", url);
        home.set("FIRSTCUT_POLL_S", "0.05");
        home.may_leave_jobs = true;
        let app = strict(&home);
        let job = order(&home, &app, wish("a lake, number 0")).await.unwrap();
        let twice = || liar.asked.lock().unwrap()[0] >= 3;
        move_until(&app, "it was asked for again", async |_| twice()).await;
        let stands = app.ledger().await.unwrap().job(&job.id).await.unwrap();
        assert!(matches!(stands.state, State::Ready | State::Delivering), "{name}: {stands:?}");

        // … and as the place where we say that notices reach us.
        let mut home = Home::paying(|_| {}).await;
        home.set("FIRSTCUT_PUBLIC_URL", format!("https://{name}:{port}"));
        home.set("FIRSTCUT_POLL_S", "0.05");
        home.may_leave_jobs = true;
        let app = strict(&home);
        order(&home, &app, wish("a lake")).await.unwrap();
        let sent = || home.sandbox.skillboss.submissions();
        move_until(&app, "it was sent", async |_| !sent().is_empty()).await;
        assert!(sent().iter().all(|one| one.webhook_url.is_none()), "{name}: {:?}", sent());
    }
    assert_eq!(knocks.load(Ordering::Relaxed), 0, "nobody knocked: {names:?}");
    println!("{names:?}");
}

/// A proxy would do the look-up in our place, so none is asked for a stranger's address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_proxy_is_asked_for_a_clip() {
    let (knocks, port) = trap().await;
    let mut home = Home::paying(|_| {}).await;
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        home.set(name, format!("http://127.0.0.1:{port}"));
    }
    let report = home.run(&make("a lake")).await.ok();
    assert_eq!(report["state"], "done", "{report:#}");
    assert_eq!(knocks.load(Ordering::Relaxed), 0, "nobody knocked");
}

/// An address of ours that the service must not be given: it never is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_not_public_is_never_submitted() {
    for address in [
        "https://10.0.0.1",
        "https://192.168.1.1",
        "https://169.254.169.254",
        "https://[fd00::1]",
        "https://[::ffff:10.0.0.1]",
        "https://printer.local",
        "http://hooks.example",
        "https://user:pass@hooks.example",
    ] {
        let mut home = Home::paying(|_| {}).await;
        home.set("FIRSTCUT_PUBLIC_URL", address);
        let ran = home.run(&make("a lake")).await;
        let sent = home.sandbox.skillboss.submissions();
        // Either the setting is refused, or the clip is made without notices.
        if sent.is_empty() {
            assert_eq!(ran.error()["code"], "config", "{address}: {ran:?}");
        } else {
            assert_eq!(ran.ok()["state"], "done", "{address}: {ran:?}");
        }
        assert!(sent.iter().all(|one| one.webhook_url.is_none()), "{address}: {sent:?}");
    }
}

/// Who cannot be told is not waited for: the answer is lost, and that is said at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_not_waited_for_where_no_notice_can_come() {
    let mut home = Home::paying(|_| {}).await;
    home.set("FIRSTCUT_PUBLIC_URL", "https://printer.local");
    home.sandbox.faults.add(Rule::once(Endpoint::Run, Fault::LostAnswer { how: Default::default() }));
    let mut words = make("a lake");
    words.extend(["--wait", "30"]);
    let report = home.run(&words).await.json();
    assert_eq!(report["state"], "uncertain", "{report:#}");
    assert!(report["next"].as_str().unwrap().contains("jobs adopt"), "{report:#}");
    assert!(home.sandbox.skillboss.submissions().iter().all(|one| one.webhook_url.is_none()));
}
