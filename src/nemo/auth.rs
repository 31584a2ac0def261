//! Authentication: which token goes with a call, and what happens when the service refuses it
//! (NemoVideo skill, First-Time Connection and codes 1001, 400, 429).

use std::sync::Mutex as StdMutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use tokio::sync::Mutex;
use url::Url;

use crate::config;
use crate::error::{Error, Kind, Result};
use crate::nemo::account::Account;
use crate::nemo::errors::{self, Attempted};
use crate::nemo::identity::{LIFETIME, Locked, Token, is_client_id};
use crate::nemo::timing::{Timing, UNREACHABLE_REPEATS};
use crate::nemo::wire::{self, Payload, Refusal};
use crate::net::http::{self, Failure, Http, Sent};
use crate::redact::Secret;

/// The account's token, and how to come by one.
pub(super) struct Auth {
    settings: config::Nemo,
    /// One request for a token at a time within the process; the file lock does the same between processes.
    current: Mutex<Option<Token>>,
    user_id: StdMutex<Option<String>>,
    changed: AtomicBool,
}

/// How the service answered a request for a token.
enum Reply {
    Token(Token),
    Refused(Refusal),
    Lost(Failure),
}

impl Auth {
    pub(super) fn new(settings: config::Nemo) -> Self {
        Self {
            settings,
            current: Mutex::default(),
            user_id: StdMutex::default(),
            changed: AtomicBool::new(false),
        }
    }

    /// The token to send. It is the user's own, a kept one, or a new anonymous one.
    pub(super) async fn token(&self, http: &Http, timing: &Timing) -> Result<Secret> {
        if let Some(own) = &self.settings.token {
            return own_token(own);
        }
        let mut current = self.current.lock().await;
        match current.as_ref() {
            Some(token) if token.is_fresh((timing.now)()) => Ok(token.secret.clone()),
            _ => self.obtain(&mut current, None, http, timing).await,
        }
    }

    /// Another token than the one that the service has just refused.
    pub(super) async fn renew(&self, refused: &Secret, http: &Http, timing: &Timing) -> Result<Secret> {
        if self.settings.token.is_some() {
            return Err(errors::unauthorized(&self.account()));
        }
        let mut current = self.current.lock().await;
        match current.as_ref() {
            // Somebody else was faster.
            Some(token) if token.secret != *refused => Ok(token.secret.clone()),
            _ => self.obtain(&mut current, Some(refused), http, timing).await,
        }
    }

    async fn obtain(
        &self,
        current: &mut Option<Token>,
        refused: Option<&Secret>,
        http: &Http,
        timing: &Timing,
    ) -> Result<Secret> {
        let files = Locked::open(&self.settings.identity_dir).await?;
        let client_id = match &self.settings.client_id {
            Some(id) if is_client_id(id.trim()) => id.trim().to_owned(),
            Some(_) => return Err(bad_client_id()),
            None => files.client_id()?,
        };
        let api_url = self.settings.api_url.as_str();
        let kept = files.token(api_url, &client_id).filter(|kept| Some(&kept.secret) != refused);
        let token = match kept {
            Some(kept) if kept.is_fresh((timing.now)()) => kept,
            kept => match self.request(&files, client_id, http, timing).await {
                Ok(token) => token,
                // By our clock the kept token is too old, but the service gives no other: let the service judge it.
                Err(error) if error.kind() == Kind::RateLimited => kept.ok_or(error)?,
                Err(error) => return Err(error),
            },
        };
        if let Some(user_id) = &token.user_id {
            let earlier = current.as_ref().and_then(|earlier| earlier.user_id.as_ref());
            if earlier.is_some_and(|earlier| earlier != user_id) {
                self.changed.store(true, Ordering::Relaxed);
            }
            *self.user_id.lock().unwrap_or_else(PoisonError::into_inner) = Some(user_id.clone());
        }
        let secret = token.secret.clone();
        *current = Some(token);
        Ok(secret)
    }

