//! Presigning, in two steps: all that does not depend on the object's key, then the key.

use std::borrow::Cow;
use std::fmt;
use std::iter;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::bucket_url::BucketUrl;
use crate::canonical_request::{CanonicalRequest, UNSIGNED_PAYLOAD};
use crate::method::Method;
use crate::parameter_name::is_auth_parameter;
use crate::sign::headers::{demanded_headers, with_host};
use crate::sign::presign_request::MAX_LIFE;
use crate::sign::signing_day::SigningDay;
use crate::sign::{PresignRequest, SignError, Signer};
use crate::timestamp::{BasicTime, Timestamp};
use crate::uri::{self, Keep};

/// The longest key that S3 knows, in bytes.
pub(crate) const MAX_KEY_BYTES: usize = 1024;

/// What stands before the signature, which is always the last parameter.
const SIGNATURE_PARAMETER: &str = "&X-Amz-Signature=";

/// A presigned URL, with what its holder must know to use it.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedUrl {
    pub(super) url: String,
    pub(super) method: Method,
    pub(super) headers: Vec<(String, String)>,
    pub(super) signed_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

impl PresignedUrl {
    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// The URL, on its own.
    pub fn into_string(self) -> String {
        self.url
    }

    /// The only method that the URL serves.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The headers that the holder must send, as they were signed; Host aside, which every client sends.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The time it was signed for; before the present in stable signing.
    pub fn signed_at(&self) -> Timestamp {
        self.signed_at
    }

    /// The first second in which it no longer works, whatever the credentials' own life.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

/// The URL is a credential while it lives, so its signature is not printed.
impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresignedUrl")
            .field("url", &self.url.split('?').next().unwrap_or_default())
            .field("method", &self.method)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Everything of a presigned URL but the key: made once, good for any number of keys.
pub struct PreparedPresign<'a> {
    bucket: &'a BucketUrl,
    method: Method,
    /// The headers that the holder must send besides Host.
    headers: Vec<(String, String)>,
    /// From the `?` to the `=` before the signature.
    query: String,
    canonical_query: CanonicalQuery,
    /// The canonical request from the line feed before the headers to its end.
    header_lines: Cow<'a, str>,
    time: BasicTime,
    day: Arc<SigningDay>,
    signed_at: Timestamp,
    expires_at: Timestamp,
}

/// The parameters in canonical order.
enum CanonicalQuery {
    /// The URL's own: nothing but the signature's parameters, which it writes in that order.
    AsInUrl,
    Sorted(String),
}

