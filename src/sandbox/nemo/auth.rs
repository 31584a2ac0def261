//! Who is calling: anonymous tokens, bearer checks, claim tokens.

use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::Nemo;
use super::answer::{Code, Refusal, ok};
use super::rows::{Arrival, Session, User};
use crate::sandbox::clock::iso;
use crate::sandbox::connection::Peer;
use crate::sandbox::faults::Fault;
use crate::sandbox::gate::{Troubles, bearer};

/// A token's life, and the window of the rate limit: seven days.
const WEEK_MS: i64 = 7 * 24 * 3600 * 1000;

/// The longest client id.
const CLIENT_ID_CHARS: usize = 64;

/// A request with a valid token.
pub(super) struct Caller {
    pub(super) user: User,
    pub(super) troubles: Troubles,
}

impl FromRequestParts<Arc<Nemo>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, nemo: &Arc<Nemo>) -> Result<Self, Refusal> {
        let troubles = parts.extensions.get::<Troubles>().cloned().unwrap_or_default();
        let token = bearer(&parts.headers).unwrap_or_default();
        let known = nemo.users.find(|user| user.token == token && !token.is_empty());
        if let Some(user) = &known
            && troubles.has(&Fault::ExpireToken)
        {
            let now = nemo.clock.now_ms();
            nemo.users.change(&user.id, |user| user.expires_at_ms = Some(now - 1))?;
        }
        let expired = |user: &User| user.expires_at_ms.is_some_and(|at| at <= nemo.clock.now_ms());
        match known.filter(|_| !troubles.has(&Fault::ExpireToken)).filter(|user| !expired(user)) {
            Some(user) => Ok(Self { user, troubles }),
            None => Err(nemo.refuse(Code::BadToken, "Token invalid or expired (sandbox)")),
        }
    }
}

impl Nemo {
    /// The caller's session. `named` is the user in the path; `me` and the own id are the same.
    pub(super) fn session_of(&self, caller: &Caller, named: &str, session: &str) -> Result<Session, Refusal> {
        if caller.troubles.has(&Fault::LoseSession) {
            self.sessions.remove(session)?;
        }
        self.sessions
            .get(session)
            .filter(|session| session.user == caller.user.id && (named == "me" || named == caller.user.id))
            .ok_or_else(|| self.refuse(Code::NoSession, "Session not found (sandbox)"))
    }
}

/// `POST /api/auth/anonymous-token`.
pub(super) async fn anonymous_token(
    State(nemo): State<Arc<Nemo>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let client_id =
        headers.get("x-client-id").and_then(|id| id.to_str().ok()).map(str::trim).unwrap_or_default();
    if client_id.is_empty() {
        return Err(Refusal::http(StatusCode::BAD_REQUEST, "Missing X-Client-Id header (sandbox)"));
    }
    if client_id.chars().count() > CLIENT_ID_CHARS {
        return Err(Refusal::http(
            StatusCode::BAD_REQUEST,
            "X-Client-Id is longer than 64 characters (sandbox)",
        ));
    }
    let now = nemo.clock.now_ms();
    let recent = |came: &Arrival| came.at_ms > now - WEEK_MS;
    let earlier = nemo
        .users
        .find(|user| user.came.as_ref().is_some_and(|came| came.client_id == client_id && recent(came)));
    if let Some(user) = earlier {
        return if nemo.options.same_token_again {
            Ok(token_reply(&user))
        } else {
            Err(too_many("one token per client id in 7 days"))
        };
    }
    let from = peer.address.ip().to_string();
    let neighbours =
        nemo.users.count(|user| user.came.as_ref().is_some_and(|came| came.peer == from && recent(came)));
    if nemo.options.peer_limit.is_some_and(|limit| neighbours >= limit) {
        return Err(too_many("10 tokens per address in 7 days"));
    }
    let user = User {
        id: format!("anon_{}", &Uuid::new_v4().simple().to_string()[..18]),
        token: new_token(),
        expires_at_ms: Some(now + WEEK_MS),
        came: Some(Arrival { client_id: client_id.to_owned(), peer: from, at_ms: now }),
        available: nemo.options.prices.starting_credits,
        frozen: 0,
        plan: nemo.options.plan,
    };
    nemo.users.put(&user.id, user.clone())?;
    Ok(token_reply(&user))
}

fn token_reply(user: &User) -> Response {
    ok(json!({
        "token": user.token,
        "user_id": user.id,
        "credits": user.available + user.frozen,
        "expires_at": user.expires_at_ms.map(iso),
    }))
}

fn too_many(what: &str) -> Refusal {
    Refusal::http(StatusCode::TOO_MANY_REQUESTS, &format!("Rate limit exceeded: {what} (sandbox)"))
}

/// `nmv_usr_` and 32 random bytes, as the real ones look.
fn new_token() -> String {
    let mut bytes = [0; 32];
    for half in bytes.chunks_mut(16) {
        half.copy_from_slice(Uuid::new_v4().as_bytes());
    }
    format!("nmv_usr_{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The body of a claim.
#[derive(Deserialize)]
pub(super) struct Claim {
    task_id: String,
    session_id: String,
}

/// `POST /api/auth/claim-token`.
pub(super) async fn claim_token(
    State(nemo): State<Arc<Nemo>>,
    caller: Caller,
    Json(claim): Json<Claim>,
) -> Result<Response, Refusal> {
    let session = nemo.session_of(&caller, "me", &claim.session_id)?;
    if session.task_id != claim.task_id {
        return Err(nemo.refuse(Code::NoSession, "The task does not belong to the session (sandbox)"));
    }
    let token = format!("clm_{}", URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes()));
    Ok(ok(json!({ "claim_token": token, "expires_in": WEEK_MS / 1000 })))
}
