//! Limits, each one byte past it and exactly at it.

use presign::{Method, Payload, PresignRequest};

use crate::support::{Answer, TestServer};

fn server() -> TestServer {
    let server = TestServer::start();
    server.put("k", "hello");
    server
}

#[test]
fn a_url_has_16_kib() {
    let server = server();
    let get = |bytes: usize| {
        let room = bytes - server.presign(&PresignRequest::get("k").query("x-pad", "")).len();
        let url = server.presign(&PresignRequest::get("k").query("x-pad", "p".repeat(room)));
        assert_eq!(url.len(), bytes);
        server.call("GET", &url).answer()
    };
    assert_eq!(get(16 * 1024).text(), "hello");
    get(16 * 1024 + 1).assert_error(
        400,
        "RequestHeaderSectionTooLarge",
        "Your request header section exceeds the maximum allowed size.",
        &[("MaxSizeAllowed", "16384")],
    );
    get(60 * 1024).assert_code(400, "RequestHeaderSectionTooLarge");
}

#[test]
fn headers_have_16_kib() {
    let server = server();
    let url = server.presign(&PresignRequest::get("k"));
    let own = "host".len() + server.address.to_string().len() + "x-pad".len();
    let get = |bytes: usize| server.call("GET", &url).header("X-Pad", &"p".repeat(bytes - own)).answer();
    assert_eq!(get(16 * 1024).text(), "hello");
    get(16 * 1024 + 1).assert_code(400, "RequestHeaderSectionTooLarge");
    // Past what is read at all, too.
    get(150 * 1024).assert_code(400, "RequestHeaderSectionTooLarge");
    get(1024 * 1024).assert_code(400, "RequestHeaderSectionTooLarge");
}

#[test]
fn a_request_has_100_fields() {
    let server = server();
    let url = server.presign(&PresignRequest::get("k"));
    let get = |fields: usize| {
        // Host is one of them.
        let call =
            (1..fields).fold(server.call("GET", &url), |call, at| call.header(&format!("X-H{at}"), "1"));
        call.answer()
    };
    assert_eq!(get(100).text(), "hello");
    get(101).assert_code(400, "InvalidRequest");
}

#[test]
fn a_query_has_100_parameters() {
    let server = server();
    let get = |parameters: usize| {
        // The signature's own are six.
        let request = (6..parameters)
            .fold(PresignRequest::get("k"), |request, at| request.query(format!("x-p{at}"), "1"));
        server.call("GET", &server.presign(&request)).answer()
    };
    assert_eq!(get(100).text(), "hello");
    let message = "The request has more than 100 query parameters";
    get(101).assert_error(400, "InvalidRequest", message, &[]);
    // Before anything else is looked at, whoever asks.
    let nobody = |count: usize| server.call("GET", &format!("/b/k?{}", "a&".repeat(count - 1))).answer();
    nobody(8000).assert_error(400, "InvalidRequest", message, &[]);
    nobody(100).assert_code(403, "AccessDenied");
    // An ampersand in a key is none.
    server.call("GET", &format!("/b/{}", "a&".repeat(200))).answer().assert_code(403, "AccessDenied");
}

#[test]
fn a_signature_lists_100_headers() {
    let server = server();
    let get = |listed: usize| {
        // Host is one of them.
        let headers: Vec<String> = (1..listed).map(|at| format!("x-h{at:03}")).collect();
        let request =
            headers.iter().fold(PresignRequest::get("k"), |request, name| request.header(name.clone(), "1"));
        let call = server.call("GET", &server.presign(&request));
        headers.iter().take(99).fold(call, |call, name| call.header(name, "1")).answer()
    };
    assert_eq!(get(100).text(), "hello");
    let message = "The signature lists more than 100 signed headers";
    get(101).assert_error(400, "InvalidRequest", message, &[]);
}

#[test]
fn a_key_has_1024_bytes() {
    let server = server();
    let get = |bytes: usize| server.signed(Method::Get, &format!("/bucket/{}", "k".repeat(bytes))).answer();
    get(1024).assert_code(404, "NoSuchKey");
    get(1025).assert_error(
        400,
        "KeyTooLongError",
        "Your key is too long",
        &[("Size", "1025"), ("MaxSizeAllowed", "1024")],
    );
}

#[test]
fn user_metadata_has_2_kib() {
    let server = server();
    let put = |bytes: usize| {
        let value = "v".repeat(bytes - 1);
        let headers = [("x-amz-meta-n", value.as_str())];
        server.signed_with(Method::Put, "/bucket/m", Payload::Unsigned, &headers).body("x").answer()
    };
    assert_eq!(put(2048).status, 200);
    put(2049).assert_code(400, "MetadataTooLarge");
}

/// Sends a head that announces `length` bytes, and none of them.
fn announce(server: &TestServer, length: &str) -> Answer {
    let url = server.presign(&PresignRequest::put("big"));
    server.call("PUT", &url).header("Content-Length", length).header("Expect", "100-continue").answer()
}

#[test]
fn one_put_has_5_gib_and_is_refused_before_its_body() {
    let server = server();
    announce(&server, "5368709121").assert_error(
        400,
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size",
        &[("ProposedSize", "5368709121"), ("MaxSizeAllowed", "5368709120")],
    );
}

#[test]
fn an_xml_body_has_1_mib() {
    let server = server();
    let make = |bytes: usize| {
        let document = "<CreateBucketConfiguration></CreateBucketConfiguration>";
        let body = format!("{document}{}", " ".repeat(bytes - document.len()));
        server.signed(Method::Put, "/second").body(body).answer()
    };
    make(1024 * 1024 + 1).assert_code(400, "MaxMessageLengthExceeded");
    assert_eq!(make(1024 * 1024).status, 200);
}

#[test]
fn an_upload_must_say_how_long_it_is() {
    let server = server();
    let url = server.presign(&PresignRequest::put("k2"));
    let refused = |answer: Answer| {
        answer.assert_error(
            411,
            "MissingContentLength",
            "You must provide the Content-Length HTTP header.",
            &[],
        );
    };
    refused(server.call("PUT", &url).answer());
    refused(
        server
            .call("PUT", &url)
            .header("Transfer-Encoding", "chunked")
            .header("Expect", "100-continue")
            .answer(),
    );
    assert_eq!(server.call("PUT", &url).body("").answer().status, 200);
    assert_eq!(server.get("k2").header("content-length"), Some("0"));
}

/// No setting is so large that the server falls over it.
#[test]
fn the_largest_limits_are_as_good_as_none() {
    for (setting, value) in
        [("PRESIGN_LIMITS_CONNECTIONS", "18446744073709551615"), ("PRESIGN_STORE_CACHE", "17179869183GiB")]
    {
        let server = TestServer::with(&[(setting, value)]);
        let get = server.signed(Method::Get, "/bucket/k").answer();
        get.assert_code(404, "NoSuchKey");
    }
}
