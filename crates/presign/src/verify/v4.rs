//! SigV4, in the URL and in the Authorization header: the checks, in their order.

use std::borrow::Cow;

use crate::canonical_request::{CanonicalRequest, UNSIGNED_PAYLOAD};
use crate::caveats::{self, Caveats};
use crate::method::Method;
use crate::sign::is_auth_parameter;
use crate::signing_key::{ALGORITHM, Hex, Signature, parse_hex, sha256};
use crate::timestamp::Timestamp;
use crate::verify::credential::Credential;
use crate::verify::policy::{Links, VerifyPolicy};
use crate::verify::refusal::{MAX_CLOCK_SKEW_SECONDS, Mechanism, Refusal, SignatureMismatch};
use crate::verify::unverified::Parts;
use crate::verify::verification_key::{NOBODY, VerificationKey};
use crate::verify::verified::{PayloadRule, Signed, Verified};

const PAYLOAD_HASH: &str = "x-amz-content-sha256";

/// What a SigV4 request says of itself.
pub(crate) struct ClaimV4<'a> {
    pub(crate) mechanism: Mechanism,
    pub(crate) credential: Credential<'a>,
    pub(crate) signed_at: Timestamp,
    /// The life of a URL; a header-signed request has none.
    pub(crate) life_seconds: Option<u64>,
    pub(crate) signed_headers: Cow<'a, str>,
    pub(crate) signature: Cow<'a, str>,
    pub(crate) session_token: Option<Cow<'a, str>>,
    /// The one parameter that no canonical request has.
    pub(crate) signature_parameter: Option<usize>,
}

impl<'a> ClaimV4<'a> {
    pub(crate) fn verify(
        self,
        parts: Parts<'a>,
        key: Option<&VerificationKey>,
        now: Timestamp,
        policy: &VerifyPolicy,
    ) -> Result<Verified<'a>, Refusal> {
        let time = self.signed_at.basic();
        self.credential.check(time.date(), policy).map_err(|fault| fault.at(self.mechanism))?;
        let expires_at = self.check_time(now)?;
        self.check_signed_headers(&parts)?;
        let payload = self.payload(&parts)?;

        // Whether the key exists is said only after its signature, or nobody's, has been made.
        let known = key.filter(|key| key.access_key_id() == self.credential.access_key_id());
        let signing_key = known.unwrap_or(&NOBODY).signing_key(time.date(), &policy.region, &policy.service);
        let matches = |method: Method, line: &str| {
            let hash = sha256(self.canonical_request(&parts, method, line).as_bytes());
            // A signature that is not one still costs a comparison, with one that never matches it.
            let signature = signing_key.sign_hash(&time, &hash);
            match Signature::parse(&self.signature) {
                Some(provided) => provided == signature,
                None => false,
            }
        };
        let consistent = has_every_signed_header(&parts, &self.signed_headers)
            && !has_contradiction(&parts, self.mechanism);
        let lines = payload.lines(self.mechanism);
        let matched = lines.iter().any(|line| matches(parts.method, line))
            || self.other_methods(&parts).any(|method| matches(method, UNSIGNED_PAYLOAD));
        if known.is_none() {
            let access_key_id = self.credential.access_key_id().to_owned();
            return Err(Refusal::UnknownAccessKey { access_key_id });
        }
        if !(matched && consistent) {
            let line = lines.first().map_or(UNSIGNED_PAYLOAD, |line| line.as_ref());
            return Err(self.mismatch(&parts, line));
        }
        check_session_token(known, self.session_token.as_deref())?;

