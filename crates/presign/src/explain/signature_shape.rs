//! Leaving out what looks like a signature, whatever it is called.
//!
//! A client that misspells `X-Amz-Signature`, or exchanges the values of two parameters, sends a signature that is good all the
//! same: whoever reads it knows where it belongs.

use std::borrow::Cow;

use crate::explain::decoded::fully_decoded;
use crate::explain::redact::REDACTED;

/// The hexadecimal digits of SigV4's signature.
pub(super) const HEXADECIMAL: usize = 64;
/// The characters of base64 in SigV2's, before the sign that fills up the last of them.
pub(super) const BASE64: usize = 27;

/// Where a text stands, which decides what in it may be something else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// In a path, in which a SHA-256 is often the name of an object, and long words stand before an equals sign (`/year=2026/`):
    /// only behind an equals sign or a colon it is a signature.
    Path,
    /// In a parameter, or in any other text.
    Elsewhere,
}

/// The text without what looks like a signature in it. Where that is escaped, the whole value behind the first equals sign
/// goes, or all of the text.
pub(super) fn without_signature_shapes(text: &str, whereabouts: Whereabouts) -> Cow<'_, str> {
    if text.len() <= BASE64 || !has_shape(&fully_decoded(text), whereabouts) {
        return Cow::Borrowed(text);
    }
    let kept = match text.split_once('=') {
        Some((name, value)) if !value.is_empty() && !has_shape(&fully_decoded(name), whereabouts) => {
            format!("{name}={REDACTED}")
        }
        _ => REDACTED.to_owned(),
    };
    Cow::Owned(kept)
}

fn has_shape(text: &str, whereabouts: Whereabouts) -> bool {
    let bytes = text.as_bytes();
    let is_elsewhere = whereabouts == Whereabouts::Elsewhere;
    // Whether a run that ends before `end` stands behind an equals sign or a colon.
    let is_value = |end: usize, length: usize| {
        let before = end.checked_sub(length + 1).and_then(|before| bytes.get(before));
        matches!(before, Some(b'=' | b':'))
    };
    let (mut hexadecimal, mut base64) = (0, 0);
    for (at, &byte) in bytes.iter().enumerate() {
        if byte == b'=' && base64 >= BASE64 && (is_elsewhere || base64 == BASE64 && is_value(at, base64)) {
            return true;
        }
        base64 = if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/') { base64 + 1 } else { 0 };
        hexadecimal = if byte.is_ascii_hexdigit() { hexadecimal + 1 } else { 0 };
        if hexadecimal >= HEXADECIMAL && (is_elsewhere || is_value(at + 1, hexadecimal)) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: &str = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    const V2: &str = "1GgixJ+/GtZX9vML7SCLyUqpvoA=";

    #[test]
    fn a_signature_is_known_by_its_looks() {
        let told = |text: &str| without_signature_shapes(text, Whereabouts::Elsewhere).into_owned();
        let v2 = V2.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        for (text, kept) in [
            (format!("X-Amz-Sig={V4}"), "X-Amz-Sig=REDACTED"),
            (format!("X-Amz-Date={}", V4.to_ascii_uppercase()), "X-Amz-Date=REDACTED"),
            (format!("X-Amz-Signature{V4}"), "REDACTED"),
            (format!("S)gnature={V2}"), "S)gnature=REDACTED"),
            (format!("Signature{v2}"), "REDACTED"),
            (format!("Expires={}", v2.replace('%', "%25")), "Expires=REDACTED"),
            (V4.bytes().map(|byte| format!("%{byte:02x}")).collect(), "REDACTED"),
        ] {
            assert_eq!(told(&text), kept);
        }
        for text in ["X-Amz-Expires=3600", &V4[1..], &V2[2..], "response-content-disposition=attachment"] {
            assert_eq!(told(text), text);
        }
    }

    #[test]
    fn a_hash_in_a_path_is_the_name_of_an_object() {
        let told = |text: &str| without_signature_shapes(text, Whereabouts::Path).into_owned();
        let hash = format!("/bucket/sha256/{V4}.tar");
        assert_eq!(told(&hash), hash);
        assert_eq!(told(&format!("/b/k%3FX-Amz-Sig%3D{V4}")), "REDACTED");
        let partition = "/warehouse/events/region/year=2026/month=11/part-0.parquet";
        assert_eq!(told(partition), partition);
        assert_eq!(told(&format!("/b/k%3FSig%3D{V2}")), "REDACTED");
    }
}
