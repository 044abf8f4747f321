//! Refusals of who asks, beyond those of the signature itself.

use std::borrow::Cow;

use super::{ErrorCode, S3Error};

impl S3Error {
    /// The plain refusal: nobody signed, or who signed may not.
    pub fn access_denied() -> Self {
        Self::new(ErrorCode::AccessDenied)
    }

    /// The refusal with its reason, such as the policy evaluator gives.
    pub fn access_denied_because(message: impl Into<Cow<'static, str>>) -> Self {
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
