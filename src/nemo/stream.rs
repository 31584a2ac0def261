//! The stream of a turn: events as they arrive, and how it ended. It watches over silence and over the whole time.

use std::collections::VecDeque;

use reqwest::Response;
use tokio::time::{Instant, timeout_at};

use crate::error::{Error, Kind, Money, Result};
use crate::nemo::call::{Body, Call, Effect};
use crate::nemo::client::Client;
use crate::nemo::errors;
use crate::nemo::events::TurnEvent;
use crate::nemo::turn::StreamEnd;
use crate::nemo::wire;
use crate::net::sse::{Decoder, Ending, Frame};

/// How much of an answer that is no stream is read for its error.
const REFUSAL_LIMIT_BYTES: usize = 1024 * 1024;

/// A running turn. Dropping it stops the listening, not the work at the service.
pub struct TurnStream {
    client: Client,
    session_id: String,
    response: Response,
    decoder: Option<Decoder>,
    frames: VecDeque<Frame>,
    /// Bytes of an answer that is a JSON object and no stream, whatever its type says.
    plain: Option<Vec<u8>>,
    seen_bytes: bool,
    last_byte: Instant,
    last_event: Instant,
    deadline: Instant,
    end: Option<StreamEnd>,
}

impl TurnStream {
    pub(super) fn new(client: Client, response: Response, session_id: &str, begun: Instant) -> Self {
        let now = Instant::now();
        let deadline = begun + client.timing.turn;
        Self {
            client,
            session_id: session_id.to_owned(),
            response,
            decoder: Some(Decoder::default()),
            frames: VecDeque::new(),
            plain: None,
            seen_bytes: false,
            last_byte: now,
            last_event: now,
            deadline,
            end: None,
        }
    }

    /// The next event, or nothing when the stream is over (see [`end`](Self::end)). Every arrival of bytes gives at
    /// least [`TurnEvent::Alive`], so that the caller can renew its lease.
    ///
    /// # Errors
    /// A refusal that came in place of a stream (with the meaning that it has for [`Client::send`]), and
    /// [`Kind::Protocol`] for a stream that cannot be read; either is the last item.
    pub async fn next(&mut self) -> Option<Result<TurnEvent>> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                let event = TurnEvent::read(&frame);
                if event != TurnEvent::Alive {
                    self.last_event = Instant::now();
                }
                return Some(Ok(event));
            }
            if self.end.is_some() {
                return None;
            }
            let timing = &self.client.timing;
            let silent_at = (self.last_byte + timing.idle).min(self.last_event + timing.heartbeats_only);
            let bytes = match timeout_at(silent_at.min(self.deadline), self.response.chunk()).await {
                Ok(Ok(Some(bytes))) => bytes,
                Ok(Ok(None)) => {
                    self.end = Some(StreamEnd::Complete);
                    if let Some(body) = self.plain.take() {
                        return Some(Err(self.refusal(&body).await));
                    }
                    match self.decoder.take().map(Decoder::finish) {
                        Some(Ending::Last(frame)) => self.frames.push_back(frame),
                        Some(Ending::Cut) => self.end = Some(StreamEnd::Dropped),
                        Some(Ending::Clean) | None => {}
                    }
                    continue;
                }
                Ok(Err(error)) => {
                    tracing::debug!(error = %error.without_url(), "the stream broke");
                    self.end = Some(StreamEnd::Dropped);
                    continue;
                }
                Err(_) => {
                    let late = Instant::now() >= self.deadline;
                    self.end = Some(if late { StreamEnd::TimedOut } else { StreamEnd::Idle });
                    continue;
                }
            };
            self.last_byte = Instant::now();
            if let Err(error) = self.take(&bytes) {
                self.end = Some(StreamEnd::Dropped);
                return Some(Err(error.money(Money::Unknown)));
            }
            if self.frames.is_empty() {
                return Some(Ok(TurnEvent::Alive));
            }
        }
    }

    /// How the stream ended. A stream that is still running counts as dropped.
    #[must_use]
    pub fn end(&self) -> StreamEnd {
        self.end.unwrap_or(StreamEnd::Dropped)
    }

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        // No field of an event stream begins with a brace, so this is a refusal under the wrong type.
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        if !self.seen_bytes && first == Some(&b'{') {
            self.plain = Some(Vec::new());
        }
        self.seen_bytes |= first.is_some();
        if let Some(plain) = &mut self.plain {
            let room = REFUSAL_LIMIT_BYTES.saturating_sub(plain.len());
            plain.extend(bytes.iter().take(room));
            return Ok(());
        }
        match &mut self.decoder {
            Some(decoder) => decoder.push(bytes, &mut self.frames),
            None => Ok(()),
        }
    }

    async fn refusal(&self, body: &[u8]) -> Error {
        let call = Call {
            session: Some(&self.session_id),
            stream: true,
            ..Call::post("answer the message", &["run_sse"], Body::Empty, Effect::Costly)
        };
        let refusal = match wire::open(200, &String::from_utf8_lossy(body)) {
            Err(refusal) => refusal,
            Ok(_) => wire::Refusal { http: 200, ..wire::Refusal::default() },
        };
        if errors::kind_of_code(refusal.code()) == Some(Kind::OutOfCredits) {
            return self.client.out_of_credits(&self.session_id, &refusal.words).await;
        }
        self.client.refused(refusal, &call).error
    }
}

impl std::fmt::Debug for TurnStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TurnStream")
            .field("session_id", &self.session_id)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
