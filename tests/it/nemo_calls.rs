//! Ordinary calls: every row of the error table as it comes over the wire, and the retry matrix.

use firstcut::error::{Kind, Money};
use firstcut::nemo::draft::Draft;
use firstcut::nemo::render::{RenderStatus, Submission};

use super::{impatient, with_token};
use crate::canned::{Canned, Piece, json, status, token, with};
use crate::ports::Nobody;

const STATE: &str =
    r#"{"code":0,"data":{"session_id":"55","task_id":"t","user_id":"anon_9","state":{"draft":{"t":[]}}}}"#;

#[tokio::test]
async fn every_refusal_of_a_read() {
    for (http, body, kind, requests) in [
        (200, r#"{"code":1001,"message":"m"}"#, Kind::Unauthorized, 1),
        (401, "{}", Kind::Unauthorized, 1),
        (200, r#"{"code":1002,"message":"m"}"#, Kind::SessionLost, 1),
        (404, r#"{"detail":"Session not found"}"#, Kind::SessionLost, 1),
        (200, r#"{"code":2001}"#, Kind::OutOfCredits, 1),
        (402, "{}", Kind::PlanRequired, 1),
        (403, "{}", Kind::Unauthorized, 1),
        (422, r#"{"detail":[{"loc":["body","x"],"msg":"required"}]}"#, Kind::Protocol, 1),
        (301, "", Kind::Config, 1),
        (200, "<html>hotel wifi</html>", Kind::Protocol, 1),
        (200, r#"{"code":7777,"message":"odd"}"#, Kind::Declined, 1),
        (429, "{}", Kind::RateLimited, 2),
        (500, "oops", Kind::Unavailable, 4),
        (408, "", Kind::Unavailable, 4),
        (503, r#"{"detail":"later"}"#, Kind::Unavailable, 4),
    ] {
        let server = Canned::start(vec![status(http, body); 5]).await;
        let (client, _home) = with_token(&server.url, "nmv_usr_x");
        let error = client.state("55").await.unwrap_err();
        assert_eq!((error.kind(), server.seen().len()), (kind, requests), "{http} {body}: {error}");
        assert_eq!(error.spent(), Money::NotSpent);
        assert!(error.next_step().is_some() || kind == Kind::Declined, "{http} {body} has no next step");
    }
}

#[tokio::test]
async fn reads_survive_passing_faults() {
    let cut = vec![
        Piece::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"code\":0".to_vec()),
        Piece::Reset,
    ];
    let server = Canned::start(vec![cut, status(502, "<html>"), vec![Piece::Reset], json(STATE)]).await;
    let (client, _home) = with_token(&server.url, "nmv_usr_x");
    let state = client.state("55").await.unwrap();
    assert_eq!(state.draft.raw(), r#"{"t":[]}"#);
    assert_eq!(client.account().user_id.as_deref(), Some("anon_9"));
    assert_eq!(server.lines(), ["GET /api/state/nemo_agent/me/55/latest"; 4]);

    let half = vec![Piece::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{".to_vec()), Piece::Stall];
    let server =
        Canned::start(vec![vec![Piece::Stall], half, with(429, "Retry-After: 0\r\n", b"{}"), json(STATE)])
            .await;
    let (client, _home) = impatient(&server.url);
    client.state("55").await.unwrap();
    assert_eq!(server.seen().len(), 4);

    // A service that wants a long pause gets no more of our time.
    let server = Canned::start(vec![with(429, "Retry-After: 86400\r\n", b"{}")]).await;
    let (client, _home) = with_token(&server.url, "nmv_usr_x");
    let error = client.state("55").await.unwrap_err();
    assert_eq!((error.kind(), error.wait_s(), server.seen().len()), (Kind::RateLimited, Some(86_400), 1));
}

#[tokio::test]
async fn nothing_listens() {
    let nobody = Nobody::new();
    let (client, _home) = with_token(&nobody.url.parse().unwrap(), "nmv_usr_x");
    for error in [client.credits().await.unwrap_err(), client.send("55", "hello").await.unwrap_err()] {
        assert_eq!((error.kind(), error.spent()), (Kind::Unavailable, Money::NotSpent), "{error}");
        assert!(error.next_step().unwrap().contains("NEMO_API_URL"));
    }
}

#[tokio::test]
async fn a_session_is_opened_again_only_once() {
    let body =
        r#"{"code":0,"data":{"task_id":"task_1","session_id":5529798706024415232,"user_id":"anon_1"}}"#;
    let server = Canned::start(vec![vec![Piece::Reset], json(body)]).await;
    let (client, _home) = with_token(&server.url, "nmv_usr_x");
    let session = client.create_session("zh-CN").await.unwrap();
    assert_eq!(session.session_id, "5529798706024415232");
    assert_eq!((session.task_id.as_deref(), session.language.as_str()), (Some("task_1"), "zh-CN"));
    assert_eq!(server.seen()[1].line, "POST /api/tasks/me/with-session/nemo_agent");
    assert_eq!(server.seen()[1].text(), r#"{"task_name":"project","language":"zh-CN"}"#);
    let server = Canned::start(vec![vec![Piece::Reset]; 5]).await;
    let (client, _home) = with_token(&server.url, "nmv_usr_x");
    let error = client.create_session("en").await.unwrap_err();
    assert_eq!((error.kind(), server.seen().len()), (Kind::Unavailable, 2));
    // Bare replies are understood, useless ones are not.
    let server = Canned::start(vec![json(r#"{"session_id":"7"}"#), json(r#"{"code":0,"data":{}}"#)]).await;
    let (client, _home) = with_token(&server.url, "nmv_usr_x");
    assert_eq!(client.create_session("en").await.unwrap().session_id, "7");
    assert_eq!(client.create_session("en").await.unwrap_err().kind(), Kind::Protocol);
}

#[tokio::test]
async fn a_render_is_submitted_verbatim_and_once() {
    let raw = r#"{"id":5529798706024415232,"gain":0.30000000000000004,"n": [1 , 2.50],"t":[{"tt":42,"sg":[{"d":1}]}]}"#;
    let draft = Draft::parse(raw).unwrap();
    let accepted = r#"{"success":true,"data":{"id":"other","status":"pending","progress":5}}"#;
    let server = Canned::start(vec![json(accepted)]).await;
    let (client, _home) = with_token(&server.url, "nmv_usr_x");
    assert_eq!(client.submit_render("render_1", "55", &draft).await.unwrap(), Submission::Accepted);
    let expected = format!(
        r#"{{"id":"render_1","sessionId":"55","draft":{raw},"output":{{"format":"mp4","quality":"high"}}}}"#
    );
    assert_eq!(server.seen()[0].text(), expected);
    assert_eq!(server.seen()[0].line, "POST /api/render/proxy/lambda");

    for (reply, kind) in [
        (vec![Piece::Reset], Kind::Uncertain),
        (vec![Piece::Stall], Kind::Uncertain),
        (status(500, "oops"), Kind::Uncertain),
        (status(402, r#"{"code":402,"message":"plan"}"#), Kind::PlanRequired),
        (json(r#"{"code":1002}"#), Kind::SessionLost),
        (json(r#"{"success":false,"error":"empty draft"}"#), Kind::Declined),
        (status(200, "<html>hotel wifi</html>"), Kind::Uncertain),
        (status(422, "{}"), Kind::Protocol),
    ] {
        let server = Canned::start(vec![reply.clone(); 3]).await;
        let (client, _home) = impatient(&server.url);
        let error = client.submit_render("render_1", "55", &draft).await.unwrap_err();
        assert_eq!((error.kind(), server.seen().len()), (kind, 1), "{reply:?}");
    }
    for reply in [status(409, "{}"), json(r#"{"success":false,"error":"Duplicate id"}"#)] {
        let server = Canned::start(vec![reply]).await;
        let (client, _home) = with_token(&server.url, "nmv_usr_x");
        assert_eq!(client.submit_render("render_1", "55", &draft).await.unwrap(), Submission::AlreadyKnown);
    }
    let server = Canned::start(vec![]).await;
    let (client, _home) = with_token(&server.url, "nmv_usr_x");
    for empty in ["null", "{}", r#"{"t":[]}"#, r#"{"t":[{"tt":0,"sg":[]}]}"#] {
        let error = client.submit_render("render_1", "55", &Draft::parse(empty).unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::EmptyTimeline);
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_render_is_polled_and_cancelled() {
    let server = Canned::start(vec![
        status(503, ""),
        json(r#"{"taskId":"r","status":"processing","progress":50}"#),
        status(404, "{}"),
        json(r#"{"success":false,"error":"Render not found"}"#),
        json(r#"{"success":true}"#),
        status(204, ""),
    ])
    .await;
    let (client, _home) = with_token(&server.url, "nmv_usr_x");
    assert_eq!(client.render_status("r/1").await.unwrap(), RenderStatus::Processing { progress: Some(50.0) });
    assert_eq!(client.render_status("r").await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(client.render_status("r").await.unwrap_err().kind(), Kind::NotFound);
    client.cancel_render("r").await.unwrap();
    client.cancel_render("r").await.unwrap();
    assert_eq!(server.lines()[0], "GET /api/render/proxy/lambda/r%2F1");
    assert_eq!(server.lines()[4], "POST /api/render/proxy/lambda/r/cancel");
}

#[tokio::test]
async fn a_link_for_people_carries_no_api_token() {
    let server = Canned::start(vec![
        json(r#"{"code":0,"data":{"claim_token":"clm_abc","expires_in":604800}}"#),
        status(404, "{}"),
    ])
    .await;
    let (client, _home) = with_token(&server.url, "nmv_usr_x");
    let link = client.claim_link("task_1", "55").await.unwrap().unwrap();
    assert_eq!(link.reveal().as_str(), "https://nemovideo.com/workspace/claim?ct=clm_abc");
    assert_eq!(server.seen()[0].text(), r#"{"task_id":"task_1","session_id":"55"}"#);
    assert!(client.claim_link("task_1", "55").await.unwrap().is_none());
}

#[tokio::test]
async fn a_redirect_carries_no_token_away() {
    let thief = Canned::start(vec![json(STATE); 3]).await;
    let server = Canned::start(vec![with(307, &format!("Location: {}\r\n", thief.url), b"{}"); 2]).await;
    let (client, _home) = with_token(&server.url, "nmv_usr_x");
    assert_eq!(client.state("55").await.unwrap_err().kind(), Kind::Config);
    assert_eq!(client.send("55", "hello").await.unwrap_err().kind(), Kind::Config);
    assert!(thief.seen().is_empty());
}

#[tokio::test]
async fn no_credits_names_the_account() {
    let server =
        Canned::start(vec![token("A"), json(r#"{"code":2001,"message":"Insufficient credits"}"#)]).await;
    let (client, _home) = super::client(&server.url);
    let error = client.send("55", "hello").await.unwrap_err();
    assert_eq!(error.kind(), Kind::OutOfCredits);
    assert!(error.next_step().unwrap().ends_with("https://nemovideo.com/register?bind=anon_A"));
}

#[tokio::test]
async fn a_connection_that_never_becomes_secure_sends_nothing() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 plain\r\n\r\n").await;
        }
    });
    let (client, _home) = with_token(&url, "nmv_usr_x");
    let error = client.send("55", "hello").await.unwrap_err();
    // Without certificates on this machine it fails even earlier.
    assert!(matches!(error.kind(), Kind::Unavailable | Kind::Config), "{error}");
    assert_eq!(error.spent(), Money::NotSpent);
}
