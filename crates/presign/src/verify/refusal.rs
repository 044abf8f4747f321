//! Why a request was refused: everything that S3's answer prints.

use std::fmt;

use crate::caveats::{CaveatViolation, InvalidCaveat};
use crate::explain::RequestText;
use crate::timestamp::Timestamp;

/// How far a client's clock may be from the store's, in seconds.
pub const MAX_CLOCK_SKEW_SECONDS: i64 = 15 * 60;

/// How a request was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// SigV4 in the URL: a presigned URL.
    QueryV4,
    /// SigV4 in the Authorization header.
    HeaderV4,
    /// SigV2 in the URL.
    QueryV2,
    /// SigV4 over the policy of a browser form.
    FormV4,
    /// SigV2 over the policy of a browser form.
    FormV2,
}

/// A request that is not honoured.
///
/// The variants carry what S3's error bodies carry; their text is S3's own where S3's is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Nothing was signed at all.
    #[error("Access Denied")]
    Unsigned,
    /// Signed in two ways at once.
    #[error(
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string \
         parameter or the Authorization header should be specified"
    )]
    OnlyOneMechanism {
        /// The part that S3 names: the Authorization header or a parameter.
        argument: &'static str,
        /// Its value.
        value: SentCredential,
    },
    /// An Authorization header of a kind that S3 does not take.
    #[error("Unsupported Authorization Type")]
    UnsupportedAuthorization {
        /// The header's value.
        value: SentCredential,
    },
    /// SigV2 in the Authorization header.
    #[error("The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")]
    SigV2Header,
    /// A SigV2 URL or form where the operator takes none.
    #[error(
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256: sign \
         with Config(signature_version='s3v4') in boto3, or run `aws configure set \
         default.s3.signature_version s3v4` for the AWS CLI."
    )]
    SigV2Denied,
    /// The target has a broken escape, or bytes that are not UTF-8.
    #[error("Couldn't parse the specified URI.")]
    MalformedUri,
    /// More parameters than [`MAX_PARAMETERS`](crate::MAX_PARAMETERS).
    #[error("The request has more than {} query parameters", crate::MAX_PARAMETERS)]
    TooManyParameters,
    /// More signed headers than [`MAX_SIGNED_HEADERS`](crate::MAX_SIGNED_HEADERS).
    #[error("The signature lists more than {} signed headers", crate::MAX_SIGNED_HEADERS)]
    TooManySignedHeaders,
    /// A method that S3 does not have.
    #[error("The specified method is not allowed against this resource.")]
    UnknownMethod {
        /// The method.
        method: String,
    },
    /// Some of the six parameters of a presigned URL are missing.
    #[error(
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
         X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
    )]
    MissingParameters,
    /// Some of the three parameters of a SigV2 URL are missing.
    #[error("Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")]
    MissingParametersV2,
    /// A parameter, field or header of the signature is there twice.
    #[error("{name} must be given exactly once")]
    Repeated {
        /// The name as it must be written.
        name: String,
    },
    /// A parameter with a meaning of its own is there twice; the signature does not say in which order.
    #[error("{name} must be given exactly once")]
    RepeatedParameter {
        /// The second one's name.
        name: String,
        /// Its value.
        value: String,
    },
    /// `X-Amz-Algorithm` is not the one there is.
    #[error(r#"X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256""#)]
    UnsupportedAlgorithm,
    /// An Authorization header that does not parse.
    #[error("The authorization header is malformed; {why}")]
    MalformedAuthorization {
        /// What is wrong with it.
        why: &'static str,
    },
    /// Something is wrong with the credential scope.
    #[error("{}{fault}", scope_prefix(*.mechanism, fault))]
    Scope {
        /// Where the credential stood; S3's error code depends on it.
        mechanism: Mechanism,
        /// What is wrong.
        fault: ScopeFault,
    },
    /// `X-Amz-Date` is not a time.
    #[error(r#"X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'""#)]
    MalformedDate,
    /// A header-signed request without a date.
    #[error("AWS authentication requires a valid Date or x-amz-date header")]
    MissingDate,
    /// `X-Amz-Expires` is not a number.
    #[error("X-Amz-Expires should be a number")]
    ExpiresNotANumber,
    /// `X-Amz-Expires` is below zero.
    #[error("X-Amz-Expires must be non-negative")]
    ExpiresNegative,
    /// `X-Amz-Expires` is over seven days.
    #[error(
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less \
         than 604800 seconds"
    )]
    ExpiresTooLong,
    /// SigV2's `Expires` is not a time.
    #[error("Invalid date (should be seconds since epoch): {value}")]
    MalformedExpiresV2 {
        /// The parameter's value.
        value: String,
    },
    /// SigV2's `Expires` is more than seven days away.
    #[error("Expires may be at most seven days (604800 seconds) from now")]
    ExpiresTooFarV2,
    /// Dated too far ahead.
    #[error("Request is not valid yet")]
    NotYetValid {
        /// The date signed.
        signed_at: Timestamp,
        /// The time of the check.
        server_time: Timestamp,
    },
    /// Over.
    #[error("Request has expired")]
    Expired {
        /// `X-Amz-Expires`; SigV2 has none.
        life_seconds: Option<u64>,
        /// The first second in which it no longer works.
        expires_at: Timestamp,
        /// The time of the check.
        server_time: Timestamp,
    },
    /// A header-signed request whose date is too far from now.
    #[error("The difference between the request time and the current time is too large.")]
    TimeTooSkewed {
        /// The date signed.
        request_time: Timestamp,
        /// The time of the check.
        server_time: Timestamp,
    },
    /// `host` is not signed, or the request has `x-amz-*` headers that are not, or a URL that writes or deletes has a
    /// condition beside it that is not.
    #[error("There were headers present in the request which were not signed")]
    HeadersNotSigned {
        /// Their names in lower case, sorted.
        names: Vec<String>,
    },
    /// A header-signed request does not say what its body hashes to.
    #[error("Missing required header for this request: x-amz-content-sha256")]
    MissingPayloadHash,
    /// The payload hash is not one, or not one that this mechanism can have.
    #[error("x-amz-content-sha256 must be UNSIGNED-PAYLOAD, or a valid sha256 value.")]
    InvalidPayloadHash {
        /// The header's value.
        value: String,
    },
    /// No active access key has that id.
    #[error("The AWS Access Key Id you provided does not exist in our records.")]
    UnknownAccessKey {
        /// The id, or a secret that was put in its place.
        access_key_id: SentCredential,
    },
    /// The signature is not the one that the key makes of this request.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your key and \
         signing method."
    )]
    SignatureMismatch(Box<SignatureMismatch>),
    /// The session token is not the key's, or one is missing or too many.
    #[error("The provided token is malformed or otherwise invalid.")]
    InvalidToken,
    /// The URL carries a limit that is not understood.
    #[error("{0}")]
    InvalidCaveat(InvalidCaveat),
    /// The URL's own limits forbid this use.
    #[error("{0}")]
    CaveatViolated(CaveatViolation),
    /// The policy of a form forbids the upload.
    #[error("{0}")]
    Form(FormFault),
}

