//! Buckets.

use crate::UnixMillis;

/// A bucket, to be made or made already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name, unique in the store and compared byte for byte. The naming rules of S3 are the caller's to check.
    pub name: String,
    /// The principal that owns it.
    pub owner: String,
    /// The region it says it is in.
    pub region: String,
    /// When it was made.
    pub created: UnixMillis,
}
