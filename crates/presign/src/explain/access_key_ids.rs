//! Leaving out access key ids that are nobody's.
//!
//! Who puts an id and a secret the wrong way round sends the secret as the id, in the plain, and whoever reads the log could
//! then sign as its owner. So of an id that no key has, only the beginning is told.

use std::borrow::Cow;

use crate::explain::decoded::{Placed, byte_of, fully_decoded, placed};
use crate::explain::redact::{REDACTED, is_blank};
use crate::work::spend;

/// How much of a text that may be a secret is told, in bytes, for its owner to know it by.
const TOLD_BYTES: usize = 4;

/// How the name of a parameter ends that holds an access key id, in lower case: `X-Amz-Credential` and the Authorization
/// header's `Credential`, SigV2's `AWSAccessKeyId`, and what other tools make of it.
const NAMES: [&str; 5] = ["credential", "accesskeyid", "access_key_id", "access-key-id", "accessid"];

/// How the name of a parameter ends that holds a secret access key, or what somebody may take for it, in lower case.
const SECRET_NAMES: [&str; 6] =
    ["accesskey", "access_key", "access-key", "secretkey", "secret_key", "secret-key"];

/// The beginning of an id that is nobody's.
pub(super) fn beginning(id: &str) -> String {
    let told = id.get(..id.floor_char_boundary(TOLD_BYTES)).unwrap_or_default();
    format!("{told}\u{2026}")
}

/// The access key id of a credential, decoded: everything before a credential scope, since a secret that was taken for an id may
/// have slashes of its own. Without a whole scope, all of it may be the secret.
fn id_in(credential: &str) -> &str {
    let mut end = credential.len();
    for _ in 0..4 {
        match credential.get(..end).and_then(|before| before.rfind('/')) {
            Some(slash) => end = slash,
            None => return credential,
        }
    }
    let (id, scope) = credential.split_at_checked(end).unwrap_or((credential, ""));
    if is_scope(scope) { id } else { credential }
}

/// Whether it is `/20261129/us-east-1/s3/aws4_request`, its slashes escaped or not.
fn is_scope(text: &str) -> bool {
    let Some((date, rest)) = next_part(text) else { return false };
    let Some((region, rest)) = next_part(rest) else { return false };
    let Some((service, rest)) = next_part(rest) else { return false };
    let is_name = |name: &str| {
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    matches!(rest, "/aws4_request" | "%2Faws4_request" | "%2faws4_request")
        && date.len() == 8
        && date.bytes().all(|byte| byte.is_ascii_digit())
        && is_name(region)
        && is_name(service)
}

/// What stands behind the slash at the beginning of a text, up to the next one, and the text from there on.
fn next_part(text: &str) -> Option<(&str, &str)> {
    let text = match text.as_bytes() {
        [b'/', ..] => text.get(1..)?,
        [b'%', b'2', b'F' | b'f', ..] => text.get(3..)?,
        _ => return None,
    };
    text.split_at_checked(text.bytes().position(|byte| matches!(byte, b'/' | b'%'))?)
}

/// The text with every access key id in it cut to its beginning, but `known`, which is somebody's, and without every secret key.
/// What follows up to the end of the parameter goes with it.
///
/// The text is decoded once and gone over once: every sign is held against the few bytes before it.
pub(super) fn without_unknown_ids<'t>(text: &'t str, known: Option<&str>) -> Cow<'t, str> {
    if !may_assign(text, known) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut copied = 0;
    let decoded = placed(text);
    let mut name = NameEnd::default();
    for (at, &sign) in decoded.iter().enumerate() {
        if sign.start < copied {
            continue;
        }
        if matches!(sign.byte, b'=' | b':')
            && let Some(kind) = name.kind(&decoded)
            && let Some((start, end)) = value_to_cut(text, sign, known)
        {
            let value = text.get(start..end).unwrap_or_default();
            match (sign.is_escaped(), kind) {
                (false, Kind::Id) => {
                    out.push_str(text.get(copied..start).unwrap_or_default());
                    out.push_str(&beginning(id_in(&fully_decoded(value))));
                }
                (false, Kind::Secret) => {
                    out.push_str(text.get(copied..start).unwrap_or_default());
                    out.push_str(REDACTED);
                }
                // Where the value ends is a matter of how often somebody decodes it.
                (true, _) => {
                    out.push_str(text.get(copied..sign.start).unwrap_or_default());
                    out.push('=');
                    out.push_str(REDACTED);
                }
            }
            copied = end;
        }
        name.read(at, sign.byte);
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// Where the value behind a sign stands, unless there is none, or it is left out already, or it is the id of a known key.
fn value_to_cut(text: &str, sign: Placed, known: Option<&str>) -> Option<(usize, usize)> {
    let behind = text.get(sign.end..)?;
    let behind = behind.trim_start_matches(is_before_value);
    let start = text.len() - behind.len();
    let value = until_past_value(behind);
    let end = start + value.len();
    spend(end - sign.end);
    let is_told = match sign.is_escaped() {
        true => fully_decoded(value).trim_start_matches(is_before_value).starts_with(REDACTED),
        false => {
            let id = value.trim_end_matches(is_behind_quoted);
            id == REDACTED || known.is_some_and(|known| is_credential_of(id, known))
        }
    };
    (!is_told && !value.is_empty()).then_some((start, end))
}

/// What the name behind which a sign stands makes of the value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It is an access key id, or what somebody put in its place.
    Id,
    /// It is a secret.
    Secret,
}

