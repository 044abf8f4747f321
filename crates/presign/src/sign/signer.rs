//! A signer: credentials, a region, and the signing key they give today.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::bucket_url::BucketUrl;
use crate::credentials::Credentials;
use crate::sign::signing_day::SigningDay;
use crate::sign::{PreparedPresign, PresignRequest, PresignedUrl, SignError};
use crate::timestamp::{BasicTime, Timestamp};

/// Signs requests with one set of credentials in one region.
///
/// The signing key is derived at the first signature of a day and kept, so a signer is worth keeping too.
/// It can be shared between threads.
///
/// ```
/// use presign::{BucketUrl, Credentials, PresignRequest, Signer, Timestamp};
///
/// let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
/// let signer = Signer::new(credentials, "us-east-1")?;
/// let bucket = BucketUrl::path_style("https://files.example.com", "my-bucket")?;
/// let now = Timestamp::from_unix(1_795_282_542);
/// let url = signer.presign(&bucket, &PresignRequest::get("photos/cat.jpg"), now)?;
/// assert!(url.as_str().starts_with("https://files.example.com/my-bucket/photos/cat.jpg?X-Amz-Algorithm="));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Signer {
    credentials: Credentials,
    region: String,
    service: String,
    /// The last day that was signed for.
    kept: Mutex<Option<Arc<SigningDay>>>,
}

impl Signer {
    /// A signer for S3. The region is part of every signature and must be the store's own.
    ///
    /// # Errors
    /// [`SignError::InvalidRegion`], [`SignError::InvalidAccessKeyId`].
    pub fn new(credentials: Credentials, region: impl Into<String>) -> Result<Self, SignError> {
        Signer::for_service(credentials, region, "s3")
    }

    /// A signer for another service that takes S3's kind of signature.
    ///
    /// # Errors
    /// As [`Signer::new`].
    pub fn for_service(
        credentials: Credentials,
        region: impl Into<String>,
        service: impl Into<String>,
    ) -> Result<Self, SignError> {
        let region = region.into();
        let is_name = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        if !is_name(&region) {
            return Err(SignError::InvalidRegion(region));
        }
        if credentials.access_key_id().is_empty() || credentials.access_key_id().contains('/') {
            return Err(SignError::InvalidAccessKeyId);
        }
        Ok(Signer { credentials, region, service: service.into(), kept: Mutex::new(None) })
    }

    /// The credentials signed with.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The region signed for.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Makes one presigned URL, as of `now`.
    ///
    /// # Errors
    /// [`SignError`]: the life is not between one second and seven days, or the key, a parameter, a header or a caveat is
    /// not one that can be signed.
    pub fn presign(
        &self,
        bucket: &BucketUrl,
        request: &PresignRequest<'_>,
        now: Timestamp,
    ) -> Result<PresignedUrl, SignError> {
        let prepared = self.prepare(bucket, request, now)?;
        let url = match &request.key {
            Some(key) => prepared.url(key)?,
            None => prepared.bucket_url(),
        };
        Ok(prepared.into_presigned(url))
    }

    /// Makes one presigned URL a key: a whole listing at once. The key of `request` itself is not looked at.
    ///
    /// # Errors
    /// As [`Signer::presign`], at the first key that cannot be signed.
    pub fn presign_many<'k>(
        &self,
        bucket: &BucketUrl,
        request: &PresignRequest<'_>,
        keys: impl IntoIterator<Item = &'k str>,
        now: Timestamp,
    ) -> Result<Vec<String>, SignError> {
        let prepared = self.prepare(bucket, request, now)?;
        keys.into_iter().map(|key| prepared.url(key)).collect()
    }

    /// Does all of the work that does not depend on the key, for many URLs that differ in nothing else.
    ///
    /// # Errors
    /// As [`Signer::presign`], the key aside.
    pub fn prepare<'a>(
        &self,
        bucket: &'a BucketUrl,
        request: &PresignRequest<'_>,
        now: Timestamp,
    ) -> Result<PreparedPresign<'a>, SignError> {
        PreparedPresign::new(self, bucket, request, now)
    }

    /// The service signed for, `s3`.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// What is ready for the day of `time`; made if that is not the last day that was signed for.
    pub(crate) fn day(&self, time: &BasicTime) -> Arc<SigningDay> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some(day) if day.is_of(time) => Arc::clone(day),
            _ => {
                let day = Arc::new(SigningDay::new(&self.credentials, time, &self.region, &self.service));
                *kept = Some(Arc::clone(&day));
                day
            }
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("credentials", &self.credentials)
            .field("region", &self.region)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
