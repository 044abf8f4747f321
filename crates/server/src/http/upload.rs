//! The body of a request on its way in.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming};
use presign_s3::S3Error;

use super::connection::Connection;
use super::patience::Phase;

/// The body of a request. Until the first byte is asked for, a client that sent `Expect: 100-continue` holds it back.
pub(crate) struct Upload {
    body: Incoming,
    announced: Option<u64>,
    received: u64,
    connection: Arc<Connection>,
    has_ended: bool,
}

/// Why a body did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UploadError {
    /// The client went away, or its framing broke off.
    Incomplete,
    /// It came more slowly than a body may, or not at all.
    TooSlow,
}

impl From<UploadError> for S3Error {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Incomplete => Self::incomplete_body(),
            UploadError::TooSlow => Self::request_timeout(),
        }
    }
}

impl Upload {
    pub(super) fn new(body: Incoming, connection: Arc<Connection>) -> Self {
        let announced = body.size_hint().exact();
        let has_ended = body.is_end_stream();
        Self { body, announced, received: 0, connection, has_ended }
    }

    /// The next bytes, never empty; `None` at the end.
    pub(crate) async fn next_chunk(&mut self) -> Result<Option<Bytes>, UploadError> {
        while !self.has_ended {
            let Some(frame) = poll_fn(|cx| self.poll_frame(cx)).await? else {
                self.has_ended = true;
                break;
            };
            // What is no data is trailers, which nothing here asked for.
            if let Ok(bytes) = frame.into_data()
                && !bytes.is_empty()
            {
                self.received += bytes.len() as u64;
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// The next frame. While there is none the client is the one to move, and the watchdog sees to it that it does.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Frame<Bytes>>, UploadError>> {
        let patience = &self.connection.patience;
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                patience.enter(Phase::Working);
                Poll::Ready(frame.transpose().map_err(|_| UploadError::Incomplete))
            }
            Poll::Pending if self.connection.is_body_given_up.load(Ordering::Relaxed) => {
                patience.enter(Phase::Working);
                Poll::Ready(Err(UploadError::TooSlow))
            }
            Poll::Pending => {
                patience.enter(Phase::Body);
                Poll::Pending
            }
        }
    }

    /// The server has something else to do than to wait for the next bytes.
    pub(crate) fn pause(&self) {
        if self.connection.patience.phase() == Phase::Body {
            self.connection.patience.enter(Phase::Working);
        }
    }

    /// All of a body that the caller knows to be small.
    ///
    /// # Errors
    /// 400 `MaxMessageLengthExceeded` past `limit` bytes, before the body is read if its length says so.
    pub(crate) async fn read_all(&mut self, limit: usize) -> Result<Vec<u8>, S3Error> {
        let too_long = |length: u64| length > limit as u64;
        if self.announced.is_some_and(too_long) {
            return Err(S3Error::message_too_long(limit));
        }
        let mut all = Vec::new();
        while let Some(bytes) = self.next_chunk().await? {
            if too_long(self.received) {
                return Err(S3Error::message_too_long(limit));
            }
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }

    /// How long it is, if its framing says so before it arrives: by `Content-Length`, and not in chunks. The connection
    /// then gives exactly that many bytes, or the body is [`UploadError::Incomplete`].
    pub(crate) fn length(&self) -> Option<u64> {
        self.announced
    }

    /// Whether nothing of it is left on the connection.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// How much is still to come, if that is known.
    pub(crate) fn left(&self) -> Option<u64> {
        self.announced.map(|announced| announced.saturating_sub(self.received))
    }

    /// How many bytes came in.
    pub(super) fn received(&self) -> u64 {
        self.received
    }
}

impl Drop for Upload {
    /// Nobody waits for it any longer, wherever it was left.
    fn drop(&mut self) {
        self.pause();
    }
}