/// Where the name ends that a sign may stand behind: before blanks and quotes, and before an index in brackets. It is kept as the
/// text is read, so that no sign makes anybody read the text again.
#[derive(Default)]
struct NameEnd {
    end: usize,
    before_bracket: usize,
}

impl NameEnd {
    fn read(&mut self, at: usize, byte: u8) {
        if byte == b'[' {
            self.before_bracket = self.end;
        }
        // White space outside ASCII is not told from letters: a name with letters behind it is taken for the name.
        let is_before_value = byte >= 0x7f || byte <= b' ' || matches!(byte, b'"' | b'\'' | b'`' | b'\\');
        if !is_before_value {
            self.end = at + 1;
        }
    }

    fn kind(&self, text: &[Placed]) -> Option<Kind> {
        let before = text.get(..self.end)?;
        let before = match before.last()?.byte {
            b']' => text.get(..self.before_bracket)?,
            _ => before,
        };
        let is_end = |name: &&str| {
            let end = before.len().checked_sub(name.len()).and_then(|start| before.get(start..));
            end.is_some_and(|end| {
                end.iter().zip(name.bytes()).all(|(placed, byte)| placed.byte.eq_ignore_ascii_case(&byte))
            })
        };
        if !before.last().is_some_and(|last| is_last_of_name(last.byte)) {
            None
        } else if NAMES.iter().any(is_end) {
            Some(Kind::Id)
        } else {
            SECRET_NAMES.iter().any(is_end).then_some(Kind::Secret)
        }
    }
}

/// A quick look at what every line of an access log goes through. `false`: certainly no value that is to be cut, however it is
/// escaped. The credential of an ordinary link is told apart here.
fn may_assign(text: &str, known: Option<&str>) -> bool {
    spend(text.len());
    let bytes = text.as_bytes();
    bytes.iter().enumerate().any(|(at, &byte)| match byte {
        b'=' | b':' => {
            may_end_with_name(bytes.get(..at).unwrap_or_default())
                && !known.is_some_and(|known| {
                    let value = text.get(at + 1..).unwrap_or_default();
                    value.starts_with(known) && is_credential_of(until_past_value(value), known)
                })
        }
        b'%' => escapes_assignment(bytes.get(at + 1..at + 3)),
        _ => false,
    })
}

/// A quick look at the end of a name. `false`: certainly none of [`NAMES`] and [`SECRET_NAMES`], however it is escaped.
fn may_end_with_name(text: &[u8]) -> bool {
    match text {
        [] => false,
        [.., b'%', _, _] => true,
        [.., last] => is_last_of_name(*last) || !(last.is_ascii_alphanumeric() || b"-_./~".contains(last)),
    }
}

/// Whether a name of [`NAMES`] or [`SECRET_NAMES`] ends with that byte.
fn is_last_of_name(byte: u8) -> bool {
    matches!(byte, b'l' | b'L' | b'd' | b'D' | b'y' | b'Y')
}

/// What may stand around the sign between a name and its value.
fn is_before_value(character: char) -> bool {
    is_blank(character) || matches!(character, '"' | '\'' | '`' | '\\')
}

/// What stands behind a value that a sentence quotes.
fn is_behind_quoted(character: char) -> bool {
    matches!(character, '"' | '\'' | '`' | ',' | ';' | '.' | ')' | ']' | '}' | '>')
}

