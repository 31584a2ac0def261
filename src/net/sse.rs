//! Event streams: bytes in pieces of any size become events, by the WHATWG rules, through `eventsource-stream`.
//!
//! That crate waits at a carriage return for the byte after it, reads a long line again with every piece, stops
//! for good at an invalid byte, cannot cope with a byte order mark, and shows neither comments nor a last event
//! without its blank line. It is therefore fed whole lines that are already normalised.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use eventsource_stream::EventStream;
use futures_util::{FutureExt, Stream, StreamExt};

use crate::error::{Error, Kind, Result};

/// The largest event that is taken: a state delta may carry a whole draft.
pub const EVENT_LIMIT_BYTES: usize = 16 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a stream delivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// An event with data (which may be empty) and its name, by default `message`.
    Event {
        /// The value of the `event:` field.
        name: String,
        /// The `data:` lines, joined by line feeds.
        data: String,
    },
    /// A comment, or a block of fields without data: a sign of life and nothing else.
    Pulse,
}

/// How a stream ended that the transport calls complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// After a whole event.
    Clean,
    /// After an event that lacks nothing but its last blank line.
    Last(Frame),
    /// Inside an event, which is dropped: the rest is missing.
    Cut,
}

/// Data that begins like a JSON object and does not end like one.
fn cut_short(data: &str) -> bool {
    data.trim_start().starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(data).is_err()
}

/// Turns bytes into [`Frame`]s. Pure: it neither waits nor reads.
pub struct Decoder {
    line: Vec<u8>,
    after_return: bool,
    first_line: bool,
    open: Block,
    limit_bytes: usize,
    feed: Feed,
    events: EventStream<Feed>,
}

/// What has been seen since the last blank line.
#[derive(Debug, Default)]
struct Block {
    bytes: usize,
    fields: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(EVENT_LIMIT_BYTES)
    }
}

impl Decoder {
    /// A decoder that refuses events over `limit_bytes`.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Self {
        let feed = Feed::default();
        Self {
            line: Vec::new(),
            after_return: false,
            first_line: true,
            open: Block::default(),
            limit_bytes,
            events: EventStream::new(feed.clone()),
            feed,
        }
    }

    /// Takes the next bytes and appends the frames that they complete.
    ///
    /// # Errors
    /// [`Kind::Protocol`] when one event grows over the limit; the stream cannot be read further.
    pub fn push(&mut self, mut bytes: &[u8], frames: &mut impl Extend<Frame>) -> Result<()> {
        if !bytes.is_empty() && std::mem::take(&mut self.after_return) {
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, rest) = bytes.split_at(end);
            self.grow(line)?;
            frames.extend(self.end_line()?);
            let crlf = rest.starts_with(b"\r\n");
            self.after_return = rest == b"\r";
            bytes = rest.get(if crlf { 2 } else { 1 }..).unwrap_or_default();
        }
        self.grow(bytes)
    }

    /// The stream ended without an error; what it left unfinished tells whether it was cut all the same.
    #[must_use]
    pub fn finish(mut self) -> Ending {
        let half_line = !self.line.is_empty() && !self.line.starts_with(b":");
        if !self.line.is_empty() && self.end_line().is_err() {
            return Ending::Cut;
        }
        match self.end_line() {
            Ok(Some(Frame::Event { data, .. })) if cut_short(&data) => Ending::Cut,
            Ok(Some(frame @ Frame::Event { .. })) => Ending::Last(frame),
            Ok(_) if half_line => Ending::Cut,
            Ok(_) => Ending::Clean,
            Err(_) => Ending::Cut,
        }
    }

    fn grow(&mut self, bytes: &[u8]) -> Result<()> {
        self.line.extend_from_slice(bytes);
        self.open.bytes = self.open.bytes.saturating_add(bytes.len());
        if self.open.bytes > self.limit_bytes {
            let limit_mib = self.limit_bytes / (1024 * 1024);
            return Err(Error::new(
                Kind::Protocol,
                format!("The service sent one event of more than {limit_mib} MiB."),
            ));
        }
        Ok(())
    }

    /// Hands one whole line to the parser.
    fn end_line(&mut self) -> Result<Option<Frame>> {
        let mut line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.first_line) && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        let (blank, comment) = (line.is_empty(), line.first() == Some(&b':'));
        // Replacing an invalid byte costs one character; the parser would wait for its end forever.
        let mut line = String::from_utf8(line)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        line.push('\n');
        self.feed.put(line);
        let event = match self.events.next().now_or_never() {
            None | Some(None) => None,
            Some(Some(Ok(event))) => Some(Frame::Event { name: event.event, data: event.data }),
            Some(Some(Err(error))) => {
                return Err(Error::new(
                    Kind::Protocol,
                    "The service sent an event stream that cannot be read.",
                )
                .because(error.to_string()));
            }
        };
        if blank {
            let block = std::mem::take(&mut self.open);
            return Ok(event.or_else(|| block.fields.then_some(Frame::Pulse)));
        }
        self.open.fields |= !comment;
        Ok(comment.then_some(Frame::Pulse))
    }
}

