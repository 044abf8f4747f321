//! Leaving out access key ids that are nobody's.
//!
//! Who puts an id and a secret the wrong way round sends the secret as the id, in the plain, and whoever reads the log could
//! then sign as its owner. So of an id that no key has, only the beginning is told.

use std::borrow::Cow;

use crate::explain::decoded::{byte_of, fully_decoded};
use crate::explain::redact::{REDACTED, is_blank};

/// How much of a text that may be a secret is told, in bytes, for its owner to know it by.
const TOLD_BYTES: usize = 4;

/// How the name of a parameter ends that holds an access key id, in lower case: `X-Amz-Credential` and the Authorization
/// header's `Credential`, SigV2's `AWSAccessKeyId`, and what other tools make of it.
const NAMES: [&str; 4] = ["credential", "accesskeyid", "access_key_id", "accessid"];

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

/// The text with every access key id in it cut to its beginning, but `known`, which is somebody's. What follows a cut id up to
/// the end of its parameter goes with it.
pub(super) fn without_unknown_ids<'t>(text: &'t str, known: Option<&str>) -> Cow<'t, str> {
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    let has_colon = text.contains(':');
    while let Some(sign) = next_sign(text, at, has_colon) {
        let (name_at, next) = (at, sign + 1);
        at = next;
        if !ends_with_name(text.get(name_at..sign).unwrap_or_default()) {
            continue;
        }
        let value = text.get(next..).unwrap_or_default();
        let start = next + (value.len() - value.trim_start_matches(is_before_value).len());
        let value = text.get(start..).unwrap_or_default();
        let end = value.bytes().position(is_past_value).unwrap_or(value.len());
        let value = value.get(..end).unwrap_or_default();
        at = start + value.len();
        if value.is_empty() || value == REDACTED || known.is_some_and(|known| is_credential_of(value, known))
        {
            continue;
        }
        push_without_escaped_ids(&mut out, text.get(copied..start).unwrap_or_default());
        out.push_str(&beginning(id_in(&fully_decoded(value))));
        copied = at;
    }
    let rest = text.get(copied..).unwrap_or_default();
    if copied == 0 && !may_escape_assignment(rest) {
        return Cow::Borrowed(text);
    }
    push_without_escaped_ids(&mut out, rest);
    Cow::Owned(out)
}

/// Where the next `=` is, or a colon that somebody may have taken for one.
fn next_sign(text: &str, at: usize, has_colon: bool) -> Option<usize> {
    let rest = text.get(at..)?;
    let equals = rest.find('=');
    let colon = if has_colon { rest.get(..equals.unwrap_or(rest.len()))?.find(':') } else { None };
    colon.or(equals).map(|found| at + found)
}

/// Whether the name of an access key id stands at the end of the text, escaped or not.
fn ends_with_name(text: &str) -> bool {
    if !may_end_with_name(text.as_bytes()) {
        return false;
    }
    // A name is looked for in the last parameter alone: escapes before it are another's.
    let text = text.rsplit(['&', '?', '#', ' ']).next().unwrap_or(text);
    let text = fully_decoded(text);
    let text = text.trim_end_matches(is_before_value);
    let text = text.strip_suffix(']').and_then(|text| text.rsplit_once('[')).map_or(text, |(name, _)| name);
    let text = text.trim_end_matches(is_before_value).as_bytes();
    NAMES.iter().any(|name| {
        let end = text.len().checked_sub(name.len()).and_then(|start| text.get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(name.as_bytes()))
    })
}

/// A quick look at the end of every name in a line of the access log. `false`: certainly none of [`NAMES`], however it is escaped.
pub(super) fn may_end_with_name(text: &[u8]) -> bool {
    match text {
        [] | [.., b'%', _, _] => true,
        [.., last] => match last {
            b'l' | b'L' | b'd' | b'D' => true,
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' | b'/' | b'~' => false,
            _ => true,
        },
    }
}

/// What may stand around the sign between a name and its value.
fn is_before_value(character: char) -> bool {
    is_blank(character) || matches!(character, '"' | '\'' | '`')
}

/// What ends a value as it is written. An escape of one of these does not: a secret may hold it.
fn is_past_value(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | b'&' | b'"' | b'\'' | b'`' | b'<' | b'>' | 0x7f)
}

/// Whether that is the id, alone or with its scope behind it, encoded once or not at all.
pub(super) fn is_credential_of(value: &str, id: &str) -> bool {
    match value.strip_prefix(id) {
        None => false,
        Some("") => true,
        Some(scope) => is_scope(scope),
    }
}

/// Appends a text, and of each parameter in which the sign behind the name of an id is escaped only what comes before: where its
/// value ends is then a matter of how often somebody decodes it.
fn push_without_escaped_ids(out: &mut String, text: &str) {
    if !may_escape_assignment(text) {
        return out.push_str(text);
    }
    for piece in text.split_inclusive(['&', ' ']) {
        if !may_escape_assignment(piece) || !assigns_id(&fully_decoded(piece)) {
            out.push_str(piece);
            continue;
        }
        let plain = piece.to_ascii_lowercase();
        let cut = NAMES.iter().filter_map(|name| plain.find(name).map(|at| at + name.len())).min();
        // A name that is itself escaped cannot be found in the text: then all of the parameter goes.
        if let Some(cut) =
            cut.filter(|cut| !assigns_id(&fully_decoded(piece.get(..*cut).unwrap_or_default())))
        {
            out.push_str(piece.get(..cut).unwrap_or_default());
            out.push('=');
        }
        out.push_str(REDACTED);
        out.extend(piece.chars().next_back().filter(|last| matches!(last, '&' | ' ')));
    }
}

/// Whether a name of an id and its sign stand in the decoded text, with a value behind them that is not left out already.
fn assigns_id(text: &str) -> bool {
    text.match_indices(['=', ':']).any(|(at, sign)| {
        let value = text.get(at + sign.len()..).unwrap_or_default().trim_start_matches(is_before_value);
        !value.is_empty()
            && !value.starts_with(REDACTED)
            && ends_with_name(text.get(..at).unwrap_or_default())
    })
}

/// Whether an escape in the text may stand for a part of a name, for the sign behind one, or for another escape. `%2F`, of
/// which credentials are full, does not.
fn may_escape_assignment(text: &str) -> bool {
    text.match_indices('%').any(|(at, _)| match text.as_bytes().get(at + 1..at + 3) {
        Some(&[high, low]) => byte_of(high, low).is_none_or(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'%' | b'=' | b':' | b'-' | b'_')
        }),
        _ => true,
    })
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
            ("{\"accessKeyId\": \"wJalrXUtn\"}", "{\"accessKeyId\": \"wJal\u{2026}\"}"),
            ("AWS4 Credential=wJalrXUtn/2026, Signed=x", "AWS4 Credential=wJal\u{2026} Signed=x"),
            ("/b/k?X-Amz-Credential=wJal%20rXUtn%26x", "/b/k?X-Amz-Credential=wJal\u{2026}"),
            ("/b/k%3FX-Amz-Credential%3DwJalrXUtn%26a=b&c", "/b/k%3FX-Amz-Credential=REDACTED&c"),
            ("/b/k%3FX-Amz-Credentia%6C%3DwJalrXUtn&c", "REDACTED&c"),
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
