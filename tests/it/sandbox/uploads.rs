//! Uploads: forms and addresses, what is refused, and what the agent makes of them.

use std::sync::Arc;

use firstcut::sandbox::Sandbox;
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::guest::{Guest, answer, http, instant, ok};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x40\0\0\0\x24\x08\x02\0\0\0";

fn clip() -> Vec<u8> {
    [b"\0\0\0\x18ftypisom\0\0\x02\0isomavc1".as_slice(), &[0; 200]].concat()
}

#[tokio::test]
async fn several_files_in_one_form() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    let form = Form::new()
        .part("files", Part::bytes(clip()).file_name("Mein Film (1).mp4"))
        .part("note", Part::text("ignored"))
        .part("files", Part::bytes(PNG.to_vec()).file_name("图片.png"));
    let path = format!("/api/upload-video/nemo_agent/me/{}", guest.session);
    let got = ok(guest.post(&path).multipart(form)).await;
    assert_eq!(got["data"]["session_state_applied"], true);
    let files = got["data"]["files"].as_array().unwrap();
    assert_eq!(files.len(), 2);
    assert_eq!(
        (&files[0]["filename"], &files[0]["file_type"]),
        (&json!("Mein Film (1).mp4"), &json!("video"))
    );
    assert_eq!((&files[1]["filename"], &files[1]["file_type"]), (&json!("图片.png"), &json!("image")));
    assert_eq!(guest.state().await["state"]["video_infos"], got["data"]["files"]);
    let served = http().get(files[0]["cdn_url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(served.headers()["content-type"], "video/mp4");
    assert_eq!(served.bytes().await.unwrap(), clip());
    let logged = sandbox.log.entries().unwrap();
    let answer = logged.iter().rfind(|entry| entry.endpoint == "upload").unwrap();
    assert_eq!(answer.body_bytes, Some((clip().len() + PNG.len()) as u64));
}

#[tokio::test]
async fn what_is_not_taken() {
    let folder = TempDir::new().unwrap();
    let mut options = instant(&folder);
    options.upload_limit_bytes = 1024 * 1024;
    let sandbox = Sandbox::start(options).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    let big = [clip(), vec![0; 1024 * 1024]].concat();
    for (name, bytes, status, code) in [
        ("notes.txt", b"hello".to_vec(), 415, 4001),
        ("noname", clip(), 415, 4001),
        ("key.mp4", b"-----BEGIN OPENSSH PRIVATE KEY-----".to_vec(), 415, 4001),
        ("picture.png", clip(), 415, 4001),
        ("empty.mp4", vec![], 415, 4001),
        ("big.mp4", big, 413, 4002),
    ] {
        let (got, body) = guest.upload(name, bytes).await;
        assert_eq!((got.as_u16(), &body["code"]), (status, &json!(code)), "{name}: {body}");
    }
    // one bad file refuses the whole form
    let form = Form::new()
        .part("files", Part::bytes(clip()).file_name("good.mp4"))
        .part("files", Part::bytes(b"x".to_vec()).file_name("bad.txt"));
    let path = format!("/api/upload-video/nemo_agent/me/{}", guest.session);
    assert_eq!(answer(guest.post(&path).multipart(form)).await.1["code"], 4001);
    let none = Form::new().part("file", Part::bytes(clip()).file_name("wrong-part.mp4"));
    assert_eq!(answer(guest.post(&path).multipart(none)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        answer(guest.post("/api/upload-video/nemo_agent/me/1").json(&json!({ "urls": [] }))).await.1["code"],
        1002
    );
    assert_eq!(guest.state().await["state"]["video_infos"], json!([]));
    let kept = std::fs::read_dir(folder.path().join("nemo/media")).unwrap().count();
    assert_eq!(kept, 0, "a refused upload leaves nothing behind");
}

#[tokio::test]
async fn by_address_on_this_machine_only() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    let body = Arc::new(clip());
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = server.accept().await {
            let mut head = [0; 1024];
            let read = stream.read(&mut head).await.unwrap();
            let found = head[..read].starts_with(b"GET /clip.mp4");
            let status = if found { "200 OK" } else { "404 Not Found" };
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&body).await.unwrap();
        }
    });
    let path = format!("/api/upload-video/nemo_agent/me/{}", guest.session);
    let by = |url: String| answer(guest.post(&path).json(&json!({ "urls": [url], "source_type": "url" })));
    let (status, got) = by(format!("http://{address}/clip.mp4?x=1")).await;
    assert_eq!((status, &got["data"]["files"][0]["filename"]), (StatusCode::OK, &json!("clip.mp4")), "{got}");
    for bad in [
        format!("http://{address}/gone.mp4"),
        "https://example.com/video.mp4".to_owned(),
        "http://192.168.0.1/video.mp4".to_owned(),
        "file:///etc/passwd".to_owned(),
        "nonsense".to_owned(),
    ] {
        assert_eq!(by(bad.clone()).await.0, StatusCode::BAD_REQUEST, "{bad}");
    }
    assert_eq!(by(format!("http://{address}/clip.txt")).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(guest.state().await["state"]["video_infos"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn uploads_come_onto_the_timeline() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    for name in ["one.png", "two.png", "three.png"] {
        guest.upload(name, PNG.to_vec()).await;
    }
    assert_eq!(guest.draft().await, json!(null));
    guest.told("make a slideshow of my photos, 2 seconds each, and add jazz music").await;
    let draft = guest.draft().await;
    let names = |draft: &serde_json::Value| -> Vec<String> {
        let clips = draft["t"][0]["sg"].as_array().unwrap();
        clips.iter().map(|clip| clip["m"]["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&draft), ["one.png", "two.png", "three.png"]);
    assert_eq!((&draft["d"], &draft["t"][1]["sg"][0]["m"]["title"]), (&json!(6000), &json!("Jazz")));
    guest.told("swap the first and the last clip").await;
    assert_eq!(names(&guest.draft().await), ["three.png", "two.png", "one.png"]);
    guest.upload("four.png", PNG.to_vec()).await;
    guest.told("replace clip 2 with the new upload").await;
    assert_eq!(names(&guest.draft().await), ["three.png", "four.png", "one.png"]);

    // the quick edit: upload, then an instruction about it
    let guest = Guest::arrive(&sandbox).await;
    guest.upload("holiday.mp4", clip()).await;
    guest.told("add a title \"Holiday\"").await;
    let draft = guest.draft().await;
    assert_eq!(
        (&draft["t"][0]["sg"][0]["m"]["title"], &draft["t"][1]["sg"][0]["m"]["text"]),
        (&json!("holiday.mp4"), &json!("Holiday"))
    );
}
