//! Why a request is refused, found out with its key.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::caveats::CaveatViolation;
use crate::credentials::Credentials;
use crate::explain::attempt::Attempt;
use crate::explain::cause::Cause;
use crate::explain::claimed::Claimed;
use crate::explain::difference::{LineDifference, compare_canonical_requests, compare_strings_to_sign};
use crate::explain::link::Link;
use crate::explain::location::{AddressingStyle, Location, Scheme};
use crate::explain::not_presigned::NotPresigned;
use crate::explain::search::{Found, search};
use crate::explain::trial::Trial;
use crate::method::Method;
use crate::timestamp::Timestamp;
use crate::verify::parameters;
use crate::verify::{
    Links, Mechanism, Refusal, Request, ScopeFault, Unverified, VerificationKey, VerifyPolicy,
};

/// Whether a request is honoured, and if not, why. Nothing secret is printed or serialized.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Diagnosis {
    /// What the verifier says.
    pub verdict: Verdict,
    /// The method that the request was held against; of a URL alone, the one that it turned out to be signed for.
    pub method: Option<Method>,
    /// The cause of the refusal.
    pub cause: Option<Cause>,
    /// What would refuse the request next, once the cause is mended.
    pub also: Vec<Cause>,
    /// How the text that was signed differs from the text that arrived, if the signature is wrong and the cause was
    /// proven.
    pub differing_lines: Vec<LineDifference>,
}

/// What the verifier says of a request.
#[derive(Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is honoured, as far as the signature goes; rights are another matter.
    Honoured,
    /// It is refused. The refusal itself may hold a signature and is not printed whole.
    Refused(Refusal),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Honoured => f.write_str("honoured"),
            Verdict::Refused(refusal) => write!(f, "refused: {refusal}"),
        }
    }
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verdict({self})")
    }
}

/// `{"honoured": false, "message": …}`, the message in S3's words.
impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut verdict = serializer.serialize_struct("Verdict", 2)?;
        verdict.serialize_field("honoured", &matches!(self, Verdict::Honoured))?;
        match self {
            Verdict::Honoured => verdict.skip_field("message")?,
            Verdict::Refused(refusal) => verdict.serialize_field("message", &refusal.to_string())?,
        }
        verdict.end()
    }
}

/// Verifies a request and, if it is refused, finds out why.
///
/// When the signature is wrong, the request is altered in the known ways until it matches; what had to be undone is
/// the cause. `known_hosts` are endpoints that the signer may have used, as URLs or hosts: the public endpoints of a
/// store, above all. A wrong signature costs hundreds of signatures, as far as they are over a MiB of requests
/// together ([`Cause::SearchGivenUp`] says when they were more), so this is for a person who asks, and not for every
/// request that a store refuses.
///
/// ```
/// use presign::{BucketUrl, Cause, Credentials, PresignRequest, Request, Signer, Timestamp, VerifyPolicy};
///
/// let key = Credentials::new("AKIDEXAMPLE", "a secret");
/// let bucket = BucketUrl::path_style("https://files.example.com", "b")?;
/// let now = Timestamp::from_unix(1_795_282_542);
/// let url = Signer::new(key.clone(), "us-east-1")?.presign(&bucket, &PresignRequest::get("k"), now)?;
/// let target = url.as_str().strip_prefix("https://files.example.com").unwrap();
///
/// // A proxy put its own address into Host.
/// let headers = [("host", "10.0.0.7:9000")];
/// let request = Request::new("GET", target, &headers);
/// let policy = VerifyPolicy::new("us-east-1");
/// let diagnosis = presign::diagnose(&request, &key, now, &policy, &["https://files.example.com"]);
/// let (signed, arrived) = ("files.example.com".into(), "10.0.0.7:9000".into());
/// assert_eq!(diagnosis.cause, Some(Cause::HostChanged { signed, arrived }));
/// assert_eq!(diagnosis.differing_lines[0].line, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn diagnose(
    request: &Request<'_>,
    key: &Credentials,
    now: Timestamp,
    policy: &VerifyPolicy,
    known_hosts: &[&str],
) -> Diagnosis {
    let method = request.method.parse().ok();
    match refusal_of(request, key, now, policy) {
        None => Diagnosis::honoured(method),
        Some(refusal) => Diagnosis::of(refusal, request, key, known_hosts),
    }
}

