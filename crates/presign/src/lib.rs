//! Make, check and explain presigned S3 URLs.
//!
//! A presigned URL lets whoever holds it perform one operation on one private object until a set time, with
//! nothing but an HTTP client. This crate is the whole of it, and pure: bytes and a time go in, bytes come
//! out. It reads no clock, no environment, no file and no socket.
//!
//! # Sign
//!
//! A [`Signer`] has credentials and a region; an [`Endpoint`] or a [`BucketUrl`] says where the bucket is; a
//! [`PresignRequest`] says what shall be allowed. For the same host the URL is byte for byte the one that boto3 makes.
//!
//! ```
//! use std::time::Duration;
//! use presign::{Addressing, Credentials, Endpoint, PresignRequest, Signer, Timestamp};
//!
//! let signer = Signer::new(Credentials::new("AKIDEXAMPLE", "a secret"), "eu-central-1")?;
//! let bucket = Endpoint::aws("eu-central-1")?.bucket("my-bucket", Addressing::Auto)?;
//! let download = PresignRequest::get("reports/2026.pdf").expires_in(Duration::from_secs(900));
//! let url = signer.presign(&bucket, &download, Timestamp::from_unix(1_795_282_542))?;
//! assert!(url.as_str().starts_with("https://my-bucket.s3.eu-central-1.amazonaws.com/reports/2026.pdf?X-Amz-"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Signer::presign_many`] signs a whole listing; [`Signer::authorize`] signs a request in its headers;
//! [`Signer::post_form`] makes a browser form; [`Caveats`] limit a URL beyond what S3 checks.
//!
//! # Verify
//!
//! [`Unverified::parse`] reads a request as it arrived, the caller looks up the key that it names, and
//! [`Unverified::verify`] makes every check. The [`Verified`] request yields what was signed; a [`Refusal`] carries
//! all that S3's own answer prints.
//!
//! # Explain
//!
//! [`Explanation`] tells what a URL says, without its key; [`diagnose`] finds out, with it, why a request was refused
//! and names the [`Cause`]; [`redact_url`] makes a URL fit for a log, and [`RequestText`] any text of a request.

mod bucket_url;
mod canonical_request;
mod caveats;
mod credentials;
mod endpoint;
mod explain;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod method;
mod parameter_name;
mod sign;
mod signing_key;
mod sigv2;
mod timestamp;
mod uri;
mod verify;
mod work;

pub use bucket_url::BucketUrl;
pub use canonical_request::UNSIGNED_PAYLOAD;
pub use caveats::{CaveatViolation, Caveats, InvalidCaveat};
pub use credentials::{Credentials, SecretAccessKey};
pub use endpoint::{Addressing, Endpoint, EndpointError};
pub use explain::{
    ADVISABLE_DOWNLOAD_SECONDS, ADVISABLE_UPLOAD_SECONDS, AddressingStyle, Cause, Diagnosis, Explanation,
    Limit, LineDifference, LinePart, NotPresigned, Notice, Operation, Operations, Parameter, Place,
    RequestText, RequiredHeader, Scheme, Side, Validity, Verdict, compare_canonical_requests, diagnose,
    diagnose_url, redact_url,
};
pub use method::{Method, UnknownMethod};
pub use sign::{
    AuthorizedRequest, DEFAULT_LIFE, MAX_LIFE, Payload, PostCondition, PostForm, PostRequest,
    PreparedPresign, PresignRequest, PresignedUrl, SignError, Signer, UnsignedRequest,
};
pub use signing_key::{Hex, Signature, SigningKey};
pub use timestamp::{BasicTime, Timestamp};
pub use uri::{decode_path, encode_path};
pub use verify::{
    Arrival, FormFault, Links, MAX_CLOCK_SKEW_SECONDS, MAX_PARAMETERS, MAX_SIGNED_HEADERS, Mechanism,
    PayloadRule, Refusal, Request, ScopeFault, SentCredential, SigV2, SignatureMismatch, SignedHost,
    Unverified, UnverifiedForm, VerificationKey, Verified, VerifiedForm, VerifyPolicy, WithheldHeaders,
};

/// Compiles and runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
