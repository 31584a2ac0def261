//! Downloads: the rendered file from wherever the service put it, without our token; else through its own route, with it.

use std::path::Path;

use reqwest::StatusCode;

use crate::error::{Error, Kind, Result};
use crate::nemo::call::Call;
use crate::nemo::client::Client;
use crate::nemo::errors;
use crate::nemo::render::download_url;
use crate::nemo::wire::{self, Refusal};
use crate::net::download::{Attempt, Limits, attempt, is_mp4};
use crate::net::http::{Failure, Sent};
use crate::net::staged::{Downloaded, Staged};
use crate::redact::SafeUrl;

/// The largest file that is fetched.
const MOST_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Told the bytes that are there and, where known, the total.
type Progress<'a> = &'a (dyn Fn(u64, Option<u64>) + Send + Sync);

/// Where the bytes of an attempt come from.
enum Source<'a> {
    /// An address that a stranger named: guarded, no credentials.
    Named(&'a SafeUrl),
    /// The service's own route.
    Own,
}

/// How a source ended.
enum Taken {
    Whole,
    /// The route named an address instead.
    Elsewhere(SafeUrl),
}

impl Client {
    /// Fetches a finished render into `part_file`, going on where an earlier attempt stopped, and leaves it there,
    /// checked and on the disk. The caller gives it its name ([`publish`](crate::net::staged::publish)).
    ///
    /// # Errors
    /// [`Kind::Unavailable`] when it can be tried again later; [`Kind::Protocol`] when what came is no MP4; else as the
    /// error table.
    pub async fn download(
        &self,
        render_id: &str,
        url: Option<&SafeUrl>,
        part_file: &Path,
        on_progress: Progress<'_>,
    ) -> Result<Downloaded> {
        let mut part = Staged::open(part_file).await?;
        let named = match url {
            Some(url) => Some(self.take(&Source::Named(url), render_id, &mut part, on_progress).await),
            None => None,
        };
        match named {
            Some(Ok(_)) => {}
            Some(Err(error)) if matches!(error.kind(), Kind::Storage | Kind::FileTooLarge) => {
                return Err(error);
            }
            first => {
                if let Some(Err(error)) = first {
                    tracing::info!(%error, "the download address does not serve; trying the service's own route");
                    // Bytes of one source are not continued with those of another.
                    part.restart().await?;
                }
                if let Taken::Elsewhere(url) =
                    self.take(&Source::Own, render_id, &mut part, on_progress).await?
                {
                    part.restart().await?;
                    self.take(&Source::Named(&url), render_id, &mut part, on_progress).await?;
                }
            }
        }
        let whole = part.finish().await?;
        if !is_mp4(part_file)? {
            // What is no video must not be taken up again by a later attempt.
            Staged::open(part_file).await?.restart().await?;
            return Err(no_video());
        }
        Ok(whole)
    }

    /// Takes everything from one source. An attempt that brought something does not count against the repeats.
    async fn take(
        &self,
        source: &Source<'_>,
        render_id: &str,
        part: &mut Staged,
        on_progress: Progress<'_>,
    ) -> Result<Taken> {
        let limits = Limits { head: self.timing.answer, idle: self.timing.answer, most_bytes: MOST_BYTES };
        let path = ["api", "render", "proxy", render_id, "download"];
        let call = Call { render: Some(render_id), ..Call::get("hand over the file", &path) };
        let (mut repeats, mut renewed) = (0, None);
        loop {
            let mut token = None;
            let request = match source {
                Source::Named(url) => self.guard.client(url.reveal())?.get(url.reveal().clone()),
                Source::Own => {
                    let current = match renewed.clone() {
                        Some(token) => token,
                        None => self.auth.token(&self.http, &self.timing).await?,
                    };
                    token = Some(current.clone());
                    self.request(&call, &current)?
                }
            };
            let before = part.bytes();
            let error = match attempt(request, part, &limits, on_progress).await? {
                Attempt::Whole => return Ok(Taken::Whole),
                Attempt::Json(body) => match (source, wire::open(200, &String::from_utf8_lossy(&body))) {
                    (Source::Own, Ok(reply)) => {
                        return download_url(&reply).map(Taken::Elsewhere).ok_or_else(no_video);
                    }
                    (Source::Own, Err(refusal))
                        if errors::is_auth(&refusal) && renewed.is_none() && token.is_some() =>
                    {
                        renewed = self.renewed(token).await?;
                        continue;
                    }
                    (Source::Own, Err(refusal)) => return Err(self.refused(refusal, &call).error),
                    (Source::Named(_), _) => return Err(no_video()),
                },
                Attempt::Refused { status, location, .. } if status.is_redirection() => {
                    return location.map(|url| Taken::Elsewhere(SafeUrl::new(url))).ok_or_else(no_video);
                }
                Attempt::Refused { status, body, .. } => {
                    let refusal = match wire::open(status.as_u16(), &String::from_utf8_lossy(&body)) {
                        Err(refusal) => refusal,
                        Ok(_) => Refusal { http: status.as_u16(), ..Refusal::default() },
                    };
                    if token.is_some() && errors::is_auth(&refusal) && renewed.is_none() {
                        renewed = self.renewed(token).await?;
                        continue;
                    }
                    // Not ready yet (409) passes like a fault does.
                    let passing = errors::is_passing(&refusal)
                        || errors::is_rate_limit(&refusal)
                        || status == StatusCode::CONFLICT;
                    let error = match source {
                        Source::Own => self.refused(refusal, &call).error,
                        Source::Named(url) => unavailable(&format!("{url} answers {}", status.as_u16())),
                    };
                    if !passing {
                        return Err(error);
                    }
                    error
                }
                Attempt::Broken(failure) => broken(&failure),
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
    }

    async fn renewed(&self, refused: Option<crate::redact::Secret>) -> Result<Option<crate::redact::Secret>> {
        match refused {
            Some(refused) => Ok(Some(self.auth.renew(&refused, &self.http, &self.timing).await?)),
            None => Ok(None),
        }
    }
}

fn no_video() -> Error {
    Error::new(Kind::Protocol, "What NemoVideo handed over is no MP4 file.")
        .next("Export again; exports are free.")
}

fn unavailable(what: &str) -> Error {
    Error::new(Kind::Unavailable, format!("The file cannot be fetched: {what}."))
        .next("Call again; what was fetched so far is kept.")
}

fn broken(failure: &Failure) -> Error {
    let error = match failure.sent {
        Sent::No => unavailable(&format!("its host cannot be reached ({})", failure.what)),
        Sent::Perhaps => unavailable(failure.what),
    };
    match &failure.source {
        Some(source) => error.because(std::sync::Arc::clone(source)),
        None => error,
    }
}
