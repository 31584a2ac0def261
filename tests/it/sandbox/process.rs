//! The sandbox as a process of its own: killed without warning, and weighed.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use firstcut::sandbox::{Charge, Entry, Options, Sandbox};
use serde_json::json;
use tempfile::TempDir;

use super::guest::{Guest, http, instant, ok};
use crate::patience::until;

/// Names the folder in which [`serve`] is to work.
const FOLDER: &str = "FIRSTCUT_TEST_SANDBOX_FOLDER";

/// Not a test: the body of the other process, which the tests below start and kill.
#[tokio::test]
#[ignore = "a process for other tests"]
async fn serve() {
    serve_with(|_| {}).await;
}

/// Serves the folder that the environment names, until it is killed.
pub(super) async fn serve_with(change: impl FnOnce(&mut Options)) {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let home = TempDir::new().unwrap();
    let mut options = instant(&home);
    options.folder = folder.into();
    change(&mut options);
    let sandbox = Sandbox::start(options.clone()).await.unwrap();
    std::fs::write(options.folder.join("url.new"), &sandbox.url).unwrap();
    std::fs::rename(options.folder.join("url.new"), options.folder.join("url")).unwrap();
    std::future::pending::<()>().await;
}

pub(super) struct Process(Child);

impl Process {
    /// Starts a sandbox on this folder; returns it and its address.
    async fn start(folder: &Path) -> (Self, String) {
        Self::start_as(folder, "sandbox::process::serve").await
    }

    /// The same with another body: the name of a test that serves.
    pub(super) async fn start_as(folder: &Path, body: &str) -> (Self, String) {
        let _ = std::fs::remove_file(folder.join("url"));
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", body, "--ignored", "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let process = Self(child);
        until("the sandbox starts", async || folder.join("url").exists()).await;
        (process, std::fs::read_to_string(folder.join("url")).unwrap())
    }
}

impl Drop for Process {
    /// On Unix this is kill -9.
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

pub(super) async fn lines<T: serde::de::DeserializeOwned>(url: &str, what: &str) -> Vec<T> {
    let text = http().get(format!("{url}/__sandbox/{what}")).send().await.unwrap().text().await.unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_kill_loses_nothing_that_was_answered() {
    let folder = TempDir::new().unwrap();
    let (process, url) = Process::start(folder.path()).await;
    let mut guest = Guest::at(&url, "me").await;
    guest.told("generate a 1-second 360p video of a lake").await;
    let before = guest.draft().await;
    let rule =
        json!({ "endpoint": "run_sse", "do": { "kind": "heartbeats_only", "count": 1000, "every_ms": 20 } });
    ok(http().post(format!("{url}/__sandbox/faults")).json(&rule)).await;
    let stream = guest.say("add a title \"Lost\"").send().await.unwrap();
    drop(process);
    assert!(stream.text().await.is_err());

    let (_process, url) = Process::start(folder.path()).await;
    guest.url.clone_from(&url);
    assert_eq!(guest.draft().await["t"][0]["sg"][0]["uid"], before["t"][0]["sg"][0]["uid"]);
    // the message that the kill cut off goes on, and is charged once
    until("nothing is set aside", async || guest.credits().await[1] == 0).await;
    assert_eq!(guest.credits().await, [850, 0, 850]);
    assert!(guest.draft().await.to_string().contains("Lost"));
    let charges: Vec<Charge> = lines(&url, "charges").await;
    assert_eq!(charges.iter().map(|charge| charge.credits).collect::<Vec<_>>(), [100, 50]);
    let asked: Vec<Entry> = lines(&url, "log").await;
    let messages: Vec<&str> = asked
        .iter()
        .filter(|entry| entry.status.is_none())
        .filter_map(|entry| entry.text.as_deref())
        .collect();
    assert_eq!(messages, ["generate a 1-second 360p video of a lake", "add a title \"Lost\""]);
    guest.told("add a title \"Found\"").await;
    assert_eq!(guest.credits().await, [850, 0, 850]);
}

/// The most memory that a process has had resident, in KiB.
#[cfg(target_os = "linux")]
fn peak_kib(process: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.0.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn two_hundred_megabytes_pass_in_little_memory() {
    use futures_util::{StreamExt, stream};
    use reqwest::multipart::{Form, Part};

    const MIB: usize = 1024 * 1024;
    let folder = TempDir::new().unwrap();
    let (process, url) = Process::start(folder.path()).await;
    let guest = Guest::at(&url, "me").await;
    // What the program itself takes differs by build; the file must add little to it.
    let before = peak_kib(&process);
    let head = [b"\0\0\0\x18ftypisom\0\0\x02\0isomavc1".as_slice(), &vec![0; MIB - 24]].concat();
    let chunks = stream::iter(0..200)
        .map(move |at| Ok::<_, std::io::Error>(if at == 0 { head.clone() } else { vec![at as u8; MIB] }));
    let body = reqwest::Body::wrap_stream(chunks);
    let form = Form::new().part("files", Part::stream(body).file_name("long.mp4"));
    let path = format!("/api/upload-video/nemo_agent/me/{}", guest.session);
    let got = ok(guest.post(&path).multipart(form)).await;
    let file = &got["data"]["files"][0];
    assert_eq!(file["size"], 200 * MIB);
    let mut download = http().get(file["cdn_url"].as_str().unwrap()).send().await.unwrap().bytes_stream();
    let mut bytes = 0;
    while let Some(chunk) = download.next().await {
        bytes += chunk.unwrap().len();
    }
    assert_eq!(bytes, 200 * MIB);
    let peak = peak_kib(&process);
    assert!(peak - before < 24 * 1024, "{before} KiB before, {peak} KiB after");
}