/// The value at the beginning of a text, as it is written. An escape of what ends it does not: a secret may hold it. Neither do
/// `?`, `;` and `#`, since a query is read up to the next `&`.
fn until_past_value(text: &str) -> &str {
    let end = text.bytes().position(|byte| matches!(byte, 0..=b' ' | b'&' | 0x7f));
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

/// Whether that is the id, alone or with its scope behind it, encoded once or not at all.
pub(super) fn is_credential_of(value: &str, id: &str) -> bool {
    match value.strip_prefix(id) {
        None => false,
        Some("") => true,
        Some(scope) => is_scope(scope),
    }
}

/// Whether an escape may stand for a part of a name, for the sign behind one, or for another escape. `%2F`, of which credentials
/// are full, does not.
fn escapes_assignment(digits: Option<&[u8]>) -> bool {
    match digits {
        Some(&[high, low]) => byte_of(high, low).is_none_or(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'%' | b'=' | b':' | b'-' | b'_')
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCOPE: &str = "%2F20261129%2Fus-east-1%2Fs3%2Faws4_request";

    #[test]
    fn an_id_is_told_by_its_beginning() {
        for (id, told) in [
            ("AKIAIOSFODNN7EXAMPLE", "AKIA\u{2026}"),
            ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJal\u{2026}"),
            ("AB7", "AB7\u{2026}"),
            ("ABC\u{e9}def", "ABC\u{2026}"),
            ("", "\u{2026}"),
        ] {
            assert_eq!(beginning(id), told);
        }
    }

    #[test]
    fn everything_before_the_scope_is_the_id() {
        for (credential, id) in [
            ("AKID/20261129/us-east-1/s3/aws4_request", "AKID"),
            ("AB7/K7MD/x/20261129/us-east-1/s3/aws4_request", "AB7/K7MD/x"),
            ("AB7/K7MDENG/bPxRfi/CYEX/KEY", "AB7/K7MDENG/bPxRfi/CYEX/KEY"),
            ("AB7/K7MDENG", "AB7/K7MDENG"),
        ] {
            assert_eq!(id_in(credential), id);
        }
    }

    #[test]
    fn no_parameter_tells_a_secret_that_stands_in_the_place_of_an_id() {
        for (text, told) in [
            ("/b/k?a=b", "/b/k?a=b"),
            (
                &format!("/b/k?X-Amz-Credential=AB7%2FK7MDENG{SCOPE}&a=b"),
                "/b/k?X-Amz-Credential=AB7/\u{2026}&a=b",
            ),
            (
                "/b/k?a=b&X-Amz-Credential=wJalrXUtn%2FK7MDENG%2F2026",
                "/b/k?a=b&X-Amz-Credential=wJal\u{2026}",
            ),
            ("/b/k?x-amz%2Dcredential=wJalrXUtn%ZZ&&c", "/b/k?x-amz%2Dcredential=wJal\u{2026}&&c"),
            ("/b/k?AWSAccessKeyId=%2FabcdefG&Expires=1", "/b/k?AWSAccessKeyId=/abc\u{2026}&Expires=1"),
            ("/b/k?AWSAccessKeyId[]=wJalrXUtn", "/b/k?AWSAccessKeyId[]=wJal\u{2026}"),
            ("/b/k?AWSAccessKeyId:wJalrXUtn", "/b/k?AWSAccessKeyId:wJal\u{2026}"),
            ("{\"accessKeyId\": \"wJalrXUtn\"}", "{\"accessKeyId\": \"wJal\u{2026}"),
            ("AWS4 Credential=wJalrXUtn/2026, Signed=x", "AWS4 Credential=wJal\u{2026} Signed=x"),
            ("/b/k?AWSAccessKeyId=Zx9?kQmDENG&a", "/b/k?AWSAccessKeyId=Zx9?\u{2026}&a"),
            ("/b/k?X-Amz-Credential=Zx9kQ;mDENG#x&a", "/b/k?X-Amz-Credential=Zx9k\u{2026}&a"),
            ("/b/AWSAccessKeyId=Zx9?kQmDENG", "/b/AWSAccessKeyId=Zx9?\u{2026}"),
            ("/b/k?aws_secret_access_key=Zx9?kQmDENG&a", "/b/k?aws_secret_access_key=REDACTED&a"),
            ("/b/k?aws_access_key=Zx9", "/b/k?aws_access_key=REDACTED"),
            ("SecretAccessKey: \"Zx9\"", "SecretAccessKey: \"REDACTED"),
            ("/b/k%3Fsecret%255Fkey%3DZx9", "/b/k%3Fsecret%255Fkey=REDACTED"),
            ("/b/k?X-Amz-Credential=wJal%20rXUtn%26x", "/b/k?X-Amz-Credential=wJal\u{2026}"),
            ("/b/k%3FX-Amz-Credential%3DwJalrXUtn%26a=b&c", "/b/k%3FX-Amz-Credential=REDACTED&c"),
            ("/b/k%3FX-Amz-Credentia%6C%3DwJalrXUtn&c", "/b/k%3FX-Amz-Credentia%6C=REDACTED&c"),
            ("/b/k?u=%25252526AWSAccessKeyId%2525253DwJalrXUtn", "/b/k?u=%25252526AWSAccessKeyId=REDACTED"),
        ] {
            assert_eq!(without_unknown_ids(text, None), told);
            assert_eq!(without_unknown_ids(told, None), told, "again");
        }
    }

    #[test]
    fn a_known_id_stays_and_no_other_beside_it() {
        let known = |text: &str| without_unknown_ids(text, Some("AKID")).into_owned();
        let target = format!("/b/k?X-Amz-Credential=AKID{SCOPE}&X-Amz-Date=1");
        assert_eq!(known(&target), target);
        assert_eq!(known("/b/k?AWSAccessKeyId=AKID&Expires=1"), "/b/k?AWSAccessKeyId=AKID&Expires=1");
        for text in [
            format!("/b/k?X-Amz-Credential=AKID%2FK7MDENG{SCOPE}"),
            format!("/b/k?X-Amz-Credential=AKIDK7MDENG{SCOPE}"),
            "/b/k?X-Amz-Credential=AKID%2FK7MDENG%2Fx%2Fy%2Faws4_request".to_owned(),
            format!("/b/k?X-Amz-Credential=AKID{SCOPE}&AWSAccessKeyId=K7MDENG"),
        ] {
            assert!(!known(&text).contains("K7MDENG"), "{text}");
        }
    }
}
