use super::*;

#[tokio::test]
async fn what_is_written_down_is_read_back() {
    let home = Home::new().await;
    let mut new = video("k");
    new.session_id = Some("s-1".to_owned());
    new.note = Some("“¡hola!” \u{0} ✂️".to_owned());
    new.due_at_ms = Some(70);
    new.work =
        json!({"big": u64::MAX, "small": i64::MIN, "z": 1, "a": [null, true, "日本 \u{1F600}"], "pi": 3.25});
    let Inserted { job, fresh } = home.ledger.insert(new.clone(), 50).await.unwrap();
    assert!(fresh);
    let read = home.another().await.job(&new.id).await.unwrap();
    assert_eq!(format!("{job:?}"), format!("{read:?}"));
    assert_eq!(
        (read.id, read.parent_id, read.kind, read.service),
        (new.id, None, JobKind::Video, Service::Sandbox)
    );
    assert_eq!((read.session_id, read.note, read.dedupe_key), (new.session_id, new.note, new.dedupe_key));
    assert_eq!((read.state, read.request), (State::Queued, new.request));
    assert_eq!(read.work.to_string(), new.work.to_string(), "numbers and the order of keys stay");
    assert_eq!((read.attempts, read.fence, read.cancel_requested), (0, 0, false));
    assert_eq!((read.created_at_ms, read.updated_at_ms, read.due_at_ms), (50, 50, Some(70)));
    assert!(read.failure.is_none() && read.progress_pct.is_none());
}