        let signed = Signed::V4 { headers: self.signed_headers };
        let caveats = if self.mechanism == Mechanism::QueryV4 {
            Caveats::from_parameters(parts.parameters.iter().map(|p| (p.name.as_ref(), p.value.as_ref())))
                .map_err(Refusal::InvalidCaveat)?
        } else {
            refuse_caveats(&parts)?;
            Caveats::default()
        };
        if caveats.link.is_some() && policy.links == Links::Refuse {
            return Err(Refusal::InvalidCaveat(caveats::InvalidCaveat::Unknown("x-presign-link".to_owned())));
        }
        let verified = Verified {
            parts,
            mechanism: self.mechanism,
            access_key_id: self.credential.access_key_id().to_owned(),
            signed,
            payload,
            caveats,
            signed_at: Some(self.signed_at),
            expires_at,
        };
        verified.check_caveats(now)?;
        Ok(verified)
    }

    /// A URL works from its date (a quarter of an hour of grace) to its end; a signed request is good for a
    /// quarter of an hour on either side. Returns a URL's end.
    fn check_time(&self, now: Timestamp) -> Result<Option<Timestamp>, Refusal> {
        let age = now.seconds_since(self.signed_at);
        let Some(life) = self.life_seconds else {
            if age.abs() > MAX_CLOCK_SKEW_SECONDS {
                return Err(Refusal::TimeTooSkewed { request_time: self.signed_at, server_time: now });
            }
            return Ok(None);
        };
        if age < -MAX_CLOCK_SKEW_SECONDS {
            return Err(Refusal::NotYetValid { signed_at: self.signed_at, server_time: now });
        }
        let life_seconds = i64::try_from(life).unwrap_or(i64::MAX);
        let expires_at = Timestamp::from_unix(self.signed_at.as_unix().saturating_add(life_seconds));
        // A life of nothing is over even on a clock that is behind.
        if now >= expires_at || life == 0 {
            return Err(Refusal::Expired { life_seconds: Some(life), expires_at, server_time: now });
        }
        Ok(Some(expires_at))
    }

    fn is_signed(&self, name: &str) -> bool {
        self.signed_headers.split(';').any(|signed| signed.eq_ignore_ascii_case(name))
    }

    /// Host and every `x-amz-*` header must be signed, the payload hash aside. One that repeats a signed
    /// parameter of the URL says nothing new and may stand.
    fn check_signed_headers(&self, parts: &Parts<'_>) -> Result<(), Refusal> {
        let mut names: Vec<String> = Vec::new();
        if !self.is_signed("host") {
            names.push("host".to_owned());
        }
        for (name, _) in parts.request.headers {
            let is_amz = name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-"));
            if !is_amz || name.eq_ignore_ascii_case(PAYLOAD_HASH) || self.is_signed(name) {
                continue;
            }
            let is_repeated = self.mechanism == Mechanism::QueryV4
                && !is_auth_parameter(name)
                && parts.parameters.iter().any(|parameter| parameter.name.eq_ignore_ascii_case(name));
            if !is_repeated {
                names.push(name.to_ascii_lowercase());
            }
        }
        if names.is_empty() {
            return Ok(());
        }
        names.sort();
        names.dedup();
        Err(Refusal::HeadersNotSigned { names })
    }

    /// What the signature says of the body.
    fn payload(&self, parts: &Parts<'_>) -> Result<PayloadRule, Refusal> {
        let mut values = parts.request.header_values(PAYLOAD_HASH);
        let header = values.next();
        if values.next().is_some() {
            return Err(Refusal::Repeated { name: PAYLOAD_HASH.to_owned() });
        }
        let invalid = |value: &str| Refusal::InvalidPayloadHash { value: value.to_owned() };
        if self.mechanism == Mechanism::HeaderV4 {
            let value = header.ok_or(Refusal::MissingPayloadHash)?;
            return PayloadRule::parse(value).ok_or_else(|| invalid(value));
        }
        if let Some(value) = header.filter(|value| value.starts_with("STREAMING-")) {
            return Err(invalid(value));
        }
        let in_url = parts.parameters.iter().find(|p| p.name.eq_ignore_ascii_case(PAYLOAD_HASH));
        let signed = header.filter(|_| self.is_signed(PAYLOAD_HASH)).or(in_url.map(|p| p.value.as_ref()));
        match signed {
            None => Ok(PayloadRule::Unsigned),
            Some(value) => match PayloadRule::parse(value) {
                Some(rule @ (PayloadRule::Unsigned | PayloadRule::Sha256(_))) => Ok(rule),
                _ => Err(invalid(value)),
            },
        }
    }

    /// The methods besides the request's own that the URL may have been signed with: those of its methods
    /// caveat, if it lists the request's.
    fn other_methods<'p>(&self, parts: &'p Parts<'_>) -> impl Iterator<Item = Method> + use<'p> {
        let listed = match self.mechanism {
            Mechanism::QueryV4 => parts.parameters.iter().find(|p| p.name == caveats::METHODS),
            _ => None,
        };
        let names = listed.map_or("", |parameter| parameter.value.as_ref());
        let method = parts.method;
        let includes_own = names.split(',').any(|name| name == method.as_str());
        // S3 has six methods; a longer list is not worth a signature each.
        names
            .split(',')
            .take(6)
            .filter_map(|name| name.parse::<Method>().ok())
            .filter(move |other| includes_own && *other != method)
    }

    fn canonical_request(&self, parts: &Parts<'_>, method: Method, payload: &str) -> String {
        let path = parts.path.canonical.as_ref();
        let capacity = path.len() + parts.request.target.len() + 256;
        let mut canonical = CanonicalRequest::new(method.as_str(), path, capacity);
        let mut parameters: Vec<(&str, &str)> = Vec::with_capacity(parts.parameters.len());
        for (at, parameter) in parts.parameters.iter().enumerate() {
            if Some(at) != self.signature_parameter {
                parameters.push((&parameter.canonical_name, &parameter.canonical_value));
            }
        }
        canonical.query(&mut parameters);
        for name in self.signed_headers.split(';') {
            canonical.header(name, parts.request.header_values(name));
        }
        canonical.finish(&self.signed_headers, payload)
    }

    fn mismatch(&self, parts: &Parts<'_>, payload: &str) -> Refusal {
        let canonical_request = self.canonical_request(parts, parts.method, payload);
        let string_to_sign = format!(
            "{ALGORITHM}\n{}\n{}\n{}",
            self.signed_at.basic().as_str(),
            self.credential.scope(),
            Hex::new(&sha256(canonical_request.as_bytes())).as_str()
        );
        Refusal::SignatureMismatch(Box::new(SignatureMismatch {
            access_key_id: self.credential.access_key_id().to_owned(),
            string_to_sign,
            signature_provided: self.signature.clone().into_owned(),
            canonical_request: Some(canonical_request),
        }))
    }
}

