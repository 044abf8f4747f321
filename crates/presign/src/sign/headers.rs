//! The headers that a signature covers.

use std::iter;

use crate::canonical_request::push_trimmed;
use crate::sign::{PresignRequest, SignError};

/// The headers that a URL's holder must send besides Host: names in lower case and sorted.
pub(super) fn demanded_headers(request: &PresignRequest<'_>) -> Result<Vec<(String, String)>, SignError> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in &request.headers {
        add_header(&mut headers, checked_header_name(name, value)?, value);
    }
    headers.sort();
    Ok(headers)
}

/// Sorted headers with Host in its place among them.
pub(super) fn with_host<'h>(
    headers: &'h [(String, String)],
    host: &'h str,
) -> impl Iterator<Item = (&'h str, &'h str)> {
    let (before, after) = headers
        .split_at_checked(headers.partition_point(|(name, _)| name.as_str() < "host"))
        .unwrap_or((headers, &[]));
    let borrowed = |(name, value): &'h (String, String)| (name.as_str(), value.as_str());
    before.iter().map(borrowed).chain(iter::once(("host", host))).chain(after.iter().map(borrowed))
}

/// Adds a header, its value trimmed; another value of the same name follows after a comma.
pub(super) fn add_header(headers: &mut Vec<(String, String)>, name: String, value: &str) {
    match headers.iter_mut().find(|(known, _)| *known == name) {
        Some((_, joined)) => {
            joined.push(',');
            push_trimmed(joined, value);
        }
        None => {
            let mut trimmed = String::with_capacity(value.len());
            push_trimmed(&mut trimmed, value);
            headers.push((name, trimmed));
        }
    }
}

/// Headers that are written for one hop, or by the client's own machinery; signing them would make a URL
/// that nobody can use. The list is botocore's.
pub(super) const NEVER_SIGNED: [&str; 11] = [
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
];

/// The header's name in lower case, if HTTP can carry the header.
pub(super) fn lower_header_name(name: &str, value: &str) -> Result<String, SignError> {
    let lower = name.to_ascii_lowercase();
    let is_token = !lower.is_empty()
        && lower.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
    let refuse = |why| Err(SignError::InvalidHeader(name.to_owned(), why));
    if !is_token {
        return refuse("a header name has letters, digits and hyphens");
    }
    if value.bytes().any(|b| b < b' ' && b != b'\t' || b == 0x7f) {
        return refuse("its value has a control character");
    }
    Ok(lower)
}

/// The header's name in lower case, if a presigned URL may demand the header.
pub(super) fn checked_header_name(name: &str, value: &str) -> Result<String, SignError> {
    let lower = lower_header_name(name, value)?;
    let refuse = |why| Err(SignError::InvalidHeader(name.to_owned(), why));
    if lower == "host" {
        return refuse("the host is the endpoint's; choose another endpoint instead");
    }
    if lower == "authorization" {
        return refuse("a request is signed either in its URL or in its headers");
    }
    if NEVER_SIGNED.contains(&lower.as_str()) {
        return refuse("clients and proxies change it on the way");
    }
    Ok(lower)
}
