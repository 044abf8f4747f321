//! DeleteObject.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>

use super::{request::SignedRequest, version};
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
        version::require_current(&key, request)?;
        let condition = WriteCondition::for_delete(
            request.header("if-match").as_deref(),
            request.header("if-none-match").as_deref(),
        )?;
        Ok(Self { bucket, key, condition })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ETag, ErrorCode, operation::Operation, operation::memory_request::MemoryRequest};

    #[test]
    fn deletes_the_key_it_names() {
        let Operation::DeleteObject(input) = MemoryRequest::new("DELETE /bucket//a/../b").read().unwrap()
        else {
            panic!("not DeleteObject")
        };
        assert_eq!(input.key.as_str(), "/a/../b");
        assert_eq!(input.condition, WriteCondition::Always);
    }

    #[test]
    fn a_condition_is_never_dropped() {
        let request = || MemoryRequest::new("DELETE /bucket/key");
        let Operation::DeleteObject(input) = request().header("if-match", "\"abc\"").read().unwrap() else {
            panic!("not DeleteObject")
        };
        assert_eq!(input.condition, WriteCondition::Matches(ETag::new("abc")));
        for (header, value) in [("if-match", "*"), ("if-none-match", "*"), ("x-amz-if-match-size", "1")] {
            let refusal = request().header(header, value).read().unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::NotImplemented, "{header}: {value}");
        }
    }
}
