//! Leaving out what would let a reader act: signatures, session tokens, encryption keys.

use std::borrow::Cow;
use std::cmp::Reverse;

/// What stands in the place of a secret.
pub(super) const REDACTED: &str = "REDACTED";

/// Query parameters whose value is a secret, in lower case: S3's, and those of its neighbours, whose links are
/// taken for S3's easily.
const SECRET_PARAMETERS: [&str; 7] = [
    "x-amz-signature",
    "signature",
    "x-amz-security-token",
    "x-goog-signature",
    "sig",
    CUSTOMER_KEY,
    COPY_KEY,
];

/// The key that an object is encrypted with, when the customer keeps it (SSE-C).
const CUSTOMER_KEY: &str = "x-amz-server-side-encryption-customer-key";
const COPY_KEY: &str = "x-amz-copy-source-server-side-encryption-customer-key";

/// Headers whose value is a secret, in lower case.
const SECRET_HEADERS: [&str; 6] =
    ["authorization", "cookie", "proxy-authorization", "x-amz-security-token", CUSTOMER_KEY, COPY_KEY];

/// Names that mean a secret wherever they stand, even in a URL that is itself encoded within another.
const TELLING_NAMES: [&str; 5] =
    ["x-amz-signature", "x-amz-security-token", "x-goog-signature", CUSTOMER_KEY, COPY_KEY];

/// Names that mean a secret where a parameter may begin and a value follows, as in a SigV2 URL that is encoded within another.
/// Both begin with the letter that [`may_begin_short_name`] looks for.
const SHORT_NAMES: [&str; 2] = ["signature", "sig"];

/// What ends a parameter, here or to some other reader.
const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'?' | b'&' | b';' | b'#')
}

/// What stands before a parameter in a header, or in a sentence that quotes one, or where somebody hoped for the name to be
/// overlooked.
const fn is_separator_of_texts(byte: u8) -> bool {
    matches!(byte, b' ' | b',' | b'+' | b'(' | b'[' | b'{' | b'<' | b'"' | b'\'' | b'\\')
        || byte.is_ascii_control()
}

/// Whether a byte is one of those that [`Pair::at`] or [`may_hold_telling_name`] looks at twice. Nearly none is, so the others
/// are gone over with one look into a table.
fn is_plain(byte: u8) -> bool {
    const IS_PLAIN: [bool; 256] = {
        let mut table = [true; 256];
        let mut byte = 0;
        while byte < 256 {
            #[expect(clippy::cast_possible_truncation, reason = "less than 256")]
            let value = byte as u8;
            #[expect(clippy::indexing_slicing, reason = "computed by the compiler")]
            {
                table[byte] = !is_separator(value)
                    && !is_separator_of_texts(value)
                    && !matches!(value, b'=' | b':' | b'-' | b'%');
            }
            byte += 1;
        }
        table
    };
    IS_PLAIN.get(usize::from(byte)).is_some_and(|&is_plain| is_plain)
}

/// How often a text may have been percent-encoded for a name in it to be found.
const ENCODED_AT_MOST: usize = 8;

/// What is no part of a name, though it stands at its edge.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}

/// A URL, or the target of a request line, without what makes it a credential: `X-Amz-Signature=REDACTED`, and the
/// same for SigV2's `Signature`, session tokens, customer-provided encryption keys, and a user name and password
/// before the host.
///
/// Everything else stays as it was written, so that the result still tells which link it was. It never fails: what
/// cannot be read as a URL is gone through all the same.
///
/// ```
/// let target = "/b/k?X-Amz-Expires=60&X-Amz-Signature=0123abcd";
/// assert_eq!(presign::redact_url(target), "/b/k?X-Amz-Expires=60&X-Amz-Signature=REDACTED");
/// ```
pub fn redact_url(url: &str) -> String {
    let mut out = String::with_capacity(url.len() + REDACTED.len());
    let (start, query) = url.split_at_checked(url.find('?').unwrap_or(url.len())).unwrap_or((url, ""));
    push_without_user(&mut out, start);
    let (mut copied, mut at) = (0, 0);
    while at < query.len() {
        let pair = Pair::at(query, at);
        if pair.is_secret(query) {
            out.push_str(query.get(copied..=pair.name_end).unwrap_or_default());
            out.push_str(REDACTED);
            copied = pair.end;
        } else if pair.may_tell {
            out.push_str(query.get(copied..at).unwrap_or_default());
            push_without_telling_names(&mut out, query.get(at..pair.end).unwrap_or_default());
            copied = pair.end;
        }
        at = pair.end + 1;
    }
    out.push_str(query.get(copied..).unwrap_or_default());
    out
}

