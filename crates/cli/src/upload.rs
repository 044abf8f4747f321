//! Sending a file to a store by a presigned URL.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use indicatif::{ProgressBar, ProgressStyle};
use presign::PresignedUrl;
use reqwest::header::CONTENT_LENGTH;
use tokio::fs::File;
use tokio::io::{AsyncRead as _, ReadBuf};

use crate::store_error::StoreError;
use crate::url_path::path_of;

/// Read from the file, and handed to the connection, at a time.
const CHUNK_BYTES: usize = 256 << 10;

/// Sends the first `length` bytes of the file; the bar follows.
pub(crate) async fn send(
    signed: &PresignedUrl,
    file: File,
    length: u64,
    progress: &ProgressBar,
) -> Result<()> {
    let mut client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    if signed.as_str().starts_with("http://") {
        // A bare container has no certificates, and without TLS it needs none.
        client = client.tls_certs_only([]);
    }
    let client = client.build().context("the HTTP client cannot be started")?;
    let url: reqwest::Url = signed.as_str().parse().context("the store's URL cannot be read")?;
    if url.path() != path_of(signed.as_str()) {
        bail!(
            "the key has `.` or `..` as a part of its path, which HTTP clients rewrite; choose another key, or \
             upload with `presign url --http-method PUT --curl`"
        );
    }
    let body = FileBody { file, left: length, buffer: vec![0; CHUNK_BYTES], progress: progress.clone() };
    let mut request = client.put(url).body(reqwest::Body::wrap(body));
    if length == 0 {
        // S3 wants to be told that nothing comes, and of an empty body HTTP clients tell nothing.
        request = request.header(CONTENT_LENGTH, 0);
    }
    for (name, value) in signed.headers() {
        request = request.header(name, value);
    }
    let origin = origin_of(signed.as_str());
    // The URL is a credential: it must not be printed with the error.
    let response = request
        .send()
        .await
        .map_err(reqwest::Error::without_url)
        .with_context(|| format!("cannot upload to {origin}"))?;
    if response.status().is_success() {
        return Ok(());
    }
    let status = response.status().as_u16();
    let body = response.text().await.unwrap_or_default();
    Err(StoreError::read(status, &body).into())
}

/// A bar on standard error, where that is a terminal.
pub(crate) fn progress_bar(length: u64, quiet: bool) -> ProgressBar {
    if quiet || !io::IsTerminal::is_terminal(&io::stderr()) {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template(
        "{wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}",
    ) {
        bar.set_style(style);
    }
    bar
}

fn origin_of(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let end =
        url.get(after_scheme..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| after_scheme + at);
    url.get(..end).unwrap_or(url)
}

/// A file as a request's body, in constant memory, with its length known.
struct FileBody {
    file: File,
    left: u64,
    buffer: Vec<u8>,
    progress: ProgressBar,
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let body = self.get_mut();
        if body.left == 0 {
            return Poll::Ready(None);
        }
        let room = body.buffer.len().min(usize::try_from(body.left).unwrap_or(usize::MAX));
        let mut read = ReadBuf::new(body.buffer.get_mut(..room).unwrap_or_default());
        ready!(Pin::new(&mut body.file).poll_read(context, &mut read))?;
        let chunk = Bytes::copy_from_slice(read.filled());
        if chunk.is_empty() {
            let cut =
                io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter during the upload");
            return Poll::Ready(Some(Err(cut)));
        }
        body.left = body.left.saturating_sub(chunk.len() as u64);
        body.progress.inc(chunk.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_origin_and_not_the_signature() {
        assert_eq!(origin_of("https://h:1/b/k?X-Amz-Signature=x"), "https://h:1");
        assert_eq!(origin_of("https://h"), "https://h");
    }
}