    /// Asks for an anonymous token: again with the same id after a passing fault, once with a new id after 400,
    /// once after a pause on 429.
    async fn request(
        &self,
        files: &Locked,
        mut client_id: String,
        http: &Http,
        timing: &Timing,
    ) -> Result<Token> {
        let (mut repeats, mut new_id, mut paused) = (0, false, false);
        loop {
            let account = self.account();
            let tried = Attempted {
                what: "give us a token",
                session: None,
                render: None,
                costly: false,
                paid: false,
                account: &account,
                account_changed: false,
                web_url: &self.settings.web_url,
            };
            let error = match self.ask(&client_id, http, timing).await? {
                Reply::Token(token) => {
                    if let Err(error) = files.keep(self.settings.api_url.as_str(), &client_id, &token) {
                        tracing::warn!(%error, "the token serves this process only");
                    }
                    return Ok(token);
                }
                Reply::Refused(refusal) if refusal.code() == 400 => {
                    if self.settings.client_id.is_some() {
                        return Err(bad_client_id().quoting(&refusal.words));
                    }
                    if !new_id {
                        new_id = true;
                        client_id = files.new_client_id()?;
                        continue;
                    }
                    return Err(errors::explain(&refusal, &tried));
                }
                Reply::Refused(refusal) if errors::is_rate_limit(&refusal) => {
                    if !paused {
                        paused = true;
                        tokio::time::sleep(self.settings.patience()).await;
                        continue;
                    }
                    return Err(no_more_tokens().quoting(&refusal.words));
                }
                Reply::Refused(refusal) if !errors::is_passing(&refusal) => {
                    return Err(errors::explain(&refusal, &tried));
                }
                Reply::Refused(refusal) => errors::explain(&refusal, &tried),
                Reply::Lost(failure) if failure.sent == Sent::No && repeats >= UNREACHABLE_REPEATS => {
                    return Err(errors::lost(&failure, &tried));
                }
                Reply::Lost(failure) => errors::lost(&failure, &tried),
            };
            match timing.backoff.pause(repeats, (timing.random)()) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
            repeats += 1;
        }
    }

    async fn ask(&self, client_id: &str, http: &Http, timing: &Timing) -> Result<Reply> {
        let mut headers: HeaderMap = crate::nemo::attribution::headers(&self.settings.platform)?;
        headers.insert("x-client-id", HeaderValue::from_str(client_id).map_err(|_| bad_client_id())?);
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        let url = endpoint(&self.settings.api_url, &["api", "auth", "anonymous-token"])?;
        let request = http.writes()?.post(url).headers(headers);
        let answer = async {
            let response = http::send(request, timing.answer).await?;
            let status = response.status().as_u16();
            Ok((status, http::body(response, timing.answer, 1024 * 1024).await?))
        };
        let (status, body) = match answer.await {
            Ok(answer) => answer,
            Err(failure) => return Ok(Reply::Lost(failure)),
        };
        Ok(match wire::open(status, &String::from_utf8_lossy(&body)) {
            Ok(payload) => Reply::Token(token_of(&payload, (timing.now)())?),
            Err(refusal) => Reply::Refused(refusal),
        })
    }

    /// Who we are.
    pub(super) fn account(&self) -> Account {
        let user_id = self.user_id.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Account { own_token: self.settings.token.is_some(), user_id }
    }

    /// Some answers tell the user id too; what came with the token is better, but a user's own token comes alone.
    pub(super) fn learn_user(&self, user_id: &str) {
        let mut known = self.user_id.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() && user_id != "me" {
            *known = Some(user_id.to_owned());
        }
    }

    /// Whether the service has put us into another account since we began.
    pub(super) fn account_changed(&self) -> bool {
        self.changed.load(Ordering::Relaxed)
    }
}

/// The address of an endpoint, its parts escaped.
pub(super) fn endpoint(base: &Url, parts: &[&str]) -> Result<Url> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| Error::new(Kind::Config, "NEMO_API_URL is not a web address."))?
        .pop_if_empty()
        .extend(parts);
    Ok(url)
}

fn token_of(payload: &Payload<'_>, now: Timestamp) -> Result<Token> {
    let token = payload.text("token").filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()));
    let Some(token) = token else {
        return Err(
            Error::new(Kind::Protocol, "NemoVideo answered without a token.").next("Check NEMO_API_URL.")
        );
    };
    let in_seconds = || payload.number("expires_in").map(|seconds| SignedDuration::from_secs(seconds as i64));
    let told = payload.text("expires_at").and_then(|at| at.parse().ok());
    let expires_at =
        told.or_else(|| now.saturating_add(in_seconds().unwrap_or(LIFETIME)).ok()).unwrap_or(Timestamp::MAX);
    Ok(Token { secret: Secret::new(token), user_id: payload.text("user_id"), expires_at, obtained_at: now })
}

/// `NEMO_TOKEN` as it may stand in a header. A damaged one is never swapped for another account.
fn own_token(own: &Secret) -> Result<Secret> {
    let token = own.reveal().trim();
    let usable =
        !token.is_empty() && token.len() <= 4096 && token.bytes().all(|byte| byte.is_ascii_graphic());
    if usable {
        return Ok(Secret::new(token));
    }
    Err(Error::new(Kind::Unauthorized, "NEMO_TOKEN is malformed: a token is one word of plain characters.")
        .next("Copy it again, without quotes and line breaks. Or remove it to use a free anonymous account."))
}

fn bad_client_id() -> Error {
    Error::new(Kind::Config, "NEMO_CLIENT_ID cannot be used as a client id.")
        .next("Use up to 64 plain characters without spaces, for example a UUID, or remove the setting.")
}

fn no_more_tokens() -> Error {
    Error::new(
        Kind::RateLimited,
        "NemoVideo gives out no more free tokens for now: one per client in 7 days, ten per network address.",
    )
    .next("Set NEMO_TOKEN to a token of your own, or try again in a few days.")
}
