//! A request as it arrived.

use std::fmt;
use std::net::IpAddr;

use crate::explain::RequestText;
use crate::work;

/// The head of an HTTP request, just as it arrived: nothing decoded, nothing checked.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The method of the request line.
    pub method: &'a str,
    /// The target of the request line in origin form: the encoded path, with the query if there is one.
    pub target: &'a str,
    /// Every header field, Host among them, in any order; names in any case.
    pub headers: &'a [(&'a str, &'a str)],
    /// Where the request came from, which a caveat may limit. Unknown is never allowed by such a caveat.
    pub remote_address: Option<IpAddr>,
    /// The bucket that the host names, in virtual-hosted style. SigV2 signs it as a part of the path; to
    /// SigV4, which signs the host, it means nothing.
    pub host_bucket: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// A request of that head, from an unknown address, in path style.
    pub fn new(method: &'a str, target: &'a str, headers: &'a [(&'a str, &'a str)]) -> Self {
        Request { method, target, headers, remote_address: None, host_bucket: None }
    }

    /// The encoded path, and the encoded query without its question mark; empty when there is none.
    pub(crate) fn path_and_query(&self) -> (&'a str, &'a str) {
        self.target.split_once('?').unwrap_or((self.target, ""))
    }

    /// The encoded path.
    pub(crate) fn path(&self) -> &'a str {
        self.path_and_query().0
    }

    /// The encoded query, without its question mark; empty when there is none.
    pub(crate) fn query(&self) -> &'a str {
        self.path_and_query().1
    }

    /// The values of a header, in the order of their fields.
    pub(crate) fn header_values<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let headers = self.headers;
        work::spend(16 * headers.len());
        headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.header_values(name).next()
    }
}

/// Without what would let its reader send it again.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers = self.headers.iter().map(|(name, value)| (*name, RequestText::of_header(name, value)));
        f.debug_struct("Request")
            .field("method", &RequestText::from(self.method))
            .field("target", &RequestText::from(self.target))
            .field("headers", &headers.collect::<Vec<_>>())
            .field("remote_address", &self.remote_address)
            .field("host_bucket", &self.host_bucket)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unverified;

    #[test]
    fn no_debug_print_holds_what_would_let_its_reader_act() {
        let target = "/b/k?X-Amz-Signature=hidden&u=%253FX-Amz-Signature%253Dhidden";
        let headers = [
            ("host", "h"),
            ("authorization", "AWS4-HMAC-SHA256 hidden"),
            ("x-amz-meta-a", "https://h/?X-Amz-Signature=hidden"),
        ];
        let printed = format!("{:?}", Request::new("GET", target, &headers));
        assert!(printed.contains("/b/k") && printed.contains("authorization"), "{printed}");
        assert!(!printed.contains("hidden"), "{printed}");

        let target = "/b/k?AWSAccessKeyId=12/4hidden&Signature=hidden&Expires=1";
        let printed = format!("{:?}", Unverified::parse(Request::new("GET", target, &[("host", "h")])));
        assert!(printed.contains("12/4") && !printed.contains("hidden"), "{printed}");
    }
}
