//! Objects there and back, by URL and by signed headers.

use presign::{Method, PresignRequest};

use crate::support::TestServer;

#[test]
fn an_object_goes_up_and_comes_down_by_url() {
    let server = TestServer::start();
    let put = server.put("photos/cat.jpg", "hello");
    assert_eq!(put.header("etag"), Some("\"5d41402abc4b2a76b9719d911017c592\""));
    assert_eq!(put.body, b"");
    assert_eq!(put.header("x-amz-request-id").map(str::len), Some(16));
    assert_eq!(put.header("x-amz-id-2").map(str::len), Some(64));

    let get = server.get("photos/cat.jpg");
    assert_eq!((get.status, get.text().as_str()), (200, "hello"));
    assert_eq!(get.header("etag"), Some("\"5d41402abc4b2a76b9719d911017c592\""));
    assert_eq!(get.header("content-type"), Some("binary/octet-stream"));
    assert_eq!(get.header("content-length"), Some("5"));
    assert_eq!(get.header("accept-ranges"), Some("bytes"));
    assert_eq!(get.header("last-modified"), Some("Sat, 21 Nov 2026 12:00:00 GMT"));

    let head = server.call("HEAD", &server.presign(&PresignRequest::head("photos/cat.jpg"))).answer();
    assert_eq!(head.status, 200);
    for header in ["etag", "content-type", "content-length", "accept-ranges", "last-modified"] {
        assert_eq!(head.header(header), get.header(header), "{header}");
    }

    let delete = server.call("DELETE", &server.presign(&PresignRequest::delete("photos/cat.jpg"))).answer();
    assert_eq!(
        (delete.status, delete.header("content-type"), delete.header("content-length")),
        (204, None, None)
    );
    server.get("photos/cat.jpg").assert_error(
        404,
        "NoSuchKey",
        "The specified key does not exist.",
        &[("Key", "photos/cat.jpg")],
    );
    let again = server.call("DELETE", &server.presign(&PresignRequest::delete("photos/cat.jpg"))).answer();
    assert_eq!(again.status, 204);
    let head = server.call("HEAD", &server.presign(&PresignRequest::head("photos/cat.jpg"))).answer();
    assert_eq!((head.status, head.body.as_slice()), (404, &b""[..]));
}

/// What somebody has uploaded as text, a browser must not guess to be a script.
#[test]
fn no_answer_leaves_its_type_to_be_guessed() {
    let server = TestServer::start();
    for answer in [
        server.put("k", "<script>"),
        server.get("k"),
        server.get("absent"),
        server.call("PATCH", "/").answer(),
    ] {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{}", answer.status);
    }
    let range =
        server.call("GET", &server.presign(&PresignRequest::get("k"))).header("Range", "bytes=0-1").answer();
    assert_eq!((range.status, range.header("x-content-type-options")), (206, Some("nosniff")));
}

#[test]
fn a_method_that_s3_does_not_have_is_405() {
    let answer = TestServer::start().call("PATCH", "/bucket/k").answer();
    answer.assert_error(
        405,
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
        &[("Method", "PATCH")],
    );
    assert_eq!(answer.header("allow"), Some("GET, HEAD, PUT, POST, DELETE"));
}

#[test]
fn metadata_comes_back_and_what_is_not_ascii_is_encoded() {
    let server = TestServer::start();
    let headers = [("content-language", "de"), ("x-amz-meta-Plain", "a b"), ("x-amz-meta-umlaut", "\u{fc}")];
    let put = server.signed_with(Method::Put, "/bucket/k", presign::Payload::Unsigned, &headers).body("x");
    assert_eq!(put.answer().status, 200);
    let get = server.get("k");
    assert_eq!(get.header("content-language"), Some("de"));
    assert_eq!(get.header("x-amz-meta-plain"), Some("a b"));
    assert_eq!(get.header("x-amz-meta-umlaut"), Some("=?UTF-8?Q?=C3=BC?="));
}

#[test]
fn an_object_is_replaced_as_a_whole() {
    let server = TestServer::start();
    let first =
        server.signed_with(Method::Put, "/bucket/k", presign::Payload::Unsigned, &[("x-amz-meta-a", "1")]);
    assert_eq!(first.body(vec![1; 100_000]).answer().status, 200);
    server.put("k", "small");
    let get = server.get("k");
    assert_eq!((get.text().as_str(), get.header("x-amz-meta-a")), ("small", None));
}

#[test]
fn an_object_goes_up_and_comes_down_with_signed_headers() {
    let server = TestServer::start();
    assert_eq!(server.signed(Method::Put, "/bucket/a").body("one").answer().status, 200);
    assert_eq!(server.signed(Method::Get, "/bucket/a").answer().text(), "one");
    assert_eq!(server.signed(Method::Head, "/bucket/a").answer().header("content-length"), Some("3"));
    assert_eq!(server.signed(Method::Delete, "/bucket/a").answer().status, 204);
    server.signed(Method::Get, "/bucket/a").answer().assert_code(404, "NoSuchKey");
}