/// A credential that was sent and not taken. S3 names it to whoever sent it; it may be good elsewhere, as a password or a
/// bearer token is, so it is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SentCredential(String);

impl SentCredential {
    /// The text itself, for the answer to the one who sent it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for SentCredential {
    fn from(text: T) -> Self {
        SentCredential(text.into())
    }
}

impl fmt::Debug for SentCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SentCredential(…)")
    }
}

fn scope_prefix(mechanism: Mechanism, fault: &ScopeFault) -> &'static str {
    match (fault, mechanism) {
        (ScopeFault::OtherDay { .. }, _) => "",
        (_, Mechanism::HeaderV4) => "The authorization header is malformed; ",
        _ => "Error parsing the X-Amz-Credential parameter; ",
    }
}

/// What is wrong with a credential scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeFault {
    /// Not five parts.
    #[error(r#"the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"."#)]
    Malformed,
    /// Another region.
    #[error("the region '{given}' is wrong; expecting '{expected}'")]
    Region {
        /// The scope's.
        given: String,
        /// The store's.
        expected: String,
    },
    /// Another service.
    #[error(r#"incorrect service "{given}". This endpoint belongs to "{expected}"."#)]
    Service {
        /// The scope's.
        given: String,
        /// The store's.
        expected: String,
    },
    /// Not `aws4_request`.
    #[error(r#"incorrect terminal "{given}". This endpoint uses "aws4_request"."#)]
    Terminal {
        /// The scope's.
        given: String,
    },
    /// The scope's date is no date.
    #[error(
        r#"incorrect date format "{given}". This date in the credential must be in the format "yyyyMMdd"."#
    )]
    DateFormat {
        /// The scope's.
        given: String,
    },
    /// The scope's date is another day than the request's.
    #[error(
        r#"Invalid credential date "{given}". This date is not the same as X-Amz-Date: "{request_day}"."#
    )]
    OtherDay {
        /// The scope's.
        given: String,
        /// The day of `X-Amz-Date`.
        request_day: String,
    },
}