impl<'a> PreparedPresign<'a> {
    pub(crate) fn new(
        signer: &Signer,
        bucket: &'a BucketUrl,
        request: &PresignRequest<'_>,
        now: Timestamp,
    ) -> Result<Self, SignError> {
        let seconds = checked_life(request)?;
        let signed_at = now.rounded_down(request.stable_window);
        let time = signed_at.basic();
        let day = signer.day(&time);
        let headers = demanded_headers(request)?;
        let token = signer.credentials().session_token();

        let mut query = String::with_capacity(320 + token.map_or(0, |token| token.len() * 2));
        query.push('?');
        push_operation_parameters(&mut query, request)?;
        let is_canonical = query.len() == 1 && token.is_none();
        push_auth_parameters(&mut query, &day, &time, seconds, with_host(&headers, bucket.host()));
        if let Some(token) = token {
            query.push_str("&X-Amz-Security-Token=");
            uri::encode_into(&mut query, token, Keep::Unreserved);
        }
        let canonical_query =
            if is_canonical { CanonicalQuery::AsInUrl } else { CanonicalQuery::Sorted(sorted(&query)) };
        let header_lines = match headers.len() {
            0 => Cow::Borrowed(bucket.host_lines()),
            _ => Cow::Owned(header_lines(|| with_host(&headers, bucket.host()))),
        };
        query.push_str(SIGNATURE_PARAMETER);

        Ok(PreparedPresign {
            bucket,
            method: request.method,
            headers,
            query,
            canonical_query,
            header_lines,
            time,
            day,
            signed_at,
            expires_at: Timestamp::from_unix(
                signed_at.as_unix().saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX)),
            ),
        })
    }

    /// The URL of the object of that key.
    ///
    /// # Errors
    /// [`SignError::EmptyKey`], [`SignError::KeyTooLong`].
    pub fn url(&self, key: &str) -> Result<String, SignError> {
        check_key(key)?;
        let mut url = self.start(key.len() + key.len() / 2);
        url.push('/');
        uri::encode_into(&mut url, key, Keep::Slash);
        Ok(self.signed(url))
    }

    /// The URL of the bucket itself.
    pub fn bucket_url(&self) -> String {
        let mut url = self.start(1);
        if self.bucket.path().is_empty() {
            url.push('/');
        }
        self.signed(url)
    }

    /// The URL up to the end of the bucket.
    fn start(&self, room_for_key: usize) -> String {
        let (origin, path) = (self.bucket.origin(), self.bucket.path());
        let mut url = String::with_capacity(origin.len() + path.len() + room_for_key + self.query.len() + 65);
        url.push_str(origin);
        url.push_str(path);
        url
    }

    /// Appends the query and the signature to a URL that ends with its path.
    fn signed(&self, mut url: String) -> String {
        let path = url.get(self.bucket.origin().len()..).unwrap_or_default();
        let mut hash = Sha256::new();
        hash.update(self.method.as_str());
        hash.update(b"\n");
        hash.update(path);
        match &self.canonical_query {
            CanonicalQuery::AsInUrl => {
                let query =
                    self.query.strip_prefix('?').and_then(|query| query.strip_suffix(SIGNATURE_PARAMETER));
                hash.update(b"\n");
                hash.update(query.unwrap_or_default());
            }
            CanonicalQuery::Sorted(query) => hash.update(query),
        }
        hash.update(self.header_lines.as_bytes());
        let signature = self.day.key().sign_hash(&self.time, &hash.finalize().into());
        url.push_str(&self.query);
        url.push_str(signature.to_hex().as_str());
        url
    }

    pub(crate) fn into_presigned(self, url: String) -> PresignedUrl {
        PresignedUrl {
            url,
            method: self.method,
            headers: self.headers,
            signed_at: self.signed_at,
            expires_at: self.expires_at,
        }
    }
}

/// The URL's life in seconds, with the window of stable signing.
pub(super) fn checked_life(request: &PresignRequest<'_>) -> Result<u64, SignError> {
    let life = request.life.as_secs();
    let window = request.stable_window.as_secs();
    let seconds = life.saturating_add(window);
    if life == 0 || seconds > MAX_LIFE.as_secs() {
        return Err(SignError::LifeOutOfRange { seconds, stable_seconds: window });
    }
    Ok(seconds)
}

pub(super) fn check_key(key: &str) -> Result<(), SignError> {
    match key.len() {
        0 => Err(SignError::EmptyKey),
        bytes if bytes > MAX_KEY_BYTES => Err(SignError::KeyTooLong { bytes }),
        _ => Ok(()),
    }
}

/// Names by which S3 takes a URL for one that is signed by SigV2; beside SigV4's own that is two mechanisms in one.
fn is_sigv2_parameter(name: &str) -> bool {
    matches!(name, "AWSAccessKeyId" | "Expires" | "Signature")
}

/// The caller's parameters in the caller's order, then the caveats, each followed by `&`.
fn push_operation_parameters(query: &mut String, request: &PresignRequest<'_>) -> Result<(), SignError> {
    let caveats = request.caveats.to_parameters()?;
    let given = request.query.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    let parameters = || given.clone().chain(caveats.iter().map(|(name, value)| (*name, value.as_str())));
    for (at, (name, value)) in parameters().enumerate() {
        if name.is_empty() || is_auth_parameter(name) || is_sigv2_parameter(name) {
            return Err(SignError::ReservedParameter(name.to_owned()));
        }
        if parameters().take(at).any(|(earlier, _)| earlier.eq_ignore_ascii_case(name)) {
            return Err(SignError::RepeatedParameter(name.to_owned()));
        }
        uri::encode_into(query, name, Keep::Unreserved);
        query.push('=');
        uri::encode_into(query, value, Keep::Unreserved);
        query.push('&');
    }
    Ok(())
}

