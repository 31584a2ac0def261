//! Notices of services: their bodies are limited, their signatures verified, and they are answered after the commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::{Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Shared;
use crate::error::{Error, Kind, Result};
use crate::jobs::run::hook::{self, Taken};
use crate::skillboss::webhook::Notice;

/// A notice is a few hundred bytes.
const MOST_BYTES: usize = 64 * 1024;
/// How long a notice may take to arrive whole.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was done with notices.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) taken: AtomicU64,
    pub(super) repeated: AtomicU64,
    pub(super) refused: AtomicU64,
}

/// Answered only after the notice is on the disk: the sender tries once more at most.
pub(super) async fn take(
    State(shared): State<Arc<Shared>>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let body = match tokio::time::timeout(PATIENCE, to_bytes(body, MOST_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return refuse(&shared, StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => return refuse(&shared, StatusCode::REQUEST_TIMEOUT),
    };
    match judge(&shared, &token, &head.headers, &body).await {
        Ok(Taken::New) => count(&shared.notices.taken, StatusCode::OK),
        Ok(Taken::Again) => count(&shared.notices.repeated, StatusCode::OK),
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

async fn judge(shared: &Shared, token: &str, headers: &HeaderMap, body: &Bytes) -> Result<Taken> {
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
    count(&shared.notices.refused, status)
}
