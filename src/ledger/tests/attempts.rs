use super::*;

#[tokio::test]
async fn an_attempt_is_on_disk_before_the_request_leaves() {
    let home = Home::new().await;
    let held = home.held(1).await;
    let n = home.ledger.begin_attempt(&held, json!({"before": {"tracks": 2}}), 5).await.unwrap();
    assert_eq!(n, Some(1));
    let other = home.another().await;
    let job = other.job(&held.id).await.unwrap();
    assert_eq!(
        (job.state, job.attempts, job.fence, job.updated_at_ms),
        (State::Submitting, 1, held.fence, 5)
    );
    let attempt = other.attempt(&held.id, 1).await.unwrap().unwrap();
    let expected = Attempt {
        job_id: held.id.clone(),
        n: 1,
        state: AttemptState::Open,
        remote_id: None,
        detail: json!({"before": {"tracks": 2}}),
        started_at_ms: 5,
        ended_at_ms: None,
    };
    assert_eq!(attempt, expected);
    assert_eq!(other.last_attempt(&held.id).await.unwrap(), Some(expected));
    assert_eq!(other.attempt(&held.id, 2).await.unwrap(), None);
    assert!(home.claim(6).await.is_empty(), "the lease is kept while the request is on its way");
}

#[tokio::test]
async fn a_late_answer_counts_whoever_holds_the_job() {
    let home = Home::new().await;
    let held = home.held(0).await;
    home.ledger.begin_attempt(&held, json!({"before": 1}), 1).await.unwrap();
    let heir = home.ledger.claim(Office::Rehearsal, "heir", 60_000, 60_000, 1).await.unwrap().remove(0);
    let end = async |state, remote_id, detail, now_ms| {
        home.ledger.end_attempt(&held.id, 1, state, remote_id, detail, now_ms).await.unwrap()
    };
    let attempt = end(AttemptState::Unknown, None, json!({"why": "lease ran out"}), 60_001).await;
    assert_eq!((attempt.state, attempt.ended_at_ms), (AttemptState::Unknown, Some(60_001)));
    done(home.ledger.record(&heir, to(State::Uncertain), "heir", 60_002).await.unwrap());

    let attempt = end(AttemptState::Accepted, Some("remote-7"), json!({"status": 202}), 60_003).await;
    assert_eq!(attempt.state, AttemptState::Accepted);
    assert_eq!(attempt.remote_id.as_deref(), Some("remote-7"));
    assert_eq!(
        attempt.detail,
        json!({"before": 1, "why": "lease ran out", "status": 202}),
        "nothing is lost"
    );
    assert_eq!(home.ledger.last_attempt(&held.id).await.unwrap(), Some(attempt));

    // What is known is not forgotten again.
    for worse in [AttemptState::Unknown, AttemptState::Rejected, AttemptState::NotSent] {
        let attempt = end(worse, None, Value::Null, 60_004).await;
        assert_eq!((attempt.state, attempt.ended_at_ms), (AttemptState::Accepted, Some(60_003)));
        assert_eq!(attempt.remote_id.as_deref(), Some("remote-7"));
    }
    let adopted =
        home.ledger.resolve(&held.id, State::Uncertain, to(State::Running), "late answer", 60_005).await;
    assert_eq!(done(adopted.unwrap()).due_at_ms, Some(60_005));

    let missing = home.ledger.end_attempt(&held.id, 2, AttemptState::Rejected, None, Value::Null, 1).await;
    assert_told(missing, Kind::NotFound, "no attempt 2");
    let reopened = home.ledger.end_attempt(&held.id, 1, AttemptState::Open, None, Value::Null, 1).await;
    assert_told(reopened, Kind::Internal, "open");
}

#[tokio::test]
async fn nothing_is_sent_again_while_the_last_one_may_have_arrived() {
    for (kind, ended, may_repeat) in [
        ("turn", None, false),
        ("turn", Some(AttemptState::Unknown), false),
        ("turn", Some(AttemptState::NotSent), true),
        ("turn", Some(AttemptState::Rejected), true),
        ("video", Some(AttemptState::Unknown), false),
        ("render", None, false),
        ("render", Some(AttemptState::Unknown), true),
    ] {
        let home = Home::new().await;
        let new = match kind {
            "turn" => turn("k", "s"),
            "video" => video("k"),
            _ => render("k"),
        };
        home.ledger.insert(new, 0).await.unwrap();
        let held = home.claim(0).await.remove(0);
        home.ledger.begin_attempt(&held, json!({}), 1).await.unwrap().unwrap();
        if let Some(ended) = ended {
            home.ledger.end_attempt(&held.id, 1, ended, None, Value::Null, 2).await.unwrap();
        }
        let again = home.ledger.begin_attempt(&held, json!({}), 3).await;
        if may_repeat {
            assert_eq!(again.unwrap(), Some(2), "{kind} {ended:?}");
        } else {
            assert_told(again, Kind::Internal, "must not be sent again");
            assert_eq!(home.ledger.job(&held.id).await.unwrap().attempts, 1, "{kind} {ended:?}");
        }
    }
}

#[tokio::test]
async fn a_cancelled_job_is_not_sent() {
    let home = Home::new().await;
    let held = home.held(0).await;
    home.ledger.request_cancel(&held.id, 1).await.unwrap();
    assert_eq!(home.ledger.begin_attempt(&held, json!({}), 2).await.unwrap(), None);
    assert!(home.ledger.last_attempt(&held.id).await.unwrap().is_none());
    let taken = home.claim(3).await.remove(0);
    assert!(taken.cancel_requested && taken.state == State::Queued, "it was given back to be ended");
}

#[tokio::test]
async fn an_attempt_needs_a_state_that_allows_it() {
    let home = Home::new().await;
    let held = home.held(0).await;
    let keep = Change { keep_lease: true, ..to(State::Running) };
    let running = done(home.ledger.record(&held, keep, "me", 1).await.unwrap());
    assert_told(
        home.ledger.begin_attempt(&running, json!({}), 2).await,
        Kind::Internal,
        "cannot go from running",
    );
    assert!(home.ledger.last_attempt(&held.id).await.unwrap().is_none());
}
