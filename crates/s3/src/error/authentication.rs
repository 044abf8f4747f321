//! Refusals of the signature: who signed, for what, until when.

use jiff::Timestamp;

use super::{ErrorCode, S3Error};
use crate::timestamp;

/// Everything S3 says about a signature that is not the one it calculated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureMismatch<'a> {
    /// The access key id in the request.
    pub access_key_id: &'a str,
    /// The string to sign that the server made of the request.
    pub string_to_sign: &'a str,
    /// The signature in the request.
    pub signature_provided: &'a str,
    /// The canonical request that the server made of the request; `None` for SigV2 and for POST forms, which
    /// have none.
    pub canonical_request: Option<&'a str>,
}

impl S3Error {
    /// A SigV4 URL past its life of `expires_seconds`, which ended at `expires_at`.
    pub fn expired_sigv4(expires_seconds: u64, expires_at: Timestamp, server_time: Timestamp) -> Self {
        Self::with_message(ErrorCode::AccessDenied, "Request has expired")
            .field("X-Amz-Expires", expires_seconds.to_string())
            .field("Expires", timestamp::in_error(expires_at))
            .field("ServerTime", timestamp::in_error(server_time))
    }

    /// A SigV2 URL past the time it names.
    pub fn expired_sigv2(expires_at: Timestamp, server_time: Timestamp) -> Self {
        Self::with_message(ErrorCode::AccessDenied, "Request has expired")
            .field("Expires", timestamp::in_error(expires_at))
            .field("ServerTime", timestamp::in_error(server_time))
    }

    /// A SigV4 URL dated more than 15 minutes ahead of the server's clock. What S3 answers is not known; this
    /// is the closed answer.
    pub fn not_valid_yet() -> Self {
        Self::with_message(ErrorCode::AccessDenied, "Request is not valid yet")
    }

    /// Some of SigV4's six query parameters, but not all.
    pub fn sigv4_parameters_missing() -> Self {
        Self::query_parameters(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, \
             X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        )
    }

    /// Some of SigV2's three query parameters, but not all.
    pub fn sigv2_parameters_missing() -> Self {
        Self::with_message(
            ErrorCode::AccessDenied,
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
        )
    }

    /// An `X-Amz-Credential` that does not have five parts.
    pub fn credential_malformed() -> Self {
        Self::query_parameters(
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting \
             \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
        )
    }

    /// A URL signed for another region than the server's.
    pub fn credential_wrong_region(signed_for: &str, expected: &str) -> Self {
        Self::query_parameters(format!(
            "Error parsing the X-Amz-Credential parameter; the region '{signed_for}' is wrong; expecting '{expected}'"
        ))
        .field("Region", expected)
    }

    /// A URL signed for another service than S3.
    pub fn credential_wrong_service(service: &str) -> Self {
        Self::query_parameters(format!(
            "Error parsing the X-Amz-Credential parameter; incorrect service \"{service}\". This endpoint belongs to \"s3\"."
        ))
    }

    /// A credential scope that does not end in `aws4_request`.
    pub fn credential_wrong_terminal(terminal: &str) -> Self {
        Self::query_parameters(format!(
            "Error parsing the X-Amz-Credential parameter; incorrect terminal \"{terminal}\". This endpoint uses \
             \"aws4_request\"."
        ))
    }

    /// A credential scope whose date is not eight digits.
    pub fn credential_date_malformed(date: &str) -> Self {
        Self::query_parameters(format!(
            "Error parsing the X-Amz-Credential parameter; incorrect date format \"{date}\". This date in the credential must \
             be in the format \"yyyyMMdd\"."
        ))
    }

    /// A credential scope whose date is another day than `X-Amz-Date`.
    pub fn credential_date_differs(scope_date: &str, request_date: &str) -> Self {
        Self::query_parameters(format!(
            "Invalid credential date \"{scope_date}\". This date is not the same as X-Amz-Date: \"{request_date}\"."
        ))
    }

