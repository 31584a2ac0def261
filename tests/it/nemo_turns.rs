//! Messages to the agent: never sent twice, and every way in which a stream can end.

use std::time::Duration;

use firstcut::error::{Kind, Money};
use firstcut::nemo::events::TurnEvent;
use firstcut::nemo::stream::TurnStream;
use firstcut::nemo::turn::{Fold, Outcome, StreamEnd};

use super::{client, impatient, with_token};
use crate::canned::{Canned, Piece, chunk, json, status, stream, stream_head, token, with};

const HELLO: &str =
    "data: {\"content\":{\"parts\":[{\"text\":\"Hello\"}],\"role\":\"model\"},\"author\":\"nemo_agent\"}\n\n";

/// A turn may be listened to from a task of its own.
#[test]
fn streams_can_be_moved_between_threads() {
    fn movable<T: Send>() {}
    movable::<TurnStream>();
    movable::<Fold>();
}

async fn fold(mut stream: TurnStream) -> Outcome {
    let mut fold = Fold::default();
    while let Some(event) = stream.next().await {
        fold.push(event.unwrap());
    }
    fold.finish(stream.end())
}

async fn turn(reply: Vec<Piece>) -> Outcome {
    let server = Canned::start(vec![reply]).await;
    let (client, _home) = impatient(&server.url);
    let outcome = fold(client.send("55", "hello").await.unwrap()).await;
    assert_eq!(server.seen().len(), 1, "a message is sent once");
    outcome
}

#[tokio::test]
async fn a_message_as_it_is_sent() {
    let server = Canned::start(vec![stream(&[HELLO])]).await;
    let (client, _home) = with_token(&server.url, "nmv_usr_x");
    let outcome = fold(client.send("55", "line \"one\"\nline 二 🌅").await.unwrap()).await;
    assert_eq!((outcome.text.as_str(), outcome.end), ("Hello", StreamEnd::Complete));
    let seen = &server.seen()[0];
    assert_eq!(seen.line, "POST /run_sse");
    assert_eq!(seen.header("accept"), Some("text/event-stream"));
    assert_eq!(seen.header("accept-encoding"), Some("identity"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&seen.body).unwrap(),
        serde_json::json!({"app_name": "nemo_agent", "user_id": "me", "session_id": "55",
            "new_message": {"parts": [{"text": "line \"one\"\nline 二 🌅"}]}})
    );
}

