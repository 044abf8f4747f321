//! PutObject.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

use super::request::SignedRequest;
use crate::{
    BucketName, ErrorCode, ObjectKey, S3Error,
    checksum::{ChecksumAlgorithm, ExpectedChecksum},
    condition::WriteCondition,
    content_md5::ContentMd5,
    limits,
    metadata::{ContentHeaders, USER_METADATA_PREFIX, UserMetadata, header_text},
};

/// The input of PutObject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutObject {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: ObjectKey,
    /// Bytes of the object, if the request says: `x-amz-decoded-content-length` where the body travels in
    /// AWS's chunks, `Content-Length` otherwise. Never past 5 GiB.
    pub content_length: Option<u64>,
    /// The MD5 that the body must have.
    pub content_md5: Option<ContentMd5>,
    /// The checksum that the body must have.
    pub checksum: Option<ExpectedChecksum>,
    /// The algorithm of the checksum that follows the body as a trailer.
    pub trailing_checksum: Option<ChecksumAlgorithm>,
    /// The headers to keep with the object.
    pub headers: ContentHeaders,
    /// The user's own metadata to keep with the object.
    pub user_metadata: UserMetadata,
    /// The storage class, if the request names one. It is kept and shown; all classes are stored alike.
    pub storage_class: Option<String>,
    /// What must hold for the object to be written.
    pub condition: WriteCondition,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html#API_PutObject_RequestSyntax>
const STORAGE_CLASSES: [&str; 8] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
];

impl PutObject {
    pub(super) fn read(
        bucket: BucketName,
        key: ObjectKey,
        request: &impl SignedRequest,
    ) -> Result<Self, S3Error> {
        let text = |name: &str| request.header_text(name);
        let (checksum, trailing_checksum) = checksum(request)?;
        Ok(Self {
            bucket,
            key,
            content_length: content_length(request)?,
            content_md5: request.header("content-md5").map(|value| ContentMd5::parse(&value)).transpose()?,
            checksum,
            trailing_checksum,
            headers: ContentHeaders::read(text),
            user_metadata: user_metadata(request)?,
            storage_class: storage_class(text("x-amz-storage-class"))?,
            condition: WriteCondition::for_put(
                text("if-match").as_deref(),
                text("if-none-match").as_deref(),
            )?,
        })
    }
}

fn content_length(request: &impl SignedRequest) -> Result<Option<u64>, S3Error> {
    let decoded = request.header_text("x-amz-decoded-content-length");
    let Some(value) = decoded.or_else(|| request.header_text("content-length")) else { return Ok(None) };
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let length: u64 = value.parse().ok().filter(|_| digits).ok_or_else(|| {
        S3Error::invalid_argument(
            "The length of the body must be a number of bytes",
            "Content-Length",
            &value,
        )
    })?;
    if length > limits::SINGLE_PUT_BYTES {
        return Err(S3Error::entity_too_large(length, limits::SINGLE_PUT_BYTES));
    }
    Ok(Some(length))
}

/// The checksum that was sent ahead, or the algorithm of the one that follows. A value in the query and not
/// in a header is ignored: SDKs bake the checksum of nothing into a URL that is signed before there is a
/// body.
fn checksum(
    request: &impl SignedRequest,
) -> Result<(Option<ExpectedChecksum>, Option<ChecksumAlgorithm>), S3Error> {
    let mut expected = None;
    let mut count = 0;
    for algorithm in ChecksumAlgorithm::ALL {
        if let Some(value) = request.sent_header(algorithm.header()) {
            expected = Some(ExpectedChecksum::parse(algorithm, header_text(&value).as_bytes())?);
            count += 1;
        }
    }
    let trailing = request
        .header_text("x-amz-trailer")
        .map(|name| {
            ChecksumAlgorithm::from_header(&name.to_ascii_lowercase()).ok_or_else(|| {
                S3Error::invalid_request("The value specified in the x-amz-trailer header is not supported")
            })
        })
        .transpose()?;
    if count + usize::from(trailing.is_some()) > 1 {
        return Err(S3Error::invalid_request(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        ));
    }
    Ok((expected, trailing))
}

fn user_metadata(request: &impl SignedRequest) -> Result<UserMetadata, S3Error> {
    UserMetadata::collect(request.amz_headers().filter_map(|(name, value)| {
        let name = name.strip_prefix(USER_METADATA_PREFIX).filter(|name| !name.is_empty())?;
        Some((name.to_owned(), header_text(&value)))
    }))
}

fn storage_class(class: Option<String>) -> Result<Option<String>, S3Error> {
    match class {
        Some(class) if !STORAGE_CLASSES.contains(&class.as_str()) => {
            Err(S3Error::new(ErrorCode::InvalidStorageClass).field("StorageClassRequested", class))
        }
        class => Ok(class),
    }
}
