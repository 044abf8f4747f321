//! From a URL to an operation, through the real signer and the real verifier.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::time::Duration;

use presign::{
    BucketUrl, Credentials, Method, PresignRequest, Request, Signer, Timestamp, Unverified, VerificationKey,
    VerifyPolicy,
};
use presign_s3::{
    BaseHosts, BucketName, ErrorCode, ObjectKey, Operation, S3Error, Target, condition::WriteCondition,
    range::ByteRange,
};

const SIGNED_AT: Timestamp = Timestamp::from_unix(1_795_281_342);
const BASE: &str = "files.example.org:9000";

fn credentials() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
}

/// A URL in path style, without its origin.
fn sign(request: PresignRequest<'_>) -> String {
    let bucket = BucketUrl::path_style(&format!("http://{BASE}"), "bucket").unwrap();
    sign_for(&bucket, request)
}

fn sign_for(bucket: &BucketUrl, request: PresignRequest<'_>) -> String {
    let signer = Signer::new(credentials(), "us-east-1").unwrap();
    let request = request.expires_in(Duration::from_secs(60));
    let url = signer.presign(bucket, &request, SIGNED_AT).unwrap().into_string();
    url.strip_prefix(bucket.origin()).unwrap().to_owned()
}

/// What the server does with a request: target, signature, operation.
fn serve(method: &str, host: &str, url: &str, headers: &[(&str, &str)]) -> Result<Operation, S3Error> {
    serve_at(SIGNED_AT, method, host, url, headers)
}

fn serve_at(
    now: Timestamp,
    method: &str,
    host: &str,
    url: &str,
    headers: &[(&str, &str)],
) -> Result<Operation, S3Error> {
    let bases = BaseHosts::new([BASE]);
    let path = url.split('?').next().unwrap();
    let target = Target::parse(host, path.as_bytes(), &bases)?;
    let host_bucket = bases.bucket_in(host);
    let headers: Vec<(&str, &str)> = [("host", host)].into_iter().chain(headers.iter().copied()).collect();
    let mut request = Request::new(method, url, &headers);
    request.host_bucket = host_bucket.as_deref();
    let key = VerificationKey::new(credentials());
    let policy = VerifyPolicy::new("us-east-1");
    let verified = Unverified::parse(request)?.verify(Some(&key), now, &policy)?;
    Operation::from_verified(&verified, &target)
}

fn code(outcome: Result<Operation, S3Error>) -> ErrorCode {
    outcome.unwrap_err().code()
}

#[test]
fn a_download_with_what_its_holder_may_choose() {
    let url = sign(PresignRequest::get("photos/cat.jpg").response_content_type("text/plain"));
    let Operation::GetObject(input) =
        serve("GET", BASE, &url, &[("Range", "bytes=0-9"), ("If-None-Match", "\"a\"")]).unwrap()
    else {
        panic!("not GetObject")
    };
    assert_eq!(input.read.key.as_str(), "photos/cat.jpg");
    assert_eq!(input.read.range, Some(ByteRange::Between { first: 0, last: 9 }));
    assert!(input.read.conditions.if_none_match.is_some());
    assert_eq!(input.read.response_headers.get("content-type"), Some(&b"text/plain"[..]));
}

#[test]
fn hostile_keys_arrive_as_they_were_signed() {
    for key in
        ["/a", "a//b", "./a", "../../a", "a b+c%20", "é~(1).txt", "a?b#c&d=e", "\u{1}\u{7f}", "日本 🎉"]
    {
        for virtual_hosted in [false, true] {
            let endpoint = format!("http://{BASE}");
            let bucket = match virtual_hosted {
                false => BucketUrl::path_style(&endpoint, "bucket").unwrap(),
                true => BucketUrl::virtual_hosted(&endpoint, "bucket").unwrap(),
            };
            let url = sign_for(&bucket, PresignRequest::get(key));
            let operation = serve("GET", bucket.host(), &url, &[]).unwrap();
            assert_eq!(operation.key().map(ObjectKey::as_str), Some(key));
            assert_eq!(operation.bucket().map(BucketName::as_str), Some("bucket"));
        }
    }
}

#[test]
fn a_url_that_allows_one_creation() {
    let url = sign(PresignRequest::put("key").create_only());
    let Operation::PutObject(input) = serve("PUT", BASE, &url, &[]).unwrap() else { panic!("not PutObject") };
    assert_eq!(input.condition, WriteCondition::Absent);
}

