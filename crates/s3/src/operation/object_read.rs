//! What GetObject and HeadObject have in common, which is everything but the body.

use super::request::SignedRequest;
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
        let text = |name| request.header_text(name);
        let date = |name| text(name).and_then(|value| http_date::parse(&value));
        Ok(Self {
            bucket,
            key,
            range: request.header("range").and_then(|value| ByteRange::parse(&value)),
            if_range: text("if-range").map(|value| IfRange::parse(&value)),
            conditions: ReadConditions {
                if_match: text("if-match").map(|value| Tags::parse(&value)),
                if_none_match: text("if-none-match").map(|value| Tags::parse(&value)),
                if_modified_since: date("if-modified-since"),
                if_unmodified_since: date("if-unmodified-since"),
            },
            response_headers: ResponseHeaders::from_query(request.query())?,
            with_checksums: text("x-amz-checksum-mode")
                .is_some_and(|mode| mode.eq_ignore_ascii_case("ENABLED")),
        })
    }
}
