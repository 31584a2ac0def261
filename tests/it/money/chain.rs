//! Frames handed on: each part of a long video begins with the last frame of the one before, where the model takes one.

use firstcut::media::{Limits, last_frame};
use firstcut::sandbox::{Clips, Endpoint, Fault, Rule};
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

/// What the whole has, its parts need not have; so each is looked at before the first one is paid for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_of_which_one_part_cannot_be_made_is_refused_before_anything_is_paid() {
    let home = Home::paying(|options| options.skillboss.clips = Clips::Tinted).await;
    for name in ["a.png", "b.png"] {
        home.write(name, include_bytes!("../../fixtures/media/picture.png"));
    }
    let film =
        ["make", "a lake", "--model", "veo-3.1-lite", "--seconds", "12", "--resolution", "720p", "--json"];
    let with = |more: &[&'static str]| film.iter().copied().chain(more.iter().copied()).collect::<Vec<_>>();
    let pictures = ["make", "a lake", "--model", "mm/i2v", "--seconds", "10", "--image", "a.png", "--json"];
    for (words, why) in [
        (with(&["--image", "a.png", "--last-frame", "b.png", "--yes"]), "a last frame needs a first frame"),
        (pictures.to_vec(), "needs a first frame"),
        (pictures[..6].iter().chain(&["--json"]).copied().collect(), "needs a first frame"),
    ] {
        let ran = home.run(&words).await;
        let error = ran.error();
        assert_eq!(
            (&error["code"], &error["money"]),
            (&json!("invalid_input"), &json!("not_spent")),
            "{ran:?}"
        );
        assert!(error["message"].as_str().unwrap().contains(why), "{error:#}");
        let next = error["next"].as_str().unwrap();
        // Where a picture was given, more of it is the way out.
        assert_eq!(words.contains(&"--image"), next.contains("--chain-frames"), "the way out: {next}");
    }
    assert!(home.sandbox.skillboss.submissions().is_empty());
    assert!(home.jobs().await.is_empty());

    let report = home.run(&with(&["--image", "a.png", "--last-frame", "b.png", "--chain-frames"])).await.ok();
    assert_eq!(report["state"], "done", "the way out leads out: {report:#}");
    let parts = home.sandbox.skillboss.submissions();
    assert!(parts.len() == 2 && parts.iter().all(|part| part.first_frame_sha256.is_some()), "{parts:#?}");
}

/// A request that the service refuses is refused again: no retry is offered, and what the films before had paid for is
/// not told as if this one had.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_is_refused_as_wrong_is_no_reason_to_try_the_same_again() {
    let home = Home::paying(|_| {}).await;
    let refused = |status: u16| Rule {
        text: Some("part 2 of 3".into()),
        times: 0,
        ..Rule::once(Endpoint::Run, Fault::Status { status, code: None, message: None, retry_after_s: None })
    };
    home.sandbox.faults.add(refused(400));
    let failed = home.run(&FILM).await.json();
    assert_eq!(
        (&failed["state"], &failed["error"]["code"]),
        (&json!("failed"), &json!("invalid_input")),
        "{failed:#}"
    );
    let next = failed["next"].as_str().unwrap();
    assert!(next.contains("refused again") && !next.contains("jobs retry"), "{next}");

    home.no_more_faults();
    home.sandbox.faults.add(refused(401));
    let id = failed["job_id"].as_str().unwrap();
    let again = home.run(&["jobs", "retry", id, "--yes", "--json"]).await.json();
    assert_eq!((&again["state"], &again["cost"]["usd"]), (&json!("failed"), &json!("0.00")), "{again:#}");
    assert_eq!(again["error"]["money"], "not_spent", "{again:#}");
    assert!(again["message"].as_str().unwrap().contains("2 of 3 parts are here"), "{again:#}");
    assert_eq!(home.sandbox.skillboss.charges().len(), 2);
}

/// What a refusal offers can be priced as it stands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_that_is_offered_has_a_price() {
    let home = Home::paying(|_| {}).await;
    let words = [
        "estimate",
        "--model",
        "veo-3.1",
        "--seconds",
        "12",
        "--image",
        "a.png",
        "--last-frame",
        "b.png",
        "--json",
    ];
    let refused = home.run(&words).await.error();
    let offered = format!("{} {}", refused["message"], refused["next"]);
    assert!(offered.contains("chain") && offered.contains("at most $4.80"), "{refused:#}");
    let told = home.run(&[&words[..], &["--chain-frames"]].concat()).await.ok();
    assert_eq!(told["most_usd"], "4.80", "{told:#}");
    assert!(told["message"].as_str().unwrap().contains("made one after the other and joined"), "{told:#}");
    let mut server = home.serve().await;
    let wish = serde_json::json!({
        "model": "veo-3.1", "duration_seconds": 12, "image": "a.png", "last_frame": "b.png", "chain_frames": true,
    });
    let same = server.talk.call_ok("estimate_cost", wish).await;
    assert_eq!((&same["most_usd"], &same["parts_s"]), (&told["most_usd"], &told["parts_s"]), "{same:#}");
    server.hang_up().await;
}
