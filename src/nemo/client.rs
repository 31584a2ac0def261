//! The client: sessions, messages, credits, state. Uploads, renders and downloads are in their own files.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde_json::json;

use crate::config;
use crate::error::{Error, Kind, Money, Result};
use crate::nemo::account::Account;
use crate::nemo::auth::Auth;
use crate::nemo::call::{Answer, Body, Call, Effect, without};
use crate::nemo::errors;
use crate::nemo::state::SessionState;
use crate::nemo::stream::TurnStream;
use crate::nemo::timing::Timing;
use crate::nemo::turn::Outcome;
use crate::net::guard::Guard;
use crate::net::http::Http;
use crate::redact::SafeUrl;

/// Speaks to NemoVideo. Cheap to clone; clones share the account and the connections.
#[derive(Clone)]
pub struct Client(Arc<Parts>);

/// What a client consists of.
pub struct Parts {
    pub(super) settings: config::Nemo,
    pub(super) timing: Timing,
    pub(super) http: Http,
    pub(super) guard: Guard,
    pub(super) auth: Auth,
}

impl Deref for Client {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("api_url", &self.settings.api_url.as_str()).finish_non_exhaustive()
    }
}

/// A project with its timeline at the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// 19 digits, kept as text because they exceed what a float can hold.
    pub session_id: String,
    /// The project; needed for a link to it.
    pub task_id: Option<String>,
    /// Whose it is.
    pub user_id: Option<String>,
    /// The language that it was made with.
    pub language: String,
}

/// Credits of the account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Credits {
    /// Can be spent.
    pub available: f64,
    /// Reserved by running work.
    pub frozen: f64,
    /// Both together.
    pub total: f64,
}

impl Client {
    /// A client with these settings. Nothing is opened, read or sent before the first call.
    #[must_use]
    pub fn new(settings: config::Nemo, timing: Timing) -> Self {
        let http = Http::new(&settings.api_url, timing.connect);
        let guard = Guard::new(settings.allow_loopback, timing.connect);
        let auth = Auth::new(settings.clone());
        Self(Arc::new(Parts { settings, timing, http, guard, auth }))
    }

    /// Opens a session in a language tag such as `en` or `zh-CN` (see [`language::detect`](crate::nemo::language::detect)).
    ///
    /// # Errors
    /// As the error table; after a lost answer the request is made once more, at worst an empty project is left behind.
    pub async fn create_session(&self, language: &str) -> Result<Session> {
        let body = json!({"task_name": "project", "language": language}).to_string();
        let path = ["api", "tasks", "me", "with-session", "nemo_agent"];
        let call = Call::post("open a session", &path, Body::Json(body), Effect::Harmless);
        let session = self.ask(&call, |reply| {
            Ok(Session {
                session_id: session_id(reply.text("session_id").ok_or_else(|| without("a session id"))?)?,
                task_id: reply.text("task_id"),
                user_id: reply.text("user_id"),
                language: language.to_owned(),
            })
        });
        let session = session.await?;
        self.note_user(session.user_id.as_deref());
        Ok(session)
    }

    /// Sends a message to the agent and returns its stream as soon as the service has taken it.
    ///
    /// # Errors
    /// [`Kind::Uncertain`] means that the message perhaps arrived: read the state, never send it again by itself. Every
    /// other kind means that it surely had no effect.
    pub async fn send(&self, session_id: &str, text: &str) -> Result<TurnStream> {
        if text.trim().is_empty() {
            return Err(Error::invalid("The message is empty."));
        }
        let body = json!({
            "app_name": "nemo_agent",
            "user_id": "me",
            "session_id": session_id,
            "new_message": {"parts": [{"text": text}]},
        });
        let call = Call {
            session: Some(session_id),
            patience: Some(self.timing.idle),
            stream: true,
            ..Call::post("answer the message", &["run_sse"], Body::Json(body.to_string()), Effect::Costly)
        };
        let begun = tokio::time::Instant::now();
        match self.exchange(&call).await {
            Ok(Answer::Stream(response)) => Ok(TurnStream::new(self.clone(), response, session_id, begun)),
            Ok(Answer::Body(_)) => Err(Error::internal("A message cannot have an ordinary answer.")),
            Err(failed) if failed.error.kind() == Kind::OutOfCredits => {
                let words = failed.refusal.map(|refusal| refusal.words).unwrap_or_default();
                Err(self.out_of_credits(session_id, &words).await)
            }
            Err(failed) => Err(failed.into()),
        }
    }

