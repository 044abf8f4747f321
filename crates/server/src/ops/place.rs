//! Where and when an operation runs.

use std::time::SystemTime;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use jiff::Timestamp;
use presign_iam::ACCOUNT_ID;
use presign_s3::S3Error;
use presign_s3::xml::Owner;
use presign_store::{Bucket, Store, StoreError, UnixMillis};
use tokio::time::Instant;

use super::full_disk::FullDisk;
use super::store_error::StoreFailures;
use crate::app::App;
use crate::http::{Answer, AnswerBody};
use crate::upload_memory::UploadMemory;

/// The store, its region, and the time of the request.
pub(crate) struct Place<'a> {
    pub(super) store: &'a Store,
    pub(super) full_disk: &'a FullDisk,
    pub(super) upload_memory: &'a UploadMemory,
    store_failures: &'a StoreFailures,
    pub(super) region: &'a str,
    pub(super) now: UnixMillis,
}

/// The owner of everything, until there are several.
pub(super) const OWNER: Owner<'static> = Owner { id: ACCOUNT_ID, display_name: "root" };

impl<'a> Place<'a> {
    pub(crate) fn new(app: &'a App, now: SystemTime) -> Self {
        Self {
            store: &app.store,
            full_disk: &app.full_disk,
            upload_memory: &app.upload_memory,
            store_failures: &app.store_failures,
            region: &app.policy.region,
            now: now.into(),
        }
    }

    /// The answer to a request that the store could not serve.
    pub(super) fn refused(&self, error: &StoreError) -> S3Error {
        let now = Instant::now();
        if let StoreError::DiskFull { .. } = error {
            self.full_disk.refused(error, now);
        }
        self.store_failures.refused(error, now)
    }

    /// The bucket of that name.
    ///
    /// # Errors
    /// 404 `NoSuchBucket`.
    pub(super) async fn bucket(&self, name: &str) -> Result<Bucket, S3Error> {
        let bucket = self.store.bucket(name).await.map_err(|error| self.refused(&error))?;
        bucket.ok_or_else(|| S3Error::no_such_bucket(name))
    }
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Answer {
    let mut answer = Answer::new(AnswerBody::Empty);
    *answer.status_mut() = status;
    answer
}

/// A document.
pub(super) fn xml(document: String) -> Answer {
    let mut answer = Answer::new(AnswerBody::Whole(Bytes::from(document)));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    answer
}

/// A stored time as calendars have it.
pub(super) fn calendar(time: UnixMillis) -> Timestamp {
    // Only a clock that is off by ten thousand years is past what a calendar holds.
    Timestamp::from_millisecond(time.0).unwrap_or(Timestamp::UNIX_EPOCH)
}