/// The signature's own parameters in botocore's order, up to the names of the signed headers.
fn push_auth_parameters<'h>(
    query: &mut String,
    day: &SigningDay,
    time: &BasicTime,
    life_seconds: u64,
    headers: impl Iterator<Item = (&'h str, &'h str)>,
) {
    query.push_str(day.first_parameters());
    query.push_str(time.as_str());
    query.push_str("&X-Amz-Expires=");
    push_number(query, life_seconds);
    let mut separator = "&X-Amz-SignedHeaders=";
    for (name, _) in headers {
        query.push_str(separator);
        uri::encode_into(query, name, Keep::Unreserved);
        separator = "%3B";
    }
}

/// Appends a number of seconds of at most six digits without going through an allocation.
fn push_number(text: &mut String, number: u64) {
    let mut divisor = 100_000;
    while divisor > 1 && number < divisor {
        divisor /= 10;
    }
    while divisor > 0 {
        text.push(char::from(b'0' + (number / divisor % 10) as u8));
        divisor /= 10;
    }
}

/// A line feed, and the URL's parameters in canonical order.
fn sorted(query: &str) -> String {
    let parameters = query.trim_start_matches('?').split('&');
    let mut parameters: Vec<(&str, &str)> =
        parameters.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
    let mut canonical = CanonicalRequest::start(query.len() + 1);
    canonical.query(&mut parameters);
    canonical.into_text()
}

