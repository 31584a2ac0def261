//! Tokens: how one is come by, kept, shared, renewed, and never swapped for another account.

use std::fs;

use firstcut::config;
use firstcut::error::Kind;
use firstcut::nemo::Client;
use firstcut::redact::Secret;

use super::{client, hasty, settings, timing, with_token};
use crate::canned::{Canned, Piece, json, status, token};

const CREDITS: &str = r#"{"code":0,"data":{"available":"60","frozen":40,"total":100}}"#;
const REFUSED: &str = r#"{"code":1001,"message":"token expired"}"#;

#[tokio::test]
async fn a_token_is_kept_and_shared() {
    let server = Canned::start(vec![token("A"), json(CREDITS), json(CREDITS), json(CREDITS)]).await;
    let (first, home) = client(&server.url);
    let credits = first.credits().await.unwrap();
    assert_eq!((credits.available, credits.frozen, credits.total), (60.0, 40.0, 100.0));
    first.credits().await.unwrap();
    // Another process of the same user.
    let second = Client::new(settings(&server.url, &home), timing());
    second.credits().await.unwrap();
    assert_eq!(second.account().user_id.as_deref(), Some("anon_A"));
    let seen = server.seen();
    assert_eq!(server.lines()[0], "POST /api/auth/anonymous-token");
    assert_eq!(server.lines()[1..], ["GET /api/credits/balance/simple"; 3]);
    let client_id = seen[0].header("x-client-id").unwrap();
    assert_eq!(fs::read_to_string(home.path().join("client_id")).unwrap().trim(), client_id);
    assert_eq!((seen[0].body.len(), seen[0].header("authorization")), (0, None));
    for seen in &seen[1..] {
        assert_eq!(seen.header("authorization"), Some("Bearer nmv_usr_A"));
    }
    for seen in &seen {
        assert_eq!(seen.header("x-skill-source"), Some("sora-video-generation"));
        assert_eq!(seen.header("x-skill-version"), Some("1.0.0"));
        assert_eq!(seen.header("x-skill-platform"), Some("cursor"));
        assert!(seen.header("user-agent").unwrap().starts_with("firstcut/"));
    }
}

#[tokio::test]
async fn many_calls_at_once_ask_for_one_token() {
    let mut replies = vec![token("A")];
    replies.extend(vec![json(CREDITS); 8]);
    let server = Canned::start(replies).await;
    let (client, home) = client(&server.url);
    let other = Client::new(settings(&server.url, &home), timing());
    let calls: Vec<_> = (0..8)
        .map(|n| if n % 2 == 0 { client.clone() } else { other.clone() })
        .map(|client| tokio::spawn(async move { client.credits().await.map(|_| ()) }))
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(server.lines().iter().filter(|line| line.contains("anonymous-token")).count(), 1);
}

#[tokio::test]
async fn an_expired_token_is_renewed_once() {
    let server = Canned::start(vec![token("A"), status(401, REFUSED), token("B"), json(CREDITS)]).await;
    let (one, home) = client(&server.url);
    one.credits().await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].header("x-client-id"), seen[2].header("x-client-id"), "the client id stays");
    assert_eq!(seen[3].header("authorization"), Some("Bearer nmv_usr_B"));
    assert!(fs::read_to_string(home.path().join("nemo-token.json")).unwrap().contains("nmv_usr_B"));

    for body in [r#"{"code":"1010","msg":"x"}"#, r#"{"code":1011}"#] {
        let server = Canned::start(vec![token("A"), json(body), token("B"), json(body)]).await;
        let (client, _home) = client(&server.url);
        assert_eq!(client.credits().await.unwrap_err().kind(), Kind::Unauthorized, "{body}");
        assert_eq!(server.seen().len(), 4);
    }
}

