//! The body of an answer: nothing, a few bytes, or an object on its way out.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use presign_store::{ObjectReader, StoreError};

/// The body of an answer.
pub(crate) enum AnswerBody {
    /// None at all.
    Empty,
    /// All of it at once, which goes out together with the head.
    Whole(Bytes),
    /// An object, chunk by chunk, as fast as the client takes it.
    Download(Download),
}

impl AnswerBody {
    /// `first`, and what is left of the reader: `length` bytes together.
    pub(crate) fn download(first: Bytes, reader: ObjectReader, length: u64) -> Self {
        Self::Download(Download { state: State::First(first, reader), left: length })
    }
}

impl From<String> for AnswerBody {
    fn from(text: String) -> Self {
        Self::Whole(text.into())
    }
}

/// An object on its way out.
pub(crate) struct Download {
    state: State,
    left: u64,
}

type NextChunk = Pin<Box<dyn Future<Output = (ObjectReader, Result<Option<Bytes>, StoreError>)> + Send>>;

enum State {
    /// A chunk that was read before the answer began.
    First(Bytes, ObjectReader),
    /// Nobody asked for the next chunk yet; `None` after the last or after an error.
    Idle(Option<ObjectReader>),
    Reading(NextChunk),
}

impl Download {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, StoreError>>> {
        loop {
            match std::mem::replace(&mut self.state, State::Idle(None)) {
                State::First(first, reader) => {
                    self.state = State::Idle(Some(reader));
                    return Poll::Ready(Some(Ok(first)));
                }
                State::Idle(reader) => {
                    let Some(mut reader) = reader else { return Poll::Ready(None) };
                    self.state = State::Reading(Box::pin(async move {
                        let chunk = reader.next_chunk().await;
                        (reader, chunk)
                    }));
                }
                State::Reading(mut reading) => {
                    let Poll::Ready((reader, chunk)) = reading.as_mut().poll(cx) else {
                        self.state = State::Reading(reading);
                        return Poll::Pending;
                    };
                    let more = matches!(chunk, Ok(Some(_)));
                    self.state = State::Idle(more.then_some(reader));
                    return Poll::Ready(chunk.transpose());
                }
            }
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = StoreError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StoreError>>> {
        let body = self.get_mut();
        match body {
            Self::Empty => Poll::Ready(None),
            Self::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                *body = Self::Empty;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Self::Download(download) => {
                let chunk = std::task::ready!(download.poll_chunk(cx));
                if let Some(Ok(bytes)) = &chunk {
                    download.left = download.left.saturating_sub(bytes.len() as u64);
                }
                Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Download(download) => download.left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Empty => 0,
            Self::Whole(bytes) => bytes.len() as u64,
            Self::Download(download) => download.left,
        })
    }
}
