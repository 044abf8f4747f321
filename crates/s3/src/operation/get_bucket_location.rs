//! GetBucketLocation.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html>

use crate::BucketName;

/// The input of GetBucketLocation. The answer is [`location_constraint`](crate::xml::location_constraint).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetBucketLocation {
    /// The bucket whose region is asked for.
    pub bucket: BucketName,
}
