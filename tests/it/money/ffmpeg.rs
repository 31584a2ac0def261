//! A long video with a part that only an installed ffmpeg reads: one clip of it is coded in another way.

use std::os::unix::fs::PermissionsExt;

use firstcut::sandbox::{Endpoint, Fault, Rule};
use serde_json::json;

use crate::canned::{Canned, with};
use crate::eyes::undecodable;
use crate::havoc::signal;
use crate::home::{Home, playable};

/// Eighteen seconds are three parts.
const FILM: [&str; 9] =
    ["make", "a lake", "--model", "veo-3.1-lite", "--seconds", "18", "--resolution", "720p", "--json"];

/// A clip as every part is, in the work folder, and a server that gives it out as HEVC.
async fn clips(home: &mut Home) -> Canned {
    home.set("PATH", std::env::var("PATH").unwrap());
    let words =
        ["make", "a hill", "--model", "veo-3.1-lite", "--seconds", "8", "--resolution", "720p", "--json"];
    let made = home.run(&words).await.ok();
    let plain = std::fs::read(playable(&made)).unwrap();
    home.write("plain.mp4", &plain);
    let served = with(200, "Content-Type: video/mp4\r\n", &undecodable(&plain));
    let server = Canned::start(vec![served]).await;
    let to = server.url.join("odd.mp4").unwrap().to_string();
    home.sandbox.faults.add(Rule::once(Endpoint::Media, Fault::Redirect { to }));
    server
}

/// Puts a program where `FIRSTCUT_FFMPEG` looks, which says that it is ffmpeg and does this to make `$last`.
fn install(home: &mut Home, does: &str) {
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *-version*) echo 'ffmpeg version stand-in'; exit;; esac\n\
         for last; do :; done\nlast=${{last#file:}}\n{does}\n"
    );
    let program = home.write("ffmpeg-stand-in", script.as_bytes());
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    home.set("FIRSTCUT_FFMPEG", program.display().to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_ffmpeg_that_works_the_parts_are_kept_and_it_is_said_why() {
    let mut home = Home::paying(|_| {}).await;
    let _server = clips(&mut home).await;
    home.set("FIRSTCUT_FFMPEG", home.work().join("no-such-program").display().to_string());
    let report = home.run(&FILM).await.json();
    let error = &report["error"];
    assert_eq!((&report["state"], &error["money"]), (&json!("failed"), &json!("spent")), "{report:#}");
    let said = error["message"].as_str().unwrap();
    assert!(said.contains("could not be joined") && said.contains("cannot be used as ffmpeg"), "{said}");
    assert_eq!(report["files"].as_array().unwrap().len(), 3, "{report:#}");
    // Who needs none is not held up by that.
    let mut words = FILM.to_vec();
    words[1] = "a river";
    playable(&home.run(&words).await.ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_on_an_odd_part_can_be_stopped_and_taken_up_again() {
    let mut home = Home::paying(|_| {}).await;
    let _server = clips(&mut home).await;
    let mut words = FILM.to_vec();
    words.push("--chain-frames");
    // Its last frame, which the next part begins with, is found by ffmpeg; and so is the way into the whole.
    let copies = format!("cp '{}' \"$last\"", home.work().join("plain.mp4").display());
    let marks = ["last", "join"].map(|name| home.work().join(name));
    let hangs = |mark: &std::path::Path| format!(": > '{}'; exec sleep 600", mark.display());
    let mut id = String::new();
    for (mark, does) in [
        (&marks[0], hangs(&marks[0])),
        (&marks[1], format!("case \"$last\" in *.converted.mp4) {copies};; *) {};; esac", hangs(&marks[1]))),
    ] {
        install(&mut home, &does);
        let waits = ["jobs", "wait", &id, "--json"];
        let child = home.command(if id.is_empty() { &words } else { &waits }).spawn().unwrap();
        home.until("ffmpeg works on it", |_| mark.exists()).await;
        signal(child.id(), "-INT");
        let ended = tokio::time::timeout(crate::patience::PATIENCE, child.wait_with_output()).await;
        ended.expect("it waits for ffmpeg").unwrap();
        id = home.jobs().await[0].id.to_string();
    }
    install(&mut home, &copies);
    let report = home.run(&["jobs", "wait", &id, "--json"]).await.ok();
    assert_eq!(report["state"], "done", "{report:#}");
    playable(&report);
    let folder = std::fs::read_dir(playable(&report).parent().unwrap()).unwrap();
    let left: Vec<_> = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!left.iter().any(|name| name.contains("converted") || name.contains("joining")), "{left:?}");
    assert_eq!(home.sandbox.skillboss.submissions().len(), 4, "a clip and three parts, each paid for once");
}
