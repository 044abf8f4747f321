//! A URL for one upload, and headers that its signer has never seen.

use presign::{Method, PresignRequest};

use crate::support::TestServer;
use crate::vault::{server, stored};

const UNSIGNED: &str = "There were headers present in the request which were not signed";

/// CVE-2026-54330 (Ceph RGW, and the servers that come from MinIO): whoever had a presigned upload added the header
/// `x-amz-copy-source`, unsigned; the server made a copy of it, with the rights of the signer, and any object that the
/// signer could read could be read through the object that the URL wrote.
#[test]
fn cve_2026_54330_unsigned_copy_source() {
    let server = server();
    let url = server.presign(&PresignRequest::put("k"));
    let copy = |source: &str| server.call("PUT", &url).header("x-amz-copy-source", source).body("").answer();
    for source in ["/vault/secret", "vault/secret", "vault%2Fsecret", "/vault/secret?versionId=null"] {
        copy(source).assert_error(
            403,
            "AccessDenied",
            UNSIGNED,
            &[("HeadersNotSigned", "x-amz-copy-source")],
        );
    }
    assert_eq!(stored(&server, "k"), None);
    assert_eq!(server.call("PUT", &url).body("hello").answer().status, 200);
    assert_eq!(stored(&server, "k").as_deref(), Some("hello"));
}

/// The same by SigV2, which signs every `x-amz-*` header there is, so that one more breaks the signature.
#[test]
fn cve_2026_54330_unsigned_copy_source_by_sigv2() {
    let server = server();
    let url = server.presign_sigv2(&PresignRequest::put("k"));
    let copy = server.call("PUT", &url).header("x-amz-copy-source", "/vault/secret").body("").answer();
    copy.assert_code(403, "SignatureDoesNotMatch");
    assert_eq!(stored(&server, "k"), None);
    assert_eq!(server.call("PUT", &url).body("hello").answer().status, 200);
}

/// GHSA-xm99-m3gq-83g8 (RustFS): the copy source again, where the operation was chosen by the headers that arrived before
/// anyone asked which of them were signed; a signed request in headers was as open as a URL.
#[test]
fn ghsa_xm99_m3gq_83g8_copy_source_beside_signed_headers() {
    let server = server();
    let upload = || server.signed(Method::Put, "/bucket/k");
    let copy = upload().header("x-amz-copy-source", "/vault/secret").body("").answer();
    copy.assert_error(403, "AccessDenied", UNSIGNED, &[("HeadersNotSigned", "x-amz-copy-source")]);
    assert_eq!(stored(&server, "k"), None);
    assert_eq!(upload().body("hello").answer().status, 200);
    assert_eq!(stored(&server, "k").as_deref(), Some("hello"));
}

/// GHSA-g8w9-qw9q-fghr (RustFS): every other unsigned `x-amz-*` header took effect as well: tags, storage class, redirects,
/// ACLs, metadata, locks and encryption that the signer of the URL had not allowed.
#[test]
fn ghsa_g8w9_qw9q_fghr_unsigned_amz_headers() {
    let server = server();
    let put = server.presign(&PresignRequest::put("k"));
    for (name, value) in [
        ("x-amz-tagging", "a=b"),
        ("x-amz-storage-class", "GLACIER"),
        ("x-amz-website-redirect-location", "https://elsewhere.example/"),
        ("x-amz-acl", "public-read"),
        ("x-amz-grant-read", "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\""),
        ("x-amz-meta-owner", "me"),
        ("X-Amz-Meta-Owner", "me"),
        ("x-amz-object-lock-mode", "COMPLIANCE"),
        ("x-amz-object-lock-legal-hold", "ON"),
        ("x-amz-server-side-encryption", "AES256"),
        ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
        ("x-amz-bypass-governance-retention", "true"),
        ("x-amz-unheard-of", "1"),
    ] {
        let answer = server.call("PUT", &put).header(name, value).body("hello").answer();
        let lower = name.to_ascii_lowercase();
        answer.assert_error(403, "AccessDenied", UNSIGNED, &[("HeadersNotSigned", &lower)]);
        assert_eq!(stored(&server, "k"), None, "{name}");
    }
    let signed = PresignRequest::put("k")
        .header("x-amz-meta-owner", "me")
        .header("x-amz-storage-class", "STANDARD_IA");
    let url = server.presign(&signed);
    let upload = server.call("PUT", &url).header("x-amz-meta-owner", "me");
    assert_eq!(upload.header("x-amz-storage-class", "STANDARD_IA").body("hello").answer().status, 200);
    assert_eq!(server.get("k").header("x-amz-meta-owner"), Some("me"));
    let get = server.presign(&PresignRequest::get("k"));
    let answer = server.call("GET", &get).header("x-amz-checksum-mode", "ENABLED").answer();
    answer.assert_error(403, "AccessDenied", UNSIGNED, &[("HeadersNotSigned", "x-amz-checksum-mode")]);
    assert_eq!(server.call("GET", &get).answer().text(), "hello");
}

/// CVE-2024-47866 (Ceph RGW): an `x-amz-copy-source` with nothing in it brought the server down.
#[test]
fn cve_2024_47866_empty_copy_source() {
    let server = server();
    let unsigned = server.presign(&PresignRequest::put("k"));
    let answer = server.call("PUT", &unsigned).header("x-amz-copy-source", "").body("").answer();
    answer.assert_code(403, "AccessDenied");
    let signed = server.presign(&PresignRequest::put("k").header("x-amz-copy-source", ""));
    let answer = server.call("PUT", &signed).header("x-amz-copy-source", "").body("").answer();
    answer.assert_code(501, "NotImplemented");
    assert_eq!(stored(&server, "k"), None);
    assert_eq!(server.call("PUT", &unsigned).body("hello").answer().status, 200);
}

/// CVE-2026-34204 (MinIO): the server's own headers for replication were believed from any client, and became the object's
/// inner metadata, which made it unreadable. Here no header but S3's own is kept, whoever it names.
#[test]
fn cve_2026_34204_inner_headers_from_a_client() {
    let server = TestServer::start();
    let url = server.presign(&PresignRequest::put("k"));
    let upload = server
        .call("PUT", &url)
        .header("X-Minio-Replication-Server-Side-Encryption-Sealed-Key", "bogus")
        .header("X-Minio-Internal-actual-size", "1")
        .header("X-Presign-Internal", "1");
    assert_eq!(upload.body("hello").answer().status, 200);
    let back = server.get("k");
    assert_eq!((back.status, back.text().as_str()), (200, "hello"));
    assert!(!back.headers.iter().any(|(name, _)| name.contains("minio") || name.contains("presign-")));
    let plain = server.call("PUT", &url).body("hello").answer();
    assert_eq!(plain.header("etag"), back.header("etag"));
}
