//! One request, rendered, and the answer that it must get.

use std::net::SocketAddr;
use std::sync::Arc;

/// A request's body: a block, again and again until the length is reached.
#[derive(Debug, Clone)]
pub struct Body {
    block: Arc<[u8]>,
    length: u64,
}

impl Body {
    /// No body.
    #[must_use]
    pub fn none() -> Self {
        Body { block: Arc::from([]), length: 0 }
    }

    /// These bytes, once.
    #[must_use]
    pub fn once(bytes: Arc<[u8]>) -> Self {
        let length = bytes.len() as u64;
        Body { block: bytes, length }
    }

    /// `length` bytes of the block repeated. An empty block makes an empty body.
    #[must_use]
    pub fn repeated(block: Arc<[u8]>, length: u64) -> Self {
        let length = if block.is_empty() { 0 } else { length };
        Body { block, length }
    }

    /// Its length.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// What is to be sent next at this position, as far as it stands in one piece.
    pub(super) fn piece_at(&self, position: u64) -> &[u8] {
        let left = self.length.saturating_sub(position);
        let Some(offset) = position.checked_rem(self.block.len() as u64) else { return &[] };
        let piece = usize::try_from(offset).ok().and_then(|offset| self.block.get(offset..)).unwrap_or(&[]);
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        piece.get(..most).unwrap_or(&[])
    }
}

/// The answer that a request must get; any other ends the run.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The statuses that are right.
    pub statuses: &'static [u16],
    /// The length of the answer's body, where it is known.
    pub length: Option<u64>,
    /// The bytes of the answer's body, compared in a sample of the answers.
    pub bytes: Option<Arc<[u8]>>,
}

/// A request and its answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub(super) head: Box<[u8]>,
    pub(super) body: Body,
    pub(super) expected: Expected,
}

/// The ordinary User-Agent.
const AGENT: &str = "User-Agent: curl/8.14.1\r\n";

impl Exchange {
    /// Renders a request as curl would send it.
    #[must_use]
    pub fn new(method: &str, target: &str, host: SocketAddr, body: Body, expected: Expected) -> Self {
        let length = match method {
            "PUT" => format!("Content-Length: {}\r\n", body.length()),
            _ => String::new(),
        };
        let head =
            format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n{AGENT}Accept: */*\r\n{length}\r\n");
        Exchange { head: head.into_bytes().into(), body, expected }
    }

    /// With more header fields; a User-Agent takes the place of the ordinary one.
    #[must_use]
    pub fn with_headers<'a>(mut self, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut head = self.head.into_vec();
        let headers: Vec<_> = headers.into_iter().collect();
        if headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("user-agent"))
            && let Some(at) = head.windows(AGENT.len()).position(|part| part == AGENT.as_bytes())
        {
            head.drain(at..at + AGENT.len());
        }
        // In the place of the empty line, which comes behind them again.
        head.truncate(head.len().saturating_sub(2));
        for (name, value) in headers {
            head.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        self.head = head.into();
        self
    }

    /// The first line of the request, without what follows the path: a presigned URL is a credential.
    pub(super) fn name(&self) -> String {
        let line = self.head.split(|&byte| byte == b'?' || byte == b'\r').next().unwrap_or_default();
        String::from_utf8_lossy(line).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_added_before_the_empty_line() {
        let expected = Expected { statuses: &[200], length: None, bytes: None };
        let exchange =
            Exchange::new("GET", "/b?list-type=2", "127.0.0.1:9".parse().unwrap(), Body::none(), expected);
        let head = String::from_utf8(exchange.with_headers([("x-amz-date", "now")]).head.into()).unwrap();
        assert!(head.starts_with("GET /b?list-type=2 HTTP/1.1\r\nHost: 127.0.0.1:9\r\n"), "{head}");
        assert!(head.ends_with("Accept: */*\r\nx-amz-date: now\r\n\r\n"), "{head}");
        let expected = Expected { statuses: &[200], length: None, bytes: None };
        let exchange = Exchange::new("GET", "/", "127.0.0.1:9".parse().unwrap(), Body::none(), expected);
        let head = String::from_utf8(exchange.with_headers([("user-agent", "a")]).head.into()).unwrap();
        assert_eq!(head.to_ascii_lowercase().matches("user-agent: a\r\n").count(), 1, "{head}");
        assert!(!head.contains("curl"), "{head}");
    }

    #[test]
    fn a_repeated_body_is_sent_piece_by_piece() {
        let body = Body::repeated(Arc::from(*b"abcd"), 10);
        assert_eq!(body.piece_at(0), b"abcd");
        assert_eq!(body.piece_at(6), b"cd");
        assert_eq!(body.piece_at(8), b"ab");
        assert_eq!(body.piece_at(10), b"");
        assert_eq!(Body::none().piece_at(0), b"");
    }
}
