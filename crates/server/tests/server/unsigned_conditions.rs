//! Conditions that the holder of an upload link adds: their answer would tell what is stored.

use std::io::Write;

use presign::{Method, Payload, PresignRequest};

use crate::support::{TestServer, read_answer};

const ETAG: &str = "\"5d41402abc4b2a76b9719d911017c592\"";
const CONDITIONS: [(&str, &str); 6] = [
    ("If-Match", ETAG),
    ("If-Match", "\"other\""),
    ("If-None-Match", "*"),
    ("If-None-Match", "\"other\""),
    ("If-Modified-Since", "Sat, 21 Nov 2026 11:00:00 GMT"),
    ("If-Unmodified-Since", "Sat, 21 Nov 2026 13:00:00 GMT"),
];

/// Whether the guess is right or wrong, and whether there is an object or none, the answer is the same.
#[test]
fn an_upload_link_tells_nothing_of_what_is_stored() {
    let server = TestServer::start();
    server.put("k", "hello");
    for key in ["k", "absent"] {
        let old_put = server.presign_sigv2(&PresignRequest::put(key));
        let put = server.presign(&PresignRequest::put(key));
        let delete = server.presign(&PresignRequest::delete(key));
        for (name, value) in CONDITIONS {
            for (method, url) in [("PUT", &put), ("PUT", &old_put), ("DELETE", &delete)] {
                let body = if method == "PUT" { "new" } else { "" };
                server.call(method, url).header(name, value).body(body).answer().assert_error(
                    403,
                    "AccessDenied",
                    "There were headers present in the request which were not signed",
                    &[("HeadersNotSigned", &name.to_ascii_lowercase())],
                );
            }
        }
    }
    assert_eq!(server.get("k").text(), "hello");
    server.get("absent").assert_code(404, "NoSuchKey");
    // Without a condition both links do what they are for.
    assert_eq!(
        server.call("PUT", &server.presign(&PresignRequest::put("k"))).body("new").answer().status,
        200
    );
    assert_eq!(server.call("DELETE", &server.presign(&PresignRequest::delete("k"))).answer().status, 204);
}

/// With `Expect: 100-continue` the guess would not even cost an upload.
#[test]
fn nothing_is_told_before_the_body_either() {
    let server = TestServer::start();
    server.put("k", "hello");
    let url = server.presign(&PresignRequest::put("k"));
    for guess in [ETAG, "\"other\""] {
        let mut stream = server.connect();
        let head = format!(
            "PUT {url} HTTP/1.1\r\nHost: {}\r\nIf-Match: {guess}\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
            server.address
        );
        stream.write_all(head.as_bytes()).unwrap();
        read_answer(&mut stream, false).assert_code(403, "AccessDenied");
    }
    assert_eq!(server.get("k").text(), "hello");
}

#[test]
fn a_condition_that_was_signed_holds() {
    let server = TestServer::start();
    server.put("k", "hello");
    let url = server.presign(&PresignRequest::put("k").header("if-match", ETAG));
    let put = |etag: &str| server.call("PUT", &url).header("If-Match", etag).body("new").answer();
    put("\"other\"").assert_code(403, "SignatureDoesNotMatch");
    assert_eq!(put(ETAG).status, 200);
    put(ETAG).assert_code(412, "PreconditionFailed");
    // One in the URL's query may be sent again as it is.
    let url = server.presign(&PresignRequest::put("new").create_only());
    assert_eq!(server.call("PUT", &url).header("If-None-Match", "*").body("x").answer().status, 200);
    server
        .call("PUT", &url)
        .header("If-None-Match", "*")
        .body("x")
        .answer()
        .assert_code(412, "PreconditionFailed");
    // Whoever signs in the header says himself what holds.
    let signed = server.signed_with(Method::Put, "/bucket/k", Payload::Unsigned, &[("if-none-match", "*")]);
    signed.body("x").answer().assert_code(412, "PreconditionFailed");
}

/// The holder of a download link may read it all; clients go on with what they have by such headers.
#[test]
fn a_download_link_takes_conditions_and_ranges() {
    let server = TestServer::start();
    server.put("k", "hello");
    let url = server.presign(&PresignRequest::get("k"));
    let get = |name: &str, value: &str| server.call("GET", &url).header(name, value).answer();
    assert_eq!(get("If-None-Match", ETAG).status, 304);
    assert_eq!(get("If-Match", "\"other\"").status, 412);
    assert_eq!(get("Range", "bytes=1-2").text(), "el");
}
