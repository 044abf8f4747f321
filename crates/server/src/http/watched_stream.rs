//! A socket that keeps its connection's [`Patience`](super::patience::Patience).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::connection::Connection;
use super::patience::Phase;

/// A TCP stream that notes what goes over it, and what it waits for.
///
/// It keeps back one thing: what hyper itself answers to a head that it cannot read, a status without a body. That is an answer
/// for which no request was handed to the service, so it is told by the phase; [`refused`](Self::refused) has its status.
pub(super) struct WatchedStream {
    stream: TcpStream,
    connection: Arc<Connection>,
    /// What was read before, and is to be read again.
    unread: Bytes,
    /// The most that is read at once. hyper's buffer grows with what it is given, and stays so large for as long as the client
    /// says nothing more.
    read_bytes: usize,
    refused: Option<u16>,
}

impl WatchedStream {
    pub(super) fn new(
        stream: TcpStream,
        unread: Bytes,
        connection: Arc<Connection>,
        read_bytes: usize,
    ) -> Self {
        Self { stream, connection, unread, read_bytes, refused: None }
    }

    pub(super) fn into_inner(self) -> TcpStream {
        self.stream
    }

    /// The status of an answer that was kept back.
    pub(super) fn refused(&self) -> Option<u16> {
        self.refused
    }

    fn note_read(&self, bytes: usize) {
        let patience = &self.connection.patience;
        patience.moved(bytes);
        if bytes > 0 && patience.phase() == Phase::Idle {
            patience.enter(Phase::Head);
        }
    }

    fn note_write(&self, written: &Poll<io::Result<usize>>) {
        let patience = &self.connection.patience;
        match (written, patience.phase()) {
            (Poll::Pending, Phase::Working | Phase::Body) => patience.enter(Phase::Reader),
            (Poll::Ready(Ok(bytes)), phase) => {
                patience.moved(*bytes);
                if phase == Phase::Reader {
                    patience.enter(Phase::Working);
                }
            }
            _ => {}
        }
    }

    /// Keeps these bytes back if no request was handed on that they could be the answer to.
    fn keep_back(&mut self, bytes: &[u8]) -> bool {
        if !matches!(self.connection.patience.phase(), Phase::Idle | Phase::Head) {
            return false;
        }
        // HTTP/1.1 431 …
        let status = bytes.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
        self.refused = self.refused.or(status.and_then(|digits| digits.parse().ok()));
        true
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.unread.is_empty() {
            let again = self.unread.len().min(buffer.remaining());
            buffer.put_slice(self.unread.get(..again).unwrap_or_default());
            self.unread.advance(again);
            self.note_read(again);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let limit = self.read_bytes as u64;
        let result = Pin::new(&mut (&mut self.stream).take(limit)).poll_read(cx, buffer);
        self.note_read(buffer.filled().len() - before);
        result
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.keep_back(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note_write(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.keep_back(slices.first().map_or(&[], |slice| slice)) {
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note_write(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper flushes once it has nothing left to write. After the end of an answer that means: the answer is gone, and
    /// what is written before the next request begins would be hyper's own words.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.is_flushed();
        if self.connection.patience.phase() == Phase::Leaving {
            self.connection.patience.enter(Phase::Idle);
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
