//! Frames handed on: each part of a long video begins with the last frame of the one before, where the model takes one.

use firstcut::media::{Limits, last_frame};
use firstcut::sandbox::Clips;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::home::{Home, playable};

/// Eighteen seconds are three parts.
const FILM: [&str; 9] =
    ["make", "a lake", "--model", "veo-3.1-lite", "--seconds", "18", "--resolution", "720p", "--json"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_part_begins_with_the_last_frame_of_the_one_before() {
    let home = Home::paying(|options| options.skillboss.clips = Clips::Tinted).await;
    let mut words = FILM.to_vec();
    words.push("--chain-frames");
    let report = home.run(&words).await.ok();
    let found = firstcut::media::probe::probe(&playable(&report)).unwrap();
    assert!(found.duration_s.is_some_and(|seconds| (seconds - 18.0).abs() < 0.2), "{found:?}");

    let parts = home.sandbox.skillboss.submissions();
    assert_eq!(parts.len(), 3, "{parts:#?}");
    assert_eq!(parts[0].first_frame_sha256, None, "nothing comes before the first");
    let mut digests = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        assert!(part.prompt.contains(&format!("part {} of 3", number + 1)), "in order: {part:?}");
        let clip = home.sandbox.skillboss.clip(&part.id).unwrap();
        let frame = home.work().join(format!("last-{number}.png"));
        last_frame::save_last_frame(&clip, &frame, &Limits::default()).unwrap();
        let digest: String =
            Sha256::digest(std::fs::read(frame).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect();
        digests.push(digest);
    }
    for (before, part) in digests.iter().zip(&parts[1..]) {
        assert_eq!(part.first_frame_sha256.as_ref(), Some(before), "{part:?}");
    }
    digests.dedup();
    assert_eq!(digests.len(), 3, "frames that can be told apart");

    // Without the wish the parts are made side by side, from words alone.
    let home = Home::paying(|_| {}).await;
    home.run(&FILM).await.ok();
    assert!(home.sandbox.skillboss.submissions().iter().all(|part| part.first_frame_sha256.is_none()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_that_takes_no_first_frame_is_not_asked_for_one() {
    // A model of the user's own that makes clips from words alone.
    let mut home = Home::paying(|_| {}).await;
    let catalog = "[models.\"words-only\"]\nname = \"Words\"\nkind = \"video\"\n\
        [models.\"words-only\".durations]\nallowed = [6]\ndefault = 6\n\
        [models.\"words-only\".takes]\nimage = false\nlast_frame = false\nreferences = 0\naudio = false\n\
        [[models.\"words-only\".prices]]\nunit = \"second\"\nusd = 0.01\n";
    let file = home.write("catalog.toml", catalog.as_bytes());
    home.set("FIRSTCUT_CATALOG", file.display().to_string());
    let words = ["make", "a lake", "--model", "words-only", "--seconds", "12", "--chain-frames", "--json"];
    let error = home.run(&words).await.error();
    assert_eq!(
        (&error["code"], &error["money"]),
        (&json!("invalid_input"), &json!("not_spent")),
        "{error:#}"
    );
    assert!(error["message"].as_str().unwrap().contains("takes no first frame"), "{error:#}");
    assert!(error["next"].as_str().unwrap().contains("side by side"), "{error:#}");
    let mut server = home.serve().await;
    let asked =
        json!({ "prompt": "a lake", "model": "words-only", "duration_seconds": 12, "chain_frames": true });
    let answer = server.talk.call("generate_video", asked).await;
    assert!(answer["result"]["isError"].as_bool().unwrap_or_default(), "{answer:#}");
    assert!(answer.to_string().contains("takes no first frame"), "{answer:#}");
    server.hang_up().await;
    assert!(home.sandbox.skillboss.submissions().is_empty());
}
