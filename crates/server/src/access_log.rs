//! One line a request, with nothing in it that would let its reader repeat the request.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use hyper::StatusCode;
use hyper::Uri;
use hyper::header::USER_AGENT;
use hyper::http::request::Parts;
use presign::{Mechanism, RequestText, SentCredential};
use presign_s3::{ErrorCode, Operation, S3Error};
use presign_store::StoreError;
use tokio::time::Instant;

use crate::http::RequestId;

/// Stands for the status that nobody was there to receive any more, as in other servers' logs.
const CLIENT_GONE: u16 = 499;

/// The most bytes of a line's parts that come from a client, each of which may have a head to itself. Access key ids have up
/// to 128: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html>.
const METHOD_BYTES: usize = 64;
const URI_BYTES: usize = 4096;
const ACCESS_KEY_ID_BYTES: usize = 128;
const USER_AGENT_BYTES: usize = 512;
pub(crate) const CAUSE_BYTES: usize = 1024;

/// What is known of a request, gathered on its way. Whatever way that is, the line is written when the record is dropped.
///
/// All that its sender wrote is kept as [`RequestText`], or not printable at all, so no line can hold it as it is.
pub(crate) struct AccessRecord {
    id: RequestId,
    began: Instant,
    /// `None`: a trusted proxy does not say.
    client: Option<IpAddr>,
    method: RequestText<'static>,
    uri: RequestText<'static>,
    user_agent: Option<RequestText<'static>>,
    operation: Option<&'static str>,
    access_key_id: Option<SentCredential>,
    /// Whether that is one of the store's.
    is_key_known: bool,
    mechanism: Option<Mechanism>,
    /// `None` until there is an answer.
    status: Option<StatusCode>,
    error: Option<ErrorCode>,
    cause: Option<RequestText<'static>>,
    bytes_in: u64,
    bytes_out: u64,
}

impl AccessRecord {
    pub(crate) fn begin(id: RequestId, peer: IpAddr, parts: &Parts) -> Self {
        let user_agent = parts.headers.get(USER_AGENT);
        let user_agent =
            user_agent.map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned().into());
        Self {
            id,
            began: Instant::now(),
            client: Some(peer.to_canonical()),
            method: parts.method.as_str().to_owned().into(),
            uri: uri_text(&parts.uri),
            user_agent,
            operation: None,
            access_key_id: None,
            is_key_known: false,
            mechanism: None,
            status: None,
            error: None,
            cause: None,
            bytes_in: 0,
            bytes_out: 0,
        }
    }

    pub(crate) fn id(&self) -> RequestId {
        self.id
    }

    /// The key that the request claims, if it came so far.
    pub(crate) fn access_key_id(&self) -> Option<&str> {
        self.access_key_id.as_ref().map(SentCredential::expose)
    }

    pub(crate) fn client(&mut self, address: Option<IpAddr>) {
        self.client = address;
    }

    /// The client's address as far as it is known by now.
    pub(crate) fn client_address(&self) -> Option<IpAddr> {
        self.client
    }

    /// The key that the request claims, right or wrong.
    pub(crate) fn claimed(&mut self, access_key_id: &str, is_known: bool, mechanism: Mechanism) {
        self.access_key_id = Some(access_key_id.into());
        self.is_key_known = is_known;
        self.mechanism = Some(mechanism);
    }

    /// Whether that key is one of the store's.
    pub(crate) fn is_key_known(&self) -> bool {
        self.is_key_known
    }

    pub(crate) fn operation(&mut self, operation: &Operation) {
        self.operation = Some(operation.name().log_name());
    }

    /// What a request looks like that never became an operation.
    pub(crate) fn asked_for(&mut self, log_name: &'static str) {
        self.operation.get_or_insert(log_name);
    }

    /// Why, in more words than the client gets.
    pub(crate) fn because(&mut self, cause: RequestText<'static>) {
        self.cause = Some(cause);
    }

    pub(crate) fn refused(&mut self, error: &S3Error) {
        self.error = Some(error.code());
    }

    pub(crate) fn broke_off(&mut self, error: &StoreError) {
        self.error = Some(ErrorCode::InternalError);
        self.cause = Some(error.to_string().into());
    }

    pub(crate) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    pub(crate) fn received(&mut self, bytes: u64) {
        self.bytes_in = bytes;
    }

    pub(crate) fn sent(&mut self, bytes: usize) {
        self.bytes_out += bytes as u64;
    }

    fn log(&self) {
        let milliseconds = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (auth_type, signature_version) = match self.mechanism {
            None => ("-", "-"),
            Some(Mechanism::HeaderV4) => ("AuthHeader", "SigV4"),
            Some(Mechanism::QueryV4) => ("QueryString", "SigV4"),
            Some(Mechanism::QueryV2) => ("QueryString", "SigV2"),
            Some(Mechanism::FormV4) => ("POST", "SigV4"),
            Some(Mechanism::FormV2) => ("POST", "SigV2"),
        };
        let claimed = self.access_key_id();
        // Of an id that is nobody's only the beginning is told, wherever it stands: it may be a secret in the wrong place.
        let known = claimed.filter(|_| self.is_key_known);
        let words = |text: &Option<RequestText<'_>>, bytes| {
            text.as_ref().map_or(Cow::Borrowed("-"), |text| Cow::Owned(text.redacted_words(known, bytes)))
        };
        let access_key_id = match (claimed, known) {
            (None, _) => Cow::Borrowed("-"),
            (Some(_), Some(known)) => Cow::Borrowed(known),
            (Some(unknown), None) => Cow::Owned(RequestText::beginning_of_id(unknown).to_string()),
        };
        // What clients wrote is logged as text, of which the log escapes control characters: a terminal obeys them.
        let method = self.method.redacted_words(known, METHOD_BYTES);
        let request = [&method, " ", &self.uri.redacted_target(known, URI_BYTES)].concat();
        tracing::info!(
            target: "presign_server::access",
            request_id = %self.id,
            client = %KnownAddress(self.client),
            operation = self.operation.unwrap_or("-"),
            request,
            status = self.status.map_or(CLIENT_GONE, |status| status.as_u16()),
            error = self.error.map_or("-", ErrorCode::as_str),
            bytes_in = self.bytes_in,
            bytes_out = self.bytes_out,
            ms = milliseconds,
            access_key_id = shortened(&access_key_id, ACCESS_KEY_ID_BYTES),
            auth_type,
            signature_version,
            user_agent = &*words(&self.user_agent, USER_AGENT_BYTES),
            cause = &*words(&self.cause, CAUSE_BYTES),
        );
    }
}