/// The parser's source: at most one line at a time.
#[derive(Clone, Debug, Default)]
struct Feed(Arc<Mutex<Option<String>>>);

impl Feed {
    fn put(&self, line: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(line);
    }
}

impl Stream for Feed {
    type Item = Result<String, std::convert::Infallible>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(line) => Poll::Ready(Some(Ok(line))),
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, data: &str) -> Frame {
        Frame::Event { name: name.to_owned(), data: data.to_owned() }
    }

    fn message(data: &str) -> Frame {
        event("message", data)
    }

    fn decode(stream: &[u8], piece: usize) -> Vec<Frame> {
        let (mut decoder, mut frames) = (Decoder::default(), Vec::new());
        for bytes in stream.chunks(piece) {
            decoder.push(bytes, &mut frames).unwrap();
        }
        match decoder.finish() {
            Ending::Last(frame) => frames.push(frame),
            Ending::Clean => {}
            Ending::Cut => frames.push(message("CUT")),
        }
        frames
    }

    #[test]
    fn every_form_of_the_standard_in_pieces_of_any_size() {
        let cases: [(&[u8], Vec<Frame>); 21] = [
            (b"data: a\n\ndata:b\n\n", vec![message("a"), message("b")]),
            (b"data: a\r\n\r\ndata: b\r\n\r\n", vec![message("a"), message("b")]),
            (b"data: a\r\rdata: b\r\r", vec![message("a"), message("b")]),
            (b"data: a\r\n\ndata: b\n\r\n\rdata: c\r\r\n", vec![message("a"), message("b"), message("c")]),
            (b"data: 1\ndata: 2\r\ndata:  3\n\n", vec![message("1\n2\n 3")]),
            (b"\xef\xbb\xbfdata: a\n\n", vec![message("a")]),
            (b"\xef\xbb\xbf: hi\n\ndata: a\n\n", vec![Frame::Pulse, message("a")]),
            (b": ping\r\n\r\n:\n\n", vec![Frame::Pulse, Frame::Pulse]),
            (b"event: heartbeat\n\n", vec![Frame::Pulse]),
            (b"event: heartbeat\ndata: {}\n\ndata: x\n\n", vec![event("heartbeat", "{}"), message("x")]),
            (b"data\n\ndata:\n\ndata: \n\n", vec![message(""), message(""), message("")]),
            (b"id: 7\nretry: 100\nfoo: bar\nnonsense\ndata: a\n\n", vec![message("a")]),
            ("data: 片头 👩‍👩‍👧\u{2028}\u{85}\n\n".as_bytes(), vec![message("片头 👩‍👩‍👧\u{2028}\u{85}")]),
            (b"data: a\xff\xfeb\n\ndata: c\n\n", vec![message("a\u{fffd}\u{fffd}b"), message("c")]),
            (b"data: {\"a\":1}", vec![message("{\"a\":1}")]),
            (b"data: {\"a\":1}\n", vec![message("{\"a\":1}")]),
            (b"data: {\"a\":1}\n\ndata: {\"b\":", vec![message("{\"a\":1}"), message("CUT")]),
            (b": ping", vec![]),
            (b"data: heartbeat", vec![message("heartbeat")]),
            (b"data: a\n\ndat", vec![message("a"), message("CUT")]),
            (b"data: a\n\nid: 7\n", vec![message("a")]),
        ];
        for (stream, expected) in cases {
            for piece in [1, 2, 3, 7, stream.len()] {
                assert_eq!(
                    decode(stream, piece),
                    expected,
                    "{:?} by {piece}",
                    String::from_utf8_lossy(stream)
                );
            }
        }
        assert_eq!(decode(b"", 1), vec![]);
    }

    #[test]
    fn a_carriage_return_ends_the_event_before_the_next_byte_arrives() {
        let (mut decoder, mut frames) = (Decoder::default(), Vec::new());
        decoder.push(b"data: a\r\r", &mut frames).unwrap();
        assert_eq!(frames, [message("a")]);
        decoder.push(b"\ndata: b\r\r", &mut frames).unwrap();
        assert_eq!(frames, [message("a"), message("b")]);
    }

    #[test]
    fn an_event_without_end_is_refused() {
        let (mut decoder, mut frames) = (Decoder::new(1024), Vec::new());
        decoder.push(&[b"data: ".as_slice(), &[b'x'; 900], b"\n\n"].concat(), &mut frames).unwrap();
        assert_eq!(frames.len(), 1, "the count starts again with every event");
        decoder.push(&[b"data: ".as_slice(), &[b'x'; 900], b"\n"].concat(), &mut frames).unwrap();
        let error = decoder.push(&[b'y'; 200], &mut frames).unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol);
    }

    #[test]
    fn a_long_line_in_small_pieces_is_read_once() {
        let line = [b"data: \"".as_slice(), &vec![b'x'; 4 * 1024 * 1024], b"\"\n\n"].concat();
        let frames = decode(&line, 64);
        assert!(matches!(&frames[..], [Frame::Event { data, .. }] if data.len() == 4 * 1024 * 1024 + 2));
    }
}
