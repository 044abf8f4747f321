//! Leaving out the user name and the password before the host of a URL.

use std::borrow::Cow;

use crate::explain::decoded::{Placed, placed};
use crate::explain::redact::REDACTED;
use crate::work::spend;

/// Takes out what stands before an `@` and the host of a URL, wherever in the text the URL begins and however often it is
/// encoded.
pub(super) fn without_users(text: &str) -> Cow<'_, str> {
    if !may_hold_user(text) {
        return Cow::Borrowed(text);
    }
    let decoded = placed(text);
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    while at < decoded.len() {
        let rest = decoded.get(at..).unwrap_or_default();
        let marks =
            |mark: &[u8]| rest.iter().map(|placed| placed.byte).take(mark.len()).eq(mark.iter().copied());
        // A target may begin as a URL does behind its scheme.
        let mark = if marks(b"://") {
            3
        } else if at == 0 && marks(b"//") {
            2
        } else {
            at += 1;
            continue;
        };
        let Some((slashes, authority)) = rest.split_at_checked(mark) else { break };
        let authority = with_users(authority);
        if let Some(sign) = authority.iter().rev().find(|placed| placed.byte == b'@')
            && let Some(slash) = slashes.last()
            && text.get(slash.end..sign.start) != Some(REDACTED)
        {
            out.push_str(text.get(copied..slash.end).unwrap_or_default());
            out.push_str(REDACTED);
            copied = sign.start;
        }
        at += mark + authority.len();
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// The authority at the beginning of a text, and more of it where what should be a port is none: a password that has a slash or a
/// question mark in it.
fn with_users(text: &[Placed]) -> &[Placed] {
    let until = |is_end: fn(u8) -> bool| {
        let length = text.iter().position(|placed| is_end(placed.byte)).unwrap_or(text.len());
        text.get(..length).unwrap_or_default()
    };
    let authority = until(is_past_authority);
    let has = |byte: u8| authority.iter().position(|placed| placed.byte == byte);
    let has_other_port = has(b':')
        .and_then(|colon| authority.get(colon + 1..))
        .is_some_and(|port| port.is_empty() || !port.iter().all(|placed| placed.byte.is_ascii_digit()));
    if has(b'@').is_some() || has(b'[') == Some(0) || !has_other_port {
        return authority;
    }
    let longer = until(|byte| !matches!(byte, b'/' | b'?' | b'#') && is_past_authority(byte) || byte == b'&');
    match longer.iter().rposition(|placed| placed.byte == b'@') {
        Some(sign) => longer.get(..=sign).unwrap_or(authority),
        None => longer,
    }
}

/// A quick look: `false`: certainly no `@` behind a `://`, however they are escaped.
fn may_hold_user(text: &str) -> bool {
    spend(text.len());
    // An escape of `@`, or of what one is made of.
    let is_escape = |behind: &str| match behind.as_bytes() {
        [b'2', b'F' | b'f', ..] => false,
        [b'2' | b'3' | b'4', _, ..] => true,
        _ => false,
    };
    text.contains('@') || text.split('%').skip(1).any(is_escape)
}

/// What ends the authority of a URL, in a URL or in a text about it.
pub(super) fn is_past_authority(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'(' | b')' | 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_user_and_no_password_stands_before_a_host() {
        for (text, kept) in [
            ("https://me:hidden@h/", "https://REDACTED@h/"),
            ("/k?u=http://me:hidden@h/a", "/k?u=http://REDACTED@h/a"),
            ("/k?u=http%3A%2F%2Fme%3Ahidden%40h", "/k?u=http%3A%2F%2FREDACTED%40h"),
            ("/k?u=http%253A%252F%252Fme%253Ahidden%2540h", "/k?u=http%253A%252F%252FREDACTED%2540h"),
            ("/k?u=http://me:hid/den@h/a", "/k?u=http://REDACTED@h/a"),
            ("/k?u=http://me:?hid#den@h/a&b=c@d", "/k?u=http://REDACTED@h/a&b=c@d"),
            ("//hidden@h/b", "//REDACTED@h/b"),
            ("http://REDACTED@h/", "http://REDACTED@h/"),
        ] {
            assert_eq!(without_users(text), kept);
            assert_eq!(without_users(kept), kept, "again");
        }
        for text in ["/k?a=me:plain@h", "http://h:80/me@h", "http://[::1]/me@h", "a://b c@d", "/b//me@h"] {
            assert_eq!(without_users(text), text);
        }
    }
}
