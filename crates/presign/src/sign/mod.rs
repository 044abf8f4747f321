//! Signing: presigned URLs, signed headers, POST forms, and the old SigV2 URLs.

mod error;
mod prepared;
mod presign_request;
mod signer;

pub use error::SignError;
pub use prepared::{PreparedPresign, PresignedUrl};
pub use presign_request::{DEFAULT_LIFE, MAX_LIFE, PresignRequest};
pub use signer::Signer;
