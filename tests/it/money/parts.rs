//! Films of which a part is doubtful or came to nothing: a person settles it, nothing is left waiting or set aside, and what
//! the whole says of the money is what its parts say.

use std::collections::BTreeMap;

use firstcut::ledger::Charge;
use firstcut::model::job::{Job, State};
use firstcut::sandbox::{Close, Endpoint, Fault, Rule, STANDARD_KEY};
use serde_json::{Value, json};

use super::till::{all, booked};
use crate::home::{Home, always};

/// Eighteen seconds are three parts.
const FILM: [&str; 9] =
    ["make", "a lake", "--model", "veo-3.1-lite", "--seconds", "18", "--resolution", "720p", "--json"];

fn part(number: u32, fault: Fault) -> Rule {
    Rule { text: Some(format!("part {number} of 3")), ..Rule::once(Endpoint::Run, fault) }
}

fn lost() -> Fault {
    Fault::LostAnswer { how: Close::Reset }
}

fn refused(status: u16) -> Fault {
    Fault::Status { status, code: None, message: None, retry_after_s: None }
}

/// A film of parts that begin where others end, of which nobody knows what became of the first.
async fn chained_and_doubtful(home: &Home) -> String {
    home.sandbox.faults.add(part(1, lost()));
    let mut words = FILM.to_vec();
    words.push("--chain-frames");
    let report = home.run(&words).await.json();
    assert_eq!(report["state"], "uncertain", "{report:#}");
    report["job_id"].as_str().unwrap().to_owned()
}

/// The parts of a film by their number, beside what was booked for each.
async fn parts(home: &Home, film: &str) -> BTreeMap<usize, (Job, Option<Charge>)> {
    let ledger = home.ledger().await.unwrap();
    let mut parts = BTreeMap::new();
    for job in all(&ledger)
        .await
        .into_iter()
        .filter(|job| job.parent_id.as_ref().is_some_and(|it| it.as_str() == film))
    {
        let number = job.dedupe_key.rsplit(':').next().unwrap().parse::<usize>().unwrap() + 1;
        let charge = booked(&ledger, &job.id).await.charge;
        parts.insert(number, (job, charge));
    }
    ledger.close().await;
    parts
}

