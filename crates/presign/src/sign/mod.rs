//! Signing: presigned URLs, signed headers, POST forms, and the old SigV2 URLs.

mod error;
mod prepared;
mod presign_request;
mod signer;
mod sigv2;

pub use error::SignError;
pub use prepared::{PreparedPresign, PresignedUrl};
pub use presign_request::{DEFAULT_LIFE, MAX_LIFE, PresignRequest};
pub use signer::Signer;

pub(crate) use prepared::is_auth_parameter;
