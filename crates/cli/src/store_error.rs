//! A store's refusal, as it stands in the body of its answer.

use std::fmt;

/// What a store said in place of doing what it was asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StoreError {
    status: u16,
    code: Option<String>,
    message: Option<String>,
    arrived_for: Option<String>,
}

impl StoreError {
    /// Reads S3's error document; anything else leaves just the status.
    pub(crate) fn read(status: u16, body: &str) -> Self {
        StoreError {
            status,
            code: element(body, "Code"),
            message: element(body, "Message"),
            arrived_for: canonical_host(body),
        }
    }

    /// The answer's HTTP status.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// S3's name for the refusal, as in `NoSuchBucket`.
    pub(crate) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The Host that the store checked a signature for, where it says so: with `SignatureDoesNotMatch`.
    pub(crate) fn arrived_for(&self) -> Option<&str> {
        self.arrived_for.as_deref()
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store answered {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        match &self.message {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for StoreError {}

/// The signed header `host` in the canonical request that the store made of the request.
fn canonical_host(body: &str) -> Option<String> {
    let host = raw_element(body, "CanonicalRequest")?.lines().find_map(|line| line.strip_prefix("host:"))?;
    Some(host.chars().filter(|c| !c.is_control()).collect())
}

/// What stands between the tags of the first element of that name.
fn raw_element<'b>(body: &'b str, name: &str) -> Option<&'b str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}

/// The text of the first element of that name.
fn element(body: &str, name: &str) -> Option<String> {
    let text = raw_element(body, name)?;
    // What cannot be unescaped is better shown as it came than not at all.
    let text =
        quick_xml::escape::unescape(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned);
    // A hostile store must not write escape sequences to the terminal.
    Some(text.chars().filter(|c| !c.is_control()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_told_in_a_line() {
        let body = "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>No &quot;x&quot; \u{1b}[31m</Message></Error>";
        let error = StoreError::read(403, body);
        assert_eq!(error.to_string(), "the store answered 403 AccessDenied: No \"x\" [31m");
    }

    #[test]
    fn the_host_is_read_from_the_canonical_request() {
        let body =
            "<Error><CanonicalRequest>PUT\n/b/k\nhost=x\nhost:inner:9000\n\nhost</CanonicalRequest></Error>";
        assert_eq!(StoreError::read(403, body).arrived_for(), Some("inner:9000"));
        assert_eq!(StoreError::read(403, "<Error></Error>").arrived_for(), None);
    }

    #[test]
    fn anything_else_leaves_the_status() {
        assert_eq!(StoreError::read(502, "<html>Bad gateway").to_string(), "the store answered 502");
    }
}
