//! The embedded sandbox across processes: `--service sandbox` as a person uses it, one command after the other.

mod apart;
mod told;

use std::path::Path;
use std::process::{Command, Output};

use firstcut::sandbox::{Clips, Options, Sandbox};
use serde_json::Value;

fn ended(home: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firstcut"))
        .args(words)
        .args(["--service", "sandbox", "--json"])
        .env_clear()
        .env("FIRSTCUT_HOME", home)
        .env("FIRSTCUT_POLL_S", "0.1")
        .current_dir(home)
        .output()
        .unwrap()
}

fn firstcut(home: &Path, words: &[&str]) -> Value {
    let output = ended(home, words);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{words:?}: {told} {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&told).unwrap()
}

#[test]
fn one_command_after_the_other_works_on_the_same_timeline() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let before = firstcut(home, &["credits"]);
    let made = firstcut(home, &["make", "generate a 1-second 360p video of a lake"]);
    assert_eq!((&made["state"], &made["service"]), (&"done".into(), &"sandbox".into()));
    assert!(Path::new(made["files"][0]["path"].as_str().unwrap()).is_file());
    let state = firstcut(home, &["state"]);
    assert_eq!(state["session_id"], made["session_id"]);
    let edited = firstcut(home, &["edit", "add a title \"Second process\" at the top"]);
    assert!(edited["changes"].to_string().contains("Second process"), "{edited}");
    let exported = firstcut(home, &["export"]);
    assert_ne!(exported["files"][0]["path"], made["files"][0]["path"]);
    let after = firstcut(home, &["credits"]);
    assert!(after["available"].as_f64() < before["available"].as_f64());
    let again = firstcut(home, &["make", "generate a 1-second 360p video of a lake"]);
    assert_eq!(again["job_id"], made["job_id"], "the same words again are the same job");
    let other = firstcut(home, &["make", "generate a 1-second 360p video of a hill"]);
    assert_ne!(other["session_id"], made["session_id"], "a new video starts afresh");
}

/// A short command finds a job that waits and begins it; that one's message is not cut off when the command is over.
#[test]
fn what_a_short_command_began_for_another_job_is_finished() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let waits = firstcut(home, &["make", "generate a 1-second 360p video of a lake", "--wait", "0"]);
    let id = waits["job_id"].as_str().unwrap();
    let short = ended(home, &["export", "--session", "nowhere"]);
    assert!(!short.status.success(), "there is no such session");
    let done = firstcut(home, &["jobs", "wait", id]);
    assert_eq!((&done["state"], &done["error"]), (&"done".into(), &Value::Null), "{done:#}");
}

/// Without an optimiser drawing takes minutes: there the sandbox of this process, which makes cards, is found in the place
/// where the program would start its own.
async fn quick_in_place(home: &Path) -> Option<Sandbox> {
    if !cfg!(debug_assertions) {
        return None;
    }
    let mut options = Options::in_folder(home.join("sandbox"));
    options.skillboss.clips = Clips::Tinted;
    (options.same_token_again, options.peer_limit) = (true, None);
    Some(Sandbox::start(options).await.unwrap())
}

/// Dollars of a report.
fn usd(amount: &Value) -> f64 {
    let read = amount.as_f64().or_else(|| amount.as_str()?.parse().ok());
    read.unwrap_or_else(|| panic!("no amount: {amount}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_seconds_become_one_film_whose_sums_agree() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_owned();
    let _quick = quick_in_place(&home).await;
    let worked = tokio::task::spawn_blocking(move || {
        let before = usd(&firstcut(&home, &["wallet"])["balance_usd"]);
        let wish =
            ["make", "a lighthouse in a storm", "--model", "veo-3.1", "--seconds", "30", "--aspect", "9:16"];
        let made = firstcut(&home, &wish);
        assert_eq!((&made["state"], &made["service"]), (&"done".into(), &"sandbox".into()), "{made:#}");

        // One file, of the length, the shape and the soundness that were asked for.
        let path = Path::new(made["files"][0]["path"].as_str().unwrap());
        let found = firstcut::media::probe::probe(path).unwrap();
        assert!((found.duration_s.unwrap() - 30.0).abs() < 0.05, "{found:?}");
        let (width, height) = (found.width.unwrap(), found.height.unwrap());
        assert_eq!((width * 16, found.video_codec.as_deref()), (height * 9, Some("h264")), "{found:?}");
        assert_eq!((found.faststart, found.truncated), (Some(true), false));
        assert_eq!(made["files"][0]["duration_s"], found.duration_s.unwrap());
        let videos = std::fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
        let videos: Vec<_> = videos.filter(|path| path.extension().is_some_and(|end| end == "mp4")).collect();
        assert_eq!(videos, [path], "its parts have served");
        let checks = made["checks"].as_array().unwrap();
        let verdict = |point: &str| {
            let found = checks.iter().find(|check| check["point"] == point);
            found.unwrap_or_else(|| panic!("{point}: {made:#}"))["verdict"].clone()
        };
        for point in ["container", "complete", "faststart", "duration", "aspect"] {
            assert_eq!(verdict(point), "pass", "{point}: {made:#}");
        }
        if !cfg!(debug_assertions) {
            assert!(checks.iter().all(|check| check["verdict"] == "pass"), "{checks:#?}");
        }

        // Four calls, and three places that know what they cost.
        let id = made["job_id"].as_str().unwrap();
        let books = firstcut(&home, &["jobs", "report"]);
        let entries = books["entries"].as_array().unwrap().iter().filter(|entry| entry["parent_id"] == id);
        let entries: Vec<_> = entries.collect();
        let seconds: Vec<_> = entries.iter().map(|entry| entry["duration_s"].as_u64().unwrap()).collect();
        assert_eq!((entries.len(), seconds.iter().sum::<u64>()), (4, 30), "{books:#}");
        assert!(
            entries.iter().all(|entry| entry["model"] == "veo-3.1" && entry["state"] == "done"),
            "{books:#}"
        );
        let charged: f64 = entries.iter().map(|entry| usd(&entry["charged_usd"])).sum();
        let spent = before - usd(&firstcut(&home, &["wallet"])["balance_usd"]);
        for (what, sum) in [("the report", usd(&made["cost"]["usd"])), ("the wallet", spent)] {
            assert!((sum - charged).abs() < 1e-6, "{what} says {sum}, the entries {charged}");
        }
        assert!(charged > 0.0);
        id.to_owned()
    });
    let id = worked.await.unwrap();
    let ledger = firstcut::ledger::Ledger::open(&folder.path().join("ledger.sqlite")).await.unwrap();
    let film = ledger.job(&id.parse().unwrap()).await.unwrap();
    assert_eq!(film.work["reencoded"], Value::Null, "the parts were copied as they are: {}", film.work);
    ledger.close().await;
}