/// One parameter of a query, found in a single pass: every line of an access log goes through here.
struct Pair {
    start: usize,
    /// Where its equals sign is, or the colon that somebody took for one, or its end.
    name_end: usize,
    end: usize,
    /// Whether something in its name is percent-encoded.
    is_name_escaped: bool,
    /// Whether it may hold a telling name, however it is escaped.
    may_tell: bool,
}

impl Pair {
    /// The parameter that begins there.
    fn at(query: &str, start: usize) -> Self {
        let bytes = query.as_bytes();
        let mut pair = Self {
            start,
            name_end: bytes.len(),
            end: bytes.len(),
            is_name_escaped: false,
            may_tell: bytes.get(start).is_some_and(|&first| may_begin_short_name(first)),
        };
        let mut has_equals = false;
        for (at, &byte) in bytes.iter().enumerate().skip(start) {
            match byte {
                _ if is_plain(byte) => {}
                _ if is_separator(byte) => {
                    pair.end = at;
                    break;
                }
                b'=' if !has_equals => {
                    has_equals = true;
                    pair.name_end = at;
                }
                b':' if !has_equals && is_secret_parameter(query.get(start..at).unwrap_or_default()) => {
                    has_equals = true;
                    pair.name_end = at;
                }
                b'-' => pair.may_tell |= begins_telling_name(bytes, at),
                _ if is_separator_of_texts(byte) => pair.may_tell = true,
                b'%' => {
                    pair.is_name_escaped |= !has_equals;
                    pair.may_tell |= escapes_a_part_of_a_name(bytes, at);
                }
                _ => {}
            }
        }
        pair.name_end = pair.name_end.min(pair.end);
        pair
    }

    /// Whether it has a value that is a secret by its name.
    fn is_secret(&self, query: &str) -> bool {
        let name = query.get(self.start..self.name_end).unwrap_or_default();
        self.name_end < self.end
            && match self.is_name_escaped {
                true => is_secret_parameter(&unescaped(name)),
                false => is_secret_parameter(name),
            }
    }
}

/// Whether the value of that parameter, decoded and in any case, is a secret.
pub(super) fn is_secret_parameter(name: &str) -> bool {
    let name = name.trim_matches(is_blank);
    // `&amp;` leaves its own tail before the name.
    let name = name.strip_prefix("amp;").unwrap_or(name);
    // `Signature[]=` is how PHP is given a list.
    let name = name.split_once('[').map_or(name, |(name, _)| name).trim_matches(is_blank);
    SECRET_PARAMETERS.iter().any(|secret| secret.eq_ignore_ascii_case(name))
}

/// Whether the value of that header, in any case, is a secret.
pub(super) fn is_secret_header(name: &str) -> bool {
    SECRET_HEADERS.iter().any(|secret| secret.eq_ignore_ascii_case(name))
}

/// A parameter's value, unless it is a secret.
pub(super) fn shown_parameter<'v>(name: &str, value: &'v str) -> &'v str {
    if is_secret_parameter(name) { REDACTED } else { value }
}

/// A header's value, unless it is a secret, or a proxy's own: what that tells the server behind it is nobody else's.
pub(super) fn shown_header<'v>(name: &str, value: &'v str) -> &'v str {
    if is_secret_header(name) || crate::verify::is_proxy_header(name) { REDACTED } else { value }
}

fn push_without_user(out: &mut String, start: &str) {
    let Some((scheme, rest)) = start.split_once("://") else {
        return push_without_telling_names(out, start);
    };
    let (authority, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).unwrap_or((rest, ""));
    out.push_str(scheme);
    out.push_str("://");
    match authority.rsplit_once('@') {
        Some((_, host)) => {
            out.push_str(REDACTED);
            out.push('@');
            out.push_str(host);
        }
        None => out.push_str(authority),
    }
    push_without_telling_names(out, path);
}

/// Cuts the text off after a telling name: a URL may carry another in a parameter, or have its question mark
/// escaped, and what follows such a name is then a secret however it is encoded.
fn push_without_telling_names(out: &mut String, text: &str) {
    if !may_hold_telling_name(text) {
        return out.push_str(text);
    }
    let told = told_by(text);
    if told.is_empty() {
        return out.push_str(text);
    }
    let plain = text.to_ascii_lowercase();
    let found = told.iter().filter_map(|name| plain.find(name).map(|at| (at, Reverse(at + name.len()))));
    // A name that is itself escaped cannot be found in the text. If one may stand before the cut, all of it goes.
    let cut = found.min().filter(|&(start, _)| told_by(text.get(..start).unwrap_or_default()).is_empty());
    if let Some((_, Reverse(end))) = cut {
        out.push_str(text.get(..end).unwrap_or_default());
        out.push('=');
    }
    out.push_str(REDACTED);
}

