//! Whether we are well, for load balancers; and our numbers, for this machine only.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Shared;

/// A reverse proxy on this machine adds one of these: then somebody else asks.
const PASSED_ON: [&str; 5] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/// Well when the ledger answers. Open to everybody: it tells one bit.
pub(super) async fn healthz(State(shared): State<Arc<Shared>>) -> Response {
    let well = async { shared.app.ledger().await?.revision().await };
    match well.await {
        Ok(_) => (StatusCode::OK, "ok\n").into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the ledger does not answer\n").into_response(),
    }
}

/// In the Prometheus text format. How much work we have is nobody else's business: whoever is not on this machine,
/// or comes through a proxy on it, finds nothing here.
pub(super) async fn metrics(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let near = peer.ip().to_canonical().is_loopback();
    if !near || PASSED_ON.iter().any(|name| headers.contains_key(*name)) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Shared { notices, line, .. } = &*shared;
    let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let text = format!(
        "# TYPE firstcut_notices_total counter\n\
         firstcut_notices_total{{outcome=\"taken\"}} {}\n\
         firstcut_notices_total{{outcome=\"repeated\"}} {}\n\
         firstcut_notices_total{{outcome=\"refused\"}} {}\n\
         # TYPE firstcut_connections gauge\n\
         firstcut_connections {}\n\
         # TYPE firstcut_connections_refused_total counter\n\
         firstcut_connections_refused_total {}\n",
        number(&notices.taken),
        number(&notices.repeated),
        number(&notices.refused),
        line.open(),
        line.refused(),
    );
    ([("content-type", "text/plain; version=0.0.4")], text).into_response()
}