#[tokio::test]
async fn a_token_that_another_process_renewed_is_taken() {
    let server = Canned::start(vec![
        token("A"),
        json(CREDITS),
        json(REFUSED),
        token("B"),
        json(CREDITS),
        json(REFUSED),
        json(CREDITS),
    ])
    .await;
    let (one, home) = client(&server.url);
    one.credits().await.unwrap();
    let other = Client::new(settings(&server.url, &home), timing());
    other.credits().await.unwrap(); // refused, renews
    one.credits().await.unwrap(); // refused, finds B in the file
    let seen = server.seen();
    assert_eq!(seen.last().unwrap().header("authorization"), Some("Bearer nmv_usr_B"));
    assert_eq!(seen.iter().filter(|seen| seen.line.contains("anonymous-token")).count(), 2);
}

#[tokio::test]
async fn trouble_with_the_first_token() {
    // 400: another client id, once.
    let server =
        Canned::start(vec![status(400, r#"{"detail":"X-Client-Id"}"#), token("A"), json(CREDITS)]).await;
    let (one, _home) = client(&server.url);
    one.credits().await.unwrap();
    assert_ne!(server.seen()[0].header("x-client-id"), server.seen()[1].header("x-client-id"));
    let server = Canned::start(vec![status(400, "{}"), status(400, "{}")]).await;
    let (one, _home) = client(&server.url);
    one.credits().await.unwrap_err();
    assert_eq!(server.seen().len(), 2);

    // 429: the same id once more after a pause, then an explanation.
    let server = Canned::start(vec![status(429, "{}"), token("A"), json(CREDITS)]).await;
    let (one, _home) = client(&server.url);
    one.credits().await.unwrap();
    assert_eq!(server.seen()[0].header("x-client-id"), server.seen()[1].header("x-client-id"));
    let server = Canned::start(vec![status(429, "{}"), json(r#"{"code":429,"message":"quota"}"#)]).await;
    let (one, _home) = client(&server.url);
    let error = one.credits().await.unwrap_err();
    assert_eq!((error.kind(), server.seen().len()), (Kind::RateLimited, 2));
    assert!(error.message().contains("7 days") && error.next_step().unwrap().contains("NEMO_TOKEN"));

    // Passing faults: the same id again.
    let server = Canned::start(vec![
        status(503, "busy"),
        vec![Piece::Reset],
        vec![Piece::Stall],
        token("A"),
        json(CREDITS),
    ])
    .await;
    let home = tempfile::tempdir().unwrap();
    let one = Client::new(settings(&server.url, &home), hasty());
    one.credits().await.unwrap();
    let ids: Vec<_> = server.seen()[..4].iter().map(|seen| seen.headers["x-client-id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));

    // A service that is none.
    let server = Canned::start(vec![json(r#"{"code":0,"data":{}}"#)]).await;
    let (one, _home) = client(&server.url);
    assert_eq!(one.credits().await.unwrap_err().kind(), Kind::Protocol);
}

#[tokio::test]
async fn a_token_of_ones_own_is_never_swapped() {
    let server = Canned::start(vec![json(CREDITS), status(401, REFUSED)]).await;
    let (one, home) = with_token(&server.url, " nmv_usr_CANARY0001\n");
    one.credits().await.unwrap();
    let error = one.credits().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthorized);
    assert!(error.message().contains("NEMO_TOKEN") && error.next_step().unwrap().contains("anonymous"));
    assert_eq!(server.lines(), ["GET /api/credits/balance/simple"; 2]);
    assert_eq!(server.seen()[0].header("authorization"), Some("Bearer nmv_usr_CANARY0001"));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "nothing about it is written down");

    let server = Canned::start(vec![]).await;
    for malformed in ["", "two words", "ümlaut", "a\u{0}b", "x\r\nX-Evil: 1"] {
        let (one, _home) = with_token(&server.url, malformed);
        let error = one.send("55", "hello").await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unauthorized, "{malformed:?}");
        assert!(error.message().contains("NEMO_TOKEN is malformed"));
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_client_id_of_ones_own() {
    let server = Canned::start(vec![token("A"), json(CREDITS), status(400, "{}")]).await;
    let home = tempfile::tempdir().unwrap();
    let own = |id: &str| config::Nemo { client_id: Some(id.into()), ..settings(&server.url, &home) };
    Client::new(own("my-id\n"), timing()).credits().await.unwrap();
    assert_eq!(server.seen()[0].header("x-client-id"), Some("my-id"));
    assert!(!home.path().join("client_id").exists());
    for (id, requests) in [("other-id", 3), ("two words", 3), ("", 3)] {
        let error = Client::new(own(id), timing()).credits().await.unwrap_err();
        assert_eq!((error.kind(), server.seen().len()), (Kind::Config, requests), "{id:?}");
    }
}

#[tokio::test]
async fn clocks_and_damaged_files() {
    let home = tempfile::tempdir().unwrap();
    // Far in the future by our clock: the service is asked, has no new token, and the kept one is tried after all.
    let server =
        Canned::start(vec![token("A"), json(CREDITS), status(429, "{}"), status(429, "{}"), json(CREDITS)])
            .await;
    Client::new(settings(&server.url, &home), timing()).credits().await.unwrap();
    let mut late = timing();
    late.now = || "2100-01-01T00:00:00Z".parse().unwrap();
    Client::new(settings(&server.url, &home), late).credits().await.unwrap();
    assert_eq!(server.seen()[4].header("authorization"), Some("Bearer nmv_usr_A"));

    // A damaged token file is replaced; one for another service is left out.
    for damage in [
        "{",
        "",
        "\u{0}\u{0}",
        r#"{"api_url":"https://other.test/","client_id":"x","token":"nmv_usr_CANARY","user_id":null,"expires_at":"2099-01-01T00:00:00Z","obtained_at":"2026-01-01T00:00:00Z"}"#,
    ] {
        let server = Canned::start(vec![token("C"), json(CREDITS)]).await;
        fs::write(home.path().join("nemo-token.json"), damage).unwrap();
        Client::new(settings(&server.url, &home), timing()).credits().await.unwrap();
        assert_eq!(server.seen()[1].header("authorization"), Some("Bearer nmv_usr_C"), "{damage}");
    }

    // A folder that is a file: nothing is sent.
    let server = Canned::start(vec![]).await;
    let blocked = home.path().join("client_id");
    let settings = config::Nemo { identity_dir: blocked, ..settings(&server.url, &home) };
    let error = Client::new(settings, timing()).credits().await.unwrap_err();
    assert_eq!((error.kind(), server.seen().len()), (Kind::Storage, 0));
    assert!(error.next_step().unwrap().contains("FIRSTCUT_HOME"));
}

#[tokio::test]
async fn a_new_account_explains_the_lost_session() {
    let gone = status(404, r#"{"detail":"Session not found: 55"}"#);
    let server = Canned::start(vec![token("A"), json(CREDITS), json(REFUSED), token("B"), gone]).await;
    let (one, _home) = client(&server.url);
    one.credits().await.unwrap();
    let error = one.state("55").await.unwrap_err();
    assert_eq!(error.kind(), Kind::SessionLost);
    assert!(error.message().contains("55") && error.message().contains("new account"), "{error}");
}

#[tokio::test]
async fn secrets_stay_inside() {
    let words = json(r#"{"code":5000,"message":"bad nmv_usr_CANARY1234567 at https://x.test/?sig=CANARY"}"#);
    let server = Canned::start(vec![words]).await;
    let home = tempfile::tempdir().unwrap();
    let settings =
        config::Nemo { token: Some(Secret::new("nmv_usr_CANARY7654321")), ..settings(&server.url, &home) };
    let client = Client::new(settings, timing());
    let error = client.credits().await.unwrap_err();
    let shown = format!("{error} {error:?} {client:?} {:?} {:?}", error.next_step(), client.account());
    assert!(!shown.contains("CANARY"), "{shown}");
}
