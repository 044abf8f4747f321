//! Presigning with Signature Version 2, for what cannot read anything newer.

use std::time::Duration;

use crate::bucket_url::BucketUrl;
use crate::sign::headers::checked_header_name;
use crate::sign::prepared::{PresignedUrl, check_key, checked_life};
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
    ///
    /// # Errors
    /// As [`Signer::presign`]; [`SignError::UnsignedInSigV2`] and [`SignError::CaveatsInSigV2`] for what SigV2 does not sign.
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

        let own = [
            ("AWSAccessKeyId", Some(self.credentials().access_key_id())),
            ("Signature", Some(signature.as_str())),
        ];
        let carried = headers.iter().map(|(name, value)| (name.as_str(), Some(value.as_str())));
        let query = parameters.into_iter().chain(own).chain(carried).chain([("Expires", Some(&*expires))]);
        let mut url = String::with_capacity(256 + key.len());
        url.push_str(bucket.origin());
        url.push_str(bucket.path());
        if request.key.is_some() || bucket.path().is_empty() {
            url.push('/');
            url.push_str(&key);
        }
        push_query(&mut url, query);

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

fn push_query<'q>(url: &mut String, parameters: impl Iterator<Item = (&'q str, Option<&'q str>)>) {
    let mut separator = '?';
    for (name, value) in parameters {
        url.push(separator);
        uri::encode_into(url, name, Keep::Unreserved);
        if let Some(value) = value {
            url.push('=');
            uri::encode_into(url, value, Keep::Unreserved);
        }
        separator = '&';
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caveats::Caveats;
    use crate::credentials::Credentials;

    fn sign(request: &PresignRequest<'_>) -> Result<PresignedUrl, SignError> {
        let credentials =
            Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        let bucket = BucketUrl::virtual_hosted("http://s3.amazonaws.com", "johnsmith").unwrap();
        let signer = Signer::new(credentials, "us-east-1").unwrap();
        signer.presign_sigv2(&bucket, request, Timestamp::from_unix(1_175_139_560))
    }

    /// "Query string request authentication alternative", Amazon S3 User Guide.
    #[test]
    fn the_documented_example() {
        let request = PresignRequest::get("photos/puppy.jpg").expires_in(Duration::from_secs(60));
        assert_eq!(
            sign(&request).unwrap().as_str(),
            "http://johnsmith.s3.amazonaws.com/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE\
             &Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620"
        );
    }

    #[test]
    fn what_would_not_be_signed_is_refused() {
        let get = || PresignRequest::get("k");
        assert!(sign(&get().query("tagging", "").header("x-amz-meta-a", "1")).is_ok());
        for name in ["x-id", "Tagging", "list-type", "Signature", "AWSAccessKeyId"] {
            let refusal = sign(&get().query(name, "1")).unwrap_err();
            assert_eq!(refusal, SignError::UnsignedInSigV2(name.to_owned()));
        }
        assert_eq!(
            sign(&get().create_only()).unwrap_err(),
            SignError::UnsignedInSigV2("If-None-Match".to_owned())
        );
        assert_eq!(
            sign(&get().header("Range", "bytes=0-1")).unwrap_err(),
            SignError::UnsignedInSigV2("range".to_owned())
        );
        let caveats = Caveats { max_size: Some(1), ..Caveats::default() };
        assert_eq!(sign(&get().caveats(caveats)).unwrap_err(), SignError::CaveatsInSigV2);
        assert!(sign(&get().caveats(Caveats::default())).is_ok());
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        let get = || PresignRequest::get("k");
        assert_eq!(sign(&PresignRequest::get("")).unwrap_err(), SignError::EmptyKey);
        assert!(matches!(sign(&get().expires_in(Duration::ZERO)), Err(SignError::LifeOutOfRange { .. })));
        assert_eq!(
            sign(&get().query("versionId", "1").query("versionId", "2")).unwrap_err(),
            SignError::RepeatedParameter("versionId".to_owned())
        );
        assert!(matches!(
            sign(&get().header("x-amz-security-token", "t")),
            Err(SignError::InvalidHeader(..))
        ));
    }

    #[test]
    fn the_recipient_sends_only_what_the_url_cannot_carry() {
        let request = PresignRequest::put("k").header("X-Amz-Acl", "private").header("Content-Type", " a/b ");
        let url = sign(&request).unwrap();
        assert_eq!(url.headers(), [("content-type".to_owned(), "a/b".to_owned())]);
        assert!(url.as_str().contains("&x-amz-acl=private&content-type=a%2Fb&Expires="));
    }

    #[test]
    fn stable_signing_holds_here_too() {
        let hour = Duration::from_secs(3600);
        let url = sign(&PresignRequest::get("k").expires_in(hour).stable(hour)).unwrap();
        assert_eq!(url.signed_at().as_unix() % 3600, 0);
        assert_eq!(url.expires_at().seconds_since(url.signed_at()), 7200);
    }
}
