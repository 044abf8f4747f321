//! Line ends in what becomes a header of an answer.

use presign::{Method, PresignRequest};

use crate::vault::{server, stored};

/// Ways to end a line, one of them the one that the first of these was mended for and one that it was not.
const LINE_ENDS: [&str; 3] = ["\n", "\r", "\r\n"];

/// CVE-2020-10753 and CVE-2021-3524 (Ceph RGW): a line end in the ExposeHeader of a CORS rule wrote headers of the sender's own
/// into every answer; the first mending looked for line feeds only, and a carriage return did it as well. There are no
/// CORS rules here yet. What a signer can put into headers of an answer, overrides and metadata, takes neither.
#[test]
fn cve_2020_10753_line_feeds_in_response_headers() {
    overrides_with("\n");
}

/// See [`cve_2020_10753_line_feeds_in_response_headers`].
#[test]
fn cve_2021_3524_carriage_returns_in_response_headers() {
    overrides_with("\r");
    overrides_with("\r\n");
}

fn overrides_with(line_end: &str) {
    let server = server();
    server.put("k", "hello");
    for name in [
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
    ] {
        let get = |value: String| {
            server.call("GET", &server.presign(&PresignRequest::get("k").query(name, value))).answer()
        };
        get(format!("a{line_end}Set-Cookie: stolen=1")).assert_code(400, "InvalidArgument");
        assert_eq!(get("a".to_owned()).text(), "hello");
    }
    let cors = server.signed(Method::Put, "/bucket?cors").body("<CORSConfiguration/>").answer();
    cors.assert_code(501, "NotImplemented");
}

/// The same by way of the object: metadata and content headers that stand in a signed query may hold what no header can.
#[test]
fn line_ends_in_what_is_kept_with_an_object() {
    let server = server();
    for line_end in LINE_ENDS {
        let evil = format!("a{line_end}set-cookie: stolen=1");
        let url = server.presign(&PresignRequest::put("k").query("content-disposition", evil.as_str()));
        server.call("PUT", &url).body("hello").answer().assert_code(400, "InvalidArgument");
        assert_eq!(stored(&server, "k"), None);
        let url = server.presign(&PresignRequest::put("meta").query("x-amz-meta-a", evil.as_str()));
        let put = server.call("PUT", &url).body("hello").answer();
        if put.status == 200 {
            let back = server.get("meta");
            assert_eq!((back.status, back.header("set-cookie")), (200, None), "{:?}", back.headers);
        }
    }
    let url = server.presign(&PresignRequest::put("k").query("content-disposition", "attachment"));
    assert_eq!(server.call("PUT", &url).body("hello").answer().status, 200);
    assert_eq!(server.get("k").header("content-disposition"), Some("attachment"));
}

/// CVE-2020-1760 (Ceph RGW): a GET without any signature could decide the answer's headers, Content-Type first, and so make a page
/// of an object.
#[test]
fn cve_2020_1760_overrides_without_a_signature() {
    let server = server();
    server.put("k", "hello");
    let unsigned = server.call("GET", "/bucket/k?response-content-type=text%2Fhtml").answer();
    unsigned.assert_code(400, "InvalidRequest");
    let url = server.presign(&PresignRequest::get("k"));
    let added = server.call("GET", &format!("{url}&response-content-type=text%2Fhtml")).answer();
    added.assert_code(403, "SignatureDoesNotMatch");
    let old = server.presign_sigv2(&PresignRequest::get("k"));
    let added = server.call("GET", &format!("{old}&response-content-type=text%2Fhtml")).answer();
    added.assert_code(403, "SignatureDoesNotMatch");
    let signed = server.presign(&PresignRequest::get("k").response_content_type("text/html"));
    assert_eq!(server.call("GET", &signed).answer().header("content-type"), Some("text/html"));
}
