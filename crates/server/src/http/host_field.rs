//! What may stand in a Host header, and in what a proxy passes on as one.

use std::net::Ipv6Addr;

/// Whether a Host header says what one may say: `uri-host [":" port]`, of which the host may be empty.
///
/// ```text
/// host       = IP-literal / IPv4address / reg-name
/// IP-literal = "[" ( IPv6address / IPvFuture  ) "]"
/// reg-name   = *( unreserved / pct-encoded / sub-delims )
/// ```
/// <https://www.rfc-editor.org/rfc/rfc9110#section-7.2>, <https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2>
pub(super) fn is_host(value: &str) -> bool {
    let (is_good, port) = match value.strip_prefix('[') {
        None => {
            let (name, port) = value.split_once(':').unwrap_or((value, ""));
            (is_name(name), port)
        }
        Some(bracketed) => {
            let Some((address, after)) = bracketed.split_once(']') else { return false };
            let port = if after.is_empty() { Some("") } else { after.strip_prefix(':') };
            let Some(port) = port else { return false };
            (address.parse::<Ipv6Addr>().is_ok() || is_future_address(address), port)
        }
    };
    is_good && port.bytes().all(|digit| digit.is_ascii_digit())
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    while let Some(byte) = bytes.next() {
        let is_allowed = match byte {
            b'%' => {
                let mut is_hexadecimal = || bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit());
                is_hexadecimal() && is_hexadecimal()
            }
            byte => is_unreserved_or_delimiter(byte),
        };
        if !is_allowed {
            return false;
        }
    }
    true
}

/// `"v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )`
fn is_future_address(address: &str) -> bool {
    let Some((version, rest)) = address.strip_prefix(['v', 'V']).and_then(|rest| rest.split_once('.')) else {
        return false;
    };
    let is_hexadecimal = !version.is_empty() && version.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hexadecimal
        && !rest.is_empty()
        && rest.bytes().all(|byte| byte == b':' || is_unreserved_or_delimiter(byte))
}

fn is_unreserved_or_delimiter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
        let hosts = [
            "",
            "a",
            "a:",
            "a:80",
            "a.b_c.",
            "1.2.3.4",
            "[::1]",
            "[::1]:80",
            "[::ffff:1.2.3.4]:",
            "[v1.a:b]:80",
            "a%2Fb",
            "a;b,c",
        ];
        for host in hosts {
            assert!(is_host(host), "{host:?}");
        }
        let others = [
            "a b",
            "a,\tb",
            "a/",
            "a?b",
            "a#b",
            "me@a",
            "a:b",
            "a:-1",
            "a:80:80",
            "::1",
            "[::1",
            "[]",
            "[::1]80",
            "[::1]::8",
            "a%2",
            "a%zz",
            "ä",
            "http:/",
            "a\"b",
            "a\\b",
            "[a]",
            "[1.2.3.4]",
            "[::1%25eth0]",
            "[v.a]",
            "[vg.a]",
            "[v1.]",
            "[::1;for=a]",
            "[:1]",
        ];
        for other in others {
            assert!(!is_host(other), "{other:?}");
        }
    }
}
