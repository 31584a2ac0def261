//! Kills at random between a clip and its post: nothing is lost, posted twice or stored by halves.
//!
//! `FIRSTCUT_KILLS_POSTS` sets the number of clips, `FIRSTCUT_KILLS_SEED` the moments.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use firstcut::jobs::plan::{GenerateInput, PublishInput};
use firstcut::model::job::{Job, JobKind, State};
use firstcut::sandbox::{Close, Endpoint, Fault, Rule};
use tokio::process::Child;

use super::{Bucket, error, posted_once, same_bytes, schedulers};
use crate::havoc::{Luck, setting, signal};
use crate::home::{Home, kill};
use crate::money::till::{all, alter, nothing_is_lost, order, wish};

const WORKERS: usize = 3;

/// A process that was killed holds its leases until they run out; here nobody waits for that.
pub(super) async fn forget_leases(home: &Home) {
    alter(home, &["UPDATE job SET lease_owner = NULL, lease_until_ms = NULL, due_at_ms = 0 WHERE lease_owner IS NOT NULL"])
        .await;
}

fn worker(home: &Home) -> Child {
    home.start(&["worker"])
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_every_clip_is_stored_whole_and_posted_once() {
    let (clips, seed) = (setting("FIRSTCUT_KILLS_POSTS", 40), setting("FIRSTCUT_KILLS_SEED", 20_261_121));
    println!("{clips} clips, seed {seed}");
    let mut luck = Luck(seed);
    let bucket = Bucket::open().await;
    let mut home = Home::paying(|options| {
        (options.skillboss.queue_ms, options.skillboss.work_ms) = (5, 10);
    })
    .await;
    bucket.settings(&mut home);
    schedulers(&mut home, "buffer");
    home.set("FIRSTCUT_POLL_S", "0.2");
    for (nth, times, fault) in [
        (3, 2, Fault::LostAnswer { how: Close::Reset }),
        (9, 3, error(503, false)),
        (15, 2, error(500, true)),
        (20, 2, error(429, false)),
        (26, 1, Fault::HangAfter),
    ] {
        home.sandbox.faults.add(Rule { nth, times, ..Rule::once(Endpoint::SocialPost, fault) });
    }
    let app = home.app();
    let begun = Instant::now();
    for number in 0..clips {
        let input = GenerateInput {
            publish: Some(PublishInput {
                channels: vec!["tiktok".to_owned()],
                caption: Some("The same words under every clip.".to_owned()),
                when: Some("queue".to_owned()),
                ..PublishInput::default()
            }),
            ..wish(&format!("lake number {number:04}"))
        };
        order(&home, &app, input).await.unwrap();
    }
    let ledger = app.ledger().await.unwrap();
    let mut workers: Vec<Child> = (0..WORKERS).map(|_| worker(&home)).collect();
    let (mut kills, mut freezes) = (0, 0);
    loop {
        let jobs = all(ledger).await;
        let settled = |job: &&Job| job.state.is_at_rest();
        let posts = jobs.iter().filter(|job| job.kind == JobKind::Post).count();
        let doubtful =
            jobs.iter().filter(|job| job.kind == JobKind::Run && job.state == State::Uncertain).count();
        if jobs.iter().all(|job| settled(&job)) && posts + doubtful >= clips as usize {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(300), "{:#?}", jobs.iter().find(|job| !settled(job)));
        tokio::time::sleep(Duration::from_millis(100 + luck.below(400))).await;
        // At the end they are left to finish in peace; so it ends also on a slow machine.
        if begun.elapsed() < Duration::from_secs(20 + clips / 5) {
            let place = luck.below(WORKERS as u64) as usize;
            if luck.below(4) > 0 {
                kill(&mut workers[place]).await;
                workers[place] = worker(&home);
                kills += 1;
            } else {
                // Once longer than what a message may be old when it leaves.
                let ms = if freezes == 1 { 6_000 } else { 20 + luck.below(700) };
                signal(workers[place].id(), "-STOP");
                tokio::time::sleep(Duration::from_millis(ms)).await;
                signal(workers[place].id(), "-CONT");
                freezes += 1;
            }
        }
    }
    for worker in &mut workers {
        kill(worker).await;
    }

    let jobs = all(ledger).await;
    let mut ends = BTreeMap::<String, usize>::new();
    for job in &jobs {
        *ends.entry(format!("{} {}", job.kind.name(), job.state)).or_default() += 1;
    }
    let taken = posted_once(&home);
    println!(
        "{:?}: {kills} kills, {freezes} freezes, {ends:?}, {} posts taken",
        begun.elapsed(),
        taken.len()
    );
    nothing_is_lost(&home).await;
    for job in jobs.iter().filter(|job| job.kind == JobKind::Run && job.state == State::Done) {
        let key = format!("clips/{}.mp4", job.id);
        let path = std::path::PathBuf::from(job.work["file"]["path"].as_str().unwrap());
        assert!(same_bytes(&path, &bucket.object(&key)), "{job:?}");
        let post =
            jobs.iter().find(|post| post.parent_id.as_ref() == Some(&job.id) && post.kind == JobKind::Post);
        let post = post.unwrap_or_else(|| panic!("no post was ever made of {job:?}"));
        let there = taken.iter().filter(|taken| taken.media_url.ends_with(&key)).count();
        match post.state {
            State::Done => assert_eq!(there, 1, "{post:?}"),
            State::Uncertain => assert!(there <= 1, "{post:?}"),
            _ => panic!("{post:?}"),
        }
    }
    let done = ends.get("post done").copied().unwrap_or(0);
    assert_eq!(
        taken.len(),
        done + jobs
            .iter()
            .filter(|job| {
                job.kind == JobKind::Post
                    && job.state == State::Uncertain
                    && taken
                        .iter()
                        .any(|one| one.media_url.contains(job.parent_id.as_ref().unwrap().as_str()))
            })
            .count()
    );
    assert!(done >= clips as usize / 2, "{ends:?}");
}
