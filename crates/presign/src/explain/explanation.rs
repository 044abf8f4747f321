//! What a presigned URL says, without its key.

use std::fmt;

use serde::Serialize;

use crate::explain::claimed::Claimed;
use crate::explain::limit::{Limit, is_caveat};
use crate::explain::link::Link;
use crate::explain::location::{AddressingStyle, Location, Scheme};
use crate::explain::not_presigned::NotPresigned;
use crate::explain::notice::Notice;
use crate::explain::observe::Observed;
use crate::explain::operation::Operations;
use crate::explain::redact::{redact_url, shown_header, shown_parameter};
use crate::explain::span::Span;
use crate::method::Method;
use crate::parameter_name::{is_auth_parameter, stands_for_a_header};
use crate::timestamp::Timestamp;
use crate::verify::{Mechanism, Request};

/// What a presigned URL says: for what, by whom, from when until when, and what is unusual about it.
///
/// Nothing in it proves that the signature is right; [`diagnose_url`](crate::diagnose_url) does, with the key.
/// Neither the signature nor a session token is in it, so it may be printed and sent.
///
/// ```
/// use presign::{Explanation, Timestamp, Validity};
///
/// let url = "https://photos.s3.eu-central-1.amazonaws.com/cat%20(1).jpg?X-Amz-Algorithm=AWS4-HMAC-SHA256\
///     &X-Amz-Credential=AKIDEXAMPLE%2F20261121%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Date=20261121T120000Z\
///     &X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=\
///     0000000000000000000000000000000000000000000000000000000000000000";
/// let now = Timestamp::parse_basic("20261121T123000Z").unwrap();
/// let explanation = Explanation::of_url(url, now)?;
/// assert_eq!(explanation.bucket.as_deref(), Some("photos"));
/// assert_eq!(explanation.key.as_deref(), Some("cat (1).jpg"));
/// assert_eq!(explanation.validity, Validity::Valid { seconds_left: 1800 });
/// assert!(explanation.notices.is_empty());
/// # Ok::<(), presign::NotPresigned>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The URL or the request's target, its secrets left out.
    pub url: String,
    /// How it is signed.
    pub mechanism: Mechanism,
    /// How it travels; a request does not say.
    pub scheme: Option<Scheme>,
    /// Host, and the port if it is spelt out.
    pub host: String,
    /// Where the bucket is named.
    pub style: AddressingStyle,
    /// The bucket, if one is named.
    pub bucket: Option<String>,
    /// The object's key, decoded.
    pub key: Option<String>,
    /// The version of the object, if one is named.
    pub version_id: Option<String>,
    /// What it can be for.
    pub operations: Operations,
    /// Who signed.
    pub access_key_id: String,
    /// Whether the signer's credentials end by themselves, as the id (`ASIA…`) or a session token tells.
    pub is_temporary: bool,
    /// The region signed for; SigV2 has none.
    pub region: Option<String>,
    /// When it was signed; SigV2 does not say.
    pub signed_at: Option<Timestamp>,
    /// The first second in which it no longer works; a header-signed request has none.
    pub expires_at: Option<Timestamp>,
    /// Its life in seconds as it is written, sensible or not.
    pub life_seconds: Option<i64>,
    /// Whether it is within its time.
    pub validity: Validity,
    /// The headers that its user must send, Host aside, which every client sends.
    pub must_send: Vec<RequiredHeader>,
    /// Headers that the URL itself carries, in its query: they take effect and need not be sent.
    pub carries: Vec<Parameter>,
    /// The `response-*` parameters: headers that the answer will have.
    pub response_overrides: Vec<Parameter>,
    /// Limits of its own, beyond S3's.
    pub limits: Vec<Limit>,
    /// What is unusual, what stops it from working first.
    pub notices: Vec<Notice>,
}

/// Whether a URL is within its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Validity {
    /// It begins in the future. S3 takes it from a quarter of an hour before on, for the sake of clocks.
    NotYet {
        /// How far ahead.
        seconds_until: u64,
    },
    /// It works, as far as time goes.
    Valid {
        /// For how long still.
        seconds_left: u64,
    },
    /// It is over.
    Expired {
        /// For how long.
        seconds_ago: u64,
    },
    /// It does not say, or not so that it can be read.
    Unknown,
}

/// A header that the signature covers, so that it must be sent as it was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequiredHeader {
    /// The name in lower case.
    pub name: String,
    /// The value, where the URL or the request tells it. A URL mostly does not: the signature covers it unseen.
    pub value: Option<String>,
}

/// A parameter of the query, decoded; a secret's value is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// The name as it is written.
    pub name: String,
    /// The value.
    pub value: String,
}

impl Explanation {
    /// Explains a URL, as of `now`.
    ///
    /// # Errors
    /// The URL is not presigned, or not whole; the error says which part is missing.
    pub fn of_url(url: &str, now: Timestamp) -> Result<Self, NotPresigned> {
        Explanation::of_url_with_method(url, None, now)
    }

