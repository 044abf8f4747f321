//! ListObjectsV2.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

use super::{
    listing::{self, KeySelection},
    request::SignedRequest,
};
use crate::{BucketName, S3Error, continuation::ContinuationToken};

/// The input of ListObjectsV2. The answer is a [`ListObjectsV2Answer`](crate::xml::ListObjectsV2Answer).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListObjectsV2 {
    /// The keys, and how they are written.
    pub keys: KeySelection,
    /// Only keys after this one. Without meaning where a continuation token is given.
    pub start_after: Option<String>,
    /// Where the page starts.
    pub continuation_token: Option<ContinuationToken>,
    /// Whether each object names its owner.
    pub fetch_owner: bool,
}

impl ListObjectsV2 {
    pub(super) fn read(bucket: BucketName, request: &impl SignedRequest) -> Result<Self, S3Error> {
        // Unlike the others, an empty token is not the same as none: S3 refuses it.
        let continuation_token = request.parameter("continuation-token");
        Ok(Self {
            keys: KeySelection::read(bucket, request)?,
            start_after: listing::text(request, "start-after"),
            continuation_token: continuation_token.map(ContinuationToken::parse).transpose()?,
            fetch_owner: request.parameter("fetch-owner").is_some_and(|value| value == "true"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{EncodingType, Operation, memory_request::MemoryRequest};

    fn list(request: &MemoryRequest) -> Result<ListObjectsV2, S3Error> {
        match request.read()? {
            Operation::ListObjectsV2(input) => Ok(input),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn takes_every_parameter() {
        let token = ContinuationToken::new("kphotos/cat.jpg");
        let request =
            MemoryRequest::new("GET /bucket?list-type=2&max-keys=7&encoding-type=url&fetch-owner=true")
                .parameter("prefix", "photos/ä")
                .parameter("delimiter", "/")
                .parameter("start-after", "photos/a")
                .parameter("continuation-token", &token.to_string());
        assert_eq!(
            list(&request).unwrap(),
            ListObjectsV2 {
                keys: KeySelection {
                    bucket: BucketName::parse("bucket").unwrap(),
                    prefix: "photos/ä".to_owned(),
                    delimiter: Some("/".to_owned()),
                    max_keys: 7,
                    encoding_type: Some(EncodingType::Url),
                },
                start_after: Some("photos/a".to_owned()),
                continuation_token: Some(token),
                fetch_owner: true,
            }
        );
    }

    #[test]
    fn lists_all_by_itself() {
        let input = list(&MemoryRequest::new("GET /bucket?list-type=2&delimiter=")).unwrap();
        assert_eq!((input.keys.prefix.as_str(), input.keys.delimiter, input.keys.max_keys), ("", None, 1000));
        assert_eq!((input.continuation_token, input.fetch_owner), (None, false));
    }

    #[test]
    fn refuses_a_token_of_somebody_elses() {
        for token in ["", "abc"] {
            let request =
                MemoryRequest::new("GET /bucket?list-type=2").parameter("continuation-token", token);
            assert_eq!(list(&request).unwrap_err().message(), "The continuation token provided is incorrect");
        }
    }
}
