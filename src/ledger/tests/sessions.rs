use super::*;

fn session(session_id: &str, now_ms: i64) -> Session {
    Session {
        has_uploads: false,
        service: Service::Sandbox,
        session_id: session_id.to_owned(),
        task_id: Some("task".to_owned()),
        user_id: None,
        language: Some("zh-CN".to_owned()),
        created_at_ms: now_ms,
        last_used_at_ms: now_ms,
        used_here_at_ms: Some(now_ms),
        lost_at_ms: None,
        note: Some("日落".to_owned()),
    }
}

#[tokio::test]
async fn sessions_are_remembered() {
    let home = Home::new().await;
    let ledger = &home.ledger;
    assert_eq!(ledger.last_session(Service::Sandbox).await.unwrap(), None);
    let (a, b) = (session("a", 1), session("b", 2));
    ledger.put_session(&a).await.unwrap();
    ledger.put_session(&b).await.unwrap();
    assert_eq!(ledger.session(Service::Sandbox, "a").await.unwrap(), Some(a.clone()));
    assert_eq!(ledger.session(Service::Nemo, "a").await.unwrap(), None);
    assert_eq!(ledger.last_session(Service::Sandbox).await.unwrap(), Some(b));
    assert_eq!(ledger.last_session(Service::Nemo).await.unwrap(), None);

    assert!(ledger.touch_session(Service::Sandbox, "a", true, 3).await.unwrap());
    assert!(ledger.touch_session(Service::Sandbox, "a", true, 2).await.unwrap());
    assert!(!ledger.touch_session(Service::Sandbox, "none", true, 3).await.unwrap());
    let last = ledger.last_session(Service::Sandbox).await.unwrap().unwrap();
    assert_eq!((last.session_id.as_str(), last.last_used_at_ms), ("a", 3), "time does not go back");

    let later = Session {
        user_id: Some("u".to_owned()),
        created_at_ms: 99,
        last_used_at_ms: 9,
        used_here_at_ms: Some(9),
        ..a
    };
    ledger.put_session(&later).await.unwrap();
    let read = ledger.session(Service::Sandbox, "a").await.unwrap().unwrap();
    assert_eq!(read, Session { created_at_ms: 1, ..later });
}

#[tokio::test]
async fn what_only_others_work_in_is_not_the_last_one() {
    let home = Home::new().await;
    let ledger = &home.ledger;
    let theirs = Session { used_here_at_ms: None, ..session("theirs", 2) };
    ledger.put_session(&session("ours", 1)).await.unwrap();
    ledger.put_session(&theirs).await.unwrap();
    let last = async || ledger.last_session(Service::Sandbox).await.unwrap().unwrap().session_id;
    assert_eq!(last().await, "ours");
    assert!(ledger.touch_session(Service::Sandbox, "theirs", false, 3).await.unwrap());
    assert_eq!(last().await, "ours");
    // Named here, it is worked in here.
    assert!(ledger.touch_session(Service::Sandbox, "theirs", true, 4).await.unwrap());
    assert_eq!(last().await, "theirs");
    ledger.put_session(&theirs).await.unwrap();
    assert_eq!(last().await, "theirs", "what is brought up to date from afar stays ours");
}

#[tokio::test]
async fn a_lost_session_is_not_silently_replaced_by_an_older_one() {
    let home = Home::new().await;
    let ledger = &home.ledger;
    ledger.put_session(&session("old", 1)).await.unwrap();
    ledger.put_session(&session("new", 2)).await.unwrap();
    assert!(ledger.mark_session_lost(Service::Sandbox, "new", 5).await.unwrap());
    assert!(ledger.mark_session_lost(Service::Sandbox, "new", 6).await.unwrap());
    assert!(!ledger.mark_session_lost(Service::Sandbox, "none", 6).await.unwrap());
    let last = ledger.last_session(Service::Sandbox).await.unwrap().unwrap();
    assert_eq!((last.session_id.as_str(), last.lost_at_ms), ("new", Some(5)));
}
