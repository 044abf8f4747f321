//! What GetObject and HeadObject have in common, which is everything but the body.

use super::{request::SignedRequest, version};
use crate::{
    BucketName, ObjectKey, S3Error,
    condition::{IfRange, ReadConditions, Tags},
    http_date,
    range::ByteRange,
    response_headers::ResponseHeaders,
};

/// Which object is read, how much of it, under which conditions, and with which headers it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRead {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: ObjectKey,
    /// The bytes asked for; `None` for all of them.
    pub range: Option<ByteRange>,
    /// Unless this holds, the range is ignored.
    pub if_range: Option<IfRange>,
    /// The conditions to weigh before anything is served.
    pub conditions: ReadConditions,
    /// Headers that the signer set in place of the stored ones.
    pub response_headers: ResponseHeaders,
    /// Whether the answer carries the object's checksums (`x-amz-checksum-mode: ENABLED`).
    pub with_checksums: bool,
}

impl ObjectRead {
    pub(super) fn read(
        bucket: BucketName,
        key: ObjectKey,
        request: &impl SignedRequest,
    ) -> Result<Self, S3Error> {
        version::require_current(&key, request)?;
        let text = |name| request.header(name);
        let date = |name| text(name).and_then(|value| http_date::parse(&value));
        Ok(Self {
            bucket,
            key,
            range: text("range").and_then(|value| ByteRange::parse(&value)),
            if_range: text("if-range").map(|value| IfRange::parse(&value)),
            conditions: ReadConditions {
                if_match: text("if-match").map(|value| Tags::parse(&value)),
                if_none_match: text("if-none-match").map(|value| Tags::parse(&value)),
                if_modified_since: date("if-modified-since"),
                if_unmodified_since: date("if-unmodified-since"),
            },
            response_headers: ResponseHeaders::from_query(request.parameters())?,
            // A URL carries this one in its query, where it does take effect.
            with_checksums: text("x-amz-checksum-mode")
                .as_deref()
                .or_else(|| request.parameter("x-amz-checksum-mode"))
                .is_some_and(|mode| mode.eq_ignore_ascii_case("ENABLED")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ETag, operation::Operation, operation::memory_request::MemoryRequest};

    fn read(request: &MemoryRequest) -> ObjectRead {
        match request.read().unwrap() {
            Operation::GetObject(input) => input.read,
            Operation::HeadObject(input) => input.read,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn takes_range_conditions_and_overrides() {
        for line in ["GET /bucket/key", "HEAD /bucket/key"] {
            let input = read(
                &MemoryRequest::new(line)
                    .header("range", "bytes=1-2")
                    .header("if-range", "\"r\"")
                    .header("if-match", "\"a\", b")
                    .header("if-none-match", "*")
                    .header("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")
                    .header("if-unmodified-since", "never")
                    .header("x-amz-checksum-mode", "ENABLED")
                    .parameter("response-content-type", "text/plain"),
            );
            assert_eq!(input.range, Some(ByteRange::Between { first: 1, last: 2 }));
            assert_eq!(input.if_range, Some(IfRange::Tag(ETag::new("r"))));
            assert_eq!(input.conditions.if_match, Some(Tags::List(vec![ETag::new("a"), ETag::new("b")])));
            assert_eq!(input.conditions.if_none_match, Some(Tags::Any));
            assert_eq!(input.conditions.if_modified_since.unwrap().as_second(), 784_111_777);
            assert_eq!(input.conditions.if_unmodified_since, None);
            assert!(input.with_checksums);
            let in_url = MemoryRequest::new(line).parameter("x-amz-checksum-mode", "ENABLED");
            assert!(read(&in_url).with_checksums);
            assert_eq!(input.response_headers.get("content-type"), Some(&b"text/plain"[..]));
        }
    }

    #[test]
    fn asks_for_nothing_by_itself() {
        let input = read(&MemoryRequest::new("GET /bucket/key"));
        assert_eq!((input.range, input.if_range), (None, None));
        assert_eq!(input.conditions, ReadConditions::default());
        assert!(input.response_headers.is_empty() && !input.with_checksums);
    }

    #[test]
    fn an_override_that_cannot_be_sent_is_refused() {
        let request = MemoryRequest::new("GET /bucket/key").parameter("response-content-type", "a\r\nb: c");
        assert_eq!(request.read().unwrap_err().status(), 400);
    }
}
