//! ListObjects, the first version, which some tools still use.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html>

use super::{
    listing::{self, KeySelection},
    request::SignedRequest,
};
use crate::{BucketName, S3Error};

/// The input of ListObjects. The answer is a [`ListObjectsAnswer`](crate::xml::ListObjectsAnswer).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListObjects {
    /// The keys, and how they are written.
    pub keys: KeySelection,
    /// Only keys and common prefixes after this one.
    pub marker: Option<String>,
}

impl ListObjects {
    pub(super) fn read(bucket: BucketName, request: &impl SignedRequest) -> Result<Self, S3Error> {
        if let Some(list_type) = request.parameter("list-type") {
            return Err(S3Error::invalid_argument(
                "Invalid List Type specified in Request",
                "list-type",
                list_type,
            ));
        }
        Ok(Self { keys: KeySelection::read(bucket, request)?, marker: listing::text(request, "marker") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{EncodingType, Operation, memory_request::MemoryRequest};

    #[test]
    fn takes_every_parameter() {
        let request =
            MemoryRequest::new("GET /bucket?prefix=a&delimiter=/&max-keys=7&marker=a/b&encoding-type=url");
        let Operation::ListObjects(input) = request.read().unwrap() else { panic!("not ListObjects") };
        let KeySelection { prefix, delimiter, max_keys, encoding_type, .. } = input.keys;
        assert_eq!((prefix.as_str(), delimiter.as_deref(), max_keys), ("a", Some("/"), 7));
        assert_eq!((input.marker.as_deref(), encoding_type), (Some("a/b"), Some(EncodingType::Url)));
    }

    #[test]
    fn refuses_a_list_type_that_there_is_not() {
        let refusal = MemoryRequest::new("GET /bucket?list-type=3").read().unwrap_err();
        assert_eq!(refusal.fields()[0].1, "list-type");
    }
}
