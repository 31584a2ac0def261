//! HTTP clients, built when first used, and what a transport failure says about the request: surely not sent, or perhaps.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, redirect, retry};
use url::{Host, Url};

use crate::error::{Error, Kind, Result};

/// What we call ourselves.
pub const USER_AGENT: &str = concat!("firstcut/", env!("CARGO_PKG_VERSION"));

/// The clients for one service.
///
/// Nothing here repeats a request by itself and nothing follows a redirect: a repeated POST could pay twice, and a
/// redirect could carry a token away.
#[derive(Debug)]
pub struct Http {
    plain_loopback: bool,
    connect_timeout: Duration,
    reads: OnceLock<Client>,
    writes: OnceLock<Client>,
}

impl Http {
    /// Clients for the service at `base`.
    #[must_use]
    pub fn new(base: &Url, connect_timeout: Duration) -> Self {
        let plain_loopback = base.scheme() == "http" && is_loopback_name(base);
        Self { plain_loopback, connect_timeout, reads: OnceLock::new(), writes: OnceLock::new() }
    }

    /// For requests that may be repeated; connections are kept.
    ///
    /// # Errors
    /// [`Kind::Config`] when the system has no usable trusted certificates.
    pub fn reads(&self) -> Result<&Client> {
        self.lazily(&self.reads, |builder| builder)
    }

    /// For requests that must not be repeated. Each takes a new connection: a kept one that the service closes in the
    /// same moment would leave us unsure whether the request arrived.
    ///
    /// # Errors
    /// As [`reads`](Self::reads).
    pub fn writes(&self) -> Result<&Client> {
        self.lazily(&self.writes, |builder| builder.pool_max_idle_per_host(0).http1_only())
    }

    fn lazily<'a>(
        &self,
        slot: &'a OnceLock<Client>,
        adjust: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<&'a Client> {
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let builder = builder(self.connect_timeout).redirect(redirect::Policy::none());
        let builder = if self.plain_loopback { without_tls(builder.no_proxy()) } else { builder };
        let client = adjust(builder).build().map_err(cannot_build)?;
        Ok(slot.get_or_init(|| client))
    }
}

/// What every client of ours has in common.
pub(super) fn builder(connect_timeout: Duration) -> ClientBuilder {
    static PROVIDER: OnceLock<()> = OnceLock::new();
    PROVIDER.get_or_init(|| {
        // An error means that somebody installed a provider before us, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(connect_timeout)
        .tcp_keepalive(Duration::from_secs(30))
        .retry(retry::never())
        .referer(false)
}

/// Skips the system's certificates: an emulator on loopback must work on a machine that has none.
pub(super) fn without_tls(builder: ClientBuilder) -> ClientBuilder {
    builder.tls_certs_only([])
}

pub(super) fn cannot_build(error: reqwest::Error) -> Error {
    Error::new(Kind::Config, "Secure connections cannot be set up on this system.")
        .next("Install the system's trusted certificates (the package is often called ca-certificates).")
        .because(error)
}

/// Whether an address names this machine: `localhost`, 127.0.0.0/8 or `::1`.
#[must_use]
pub fn is_loopback_name(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether the service can have seen the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The connection was never made: no name, no route, no TLS.
    No,
    /// It broke, or fell silent, after the request had begun.
    Perhaps,
}

/// A request without a complete answer.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Whether the service can have seen it.
    pub sent: Sent,
    /// What happened, as the end of a sentence: "the connection broke".
    pub what: &'static str,
    /// The cause, without the address.
    pub source: Option<Arc<reqwest::Error>>,
}

impl Failure {
    fn silent(what: &'static str) -> Self {
        Self { sent: Sent::Perhaps, what, source: None }
    }
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        // TLS failures happen inside the connector and count as connect errors.
        let (sent, what) = if error.is_dns() {
            (Sent::No, "its name cannot be resolved")
        } else if error.is_connect() && error.is_timeout() {
            (Sent::No, "no connection within the time limit")
        } else if error.is_connect() {
            (Sent::No, "no connection could be made")
        } else if error.is_builder() {
            (Sent::No, "the request could not be built")
        } else if error.is_timeout() {
            (Sent::Perhaps, "no answer within the time limit")
        } else {
            (Sent::Perhaps, "the connection broke")
        };
        Self { sent, what, source: Some(Arc::new(error.without_url())) }
    }
}

/// Sends a request and waits for the head of the answer.
///
/// # Errors
/// A [`Failure`], also when no head arrives within `head_timeout`.
pub async fn send(request: RequestBuilder, head_timeout: Duration) -> Result<Response, Failure> {
    match tokio::time::timeout(head_timeout, request.send()).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Failure::silent("no answer within the time limit")),
    }
}

/// The next piece of a body, or nothing at its clean end.
///
/// # Errors
/// A [`Failure`], also when nothing arrives for `idle`.
pub async fn piece(response: &mut Response, idle: Duration) -> Result<Option<Bytes>, Failure> {
    match tokio::time::timeout(idle, response.chunk()).await {
        Ok(piece) => Ok(piece?),
        Err(_) => Err(Failure::silent("the answer stopped half-way")),
    }
}

/// Reads a whole body of at most `limit_bytes`, for a request whose total time is limited.
///
/// # Errors
/// As [`body`], also when it is not whole at the `deadline`.
pub async fn whole_body(
    response: Response,
    deadline: tokio::time::Instant,
    limit_bytes: usize,
) -> Result<Vec<u8>, Failure> {
    let left = deadline.saturating_duration_since(tokio::time::Instant::now());
    match tokio::time::timeout_at(deadline, body(response, left, limit_bytes)).await {
        Ok(body) => body,
        Err(_) => Err(Failure::silent("no whole answer within the time limit")),
    }
}

/// Reads a whole body of at most `limit_bytes`.
///
/// # Errors
/// A [`Failure`] when it breaks, falls silent for `idle`, or is too large.
pub async fn body(mut response: Response, idle: Duration, limit_bytes: usize) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(bytes) = piece(&mut response, idle).await? {
        if body.len() + bytes.len() > limit_bytes {
            return Err(Failure::silent("the answer is larger than any sensible one"));
        }
        body.extend_from_slice(&bytes);
    }
    Ok(body)
}
