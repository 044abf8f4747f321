//! One connection: its requests one after another, its patience, its end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::idle_stream::{IdleStream, Patience};
use super::service;
use crate::app::App;

/// Bytes that one connection buffers. Heads past the limits of [`presign_s3::limits`] fit in, so that they get S3's error and
/// not a bare status; what does not fit in here gets 431.
const BUFFER_BYTES: usize = 256 * 1024;
/// Header fields that are parsed at all, for the same reason.
const PARSED_FIELDS: usize = 1000;

/// What the requests of one connection share.
pub(super) struct Connection {
    pub(super) peer: SocketAddr,
    pub(super) patience: Patience,
    /// An answer was given without reading the whole body.
    pub(super) has_unread_body: AtomicBool,
}

/// Serves a connection to its end: until the client closes it, stands still for too long, or the server stops.
pub(crate) async fn serve_connection(
    app: Arc<App>,
    stream: TcpStream,
    peer: SocketAddr,
    mut stopping: watch::Receiver<bool>,
) {
    // Answers are written whole; waiting to fill a segment only delays them.
    let _ = stream.set_nodelay(true);
    let patience = Patience::new();
    let timeouts = app.timeouts;
    let has_unread_body = AtomicBool::new(false);
    let connection = Arc::new(Connection { peer, patience: patience.clone(), has_unread_body });
    let service = service_fn({
        let connection = Arc::clone(&connection);
        move |request: hyper::Request<Incoming>| {
            connection.patience.request_began();
            let answer = service::answer(Arc::clone(&app), Arc::clone(&connection), request);
            // Boxed, because what can be taken apart again must not be pinned to its place.
            Box::pin(async move { Ok::<_, Infallible>(answer.await) })
                as Pin<Box<dyn Future<Output = Result<_, Infallible>> + Send>>
        }
    });
    let mut http = http1::Builder::new()
        .max_buf_size(BUFFER_BYTES)
        .max_headers(PARSED_FIELDS)
        // Patience does that, and tells an idle connection from a slow head.
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(IdleStream::new(stream, patience.clone())), service);
    if *stopping.borrow_and_update() {
        Pin::new(&mut http).graceful_shutdown();
    }
    loop {
        tokio::select! {
            ended = poll_fn(|cx| http.poll_without_shutdown(cx)) => {
                match ended {
                    Ok(()) => break,
                    Err(error) => {
                        tracing::debug!(%peer, %error, "connection ended");
                        return;
                    }
                }
            }
            () = patience.ran_out(&timeouts) => {
                tracing::debug!(%peer, "connection stood still and was closed");
                return;
            }
            stop = stopping.changed() => {
                if stop.is_err() {
                    return;
                }
                Pin::new(&mut http).graceful_shutdown();
            }
        }
    }
    let mut stream = http.into_parts().io.into_inner();
    if stream.shutdown().await.is_ok() && connection.has_unread_body.load(Ordering::Relaxed) {
        linger(&mut stream).await;
    }
}

/// Reads and forgets what the client is still sending. Closing a socket with unread bytes resets the connection, and the
/// reset overtakes the answer that the client has yet to read.
async fn linger(stream: &mut IdleStream) {
    const QUIET: Duration = Duration::from_secs(5);
    const TOTAL: Duration = Duration::from_secs(30);
    let mut sink = vec![0; 64 * 1024];
    let drain =
        async { while let Ok(Ok(1..)) = tokio::time::timeout(QUIET, stream.read(&mut sink)).await {} };
    let _ = tokio::time::timeout(TOTAL, drain).await;
}
