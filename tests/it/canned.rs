//! A server that answers with what it was given, in order, on a real socket: it can cut, stall, and reset.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use url::Url;

/// What one request is answered with.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A pause.
    Wait(Duration),
    /// As long as it takes until somebody says so.
    Until(Arc<Notify>),
    /// The connection is torn down.
    Reset,
    /// Nothing more, but the connection stays open.
    Stall,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// The server; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Canned {
    pub(crate) url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
    replies: Arc<Mutex<VecDeque<Vec<Piece>>>>,
}

impl Canned {
    /// Starts a server with these replies; a request beyond them is answered with 599.
    pub(crate) async fn start(replies: Vec<Vec<Piece>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let server = Self { url, seen: Arc::default(), replies: Arc::new(Mutex::new(replies.into())) };
        let (seen, replies) = (server.seen.clone(), server.replies.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, seen.clone(), replies.clone()));
            }
        });
        server
    }

    /// Adds a reply; for those that must know the server's own address.
    pub(crate) fn add(&self, reply: Vec<Piece>) {
        self.replies.lock().unwrap().push_back(reply);
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The request lines so far, without the version.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }
}

async fn serve(
    mut stream: TcpStream,
    seen: Arc<Mutex<Vec<Seen>>>,
    replies: Arc<Mutex<VecDeque<Vec<Piece>>>>,
) {
    let Some(request) = read(&mut stream).await else { return };
    let reply = {
        // Taken together, so that replies go out in the order in which requests are listed.
        let mut seen = seen.lock().unwrap();
        seen.push(request);
        replies.lock().unwrap().pop_front().unwrap_or_else(|| status(599, "the test expects no such request"))
    };
    for piece in reply {
        match piece {
            Piece::Bytes(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Piece::Wait(pause) => tokio::time::sleep(pause).await,
            Piece::Until(said) => said.notified().await,
            Piece::Reset => {
                stream.set_zero_linger().unwrap();
                return;
            }
            Piece::Stall => std::future::pending().await,
        }
    }
    let _ = stream.shutdown().await;
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 65_536]);
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        let read = stream.read(&mut piece).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.lines();
    let line = lines.next()?.rsplit_once(' ')?.0.to_owned();
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let chunked = headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked");
    let mut body = bytes.split_off(head_end);
    while if chunked { !body.ends_with(b"0\r\n\r\n") } else { body.len() < length } {
        let read = stream.read(&mut piece).await.ok().filter(|read| *read > 0)?;
        body.extend_from_slice(&piece[..read]);
    }
    Some(Seen { line, headers, body })
}

/// A whole answer with this status and body; JSON if it looks like it.
pub(crate) fn status(code: u16, body: &str) -> Vec<Piece> {
    let kind = if body.starts_with(['{', '[']) { "application/json" } else { "text/html" };
    with(code, &format!("Content-Type: {kind}\r\n"), body.as_bytes())
}

/// A whole answer with these header lines.
pub(crate) fn with(code: u16, headers: &str, body: &[u8]) -> Vec<Piece> {
    let mut reply =
        format!("HTTP/1.1 {code} X\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n", body.len())
            .into_bytes();
    reply.extend_from_slice(body);
    vec![Piece::Bytes(reply)]
}

/// A JSON answer.
pub(crate) fn json(body: &str) -> Vec<Piece> {
    status(200, body)
}

/// An anonymous token.
pub(crate) fn token(name: &str) -> Vec<Piece> {
    json(&format!(
        r#"{{"code":0,"data":{{"token":"nmv_usr_{name}","user_id":"anon_{name}","credits":100,"expires_at":"2099-01-01T00:00:00Z"}}}}"#
    ))
}

/// The head of an event stream whose body comes in chunks.
pub(crate) fn stream_head() -> Piece {
    Piece::Bytes(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec())
}

/// One chunk of a chunked body; an empty one ends it.
pub(crate) fn chunk(bytes: &str) -> Piece {
    Piece::Bytes(format!("{:x}\r\n{bytes}\r\n", bytes.len()).into_bytes())
}

/// A whole event stream.
pub(crate) fn stream(events: &[&str]) -> Vec<Piece> {
    let mut reply = vec![stream_head()];
    reply.extend(events.iter().map(|event| chunk(event)));
    reply.push(chunk(""));
    reply
}
