//! The NemoVideo client against the sandbox, which shares no code with it: the three kinds of work in every dialect.

use std::time::Duration;

use firstcut::error::Kind;
use firstcut::nemo::Client;
use firstcut::nemo::changes::diff;
use firstcut::nemo::render::{RenderStatus, Submission};
use firstcut::nemo::turn::{Fold, Outcome, StreamEnd};
use firstcut::nemo::upload::UploadFile;
use firstcut::sandbox::{
    AdkKeys, Close, Dialect, Endpoint, Fault, Heartbeat, Moment, Options, Pace, Prices, RenderReply, Rule,
    Sandbox, SecondStage, Silence,
};
use tempfile::TempDir;

use super::nemo::{settings, timing};

struct World {
    sandbox: Sandbox,
    client: Client,
    home: TempDir,
}

async fn world(options: impl FnOnce(Options) -> Options) -> World {
    let home = tempfile::tempdir().unwrap();
    let base = Options {
        pace: Pace(0.01),
        prices: Prices { starting_credits: 400, ..Prices::default() },
        silence: Silence::Never,
        ..Options::in_folder(home.path().join("sandbox"))
    };
    let sandbox = Sandbox::start(options(base)).await.unwrap();
    let mut patient = timing();
    patient.answer = Duration::from_secs(10);
    patient.idle = Duration::from_secs(5);
    patient.heartbeats_only = Duration::from_secs(5);
    patient.turn = Duration::from_secs(20);
    let client = Client::new(settings(&sandbox.url.parse().unwrap(), &home), patient);
    World { sandbox, client, home }
}

impl World {
    async fn turn(&self, session: &str, text: &str) -> Outcome {
        let mut stream = self.client.send(session, text).await.unwrap();
        let mut fold = Fold::default();
        while let Some(event) = stream.next().await {
            fold.push(event.unwrap());
        }
        fold.finish(stream.end())
    }

    fn messages(&self) -> usize {
        self.sandbox.log.requests().unwrap().iter().filter(|entry| entry.endpoint == "run_sse").count()
    }
}

const SUNSET: &str = "generate a 10-second video of a sunset over the ocean with waves crashing";

