//! Leaving out what looks like a signature, whatever it is called.
//!
//! A client that misspells `X-Amz-Signature`, or exchanges the values of two parameters, sends a signature that is good all the
//! same: whoever reads it knows where it belongs.

use std::borrow::Cow;

use crate::explain::decoded::{Placed, placed};
use crate::explain::redact::REDACTED;
use crate::work::spend;

/// The hexadecimal digits of SigV4's signature.
const HEXADECIMAL: usize = 64;
/// The characters of base64 in SigV2's, before the sign that fills up the last of them.
pub(super) const BASE64: usize = 27;

/// Where a text stands, which decides what in it may be something else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whereabouts {
    /// In a path, in which a SHA-256 is often the name of an object, and long words stand before an equals sign (`/year=2026/`):
    /// only behind an equals sign or a colon it is a signature.
    Path,
    /// In a parameter, or in any other text.
    Elsewhere,
}

/// The text without what looks like a signature in it. Up to `path_end` it is a path.
pub(super) fn without_signature_shapes(text: &str, path_end: usize) -> Cow<'_, str> {
    spend(text.len());
    let mut out = String::new();
    let (mut copied, mut start) = (0, 0);
    // Every text of a line goes through here: one look at each byte, and a few for a run that is long enough.
    let ends = text.bytes().enumerate().filter(|&(_, byte)| !may_be_part(byte)).map(|(end, _)| end);
    for end in ends.chain([text.len()]) {
        if end - start >= BASE64 {
            let run = text.get(start..end).unwrap_or_default();
            let whereabouts = if start < path_end { Whereabouts::Path } else { Whereabouts::Elsewhere };
            let before = start.checked_sub(1).and_then(|before| text.as_bytes().get(before)).copied();
            for (from, to) in signatures(run, before, whereabouts) {
                out.push_str(text.get(copied..start + from).unwrap_or_default());
                out.push_str(REDACTED);
                copied = start + to;
            }
        }
        start = end + 1;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// Whether a signature may have that byte in it, as it is written. Nearly every text of a request is gone over with it.
pub(super) fn may_be_part(byte: u8) -> bool {
    const MAY_BE: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            #[expect(clippy::cast_possible_truncation, reason = "less than 256")]
            let value = byte as u8;
            #[expect(clippy::indexing_slicing, reason = "computed by the compiler")]
            {
                table[byte] = value.is_ascii_alphanumeric() || matches!(value, b'+' | b'/' | b'=' | b'%');
            }
            byte += 1;
        }
        table
    };
    MAY_BE.get(usize::from(byte)).is_some_and(|&may_be| may_be)
}

/// Where the signatures stand in a run of characters that a signature may be written with; `before` is what stands before it.
fn signatures(run: &str, before: Option<u8>, whereabouts: Whereabouts) -> Vec<(usize, usize)> {
    let decoded = placed(run);
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let mut found = Vec::new();
    let mut add = |from: usize, to: usize| {
        if let (Some(first), Some(last)) =
            (decoded.get(from), to.checked_sub(1).and_then(|to| decoded.get(to)))
        {
            found.push((first.start, last.end));
        }
    };
    let is_allowed = |from: usize| {
        let before = from.checked_sub(1).map_or(before, |at| decoded.get(at).map(|placed| placed.byte));
        whereabouts == Whereabouts::Elsewhere || matches!(before, Some(b'=' | b':'))
    };
    let mut from = 0;
    while from < decoded.len() {
        let rest = decoded.get(from..).unwrap_or_default();
        let length = rest.iter().take_while(|placed| is_base64(placed.byte)).count();
        let word = rest.get(..length).unwrap_or_default();
        let is_padded = rest.get(length).is_some_and(|placed| placed.byte == b'=');
        let is_long_enough = match whereabouts {
            Whereabouts::Elsewhere => length >= BASE64,
            Whereabouts::Path => length == BASE64,
        };
        if is_padded && is_long_enough && is_allowed(from) {
            // The sign goes along where it fills up, and stays where a value follows it.
            add(from, from + length + usize::from(rest.len() == length + 1));
        } else if length >= BASE64 {
            for (start, end) in inner_signatures(word) {
                if is_allowed(from + start) {
                    add(from + start, from + end);
                }
            }
        }
        from += length + 1;
    }
    found
}

