//! One request: from its head to the last byte of its answer.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{
    CONNECTION, CONTENT_TYPE, DATE, EXPECT, HeaderName, HeaderValue, SERVER, TRANSFER_ENCODING,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use presign_s3::{S3Error, Target, operation};
use presign_store::StoreError;

use super::connection::Connection;
use super::date;
use super::request_id::RequestId;
use super::{Answer, AnswerBody, Head, Upload, WaitingErrors};
use crate::access_log::AccessRecord;
use crate::app::App;
use crate::transfer_limits::Transfer;
use crate::{auth, cors, ops};

/// A body that is read to its end although nobody wants it, so that the connection can go on.
const DRAINED_BYTES: u64 = 64 * 1024;

/// Answers one request. Whatever goes wrong becomes an answer too.
pub(super) async fn answer(
    app: Arc<App>,
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Result<Response<ObservedBody>, Infallible> {
    let (parts, body) = request.into_parts();
    let id = RequestId::random();
    let mut record = AccessRecord::begin(id, connection.peer.ip(), &parts);
    // hyper reads on while answers wait for a client who does not take them. One at a time is enough.
    connection.answers_are_gone().await;
    let mut upload = Upload::new(body, Arc::clone(&connection));
    let mut transfer = None;
    let outcome = respond(&app, &connection, &parts, &mut upload, &mut record, &mut transfer).await;
    let mut answer = outcome.unwrap_or_else(|error| {
        record.refused(&error);
        refuse(&app.waiting_errors, &error, id, parts.method == Method::HEAD, record.client_address())
    });
    let holds_back = parts.headers.contains_key(EXPECT);
    let is_read = drain(&mut upload, holds_back).await;
    connection.has_unread_body.store(!is_read, Ordering::Relaxed);
    // Somebody on the way may have another opinion on where such a request ends. No client of S3 sends one.
    let is_of_doubtful_length =
        parts.headers.contains_key(TRANSFER_ENCODING) || answer.status() == StatusCode::LENGTH_REQUIRED;
    // A client that asked for a 100 and gets none takes the answer for an early one. Older versions of
    // botocore, which ask for an empty body too, then mistake the next answer on the connection: they wait a minute for its
    // end, and send the request again. <https://github.com/boto/botocore/issues/3755>
    let is_without_its_100 = holds_back && upload.received() == 0;
    if !is_read || is_of_doubtful_length || is_without_its_100 {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    record.received(upload.received());
    add_names(&mut answer, id);
    answer.headers_mut().insert(DATE, date::header(app.clock.now()));
    record.answered(answer.status());
    Ok(answer.map(|body| ObservedBody { body, record, connection, _transfer: transfer }))
}

async fn respond(
    app: &App,
    connection: &Connection,
    parts: &Parts,
    upload: &mut Upload,
    record: &mut AccessRecord,
    transfer: &mut Option<Transfer>,
) -> Result<Answer, S3Error> {
    let peer = connection.peer.ip();
    let head = Head::read(parts).inspect_err(|_| record.client(app.proxies.known_without_headers(peer)))?;
    let client = app.proxies.client(peer, |name| head.values(name));
    record.client(client.address);
    if parts.method == Method::OPTIONS {
        return cors::preflight(&head);
    }
    let now = app.clock.now();
    let authorized = auth::authorize(app, &head, &client, now, record).inspect_err(|_| {
        let target =
            Target::parse(head.value("host").unwrap_or_default(), head.path().as_bytes(), app.hosts.base());
        if let (Ok(target), Ok(method)) = (target, head.method.parse()) {
            record.asked_for(operation::log_name(method, target.resource_kind()));
        }
    })?;
    connection.patience.vouch();
    let holder = authorized.holder;
    let begin = || app.transfers.begin(holder).ok_or_else(S3Error::slow_down);
    if !upload.has_ended() {
        *transfer = Some(begin()?);
    }
    let answer = ops::run(&ops::Place::new(app, now), authorized, upload).await?;
    if transfer.is_none() && matches!(answer.body(), AnswerBody::Download(_)) {
        *transfer = Some(begin()?);
    }
    Ok(answer)
}

/// Reads what is left of a short body. `false`: there is more than that, and the connection cannot go on.
async fn drain(upload: &mut Upload, holds_back: bool) -> bool {
    if upload.has_ended() {
        return true;
    }
    if holds_back || upload.left().is_none_or(|left| left > DRAINED_BYTES) {
        return false;
    }
    let read = async { while let Ok(Some(_)) = upload.next_chunk().await {} };
    let _ = tokio::time::timeout(Duration::from_secs(1), read).await;
    upload.has_ended()
}

/// The refusal as S3 writes it. The answer to a HEAD has no body, whatever it says.
fn refuse(
    waiting: &WaitingErrors,
    error: &S3Error,
    id: RequestId,
    is_head: bool,
    client: Option<IpAddr>,
) -> Answer {
    let (body, is_short) = match is_head {
        true => (AnswerBody::Empty, false),
        false => {
            let body = waiting.body(error, &id.to_string(), &id.host_id(), client);
            (AnswerBody::Whole(body.bytes), body.is_short)
        }
    };
    let mut answer = Answer::new(body);
    if is_short {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    *answer.status_mut() = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    for (name, value) in error.headers() {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    answer
}

/// The headers that every answer has.
fn add_names(answer: &mut Answer, id: RequestId) {
    let headers = answer.headers_mut();
    let (request_id, host_id) = (id.digits(), id.host_id_characters());
    for (name, value) in [("x-amz-request-id", &request_id[..]), ("x-amz-id-2", &host_id[..])] {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers.insert(SERVER, HeaderValue::from_static("Presign"));
    // What an uploader calls text is never guessed to be a script or a page.
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// An answer's body that counts what goes out. With its end the record is dropped, which writes the access log.
pub(super) struct ObservedBody {
    body: AnswerBody,
    record: AccessRecord,
    connection: Arc<Connection>,
    _transfer: Option<Transfer>,
}

impl Body for ObservedBody {
    type Data = Bytes;
    type Error = StoreError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StoreError>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => self.record.sent(frame.data_ref().map_or(0, Bytes::len)),
            Some(Err(error)) => self.record.broke_off(error),
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for ObservedBody {
    fn drop(&mut self) {
        self.connection.patience.answer_ended();
        self.connection.answer_waits();
    }
}
