//! The `Forwarded` header, read as RFC 7239, section 4, writes it.
//!
//! ```text
//! Forwarded         = 1#forwarded-element
//! forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] )
//! forwarded-pair    = token "=" ( token / quoted-string )
//! ```
//!
//! A comma or a semicolon inside a quoted string separates nothing: a proxy that writes down the Host of its client quotes
//! whatever the client sent. The crates for this header (`rfc7239`, `forwarded-header-value`) split at every comma and
//! every semicolon, so this is a parser of our own. It accepts nothing that the grammar does not.
//! <https://www.rfc-editor.org/rfc/rfc7239#section-4>

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What one proxy says of the request that it received.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element<'h> {
    /// Who sent it the request: `for`.
    pub(super) sender: Option<Cow<'h, str>>,
    /// The Host of that request: `host`.
    pub(super) host: Option<Cow<'h, str>>,
}

/// The most parameters that an element may have. The RFC knows four, and each is compared with all before it.
const PARAMETERS: usize = 16;

/// Reads the value of one header field. Its elements stand in the order of the proxies, the nearest last.
///
/// An empty element, which the list rule of HTTP allows, is one that says nothing. `None`: the value is not of the grammar,
/// or an element has a parameter twice, which the RFC forbids, or more than [`PARAMETERS`]:
/// <https://www.rfc-editor.org/rfc/rfc7239#section-4>.
pub(super) fn parse(value: &str) -> Option<Vec<Element<'_>>> {
    let mut rest = value.trim_matches([' ', '\t']);
    let mut elements = Vec::with_capacity(1);
    loop {
        let (element, after) = take_element(rest)?;
        elements.push(element);
        match after.trim_start_matches([' ', '\t']) {
            "" => return Some(elements),
            after => rest = after.strip_prefix(',')?.trim_start_matches([' ', '\t']),
        }
    }
}

/// One element, and what stands after it.
fn take_element(text: &str) -> Option<(Element<'_>, &str)> {
    let mut element = Element::default();
    let mut names: Vec<&str> = Vec::with_capacity(4);
    let mut rest = text;
    loop {
        let (name, after) = take_token(rest);
        if !name.is_empty() {
            if names.len() == PARAMETERS || names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                return None;
            }
            names.push(name);
            let (value, after) = take_value(after.strip_prefix('=')?)?;
            if name.eq_ignore_ascii_case("for") {
                element.sender = Some(value);
            } else if name.eq_ignore_ascii_case("host") {
                element.host = Some(value);
            }
            rest = after;
        }
        match rest.strip_prefix(';') {
            Some(after) => rest = after,
            None => return Some((element, rest)),
        }
    }
}

/// A token or a quoted string, unquoted, and what stands after it.
fn take_value(text: &str) -> Option<(Cow<'_, str>, &str)> {
    match text.strip_prefix('"') {
        Some(quoted) => take_quoted(quoted),
        None => match take_token(text) {
            ("", _) => None,
            (token, rest) => Some((Cow::Borrowed(token), rest)),
        },
    }
}

/// <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2>; empty where no token stands.
fn take_token(text: &str) -> (&str, &str) {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let end = text.bytes().position(|byte| !is_allowed(byte)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// What follows an opening quotation mark: the text up to the closing one, and what stands after that.
/// <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.4>
fn take_quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let is_text = |c: char| c == '\t' || (c >= ' ' && c != '\u{7f}');
    let mut unescaped: Option<String> = None;
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        let c = match c {
            '"' => {
                let plain = text.get(..at)?;
                let value = unescaped.map_or(Cow::Borrowed(plain), Cow::Owned);
                return Some((value, text.get(at + 1..)?));
            }
            '\\' => {
                if unescaped.is_none() {
                    unescaped = Some(text.get(..at)?.to_owned());
                }
                characters.next()?.1
            }
            c => c,
        };
        if !is_text(c) {
            return None;
        }
        if let Some(unescaped) = &mut unescaped {
            unescaped.push(c);
        }
    }
    None
}

/// The address that a node names, with or without a port. `None`: `unknown`, an obfuscated identifier, or no node at all.
/// <https://www.rfc-editor.org/rfc/rfc7239#section-6>
pub(super) fn node_address(node: &str) -> Option<IpAddr> {
    let (address, port): (IpAddr, &str) = match node.strip_prefix('[') {
        Some(bracketed) => {
            let (address, port) = bracketed.split_once(']')?;
            (address.parse::<Ipv6Addr>().ok()?.into(), port)
        }
        None => {
            let (address, port) = node.split_at_checked(node.find(':').unwrap_or(node.len()))?;
            (address.parse::<Ipv4Addr>().ok()?.into(), port)
        }
    };
    (port.is_empty() || is_port(port.strip_prefix(':')?)).then_some(address.to_canonical())
}

