//! Caveats: limits in the URL itself, beyond those that S3 checks.
//!
//! They are signed query parameters named `x-presign-*`. S3 ignores and logs parameters that begin with
//! `x-`, so such a URL is still a plain SigV4 URL which every S3 serves; a store that knows them enforces them
//! on top. One that it does not know refuses the request, for a limit that is not understood is not kept.

mod media_range;

use std::net::IpAddr;

use ipnet::IpNet;

use crate::method::Method;
use crate::sign::SignError;
use crate::timestamp::Timestamp;

/// What every caveat's name begins with, in lower case.
pub(crate) const PREFIX: &str = "x-presign-";

pub(crate) const MAX_SIZE: &str = "x-presign-max-size";
pub(crate) const MIN_SIZE: &str = "x-presign-min-size";
pub(crate) const CONTENT_TYPE: &str = "x-presign-content-type";
pub(crate) const IP: &str = "x-presign-ip";
pub(crate) const NOT_BEFORE: &str = "x-presign-not-before";
pub(crate) const METHODS: &str = "x-presign-methods";
pub(crate) const LINK: &str = "x-presign-link";

/// Limits on the use of one URL. The default limits nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caveats {
    /// The largest upload, in bytes.
    pub max_size: Option<u64>,
    /// The smallest upload, in bytes.
    pub min_size: Option<u64>,
    /// The Content-Type an upload must have: `image/png`, `image/*`, or `*/*` for any at all.
    pub content_type: Option<String>,
    /// The networks it may be used from; empty: from anywhere.
    pub ips: Vec<IpNet>,
    /// The first second in which it works.
    pub not_before: Option<Timestamp>,
    /// The methods it serves, when not just the one it was signed with.
    pub methods: Vec<Method>,
    /// Its entry in the store's link registry, where it can be revoked and counted.
    pub link: Option<String>,
}

/// No limits at all.
pub(crate) static NO_CAVEATS: Caveats = Caveats {
    max_size: None,
    min_size: None,
    content_type: None,
    ips: Vec::new(),
    not_before: None,
    methods: Vec::new(),
    link: None,
};

/// A caveat that cannot be kept, because it is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCaveat {
    /// No caveat has that name.
    #[error("the caveat `{0}` is not known here, so the URL's limits cannot be kept")]
    Unknown(String),
    /// The value does not say a limit.
    #[error("the caveat `{name}` has the value `{value}`; it must be {expected}")]
    Malformed {
        /// The parameter's name.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// One caveat twice: which of the two was meant is anyone's guess.
    #[error("the caveat `{0}` is given twice")]
    Repeated(String),
}

/// A use of a URL that one of its caveats forbids.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CaveatViolation {
    /// Used too early.
    #[error("this URL works from {not_before} on")]
    NotYet {
        /// The first second in which it works.
        not_before: Timestamp,
    },
    /// Used from another network.
    #[error("this URL may not be used from this address")]
    WrongAddress {
        /// Where the request came from, if that is known.
        address: Option<IpAddr>,
    },
    /// Used with another method.
    #[error("this URL does not serve {method} requests")]
    WrongMethod {
        /// The request's method.
        method: Method,
    },
    /// An upload of another type.
    #[error("this URL takes uploads of type {allowed} only")]
    WrongContentType {
        /// The type or range of types allowed.
        allowed: String,
    },
}

impl Caveats {
    /// Whether anything is limited at all.
    pub fn is_empty(&self) -> bool {
        *self == Caveats::default()
    }

    /// The caveats as query parameters, in a fixed order.
    pub(crate) fn to_parameters(&self) -> Result<Vec<(&'static str, String)>, SignError> {
        let refuse = |why: &str| Err(SignError::InvalidCaveat(why.to_owned()));
        let mut parameters = Vec::new();
        if let (Some(min), Some(max)) = (self.min_size, self.max_size)
            && min > max
        {
            return refuse("the smallest upload allowed is larger than the largest");
        }
        if let Some(size) = self.max_size {
            parameters.push((MAX_SIZE, size.to_string()));
        }
        if let Some(size) = self.min_size {
            parameters.push((MIN_SIZE, size.to_string()));
        }
        if let Some(range) = &self.content_type {
            if !media_range::is_range(range) {
                return refuse("a content type caveat reads like image/png or image/*");
            }
            parameters.push((CONTENT_TYPE, range.clone()));
        }
        if !self.ips.is_empty() {
            parameters.push((IP, join(&self.ips)));
        }
        if let Some(time) = self.not_before {
            parameters.push((NOT_BEFORE, time.basic().as_str().to_owned()));
        }
        if !self.methods.is_empty() {
            parameters.push((METHODS, join(&self.methods)));
        }
        if let Some(link) = &self.link {
            if link.is_empty() {
                return refuse("a link id is never empty");
            }
            parameters.push((LINK, link.clone()));
        }
        Ok(parameters)
    }

