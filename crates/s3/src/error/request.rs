//! Refusals of what the request asks for.

use std::borrow::Cow;

use super::{ErrorCode, S3Error};
use crate::limits;

impl S3Error {
    /// An argument that is out of bounds: the message, the argument's name and the value that was sent.
    pub fn invalid_argument(message: impl Into<Cow<'static, str>>, name: &str, value: &str) -> Self {
        Self::with_message(ErrorCode::InvalidArgument, message)
            .field("ArgumentName", name)
            .field("ArgumentValue", value)
    }

    /// A request that contradicts itself or the protocol.
    pub fn invalid_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::with_message(ErrorCode::InvalidRequest, message)
    }

    /// A path that is not UTF-8 once its escapes are decoded, or has broken escapes.
    pub fn invalid_uri() -> Self {
        Self::new(ErrorCode::InvalidURI)
    }

    /// A name that no bucket may have.
    pub fn invalid_bucket_name(name: &str) -> Self {
        Self::new(ErrorCode::InvalidBucketName).field("BucketName", name)
    }

    /// A key of `size` bytes, which is more than a key may have.
    pub fn key_too_long(size: usize) -> Self {
        Self::new(ErrorCode::KeyTooLongError)
            .field("Size", size.to_string())
            .field("MaxSizeAllowed", limits::KEY_BYTES.to_string())
    }

    /// User metadata of `size` bytes, which is more than an object may carry.
    pub fn metadata_too_large(size: usize) -> Self {
        Self::new(ErrorCode::MetadataTooLarge)
            .field("Size", size.to_string())
            .field("MaxSizeAllowed", limits::USER_METADATA_BYTES.to_string())
    }

    /// Request headers, or a request target, past their limit.
    pub fn request_header_section_too_large(max_size_allowed: usize) -> Self {
        Self::new(ErrorCode::RequestHeaderSectionTooLarge)
            .field("MaxSizeAllowed", max_size_allowed.to_string())
    }

    /// A body past what the operation reads, such as an XML document of more than 1 MiB.
    pub fn message_too_long(max_message_length_bytes: usize) -> Self {
        Self::new(ErrorCode::MaxMessageLengthExceeded)
            .field("MaxMessageLengthBytes", max_message_length_bytes.to_string())
    }

    /// An upload past the size that is allowed.
    pub fn entity_too_large(proposed_size: u64, max_size_allowed: u64) -> Self {
        Self::new(ErrorCode::EntityTooLarge)
            .field("ProposedSize", proposed_size.to_string())
            .field("MaxSizeAllowed", max_size_allowed.to_string())
    }

    /// An upload that the disk of the store takes in no one file, or its limit on the sizes of files. How large one may be is not
    /// told.
    pub fn entity_too_large_for_the_disk() -> Self {
        Self::new(ErrorCode::EntityTooLarge)
    }

    /// An upload below the size that is asked for.
    pub fn entity_too_small(proposed_size: u64, min_size_allowed: u64) -> Self {
        Self::new(ErrorCode::EntityTooSmall)
            .field("ProposedSize", proposed_size.to_string())
            .field("MinSizeAllowed", min_size_allowed.to_string())
    }

    /// An upload that does not say how long it is.
    pub fn missing_content_length() -> Self {
        Self::new(ErrorCode::MissingContentLength)
    }

    /// A body that ended before the length it had announced.
    pub fn incomplete_body() -> Self {
        Self::new(ErrorCode::IncompleteBody)
    }

    /// A body that stood still for too long.
    pub fn request_timeout() -> Self {
        Self::new(ErrorCode::RequestTimeout)
    }

    /// A bucket that does not exist.
    pub fn no_such_bucket(bucket: &str) -> Self {
        Self::new(ErrorCode::NoSuchBucket).field("BucketName", bucket)
    }

    /// An object that does not exist.
    pub fn no_such_key(key: &str) -> Self {
        Self::new(ErrorCode::NoSuchKey).field("Key", key)
    }

    /// A version of an object that does not exist.
    pub fn no_such_version(key: &str, version_id: &str) -> Self {
        Self::new(ErrorCode::NoSuchVersion).field("Key", key).field("VersionId", version_id)
    }

    /// A bucket that the caller already has.
    pub fn bucket_already_owned_by_you(bucket: &str) -> Self {
        Self::new(ErrorCode::BucketAlreadyOwnedByYou).field("BucketName", bucket)
    }

    /// A bucket that cannot be deleted because objects are in it.
    pub fn bucket_not_empty(bucket: &str) -> Self {
        Self::new(ErrorCode::BucketNotEmpty).field("BucketName", bucket)
    }

    /// `CreateBucket` for another region than the server's.
    pub fn illegal_location_constraint(asked_for: &str) -> Self {
        Self::with_message(
            ErrorCode::IllegalLocationConstraintException,
            format!(
                "The {asked_for} location constraint is incompatible for the region specific endpoint this request was \
                 sent to."
            ),
        )
    }

    /// A range that no byte of the object lies in. `range_requested` is the `Range` header.
    pub fn invalid_range(range_requested: &str, actual_object_size: u64) -> Self {
        Self::new(ErrorCode::InvalidRange)
            .field("RangeRequested", range_requested)
            .field("ActualObjectSize", actual_object_size.to_string())
            .header("content-range", format!("bytes */{actual_object_size}"))
    }

    /// A precondition that does not hold. `condition` is the header's name: `If-Match`, `If-None-Match`, ….
    pub fn precondition_failed(condition: &str) -> Self {
        Self::new(ErrorCode::PreconditionFailed).field("Condition", condition)
    }

    /// A `Content-MD5` that is not 16 bytes of base64.
    pub fn invalid_digest(content_md5: &str) -> Self {
        Self::new(ErrorCode::InvalidDigest).field("Content-MD5", content_md5)
    }

    /// A body that does not have the MD5 it announced. Both are in base64.
    pub fn bad_content_md5(expected: &str, calculated: &str) -> Self {
        Self::new(ErrorCode::BadDigest)
            .field("ExpectedDigest", expected)
            .field("CalculatedDigest", calculated)
    }

    /// A body that does not have the checksum it announced. `algorithm` in capitals: `CRC32`.
    pub fn bad_checksum(algorithm: &str) -> Self {
        Self::with_message(
            ErrorCode::BadDigest,
            format!("The {algorithm} you specified did not match the calculated checksum."),
        )
    }

    /// A checksum header whose value is not the base64 of that many bytes. `header` is lower-case:
    /// `x-amz-checksum-crc32`.
    pub fn invalid_checksum(header: &str) -> Self {
        Self::invalid_request(format!("Value for {header} header is invalid."))
    }

    /// A body that does not have the SHA-256 of the signed `x-amz-content-sha256`. Both are in hexadecimal.
    pub fn content_sha256_mismatch(client_computed: &str, server_computed: &str) -> Self {
        Self::new(ErrorCode::XAmzContentSHA256Mismatch)
            .field("ClientComputedContentSHA256", client_computed)
            .field("S3ComputedContentSHA256", server_computed)
    }

    /// A header, or a value of it, that asks for something this server does not do. `header` as S3 writes it:
    /// `If-None-Match`, `x-amz-copy-source`.
    pub fn header_not_implemented(header: &str, why: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotImplemented).field("Header", header).field("additionalMessage", why)
    }

    /// An operation that this server does not have. `operation` is its name in the S3 API.
    pub fn operation_not_implemented(operation: &str) -> Self {
        Self::new(ErrorCode::NotImplemented)
            .field("additionalMessage", format!("{operation} is not implemented by this server"))
    }

    /// A method that means nothing for the resource. `resource_type` is `SERVICE`, `BUCKET` or `OBJECT`, or
    /// the sub-resource; `allowed` are the methods that are, `, ` between.
    pub fn method_not_allowed(method: &str, resource_type: &str, allowed: &str) -> Self {
        Self::new(ErrorCode::MethodNotAllowed)
            .field("Method", method)
            .field("ResourceType", resource_type)
            .header("allow", allowed)
    }

    /// A body that is not the XML it should be.
    pub fn malformed_xml() -> Self {
        Self::new(ErrorCode::MalformedXML)
    }

    /// A fault of the server's own, which the log explains and the client does not see.
    pub fn internal() -> Self {
        Self::new(ErrorCode::InternalError)
    }

    /// An upload that the store has no room for.
    pub fn insufficient_storage() -> Self {
        Self::new(ErrorCode::InsufficientStorage)
    }

    /// A server that takes no requests at the moment.
    pub fn service_unavailable() -> Self {
        Self::new(ErrorCode::ServiceUnavailable).header("retry-after", "1")
    }

    /// More requests at the same time than one signer, link or client is allowed.
    pub fn slow_down() -> Self {
        Self::new(ErrorCode::SlowDown).header("retry-after", "1")
    }
}