#[test]
fn cve_2026_54330_unsigned_copy_source() {
    let url = sign(PresignRequest::put("key"));
    assert!(serve("PUT", BASE, &url, &[]).is_ok());
    let refusal = serve("PUT", BASE, &url, &[("x-amz-copy-source", "/bucket/secret")]).unwrap_err();
    assert_eq!(refusal.code(), ErrorCode::AccessDenied);
    assert_eq!(refusal.fields(), [("HeadersNotSigned", "x-amz-copy-source".to_owned())]);
    // A signed one is not an upload of nothing either.
    let url = sign(PresignRequest::put("key").header("x-amz-copy-source", "/bucket/other"));
    let copy = serve("PUT", BASE, &url, &[("x-amz-copy-source", "/bucket/other")]);
    assert_eq!(code(copy), ErrorCode::NotImplemented);
}

#[test]
fn a_sub_resource_is_signed_and_then_refused_by_name() {
    let url = sign(PresignRequest::object(Method::Delete, "key").query("tagging", ""));
    let refusal = serve("DELETE", BASE, &url, &[]).unwrap_err();
    assert_eq!(refusal.fields()[0].1, "DeleteObjectTagging is not implemented by this server");
    let url = sign(PresignRequest::delete("key"));
    assert!(matches!(serve("DELETE", BASE, &url, &[]), Ok(Operation::DeleteObject(_))));
    let added = format!("{url}&tagging");
    assert_eq!(code(serve("DELETE", BASE, &added, &[])), ErrorCode::SignatureDoesNotMatch);
}

/// SigV2 signs the sub-resources of its own time only; those that came later it neither signs nor may hide.
#[test]
fn a_sub_resource_that_sigv2_does_not_sign_is_never_the_plain_operation() {
    let bucket = BucketUrl::path_style(&format!("http://{BASE}"), "bucket").unwrap();
    let signer = Signer::new(credentials(), "us-east-1").unwrap();
    for (method, added, named) in [
        ("PUT", "retention", "PutObjectRetention"),
        ("PUT", "legal-hold", "PutObjectLegalHold"),
        ("PUT", "encryption=", "UpdateObjectEncryption"),
        ("PUT", "rename%4Fbject", "RenameObject"),
        ("GET", "attributes", "GetObjectAttributes"),
        ("DELETE", "TAGGING", "DeleteObjectTagging"),
        ("DELETE", "x-id=1&retention=1", "DELETE with the unsigned parameter \"retention\""),
        ("DELETE", "unheard-of", "DELETE with the unsigned parameter \"unheard-of\""),
        ("PUT", "If-None-Match=*", "PUT with the unsigned parameter \"If-None-Match\""),
    ] {
        let request =
            PresignRequest::object(method.parse().unwrap(), "key").expires_in(Duration::from_secs(60));
        let url = signer.presign_sigv2(&bucket, &request, SIGNED_AT).unwrap().into_string();
        let url = url.strip_prefix(bucket.origin()).unwrap();
        assert!(serve(method, BASE, url, &[]).is_ok(), "{method}");
        assert!(serve(method, BASE, &format!("{url}&x-id=1&"), &[]).is_ok(), "{method}");
        let refusal = serve(method, BASE, &format!("{url}&{added}"), &[]).unwrap_err();
        assert_eq!(refusal.code(), ErrorCode::NotImplemented, "{method} {added}");
        assert_eq!(refusal.fields()[0].1, format!("{named} is not implemented by this server"));
    }
    // On a download it is not seen, and changes nothing.
    let request = PresignRequest::get("key").expires_in(Duration::from_secs(60));
    let url = signer.presign_sigv2(&bucket, &request, SIGNED_AT).unwrap().into_string();
    let url = url.strip_prefix(bucket.origin()).unwrap();
    assert!(serve("GET", BASE, &format!("{url}&unheard-of"), &[]).is_ok());
}

#[test]
fn metadata_in_the_url_is_stored_and_its_checksum_is_not_believed() {
    let request = PresignRequest::put("key")
        .query("x-amz-meta-color", "blue")
        .query("x-amz-checksum-crc32", "AAAAAA==")
        .query("x-amz-sdk-checksum-algorithm", "CRC32");
    let url = sign(request);
    let Operation::PutObject(input) = serve("PUT", BASE, &url, &[("content-type", "text/plain")]).unwrap()
    else {
        panic!("not PutObject")
    };
    assert_eq!(input.user_metadata.entries(), [("color".to_owned(), "blue".to_owned())]);
    assert_eq!(input.checksum, None);
    assert_eq!(input.headers.content_type.as_deref(), Some("text/plain"));
}

#[test]
fn an_override_outside_latin_1_is_refused() {
    let with_name = |name: &str| {
        let disposition = format!("attachment; filename=\"{name}\"");
        let url = sign(PresignRequest::get("key").response_content_disposition(disposition));
        serve("GET", BASE, &url, &[])
    };
    assert!(with_name("é.txt").is_ok());
    let refusal = with_name("日.txt").unwrap_err();
    assert_eq!(refusal.message(), "Header value cannot be represented using ISO-8859-1.");
    assert_eq!(refusal.fields()[0].1, "response-content-disposition");
}

