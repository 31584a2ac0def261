//! Who moves the jobs, and how one who does not is replaced.

use super::*;

#[tokio::test]
async fn one_dispatcher_at_a_time() {
    let home = Home::new().await;
    let first = Dispatcher::try_elect(&home.ledger, "first", 0).await.unwrap().unwrap();
    assert!(Dispatcher::try_elect(&home.another().await, "second", 0).await.unwrap().is_none());
    assert!(first.beat().await.unwrap());
    drop(first);
    assert!(Dispatcher::try_elect(&home.ledger, "second", 0).await.unwrap().is_some());

    std::fs::create_dir(home.path().with_extension("2.lock")).unwrap();
    assert!(home.ledger.depose(home.ledger.pulse(0).await.unwrap()).await.unwrap());
    let third = Dispatcher::try_elect(&home.ledger, "third", 0).await;
    assert_told(third, Kind::Storage, "cannot be opened");
}

#[tokio::test]
async fn a_silent_dispatcher_is_deposed_and_its_leases_run_out() {
    let home = Home::new().await;
    let frozen = Dispatcher::try_elect(&home.ledger, "frozen", 0).await.unwrap().unwrap();
    let idle = home.ledger.pulse(0).await.unwrap();
    assert!(!idle.overdue);
    home.ledger.insert(render("in its hands"), 0).await.unwrap();
    let held = home.ledger.claim("frozen", 0, 60_000, 1).await.unwrap().remove(0);
    assert!(!home.ledger.pulse(1).await.unwrap().overdue, "somebody holds it");
    assert!(frozen.beat().await.unwrap());
    home.ledger.insert(render("left alone"), 2).await.unwrap();
    let silent = home.ledger.pulse(2).await.unwrap();
    assert!(silent.overdue && silent.beat != idle.beat && silent.term == idle.term);

    assert!(!home.ledger.depose(idle).await.unwrap(), "it has beaten since");
    assert!(home.ledger.depose(silent).await.unwrap());
    assert!(!home.ledger.depose(silent).await.unwrap(), "once is enough");
    assert!(!home.path().with_extension("1.lock").exists(), "a lock of a term that is over is of no use");
    let heir = Dispatcher::try_elect(&home.ledger, "heir", 3).await.unwrap().unwrap();
    assert!(!frozen.beat().await.unwrap() && heir.beat().await.unwrap());

    let taken = home.ledger.claim("heir", 3, 60_000, 9).await.unwrap();
    assert_eq!(taken.len(), 1, "what the frozen one holds stays its own for the length of a lease");
    let taken = home.ledger.claim("heir", 60_001, 60_000, 9).await.unwrap();
    assert_eq!(taken.first().map(|job| &job.id), Some(&held.id));
    assert!(is_lost(&home.ledger.record(&held, to(State::Running), "frozen", 60_002).await.unwrap()));
}

#[tokio::test]
async fn only_the_leases_of_the_dispatcher_before_end_with_it() {
    let home = Home::new().await;
    for key in ["a", "b"] {
        home.ledger.insert(render(key), 0).await.unwrap();
    }
    let first = Dispatcher::try_elect(&home.ledger, "first", 0).await.unwrap().unwrap();
    home.ledger.claim("first", 0, 60_000, 1).await.unwrap();
    home.ledger.claim("another", 0, 60_000, 1).await.unwrap();
    drop(first);
    let _second = Dispatcher::try_elect(&home.ledger, "second", 1).await.unwrap().unwrap();
    assert_eq!(home.ledger.claim("second", 1, 60_000, 9).await.unwrap().len(), 1);
}
