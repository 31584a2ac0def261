//! The client's side of the pipe: a reader that says when it has ended.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::sync::CancellationToken;

/// Passes bytes through and trips a token at the end of input, or when reading fails.
pub(super) struct UntilEnd<R> {
    inner: R,
    end: CancellationToken,
    heard: Arc<AtomicBool>,
}

impl<R> UntilEnd<R> {
    /// `heard` becomes true with the first byte.
    pub(super) fn new(inner: R, end: CancellationToken, heard: Arc<AtomicBool>) -> Self {
        Self { inner, end, heard }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for UntilEnd<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let room = buf.remaining();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        let ended = match &polled {
            Poll::Ready(Ok(())) => room > 0 && buf.filled().len() == before,
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        };
        if buf.filled().len() > before {
            self.heard.store(true, Ordering::Relaxed);
        }
        if ended {
            self.end.cancel();
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn the_end_is_told_after_the_last_byte() {
        let end = CancellationToken::new();
        let heard = Arc::new(AtomicBool::new(false));
        let mut input = UntilEnd::new(&b"{}\n"[..], end.clone(), heard.clone());
        assert!(!heard.load(Ordering::Relaxed));
        let mut read = [0; 3];
        input.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"{}\n");
        assert!(heard.load(Ordering::Relaxed));
        assert!(!end.is_cancelled());
        assert_eq!(input.read(&mut read).await.unwrap(), 0);
        assert!(end.is_cancelled());
    }
}
