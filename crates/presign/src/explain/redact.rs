//! Leaving out what would let a reader act: signatures, session tokens, encryption keys.

use std::borrow::Cow;
use std::cmp::Reverse;

use crate::explain::access_key_ids::without_unknown_ids;
use crate::explain::decoded::{byte_of, fully_decoded};
use crate::explain::signature_shape::{BASE64, without_signature_shapes};
use crate::explain::userinfo::without_users;
use crate::work::spend;

/// What stands in the place of a secret.
pub(super) const REDACTED: &str = "REDACTED";

/// Query parameters whose value is a secret, in lower case: S3's, and those of its neighbours, whose links are
/// taken for S3's easily.
const SECRET_PARAMETERS: [&str; 14] = [
    "x-amz-signature",
    "signature",
    "x-amz-security-token",
    "x-goog-signature",
    "sig",
    CUSTOMER_KEY,
    COPY_KEY,
    "aws_secret_access_key",
    "secret_access_key",
    "secretaccesskey",
    "secret_key",
    "secretkey",
    "access_key",
    "accesskey",
];

/// The lengths of [`SECRET_PARAMETERS`], a bit each. Nearly every name is told from all of them by its own.
const SECRET_LENGTHS: u64 = {
    let (mut lengths, mut at) = (0, 0);
    while at < SECRET_PARAMETERS.len() {
        #[expect(clippy::indexing_slicing, reason = "computed by the compiler")]
        {
            lengths |= 1 << SECRET_PARAMETERS[at].len();
        }
        at += 1;
    }
    lengths
};

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

/// What is no part of a name, though it stands at its edge.
pub(super) fn is_blank(character: char) -> bool {
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
    redact(url, Ids::All, Reading::Url)
}

/// Which access key ids are told.
#[derive(Clone, Copy)]
pub(super) enum Ids<'k> {
    /// All of them, and whatever is not called a signature.
    All,
    /// That one, if there is one, and of each other the beginning; nothing that looks like a signature.
    Known(Option<&'k str>),
}

/// What a text is, which decides what in it may be something else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// A URL or a target where it looks like one: in its path a SHA-256 is the name of an object.
    Url,
    /// Anything else: a header, a method, a sentence.
    Words,
}

/// A text without its secrets, and without the ids that are not to be told.
///
/// It goes over the text a few times, however the text is made.
pub(super) fn redact(text: &str, ids: Ids<'_>, reading: Reading) -> String {
    // A method, above all: one word has no value that could be a secret, and is itself no signature if it is shorter than one.
    if text.len() < BASE64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return text.to_owned();
    }
    let without_secrets = without_named_secrets(&without_users(text));
    let Ids::Known(known) = ids else { return without_secrets };
    let without_ids = without_unknown_ids(&without_secrets, known);
    let path_end = if reading == Reading::Url { path_end(&without_ids) } else { 0 };
    match (without_signature_shapes(&without_ids, path_end), &without_ids) {
        (Cow::Owned(clean), _) => clean,
        (Cow::Borrowed(_), Cow::Owned(clean)) => clean.clone(),
        (Cow::Borrowed(_), Cow::Borrowed(_)) => without_secrets,
    }
}

