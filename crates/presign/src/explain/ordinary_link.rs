//! The target of an ordinary link, redacted in one pass.
//!
//! Nearly every line of an access log has such a target, so it is worth a look of its own: SigV4's six parameters as every SDK
//! writes them, each with a value that can be nothing but what it is called, behind a path without escapes. Whatever differs is
//! gone through by all that [`redact`](super::redact::redact) looks for, with the same result.

use crate::explain::access_key_ids::is_credential_of;
use crate::explain::redact::{REDACTED, may_hold_telling_name};
use crate::work::spend;

/// The target without its signature. `None`: it is not that of an ordinary link of this access key.
pub(super) fn redact_ordinary(target: &str, known: &str) -> Option<String> {
    let (path, query) = target.split_once('?')?;
    if !is_plain_path(path) {
        return None;
    }
    spend(target.len());
    let mut out = String::with_capacity(target.len());
    out.push_str(path);
    let mut sign = '?';
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=')?;
        let shown = match name {
            "X-Amz-Signature" if value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit()) => {
                REDACTED
            }
            "X-Amz-Algorithm" if value == "AWS4-HMAC-SHA256" => value,
            "X-Amz-Credential" if is_credential_of(value, known) => value,
            "X-Amz-Date" if is_basic_time(value) => value,
            "X-Amz-Expires" if value.len() <= 6 && value.bytes().all(|byte| byte.is_ascii_digit()) => value,
            "X-Amz-SignedHeaders" if value == "host" => value,
            _ => return None,
        };
        out.push(sign);
        out.push_str(name);
        out.push('=');
        out.push_str(shown);
        sign = '&';
    }
    Some(out)
}

/// A path in which nothing is escaped, assigned or named like a secret.
fn is_plain_path(path: &str) -> bool {
    path.starts_with('/')
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.'))
        && !may_hold_telling_name(path)
}

/// `20261129T120000Z`.
fn is_basic_time(value: &str) -> bool {
    let is_right = |(at, byte): (usize, u8)| match at {
        8 => byte == b'T',
        15 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    value.len() == 16 && value.bytes().enumerate().all(is_right)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::explain::redact::{Ids, Reading, redact};

    const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
    const SIGNATURE: &str = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

    #[test]
    fn an_ordinary_link_loses_its_signature_and_nothing_else() {
        let start = format!(
            "/bucket/a-b/k_1.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={KEY}%2F20261129%2Fus-east-1%2Fs3%2F\
             aws4_request&X-Amz-Date=20261129T120000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature="
        );
        let redacted = redact_ordinary(&format!("{start}{SIGNATURE}"), KEY);
        assert_eq!(redacted, Some(format!("{start}{REDACTED}")));
        assert_eq!(redact_ordinary(&format!("{start}{SIGNATURE}"), "AKIDOTHER"), None);
        assert_eq!(redact_ordinary(&format!("{start}{SIGNATURE}&a=1"), KEY), None);
        assert_eq!(redact_ordinary(&format!("{start}{SIGNATURE}0"), KEY), None);
    }

    fn part() -> impl Strategy<Value = String> {
        let credential = format!("X-Amz-Credential={KEY}%2F20261129%2Fus-east-1%2Fs3%2Faws4_request");
        prop_oneof![
            Just(format!("X-Amz-Signature={SIGNATURE}")),
            Just(credential),
            Just("X-Amz-Algorithm=AWS4-HMAC-SHA256".to_owned()),
            "X-Amz-Date=[0-9]{8}T[0-9]{6}Z",
            "X-Amz-Expires=[0-9]{0,7}",
            Just("X-Amz-SignedHeaders=host".to_owned()),
            "[xXsS/?=&%-]{0,3}(ignature|ig|-amz-signature)?[=:@%]{0,1}[a-f0-9]{0,3}",
            Just(SIGNATURE.to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn it_says_what_the_long_way_says(
            path in "/[a-zA-Z0-9/._-]{0,40}",
            tail in prop_oneof![Just(String::new()), part()],
            parts in prop::collection::vec(part(), 0..8),
        ) {
            let target = format!("{path}{tail}?{}", parts.join("&"));
            if let Some(redacted) = redact_ordinary(&target, KEY) {
                prop_assert_eq!(redacted, redact(&target, Ids::Known(Some(KEY)), Reading::Url));
            }
        }
    }
}
