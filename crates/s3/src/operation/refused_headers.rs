//! Headers that ask for something this server does not do.
//!
//! S3 ignores headers it does not know. Those below it knows, and leaving one out would give the client less
//! than it asked for without a word: an object that is not encrypted, not locked, not private, or a copy that
//! is an empty upload.

use super::request::SignedRequest;
use crate::{ErrorCode, S3Error, checksum::ChecksumAlgorithm};

/// Refuses the request if one of its headers asks for what this server does not do.
pub(super) fn check(request: &impl SignedRequest) -> Result<(), S3Error> {
    for name in request.amz_header_names() {
        let name = name.as_ref();
        let value = || request.header(name).unwrap_or_default();
        match name {
            // With ACLs disabled, which is how S3 makes buckets, these two change nothing.
            // <https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html>
            "x-amz-acl" if matches!(value().as_ref(), "private" | "bucket-owner-full-control") => {}
            "x-amz-acl" => return Err(S3Error::new(ErrorCode::AccessControlListNotSupported)),
            _ if name.starts_with("x-amz-grant-") => {
                return Err(S3Error::new(ErrorCode::AccessControlListNotSupported));
            }
            "x-amz-bucket-object-lock-enabled" if value().eq_ignore_ascii_case("false") => {}
            "x-amz-object-ownership" if value() == "BucketOwnerEnforced" => {}
            "x-amz-bypass-governance-retention" => {
                return Err(S3Error::invalid_argument(
                    "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
                    name,
                    &value(),
                ));
            }
            "x-amz-copy-source" => return Err(refusal(name, "CopyObject is not implemented by this server")),
            _ if asks_for_more(name) => {
                return Err(refusal(name, "this server does not do what the header asks for; leave it out"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn asks_for_more(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "x-amz-bucket-namespace",
        "x-amz-bucket-object-lock-enabled",
        "x-amz-expected-bucket-owner",
        "x-amz-mfa",
        "x-amz-object-ownership",
        "x-amz-tagging",
        "x-amz-tagging-directive",
        "x-amz-website-redirect-location",
        "x-amz-write-offset-bytes",
    ];
    const PREFIXES: [&str; 6] = [
        "x-amz-copy-source-",
        "x-amz-if-match-",
        "x-amz-object-lock-",
        "x-amz-rename-source",
        "x-amz-server-side-encryption",
        "x-amz-source-expected-",
    ];
    NAMES.contains(&name)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || is_unknown_checksum(name)
}

/// A checksum that nobody would check.
fn is_unknown_checksum(name: &str) -> bool {
    name.strip_prefix("x-amz-checksum-").is_some_and(|rest| !matches!(rest, "algorithm" | "mode" | "type"))
        && ChecksumAlgorithm::from_header(name).is_none()
}

fn refusal(header: &str, why: &str) -> S3Error {
    S3Error::header_not_implemented(header, why)
}

#[cfg(test)]
mod tests {
    use crate::{ErrorCode, operation::memory_request::MemoryRequest};

    #[test]
    fn an_upload_is_not_taken_for_less_than_it_asks() {
        for header in [
            "x-amz-copy-source",
            "x-amz-copy-source-if-match",
            "x-amz-tagging",
            "x-amz-server-side-encryption",
            "x-amz-server-side-encryption-customer-key",
            "x-amz-object-lock-mode",
            "x-amz-website-redirect-location",
            "x-amz-write-offset-bytes",
            "x-amz-expected-bucket-owner",
            "x-amz-checksum-xxhash64",
        ] {
            let refusal = MemoryRequest::new("PUT /bucket/key").header(header, "v").read().unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::NotImplemented, "{header}");
            assert_eq!(refusal.fields()[0], ("Header", header.to_owned()));
        }
    }

    #[test]
    fn headers_that_change_nothing_are_let_through() {
        for (header, value) in [
            ("x-amz-acl", "private"),
            ("x-amz-acl", "bucket-owner-full-control"),
            ("x-amz-checksum-algorithm", "CRC32"),
            ("x-amz-sdk-checksum-algorithm", "CRC32"),
            ("x-amz-request-payer", "requester"),
            ("x-amz-date", "20261121T171542Z"),
            ("x-amz-user-agent", "aws-sdk-js"),
        ] {
            let read = MemoryRequest::new("PUT /bucket/key").header(header, value).read();
            assert!(read.is_ok(), "{header}: {value}");
        }
        let lock = MemoryRequest::new("PUT /bucket").header("x-amz-bucket-object-lock-enabled", "False");
        assert!(lock.read().is_ok());
    }

    #[test]
    fn a_header_in_the_query_counts_like_one_that_was_sent() {
        let refusal =
            MemoryRequest::new("PUT /bucket/key?X-Amz-Copy-Source=/other/secret").read().unwrap_err();
        assert_eq!(refusal.fields()[0].1, "x-amz-copy-source");
    }

    #[test]
    fn an_acl_is_refused_as_on_a_bucket_without_acls() {
        for (header, value) in [("x-amz-acl", "public-read"), ("x-amz-grant-read", "uri=everybody")] {
            for line in ["PUT /bucket/key", "PUT /bucket"] {
                let refusal = MemoryRequest::new(line).header(header, value).read().unwrap_err();
                assert_eq!(refusal.code(), ErrorCode::AccessControlListNotSupported);
            }
        }
    }

    #[test]
    fn governance_retention_needs_object_lock() {
        let refusal = MemoryRequest::new("DELETE /bucket/key")
            .header("x-amz-bypass-governance-retention", "true")
            .read()
            .unwrap_err();
        assert_eq!(refusal.code(), ErrorCode::InvalidArgument);
        assert_eq!(
            refusal.message(),
            "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets."
        );
    }
}
