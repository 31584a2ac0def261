//! The HTTP door: takes the notices of services, and says whether we are well. It knows routes and limits; what a
//! notice means is `jobs::hook`'s.

mod access;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::jobs::hook::{self, Taken};
use crate::skillboss::webhook::{Notice, Verifier};

pub use access::Access;

/// A notice is a few hundred bytes.
const MOST_BYTES: usize = 64 * 1024;
/// How long a notice may take to arrive whole.
const PATIENCE: Duration = Duration::from_secs(5);

/// A receiver that is bound to its address.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    /// What others have us serve beside our own routes.
    more: Router,
}

struct Shared {
    app: App,
    verifier: Verifier,
    counts: Counts,
}

/// What was done with notices, for `/metrics`.
#[derive(Default)]
struct Counts {
    taken: AtomicU64,
    repeated: AtomicU64,
    refused: AtomicU64,
}

impl Server {
    /// Binds the address.
    ///
    /// # Errors
    /// `Unavailable` when somebody else listens there; `Config` when a secret cannot be used.
    pub async fn bind(app: App, address: SocketAddr) -> Result<Self> {
        let hooks = &app.config().hooks;
        let verifier = Verifier::from_settings(hooks.signature.as_deref(), &hooks.secrets)?;
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Error::new(Kind::Unavailable, format!("Nothing can be received on {address}: {error}."))
                .next("Choose another address with --listen.")
                .because(error)
        })?;
        let address = listener
            .local_addr()
            .map_err(|error| Error::internal("A listening socket has no address.").because(error))?;
        let shared = Arc::new(Shared { app, verifier, counts: Counts::default() });
        Ok(Self { listener, address, shared, more: Router::new() })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves these routes too, which bring their own guard.
    #[must_use]
    pub fn with(mut self, routes: Router) -> Self {
        self.more = self.more.merge(routes);
        self
    }

    /// Serves until `stop`, and finishes what has begun.
    ///
    /// # Errors
    /// `Internal` when the socket breaks.
    pub async fn run(self, stop: CancellationToken) -> Result<()> {
        let routes = Router::new()
            .route(&format!("{}{{token}}", hook::PATH), post(notice))
            .route("/healthz", get(healthz))
            .route("/metrics", get(metrics))
            .with_state(self.shared)
            .merge(self.more);
        axum::serve(self.listener, routes)
            .with_graceful_shutdown(async move { stop.cancelled().await })
            .await
            .map_err(|error| Error::internal("The receiver stopped.").because(error))
    }
}

/// Answered only after the notice is on the disk: the sender tries once more at most.
async fn notice(State(shared): State<Arc<Shared>>, Path(token): Path<String>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = match tokio::time::timeout(PATIENCE, to_bytes(body, MOST_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return refuse(&shared, StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => return refuse(&shared, StatusCode::REQUEST_TIMEOUT),
    };
    let status = take(&shared, &token, &head.headers, &body).await;
    match status {
        Ok(Taken::New) => count(&shared.counts.taken, StatusCode::OK),
        Ok(Taken::Again) => count(&shared.counts.repeated, StatusCode::OK),
        Ok(Taken::NotOurs) => refuse(&shared, StatusCode::NOT_FOUND),
        Err(error) if error.kind() == Kind::Unauthorized => {
            tracing::warn!(%error, "a notice was refused");
            refuse(&shared, StatusCode::UNAUTHORIZED)
        }
        Err(error) if matches!(error.kind(), Kind::Ledger | Kind::Storage) => {
            tracing::error!(%error, "a notice could not be written down");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Err(error) => {
            tracing::info!(%error, "a notice made no sense");
            refuse(&shared, StatusCode::BAD_REQUEST)
        }
    }
}

async fn take(shared: &Shared, token: &str, headers: &HeaderMap, body: &Bytes) -> Result<Taken> {
    shared
        .verifier
        .verify(headers, body, jiff::Timestamp::now())
        .map_err(|refused| Error::new(Kind::Unauthorized, format!("A notice is not genuine: {refused}.")))?;
    let notice = Notice::parse(body)?;
    hook::take(&shared.app, token, notice.remote(), notice.claim).await
}

fn count(counter: &AtomicU64, status: StatusCode) -> Response {
    counter.fetch_add(1, Ordering::Relaxed);
    status.into_response()
}

fn refuse(shared: &Shared, status: StatusCode) -> Response {
    count(&shared.counts.refused, status)
}

/// Well when the ledger answers.
async fn healthz(State(shared): State<Arc<Shared>>) -> Response {
    let well = async { shared.app.ledger().await?.revision().await };
    match well.await {
        Ok(_) => (StatusCode::OK, "ok\n").into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the ledger does not answer\n").into_response(),
    }
}

/// In the Prometheus text format.
async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let Shared { counts, .. } = &*shared;
    let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let text = format!(
        "# TYPE firstcut_notices_total counter\n\
         firstcut_notices_total{{outcome=\"taken\"}} {}\n\
         firstcut_notices_total{{outcome=\"repeated\"}} {}\n\
         firstcut_notices_total{{outcome=\"refused\"}} {}\n",
        number(&counts.taken),
        number(&counts.repeated),
        number(&counts.refused)
    );
    ([("content-type", "text/plain; version=0.0.4")], text).into_response()
}
