//! A call: one request with its key, and exactly the repeats that cannot do harm.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use url::Url;

use crate::error::{Error, Result};
use crate::money::Usd;
use crate::net::http::{self, Failure, Sent};
use crate::redact::{self, Secret};
use crate::skillboss::client::Client;
use crate::skillboss::dialect::endpoint;
use crate::skillboss::errors::{self, Attempted};
use crate::skillboss::refusal::{Meaning, Refusal};
use crate::skillboss::wire::{Answer, Head};

/// No sensible answer without a clip in it is larger.
pub(super) const ANSWER_LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// What a repeated request would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing, or the same once more: it may be repeated.
    Repeatable,
    /// It costs, or makes a second one: never repeated when it may have arrived.
    Once,
}

/// Which part of the service is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plane {
    /// Where videos are made, with the key that pays.
    Data,
    /// Where estimates, rules and receipts are, with a standard key if there is one.
    Control,
    /// The same without a key.
    Public,
}

/// One request.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) plane: Plane,
    pub(super) url: Url,
    pub(super) body: Option<Value>,
    pub(super) effect: Effect,
    /// The end of "SkillBoss did not …".
    pub(super) what: &'a str,
    pub(super) model: Option<&'a str>,
    pub(super) cap: Option<Usd>,
}

/// Why a call gave nothing: the error for the reader, and the refusal behind it.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) refusal: Option<Refusal>,
}

impl Failed {
    /// The service has no such thing, or no such route.
    pub(super) fn is_missing(&self) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| refusal.meaning == Meaning::NotFound)
    }
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

impl<'a> Call<'a> {
    pub(super) fn get(what: &'a str, plane: Plane, url: Url) -> Self {
        Self {
            method: Method::GET,
            plane,
            url,
            body: None,
            effect: Effect::Repeatable,
            what,
            model: None,
            cap: None,
        }
    }

    pub(super) fn post(what: &'a str, plane: Plane, url: Url, body: Option<Value>, effect: Effect) -> Self {
        Self { method: Method::POST, body, effect, ..Self::get(what, plane, url) }
    }
}

impl Client {
    /// An address of the data plane.
    pub(super) fn data(&self, path: &[&str]) -> Result<Url> {
        endpoint(&self.settings.api_url, path)
    }

    /// An address of the control plane, below `/api`.
    pub(super) fn control(&self, path: &[&str]) -> Result<Url> {
        let mut url = self.settings.web_url.clone();
        url.path_segments_mut()
            .map_err(|()| Error::new(crate::error::Kind::Config, "SKILLBOSS_WEB_URL is no web address."))?
            .pop_if_empty()
            .push("api")
            .extend(path);
        Ok(url)
    }

    /// Makes the call. An explicit refusal means that nothing happened, so a requested pause may be kept once for every
    /// call; a lost answer is another matter. Questions are repeated with pauses that double, whether the service is
    /// out of order or asks to slow down.
    pub(super) async fn ask(&self, call: &Call<'_>) -> Result<Answer, Failed> {
        let (mut repeats, mut paused) = (0, false);
        loop {
            let failed = match self.attempt(call).await? {
                Ok(answer) => match Refusal::of(&answer) {
                    None => return Ok(answer),
                    Some(refusal) => {
                        let pause = Duration::from_secs(refusal.wait_s.unwrap_or(0));
                        let tried = self.attempted(call);
                        let meaning = refusal.meaning;
                        // What is documented of 500 is documented of submissions alone.
                        let proven = call.effect == Effect::Repeatable || refusal.proves_no_effect(false);
                        let error = if proven {
                            errors::explain(&refusal, &tried)
                        } else {
                            let error = errors::uncertain(&tried, "the service failed while it answered");
                            error.quoting(&refusal.words)
                        };
                        let failed = Failed { error, refusal: Some(refusal) };
                        let helps = match meaning {
                            Meaning::RateLimited => call.effect == Effect::Repeatable || !paused,
                            Meaning::Server | Meaning::Capacity => call.effect == Effect::Repeatable,
                            _ => false,
                        };
                        if !(proven && helps && pause <= self.timing.longest_pause) {
                            return Err(failed);
                        }
                        paused |= meaning == Meaning::RateLimited;
                        tokio::time::sleep(pause).await;
                        failed
                    }
                },
                Err(failure) => {
                    let failed = Failed::from(errors::lost(&failure, &self.attempted(call)));
                    if call.effect == Effect::Once && failure.sent == Sent::Perhaps {
                        return Err(failed);
                    }
                    failed
                }
            };
            match self.timing.backoff.pause(repeats, (self.timing.random)()) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(failed),
            }
            repeats += 1;
        }
    }

    async fn attempt(&self, call: &Call<'_>) -> Result<Result<Answer, Failure>> {
        let request = self.request(call)?;
        if call.plane == Plane::Data {
            self.turn().await;
        }
        let begun = tokio::time::Instant::now();
        let response = match http::send(request, self.timing.answer).await {
            Ok(response) => response,
            Err(failure) => return Ok(Err(failure)),
        };
        let head = Head::of(response.status().as_u16(), response.headers(), (self.timing.now)());
        if call.plane == Plane::Data && head.status == 429 {
            self.pace.too_fast();
        }
        let body = match http::whole_body(response, begun + self.timing.answer, ANSWER_LIMIT_BYTES).await {
            Ok(body) => body,
            Err(_) if head.status >= 400 => Vec::new(), // the status says enough
            Err(failure) => return Ok(Err(failure)),
        };
        Ok(Ok(Answer::new(head, body)))
    }

    fn request(&self, call: &Call<'_>) -> Result<RequestBuilder> {
        let http = if call.plane == Plane::Data { &self.data_http } else { &self.control_http };
        let client = if call.effect == Effect::Once { http.writes()? } else { http.reads()? };
        let mut request =
            client.request(call.method.clone(), call.url.clone()).header(ACCEPT, "application/json");
        if let Some(key) = self.key_for(call.plane)? {
            // A careless service may repeat it in its answers.
            redact::never_show(key);
            request = request.bearer_auth(key.reveal());
        }
        if let Some(cap) = call.cap {
            request = request.header("x-max-cost-usd", cap.to_header());
        }
        Ok(match &call.body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(body.to_string()),
            None if call.method == Method::POST => request.header(CONTENT_LENGTH, "0"),
            None => request,
        })
    }

    /// The key for this part of the service.
    pub(super) fn key_for(&self, plane: Plane) -> Result<Option<&Secret>> {
        let (standard, wholesale) = (self.settings.api_key.as_ref(), self.settings.wholesale_key.as_ref());
        match plane {
            Plane::Data => wholesale.or(standard).ok_or_else(errors::no_key).map(Some),
            Plane::Control => standard.or(wholesale).ok_or_else(errors::no_key).map(Some),
            Plane::Public => Ok(None),
        }
    }

    pub(super) fn attempted<'a>(&'a self, call: &Call<'a>) -> Attempted<'a> {
        let (standard, wholesale) = (self.settings.api_key.is_some(), self.settings.wholesale_key.is_some());
        let base = if call.plane == Plane::Data { &self.settings.api_url } else { &self.settings.web_url };
        Attempted {
            what: call.what,
            model: call.model,
            cap: call.cap,
            wholesale: wholesale && (call.plane == Plane::Data || !standard),
            host: base.host_str().unwrap_or_default(),
            costly: call.effect == Effect::Once,
        }
    }
}
