//! Uploads: files streamed from the disk as they are read, and files that the service fetches from an address.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::StreamExt;
use reqwest::multipart::{Form, Part};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::sync::watch;
use tokio_util::io::ReaderStream;
use url::Url;

use crate::error::{Error, Kind, Money, Result};
use crate::nemo::call::{Body, Call, Effect, Failed};
use crate::nemo::client::Client;
use crate::nemo::wire::{self, Fields, Payload};
use crate::net::http::{Failure, Sent};

/// The largest file (NemoVideo skill, Tips and Tricks). The service's own 4002 is the authority.
pub const FILE_LIMIT_BYTES: u64 = 200 * 1024 * 1024;

/// A file to upload. The caller has made sure that it may be read and that it is media.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadFile {
    /// Where it is.
    pub path: PathBuf,
    /// The name that the service sees.
    pub filename: String,
    /// Such as `video/mp4`.
    pub mime: String,
    /// Its size; no more than this is sent, and less is an error.
    pub bytes: u64,
}

/// What the service made of an uploaded file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Uploaded {
    /// Its name there.
    pub filename: String,
    /// `video`, `image` or `audio`.
    pub kind: Option<String>,
    /// Where the service keeps it.
    pub url: Option<Url>,
    /// Length in milliseconds (the service tells seconds).
    pub duration_ms: Option<f64>,
    /// Width in pixels.
    pub width: Option<f64>,
    /// Height in pixels.
    pub height: Option<f64>,
}

impl Client {
    /// Uploads files in one request, telling `on_progress` the bytes sent and the total. Memory stays constant.
    ///
    /// # Errors
    /// As the error table; [`Kind::Uncertain`] (nothing spent) when the connection broke: the state tells whether the
    /// files arrived.
    pub async fn upload_files(
        &self,
        session_id: &str,
        files: &[UploadFile],
        on_progress: &(dyn Fn(u64, u64) + Send + Sync),
    ) -> Result<Vec<Uploaded>> {
        check(files)?;
        let total = files.iter().map(|file| file.bytes).sum();
        let (sent, mut progress) = watch::channel(0);
        let sent = Arc::new(sent);
        let form = || -> Result<Form> {
            sent.send_replace(0);
            files.iter().try_fold(Form::new(), |form, file| Ok(form.part("files", part(file, &sent)?)))
        };
        let path = ["api", "upload-video", "nemo_agent", "me", session_id];
        let call = Call {
            session: Some(session_id),
            // The upload's own progress is watched instead.
            patience: Some(std::time::Duration::MAX),
            ..Call::post("take the upload", &path, Body::Form(&form), Effect::Costly)
        };
        let exchange = self.ask(&call, |reply| Ok(uploaded(reply)));
        tokio::pin!(exchange);
        loop {
            tokio::select! {
                reply = &mut exchange => {
                    let reply = settle(reply)?;
                    on_progress(total, total);
                    return Ok(reply);
                }
                changed = tokio::time::timeout(self.timing.idle, progress.changed()) => match changed {
                    Ok(_) => {
                        let sent = *progress.borrow_and_update();
                        on_progress(sent, total);
                    }
                    Err(_) => {
                        let stalled = Failure { sent: Sent::Perhaps, what: "it stood still for too long", source: None };
                        return settle(Err(self.lost(&stalled, &call)));
                    }
                },
            }
        }
    }

    /// Lets the service fetch files itself.
    ///
    /// # Errors
    /// As [`upload_files`](Self::upload_files); [`Kind::Forbidden`] for an address that is not public.
    pub async fn upload_urls(&self, session_id: &str, urls: &[Url]) -> Result<Vec<Uploaded>> {
        if urls.is_empty() {
            return Err(Error::invalid("There is no address to upload from."));
        }
        for url in urls {
            // The service fetches, so plain http is its own business; our inside is not.
            let mut address = url.clone();
            if url.scheme() == "http" && address.set_scheme("https").is_err() {
                return Err(Error::invalid("The address cannot be read."));
            }
            self.guard.vet(&address)?;
        }
        let body = json!({"urls": urls, "source_type": "url"}).to_string();
        let path = ["api", "upload-video", "nemo_agent", "me", session_id];
        let call = Call {
            session: Some(session_id),
            patience: Some(self.timing.idle),
            ..Call::post("fetch the files", &path, Body::Json(body), Effect::Costly)
        };
        settle(self.ask(&call, |reply| Ok(uploaded(reply))).await)
    }
}

fn check(files: &[UploadFile]) -> Result<()> {
    if files.is_empty() {
        return Err(Error::invalid("There is no file to upload."));
    }
    for file in files {
        if file.bytes == 0 {
            return Err(Error::invalid(format!("The file {} is empty.", file.filename)));
        }
        if file.bytes > FILE_LIMIT_BYTES {
            return Err(Error::new(
                Kind::FileTooLarge,
                format!("The file {} is larger than 200 MB.", file.filename),
            )
            .next("Compress it or trim it, then upload it again."));
        }
    }
    Ok(())
}

/// One file as a part of the form, counted as it leaves.
fn part(file: &UploadFile, sent: &Arc<watch::Sender<u64>>) -> Result<Part> {
    let cannot = |error| Error::storage(format!("The file {} cannot be read.", file.path.display()), error);
    let open = File::open(&file.path).map_err(cannot)?;
    if open.metadata().map_err(cannot)?.len() != file.bytes {
        return Err(Error::invalid(format!(
            "The file {} changed while it was to be uploaded.",
            file.filename
        )));
    }
    let sent = Arc::clone(sent);
    // A file that grows meanwhile must not break the length that was promised.
    let pieces = ReaderStream::with_capacity(tokio::fs::File::from_std(open).take(file.bytes), 64 * 1024);
    let pieces = pieces.inspect(move |piece| {
        if let Ok(bytes) = piece {
            sent.send_modify(|sent| *sent += bytes.len() as u64);
        }
    });
    Part::stream_with_length(reqwest::Body::wrap_stream(pieces), file.bytes)
        .file_name(file.filename.clone())
        .mime_str(&file.mime)
        .map_err(|error| Error::invalid(format!("{} is no media type.", file.mime)).because(error))
}

/// An upload costs nothing, even one that is in doubt.
fn settle(reply: Result<Vec<Uploaded>, Failed>) -> Result<Vec<Uploaded>> {
    reply.map_err(|failed| {
        if failed.error.kind() == Kind::Uncertain {
            failed.error.money(Money::NotSpent)
        } else {
            failed.error
        }
    })
}

fn uploaded(reply: &Payload<'_>) -> Vec<Uploaded> {
    let files = reply.list("files");
    if files.is_empty() && reply.raw("url").is_some() {
        // Some callers of this service read a single address at the top.
        let url = reply.text("url").and_then(|url| url.parse().ok());
        return vec![Uploaded {
            filename: reply.text("filename").unwrap_or_default(),
            url,
            ..Uploaded::default()
        }];
    }
    files
        .into_iter()
        .map(|file| {
            let Some(fields) = Fields::parse(file.get()) else {
                return Uploaded { filename: wire::text(file).unwrap_or_default(), ..Uploaded::default() };
            };
            Uploaded {
                filename: fields.text("filename").or_else(|| fields.text("name")).unwrap_or_default(),
                kind: fields.text("file_type").or_else(|| fields.text("type")),
                url: fields.text("cdn_url").or_else(|| fields.text("url")).and_then(|url| url.parse().ok()),
                duration_ms: fields.number("duration").map(|seconds| seconds * 1000.0),
                width: fields.number("width"),
                height: fields.number("height"),
            }
        })
        .collect()
}