    /// Reads the caveats among a URL's decoded parameters. Names are taken in any case, so that none is
    /// ever overlooked for its spelling.
    pub(crate) fn from_parameters<'p>(
        parameters: impl Iterator<Item = (&'p str, &'p str)>,
    ) -> Result<Self, InvalidCaveat> {
        let mut caveats = Caveats::default();
        for (name, value) in parameters {
            if !name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX)) {
                continue;
            }
            caveats.read(&name.to_ascii_lowercase(), value)?;
        }
        Ok(caveats)
    }

    fn read(&mut self, name: &str, value: &str) -> Result<(), InvalidCaveat> {
        let malformed = |name, expected| InvalidCaveat::Malformed { name, value: value.to_owned(), expected };
        let size = |name| {
            (!value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()))
                .then(|| value.parse().ok())
                .flatten()
                .ok_or_else(|| malformed(name, "a number of bytes"))
        };
        let taken = match name {
            MAX_SIZE => self.max_size.replace(size(MAX_SIZE)?).is_some(),
            MIN_SIZE => self.min_size.replace(size(MIN_SIZE)?).is_some(),
            CONTENT_TYPE => {
                if !media_range::is_range(value) {
                    return Err(malformed(CONTENT_TYPE, "a media type such as image/png or image/*"));
                }
                self.content_type.replace(value.to_owned()).is_some()
            }
            IP => {
                let ips = value.split(',').map(parse_network).collect::<Option<Vec<_>>>();
                let ips =
                    ips.ok_or_else(|| malformed(IP, "addresses or CIDR blocks, with commas between"))?;
                !std::mem::replace(&mut self.ips, ips).is_empty()
            }
            NOT_BEFORE => {
                let time = Timestamp::parse_basic(value);
                let time = time.ok_or_else(|| malformed(NOT_BEFORE, "a time such as 20261121T171542Z"))?;
                self.not_before.replace(time).is_some()
            }
            METHODS => {
                let methods = value.split(',').map(|name| name.parse().ok()).collect::<Option<Vec<_>>>();
                let methods = methods.ok_or_else(|| malformed(METHODS, "methods, with commas between"))?;
                !std::mem::replace(&mut self.methods, methods).is_empty()
            }
            LINK if value.is_empty() => return Err(malformed(LINK, "the id of a link")),
            LINK => self.link.replace(value.to_owned()).is_some(),
            _ => return Err(InvalidCaveat::Unknown(name.to_owned())),
        };
        if taken { Err(InvalidCaveat::Repeated(name.to_owned())) } else { Ok(()) }
    }

    /// Holds a request against the caveats that its head alone decides: time, address, method, type.
    ///
    /// `content_type` is the upload's. The size of an upload is known only as it arrives; see
    /// [`Caveats::max_size`] and [`Caveats::min_size`].
    pub(crate) fn check(
        &self,
        now: Timestamp,
        address: Option<IpAddr>,
        method: Method,
        content_type: Option<&str>,
    ) -> Result<(), CaveatViolation> {
        if let Some(not_before) = self.not_before.filter(|start| now < *start) {
            return Err(CaveatViolation::NotYet { not_before });
        }
        if !self.ips.is_empty() {
            // An IPv4 client of a socket that speaks both is written as an IPv6 address.
            let known = address.map(|address| address.to_canonical());
            if !known.is_some_and(|address| self.ips.iter().any(|network| network.contains(&address))) {
                return Err(CaveatViolation::WrongAddress { address });
            }
        }
        if !self.methods.is_empty() && !self.methods.contains(&method) {
            return Err(CaveatViolation::WrongMethod { method });
        }
        let uploads = matches!(method, Method::Put | Method::Post);
        if let Some(range) = self.content_type.as_deref().filter(|_| uploads)
            && !content_type.is_some_and(|media_type| media_range::contains(range, media_type))
        {
            return Err(CaveatViolation::WrongContentType { allowed: range.to_owned() });
        }
        Ok(())
    }
}

