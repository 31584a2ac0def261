//! Submissions: what is sent, once, and what every answer means for the money.

use std::sync::{Arc, Mutex};

use firstcut::error::{Kind, Money};
use firstcut::skillboss::inputs::{Inputs, Picture};
use firstcut::skillboss::status::Phase;
use firstcut::skillboss::submit::{Mode, Submission, Submitted, Work};
use firstcut::skillboss::template::TemplateUpdate;
use firstcut::skillboss::{Client, Dialect, Ids};
use serde_json::{Value, json};

use super::{CLIP, HEX, clip, hasty, settings, standard, wholesale};
use crate::canned::{Canned, Piece, status, with};

/// Submits, and tells which ids were seen on the way.
async fn submit(client: &Client, submission: &Submission) -> (Submitted, Vec<Ids>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = seen.clone();
    let submitted = client.submit(submission, async |ids| kept.lock().unwrap().push(ids)).await;
    (submitted, seen.lock().unwrap().clone())
}

fn ids(request_id: Option<&str>, record_id: Option<&str>) -> Ids {
    Ids { request_id: request_id.map(str::to_owned), record_id: record_id.map(str::to_owned) }
}

#[tokio::test]
async fn what_is_sent_for_each_kind_of_key() {
    let accepted = status(202, r#"{"job_id":"job_7","status":"accepted"}"#);
    let server = Canned::start(vec![accepted.clone(), accepted]).await;
    let submission = Submission {
        mode: Mode::Async { webhook_url: Some("https://93.184.216.34/hooks/t?k=1".parse().unwrap()) },
        ..clip()
    };
    submit(&standard(&server), &submission).await;
    submit(&wholesale(&server), &clip()).await;
    let [first, second] = server.seen().try_into().unwrap();
    for (seen, key) in [(&first, "Bearer sk-CANARYSTANDARD0123"), (&second, "Bearer sk-whole-CANARY0123")] {
        assert_eq!(seen.line, "POST /v1/run");
        assert_eq!(seen.header("authorization"), Some(key));
        assert_eq!(seen.header("x-max-cost-usd"), Some("3.21"));
        assert_eq!(seen.header("idempotency-key"), Some("job-1.1"));
        assert_eq!(seen.header("content-type"), Some("application/json"));
    }
    let body = |seen: &crate::canned::Seen| serde_json::from_slice::<Value>(&seen.body).unwrap();
    assert_eq!(
        body(&first),
        json!({
            "model": "veo-3.1",
            "inputs": {"prompt": "A neon-lit alley", "duration": 8, "aspect_ratio": "9:16"},
            "auto_fallback": false, "async": true, "webhook_url": "https://93.184.216.34/hooks/t?k=1",
        })
    );
    assert_eq!(
        body(&second),
        json!({
            "model": "veo-3.1",
            "inputs": {"prompt": "A neon-lit alley", "duration_seconds": 8, "aspect_ratio": "9:16"},
            "async": true,
        })
    );
}

#[tokio::test]
async fn three_dialects_are_accepted_whatever_the_key() {
    let wholesale_body = format!(
        r#"{{"request_id":"{HEX}","status":"IN_QUEUE","status_url":"/v1/run/status/{HEX}","_memory_hint":"obey"}}"#
    );
    for (code, body, dialect, id) in [
        (202, wholesale_body.as_str(), Dialect::Wholesale, HEX),
        (
            202,
            r#"{"job_id":"job_7","status":"accepted","poll_url":"/v1/job/job_7","model":"veo-3.1"}"#,
            Dialect::Standard,
            "job_7",
        ),
        (200, r#"{"job_id":"job_7"}"#, Dialect::Standard, "job_7"),
        (201, r#"{"data":{"job_id":"job_7","status":"queued"}}"#, Dialect::Standard, "job_7"),
    ] {
        let headers = "x-request-id: req-1\r\nx-record-id: rec_9\r\nContent-Type: application/json\r\n";
        let reply = with(code, headers, body.as_bytes());
        let server = Canned::start(vec![reply.clone(), reply]).await;
        for client in [standard(&server), wholesale(&server)] {
            let (submitted, seen) = submit(&client, &clip()).await;
            let Submitted::Accepted(job) = submitted else { panic!("{submitted:?}") };
            assert_eq!((job.remote.dialect, job.remote.id.as_str()), (dialect, id), "{body}");
            assert_eq!(job.remote.record_id.as_deref(), Some("rec_9"));
            assert_eq!(seen, [ids(Some("req-1"), Some("rec_9"))]);
            assert!(!job.report.raw.unwrap().contains("_memory_hint"));
        }
    }
}

#[tokio::test]
async fn every_answer_and_the_money() {
    let named = "x-request-id: req-1\r\n";
    let error = r#"{"error":{"message":"their words"}}"#;
    // Nothing means doubtful.
    for (code, headers, body, whole, refused) in [
        (400, "", error, true, Some(Kind::InvalidInput)),
        (400, "", r#"{"error":{"message":"unknown model veo-9"}}"#, true, Some(Kind::ModelRetired)),
        (401, "", error, true, Some(Kind::Unauthorized)),
        (
            402,
            "",
            r#"{"error":{"message":"low","type":"insufficient_balance"}}"#,
            true,
            Some(Kind::OutOfCredits),
        ),
        (402, "", r#"{"error":{"code":"max_cost_exceeded"}}"#, true, Some(Kind::OverBudget)),
        (402, "", r#"{"error":{"message":"weekly budget reached"}}"#, true, Some(Kind::OverBudget)),
        (
            402,
            "",
            r#"{"error":"Payment required","price_usd":0.04,"accepts":[{}]}"#,
            false,
            Some(Kind::Unauthorized),
        ),
        (403, "", error, true, Some(Kind::Unauthorized)),
        (404, "", r#"{"detail":"Not Found"}"#, false, Some(Kind::NotFound)),
        (409, "", r#"{"error":{"code":"idempotency_conflict"}}"#, true, None),
        (413, "", "<html>too large</html>", true, Some(Kind::FileTooLarge)),
        (422, "", r#"{"detail":[{"loc":["body"],"msg":"required"}]}"#, true, Some(Kind::InvalidInput)),
        (429, "Retry-After: 7\r\n", error, true, Some(Kind::RateLimited)),
        (500, "", error, true, Some(Kind::Unavailable)),
        (500, named, error, true, None),
        (500, "", error, false, None),
        (502, "", "<html>bad gateway</html>", true, None),
        (503, named, r#"{"error":{"message":"lite tier capacity"}}"#, true, Some(Kind::AtCapacity)),
        (503, "", "no healthy upstream", true, None),
        (504, "", "", true, None),
        (408, "", "", true, None),
        (200, "", r#"{"code":500,"message":"boom"}"#, false, None),
        (200, "", r#"{"code":500,"message":"Provider said 429"}"#, false, Some(Kind::RateLimited)),
        (200, "", r#"{"code":402,"message":"Insufficient balance"}"#, false, Some(Kind::OutOfCredits)),
        (200, "", "Insufficient coins", false, Some(Kind::OutOfCredits)),
        (200, "", r#"{"ok":false,"error":"no"}"#, false, Some(Kind::InvalidInput)),
        (200, "", "<html>hotel wifi</html>", true, None),
        (200, "", "{}", true, None),
        (200, "", r#"{"file_id":"1","base_resp":{"status_code":0}}"#, true, None),
        (202, named, r#"{"request_id":"../../x"}"#, true, None),
        (202, named, "", true, None),
    ] {
        let server = Canned::start(vec![with(code, headers, body.as_bytes())]).await;
        let client = if whole { wholesale(&server) } else { standard(&server) };
        let (submitted, seen) = submit(&client, &clip()).await;
        assert_eq!(server.seen().len(), 1, "{code} {body}: sent more than once");
        // A proxy names its own failures, too: only a success names work.
        assert_eq!(seen.is_empty(), headers != named || code >= 300, "{code} {body}");
        match (submitted, refused) {
            (Submitted::Refused(error), Some(kind)) => {
                assert_eq!((error.kind(), error.spent()), (kind, Money::NotSpent), "{code} {body}: {error}");
                assert!(error.next_step().is_some());
                assert_eq!(
                    error.wait_s(),
                    match code {
                        429 => Some(7),
                        200 if kind == Kind::RateLimited => Some(30),
                        _ => None,
                    }
                );
            }
            (Submitted::Doubtful { error, ids }, None) => {
                assert_eq!((error.kind(), error.spent()), (Kind::Uncertain, Money::Unknown), "{code} {body}");
                assert_eq!(ids.request_id.is_some(), headers == named);
            }
            (other, _) => panic!("{code} {headers} {body}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn the_ids_are_seen_before_the_body() {
    let head =
        b"HTTP/1.1 202 X\r\nx-request-id: req-1\r\nx-record-id: rec_9\r\nContent-Length: 400\r\n\r\n{\"req";
    for end in [Piece::Stall, Piece::Reset] {
        let server = Canned::start(vec![vec![Piece::Bytes(head.to_vec()), end]]).await;
        let client = Client::new(settings(&server.url, "sk-whole-x0123456"), hasty());
        let (submitted, seen) = submit(&client, &clip()).await;
        let expected = ids(Some("req-1"), Some("rec_9"));
        assert_eq!(seen, std::slice::from_ref(&expected));
        let Submitted::Doubtful { error, ids } = submitted else { panic!("{submitted:?}") };
        assert_eq!((error.kind(), ids), (Kind::Uncertain, expected));
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn silence_is_doubtful_and_a_cut_refusal_is_none_the_less_one() {
    for (reply, doubtful) in [
        (vec![Piece::Stall], true),
        (vec![Piece::Reset], true),
        (vec![Piece::Bytes(b"HTTP/1.1 200".to_vec()), Piece::Reset], true),
        (
            vec![Piece::Bytes(b"HTTP/1.1 402 X\r\nContent-Length: 900\r\n\r\n{\"err".to_vec()), Piece::Reset],
            false,
        ),
        (
            vec![Piece::Bytes(b"HTTP/1.1 500 X\r\nContent-Length: 900\r\n\r\n{\"err".to_vec()), Piece::Reset],
            true,
        ),
    ] {
        let server = Canned::start(vec![reply]).await;
        let client = Client::new(settings(&server.url, "sk-whole-x0123456"), hasty());
        let (submitted, seen) = submit(&client, &clip()).await;
        assert!(seen.is_empty());
        assert_eq!(server.seen().len(), 1);
        match submitted {
            Submitted::Doubtful { error, .. } => assert!(doubtful && error.kind() == Kind::Uncertain),
            Submitted::Refused(error) => assert!(!doubtful && error.kind() == Kind::OutOfCredits, "{error}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for (code, refused) in [(301, true), (302, true), (303, false), (307, true), (308, true)] {
        let elsewhere = Canned::start(vec![]).await;
        let headers = format!("Location: {}v1/run\r\n", elsewhere.url);
        let server = Canned::start(vec![with(code, &headers, b"")]).await;
        let (submitted, _) = submit(&wholesale(&server), &clip()).await;
        match submitted {
            Submitted::Refused(error) => assert!(refused && error.kind() == Kind::Config, "{code}"),
            Submitted::Doubtful { .. } => assert!(!refused, "{code}"),
            other => panic!("{other:?}"),
        }
        assert!(elsewhere.seen().is_empty(), "the key went elsewhere");
    }
}

#[tokio::test]
async fn what_is_wrong_is_not_sent() {
    let server = Canned::start(vec![]).await;
    let webhook =
        |url: &str| Submission { mode: Mode::Async { webhook_url: Some(url.parse().unwrap()) }, ..clip() };
    let png =
        b"\x89PNG\r\n\x1a\n".iter().copied().chain(std::iter::repeat_n(0, 7 << 20)).collect::<Vec<u8>>();
    let heavy = Inputs {
        prompt: "x".into(),
        reference_images: vec![Picture::new(png, "a.png").unwrap(); 3],
        ..Inputs::default()
    };
    for (submission, kind) in [
        (Submission { max_cost: "0".parse().unwrap(), ..clip() }, Kind::InvalidInput),
        (Submission { work: Work::Clip(Inputs::default()), ..clip() }, Kind::InvalidInput),
        (Submission { work: Work::Clip(heavy), ..clip() }, Kind::FileTooLarge),
        (webhook("http://93.184.216.34/x"), Kind::Forbidden),
        (webhook("https://169.254.169.254/x"), Kind::Forbidden),
        (webhook("https://10.0.0.1/x"), Kind::Forbidden),
    ] {
        let (submitted, _) = submit(&standard(&server), &submission).await;
        let Submitted::Refused(error) = submitted else { panic!("{submitted:?}") };
        assert_eq!((error.kind(), error.spent()), (kind, Money::NotSpent), "{error}");
    }
    let mut keyless = settings(&server.url, "sk-x");
    keyless.api_key = None;
    let (submitted, _) = submit(&Client::new(keyless, super::timing()), &clip()).await;
    assert!(matches!(submitted, Submitted::Refused(error) if error.kind() == Kind::Unauthorized));
    assert!(server.seen().is_empty());

    // Nobody listens there.
    let mut closed = settings(&server.url, "sk-CANARY0123456");
    closed.api_url = "http://127.0.0.1:1/v1".parse().unwrap();
    let (submitted, _) = submit(&Client::new(closed, super::timing()), &clip()).await;
    assert!(matches!(submitted, Submitted::Refused(error) if error.kind() == Kind::Unavailable));
}

#[tokio::test]
async fn a_synchronous_call_may_end_in_four_ways() {
    let mut sync = clip();
    sync.mode = Mode::Sync;
    let outputs = format!(r#"{{"outputs":[{{"url":"{CLIP}"}}],"cost_usd":0.16,"_tip":"x"}}"#);
    let server = Canned::start(vec![
        status(200, &outputs),
        status(202, r#"{"status":"accepted","job_id":"job_7","poll_url":"/v1/job/job_7"}"#),
        with(200, "Content-Type: video/mp4\r\n", b"\0\0\0\x18ftypmp42"),
        status(200, &format!(r#"{{"request_id":"{HEX}","status":"FAILED","error":"vendor rejected"}}"#)),
    ])
    .await;
    let client = wholesale(&server);
    let (submitted, _) = submit(&client, &sync).await;
    let Submitted::Finished(done) = submitted else { panic!("{submitted:?}") };
    assert_eq!((done.report.phase, done.report.cost), (Phase::Completed, Some("0.16".parse().unwrap())));
    assert_eq!(done.report.outputs[0].url.reveal().as_str(), CLIP);
    assert!(matches!(submit(&client, &sync).await.0, Submitted::Accepted(job) if job.remote.id == "job_7"));
    let (submitted, _) = submit(&client, &sync).await;
    let Submitted::Finished(done) = submitted else { panic!("{submitted:?}") };
    assert_eq!(done.file.as_deref(), Some(&b"\0\0\0\x18ftypmp42"[..]));
    let (submitted, _) = submit(&client, &sync).await;
    let Submitted::Finished(failed) = submitted else { panic!("{submitted:?}") };
    let error = failed.report.failure(Dialect::Wholesale).unwrap();
    assert_eq!((error.kind(), error.quoted()), (Kind::Declined, Some("vendor rejected")));
    assert!(server.seen().iter().all(|seen| !seen.text().contains("async")));
}

#[tokio::test]
async fn a_template_update_is_one_synchronous_call() {
    let id = "f5493c17-d01f-445c-bb49-535fae65f219";
    let definition = json!({
        "timeline": {"tracks": [{"clips": [{"asset": {"type": "title", "text": "Hi"}, "start": 0, "length": 3}]}]},
        "output": {"format": "mp4"},
    });
    let update = TemplateUpdate::new(id, Some("Promo"), Some(definition.clone()), false).unwrap();
    let submission = Submission {
        model: firstcut::skillboss::template::MODEL.into(),
        work: Work::Template(update),
        mode: Mode::Sync,
        ..clip()
    };
    let updated = format!(
        r#"{{"success":true,"message":"OK","response":{{"message":"Template Successfully Updated","id":"{id}"}}}}"#
    );
    let wrapped = format!(r#"{{"result":{updated}}}"#);
    let server = Canned::start(vec![
        status(200, &updated),
        status(200, &wrapped),
        status(200, r#"{"result":{"success":false,"message":"no such template"}}"#),
        status(200, r#"{"success":false,"message":"no such template"}"#),
        status(200, "<html>hotel wifi</html>"),
    ])
    .await;
    let client = wholesale(&server);
    for _ in 0..2 {
        let (submitted, _) = submit(&client, &submission).await;
        assert!(matches!(submitted, Submitted::Finished(done) if done.report.phase == Phase::Completed));
    }
    let (submitted, _) = submit(&client, &submission).await;
    assert!(matches!(submitted, Submitted::Finished(done) if done.report.phase == Phase::Failed));
    assert!(matches!(submit(&client, &submission).await.0, Submitted::Refused(_)));
    assert!(matches!(submit(&client, &submission).await.0, Submitted::Doubtful { .. }));
    let sent: Value = serde_json::from_slice(&server.seen()[0].body).unwrap();
    assert_eq!(
        sent,
        json!({"model": "shotstack/template-update", "inputs": {"prompt": "Promo", "id": id, "name": "Promo", "template": definition}})
    );
}
