//! Downloads: one attempt to bring the rest of a file into a part file, resumable, capped, never silent for long.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, LOCATION, RANGE};
use reqwest::{RequestBuilder, Response, StatusCode};
use url::Url;

use crate::error::{Error, Kind, Result};
use crate::net::guard;
use crate::net::http::{self, Failure};
use crate::net::staged::Staged;

/// How patient and how generous a download is.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long the head of the answer may take.
    pub head: Duration,
    /// How long the body may stand still.
    pub idle: Duration,
    /// The largest file.
    pub most_bytes: u64,
}

/// How an attempt ended.
#[derive(Debug)]
pub enum Attempt {
    /// The part file is whole.
    Whole,
    /// The service answered with JSON instead of a file (NemoVideo's own download route may name the address in it).
    Json(Vec<u8>),
    /// It refused; the part file is unchanged.
    Refused {
        /// With this status,
        status: StatusCode,
        /// and these words,
        body: Vec<u8>,
        /// or it names another address, which was not followed.
        location: Option<Url>,
    },
    /// It broke off; another attempt goes on where this one stopped.
    Broken(Failure),
}

/// Sends `request` for what is still missing in `part`, telling `on_progress` the bytes there are and, where known, the total.
///
/// # Errors
/// What another attempt cannot mend: [`Kind::Storage`], [`Kind::FileTooLarge`], [`Kind::Forbidden`] (a redirect to an
/// address that may not be contacted) and [`Kind::Protocol`] (a web page instead of a file).
pub async fn attempt(
    request: RequestBuilder,
    part: &mut Staged,
    limits: &Limits,
    on_progress: &(dyn Fn(u64, Option<u64>) + Send + Sync),
) -> Result<Attempt> {
    // A compressed body could not be resumed and its length would mean nothing.
    let mut request = request.header(ACCEPT_ENCODING, "identity");
    if part.bytes() > 0 {
        request = request.header(RANGE, format!("bytes={}-", part.bytes()));
    }
    let mut response = match http::send(request, limits.head).await {
        Ok(response) => response,
        Err(failure) => return broken(failure),
    };
    let total = match response.status() {
        StatusCode::OK => {
            match kind_of(response.headers()) {
                Body::Json => return json(response, limits).await,
                Body::Page => return Err(page()),
                Body::File => {}
            }
            if part.bytes() > 0 {
                part.restart().await?;
            }
            response.content_length()
        }
        StatusCode::PARTIAL_CONTENT => match content_range(response.headers()) {
            Some((first, total)) if first == part.bytes() => total,
            _ => {
                part.restart().await?;
                return Ok(Attempt::Broken(misplaced()));
            }
        },
        StatusCode::RANGE_NOT_SATISFIABLE if part.bytes() > 0 => {
            // Either it was whole already, or it is not the same file.
            if unsatisfied_total(response.headers()) == Some(part.bytes()) {
                return Ok(Attempt::Whole);
            }
            part.restart().await?;
            return Ok(Attempt::Broken(misplaced()));
        }
        status => {
            let location =
                response.headers().get(LOCATION).and_then(|to| response.url().join(to.to_str().ok()?).ok());
            // The status says enough when the words are lost.
            let body = http::body(response, limits.idle, 64 * 1024).await.unwrap_or_default();
            return Ok(Attempt::Refused { status, body, location });
        }
    };
    if total.is_some_and(|total| total > limits.most_bytes) {
        return Err(too_large(limits));
    }
    on_progress(part.bytes(), total);
    loop {
        match http::piece(&mut response, limits.idle).await {
            Ok(Some(bytes)) => {
                if part.bytes() + bytes.len() as u64 > limits.most_bytes {
                    return Err(too_large(limits));
                }
                part.append(&bytes).await?;
                on_progress(part.bytes(), total);
            }
            Ok(None) if total.is_none_or(|total| total == part.bytes()) => {
                part.flush().await?;
                return Ok(Attempt::Whole);
            }
            Ok(None) => {
                part.flush().await?;
                return Ok(Attempt::Broken(misplaced()));
            }
            Err(failure) => {
                part.flush().await?;
                return broken(failure);
            }
        }
    }
}

/// Whether a file begins as an MP4 does: with a box of the type `ftyp`.
///
/// # Errors
/// `Storage` when it cannot be read.
pub fn is_mp4(path: &Path) -> Result<bool> {
    let mut start = Vec::new();
    let cannot = |error| Error::storage(format!("The file {} cannot be read.", path.display()), error);
    std::fs::File::open(path).map_err(cannot)?.take(12).read_to_end(&mut start).map_err(cannot)?;
    Ok(start.get(4..8) == Some(b"ftyp"))
}

enum Body {
    File,
    Json,
    Page,
}

fn kind_of(headers: &HeaderMap) -> Body {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/json" => Body::Json,
        "text/html" | "application/xhtml+xml" => Body::Page,
        _ => Body::File,
    }
}

async fn json(response: Response, limits: &Limits) -> Result<Attempt> {
    match http::body(response, limits.idle, 64 * 1024).await {
        Ok(body) => Ok(Attempt::Json(body)),
        Err(failure) => Ok(Attempt::Broken(failure)),
    }
}

fn broken(failure: Failure) -> Result<Attempt> {
    if let Some(refused) = failure.source.as_deref().and_then(|error| guard::refusal(error)) {
        return Err(Error::new(
            Kind::Forbidden,
            format!("The download leads to an address that may not be contacted ({}).", refused.0),
        ));
    }
    Ok(Attempt::Broken(failure))
}

fn misplaced() -> Failure {
    Failure { sent: http::Sent::Perhaps, what: "the answer is not the missing part", source: None }
}

fn too_large(limits: &Limits) -> Error {
    let most_mib = limits.most_bytes / (1024 * 1024);
    Error::new(
        Kind::FileTooLarge,
        format!("The file is larger than {most_mib} MiB, the most that is downloaded."),
    )
}

fn page() -> Error {
    Error::new(Kind::Protocol, "The download address answers with a web page instead of a file.")
}

/// `bytes 100-199/200` → (100, 200); the total may be unknown.
fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let (range, total) =
        headers.get(CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = range.split_once('-')?;
    Some((first.trim().parse().ok()?, total.trim().parse().ok()))
}

/// `bytes */200` → 200.
fn unsatisfied_total(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes */")?.trim().parse().ok()
}
