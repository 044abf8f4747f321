//! A request without a signature, for tests: everything in it counts as vouched for.

use std::borrow::Cow;

use presign::Method;

use super::{Operation, request::SignedRequest};
use crate::{BaseHosts, S3Error, Target};

/// Built in the test, field by field.
#[derive(Debug, Clone)]
pub(super) struct MemoryRequest {
    method: Method,
    path: &'static str,
    query: Vec<(String, String)>,
    headers: Vec<(&'static str, String)>,
}

impl MemoryRequest {
    /// `line` is a method and a path-style target whose query is not encoded: `GET /bucket/key?tagging`.
    pub(super) fn new(line: &'static str) -> Self {
        let (method, target) = line.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.to_owned(), value.to_owned())
        };
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect();
        Self { method: method.parse().unwrap(), path, query, headers: Vec::new() }
    }

    /// With a header, `name` in lower case.
    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With one more query parameter, decoded.
    pub(super) fn parameter(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What it comes to.
    pub(super) fn read(&self) -> Result<Operation, S3Error> {
        let target = Target::parse("localhost", self.path.as_bytes(), &BaseHosts::default())?;
        Operation::read(self, &target)
    }
}

impl SignedRequest for MemoryRequest {
    fn method(&self) -> Method {
        self.method
    }

    fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let sent = self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.trim());
        let in_query = || self.query.iter().find(|(parameter, _)| parameter.eq_ignore_ascii_case(name));
        let is_checksum = name.starts_with("x-amz-checksum-");
        sent.or_else(|| in_query().filter(|_| !is_checksum).map(|(_, value)| value.as_str()))
            .map(Cow::Borrowed)
    }

    fn amz_header_names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let sent = self.headers.iter().map(|(name, _)| Cow::Borrowed(*name));
        let in_query = self.query.iter().map(|(name, _)| Cow::Owned(name.to_ascii_lowercase()));
        sent.chain(in_query).filter(|name| name.starts_with("x-amz-"))
    }
}
