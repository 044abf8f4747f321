//! Browser forms: what the policy does not allow. The store takes no forms yet, so the wire tests hold that none of them
//! writes; the verifier that will stand before them is tried beside.

use presign::{
    BucketUrl, Credentials, FormFault, PostRequest, Refusal, UnverifiedForm, VerificationKey, VerifyPolicy,
};

use crate::support::{KEY_ID, SECRET, TestServer, noon, signer};
use crate::vault::{server, stored};

type Fields = Vec<(String, String)>;

fn form(key: &str) -> Fields {
    let bucket = BucketUrl::path_style("https://files.example.com", "bucket").unwrap();
    signer().post_form(&bucket, &PostRequest::new(key), noon()).unwrap().fields().to_vec()
}

/// What the verifier says of a form that was sent to that bucket.
fn verify(fields: &Fields, bucket: &str) -> Result<String, Refusal> {
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let key = VerificationKey::new(Credentials::new(KEY_ID, SECRET));
    let policy = VerifyPolicy::new("us-east-1");
    let verified = UnverifiedForm::parse(&fields, None)?.verify(Some(&key), noon(), &policy, bucket)?;
    Ok(format!("{}/{}", verified.bucket(), verified.key()))
}

/// Sends the form to that bucket.
fn send(server: &TestServer, bucket: &str, fields: &Fields) -> u16 {
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    body.push_str(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nhello\r\n--b--\r\n",
    );
    let call =
        server.call("POST", &format!("/{bucket}")).header("Content-Type", "multipart/form-data; boundary=b");
    call.body(body).answer().status
}

fn with(mut fields: Fields, name: &str, value: &str) -> Fields {
    fields.push((name.to_owned(), value.to_owned()));
    fields
}

/// CVE-2023-43040 (Ceph RGW): a form field `bucket` was believed before the bucket that the form was sent to, so that a policy
/// for one bucket wrote into another.
#[test]
fn cve_2023_43040_a_form_for_another_bucket() {
    assert_eq!(verify(&form("k"), "bucket").unwrap(), "bucket/k");
    let elsewhere = verify(&form("k"), "vault").unwrap_err();
    assert!(matches!(elsewhere, Refusal::Form(FormFault::ConditionFailed { .. })), "{elsewhere:?}");
    // A field of that name moves nothing: the bucket is the one that the form was sent to.
    let renamed = verify(&with(form("k"), "bucket", "vault"), "bucket");
    assert_eq!(renamed, Ok("bucket/k".to_owned()));
    assert!(verify(&with(form("k"), "bucket", "bucket"), "vault").is_err());
    let server = server();
    for bucket in ["bucket", "vault"] {
        assert_eq!(send(&server, bucket, &with(form("k"), "bucket", "vault")), 501);
    }
    assert_eq!(stored(&server, "k"), None);
    server.put("k", "hello");
    assert_eq!(stored(&server, "k").as_deref(), Some("hello"));
}

/// CVE-2023-28434 (MinIO): while a form was processed, the check that keeps clients out of the server's own bucket could be
/// passed by, and an object be put into any bucket. Here no bucket holds anything of the server's own, the bucket is the one of
/// the request, and the key may not be other than the policy's.
#[test]
fn cve_2023_28434_a_form_that_leaves_its_bucket() {
    assert_eq!(verify(&form("u/k"), "bucket").unwrap(), "bucket/u/k");
    for bucket in [".presign.sys", "vault", "bucket/../vault", "BUCKET", ""] {
        assert!(verify(&form("u/k"), bucket).is_err(), "{bucket}");
    }
    for key in ["../vault/secret", "/vault/secret", "u/k/", "u//k"] {
        let fields = form("u/k").into_iter().map(|(name, value)| match name.as_str() {
            "key" => (name, key.to_owned()),
            _ => (name, value),
        });
        assert!(verify(&fields.collect(), "bucket").is_err(), "{key}");
    }
    let twice = verify(&with(form("u/k"), "Key", "../vault/secret"), "bucket");
    assert!(twice.is_err(), "{twice:?}");
    let server = server();
    assert_eq!(send(&server, "bucket", &form("u/k")), 501);
    assert_eq!(send(&server, ".presign.sys", &form("u/k")), 501);
    assert_eq!(stored(&server, "u/k"), None);
    server.put("u/k", "hello");
    assert_eq!(stored(&server, "u/k").as_deref(), Some("hello"));
}
