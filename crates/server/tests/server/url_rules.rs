//! What a URL may and may not carry besides its signature: headers in the query, unknown parameters, overrides.

use presign::PresignRequest;

use crate::support::TestServer;

#[test]
fn metadata_in_the_signed_query_takes_effect() {
    let server = TestServer::start();
    let request = PresignRequest::put("k")
        .query("x-amz-meta-colour", "red")
        .query("x-amz-storage-class", "STANDARD_IA");
    assert_eq!(server.call("PUT", &server.presign(&request)).body("x").answer().status, 200);
    let get = server.get("k");
    assert_eq!(get.header("x-amz-meta-colour"), Some("red"));
    assert_eq!(get.header("x-amz-storage-class"), Some("STANDARD_IA"));
}

#[test]
fn metadata_in_the_query_of_the_old_kind_takes_effect_too() {
    let server = TestServer::start();
    let request = PresignRequest::put("k").header("x-amz-meta-colour", "red");
    assert_eq!(server.call("PUT", &server.presign_sigv2(&request)).body("x").answer().status, 200);
    assert_eq!(server.get("k").header("x-amz-meta-colour"), Some("red"));
}

#[test]
fn the_payload_hash_may_come_unsigned_and_is_ignored() {
    let server = TestServer::start();
    let url = server.presign(&PresignRequest::put("k"));
    let call = || server.call("PUT", &url).body("hello");
    assert_eq!(call().header("x-amz-content-sha256", "UNSIGNED-PAYLOAD").answer().status, 200);
    assert_eq!(call().header("x-amz-content-sha256", &"0".repeat(64)).answer().status, 200);
    for streaming in ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"] {
        let refused = call().header("x-amz-content-sha256", streaming).answer();
        refused.assert_code(400, "InvalidArgument");
    }
}

#[test]
fn a_checksum_of_nothing_in_the_query_is_ignored_and_cannot_be_changed() {
    let server = TestServer::start();
    let request = PresignRequest::put("k")
        .query("x-amz-checksum-crc32", "AAAAAA==")
        .query("x-amz-sdk-checksum-algorithm", "CRC32");
    let url = server.presign(&request);
    let put = server.call("PUT", &url).body("hello").answer();
    assert_eq!((put.status, put.header("x-amz-checksum-crc32")), (200, None));
    assert_eq!(put.header("x-amz-checksum-crc64nvme"), Some("M3eFcAZSQlc="));
    assert_eq!(put.header("x-amz-checksum-type"), Some("FULL_OBJECT"));
    let changed = url.replace("AAAAAA", "BBBBBB");
    server.call("PUT", &changed).body("hello").answer().assert_code(403, "SignatureDoesNotMatch");
}

#[test]
fn a_url_can_allow_exactly_one_creation() {
    let server = TestServer::start();
    let url = server.presign(&PresignRequest::put("once").create_only());
    assert_eq!(server.call("PUT", &url).body("first").answer().status, 200);
    server.call("PUT", &url).body("second").answer().assert_error(
        412,
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        &[("Condition", "If-None-Match")],
    );
    assert_eq!(server.get("once").text(), "first");
}

#[test]
fn a_condition_in_the_signed_query_is_enforced() {
    let server = TestServer::start();
    server.put("k", "hello");
    let put = |etag: &'static str| {
        let url = server.presign(&PresignRequest::put("k").query("If-Match", etag));
        server.call("PUT", &url).body("new").answer()
    };
    put("\"0123\"").assert_code(412, "PreconditionFailed");
    assert_eq!(server.get("k").text(), "hello");
    assert_eq!(put("\"5d41402abc4b2a76b9719d911017c592\"").status, 200);
}

#[test]
fn a_name_as_header_and_as_parameter_must_agree() {
    let server = TestServer::start();
    let url =
        server.presign(&PresignRequest::put("k").query("x-amz-meta-a", "1").header("x-amz-meta-b", "1"));
    let call = || server.call("PUT", &url).body("x").header("x-amz-meta-b", "1");
    assert_eq!(call().answer().status, 200);
    let refused = call().header("x-amz-meta-a", "2").answer();
    assert_eq!(refused.status, 403, "{}", refused.text());
}

