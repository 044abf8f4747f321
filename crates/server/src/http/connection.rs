//! One connection: its requests one after another, and its end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use presign::RequestText;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::orders::{Order, Orders};
use super::patience::{Patience, Phase};
use super::service;
use super::unreadable;
use super::watchdog::Place;
use super::watched_stream::WatchedStream;
use crate::app::App;

/// Bytes of a head that are read at all, request line included. All that [`presign_s3::limits`] allow fits in twice, so most
/// of what is past them is refused with all that is known of the request; the rest is [`unreadable`].
const HEAD_BYTES: usize = 64 * 1024;
/// Bytes of a body or an answer that one connection buffers.
const BUFFER_BYTES: usize = 256 * 1024;

/// What the requests of one connection share, and its watchdog sees of it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) peer: SocketAddr,
    pub(super) patience: Patience,
    pub(super) orders: Orders,
    /// The body under way came too slowly, and is not waited for any longer.
    pub(super) is_body_given_up: AtomicBool,
    /// An answer was given without reading the whole body.
    pub(super) has_unread_body: AtomicBool,
    /// An answer is complete, and its socket has not taken all of it.
    has_waiting_answer: AtomicBool,
    answer_gone: Notify,
}

impl Connection {
    pub(super) fn new(peer: SocketAddr) -> Self {
        Self {
            peer,
            patience: Patience::new(),
            orders: Orders::default(),
            is_body_given_up: AtomicBool::new(false),
            has_unread_body: AtomicBool::new(false),
            has_waiting_answer: AtomicBool::new(false),
            answer_gone: Notify::new(),
        }
    }

    /// The last byte of an answer was handed over to hyper.
    pub(super) fn answer_waits(&self) {
        self.has_waiting_answer.store(true, Ordering::Relaxed);
    }

    /// All that was handed over went to the socket.
    pub(super) fn is_flushed(&self) {
        if self.has_waiting_answer.swap(false, Ordering::Relaxed) {
            self.answer_gone.notify_one();
        }
    }

    /// Waits until the socket has taken all answers.
    pub(super) async fn answers_are_gone(&self) {
        while self.has_waiting_answer.load(Ordering::Relaxed) {
            self.answer_gone.notified().await;
        }
    }
}

/// Serves a connection to its end: until the client closes it, the watchdog gives it up, or the server stops.
///
/// While nobody says anything it is *parked*: a socket and what is known of it, without buffers, which are most of what a
/// connection costs.
pub(crate) async fn serve_connection(app: Arc<App>, mut stream: TcpStream, place: Place) {
    // Answers are written whole; waiting to fill a segment only delays them.
    let _ = stream.set_nodelay(true);
    let connection = place.connection();
    let mut unread = Bytes::new();
    while !unread.is_empty() || is_spoken_to(&stream, connection).await {
        match Box::pin(talk(&app, stream, unread, &place)).await {
            Some(parked) => (stream, unread) = parked,
            None => return,
        }
    }
}

/// Waits parked. `false`: nothing came, and nothing is waited for any longer.
async fn is_spoken_to(stream: &TcpStream, connection: &Connection) -> bool {
    let mut first = [0];
    loop {
        tokio::select! {
            // What has come already is answered, whatever the watchdog thinks of it.
            biased;
            // A new socket may be said to be readable when it is not, so readiness alone proves nothing.
            peeked = stream.peek(&mut first) => return matches!(peeked, Ok(1..)),
            order = connection.orders.next(&connection.patience) => match order {
                Order::Park(_) => {}
                Order::Close(_) | Order::Stop => return false,
            },
        }
    }
}

