//! A request as bytes, with nothing understood.

use std::fmt::Write as _;
use std::net::IpAddr;

use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Uri};

/// The head of a request as it travels, and what the server knows besides: the time and the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRequest {
    /// The method of the request line.
    pub method: Vec<u8>,
    /// The target of the request line.
    pub target: Vec<u8>,
    /// Every field in its order, names as they are sent.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// The server's clock, in seconds since 1970.
    pub now: i64,
    /// The other end of the connection.
    pub peer: IpAddr,
}

impl RawRequest {
    /// The values of a field, spaces around them taken off, as every reader of HTTP does.
    pub fn values<'r>(&'r self, name: &'r [u8]) -> impl Iterator<Item = &'r [u8]> {
        self.fields
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| trim(value))
    }

    /// The first value of a field.
    pub fn value<'r>(&'r self, name: &'r [u8]) -> Option<&'r [u8]> {
        self.values(name).next()
    }

    /// Adds a field.
    pub fn push(&mut self, name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.fields.push((name.into(), value.into()));
    }

    /// The head as the HTTP library hands it to the server; `None` if that library would not let it in.
    pub fn to_parts(&self) -> Option<Parts> {
        let mut request = Request::new(());
        *request.method_mut() = Method::from_bytes(&self.method).ok()?;
        *request.uri_mut() = Uri::try_from(self.target.as_slice()).ok()?;
        for (name, value) in &self.fields {
            let name = HeaderName::from_bytes(name).ok()?;
            request.headers_mut().append(name, HeaderValue::from_bytes(trim(value)).ok()?);
        }
        Some(request.into_parts().0)
    }

    /// The bytes on the wire, with a body.
    pub fn to_bytes(&self, body: &[u8]) -> Vec<u8> {
        let mut bytes = [&self.method, &b" "[..], &self.target, b" HTTP/1.1\r\n"].concat();
        for (name, value) in &self.fields {
            bytes.extend([name, &b": "[..], value, b"\r\n"].concat());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        bytes
    }

    /// Whether it has a byte that would end a line too early, so that it would be read as another request than it is here.
    pub fn breaks_lines(&self) -> bool {
        let breaks = |bytes: &[u8]| bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n'));
        let splits = |bytes: &[u8]| bytes.iter().any(|byte| matches!(byte, b' ' | b'\t'));
        breaks(&self.method)
            || breaks(&self.target)
            || splits(&self.method)
            || splits(&self.target)
            || self.fields.iter().any(|(name, value)| breaks(name) || breaks(value) || name.contains(&b':'))
    }

    /// The head for a person.
    pub fn describe(&self) -> String {
        let mut text = format!("{} {}\n", self.method.escape_ascii(), self.target.escape_ascii());
        for (name, value) in &self.fields {
            let _ = writeln!(text, "  {}: {}", name.escape_ascii(), value.escape_ascii());
        }
        let _ = write!(text, "  (from {} at {})", self.peer, self.now);
        text
    }
}

/// Takes spaces and tabs off both ends.
pub(crate) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, fields: &[(&str, &str)]) -> RawRequest {
        let fields = fields.iter().map(|(name, value)| (name.as_bytes().into(), value.as_bytes().into()));
        RawRequest {
            method: b"GET".into(),
            target: target.into(),
            fields: fields.collect(),
            now: 0,
            peer: [127, 0, 0, 1].into(),
        }
    }

    #[test]
    fn it_is_what_the_library_reads() {
        let raw = request("/a?b=%20", &[("X-A", " 1 "), ("x-a", "2")]);
        let parts = raw.to_parts().unwrap();
        assert_eq!(parts.uri.path_and_query().unwrap().as_str(), "/a?b=%20");
        assert_eq!(parts.headers.get_all("x-a").iter().collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(raw.values(b"X-a").collect::<Vec<_>>(), [b"1", b"2"]);
        assert_eq!(raw.to_bytes(b"x"), b"GET /a?b=%20 HTTP/1.1\r\nX-A:  1 \r\nx-a: 2\r\n\r\nx");
        assert!(request("/a b", &[]).to_parts().is_none() && request("/a b", &[]).breaks_lines());
        assert!(request("/", &[("a\n", "")]).to_parts().is_none());
        assert!(!raw.breaks_lines() && request("/", &[("a", "b\r\nc: d")]).breaks_lines());
    }
}
