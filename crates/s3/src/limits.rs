//! How large each part of a request may be. Past a limit the answer is the S3 error that says so, in constant
//! memory.

/// Bytes of the request target (path and query).
pub const URL_BYTES: usize = 16 * 1024;
/// Bytes of all request headers, names and values together.
pub const HEADER_BYTES: usize = 16 * 1024;
/// Number of request header fields.
pub const HEADER_FIELDS: usize = 100;
/// Bytes of the message, or of one field, of an error's body: each name that S3 has fits.
pub const ERROR_FIELD_BYTES: usize = KEY_BYTES;
/// Query parameters of a request.
pub const QUERY_PARAMETERS: usize = presign::MAX_PARAMETERS;
/// Bytes of the canonical request and of the string to sign in an error's body, each of which stands there once more as
/// the numbers of its bytes.
pub const ERROR_SIGNED_TEXT_BYTES: usize = 4 * 1024;
/// Bytes of user metadata, names (without `x-amz-meta-`) and values together.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>
pub const USER_METADATA_BYTES: usize = 2 * 1024;
/// Bytes of an object key in UTF-8.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
pub const KEY_BYTES: usize = 1024;
/// Bytes of an XML request body.
pub const XML_BODY_BYTES: usize = 1024 * 1024;
/// Depth of nesting in an XML request body; the root element is at depth 1.
pub const XML_DEPTH: usize = 16;
/// Bytes of one uploaded object: 5 GiB.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html>
pub const SINGLE_PUT_BYTES: u64 = 5 * 1024 * 1024 * 1024;
/// Keys and common prefixes on one page of a listing.
pub const LIST_KEYS: u32 = 1000;
/// Buckets on one page of ListBuckets.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>
pub const LIST_BUCKETS: u32 = 10_000;
