//! The metadata port: buckets, object rows and access-key rows, in any engine that can do transactions.

use std::time::SystemTime;

use async_trait::async_trait;

use crate::{
    AccessKeyRow, BlobId, Bucket, ListPage, ListRequest, ObjectRow, Precondition, PutError, StoreError,
};

/// What the store needs from a metadata engine.
///
/// Every call is one transaction. A write that was answered with `Ok` survives the loss of power, and every read that
/// begins after that answer sees it. Names and keys are compared byte for byte. `metadata_conformance!` tests all of it.
#[async_trait]
pub trait Metadata: Send + Sync {
    /// Makes a bucket.
    ///
    /// # Errors
    /// [`StoreError::BucketExists`] with the owner of the bucket that has the name.
    async fn create_bucket(&self, bucket: Bucket) -> Result<(), StoreError>;

    /// The bucket of this name, if there is one.
    async fn bucket(&self, name: &str) -> Result<Option<Bucket>, StoreError>;

    /// All buckets, in the order of their names.
    async fn buckets(&self) -> Result<Vec<Bucket>, StoreError>;

    /// Deletes an empty bucket. Emptiness is decided in the transaction that deletes.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`], [`StoreError::BucketNotEmpty`].
    async fn delete_bucket(&self, name: &str) -> Result<(), StoreError>;

    /// Writes the row of an object if the precondition holds, and returns the blob of the row that it replaced, which
    /// is then garbage.
    ///
    /// # Errors
    /// [`PutError::PreconditionFailed`], [`PutError::NoSuchKey`]; within [`PutError::Store`] above all
    /// [`StoreError::NoSuchBucket`] and [`StoreError::DiskFull`]. [`commit_is_certain`] tells whether
    /// an error leaves it open if the row was written.
    async fn put_object(
        &self,
        bucket: &str,
        row: ObjectRow,
        precondition: Precondition,
    ) -> Result<Option<BlobId>, PutError>;

    /// The row of an object, if there is one. May be answered from memory.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`]; [`StoreError::Corrupt`] when the row fails its checksum.
    async fn object(&self, bucket: &str, key: &str) -> Result<Option<ObjectRow>, StoreError>;

    /// Deletes the row of an object. `None`: there was none.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`].
    async fn delete_object(&self, bucket: &str, key: &str) -> Result<Option<DeletedRow>, StoreError>;

    /// One page of a bucket's keys. The work is bounded by the page, not by the bucket: a common prefix is skipped by
    /// seeking behind it.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBucket`].
    async fn list(&self, bucket: &str, request: &ListRequest) -> Result<ListPage, StoreError>;

    /// Those of these blobs that no row names, in the order of their ids, which is that of `ids`. One look at the rows
    /// between the first and the last, and not one for each.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when not all of the rows there can be read.
    async fn unnamed_blobs(&self, ids: Vec<BlobId>) -> Result<Vec<BlobId>, StoreError>;

    /// Adds an access key, or replaces the one of the same id.
    async fn put_access_key(&self, row: AccessKeyRow) -> Result<(), StoreError>;

    /// The access key of this id, if there is one. May be answered from memory.
    async fn access_key(&self, access_key_id: &str) -> Result<Option<AccessKeyRow>, StoreError>;

    /// All access keys, in the order of their ids.
    async fn access_keys(&self) -> Result<Vec<AccessKeyRow>, StoreError>;

    /// Deletes an access key; says whether it existed.
    async fn delete_access_key(&self, access_key_id: &str) -> Result<bool, StoreError>;

    /// When the last commit was made before the engine was opened, to about a minute. `None`: none is known of.
    fn last_commit_before_open(&self) -> Option<SystemTime> {
        None
    }

    /// From now on a commit may say when it was made, for [`last_commit_before_open`](Self::last_commit_before_open) after the next
    /// open. Until then that stays what it was, so that a restart does not hide blobs that are newer than the database.
    fn let_last_commit_advance(&self) {}

    /// Finishes what was begun and closes the engine. Every later call fails with [`StoreError::Closed`].
    async fn close(&self) -> Result<(), StoreError>;
}

/// A row that was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeletedRow {
    /// Its blob, which is now garbage.
    pub blob: Option<BlobId>,
}

/// Whether a write that was answered with this error was certainly not made. After a failed commit nobody knows until
/// the next start, and then a blob that the row may name must stay.
#[must_use]
pub fn commit_is_certain(error: &PutError) -> bool {
    match error {
        PutError::PreconditionFailed | PutError::NoSuchKey => true,
        PutError::Store(error) => matches!(
            error,
            StoreError::NoSuchBucket { .. }
                | StoreError::KeyLength { .. }
                | StoreError::DiskFull { .. }
                | StoreError::Corrupt { .. }
        ),
    }
}
