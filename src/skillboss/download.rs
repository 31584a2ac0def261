//! Downloads: the finished clip from wherever the service says it is, through the guard and without the key.

use std::path::Path;

use reqwest::StatusCode;

use crate::error::{Error, Kind, Result};
use crate::net::download::{Attempt, Limits, attempt, is_mp4};
use crate::net::staged::{Downloaded, Staged};
use crate::redact::SafeUrl;
use crate::skillboss::client::Client;

/// The largest file that is fetched.
const MOST_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Told the bytes that are there and, where known, the total.
type Progress<'a> = &'a (dyn Fn(u64, Option<u64>) + Send + Sync);

impl Client {
    /// Fetches a clip into `part_file`, going on where an earlier attempt stopped, and leaves it there, checked and on
    /// the disk. The caller gives it its name ([`publish`](crate::net::staged::publish)).
    ///
    /// # Errors
    /// [`Kind::Unavailable`] when it can be tried again later, with a fresh address; [`Kind::Protocol`] when what came
    /// is no MP4; [`Kind::Forbidden`] when the address may not be contacted; [`Kind::Storage`].
    pub async fn download(
        &self,
        url: &SafeUrl,
        part_file: &Path,
        on_progress: Progress<'_>,
    ) -> Result<Downloaded> {
        let mut part = Staged::open(part_file).await?;
        let limits = Limits { head: self.timing.answer, idle: self.timing.answer, most_bytes: MOST_BYTES };
        let mut repeats = 0;
        loop {
            let request = self.guard.client(url.reveal())?.get(url.reveal().clone());
            let before = part.bytes();
            let error = match attempt(request, &mut part, &limits, on_progress).await? {
                Attempt::Whole => break,
                Attempt::Json(_) => return Err(no_video()),
                Attempt::Refused { status, .. } => {
                    let error = unavailable(&format!("{url} answers {}", status.as_u16()));
                    // A signature that ran out: a fresh address is asked for, and what is here is kept.
                    if !(status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS) {
                        return Err(error);
                    }
                    error
                }
                Attempt::Broken(failure) => match &failure.source {
                    Some(source) => unavailable(failure.what).because(std::sync::Arc::clone(source)),
                    None => unavailable(failure.what),
                },
            };
            if part.bytes() > before {
                repeats = 0;
            }
            match self.timing.backoff.pause(repeats, (self.timing.random)()) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
            repeats += 1;
        }
        let whole = part.finish().await?;
        if !is_mp4(part_file)? {
            // What is no video must not be taken up again by a later attempt.
            Staged::open(part_file).await?.restart().await?;
            return Err(no_video());
        }
        Ok(whole)
    }
}

fn no_video() -> Error {
    Error::new(Kind::Protocol, "What the service handed over is no MP4 file.")
        .next("It is asked for again; if that goes on, the service's support must help.")
}

fn unavailable(what: &str) -> Error {
    Error::new(Kind::Unavailable, format!("The clip cannot be fetched: {what}."))
        .next("It is asked for again; what was fetched so far is kept.")
}
