//! Where a bucket is: the part of a URL before the object's key.

use crate::uri::{self, Keep};

/// The address of one bucket: what goes before an object's key, and the Host that is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketUrl {
    bucket: String,
    /// Scheme and authority as they stand in the URL: `https://s3.example.com:8443`.
    origin: String,
    /// The Host header: lower case, without the scheme's default port.
    host: String,
    /// The path up to the key, encoded, without a closing slash; empty in virtual-hosted style.
    path: String,
}

/// A text that is no endpoint URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{url}` is no endpoint: {why}")]
pub struct InvalidEndpoint {
    /// The text.
    pub url: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl BucketUrl {
    /// `https://endpoint/bucket`, the form for custom endpoints and for buckets with a dot.
    pub fn path_style(endpoint: &str, bucket: &str) -> Result<Self, InvalidEndpoint> {
        let (origin, host, base) = split_endpoint(endpoint)?;
        let path = format!("{base}/{}", uri::encode(bucket, Keep::Slash));
        Ok(BucketUrl { bucket: bucket.to_owned(), origin: origin.to_owned(), host, path })
    }

    /// `https://bucket.endpoint`, AWS's own form.
    pub fn virtual_hosted(endpoint: &str, bucket: &str) -> Result<Self, InvalidEndpoint> {
        let (origin, host, base) = split_endpoint(endpoint)?;
        let (scheme, authority) = origin.split_once("://").unwrap_or(("https", origin));
        Ok(BucketUrl {
            bucket: bucket.to_owned(),
            origin: format!("{scheme}://{bucket}.{authority}"),
            host: format!("{}.{host}", bucket.to_ascii_lowercase()),
            path: base.to_owned(),
        })
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Scheme and authority, as in `https://s3.example.com:8443`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The Host header that a client will send, and that is signed.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The encoded path up to the key, without a closing slash; empty in virtual-hosted style.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// Splits an endpoint's URL into its origin, the Host to sign, and its path without a closing slash.
fn split_endpoint(url: &str) -> Result<(&str, String, &str), InvalidEndpoint> {
    let refuse = |why| InvalidEndpoint { url: url.to_owned(), why };
    let (scheme, rest) = url
        .split_once("://")
        .ok_or_else(|| refuse("it must begin with http:// or https://, as in https://s3.example.com"))?;
    let default_port = match scheme {
        "http" => "80",
        "https" => "443",
        _ => return Err(refuse("its scheme must be http or https")),
    };
    if rest.contains(['?', '#', '@', ' ', '\\']) {
        return Err(refuse("it must have no user name, query, fragment or space"));
    }
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at_checked(slash).unwrap_or((rest, "")),
        None => (rest, ""),
    };
    let (name, port) = match authority.rfind(']') {
        Some(bracket) => {
            let (name, tail) = authority.split_at_checked(bracket + 1).unwrap_or((authority, ""));
            if !tail.is_empty() && !tail.starts_with(':') {
                return Err(refuse("a port must follow the bracket of an IPv6 address"));
            }
            (name, tail.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (authority, None),
        },
    };
    if let Some(address) = name.strip_prefix('[') {
        let address = address.strip_suffix(']').unwrap_or(address);
        if address.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(refuse("there is no IPv6 address between its brackets"));
        }
    } else if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
        return Err(refuse("its host must be a name, an IPv4 address, or an IPv6 address in brackets"));
    }
    if port.is_some_and(|port| port.parse::<u16>().is_err() || !port.bytes().all(|b| b.is_ascii_digit())) {
        return Err(refuse("its port must be a number up to 65535"));
    }
    let mut host = name.to_ascii_lowercase();
    if let Some(port) = port.filter(|port| *port != default_port) {
        host.push(':');
        host.push_str(port);
    }
    let origin = url.get(..url.len() - path.len()).unwrap_or(url);
    Ok((origin, host, path.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_port_stays_in_the_url_and_leaves_the_host() {
        let bucket = BucketUrl::path_style("http://S3.ex.org:80", "b").unwrap();
        assert_eq!(
            (bucket.origin(), bucket.host(), bucket.path()),
            ("http://S3.ex.org:80", "s3.ex.org", "/b")
        );
        let bucket = BucketUrl::path_style("https://s3.ex.org:80/base/", "b").unwrap();
        assert_eq!((bucket.host(), bucket.path()), ("s3.ex.org:80", "/base/b"));
    }

    #[test]
    fn addresses_are_hosts_too() {
        let bucket = BucketUrl::path_style("http://[::1]:9000", "b").unwrap();
        assert_eq!((bucket.origin(), bucket.host()), ("http://[::1]:9000", "[::1]:9000"));
    }

    #[test]
    fn what_is_no_endpoint_is_told() {
        for bad in [
            "s3.ex.org",
            "ftp://s3.ex.org",
            "http://",
            "http://u:p@s3.ex.org",
            "http://h?x=1",
            "http://h:99999",
            "http://h:",
            "http://[::1",
            "http://[zz]:1",
            "http://[::1]1",
        ] {
            assert!(BucketUrl::path_style(bad, "b").is_err(), "{bad}");
        }
    }
}