    /// Explains a URL that is to be used with that method, which narrows down what it is for.
    ///
    /// # Errors
    /// As [`Explanation::of_url`].
    pub fn of_url_with_method(
        url: &str,
        method: Option<Method>,
        now: Timestamp,
    ) -> Result<Self, NotPresigned> {
        let link = Link { method, ..Link::of_url(url)? };
        let claimed = Claimed::of_query(&link)?;
        Explanation::new(redact_url(url.trim()), &link, claimed, now)
    }

    /// Explains a request as it arrived, signed in its URL or in its Authorization header.
    ///
    /// # Errors
    /// The request is not signed, or not in a way that can be read.
    pub fn of_request(request: &Request<'_>, now: Timestamp) -> Result<Self, NotPresigned> {
        let link = Link::of_request(request)?;
        let claimed = match Claimed::of_query(&link) {
            Err(NotPresigned::Unsigned) if request.header("authorization").is_some() => {
                Claimed::of_header(request)?
            }
            claimed => claimed?,
        };
        Explanation::new(redact_url(request.target), &link, claimed, now)
    }

    fn new(url: String, link: &Link<'_>, claimed: Claimed, now: Timestamp) -> Result<Self, NotPresigned> {
        let location = Location::of(link)?;
        let operations = Operations::of(link, &claimed, &location);
        let observed =
            Observed { link, claimed: &claimed, location: &location, operations: &operations, now };
        let notices = observed.notices();
        let parameters = |is_wanted: &dyn Fn(&str) -> bool| -> Vec<Parameter> {
            let wanted = link.parameters.iter().filter(|parameter| is_wanted(&parameter.name));
            let shown = wanted.map(|parameter| Parameter {
                name: parameter.name.to_string(),
                value: shown_parameter(&parameter.name, &parameter.value).to_owned(),
            });
            shown.collect()
        };
        let limits = link.parameters.iter().filter(|parameter| is_caveat(&parameter.name));
        let limits = limits
            .map(|limit| Limit { name: limit.name.to_ascii_lowercase(), value: limit.value.to_string() })
            .collect();
        let expires_at = claimed.expires_at();
        Ok(Explanation {
            url,
            mechanism: claimed.mechanism,
            scheme: link.scheme,
            host: link.authority.to_owned(),
            style: location.style,
            bucket: location.bucket,
            key: location.key,
            version_id: link.parameter("versionId").map(str::to_owned),
            operations,
            is_temporary: claimed.has_session_token || claimed.access_key_id.starts_with("ASIA"),
            validity: Validity::of(claimed.signed_at, expires_at, now),
            must_send: must_send(link, &claimed),
            carries: match claimed.mechanism {
                Mechanism::QueryV4 | Mechanism::QueryV2 => {
                    parameters(&|name| stands_for_a_header(name) && !is_auth_parameter(name))
                }
                Mechanism::HeaderV4 | Mechanism::FormV4 | Mechanism::FormV2 => Vec::new(),
            },
            response_overrides: parameters(&|name| name.starts_with("response-")),
            limits,
            signed_at: claimed.signed_at,
            expires_at,
            life_seconds: claimed.life_seconds(),
            region: claimed.scope.map(|scope| scope.region),
            access_key_id: claimed.access_key_id,
            notices,
        })
    }
}

fn must_send(link: &Link<'_>, claimed: &Claimed) -> Vec<RequiredHeader> {
    let sent = |name: &str| {
        let header = link.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let in_url = link
            .parameters
            .iter()
            .find(|parameter| parameter.name.eq_ignore_ascii_case(name))
            .map(|p| &*p.value);
        header.map(|(_, value)| value.trim()).or(in_url)
    };
    let names = claimed.signed_headers.iter().filter(|name| *name != "host");
    names
        .map(|name| RequiredHeader {
            name: name.clone(),
            value: sent(name).map(|value| shown_header(name, value).to_owned()),
        })
        .collect()
}

impl Validity {
    fn of(signed_at: Option<Timestamp>, expires_at: Option<Timestamp>, now: Timestamp) -> Self {
        let ahead = signed_at.map_or(0, |signed_at| signed_at.seconds_since(now));
        match expires_at.map(|expires_at| expires_at.seconds_since(now)) {
            None => Validity::Unknown,
            Some(left) if left <= 0 => Validity::Expired { seconds_ago: left.unsigned_abs() },
            Some(_) if ahead > 0 => Validity::NotYet { seconds_until: ahead.unsigned_abs() },
            Some(left) => Validity::Valid { seconds_left: left.unsigned_abs() },
        }
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Validity::NotYet { seconds_until } => write!(f, "begins in {}", Span(*seconds_until)),
            Validity::Valid { seconds_left } => write!(f, "{} left", Span(*seconds_left)),
            Validity::Expired { seconds_ago } => write!(f, "expired {} ago", Span(*seconds_ago)),
            Validity::Unknown => f.write_str("does not say how long it works"),
        }
    }
}

#[cfg(test)]
#[path = "explanation_tests.rs"]
mod tests;
