//! What the answers to GetObject and HeadObject have in common: conditions, range, headers.

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH,
    CONTENT_RANGE, CONTENT_TYPE, ETAG, EXPIRES, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED,
};
use presign_s3::condition::{Validators, Verdict};
use presign_s3::metadata::{DEFAULT_CONTENT_TYPE, USER_METADATA_PREFIX, encode_value};
use presign_s3::operation::ObjectRead;
use presign_s3::range::ContentRange;
use presign_s3::{ETag, S3Error, http_date};
use presign_store::{ChecksumKind, Object};

use super::body_digests::{crc64nvme_base64, stored_header};
use super::place::calendar;

/// What is to be answered about an object.
pub(super) struct ObjectAnswer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The bytes of the body, first included and last excluded; `None` where there is no body at all.
    pub(super) bytes: Option<std::ops::Range<u64>>,
}

/// Weighs conditions and range against the object.
///
/// # Errors
/// 412 `PreconditionFailed`, 416 `InvalidRange`.
pub(super) fn decide(read: &ObjectRead, object: &Object) -> Result<ObjectAnswer, S3Error> {
    let etag = ETag::new(&object.etag);
    let validators = Validators { etag: &etag, last_modified: calendar(object.modified) };
    if read.conditions.evaluate(validators)? == Verdict::NotModified {
        let mut headers = HeaderMap::new();
        put_validators(&mut headers, object);
        return Ok(ObjectAnswer { status: StatusCode::NOT_MODIFIED, headers, bytes: None });
    }
    let may_be_partial = read.if_range.as_ref().is_none_or(|condition| condition.holds(validators));
    let range = read.range.filter(|_| may_be_partial).map(|range| range.resolve(object.size)).transpose()?;
    let mut headers = headers(read, object);
    let (status, bytes) = match range {
        None => {
            if read.with_checksums {
                put_checksum(&mut headers, object);
            }
            (StatusCode::OK, 0..object.size)
        }
        Some(range) => {
            put_range(&mut headers, range);
            (StatusCode::PARTIAL_CONTENT, range.first..range.last + 1)
        }
    };
    headers.insert(CONTENT_LENGTH, (bytes.end - bytes.start).into());
    Ok(ObjectAnswer { status, headers, bytes: Some(bytes) })
}

fn put_validators(headers: &mut HeaderMap, object: &Object) {
    put_owned(headers, LAST_MODIFIED, http_date::format(calendar(object.modified)));
    put_owned(headers, ETAG, ["\"", &object.etag, "\""].concat());
}

fn put_range(headers: &mut HeaderMap, range: ContentRange) {
    put(headers, CONTENT_RANGE, range.to_string());
}

/// The headers about the whole object; those of the signer take the place of the stored ones.
fn headers(read: &ObjectRead, object: &Object) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(16);
    put_validators(&mut headers, object);
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let stored = &object.headers;
    put(&mut headers, CONTENT_TYPE, stored.content_type.as_deref().unwrap_or(DEFAULT_CONTENT_TYPE));
    for (name, value) in [
        (CACHE_CONTROL, &stored.cache_control),
        (CONTENT_DISPOSITION, &stored.content_disposition),
        (CONTENT_ENCODING, &stored.content_encoding),
        (CONTENT_LANGUAGE, &stored.content_language),
        (EXPIRES, &stored.expires),
    ] {
        if let Some(value) = value {
            put(&mut headers, name, value);
        }
    }
    for (name, value) in read.response_headers.iter() {
        put(&mut headers, HeaderName::from_static(name), value);
    }
    for (name, value) in &object.user_metadata {
        if let Ok(name) = HeaderName::try_from(format!("{USER_METADATA_PREFIX}{name}")) {
            put(&mut headers, name, encode_value(value));
        }
    }
    if let Some(class) = object.storage_class.as_deref().filter(|class| *class != "STANDARD") {
        put(&mut headers, HeaderName::from_static("x-amz-storage-class"), class);
    }
    headers
}

/// The checksum that the client gave, or the one that is kept of every object.
pub(super) fn put_checksum(headers: &mut HeaderMap, object: &Object) {
    let (name, value, kind) = match &object.checksum {
        Some(checksum) => (stored_header(checksum.algorithm), checksum.value.clone(), checksum.kind),
        None => ("x-amz-checksum-crc64nvme", crc64nvme_base64(object.crc64nvme), ChecksumKind::FullObject),
    };
    put(headers, HeaderName::from_static(name), value);
    let kind = match kind {
        ChecksumKind::FullObject => "FULL_OBJECT",
        ChecksumKind::Composite => "COMPOSITE",
    };
    headers.insert("x-amz-checksum-type", HeaderValue::from_static(kind));
}

/// As [`put`], of a text that is not needed any more and need not be copied.
fn put_owned(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(value)) {
        headers.insert(name, value);
    }
}

/// Sets a header. What no header can carry, such as a line end in a stored value, is left out rather than let through.
pub(super) fn put(headers: &mut HeaderMap, name: HeaderName, value: impl AsRef<[u8]>) {
    if let Ok(value) = HeaderValue::from_bytes(value.as_ref()) {
        headers.insert(name, value);
    }
}
