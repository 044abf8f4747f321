//! Presigned URLs of all kinds, and requests that arrive with them.

use std::time::Duration;

use presign::{
    BucketUrl, Credentials, Method, PresignRequest, Refusal, Request, Signer, Timestamp, Unverified,
    VerificationKey, VerifyPolicy,
};
use proptest::prelude::*;

pub(crate) const METHODS: [Method; 5] =
    [Method::Get, Method::Head, Method::Put, Method::Post, Method::Delete];
pub(crate) const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const REGION: &str = "us-east-1";
pub(crate) const ORIGIN: &str = "https://files.example.com:8443";
pub(crate) const HOST: &str = "files.example.com:8443";

/// A presigned URL, and what went into it.
#[derive(Clone, Debug)]
pub(crate) struct SignedUrl {
    /// What stands in the request line.
    pub(crate) target: String,
    pub(crate) method: Method,
    /// The signed headers, Host aside.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) token: Option<String>,
    /// Seconds since 1970.
    pub(crate) signed_at: i64,
    /// Seconds.
    pub(crate) life: i64,
}

/// A request as a server receives it, and what the server knows.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) now: i64,
    pub(crate) region: String,
    /// The secret of the access key; none if there is no such key.
    pub(crate) secret: Option<String>,
    pub(crate) token: Option<String>,
}

impl SignedUrl {
    /// The URL used as it was meant, in the first second of its life.
    pub(crate) fn arrived(&self) -> Arrived {
        let mut headers = vec![("Host".to_owned(), HOST.to_owned())];
        headers.extend(self.headers.iter().cloned());
        Arrived {
            method: self.method.as_str().to_owned(),
            target: self.target.clone(),
            headers,
            now: self.signed_at,
            region: REGION.to_owned(),
            secret: Some(SECRET.to_owned()),
            token: self.token.clone(),
        }
    }
}

impl Arrived {
    /// The verifier's word on it.
    pub(crate) fn outcome(&self) -> Result<(), Refusal> {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = Request::new(&self.method, &self.target, &headers);
        let key = self
            .secret
            .as_ref()
            .map(|secret| VerificationKey::new(credentials(secret, self.token.as_deref())));
        let now = Timestamp::from_unix(self.now);
        Unverified::parse(request)?.verify(key.as_ref(), now, &VerifyPolicy::new(&self.region)).map(|_| ())
    }
}

pub(crate) fn credentials(secret: &str, token: Option<&str>) -> Credentials {
    let credentials = Credentials::new(ACCESS_KEY_ID, secret);
    match token {
        Some(token) => credentials.with_session_token(token),
        None => credentials,
    }
}

/// Keys of every plane, and of the characters over which URLs stumble.
pub(crate) fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{1,40}",
        "\\PC{1,20}",
        prop::collection::vec(any::<char>(), 1..20).prop_map(|characters| characters.into_iter().collect()),
        "[a-z%+/. ~&=?]{1,40}",
    ]
}

fn parameters() -> impl Strategy<Value = Vec<(String, String)>> {
    let names =
        ["versionId", "response-content-disposition", "tagging", "x-id", "uploadId", "partNumber", "a b"];
    let names = prop::sample::subsequence(names.to_vec(), 0..4);
    (names, prop::collection::vec(prop_oneof!["", "[ -~]{0,20}", "\\PC{0,9}"], 4))
        .prop_map(|(names, values)| names.into_iter().map(str::to_owned).zip(values).collect())
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let names =
        prop::sample::subsequence(vec!["content-type", "x-amz-meta-colour", "x-amz-acl", "if-match"], 0..4);
    (names, prop::collection::vec("[!-~]{1,8}( {1,2}[!-~]{1,8}){0,2}", 4))
        .prop_map(|(names, values)| names.into_iter().map(str::to_owned).zip(values).collect())
}

/// A SigV4 URL of any kind.
pub(crate) fn signed_url() -> impl Strategy<Value = SignedUrl> {
    let token = prop::option::weighted(0.3, "[A-Za-z0-9/+=]{20,60}");
    let life = prop_oneof![Just(1_i64), Just(3600), Just(604_800), 1..=604_800_i64];
    let signed_at = 1_000_000_000..4_000_000_000_i64;
    (prop::sample::select(&METHODS), key(), parameters(), headers(), token, signed_at, life).prop_map(
        |(method, key, parameters, headers, token, signed_at, life)| {
            let signer = Signer::new(credentials(SECRET, token.as_deref()), REGION).unwrap();
            let bucket = BucketUrl::path_style(ORIGIN, "bucket").unwrap();
            let request = PresignRequest::object(method, key.as_str());
            let request =
                parameters.iter().fold(request, |request, (name, value)| request.query(name, value));
            let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
            let request = request.expires_in(Duration::from_secs(life.unsigned_abs()));
            let url = signer.presign(&bucket, &request, Timestamp::from_unix(signed_at)).unwrap();
            let target = url.as_str().strip_prefix(ORIGIN).unwrap().to_owned();
            SignedUrl { target, method, headers, token, signed_at, life }
        },
    )
}
