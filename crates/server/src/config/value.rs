//! One setting's value, as text, and the readers for the kinds of settings.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use hyper::header::HeaderName;
use ipnet::IpNet;
use presign::EndpointError;

use crate::endpoint::{PublicEndpoint, PublicEndpoints};

/// A value before it is read. Every source gives text; only the file and repeated flags give lists as such.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    One(String),
    Many(Vec<String>),
}

impl Value {
    /// The value of a setting that has just one.
    pub(super) fn one(&self) -> Result<&str, String> {
        match self {
            Self::One(text) => Ok(text.trim()),
            Self::Many(_) => Err("must be one value, not a list".to_owned()),
        }
    }

    /// The values of a list. Text, as the environment gives it, is split at commas.
    pub(super) fn many(&self) -> Vec<&str> {
        match self {
            Self::One(text) => text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect(),
            Self::Many(items) => items.iter().map(|item| item.trim()).collect(),
        }
    }
}

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("is `{text}`; it must be true or false")),
    }
}

/// `500ms`, `10s`, `5m`, `1h`; never zero.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let milliseconds_each = match unit {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let milliseconds =
        number.parse::<u64>().ok().zip(milliseconds_each).and_then(|(n, each)| n.checked_mul(each));
    match milliseconds {
        Some(milliseconds @ 1..) => Ok(Duration::from_millis(milliseconds)),
        _ => Err(format!("is `{text}`; it must be a time such as 500ms, 10s, 5m or 1h")),
    }
}

/// `512`, `16KiB`, `64MiB`, `2GiB`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let each = match unit {
        "" | "B" => Some(1),
        "KiB" => Some(1 << 10),
        "MiB" => Some(1 << 20),
        "GiB" => Some(1 << 30),
        _ => None,
    };
    let total = number.parse::<u64>().ok().zip(each).and_then(|(n, each)| n.checked_mul(each));
    total.ok_or_else(|| format!("is `{text}`; it must be a size such as 16KiB, 64MiB or 2GiB"))
}

pub(super) fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..) => Ok(number),
        _ => Err(format!("is `{text}`; it must be a number, 1 or more")),
    }
}

/// `1%` to `100%`.
pub(super) fn percent(text: &str) -> Result<u8, String> {
    match text.strip_suffix('%').and_then(|number| number.parse().ok()) {
        Some(percent @ 1..=100) => Ok(percent),
        _ => Err(format!("is `{text}`; it must be a share from 1% to 100%")),
    }
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    if let Some(port) = text.strip_prefix("localhost:").and_then(|port| port.parse().ok()) {
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
    text.parse().map_err(|_| {
        format!(
            "is `{text}`; it must be an address and a port, such as 127.0.0.1:9000, [::1]:9000, \
             or 0.0.0.0:9000 to listen on every interface"
        )
    })
}

pub(super) fn region(text: &str) -> Result<String, String> {
    let is_name = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if is_name {
        return Ok(text.to_owned());
    }
    Err(format!("is `{text}`; it must be a region such as us-east-1: letters, digits and hyphens"))
}

pub(super) fn endpoints(value: &Value) -> Result<PublicEndpoints, String> {
    let endpoint = |url| PublicEndpoint::parse(url).map_err(|error: EndpointError| error.to_string());
    let endpoints = value.many().into_iter().map(endpoint).collect::<Result<Vec<_>, _>>()?;
    PublicEndpoints::new(endpoints).map_err(|error| error.to_string())
}

/// CIDR blocks; an address alone is the network of just that address.
pub(super) fn networks(value: &Value) -> Result<Vec<IpNet>, String> {
    let read = |text: &str| {
        let network = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        network
            .ok_or_else(|| format!("holds `{text}`; it must be addresses or CIDR blocks such as 10.0.0.0/8"))
    };
    value.many().into_iter().map(read).collect()
}

/// Names of headers, in lower case.
pub(super) fn header_names(value: &Value) -> Result<Vec<String>, String> {
    let read = |text: &str| match HeaderName::from_bytes(text.as_bytes()) {
        Ok(name) => Ok(name.as_str().to_owned()),
        Err(_) => Err(format!("holds `{text}`; it must be names of headers such as x-origin-verify")),
    };
    value.many().into_iter().map(read).collect()
}

/// AWS allows 16 to 128 characters; shorter ones are what people choose for themselves.
pub(super) fn access_key_id(text: &str) -> Result<String, String> {
    let good = (3..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@".contains(&b));
    if good {
        return Ok(text.to_owned());
    }
    Err("must be 3 to 128 letters, digits, `-`, `_`, `.` or `@`".to_owned())
}

pub(super) fn secret_access_key(text: &str) -> Result<String, String> {
    let good = (8..=256).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if good {
        return Ok(text.to_owned());
    }
    Err("must be 8 to 256 visible ASCII characters without a space".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_and_some_length() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("1h"), Ok(Duration::from_secs(3600)));
        for bad in
            ["", "10", "s", "0s", "-1s", "1d", "1.5s", "99999999999999999999s", "18446744073709551615h"]
        {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        assert_eq!(bytes("512"), Ok(512));
        assert_eq!(bytes("16KiB"), Ok(16384));
        assert_eq!(bytes("2GiB"), Ok(2 << 30));
        for bad in ["", "MiB", "1MB", "1 MiB", "-1", "18446744073709551615GiB"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn shares_are_percentages_of_something() {
        assert_eq!([percent("1%"), percent("100%")], [Ok(1), Ok(100)]);
        for bad in ["", "%", "50", "0%", "101%", "-1%", "1.5%", "50 %"] {
            assert!(percent(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_have_a_port() {
        assert_eq!(address("localhost:9000").unwrap().to_string(), "127.0.0.1:9000");
        assert_eq!(address("[::1]:0").unwrap().to_string(), "[::1]:0");
        for bad in ["", "9000", ":9000", "127.0.0.1", "localhost", "host.example:1", "127.0.0.1:65536"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn headers_have_names() {
        let list = |text: &str| header_names(&Value::One(text.to_owned()));
        assert_eq!(list("X-Origin-Verify, x-b,"), Ok(vec!["x-origin-verify".to_owned(), "x-b".to_owned()]));
        for bad in ["x origin", "a:", "é"] {
            assert!(list(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lists_come_as_text_or_as_lists() {
        let text = Value::One("10.0.0.0/8, ::1,".to_owned());
        let list = Value::Many(vec!["10.0.0.0/8".to_owned(), "::1".to_owned()]);
        assert_eq!(networks(&text), networks(&list));
        assert_eq!(networks(&list).unwrap().len(), 2);
        assert!(networks(&Value::One("10.0.0.0/33".to_owned())).is_err());
    }
}
