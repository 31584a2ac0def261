//! Lists that go on, names that are typed, and marks that tell a change.

use super::*;

#[tokio::test]
async fn lists_go_on_where_they_stopped_even_within_a_moment() {
    let home = Home::new().await;
    let mut ids = Vec::new();
    for number in 0..7 {
        // Three of them at the same time.
        let now_ms = if number < 3 { 10 } else { 10 + number };
        ids.push(home.ledger.insert(video(&format!("k{number}")), now_ms).await.unwrap().job);
    }
    ids.sort_by(|a, b| (b.created_at_ms, &b.id).cmp(&(a.created_at_ms, &a.id)));
    let mut found: Vec<Job> = Vec::new();
    loop {
        let after = found.last().map(|job| (job.created_at_ms, job.id.clone()));
        let page = home.ledger.roots_after(after.as_ref().map(|(ms, id)| (*ms, id)), 2).await.unwrap();
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    let names = |jobs: &[Job]| jobs.iter().map(|job| job.id.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&found), names(&ids));
    assert_eq!(home.ledger.job_names("job_", false, 100).await.unwrap(), names(&ids));
    assert_eq!(home.ledger.job_names(ids[4].id.as_str(), false, 9).await.unwrap(), names(&ids[4..5]));
    assert!(home.ledger.job_names("job_", true, 100).await.unwrap().is_empty(), "none made a file");
}

#[tokio::test]
async fn marks_change_with_what_they_stand_for_and_with_nothing_else() {
    let home = Home::new().await;
    let ledger = &home.ledger;
    assert_eq!(ledger.jobs_mark().await.unwrap(), None);
    assert_eq!(ledger.list_mark().await.unwrap(), None);
    assert_eq!(ledger.job_mark(&JobId::fresh()).await.unwrap(), None);
    let other = ledger.insert(turn("other", "s2"), 1).await.unwrap().job;
    let held = home.held(5).await;
    let all = async || {
        (
            ledger.job_mark(&held.id).await.unwrap(),
            ledger.jobs_mark().await.unwrap(),
            ledger.list_mark().await.unwrap(),
        )
    };
    let other_mark = ledger.job_mark(&other.id).await.unwrap();
    let session_mark = ledger.session_mark("s2").await.unwrap();
    assert!(session_mark.is_some() && ledger.session_mark("nobody").await.unwrap().is_none());

    // Somebody looked after it.
    let before = all().await;
    done(ledger.record(&held, Change { keep_lease: true, ..Change::default() }, "me", 5).await.unwrap());
    assert_eq!(all().await, before);

    // A word about how it goes: news of the job, not of the list.
    let word = Change {
        note: Some("Half.".into()),
        progress_pct: Some(50.0),
        keep_lease: true,
        ..Change::default()
    };
    done(ledger.record(&held, word, "me", 5).await.unwrap());
    let after = all().await;
    assert_ne!(before.0, after.0);
    assert_eq!((&before.1, &before.2), (&after.1, &after.2));

    // Another state: news of all jobs; the list shows something else only at the end.
    let running = Change { keep_lease: true, ..to(State::Running) };
    done(ledger.record(&held, running, "me", 6).await.unwrap());
    let later = all().await;
    assert!(later.0 != after.0 && later.1 != after.1 && later.2 == after.2);
    done(ledger.record(&held, to(State::Done), "me", 7).await.unwrap());
    let end = all().await;
    assert!(end.0 != later.0 && end.1 != later.1 && end.2 != later.2);

    assert_eq!(ledger.job_mark(&other.id).await.unwrap(), other_mark);
    assert_eq!(ledger.session_mark("s2").await.unwrap(), session_mark);

    // A part is told with its whole, and is nothing new in the list.
    let parent = ledger.insert(video("whole"), 8).await.unwrap().job;
    let (whole, list) = (ledger.job_mark(&parent.id).await.unwrap(), ledger.list_mark().await.unwrap());
    ledger.insert(NewJob { parent_id: Some(parent.id.clone()), ..turn("part", "s3") }, 9).await.unwrap();
    assert_ne!(ledger.job_mark(&parent.id).await.unwrap(), whole);
    assert_eq!(ledger.list_mark().await.unwrap(), list);
}
