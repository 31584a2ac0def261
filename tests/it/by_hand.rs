//! What a person reads at the command line: short, about commands, and true when the process ends.

use firstcut::model::job::JobKind;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::havoc::signal;
use crate::home::{Home, Ran, playable};
use crate::patience::PATIENCE;
use crate::ports::Nobody;

const CLIP: &str = "generate a 1-second 360p video of a lake";
const PICTURE: &[u8] = include_bytes!("../fixtures/media/picture.png");

/// Words that only an assistant understands.
const ASSISTANTS_WORDS: [&str; 13] = [
    "generate_video",
    "edit_video",
    "check_job",
    "session_state",
    "check_credits",
    "list_jobs",
    "duration_seconds",
    "new: true",
    "job_id job_",
    "the user",
    "Call export",
    "call export",
    "Call upload",
];

/// Holds that this was said to a person.
fn for_people(ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        for word in ASSISTANTS_WORDS {
            assert!(!text.contains(word), "{word:?} in {ran:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn advice_is_about_commands() {
    let home = Home::new().await;
    let picture = home.write("picture.png", PICTURE);
    for words in [
        vec!["state"],
        vec!["export"],
        vec!["credits"],
        vec!["upload", picture.to_str().unwrap()],
        vec!["state", "--link"],
        vec!["make", CLIP],
        vec!["make", CLIP],
        vec!["edit", "add a title \"Hello\""],
        vec!["jobs"],
        vec!["export"],
        vec!["make", CLIP, "--duration", "0"],
        vec!["make", "upload it"],
        vec!["edit", "add music", "--session", "../x"],
        vec!["jobs", "show", "job_00000000000000000000000000000000"],
    ] {
        for_people(&home.run(&words).await);
    }
    let ran = home.run(&["make", CLIP, "--duration", "0", "--json"]).await;
    assert_eq!(ran.error()["message"], "--duration is 0; it must be from 1 to 300. Nothing was sent.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_video_is_told_in_five_lines_and_whole_by_its_name() {
    let home = Home::new().await;
    let ran = home.run(&["make", CLIP]).await;
    let lines: Vec<_> = ran.stdout.lines().collect();
    let [made, facts, picture, cost, next] = lines.as_slice() else { panic!("{ran:?}") };
    assert!(made.starts_with("✅ Video ready! It is saved as ") && made.ends_with(".mp4."), "{made}");
    assert!(facts.starts_with("Video     ") && facts.contains("1.0 s") && facts.ends_with('B'), "{facts}");
    assert!(picture.contains(".sheet.jpg") && picture.contains("contact sheet"), "{picture}");
    assert_eq!(*cost, "Cost      100 credits, 9900 left");
    assert_eq!(*next, "Next: firstcut edit \"…\" and then firstcut export change it.");

    let listed = home.run(&["jobs", "--json"]).await.ok();
    let id = listed["jobs"][0]["job_id"].as_str().unwrap();
    assert_eq!(home.run(&["jobs", "--state", "done", "--json"]).await.ok()["jobs"][0]["job_id"], id);
    let whole = home.run(&["jobs", "show", id]).await;
    for part in ["File      ", "Reply     ", "Timeline  ", "Cost      ", "Session   ", id] {
        assert!(whole.stdout.contains(part), "{part} in {whole:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_only_begun_says_how_it_goes_on() {
    let home = Home::new().await;
    let ran = home.run(&["make", CLIP, "--wait", "0"]).await;
    let id = home.jobs().await[0].id.to_string();
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.contains("Not finished") && !ran.stdout.contains("goes on meanwhile"), "{ran:?}");
    assert!(ran.stdout.contains(&format!("firstcut jobs wait {id} goes on with it")), "{ran:?}");
    assert_eq!(home.effects(), 0, "and nothing did");
    playable(&home.run(&["jobs", "wait", &id, "--json"]).await.ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_network_the_rehearsal_is_named_and_the_job_waits() {
    let mut home = Home::new().await;
    let there = home.sandbox.url.clone();
    home.set("NEMO_API_URL", "http://127.0.0.1:9");
    let mut make = home.command(&["make", CLIP, "--wait", "600"]).spawn().unwrap();
    let told = |note: &Option<String>| note.as_deref().is_some_and(|note| note.contains("service sandbox"));
    let job = home.job_that(|job| job.kind == JobKind::Video && told(&job.note)).await;
    // What is written down is said a moment later.
    let mut said = BufReader::new(make.stderr.take().unwrap()).lines();
    let heard = async {
        let mut heard = String::new();
        while !["cannot be reached", "service sandbox"].iter().all(|part| heard.contains(part)) {
            heard +=
                &said.next_line().await.unwrap().unwrap_or_else(|| panic!("only this was said: {heard}"));
        }
    };
    tokio::time::timeout(PATIENCE, heard).await.expect("it is never said");
    signal(make.id(), "-INT");
    let rest = async { while said.next_line().await.unwrap().is_some() {} };
    tokio::time::timeout(PATIENCE, rest).await.expect("it stays");
    assert_ne!(make.wait().await.unwrap().code(), Some(0));

    let checked = home.run(&["doctor", "--json"]).await.json();
    let checks = checks_named(&checked, "service");
    let fix = checks["fix"].as_str().unwrap();
    assert_eq!(fix.matches("Check the network").count(), 1, "{fix}");
    assert!(fix.contains("--service sandbox"), "{fix}");

    home.set("NEMO_API_URL", there);
    playable(&home.run(&["jobs", "wait", job.id.as_str(), "--json"]).await.ok());
}

fn checks_named(findings: &serde_json::Value, name: &str) -> serde_json::Value {
    let checks = findings["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sandbox_does_not_speak_in_the_name_of_the_service() {
    let mut home = Home::new().await;
    home.set("FIRSTCUT_SERVICE", "sandbox");
    let ran = home.run(&["make", CLIP]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let listed = home.run(&["jobs"]).await;
    for text in [&ran.stdout, &ran.stderr, &listed.stdout] {
        assert!(!text.contains("NemoVideo") && !text.contains("one to five minutes"), "{ran:?}");
    }
    assert!(ran.stdout.contains("sandbox"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_begins_with_an_upload_has_a_language() {
    for (name, language) in [("picture.png", "en"), ("海上日落.png", "zh-CN")] {
        let home = Home::new().await;
        home.write(name, PICTURE);
        let session = home.run(&["upload", name, "--json"]).await.ok()["session_id"].clone();
        let ledger = home.ledger().await.unwrap();
        let row = ledger.session_by_id(session.as_str().unwrap()).await.unwrap().unwrap();
        ledger.close().await;
        assert_eq!(row.language.as_deref(), Some(language), "{name}");
    }
}

/// Who stopped an edit or an export does not want another video.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stopped_is_asked_for_again_by_its_own_command() {
    let home = Home::new().await;
    home.run(&["make", "generate a 1-second 360p video of a lake", "--json"]).await.ok();
    for words in [&["export"][..], &["edit", "add a title that says Lake"]] {
        let begun = home.run(&[words, &["--wait", "0", "--json"]].concat()).await.ok();
        let id = begun["job_id"].as_str().unwrap();
        home.run(&["jobs", "cancel", id]).await;
        let stopped = home.run(&["jobs", "wait", id, "--json"]).await.json();
        assert_eq!(stopped["state"], "cancelled", "{stopped:#}");
        let again = format!("firstcut {}", words[0]);
        assert!(stopped["next"].as_str().unwrap().contains(&again), "{stopped:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_what_has_ended_is_no_success() {
    let home = Home::paying(|_| {}).await;
    let words =
        ["make", "a lake", "--model", "veo-3.1-lite", "--seconds", "4", "--resolution", "720p", "--json"];
    let done = home.run(&words).await.ok();
    let id = done["job_id"].as_str().unwrap();
    let text = home.run(&["jobs", "cancel", id]).await;
    assert!(
        text.stdout.contains("Nothing was stopped") && text.stdout.contains("had ended before (done)"),
        "{text:?}"
    );
    assert!(!text.stdout.contains("ready!"), "{text:?}");
    let told = home.run(&["jobs", "cancel", id, "--json"]).await.ok();
    assert_eq!(told["state"], "done", "{told:#}");
    let mut server = home.serve().await;
    let told = server.talk.call_ok("cancel_job", json!({ "job_id": id })).await;
    assert!(told["message"].as_str().unwrap().contains("Nothing was stopped"), "{told:#}");

    // The list tells them apart.
    let list = home.run(&["jobs", "list"]).await.stdout;
    let row = list.lines().find(|line| line.starts_with(id)).unwrap_or_else(|| panic!("{list}"));
    assert!(row.contains("\"a lake\"") && (row.contains(" s  ") || row.contains(" min  ")), "{row}");
    let listed = server.talk.call_ok("list_jobs", json!({})).await;
    assert_eq!(listed["jobs"][0]["prompt"], "a lake", "{listed:#}");
    assert!(listed["jobs"][0]["created_at"].as_str().unwrap().ends_with('Z'), "{listed:#}");
    server.hang_up().await;
}

/// Nobody answers at all: that is said at once, with how to stop and how to go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_network_a_command_says_so_within_seconds() {
    for paid in [false, true] {
        let mut home = if paid { Home::paying(|_| {}).await } else { Home::new().await };
        home.may_leave_jobs = true;
        let nobody = Nobody::new();
        for name in ["NEMO_API_URL", "NEMO_WEB_URL", "SKILLBOSS_API_URL", "SKILLBOSS_WEB_URL"] {
            home.set(name, nobody.url.clone());
        }
        home.set("FIRSTCUT_POLL_S", "5");
        let mut words = vec!["make", "a lake", "--wait", "10"];
        if paid {
            words.extend(["--model", "veo-3.1-lite", "--seconds", "4", "--resolution", "720p"]);
        }
        let ran = home.run(&words).await;
        assert!(ran.stderr.contains("cannot be reached"), "{ran:?}");
        for part in ["Ctrl-C stops the waiting", "firstcut jobs wait job_", "firstcut jobs cancel job_"] {
            assert!(ran.stderr.contains(part), "{part}: {ran:?}");
        }
        assert_ne!(ran.code, Some(0), "{ran:?}");
        assert!(home.requests("run").is_empty() && home.messages().is_empty());
    }
}
