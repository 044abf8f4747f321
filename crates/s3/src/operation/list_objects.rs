//! ListObjects, the first version, which some tools still use.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html>

use super::{
    listing::{self, EncodingType},
    request::SignedRequest,
};
use crate::{BucketName, S3Error};

/// The input of ListObjects. The answer is a [`ListObjectsAnswer`](crate::xml::ListObjectsAnswer).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListObjects {
    /// The bucket to list.
    pub bucket: BucketName,
    /// Only keys that begin with this; empty for all.
    pub prefix: String,
    /// Keys that have this after the prefix are rolled up into one common prefix.
    pub delimiter: Option<String>,
    /// The most keys and common prefixes on the page, 0 to 1,000.
    pub max_keys: u32,
    /// How names are written.
    pub encoding_type: Option<EncodingType>,
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
        Ok(Self {
            bucket,
            prefix: request.parameter("prefix").unwrap_or_default().to_owned(),
            delimiter: listing::text(request, "delimiter"),
            max_keys: listing::max_keys(request)?,
            encoding_type: EncodingType::read(request)?,
            marker: listing::text(request, "marker"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{Operation, memory_request::MemoryRequest};

    #[test]
    fn takes_every_parameter() {
        let request =
            MemoryRequest::new("GET /bucket?prefix=a&delimiter=/&max-keys=7&marker=a/b&encoding-type=url");
        let Operation::ListObjects(input) = request.read().unwrap() else { panic!("not ListObjects") };
        assert_eq!((input.prefix.as_str(), input.delimiter.as_deref(), input.max_keys), ("a", Some("/"), 7));
        assert_eq!((input.marker.as_deref(), input.encoding_type), (Some("a/b"), Some(EncodingType::Url)));
    }

    #[test]
    fn refuses_a_list_type_that_there_is_not() {
        let refusal = MemoryRequest::new("GET /bucket?list-type=3").read().unwrap_err();
        assert_eq!(refusal.fields()[0].1, "list-type");
    }
}
