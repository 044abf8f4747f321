//! Percent-encoding as S3's canonical forms have it.
//!
//! `A-Z a-z 0-9 - _ . ~` stay; every other byte becomes `%XX` with upper-case digits, a space `%20`. The
//! slash stays in a path and is escaped everywhere else. A path is neither normalised nor encoded twice.
//! Source: "Create a signed AWS API request", AWS IAM User Guide, and what botocore sends.

use std::borrow::Cow;

use crate::work;

/// Where a piece of a query ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// At the equals sign or ampersand that follows a parameter's name.
    Name,
    /// At the ampersand that follows a value.
    Value,
}

/// Which characters besides the unreserved ones stay as they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Nothing more: a query parameter's name or value.
    Unreserved,
    /// The slash: a path.
    Slash,
}

/// For each byte whether it stays.
type Table = [bool; 256];

const UNRESERVED: Table = table(false);
const UNRESERVED_AND_SLASH: Table = table(true);

// The index runs over the table's own length, at compile time.
#[allow(clippy::indexing_slicing)]
const fn table(keeps_slash: bool) -> Table {
    let mut keeps = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        keeps[byte] =
            b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~') || keeps_slash && b == b'/';
        byte += 1;
    }
    keeps
}

const UPPER_HEX: &[u8; 16] = b"0123456789ABCDEF";

impl Keep {
    #[inline]
    fn keeps(self, byte: u8) -> bool {
        let table = match self {
            Keep::Unreserved => &UNRESERVED,
            Keep::Slash => &UNRESERVED_AND_SLASH,
        };
        table.get(usize::from(byte)).is_some_and(|keeps| *keeps)
    }

    /// How many bytes at the start of a text stay.
    #[inline]
    fn run(self, bytes: &[u8]) -> usize {
        // Eight at a time, without a branch for each.
        let eights =
            bytes.chunks_exact(8).take_while(|eight| eight.iter().fold(true, |all, b| all & self.keeps(*b)));
        let start = eights.count() * 8;
        let rest = bytes.get(start..).unwrap_or_default();
        start + rest.iter().position(|byte| !self.keeps(*byte)).unwrap_or(rest.len())
    }
}

/// Appends the encoded form of `text` to `out`.
pub(crate) fn encode_into(out: &mut String, text: &str, keep: Keep) {
    let mut rest = text;
    loop {
        let (plain, tail) = rest.split_at_checked(keep.run(rest.as_bytes())).unwrap_or((rest, ""));
        out.push_str(plain);
        if tail.is_empty() {
            break;
        }
        let end = tail.bytes().position(|byte| keep.keeps(byte)).unwrap_or(tail.len());
        let (escaped, tail) = tail.split_at_checked(end).unwrap_or((tail, ""));
        push_escapes(out, escaped.as_bytes());
        rest = tail;
    }
}

/// Appends an escape for each byte, many at a time: a URL may be nothing else.
fn push_escapes(out: &mut String, bytes: &[u8]) {
    const AT_ONCE: usize = 16;
    work::spend(3 * bytes.len());
    out.reserve(3 * bytes.len());
    let digit = |nibble: u8| UPPER_HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
    for some in bytes.chunks(AT_ONCE) {
        let mut escapes = [b'%'; 3 * AT_ONCE];
        for (escape, byte) in escapes.chunks_exact_mut(3).zip(some) {
            if let [_, high, low] = escape {
                (*high, *low) = (digit(byte >> 4), digit(byte & 15));
            }
        }
        // ASCII characters are always UTF-8.
        let text = escapes.get(..3 * some.len()).and_then(|escapes| std::str::from_utf8(escapes).ok());
        out.push_str(text.unwrap_or_default());
    }
}

/// The encoded form of `text`; borrowed where nothing needs escaping.
pub(crate) fn encode(text: &str, keep: Keep) -> Cow<'_, str> {
    if keep.run(text.as_bytes()) == text.len() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    encode_into(&mut out, text, keep);
    Cow::Owned(out)
}

/// A percent escape that is cut short or has no hexadecimal digits, or bytes that are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

fn hex_value(digit: u8) -> Result<u8, Malformed> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(Malformed),
    }
}

/// Undoes percent-encoding, once. A plus sign stays a plus sign: only forms write spaces that way.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, Malformed> {
    let Some(first) = text.bytes().position(|byte| byte == b'%') else {
        return Ok(Cow::Borrowed(text));
    };
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(bytes.get(..first).unwrap_or_default());
    let mut rest = bytes.get(first..).unwrap_or_default();
    loop {
        match rest {
            [b'%', high, low, tail @ ..] => {
                out.push(hex_value(*high)? << 4 | hex_value(*low)?);
                rest = tail;
            }
            [b'%', ..] => return Err(Malformed),
            [byte, tail @ ..] => {
                out.push(*byte);
                rest = tail;
            }
            [] => break,
        }
    }
    String::from_utf8(out).map(Cow::Owned).map_err(|_| Malformed)
}

/// A path, or the key of an object within one, as S3 writes it in URLs: everything is escaped but
/// `A-Z a-z 0-9 - _ . ~` and the slash. Listings with `encoding-type=url` name keys so too.
///
/// ```
/// assert_eq!(presign::encode_path("a b/(1)+é"), "a%20b/%281%29%2B%C3%A9");
/// ```
pub fn encode_path(path: &str) -> Cow<'_, str> {
    encode(path, Keep::Slash)
}

