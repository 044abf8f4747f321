//! A request as it arrived.

use std::net::IpAddr;

use crate::work;

/// The head of an HTTP request, just as it arrived: nothing decoded, nothing checked.
#[derive(Clone, Copy, Debug)]
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
