//! The verifier's refusals as S3's answers.
//!
//! The messages are the verifier's own, which are S3's; here they get their code and their fields.

use presign::{FormFault, MAX_CLOCK_SKEW_SECONDS, Mechanism, Refusal, ScopeFault, SignatureMismatch};

use super::shortened::shortened;
use super::{ErrorCode, S3Error};
use crate::limits::ERROR_SIGNED_TEXT_BYTES;

impl From<Refusal> for S3Error {
    fn from(refusal: Refusal) -> Self {
        Self::from(&refusal)
    }
}

impl From<&Refusal> for S3Error {
    fn from(refusal: &Refusal) -> Self {
        let answer = |code| Self::with_message(code, refusal.to_string());
        match refusal {
            Refusal::OnlyOneMechanism { argument, value } => {
                argument_fields(refusal, argument, value.expose())
            }
            Refusal::UnsupportedAuthorization { value } => {
                argument_fields(refusal, "Authorization", value.expose())
            }
            Refusal::InvalidPayloadHash { value } => argument_fields(refusal, "x-amz-content-sha256", value),
            Refusal::RepeatedParameter { name, value } => argument_fields(refusal, name, value),
            Refusal::SigV2Header | Refusal::SigV2Denied | Refusal::MissingPayloadHash => {
                answer(ErrorCode::InvalidRequest)
            }
            Refusal::TooManyParameters | Refusal::TooManySignedHeaders => answer(ErrorCode::InvalidRequest),
            Refusal::MalformedUri => answer(ErrorCode::InvalidURI),
            // What it is about is not known yet, so that the answer names the method alone.
            Refusal::UnknownMethod { method } => answer(ErrorCode::MethodNotAllowed)
                .field("Method", method)
                .header("allow", "GET, HEAD, PUT, POST, DELETE"),
            Refusal::MissingParameters
            | Refusal::UnsupportedAlgorithm
            | Refusal::MalformedDate
            | Refusal::ExpiresNotANumber
            | Refusal::ExpiresNegative
            | Refusal::ExpiresTooLong => answer(ErrorCode::AuthorizationQueryParametersError),
            Refusal::Repeated { name } if name.starts_with("X-Amz-") => {
                answer(ErrorCode::AuthorizationQueryParametersError)
            }
            Refusal::Repeated { .. } => answer(ErrorCode::InvalidRequest),
            Refusal::MalformedAuthorization { .. } => answer(ErrorCode::AuthorizationHeaderMalformed),
            Refusal::Scope { mechanism, fault } => {
                let refused = answer(match mechanism {
                    Mechanism::HeaderV4 => ErrorCode::AuthorizationHeaderMalformed,
                    _ => ErrorCode::AuthorizationQueryParametersError,
                });
                match fault {
                    ScopeFault::Region { expected, .. } => refused.field("Region", expected),
                    _ => refused,
                }
            }
            Refusal::Expired { life_seconds, expires_at, server_time } => {
                let refused = answer(ErrorCode::AccessDenied);
                let refused = match life_seconds {
                    Some(seconds) => refused.field("X-Amz-Expires", seconds.to_string()),
                    None => refused,
                };
                refused.field("Expires", expires_at.to_string()).field("ServerTime", server_time.to_string())
            }
            Refusal::TimeTooSkewed { request_time, server_time } => answer(ErrorCode::RequestTimeTooSkewed)
                .field("RequestTime", request_time.basic().as_str())
                .field("ServerTime", server_time.to_string())
                .field("MaxAllowedSkewMilliseconds", (MAX_CLOCK_SKEW_SECONDS * 1000).to_string()),
            Refusal::HeadersNotSigned { names } => {
                answer(ErrorCode::AccessDenied).field("HeadersNotSigned", names.join(", "))
            }
            Refusal::UnknownAccessKey { access_key_id } => {
                answer(ErrorCode::InvalidAccessKeyId).field("AWSAccessKeyId", access_key_id.expose())
            }
            Refusal::SignatureMismatch(mismatch) => {
                mismatch_fields(answer(ErrorCode::SignatureDoesNotMatch), mismatch)
            }
            Refusal::InvalidToken => answer(ErrorCode::InvalidToken),
            Refusal::Form(fault) => form(fault),
            // Those that S3 answers with AccessDenied, the limits in a URL, which it does not know, and
            // whatever the verifier will refuse for in future: closed.
            _ => answer(ErrorCode::AccessDenied),
        }
    }
}