/// Undoes [`encode_path`], and any other escaping of a path, once. A plus sign stays a plus sign: a path is not a
/// form. `None`: an escape is cut short or has no hexadecimal digits, or the bytes are not UTF-8.
///
/// ```
/// assert_eq!(presign::decode_path("%61%2520b+c").as_deref(), Some("a%20b+c"));
/// assert_eq!(presign::decode_path("%f"), None);
/// ```
pub fn decode_path(path: &str) -> Option<Cow<'_, str>> {
    decode(path).ok()
}

/// A piece of a URL as it arrived, both decoded and in canonical form.
#[derive(Default)]
pub(crate) struct Piece<'a> {
    pub(crate) decoded: Cow<'a, str>,
    pub(crate) canonical: Cow<'a, str>,
}

impl<'a> Piece<'a> {
    /// A piece that is spelt the same in both.
    fn plain(raw: &'a str) -> Self {
        Piece { decoded: Cow::Borrowed(raw), canonical: Cow::Borrowed(raw) }
    }
}

/// Reads a piece of a URL. Whatever way it was escaped, its canonical form is the decoded text encoded
/// again, so a client may escape more or less than it must and still be understood.
pub(crate) fn read(raw: &str, keep: Keep) -> Result<Piece<'_>, Malformed> {
    work::spend(raw.len());
    if keep.run(raw.as_bytes()) == raw.len() {
        return Ok(Piece::plain(raw));
    }
    read_escaped(raw, keep)
}

#[inline(never)]
fn read_escaped(raw: &str, keep: Keep) -> Result<Piece<'_>, Malformed> {
    work::spend(raw.len());
    let mut decoded = Vec::with_capacity(raw.len());
    let mut is_canonical = true;
    let mut rest = raw.as_bytes();
    loop {
        rest = match rest {
            // Most of what is escaped at all has words between; but a run of eight is not looked for before each byte.
            [byte, ..] if keep.keeps(*byte) => {
                let (kept, tail) = rest.split_at_checked(keep.run(rest)).ok_or(Malformed)?;
                decoded.extend_from_slice(kept);
                tail
            }
            [b'%', high, low, tail @ ..] => {
                let byte = hex_value(*high)? << 4 | hex_value(*low)?;
                is_canonical &= !keep.keeps(byte) && !high.is_ascii_lowercase() && !low.is_ascii_lowercase();
                decoded.push(byte);
                tail
            }
            [b'%', ..] => return Err(Malformed),
            [byte, tail @ ..] => {
                is_canonical = false;
                decoded.push(*byte);
                tail
            }
            [] => break,
        };
    }
    let decoded = String::from_utf8(decoded).map_err(|_| Malformed)?;
    let canonical =
        if is_canonical { Cow::Borrowed(raw) } else { Cow::Owned(encode(&decoded, keep).into_owned()) };
    Ok(Piece { decoded: Cow::Owned(decoded), canonical })
}

/// Takes the next name or value off a query. Returns it, the delimiter after it, and the rest.
#[inline]
pub(crate) fn take_piece(query: &str, end: End) -> Result<(Piece<'_>, Option<u8>, &str), Malformed> {
    let is_delimiter = |byte: u8| byte == b'&' || byte == b'=' && end == End::Name;
    let bytes = query.as_bytes();
    let plain = Keep::Unreserved.run(bytes);
    let is_plain = bytes.get(plain).is_none_or(|byte| is_delimiter(*byte));
    let length = if is_plain {
        plain
    } else {
        bytes.iter().position(|byte| is_delimiter(*byte)).unwrap_or(bytes.len())
    };
    work::spend(length);
    let (raw, rest) = query.split_at_checked(length).ok_or(Malformed)?;
    let piece = if is_plain { Piece::plain(raw) } else { read_escaped(raw, Keep::Unreserved)? };
    Ok((piece, rest.bytes().next(), rest.get(1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_as_s3_does() {
        assert_eq!(encode("a b+c/é~(1).txt", Keep::Slash), "a%20b%2Bc/%C3%A9~%281%29.txt");
        assert_eq!(encode("a/b", Keep::Unreserved), "a%2Fb");
        assert_eq!(encode("//lead//dbl/../x", Keep::Slash), "//lead//dbl/../x");
    }

    #[test]
    fn broken_escapes_are_told() {
        for bad in ["%", "%2", "%zz", "a%g0", "%ff", "%C3%28"] {
            assert_eq!(decode(bad), Err(Malformed), "{bad}");
            assert!(read(bad, Keep::Slash).is_err(), "{bad}");
        }
        assert_eq!(decode("%C3%A9+%2b").unwrap(), "é++");
    }

    #[test]
    fn every_spelling_has_one_canonical_form() {
        for raw in ["a%20b(~", "a%20b%28%7E", "%61%20b%28~", "a b%28~"] {
            assert_eq!(read(raw, Keep::Slash).unwrap().canonical, "a%20b%28~", "{raw}");
        }
        assert_eq!(read("a%2fb", Keep::Unreserved).unwrap().canonical, "a%2Fb");
        assert_eq!(read("a%2fb", Keep::Slash).unwrap().canonical, "a/b");
    }

    proptest! {
        #[test]
        fn encoding_round_trips(text: String) {
            for keep in [Keep::Slash, Keep::Unreserved] {
                let encoded = encode(&text, keep);
                prop_assert_eq!(decode(&encoded).unwrap(), &text[..]);
                let piece = read(&encoded, keep).unwrap();
                prop_assert!(matches!(piece.canonical, Cow::Borrowed(_)));
                prop_assert_eq!(piece.canonical, encoded.as_ref());
            }
        }

        #[test]
        fn reading_never_panics(raw: String) {
            if let Ok(piece) = read(&raw, Keep::Slash) {
                prop_assert_eq!(encode(&piece.decoded, Keep::Slash), piece.canonical);
            }
        }
    }
}
