//! The version of an object that a request names.

use super::request::SignedRequest;
use crate::{ObjectKey, S3Error};

/// The parameter that names a version.
pub(super) const PARAMETER: &str = "versionId";

/// The version id of an object that was written while its bucket kept no versions; no bucket here keeps any.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html>
const NULL: &str = "null";

/// Lets the request through if the version it names, should it name one, is the object as it is now.
///
/// # Errors
/// 404 `NoSuchVersion` with any other version, be it one of several.
pub(super) fn require_current(key: &ObjectKey, request: &impl SignedRequest) -> Result<(), S3Error> {
    let other = request.parameters().find(|(name, value)| *name == PARAMETER && *value != NULL);
    other.map_or(Ok(()), |(_, version)| Err(S3Error::no_such_version(key.as_str(), version)))
}

#[cfg(test)]
mod tests {
    use crate::{
        ErrorCode,
        operation::{OperationName, memory_request::MemoryRequest},
    };

    #[test]
    fn the_null_version_is_the_object_as_it_is() {
        for (line, operation) in [
            ("GET /bucket/key?versionId=null", OperationName::GetObject),
            ("HEAD /bucket/key?versionId=null", OperationName::HeadObject),
            ("DELETE /bucket/key?x-id=a&versionId=null", OperationName::DeleteObject),
        ] {
            assert_eq!(MemoryRequest::new(line).read().unwrap().name(), operation, "{line}");
        }
    }

    #[test]
    fn there_is_no_other_version() {
        for (line, version) in [
            ("GET /bucket/key?versionId=3HL4kqCxf3vjVBH40Nrjfkd", "3HL4kqCxf3vjVBH40Nrjfkd"),
            ("HEAD /bucket/key?versionId=NULL", "NULL"),
            ("DELETE /bucket/key?versionId=1", "1"),
            ("DELETE /bucket/key?versionId=", ""),
            ("DELETE /bucket/key?versionId", ""),
            ("DELETE /bucket/key?versionId=null&versionId=1", "1"),
        ] {
            let refusal = MemoryRequest::new(line).read().unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::NoSuchVersion, "{line}");
            assert_eq!(refusal.status(), 404);
            assert_eq!(refusal.message(), "The specified version does not exist.");
            assert_eq!(refusal.fields(), [("Key", "key".to_owned()), ("VersionId", version.to_owned())]);
        }
    }

    #[test]
    fn a_version_never_hides_what_else_is_asked_for() {
        for (line, code) in [
            ("PUT /bucket/key?versionId=null", ErrorCode::MethodNotAllowed),
            ("GET /bucket?versionId=null", ErrorCode::MethodNotAllowed),
            ("DELETE /bucket/key?versionid=null", ErrorCode::NotImplemented),
            ("GET /bucket/key?versionId=null&partNumber=1", ErrorCode::NotImplemented),
            ("DELETE /bucket/key?versionId=null&tagging", ErrorCode::NotImplemented),
            ("DELETE /bucket/key?versionId=null&unheard-of", ErrorCode::NotImplemented),
        ] {
            assert_eq!(MemoryRequest::new(line).read().unwrap_err().code(), code, "{line}");
        }
    }
}
