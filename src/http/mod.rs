//! The HTTP door: takes the notices of services, and says whether we are well. It knows routes and limits; what a
//! notice means is `jobs::run::hook`'s.

mod access;
mod health;
mod limits;
mod notices;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::jobs::run::hook;
use crate::skillboss::webhook::Verifier;

pub use access::Access;

/// A receiver that is bound to its address.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    /// What others have us serve beside our own routes.
    more: Router,
}

/// What the routes have in common.
struct Shared {
    app: App,
    verifier: Verifier,
    notices: notices::Counts,
    line: limits::Line,
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
                .next("Choose another address.")
                .because(error)
        })?;
        let address = listener
            .local_addr()
            .map_err(|error| Error::internal("A listening socket has no address.").because(error))?;
        let shared = Shared { app, verifier, notices: Default::default(), line: Default::default() };
        Ok(Self { listener, address, shared: Arc::new(shared), more: Router::new() })
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
    /// None at present: a socket that fails for a moment is tried again.
    pub async fn run(self, stop: CancellationToken) -> Result<()> {
        let shared = self.shared;
        limits::serve(self.listener, routes(Arc::clone(&shared)).merge(self.more), &shared.line, stop).await;
        Ok(())
    }
}

/// Every route of this door. Each limits its own bodies; heads and connections are limited for all in `limits`.
fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(&format!("{}{{token}}", hook::PATH), post(notices::take))
        .route("/healthz", get(health::healthz))
        .route("/metrics", get(health::metrics))
        .with_state(shared)
}