#[tokio::test]
async fn before_the_stream() {
    for (reply, kind) in [
        (vec![Piece::Reset], Kind::Uncertain),
        (vec![Piece::Stall], Kind::Uncertain),
        (vec![Piece::Bytes(b"HTTP/1.1 200 OK\r\nContent-Ty".to_vec()), Piece::Reset], Kind::Uncertain),
        (
            vec![
                Piece::Bytes(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
                        .to_vec(),
                ),
                Piece::Reset,
            ],
            Kind::Uncertain,
        ),
        (status(500, "oops"), Kind::Uncertain),
        (status(502, "<html>"), Kind::Uncertain),
        (status(504, "{}"), Kind::Uncertain),
        (status(408, ""), Kind::Uncertain),
        (status(200, "<html>hotel wifi</html>"), Kind::Uncertain),
        (json(r#"{"code":0,"data":{}}"#), Kind::Uncertain),
        (json(r#"{"code":7777}"#), Kind::Uncertain),
        (json(r#"{"code":1001}"#), Kind::Unauthorized),
        (json(r#"{"code":1002,"message":"gone"}"#), Kind::SessionLost),
        (status(404, r#"{"detail":"Session not found"}"#), Kind::SessionLost),
        (json(r#"{"code":2001}"#), Kind::OutOfCredits),
        (status(409, "{}"), Kind::Unavailable),
        (status(422, r#"{"detail":[]}"#), Kind::Protocol),
        (status(402, "{}"), Kind::PlanRequired),
    ] {
        let server = Canned::start(vec![reply.clone(), json("{}")]).await;
        let (client, _home) = impatient(&server.url);
        let error = client.send("55", "hello").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{reply:?}: {error}");
        assert_eq!(error.spent() == Money::Unknown, kind == Kind::Uncertain);
        let messages = server.lines().iter().filter(|line| line.contains("run_sse")).count();
        assert_eq!(messages, 1, "{reply:?}");
    }
    let server = Canned::start(vec![]).await;
    let (client, _home) = with_token(&server.url, "nmv_usr_x");
    assert_eq!(client.send("55", " \n").await.unwrap_err().kind(), Kind::InvalidInput);
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn refusals_that_had_no_effect_are_repeated_once() {
    let server =
        Canned::start(vec![token("A"), json(r#"{"code":1001}"#), token("B"), stream(&[HELLO])]).await;
    let (one, _home) = client(&server.url);
    assert_eq!(fold(one.send("55", "hello").await.unwrap()).await.text, "Hello");
    let server = Canned::start(vec![token("A"), status(429, "{}"), stream(&[HELLO])]).await;
    let (one, _home) = client(&server.url);
    assert_eq!(fold(one.send("55", "hello").await.unwrap()).await.text, "Hello");
    let server = Canned::start(vec![token("A"), status(429, "{}"), status(429, "{}")]).await;
    let (one, _home) = client(&server.url);
    assert_eq!(one.send("55", "hello").await.unwrap_err().kind(), Kind::RateLimited);
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn every_end_of_a_stream() {
    let pause = |ms| Piece::Wait(Duration::from_millis(ms));
    let beats = |piece: &str, count: usize| {
        let mut reply = vec![stream_head(), chunk(HELLO)];
        for _ in 0..count {
            reply.extend([pause(100), chunk(piece)]);
        }
        reply
    };
    let no_length = |body: &str| {
        vec![Piece::Bytes(
            format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\n\r\n{body}")
                .into_bytes(),
        )]
    };
    let cases = [
        ("clean", stream(&[HELLO, ": ping\r\n\r\n"]), StreamEnd::Complete, "Hello"),
        ("cut between events", vec![stream_head(), chunk(HELLO), Piece::Reset], StreamEnd::Dropped, "Hello"),
        ("closed without the last chunk", vec![stream_head(), chunk(HELLO)], StreamEnd::Dropped, "Hello"),
        (
            "cut inside an event",
            vec![stream_head(), chunk(HELLO.trim_end()), Piece::Reset],
            StreamEnd::Dropped,
            "",
        ),
        ("no last blank line", stream(&[HELLO.trim_end()]), StreamEnd::Complete, "Hello"),
        (
            "half an event at a clean end",
            no_length(&format!("{HELLO}data: {{\"content\":")),
            StreamEnd::Dropped,
            "Hello",
        ),
        ("silence", vec![stream_head(), chunk(HELLO), Piece::Stall], StreamEnd::Idle, "Hello"),
        ("only heartbeats", beats("data: {\"type\":\"heartbeat\"}\n\n", 60), StreamEnd::Idle, "Hello"),
        ("only comments", beats(": ping\r\n\r\n", 60), StreamEnd::Idle, "Hello"),
        ("no end", beats("data: {\"author\":\"a\",\"actions\":{}}\n\n", 100), StreamEnd::TimedOut, "Hello"),
        ("no bytes at all", vec![stream_head(), Piece::Stall], StreamEnd::Idle, ""),
    ];
    let turns = cases.into_iter().map(|(what, reply, end, text)| async move {
        let outcome = turn(reply).await;
        assert_eq!((outcome.end, outcome.text.as_str()), (end, text), "{what}");
        assert!(!outcome.silent, "{what}");
    });
    futures_util::future::join_all(turns).await;
    assert!(turn(stream(&["data: \n\n"])).await.silent);
}

#[tokio::test]
async fn error_frames_of_every_server() {
    for (frame, expected) in [
        ("data: {\"error\": \"bad \"quoted\" text\"}\n\n", "bad \"quoted\" text"),
        ("data: {\"error\": \"first line\nsecond line\"}\n\n", "first line"),
        (
            "data: {\"error\": \"bad \\\"quoted\\\" \\u5931\\u8d25\\nline2\"}\n\n",
            "bad \"quoted\" 失败\nline2",
        ),
        (
            "data: {\"error\": \"RuntimeError: x\", \"error_details\": {\"error_type\": \"RuntimeError\"}}\n\n",
            "RuntimeError: x",
        ),
    ] {
        let outcome = turn(stream(&[frame])).await;
        assert_eq!(outcome.errors, [expected]);
        assert!(!outcome.silent && outcome.end == StreamEnd::Complete);
    }
    let broke =
        turn(stream(&[HELLO, "data: {\"code\":2001,\"message\":\"Insufficient credits\"}\n\n"])).await;
    assert!(broke.out_of_credits);
}

#[tokio::test]
async fn a_refusal_under_the_wrong_type() {
    let body = r#"{"code":1002,"message":"gone"}"#;
    for (body, kind) in [
        (body, Kind::SessionLost),
        (r#"{"code":0}"#, Kind::Uncertain),
        (r#"{"code":2001}"#, Kind::OutOfCredits),
    ] {
        let reply = with(200, "Content-Type: text/event-stream\r\n", body.as_bytes());
        let server = Canned::start(vec![reply, json("{}")]).await;
        let (client, _home) = with_token(&server.url, "nmv_usr_x");
        let mut stream = client.send("55", "hello").await.unwrap();
        let error = loop {
            match stream.next().await.unwrap() {
                Ok(TurnEvent::Alive) => {}
                Ok(other) => panic!("{other:?}"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), kind);
        assert!(stream.next().await.is_none());
    }
}

#[tokio::test]
async fn every_arrival_is_a_sign_of_life() {
    let half = HELLO.split_at(20);
    let server = Canned::start(vec![vec![
        stream_head(),
        chunk(half.0),
        Piece::Wait(Duration::from_millis(60)),
        chunk(half.1),
        Piece::Wait(Duration::from_millis(60)),
        chunk(":\n"),
        chunk(""),
    ]])
    .await;
    let (client, _home) = with_token(&server.url, "nmv_usr_x");
    let mut stream = client.send("55", "hello").await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), TurnEvent::Alive);
    assert!(matches!(stream.next().await.unwrap().unwrap(), TurnEvent::Message(_)));
    assert_eq!(stream.next().await.unwrap().unwrap(), TurnEvent::Alive);
    assert!(stream.next().await.is_none());
    assert_eq!(stream.end(), StreamEnd::Complete);
}

#[tokio::test]
async fn failures_inside_a_stream_in_our_words() {
    for (frame, kind) in [
        ("data: {\"error\": \"RuntimeError: /srv/nemo/worker-17 pid=4242\"}\n\n", Some(Kind::Declined)),
        ("data: {\"code\":2001,\"message\":\"x\"}\n\n", Some(Kind::OutOfCredits)),
        ("data: {\"errorCode\":\"1002\",\"author\":\"a\"}\n\n", Some(Kind::SessionLost)),
        (HELLO, None),
    ] {
        let server = Canned::start(vec![token("A"), stream(&[frame])]).await;
        let (client, _home) = client(&server.url);
        let outcome = fold(client.send("55", "hello").await.unwrap()).await;
        let failure = client.failure_of("55", &outcome).await;
        assert_eq!(failure.as_ref().map(firstcut::error::Error::kind), kind, "{frame}");
        if let Some(error) = failure {
            assert_eq!(error.spent(), Money::Unknown);
            assert!(!format!("{error} {:?} {:?}", error.quoted(), error.next_step()).contains("4242"));
        }
    }
}
