//! DeleteObject.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>

use super::request::SignedRequest;
use crate::{BucketName, ObjectKey, S3Error, condition::WriteCondition};

/// The input of DeleteObject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteObject {
    /// The bucket.
    pub bucket: BucketName,
    /// The key; deleting one without an object succeeds.
    pub key: ObjectKey,
    /// What must hold for the object to be deleted.
    pub condition: WriteCondition,
}

impl DeleteObject {
    pub(super) fn read(
        bucket: BucketName,
        key: ObjectKey,
        request: &impl SignedRequest,
    ) -> Result<Self, S3Error> {
        let condition = WriteCondition::for_delete(
            request.header_text("if-match").as_deref(),
            request.header_text("if-none-match").as_deref(),
        )?;
        Ok(Self { bucket, key, condition })
    }
}
