//! Paths that lead elsewhere: here a key is a text, in the store too, and leads nowhere.

use presign::{Method, PresignRequest};

use crate::vault::{SECRET_WORDS, server, stored};

/// CVE-2026-54917 (SeaweedFS): `..` in the path of a request led out of the bucket that was signed and checked, into any
/// other. Here it is a part of the key.
#[test]
fn cve_2026_54917_parent_segments_in_the_path() {
    let server = server();
    for key in [
        "../vault/secret",
        "a/../../vault/secret",
        "./../vault/secret",
        "..\\vault\\secret",
        "..%2Fvault%2Fsecret",
    ] {
        let get = server.presign(&PresignRequest::get(key));
        server.call("GET", &get).answer().assert_code(404, "NoSuchKey");
        // It is a key like any other.
        server.put(key, "mine");
        assert_eq!(stored(&server, key).as_deref(), Some("mine"));
        let delete = server.presign(&PresignRequest::delete(key));
        assert_eq!(server.call("DELETE", &delete).answer().status, 204);
    }
    // Signed in its headers, and written as a path that a file system would resolve.
    let sneaky = server.signed(Method::Get, "/bucket/../vault/secret").answer();
    sneaky.assert_code(404, "NoSuchKey");
    let secret = server.signed(Method::Get, "/vault/secret").answer();
    assert_eq!(secret.text(), SECRET_WORDS);
}

/// The same of a good URL that is altered on its way: a path that another server would put in order is another path.
#[test]
fn cve_2026_54917_a_signed_path_is_never_put_in_order() {
    let server = server();
    server.put("k", "hello");
    let url = server.presign(&PresignRequest::get("k"));
    let at = |path: &str| server.call("GET", &url.replacen("/bucket/k", path, 1)).answer();
    for path in [
        "/vault/../bucket/k",
        "/bucket/./k",
        "/bucket//k",
        "//bucket/k",
        "/bucket/x/../k",
        "/bucket/%2e/k",
        "/bucket/k/",
        "/bucket/k%00",
        "/bucket/k;a=b",
    ] {
        at(path).assert_code(403, "SignatureDoesNotMatch");
    }
    // The slash that ends the bucket's name is no part of a name, escaped or not.
    at("/bucket%2Fk").assert_code(400, "InvalidBucketName");
    assert_eq!(at("/bucket/k").text(), "hello");
    assert_eq!(at("/%62ucket/%6b").text(), "hello");
}

/// The bucket in the path and the bucket in the host: a request for `/vault/secret` of the host `bucket.…` is about the key
/// `vault/secret` of `bucket`, and a signature for one style fits no other object in the other.
#[test]
fn a_bucket_in_the_host_and_one_in_the_path_are_not_confused() {
    let server = server();
    let virtual_host = format!("bucket.localhost:{}", server.address.port());
    let endpoint = format!("http://localhost:{}", server.address.port());
    let bucket = presign::BucketUrl::virtual_hosted(&endpoint, "bucket").unwrap();
    let sign = |key: &str, is_v2: bool| {
        let (signer, now) = (crate::support::signer(), crate::support::noon());
        let request = PresignRequest::get(key.to_owned());
        let url = match is_v2 {
            true => signer.presign_sigv2(&bucket, &request, now).unwrap(),
            false => signer.presign(&bucket, &request, now).unwrap(),
        };
        crate::support::target_of(url.as_str())
    };
    server.put("vault/secret", "of the bucket");
    for is_v2 in [false, true] {
        let url = sign("vault/secret", is_v2);
        let at = |host: &str| server.call("GET", &url).host(host).answer();
        assert_eq!(at(&virtual_host).text(), "of the bucket");
        // The same bytes to a host without a bucket would be about the vault.
        at(&format!("localhost:{}", server.address.port())).assert_code(403, "SignatureDoesNotMatch");
        at(&format!("vault.localhost:{}", server.address.port())).assert_code(403, "SignatureDoesNotMatch");
    }
}

/// CVE-2022-3854 (Ceph RGW): a URL of nothing, or of a null, brought the server down.
#[test]
fn cve_2022_3854_urls_of_nothing() {
    let server = server();
    for target in
        ["/%00", "/bucket/%00", "/?", "/?&&", "/bucket?=", "//", "/%", "/%zz", "/%ff%fe", "/?%00=%00"]
    {
        let answer = server.call("GET", target).answer();
        assert!((400..500).contains(&answer.status), "{target}: {}", answer.status);
    }
    server.put("\0", "a key of one null");
    assert_eq!(stored(&server, "\0").as_deref(), Some("a key of one null"));
}
