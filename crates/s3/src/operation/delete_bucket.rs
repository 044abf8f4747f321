//! DeleteBucket.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html>

use crate::BucketName;

/// The input of DeleteBucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteBucket {
    /// The bucket to delete, which must be empty.
    pub bucket: BucketName,
}
