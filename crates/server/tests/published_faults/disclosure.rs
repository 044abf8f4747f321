//! What somebody learns who may not know: whether there is an object, a bucket, a key.

use presign::{Credentials, PresignRequest, Signer};

use crate::support::{Answer, SECRET, TestServer, noon, target_of};
use crate::vault::server;

/// All of an answer but what differs from each to each.
fn gist(answer: &Answer) -> (u16, String) {
    let text = answer.text();
    let end = text.find("<RequestId>").unwrap_or(text.len());
    (answer.status, text[..end].to_owned())
}

/// CVE-2024-36107 (MinIO): a request without a signature that had `If-Modified-Since` or `If-Unmodified-Since` was answered by the
/// date of the object, 304 or 412, before anyone asked whether it may know. So anybody learned which objects there are and when
/// they were changed.
#[test]
fn cve_2024_36107_conditions_before_the_signature() {
    let server = server();
    server.put("there", "hello");
    let long_ago = "Sat, 21 Nov 2020 12:00:00 GMT";
    let tomorrow = "Sun, 22 Nov 2026 12:00:00 GMT";
    for (name, value) in [
        ("If-Modified-Since", tomorrow),
        ("If-Modified-Since", long_ago),
        ("If-Unmodified-Since", long_ago),
        ("If-None-Match", "*"),
        ("If-Match", "\"other\""),
        ("Range", "bytes=100-"),
    ] {
        for method in ["GET", "HEAD"] {
            let ask = |key: &str| server.call(method, &format!("/bucket/{key}")).header(name, value).answer();
            let (there, absent) = (gist(&ask("there")), gist(&ask("absent")));
            assert_eq!((there.0, &there), (403, &absent), "{method} {name}");
            // Nor with a signature that is wrong.
            let signed = |key: &'static str| {
                let url = server.presign(&PresignRequest::object(method.parse().unwrap(), key)) + "0";
                server.call(method, &url).header(name, value).answer().status
            };
            assert_eq!((signed("there"), signed("absent")), (403, 403), "{method} {name}");
        }
    }
    let url = server.presign(&PresignRequest::get("there"));
    assert_eq!(server.call("GET", &url).header("If-Modified-Since", tomorrow).answer().status, 304);
    assert_eq!(server.call("GET", &url).header("If-Unmodified-Since", long_ago).answer().status, 412);
}

/// Of that family: an unsigned request learns nothing of buckets either, and a URL for one object nothing of the next.
#[test]
fn a_stranger_learns_of_no_bucket() {
    let server = server();
    for method in ["GET", "HEAD", "PUT", "DELETE"] {
        let ask = |path: &str| gist(&server.call(method, path).answer());
        assert_eq!(ask("/vault"), ask("/no-such-bucket"), "{method}");
        assert_eq!(ask("/vault/secret"), ask("/no-such-bucket/secret"), "{method}");
    }
    let url = server.presign(&PresignRequest::get("k"));
    server.call("GET", &url).answer().assert_code(404, "NoSuchKey");
}

/// Keys that nobody has are refused alike, whatever they are called and whatever their signature: there are none from the
/// factory (MinIO's `minioadmin`, RustFS's `rustfsadmin`, and CVE-2025-68926, the token that was in RustFS's source).
#[test]
fn cve_2025_68926_no_credentials_from_the_factory() {
    let server = TestServer::start();
    for (id, secret) in [
        ("minioadmin", "minioadmin"),
        ("rustfsadmin", "rustfsadmin"),
        ("admin", "admin"),
        ("root", ""),
        ("presign", "presign"),
        // What stands in for the keys that nobody has is in this project's source, and opens nothing.
        ("nobody", "no secret has this length, or anything"),
        ("AKIDEXAMPLE2", "no secret has this length, or anything"),
    ] {
        for is_v2 in [false, true] {
            let signer = Signer::new(Credentials::new(id, secret), "us-east-1").unwrap();
            let request = PresignRequest::get("k");
            let url = match is_v2 {
                true => signer.presign_sigv2(&server.bucket_url(), &request, noon()).unwrap(),
                false => signer.presign(&server.bucket_url(), &request, noon()).unwrap(),
            };
            let answer = server.call("GET", &target_of(url.as_str())).answer();
            answer.assert_error(
                403,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
                &[("AWSAccessKeyId", id)],
            );
        }
    }
    server.put("k", SECRET);
    assert_eq!(server.get("k").status, 200);
}
