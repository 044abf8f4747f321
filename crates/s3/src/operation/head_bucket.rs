//! HeadBucket.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>

use crate::BucketName;

/// The input of HeadBucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadBucket {
    /// The bucket to look for.
    pub bucket: BucketName,
}
