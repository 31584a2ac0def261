//! `POST /api/upload-video/…`: files into the session, as a form or by address, in constant memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Path as UrlPath, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::Nemo;
use super::answer::{Code, Refusal};
use super::auth::Caller;
use super::cdn::with_links;
use super::upload_kind::{ACCEPTED, HEAD_BYTES, Kind, looks_like, promised};
use crate::media::probe::probe;
use crate::sandbox::gate::Received;
use crate::sandbox::loopback::on_this_machine;
use crate::sandbox::store::{file_stem, hex};

/// A file that was taken in, not yet part of a session.
struct Taken {
    name: String,
    kind: Kind,
    path: PathBuf,
    bytes: u64,
    hash: String,
}

#[derive(Deserialize)]
struct ByAddress {
    urls: Vec<String>,
}

pub(super) async fn upload(
    State(nemo): State<Arc<Nemo>>,
    UrlPath((named, id)): UrlPath<(String, String)>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let session = nemo.session_of(&caller, &named, &id)?;
    let kind =
        request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let mut taken = Vec::new();
    let got = if kind.to_ascii_lowercase().starts_with("multipart/form-data") {
        from_form(&nemo, request, &mut taken).await
    } else {
        from_addresses(&nemo, request, &mut taken).await
    };
    if let Err(refusal) = got {
        for file in taken {
            discard(&file.path).await;
        }
        return Err(refusal);
    }
    let mut infos = Vec::new();
    for file in &taken {
        infos.push(describe(file).await);
    }
    nemo.sessions.change(&session.id, |row| row.project.video_infos.extend(infos.iter().cloned()))?;
    let received = Received {
        bytes: taken.iter().map(|file| file.bytes).sum(),
        sha256: taken.iter().map(|file| file.hash.as_str()).collect::<Vec<_>>().join(","),
    };
    let data = with_links(json!({ "files": infos, "session_state_applied": true }), &nemo.base);
    let mut answer = Json(json!({ "code": 0, "data": data })).into_response();
    answer.extensions_mut().insert(received);
    Ok(answer)
}

async fn from_form(nemo: &Nemo, request: Request, taken: &mut Vec<Taken>) -> Result<(), Refusal> {
    let broken = |text: &str| {
        Refusal::http(StatusCode::BAD_REQUEST, &format!("The form cannot be read: {text} (sandbox)"))
    };
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| broken(&error.body_text()))?;
    // After a refusal the rest is read and dropped: a client that is still sending would not see the answer.
    let mut refused = None;
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error.body_text()))? {
        if refused.is_some() || field.name() != Some("files") {
            let mut field = field;
            while field.chunk().await.map_err(|error| broken(&error.body_text()))?.is_some() {}
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        let chunks = field.map(|chunk| chunk.map_err(|error| error.body_text()));
        match take(nemo, &name, chunks).await {
            Ok(file) => taken.push(file),
            Err(refusal) => refused = Some(refusal),
        }
    }
    match refused {
        Some(refusal) => Err(refusal),
        None if taken.is_empty() => {
            let text = "Field required";
            Err(Refusal::field("missing", &["body", "files"], text, Value::Null))
        }
        None => Ok(()),
    }
}

async fn from_addresses(nemo: &Nemo, request: Request, taken: &mut Vec<Taken>) -> Result<(), Refusal> {
    let bad = |text: &str| Refusal::http(StatusCode::BAD_REQUEST, text);
    let body = Bytes::from_request(request, &()).await.map_err(|error| bad(&error.body_text()))?;
    let given: ByAddress = serde_json::from_slice(&body)
        .map_err(|_| Refusal::field("missing", &["body", "urls"], "Field required", Value::Null))?;
    if given.urls.is_empty() {
        return Err(Refusal::field("too_short", &["body", "urls"], "List should not be empty", json!([])));
    }
    for address in given.urls {
        let url =
            url::Url::parse(&address).map_err(|_| bad(&format!("Not an address: {address} (sandbox)")))?;
        if url.scheme() != "http" || !on_this_machine(&url) {
            return Err(bad(
                "The sandbox fetches http addresses on this machine only (localhost, 127.0.0.1, [::1])",
            ));
        }
        let name = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default().to_owned();
        let answer = nemo.http.get(url).send().await.and_then(reqwest::Response::error_for_status).map_err(
            |error| bad(&format!("The file cannot be fetched: {} (sandbox)", error.without_url())),
        )?;
        let chunks =
            answer.bytes_stream().map(|chunk| chunk.map_err(|error| error.without_url().to_string()));
        taken.push(take(nemo, &name, chunks).await?);
    }
    Ok(())
}

