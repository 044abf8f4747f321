//! Where a bucket is: the part of a URL before the object's key.

use std::iter;

use crate::canonical_request::{CanonicalRequest, UNSIGNED_PAYLOAD};
use crate::endpoint::{EndpointError, EndpointUrl};

/// The address of one bucket: what goes before an object's key, and the Host that is signed.
///
/// [`Endpoint::bucket`](crate::Endpoint::bucket) chooses the style as the AWS tools do; the constructors here
/// take the one that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketUrl {
    bucket: String,
    /// Scheme and authority as they stand in the URL: `https://s3.example.com:8443`.
    origin: String,
    /// The Host header: lower case, without the scheme's default port.
    host: String,
    /// The path up to the key, encoded, without a closing slash; the endpoint's own in virtual-hosted style.
    path: String,
    /// The end of the canonical request of a URL that demands no header: it is the same for every object.
    host_lines: String,
    is_virtual_hosted: bool,
}

impl BucketUrl {
    /// `https://endpoint/bucket`, the form for custom endpoints and for buckets with a dot.
    ///
    /// # Errors
    /// [`EndpointError::InvalidUrl`], [`EndpointError::InvalidBucketName`].
    pub fn path_style(endpoint: &str, bucket: &str) -> Result<Self, EndpointError> {
        let endpoint = EndpointUrl::parse(endpoint)?;
        Ok(BucketUrl::new_path_style(&endpoint, check_bucket_name(bucket)?))
    }

    /// `https://bucket.endpoint`, AWS's own form.
    ///
    /// # Errors
    /// [`EndpointError::InvalidUrl`], [`EndpointError::InvalidBucketName`], and
    /// [`EndpointError::NotVirtualHostable`] where the endpoint is an IP address.
    pub fn virtual_hosted(endpoint: &str, bucket: &str) -> Result<Self, EndpointError> {
        let endpoint = EndpointUrl::parse(endpoint)?;
        if endpoint.is_address {
            let why = "the endpoint's host is an IP address";
            return Err(EndpointError::NotVirtualHostable { bucket: bucket.to_owned(), why });
        }
        Ok(BucketUrl::new_virtual_hosted(&endpoint, check_bucket_name(bucket)?))
    }

    pub(crate) fn new_path_style(endpoint: &EndpointUrl, bucket: &str) -> Self {
        BucketUrl {
            bucket: bucket.to_owned(),
            origin: endpoint.origin.clone(),
            host: endpoint.host.clone(),
            path: format!("{}/{bucket}", endpoint.path),
            host_lines: host_lines(&endpoint.host),
            is_virtual_hosted: false,
        }
    }

    pub(crate) fn new_virtual_hosted(endpoint: &EndpointUrl, bucket: &str) -> Self {
        let (scheme, authority) = endpoint.origin.split_once("://").unwrap_or(("https", &endpoint.origin));
        let host = format!("{}.{}", bucket.to_ascii_lowercase(), endpoint.host);
        BucketUrl {
            bucket: bucket.to_owned(),
            origin: format!("{scheme}://{bucket}.{authority}"),
            host_lines: host_lines(&host),
            host,
            path: endpoint.path.clone(),
            is_virtual_hosted: true,
        }
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Scheme and authority, as in `https://s3.example.com:8443`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The Host header that a client will send, and that is signed.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The encoded path up to the key, without a closing slash; in virtual-hosted style the endpoint's own
    /// path, which is mostly empty.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The canonical request from the line feed before the headers to its end, when Host is the only one.
    pub(crate) fn host_lines(&self) -> &str {
        &self.host_lines
    }

    /// Whether the bucket is named in the host and not in the path.
    pub fn is_virtual_hosted(&self) -> bool {
        self.is_virtual_hosted
    }
}

fn host_lines(host: &str) -> String {
    let mut lines = CanonicalRequest::start(128);
    lines.header("host", iter::once(host));
    lines.finish(iter::once("host"), UNSIGNED_PAYLOAD)
}

/// A name that changes neither the host nor the path it is put into beyond itself.
pub(crate) fn check_bucket_name(bucket: &str) -> Result<&str, EndpointError> {
    let is_name = (1..=255).contains(&bucket.len())
        && bucket.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        // Browsers and curl take `.` and `..` out of a path before they send it.
        && bucket != "."
        && bucket != "..";
    if is_name { Ok(bucket) } else { Err(EndpointError::InvalidBucketName(bucket.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_styles() {
        let bucket = BucketUrl::path_style("https://S3.ex.org:80/base/", "B_1").unwrap();
        assert_eq!(
            (bucket.origin(), bucket.host(), bucket.path(), bucket.is_virtual_hosted()),
            ("https://S3.ex.org:80", "s3.ex.org:80", "/base/B_1", false)
        );
        let bucket = BucketUrl::virtual_hosted("https://S3.ex.org:80/base/", "B.1").unwrap();
        assert_eq!(
            (bucket.origin(), bucket.host(), bucket.path(), bucket.is_virtual_hosted()),
            ("https://B.1.S3.ex.org:80", "b.1.s3.ex.org:80", "/base", true)
        );
    }

    #[test]
    fn a_name_cannot_lead_to_another_host_or_bucket() {
        for bad in ["", ".", "..", "a/b", "evil.com/", "a@b", "a:1", "a b", "é", "a%2Fb", &"a".repeat(256)] {
            let refusal = Err(EndpointError::InvalidBucketName(bad.to_owned()));
            assert_eq!(BucketUrl::path_style("https://s3.ex.org", bad), refusal, "{bad}");
            assert_eq!(BucketUrl::virtual_hosted("https://s3.ex.org", bad), refusal, "{bad}");
        }
        assert!(BucketUrl::path_style("https://s3.ex.org", &"a".repeat(255)).is_ok());
        assert!(BucketUrl::path_style("https://s3.ex.org", "...").is_ok());
    }

    #[test]
    fn an_address_has_no_subdomains() {
        for endpoint in ["http://127.0.0.1:9000", "http://[::1]:9000"] {
            assert!(BucketUrl::path_style(endpoint, "b").is_ok());
            assert!(matches!(
                BucketUrl::virtual_hosted(endpoint, "b"),
                Err(EndpointError::NotVirtualHostable { .. })
            ));
        }
    }
}
