use super::*;
use crate::error::Money;
use crate::model::job::Failure;

#[tokio::test]
async fn a_change_is_written_and_what_is_left_out_stays() {
    let home = Home::new().await;
    let held = home.held(1).await;
    let failure = Failure::from(&Error::new(Kind::Declined, "No.").money(Money::Spent).quoting("sorry"));
    let change = Change {
        state: Some(State::Running),
        session_id: Some("s-9".to_owned()),
        work: Some(json!({"remote": 9_007_199_254_740_993_u64})),
        failure: Some(Some(failure.clone())),
        note: Some("rendering".to_owned()),
        progress_pct: Some(140.0),
        due_at_ms: Some(Some(500)),
        charge: None,
        keep_lease: true,
        detail: json!({"why": "accepted"}),
    };
    let job = done(home.ledger.record(&held, change, "me", 10).await.unwrap());
    assert_eq!(
        (job.state, job.session_id.as_deref(), job.note.as_deref()),
        (State::Running, Some("s-9"), Some("rendering"))
    );
    assert_eq!((job.progress_pct, job.due_at_ms, job.updated_at_ms), (Some(100.0), Some(500), 10));
    assert_eq!(job.failure, Some(failure));
    let read = home.ledger.job(&held.id).await.unwrap();
    assert_eq!(format!("{job:?}"), format!("{read:?}"));
    assert_eq!(read.work.to_string(), r#"{"remote":9007199254740993}"#);
    assert!(
        home.ledger.claim(Office::Rehearsal, "b", 500, 1, 1).await.unwrap().is_empty(),
        "the lease was kept"
    );

    let clear = Change { failure: Some(None), progress_pct: Some(f64::NAN), ..Change::default() };
    let job = done(home.ledger.record(&job, clear, "me", 20).await.unwrap());
    assert_eq!(job.failure, None);
    assert_eq!(
        (job.state, job.session_id.as_deref(), job.progress_pct),
        (State::Running, Some("s-9"), Some(100.0))
    );
    assert_eq!(home.ledger.job(&held.id).await.unwrap().work, read.work);
    assert_eq!(
        home.ledger.claim(Office::Rehearsal, "b", 500, 1, 1).await.unwrap().len(),
        1,
        "the lease was given back"
    );
}

#[tokio::test]
async fn every_step_is_judged_by_the_model() {
    let home = Home::new().await;
    for from in State::ALL {
        for next in State::ALL {
            let key = format!("{from} {next}");
            let job = home.ledger.insert(render(&key), 0).await.unwrap().job;
            sqlx::query("UPDATE job SET state = $1, due_at_ms = NULL WHERE id = $2")
                .bind(from.name())
                .bind(job.id.as_str())
                .execute(&home.ledger.inner.writer)
                .await
                .unwrap();
            let recorded = home.ledger.record(&job, to(next), "me", 1).await;
            if from.may_become(next) {
                let job = done(recorded.unwrap());
                assert_eq!(job.state, next, "{key}");
                assert!(!next.is_at_rest() || job.due_at_ms.is_none(), "{key}");
            } else {
                assert_told(recorded, Kind::Internal, "cannot go from");
                let job = home.ledger.job(&job.id).await.unwrap();
                assert_eq!((job.state, job.updated_at_ms), (from, 0), "{key}");
                assert_eq!(home.ledger.events(&job.id).await.unwrap().len(), 1, "{key}");
            }
        }
    }
}

#[tokio::test]
async fn rest_gives_back_lease_and_due_time() {
    let home = Home::new().await;
    let held = home.held(0).await;
    let change = Change { due_at_ms: Some(Some(50)), keep_lease: true, ..to(State::Failed) };
    let job = done(home.ledger.record(&held, change, "me", 1).await.unwrap());
    assert_eq!(job.due_at_ms, None);
    assert_eq!(home.raw("SELECT COUNT(*) FROM job WHERE lease_owner IS NOT NULL").await, 0);
    assert!(!home.ledger.wake(&job.id, 2).await.unwrap());
    assert!(home.ledger.release(&job, 3).await.unwrap());
    assert_eq!(home.ledger.next_due_ms(Office::Rehearsal).await.unwrap(), None);
    assert!(home.claim(i64::MAX - 60_000).await.is_empty());
    assert_told(
        home.ledger.record(&job, to(State::Submitting), "me", 4).await,
        Kind::Internal,
        "cannot go from failed",
    );
}

#[tokio::test]
async fn what_happened_is_told_in_order() {
    let home = Home::new().await;
    let held = home.held(1).await;
    home.ledger.begin_attempt(&held, json!({}), 2).await.unwrap();
    home.ledger.end_attempt(&held.id, 1, AttemptState::Accepted, Some("r"), Value::Null, 3).await.unwrap();
    let keep = Change { keep_lease: true, ..to(State::Running) };
    let held = done(home.ledger.record(&held, keep, "worker-1", 4).await.unwrap());
    let quiet = Change { progress_pct: Some(5.0), keep_lease: true, ..Change::default() };
    let held = done(home.ledger.record(&held, quiet, "worker-1", 5).await.unwrap());
    home.ledger.request_cancel(&held.id, 6).await.unwrap();
    home.ledger.request_cancel(&held.id, 7).await.unwrap();
    let end = Change { detail: json!({"why": "asked"}), ..to(State::Cancelled) };
    done(home.ledger.record(&held, end, "worker-1", 8).await.unwrap());

    let told: Vec<_> = home
        .ledger
        .events(&held.id)
        .await
        .unwrap()
        .into_iter()
        .map(|event| {
            let from = event.from_state.map_or("-", State::name);
            format!("{} {from} {} {} {}", event.at_ms, event.to_state, event.who, event.detail)
        })
        .collect();
    let expected = [
        "1 - queued caller null",
        r#"2 queued submitting dispatcher {"attempt":1,"begun":true}"#,
        r#"3 submitting submitting dispatcher {"attempt":1,"said":"accepted","remote_id":"r"}"#,
        "4 submitting running worker-1 null",
        r#"6 running running caller {"cancel_requested":true}"#,
        r#"8 running cancelled worker-1 {"why":"asked"}"#,
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_wake_is_not_lost_to_the_step_that_runs() {
    let home = Home::new().await;
    let later = || Change { due_at_ms: Some(Some(90_000)), ..Change::default() };

    let held = home.held(10).await;
    assert!(home.ledger.wake(&held.id, 20).await.unwrap());
    assert!(home.claim(21).await.is_empty(), "waking does not take it from its holder");
    let job = done(home.ledger.record(&held, later(), "me", 30).await.unwrap());
    assert_eq!(job.due_at_ms, Some(20), "the news came after the holder looked");
    let held = home.claim(31).await.remove(0);
    let job = done(home.ledger.record(&held, later(), "me", 32).await.unwrap());
    assert_eq!(job.due_at_ms, Some(90_000), "this time nothing came in between");

    // Only when woken.
    let held = home.ledger.claim(Office::Rehearsal, "me", 90_000, 60_000, 1).await.unwrap().remove(0);
    let sleep = Change { due_at_ms: Some(None), ..Change::default() };
    assert_eq!(done(home.ledger.record(&held, sleep, "me", 90_001).await.unwrap()).due_at_ms, None);
    assert_eq!(home.ledger.next_due_ms(Office::Rehearsal).await.unwrap(), None);
    assert!(home.ledger.wake(&held.id, 95_000).await.unwrap());
    assert_eq!(home.ledger.next_due_ms(Office::Rehearsal).await.unwrap(), Some(95_000));

    // The same for giving back.
    let held = home.claim(95_000).await.remove(0);
    home.ledger.request_cancel(&held.id, 95_001).await.unwrap();
    assert!(home.ledger.release(&held, 200_000).await.unwrap());
    assert_eq!(home.ledger.next_due_ms(Office::Rehearsal).await.unwrap(), Some(95_001));
    assert_told(home.ledger.wake(&JobId::fresh(), 1).await, Kind::NotFound, "no job");
}

#[tokio::test]
async fn cancelling_reaches_every_part() {
    let home = Home::new().await;
    let ledger = &home.ledger;
    let part = async |key: &str, parent: &Job| {
        let mut new = render(key);
        new.parent_id = Some(parent.id.clone());
        new.due_at_ms = Some(90_000);
        ledger.insert(new, 1).await.unwrap().job
    };
    let root = ledger.insert(video("root"), 1).await.unwrap().job;
    let child = part("child", &root).await;
    let grandchild = part("grandchild", &child).await;
    let over = part("over", &root).await;
    let over = done(ledger.record(&over, to(State::Failed), "me", 2).await.unwrap());
    let stranger = ledger.insert(render("stranger"), 1).await.unwrap().job;

    let root = ledger.request_cancel(&root.id, 50).await.unwrap();
    assert!(root.cancel_requested && root.due_at_ms == Some(50) && root.updated_at_ms == 50);
    for id in [&child.id, &grandchild.id] {
        let job = ledger.job(id).await.unwrap();
        assert_eq!((job.cancel_requested, job.due_at_ms, job.state), (true, Some(50), State::Queued));
    }
    assert!(!ledger.job(&stranger.id).await.unwrap().cancel_requested);
    assert_eq!(format!("{:?}", ledger.job(&over.id).await.unwrap()), format!("{over:?}"));
    assert!(!ledger.request_cancel(&over.id, 60).await.unwrap().cancel_requested, "what is at rest stays");
    assert_told(ledger.request_cancel(&JobId::fresh(), 60).await, Kind::NotFound, "no job");
}

#[tokio::test]
async fn a_person_settles_what_is_uncertain_once() {
    let home = Home::new().await;
    let held = home.held(0).await;
    home.ledger.begin_attempt(&held, json!({}), 1).await.unwrap();
    done(home.ledger.record(&held, to(State::Uncertain), "me", 2).await.unwrap());
    let adopt = || Change { work: Some(json!({"remote_id": "r"})), ..to(State::Running) };
    let job = done(home.ledger.resolve(&held.id, State::Uncertain, adopt(), "person", 3).await.unwrap());
    assert_eq!((job.state, job.due_at_ms), (State::Running, Some(3)), "and is looked at at once");
    assert!(is_lost(
        &home.ledger.resolve(&held.id, State::Uncertain, to(State::Failed), "other", 4).await.unwrap()
    ));
    assert!(
        is_lost(&home.ledger.record(&held, to(State::Failed), "sleeper", 5).await.unwrap()),
        "nobody holds it"
    );
    let last = home.ledger.events(&held.id).await.unwrap().pop().unwrap();
    assert_eq!(
        (last.who.as_str(), last.from_state, last.to_state),
        ("person", Some(State::Uncertain), State::Running)
    );

    let mut waiting = turn("approve", "s");
    waiting.state = State::NeedsApproval;
    let waiting = home.ledger.insert(waiting, 6).await.unwrap().job;
    let wrong = home.ledger.resolve(&waiting.id, State::NeedsApproval, to(State::Done), "person", 7).await;
    assert_told(wrong, Kind::Internal, "cannot go from needs_approval to done");
    let approved =
        home.ledger.resolve(&waiting.id, State::NeedsApproval, to(State::Queued), "person", 8).await;
    assert_eq!(done(approved.unwrap()).due_at_ms, Some(8));
    assert!(home.claim(8).await.iter().any(|job| job.id == waiting.id));
    let missing =
        home.ledger.resolve(&JobId::fresh(), State::Uncertain, to(State::Failed), "person", 9).await;
    assert_told(missing, Kind::NotFound, "no job");
}
