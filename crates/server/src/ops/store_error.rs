//! The store's errors in S3's words. What a client cannot act on stays in the log.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use presign::RequestText;
use presign_s3::S3Error;
use presign_store::StoreError;
use tokio::time::Instant;

use super::announcement::Announcement;

/// How often a failure is said at most. Each request may meet it.
const SILENCE: Duration = Duration::from_secs(1);

/// What the log was told of the failures of a store.
#[derive(Debug, Default)]
pub(crate) struct StoreFailures {
    stopped: Mutex<Announcement>,
    failed: Mutex<Announcement>,
}

impl StoreFailures {
    /// The answer to a request that the store could not serve.
    pub(super) fn refused(&self, error: &StoreError, now: Instant) -> S3Error {
        match error {
            StoreError::NoSuchBucket { bucket } => S3Error::no_such_bucket(bucket),
            StoreError::BucketNotEmpty { bucket } => S3Error::bucket_not_empty(bucket),
            StoreError::BucketExists { bucket, .. } => S3Error::bucket_already_owned_by_you(bucket),
            StoreError::KeyLength { length } => S3Error::key_too_long(*length),
            // That is said once for many.
            StoreError::DiskFull { .. } => S3Error::insufficient_storage(),
            StoreError::FileTooLarge { .. } => {
                if let Some(unsaid) = note(&self.failed, now) {
                    tracing::error!(%error, unsaid, "an upload is larger than a file may be here");
                }
                S3Error::entity_too_large_for_the_disk()
            }
            StoreError::Stopped { .. } | StoreError::ReadOnly { .. } | StoreError::Closed => {
                if let Some(unsaid) = note(&self.stopped, now) {
                    tracing::error!(error = %RequestText::from(error.to_string()), unsaid, "the store takes no writes");
                }
                S3Error::service_unavailable()
            }
            // The store has raised its alarm, once for many.
            StoreError::Corrupt { .. } => S3Error::internal(),
            _ => {
                if let Some(unsaid) = note(&self.failed, now) {
                    tracing::error!(error = %RequestText::from(error.to_string()), unsaid, "the store failed");
                }
                S3Error::internal()
            }
        }
    }
}

/// Whether it is time to say so, and how many requests that met it since the last time went unsaid.
fn note(announcement: &Mutex<Announcement>, now: Instant) -> Option<u64> {
    announcement.lock().unwrap_or_else(PoisonError::into_inner).meet(now, SILENCE)
}

#[cfg(test)]
mod tests {
    use presign_s3::ErrorCode;

    use super::*;

    fn failed() -> StoreError {
        StoreError::Io { action: "reading", place: "/secret/place".into(), reason: "EIO".into() }
    }

    fn stopped() -> StoreError {
        StoreError::Stopped { reason: "fsync of /secret/place failed".into() }
    }

    #[test]
    fn a_full_disk_is_said_to_be_full_and_nothing_else_is_told() {
        let full = StoreError::DiskFull { action: "writing", place: "/secret/place".into() };
        let long = StoreError::FileTooLarge { action: "writing", place: "/secret/place".into() };
        let read_only = StoreError::ReadOnly { action: "writing", place: "/secret/place".into() };
        for (error, code, status) in [
            (long, ErrorCode::EntityTooLarge, 400),
            (read_only, ErrorCode::ServiceUnavailable, 503),
            (full, ErrorCode::InsufficientStorage, 507),
            (failed(), ErrorCode::InternalError, 500),
            (stopped(), ErrorCode::ServiceUnavailable, 503),
        ] {
            let answer = StoreFailures::default().refused(&error, Instant::now());
            assert_eq!((answer.code(), answer.status()), (code, status));
            assert!(!answer.to_string().contains("secret"), "{answer}");
        }
    }

    #[test]
    fn a_failure_is_said_once_a_second_with_what_was_left_out_and_hides_no_other() {
        let (failures, begun) = (StoreFailures::default(), Instant::now());
        for at in 0..100 {
            let _ = failures.refused(&failed(), begun + Duration::from_millis(at));
        }
        // What is left of the second holds for that failure alone.
        assert_eq!(note(&failures.stopped, begun), Some(0));
        let _ = failures.refused(&stopped(), begun);
        assert_eq!(note(&failures.failed, begun + SILENCE), Some(99));
        assert_eq!(note(&failures.stopped, begun + SILENCE), Some(1));
        assert_eq!(note(&failures.failed, begun + SILENCE * 2), Some(0));
    }
}