#[test]
fn a_parameter_that_s3_does_not_know_is_ignored_if_it_was_signed() {
    let server = TestServer::start();
    server.put("k", "hello");
    let url = server.presign(&PresignRequest::get("k").query("x-track", "7").query("foo", "bar"));
    assert_eq!(server.call("GET", &url).answer().text(), "hello");
    server.call("GET", &format!("{url}&x-more=1")).answer().assert_code(403, "SignatureDoesNotMatch");
}

#[test]
fn overrides_set_the_headers_of_the_answer() {
    let server = TestServer::start();
    let put = server.presign(&PresignRequest::put("k"));
    let put =
        server.call("PUT", &put).header("Content-Type", "image/png").header("Cache-Control", "no-store");
    assert_eq!(put.body("hello").answer().status, 200);
    let plain = server.get("k");
    assert_eq!(
        (plain.header("content-type"), plain.header("cache-control")),
        (Some("image/png"), Some("no-store"))
    );
    let request = PresignRequest::get("k")
        .response_content_disposition("attachment; filename=\"\u{e9}.txt\"")
        .response_content_type("text/plain")
        .query("response-cache-control", "max-age=60")
        .query("response-content-encoding", "identity")
        .query("response-content-language", "de")
        .query("response-expires", "0");
    let answer = server.call("GET", &server.presign(&request)).answer();
    for (name, value) in [
        ("content-disposition", "attachment; filename=\"\u{e9}.txt\""),
        ("content-type", "text/plain"),
        ("cache-control", "max-age=60"),
        ("content-encoding", "identity"),
        ("content-language", "de"),
        ("expires", "0"),
    ] {
        assert_eq!(answer.header(name), Some(value));
    }
    let request = PresignRequest::get("k").response_content_type("text/\u{20ac}");
    server.call("GET", &server.presign(&request)).answer().assert_error(
        400,
        "InvalidArgument",
        "Header value cannot be represented using ISO-8859-1.",
        &[("ArgumentName", "response-content-type"), ("ArgumentValue", "text/\u{20ac}")],
    );
}

#[test]
fn cve_2026_54330_unsigned_copy_source() {
    let server = TestServer::start();
    server.put("secret", "secret");
    let url = server.presign(&PresignRequest::put("mine"));
    let refused = server.call("PUT", &url).header("x-amz-copy-source", "/bucket/secret").body("").answer();
    refused.assert_error(
        403,
        "AccessDenied",
        "There were headers present in the request which were not signed",
        &[("HeadersNotSigned", "x-amz-copy-source")],
    );
    server.get("mine").assert_code(404, "NoSuchKey");
    assert_eq!(server.call("PUT", &url).body("").answer().status, 200);
}

#[test]
fn a_signed_length_is_the_only_one() {
    let server = TestServer::start();
    let url = server.presign(&PresignRequest::put("k").header("content-length", "5"));
    assert_eq!(server.call("PUT", &url).body("hello").answer().status, 200);
    server.call("PUT", &url).body("hello!").answer().assert_code(403, "SignatureDoesNotMatch");
}

#[test]
fn the_body_of_a_get_is_ignored() {
    let server = TestServer::start();
    server.put("k", "hello");
    let url = server.presign(&PresignRequest::get("k"));
    assert_eq!(server.call("GET", &url).body("whatever").answer().text(), "hello");
}

#[test]
fn hostile_keys_come_back_as_they_were() {
    let server = TestServer::start();
    let longest = "k".repeat(1024);
    for key in [
        "a b+c/\u{e9}~(1).txt",
        "//lead//dbl/../x",
        ".",
        "..",
        "../..",
        "/",
        "%",
        "%2F",
        "a%20b",
        "'\"<>&;:@=,$!*#?|{}[]`^\\",
        "\u{1f600}\u{10ffff}",
        "tab\tnew\nline\u{1}",
        " leading and trailing ",
        longest.as_str(),
    ] {
        server.put(key, key);
        assert_eq!(server.get(key).text(), key);
    }
    server.get("lead//dbl/x").assert_code(404, "NoSuchKey");
}

#[test]
fn slashes_are_never_collapsed() {
    let server = TestServer::start();
    server.put("k", "hello");
    for target in ["/%2Fbucket/k", "//bucket/k"] {
        assert_ne!(
            server
                .call("GET", &server.presign(&PresignRequest::get("k")).replace("/bucket/k", target))
                .answer()
                .status,
            200
        );
    }
}
