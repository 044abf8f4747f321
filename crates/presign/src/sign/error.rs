//! Why a request could not be signed.

/// A request that cannot be signed as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// Presigned URLs and forms live between one second and seven days.
    #[error(
        "a presigned URL or form lives from 1 second to 7 days (604800 seconds), and {seconds} was asked for{}",
        stable_note(*.stable_seconds)
    )]
    LifeOutOfRange {
        /// The life asked for, with the window of stable signing.
        seconds: u64,
        /// The part of it that stable signing adds.
        stable_seconds: u64,
    },
    /// The object key is empty.
    #[error("the object key is empty; name the object after the bucket, as in s3://bucket/key")]
    EmptyKey,
    /// S3 keys end at 1,024 bytes.
    #[error("the object key is {bytes} bytes; S3 keys have at most 1024")]
    KeyTooLong {
        /// The key's length in UTF-8.
        bytes: usize,
    },
    /// The parameter belongs to the signature itself.
    #[error("the query parameter `{0}` belongs to the signature; leave it out, the signer writes it")]
    ReservedParameter(String),
    /// One parameter was given two values.
    #[error("the query parameter `{0}` was given twice; S3 takes each once")]
    RepeatedParameter(String),
    /// A header name that HTTP cannot carry, or that the signer owns.
    #[error("`{0}` cannot be signed as a header: {1}")]
    InvalidHeader(String, &'static str),
    /// A region is part of the credential scope.
    #[error("`{0}` is no region name; it has letters, digits and hyphens, as in us-east-1")]
    InvalidRegion(String),
    /// An access key id is part of the credential.
    #[error("the access key id is empty or has a slash, so no credential can be written with it")]
    InvalidAccessKeyId,
    /// A form field that the signer writes.
    #[error("the form field `{0}` is written by the signer; leave it out")]
    ReservedField(String),
    /// One form field was given two values.
    #[error("the form field `{0}` was given twice; S3 takes each once")]
    RepeatedField(String),
    /// S3 refuses a form with a field that its policy says nothing of.
    #[error(
        "the form field `{0}` has no condition, so S3 would refuse the form; add one, or use `fixed_field`"
    )]
    FieldWithoutCondition(String),
    /// A form's field is written into an HTTP message.
    #[error("`{0}` is no name for a form field; it has letters, digits, hyphens and underscores")]
    InvalidField(String),
    /// The smallest upload allowed is larger than the largest.
    #[error("no upload is at least {min} and at most {max} bytes; swap the two")]
    InvalidSizeRange {
        /// The smallest size allowed, in bytes.
        min: u64,
        /// The largest size allowed, in bytes.
        max: u64,
    },
    /// A header or parameter that a SigV2 signature does not cover.
    #[error(
        "SigV2 does not sign `{0}`, so its URL's holder could change it; sign with SigV4, or leave it out"
    )]
    UnsignedInSigV2(String),
    /// Caveats are signed parameters, and SigV2 signs none of its users' own.
    #[error("SigV2 URLs carry no caveats, for it does not sign them; sign with SigV4")]
    CaveatsInSigV2,
    /// A caveat that contradicts itself or cannot be written.
    #[error("{0}")]
    InvalidCaveat(String),
}

fn stable_note(seconds: u64) -> String {
    match seconds {
        0 => String::new(),
        _ => format!(", {seconds} of them the window of stable signing"),
    }
}
