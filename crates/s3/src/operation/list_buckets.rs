//! ListBuckets.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>

use super::{listing, request::SignedRequest};
use crate::{S3Error, continuation::ContinuationToken, limits};

/// The input of ListBuckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListBuckets {
    /// Only buckets whose names begin with this; empty for all.
    pub prefix: Option<String>,
    /// Only buckets of this region.
    pub bucket_region: Option<String>,
    /// The most buckets on the page, 1 to 10,000. S3 gives no more at once to those who do not ask for pages either.
    pub max_buckets: u32,
    /// Where the page starts.
    pub continuation_token: Option<ContinuationToken>,
}

impl ListBuckets {
    pub(super) fn read(request: &impl SignedRequest) -> Result<Self, S3Error> {
        Ok(Self {
            prefix: listing::text(request, "prefix"),
            bucket_region: listing::text(request, "bucket-region"),
            max_buckets: max_buckets(request)?,
            continuation_token: listing::text(request, "continuation-token")
                .map(|token| ContinuationToken::parse(&token))
                .transpose()?,
        })
    }
}

fn max_buckets(request: &impl SignedRequest) -> Result<u32, S3Error> {
    let Some(value) = listing::text(request, "max-buckets") else { return Ok(limits::LIST_BUCKETS) };
    match value.parse() {
        Ok(count) if (1..=limits::LIST_BUCKETS).contains(&count) => Ok(count),
        _ => Err(S3Error::invalid_argument(
            format!("Argument max-buckets must be an integer between 1 and {}", limits::LIST_BUCKETS),
            "max-buckets",
            &value,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{Operation, memory_request::MemoryRequest};

    fn list(request: &MemoryRequest) -> Result<ListBuckets, S3Error> {
        match request.read()? {
            Operation::ListBuckets(input) => Ok(input),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn takes_every_parameter() {
        let token = ContinuationToken::new("photos");
        let request = MemoryRequest::new("GET /?prefix=p&bucket-region=eu-west-1&max-buckets=10000")
            .parameter("continuation-token", &token.to_string());
        assert_eq!(
            list(&request).unwrap(),
            ListBuckets {
                prefix: Some("p".to_owned()),
                bucket_region: Some("eu-west-1".to_owned()),
                max_buckets: 10_000,
                continuation_token: Some(token),
            }
        );
    }

    #[test]
    fn a_page_has_1_to_10000_buckets() {
        for value in ["0", "10001", "-1", "all"] {
            let refusal = list(&MemoryRequest::new("GET /").parameter("max-buckets", value)).unwrap_err();
            assert_eq!(refusal.fields()[0].1, "max-buckets", "{value}");
        }
        assert_eq!(list(&MemoryRequest::new("GET /?max-buckets=1")).unwrap().max_buckets, 1);
        assert_eq!(list(&MemoryRequest::new("GET /")).unwrap().max_buckets, 10_000);
    }
}
