//! A call: one request to the API with its token and headers, and exactly the repeats that cannot do harm.

use std::time::Duration;

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::multipart::Form;
use reqwest::{Method, RequestBuilder, Response};

use crate::error::{Error, Kind, Result};
use crate::nemo::attribution;
use crate::nemo::auth::endpoint;
use crate::nemo::client::Client;
use crate::nemo::errors::{self, Attempted};
use crate::nemo::timing::UNREACHABLE_REPEATS;
use crate::nemo::wire::{self, Payload, Refusal};
use crate::net::http::{self, Failure, Sent};
use crate::redact::{self, Secret};

/// A state can hold a long timeline; nothing sensible is larger than this.
const ANSWER_LIMIT_BYTES: usize = 64 * 1024 * 1024;

/// The longest pause that a service may ask of us inside one call.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// What a repeated request would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing: it reads.
    None,
    /// A second one leaves something behind that costs nothing: one repeat after a lost answer.
    Harmless,
    /// It costs, or doubles something: never repeated when it may have arrived.
    Costly,
}

/// What is sent along.
pub(super) enum Body<'a> {
    Empty,
    Json(String),
    /// A form can be sent once; it is built again for a repeat.
    Form(&'a (dyn Fn() -> Result<Form> + Send + Sync)),
}

/// One request.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// The path below the base address.
    pub(super) path: &'a [&'a str],
    pub(super) body: Body<'a>,
    pub(super) effect: Effect,
    /// The end of "NemoVideo did not …".
    pub(super) what: &'a str,
    pub(super) session: Option<&'a str>,
    pub(super) render: Option<&'a str>,
    /// How long the answer may take to begin; nothing when somebody else watches over that.
    pub(super) patience: Option<Duration>,
    /// The answer is an event stream.
    pub(super) stream: bool,
}

/// An answer that is no refusal.
pub(super) enum Answer {
    Body(String),
    Stream(Response),
}

/// How one attempt ended.
enum Attempt {
    Answer(Answer),
    Refused { refusal: Refusal, retry_after: Option<Duration> },
    Lost(Failure),
}

