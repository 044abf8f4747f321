//! Signing a request in its headers: what an SDK does with every call.

use std::borrow::Cow;
use std::fmt;

use crate::bucket_url::BucketUrl;
use crate::canonical_request::{CanonicalRequest, UNSIGNED_PAYLOAD};
use crate::endpoint::{EndpointError, EndpointUrl};
use crate::method::Method;
use crate::sign::prepared::{NEVER_SIGNED, add_header, check_key, lower_header_name};
use crate::sign::{SignError, Signer};
use crate::signing_key::{ALGORITHM, Hex, sha256};
use crate::timestamp::Timestamp;
use crate::uri::{self, Keep};

/// What a signature says of a request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload {
    /// Nothing: the body can be anything. Use it over https only.
    Unsigned,
    /// The body's SHA-256, which the store checks.
    Sha256([u8; 32]),
}

impl Payload {
    /// A body that is at hand.
    pub fn of(body: &[u8]) -> Self {
        Payload::Sha256(sha256(body))
    }
}

/// The payload's line in a canonical request, and the value of `x-amz-content-sha256`.
impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Payload::Unsigned => f.write_str(UNSIGNED_PAYLOAD),
            Payload::Sha256(hash) => f.write_str(Hex::new(hash).as_str()),
        }
    }
}

/// A request that [`Signer::authorize`] shall sign. Its body is empty unless said otherwise.
#[derive(Clone, Debug)]
pub struct UnsignedRequest<'a> {
    method: Method,
    origin: String,
    host: String,
    /// In canonical form.
    path: String,
    /// Names and values in canonical form.
    query: Vec<(String, String)>,
    headers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    payload: Payload,
}

impl<'a> UnsignedRequest<'a> {
    /// Any method on the object of that key.
    pub fn object(method: Method, bucket: &BucketUrl, key: &str) -> Result<Self, SignError> {
        check_key(key)?;
        let mut path = String::with_capacity(bucket.path().len() + 1 + key.len() + key.len() / 2);
        path.push_str(bucket.path());
        path.push('/');
        uri::encode_into(&mut path, key, Keep::Slash);
        Ok(UnsignedRequest::at(method, bucket.origin(), bucket.host(), path))
    }

    /// Any method on the bucket itself.
    pub fn bucket(method: Method, bucket: &BucketUrl) -> Self {
        UnsignedRequest::at(method, bucket.origin(), bucket.host(), bucket.path().to_owned())
    }

    /// Any method on any URL. However its path and query are escaped, they are signed and sent in canonical
    /// form; a plus sign is a plus sign.
    pub fn url(method: Method, url: &str) -> Result<Self, EndpointError> {
        let (before_query, query) = url.split_once('?').unwrap_or((url, ""));
        let authority = before_query.find("://").map_or(0, |at| at + "://".len());
        let slash = before_query.get(authority..).and_then(|rest| rest.find('/'));
        let (origin, path) = match slash {
            Some(at) => before_query.split_at_checked(authority + at).unwrap_or((before_query, "")),
            None => (before_query, ""),
        };
        let endpoint = EndpointUrl::parse(origin)?;
        let canonical = |raw: &str, keep| match uri::read(raw, keep) {
            Ok(piece) => Ok(piece.canonical.into_owned()),
            Err(uri::Malformed) => Err(EndpointError::InvalidUrl {
                url: url.to_owned(),
                why: "a percent sign in it does not begin an escape, or what is escaped is not UTF-8",
            }),
        };
        let mut request =
            UnsignedRequest::at(method, &endpoint.origin, &endpoint.host, canonical(path, Keep::Slash)?);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            request.query.push((canonical(name, Keep::Unreserved)?, canonical(value, Keep::Unreserved)?));
        }
        Ok(request)
    }

    fn at(method: Method, origin: &str, host: &str, mut path: String) -> Self {
        if path.is_empty() {
            path.push('/');
        }
        UnsignedRequest {
            method,
            origin: origin.to_owned(),
            host: host.to_owned(),
            path,
            query: Vec::new(),
            headers: Vec::new(),
            payload: Payload::of(b""),
        }
    }

    /// A query parameter, name and value as they are meant, not escaped.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        let encode = |text| uri::encode(text, Keep::Unreserved).into_owned();
        self.query.push((encode(name), encode(value)));
        self
    }

    /// A header that will be sent. All are signed but those that clients and proxies change on the way, such
    /// as User-Agent and Connection.
    #[must_use]
    pub fn header(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// What is said of the body.
    #[must_use]
    pub fn payload(mut self, payload: Payload) -> Self {
        self.payload = payload;
        self
    }
}