/// Where the path of a URL or a target ends; 0: the text begins with neither.
fn path_end(text: &str) -> usize {
    let is_path = text.starts_with('/')
        || text.split_once("://").is_some_and(|(scheme, _)| {
            !scheme.is_empty() && scheme.len() <= 8 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
    // One whose question mark was lost goes on with `&`.
    if is_path { text.find(['?', '&']).unwrap_or(text.len()) } else { 0 }
}

/// A text without the values of the parameters that are secrets by their names.
fn without_named_secrets(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + REDACTED.len());
    let (start, query) = text.split_at_checked(text.find('?').unwrap_or(text.len())).unwrap_or((text, ""));
    push_without_telling_names(&mut out, start);
    let (mut copied, mut at) = (0, 0);
    while at < query.len() {
        let pair = Pair::at(query, at);
        let mut end = pair.end;
        if pair.is_secret(query) && is_left_out(query.get(pair.name_end + 1..).unwrap_or_default()) {
            // A sentence that quotes it goes on behind it.
            at = pair.name_end + 1 + REDACTED.len();
            continue;
        }
        if pair.is_secret(query) {
            out.push_str(query.get(copied..=pair.name_end).unwrap_or_default());
            out.push_str(REDACTED);
            // A query is read up to the next `&`, whatever else ends a parameter elsewhere.
            end = end_of_value(query, end);
            copied = end;
        } else if pair.may_tell {
            out.push_str(query.get(copied..at).unwrap_or_default());
            push_without_telling_names(&mut out, query.get(at..end).unwrap_or_default());
            copied = end;
        }
        at = end + 1;
    }
    out.push_str(query.get(copied..).unwrap_or_default());
    out
}

/// Where a value ends that goes on at least to `from`.
fn end_of_value(query: &str, from: usize) -> usize {
    let rest = query.as_bytes().get(from..).unwrap_or_default();
    let length = rest.iter().position(|&byte| byte == b'&' || byte <= b' ').unwrap_or(rest.len());
    spend(length);
    from + length
}

/// Whether a value has been left out before.
fn is_left_out(value: &str) -> bool {
    let behind = value.strip_prefix(REDACTED);
    behind.is_some_and(|behind| behind.bytes().next().is_none_or(|byte| !byte.is_ascii_alphanumeric()))
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
        let mut has_colon = false;
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
                // Behind a second colon no name is a secret that is none behind the first.
                b':' if !has_equals && !has_colon => {
                    has_colon = true;
                    if is_secret_parameter(query.get(start..at).unwrap_or_default()) {
                        has_equals = true;
                        pair.name_end = at;
                    }
                }
                b'=' | b':' => {}
                b'-' => pair.may_tell |= begins_telling_name(bytes, at),
                _ if is_separator_of_texts(byte) => pair.may_tell |= may_separate(bytes, at, byte),
                b'%' => {
                    pair.is_name_escaped |= !has_equals;
                    pair.may_tell |= escapes_a_part_of_a_name(bytes, at);
                }
                _ => {}
            }
        }
        pair.name_end = pair.name_end.min(pair.end);
        spend(pair.end - start);
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
    let is_secret = |name: &str| {
        name.len() < 64
            && SECRET_LENGTHS >> name.len() & 1 == 1
            && SECRET_PARAMETERS.iter().any(|secret| secret.eq_ignore_ascii_case(name))
    };
    spend(name.len());
    // As nearly every name is written: there is nothing to take off it.
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        return is_secret(name);
    }
    let name = name.trim_matches(is_blank);
    // `&amp;` leaves its own tail before the name.
    let name = name.strip_prefix("amp;").unwrap_or(name);
    // `Signature[]=` is how PHP is given a list.
    is_secret(name.split_once('[').map_or(name, |(name, _)| name).trim_matches(is_blank))
}

/// Whether the value of that header, in any case, is a secret.
pub(super) fn is_secret_header(name: &str) -> bool {
    SECRET_HEADERS.iter().any(|secret| secret.eq_ignore_ascii_case(name))
}

/// A parameter's value, unless its name, or what stands at the end of it, makes it a secret.
pub(super) fn shown_parameter<'v>(name: &str, value: &'v str) -> &'v str {
    if makes_secret(name) { REDACTED } else { value }
}

/// A header's value, unless it is a secret (by the header's name, or because it is named as a secret parameter is), or a
/// proxy's own: what that tells the server behind it is nobody else's.
pub(super) fn shown_header<'v>(name: &str, value: &'v str) -> &'v str {
    if is_secret_header(name) || makes_secret(name) || crate::verify::is_proxy_header(name) {
        REDACTED
    } else {
        value
    }
}