fn argument_fields(refusal: &Refusal, name: &str, value: &str) -> S3Error {
    S3Error::invalid_argument(refusal.to_string(), name, value)
}

fn mismatch_fields(refused: S3Error, mismatch: &SignatureMismatch) -> S3Error {
    let string_to_sign = shortened(&mismatch.string_to_sign, ERROR_SIGNED_TEXT_BYTES);
    let refused = refused
        .field("AWSAccessKeyId", &mismatch.access_key_id)
        .whole_field("StringToSign", string_to_sign.text())
        .field("SignatureProvided", &mismatch.signature_provided)
        .whole_field("StringToSignBytes", spaced_hex(string_to_sign.start));
    match &mismatch.canonical_request {
        None => refused,
        Some(canonical_request) => {
            let canonical_request = shortened(canonical_request, ERROR_SIGNED_TEXT_BYTES);
            refused
                .whole_field("CanonicalRequest", canonical_request.text())
                .whole_field("CanonicalRequestBytes", spaced_hex(canonical_request.start))
        }
    }
}

fn form(fault: &FormFault) -> S3Error {
    match fault {
        FormFault::MissingField { field } => S3Error::invalid_argument(fault.to_string(), field, ""),
        FormFault::InvalidPolicy { .. } => {
            S3Error::with_message(ErrorCode::InvalidPolicyDocument, fault.to_string())
        }
        FormFault::TooLarge { proposed, max } => S3Error::entity_too_large(*proposed, *max),
        FormFault::TooSmall { proposed, min } => S3Error::entity_too_small(*proposed, *min),
        _ => S3Error::access_denied_because(fault.to_string()),
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

#[cfg(test)]
mod tests {
    use presign::Timestamp;

    use super::*;

    const EXPIRES_AT: Timestamp = Timestamp::from_unix(1_587_786_484);
    const SERVER_TIME: Timestamp = Timestamp::from_unix(1_587_786_500);

    /// Status, code, message, and the fields as `name=value`.
    fn answer(refusal: Refusal) -> (u16, &'static str, String, Vec<String>) {
        let error = S3Error::from(refusal);
        let fields = error.fields().iter().map(|(name, value)| format!("{name}={value}")).collect();
        (error.status(), error.code().as_str(), error.message().to_owned(), fields)
    }

    fn scope(fault: ScopeFault) -> (u16, &'static str, String, Vec<String>) {
        answer(Refusal::Scope { mechanism: Mechanism::QueryV4, fault })
    }

    #[test]
    fn an_expired_url_says_since_when() {
        let refusal = |life_seconds| Refusal::Expired {
            life_seconds,
            expires_at: EXPIRES_AT,
            server_time: SERVER_TIME,
        };
        let expired = || "Request has expired".to_owned();
        let times = ["Expires=2020-04-25T03:48:04Z".to_owned(), "ServerTime=2020-04-25T03:48:20Z".to_owned()];
        assert_eq!(answer(refusal(None)), (403, "AccessDenied", expired(), times.to_vec()));
        let mut fields = vec!["X-Amz-Expires=60".to_owned()];
        fields.extend(times);
        assert_eq!(answer(refusal(Some(60))), (403, "AccessDenied", expired(), fields));
    }

    #[test]
    fn what_is_missing_or_malformed_is_400() {
        const QUERY: &str = "AuthorizationQueryParametersError";
        for (refusal, code, message) in [
            (
                Refusal::MissingParameters,
                QUERY,
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
                 X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
            ),
            (
                Refusal::UnsupportedAlgorithm,
                QUERY,
                "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"",
            ),
            (
                Refusal::MalformedDate,
                QUERY,
                "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
            ),
            (Refusal::ExpiresNotANumber, QUERY, "X-Amz-Expires should be a number"),
            (Refusal::ExpiresNegative, QUERY, "X-Amz-Expires must be non-negative"),
            (
                Refusal::ExpiresTooLong,
                QUERY,
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less \
                 than 604800 seconds",
            ),
            (
                Refusal::Repeated { name: "X-Amz-Date".to_owned() },
                QUERY,
                "X-Amz-Date must be given exactly once",
            ),
            (Refusal::MalformedUri, "InvalidURI", "Couldn't parse the specified URI."),
        ] {
            assert_eq!(answer(refusal), (400, code, message.to_owned(), Vec::new()));
        }
    }

    #[test]
    fn a_credential_is_refused_by_its_part() {
        let prefix = "Error parsing the X-Amz-Credential parameter; ";
        for (fault, rest) in [
            (
                ScopeFault::Malformed,
                "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
            ),
            (
                ScopeFault::Service { given: "sns".to_owned(), expected: "s3".to_owned() },
                "incorrect service \"sns\". This endpoint belongs to \"s3\".",
            ),
            (
                ScopeFault::Terminal { given: "aws5_request".to_owned() },
                "incorrect terminal \"aws5_request\". This endpoint uses \"aws4_request\".",
            ),
            (
                ScopeFault::DateFormat { given: "x".to_owned() },
                "incorrect date format \"x\". This date in the credential must be in the format \"yyyyMMdd\".",
            ),
        ] {
            let expected = (400, "AuthorizationQueryParametersError", format!("{prefix}{rest}"), Vec::new());
            assert_eq!(scope(fault), expected);
        }
        let other_day =
            ScopeFault::OtherDay { given: "20060102".to_owned(), request_day: "20261121".to_owned() };
        assert_eq!(
            scope(other_day).2,
            "Invalid credential date \"20060102\". This date is not the same as X-Amz-Date: \"20261121\"."
        );
    }

    #[test]
    fn another_region_is_named_with_the_right_one() {
        let fault =
            || ScopeFault::Region { given: "us-east-2".to_owned(), expected: "ap-south-1".to_owned() };
        let region = vec!["Region=ap-south-1".to_owned()];
        assert_eq!(
            scope(fault()),
            (
                400,
                "AuthorizationQueryParametersError",
                "Error parsing the X-Amz-Credential parameter; the region 'us-east-2' is wrong; expecting \
                 'ap-south-1'"
                    .to_owned(),
                region.clone()
            )
        );
        assert_eq!(
            answer(Refusal::Scope { mechanism: Mechanism::HeaderV4, fault: fault() }),
            (
                400,
                "AuthorizationHeaderMalformed",
                "The authorization header is malformed; the region 'us-east-2' is wrong; expecting 'ap-south-1'"
                    .to_owned(),
                region
            )
        );
    }

    #[test]
    fn a_mismatch_shows_what_the_server_calculated() {
        let mismatch = |canonical_request: Option<&str>| {
            Refusal::SignatureMismatch(Box::new(SignatureMismatch {
                access_key_id: "AKIDEXAMPLE".to_owned(),
                string_to_sign: "AWS4\n1".to_owned(),
                signature_provided: "00ff".to_owned(),
                canonical_request: canonical_request.map(str::to_owned),
            }))
        };
        let (status, code, message, fields) = answer(mismatch(Some("GET\n/")));
        assert_eq!((status, code), (403, "SignatureDoesNotMatch"));
        assert_eq!(
            message,
            "The request signature we calculated does not match the signature you provided. Check your key and \
             signing method."
        );
        let common = [
            "AWSAccessKeyId=AKIDEXAMPLE",
            "StringToSign=AWS4\n1",
            "SignatureProvided=00ff",
            "StringToSignBytes=41 57 53 34 0a 31",
        ];
        assert_eq!(fields[..4], common);
        assert_eq!(fields[4..], ["CanonicalRequest=GET\n/", "CanonicalRequestBytes=47 45 54 0a 2f"]);
        assert_eq!(answer(mismatch(None)).3, common);
    }

    /// Whoever sends a head of 32 KiB gets no answer of 250.
    #[test]
    fn what_a_refusal_prints_has_a_bound() {
        let mismatch = |length: usize| {
            let text = || "&".repeat(length);
            S3Error::from(Refusal::SignatureMismatch(Box::new(SignatureMismatch {
                access_key_id: text(),
                string_to_sign: text(),
                signature_provided: text(),
                canonical_request: Some(text()),
            })))
        };
        let field = |error: &S3Error, wanted: &str| {
            let mut fields = error.fields().iter();
            fields.find(|(name, _)| *name == wanted).map(|(_, value)| value.clone()).unwrap()
        };
        let (short, long) = (mismatch(200), mismatch(48 * 1024));
        assert_eq!(field(&short, "CanonicalRequest"), "&".repeat(200));
        assert_eq!(field(&short, "CanonicalRequestBytes").len(), 3 * 200 - 1);
        // Each ampersand takes five bytes of the body.
        let shown = ERROR_SIGNED_TEXT_BYTES / 5;
        let left = 48 * 1024 - shown;
        assert_eq!(
            field(&long, "CanonicalRequest"),
            format!("{} (and {left} more bytes, which are not shown)", "&".repeat(shown))
        );
        assert_eq!(field(&long, "CanonicalRequestBytes").len(), 3 * shown - 1);
        assert!(field(&long, "SignatureProvided").ends_with("more bytes, which are not shown)"));
        let plain = "a".repeat(64 * 1024);
        let worst = S3Error::from(Refusal::SignatureMismatch(Box::new(SignatureMismatch {
            access_key_id: plain.clone(),
            string_to_sign: plain.clone(),
            signature_provided: plain.clone(),
            canonical_request: Some(plain),
        })));
        for error in [long, worst] {
            assert!(error.to_xml("id", "host").len() < 40 * 1024);
        }
    }

    #[test]
    fn who_asked_and_how_is_403_or_400() {
        let names = vec!["host".to_owned(), "x-amz-acl".to_owned()];
        let (status, code, message, fields) = answer(Refusal::HeadersNotSigned { names });
        assert_eq!((status, code), (403, "AccessDenied"));
        assert_eq!(message, "There were headers present in the request which were not signed");
        assert_eq!(fields, ["HeadersNotSigned=host, x-amz-acl"]);

        let (status, code, message, fields) =
            answer(Refusal::UnknownAccessKey { access_key_id: "AKID".into() });
        assert_eq!((status, code), (403, "InvalidAccessKeyId"));
        assert_eq!(message, "The AWS Access Key Id you provided does not exist in our records.");
        assert_eq!(fields, ["AWSAccessKeyId=AKID"]);

        let (status, code, message, fields) =
            answer(Refusal::OnlyOneMechanism { argument: "Authorization", value: "AWS4 x".into() });
        assert_eq!((status, code), (400, "InvalidArgument"));
        assert!(
            message
                .starts_with("Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, ")
        );
        assert_eq!(fields, ["ArgumentName=Authorization", "ArgumentValue=AWS4 x"]);

        let (status, code, _, fields) =
            answer(Refusal::TimeTooSkewed { request_time: EXPIRES_AT, server_time: SERVER_TIME });
        assert_eq!((status, code), (403, "RequestTimeTooSkewed"));
        assert_eq!(
            fields,
            [
                "RequestTime=20200425T034804Z",
                "ServerTime=2020-04-25T03:48:20Z",
                "MaxAllowedSkewMilliseconds=900000"
            ]
        );

        assert_eq!(answer(Refusal::InvalidToken).1, "InvalidToken");
        assert_eq!(
            answer(Refusal::MissingParametersV2),
            (
                403,
                "AccessDenied",
                "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
                    .to_owned(),
                Vec::new()
            )
        );
        let ahead = Refusal::NotYetValid { signed_at: SERVER_TIME, server_time: EXPIRES_AT };
        let message = "Request is not valid yet".to_owned();
        assert_eq!(answer(ahead), (403, "AccessDenied", message, Vec::new()));
        assert_eq!(answer(Refusal::Unsigned), (403, "AccessDenied", "Access Denied".to_owned(), Vec::new()));
    }

    #[test]
    fn a_form_is_refused_by_its_policy() {
        let form = |fault| answer(Refusal::Form(fault));
        assert_eq!(
            form(FormFault::TooLarge { proposed: 11, max: 10 }),
            (
                400,
                "EntityTooLarge",
                "Your proposed upload exceeds the maximum allowed size".to_owned(),
                vec!["ProposedSize=11".to_owned(), "MaxSizeAllowed=10".to_owned()]
            )
        );
        assert_eq!(form(FormFault::TooSmall { proposed: 1, min: 2 }).1, "EntityTooSmall");
        assert_eq!(form(FormFault::MissingField { field: "X-Amz-Signature" }).1, "InvalidArgument");
        assert_eq!(form(FormFault::InvalidPolicy { why: "x".to_owned() }).1, "InvalidPolicyDocument");
        let expired = "Invalid according to Policy: Policy expired.".to_owned();
        assert_eq!(form(FormFault::Expired), (403, "AccessDenied", expired, Vec::new()));
    }
}
