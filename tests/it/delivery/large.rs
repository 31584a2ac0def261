//! A large clip goes up in parts: in little memory, and across a kill.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Bucket, posted_once, schedulers};
use crate::home::{Home, ended, kill};
use crate::patience::PATIENCE;

const CLIP: &[u8] = include_bytes!("../../fixtures/media/h264-high-bframes-aac.mp4");
const MIB: u64 = 1024 * 1024;

/// A real video that a box of noise brings to full size.
fn large_video(path: &Path, bytes: u64) {
    let padding = bytes - CLIP.len() as u64;
    let mut video = CLIP.to_vec();
    video.extend(u32::try_from(padding).unwrap().to_be_bytes());
    video.extend(b"free");
    let mut state = 88_172_645_463_325_252_u64;
    while (video.len() as u64) < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        video.extend_from_slice(&state.to_le_bytes());
    }
    video.truncate(usize::try_from(bytes).unwrap());
    std::fs::write(path, video).unwrap();
}

fn sum(path: &Path) -> String {
    firstcut::net::staged::sha256_of(path).unwrap()
}

async fn home(bytes: u64) -> (Bucket, Home, PathBuf) {
    let bucket = Bucket::open().await;
    let mut home = Home::new().await;
    bucket.settings(&mut home);
    schedulers(&mut home, "hook");
    home.set("FIRSTCUT_PREVIEW", "none");
    let file = home.work().join("large.mp4");
    large_video(&file, bytes);
    (bucket, home, file)
}

/// The memory that a process holds for itself, in KiB: without its program, whose size is another matter in a build for
/// tests. `benches/memory.rs` measures the whole of the real one.
#[cfg(target_os = "linux")]
fn held(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_megabytes_need_less_than_forty() {
    let (bucket, home, file) = home(200 * MIB).await;
    let mut child =
        home.command(&["publish", "large.mp4", "--channel", "youtube", "--json"]).spawn().unwrap();
    let pid = child.id().unwrap();
    let mut most = 0;
    let look = async {
        loop {
            most = most.max(held(pid));
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let status = tokio::time::timeout(PATIENCE, look).await.expect("it does not end");
    println!("200 MiB went up, {} MiB were held at most", most / 1024);
    assert!(status.success(), "{status}");
    assert!(most < 40 * 1024, "{most} KiB were held");
    let keys = bucket.keys();
    let [key] = keys.as_slice() else { panic!("{keys:?}") };
    assert_eq!(sum(&bucket.object(key)), sum(&file));
    assert_eq!(posted_once(&home).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_the_middle_is_gone_on_from() {
    let (bucket, home, file) = home(96 * MIB).await;
    for round in 0..3 {
        let mut child = home.start(&["publish", "large.mp4", "--channel", "youtube"]);
        let begun = async {
            while bucket.notes("part").len() < 2 + round * 2 && bucket.keys().is_empty() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, begun).await.expect("no part ever came");
        kill(&mut child).await;
        if !bucket.keys().is_empty() {
            break;
        }
    }
    println!("parts there after the kills: {}", bucket.notes("part").len());
    let ran = ended(home.command(&["publish", "large.mp4", "--channel", "youtube", "--json"])).await;
    let report = ran.ok();
    let key = report["stored"]["key"].as_str().unwrap();
    assert_eq!(bucket.keys(), [key]);
    assert_eq!(sum(&bucket.object(key)), sum(&file));
    assert_eq!(bucket.notes("part").len(), 0, "no part is left behind");
    assert_eq!(posted_once(&home).len(), 1);
}