/// The names in a text that a secret follows, however they are escaped.
fn told_by(text: &str) -> Vec<&'static str> {
    let mut plain = Cow::Borrowed(text);
    for _ in 0..ENCODED_AT_MOST {
        plain = match unescaped(&plain) {
            Cow::Owned(next) if next != *plain => Cow::Owned(next),
            _ => break,
        };
    }
    // An ampersand as JSON may write it.
    let lower = plain.to_ascii_lowercase().replace("\\u0026", "&");
    let telling = TELLING_NAMES.into_iter().filter(|name| lower.contains(name));
    telling.chain(SHORT_NAMES.into_iter().filter(|name| begins_parameter(&lower, name))).collect()
}

/// Whether a parameter of that name begins anywhere in the text.
fn begins_parameter(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = at.checked_sub(1).and_then(|before| text.as_bytes().get(before));
        let after = text.get(at + name.len()..).unwrap_or_default();
        before.is_none_or(|&byte| is_separator(byte) || is_separator_of_texts(byte))
            && after
                .trim_start_matches(|character| is_blank(character) || matches!(character, '"' | '\''))
                .starts_with(['=', ':', '['])
    })
}

/// Whether a short name may begin with that byte, for which no separator has to stand before it at the start of a text. An
/// escape is looked at as one.
fn may_begin_short_name(byte: u8) -> bool {
    matches!(byte, b's' | b'S')
}

/// A quick look at what every line of an access log goes through. `false`: certainly none, however it is escaped.
fn may_hold_telling_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|&first| may_begin_short_name(first))
        || bytes.iter().enumerate().any(|(at, &byte)| match byte {
            _ if is_plain(byte) => false,
            b'-' => begins_telling_name(bytes, at),
            b'%' => escapes_a_part_of_a_name(bytes, at),
            _ => is_separator(byte) || is_separator_of_texts(byte),
        })
}

/// Whether a telling name has its first hyphen there. Each has it behind an `x`.
fn begins_telling_name(bytes: &[u8], hyphen: usize) -> bool {
    let Some([b'x' | b'X', _, b'a' | b'A' | b'g' | b'G', ..]) =
        hyphen.checked_sub(1).and_then(|x| bytes.get(x..))
    else {
        return false;
    };
    TELLING_NAMES.iter().any(|name| {
        bytes
            .get(hyphen - 1..hyphen - 1 + name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
    })
}

/// Whether the escape there may stand for a byte of a telling name or for what stands before one, or for another escape.
/// `%2F` and `%3A`, of which credentials and dates are full, do not.
fn escapes_a_part_of_a_name(bytes: &[u8], percent: usize) -> bool {
    escaped_byte(bytes.get(percent + 1..percent + 3)).is_none_or(|byte| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'%')
            || is_separator(byte)
            || is_separator_of_texts(byte)
    })
}

fn escaped_byte(digits: Option<&[u8]>) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let &[high, low] = digits? else { return None };
    Some(digit(high)? << 4 | digit(low)?)
}

