//! Promises about a body are kept before the object exists, or nothing is stored.

use presign::{Method, Payload, PresignRequest, SecretAccessKey, SigningKey};
use sha2::{Digest, Sha256};

use crate::support::{Answer, KEY_ID, SECRET, TestServer, noon};

fn put(server: &TestServer, headers: &[(&str, &str)]) -> Answer {
    let mut call = server.signed_with(Method::Put, "/bucket/k", Payload::Unsigned, headers);
    call = call.body("hello");
    call.answer()
}

fn nothing_is_stored(server: &TestServer) {
    server.get("k").assert_code(404, "NoSuchKey");
}

#[test]
fn content_md5_is_enforced() {
    let server = TestServer::start();
    put(&server, &[("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")]).assert_error(
        400,
        "BadDigest",
        "The Content-MD5 you specified did not match what we received.",
        &[("ExpectedDigest", "1B2M2Y8AsgTpgAmY7PhCfg=="), ("CalculatedDigest", "XUFAKrxLKna5cZ2REBfFkg==")],
    );
    put(&server, &[("content-md5", "short")]).assert_code(400, "InvalidDigest");
    nothing_is_stored(&server);
    assert_eq!(put(&server, &[("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")]).status, 200);
    // By URL too, where nobody signed it.
    let url = server.presign(&PresignRequest::put("k2"));
    let wrong =
        server.call("PUT", &url).header("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==").body("hello").answer();
    wrong.assert_code(400, "BadDigest");
    server.get("k2").assert_code(404, "NoSuchKey");
}

/// Such a checksum would be thrown away with the trailer, and the client would believe that it was held.
#[test]
fn a_checksum_in_a_trailer_is_not_let_pass() {
    let server = TestServer::start();
    put(&server, &[("x-amz-trailer", "x-amz-checksum-crc32")]).assert_code(501, "NotImplemented");
    nothing_is_stored(&server);
    assert_eq!(put(&server, &[("x-amz-checksum-crc32", "NhCmhg==")]).status, 200);
}

#[test]
fn the_signed_payload_hash_is_enforced() {
    let server = TestServer::start();
    let call = |payload| server.signed_with(Method::Put, "/bucket/k", payload, &[]).body("hello").answer();
    call(Payload::of(b"other")).assert_error(
        400,
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        &[
            (
                "ClientComputedContentSHA256",
                "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa",
            ),
            ("S3ComputedContentSHA256", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"),
        ],
    );
    nothing_is_stored(&server);
    assert_eq!(call(Payload::of(b"hello")).status, 200);
    assert_eq!(server.get("k").text(), "hello");
}

#[test]
fn every_checksum_is_enforced_kept_and_given_back() {
    // Of `hello`, calculated with Python's zlib, hashlib and awscrt.
    for (algorithm, value) in [
        ("crc32", "NhCmhg=="),
        ("crc32c", "mnG7TA=="),
        ("crc64nvme", "M3eFcAZSQlc="),
        ("sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00="),
        ("sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="),
    ] {
        let server = TestServer::start();
        let header = format!("x-amz-checksum-{algorithm}");
        let first = if value.starts_with('A') { "B" } else { "A" };
        let wrong = format!("{first}{}", &value[1..]);
        let message = format!(
            "The {} you specified did not match the calculated checksum.",
            algorithm.to_ascii_uppercase()
        );
        put(&server, &[(&header, &wrong)]).assert_error(400, "BadDigest", &message, &[]);
        let message = format!("Value for {header} header is invalid.");
        put(&server, &[(&header, "?")]).assert_error(400, "InvalidRequest", &message, &[]);
        nothing_is_stored(&server);
        let stored = put(&server, &[(&header, value)]);
        assert_eq!((stored.status, stored.header(&header)), (200, Some(value)), "{}", stored.text());
        assert_eq!(stored.header("x-amz-checksum-type"), Some("FULL_OBJECT"));
        let mode = [("x-amz-checksum-mode", "ENABLED")];
        for method in [Method::Get, Method::Head] {
            let asked = server.signed_with(method, "/bucket/k", Payload::Unsigned, &mode).answer();
            assert_eq!(asked.header(&header), Some(value));
            assert_eq!(server.signed(method, "/bucket/k").answer().header(&header), None);
        }
    }
}

#[test]
fn a_large_body_is_hashed_as_a_whole() {
    let server = TestServer::start();
    // More than a batch, and not a multiple of anything.
    let body: Vec<u8> = (0..3_500_001_u32).map(|at| (at % 251) as u8).collect();
    let call = server.signed_with(Method::Put, "/bucket/k", Payload::of(&body), &[]);
    let stored = call.body(body.clone()).answer();
    assert_eq!(stored.status, 200, "{}", stored.text());
    let back = server.get("k");
    assert_eq!(back.header("content-length"), Some("3500001"));
    assert!(back.body == body, "the bytes differ");
    assert_eq!(back.header("etag"), stored.header("etag"));
}

#[test]
fn signed_chunks_are_refused_in_clear_words_for_now() {
    let server = TestServer::start();
    let streaming = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    let refused = signed_by_hand(&server, streaming);
    refused.assert_code(501, "NotImplemented");
    assert!(refused.text().contains("send UNSIGNED-PAYLOAD or the SHA-256"), "{}", refused.text());
    nothing_is_stored(&server);
    assert_eq!(signed_by_hand(&server, "UNSIGNED-PAYLOAD").status, 200);
}

/// A PUT of `hello` with that payload line, signed without the library's signer, which makes no chunks.
fn signed_by_hand(server: &TestServer, payload: &str) -> Answer {
    let time = noon().basic();
    let (date, address) = (time.as_str(), server.address);
    let names = "host;x-amz-content-sha256;x-amz-date";
    let canonical = format!(
        "PUT\n/bucket/k\n\nhost:{address}\nx-amz-content-sha256:{payload}\nx-amz-date:{date}\n\n{names}\n{payload}"
    );
    let key = SigningKey::derive(&SecretAccessKey::new(SECRET), time.date(), "us-east-1", "s3");
    let hash: String = Sha256::digest(canonical).iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{}\n{hash}", key.scope());
    let signature = key.sign_text(text.as_bytes()).to_hex();
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={KEY_ID}/{}, SignedHeaders={names}, Signature={}",
        key.scope(),
        signature.as_str()
    );
    let call = server.call("PUT", "/bucket/k").header("Authorization", &authorization);
    call.header("x-amz-date", date).header("x-amz-content-sha256", payload).body("hello").answer()
}
