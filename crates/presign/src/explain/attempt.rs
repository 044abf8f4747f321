//! A request that might be the one that was signed.

use std::net::IpAddr;

use crate::credentials::SecretAccessKey;
use crate::method::Method;
use crate::verify::Request;

/// A request as it arrived, or altered to be tried.
#[derive(Clone)]
pub(super) struct Attempt {
    pub(super) method: Method,
    /// The encoded path.
    pub(super) path: String,
    /// The encoded parameters, `name=value`.
    pub(super) pairs: Vec<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) host_bucket: Option<String>,
    pub(super) remote_address: Option<IpAddr>,
    /// A line of the canonical request that the signer wrote in another way than S3.
    pub(super) line: Option<SignersLine>,
    /// Another secret than the one at hand.
    pub(super) secret: Option<SecretAccessKey>,
}

/// A line of the canonical request as a signer wrote it that did not follow S3's rules.
#[derive(Clone)]
pub(super) enum SignersLine {
    Path(String),
    Query(String),
    Payload(String),
}

impl Attempt {
    /// The request just as it arrived, if S3 has its method.
    pub(super) fn of(request: &Request<'_>) -> Option<Self> {
        let pairs = match request.query() {
            "" => Vec::new(),
            query => query.split('&').map(str::to_owned).collect(),
        };
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Some(Attempt {
            method: request.method.parse().ok()?,
            path: request.path().to_owned(),
            pairs,
            headers: request.headers.iter().map(owned).collect(),
            host_bucket: request.host_bucket.map(str::to_owned),
            remote_address: request.remote_address,
            line: None,
            secret: None,
        })
    }

    /// Hands the request over in the form that the verifier reads.
    pub(super) fn with_request<R>(&self, read: impl FnOnce(Request<'_>) -> R) -> R {
        let separator = if self.pairs.is_empty() { "" } else { "?" };
        let target = format!("{}{separator}{}", self.path, self.pairs.join("&"));
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        read(Request {
            method: self.method.as_str(),
            target: &target,
            headers: &headers,
            remote_address: self.remote_address,
            host_bucket: self.host_bucket.as_deref(),
        })
    }

    /// About how many bytes are gone over to make this request and its signature: its own, and the blocks that sign its
    /// hash.
    pub(super) fn work(&self) -> usize {
        const SIGNATURE: usize = 256;
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len());
        let pairs = self.pairs.iter().map(|pair| pair.len() + 1);
        SIGNATURE + self.path.len() + pairs.sum::<usize>() + headers.sum::<usize>()
    }

    /// The first value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The Host that arrived.
    pub(super) fn host(&self) -> &str {
        self.header("host").unwrap_or_default()
    }

    pub(super) fn with_method(&self, method: Method) -> Self {
        Attempt { method, ..self.clone() }
    }

    pub(super) fn with_path(&self, path: impl Into<String>) -> Self {
        Attempt { path: path.into(), ..self.clone() }
    }

    pub(super) fn with_host(&self, host: &str) -> Self {
        self.with_header("host", host)
    }

    /// With that header once, and no other field of its name.
    pub(super) fn with_header(&self, name: &str, value: &str) -> Self {
        let mut attempt = self.without_header(name);
        attempt.headers.push((name.to_owned(), value.to_owned()));
        attempt
    }

    pub(super) fn without_header(&self, name: &str) -> Self {
        let mut attempt = self.clone();
        attempt.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        attempt
    }

    pub(super) fn with_pairs(&self, pairs: Vec<String>) -> Self {
        Attempt { pairs, ..self.clone() }
    }

    pub(super) fn with_pair(&self, pair: String) -> Self {
        let mut attempt = self.clone();
        attempt.pairs.push(pair);
        attempt
    }

    pub(super) fn with_line(&self, line: SignersLine) -> Self {
        Attempt { line: Some(line), ..self.clone() }
    }

    pub(super) fn with_secret(&self, secret: String) -> Self {
        Attempt { secret: Some(SecretAccessKey::new(secret)), ..self.clone() }
    }
}

/// A parameter's name, decoded as far as it can be.
pub(super) fn name_of(pair: &str) -> String {
    let name = pair.split('=').next().unwrap_or(pair);
    crate::uri::decode(name).map_or_else(|_| name.to_owned(), std::borrow::Cow::into_owned)
}
