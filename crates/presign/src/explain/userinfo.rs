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
        let [colon, first, second, authority @ ..] = rest else { break };
        if [colon.byte, first.byte, second.byte] != *b"://" {
            at += 1;
            continue;
        }
        let length = authority.iter().position(|placed| is_past_authority(placed.byte));
        let authority = authority.get(..length.unwrap_or(authority.len())).unwrap_or_default();
        if let Some(sign) = authority.iter().rev().find(|placed| placed.byte == b'@')
            && !is_left_out(text, second, sign)
        {
            out.push_str(text.get(copied..second.end).unwrap_or_default());
            out.push_str(REDACTED);
            copied = sign.start;
        }
        at += 3 + authority.len();
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

fn is_left_out(text: &str, slash: &Placed, sign: &Placed) -> bool {
    text.get(slash.end..sign.start) == Some(REDACTED)
}

/// A quick look: `false`: certainly no `@` behind a `://`, however they are escaped.
fn may_hold_user(text: &str) -> bool {
    spend(text.len());
    let mut at_sign_or_escape = text.as_bytes().windows(3).map(|three| match three {
        // An escape of `@`, or of what one is made of.
        [b'%', b'2', b'F' | b'f'] => false,
        [b'%', b'2' | b'3' | b'4', _] => true,
        [first, _, _] => *first == b'@',
        _ => false,
    });
    at_sign_or_escape.any(|found| found)
}

/// What ends the authority of a URL, in a URL or in a text about it.
pub(super) fn is_past_authority(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'(' | b')' | 0x7f)
}
