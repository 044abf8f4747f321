//! PutObject.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

use super::request::SignedRequest;
use crate::{
    BucketName, ErrorCode, ObjectKey, S3Error,
    checksum::{ChecksumAlgorithm, ExpectedChecksum},
    condition::WriteCondition,
    content_md5::ContentMd5,
    limits,
    metadata::{ContentHeaders, USER_METADATA_PREFIX, UserMetadata},
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
        let text = |name: &str| request.header(name);
        let (checksum, trailing_checksum) = checksum(request)?;
        Ok(Self {
            bucket,
            key,
            content_length: content_length(request)?,
            content_md5: text("content-md5").map(|value| ContentMd5::parse(&value)).transpose()?,
            checksum,
            trailing_checksum,
            headers: ContentHeaders::read(|name| request.header(name))?,
            user_metadata: user_metadata(request)?,
            storage_class: storage_class(text("x-amz-storage-class").as_deref())?,
            condition: WriteCondition::for_put(
                text("if-match").as_deref(),
                text("if-none-match").as_deref(),
            )?,
        })
    }
}

fn content_length(request: &impl SignedRequest) -> Result<Option<u64>, S3Error> {
    let decoded = request.header("x-amz-decoded-content-length");
    let Some(value) = decoded.or_else(|| request.header("content-length")) else { return Ok(None) };
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

/// The checksum that was sent ahead, or the algorithm of the one that follows.
fn checksum(
    request: &impl SignedRequest,
) -> Result<(Option<ExpectedChecksum>, Option<ChecksumAlgorithm>), S3Error> {
    let mut expected = None;
    let mut count = 0;
    for algorithm in ChecksumAlgorithm::ALL {
        if let Some(value) = request.header(algorithm.header()) {
            expected = Some(ExpectedChecksum::parse(algorithm, &value)?);
            count += 1;
        }
    }
    let trailing = request
        .header("x-amz-trailer")
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
    UserMetadata::collect(request.amz_header_names().filter_map(|header| {
        let name = header.strip_prefix(USER_METADATA_PREFIX).filter(|name| !name.is_empty())?;
        Some((name.to_owned(), request.header(&header)?.into_owned()))
    }))
}

fn storage_class(class: Option<&str>) -> Result<Option<String>, S3Error> {
    match class {
        Some(class) if !STORAGE_CLASSES.contains(&class) => {
            Err(S3Error::new(ErrorCode::InvalidStorageClass).field("StorageClassRequested", class))
        }
        class => Ok(class.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ETag, operation::Operation, operation::memory_request::MemoryRequest};

    fn request() -> MemoryRequest {
        MemoryRequest::new("PUT /bucket/key")
    }

    fn put(request: &MemoryRequest) -> Result<PutObject, S3Error> {
        match request.read()? {
            Operation::PutObject(input) => Ok(input),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn takes_everything_that_is_kept() {
        let input = put(&request()
            .header("content-length", "11")
            .header("content-type", "text/plain")
            .header("content-encoding", "aws-chunked, gzip")
            .header("content-disposition", "attachment; filename=\"é\"")
            .header("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")
            .header("x-amz-checksum-crc32", "AAAAAA==")
            .header("x-amz-meta-b", " two ")
            .header("x-amz-meta-a", "é")
            .header("x-amz-storage-class", "STANDARD_IA"))
        .unwrap();
        assert_eq!(input.content_length, Some(11));
        assert_eq!(input.headers.content_type.as_deref(), Some("text/plain"));
        assert_eq!(input.headers.content_encoding.as_deref(), Some("gzip"));
        assert_eq!(input.headers.content_disposition.as_deref(), Some("attachment; filename=\"é\""));
        assert!(input.content_md5.is_some());
        assert_eq!(input.checksum.unwrap().algorithm(), ChecksumAlgorithm::Crc32);
        assert_eq!(
            input.user_metadata.entries(),
            [("a".to_owned(), "é".to_owned()), ("b".to_owned(), "two".to_owned())]
        );
        assert_eq!(input.storage_class.as_deref(), Some("STANDARD_IA"));
        assert_eq!(input.condition, WriteCondition::Always);
    }

    #[test]
    fn metadata_and_storage_class_in_the_signed_query_take_effect() {
        let request =
            request().parameter("x-amz-meta-color", "blue").parameter("x-amz-storage-class", "GLACIER");
        let input = put(&request).unwrap();
        assert_eq!(input.user_metadata.entries(), [("color".to_owned(), "blue".to_owned())]);
        assert_eq!(input.storage_class.as_deref(), Some("GLACIER"));
    }

    #[test]
    fn a_signed_query_cannot_bring_what_no_header_can_carry() {
        for (name, value) in [
            ("Content-Disposition", "attachment\r\nset-cookie: a=b"),
            ("Content-Type", "text/plain\0"),
            ("x-amz-meta-a b", "c"),
            ("x-amz-meta-a\r\nb", "c"),
            ("x-amz-meta-é", "c"),
        ] {
            let refusal = put(&request().parameter(name, value)).unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::InvalidArgument, "{name}: {value}");
        }
        let request = request().parameter("Content-Disposition", "attachment; filename=\"日\"");
        assert!(put(&request.parameter("x-amz-meta-a_b", "c\nd")).is_ok());
    }

    #[test]
    fn a_checksum_in_the_query_is_not_the_bodys() {
        let request = request().parameter("x-amz-checksum-crc32", "AAAAAA==");
        assert_eq!(put(&request).unwrap().checksum, None);
    }

    #[test]
    fn a_url_can_allow_one_creation() {
        assert_eq!(
            put(&request().parameter("If-None-Match", "*")).unwrap().condition,
            WriteCondition::Absent
        );
        let input = put(&request().header("if-match", "\"abc\"")).unwrap();
        assert_eq!(input.condition, WriteCondition::Matches(ETag::new("abc")));
        assert_eq!(
            put(&request().header("if-none-match", "abc")).unwrap_err().code(),
            ErrorCode::NotImplemented
        );
    }

    #[test]
    fn one_put_is_at_most_5_gib() {
        let of_length = |length: &str| put(&request().header("content-length", length));
        assert_eq!(of_length("5368709120").unwrap().content_length, Some(5_368_709_120));
        let refusal = of_length("5368709121").unwrap_err();
        assert_eq!(refusal.code(), ErrorCode::EntityTooLarge);
        assert_eq!(
            refusal.fields(),
            [("ProposedSize", "5368709121".to_owned()), ("MaxSizeAllowed", "5368709120".to_owned())]
        );
        for length in ["", "+1", "-1", "a", "99999999999999999999999"] {
            assert_eq!(of_length(length).unwrap_err().code(), ErrorCode::InvalidArgument, "{length}");
        }
    }

    #[test]
    fn the_length_is_the_objects_and_not_that_of_its_chunks() {
        let request = request().header("content-length", "400").header("x-amz-decoded-content-length", "100");
        assert_eq!(put(&request).unwrap().content_length, Some(100));
    }

    #[test]
    fn one_checksum_at_most() {
        let trailing = request().header("x-amz-trailer", "x-amz-checksum-crc64nvme");
        assert_eq!(put(&trailing).unwrap().trailing_checksum, Some(ChecksumAlgorithm::Crc64Nvme));
        let two = trailing.header("x-amz-checksum-crc32", "AAAAAA==");
        assert_eq!(put(&two).unwrap_err().code(), ErrorCode::InvalidRequest);
        let unknown = request().header("x-amz-trailer", "x-amz-checksum-unheard-of");
        assert_eq!(put(&unknown).unwrap_err().code(), ErrorCode::InvalidRequest);
    }

    #[test]
    fn a_broken_digest_is_refused_before_the_body() {
        let refused = |header, value: &str| put(&request().header(header, value)).unwrap_err().code();
        assert_eq!(refused("content-md5", "abc"), ErrorCode::InvalidDigest);
        assert_eq!(refused("x-amz-checksum-sha256", "AAAAAA=="), ErrorCode::InvalidRequest);
        assert_eq!(refused("x-amz-storage-class", "CUPBOARD"), ErrorCode::InvalidStorageClass);
    }

    #[test]
    fn metadata_ends_at_2_kib() {
        let of_size =
            |size: usize| put(&request().header("x-amz-meta-name", "v".repeat(size - "name".len())));
        assert_eq!(of_size(2048).unwrap().user_metadata.entries().len(), 1);
        let refusal = of_size(2049).unwrap_err();
        assert_eq!(refusal.code(), ErrorCode::MetadataTooLarge);
        assert_eq!(refusal.fields(), [("Size", "2049".to_owned()), ("MaxSizeAllowed", "2048".to_owned())]);
    }
}
