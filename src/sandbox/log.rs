//! The sandbox's own account: every request it got, every credit it charged.
//!
//! Two files of JSON lines in its folder, written line by line, so that the account outlives a kill of the
//! sandbox. Tests hold clients to it: what was sent twice or charged twice stands here.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Clock, Error};

/// One line about a request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// Number of the request; its answer has the same one.
    pub seq: u64,
    /// When, in epoch milliseconds.
    pub at_ms: i64,
    /// What the line tells.
    pub kind: EntryKind,
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The endpoint's name in fault rules.
    pub endpoint: String,
    /// The headers that matter, without the token.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// A fingerprint of the bearer token: equal tokens have equal fingerprints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// SHA-256 of the body, hex. For uploads it stands in the answer's line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_sha256: Option<String>,
    /// Bytes of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<u64>,
    /// The message of a `/run_sse`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The session, from the path or the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The render, from the path or the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub render: Option<String>,
    /// The fault rules that struck.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// HTTP status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Anything else worth a word, for example that a token was sent where it must not be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a line of the request log tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A request came in.
    #[default]
    Request,
    /// Its answer began.
    Answer,
    /// A bearer token was sent to the file server.
    Leak,
}

/// Refuses a request to a file server that carries a token, and writes it down; `None` for all others.
pub(super) fn leaked(log: &Log, request: &Request, endpoint: &str) -> Option<Response> {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        return None;
    }
    let told = Entry {
        kind: EntryKind::Leak,
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        endpoint: endpoint.to_owned(),
        note: Some("an Authorization header was sent to the file server".to_owned()),
        ..Entry::default()
    };
    if let Err(error) = log.write(told) {
        tracing::error!(%error, "the sandbox could not log a leak");
    }
    let text = "sandbox: the file server takes no Authorization; a token must not leave its own host";
    Some((StatusCode::BAD_REQUEST, text).into_response())
}

/// Credits that were charged for work that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// When, in epoch milliseconds.
    pub at_ms: i64,
    /// Who paid.
    pub user: String,
    /// In which session.
    pub session: String,
    /// For which message.
    pub text: String,
    /// How many credits.
    pub credits: i64,
}

/// The account, to be written and read.
#[derive(Clone, Debug)]
pub struct Log(Arc<Books>);

#[derive(Debug)]
struct Books {
    requests: Book,
    charges: Book,
    next: AtomicU64,
    clock: Clock,
}

impl Log {
    pub(super) fn open(folder: &Path, clock: Clock) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(|source| Error::Folder { path: folder.to_path_buf(), source })?;
        let requests = Book::open(folder.join("requests.jsonl"))?;
        let charges = Book::open(folder.join("charges.jsonl"))?;
        let last = requests
            .read::<Entry>()
            .map_err(|source| Error::Folder { path: requests.path.clone(), source })?
            .last()
            .map_or(0, |entry| entry.seq);
        Ok(Self(Arc::new(Books { requests, charges, next: AtomicU64::new(last + 1), clock })))
    }

    /// All lines about requests, oldest first, also those of earlier runs on the same folder.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn entries(&self) -> io::Result<Vec<Entry>> {
        self.0.requests.read()
    }

    /// Only the requests.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn requests(&self) -> io::Result<Vec<Entry>> {
        Ok(self.entries()?.into_iter().filter(|entry| entry.kind == EntryKind::Request).collect())
    }

    /// All charges, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn charges(&self) -> io::Result<Vec<Charge>> {
        self.0.charges.read()
    }

    /// The path of the request log and of the charges.
    #[must_use]
    pub fn paths(&self) -> [&Path; 2] {
        [&self.0.requests.path, &self.0.charges.path]
    }

    /// A number for a new request.
    pub(super) fn number(&self) -> u64 {
        self.0.next.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn write(&self, mut entry: Entry) -> io::Result<()> {
        entry.at_ms = self.0.clock.now_ms();
        self.0.requests.write(&entry)
    }

    pub(super) fn charge(&self, charge: &Charge) -> io::Result<()> {
        self.0.charges.write(charge)
    }

    pub(super) fn clear(&self) -> io::Result<()> {
        self.0.requests.clear()?;
        self.0.charges.clear()
    }
}

/// One file of JSON lines.
#[derive(Debug)]
struct Book {
    path: PathBuf,
    file: Mutex<File>,
}

impl Book {
    fn open(path: PathBuf) -> Result<Self, Error> {
        let file = Self::append_to(&path).map_err(|source| Error::Folder { path: path.clone(), source })?;
        Ok(Self { path, file: Mutex::new(file) })
    }

    /// A kill can leave half a line; the next one must not be glued to it.
    fn append_to(path: &Path) -> io::Result<File> {
        let mut file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
        if file.metadata()?.len() > 0 {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
            }
        }
        Ok(file)
    }

    fn write(&self, line: &impl Serialize) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.file().write_all(&bytes)
    }

    /// Every whole line; half a line, left by a kill, is skipped.
    fn read<T: DeserializeOwned>(&self) -> io::Result<Vec<T>> {
        let mut lines = Vec::new();
        for line in BufReader::new(File::open(&self.path)?).split(b'\n') {
            if let Ok(line) = serde_json::from_slice(&line?) {
                lines.push(line);
            }
        }
        Ok(lines)
    }

    fn clear(&self) -> io::Result<()> {
        self.file().set_len(0)
    }

    fn file(&self) -> MutexGuard<'_, File> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
