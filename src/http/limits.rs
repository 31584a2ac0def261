//! The line: how many may call at once, how large and how slow a request's head may be.
//!
//! The ready-made loop of axum has none of these limits, and one stranger who opens sockets and never finishes a
//! sentence would use up the files that the process may have open, the ledger's among them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections at the same time. A process may usually have 1,024 files open, of which the ledger and downloads
/// need some.
const MOST_CONNECTIONS: usize = 256;
/// Callers that are told at the same time that it is full; further ones are only hung up on.
const MOST_TURNED_AWAY: usize = 32;
/// A head larger than this is answered with 431.
const MOST_HEAD_BYTES: usize = 16 * 1024;
/// So is one with more fields.
const MOST_FIELDS: usize = 64;
/// How long a head may take, and how long a connection may be idle between two requests.
const HEAD_PATIENCE: Duration = Duration::from_secs(15);
/// How long answers that are under way at the end may take.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// After a socket could not be accepted, most likely because too many files are open.
const PAUSE: Duration = Duration::from_millis(100);

const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// The places on the line, and what happened on it.
pub(super) struct Line {
    free: Arc<Semaphore>,
    refused: AtomicU64,
}

impl Default for Line {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(MOST_CONNECTIONS)), refused: AtomicU64::new(0) }
    }
}

impl Line {
    /// Connections now.
    pub(super) fn open(&self) -> usize {
        MOST_CONNECTIONS - self.free.available_permits()
    }

    /// Turned away since the start, because there were too many.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

/// Serves until `stop`; then answers that are under way have two seconds.
pub(super) async fn serve(listener: TcpListener, routes: Router, line: &Line, stop: CancellationToken) {
    let told = Arc::new(Semaphore::new(MOST_TURNED_AWAY));
    let open = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        match Arc::clone(&line.free).try_acquire_owned() {
            Ok(place) => {
                open.spawn(talk(stream, peer, routes.clone(), stop.clone(), place));
            }
            Err(_) => {
                line.refused.fetch_add(1, Ordering::Relaxed);
                if let Ok(place) = Arc::clone(&told).try_acquire_owned() {
                    tokio::spawn(turn_away(stream, place));
                }
            }
        }
    }
    open.close();
    // Streams that never end do not hold up the end.
    let _waited = tokio::time::timeout(LAST_ANSWERS, open.wait()).await;
}

async fn talk(
    stream: TcpStream,
    peer: SocketAddr,
    routes: Router,
    stop: CancellationToken,
    _place: OwnedSemaphorePermit,
) {
    // Small frames must leave at once; a failure only makes them later.
    let _ = stream.set_nodelay(true);
    let routes = TowerToHyperService::new(routes);
    let answer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        routes.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(MOST_HEAD_BYTES)
        .max_headers(MOST_FIELDS)
        .serve_connection(TokioIo::new(stream), answer);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(LAST_ANSWERS, connection).await {
                Ok(ended) => ended,
                Err(_) => Ok(()),
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

/// Says that it is full. What the caller said so far is read, or the system would answer with a reset instead.
async fn turn_away(mut stream: TcpStream, _place: OwnedSemaphorePermit) {
    let mut said = [0; 4096];
    let farewell = async {
        let _ = stream.read(&mut said).await;
        let _ = stream.write_all(FULL).await;
        let _ = stream.shutdown().await;
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), farewell).await;
}