    /// An `X-Amz-Date` in another form than `yyyyMMdd'T'HHmmss'Z'`.
    pub fn date_malformed() -> Self {
        Self::query_parameters("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    }

    /// An `X-Amz-Expires` that is not a number.
    pub fn expires_not_a_number() -> Self {
        Self::query_parameters("X-Amz-Expires should be a number")
    }

    /// A negative `X-Amz-Expires`.
    pub fn expires_negative() -> Self {
        Self::query_parameters("X-Amz-Expires must be non-negative")
    }

    /// An `X-Amz-Expires` past 604,800 seconds.
    pub fn expires_too_long() -> Self {
        Self::query_parameters(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 \
             seconds",
        )
    }

    /// An `X-Amz-Algorithm` that is not SigV4's.
    pub fn algorithm_unsupported() -> Self {
        Self::query_parameters(
            "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"",
        )
    }

    /// A 400 `AuthorizationQueryParametersError` with a message of its own.
    pub fn query_parameters(message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self::with_message(ErrorCode::AuthorizationQueryParametersError, message)
    }

    /// A signature that the server did not calculate.
    pub fn signature_does_not_match(mismatch: &SignatureMismatch<'_>) -> Self {
        let refusal = Self::new(ErrorCode::SignatureDoesNotMatch)
            .field("AWSAccessKeyId", mismatch.access_key_id)
            .field("StringToSign", mismatch.string_to_sign)
            .field("SignatureProvided", mismatch.signature_provided)
            .field("StringToSignBytes", spaced_hex(mismatch.string_to_sign));
        match mismatch.canonical_request {
            None => refusal,
            Some(canonical_request) => refusal
                .field("CanonicalRequest", canonical_request)
                .field("CanonicalRequestBytes", spaced_hex(canonical_request)),
        }
    }

    /// `host` or an `x-amz-*` header that the signature does not cover. `names` are lower-case and sorted.
    pub fn headers_not_signed<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut list = String::new();
        for name in names {
            if !list.is_empty() {
                list.push_str(", ");
            }
            list.push_str(name.as_ref());
        }
        Self::with_message(
            ErrorCode::AccessDenied,
            "There were headers present in the request which were not signed",
        )
        .field("HeadersNotSigned", list)
    }

    /// An access key id that the store does not know, or that is not active.
    pub fn unknown_access_key(access_key_id: &str) -> Self {
        Self::new(ErrorCode::InvalidAccessKeyId).field("AWSAccessKeyId", access_key_id)
    }

    /// A session token that is broken or belongs to another key.
    pub fn invalid_token() -> Self {
        Self::new(ErrorCode::InvalidToken)
    }

    /// A session token whose life is over.
    pub fn expired_token() -> Self {
        Self::new(ErrorCode::ExpiredToken)
    }

    /// Two of AWS's ways to authenticate in one request. The argument is the one that came besides the query:
    /// usually `Authorization` and its value.
    pub fn two_auth_mechanisms(argument_name: &str, argument_value: &str) -> Self {
        Self::invalid_argument(
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the \
             Authorization header should be specified",
            argument_name,
            argument_value,
        )
    }

    /// An `Authorization` header signed for another region than the server's.
    pub fn header_wrong_region(signed_for: &str, expected: &str) -> Self {
        Self::header_malformed(format!(
            "The authorization header is malformed; the region '{signed_for}' is wrong; expecting '{expected}'"
        ))
        .field("Region", expected)
    }

    /// A 400 `AuthorizationHeaderMalformed` with a message of its own.
    pub fn header_malformed(message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self::with_message(ErrorCode::AuthorizationHeaderMalformed, message)
    }

    /// A header-signed request dated further from the server's clock than `max_skew_milliseconds`.
    /// `request_time` is the text of its date.
    pub fn request_time_too_skewed(
        request_time: &str,
        server_time: Timestamp,
        max_skew_milliseconds: u64,
    ) -> Self {
        Self::new(ErrorCode::RequestTimeTooSkewed)
            .field("RequestTime", request_time)
            .field("ServerTime", timestamp::in_error(server_time))
            .field("MaxAllowedSkewMilliseconds", max_skew_milliseconds.to_string())
    }

    /// The plain refusal: nobody signed, or who signed may not.
    pub fn access_denied() -> Self {
        Self::new(ErrorCode::AccessDenied)
    }

    /// The refusal with its reason, such as the policy evaluator gives.
    pub fn access_denied_because(message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self::with_message(ErrorCode::AccessDenied, message)
    }

    /// `response-*` parameters on a request that nobody signed.
    pub fn response_headers_need_a_signature() -> Self {
        Self::with_message(
            ErrorCode::InvalidRequest,
            "Request specific response headers cannot be used for anonymous GET requests.",
        )
    }
}

/// The bytes of `text` in lower-case hexadecimal with spaces between.
fn spaced_hex(text: &str) -> String {
    let mut hex = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if !hex.is_empty() {
            hex.push(' ');
        }
        for nibble in [byte >> 4, byte & 15] {
            hex.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    hex
}
