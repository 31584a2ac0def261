//! Several processes on one home: one moves the jobs, and another takes over when it dies.

use firstcut::model::job::{JobKind, State};
use firstcut::sandbox::{Endpoint, Fault, Rule};

use crate::havoc::signal;
use crate::home::{Home, playable};

const FIRST: &str = "generate a 1-second 360p video of a lake";
const SECOND: &str = "generate a 1-second 360p video of a forest";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_servers_moves_the_jobs_and_the_other_takes_over() {
    let home = Home::new().await;
    let mut one = home.serve().await;
    // The first process that needs a job moved is elected; both are asked, so both have opened the ledger.
    let report = one.generate(FIRST, 60.0).await;
    assert_eq!(report["state"], "done", "{report:#}");
    playable(&report);

    let beats = Fault::HeartbeatsOnly { count: 40, every_ms: 100 };
    home.sandbox.faults.add(Rule { text: Some("forest".into()), ..Rule::once(Endpoint::RunSse, beats) });
    let mut two = home.serve().await;
    let id = two.generate(SECOND, 0.0).await["job_id"].as_str().unwrap().to_owned();
    home.job_that(|job| job.kind == JobKind::Turn && job.state == State::Running).await;
    one.kill().await;
    let report = two.rested(&id).await;
    assert_eq!(report["state"], "done", "{report:#}");
    playable(&report);
    two.hang_up().await;
    assert_eq!(home.messages(), [FIRST, SECOND]);
    assert_eq!((home.charged("lake"), home.charged("forest")), (vec![100], vec![100]));
    assert_eq!(home.requests("render_submit").len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_call_at_two_servers_is_one_job() {
    let home = Home::new().await;
    let (mut one, mut two) = (home.serve().await, home.serve().await);
    let (first, second) = tokio::join!(one.generate(FIRST, 60.0), two.generate(FIRST, 60.0));
    assert_eq!(first["job_id"], second["job_id"]);
    assert_eq!((&first["state"], &second["state"]), (&"done".into(), &"done".into()), "{first:#} {second:#}");
    assert_eq!(home.messages().len(), 1);
    one.hang_up().await;
    two.hang_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_leaves_the_job_and_says_how_to_go_on() {
    let beats = Fault::HeartbeatsOnly { count: 40, every_ms: 100 };
    let home = Home::with_faults([Rule::once(Endpoint::RunSse, beats)]).await;
    let child = home.command(&["make", FIRST]).spawn().unwrap();
    home.job_that(|job| job.kind == JobKind::Turn && job.state == State::Running).await;
    signal(child.id(), "-INT");
    let output =
        tokio::time::timeout(crate::patience::PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
    let id = home.jobs().await[0].id.to_string();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&format!("firstcut jobs wait {id}")), "{said}");
    let report = home.run(&["jobs", "wait", &id, "--json"]).await.ok();
    playable(&report);
    assert_eq!((home.messages().len(), home.charged("lake")), (1, vec![100]));
}

/// A stopped process keeps its lock, and must not hold up the others for ever.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_stopped_is_replaced_and_makes_no_trouble_when_it_wakes() {
    let home = Home::new().await;
    let mut one = home.serve().await;
    assert_eq!(one.generate(FIRST, 60.0).await["state"], "done");
    let mut two = home.serve().await;
    signal(Some(one.pid()), "-STOP");
    let report = two.generate(SECOND, 60.0).await;
    assert_eq!(report["state"], "done", "{report:#}");
    playable(&report);
    signal(Some(one.pid()), "-CONT");
    // Both can still be asked; whoever moves the job, it is moved once.
    let third = one.generate("generate a 1-second 360p video of a desert", 60.0).await;
    assert_eq!(third["state"], "done", "{third:#}");
    two.hang_up().await;
    let fourth = one.generate("generate a 1-second 360p video of a city", 60.0).await;
    assert_eq!(fourth["state"], "done", "{fourth:#}");
    one.hang_up().await;
    assert_eq!((home.messages().len(), home.requests("render_submit").len()), (4, 4));
}
