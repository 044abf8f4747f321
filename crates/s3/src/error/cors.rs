//! Refusals of a CORS preflight, which carries no credentials and is never authenticated.

use super::{ErrorCode, S3Error};

impl S3Error {
    /// A preflight without an `Origin` header.
    pub fn cors_origin_missing() -> Self {
        Self::with_message(ErrorCode::BadRequest, "Insufficient information. Origin request header needed.")
    }

    /// A preflight against a bucket that has no CORS rules. `requested_method` is
    /// `Access-Control-Request-Method`.
    pub fn cors_not_enabled(requested_method: &str) -> Self {
        Self::with_message(ErrorCode::AccessForbidden, "CORSResponse: CORS is not enabled for this bucket.")
            .field("Method", requested_method)
            .field("ResourceType", "BUCKET")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_the_method_and_the_kind_of_resource() {
        let refusal = S3Error::cors_not_enabled("PUT");
        assert_eq!(refusal.status(), 403);
        assert_eq!(refusal.fields(), [("Method", "PUT".to_owned()), ("ResourceType", "BUCKET".to_owned())]);
        assert_eq!(S3Error::cors_origin_missing().status(), 400);
    }
}
