//! Kills at random moments. `FIRSTCUT_SOAK` sets how many videos are asked for, `FIRSTCUT_SOAK_SEED` the moments.

use std::time::Duration;

use firstcut::model::job::State;
use firstcut::sandbox::{Endpoint, Fault, Pace, Rule};

use crate::havoc::{Luck, setting};
use crate::home::{Home, kill, playable};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_nothing_is_paid_twice_or_lost() {
    let (videos, seed) = (setting("FIRSTCUT_SOAK", 12), setting("FIRSTCUT_SOAK_SEED", 20_261_121));
    println!("{videos} videos, seed {seed}");
    let mut luck = Luck(seed);
    let mut home = Home::with(|options| options.pace = Pace(0.05)).await;
    home.sandbox.faults.add(Rule { nth: 4, ..Rule::once(Endpoint::RunSse, Fault::HangAfter) });
    home.set("FIRSTCUT_POLL_S", "0.05");

    for number in 0..videos {
        let prompt = format!("generate a 1-second 360p video of lake number {number:03}");
        let mut make = home.start(&["make", &prompt]);
        tokio::time::sleep(Duration::from_millis(luck.below(1_500))).await;
        kill(&mut make).await;
    }
    for _ in 0..videos / 2 {
        let mut serve = home.command(&["serve"]).stdin(std::process::Stdio::piped()).spawn().unwrap();
        let _stays_open = serve.stdin.take();
        tokio::time::sleep(Duration::from_millis(luck.below(800))).await;
        kill(&mut serve).await;
    }

    let mut ends = std::collections::BTreeMap::<String, usize>::new();
    let jobs = home.jobs().await;
    for job in &jobs {
        let ran = home.run(&["jobs", "wait", job.id.as_str(), "--json"]).await;
        let report = ran.json();
        let state: State = report["state"].as_str().unwrap_or_else(|| panic!("{ran:?}")).parse().unwrap();
        *ends.entry(state.to_string()).or_default() += 1;
        let firstcut::model::request::Request::Video(video) = &job.request else { panic!("{job:?}") };
        let charged = home.charged(&video.prompt).len();
        match state {
            State::Done => {
                playable(&report);
                assert_eq!(charged, 1, "{report:#}");
            }
            State::Failed => {
                // With several turns at a time the balance may not tell; but it never tells a lie.
                let money = &report["error"]["money"];
                let told = money == "unknown" || charged == usize::from(money == "spent");
                assert!(told, "charged {charged} times: {report:#}");
            }
            State::Uncertain => assert_eq!(report["cost"]["worst_case_credits"], 100.0, "{report:#}"),
            _ => panic!("not at rest: {report:#}"),
        }
    }
    println!("{} of {videos} were written down: {ends:?}", jobs.len());
    assert_eq!(home.messages().len(), home.messages().iter().collect::<std::collections::HashSet<_>>().len());
    let renders: std::collections::HashSet<_> =
        home.requests("render_submit").into_iter().map(|r| r.session).collect();
    assert!(home.requests("render_submit").len() <= renders.len() * 2, "once, and once more if it was lost");
    assert!(ends.contains_key("done"), "{ends:?}");
}
