//! Presigning with Signature Version 2, for what cannot read anything newer.

use std::time::Duration;

use crate::bucket_url::BucketUrl;
use crate::sign::prepared::{PresignedUrl, check_key, checked_header_name, checked_life};
use crate::sign::{PresignRequest, SignError, Signer};
use crate::sigv2;
use crate::timestamp::Timestamp;
use crate::uri::{self, Keep};

impl Signer {
    /// Makes a presigned URL of the old kind, Signature Version 2.
    ///
    /// Do not use it where SigV4 is understood, and that is every S3 of the last ten years. It signs with SHA-1;
    /// it signs neither host nor region, so the URL is as good against any store that knows the secret; it is
    /// refused by every AWS region opened since 2014. It carries no caveats, and only the parameters and headers
    /// that it signs: the known sub-resources and `response-*`, and Content-MD5, Content-Type and `x-amz-*`.
    /// Whatever else the request asks for is an error.
    ///
    /// The URL carries the `x-amz-*` headers itself. Content-MD5 and Content-Type must be sent; see
    /// [`PresignedUrl::headers`].
    ///
    /// ```
    /// use presign::{BucketUrl, Credentials, PresignRequest, Signer, Timestamp};
    ///
    /// let signer = Signer::new(Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret"), "us-east-1")?;
    /// let bucket = BucketUrl::path_style("http://old-store.example.com", "photos")?;
    /// let now = Timestamp::from_unix(1_795_282_542);
    /// let url = signer.presign_sigv2(&bucket, &PresignRequest::get("cat.jpg"), now)?;
    /// assert!(url.as_str().ends_with("&Expires=1795286142"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn presign_sigv2(
        &self,
        bucket: &BucketUrl,
        request: &PresignRequest<'_>,
        now: Timestamp,
    ) -> Result<PresignedUrl, SignError> {
        let life = checked_life(request)?;
        if !request.caveats.is_empty() {
            return Err(SignError::CaveatsInSigV2);
        }
        let signed_at = now.rounded_down(request.stable_window);
        let expires_at = signed_at.plus(Duration::from_secs(life));
        let expires = expires_at.as_unix().to_string();
        let parameters = checked_parameters(request)?;
        let headers = self.sigv2_headers(request)?;

        let mut key = String::new();
        if let Some(name) = &request.key {
            check_key(name)?;
            uri::encode_into(&mut key, name, Keep::Slash);
        }
        let text = {
            let value_of = |wanted: &str| {
                headers.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value.as_str())
            };
            let mut amz_headers: Vec<(&str, &str)> = headers
                .iter()
                .filter(|(name, _)| name.starts_with("x-amz-"))
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            amz_headers.sort_unstable();
            let resource = format!("/{}/{key}", bucket.bucket());
            sigv2::string_to_sign(
                request.method.as_str(),
                value_of("content-md5"),
                value_of("content-type"),
                &expires,
                amz_headers.into_iter(),
                &sigv2::canonical_resource(&resource, parameters.iter().copied()),
            )
        };
        let signature = sigv2::sign(self.credentials().secret_access_key(), &text);

        let mut url = String::with_capacity(256 + key.len());
        url.push_str(bucket.origin());
        url.push_str(bucket.path());
        if request.key.is_some() || bucket.path().is_empty() {
            url.push('/');
            url.push_str(&key);
        }
        let mut separator = '?';
        let mut push = |name: &str, value: Option<&str>| {
            url.push(separator);
            uri::encode_into(&mut url, name, Keep::Unreserved);
            if let Some(value) = value {
                url.push('=');
                uri::encode_into(&mut url, value, Keep::Unreserved);
            }
            separator = '&';
        };
        for (name, value) in parameters {
            push(name, value);
        }
        push("AWSAccessKeyId", Some(self.credentials().access_key_id()));
        push("Signature", Some(&signature));
        for (name, value) in &headers {
            push(name, Some(value));
        }
        push("Expires", Some(&expires));

        Ok(PresignedUrl {
            url,
            method: request.method,
            headers: headers.into_iter().filter(|(name, _)| !name.starts_with("x-amz-")).collect(),
            signed_at,
            expires_at,
        })
    }

    /// The headers that the URL carries, names in lower case, in the caller's order, and the session token.
    fn sigv2_headers(&self, request: &PresignRequest<'_>) -> Result<Vec<(String, String)>, SignError> {
        let mut headers: Vec<(String, String)> = Vec::with_capacity(request.headers.len() + 1);
        for (name, value) in &request.headers {
            let name = checked_header_name(name, value)?;
            if name == "x-amz-security-token" {
                return Err(SignError::InvalidHeader(name, "the signer writes it from its credentials"));
            }
            if !name.starts_with("x-amz-") && name != "content-md5" && name != "content-type" {
                return Err(SignError::UnsignedInSigV2(name));
            }
            // Unlike SigV4, this keeps runs of spaces within a value.
            let value = value.trim();
            match headers.iter_mut().find(|(known, _)| *known == name) {
                Some((_, joined)) => {
                    joined.push(',');
                    joined.push_str(value);
                }
                None => headers.push((name, value.to_owned())),
            }
        }
        if let Some(token) = self.credentials().session_token() {
            headers.push(("x-amz-security-token".to_owned(), token.to_owned()));
        }
        Ok(headers)
    }
}

/// The caller's parameters, if SigV2 signs them all. A sub-resource without a value is written without `=`,
/// as botocore writes it, and is signed so.
fn checked_parameters<'r>(
    request: &'r PresignRequest<'_>,
) -> Result<Vec<(&'r str, Option<&'r str>)>, SignError> {
    let mut parameters: Vec<(&str, Option<&str>)> = Vec::with_capacity(request.query.len());
    for (name, value) in &request.query {
        if !sigv2::is_subresource(name) {
            return Err(SignError::UnsignedInSigV2(name.as_ref().to_owned()));
        }
        if parameters.iter().any(|(earlier, _)| *earlier == name) {
            return Err(SignError::RepeatedParameter(name.as_ref().to_owned()));
        }
        parameters.push((name, Some(value.as_ref()).filter(|value| !value.is_empty())));
    }
    Ok(parameters)
}
