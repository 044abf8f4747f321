//! A socket that knows since when it has been waiting for its client, and for what.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::config::Timeouts;

/// What the connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WaitingFor {
    /// The first byte of a request, since then.
    Request(Instant),
    /// The rest of a head that began then.
    Head(Instant),
    /// Nothing from the client: the server is at work. Bodies on their way in have a limit of their own.
    Server,
    /// The client to take more of the answer, since then.
    Reader(Instant),
}

/// What a connection waits for, shared between its socket, its service and its watchdog.
#[derive(Debug, Clone)]
pub(super) struct Patience(Arc<Mutex<WaitingFor>>);

impl Patience {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(WaitingFor::Request(Instant::now()))))
    }

    fn update(&self, change: impl FnOnce(&mut WaitingFor)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The head of a request is complete.
    pub(super) fn request_began(&self) {
        self.update(|waiting| *waiting = WaitingFor::Server);
    }

    /// The last byte of an answer was handed over.
    pub(super) fn answer_ended(&self) {
        self.update(|waiting| *waiting = WaitingFor::Request(Instant::now()));
    }

    /// When patience is at its end; `None` while the client is not to blame.
    pub(super) fn deadline(&self, timeouts: &Timeouts) -> Option<Instant> {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            WaitingFor::Request(since) | WaitingFor::Reader(since) => Some(since + timeouts.idle),
            WaitingFor::Head(since) => Some(since + timeouts.header_read),
            WaitingFor::Server => None,
        }
    }

    /// Waits until patience is at its end.
    pub(super) async fn ran_out(&self, timeouts: &Timeouts) {
        // While the server is at work nothing runs out, so it is enough to look again after the shortest limit.
        let look_again = timeouts.idle.min(timeouts.header_read).min(Duration::from_secs(1));
        loop {
            match self.deadline(timeouts) {
                Some(deadline) if deadline <= Instant::now() => return,
                Some(deadline) => tokio::time::sleep_until(deadline.min(Instant::now() + look_again)).await,
                None => tokio::time::sleep(look_again).await,
            }
        }
    }
}

/// A TCP stream that keeps its connection's [`Patience`].
pub(super) struct IdleStream {
    stream: TcpStream,
    patience: Patience,
}

impl IdleStream {
    pub(super) fn new(stream: TcpStream, patience: Patience) -> Self {
        Self { stream, patience }
    }

    fn note_write<T>(&self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.patience.update(|waiting| match (&result, *waiting) {
            (Poll::Pending, WaitingFor::Server) => *waiting = WaitingFor::Reader(Instant::now()),
            (Poll::Ready(_), WaitingFor::Reader(_)) => *waiting = WaitingFor::Server,
            // The end of an answer that was handed over and has not left yet.
            (Poll::Ready(_), WaitingFor::Request(_)) => *waiting = WaitingFor::Request(Instant::now()),
            _ => {}
        });
        result
    }
}

impl AsyncRead for IdleStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.patience.update(|waiting| {
                if let WaitingFor::Request(_) = *waiting {
                    *waiting = WaitingFor::Head(Instant::now());
                }
            });
        }
        result
    }
}

impl AsyncWrite for IdleStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note_write(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note_write(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
