//! The canonical request: the text that a SigV4 signature covers.
//!
//! ```text
//! METHOD
//! path
//! query parameters, sorted
//! name:value for each signed header
//!
//! names of the signed headers
//! payload hash
//! ```
//! Source: "Create a signed AWS API request", AWS IAM User Guide.

use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::work;

/// The payload line of a presigned URL, whose maker does not know the body.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// Writes a canonical request line by line; the methods are called in the order of its lines.
pub(crate) struct CanonicalRequest {
    text: String,
    method_bytes: usize,
    /// Where the value of the Host header stands.
    host: Option<Range<usize>>,
}

/// A whole canonical request, whose hash can be had with another method, Host or payload line in it. None of the
/// rest is made again for that.
pub(crate) struct CanonicalForm {
    text: String,
    method_bytes: usize,
    host: Option<Range<usize>>,
    payload_bytes: usize,
}

impl CanonicalForm {
    /// The length of the text in bytes.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    pub(crate) fn payload(&self) -> &str {
        self.text.get(self.text.len() - self.payload_bytes..).unwrap_or_default()
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        crate::signing_key::sha256(self.text.as_bytes())
    }

    /// The hash of the text with another method and payload line, and another Host where one is given.
    pub(crate) fn hash_with(&self, method: &str, host: Option<&str>, payload: &str) -> [u8; 32] {
        let end = self.text.len() - self.payload_bytes;
        let piece = |range: Range<usize>| self.text.get(range).unwrap_or_default();
        let mut hash = Sha256::new();
        let mut update = |piece: &str| {
            work::spend(piece.len());
            hash.update(piece.as_bytes());
        };
        update(method);
        match (host, &self.host) {
            (Some(host), Some(place)) => {
                update(piece(self.method_bytes..place.start));
                let mut trimmed = String::with_capacity(host.len());
                push_trimmed(&mut trimmed, host);
                update(&trimmed);
                update(piece(place.end..end));
            }
            _ => update(piece(self.method_bytes..end)),
        }
        update(payload);
        hash.finalize().into()
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

impl CanonicalRequest {
    /// Starts with the method and the path in canonical form.
    pub(crate) fn new(method: &str, path: &str, capacity: usize) -> Self {
        let mut text = String::with_capacity(capacity);
        text.push_str(method);
        text.push('\n');
        text.push_str(path);
        CanonicalRequest { text, method_bytes: method.len(), host: None }
    }

    /// Starts with nothing, for a part of a canonical request.
    pub(crate) fn start(capacity: usize) -> Self {
        CanonicalRequest { text: String::with_capacity(capacity), method_bytes: 0, host: None }
    }

    /// The query line, of encoded names and values in any order.
    pub(crate) fn query<'q>(&mut self, parameters: &mut [(&'q str, &'q str)]) {
        // A stable sort of so few is an insertion sort; most arrive sorted.
        parameters.sort_by(|(name, value), (other_name, other_value)| {
            work::compare(name, other_name).then_with(|| work::compare(value, other_value))
        });
        let mut separator = '\n';
        for (name, value) in parameters.iter() {
            self.text.push(separator);
            self.text.push_str(name);
            self.text.push('=');
            self.text.push_str(value);
            separator = '&';
        }
        if parameters.is_empty() {
            self.text.push('\n');
        }
    }

    /// The query line, of parameters that are encoded and sorted already.
    pub(crate) fn query_as_is(&mut self, query: &str) {
        self.text.push('\n');
        self.text.push_str(query);
    }

    /// The text so far.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// A signed header. Several values of one name are one header, joined by commas.
    pub(crate) fn header<'v>(&mut self, name: &str, values: impl Iterator<Item = &'v str>) {
        self.text.push('\n');
        self.text.push_str(name);
        self.text.push(':');
        let start = self.text.len();
        for (at, value) in values.enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            push_trimmed(&mut self.text, value);
        }
        if name.eq_ignore_ascii_case("host") {
            self.host = Some(start..self.text.len());
        }
    }

    /// The list of the signed headers, and the payload hash; this ends the text.
    pub(crate) fn finish_form(self, signed_headers: &str, payload: &str) -> CanonicalForm {
        let CanonicalRequest { method_bytes, host, .. } = self;
        let mut text = self.text;
        for piece in ["\n\n", signed_headers, "\n", payload] {
            text.push_str(piece);
        }
        CanonicalForm { text, method_bytes, host, payload_bytes: payload.len() }
    }

    /// The names of the signed headers, and the payload hash; this ends the text.
    pub(crate) fn finish<'n>(
        mut self,
        signed_headers: impl Iterator<Item = &'n str>,
        payload: &str,
    ) -> String {
        self.text.push('\n');
        let mut separator = '\n';
        for name in signed_headers {
            self.text.push(separator);
            self.text.push_str(name);
            separator = ';';
        }
        self.text.push('\n');
        self.text.push_str(payload);
        self.text
    }
}

/// Appends a header's value without surrounding white space, each inner run of it one space.
pub(crate) fn push_trimmed(out: &mut String, value: &str) {
    work::spend(value.len());
    let has_space = value.bytes().any(|byte| byte == b' ' || byte == b'\t');
    if !has_space {
        out.push_str(value);
        return;
    }
    let mut words = value.split([' ', '\t']).filter(|word| !word.is_empty());
    if let Some(first) = words.next() {
        out.push_str(first);
    }
    for word in words {
        out.push(' ');
        out.push_str(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_sort_by_name_before_value() {
        let mut request = CanonicalRequest::new("GET", "/k", 64);
        // As one text `a-b=1` would come before `a=2`, for `-` is less than `=`.
        request.query(&mut [("b", ""), ("a-b", "1"), ("a", "2"), ("a", "1")]);
        request.header("host", ["  h   x\t y "].into_iter());
        request.header("x", ["1", " 2"].into_iter());
        request.header("gone", std::iter::empty());
        let text = request.finish(["host", "x"].into_iter(), UNSIGNED_PAYLOAD);
        assert_eq!(text, "GET\n/k\na=1&a=2&a-b=1&b=\nhost:h x y\nx:1,2\ngone:\n\nhost;x\nUNSIGNED-PAYLOAD");
    }

    #[test]
    fn another_form_has_the_hash_of_its_own_text() {
        let form = |method: &str, host: &str, payload: &str| {
            let mut request = CanonicalRequest::new(method, "/k", 64);
            request.query(&mut [("a", "1")]);
            request.header("a", ["1"].into_iter());
            request.header("host", [host].into_iter());
            request.header("x", ["2"].into_iter());
            request.finish_form("a;host;x", payload)
        };
        let own = form("GET", "inner:9000", "hash");
        assert_eq!(own.payload(), "hash");
        assert_eq!(own.hash(), own.hash_with("GET", None, "hash"));
        assert_eq!(form("HEAD", "inner:9000", "x").hash(), own.hash_with("HEAD", None, "x"));
        assert_eq!(form("PUT", "o  u", "hash").hash(), own.hash_with("PUT", Some(" o  u"), "hash"));
        assert_eq!(own.into_text(), "GET\n/k\na=1\na:1\nhost:inner:9000\nx:2\n\na;host;x\nhash");
    }

    #[test]
    fn an_empty_query_is_an_empty_line() {
        let mut request = CanonicalRequest::new("GET", "/", 64);
        request.query(&mut []);
        request.header("host", ["h"].into_iter());
        assert_eq!(request.finish(["host"].into_iter(), "x"), "GET\n/\n\nhost:h\n\nhost\nx");
    }
}
