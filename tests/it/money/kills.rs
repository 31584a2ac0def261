//! Kills and freezes at random: several workers on one ledger, hundreds of clips, webhooks in half of the workers.
//!
//! `FIRSTCUT_KILLS` sets the number of clips, `FIRSTCUT_KILLS_SEED` the moments, `FIRSTCUT_KILLS_FREEZE_S` how long the one
//! long freeze is: with 17 and more, another worker takes the frozen one's place.

use std::collections::{BTreeMap, HashSet};
use std::process::Stdio;
use std::time::{Duration, Instant};

use firstcut::ledger::{Charge, Office};
use firstcut::model::job::{Job, State};
use firstcut::sandbox::{Close, Endpoint, Fault, Pace, Rule};
use tokio::process::Child;
use tokio::task::JoinHandle;

use super::till::{all, booked, nothing_is_lost, order, wish};
use crate::havoc::{Luck, error, setting, signal};
use crate::home::{Home, kill};
use crate::ports::Front;

const WORKERS: usize = 4;
/// The longest that a worker is stopped, but for once.
const FREEZE_MS: u64 = 700;

/// The workers, and how to start another one in the place of each.
struct Pool<'a> {
    home: &'a Home,
    front: Front,
    /// What follows the first worker to where it listens.
    following: Option<JoinHandle<()>>,
    workers: Vec<Child>,
}

impl<'a> Pool<'a> {
    async fn open(home: &'a Home) -> Self {
        let mut pool = Self { home, front: Front::open().await, following: None, workers: Vec::new() };
        for place in 0..WORKERS {
            let worker = pool.worker(place);
            pool.workers.push(worker);
        }
        pool
    }

    /// The first one receives notices; the first two ask for them.
    fn worker(&mut self, place: usize) -> Child {
        let words: &[&str] = if place == 0 { &["worker", "--listen", "127.0.0.1:0"] } else { &["worker"] };
        let mut command = self.home.command(words);
        if place < WORKERS / 2 {
            command.env("FIRSTCUT_PUBLIC_URL", &self.front.url);
        }
        command.stdout(Stdio::null());
        if place > 0 {
            return command.stderr(Stdio::null()).spawn().unwrap();
        }
        let mut worker = command.spawn().unwrap();
        self.following = Some(self.front.follow(worker.stderr.take().unwrap()));
        worker
    }

    /// Mostly the one who moves the jobs: the others only wait for its place.
    async fn victim(&self, luck: &mut Luck) -> usize {
        let owner = self.home.mover(Office::Real).await;
        let holds = |worker: &Child| worker.id().is_some_and(|pid| owner.starts_with(&format!("{pid}-")));
        match self.workers.iter().position(holds) {
            Some(place) if luck.below(4) > 0 => place,
            _ => luck.below(WORKERS as u64) as usize,
        }
    }

