//! Percent-encoding undone, however often it was applied.

use std::borrow::Cow;

use crate::work::spend;

/// The text without any escape in it: `%252520` is a space. Broken escapes stay.
///
/// One pass over the text finds what decoding it again and again would find, so a text of many layers costs no more than
/// another: an escape that decoding makes (`%25` before `41`) always ends with the byte that was added last.
pub(super) fn fully_decoded(text: &str) -> Cow<'_, str> {
    spend(text.len());
    if !text.bytes().any(|byte| byte == b'%') {
        return Cow::Borrowed(text);
    }
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        bytes.push(byte);
        while let [.., b'%', high, low] = bytes.as_slice()
            && let Some(decoded) = byte_of(*high, *low)
        {
            bytes.truncate(bytes.len() - 3);
            bytes.push(decoded);
        }
    }
    Cow::Owned(match String::from_utf8_lossy(&bytes) {
        Cow::Borrowed(text) => text.to_owned(),
        Cow::Owned(text) => text,
    })
}

/// A byte of a fully decoded text, and where in the text it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) byte: u8,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Placed {
    /// Whether it was written as an escape.
    pub(super) fn is_escaped(self) -> bool {
        self.end - self.start > 1
    }
}

/// The bytes of [`fully_decoded`], each with its place in the text. So what is found in them is cut out of the text exactly, and
/// a text is decoded once however much is looked for.
pub(super) fn placed(text: &str) -> Vec<Placed> {
    spend(text.len());
    let mut placed: Vec<Placed> = Vec::with_capacity(text.len());
    for (at, byte) in text.bytes().enumerate() {
        placed.push(Placed { byte, start: at, end: at + 1 });
        while let [.., percent, high, low] = placed.as_slice()
            && percent.byte == b'%'
            && let Some(byte) = byte_of(high.byte, low.byte)
        {
            let start = percent.start;
            placed.truncate(placed.len() - 3);
            placed.push(Placed { byte, start, end: at + 1 });
        }
    }
    placed
}

/// The byte that two hexadecimal digits stand for.
pub(super) fn byte_of(high: u8, low: u8) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::explain::redact::unescaped;

    #[test]
    fn every_layer_is_undone() {
        for (text, decoded) in [
            ("a b", "a b"),
            ("%41", "A"),
            ("%2541", "A"),
            ("%25252541", "A"),
            ("%%34%31", "A"),
            ("%%3%34%31", "A"),
            ("%2%35", "%"),
            ("%zz%4", "%zz%4"),
            ("%C3%A9%ff", "\u{e9}\u{fffd}"),
        ] {
            let repeated = (0..text.len()).fold(text.to_owned(), |text, _| unescaped(&text).into_owned());
            assert_eq!((fully_decoded(text).as_ref(), repeated.as_str()), (decoded, decoded), "{text}");
        }
        let deep = format!("%{}41", "25".repeat(8000));
        assert_eq!(fully_decoded(&deep), "A");
    }

    proptest! {
        #[test]
        fn one_pass_finds_what_many_find(text in "[%02345aAf]{0,40}") {
            let repeated = (0..text.len()).fold(text.clone(), |text, _| unescaped(&text).into_owned());
            // Bytes that are no UTF-8 become U+FFFD, with repetition one layer earlier.
            if !repeated.contains('\u{fffd}') {
                prop_assert_eq!(fully_decoded(&text).into_owned(), repeated);
            }
        }
    }
}
