//! Bodies that are not what was signed, and bodies for which nobody has signed.

use presign::{Method, Payload, PresignRequest};

use crate::support::{KEY_ID, noon};
use crate::vault::{server, stored};

const UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const CHUNKED: &str = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";

fn scope() -> String {
    format!("{KEY_ID}/{}/us-east-1/s3/aws4_request", noon().basic().date())
}

/// CVE-2025-31489 (MinIO): an upload with an unsigned trailer was taken whatever its Authorization header had for a
/// signature; the id of a key was enough to write. SeaweedFS had the same in its streaming uploads
/// (seaweedfs/seaweedfs#7954).
#[test]
fn cve_2025_31489_unsigned_trailer_with_an_invented_signature() {
    let server = server();
    for payload in
        [UNSIGNED_TRAILER, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"]
    {
        for signature in ["0".repeat(64), "invalid".to_owned(), String::new()] {
            let authorization = format!(
                "AWS4-HMAC-SHA256 Credential={}, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;\
                 x-amz-trailer, Signature={signature}",
                scope()
            );
            let answer = server
                .call("PUT", "/bucket/k")
                .header("Authorization", &authorization)
                .header("x-amz-date", noon().basic().as_str())
                .header("x-amz-content-sha256", payload)
                .header("x-amz-decoded-content-length", "5")
                .header("x-amz-trailer", "x-amz-checksum-crc32")
                .header("Content-Encoding", "aws-chunked")
                .body(CHUNKED)
                .answer();
            answer.assert_code(403, "SignatureDoesNotMatch");
            assert_eq!(stored(&server, "k"), None, "{payload} {signature}");
        }
    }
    assert_eq!(server.signed(Method::Put, "/bucket/k").body("hello").answer().status, 200);
    assert_eq!(stored(&server, "k").as_deref(), Some("hello"));
}

/// CVE-2026-40344, GHSA-9c4q-hq6p-c237 and GHSA-hv4r-mvr4-25vw (MinIO): the signature was verified only where there was an
/// Authorization header, so credentials in the query wrote whatever they liked with an unsigned trailer; and an archive that
/// asked to be unpacked was never verified at all.
#[test]
fn cve_2026_40344_unsigned_trailer_with_credentials_in_the_query() {
    let server = server();
    let forged = format!(
        "/bucket/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires=60\
         &X-Amz-SignedHeaders=host&X-Amz-Signature={}",
        scope().replace('/', "%2F"),
        noon().basic().as_str(),
        "0".repeat(64)
    );
    let good = server.presign(&PresignRequest::put("k"));
    for url in [&forged, &good] {
        let upload = |snowball: bool| {
            let call = server.call("PUT", url).header("x-amz-content-sha256", UNSIGNED_TRAILER);
            let call = if snowball { call.header("x-amz-meta-snowball-auto-extract", "true") } else { call };
            call.body(CHUNKED).answer()
        };
        upload(false).assert_code(400, "InvalidArgument");
        // The header that nobody signed comes before anything else.
        upload(true).assert_code(403, "AccessDenied");
        assert_eq!(stored(&server, "k"), None, "{url}");
    }
    assert_eq!(server.call("PUT", &good).body("hello").answer().status, 200);
    assert_eq!(stored(&server, "k").as_deref(), Some("hello"));
}

/// CVE-2021-21390 (MinIO): whoever stood between client and server could alter a body, or cut it short, although its
/// signature covered it.
#[test]
fn cve_2021_21390_a_body_altered_on_its_way() {
    let server = server();
    let upload = |body: &str| {
        server.signed_with(Method::Put, "/bucket/k", Payload::of(b"hello"), &[]).body(body).answer()
    };
    for altered in ["hellp", "hell", "hello!", ""] {
        upload(altered).assert_code(400, "XAmzContentSHA256Mismatch");
        assert_eq!(stored(&server, "k"), None, "{altered:?}");
    }
    assert_eq!(upload("hello").status, 200);
    assert_eq!(stored(&server, "k").as_deref(), Some("hello"));
}
