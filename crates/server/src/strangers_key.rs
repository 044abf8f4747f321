//! Access key ids that are nobody's, for the log.
//!
//! Who sets an id and a secret the wrong way round sends the secret as the id, in the plain, and whoever reads the log could
//! then sign as its owner. So of what does not look like an id, only the beginning is told.

use std::borrow::Cow;

/// How much of a text that may be a secret is told, for its owner to know it by.
const TOLD_BYTES: usize = 4;

/// Parameters that hold an access key id, in lower case: alone (SigV2), or with its scope behind it.
const PARAMETERS: [&str; 2] = ["x-amz-credential", "awsaccesskeyid"];

/// An id, or its beginning. Secrets of AWS and of this store have letters of both cases, as ids have not.
pub(crate) fn told_id(id: &str) -> Cow<'_, str> {
    let is_like_one = id
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'));
    if is_like_one {
        return Cow::Borrowed(id);
    }
    let told = id.get(..id.floor_char_boundary(TOLD_BYTES)).unwrap_or_default();
    Cow::Owned(format!("{told}\u{2026}"))
}

/// A URL with the ids in its parameters told so.
pub(crate) fn told_query(url: &str) -> String {
    let Some((path, query)) = url.split_once('?') else { return url.to_owned() };
    let told = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if PARAMETERS.iter().any(|known| known.eq_ignore_ascii_case(&decoded(name))) => {
            let id = decoded(value);
            // What follows the id in a credential has neither secrets nor capitals to mistake for one.
            match told_id(id.split('/').next().unwrap_or_default()) {
                Cow::Borrowed(_) => parameter.to_owned(),
                Cow::Owned(told) => format!("{name}={told}"),
            }
        }
        _ => parameter.to_owned(),
    };
    let parameters: Vec<String> = query.split('&').map(told).collect();
    format!("{path}?{}", parameters.join("&"))
}

/// What is not percent-encoded as it must be stays as it is.
fn decoded(text: &str) -> Cow<'_, str> {
    presign::decode_path(text).unwrap_or(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_told_and_a_secret_is_not() {
        for (id, told) in [
            ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
            ("PRSNABCDEFGHIJKLMNOP", "PRSNABCDEFGHIJKLMNOP"),
            ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJal\u{2026}"),
            ("ABC\u{e9}def", "ABC\u{2026}"),
            ("", ""),
        ] {
            assert_eq!(told_id(id), told);
        }
    }

    #[test]
    fn no_parameter_tells_a_secret() {
        for (url, told) in [
            ("/b/k", "/b/k"),
            (
                "/b/k?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261128%2Fus-east-1%2Fs3%2Faws4_request&a=b",
                "/b/k?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261128%2Fus-east-1%2Fs3%2Faws4_request&a=b",
            ),
            (
                "/b/k?a=b&X-Amz-Credential=wJalrXUtn%2FK7MDENG%2F20261128%2Fus-east-1%2Fs3%2Faws4_request",
                "/b/k?a=b&X-Amz-Credential=wJal\u{2026}",
            ),
            ("/b/k?x-amz%2Dcredential=wJalrXUtn%ZZ&&c", "/b/k?x-amz%2Dcredential=wJal\u{2026}&&c"),
            ("/b/k?AWSAccessKeyId=wJalrXUtn&Expires=1", "/b/k?AWSAccessKeyId=wJal\u{2026}&Expires=1"),
        ] {
            assert_eq!(told_query(url), told);
        }
    }
}
