use std::collections::BTreeMap;

use super::*;

fn keys(jobs: &[Job]) -> Vec<&str> {
    jobs.iter().map(|job| job.dedupe_key.as_str()).collect()
}

#[tokio::test]
async fn what_is_due_and_free_is_taken_in_order() {
    let home = Home::new().await;
    for (key, due_at_ms) in [("late", 300), ("early", 100), ("future", 501), ("middle", 200)] {
        let mut new = render(key);
        new.due_at_ms = Some(due_at_ms);
        home.ledger.insert(new, 1).await.unwrap();
    }
    assert_eq!(home.ledger.next_due_ms(Office::Rehearsal).await.unwrap(), Some(100));
    let two = home.ledger.claim(Office::Rehearsal, "a", 500, 1000, 2).await.unwrap();
    assert_eq!(keys(&two), ["early", "middle"]);
    assert!(two.iter().all(|job| job.fence == 1));
    assert_eq!(keys(&home.ledger.claim(Office::Rehearsal, "b", 500, 1000, 9).await.unwrap()), ["late"]);
    assert!(home.ledger.claim(Office::Rehearsal, "c", 500, 1000, 9).await.unwrap().is_empty());
    assert_eq!(home.ledger.next_due_ms(Office::Rehearsal).await.unwrap(), Some(501));
    assert_eq!(keys(&home.ledger.claim(Office::Rehearsal, "c", 501, 5000, 9).await.unwrap()), ["future"]);
    assert_eq!(
        home.ledger.next_due_ms(Office::Rehearsal).await.unwrap(),
        Some(1500),
        "when the first leases run out"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_job_goes_to_one_taker() {
    let home = Home::new().await;
    let other = home.another().await;
    for n in 0..200 {
        home.ledger.insert(render(&format!("k{n}")), n).await.unwrap();
    }
    let takers: Vec<_> = (0..64)
        .map(|n| {
            let ledger = if n % 2 == 0 { home.ledger.clone() } else { other.clone() };
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let batch = ledger
                        .claim(Office::Rehearsal, &format!("taker {n}"), 1000, 60_000, 3)
                        .await
                        .unwrap();
                    if batch.is_empty() {
                        return taken;
                    }
                    taken.extend(batch);
                }
            })
        })
        .collect();
    let mut times_taken = BTreeMap::new();
    for taker in takers {
        for job in taker.await.unwrap() {
            assert_eq!(job.fence, 1);
            *times_taken.entry(job.id).or_insert(0) += 1;
        }
    }
    assert_eq!(times_taken.len(), 200);
    assert!(times_taken.values().all(|times| *times == 1));
}

#[tokio::test]
async fn an_expired_lease_passes_the_job_on_and_the_old_holder_changes_nothing() {
    let home = Home::new().await;
    home.ledger.insert(render("k"), 0).await.unwrap();
    let dead = home.ledger.claim(Office::Rehearsal, "dead", 0, 1000, 1).await.unwrap().remove(0);
    assert!(home.ledger.claim(Office::Rehearsal, "heir", 999, 1000, 1).await.unwrap().is_empty());
    let heir = home.ledger.claim(Office::Rehearsal, "heir", 1000, 1000, 1).await.unwrap().remove(0);
    assert_eq!((heir.fence, dead.fence), (2, 1));

    let before = format!("{:?}", home.ledger.job(&heir.id).await.unwrap());
    let events = home.ledger.events(&heir.id).await.unwrap();
    assert!(is_lost(&home.ledger.record(&dead, to(State::Failed), "dead", 1001).await.unwrap()));
    assert!(!home.ledger.renew(&dead, 9999).await.unwrap());
    assert!(!home.ledger.release(&dead, 9999).await.unwrap());
    assert_eq!(home.ledger.begin_attempt(&dead, json!({}), 1001).await.unwrap(), None);
    assert_eq!(format!("{:?}", home.ledger.job(&heir.id).await.unwrap()), before);
    assert_eq!(home.ledger.events(&heir.id).await.unwrap(), events);
    assert!(home.ledger.last_attempt(&heir.id).await.unwrap().is_none());
    assert_eq!(home.ledger.begin_attempt(&heir, json!({}), 1002).await.unwrap(), Some(1));
}

