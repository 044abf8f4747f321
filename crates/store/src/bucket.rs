//! Buckets.

use crate::UnixMillis;

/// A bucket to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBucket {
    /// Its name, unique in the store and compared byte for byte. The naming rules of S3 are the caller's to check.
    pub name: String,
    /// The principal that owns it.
    pub owner: String,
    /// The region it says it is in.
    pub region: String,
    /// When it was made.
    pub created: UnixMillis,
}

/// A bucket that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name, unique in the store.
    pub name: String,
    /// The principal that owns it.
    pub owner: String,
    /// The region it says it is in.
    pub region: String,
    /// When it was made.
    pub created: UnixMillis,
}

impl From<NewBucket> for Bucket {
    fn from(new: NewBucket) -> Self {
        Self { name: new.name, owner: new.owner, region: new.region, created: new.created }
    }
}