/// Answers requests until there is a pause. Gives the stream back then, and nothing once the connection is over.
async fn talk(app: &Arc<App>, stream: TcpStream, unread: Bytes, place: &Place) -> Option<(TcpStream, Bytes)> {
    let (connection, talking) = (place.connection(), place.talk());
    let service = service_fn({
        let (app, connection) = (Arc::clone(app), Arc::clone(connection));
        move |request: hyper::Request<Incoming>| {
            connection.patience.enter(Phase::Working);
            let answer = service::answer(Arc::clone(&app), Arc::clone(&connection), request);
            // Boxed, because what can be taken apart again must not be pinned to its place.
            Box::pin(answer) as Pin<Box<dyn Future<Output = Result<_, Infallible>> + Send>>
        }
    });
    let stream = WatchedStream::new(stream, unread, Arc::clone(connection), talking.read_bytes());
    let mut http = http1::Builder::new()
        .max_buf_size(BUFFER_BYTES)
        .max_header_size(HEAD_BYTES)
        // The watchdog does that, and tells an idle connection from a slow head.
        .header_read_timeout(None)
        // hyper writes the same date until its clock has passed it, whatever the clock does; ours is in `service`.
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service);
    let mut is_stopping = false;
    let ended = loop {
        let mut orders = pin!(connection.orders.next(&connection.patience));
        let order = poll_fn(|cx| match http.poll_without_shutdown(cx) {
            Poll::Ready(ended) => Poll::Ready(Err(ended)),
            Poll::Pending => match connection.patience.situation() {
                idle if idle.phase() == Phase::Idle && talking.is_one_of_many() => {
                    Poll::Ready(Ok(Order::Park(idle)))
                }
                _ => orders.as_mut().poll(cx).map(Ok),
            },
        });
        match order.await {
            Err(ended) => break ended,
            Ok(Order::Stop) => {
                is_stopping = true;
                Pin::new(&mut http).graceful_shutdown();
            }
            Ok(Order::Park(_)) => {
                let parts = http.into_parts();
                return Some((parts.io.into_inner().into_inner(), parts.read_buf));
            }
            Ok(Order::Close(situation)) => match situation.phase() {
                Phase::Body => connection.is_body_given_up.store(true, Ordering::Relaxed),
                phase => {
                    tracing::debug!(peer = %connection.peer, ?phase, "connection used up its time and was closed");
                    return None;
                }
            },
        }
    };
    let parts = http.into_parts();
    let stream = parts.io.into_inner();
    let refused = stream.refused();
    let mut stream = stream.into_inner();
    connection.patience.enter(Phase::Lingering);
    if let Err(error) = ended {
        let error = RequestText::from(error.to_string());
        tracing::debug!(peer = %connection.peer, %error, "connection ended");
        let answer = unreadable::answer(refused?, &parts.read_buf, app.clock.now());
        tokio::time::timeout(LINGER_QUIET, stream.write_all(&answer)).await.ok()?.ok()?;
    }
    let is_talking = refused.is_some() || connection.has_unread_body.load(Ordering::Relaxed);
    if stream.shutdown().await.is_ok() && is_talking {
        linger(&mut stream, connection, is_stopping).await;
    }
    None
}

const LINGER_QUIET: Duration = Duration::from_secs(5);
const LINGER: Duration = Duration::from_secs(30);
/// For the answer to arrive once the server stops, which is not held up by whoever sends on.
const LINGER_STOPPING: Duration = Duration::from_secs(1);

/// Reads and forgets what the client is still sending. Closing a socket with unread bytes resets the connection, and the
/// reset overtakes the answer that the client has yet to read.
async fn linger(stream: &mut TcpStream, connection: &Connection, is_stopping: bool) {
    let mut sink = vec![0; 8 * 1024];
    let drain =
        async { while let Ok(Ok(1..)) = tokio::time::timeout(LINGER_QUIET, stream.read(&mut sink)).await {} };
    let given_up = async {
        let mut is_stopping = is_stopping;
        while !is_stopping {
            match connection.orders.next(&connection.patience).await {
                Order::Park(_) => {}
                Order::Close(_) => return,
                Order::Stop => is_stopping = true,
            }
        }
        tokio::time::sleep(LINGER_STOPPING).await;
    };
    tokio::select! {
        _ = tokio::time::timeout(LINGER, drain) => {}
        () = given_up => {}
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    /// Else hyper makes answers until 256 KiB of them wait on each connection of a client that sends requests one behind the
    /// other and reads nothing.
    #[test]
    fn the_next_request_waits_until_the_answer_before_is_gone() {
        let connection = Connection::new(([127, 0, 0, 1], 1).into());
        let mut cx = Context::from_waker(Waker::noop());
        let mut is_gone =
            |connection: &Connection| pin!(connection.answers_are_gone()).as_mut().poll(&mut cx).is_ready();
        assert!(is_gone(&connection), "there was no answer before the first request");
        connection.answer_waits();
        assert!(!is_gone(&connection));
        connection.is_flushed();
        assert!(is_gone(&connection));
        // The permit of a flush that nobody waited for wakes nobody too early.
        connection.answer_waits();
        assert!(!is_gone(&connection));

        let mut waiting = pin!(connection.answers_are_gone());
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        connection.is_flushed();
        assert!(waiting.as_mut().poll(&mut cx).is_ready());
    }
}