#[tokio::test]
async fn the_same_key_gives_the_same_job() {
    let home = Home::new().await;
    let first = home.ledger.insert(video("k"), 1).await.unwrap();
    let second = home.ledger.insert(turn("k", "s"), 2).await.unwrap();
    assert!(first.fresh && !second.fresh);
    assert_eq!(second.job.id, first.job.id);
    assert_eq!(second.job.kind, JobKind::Video, "the first request stands");
    assert_eq!(home.raw("SELECT COUNT(*) FROM job").await, 1);
    assert_eq!(home.raw("SELECT COUNT(*) FROM event").await, 1);
    assert_eq!(home.ledger.job_by_key("k").await.unwrap().unwrap().id, first.job.id);
    assert!(home.ledger.job_by_key("other").await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_equal_calls_is_fresh() {
    let home = Home::new().await;
    let other = home.another().await;
    let calls: Vec<_> = (0..64)
        .map(|n| {
            let ledger = if n % 2 == 0 { home.ledger.clone() } else { other.clone() };
            tokio::spawn(async move { ledger.insert(render("same"), n).await.unwrap() })
        })
        .collect();
    let mut ids = std::collections::BTreeSet::new();
    let mut fresh = 0;
    for call in calls {
        let inserted = call.await.unwrap();
        fresh += usize::from(inserted.fresh);
        ids.insert(inserted.job.id);
    }
    assert_eq!((fresh, ids.len()), (1, 1));
}

#[tokio::test]
async fn a_job_begins_queued_or_waiting_for_approval() {
    let home = Home::new().await;
    for state in State::ALL {
        let mut new = render(state.name());
        new.state = state;
        new.due_at_ms = Some(5);
        let inserted = home.ledger.insert(new, 1).await;
        match state {
            State::Queued => assert_eq!(inserted.unwrap().job.due_at_ms, Some(5)),
            State::NeedsApproval => assert_eq!(inserted.unwrap().job.due_at_ms, None),
            _ => assert_told(inserted, Kind::Internal, "cannot begin"),
        }
    }
    let mut orphan = render("orphan");
    orphan.parent_id = Some(JobId::fresh());
    assert_told(home.ledger.insert(orphan, 1).await, Kind::Internal, "makes no sense");
}

#[tokio::test]
async fn jobs_are_found_again() {
    let home = Home::new().await;
    let ledger = &home.ledger;
    let parent = ledger.insert(video("video"), 1).await.unwrap().job;
    let mut part = turn("turn", "s-1");
    part.parent_id = Some(parent.id.clone());
    let first = ledger.insert(part, 2).await.unwrap().job;
    let mut part = render("render");
    part.parent_id = Some(parent.id.clone());
    let second = ledger.insert(part, 3).await.unwrap().job;
    let mut waiting = turn("approve", "s-2");
    waiting.state = State::NeedsApproval;
    ledger.insert(waiting, 4).await.unwrap();

    let keys = |jobs: Vec<Job>| jobs.into_iter().map(|job| job.dedupe_key).collect::<Vec<_>>().join(" ");
    let any = Filter::default();
    let cases = [
        (any.clone(), 10, "approve render turn video"),
        (any.clone(), 2, "approve render"),
        (any.clone(), 0, ""),
        (Filter { active_only: true, ..any.clone() }, 10, "render turn video"),
        (Filter { state: Some(State::NeedsApproval), ..any.clone() }, 10, "approve"),
        (Filter { kind: Some(JobKind::Turn), ..any.clone() }, 10, "approve turn"),
        (Filter { session_id: Some("s-1".into()), ..any.clone() }, 10, "turn"),
        (Filter { kind: Some(JobKind::Turn), active_only: true, ..any }, 10, "turn"),
    ];
    for (filter, limit, expected) in cases {
        assert_eq!(keys(ledger.list(&filter, limit).await.unwrap()), expected, "{filter:?}");
    }
    assert_eq!(keys(ledger.children(&parent.id).await.unwrap()), "turn render");
    assert_eq!(keys(ledger.children(&first.id).await.unwrap()), "");
    assert_eq!(keys(ledger.active().await.unwrap()), "video turn render");
    assert_eq!(second.parent_id, Some(parent.id));
    assert_told(ledger.job(&JobId::fresh()).await, Kind::NotFound, "no job");
}

#[tokio::test]
async fn sql_and_model_agree_on_rest() {
    let home = Home::new().await;
    for state in State::ALL {
        let sql = concat!("SELECT $1 IN ", super::super::jobs::at_rest!());
        let resting: bool =
            sqlx::query_scalar(sql).bind(state.name()).fetch_one(&home.ledger.inner.readers).await.unwrap();
        assert_eq!(resting, state.is_at_rest(), "{state}");
    }
}

#[tokio::test]
async fn the_database_refuses_nonsense() {
    let home = Home::new().await;
    let job = home.ledger.insert(render("k"), 1).await.unwrap().job;
    for sql in [
        "UPDATE job SET state = 'lost'",
        "UPDATE job SET state = 'done'",
        "UPDATE job SET lease_owner = 'me'",
        "UPDATE job SET state = 'failed', due_at_ms = NULL, lease_owner = 'me', lease_until_ms = 9",
        "UPDATE job SET progress_pct = 101",
        "UPDATE job SET cancel_requested = 2",
        "UPDATE job SET created_at_ms = 'soon'",
        "INSERT INTO attempt (job_id, n, state, detail, started_at_ms) SELECT id, 1, 'accepted', '{}', 1 FROM job",
        "INSERT INTO event (job_id, at_ms, to_state, who) VALUES ('job_none', 1, 'queued', 'me')",
        "DELETE FROM job",
    ] {
        let refused = sqlx::query(sql).execute(&home.ledger.inner.writer).await.map_err(Error::from);
        assert!(refused.is_err(), "{sql}");
    }
    assert_eq!(home.ledger.job(&job.id).await.unwrap().state, State::Queued);
}

#[tokio::test]
async fn an_unreadable_row_does_not_hide_the_others() {
    let home = Home::new().await;
    let good = home.ledger.insert(render("good"), 1).await.unwrap().job;
    let bad = home.ledger.insert(render("bad"), 2).await.unwrap().job;
    sqlx::query("UPDATE job SET kind = 'hologram' WHERE id = $1")
        .bind(bad.id.as_str())
        .execute(&home.ledger.inner.writer)
        .await
        .unwrap();
    assert_told(home.ledger.job(&bad.id).await, Kind::Ledger, "its field kind");
    let names = |jobs: Vec<Job>| jobs.into_iter().map(|job| job.id).collect::<Vec<_>>();
    assert_eq!(names(home.ledger.active().await.unwrap()), vec![good.id.clone()]);
    assert_eq!(names(home.claim(5).await), [good.id]);
    assert!(
        home.ledger.next_due_ms(Office::Rehearsal).await.unwrap().unwrap() > 5,
        "it burns its lease instead of spinning"
    );
}

#[tokio::test]
async fn the_revision_moves_with_every_change_and_only_then() {
    let home = Home::new().await;
    let other = home.another().await;
    let mut last = other.revision().await.unwrap();
    let mut moved = async |what: &str, expected: bool| {
        let now = other.revision().await.unwrap();
        assert_eq!(now != last, expected, "{what}");
        last = now;
    };
    let ledger = &home.ledger;
    let job = ledger.insert(render("k"), 1).await.unwrap().job;
    moved("insert", true).await;
    ledger.insert(render("k"), 1).await.unwrap();
    moved("the same again", false).await;
    let held = home.claim(1).await.remove(0);
    ledger.renew(&held, 99).await.unwrap();
    moved("claim and renew", false).await;
    ledger.begin_attempt(&held, json!({}), 2).await.unwrap();
    moved("begin_attempt", true).await;
    ledger.end_attempt(&job.id, 1, AttemptState::Accepted, None, json!({}), 3).await.unwrap();
    moved("end_attempt", true).await;
    let progress = Change { progress_pct: Some(40.0), ..Change::default() };
    ledger.record(&held, progress, "me", 4).await.unwrap();
    moved("progress", true).await;
    ledger.wake(&job.id, 5).await.unwrap();
    moved("wake", true).await;
    ledger.request_cancel(&job.id, 6).await.unwrap();
    moved("cancel", true).await;
    ledger.list(&Filter::default(), 5).await.unwrap();
    moved("reading", false).await;
}