#[tokio::test]
async fn renewing_and_releasing() {
    let home = Home::new().await;
    let held = home.held(0).await;
    assert!(home.ledger.renew(&held, 90_000).await.unwrap());
    assert!(home.ledger.claim(Office::Rehearsal, "b", 89_999, 1, 1).await.unwrap().is_empty());
    assert!(home.ledger.release(&held, 95_000).await.unwrap());
    assert!(!home.ledger.renew(&held, 99_000).await.unwrap(), "what was given back cannot be held on to");
    assert_eq!(home.ledger.next_due_ms(Office::Rehearsal).await.unwrap(), Some(95_000));
    assert_eq!(home.ledger.claim(Office::Rehearsal, "b", 95_000, 1, 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn turns_of_a_session_run_one_by_one_in_order() {
    let home = Home::new().await;
    let ledger = &home.ledger;
    for (key, session, at) in [("a1", "a", 1), ("a2", "a", 2), ("b1", "b", 3), ("a3", "a", 4)] {
        ledger.insert(turn(key, session), at).await.unwrap();
    }
    let mut elsewhere = turn("nemo", "a");
    elsewhere.service = Service::Nemo;
    ledger.insert(elsewhere, 5).await.unwrap();
    let mut export = render("render");
    export.session_id = Some("a".to_owned());
    ledger.insert(export, 6).await.unwrap();

    let first = home.claim(10).await;
    assert_eq!(keys(&first), ["a1", "b1", "render"], "other sessions and kinds do not wait");
    let real = ledger.claim(Office::Real, "me", 10, 60_000, 9).await.unwrap();
    assert_eq!(keys(&real), ["nemo"], "nor do other services");
    assert_eq!(
        ledger.next_due_ms(Office::Rehearsal).await.unwrap(),
        Some(60_010),
        "blocked turns do not make the loop spin"
    );

    // Claimed, submitting, running: the next one waits.
    let a1 = &first[0];
    ledger.begin_attempt(a1, json!({}), 11).await.unwrap().unwrap();
    assert!(home.claim(12).await.is_empty());
    let a1 = done(ledger.record(a1, to(State::Running), "me", 13).await.unwrap());
    assert_eq!(keys(&home.claim(14).await), ["a1"]);
    let a1 = ledger.job(&a1.id).await.unwrap();
    // Put off, to be tried again: still its turn.
    let put_off = Change { due_at_ms: Some(Some(500)), ..to(State::Queued) };
    let a1 = done(ledger.record(&a1, put_off, "me", 15).await.unwrap());
    assert!(home.claim(16).await.is_empty());
    assert_eq!(ledger.next_due_ms(Office::Rehearsal).await.unwrap(), Some(500));
    let a1 = {
        let again = home.claim(500).await;
        assert_eq!(keys(&again), ["a1"]);
        assert_eq!(again[0].id, a1.id);
        again.into_iter().next().unwrap()
    };
    ledger.record(&a1, to(State::Failed), "me", 501).await.unwrap();
    assert_eq!(keys(&home.claim(502).await), ["a2"]);
    assert!(home.claim(503).await.is_empty(), "a3 waits for a2");
}

#[tokio::test]
async fn a_cancelled_turn_does_not_wait_for_its_turn() {
    let home = Home::new().await;
    home.ledger.insert(turn("first", "s"), 1).await.unwrap();
    let second = home.ledger.insert(turn("second", "s"), 2).await.unwrap().job;
    assert_eq!(keys(&home.claim(3).await), ["first"]);
    home.ledger.request_cancel(&second.id, 4).await.unwrap();
    let taken = home.claim(5).await;
    assert_eq!(keys(&taken), ["second"]);
    assert_eq!(home.ledger.begin_attempt(&taken[0], json!({}), 6).await.unwrap(), None, "and is not sent");
}

#[tokio::test]
async fn a_turn_that_was_overtaken_is_not_sent() {
    let home = Home::new().await;
    let ledger = &home.ledger;
    ledger.insert(turn("sleeper", "s"), 100).await.unwrap();
    let sleeper = home.claim(100).await.remove(0);
    // Written by a process whose clock is behind: older, so its turn comes first.
    ledger.insert(turn("older", "s"), 50).await.unwrap();
    let older = ledger.claim(Office::Rehearsal, "b", 101, 60_000, 9).await.unwrap().remove(0);
    assert_eq!(older.dedupe_key, "older");
    assert_eq!(ledger.begin_attempt(&older, json!({}), 102).await.unwrap(), Some(1));
    assert_eq!(ledger.begin_attempt(&sleeper, json!({}), 103).await.unwrap(), None);
    let sleeper = ledger.job(&sleeper.id).await.unwrap();
    assert_eq!((sleeper.state, sleeper.attempts), (State::Queued, 0));
    ledger.record(&older, to(State::Done), "b", 104).await.unwrap();
    assert_eq!(keys(&home.claim(105).await), ["sleeper"], "it was given back");
}

#[tokio::test]
async fn what_is_made_is_fetched_before_anything_new_is_begun() {
    let home = Home::new().await;
    let mut made = home.held(1_000).await;
    for state in [State::Running, State::Ready] {
        let change = Change {
            state: Some(state),
            due_at_ms: Some(Some(9_000)),
            keep_lease: true,
            ..Change::default()
        };
        let Recorded::Done(job) = home.ledger.record(&made, change, "me", 1_000).await.unwrap() else {
            panic!("it was lost");
        };
        made = job;
    }
    home.ledger.release(&made, 9_000).await.unwrap();
    for number in 0..40 {
        home.ledger.insert(render(&format!("new {number}")), 2_000).await.unwrap();
    }
    let claimed = home.ledger.claim(Office::Rehearsal, "me", 10_000, 60_000, 3).await.unwrap();
    assert_eq!((claimed.len(), &claimed[0].id), (3, &made.id), "the service keeps it for seven days only");
}
