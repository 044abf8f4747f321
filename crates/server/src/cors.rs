//! The answer to a CORS preflight, which carries no credentials and is never authenticated.
//!
//! No bucket has CORS rules yet, so every well-formed preflight gets what S3 gives for a bucket without any. The bucket is not
//! looked up: a stranger learns nothing about which buckets exist.

use presign_s3::{ErrorCode, S3Error};

use crate::http::{Answer, Head};

/// Refuses the preflight, with the reason that S3 has for it.
pub(crate) fn preflight(head: &Head<'_>) -> Result<Answer, S3Error> {
    if head.value("origin").is_none() {
        return Err(S3Error::cors_origin_missing());
    }
    match head.value("access-control-request-method") {
        Some(method) => Err(S3Error::cors_not_enabled(method)),
        None => {
            Err(S3Error::with_message(ErrorCode::BadRequest, "Invalid Access-Control-Request-Method: null"))
        }
    }
}
