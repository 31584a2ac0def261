//! Memory of the program while 200 MB go up, come down and go into a bucket: the most that it ever held resident must
//! stay below 40 MiB.
//!
//! `cargo bench --bench memory` (Linux). The sandbox runs here and the program by itself, so that only the program
//! is measured.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement may stop at what it did not expect"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

use firstcut::sandbox::{Endpoint, Fault, Log, Options, Pace, Rule, Sandbox};

const MOST_KIB: u64 = 40 * 1024;
/// The largest file that the service takes.
const FILE_BYTES: u64 = 200 * 1024 * 1024;
const CLIP: &[u8] = include_bytes!("../tests/fixtures/media/h264-high-bframes-aac.mp4");

/// A real video that a box of nothing brings to full size.
fn large_video(path: &Path) {
    let padding = FILE_BYTES - CLIP.len() as u64;
    let mut bytes = CLIP.to_vec();
    bytes.extend(u32::try_from(padding).unwrap().to_be_bytes());
    bytes.extend(b"free");
    std::fs::write(path, bytes).unwrap();
    std::fs::File::options().write(true).open(path).unwrap().set_len(FILE_BYTES).unwrap();
}

/// A real S3 server whose objects are plain files: the bucket's folder, and the settings that lead there.
async fn bucket(folder: &Path, sandbox: &str) -> (PathBuf, Vec<(&'static str, String)>) {
    let root = folder.join("s3");
    std::fs::create_dir_all(root.join("clips-of-a-bench")).unwrap();
    let mut service = S3ServiceBuilder::new(FileSystem::new(&root).unwrap());
    service.set_auth(SimpleAuth::from_single("AKIABENCH", "a-secret-of-the-bench"));
    let service = service.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                let server = Builder::new(TokioExecutor::new());
                drop(server.serve_connection(TokioIo::new(stream), service).await);
            });
        }
    });
    let settings = vec![
        ("FIRSTCUT_BUCKET", "clips-of-a-bench".to_owned()),
        ("FIRSTCUT_BUCKET_ENDPOINT", url.clone()),
        ("FIRSTCUT_BUCKET_URL", url),
        ("AWS_ACCESS_KEY_ID", "AKIABENCH".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-bench".to_owned()),
        ("FIRSTCUT_POST_HOOK_URL", format!("{sandbox}/social/hook")),
        ("FIRSTCUT_PREVIEW", "none".to_owned()),
    ];
    (root.join("clips-of-a-bench"), settings)
}

/// Runs the program and gives the most memory that it held, in KiB.
fn most_held(home: &Path, url: &str, words: &[&str]) -> u64 {
    most_held_with(home, url, words, &[])
}

/// The same with more settings.
fn most_held_with(home: &Path, url: &str, words: &[&str], settings: &[(&str, String)]) -> u64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_firstcut"))
        .args(words)
        .env_clear()
        .envs([("HOME", home), ("FIRSTCUT_HOME", home)])
        .envs([("NEMO_API_URL", url), ("FIRSTCUT_SERVICE", "nemo")])
        .envs([("FIRSTCUT_ALLOW_LOOPBACK", "1"), ("FIRSTCUT_POLL_S", "0.2")])
        .envs(settings.iter().map(|(name, value)| (*name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut most = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let Some(kib) = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()) {
            most = most.max(kib);
        }
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success(), "{words:?}: {ended}");
            return most;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Puts a large video in the place of the render, once the program has asked for it and waits.
fn swap_the_render(log: Log, folder: PathBuf) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        while !log.requests().unwrap().iter().any(|entry| entry.endpoint == "cdn") {
            std::thread::sleep(Duration::from_millis(10));
        }
        let render = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
        large_video(&render.path());
    })
}

fn main() -> ExitCode {
    let folder = tempfile::tempdir().unwrap();
    let (home, service) = (folder.path().join("home"), folder.path().join("service"));
    let video = folder.path().join("large.mp4");
    large_video(&video);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut options = Options::in_folder(&service);
    options.pace = Pace::INSTANT;
    options.prices.starting_credits = 1_000;
    let sandbox = runtime.block_on(Sandbox::start(options)).unwrap();
    sandbox.faults.add(Rule::once(Endpoint::Cdn, Fault::Delay { ms: 3_000 }));

    let up = most_held(&home, &sandbox.url, &["upload", video.to_str().unwrap()]);
    let swapped = swap_the_render(sandbox.log.clone(), service.join("nemo").join("render-result"));
    let saved = folder.path().join("saved.mp4");
    // A session of its own: the large upload is not to be rendered.
    let make = ["make", "generate a 1-second 360p video of a lake", "-o", saved.to_str().unwrap(), "--new"];
    let other = folder.path().join("other");
    let down = most_held(&other, &sandbox.url, &make);
    swapped.join().unwrap();
    assert_eq!(std::fs::metadata(&saved).unwrap().len(), FILE_BYTES, "the large file came down");

    let (bucket, settings) = runtime.block_on(bucket(folder.path(), &sandbox.url));
    let publish = ["publish", video.to_str().unwrap(), "--channel", "youtube"];
    let stored = most_held_with(&home, &sandbox.url, &publish, &settings);
    let object = std::fs::read_dir(bucket.join("clips")).unwrap().next().unwrap().unwrap();
    assert_eq!(object.metadata().unwrap().len(), FILE_BYTES, "the large file is in the bucket");

    let mut fine = true;
    for (what, kib) in [("upload", up), ("download", down), ("bucket", stored)] {
        println!("{what} of 200 MB: at most {:.1} MiB resident", kib as f64 / 1024.0);
        fine &= kib < MOST_KIB;
    }
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
