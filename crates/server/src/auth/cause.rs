//! Why a request was refused, in one line for the log. The client's answer is S3's and is made in `presign-s3`.

use presign::Refusal;

/// Which check failed. Nothing of a signature or a token is in it.
pub(super) fn cause(refusal: &Refusal) -> String {
    match refusal {
        Refusal::OnlyOneMechanism { argument, .. } => format!("signed in two ways, one of them by {argument}"),
        Refusal::UnsupportedAuthorization { .. } => "an Authorization header of another kind".to_owned(),
        Refusal::HeadersNotSigned { names } => format!("headers not signed: {}", names.join(", ")),
        Refusal::SignatureMismatch(_) => {
            "the signature is not the key's: another secret, another method, another Host, or something was altered"
                .to_owned()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use presign::SignatureMismatch;

    use super::*;

    #[test]
    fn no_line_holds_what_was_signed_with() {
        let mismatch = SignatureMismatch {
            access_key_id: "AKID".to_owned(),
            string_to_sign: "hidden".to_owned(),
            signature_provided: "hidden".to_owned(),
            canonical_request: Some("hidden".to_owned()),
        };
        let value = "AWS4-HMAC-SHA256 Signature=hidden".to_owned();
        for refusal in [
            Refusal::SignatureMismatch(Box::new(mismatch)),
            Refusal::OnlyOneMechanism { argument: "Authorization", value: value.clone() },
            Refusal::UnsupportedAuthorization { value },
        ] {
            assert!(!cause(&refusal).contains("hidden"), "{refusal:?}");
        }
        assert_eq!(cause(&Refusal::ExpiresNegative), "X-Amz-Expires must be non-negative");
    }
}
