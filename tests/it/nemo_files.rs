//! Files: uploads streamed from the disk, downloads that resume and give no token away.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use firstcut::error::{Kind, Money};
use firstcut::nemo::upload::UploadFile;
use firstcut::redact::SafeUrl;
use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use super::{client, impatient, with_token};
use crate::canned::{Canned, Piece, json, status, token, with};

fn file(folder: &Path, name: &str, content: &[u8]) -> UploadFile {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    UploadFile { path, filename: name.into(), mime: "video/mp4".into(), bytes: content.len() as u64 }
}

const UPLOADED: &str = r#"{"code":0,"data":{"files":[{"filename":"a.mp4","file_type":"video","cdn_url":"https://cdn.test/a.mp4","duration":30.5,"width":1920,"height":"1080"}],"session_state_applied":true}}"#;

#[tokio::test]
async fn files_go_up_in_one_form() {
    let server = Canned::start(vec![token("A"), json(r#"{"code":1001}"#), token("B"), json(UPLOADED)]).await;
    let (one, home) = client(&server.url);
    let content = vec![7_u8; 300_000];
    let files = [file(home.path(), "a.mp4", &content), file(home.path(), "日本 \"b\".mp4", b"tiny")];
    let steps = Mutex::new(Vec::new());
    let uploaded = one
        .upload_files("55", &files, &|sent, total| steps.lock().unwrap().push((sent, total)))
        .await
        .unwrap();
    assert_eq!(uploaded[0].duration_ms, Some(30_500.0));
    assert_eq!((uploaded[0].width, uploaded[0].height), (Some(1920.0), Some(1080.0)));
    assert_eq!(steps.lock().unwrap().last(), Some(&(300_004, 300_004)));
    let seen = server.seen();
    assert_eq!(seen[3].line, "POST /api/upload-video/nemo_agent/me/55");
    assert!(seen[3].header("content-type").unwrap().starts_with("multipart/form-data; boundary="));
    assert!(seen[3].header("content-length").is_some(), "the length is known beforehand");
    assert_eq!(seen[3].text().matches(r#"name="files""#).count(), 2);
    assert!(
        seen[3].text().contains(r#"filename="a.mp4""#) && seen[3].text().contains("Content-Type: video/mp4")
    );
    assert!(seen[3].body.windows(300_000).any(|window| window == content));
    assert_eq!(seen[1].body.len(), seen[3].body.len(), "after a new token everything is sent again");
}

#[tokio::test]
async fn uploads_are_not_repeated_on_suspicion() {
    for (reply, kind) in [
        (vec![Piece::Reset], Kind::Uncertain),
        (vec![Piece::Stall], Kind::Uncertain),
        (status(500, ""), Kind::Uncertain),
        (json(r#"{"code":4001,"message":"no"}"#), Kind::UnsupportedFile),
        (status(415, ""), Kind::UnsupportedFile),
        (json(r#"{"code":4002}"#), Kind::FileTooLarge),
        (status(413, "<html>"), Kind::FileTooLarge),
        (json(r#"{"code":1002}"#), Kind::SessionLost),
    ] {
        let server = Canned::start(vec![reply.clone(), json(UPLOADED)]).await;
        let (one, home) = impatient(&server.url);
        let error =
            one.upload_files("55", &[file(home.path(), "a.mp4", b"x")], &|_, _| {}).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.spent(), server.seen().len()),
            (kind, Money::NotSpent, 1),
            "{reply:?}"
        );
    }
}

#[tokio::test]
async fn bad_files_are_refused_before_anything_is_sent() {
    let server = Canned::start(vec![]).await;
    let (one, home) = with_token(&server.url, "nmv_usr_x");
    let good = file(home.path(), "a.mp4", b"x");
    let shrunk = UploadFile { bytes: 5, ..good.clone() };
    let empty = file(home.path(), "e.mp4", b"");
    let huge = UploadFile { bytes: 200 * 1024 * 1024 + 1, ..good.clone() };
    let gone = UploadFile { path: home.path().join("gone.mp4"), ..good.clone() };
    let odd = UploadFile { mime: "not a type".into(), ..good };
    for (files, kind) in [
        (vec![], Kind::InvalidInput),
        (vec![empty], Kind::InvalidInput),
        (vec![shrunk], Kind::InvalidInput),
        (vec![odd], Kind::InvalidInput),
        (vec![huge], Kind::FileTooLarge),
        (vec![gone], Kind::Storage),
    ] {
        let error = one.upload_files("55", &files, &|_, _| {}).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{files:?}");
    }
    assert_eq!(one.upload_urls("55", &[]).await.unwrap_err().kind(), Kind::InvalidInput);
    for inside in [
        "file:///etc/passwd",
        "http://10.0.0.1/a.mp4",
        "https://[fe80::1]/a.mp4",
        "https://me:word@a.test/a.mp4",
    ] {
        let error = one.upload_urls("55", &[inside.parse().unwrap()]).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Forbidden, "{inside}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn addresses_go_up_as_json() {
    let server = Canned::start(vec![json(r#"{"url":"https://cdn.test/x.mp4"}"#)]).await;
    let (one, _home) = with_token(&server.url, "nmv_usr_x");
    let uploaded = one.upload_urls("55", &["https://example.com/video.mp4".parse().unwrap()]).await.unwrap();
    assert_eq!(uploaded[0].url.as_ref().unwrap().as_str(), "https://cdn.test/x.mp4");
    assert_eq!(server.seen()[0].text(), r#"{"urls":["https://example.com/video.mp4"],"source_type":"url"}"#);
    server.add(json(r#"{"code":0,"data":{"files":[]}}"#));
    one.upload_urls("55", &["http://example.com/video.mp4".parse().unwrap()]).await.unwrap();
    assert!(server.seen()[1].text().contains("\"http://example.com/video.mp4\""));
}

fn video() -> Vec<u8> {
    let mut video = b"\0\0\0\x18ftypisom".to_vec();
    video.extend((0..200_000_u32).map(|n| (n % 251) as u8));
    video
}

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn file_reply(bytes: &[u8]) -> Vec<Piece> {
    with(200, "Content-Type: video/mp4\r\n", bytes)
}

fn address(server: &Canned) -> SafeUrl {
    SafeUrl::new(server.url.join("/render-result/r.mp4?sig=CANARY").unwrap())
}

#[tokio::test]
async fn a_download_gives_no_token_to_strangers() {
    let (api, cdn) = (Canned::start(vec![]).await, Canned::start(vec![file_reply(&video())]).await);
    let (one, home) = with_token(&api.url, "nmv_usr_CANARY");
    let part = home.path().join("r.part");
    let steps = Mutex::new(Vec::new());
    let whole = one
        .download("r", Some(&address(&cdn)), &part, &|bytes, total| {
            steps.lock().unwrap().push((bytes, total))
        })
        .await
        .unwrap();
    assert_eq!((whole.bytes, whole.sha256), (video().len() as u64, sum(&video())));
    assert_eq!(fs::read(&part).unwrap(), video());
    assert_eq!(steps.lock().unwrap().last(), Some(&(whole.bytes, Some(whole.bytes))));
    let seen = &cdn.seen()[0];
    for header in ["authorization", "x-skill-source", "x-skill-platform", "cookie", "referer"] {
        assert_eq!(seen.header(header), None);
    }
    assert!(api.seen().is_empty());
}

#[tokio::test]
async fn a_broken_download_is_resumed() {
    let video = video();
    let arrived = Arc::new(Notify::new());
    let cut = |from: usize, to: usize| {
        let mut reply = file_reply(&video[from..]);
        if let Piece::Bytes(bytes) = &mut reply[0] {
            bytes.truncate(bytes.len() - (video.len() - to));
        }
        // A reset throws away what was not read yet.
        reply.extend([Piece::Until(arrived.clone()), Piece::Reset]);
        reply
    };
    let rest = |from: usize| {
        let range = format!(
            "Content-Type: video/mp4\r\nContent-Range: bytes {from}-{}/{}\r\n",
            video.len() - 1,
            video.len()
        );
        with(206, &range, &video[from..])
    };
    let cdn = Canned::start(vec![cut(0, 50_000)]).await;
    let api = Canned::start(vec![]).await;
    let (one, home) = impatient(&api.url);
    let part = home.path().join("r.part");
    cdn.add(rest(50_000));
    let progress = |bytes: u64, _: Option<u64>| {
        if bytes == 50_000 {
            arrived.notify_one();
        }
    };
    let whole = one.download("r", Some(&address(&cdn)), &part, &progress).await.unwrap();
    assert_eq!(whole.sha256, sum(&video));
    assert_eq!(cdn.seen()[1].header("range"), Some("bytes=50000-"));

    // Another process goes on with the part file; a server that knows no ranges starts over.
    for (have, replies, requests) in [
        (70_000, vec![rest(70_000)], 1),
        (70_000, vec![file_reply(&video)], 1),
        (video.len(), vec![with(416, &format!("Content-Range: bytes */{}\r\n", video.len()), b"")], 1),
        (70_000, vec![rest(60_000), file_reply(&video)], 2),
        (70_000, vec![with(416, "Content-Range: bytes */9\r\n", b""), file_reply(&video)], 2),
        (70_000, vec![vec![Piece::Reset], status(503, "x"), rest(70_000)], 3),
        (70_000, vec![vec![Piece::Stall], rest(70_000)], 2),
    ] {
        fs::write(&part, &video[..have]).unwrap();
        let cdn = Canned::start(replies).await;
        let whole = one.download("r", Some(&address(&cdn)), &part, &|_, _| {}).await.unwrap();
        assert_eq!((whole.sha256, cdn.seen().len()), (sum(&video), requests));
        assert_eq!(cdn.seen()[0].header("range").unwrap(), format!("bytes={have}-"));
        assert_eq!(fs::read(&part).unwrap(), video);
    }
}

#[tokio::test]
async fn the_services_own_route_is_the_fallback() {
    let video = video();
    let part_of = |home: &tempfile::TempDir| home.path().join("r.part");
    for refusal in [
        status(403, "<html>"),
        status(404, "{}"),
        status(410, ""),
        status(200, "<html>no video</html>"),
        with(302, "Location: http://10.0.0.1/x\r\n", b""),
    ] {
        let cdn = Canned::start(vec![refusal.clone()]).await;
        let api = Canned::start(vec![file_reply(&video)]).await;
        let (one, home) = with_token(&api.url, "nmv_usr_x");
        fs::write(part_of(&home), b"half of something else").unwrap();
        let whole = one.download("r", Some(&address(&cdn)), &part_of(&home), &|_, _| {}).await.unwrap();
        assert_eq!(whole.sha256, sum(&video), "{refusal:?}");
        let seen = &api.seen()[0];
        assert_eq!(seen.line, "GET /api/render/proxy/r/download");
        assert_eq!(seen.header("authorization"), Some("Bearer nmv_usr_x"));
        assert_eq!(seen.header("range"), None, "bytes of two sources are not mixed");
    }
    // Without an address; the route may refuse the token, or name the address in JSON or by a redirect.
    let cdn = Canned::start(vec![file_reply(&video), file_reply(&video)]).await;
    let named = format!(r#"{{"success":true,"data":{{"output":{{"url":"{}"}}}}}}"#, address(&cdn).reveal());
    let api =
        Canned::start(vec![token("A"), status(401, r#"{"code":1001}"#), token("B"), json(&named)]).await;
    let (one, home) = client(&api.url);
    assert_eq!(one.download("r", None, &part_of(&home), &|_, _| {}).await.unwrap().sha256, sum(&video));
    let api = Canned::start(vec![with(302, &format!("Location: {}\r\n", address(&cdn).reveal()), b"")]).await;
    let (one, home) = with_token(&api.url, "nmv_usr_x");
    assert_eq!(one.download("r", None, &part_of(&home), &|_, _| {}).await.unwrap().sha256, sum(&video));
    assert!(cdn.seen().iter().all(|seen| seen.header("authorization").is_none()));
}

#[tokio::test]
async fn what_is_no_video_is_not_kept() {
    for reply in [
        file_reply(b"<html>login</html>"),
        file_reply(b""),
        file_reply(b"\0\0\0\x18moov"),
        json(r#"{"code":0}"#),
        status(200, "<html>"),
    ] {
        let api = Canned::start(vec![reply.clone()]).await;
        let (one, home) = with_token(&api.url, "nmv_usr_x");
        let part = home.path().join("r.part");
        let error = one.download("r", None, &part, &|_, _| {}).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol, "{reply:?}");
        assert_eq!(fs::metadata(&part).unwrap().len(), 0);
    }
    let api = Canned::start(vec![status(404, "{}")]).await;
    let (one, home) = with_token(&api.url, "nmv_usr_x");
    let error = one.download("r", None, &home.path().join("r.part"), &|_, _| {}).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    let error = one.download("r", None, Path::new("/nowhere/at/all/r.part"), &|_, _| {}).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Storage);
}

#[tokio::test]
async fn endless_files_end() {
    let huge = vec![
        Piece::Bytes(
            b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 99999999999\r\n\r\n".to_vec(),
        ),
        Piece::Stall,
    ];
    let api = Canned::start(vec![huge]).await;
    let (one, home) = with_token(&api.url, "nmv_usr_x");
    let error = one.download("r", None, &home.path().join("r.part"), &|_, _| {}).await.unwrap_err();
    assert_eq!(error.kind(), Kind::FileTooLarge);
}
