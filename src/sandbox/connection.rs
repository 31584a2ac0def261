//! Connections that can be cut: how the sandbox plays a network that fails.
//!
//! An HTTP library always answers politely. To lose an answer after the work was done, or to end a stream with a
//! reset, a handler needs a string that leads to its own socket; that is [`Cut`].

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Who calls, and the string to cut the call with.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    pub(super) cut: Cut,
}

/// Cuts one connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Cut(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    dead: AtomicBool,
    reset: AtomicBool,
}

impl Cut {
    /// From now on nothing more is written; the connection ends with the next attempt.
    pub(super) fn now(&self) {
        self.0.dead.store(true, Ordering::Release);
    }

    /// When the connection ends, it ends with a TCP reset instead of an orderly close.
    pub(super) fn ends_with_reset(&self) {
        self.0.reset.store(true, Ordering::Release);
    }

    fn check(&self) -> io::Result<()> {
        if self.0.dead.load(Ordering::Acquire) {
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cut by a fault rule"));
        }
        Ok(())
    }
}

/// A listener whose connections carry a [`Cut`].
pub(super) struct Line(pub(super) TcpListener);

impl Listener for Line {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.0.accept().await {
                Ok((stream, address)) => {
                    // Small frames must leave at once; a failure only makes them later.
                    let _ = stream.set_nodelay(true);
                    return (Wire { stream, cut: Cut::default() }, address);
                }
                Err(error) => {
                    tracing::warn!(%error, "the sandbox could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Line>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Line>) -> Self {
        Self { address: *stream.remote_addr(), cut: stream.io().cut.clone() }
    }
}

/// A TCP stream with a string attached.
pub(super) struct Wire {
    stream: TcpStream,
    cut: Cut,
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.cut.0.reset.load(Ordering::Acquire) {
            // Without lingering the system sends a reset; if it refuses, the client sees an early end instead.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.cut.check()?;
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        self.cut.check()?;
        Pin::new(&mut self.stream).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.cut.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.cut.check()?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
