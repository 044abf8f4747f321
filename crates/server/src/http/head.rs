//! The head of a request, within its limits and as text.

use std::borrow::Cow;

use hyper::Version;
use hyper::http::request::Parts;
use presign_s3::{S3Error, limits};

/// The head of a request as it arrived. Only the authentication reads it; no handler ever holds one.
pub(crate) struct Head<'p> {
    /// The method, whatever it is.
    pub(crate) method: &'p str,
    /// Path and query, encoded.
    pub(crate) target: &'p str,
    /// Every field, names in lower case.
    fields: Vec<(&'p str, Cow<'p, str>)>,
}

impl<'p> Head<'p> {
    /// Takes the head if it is within the limits.
    ///
    /// # Errors
    /// 400 `RequestHeaderSectionTooLarge` past 16 KiB of target or 16 KiB of fields; 400 `InvalidRequest` past 100 fields or
    /// 100 query parameters; 400 `InvalidURI` without a
    /// path; 400 `InvalidRequest` with two Hosts, one of them perhaps in the request line (`GET http://host/path`), of
    /// which another server on the way may have believed the other; with one that is no host; and without one in HTTP/1.1.
    /// <https://www.rfc-editor.org/rfc/rfc9112#section-3.2>
    pub(crate) fn read(parts: &'p Parts) -> Result<Self, S3Error> {
        let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
        if target.len() > limits::URL_BYTES {
            return Err(S3Error::request_header_section_too_large(limits::URL_BYTES));
        }
        let bytes: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if bytes > limits::HEADER_BYTES {
            return Err(S3Error::request_header_section_too_large(limits::HEADER_BYTES));
        }
        if parts.headers.len() > limits::HEADER_FIELDS {
            return Err(S3Error::invalid_request(format!(
                "The request has {} header fields; at most {} are allowed",
                parts.headers.len(),
                limits::HEADER_FIELDS
            )));
        }
        if has_too_many_parameters(target) {
            return Err(S3Error::invalid_request(format!(
                "The request has more than {} query parameters",
                limits::QUERY_PARAMETERS
            )));
        }
        if !target.starts_with('/') {
            return Err(S3Error::invalid_uri());
        }
        let fields =
            parts.headers.iter().map(|(name, value)| (name.as_str(), text(value.as_bytes()))).collect();
        let head = Self { method: parts.method.as_str(), target, fields };
        let host = match head.value("host") {
            Some(host) => host,
            None if parts.version == Version::HTTP_10 => "",
            None => return Err(S3Error::invalid_request("The request has no Host header")),
        };
        let is_another = |authority: &str| !authority.eq_ignore_ascii_case(host);
        if parts.uri.authority().is_some_and(|authority| is_another(authority.as_str())) {
            return Err(S3Error::invalid_request(
                "The request line and the Host header name different hosts",
            ));
        }
        if head.values("host").count() > 1 {
            return Err(S3Error::invalid_request("The request has more than one Host header"));
        }
        if !is_host(host) {
            return Err(S3Error::invalid_request("The Host header is not a host, or a host and a port"));
        }
        Ok(head)
    }

    /// The encoded path.
    pub(crate) fn path(&self) -> &'p str {
        self.target.split_once('?').map_or(self.target, |(path, _)| path)
    }

    /// The values of a field by its lower-case name.
    pub(crate) fn values(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(known, _)| *known == name).map(|(_, value)| value.as_ref())
    }

    /// The first value of a field.
    pub(crate) fn value(&self, name: &'static str) -> Option<&str> {
        self.values(name).next()
    }

    /// All fields, with `host` in place of the Host that was received.
    pub(crate) fn fields_with_host<'h>(&'h self, host: &'h str) -> Vec<(&'h str, &'h str)> {
        let mut fields: Vec<(&str, &str)> = Vec::with_capacity(self.fields.len() + 1);
        let others = self.fields.iter().filter(|(name, _)| *name != "host");
        fields.push(("host", host));
        fields.extend(others.map(|(name, value)| (*name, value.as_ref())));
        fields
    }
}

/// Whether the query has more parameters than one may have. Every path through the server reads them, the log's too.
fn has_too_many_parameters(target: &str) -> bool {
    // No more than 100 ampersands fit into fewer bytes.
    target.len() > limits::QUERY_PARAMETERS
        && target.split_once('?').is_some_and(|(_, query)| {
            query.bytes().filter(|byte| *byte == b'&').count() >= limits::QUERY_PARAMETERS
        })
}

/// A field's value as text: UTF-8 if it is that, ISO-8859-1 otherwise, which any bytes are.
fn text(value: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(value.iter().copied().map(char::from).collect()),
    }
}

/// Whether a Host header says what one may say: `uri-host [":" port]`, of which the host may be empty.
/// <https://www.rfc-editor.org/rfc/rfc9110#section-7.2>, <https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2>
fn is_host(value: &str) -> bool {
    let (host, port) = match value.strip_prefix('[') {
        None => value.split_once(':').unwrap_or((value, "")),
        Some(rest) => {
            let Some((address, after)) = rest.split_once(']') else { return false };
            let port = if after.is_empty() { Some("") } else { after.strip_prefix(':') };
            match port {
                Some(port) if !address.is_empty() => (address, port),
                _ => return false,
            }
        }
    };
    let mut bytes = host.bytes();
    while let Some(byte) = bytes.next() {
        let is_allowed = match byte {
            b'%' => {
                let mut is_hexadecimal = || bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit());
                is_hexadecimal() && is_hexadecimal()
            }
            // None is left but in an address that stood in brackets.
            b':' => true,
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte),
        };
        if !is_allowed {
            return false;
        }
    }
    port.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
        let hosts = ["", "a", "a:", "a:80", "a.b_c.", "1.2.3.4", "[::1]", "[::1]:80", "[a%25b]", "a%2Fb"];
        for host in hosts {
            assert!(is_host(host), "{host:?}");
        }
        let others = [
            "a b", "a,\tb", "a/", "a?b", "a#b", "me@a", "a:b", "a:-1", "a:80:80", "::1", "[::1", "[]",
            "[::1]80", "[::1]::8", "a%2", "a%zz", "ä", "http:/",
        ];
        for other in others {
            assert!(!is_host(other), "{other:?}");
        }
    }
}