/// An address, or a dash where it is not known.
struct KnownAddress(Option<IpAddr>);

impl fmt::Display for KnownAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("-"),
        }
    }
}

/// What was asked for.
fn uri_text(uri: &Uri) -> RequestText<'static> {
    let text = match (uri.scheme(), uri.authority()) {
        (_, None) => uri.path_and_query().map_or("*", |target| target.as_str()).to_owned(),
        (Some(_), Some(_)) => uri.to_string(),
        // What CONNECT asks for is an authority alone, before which there may be a password as well.
        (None, Some(authority)) => match authority.as_str().rsplit_once('@') {
            Some((_, host)) => format!("REDACTED@{host}"),
            None => authority.to_string(),
        },
    };
    text.into()
}

/// The beginning of a text. Anybody may send a head of many kilobytes; that is no reason to keep it for ever.
pub(crate) fn shortened(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

impl Drop for AccessRecord {
    fn drop(&mut self) {
        self.log();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_quotes_a_client_tells_no_signature() {
        for (text, logged) in [
            ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
            ("AK&Signature=hidden", "AK&Signature=REDACTED"),
            (
                "terminal \"aws4_request&X-Amz-Signature=hidden\"",
                "terminal \"aws4_request&X-Amz-Signature=REDACTED",
            ),
            ("terminal \"aws4_request Signature=hidden", "terminal \"aws4_request Signature=REDACTED"),
            ("AK&Signature:hidden", "AK&Signature=REDACTED"),
            ("agent (Signature=hidden)", "agent (Signature=REDACTED"),
            ("{\"Signature\":\"hidden\"}", "{\"Signature=REDACTED"),
            ("\"h?a=b\\u0026Signature=hidden\"", "\"h?a=b\\u0026Signature=REDACTED"),
            ("/k?u=%25252526Signature%2525253Dhidden", "/k?u=%25252526Signature=REDACTED"),
            ("AK\0Signature[]=hidden", "AK\0Signature=REDACTED"),
            ("agent/1 (X11; rv:109.0)", "agent/1 (X11; rv:109.0)"),
            (
                "agent/1 (https://h/k?a=1&X-Amz-Signature=hidden)",
                "agent/1 (https://h/k?a=1&X-Amz-Signature=REDACTED",
            ),
        ] {
            assert_eq!(RequestText::from(text).to_string(), logged);
        }
    }

    #[test]
    fn no_password_stands_before_a_host() {
        for (uri, logged) in [
            ("me:hidden@h:80", "REDACTED@h:80"),
            ("h:80", "h:80"),
            ("http://me:hidden@h/k?a=1", "http://REDACTED@h/k?a=1"),
            ("/k?a=me:hidden@h", "/k?a=me:hidden@h"),
            ("*", "*"),
        ] {
            assert_eq!(uri_text(&uri.parse().unwrap()).to_string(), logged);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("abcd", 3), "abc");
        assert_eq!(shortened("ab\u{e9}", 3), "ab");
    }
}
