//! Make, check and explain presigned S3 URLs.

mod bucket_url;
mod canonical_request;
mod caveats;
mod credentials;
mod endpoint;
mod method;
mod sign;
mod signing_key;
mod sigv2;
mod timestamp;
mod uri;
mod verify;

pub use bucket_url::BucketUrl;
pub use canonical_request::UNSIGNED_PAYLOAD;
pub use caveats::{CaveatViolation, Caveats, InvalidCaveat};
pub use credentials::{Credentials, SecretAccessKey};
pub use endpoint::{Addressing, Endpoint, EndpointError};
pub use method::{Method, UnknownMethod};
pub use sign::{
    AuthorizedRequest, DEFAULT_LIFE, MAX_LIFE, Payload, PostCondition, PostForm, PostRequest, PreparedPresign,
    PresignRequest, PresignedUrl, SignError, Signer, UnsignedRequest,
};
pub use signing_key::{Hex, Signature, SigningKey};
pub use timestamp::{BasicTime, Timestamp};
pub use verify::{
    FormFault, Links, MAX_CLOCK_SKEW_SECONDS, Mechanism, PayloadRule, Refusal, Request, ScopeFault, SigV2,
    SignatureMismatch, Unverified, UnverifiedForm, VerificationKey, Verified, VerifiedForm, VerifyPolicy,
};
