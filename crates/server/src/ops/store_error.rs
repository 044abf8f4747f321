//! The store's errors in S3's words. What a client cannot act on stays in the log.

use presign_s3::S3Error;
use presign_store::StoreError;

/// The answer to a request that the store could not serve.
pub(super) fn refused(error: &StoreError) -> S3Error {
    match error {
        StoreError::NoSuchBucket { bucket } => S3Error::no_such_bucket(bucket),
        StoreError::BucketNotEmpty { bucket } => S3Error::bucket_not_empty(bucket),
        StoreError::BucketExists { bucket, .. } => S3Error::bucket_already_owned_by_you(bucket),
        StoreError::KeyLength { length } => S3Error::key_too_long(*length),
        // That is said once for many.
        StoreError::DiskFull { .. } => S3Error::insufficient_storage(),
        StoreError::Stopped { .. } | StoreError::Closed => {
            tracing::error!(%error, "the store takes no writes");
            S3Error::service_unavailable()
        }
        // The store has raised its alarm, once for many.
        StoreError::Corrupt { .. } => S3Error::internal(),
        _ => {
            tracing::error!(%error, "the store failed");
            S3Error::internal()
        }
    }
}

#[cfg(test)]
mod tests {
    use presign_s3::ErrorCode;

    use super::*;

    #[test]
    fn a_full_disk_is_said_to_be_full_and_nothing_else_is_told() {
        let full = StoreError::DiskFull { action: "writing", place: "/secret/place".into() };
        let failed =
            StoreError::Io { action: "reading", place: "/secret/place".into(), reason: "EIO".into() };
        let stopped = StoreError::Stopped { reason: "fsync of /secret/place failed".into() };
        for (error, code, status) in [
            (full, ErrorCode::InsufficientStorage, 507),
            (failed, ErrorCode::InternalError, 500),
            (stopped, ErrorCode::ServiceUnavailable, 503),
        ] {
            let answer = refused(&error);
            assert_eq!((answer.code(), answer.status()), (code, status));
            assert!(!answer.to_string().contains("secret"), "{answer}");
        }
    }
}