/// Whether what follows that name is a secret. A name may be the beginning of a whole link, up to the equals sign before its
/// signature.
fn makes_secret(name: &str) -> bool {
    is_secret_parameter(name) || (may_hold_telling_name(name) && !told_by(&format!("{name}=")).is_empty())
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
    spend(text.len());
    let plain = fully_decoded(text);
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
pub(super) fn may_hold_telling_name(text: &str) -> bool {
    spend(text.len());
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|&first| may_begin_short_name(first))
        || bytes.iter().enumerate().any(|(at, &byte)| match byte {
            _ if is_plain(byte) => false,
            b'-' => begins_telling_name(bytes, at),
            b'%' => escapes_a_part_of_a_name(bytes, at),
            b'=' | b':' => false,
            _ => may_separate(bytes, at, byte),
        })
}

/// Whether a short name may begin behind the separator there. JSON writes an ampersand as `\u0026`, so that behind a backslash
/// anything may.
fn may_separate(bytes: &[u8], at: usize, byte: u8) -> bool {
    byte == b'\\' || may_begin_behind(bytes.get(at + 1..))
}

/// Whether a text begins as [`SHORT_NAMES`] do, or with an escape that may be one of their letters.
fn may_begin_behind(text: Option<&[u8]>) -> bool {
    match text {
        Some([first, second, ..]) => {
            *first == b'%' || (may_begin_short_name(*first) && matches!(second, b'i' | b'I' | b'%'))
        }
        _ => false,
    }
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
    // A broken escape may become one when what is escaped in it is decoded.
    escaped_byte(bytes.get(percent + 1..percent + 3)).is_none_or(|byte| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'%' | b'\\')
            || ((is_separator(byte) || is_separator_of_texts(byte))
                && may_begin_behind(bytes.get(percent + 3..)))
    })
}

fn escaped_byte(digits: Option<&[u8]>) -> Option<u8> {
    let &[high, low] = digits? else { return None };
    byte_of(high, low)
}

/// Undoes one layer of percent-encoding; broken escapes stay.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte == b'%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if let [b'%', high, low, after @ ..] = rest
            && let Some(byte) = byte_of(*high, *low)
        {
            bytes.push(byte);
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
            ("/?x-amz-security-TOKEN=hid#d;e?n&f", "/?x-amz-security-TOKEN=REDACTED&f"),
            (
                "/?aws_secret_access_key=hid;den&SecretKey=hidden",
                "/?aws_secret_access_key=REDACTED&SecretKey=REDACTED",
            ),
            ("/?u=http://me:hidden@h/k&a=1", "/?u=http://REDACTED@h/k&a=1"),
            ("/?u=http%3A%2F%2Fme%3Ahidden%40h%2Fk&a=1", "/?u=http%3A%2F%2FREDACTED%40h%2Fk&a=1"),
            ("/?X%2DAmz-Signature=hidden", "/?X%2DAmz-Signature=REDACTED"),
            ("/?a=1&amp;X-Amz-Signature=hidden", "/?a=1&amp;X-Amz-Signature=REDACTED"),
            ("/?X-Amz-SignedHeaders=a;host", "/?X-Amz-SignedHeaders=a;host"),
            (
                "/a&b;c%3Fdesign=1?X-Amz-SignedHeaders=a%3Bhost",
                "/a&b;c%3Fdesign=1?X-Amz-SignedHeaders=a%3Bhost",
            ),
            ("https://me:hidden@h/", "https://REDACTED@h/"),
            ("agent (https://me:hidden@h/) b://h", "agent (https://REDACTED@h/) b://h"),
            ("a://b c://me:hid@den@h d://e/f", "a://b c://REDACTED@h d://e/f"),
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
            "/b/k%3FX-Amz-Signature=hidden&at=http://h/",
            "https://X-Amz-Signature=hidden/k",
            "/b/k%2525252525252525252525253FX-Amz-Signature%2525252525252525252525253Dhidden",
            "/b/k?u=%2525252525252525252525252526Signature%252525252525252525252525253Dhidden",
        ] {
            let redacted = redact_url(url);
            assert!(!redacted.contains("hidden") && redacted.contains(REDACTED), "{redacted}");
            assert_eq!(redact_url(&redacted), redacted);
        }
    }
}
