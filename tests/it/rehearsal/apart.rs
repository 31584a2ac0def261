//! A rehearsal never touches paid work, and neither holds the other up.

use firstcut::ledger::{Filter, Ledger, Office};
use firstcut::model::job::{Job, Service};
use serde_json::json;

use crate::home::{Home, kill, playable};
use crate::money::till::{held, make};

const REAL: &str = "generate a 1-second 360p video of a lake";
const HILL: &str = "generate a 1-second 360p video of a hill";
const WOOD: &str = "generate a 1-second 360p video of a wood";

/// The jobs of services that charge, as the ledger has them.
async fn real_jobs(home: &Home) -> Vec<Job> {
    let ledger = home.ledger().await.unwrap();
    let filter = Filter { office: Some(Office::Real), ..Filter::default() };
    let jobs = ledger.list(&filter, 1000).await.unwrap();
    ledger.close().await;
    jobs
}

async fn rehearse(home: &Home, prompt: &str) -> String {
    let report = home.run(&["make", prompt, "--service", "sandbox", "--json"]).await.ok();
    assert_eq!((&report["state"], &report["service"]), (&json!("done"), &json!("sandbox")), "{report:#}");
    playable(&report);
    report["job_id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_job_stays_untouched_until_the_next_real_command() {
    let home = Home::new().await;
    // Written down, and nobody was there to send it.
    let stopped = home.run(&["make", REAL, "--wait", "0", "--json"]).await.ok();
    let id = stopped["job_id"].as_str().unwrap();
    let before = format!("{:?}", real_jobs(&home).await);

    let rehearsed = rehearse(&home, HILL).await;
    let edit = ["edit", "add a title \"Rehearsed\" at the top", "--service", "sandbox", "--json"];
    home.run(&edit).await.ok();
    home.run(&["export", "--service", "sandbox", "--json"]).await.ok();
    // Also where only the job says that it is a rehearsal.
    let second = home.run(&["make", WOOD, "--service", "sandbox", "--wait", "0", "--json"]).await.ok();
    let second = second["job_id"].as_str().unwrap();
    home.run(&["jobs", "wait", second, "--json"]).await.ok();
    home.run(&["jobs", "wait", &rehearsed, "--json"]).await.ok();
    let worker = home.run(&["worker", "--service", "sandbox", "--until-done"]).await;
    assert_eq!(worker.code, Some(0), "what it does not move does not keep it: {worker:?}");
    assert!(worker.stderr.contains("rehearsals only"), "{worker:?}");

    assert_eq!(format!("{:?}", real_jobs(&home).await), before, "nobody laid hands on it");
    assert_eq!((home.effects(), home.messages().len()), (0, 0), "nothing left this machine");

    let report = home.run(&["jobs", "wait", id, "--json"]).await.ok();
    playable(&report);
    assert_eq!((home.messages(), home.charged("lake")), (vec![REAL.to_owned()], vec![100]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_real_command_goes_on_with_what_was_stopped() {
    let home = Home::new().await;
    let stopped = home.run(&["make", REAL, "--wait", "0", "--json"]).await.ok();
    rehearse(&home, HILL).await;
    let worker = home.run(&["worker", "--until-done"]).await;
    assert_eq!(worker.code, Some(0), "{worker:?}");
    assert_eq!(home.messages(), [REAL]);
    let shown = home.run(&["jobs", "show", stopped["job_id"].as_str().unwrap(), "--json"]).await.ok();
    playable(&shown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lines_of_a_real_batch_are_not_begun_by_a_rehearsed_one() {
    let mut home = Home::paying(|_| {}).await;
    home.set("FIRSTCUT_PREVIEW", "none");
    let line = crate::pipeline::line("a lake", "k1");
    home.write("real.jsonl", line.as_bytes());
    let detached = home.run(&["batch", "real.jsonl", "--yes", "--detach"]).await;
    assert_eq!(detached.code, Some(0), "{detached:?}");
    let words = make("a moor");
    let single = home.run(&[&words[..], &["--wait", "0"]].concat()).await.ok();

    let rehearsal = ["batch", "real.jsonl", "--yes", "--service", "sandbox"];
    let ran = home.run(&rehearsal).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(home.sandbox.skillboss.submissions().is_empty(), "nothing was sent for money");
    let real = real_jobs(&home).await;
    assert!(real.iter().all(|job| job.fence == 0 && job.service == Service::SkillBoss), "{real:?}");
    let shown = home.run(&["batch", "show", "real", "--json"]).await.ok();
    assert_eq!(shown["counts"], json!({ "waiting": 1 }), "{shown:#}");

    // Neither becomes a part of the other.
    for (name, service) in [("real", "sandbox"), ("real-rehearsal", "skillboss")] {
        let words = ["batch", "real.jsonl", "--name", name, "--service", service, "--yes", "--json"];
        let error = home.run(&words).await.error();
        assert_eq!(error["code"], "invalid_input", "{error:#}");
        assert!(error["next"].as_str().unwrap().contains("--name"), "{error:#}");
    }

    let ended = home.run(&["batch", "wait", "real", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    home.run(&["jobs", "wait", single["job_id"].as_str().unwrap(), "--json"]).await.ok();
    assert_eq!(home.bills().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_moves_real_jobs_and_who_rehearses_do_not_wait_for_each_other() {
    let home = Home::new().await;
    let ledger = Ledger::open(&home.path().join("ledger.sqlite")).await.unwrap();
    let mut worker = home.start(&["worker"]);
    held(&ledger, Office::Rehearsal, &worker).await;
    held(&ledger, Office::Real, &worker).await;
    rehearse(&home, HILL).await;
    assert_eq!(home.effects(), 0);
    kill(&mut worker).await;

    // A rehearsing process that is stuck concerns nobody who makes something real.
    let mut worker = home.start(&["worker", "--service", "sandbox"]);
    held(&ledger, Office::Rehearsal, &worker).await;
    #[cfg(unix)]
    crate::havoc::signal(worker.id(), "-STOP");
    playable(&home.run(&["make", REAL, "--json"]).await.ok());
    assert_eq!(ledger.pulse(Office::Real, 0).await.unwrap().term, 1, "nobody had to be deposed for it");
    kill(&mut worker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_for_rehearsals_moves_what_is_real_only_when_that_is_asked_for() {
    let mut home = Home::new().await;
    let stopped = home.run(&["make", REAL, "--wait", "0", "--json"]).await.ok();
    home.set("FIRSTCUT_SERVICE", "sandbox");
    let mut serve = home.serve().await;
    let report = serve.generate(HILL, 60.0).await;
    assert_eq!((&report["state"], &report["service"]), (&json!("done"), &json!("sandbox")), "{report:#}");
    assert_eq!(home.effects(), 0, "nobody asked for it");

    let words = json!({ "prompt": WOOD, "service": "nemo", "wait_seconds": 60 });
    let report = serve.talk.call_ok("generate_video", words).await;
    assert_eq!((&report["state"], &report["service"]), (&json!("done"), &json!("nemo")), "{report:#}");
    let report = serve.rested(stopped["job_id"].as_str().unwrap()).await;
    assert_eq!(report["state"], "done", "{report:#}");
    assert_eq!(home.messages().len(), 2);
    serve.hang_up().await;
}
