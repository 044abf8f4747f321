//! Where a URL leads: the endpoint, and which part of it names the bucket.

use std::fmt;
use std::net::IpAddr;

use serde::Serialize;

use crate::explain::NotPresigned;
use crate::explain::link::Link;
use crate::uri;

/// How the request travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// The port that needs no saying.
    pub(super) fn default_port(self) -> &'static str {
        match self {
            Scheme::Http => "80",
            Scheme::Https => "443",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        })
    }
}

/// Which part of a URL names the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressingStyle {
    /// The host: `https://bucket.s3.example.com/key`.
    VirtualHosted,
    /// The path: `https://s3.example.com/bucket/key`.
    Path,
    /// The path, as far as can be told: nothing in the host says that it is an S3 endpoint, so it could be a
    /// bucket's own name as well.
    PathAssumed,
}

/// The bucket and the key, decoded; either may be missing.
pub(super) struct Location {
    pub(super) style: AddressingStyle,
    pub(super) bucket: Option<String>,
    pub(super) key: Option<String>,
}

impl Location {
    pub(super) fn of(link: &Link<'_>) -> Result<Self, NotPresigned> {
        let path = uri::decode(link.path)?;
        let path = path.strip_prefix('/').unwrap_or(&path);
        let (style, host_bucket) = match link.host_bucket {
            Some(Some(bucket)) => (AddressingStyle::VirtualHosted, Some(bucket)),
            Some(None) => (AddressingStyle::Path, None),
            None => style_of_host(host_name(link.authority)),
        };
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        if let Some(bucket) = host_bucket {
            return Ok(Location { style, bucket: some(bucket), key: some(path) });
        }
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        Ok(Location { style, bucket: some(bucket), key: some(key) })
    }
}

/// Tells an S3 endpoint by the label that begins its own part of the name: `s3`, `s3-fips`, `s3-accelerate`,
/// `s3-us-west-2`, `s3express-…`. AWS has used no other; most other providers use `s3` too.
fn style_of_host(host: &str) -> (AddressingStyle, Option<&str>) {
    if host.parse::<IpAddr>().is_ok() {
        return (AddressingStyle::Path, None);
    }
    let is_endpoint = |label: &str| {
        let label = label.to_ascii_lowercase();
        label == "s3" || label.starts_with("s3-") || label.starts_with("s3express-")
    };
    // The last one, for a bucket's name may have such a label of its own.
    let mut start = host.len();
    for label in host.rsplit('.') {
        start = start.saturating_sub(label.len());
        if is_endpoint(label) {
            let bucket = host.get(..start).unwrap_or_default().trim_end_matches('.');
            return match bucket {
                "" => (AddressingStyle::Path, None),
                bucket => (AddressingStyle::VirtualHosted, Some(bucket)),
            };
        }
        start = start.saturating_sub(1);
    }
    (AddressingStyle::PathAssumed, None)
}

/// The host without its port, and without the brackets of an IPv6 address.
pub(super) fn host_name(authority: &str) -> &str {
    if let Some(address) = authority.strip_prefix('[') {
        return address.split(']').next().unwrap_or(address);
    }
    authority.split(':').next().unwrap_or(authority)
}

/// The port, if one is spelt out.
pub(super) fn port(authority: &str) -> Option<&str> {
    let after = authority.rsplit_once(']').map_or(authority, |(_, after)| after);
    after.rsplit_once(':').map(|(_, port)| port)
}

/// Who can connect to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    Everyone,
    ThisMachine,
    PrivateNetwork,
}

impl Reach {
    pub(super) fn of(host: &str) -> Self {
        let host = host.to_ascii_lowercase();
        let Ok(address) = host.parse::<IpAddr>() else {
            let name = host.trim_end_matches('.');
            if name == "localhost" || name.ends_with(".localhost") {
                return Reach::ThisMachine;
            }
            // A name of one label is a container's or an office machine's; the others are reserved for private use.
            let is_private = !name.contains('.')
                || [".local", ".internal", ".lan", ".home.arpa"].iter().any(|end| name.ends_with(end));
            return if is_private { Reach::PrivateNetwork } else { Reach::Everyone };
        };
        let (is_own, is_private) = match address.to_canonical() {
            IpAddr::V4(v4) => (
                v4.is_loopback() || v4.is_unspecified(),
                // RFC 6598, shared address space, is what overlay networks hand out.
                v4.is_private() || v4.is_link_local() || matches!(v4.octets(), [100, 64..=127, ..]),
            ),
            IpAddr::V6(v6) => {
                (v6.is_loopback() || v6.is_unspecified(), v6.is_unique_local() || v6.is_unicast_link_local())
            }
        };
        match (is_own, is_private) {
            (true, _) => Reach::ThisMachine,
            (false, true) => Reach::PrivateNetwork,
            (false, false) => Reach::Everyone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(url: &str) -> (AddressingStyle, Option<String>, Option<String>) {
        let location = Location::of(&Link::of_url(url).unwrap()).unwrap();
        (location.style, location.bucket, location.key)
    }

    #[test]
    fn the_bucket_is_in_the_host_or_in_the_path() {
        use AddressingStyle::{Path, PathAssumed, VirtualHosted};
        for (url, style, bucket, key) in [
            ("https://b.s3.amazonaws.com/k%20/x", VirtualHosted, "b", "k /x"),
            ("https://my.b.s3.eu-central-1.amazonaws.com/k", VirtualHosted, "my.b", "k"),
            ("https://s3-b.s3.dualstack.us-west-2.amazonaws.com/k", VirtualHosted, "s3-b", "k"),
            ("https://b.s3-accelerate.amazonaws.com//k", VirtualHosted, "b", "/k"),
            (
                "https://b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com/k",
                VirtualHosted,
                "b--use1-az4--x-s3",
                "k",
            ),
            ("https://s3.amazonaws.com/b/k", Path, "b", "k"),
            ("https://s3-us-west-2.amazonaws.com/b/k", Path, "b", "k"),
            ("http://127.0.0.1:9000/b/k", Path, "b", "k"),
            ("http://[::1]:9000/b//k", Path, "b", "/k"),
            ("https://files.example.com/b/k", PathAssumed, "b", "k"),
        ] {
            assert_eq!(located(url), (style, Some(bucket.to_owned()), Some(key.to_owned())), "{url}");
        }
        assert_eq!(located("https://b.s3.amazonaws.com"), (VirtualHosted, Some("b".to_owned()), None));
        assert_eq!(located("https://s3.amazonaws.com/"), (Path, None, None));
    }

    #[test]
    fn some_hosts_are_not_for_everyone() {
        for own in ["localhost", "a.LOCALHOST", "127.0.0.1", "::1", "0.0.0.0", "::ffff:127.0.0.1"] {
            assert_eq!(Reach::of(own), Reach::ThisMachine, "{own}");
        }
        for private in ["minio", "nas.local", "10.1.2.3", "192.168.1.1", "100.64.0.1", "fd00::1", "fe80::1"] {
            assert_eq!(Reach::of(private), Reach::PrivateNetwork, "{private}");
        }
        for open in ["files.example.com", "localhost.example.com", "9.9.9.9", "2001:db8::1", "100.128.0.1"] {
            assert_eq!(Reach::of(open), Reach::Everyone, "{open}");
        }
    }
}
