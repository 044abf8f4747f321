//! What a query parameter is, going by its name.

/// What part a query parameter plays in a presigned URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    /// One of the signature's own, in any case.
    Auth,
    /// It takes effect as the header of its name.
    Header,
    /// A limit, `x-presign-*`.
    Caveat,
    /// Anything else: a sub-resource, a `response-*` override, or a name that S3 does not know.
    Other,
}

/// The seven parameters of a SigV4 signature, in lower case.
const AUTH: [&str; 7] = [
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
];

/// Standard headers that take effect when they stand in a signed query; so does every `x-amz-*`.
const QUERY_HEADERS: [&str; 10] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-md5",
    "content-type",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
];

/// Whether a text begins with another, letters compared without their case.
pub(crate) fn starts_with_ignoring_case(text: &str, start: &str) -> bool {
    text.as_bytes().get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
}

impl ParameterKind {
    /// The kind of the parameter of that decoded name.
    pub(crate) fn of(name: &str) -> Self {
        // As the SDKs spell them; what is left is rare.
        if let "X-Amz-Algorithm"
        | "X-Amz-Credential"
        | "X-Amz-Date"
        | "X-Amz-Expires"
        | "X-Amz-Security-Token"
        | "X-Amz-Signature"
        | "X-Amz-SignedHeaders" = name
        {
            return ParameterKind::Auth;
        }
        let is_any_of = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        match name.as_bytes().first() {
            Some(b'x' | b'X') if starts_with_ignoring_case(name, "x-amz-") => {
                if is_any_of(&AUTH) {
                    ParameterKind::Auth
                } else {
                    ParameterKind::Header
                }
            }
            Some(b'x' | b'X') if starts_with_ignoring_case(name, "x-presign-") => ParameterKind::Caveat,
            Some(b'c' | b'C' | b'i' | b'I') if is_any_of(&QUERY_HEADERS) => ParameterKind::Header,
            _ => ParameterKind::Other,
        }
    }
}

/// Whether a name begins with `x-amz-`, in any case.
pub(crate) fn is_amz(name: &str) -> bool {
    starts_with_ignoring_case(name, "x-amz-")
}

/// Whether a parameter is one of the signature's own, in any case.
pub(crate) fn is_auth_parameter(name: &str) -> bool {
    ParameterKind::of(name) == ParameterKind::Auth
}

/// Whether a signed parameter of a URL takes effect as a header.
pub(crate) fn stands_for_a_header(name: &str) -> bool {
    ParameterKind::of(name) == ParameterKind::Header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_their_kinds() {
        for (name, kind) in [
            ("X-Amz-Date", ParameterKind::Auth),
            ("x-amz-signedheaders", ParameterKind::Auth),
            ("x-amz-meta-a", ParameterKind::Header),
            ("X-Amz-Content-Sha256", ParameterKind::Header),
            ("If-None-Match", ParameterKind::Header),
            ("content-type", ParameterKind::Header),
            ("X-Presign-Max-Size", ParameterKind::Caveat),
            ("x-presign-", ParameterKind::Caveat),
            ("x-id", ParameterKind::Other),
            ("versionId", ParameterKind::Other),
            ("response-content-type", ParameterKind::Other),
            ("", ParameterKind::Other),
        ] {
            assert_eq!(ParameterKind::of(name), kind, "{name}");
        }
    }
}