/// A signed request: the URL to send it to, and the headers that were added to its own.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizedRequest {
    url: String,
    headers: Vec<(&'static str, String)>,
}

impl AuthorizedRequest {
    /// The URL, spelt as it was signed.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The headers to add, names in lower case: `authorization`, `x-amz-content-sha256`, `x-amz-date` and, for
    /// temporary credentials, `x-amz-security-token`.
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }
}

/// The headers are a credential for minutes, so they are not printed.
impl fmt::Debug for AuthorizedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizedRequest").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Signer {
    /// Signs a request in its headers, as of `now`. S3 takes it within 15 minutes of that.
    ///
    /// ```
    /// use presign::{BucketUrl, Credentials, Method, Payload, Signer, Timestamp, UnsignedRequest};
    ///
    /// let signer = Signer::new(Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret"), "us-east-1")?;
    /// let bucket = BucketUrl::path_style("http://localhost:9000", "photos")?;
    /// let upload = UnsignedRequest::object(Method::Put, &bucket, "cat.jpg")?
    ///     .header("content-type", "image/jpeg")
    ///     .payload(Payload::of(b"the picture"));
    /// let signed = signer.authorize(&upload, Timestamp::from_unix(1_795_282_542))?;
    /// assert_eq!(signed.url(), "http://localhost:9000/photos/cat.jpg");
    /// let (name, value) = &signed.headers()[0];
    /// assert_eq!(*name, "authorization");
    /// assert!(value.contains("SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn authorize(
        &self,
        request: &UnsignedRequest<'_>,
        now: Timestamp,
    ) -> Result<AuthorizedRequest, SignError> {
        let time = now.basic();
        let key = self.signing_key(&time);
        let payload = request.payload.to_string();
        let mut own = vec![("x-amz-content-sha256", payload), ("x-amz-date", time.as_str().to_owned())];
        if let Some(token) = self.credentials().session_token() {
            own.push(("x-amz-security-token", token.to_owned()));
        }

        let mut headers = vec![("host".to_owned(), request.host.clone())];
        for (name, value) in &request.headers {
            let lower = lower_header_name(name, value)?;
            if WRITTEN_BY_THE_SIGNER.contains(&lower.as_str()) {
                return Err(SignError::InvalidHeader(lower, "the signer writes it itself"));
            }
            if !NEVER_SIGNED.contains(&lower.as_str()) {
                add_header(&mut headers, lower, value);
            }
        }
        for (name, value) in &own {
            add_header(&mut headers, (*name).to_owned(), value);
        }
        headers.sort();

        let mut parameters: Vec<(&str, &str)> =
            request.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut url = format!("{}{}", request.origin, request.path);
        let mut separator = '?';
        for (name, value) in &parameters {
            for part in [separator.encode_utf8(&mut [0; 4]), *name, "=", *value] {
                url.push_str(part);
            }
            separator = '&';
        }
        let payload = own.first().map_or("", |(_, payload)| payload.as_str());
        let (canonical, signed_headers) =
            canonical_request(request.method.as_str(), &request.path, &mut parameters, &headers, payload);
        let signature = key.sign_hash(&time, &sha256(canonical.as_bytes())).to_hex();
        let authorization = format!(
            "{ALGORITHM} Credential={}/{}, SignedHeaders={signed_headers}, Signature={}",
            self.credentials().access_key_id(),
            key.scope(),
            signature.as_str()
        );
        own.insert(0, ("authorization", authorization));
        Ok(AuthorizedRequest { url, headers: own })
    }
}

/// Headers whose values follow from the signature or from the URL.
const WRITTEN_BY_THE_SIGNER: [&str; 6] =
    ["authorization", "date", "host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"];

/// The canonical request, and the names of its headers. `headers` are sorted, their names in lower case.
pub(super) fn canonical_request<'q>(
    method: &str,
    path: &str,
    parameters: &mut [(&'q str, &'q str)],
    headers: &[(String, String)],
    payload: &str,
) -> (String, String) {
    let mut canonical = CanonicalRequest::new(method, path, path.len() + 512);
    canonical.query(parameters);
    let mut names = String::with_capacity(64);
    for (name, value) in headers {
        canonical.header(name, std::iter::once(value.as_str()));
        if !names.is_empty() {
            names.push(';');
        }
        names.push_str(name);
    }
    let canonical = canonical.finish(&names, payload);
    (canonical, names)
}
