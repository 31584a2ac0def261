//! The bytes of an event stream, proper or with the flaws that a fault rule asks for.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::sandbox::connection::Cut;
use crate::sandbox::faults::{Close, Fault};
use crate::sandbox::gate::Troubles;
use crate::sandbox::options::Heartbeat;

/// What goes to the client next.
enum Piece {
    Bytes(Bytes),
    Cut(Close),
}

/// The writing end of a stream. It never waits: a client that has gone away does not stop the work.
pub(super) struct Sink {
    to: mpsc::UnboundedSender<Piece>,
    heartbeat: Heartbeat,
    beats: usize,
    crlf: bool,
    pieces: Option<usize>,
    /// Hold each blank line back until the next frame, so that the last one never comes.
    hold_blank: bool,
    blank_due: bool,
}

/// A sink and the answer that carries what is put into it.
pub(super) fn open(
    heartbeat: Heartbeat,
    troubles: &Troubles,
    cut: Cut,
    closing: CancellationToken,
) -> (Sink, Response) {
    let (to, from) = mpsc::unbounded_channel();
    let sink = Sink {
        to,
        heartbeat,
        beats: 0,
        crlf: troubles.has(&Fault::Crlf),
        pieces: troubles.0.iter().find_map(|fault| match fault {
            Fault::Pieces { bytes } => Some((*bytes).max(1)),
            _ => None,
        }),
        hold_blank: troubles.has(&Fault::NoFinalBlank),
        blank_due: false,
    };
    let frames = stream::unfold((from, cut, closing), |(mut from, cut, closing)| async move {
        let piece = tokio::select! {
            // First, because a turn that is stopped ends its stream too, and that must not look like success.
            biased;
            () = closing.cancelled() => Piece::Cut(Close::Eof),
            piece = from.recv() => piece?,
        };
        let out = match piece {
            Piece::Bytes(bytes) => Ok(bytes),
            Piece::Cut(how) => {
                // What was written before must reach the client first.
                tokio::time::sleep(Duration::from_millis(20)).await;
                if how == Close::Reset {
                    cut.ends_with_reset();
                }
                Err(std::io::Error::other("cut"))
            }
        };
        Some((out, (from, cut, closing)))
    });
    let kind = [(header::CONTENT_TYPE, "text/event-stream; charset=utf-8")];
    (sink, (kind, Body::from_stream(frames)).into_response())
}

/// A sink that nobody listens to.
pub(super) fn nowhere(heartbeat: Heartbeat) -> Sink {
    let (to, _) = mpsc::unbounded_channel();
    Sink { to, heartbeat, beats: 0, crlf: false, pieces: None, hold_blank: false, blank_due: false }
}

impl Sink {
    /// One event. Data with a line break in it is written as it is, which is what the old framework does.
    pub(super) fn frame(&mut self, data: &str) {
        self.lines(&format!("data: {data}\n"));
    }

    /// The next heartbeat, in the form that was asked for.
    pub(super) fn heartbeat(&mut self) {
        const FORMS: [&str; 5] = [
            "data: \n",
            "data: heartbeat\n",
            "data: {\"type\":\"heartbeat\"}\n",
            ": heartbeat\n",
            "event: heartbeat\ndata: \n",
        ];
        let form = match self.heartbeat {
            Heartbeat::Off => return,
            Heartbeat::Empty => 0,
            Heartbeat::Word => 1,
            Heartbeat::Typed => 2,
            Heartbeat::Comment => 3,
            Heartbeat::Event => 4,
            Heartbeat::Mixed => self.beats % FORMS.len(),
        };
        self.beats += 1;
        self.lines(FORMS[form]);
    }

    /// Breaks the connection off behind what was written.
    pub(super) fn cut(&mut self, how: Close) {
        let _ = self.to.send(Piece::Cut(how));
    }

    /// Whether the client has gone.
    pub(super) fn is_closed(&self) -> bool {
        self.to.is_closed()
    }

    fn lines(&mut self, lines: &str) {
        let mut text = String::new();
        if std::mem::take(&mut self.blank_due) {
            text.push('\n');
        }
        text.push_str(lines);
        if self.hold_blank {
            self.blank_due = true;
        } else {
            text.push('\n');
        }
        if self.crlf {
            text = text.replace('\n', "\r\n");
        }
        let bytes = Bytes::from(text);
        let size = self.pieces.unwrap_or(bytes.len()).max(1);
        for from in (0..bytes.len()).step_by(size) {
            // A closed channel means that nobody listens any more; the work goes on without.
            let _ = self.to.send(Piece::Bytes(bytes.slice(from..bytes.len().min(from + size))));
        }
    }
}
