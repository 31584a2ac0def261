//! One exchange with a scheduler, and what its failure proves.

use std::time::Duration;

use reqwest::RequestBuilder;
use reqwest::header::RETRY_AFTER;
use serde_json::Value;
use tokio::time::Instant;

use super::{Client, Sent};
use crate::error::{Error, Kind};
use crate::net::http::{self, Failure};

/// A scheduler that takes longer has lost the message.
const LIMIT: Duration = Duration::from_secs(60);
const ANSWER_LIMIT_BYTES: usize = 8 * 1024 * 1024;

/// An answer that came whole.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Null when it was no JSON.
    pub(super) body: Value,
    /// The pause that it asks for, in seconds.
    pub(super) wait_s: Option<u64>,
}

impl Answer {
    pub(super) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The text at the first of these places.
    pub(super) fn text(&self, places: &[&str]) -> Option<&str> {
        places.iter().find_map(|place| self.body.pointer(place)?.as_str())
    }

    /// Whatever the scheduler says about itself.
    pub(super) fn said(&self) -> String {
        let places = [
            "/message",
            "/error/message",
            "/error",
            "/msg",
            "/errors/0/message",
            "/detail",
            "/posts/0/errors/0/message",
        ];
        self.text(&places).map_or_else(String::new, str::to_owned)
    }
}

/// Sends a request and reads the whole answer.
pub(super) async fn ask(request: RequestBuilder) -> Result<Answer, Failure> {
    let deadline = Instant::now() + LIMIT;
    let response = http::send(request, LIMIT).await?;
    let status = response.status().as_u16();
    let wait_s =
        response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let body = http::whole_body(response, deadline, ANSWER_LIMIT_BYTES).await?;
    Ok(Answer { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null), wait_s })
}

impl Client {
    /// Asks a question, which changes nothing.
    ///
    /// # Errors
    /// Whatever is no good answer.
    pub(super) async fn ask(&self, question: RequestBuilder) -> Result<Answer, Error> {
        let answer = ask(question).await.map_err(|failure| self.down(failure))?;
        if answer.is_good() { Ok(answer) } else { Err(self.error(&answer)) }
    }

    /// What a lost answer means for a message.
    pub(super) fn lost_answer(&self, failure: Failure) -> Sent {
        match failure.sent {
            http::Sent::No => Sent::Refused(self.down(failure)),
            http::Sent::Perhaps => {
                let what = format!("{} may or may not have the post: {}.", self.title(), failure.what);
                Sent::Doubtful(Error::new(Kind::Uncertain, what))
            }
        }
    }

    /// A question without an answer.
    pub(super) fn down(&self, failure: Failure) -> Error {
        let error =
            Error::new(Kind::Unavailable, format!("{} cannot be reached: {}.", self.title(), failure.what))
                .next("It is tried again; check its status page if this goes on.");
        match failure.source {
            Some(source) => error.because(source),
            None => error,
        }
    }

    /// What an answer other than success means for a message: a plain refusal proves that nothing was done, a fault of the
    /// scheduler's own proves nothing.
    pub(super) fn refusal(&self, answer: &Answer) -> Sent {
        match answer.status {
            // An overloaded proxy before it has not passed the message on.
            408 | 500 | 502 | 504 | 520..=599 => Sent::Doubtful(
                Error::new(
                    Kind::Uncertain,
                    format!("{} may or may not have the post: it failed ({}).", self.title(), answer.status),
                )
                .quoting(&answer.said()),
            ),
            _ => Sent::Refused(self.error(answer)),
        }
    }

    /// The error of an answer other than success.
    pub(super) fn error(&self, answer: &Answer) -> Error {
        let who = self.title();
        let error = match answer.status {
            401 | 403 => Error::new(Kind::Unauthorized, format!("{who} does not accept our key."))
                .next("Copy the key again from its settings; README lists the name of the setting."),
            404 => Error::new(Kind::NotFound, format!("{who} has nothing at that address."))
                .next("Check the address of the scheduler in the settings."),
            402 => Error::new(Kind::PlanRequired, format!("The plan at {who} does not allow this."))
                .next("Upgrade it there, or take another scheduler."),
            413 => Error::new(Kind::FileTooLarge, format!("The clip is too large for {who}."))
                .next("Make a shorter one, or one with a lower resolution."),
            429 => Error::new(Kind::RateLimited, format!("{who} asks us to slow down.")),
            500..=599 => {
                Error::new(Kind::Unavailable, format!("{who} has a fault of its own ({}).", answer.status))
            }
            status => Error::new(Kind::Declined, format!("{who} refused the post ({status})."))
                .next("See what it says, change the caption, the channel or the clip, and publish again."),
        };
        let error = match answer.wait_s {
            Some(seconds) => error.retry_after_s(seconds),
            None => error,
        };
        error.quoting(&answer.said())
    }
}