/// The canonical request from the line feed before the headers to its end.
fn header_lines<'h, H>(headers: impl Fn() -> H) -> String
where
    H: Iterator<Item = (&'h str, &'h str)>,
{
    let mut canonical = CanonicalRequest::start(256);
    for (name, value) in headers() {
        canonical.header(name, iter::once(value));
    }
    canonical.finish(headers().map(|(name, _)| name), UNSIGNED_PAYLOAD)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::caveats::Caveats;
    use crate::credentials::Credentials;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn signer() -> Signer {
        Signer::new(Credentials::new("AKIAIOSFODNN7EXAMPLE", SECRET), "us-east-1").unwrap()
    }

    fn example_bucket() -> BucketUrl {
        BucketUrl::virtual_hosted("https://s3.amazonaws.com", "examplebucket").unwrap()
    }

    fn noon() -> Timestamp {
        Timestamp::parse_basic("20130524T000000Z").unwrap()
    }

    /// AWS, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
    #[test]
    fn the_documented_example() {
        let request = PresignRequest::get("test.txt").expires_in(Duration::from_secs(86400));
        let url = signer().presign(&example_bucket(), &request, noon()).unwrap();
        assert_eq!(
            url.as_str(),
            "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
             &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
             &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
        assert_eq!(url.expires_at().to_string(), "2013-05-25T00:00:00Z");
    }

    #[test]
    fn life_is_one_second_to_seven_days() {
        let (signer, bucket) = (signer(), example_bucket());
        let sign = |life, window| {
            let request = PresignRequest::get("k").expires_in(life).stable(window);
            signer.presign(&bucket, &request, noon()).map(|_| ())
        };
        let second = Duration::from_secs(1);
        assert_eq!(sign(second, Duration::ZERO), Ok(()));
        assert_eq!(sign(MAX_LIFE, Duration::ZERO), Ok(()));
        for life in [Duration::ZERO, Duration::from_millis(999), MAX_LIFE + second, Duration::MAX] {
            assert!(matches!(sign(life, Duration::ZERO), Err(SignError::LifeOutOfRange { .. })), "{life:?}");
        }
        assert_eq!(sign(MAX_LIFE - second, second), Ok(()));
        assert!(matches!(sign(MAX_LIFE, second), Err(SignError::LifeOutOfRange { .. })));
    }

    #[test]
    fn within_a_window_everyone_gets_the_same_url() {
        let (signer, bucket) = (signer(), example_bucket());
        let (asked, window) = (Duration::from_secs(900), Duration::from_secs(3600));
        let request = PresignRequest::get("k").expires_in(asked).stable(window);
        let sign =
            |after| signer.presign(&bucket, &request, noon().plus(Duration::from_secs(after))).unwrap();
        assert_eq!(sign(0).as_str(), sign(3599).as_str());
        assert_ne!(sign(0).as_str(), sign(3600).as_str());
        for after in [0, 1, 1800, 3599, 3600] {
            let now = noon().plus(Duration::from_secs(after));
            let expires = sign(after).expires_at();
            assert!(expires >= now.plus(asked) && expires <= now.plus(asked + window), "{after}");
        }
    }

    #[test]
    fn many_keys_at_once_are_the_same_urls() {
        let (signer, bucket) = (signer(), example_bucket());
        let keys = ["a", "b c", "é/(1)"];
        let request = PresignRequest::get("");
        let many = signer.presign_many(&bucket, &request, keys, noon()).unwrap();
        for (key, url) in keys.into_iter().zip(many) {
            assert_eq!(signer.presign(&bucket, &PresignRequest::get(key), noon()).unwrap().as_str(), url);
        }
    }

    #[test]
    fn the_key_follows_the_day() {
        let (signer, bucket) = (signer(), example_bucket());
        let fresh = |now| self::signer().presign(&bucket, &PresignRequest::get("k"), now).unwrap();
        for days in [0, 1, 0] {
            let now = noon().plus(Duration::from_secs(days * 86400));
            assert_eq!(signer.presign(&bucket, &PresignRequest::get("k"), now).unwrap(), fresh(now));
        }
    }

    #[test]
    fn the_recipient_is_told_which_headers_to_send() {
        let request =
            PresignRequest::put("k").header("Content-Type", " image/png ").header("x-amz-meta-b", "1");
        let url = signer().presign(&example_bucket(), &request, noon()).unwrap();
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(url.headers(), [header("content-type", "image/png"), header("x-amz-meta-b", "1")]);
        assert!(url.as_str().contains("&X-Amz-SignedHeaders=content-type%3Bhost%3Bx-amz-meta-b&"));
    }

    #[test]
    fn what_cannot_be_signed_is_told() {
        let (signer, bucket) = (signer(), example_bucket());
        let refusal = |request: PresignRequest<'_>| signer.presign(&bucket, &request, noon()).unwrap_err();
        let get = || PresignRequest::get("k");
        assert_eq!(refusal(PresignRequest::get("")), SignError::EmptyKey);
        assert_eq!(refusal(PresignRequest::get("k".repeat(1025))), SignError::KeyTooLong { bytes: 1025 });
        assert!(signer.presign(&bucket, &PresignRequest::get("k".repeat(1024)), noon()).is_ok());
        for name in ["x-amz-DATE", "AWSAccessKeyId", "Expires", "Signature"] {
            assert_eq!(refusal(get().query(name, "1")), SignError::ReservedParameter(name.to_owned()));
        }
        assert!(signer.presign(&bucket, &get().query("signature", "1"), noon()).is_ok());
        assert_eq!(
            refusal(get().version_id("1").version_id("2")),
            SignError::RepeatedParameter("versionId".to_owned())
        );
        for (name, value) in
            [("host", "h"), ("a b", "1"), ("", "1"), ("x-a", "1\r\ny: 2"), ("User-Agent", "x")]
        {
            assert!(matches!(refusal(get().header(name, value)), SignError::InvalidHeader(..)), "{name}");
        }
        let caveats = Caveats { max_size: Some(1), ..Caveats::default() };
        assert_eq!(
            refusal(get().query("X-Presign-Max-Size", "2").caveats(caveats)),
            SignError::RepeatedParameter("x-presign-max-size".to_owned())
        );
    }
}
