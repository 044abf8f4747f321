//! Parameters and header fields that stand twice: which of the two is meant, nobody has signed.

use presign::{Credentials, Method, SigningKey};
use sha2::{Digest, Sha256};

use crate::support::{KEY_ID, NOON, SECRET, TestServer, noon, signer};

/// The target of a URL that signs all these parameters, in this order, as no signer of ours does it.
fn presigned(server: &TestServer, method: &str, path: &str, parameters: &[&str]) -> String {
    let credential = format!("{KEY_ID}%2F20261121%2Fus-east-1%2Fs3%2Faws4_request");
    let own = format!(
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date=20261121T120000Z\
         &X-Amz-Expires=60&X-Amz-SignedHeaders=host"
    );
    let mut sorted: Vec<&str> = own.split('&').chain(parameters.iter().copied()).collect();
    sorted.sort_unstable();
    let canonical =
        format!("{method}\n{path}\n{}\nhost:{}\n\nhost\nUNSIGNED-PAYLOAD", sorted.join("&"), server.address);
    let secret = Credentials::new(KEY_ID, SECRET);
    let key = SigningKey::derive(secret.secret_access_key(), "20261121", "us-east-1", "s3");
    let hash: String =
        Sha256::digest(canonical.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("AWS4-HMAC-SHA256\n20261121T120000Z\n{}\n{hash}", key.scope());
    let signature = key.sign_text(text.as_bytes()).to_hex();
    let given: String = parameters.iter().map(|parameter| format!("{parameter}&")).collect();
    format!("{path}?{given}{own}&X-Amz-Signature={}", signature.as_str())
}

#[test]
fn a_parameter_that_stands_twice_in_a_url_is_refused() {
    assert_eq!(noon().as_unix(), NOON);
    let server = TestServer::start();
    server.put("k", "hello");
    let get = |parameters: &[&str]| {
        server.call("GET", &presigned(&server, "GET", "/bucket/k", parameters)).answer()
    };
    assert_eq!(get(&["response-content-type=text%2Fplain"]).header("content-type"), Some("text/plain"));
    assert_eq!(get(&["versionId=null"]).text(), "hello");
    for (one, other) in [
        ("response-content-type=text%2Fplain", "response-content-type=text%2Fhtml"),
        ("response-content-type=text%2Fplain", "response-content-type=text%2Fplain"),
        ("response-content-type=text%2Fplain", "Response-Content-Type=text%2Fhtml"),
        ("response-content-disposition=attachment", "response-content-disposition=inline"),
        ("versionId=null", "versionId=null"),
    ] {
        let name = one.split('=').next().unwrap();
        for parameters in [[one, other], [other, one]] {
            let refused = get(&parameters);
            refused.assert_code(400, "InvalidArgument");
            let error = refused.error();
            assert!(error[2].1.eq_ignore_ascii_case(name), "{error:?}");
        }
    }
    // What takes effect as a header: neither of the two is the signer's word.
    for parameters in [
        ["x-amz-checksum-mode=DISABLED", "x-amz-checksum-mode=ENABLED"],
        ["x-presign-max-size=1", "x-presign-max-size=2"],
        ["X-Presign-Methods=GET", "x-presign-methods=GET%2CHEAD"],
    ] {
        let status = get(&parameters).status;
        assert!(status == 400 || status == 403, "{parameters:?}: {status}");
    }
    // Those are the callers' own, which nobody reads.
    assert_eq!(get(&["x-track=1", "x-track=2"]).text(), "hello");
}

#[test]
fn a_parameter_that_stands_twice_in_a_signed_listing_is_refused() {
    let server = TestServer::start();
    server.put("a", "1");
    server.put("b", "2");
    let list = |query: &str| {
        let url = format!("{}/bucket?{query}", server.endpoint());
        let request = presign::UnsignedRequest::url(Method::Get, &url).unwrap();
        let signed = signer().authorize(&request, noon()).unwrap();
        // The order of the request line is the sender's, not the signer's.
        let mut call = server.call("GET", &format!("/bucket?{query}"));
        for (name, value) in signed.headers() {
            call = call.header(name, value);
        }
        call.answer()
    };
    assert_eq!(list("list-type=2&prefix=a").status, 200);
    for query in [
        "list-type=2&prefix=a&prefix=",
        "list-type=2&prefix=&prefix=a",
        "list-type=2&list-type=1",
        "list-type=1&list-type=2",
        "max-keys=1&max-keys=2",
        "delimiter=%2F&delimiter=",
        "list-type=2&start-after=a&start-after=b",
        "marker=a&marker=b",
        "location&location=",
    ] {
        let refused = list(query);
        assert_eq!((refused.status, refused.error()[0].1.as_str()), (400, "InvalidArgument"), "{query}");
    }
}

/// Fields of which HTTP allows one: <https://www.rfc-editor.org/rfc/rfc9110#section-5.3>.
#[test]
fn a_header_that_has_one_value_is_not_sent_twice() {
    let server = TestServer::start();
    server.put("k", "hello");
    let url = server.presign(&presign::PresignRequest::get("k"));
    let get = |fields: &[(&str, &str)]| {
        let call = server.call("GET", &url);
        fields.iter().fold(call, |call, (name, value)| call.header(name, value)).answer()
    };
    for (name, value, other) in [
        ("Range", "bytes=0-0", "bytes=1-1"),
        ("If-Range", "\"a\"", "\"b\""),
        ("If-Modified-Since", "Sat, 21 Nov 2026 12:00:00 GMT", "Sat, 21 Nov 2026 11:00:00 GMT"),
        ("If-Unmodified-Since", "Sat, 21 Nov 2026 12:00:00 GMT", "Sat, 21 Nov 2026 13:00:00 GMT"),
        ("Content-Type", "a/b", "c/d"),
    ] {
        assert!(get(&[(name, value)]).status < 400, "{name}");
        get(&[(name, value), (name, other)]).assert_code(400, "InvalidRequest");
    }
    // A list in two fields is one list.
    let two = get(&[("If-None-Match", "\"a\""), ("If-None-Match", "\"5d41402abc4b2a76b9719d911017c592\"")]);
    assert_eq!(two.status, 304);
}