    /// Explains missing credits; the link for anonymous accounts needs the user id, which the session's state tells
    /// (NemoVideo skill, code 2001).
    pub async fn out_of_credits(&self, session_id: &str, words: &str) -> Error {
        let account = self.auth.account();
        if account.is_anonymous() && account.user_id.is_none() {
            // Without the id the plain registration link must do.
            let _ = self.state(session_id).await;
        }
        errors::out_of_credits(&self.auth.account(), &self.settings.web_url, words).quoting(words)
    }

    /// The failure that a turn's stream told of, for the user; nothing when it told of none. Whether the turn had an
    /// effect all the same, only the state can tell.
    pub async fn failure_of(&self, session_id: &str, outcome: &Outcome) -> Option<Error> {
        if outcome.out_of_credits {
            return Some(self.out_of_credits(session_id, "").await.money(Money::Unknown));
        }
        let failed = outcome.refused.is_some() || !outcome.errors.is_empty();
        let call = Call { session: Some(session_id), ..Call::get("answer the message", &[]) };
        failed.then(|| self.explained(&call, |tried| errors::failed_inside(outcome.refused, tried)))
    }

    /// The account's credits.
    ///
    /// # Errors
    /// As the error table.
    pub async fn credits(&self) -> Result<Credits> {
        let path = ["api", "credits", "balance", "simple"];
        let call = Call::get("tell the credits", &path);
        let credits = self.ask(&call, |reply| {
            let (available, frozen, total) =
                (reply.number("available"), reply.number("frozen"), reply.number("total"));
            let available = available
                .or_else(|| Some(total? - frozen.unwrap_or(0.0)))
                .ok_or_else(|| without("the credits"))?;
            let frozen = frozen.unwrap_or_else(|| total.map_or(0.0, |total| total - available));
            Ok(Credits { available, frozen, total: total.unwrap_or(available + frozen) })
        });
        Ok(credits.await?)
    }

    /// The latest state of a session.
    ///
    /// # Errors
    /// As the error table; [`Kind::SessionLost`] when it is gone.
    pub async fn state(&self, session_id: &str) -> Result<SessionState> {
        let path = ["api", "state", "nemo_agent", "me", session_id, "latest"];
        let call = Call { session: Some(session_id), ..Call::get("show the session", &path) };
        let state = self.ask(&call, |reply| Ok(SessionState::of(reply))).await?;
        self.note_user(state.user_id.as_deref());
        Ok(state)
    }

    /// A link that opens the project in a browser. It carries a claim token, never the API token.
    ///
    /// # Errors
    /// As the error table; a service without this route gives no link and no error.
    pub async fn claim_link(&self, task_id: &str, session_id: &str) -> Result<Option<SafeUrl>> {
        let body = json!({"task_id": task_id, "session_id": session_id}).to_string();
        let path = ["api", "auth", "claim-token"];
        let call = Call::post("make a link", &path, Body::Json(body), Effect::Harmless);
        let token = match self
            .ask(&call, |reply| reply.text("claim_token").ok_or_else(|| without("a claim token")))
            .await
        {
            Ok(token) => token,
            Err(failed) if failed.refusal.as_ref().is_some_and(|refusal| refusal.code() == 404) => {
                return Ok(None);
            }
            Err(failed) => return Err(failed.into()),
        };
        let mut link = crate::nemo::auth::endpoint(&self.settings.web_url, &["workspace", "claim"])?;
        link.query_pairs_mut().append_pair("ct", &token);
        Ok(Some(SafeUrl::new(link)))
    }

    /// Who we are, as far as the service has told.
    #[must_use]
    pub fn account(&self) -> Account {
        self.auth.account()
    }

    /// Makes sure of a token, so that a set-up notice can be shown and trouble with it comes early.
    ///
    /// # Errors
    /// As the error table.
    pub async fn connect(&self) -> Result<Account> {
        self.auth.token(&self.http, &self.timing).await?;
        Ok(self.auth.account())
    }

    fn note_user(&self, user_id: Option<&str>) {
        if let Some(user_id) = user_id {
            self.auth.learn_user(user_id);
        }
    }
}

/// An id as the service makes them; it travels in addresses and is shown, so nothing else is taken.
fn session_id(id: String) -> Result<String> {
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if plain && (1..=128).contains(&id.len()) { Ok(id) } else { Err(without("a usable session id")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_id_is_a_plain_word() {
        for id in ["55", "a_B-9", &"x".repeat(128)] {
            assert_eq!(session_id(id.to_owned()).unwrap(), id);
        }
        for id in ["", "../me", "a b", "a\"", "ä", &"x".repeat(129)] {
            assert_eq!(session_id(id.to_owned()).unwrap_err().kind(), Kind::Protocol, "{id}");
        }
    }
}