/// What the store made of a request whose signature it does not find right.
#[derive(Clone, PartialEq, Eq)]
pub struct SignatureMismatch {
    /// The access key id claimed.
    pub access_key_id: String,
    /// The string to sign as the store has it. For a form it is the policy. Where a value is withheld from the canonical
    /// request, so is the hash in this text.
    pub string_to_sign: String,
    /// The signature that came with the request.
    pub signature_provided: String,
    /// The canonical request as the store has it, with a note in the place of each value that
    /// [`WithheldHeaders`](crate::WithheldHeaders) withholds; SigV2 and forms have none.
    pub canonical_request: Option<String>,
}

/// A signature that was refused is still a part of somebody's URL, so it is not printed.
impl fmt::Debug for SignatureMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureMismatch")
            .field("access_key_id", &self.access_key_id)
            .field("string_to_sign", &RequestText::from(self.string_to_sign.as_str()))
            .finish_non_exhaustive()
    }
}

/// Why the policy of a form forbids an upload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormFault {
    /// A field of the signature is missing.
    #[error(
        "Bucket POST must contain a field named '{field}'.  If it is specified, please check the order of \
         the fields."
    )]
    MissingField {
        /// The field's name as S3 writes it.
        field: &'static str,
    },
    /// The policy is no policy.
    #[error("Invalid Policy: {why}")]
    InvalidPolicy {
        /// What is wrong with it.
        why: String,
    },
    /// The policy is over.
    #[error("Invalid according to Policy: Policy expired.")]
    Expired,
    /// A condition does not hold.
    #[error("Invalid according to Policy: Policy Condition failed: {condition}")]
    ConditionFailed {
        /// The condition as the array form prints it: `["eq", "$key", "a"]`.
        condition: String,
    },
    /// Fields that no condition names.
    #[error("Invalid according to Policy: Extra input fields: {}", .names.join(", "))]
    ExtraFields {
        /// Their names in lower case.
        names: Vec<String>,
    },
    /// The upload is larger than allowed.
    #[error("Your proposed upload exceeds the maximum allowed size")]
    TooLarge {
        /// The upload's size in bytes.
        proposed: u64,
        /// The policy's limit in bytes.
        max: u64,
    },
    /// The upload is smaller than allowed.
    #[error("Your proposed upload is smaller than the minimum allowed size")]
    TooSmall {
        /// The upload's size in bytes.
        proposed: u64,
        /// The policy's limit in bytes.
        min: u64,
    },
}
