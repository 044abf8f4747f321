//! `Forwarded`, read once more: RFC 7239, section 4, character by character.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What one proxy says: names in lower case, values without their quotation marks.
pub(super) type Element = Vec<(String, String)>;

/// Where the reader stands.
#[derive(PartialEq)]
enum State {
    /// Before a name, or in one.
    Name,
    /// Behind the equals sign.
    ValueBegins,
    Token,
    Quoted,
    Escaped,
    /// Behind the closing quotation mark.
    Closed,
    /// In spaces, which stand around commas alone.
    BeforeComma,
    AfterComma,
}

/// The elements of one value, the nearest proxy's last; `None` where it is not of the grammar, or says one thing twice.
pub(super) fn elements(value: &str) -> Option<Vec<Element>> {
    let mut elements: Vec<Element> = vec![Vec::new()];
    let (mut name, mut text) = (String::new(), String::new());
    let mut state = State::AfterComma;
    // A comma at the end finishes the last pair as it does any other.
    for c in value.chars().chain([',']) {
        if matches!(state, State::Quoted | State::Escaped) {
            match (&state, c) {
                (State::Quoted, '"') => state = State::Closed,
                (State::Quoted, '\\') => state = State::Escaped,
                (_, '\t' | ' '..='~' | '\u{80}'..) => {
                    text.push(c);
                    state = State::Quoted;
                }
                _ => return None,
            }
            continue;
        }
        let is_token = c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        state = match (state, c) {
            (State::Name | State::AfterComma, c) if is_token => {
                name.push(c.to_ascii_lowercase());
                State::Name
            }
            (State::Name, '=') if !name.is_empty() => State::ValueBegins,
            (State::ValueBegins, '"') => State::Quoted,
            (State::ValueBegins | State::Token, c) if is_token => {
                text.push(c);
                State::Token
            }
            (State::AfterComma, ' ' | '\t') => State::AfterComma,
            (State::Token | State::Closed | State::BeforeComma, ' ' | '\t') => State::BeforeComma,
            (State::Name, ' ' | '\t') if name.is_empty() => State::BeforeComma,
            (
                before
                @ (State::Token | State::Closed | State::BeforeComma | State::Name | State::AfterComma),
                ',' | ';',
            ) => {
                let has_value = matches!(before, State::Token | State::Closed | State::BeforeComma);
                if (!name.is_empty() && !has_value) || (before == State::BeforeComma && c == ';') {
                    return None;
                }
                let element = elements.last_mut()?;
                if !name.is_empty() {
                    if element.iter().any(|(known, _)| *known == name) {
                        return None;
                    }
                    element.push((std::mem::take(&mut name), std::mem::take(&mut text)));
                }
                if c == ',' {
                    elements.push(Vec::new());
                    State::AfterComma
                } else {
                    State::Name
                }
            }
            _ => return None,
        };
    }
    if state != State::AfterComma {
        return None;
    }
    // That of the comma which was put in.
    elements.pop();
    Some(elements)
}

/// The value of that name.
fn value<'e>(element: &'e Element, name: &str) -> Option<&'e str> {
    element.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Who sent the proxy its request, if it says an address.
pub(super) fn sender(element: &Element) -> Option<IpAddr> {
    let node = value(element, "for")?;
    let (address, port): (IpAddr, &str) = match node.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            (address.parse::<Ipv6Addr>().ok()?.into(), port)
        }
        None => {
            let end = node.find(':').unwrap_or(node.len());
            (node[..end].parse::<Ipv4Addr>().ok()?.into(), &node[end..])
        }
    };
    let is_digits = |port: &str| {
        let is_obfuscated = |port: &str| {
            port.len() > 1
                && port.starts_with('_')
                && port.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        };
        is_obfuscated(port)
            || (1..=5).contains(&port.len()) && port.chars().all(|digit| digit.is_ascii_digit())
    };
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_digits)).then_some(address.to_canonical())
}

/// The Host that the proxy was sent.
pub(super) fn host(element: &Element) -> Option<String> {
    value(element, "host").map(str::to_owned)
}

/// An entry of `X-Forwarded-For`.
pub(super) fn listed(entry: &str) -> Option<IpAddr> {
    let bare = entry.parse::<Ipv6Addr>().ok().map(|address| IpAddr::from(address).to_canonical());
    bare.or_else(|| sender(&vec![("for".to_owned(), entry.to_owned())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_kept() {
        let said = |value: &str| {
            let elements = elements(value)?;
            let words = elements.iter().map(|element| {
                let pairs: Vec<String> =
                    element.iter().map(|(name, value)| format!("{name}={value}")).collect();
                pairs.join(";")
            });
            Some(words.collect::<Vec<_>>().join(" , "))
        };
        for (value, words) in [
            ("for=a", "for=a"),
            ("For=a;host=\"b;for=c,\\\"\"\t, for=d", "for=a;host=b;for=c,\" , for=d"),
            (";for=a;;", "for=a"),
            ("", ""),
            (", for=a ,", " , for=a , "),
        ] {
            assert_eq!(said(value).as_deref(), Some(words), "{value}");
        }
        for value in [
            "for",
            "for=",
            "=a",
            "for=a;for=b",
            "for=a; host=b",
            "for=a b",
            "for =a",
            "for=\"a",
            "for=\"a\"b",
            "for=a:1",
            "for=\"\u{7f}\"",
            "for=\"a\\",
        ] {
            assert_eq!(said(value), None, "{value}");
        }
    }
}