/// Where in a word of base64 the digits of SigV4's signature stand, or SigV2's without the sign that fills it up. A slash may be a part of
/// that, or stand before it or behind it.
fn inner_signatures(word: &[Placed]) -> Vec<(usize, usize)> {
    let is_edge = |at: usize| word.get(at).is_none_or(|placed| placed.byte == b'/');
    let mut found = Vec::new();
    let (mut at, mut digits) = (0, 0);
    while at < word.len() {
        // With the sign that fills it up made another character, it is good again for whoever puts that right.
        let length = if is_edge(at + BASE64) { BASE64 } else { BASE64 + 1 };
        if (at == 0 || is_edge(at - 1) || is_behind_its_name(word, at))
            && is_edge(at + length)
            && word.get(at..at + BASE64).is_some_and(is_mixed)
        {
            found.push((at, at + length));
            (at, digits) = (at + length, 0);
            continue;
        }
        digits =
            if word.get(at).is_some_and(|placed| placed.byte.is_ascii_hexdigit()) { digits + 1 } else { 0 };
        at += 1;
        let is_last = !word.get(at).is_some_and(|placed| placed.byte.is_ascii_hexdigit());
        if is_last && digits >= HEXADECIMAL {
            found.push((at - digits, at));
        }
    }
    found
}

/// Whether `Signature` stands there, from which the equals sign was lost.
fn is_behind_its_name(word: &[Placed], at: usize) -> bool {
    const NAME: &[u8] = b"signature";
    let name = at.checked_sub(NAME.len()).and_then(|start| word.get(start..at));
    name.is_some_and(|name| {
        name.iter().zip(NAME).all(|(placed, byte)| placed.byte.eq_ignore_ascii_case(byte))
    })
}

/// Whether a word has digits and letters of both cases, as 27 characters of base64 nearly always have and words hardly ever, and
/// is not the beginning of a credential (`AKID/20261129/us`).
fn is_mixed(word: &[Placed]) -> bool {
    let has = |is: fn(&u8) -> bool| word.iter().any(|placed| is(&placed.byte));
    let is_day = |part: &[Placed]| part.len() == 8 && part.iter().all(|placed| placed.byte.is_ascii_digit());
    let changes = word.windows(2).filter(|two| match two {
        [one, other] => one.byte.is_ascii_lowercase() != other.byte.is_ascii_lowercase(),
        _ => false,
    });
    // One signature in a hundred has no digit, but then its cases change more often than those of words do.
    (has(u8::is_ascii_digit) || changes.count() >= 8)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && !word.split(|placed| placed.byte == b'/').any(is_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: &str = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    const V2: &str = "1GgixJ+/GtZX9vML7SCLyUqpvoA=";

    #[test]
    fn a_signature_is_known_by_its_looks() {
        let told = |text: &str| without_signature_shapes(text, 0).into_owned();
        let v2 = V2.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        for (text, kept) in [
            (format!("X-Amz-Sig={V4}"), "X-Amz-Sig=REDACTED"),
            (format!("X-Amz-Date={}", V4.to_ascii_uppercase()), "X-Amz-Date=REDACTED"),
            (format!("X-Amz-Signature-{V4}"), "X-Amz-Signature-REDACTED"),
            (V4.to_owned(), "REDACTED"),
            (format!("a method ({V4}), it was"), "a method (REDACTED), it was"),
            (V2[..27].to_owned(), "REDACTED"),
            ("wwACLQoieoAgK+QiMZbcAZsjVsY".to_owned(), "REDACTED"),
            (format!("S)gnature={}&a", &v2[..v2.len() - 3]), "S)gnature=REDACTED&a"),
            (V2.to_owned(), "REDACTED"),
            (format!("S)gnature={V2}"), "S)gnature=REDACTED"),
            (format!("Signature{v2}"), "REDACTED"),
            (format!("Expires={}", v2.replace('%', "%25")), "Expires=REDACTED"),
            (V4.bytes().map(|byte| format!("%{byte:02x}")).collect(), "REDACTED"),
        ] {
            assert_eq!(told(&text), kept);
        }
        for text in [
            "X-Amz-Expires=3600",
            &V4[1..],
            &V2[2..],
            "abcdefghijklmnopqrstuvwxyzA",
            "ABCDEFGHIJ12345/20261121/us",
            "response-content-disposition=attachment",
        ] {
            assert_eq!(told(text), text);
        }
    }

    #[test]
    fn a_hash_in_a_path_is_the_name_of_an_object() {
        let told = |text: &str| without_signature_shapes(text, text.len()).into_owned();
        let hash = format!("/bucket/sha256/{V4}.tar");
        assert_eq!(told(&hash), hash);
        assert_eq!(told(&format!("/b/k%3FX-Amz-Sig%3D{V4}")), "/b/k%3FX-Amz-Sig%3DREDACTED");
        let partition = "/warehouse/events/region/year=2026/month=11/part-0.parquet";
        assert_eq!(told(partition), partition);
        assert_eq!(told(&format!("/b/k%3FSig%3D{V2}")), "/b/k%3FSig%3DREDACTED");
    }
}