/// Whether the request has all that its signature covers: an absent header is not an empty one.
fn has_every_signed_header(parts: &Parts<'_>, signed_headers: &str) -> bool {
    signed_headers.split(';').all(|name| parts.request.header(name).is_some())
}

/// Whether a header and a signed parameter of the same meaning have different values, so that it would not
/// be clear which of the two holds.
fn has_contradiction(parts: &Parts<'_>, mechanism: Mechanism) -> bool {
    mechanism == Mechanism::QueryV4
        && parts.parameters.iter().filter(|p| stands_for_a_header(&p.name)).any(|parameter| {
            let name = parameter.name.as_ref();
            let is_repeated =
                parts.parameters.iter().filter(|p| p.name.eq_ignore_ascii_case(name)).count() > 1;
            let ignored = name.eq_ignore_ascii_case(PAYLOAD_HASH);
            is_repeated
                || !ignored && parts.request.header_values(name).any(|value| value.trim() != parameter.value)
        })
}

/// Standard headers that take effect when they stand in a signed query; so does every `x-amz-*`.
const QUERY_HEADERS: [&str; 10] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-md5",
    "content-type",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
];

/// Whether a signed parameter of a URL takes effect as a header.
pub(crate) fn stands_for_a_header(name: &str) -> bool {
    let is_amz = name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-"));
    is_amz && !is_auth_parameter(name) || QUERY_HEADERS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// A limit that nobody will keep is no reason to honour a request.
pub(crate) fn refuse_caveats(parts: &Parts<'_>) -> Result<(), Refusal> {
    let is_caveat = |name: &str| {
        name.get(..caveats::PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(caveats::PREFIX))
    };
    match parts.parameters.iter().find(|parameter| is_caveat(&parameter.name)) {
        None => Ok(()),
        Some(parameter) => {
            let name = parameter.name.to_ascii_lowercase();
            Err(Refusal::InvalidCaveat(caveats::InvalidCaveat::Unknown(name)))
        }
    }
}

/// The session token must be the key's own, and be there just when the key has one.
pub(crate) fn check_session_token(
    key: Option<&VerificationKey>,
    provided: Option<&str>,
) -> Result<(), Refusal> {
    use subtle::ConstantTimeEq;
    let expected = key.and_then(|key| key.credentials().session_token());
    match (expected, provided) {
        (None, None) => Ok(()),
        (Some(expected), Some(provided)) if bool::from(expected.as_bytes().ct_eq(provided.as_bytes())) => {
            Ok(())
        }
        _ => Err(Refusal::InvalidToken),
    }
}

impl PayloadRule {
    /// Reads `x-amz-content-sha256`.
    fn parse(value: &str) -> Option<Self> {
        match value {
            UNSIGNED_PAYLOAD => Some(PayloadRule::Unsigned),
            _ if value.starts_with("STREAMING-") => Some(PayloadRule::Streaming(value.to_owned())),
            _ => parse_hex(value).map(PayloadRule::Sha256),
        }
    }

    /// The payload lines that the signer may have written, the likeliest first. In a URL that signs a hash
    /// some write the hash and some (botocore) `UNSIGNED-PAYLOAD`; the body must match it either way.
    fn lines(&self, mechanism: Mechanism) -> Vec<Cow<'_, str>> {
        match self {
            PayloadRule::Unsigned => vec![UNSIGNED_PAYLOAD.into()],
            PayloadRule::Streaming(kind) => vec![kind.into()],
            PayloadRule::Sha256(hash) => {
                let mut lines = vec![Hex::new(hash).as_str().to_owned().into()];
                if mechanism == Mechanism::QueryV4 {
                    lines.push(UNSIGNED_PAYLOAD.into());
                }
                lines
            }
        }
    }
}

#[cfg(test)]
#[path = "v4_tests.rs"]
mod tests;
