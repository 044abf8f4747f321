//! Signature Version 2: the old way of signing, as its makers and its verifier both need it.
//!
//! It signs the method, a few headers, the bucket, the key and the known sub-resources, with HMAC-SHA1 under
//! the secret itself. It does not sign the host, nor a parameter it does not know.
//! Source: "Signing and authenticating REST requests (AWS signature version 2)", Amazon S3 User Guide; the
//! sub-resources are those that botocore signs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::credentials::SecretAccessKey;

/// The query parameters that are part of the signed resource, sorted.
pub(crate) const SUBRESOURCES: [&str; 35] = [
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "defaultObjectAcl",
    "delete",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

/// Whether a query parameter is signed. Names are matched with case, as S3 does.
pub(crate) fn is_subresource(name: &str) -> bool {
    SUBRESOURCES.binary_search(&name).is_ok()
}

/// The signed resource: `/bucket/key?subresources`.
///
/// `path` is `/bucket/` and the encoded key, in either style and without an endpoint's own base path; the
/// bucket itself is `/bucket/`. The parameters are all those of the URL, names and values decoded; the value is
/// `None` where the URL has no `=`.
pub(crate) fn canonical_resource<'q>(
    path: &str,
    parameters: impl Iterator<Item = (&'q str, Option<&'q str>)>,
) -> String {
    let mut signed: Vec<_> = parameters.filter(|(name, _)| is_subresource(name)).collect();
    signed.sort_by_key(|(name, _)| *name);
    let mut resource = path.to_owned();
    let mut separator = '?';
    for (name, value) in signed {
        resource.push(separator);
        resource.push_str(name);
        if let Some(value) = value {
            resource.push('=');
            resource.push_str(value);
        }
        separator = '&';
    }
    resource
}

/// The text that is signed. `amz_headers` are the `x-amz-*` headers, names in lower case and sorted, the
/// values of one name joined by commas; `date` is the Expires parameter of a URL, in seconds since the epoch,
/// or the Date header.
pub(crate) fn string_to_sign<'h>(
    method: &str,
    content_md5: &str,
    content_type: &str,
    date: &str,
    amz_headers: impl Iterator<Item = (&'h str, &'h str)>,
    resource: &str,
) -> String {
    let mut text = String::with_capacity(64 + resource.len());
    for line in [method, content_md5, content_type, date] {
        text.push_str(line);
        text.push('\n');
    }
    for (name, value) in amz_headers {
        text.push_str(name);
        text.push(':');
        text.push_str(value);
        text.push('\n');
    }
    text.push_str(resource);
    text
}

/// The HMAC-SHA1 of a text under the secret. Compare with [`subtle::ConstantTimeEq`], never with `==`.
pub(crate) fn hmac_sha1(secret: &SecretAccessKey, text: &[u8]) -> [u8; 20] {
    // `new_from_slice` takes keys of every length; the other arm cannot be reached.
    let keyed = Hmac::<Sha1>::new_from_slice(secret.expose().as_bytes())
        .unwrap_or_else(|_| Hmac::<Sha1>::new(&Default::default()));
    keyed.chain_update(text).finalize().into_bytes().into()
}

/// The signature as a URL or a form carries it: base64 of the HMAC.
pub(crate) fn sign(secret: &SecretAccessKey, text: &str) -> String {
    STANDARD.encode(hmac_sha1(secret, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subresources_are_sorted_for_the_search() {
        assert!(SUBRESOURCES.is_sorted());
        assert!(is_subresource("tagging") && is_subresource("accelerate") && is_subresource("website"));
        assert!(!is_subresource("Tagging") && !is_subresource("x-id") && !is_subresource("attributes"));
    }

    #[test]
    fn only_known_parameters_are_part_of_the_resource() {
        let parameters = [("versionId", Some("a b")), ("x-id", Some("1")), ("acl", None)];
        assert_eq!(canonical_resource("/b/k%20", parameters.into_iter()), "/b/k%20?acl&versionId=a b");
        assert_eq!(canonical_resource("/b/k", std::iter::empty()), "/b/k");
    }

    /// The documented example: "Query string request authentication alternative", Amazon S3 User Guide, as it
    /// was while the example's bucket was still named `johnsmith`.
    #[test]
    fn signs_the_documented_request() {
        let secret = SecretAccessKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        let resource = "/johnsmith/photos/puppy.jpg";
        let text = string_to_sign("GET", "", "", "1175139620", std::iter::empty(), resource);
        assert_eq!(text, "GET\n\n\n1175139620\n/johnsmith/photos/puppy.jpg");
        assert_eq!(sign(&secret, &text), "NpgCjnDzrM+WFzoENXmpNDUsSn8=");
    }

    #[test]
    fn amz_headers_stand_between_the_date_and_the_resource() {
        let headers = [("x-amz-acl", "private"), ("x-amz-meta-a", "1,2")];
        assert_eq!(
            string_to_sign("PUT", "md5", "text/plain", "9", headers.into_iter(), "/b/k"),
            "PUT\nmd5\ntext/plain\n9\nx-amz-acl:private\nx-amz-meta-a:1,2\n/b/k"
        );
    }
}
