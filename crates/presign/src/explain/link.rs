//! A URL taken apart, or as much of one as a request shows.

use crate::explain::NotPresigned;
use crate::explain::location::Scheme;
use crate::method::Method;
use crate::uri::Malformed;
use crate::verify::Request;
use crate::verify::parameters::{self, Parameter};

/// The parts of a URL, as they are written in it.
pub(super) struct Link<'a> {
    /// A request does not say.
    pub(super) scheme: Option<Scheme>,
    /// Host and port.
    pub(super) authority: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) parameters: Vec<Parameter<'a>>,
    /// A URL does not say.
    pub(super) method: Option<Method>,
    /// What came with a request; a URL comes with nothing.
    pub(super) headers: &'a [(&'a str, &'a str)],
    /// A request's reader knows whether its host names a bucket.
    pub(super) host_bucket: Option<Option<&'a str>>,
}

impl From<Malformed> for NotPresigned {
    fn from(Malformed: Malformed) -> Self {
        NotPresigned::MalformedEscape
    }
}

impl<'a> Link<'a> {
    /// Takes a URL apart. What mail and shells put around one is taken off first.
    pub(super) fn of_url(url: &'a str) -> Result<Self, NotPresigned> {
        let url = url.trim().trim_matches(['"', '\'', '<', '>']);
        let not_a_url = |why| NotPresigned::NotAUrl { why };
        let (scheme, rest) = url
            .split_once("://")
            .ok_or_else(|| not_a_url("it must begin with https:// or http://, and go on to its very end"))?;
        let scheme = if scheme.eq_ignore_ascii_case("https") {
            Scheme::Https
        } else if scheme.eq_ignore_ascii_case("http") {
            Scheme::Http
        } else {
            return Err(not_a_url("its scheme must be https or http"));
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        if authority.is_empty() || authority.contains([' ', '\\']) {
            return Err(not_a_url("it names no host"));
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Ok(Link {
            scheme: Some(scheme),
            authority,
            path: if path.is_empty() { "/" } else { path },
            query,
            parameters: parameters::read(query)?,
            method: None,
            headers: &[],
            host_bucket: None,
        })
    }

    /// What a request shows of the URL it was made with.
    pub(super) fn of_request(request: &Request<'a>) -> Result<Self, NotPresigned> {
        Ok(Link {
            scheme: None,
            authority: request.header("host").unwrap_or_default().trim(),
            path: request.path(),
            query: request.query(),
            parameters: parameters::read(request.query())?,
            method: request.method.parse().ok(),
            headers: request.headers,
            host_bucket: Some(request.host_bucket),
        })
    }

    /// The decoded value of a parameter, by its exact name.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|parameter| parameter.name == name).map(|parameter| &*parameter.value)
    }

    /// Whether there is a parameter of that exact name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.parameter(name).is_some()
    }

    /// Whether its ampersands are written as HTML writes them.
    pub(super) fn is_html_escaped(&self) -> bool {
        self.parameters.iter().any(|parameter| parameter.name.starts_with("amp;"))
    }
}