/// Undoes percent-encoding as far as there is any; broken escapes stay.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte == b'%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    while let [first, tail @ ..] = rest {
        if let [b'%', high, low, after @ ..] = rest
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            bytes.push(high << 4 | low);
            rest = after;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_secrets_go() {
        for (url, redacted) in [
            (
                "https://h/b/k?X-Amz-Credential=AKID%2Fx&X-Amz-Signature=hidden&versionId=1",
                "https://h/b/k?X-Amz-Credential=AKID%2Fx&X-Amz-Signature=REDACTED&versionId=1",
            ),
            (
                "/b/k?AWSAccessKeyId=AKID&Signature=hid%2Bden%3D&Expires=1",
                "/b/k?AWSAccessKeyId=AKID&Signature=REDACTED&Expires=1",
            ),
            ("/?x-amz-security-TOKEN=hidden#f", "/?x-amz-security-TOKEN=REDACTED#f"),
            ("/?X%2DAmz-Signature=hidden", "/?X%2DAmz-Signature=REDACTED"),
            ("/?a=1&amp;X-Amz-Signature=hidden", "/?a=1&amp;X-Amz-Signature=REDACTED"),
            ("/?X-Amz-SignedHeaders=a;host", "/?X-Amz-SignedHeaders=a;host"),
            (
                "/a&b;c%3Fdesign=1?X-Amz-SignedHeaders=a%3Bhost",
                "/a&b;c%3Fdesign=1?X-Amz-SignedHeaders=a%3Bhost",
            ),
            ("https://me:hidden@h/", "https://REDACTED@h/"),
            ("/plain?signature-of=me", "/plain?signature-of=me"),
            ("/plain?sign:ed=me&size[]=1&s%00=x", "/plain?sign:ed=me&size[]=1&s%00=x"),
            ("", ""),
        ] {
            assert_eq!(redact_url(url), redacted);
        }
    }

    proptest! {
        #[test]
        fn the_quick_look_misses_nothing(pieces in proptest::collection::vec(any::<proptest::sample::Index>(), 0..12)) {
            const PIECES: [&str; 41] = [
                "x-amz-signature", "X-Amz-Security", "-Token", "x-goog", "-signature", "%2D", "%252d", "X", "-", "%58", "%2F",
                "%3A", "%", "%7", "amz", "S%69gnature", "=", "\u{e9}",
                "signature=", "sig=", "%3f", "%26", "%253B", "&",
                "(", "\"", "\\u0026", "%25", "%2525",
                "Signature", "sig", ":", "[]", "%5B", "%3a", "%00", "%2500", "\0", " ", ";", "?",
            ];
            let text: String = pieces.iter().map(|piece| *piece.get(&PIECES)).collect();
            prop_assert!(told_by(&text).is_empty() || may_hold_telling_name(&text), "{}", text);
            let mut at = 0;
            while at < text.len() {
                let pair = Pair::at(&text, at);
                let is_looked_at = pair.may_tell || pair.is_secret(&text);
                prop_assert!(told_by(&text[at..pair.end]).is_empty() || is_looked_at, "{} at {}", text, at);
                at = pair.end + 1;
            }
        }
    }

    #[test]
    fn the_quick_look_is_enough_for_an_ordinary_link() {
        assert!(!may_hold_telling_name(
            "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261121%2Fus-east-1%2Fs3%2Faws4_request"
        ));
        assert!(!may_hold_telling_name("/bucket/2026%3A11%2fquarter-4.pdf"));
        assert!(may_hold_telling_name("/k%3FX-Amz-Signature=1"));
    }

    #[test]
    fn a_secret_is_found_however_it_is_wrapped() {
        for url in [
            "/b/k%3FX-Amz-Signature=hidden&x=1",
            "/go?to=https%3A%2F%2Fh%2Fk%3FX-Amz-Signature%3Dhidden",
            "/go?to=https%253A%252F%252Fh%253FX%252DAmz-Signature%253Dhidden",
            "/?a=1?X-Amz-Signature=hidden",
            "/b/k%3FSignature=hidden",
            "/b/k?AWSAccessKeyId=AKID+Signature=hidden",
            "/b/k?AWSAccessKeyId=AKID%2CSignature=hidden",
            "/b/k%3Fx-amz-security-toke%6e=hidden%26x-amz-signature=1",
            "/b/k%3Fx-amz-signatur%65=hidden%26x-amz-signature=1",
            "/b/k&AWSAccessKeyId=AKID&Signature=hidden",
            "/b/k%3fa=1%26S%69gnature%3dhidden",
            "/go?to=https%3A%2F%2Fh%2Fk%3Fsig%3Dhidden",
            "/go?to=https%253A%252F%252Fh%253FAWSAccessKeyId%253DAKID%2526Signature%253Dhidden",
            "/b/k%3FX-Amz-Server-Side-Encryption-Customer-Key=hidden",
            "/?X-Amz-Signature=%zzhidden",
            "/b/k?AWSAccessKeyId=AKID&Signature:hidden&Expires=1",
            "/b/k?AWSAccessKeyId=AKID&Signature:hidden=&Expires=1",
            "/b/k?AWSAccessKeyId=AKID&Signature%3Ahidden",
            "/b/k?AWSAccessKeyId=AKID&Signature[]=hidden",
            "/b/k?AWSAccessKeyId=AKID&Signature[0]=hidden",
            "/b/k?AWSAccessKeyId=AKID&Signature%5B%5D=hidden",
            "/b/k?AWSAccessKeyId=AKID&Signature%255B%255D%3Dhidden",
            "/b/k?AWSAccessKeyId=AKID&Signature%00=hidden",
            "/b/k?AWSAccessKeyId=AKID&%00Signature=hidden",
            "/b/k?AWSAccessKeyId=AKID%00Signature=hidden",
            "/b/k?AWSAccessKeyId=AKID&Signature%00%3Ahidden",
            "/b/k%00Signature=hidden",
            "/b/k%3FSignature:hidden",
            "/b/k%3FSignature%5B%5D=hidden",
            "Signature=hidden",
            "/?X-Amz-Server-Side-Encryption-Customer-Key=hidden",
        ] {
            let redacted = redact_url(url);
            assert!(!redacted.contains("hidden") && redacted.contains(REDACTED), "{redacted}");
            assert_eq!(redact_url(&redacted), redacted);
        }
    }
}
