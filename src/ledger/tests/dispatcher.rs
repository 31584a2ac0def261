//! Who moves the jobs, and how one who does not is replaced.

use super::*;

#[tokio::test]
async fn one_dispatcher_at_a_time() {
    let home = Home::new().await;
    let first = Dispatcher::try_elect(&home.ledger, Office::Rehearsal, "first", 0).await.unwrap().unwrap();
    assert!(
        Dispatcher::try_elect(&home.another().await, Office::Rehearsal, "second", 0).await.unwrap().is_none()
    );
    assert!(first.beat().await.unwrap());
    drop(first);
    assert!(Dispatcher::try_elect(&home.ledger, Office::Rehearsal, "second", 0).await.unwrap().is_some());

    std::fs::create_dir(home.path().with_extension("rehearsal-2.lock")).unwrap();
    assert!(
        home.ledger
            .depose(Office::Rehearsal, home.ledger.pulse(Office::Rehearsal, 0).await.unwrap())
            .await
            .unwrap()
    );
    let third = Dispatcher::try_elect(&home.ledger, Office::Rehearsal, "third", 0).await;
    assert_told(third, Kind::Storage, "cannot be opened");
}

#[tokio::test]
async fn each_office_has_its_own_dispatcher_and_jobs() {
    let home = Home::new().await;
    let real = NewJob { service: Service::SkillBoss, ..render("real") };
    let real = home.ledger.insert(real, 0).await.unwrap().job;
    let rehearsed = home.ledger.insert(render("rehearsed"), 5).await.unwrap().job;
    let rehearsal =
        Dispatcher::try_elect(&home.ledger, Office::Rehearsal, "rehearser", 0).await.unwrap().unwrap();
    let other = home.another().await;
    let paid = Dispatcher::try_elect(&other, Office::Real, "worker", 0).await.unwrap().unwrap();
    assert_eq!((rehearsal.office(), paid.office()), (Office::Rehearsal, Office::Real));

    for (office, owner, due_ms, job) in
        [(Office::Rehearsal, "rehearser", 5, &rehearsed), (Office::Real, "worker", 0, &real)]
    {
        let held = match office {
            Office::Rehearsal => "SELECT owner = 'rehearser' FROM dispatcher WHERE id = 2",
            Office::Real => "SELECT owner = 'worker' FROM dispatcher WHERE id = 1",
        };
        assert_eq!(home.raw(held).await, 1);
        assert_eq!(home.ledger.next_due_ms(office).await.unwrap(), Some(due_ms));
        assert!(home.ledger.pulse(office, 5).await.unwrap().overdue);
        let filter = Filter { office: Some(office), ..Filter::default() };
        assert_eq!(home.ledger.list(&filter, 9).await.unwrap().len(), 1);
        let claimed = home.ledger.claim(office, owner, 5, 60_000, 9).await.unwrap();
        assert_eq!(claimed.iter().map(|it| &it.id).collect::<Vec<_>>(), [&job.id]);
        assert!(!home.ledger.pulse(office, 5).await.unwrap().overdue);
    }

    // The end of one, and its successor, do not touch the other.
    let silent = home.ledger.pulse(Office::Rehearsal, 6).await.unwrap();
    assert!(home.ledger.depose(Office::Rehearsal, silent).await.unwrap());
    assert!(!rehearsal.beat().await.unwrap() && paid.beat().await.unwrap());
    drop(paid);
    let heir = Dispatcher::try_elect(&home.ledger, Office::Rehearsal, "heir", 6).await.unwrap();
    assert!(heir.is_some());
    assert!(home.ledger.claim(Office::Real, "heir", 6, 60_000, 9).await.unwrap().is_empty(), "still leased");
}

#[tokio::test]
async fn a_silent_dispatcher_is_deposed_and_its_leases_run_out() {
    let home = Home::new().await;
    let frozen = Dispatcher::try_elect(&home.ledger, Office::Rehearsal, "frozen", 0).await.unwrap().unwrap();
    let idle = home.ledger.pulse(Office::Rehearsal, 0).await.unwrap();
    assert!(!idle.overdue);
    home.ledger.insert(render("in its hands"), 0).await.unwrap();
    let held = home.ledger.claim(Office::Rehearsal, "frozen", 0, 60_000, 1).await.unwrap().remove(0);
    assert!(!home.ledger.pulse(Office::Rehearsal, 1).await.unwrap().overdue, "somebody holds it");
    assert!(frozen.beat().await.unwrap());
    home.ledger.insert(render("left alone"), 2).await.unwrap();
    let silent = home.ledger.pulse(Office::Rehearsal, 2).await.unwrap();
    assert!(silent.overdue && silent.beat != idle.beat && silent.term == idle.term);

    assert!(!home.ledger.depose(Office::Rehearsal, idle).await.unwrap(), "it has beaten since");
    assert!(home.ledger.depose(Office::Rehearsal, silent).await.unwrap());
    assert!(!home.ledger.depose(Office::Rehearsal, silent).await.unwrap(), "once is enough");
    assert!(
        !home.path().with_extension("rehearsal-1.lock").exists(),
        "a lock of a term that is over is of no use"
    );
    let heir = Dispatcher::try_elect(&home.ledger, Office::Rehearsal, "heir", 3).await.unwrap().unwrap();
    assert!(!frozen.beat().await.unwrap() && heir.beat().await.unwrap());

    let taken = home.ledger.claim(Office::Rehearsal, "heir", 3, 60_000, 9).await.unwrap();
    assert_eq!(taken.len(), 1, "what the frozen one holds stays its own for the length of a lease");
    let taken = home.ledger.claim(Office::Rehearsal, "heir", 60_001, 60_000, 9).await.unwrap();
    assert_eq!(taken.first().map(|job| &job.id), Some(&held.id));
    assert!(is_lost(&home.ledger.record(&held, to(State::Running), "frozen", 60_002).await.unwrap()));
}

#[tokio::test]
async fn only_the_leases_of_the_dispatcher_before_end_with_it() {
    let home = Home::new().await;
    for key in ["a", "b"] {
        home.ledger.insert(render(key), 0).await.unwrap();
    }
    let first = Dispatcher::try_elect(&home.ledger, Office::Rehearsal, "first", 0).await.unwrap().unwrap();
    home.ledger.claim(Office::Rehearsal, "first", 0, 60_000, 1).await.unwrap();
    home.ledger.claim(Office::Rehearsal, "another", 0, 60_000, 1).await.unwrap();
    drop(first);
    let _second = Dispatcher::try_elect(&home.ledger, Office::Rehearsal, "second", 1).await.unwrap().unwrap();
    assert_eq!(home.ledger.claim(Office::Rehearsal, "second", 1, 60_000, 9).await.unwrap().len(), 1);
}
