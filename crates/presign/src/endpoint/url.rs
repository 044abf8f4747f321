//! An endpoint's URL, taken apart.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::endpoint::EndpointError;
use crate::uri::{self, Keep};

/// An http or https URL without user name, query and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndpointUrl {
    /// Scheme and authority as they were written: `https://s3.example.com:8443`.
    pub(crate) origin: String,
    /// The Host header: lower case, without the scheme's default port.
    pub(crate) host: String,
    /// The path in canonical form, without a closing slash.
    pub(crate) path: String,
    pub(crate) is_https: bool,
    /// Whether the host is an IP address, which no bucket's name can stand before.
    pub(crate) is_address: bool,
}

impl EndpointUrl {
    /// `https://` and a host name that is known to be one.
    pub(crate) fn of_host(name: String) -> Self {
        EndpointUrl {
            origin: format!("https://{name}"),
            host: name,
            path: String::new(),
            is_https: true,
            is_address: false,
        }
    }

    pub(crate) fn parse(url: &str) -> Result<Self, EndpointError> {
        let refuse = |why| EndpointError::InvalidUrl { url: url.to_owned(), why };
        let (scheme, rest) = url
            .split_once("://")
            .ok_or_else(|| refuse("it must begin with http:// or https://, as in https://s3.example.com"))?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
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
        let path = uri::read(path, Keep::Slash)
            .map_err(|_| refuse("its path has a percent sign that two hexadecimal digits do not follow"))?;
        let (name, port) = split_port(authority).map_err(refuse)?;
        let is_address = check_host(name).map_err(refuse)?;
        if port.is_some_and(|port| port.parse::<u16>().is_err() || !port.bytes().all(|b| b.is_ascii_digit()))
        {
            return Err(refuse("its port must be a number up to 65535"));
        }
        let mut host = name.to_ascii_lowercase();
        if let Some(port) = port.filter(|port| *port != default_port) {
            host.push(':');
            host.push_str(port);
        }
        Ok(EndpointUrl {
            origin: format!("{scheme}://{authority}"),
            host,
            path: path.canonical.trim_end_matches('/').to_owned(),
            is_https: scheme == "https",
            is_address,
        })
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), &'static str> {
    match authority.rfind(']') {
        Some(bracket) => {
            let (name, tail) = authority.split_at_checked(bracket + 1).unwrap_or((authority, ""));
            if !tail.is_empty() && !tail.starts_with(':') {
                return Err("a port must follow the bracket of an IPv6 address");
            }
            Ok((name, tail.strip_prefix(':')))
        }
        None => Ok(match authority.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (authority, None),
        }),
    }
}

/// Tells whether a host is an IP address.
fn check_host(name: &str) -> Result<bool, &'static str> {
    if let Some(address) = name.strip_prefix('[') {
        let address = address.strip_suffix(']').unwrap_or(address);
        return match address.parse::<Ipv6Addr>() {
            Ok(_) => Ok(true),
            Err(_) => Err("there is no IPv6 address between its brackets"),
        };
    }
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
        return Err("its host must be a name, an IPv4 address, or an IPv6 address in brackets");
    }
    Ok(name.parse::<Ipv4Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_port_stays_in_the_url_and_leaves_the_host() {
        let url = EndpointUrl::parse("http://S3.ex.org:80").unwrap();
        assert_eq!((url.origin.as_str(), url.host.as_str()), ("http://S3.ex.org:80", "s3.ex.org"));
        let url = EndpointUrl::parse("https://s3.ex.org:80/base/").unwrap();
        assert_eq!((url.host.as_str(), url.path.as_str()), ("s3.ex.org:80", "/base"));
    }

    #[test]
    fn addresses_are_hosts_too() {
        let url = EndpointUrl::parse("http://[::1]:9000").unwrap();
        assert_eq!((url.origin.as_str(), url.host.as_str()), ("http://[::1]:9000", "[::1]:9000"));
        for (url, is_address) in [
            ("http://[::1]", true),
            ("http://127.0.0.1:9000", true),
            ("http://localhost", false),
            ("http://127.0.0.1.ex.org", false),
        ] {
            assert_eq!(EndpointUrl::parse(url).unwrap().is_address, is_address, "{url}");
        }
    }

    #[test]
    fn the_base_path_is_brought_into_the_form_that_is_signed() {
        for (url, path) in
            [("http://h", ""), ("http://h/", ""), ("http://h/a+b//", "/a%2Bb"), ("http://h/%7eé", "/~%C3%A9")]
        {
            assert_eq!(EndpointUrl::parse(url).unwrap().path, path, "{url}");
        }
    }

    #[test]
    fn what_is_no_endpoint_is_told() {
        for bad in [
            "s3.ex.org",
            "ftp://s3.ex.org",
            "http://",
            "http://u:p@s3.ex.org",
            "http://h?x=1",
            "http://h/%",
            "http://h:99999",
            "http://h:+80",
            "http://h:",
            "http://[::1",
            "http://[zz]:1",
            "http://[::1]1",
        ] {
            assert!(matches!(EndpointUrl::parse(bad), Err(EndpointError::InvalidUrl { .. })), "{bad}");
        }
    }
}