/// A port of one to five digits, or an obfuscated one.
fn is_port(port: &str) -> bool {
    let is_obfuscated = |rest: &str| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    match port.strip_prefix('_') {
        Some(rest) => is_obfuscated(rest),
        None => (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `for|host` of each element, with nothing where there is none.
    fn read(value: &str) -> Option<Vec<String>> {
        let text = |part: Option<Cow<'_, str>>| part.unwrap_or_default().into_owned();
        let elements = parse(value)?.into_iter();
        Some(elements.map(|element| format!("{}|{}", text(element.sender), text(element.host))).collect())
    }

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        for (value, elements) in [
            ("for=\"_gazonk\"", &["_gazonk|"][..]),
            ("For=\"[2001:db8:cafe::17]:4711\"", &["[2001:db8:cafe::17]:4711|"]),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", &["192.0.2.60|"]),
            ("for=192.0.2.43, for=198.51.100.17", &["192.0.2.43|", "198.51.100.17|"]),
            (
                "for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown",
                &["192.0.2.43|", "[2001:db8:cafe::17]|", "unknown|"],
            ),
            ("for=_hidden, for=_SEVKISEK", &["_hidden|", "_SEVKISEK|"]),
        ] {
            assert_eq!(
                read(value).as_deref(),
                Some(&elements.iter().map(|&e| e.to_owned()).collect::<Vec<_>>()[..])
            );
        }
    }

    #[test]
    fn what_stands_in_a_quoted_string_separates_nothing() {
        let one = |text: &str| Some(vec![text.to_owned()]);
        assert_eq!(
            read("host=\"x;for=203.0.113.9\";for=198.51.100.7"),
            one("198.51.100.7|x;for=203.0.113.9")
        );
        assert_eq!(
            read("host=\"x,for=203.0.113.9\";for=198.51.100.7"),
            one("198.51.100.7|x,for=203.0.113.9")
        );
        assert_eq!(read("for=a;host=\"x\\\",for=b;host=\\\"\""), one("a|x\",for=b;host=\""));
        assert_eq!(read("for=\"\\a\\\\\";host=\"\""), one("a\\|"));
        assert_eq!(read("host=\"é\t\""), one("|é\t"));
    }

    #[test]
    fn empty_elements_and_pairs_say_nothing() {
        for (value, elements) in [
            ("", vec!["|"]),
            (",", vec!["|", "|"]),
            (" , for=a\t,", vec!["|", "a|", "|"]),
            (";for=a;;proto=http;", vec!["a|"]),
        ] {
            assert_eq!(read(value).unwrap(), elements, "{value:?}");
        }
    }

    #[test]
    fn what_is_not_of_the_grammar_is_not_read() {
        for value in [
            "for",
            "for=",
            "=a",
            "for=a b",
            "for =a",
            "for= a",
            "for=a; proto=http",
            "for=a ;proto=http",
            "for=192.0.2.7:80",
            "for=[2001:db8::1]",
            "for=\"a",
            "for=\"a\\",
            "for=\"a\\\"",
            "for=\"a\"b",
            "for=\"a\u{7f}\"",
            "for=\"a\\\u{1}\"",
            "for=é",
            "for=a;for=b",
            "for=a;FOR=a",
            "for=a;secret=1;secret=2",
            "host=x;for=b;for=a",
            "for=a/",
            "for=a,\"",
        ] {
            assert_eq!(parse(value), None, "{value:?}");
        }
        assert!(parse("for=a;proto=http,for=a;secret=1").is_some());
    }

    #[test]
    fn an_element_has_sixteen_parameters_at_most() {
        let element = |count: usize| (0..count).map(|at| format!("a{at}=1;")).collect::<String>();
        assert!(parse(&element(16)).is_some());
        assert_eq!(parse(&element(17)), None);
        assert!(parse(&format!("{},{}", element(16), element(16))).is_some());
    }

    #[test]
    fn a_node_is_an_address_or_names_nobody() {
        for (node, address) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7:1", "192.0.2.7"),
            ("192.0.2.7:_a.b-c_d", "192.0.2.7"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:65535", "2001:db8::1"),
            ("[::ffff:192.0.2.7]", "192.0.2.7"),
        ] {
            assert_eq!(node_address(node), address.parse().ok(), "{node}");
        }
        for other in [
            "",
            "unknown",
            "_hidden",
            "192.0.2",
            "192.0.2.07",
            "192.0.2.7:",
            "192.0.2.7:123456",
            "192.0.2.7:_",
            "192.0.2.7:a",
            "192.0.2.7:80:80",
            "2001:db8::1",
            "[2001:db8::1",
            "[192.0.2.7]",
            "[2001:db8::1]80",
            "[fe80::1%eth0]",
            " 192.0.2.7",
            "192.0.2.7/32",
        ] {
            assert_eq!(node_address(other), None, "{other:?}");
        }
    }

    proptest! {
        /// A proxy that quotes its client's Host is read right, whatever the Host is.
        #[test]
        fn no_host_says_who_sent_the_request(host in "[ -~é\t]{0,40}", before in any::<bool>()) {
            let quoted = format!("host=\"{}\"", host.replace('\\', "\\\\").replace('"', "\\\""));
            let value = match before {
                true => format!("{quoted};for=198.51.100.7"),
                false => format!("for=198.51.100.7;{quoted}"),
            };
            prop_assert_eq!(read(&value), Some(vec![format!("198.51.100.7|{host}")]));
        }

        #[test]
        fn no_value_panics(value in any::<String>()) {
            let _ = parse(&value);
            let _ = node_address(&value);
        }
    }
}