impl<'a> Call<'a> {
    pub(super) fn get(what: &'a str, path: &'a [&'a str]) -> Self {
        Self {
            method: Method::GET,
            path,
            body: Body::Empty,
            effect: Effect::None,
            what,
            session: None,
            render: None,
            patience: None,
            stream: false,
        }
    }

    pub(super) fn post(what: &'a str, path: &'a [&'a str], body: Body<'a>, effect: Effect) -> Self {
        Self { method: Method::POST, body, effect, ..Self::get(what, path) }
    }
}

/// Why a call gave nothing: the error for the reader, and the refusal behind it.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) refusal: Option<Refusal>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, refusal: None }
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

impl Client {
    /// Makes the call and reads what is inside the answer's envelope.
    pub(super) async fn ask<T>(
        &self,
        call: &Call<'_>,
        read: impl FnOnce(&Payload<'_>) -> Result<T>,
    ) -> Result<T, Failed> {
        match self.exchange(call).await? {
            Answer::Body(body) => match wire::open(200, &body) {
                Ok(payload) => Ok(read(&payload)?),
                Err(refusal) => Err(self.refused(refusal, call)),
            },
            Answer::Stream(_) => Err(Error::internal("An ordinary call cannot answer with a stream.").into()),
        }
    }

    /// Makes the call. An explicit refusal means that nothing happened, so a new token (once) and a requested pause
    /// (once) may be tried for every call; a lost answer is another matter.
    pub(super) async fn exchange(&self, call: &Call<'_>) -> Result<Answer, Failed> {
        let (mut renewed, mut paused, mut repeats) = (None, false, 0);
        loop {
            let token = match renewed.clone() {
                Some(token) => token,
                None => self.auth.token(&self.http, &self.timing).await?,
            };
            let failed = match self.attempt(call, &token).await? {
                Attempt::Answer(answer) => return Ok(answer),
                Attempt::Refused { refusal, .. } if errors::is_auth(&refusal) && renewed.is_none() => {
                    renewed =
                        Some(self.auth.renew(&token, &self.http, &self.timing).await.map_err(|error| {
                            Failed { error: error.quoting(&refusal.words), refusal: Some(refusal) }
                        })?);
                    continue;
                }
                Attempt::Refused { refusal, retry_after } if errors::is_rate_limit(&refusal) && !paused => {
                    paused = true;
                    let pause = retry_after.unwrap_or_default().max(self.settings.patience());
                    if pause > LONGEST_PAUSE.max(self.settings.patience()) {
                        let failed = self.refused(refusal, call);
                        return Err(Failed { error: failed.error.retry_after_s(pause.as_secs()), ..failed });
                    }
                    tokio::time::sleep(pause).await;
                    continue;
                }
                Attempt::Refused { refusal, .. }
                    if call.effect == Effect::None && errors::is_passing(&refusal) =>
                {
                    self.refused(refusal, call)
                }
                Attempt::Refused { refusal, .. } => return Err(self.refused(refusal, call)),
                Attempt::Lost(failure) => {
                    let failed = self.lost(&failure, call);
                    match (call.effect, failure.sent) {
                        // Whoever wrote down that it leaves now decides whether it may leave later.
                        (Effect::Costly, _) => return Err(failed),
                        // Nobody is there: people want to know that soon, and jobs come again by themselves.
                        (_, Sent::No) if repeats >= UNREACHABLE_REPEATS => return Err(failed),
                        (Effect::Harmless, Sent::Perhaps) if repeats > 0 => return Err(failed),
                        _ => failed,
                    }
                }
            };
            match self.timing.backoff.pause(repeats, (self.timing.random)()) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(failed),
            }
            repeats += 1;
        }
    }

    async fn attempt(&self, call: &Call<'_>, token: &Secret) -> Result<Attempt> {
        // A careless service may repeat it in its answers.
        redact::never_show(token);
        let request = self.request(call, token)?;
        let mut response = match http::send(request, call.patience.unwrap_or(self.timing.answer)).await {
            Ok(response) => response,
            Err(failure) => return Ok(Attempt::Lost(failure)),
        };
        let status = response.status().as_u16();
        let content_type =
            response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let other_type =
            ["json", "html"].iter().any(|other| content_type.to_ascii_lowercase().contains(other));
        if call.stream && status == 200 && !other_type {
            return Ok(Attempt::Answer(Answer::Stream(response)));
        }
        let retry_after = response
            .headers_mut()
            .remove(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let body = match http::body(response, self.timing.answer, ANSWER_LIMIT_BYTES).await {
            Ok(body) => String::from_utf8_lossy(&body).into_owned(),
            Err(_) if status >= 400 => String::new(), // the status says enough
            Err(failure) => return Ok(Attempt::Lost(failure)),
        };
        Ok(match wire::open(status, &body) {
            Err(refusal) => Attempt::Refused { refusal, retry_after: retry_after.map(Duration::from_secs) },
            // Not a stream although one was due, and no refusal either: nobody can tell what it did.
            Ok(_) if call.stream => Attempt::Refused {
                refusal: Refusal { http: status, ..Refusal::default() },
                retry_after: None,
            },
            Ok(_) if (300..400).contains(&status) => Attempt::Refused {
                refusal: Refusal { http: status, ..Refusal::default() },
                retry_after: None,
            },
            Ok(_) => Attempt::Answer(Answer::Body(body)),
        })
    }

    /// A request with our token and the attribution headers.
    pub(super) fn request(&self, call: &Call<'_>, token: &Secret) -> Result<RequestBuilder> {
        let url = endpoint(&self.settings.api_url, call.path)?;
        let client = if call.effect == Effect::None { self.http.reads()? } else { self.http.writes()? };
        let request = client
            .request(call.method.clone(), url)
            .bearer_auth(token.reveal())
            .headers(attribution::headers(&self.settings.platform)?);
        let request = if call.stream {
            // Compression would hold events back.
            request.header(ACCEPT, "text/event-stream").header(ACCEPT_ENCODING, "identity")
        } else {
            request.header(ACCEPT, "application/json")
        };
        Ok(match &call.body {
            Body::Empty if call.method == Method::POST => request.header("content-length", "0"),
            Body::Empty => request,
            Body::Json(json) => request.header(CONTENT_TYPE, "application/json").body(json.clone()),
            Body::Form(build) => request.multipart(build()?),
        })
    }

    pub(super) fn refused(&self, refusal: Refusal, call: &Call<'_>) -> Failed {
        let error = self.explained(call, |tried| errors::explain(&refusal, tried));
        Failed { error, refusal: Some(refusal) }
    }

    pub(super) fn lost(&self, failure: &Failure, call: &Call<'_>) -> Failed {
        self.explained(call, |tried| errors::lost(failure, tried)).into()
    }

    pub(super) fn explained(&self, call: &Call<'_>, explain: impl FnOnce(&Attempted<'_>) -> Error) -> Error {
        let account = self.auth.account();
        explain(&Attempted {
            what: call.what,
            session: call.session,
            render: call.render,
            costly: call.effect == Effect::Costly,
            paid: call.stream,
            account: &account,
            account_changed: self.auth.account_changed(),
            web_url: &self.settings.web_url,
        })
    }
}

/// A required field is missing from a successful answer.
pub(super) fn without(field: &str) -> Error {
    Error::new(Kind::Protocol, format!("NemoVideo answered without {field}."))
        .next("Check NEMO_API_URL, and whether a newer version of firstcut exists.")
}