/// Diagnoses a URL that somebody is about to use, or could not: as [`diagnose`], but for the region that the URL
/// itself names, and from any address.
///
/// `method` and `headers` are what the user sends besides Host; without a method, the one that the URL is signed for
/// is looked for, and is in the result.
///
/// # Errors
/// The URL is not presigned, or not whole; the error says which part is missing.
pub fn diagnose_url(
    url: &str,
    method: Option<Method>,
    headers: &[(&str, &str)],
    key: &Credentials,
    now: Timestamp,
    known_hosts: &[&str],
) -> Result<Diagnosis, NotPresigned> {
    let link = Link::of_url(url)?;
    let claimed = Claimed::of_query(&link)?;
    let location = Location::of(&link)?;
    let policy = VerifyPolicy {
        links: Links::CallerDecides,
        ..VerifyPolicy::new(claimed.scope.map(|scope| scope.region).unwrap_or_default())
    };
    let host = sent_host(&link);
    let mut all_headers = vec![("host", host.as_str())];
    all_headers.extend(headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host")));
    let target = format!("{}?{}", link.path, link.query);
    let is_in_host = location.style == AddressingStyle::VirtualHosted;
    let request = |method: Method| Request {
        method: method.as_str(),
        target: &target,
        headers: &all_headers,
        remote_address: None,
        host_bucket: location.bucket.as_deref().filter(|_| is_in_host),
    };
    let diagnosis = |method| diagnose(&request(method), key, now, &policy, known_hosts).used_from_anywhere();
    if let Some(method) = method {
        return Ok(diagnosis(method));
    }
    let first = diagnosis(Method::Get);
    let causes = || first.cause.iter().chain(&first.also);
    let signed = causes().find_map(|cause| match cause {
        Cause::OtherMethod { signed, .. } => Some(*signed),
        _ => None,
    });
    Ok(signed.map_or(first, diagnosis))
}

impl Diagnosis {
    fn honoured(method: Option<Method>) -> Self {
        Diagnosis {
            verdict: Verdict::Honoured,
            method,
            cause: None,
            also: Vec::new(),
            differing_lines: Vec::new(),
        }
    }

    fn of(refusal: Refusal, request: &Request<'_>, key: &Credentials, known_hosts: &[&str]) -> Self {
        let mut diagnosis = Diagnosis::honoured(request.method.parse().ok());
        diagnosis.cause = cause_of(&refusal, request, key);
        // Whatever it was refused for, the signature is looked at as well, if this is its key.
        if let Some(arrived) = Attempt::of(request).map(|arrived| without_unsigned(arrived, &refusal))
            && let Some(mut trial) = Trial::new(&arrived, key)
            && trial.is_mismatch(&arrived)
        {
            let Found { causes, signed } = search(&arrived, &mut trial, known_hosts);
            if let Some(signed) = signed {
                diagnosis.differing_lines = differing_lines(&trial, &signed, &arrived);
            }
            diagnosis.also = causes;
            if diagnosis.cause.is_none() && !diagnosis.also.is_empty() {
                diagnosis.cause = Some(diagnosis.also.remove(0));
            }
        }
        diagnosis.verdict = Verdict::Refused(refusal);
        diagnosis
    }

    /// A URL is used from nowhere yet, so a limit on addresses does not refuse it.
    fn used_from_anywhere(self) -> Self {
        match &self.verdict {
            Verdict::Refused(Refusal::CaveatViolated(CaveatViolation::WrongAddress { .. })) => {
                Diagnosis::honoured(self.method)
            }
            _ => self,
        }
    }
}

fn refusal_of(
    request: &Request<'_>,
    key: &Credentials,
    now: Timestamp,
    policy: &VerifyPolicy,
) -> Option<Refusal> {
    let key = VerificationKey::new(key.clone());
    let verify = |unverified: Unverified<'_>| unverified.verify(Some(&key), now, policy).map(|_| ());
    Unverified::parse(*request).and_then(verify).err()
}

fn cause_of(refusal: &Refusal, request: &Request<'_>, key: &Credentials) -> Option<Cause> {
    let is_of_key = || {
        Unverified::parse(*request).is_ok_and(|unverified| unverified.access_key_id() == key.access_key_id())
    };
    // What stands in the place of the scope of another key may be the rest of a secret.
    if matches!(refusal, Refusal::Scope { fault, .. } if *fault != ScopeFault::Malformed) && !is_of_key() {
        let message = "The scope of the credential is not what it must be, and its access key id is not that of the key";
        return Some(Cause::Scope { message: message.into() });
    }
    let parameters = parameters::read(request.query()).unwrap_or_default();
    let names: Vec<&str> = parameters.iter().map(|parameter| &*parameter.name).collect();
    let token = "x-amz-security-token";
    let token_sent =
        request.header(token).is_some() || names.iter().any(|name| name.eq_ignore_ascii_case(token));
    Cause::of_refused(refusal, &names, token_sent, key.session_token().is_some())
}

/// Without the headers that the request was refused for, so that the signature can be looked at.
fn without_unsigned(arrived: Attempt, refusal: &Refusal) -> Attempt {
    match refusal {
        Refusal::HeadersNotSigned { names } => {
            let names = names.iter().filter(|name| *name != "host");
            names.fold(arrived, |attempt, name| attempt.without_header(name))
        }
        _ => arrived,
    }
}

fn differing_lines(trial: &Trial<'_>, signed: &Attempt, arrived: &Attempt) -> Vec<LineDifference> {
    let (Some(signed), Some(arrived)) = (trial.text_of(signed), trial.text_of(arrived)) else {
        return Vec::new();
    };
    match trial.mechanism {
        Mechanism::QueryV2 => compare_strings_to_sign(&signed, &arrived),
        _ => compare_canonical_requests(&signed, &arrived),
    }
}

/// The Host that a client sends for a URL: lower case, without the scheme's default port.
fn sent_host(link: &Link<'_>) -> String {
    let host = link.authority.to_ascii_lowercase();
    let default_port = link.scheme.map_or("", Scheme::default_port);
    match host.rsplit_once(':') {
        Some((name, port)) if port == default_port => name.to_owned(),
        _ => host,
    }
}

#[cfg(test)]
#[path = "diagnosis_tests.rs"]
mod tests;