fn join<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// An address alone is the network of just that address.
fn parse_network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Caveats {
        Caveats {
            max_size: Some(10),
            min_size: Some(1),
            content_type: Some("image/*".to_owned()),
            ips: vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
            not_before: Some(Timestamp::from_unix(1_000_000_000)),
            methods: vec![Method::Put],
            link: Some("l1".to_owned()),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let written = all().to_parameters().unwrap();
        let read = Caveats::from_parameters(written.iter().map(|(name, value)| (*name, value.as_str())));
        assert_eq!(read, Ok(all()));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let read = |name, value| Caveats::from_parameters([(name, value)].into_iter());
        assert_eq!(read("x-presign-new", "1"), Err(InvalidCaveat::Unknown("x-presign-new".to_owned())));
        assert_eq!(read("X-Presign-New", "1"), Err(InvalidCaveat::Unknown("x-presign-new".to_owned())));
        for (name, value) in [
            (MAX_SIZE, "-1"),
            (MAX_SIZE, "+1"),
            (MAX_SIZE, "10MB"),
            (CONTENT_TYPE, "image"),
            (IP, "10.0.0.0/33"),
            (IP, ""),
            (NOT_BEFORE, "tomorrow"),
            (METHODS, "get"),
            (METHODS, ""),
            (LINK, ""),
        ] {
            assert!(matches!(read(name, value), Err(InvalidCaveat::Malformed { .. })), "{name}={value}");
        }
        let twice = [(MAX_SIZE, "1"), ("X-Presign-Max-Size", "2")];
        assert_eq!(
            Caveats::from_parameters(twice.into_iter()),
            Err(InvalidCaveat::Repeated(MAX_SIZE.to_owned()))
        );
        assert_eq!(read(MAX_SIZE, "1").map(|caveats| caveats.max_size), Ok(Some(1)));
        assert_eq!(read("x-other", "1"), Ok(Caveats::default()));
    }

    #[test]
    fn each_limit_holds_and_lets_its_own_through() {
        let caveats = all();
        let start = Timestamp::from_unix(1_000_000_000);
        let home = Some("10.1.2.3".parse().unwrap());
        let png = Some("Image/PNG; charset=x");
        assert_eq!(caveats.check(start, home, Method::Put, png), Ok(()));
        assert_eq!(caveats.check(start, Some("::ffff:10.1.2.3".parse().unwrap()), Method::Put, png), Ok(()));
        let early = Timestamp::from_unix(999_999_999);
        assert!(matches!(caveats.check(early, home, Method::Put, png), Err(CaveatViolation::NotYet { .. })));
        for address in [None, Some("11.0.0.1".parse().unwrap())] {
            assert_eq!(
                caveats.check(start, address, Method::Put, png),
                Err(CaveatViolation::WrongAddress { address })
            );
        }
        assert_eq!(
            caveats.check(start, home, Method::Get, png),
            Err(CaveatViolation::WrongMethod { method: Method::Get })
        );
        for other in [None, Some("text/html"), Some("image/*"), Some("image"), Some("")] {
            assert!(
                matches!(
                    caveats.check(start, home, Method::Put, other),
                    Err(CaveatViolation::WrongContentType { .. })
                ),
                "{other:?}"
            );
        }
    }

    #[test]
    fn a_download_has_no_type_of_its_own() {
        let caveats = Caveats { content_type: Some("image/*".to_owned()), ..Caveats::default() };
        assert_eq!(caveats.check(Timestamp::from_unix(0), None, Method::Get, None), Ok(()));
    }

    #[test]
    fn limits_that_contradict_are_not_signed() {
        let caveats = Caveats { min_size: Some(2), max_size: Some(1), ..Caveats::default() };
        assert!(caveats.to_parameters().is_err());
    }
}
