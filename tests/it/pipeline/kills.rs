//! A whole batch under kills and freezes at random: every line ends once, and the budget holds.
//!
//! `FIRSTCUT_PIPELINE_KILLS` sets the number of lines, `FIRSTCUT_KILLS_SEED` the moments.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use firstcut::ledger::Office;
use firstcut::model::batch::LineState;
use firstcut::model::job::{Job, JobKind, State};
use firstcut::sandbox::{Close, Endpoint, Fault, Pace, Rule};
use tokio::process::Child;

use super::lines;
use crate::delivery::{Bucket, posted_once, schedulers};
use crate::havoc::{Luck, error, setting, signal};
use crate::home::{Home, kill};
use crate::money::till::{all, nothing_is_lost};

const WORKERS: usize = 3;

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_no_line_is_lost_doubled_or_over_budget() {
    let (many, seed) = (setting("FIRSTCUT_PIPELINE_KILLS", 100), setting("FIRSTCUT_KILLS_SEED", 20_261_121));
    println!("{many} lines, seed {seed}");
    let mut luck = Luck(seed);
    let mut home = Home::paying(|options| {
        options.pace = Pace::REAL;
        (options.skillboss.queue_ms, options.skillboss.work_ms) = (20, 40);
    })
    .await;
    home.set("FIRSTCUT_POLL_S", "0.3");
    for (nth, times, endpoint, fault) in [
        (7, 2, Endpoint::Run, Fault::LostAnswer { how: Close::Reset }),
        (20, 2, Endpoint::Run, error(503, false)),
        (30, 2, Endpoint::Run, error(500, true)),
        (40, 3, Endpoint::Run, Fault::JobFails { message: None }),
        (9, 5, Endpoint::RunStatus, error(503, false)),
        (5, 3, Endpoint::Media, Fault::CutBody { bytes: 700 }),
    ] {
        home.sandbox.faults.add(Rule { nth, times, ..Rule::once(endpoint, fault) });
    }
    let bucket = Bucket::open().await;
    bucket.settings(&mut home);
    schedulers(&mut home, "hook");
    // The one scheduler here that says when it has a message already.
    home.set("FIRSTCUT_POST_HOOK_REPEATS", "1");
    home.write("hundred.jsonl", lines(many as usize).as_bytes());
    // Room for all but five: 0.12 each.
    let small = format!("{:.2}", (many - 5) as f64 * 0.12);
    let (begun, mut kills, mut freezes) = (Instant::now(), 0, 0);

    // Writing it down is one moment: killed anywhere, all of it is there or nothing.
    let enqueue = [
        "batch",
        "hundred.jsonl",
        "--yes",
        "--detach",
        "--budget",
        &small,
        "-j",
        "12",
        "--channels",
        "tiktok",
        "--aspect",
        "9:16",
        "--when",
        "queue",
    ];
    loop {
        let mut child = home.start(&enqueue);
        if kills < 6 {
            tokio::time::sleep(Duration::from_millis(luck.below(120))).await;
            kill(&mut child).await;
            kills += 1;
        } else if child.wait().await.unwrap().success() {
            break;
        }
        if let Some(ledger) = home.ledger().await {
            let written = ledger.lines("hundred").await.unwrap().len();
            assert!(written == 0 || written == many as usize, "half a batch: {written}");
            ledger.close().await;
        }
    }
    let app = home.app();
    let ledger = app.ledger().await.unwrap();
    let worker = || home.start(&["worker"]);
    let mut workers: Vec<Child> = (0..WORKERS).map(|_| worker()).collect();
    let over = async |most_waiting: usize| {
        let lines = ledger.lines("hundred").await.unwrap();
        let waiting = lines.iter().filter(|line| line.state == LineState::Waiting).count();
        let moving = all(ledger).await.iter().any(|job| !job.state.is_at_rest() && !waits_for_long(job));
        waiting <= most_waiting && !moving
    };
    let mut raised = false;
    loop {
        let (charged, reserved) = ledger.batch_spent("hundred").await.unwrap();
        if !raised {
            let spent = charged.checked_add(reserved).unwrap();
            assert!(spent <= small.parse().unwrap(), "{spent} of {small}");
        }
        if over(if raised { 0 } else { 8 }).await {
            if raised {
                break;
            }
            // What failed gave its money back; the rest waits at the budget until a person raises it.
            let resume = home.run(&["batch", "resume", "hundred", "--budget", "100", "--detach"]).await;
            assert_eq!(resume.code, Some(0), "{resume:?}");
            raised = true;
        }
        tokio::time::sleep(Duration::from_millis(120 + luck.below(400))).await;
        assert!(
            begun.elapsed() < Duration::from_secs(300 + many),
            "it does not end: {:#?}",
            all(ledger).await
        );
        // At the end they are left in peace, so that it ends also on a slow machine.
        if begun.elapsed() > Duration::from_secs(20 + many / 5) {
            continue;
        }
        let owner = home.mover(Office::Real).await;
        let holds = |worker: &Child| worker.id().is_some_and(|pid| owner.starts_with(&format!("{pid}-")));
        let place = workers.iter().position(holds).unwrap_or(luck.below(WORKERS as u64) as usize);
        if luck.below(4) > 0 {
            kill(&mut workers[place]).await;
            workers[place] = worker();
            kills += 1;
        } else {
            signal(workers[place].id(), "-STOP");
            tokio::time::sleep(Duration::from_millis(20 + luck.below(700))).await;
            signal(workers[place].id(), "-CONT");
            freezes += 1;
        }
    }
    for worker in &mut workers {
        kill(worker).await;
    }
    let (lines, jobs) = (ledger.lines("hundred").await.unwrap(), all(ledger).await);
    let mut ends = BTreeMap::<String, usize>::new();
    let mut of_lines = HashSet::new();
    let posts: Vec<_> = jobs.iter().filter(|job| job.kind == JobKind::Post).collect();
    for line in &lines {
        assert_eq!(line.state, LineState::Begun, "{line:?}");
        let id = line.job_id.clone().unwrap();
        let job = jobs.iter().find(|job| job.id == id).unwrap();
        assert!(job.dedupe_key.ends_with(&format!("batch:hundred/{}", line.key)), "{job:?}");
        assert!(of_lines.insert(id), "one job for two lines: {line:?}");
        *ends.entry(job.state.to_string()).or_default() += 1;
    }
    let done = ends["done"];
    assert_eq!(
        (lines.len(), jobs.len()),
        (many as usize, many as usize + done),
        "a job for each line, and a post for each clip"
    );
    // The server's own file of a broken upload is no object.
    let objects: Vec<_> = bucket.keys().into_iter().filter(|key| key.ends_with(".mp4")).collect();
    // Killed between an object and its facts, the server here keeps one that is nobody's, and the clip lies beside it as
    // its second; a real store writes both at once.
    let stem = |key: &str| key.trim_end_matches(".mp4").trim_end_matches("-2").to_owned();
    let clips: HashSet<_> = objects.iter().map(|key| stem(key)).collect();
    assert_eq!(clips.len(), done, "an object for each clip: {objects:?}");
    for job in jobs.iter().filter(|job| of_lines.contains(&job.id) && job.state == State::Done) {
        let key = job.work["stored"]["key"].as_str().unwrap_or_else(|| panic!("{job:?}"));
        assert!(bucket.object(key).is_file(), "{key}");
    }
    let taken = posted_once(&home).len();
    let posted = posts.iter().filter(|post| post.state == State::Done).count();
    let doubtful = posts.iter().filter(|post| post.state == State::Uncertain).count();
    assert_eq!((posts.len(), posted + doubtful), (done, done), "{posts:#?}");
    assert!(taken >= posted && taken <= done, "{taken} were taken, {posted} are known");
    nothing_is_lost(&home).await;
    let bills = home.bills();
    println!(
        "{:?}: {kills} kills, {freezes} freezes, {ends:?}; {} charged, {taken} posted ({doubtful} doubtful), none twice",
        begun.elapsed(),
        bills.len()
    );
    assert!(ends["done"] >= many as usize / 2, "{ends:?}");
}

/// Its answer was lost: it rests as uncertain soon, or waits for a notice that nobody sends here.
fn waits_for_long(job: &Job) -> bool {
    job.state == State::Submitting && job.note.as_deref().is_some_and(|note| note.contains("notice"))
}