/// What waited for the part that was given up ends with it, and costs nothing.
fn ended_without_a_charge(parts: &BTreeMap<usize, (Job, Option<Charge>)>) {
    let states: Vec<_> = parts.values().map(|(part, _)| part.state).collect();
    assert_eq!(states, [State::Failed, State::Cancelled, State::Cancelled], "{parts:#?}");
    assert!(matches!(parts[&1].1, Some(Charge::Settled { .. })), "it may have been charged: {parts:#?}");
    assert!([2, 3].iter().all(|number| parts[number].1 == Some(Charge::Freed)), "{parts:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chained_film_that_is_dropped_leaves_nothing_waiting() {
    let home = Home::paying(|_| {}).await;
    let film = chained_and_doubtful(&home).await;
    // What waits for a person is nothing that moves.
    assert_eq!(home.run(&["worker", "--until-done"]).await.code, Some(0));
    let dropped = home.run(&["jobs", "drop", &film, "--json"]).await.json();
    assert_eq!(dropped["state"], "failed", "{dropped:#}");
    ended_without_a_charge(&parts(&home, &film).await);
    assert_eq!(home.run(&["worker", "--until-done"]).await.code, Some(0));
    assert_eq!(home.requests("run").len(), 1, "nothing more was sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chained_film_that_is_tried_again_is_not_set_aside_twice() {
    let mut home = Home::paying(|_| {}).await;
    let film = chained_and_doubtful(&home).await;
    // Room for the new film and for what may have been charged, not for the parts that never left.
    home.set("FIRSTCUT_MAX_USD_PER_DAY", "0.90");
    let again = home.run(&["jobs", "retry", &film, "--yes", "--json"]).await.ok();
    assert_eq!(again["state"], "done", "{again:#}");
    ended_without_a_charge(&parts(&home, &film).await);
    let ledger = home.ledger().await.unwrap();
    assert!(all(&ledger).await.iter().all(|job| job.state.is_at_rest()));
    ledger.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_stays_doubtful_for_as_long_as_a_part_is() {
    let home = Home::paying(|_| {}).await;
    home.sandbox.faults.add(part(1, lost()));
    home.sandbox.faults.add(part(2, lost()));
    let report = home.run(&FILM).await.json();
    assert_eq!(report["state"], "uncertain", "{report:#}");
    let film = report["job_id"].as_str().unwrap();
    let doubtful = parts(&home, film).await;
    let (first, second) = (doubtful[&1].0.id.as_str(), doubtful[&2].0.id.as_str());

    let dropped = home.run(&["jobs", "drop", first, "--json"]).await.json();
    assert_eq!(dropped["state"], "uncertain", "the other part is: {dropped:#}");
    let next = dropped["next"].as_str().unwrap();
    assert!(next.contains(second) && !next.contains(first), "it names the part that is left: {next}");

    let sent = home.sandbox.skillboss.submissions();
    let name = &sent.iter().find(|sent| sent.prompt.contains("part 2 of 3")).unwrap().id;
    home.run(&["jobs", "adopt", second, "--remote-id", name, "--json"]).await;
    let ended = home.run(&["jobs", "wait", film, "--json"]).await.json();
    assert_eq!((&ended["state"], &ended["error"]["money"]), (&json!("failed"), &json!("spent")), "{ended:#}");
    assert!(ended["message"].as_str().unwrap().contains("2 of 3 parts are here"), "{ended:#}");
    assert_eq!(parts(&home, film).await[&2].0.state, State::Done);
}

/// A home that pays with the key of which nobody says whether failed work is charged.
async fn standard() -> Home {
    let mut home = Home::paying(|_| {}).await;
    home.set("SKILLBOSS_WHOLESALE_KEY", "");
    home.set("SKILLBOSS_API_KEY", STANDARD_KEY);
    home
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_says_of_the_money_what_its_parts_say() {
    let home = standard().await;
    let fails = Fault::JobFails { message: None };
    // The first one was surely not charged; of the others nobody knows.
    for rule in [part(1, refused(400)), part(2, fails.clone()), part(3, fails)] {
        home.sandbox.faults.add(Rule { times: 0, ..rule });
    }
    let failed = home.run(&FILM).await.json();
    assert_eq!(
        (&failed["state"], &failed["error"]["money"]),
        (&json!("failed"), &json!("unknown")),
        "{failed:#}"
    );
    // So the same words at once are no order to pay again.
    let sent = home.requests("run").len();
    let again = home.run(&FILM).await.json();
    assert_eq!((&again["job_id"], home.requests("run").len()), (&failed["job_id"], sent), "{again:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_that_is_stopped_says_what_may_have_been_charged() {
    let home = standard().await;
    home.sandbox.faults.add(part(1, Fault::JobFails { message: None }));
    for number in [2, 3] {
        home.sandbox.faults.add(Rule { times: 0, ..part(number, refused(429)) });
    }
    let mut making = home.start(&FILM);
    let failed = home.job_that(|job| job.parent_id.is_some() && job.state == State::Failed).await;
    let film = failed.parent_id.unwrap();
    home.run(&["jobs", "cancel", film.as_str(), "--json"]).await;
    making.wait().await.unwrap();
    let stopped = home.job_that(|job| job.id == film && job.state.is_at_rest()).await;
    assert_eq!(stopped.state, State::Cancelled, "{stopped:?}");
    let note = stopped.note.unwrap();
    assert!(note.contains("is not known") && !note.contains("costs nothing"), "{note}");
}

/// Nothing at all was sent of it: that is said, and the same words begin anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_that_was_refused_altogether_cost_nothing() {
    let home = standard().await;
    home.sandbox.faults.add(always(Endpoint::Run, refused(401)));
    let failed: Value = home.run(&FILM).await.json();
    assert_eq!(
        (&failed["state"], &failed["error"]["money"]),
        (&json!("failed"), &json!("not_spent")),
        "{failed:#}"
    );
    home.no_more_faults();
    let again = home.run(&FILM).await.ok();
    assert_ne!(again["job_id"], failed["job_id"], "{again:#}");
}
