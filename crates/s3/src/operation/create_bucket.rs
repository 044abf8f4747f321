//! CreateBucket.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>

use crate::BucketName;

/// The input of CreateBucket. Its body, once read, is a
/// [`CreateBucketConfiguration`](crate::xml::CreateBucketConfiguration).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateBucket {
    /// The bucket to make.
    pub bucket: BucketName,
}
