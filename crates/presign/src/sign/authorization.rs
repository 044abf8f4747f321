//! Signing a request in its headers: what an SDK does with every call.

use std::borrow::Cow;
use std::fmt;

use crate::bucket_url::BucketUrl;
use crate::canonical_request::{CanonicalRequest, UNSIGNED_PAYLOAD};
use crate::endpoint::{EndpointError, EndpointUrl};
use crate::method::Method;
use crate::sign::headers::{NEVER_SIGNED, add_header, lower_header_name};
use crate::sign::prepared::check_key;
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
    ///
    /// # Errors
    /// [`SignError::EmptyKey`], [`SignError::KeyTooLong`].
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
    ///
    /// # Errors
    /// [`EndpointError::InvalidUrl`], which says what is wrong with it.
    pub fn url(method: Method, url: &str) -> Result<Self, EndpointError> {
        let refuse = |why| EndpointError::InvalidUrl { url: url.to_owned(), why };
        if url.contains('#') {
            return Err(refuse("a fragment is never sent; a number sign in a key is written %23"));
        }
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
            Err(uri::Malformed) => {
                Err(refuse("a percent sign in it does not begin an escape, or what is escaped is not UTF-8"))
            }
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
    ///
    /// # Errors
    /// [`SignError::InvalidHeader`] for a header that HTTP cannot carry or that the signer writes itself.
    pub fn authorize(
        &self,
        request: &UnsignedRequest<'_>,
        now: Timestamp,
    ) -> Result<AuthorizedRequest, SignError> {
        let time = now.basic();
        let day = self.day(&time);
        let key = day.key();
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
    let canonical = canonical.finish(std::iter::once(names.as_str()), payload);
    (canonical, names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::Credentials;

    fn signer() -> Signer {
        let credentials =
            Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        Signer::new(credentials, "us-east-1").unwrap()
    }

    fn authorization(request: &UnsignedRequest<'_>) -> Result<String, SignError> {
        let now = Timestamp::parse_basic("20130524T000000Z").unwrap();
        signer().authorize(request, now).map(|signed| signed.headers()[0].1.clone())
    }

    fn example_bucket() -> BucketUrl {
        BucketUrl::virtual_hosted("https://s3.amazonaws.com", "examplebucket").unwrap()
    }

    fn get(key: &str) -> UnsignedRequest<'static> {
        UnsignedRequest::object(Method::Get, &example_bucket(), key).unwrap()
    }

    fn signature(authorization: &str) -> &str {
        authorization.rsplit_once("Signature=").unwrap().1
    }

    /// AWS, "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk".
    #[test]
    fn the_documented_examples() {
        assert_eq!(
            authorization(&get("test.txt").header("Range", "bytes=0-9")).unwrap(),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
        let lifecycle = UnsignedRequest::bucket(Method::Get, &example_bucket()).query("lifecycle", "");
        assert_eq!(
            signature(&authorization(&lifecycle).unwrap()),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        );
        let list = UnsignedRequest::bucket(Method::Get, &example_bucket())
            .query("max-keys", "2")
            .query("prefix", "J");
        assert_eq!(
            signature(&authorization(&list).unwrap()),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        );
    }

    #[test]
    fn every_spelling_of_a_url_is_signed_and_sent_alike() {
        let url = |url| UnsignedRequest::url(Method::Get, url).unwrap();
        let now = Timestamp::from_unix(0);
        let sign = |request: &UnsignedRequest<'_>| signer().authorize(request, now).unwrap();
        let canonical = sign(&url("https://h/b/a%20b~%2B/?acl=&x=%2F%2B"));
        for spelling in ["https://h/b/a b%7E+/?acl&x=/+", "https://h/b/%61%20b~%2b/?&acl=&&x=%2f%2b"] {
            // A space is no part of a URL; clients that send one escape it on the way.
            assert_eq!(sign(&url(spelling)), canonical, "{spelling}");
        }
        assert_eq!(canonical.url(), "https://h/b/a%20b~%2B/?acl=&x=%2F%2B");
        assert_eq!(sign(&url("https://h")).url(), "https://h/");
        let bucket = BucketUrl::path_style("https://h", "b").unwrap();
        let object = UnsignedRequest::object(Method::Get, &bucket, "a b~+/").unwrap();
        assert_eq!(sign(&object.query("acl", "").query("x", "/+")), canonical);
        for bad in ["h/b", "https://h/%", "https://h/?a=%zz", "https://h/%ff", "https://h/#k", "ftp://h/b"] {
            assert!(UnsignedRequest::url(Method::Get, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_changes_on_the_way_is_not_signed() {
        let plain = authorization(&get("k")).unwrap();
        assert_eq!(
            authorization(&get("k").header("User-Agent", "x").header("connection", "close")),
            Ok(plain.clone())
        );
        assert_ne!(authorization(&get("k").header("Accept", "x")), Ok(plain));
    }

    #[test]
    fn the_signer_writes_its_own_headers() {
        for name in
            ["Authorization", "Date", "Host", "X-Amz-Content-Sha256", "X-Amz-Date", "X-Amz-Security-Token"]
        {
            let refusal = authorization(&get("k").header(name, "x"));
            assert_eq!(
                refusal,
                Err(SignError::InvalidHeader(name.to_ascii_lowercase(), "the signer writes it itself"))
            );
        }
        for (name, value) in [("a b", "x"), ("", "x"), ("x-amz-meta-a", "x\r\ny: z")] {
            assert!(authorization(&get("k").header(name, value)).is_err(), "{name}");
        }
        assert!(authorization(&get("k").header("x-amz-meta-a", "x\ty")).is_ok());
    }

    #[test]
    fn what_is_said_of_the_body() {
        let unsigned = get("k").payload(Payload::Unsigned);
        let signed = signer().authorize(&unsigned, Timestamp::from_unix(0)).unwrap();
        assert_eq!(signed.headers()[1], ("x-amz-content-sha256", "UNSIGNED-PAYLOAD".to_owned()));
        let empty = get("k").payload(Payload::of(b""));
        assert_eq!(authorization(&empty), authorization(&get("k")));
        assert_ne!(authorization(&empty), authorization(&unsigned));
        assert_eq!(Payload::of(b""), Payload::Sha256(sha256(b"")));
    }

    #[test]
    fn a_key_has_1_to_1024_bytes() {
        let sign = |key: &str| UnsignedRequest::object(Method::Get, &example_bucket(), key).map(|_| ());
        assert_eq!(sign(""), Err(SignError::EmptyKey));
        assert_eq!(sign(&"k".repeat(1024)), Ok(()));
        assert_eq!(sign(&"k".repeat(1025)), Err(SignError::KeyTooLong { bytes: 1025 }));
    }

    #[test]
    fn the_signature_is_not_printed() {
        let signed = signer().authorize(&get("k"), Timestamp::from_unix(0)).unwrap();
        let printed = format!("{signed:?}");
        assert!(printed.contains("https://examplebucket.s3.amazonaws.com/k"));
        assert!(!printed.contains(signature(&signed.headers()[0].1)));
    }
}
