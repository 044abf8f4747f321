//! The head of a request, within its limits and as text.

use std::borrow::Cow;

use hyper::http::request::Parts;
use hyper::{HeaderMap, Version};
use presign_s3::{S3Error, limits};

use super::host_field::is_host;

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
    /// 400 `InvalidRequest` with two fields of a name that has one value, of which another server on the way may have
    /// believed the other; 400 `RequestHeaderSectionTooLarge` past 16 KiB of target or 16 KiB of fields; 400 `InvalidRequest`
    /// past 100 fields or 100 query parameters; 400 `InvalidURI` without a
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
        if let Some(name) = repeated_field(&parts.headers) {
            return Err(S3Error::invalid_request(format!("The request has more than one {name} header")));
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

/// Fields of one value, which HTTP allows once: <https://www.rfc-editor.org/rfc/rfc9110#section-5.3>. Those of the signature
/// the verifier looks at, and two lengths hyper refuses unless they are the same.
const SINGLE_FIELDS: [&str; 13] = [
    "access-control-request-method",
    "content-disposition",
    "content-md5",
    "content-range",
    "content-type",
    "date",
    "expires",
    "if-modified-since",
    "if-range",
    "if-unmodified-since",
    "origin",
    "range",
    "x-amz-security-token",
];

/// The name of a field that is there twice and may not be.
fn repeated_field(headers: &HeaderMap) -> Option<&'static str> {
    // Seldom is any field there twice, and to find that out costs nothing.
    if headers.len() == headers.keys_len() {
        return None;
    }
    SINGLE_FIELDS.into_iter().find(|name| headers.get_all(*name).iter().count() > 1)
}

/// A field's value as text: UTF-8 if it is that, ISO-8859-1 otherwise, which any bytes are.
fn text(value: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(value.iter().copied().map(char::from).collect()),
    }
}
