//! Signing: presigned URLs, signed headers, POST forms, and the old SigV2 URLs.

mod authorization;
mod error;
mod headers;
mod post_form;
mod post_policy;
mod prepared;
mod presign_request;
mod signer;
mod signing_day;
mod sigv2;
#[cfg(test)]
mod vectors;

pub use authorization::{AuthorizedRequest, Payload, UnsignedRequest};
pub use error::SignError;
pub use post_form::{PostForm, PostRequest};
pub use post_policy::PostCondition;
pub use prepared::{PreparedPresign, PresignedUrl};
pub use presign_request::{DEFAULT_LIFE, MAX_LIFE, PresignRequest};
pub use signer::Signer;