#[test]
fn a_get_url_serves_nothing_else() {
    let url = sign(PresignRequest::get("key"));
    assert!(serve("GET", BASE, &url, &[]).is_ok());
    for method in ["HEAD", "PUT", "DELETE"] {
        assert_eq!(code(serve(method, BASE, &url, &[])), ErrorCode::SignatureDoesNotMatch, "{method}");
    }
}

#[test]
fn an_expired_url_is_answered_in_s3s_words() {
    let url = sign(PresignRequest::get("key"));
    let last_second = Timestamp::from_unix(SIGNED_AT.as_unix() + 59);
    assert!(serve_at(last_second, "GET", BASE, &url, &[]).is_ok());
    let later = Timestamp::from_unix(SIGNED_AT.as_unix() + 61);
    let refusal = serve_at(later, "GET", BASE, &url, &[]).unwrap_err();
    assert_eq!(refusal.status(), 403);
    assert_eq!(
        refusal.to_xml("REQUEST", "HOST"),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code>\
         <Message>Request has expired</Message><X-Amz-Expires>60</X-Amz-Expires>\
         <Expires>2026-11-21T17:16:42Z</Expires><ServerTime>2026-11-21T17:16:43Z</ServerTime>\
         <RequestId>REQUEST</RequestId><HostId>HOST</HostId></Error>"
    );
}

#[test]
fn an_operation_is_only_about_the_target_that_was_signed() {
    let virtual_hosted = BucketUrl::virtual_hosted(&format!("http://{BASE}"), "bucket").unwrap();
    let in_host = sign_for(&virtual_hosted, PresignRequest::get("key"));
    let in_path = sign(PresignRequest::get("key"));
    let object = |bucket: &str, key: &str| Target::Object {
        bucket: BucketName::parse(bucket).unwrap(),
        key: ObjectKey::parse(key).unwrap(),
    };
    for (host, host_bucket, url) in
        [(virtual_hosted.host(), Some("bucket"), in_host.as_str()), (BASE, None, in_path.as_str())]
    {
        let headers = [("host", host)];
        let mut request = Request::new("GET", url, &headers);
        request.host_bucket = host_bucket;
        let key = VerificationKey::new(credentials());
        let unverified = Unverified::parse(request).unwrap();
        let verified = unverified.verify(Some(&key), SIGNED_AT, &VerifyPolicy::new("us-east-1")).unwrap();
        assert!(Operation::from_verified(&verified, &object("bucket", "key")).is_ok());
        for target in [
            object("bucket", "other"),
            object("bucket", "key/"),
            object("bucket", "/key"),
            object("other", "key"),
            object("buc", "ket/key"),
            Target::Bucket(BucketName::parse("bucket").unwrap()),
            Target::Service,
        ] {
            assert_eq!(
                code(Operation::from_verified(&verified, &target)),
                ErrorCode::AccessDenied,
                "{target:?}"
            );
        }
    }
}

/// SigV2 signs nothing of what a listing is asked for; to drop it would list everything.
#[test]
fn a_listing_is_never_one_of_everything_because_sigv2_does_not_sign_what_is_listed() {
    let bucket = BucketUrl::path_style(&format!("http://{BASE}"), "bucket").unwrap();
    let signer = Signer::new(credentials(), "us-east-1").unwrap();
    let request = PresignRequest::bucket(Method::Get).expires_in(Duration::from_secs(60));
    let url = signer.presign_sigv2(&bucket, &request, SIGNED_AT).unwrap().into_string();
    let url = url.strip_prefix(bucket.origin()).unwrap();
    assert!(matches!(serve("GET", BASE, url, &[]), Ok(Operation::ListObjects(_))));
    assert!(serve("GET", BASE, &format!("{url}&x-id=1"), &[]).is_ok());
    for added in [
        "list-type=2",
        "prefix=a",
        "max-keys=1",
        "delimiter=/",
        "marker=a",
        "start-after=a",
        "continuation-token=a",
        "encoding-type=url",
        "fetch-owner=true",
        "unheard-of",
    ] {
        let refusal = serve("GET", BASE, &format!("{url}&{added}"), &[]).unwrap_err();
        let name = added.split('=').next().unwrap();
        assert_eq!(refusal.code(), ErrorCode::NotImplemented, "{added}");
        let said = format!("GET with the unsigned parameter {name:?} is not implemented by this server");
        assert_eq!(refusal.fields()[0].1, said);
    }
}