/// Writes one file to disk as it comes, checking name, content and size. A refusal leaves nothing behind.
async fn take(
    nemo: &Nemo,
    name: &str,
    chunks: impl Stream<Item = Result<Bytes, String>>,
) -> Result<Taken, Refusal> {
    let mut chunks = std::pin::pin!(chunks);
    let kind = promised(name);
    let plain = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let (stem, end) = plain.rsplit_once('.').unwrap_or((plain, "bin"));
    let folder = nemo.media_folder().join(Uuid::new_v4().simple().to_string());
    tokio::fs::create_dir_all(&folder).await?;
    let path = folder.join(format!("{}.{}", file_stem(stem), end.to_ascii_lowercase()));
    let mut refusal = match kind {
        Some(_) => None,
        None => Some(unsupported(nemo, plain)),
    };
    let mut file = tokio::io::BufWriter::with_capacity(256 * 1024, File::create(&path).await?);
    let (mut bytes, mut hash, mut head) = (0_u64, Sha256::new(), Vec::new());
    while let Some(chunk) = chunks.next().await {
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(error) => {
                let text = format!("The upload broke off: {error} (sandbox)");
                refusal = Some(Refusal::http(StatusCode::BAD_REQUEST, &text));
                break;
            }
        };
        bytes += chunk.len() as u64;
        if refusal.is_some() {
            continue;
        }
        if bytes > nemo.options.upload_limit_bytes {
            let limit = nemo.options.upload_limit_bytes / (1024 * 1024);
            refusal = Some(
                nemo.refuse(Code::FileTooLarge, &format!("{plain} is larger than {limit} MB (sandbox)")),
            );
            continue;
        }
        let missing = HEAD_BYTES.saturating_sub(head.len()).min(chunk.len());
        head.extend_from_slice(&chunk[..missing]);
        hash.update(&chunk);
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    let fits = kind.filter(|kind| looks_like(*kind, &head));
    match (refusal, fits) {
        (None, Some(kind)) => {
            let hash = hex(&hash.finalize());
            Ok(Taken { name: plain.to_owned(), kind, path, bytes, hash })
        }
        (refusal, _) => {
            discard(&path).await;
            Err(refusal.unwrap_or_else(|| {
                let text =
                    format!("{plain} does not contain what its name says; accepted are {ACCEPTED} (sandbox)");
                nemo.refuse(Code::UnsupportedFile, &text)
            }))
        }
    }
}

fn unsupported(nemo: &Nemo, name: &str) -> Refusal {
    let text = format!("Unsupported file {name:?}; accepted are {ACCEPTED} (sandbox)");
    nemo.refuse(Code::UnsupportedFile, &text)
}

/// Removes a file and its folder; what cannot be removed is only clutter.
async fn discard(path: &Path) {
    if let Some(folder) = path.parent()
        && let Err(error) = tokio::fs::remove_dir_all(folder).await
    {
        tracing::warn!(%error, "the sandbox could not remove a refused upload");
    }
}

/// The file object of the reply and of `video_infos`.
async fn describe(file: &Taken) -> Value {
    let folder =
        file.path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    let name = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut info = json!({
        "id": format!("file_{}", &folder[..folder.len().min(12)]),
        "filename": file.name,
        "file_type": file.kind.name(),
        "cdn_url": format!("sandbox:/cdn/media/{folder}/{name}"),
        "hash": file.hash,
        "size": file.bytes,
    });
    let (path, kind) = (file.path.clone(), file.kind);
    let measured = tokio::task::spawn_blocking(move || measure(&path, kind)).await.unwrap_or_default();
    if let (Value::Object(info), Value::Object(measured)) = (&mut info, measured) {
        info.extend(measured);
    }
    info
}

/// Width, height, length and frame rate, as far as the file tells. Pictures have no length, sounds no size.
fn measure(path: &Path, kind: Kind) -> Value {
    let probe = match probe(path) {
        Ok(probe) => probe,
        Err(error) => {
            tracing::info!(%error, "an upload says nothing about itself");
            return json!({});
        }
    };
    let mut told = serde_json::Map::new();
    let mut tell = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            told.insert(key.to_owned(), value);
        }
    };
    if kind != Kind::Image {
        tell("duration", probe.duration_s.map(Value::from));
    }
    if kind != Kind::Audio {
        tell("width", probe.width.map(Value::from));
        tell("height", probe.height.map(Value::from));
    }
    if kind == Kind::Video {
        tell("fps", probe.fps.map(Value::from));
    }
    Value::Object(told)
}
