//! Copies: what is read for them is read with somebody's rights. This store makes none, and takes none for an upload.

use presign::PresignRequest;

use crate::vault::{server, stored};

/// CVE-2026-39360 (RustFS): UploadPartCopy never asked whether the caller may read the source, so a part of one's own upload
/// could be any object of anybody. A part, copied or not, is refused here by its name.
#[test]
fn cve_2026_39360_upload_part_copy_of_a_secret_object() {
    let server = server();
    let request = PresignRequest::upload_part("k", "upload", 1).header("x-amz-copy-source", "/vault/secret");
    let url = server.presign(&request);
    let answer = server.call("PUT", &url).header("x-amz-copy-source", "/vault/secret").body("").answer();
    answer.assert_code(501, "NotImplemented");
    // Without the source in the signature it is not even that.
    let part = server.presign(&PresignRequest::upload_part("k", "upload", 1));
    let answer = server.call("PUT", &part).header("x-amz-copy-source", "/vault/secret").body("").answer();
    answer.assert_code(403, "AccessDenied");
    assert_eq!(stored(&server, "k"), None);
    let whole = server.presign(&PresignRequest::put("k"));
    assert_eq!(server.call("PUT", &whole).body("hello").answer().status, 200);
    assert_eq!(stored(&server, "k").as_deref(), Some("hello"));
}

/// CVE-2026-55874, GHSA-56wq-x3wv-3ff4 (SeaweedFS): `..` in a signed copy source led out of the bucket for which the caller's
/// rights were checked. A signed source is no upload here, wherever it leads.
#[test]
fn cve_2026_55874_copy_source_that_leaves_its_bucket() {
    let server = server();
    for source in ["/bucket/../vault/secret", "bucket/%2e%2e/vault/secret", "/bucket/..%2Fvault%2Fsecret"] {
        let url = server.presign(&PresignRequest::put("k").header("x-amz-copy-source", source));
        let answer = server.call("PUT", &url).header("x-amz-copy-source", source).body("").answer();
        answer.assert_code(501, "NotImplemented");
        assert_eq!(stored(&server, "k"), None, "{source}");
    }
    let url = server.presign(&PresignRequest::put("k"));
    assert_eq!(server.call("PUT", &url).body("hello").answer().status, 200);
}