#[tokio::test]
async fn prompt_to_mp4() {
    for (reply, dialect, heartbeat, keys) in [
        (RenderReply::A, Dialect::Adk, Heartbeat::Mixed, AdkKeys::V2),
        (RenderReply::B, Dialect::Typed, Heartbeat::Word, AdkKeys::V1_27),
        (RenderReply::Superset, Dialect::Adk, Heartbeat::Event, AdkKeys::V1_4),
    ] {
        let world =
            world(|options| Options { render_reply: reply, dialect, heartbeat, adk_keys: keys, ..options })
                .await;
        let client = &world.client;
        let session = client.create_session("en").await.unwrap();
        let before = client.state(&session.session_id).await.unwrap();
        let outcome = world.turn(&session.session_id, SUNSET).await;
        assert_eq!(
            (outcome.end, outcome.silent, outcome.errors.len()),
            (StreamEnd::Complete, false, 0),
            "{outcome:?}"
        );
        assert!(!outcome.text.is_empty() && !outcome.tool_calls.is_empty());
        let after = client.state(&session.session_id).await.unwrap();
        assert!(after.draft.is_exportable());
        assert!(!diff(&before, &after).is_empty());
        assert!(after.draft.to_string().starts_with("Timeline ("), "{}", after.draft);
        assert!(client.credits().await.unwrap().available < 400.0);

        assert_eq!(
            client.submit_render("render_1", &session.session_id, &after.draft).await.unwrap(),
            Submission::Accepted
        );
        assert_eq!(
            client.submit_render("render_1", &session.session_id, &after.draft).await.unwrap(),
            Submission::AlreadyKnown
        );
        let url = loop {
            match client.render_status("render_1").await.unwrap() {
                RenderStatus::Completed { url } => break url,
                RenderStatus::Failed { message } => panic!("{message}"),
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        assert!(url.is_some());
        for (name, url) in [("cdn", url.as_ref()), ("own", None)] {
            let part = world.home.path().join(name);
            let whole = client.download("render_1", url, &part, &|_, _| {}).await.unwrap();
            assert_eq!(std::fs::metadata(&part).unwrap().len(), whole.bytes);
        }
        assert_eq!(client.render_status("render_9").await.unwrap_err().kind(), Kind::NotFound);
        let link = client
            .claim_link(session.task_id.as_deref().unwrap(), &session.session_id)
            .await
            .unwrap()
            .unwrap();
        assert!(link.reveal().as_str().starts_with("https://nemovideo.com/workspace/claim?ct=clm_"));
        assert_eq!(world.messages(), 1);
    }
}

#[tokio::test]
async fn edits_spoken_and_silent() {
    for silence in [Silence::Never, Silence::Always] {
        let world = world(|options| Options { silence, second_stage: SecondStage::Off, ..options }).await;
        let session = world.client.create_session("en").await.unwrap().session_id;
        world.turn(&session, SUNSET).await;
        let before = world.client.state(&session).await.unwrap();
        let outcome =
            world.turn(&session, "add a title that says \"Urban Dreams\" for the first 3 seconds").await;
        assert_eq!(outcome.silent, silence == Silence::Always, "{outcome:?}");
        let titled = world.client.state(&session).await.unwrap();
        assert_eq!(diff(&before, &titled).phrases(), [r#"title "Urban Dreams" added, 0–3 s"#]);
        assert_eq!(diff(&titled, &titled).to_string(), "nothing changed");
    }
}

#[tokio::test]
async fn uploads_of_files() {
    let world = world(|options| options).await;
    let session = world.client.create_session("en").await.unwrap().session_id;
    let picture = include_bytes!("../fixtures/dot.png");
    let path = world.home.path().join("dot.png");
    std::fs::write(&path, picture).unwrap();
    let file = UploadFile {
        path,
        filename: "dot.png".into(),
        mime: "image/png".into(),
        bytes: picture.len() as u64,
    };
    let uploaded =
        world.client.upload_files(&session, &[file.clone(), file.clone()], &|_, _| {}).await.unwrap();
    assert_eq!((uploaded.len(), uploaded[0].kind.as_deref()), (2, Some("image")), "{uploaded:?}");
    let state = world.client.state(&session).await.unwrap();
    assert_eq!(state.uploads.len(), 2);
    let text = UploadFile { filename: "notes.txt".into(), ..file };
    let error = world.client.upload_files(&session, &[text], &|_, _| {}).await.unwrap_err();
    assert_eq!(error.kind(), Kind::UnsupportedFile);
}

#[tokio::test]
async fn trouble_in_a_turn_is_settled_by_reading() {
    for (fault, end, changed) in [
        (Fault::CutStream { at: Moment::AfterChange, how: Close::Reset }, StreamEnd::Dropped, true),
        (Fault::CutStream { at: Moment::BeforeChange, how: Close::Eof }, StreamEnd::Dropped, false),
        (Fault::ErrorFrame { malformed: true, at: Moment::AfterChange }, StreamEnd::Complete, true),
        (Fault::ErrorFrame { malformed: false, at: Moment::BeforeChange }, StreamEnd::Complete, false),
        (Fault::Silent, StreamEnd::Complete, true),
        (Fault::SilentNoop, StreamEnd::Complete, false),
    ] {
        let world = world(|options| options).await;
        let session = world.client.create_session("en").await.unwrap().session_id;
        let before = world.client.state(&session).await.unwrap();
        world.sandbox.faults.add(Rule::once(Endpoint::RunSse, fault.clone()));
        let outcome = world.turn(&session, SUNSET).await;
        assert_eq!(outcome.end, end, "{fault:?}");
        assert!(outcome.needs_the_state(), "{fault:?}: {outcome:?}");
        let after = world.client.state(&session).await.unwrap();
        assert_eq!(!diff(&before, &after).is_empty(), changed, "{fault:?}");
        assert_eq!(world.messages(), 1);
    }
}

#[tokio::test]
async fn harmless_oddities_change_nothing() {
    for fault in [
        Fault::NoFinalBlank,
        Fault::Pieces { bytes: 1 },
        Fault::Crlf,
        Fault::Apology,
        Fault::Thoughts,
        Fault::Partials,
        Fault::DuplicateIds,
        Fault::HugeDelta { bytes: 3_000_000 },
    ] {
        let world = world(|options| options).await;
        let session = world.client.create_session("en").await.unwrap().session_id;
        let plain = world.turn(&session, SUNSET).await;
        let session = world.client.create_session("en").await.unwrap().session_id;
        world.sandbox.faults.add(Rule::once(Endpoint::RunSse, fault.clone()));
        let odd = world.turn(&session, SUNSET).await;
        // The last block varies with the session; what counts is that nothing is doubled, lost or let through.
        let (odd_words, plain_words) = (odd.words(), plain.words());
        assert_eq!(odd_words.lines().count(), plain_words.lines().count(), "{fault:?}: {odd_words}");
        assert_eq!(odd_words.lines().next(), plain_words.lines().next(), "{fault:?}");
        assert!(!odd.needs_the_state(), "{fault:?}");
    }
}

#[tokio::test]
async fn trouble_before_a_turn() {
    for (fault, kind, messages) in [
        (Fault::LostAnswer { how: Close::Reset }, Some(Kind::Uncertain), 1),
        (Fault::Cut { how: Close::Eof }, Some(Kind::Uncertain), 1),
        (Fault::WebPage, Some(Kind::Uncertain), 1),
        (
            Fault::Status { status: 503, code: None, message: None, retry_after_s: None },
            Some(Kind::Uncertain),
            1,
        ),
        (Fault::Status { status: 429, code: None, message: None, retry_after_s: None }, None, 2),
        (Fault::ExpireToken, Some(Kind::RateLimited), 1),
        (Fault::LoseSession, Some(Kind::SessionLost), 1),
    ] {
        let world = world(|options| options).await;
        let session = world.client.create_session("en").await.unwrap().session_id;
        world.sandbox.faults.add(Rule::once(Endpoint::RunSse, fault.clone()));
        let sent = world.client.send(&session, SUNSET).await;
        assert_eq!(sent.as_ref().err().map(firstcut::error::Error::kind), kind, "{fault:?}: {sent:?}");
        assert_eq!(world.messages(), messages, "{fault:?}");
    }
}

#[tokio::test]
async fn no_credits_before_and_during_a_turn() {
    let world =
        world(|options| Options { prices: Prices { starting_credits: 5, ..Prices::default() }, ..options })
            .await;
    let session = world.client.create_session("en").await.unwrap().session_id;
    let error = world.client.send(&session, SUNSET).await.unwrap_err();
    assert_eq!(error.kind(), Kind::OutOfCredits);
    assert!(error.next_step().unwrap().contains("/register?bind=anon_"), "{:?}", error.next_step());
    assert!(world.client.account().is_anonymous());
}