    async fn replace(&mut self, place: usize) {
        if let Some(following) = self.following.take_if(|_| place == 0) {
            following.abort();
            let _ended = following.await;
            // Its port is anybody's from now on.
            self.front.leads_nowhere();
        }
        kill(&mut self.workers[place]).await;
        self.workers[place] = self.worker(place);
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_frozen_at_random_nothing_is_paid_twice_or_lost() {
    let (clips, seed) = (setting("FIRSTCUT_KILLS", 200), setting("FIRSTCUT_KILLS_SEED", 20_261_121));
    // Longer than what a request may be old when it leaves.
    let long_freeze_s = setting("FIRSTCUT_KILLS_FREEZE_S", 6);
    println!("{clips} clips, seed {seed}");
    let mut luck = Luck(seed);
    let mut home = Home::paying(|options| {
        options.pace = Pace::REAL;
        (options.skillboss.queue_ms, options.skillboss.work_ms) = (20, 40);
        options.skillboss.webhooks.retry_ms = 50;
    })
    .await;
    home.set("FIRSTCUT_POLL_S", "0.3");
    for (nth, times, endpoint, fault) in [
        (7, 3, Endpoint::Run, Fault::LostAnswer { how: Close::Reset }),
        (20, 2, Endpoint::Run, Fault::HangAfter),
        (30, 3, Endpoint::Run, error(500, false)),
        (40, 3, Endpoint::Run, error(503, false)),
        (50, 3, Endpoint::Run, error(500, true)),
        (60, 4, Endpoint::Run, Fault::JobFails { message: None }),
        (1, 40, Endpoint::Run, Fault::WebhookTwice),
        (41, 20, Endpoint::Run, Fault::WebhookLost),
        (61, 20, Endpoint::Run, Fault::WebhookForged),
        (81, 20, Endpoint::Run, Fault::WebhookEarly),
        (25, 5, Endpoint::RunStatus, error(503, false)),
        (10, 5, Endpoint::Media, Fault::CutBody { bytes: 700 }),
    ] {
        home.sandbox.faults.add(Rule { nth, times, ..Rule::once(endpoint, fault) });
    }
    let app = home.app();
    let ledger = app.ledger().await.unwrap();
    let mut pool = Pool::open(&home).await;

    let begun = Instant::now();
    let ordered = async {
        for number in 0..clips {
            order(&home, &app, wish(&format!("lake number {number:04}"))).await.unwrap();
        }
    };
    let (mut kills, mut freezes) = (0, 0);
    let chaos = async {
        let over = |job: &&Job| is_settled(job) || waits_for_a_notice(job);
        while all(ledger).await.iter().filter(over).count() < clips as usize {
            tokio::time::sleep(Duration::from_millis(150 + luck.below(500))).await;
            let place = pool.victim(&mut luck).await;
            if luck.below(5) < 3 {
                pool.replace(place).await;
                kills += 1;
            } else {
                signal(pool.workers[place].id(), "-STOP");
                let most_ms = if freezes == 3 { long_freeze_s * 1000 } else { luck.below(FREEZE_MS) };
                tokio::time::sleep(Duration::from_millis(20 + most_ms)).await;
                signal(pool.workers[place].id(), "-CONT");
                freezes += 1;
            }
            // At the end they are left to finish in peace; so it ends also on a slow machine.
            if begun.elapsed() > Duration::from_secs(15 + clips / 10) {
                break;
            }
        }
    };
    tokio::join!(ordered, chaos);
    // A lost answer is waited for while a notice may come; a person who does not want to wait says so.
    loop {
        let jobs = all(ledger).await;
        if jobs.iter().all(is_settled) {
            break;
        }
        for job in jobs.iter().filter(|job| waits_for_a_notice(job)) {
            ledger.request_cancel(&job.id, app.now_ms()).await.unwrap();
        }
        assert!(
            begun.elapsed() < Duration::from_secs(300 + clips),
            "{:#?}",
            jobs.iter().find(|job| !is_settled(job))
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    for worker in &mut pool.workers {
        kill(worker).await;
    }

    let jobs = all(ledger).await;
    let mut ends = BTreeMap::<String, usize>::new();
    let (mut files, mut settled) = (HashSet::new(), 0);
    for job in &jobs {
        *ends.entry(job.state.to_string()).or_default() += 1;
        match booked(ledger, &job.id).await.charge {
            Some(Charge::Settled { charged, .. }) => settled += charged.micros(),
            Some(Charge::Freed) => assert_eq!(job.state, State::Failed, "{job:?}"),
            None => assert_eq!(job.state, State::Uncertain, "{job:?}"),
        }
        if job.state == State::Done {
            assert!(files.insert(job.work["file"]["path"].as_str().unwrap().to_owned()), "{job:?}");
        }
    }
    let bills = home.bills();
    let doubtful: usize = jobs
        .iter()
        .filter(|job| job.state == State::Uncertain && bills.contains_key(job.id.as_str()))
        .count();
    println!(
        "{:?}: {kills} kills, {freezes} freezes, {ends:?}; {} charged, {doubtful} of the doubtful among them",
        begun.elapsed(),
        bills.len()
    );
    assert_eq!(jobs.len(), clips as usize);
    nothing_is_lost(&home).await;
    let delivered: i64 = bills
        .iter()
        .filter(|(id, _)| jobs.iter().any(|job| job.id.as_str() == *id && job.state == State::Done))
        .flat_map(|(_, bills)| bills)
        .map(|bill| bill.amount_usd.micros)
        .sum();
    assert_eq!(settled, delivered, "what is booked is what was charged for what is here");
    assert!(ends["done"] >= clips as usize / 2, "{ends:?}");
}

fn is_settled(job: &Job) -> bool {
    job.state.is_at_rest()
}

/// Its answer was lost, and the service may still call.
fn waits_for_a_notice(job: &Job) -> bool {
    job.state == State::Submitting && job.note.as_deref().is_some_and(|note| note.contains("notice"))
}
