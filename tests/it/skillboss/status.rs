//! Questions about jobs: dialects, repeats, foreign addresses, stopping, the list.

use firstcut::error::Kind;
use firstcut::redact::SafeUrl;
use firstcut::skillboss::status::{Cancelled, Phase};
use firstcut::skillboss::{Client, Remote};

use super::{CLIP, HEX, hasty, settings, standard, wholesale};
use crate::canned::{Canned, Piece, json, status, with};

#[tokio::test]
async fn a_job_is_followed_in_either_dialect() {
    let done = format!(
        r#"{{"request_id":"{HEX}","status":"COMPLETED","result":{{"outputs":[{{"url":"{CLIP}"}}]}},"error":null}}"#
    );
    let server = Canned::start(vec![
        json(&format!(r#"{{"request_id":"{HEX}","status":"IN_QUEUE","result":null}}"#)),
        json(&format!(r#"{{"request_id":"{HEX}","status":"IN_PROGRESS"}}"#)),
        json(&done),
        json(&format!(r#"{{"job_id":"job_7","status":"completed","model":"veo-3.1-fast","result":{{"video_url":"{CLIP}"}},"receipt":"eyJh.x.y"}}"#)),
    ])
    .await;
    let client = wholesale(&server);
    let remote = Remote::by_id(HEX).unwrap();
    assert_eq!(client.status(&remote).await.unwrap().phase, Phase::Queued);
    assert_eq!(client.status(&remote).await.unwrap().phase, Phase::Running);
    let report = client.status(&remote).await.unwrap();
    assert_eq!((report.phase, report.outputs[0].url.reveal().as_str()), (Phase::Completed, CLIP));
    assert_eq!((report.cost, report.receipt), (None, None));
    assert_eq!(report.raw.as_deref(), Some(done.as_str()), "the whole answer is kept");
    let report = standard(&server).status(&Remote::by_id("job_7").unwrap()).await.unwrap();
    assert_eq!(
        (report.model.as_deref(), report.receipt.as_deref()),
        (Some("veo-3.1-fast"), Some("eyJh.x.y"))
    );
    let path = format!("GET /v1/run/status/{HEX}");
    assert_eq!(server.lines(), [path.as_str(), &path, &path, "GET /v1/job/job_7"]);
    assert_eq!(server.seen()[0].header("authorization"), Some("Bearer sk-whole-CANARY0123"));
}

#[tokio::test]
async fn the_key_stays_at_home() {
    let elsewhere = Canned::start(vec![]).await;
    let server =
        Canned::start(vec![json(r#"{"job_id":"job_7","status":"running"}"#), json(r#"{"cancelled":true}"#)])
            .await;
    let foreign = elsewhere.url.join("/v1/job/job_7").unwrap();
    let remote = Remote {
        status_url: Some(SafeUrl::new(foreign.clone())),
        cancel_url: Some(SafeUrl::new(foreign)),
        ..Remote::by_id("job_7").unwrap()
    };
    standard(&server).status(&remote).await.unwrap();
    assert_eq!(standard(&server).cancel(&remote).await.unwrap(), Cancelled::Stopped);
    assert_eq!(server.lines(), ["GET /v1/job/job_7", "POST /v1/run/cancel/job_7"]);
    assert!(elsewhere.seen().is_empty());
    // A redirect does not carry it away either.
    let server = Canned::start(vec![with(302, &format!("Location: {}\r\n", elsewhere.url), b"")]).await;
    assert_eq!(standard(&server).status(&remote).await.unwrap_err().kind(), Kind::Config);
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn every_refusal_of_a_question() {
    for (code, headers, body, kind, requests) in [
        (400, "", r#"{"message":"bad"}"#, Kind::InvalidInput, 1),
        (401, "", "{}", Kind::Unauthorized, 1),
        (402, "", "{}", Kind::OutOfCredits, 1),
        (403, "", "{}", Kind::Unauthorized, 1),
        (404, "", r#"{"detail":"Not Found"}"#, Kind::NotFound, 1),
        (405, "", "", Kind::NotFound, 1),
        (410, "", "{}", Kind::NotFound, 1),
        (301, "", "", Kind::Config, 1),
        (200, "", "<html>hotel wifi</html>", Kind::Protocol, 1),
        (200, "", "", Kind::Protocol, 1),
        (200, "", r#"{"job_id":"job_8","status":"completed"}"#, Kind::Protocol, 1),
        (429, "", "{}", Kind::RateLimited, 4),
        (429, "Retry-After: 0\r\n", "{}", Kind::RateLimited, 4),
        (429, "Retry-After: 3600\r\n", "{}", Kind::RateLimited, 1),
        (500, "", r#"{"error":"boom"}"#, Kind::Unavailable, 4),
        (502, "", "<html>", Kind::Unavailable, 4),
        (503, "", "{}", Kind::Unavailable, 4),
        (200, "", r#"{"code":500,"message":"boom"}"#, Kind::Unavailable, 4),
    ] {
        let server = Canned::start(vec![with(code, headers, body.as_bytes()); 5]).await;
        let error = standard(&server).status(&Remote::by_id("job_7").unwrap()).await.unwrap_err();
        assert_eq!((error.kind(), server.seen().len()), (kind, requests), "{code} {body}: {error}");
        if headers.contains("3600") {
            assert_eq!(error.wait_s(), Some(600), "the caller is told to wait, up to ten minutes");
        }
    }
}

#[tokio::test]
async fn questions_survive_passing_faults() {
    let cut =
        vec![Piece::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"job".to_vec()), Piece::Reset];
    let good = json(r#"{"job_id":"job_7","status":"running"}"#);
    let server = Canned::start(vec![cut, status(502, "<html>"), vec![Piece::Reset], good.clone()]).await;
    let remote = Remote::by_id("job_7").unwrap();
    assert_eq!(standard(&server).status(&remote).await.unwrap().phase, Phase::Running);

    let half = vec![Piece::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{".to_vec()), Piece::Stall];
    let server =
        Canned::start(vec![vec![Piece::Stall], half, with(429, "Retry-After: 0\r\n", b"{}"), good]).await;
    let client = Client::new(settings(&server.url, "sk-x0123456"), hasty());
    assert_eq!(client.status(&remote).await.unwrap().phase, Phase::Running);
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn stopping_a_job() {
    for (code, body, outcome) in [
        (200, r#"{"cancelled":true}"#, Cancelled::Stopped),
        (200, r#"{"status":"CANCELLED"}"#, Cancelled::Stopped),
        (200, r#"{"cancelled":false,"status":"COMPLETED"}"#, Cancelled::AlreadyOver),
        (200, "{}", Cancelled::AlreadyOver),
        (409, r#"{"error":"worker started"}"#, Cancelled::TooLate),
        (404, r#"{"detail":"Not Found"}"#, Cancelled::NotFound),
    ] {
        // A lost answer is asked for again: stopping twice is stopping.
        let server = Canned::start(vec![vec![Piece::Reset], status(code, body)]).await;
        let remote = Remote::by_id(HEX).unwrap();
        assert_eq!(wholesale(&server).cancel(&remote).await.unwrap(), outcome, "{code} {body}");
        assert_eq!(
            server.lines(),
            [format!("POST /v1/run/cancel/{HEX}"), format!("POST /v1/run/cancel/{HEX}")]
        );
        assert!(server.seen()[1].body.is_empty());
    }
    let server = Canned::start(vec![]).await;
    let outcome = standard(&server).cancel(&Remote::by_id("job_7").unwrap()).await.unwrap();
    assert_eq!((outcome, server.seen().len()), (Cancelled::NotOffered, 0));
    let server = Canned::start(vec![status(401, "{}")]).await;
    let error = wholesale(&server).cancel(&Remote::by_id(HEX).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthorized);
}

#[tokio::test]
async fn the_list_where_there_is_one() {
    let list = r#"{"jobs":[
        {"job_id":"job_7","status":"running","model":"veo-3.1","created_at":"2026-11-20T10:00:00Z"},
        {"job_id":"../x","status":"running"},
        {"job_id":"job_8","status":"completed","created_at":"sometime","result":{"video_url":"https://m.example/a.mp4"}}
    ],"count":3}"#;
    let server = Canned::start(vec![
        json(list),
        json(r#"{"jobs":[],"count":0}"#),
        status(404, "{}"),
        status(405, ""),
        json("{}"),
    ])
    .await;
    let client = standard(&server);
    let jobs = client.jobs(Some("running")).await.unwrap().unwrap();
    assert_eq!(jobs.len(), 2);
    assert_eq!((jobs[0].remote.id.as_str(), jobs[0].report.model.as_deref()), ("job_7", Some("veo-3.1")));
    assert_eq!(jobs[0].created_at, Some("2026-11-20T10:00:00Z".parse().unwrap()));
    assert_eq!((jobs[1].created_at, jobs[1].report.outputs.len()), (None, 1));
    assert_eq!(client.jobs(None).await.unwrap(), Some(vec![]));
    assert_eq!(client.jobs(None).await.unwrap(), None);
    assert_eq!(client.jobs(None).await.unwrap(), None);
    assert_eq!(client.jobs(None).await.unwrap_err().kind(), Kind::Protocol);
    assert_eq!(server.lines()[..2], ["GET /v1/job?status=running", "GET /v1/job"]);
}
