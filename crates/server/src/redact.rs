//! What must not stand in a log: a presigned URL there is a live credential.

/// The parameters that make a URL usable.
const SECRETS: [&str; 3] = ["x-amz-signature", "signature", "x-amz-security-token"];

/// The URL with `REDACTED` for each signature and token, under whatever spelling of its name.
pub(crate) fn redacted(url: &str) -> String {
    let Some((path, query)) = url.split_once('?') else { return url.to_owned() };
    let mut redacted = String::with_capacity(url.len());
    redacted.push_str(path);
    for (at, parameter) in query.split('&').enumerate() {
        redacted.push(if at == 0 { '?' } else { '&' });
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let is_secret = is_secret(name) && !value.is_empty();
        redacted.push_str(if is_secret { name } else { parameter });
        if is_secret {
            redacted.push_str("=REDACTED");
        }
    }
    redacted
}

/// Whether the name, decoded and in whatever case, is one of the secrets.
fn is_secret(name: &str) -> bool {
    let mut decoded = Vec::with_capacity(name.len());
    let mut bytes = name.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|digit| char::from(digit).to_digit(16));
        match (digit(), digit()) {
            (Some(high), Some(low)) => decoded.push(u8::try_from(high << 4 | low).unwrap_or_default()),
            // A broken escape: nobody takes such a URL, and there is no telling what was meant.
            _ => return true,
        }
    }
    SECRETS.iter().any(|secret| secret.as_bytes().eq_ignore_ascii_case(&decoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_and_tokens_are_gone_and_the_rest_stays() {
        assert_eq!(
            redacted("/b/k?X-Amz-Credential=AKID&X-Amz-Security-Token=secret&X-Amz-Signature=secret&x=1"),
            "/b/k?X-Amz-Credential=AKID&X-Amz-Security-Token=REDACTED&X-Amz-Signature=REDACTED&x=1"
        );
        assert_eq!(
            redacted("/b/k?AWSAccessKeyId=A&Signature=secret%3D"),
            "/b/k?AWSAccessKeyId=A&Signature=REDACTED"
        );
        assert_eq!(redacted("/b/k?list-type=2&prefix"), "/b/k?list-type=2&prefix");
        assert_eq!(redacted("/b/k"), "/b/k");
    }

    #[test]
    fn another_spelling_of_the_name_does_not_help() {
        for name in [
            "x-amz-signature",
            "X-Amz-%53ignature",
            "%58-Amz-Signature",
            "X-AMZ-SIGNATURE",
            "X-Amz-Signatur%",
        ] {
            let line = redacted(&format!("/b/k?{name}=secret"));
            assert!(!line.contains("secret"), "{line}");
        }
    }
}
