//! Public endpoints: what links say, and what verification accepts as Host.

use std::net::Ipv4Addr;
use std::ops::Deref;

use presign::{BucketUrl, EndpointError};

/// One public endpoint: scheme and authority, `https://files.example.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicEndpoint {
    url: String,
    host: String,
}

impl PublicEndpoint {
    /// Reads `http://…` or `https://…` without a path.
    ///
    /// # Errors
    /// [`EndpointError`] says what is wrong with it.
    pub fn parse(url: &str) -> Result<Self, EndpointError> {
        // The library's reader of endpoints, so that what is signed and what is accepted agree on every detail.
        let probe = BucketUrl::path_style(url, "bucket")?;
        if probe.path() != "/bucket" {
            let why =
                "a public endpoint has no path; S3 signatures leave no room for one that a proxy takes off";
            return Err(EndpointError::InvalidUrl { url: url.to_owned(), why });
        }
        let (name, _) = name_and_port(probe.host());
        if name.split('.').any(str::is_empty) {
            let why =
                "its host has an empty label: two dots beside each other, or a dot before the first label";
            return Err(EndpointError::InvalidUrl { url: url.to_owned(), why });
        }
        Ok(Self { url: probe.origin().to_owned(), host: probe.host().to_owned() })
    }

    /// The URL, without a closing slash.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The Host that clients of this endpoint send: lower case, without the scheme's default port.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// Public endpoints, none of which can be read as a bucket of another.
///
/// With `http://example.com` and `http://files.example.com`, a request for `http://files.example.com/photos/k` would be about
/// `photos/k` in the bucket `files` at the one and about `k` in the bucket `photos` at the other. Whichever is meant, the
/// signature is the same. As buckets may have dots in their names, any number of labels between makes it so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicEndpoints(Vec<PublicEndpoint>);

/// Two public endpoints, of which one could be a bucket of the other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "holds {inner} and {outer}, but {inner} is also a bucket of {outer} in the virtual-hosted style, and a URL that was \
     signed for the one would be carried out on the other; keep one of the two, or give one of them a name that does not \
     end with the other's, such as files-{outer_host}"
)]
pub struct NestedEndpoints {
    /// The URL of the endpoint whose host ends with the other's.
    pub inner: String,
    /// The URL of the other.
    pub outer: String,
    /// The host of the other.
    pub outer_host: String,
}

impl PublicEndpoints {
    /// Takes endpoints that lie beside each other.
    ///
    /// # Errors
    /// [`NestedEndpoints`] names the first two that do not.
    pub fn new(endpoints: Vec<PublicEndpoint>) -> Result<Self, NestedEndpoints> {
        for inner in &endpoints {
            if let Some(outer) = endpoints.iter().find(|outer| is_below(&inner.host, &outer.host)) {
                return Err(NestedEndpoints {
                    inner: inner.url.clone(),
                    outer: outer.url.clone(),
                    outer_host: outer.host.clone(),
                });
            }
        }
        Ok(Self(endpoints))
    }
}

impl Deref for PublicEndpoints {
    type Target = [PublicEndpoint];

    fn deref(&self) -> &[PublicEndpoint] {
        &self.0
    }
}

/// Whether `inner` has further labels before `outer`; both are hosts with a port if it is not the scheme's own. Another port
/// is another host, and an address has no buckets before it. A dot at the end of a name says the same name.
fn is_below(inner: &str, outer: &str) -> bool {
    let ((inner, inner_port), (outer, outer_port)) = (name_and_port(inner), name_and_port(outer));
    let is_address = |name: &str| name.starts_with('[') || name.parse::<Ipv4Addr>().is_ok();
    inner_port == outer_port
        && !is_address(inner)
        && !is_address(outer)
        && inner.strip_suffix(outer).is_some_and(|before| before.ends_with('.'))
}

/// A host's name without a dot at its end, and its port.
fn name_and_port(host: &str) -> (&str, &str) {
    let (name, port) = match host.starts_with('[') {
        true => (host, ""),
        false => host.split_once(':').unwrap_or((host, "")),
    };
    (name.strip_suffix('.').unwrap_or(name), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_scheme_and_authority() {
        let endpoint = PublicEndpoint::parse("https://Files.Example.com:443/").unwrap();
        assert_eq!(endpoint.host(), "files.example.com");
        assert_eq!(endpoint.url(), "https://Files.Example.com:443");
        assert_eq!(PublicEndpoint::parse("http://[::1]:9000").unwrap().host(), "[::1]:9000");
        for bad in ["files.example.com", "https://files.example.com/s3", "ftp://x", "https://x?y"] {
            assert!(PublicEndpoint::parse(bad).is_err(), "{bad}");
        }
    }

    /// `http://example.com..` was taken beside `http://a.example.com`.
    #[test]
    fn a_host_has_no_empty_label() {
        for good in ["http://example.com", "http://example.com.", "http://example.com.:9000", "http://[::1]"]
        {
            assert!(PublicEndpoint::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://example.com..",
            "http://example.com..:9000",
            "http://a..example.com",
            "http://.example.com",
            "http://.",
        ] {
            let refused = PublicEndpoint::parse(bad).unwrap_err();
            assert!(refused.to_string().contains("empty label"), "{refused}");
        }
    }
}
