//! SigV4, in the URL and in the Authorization header: the checks, in their order.

use std::borrow::Cow;
use std::iter;

use crate::canonical_request::{CanonicalForm, CanonicalRequest, UNSIGNED_PAYLOAD};
use crate::caveats::{self, Caveats};
use crate::method::Method;
use crate::parameter_name::{ParameterKind, is_amz};
use crate::signing_key::{ALGORITHM, Hex, Signature, SigningKey, parse_hex};
use crate::timestamp::{BasicTime, Timestamp};
use crate::verify::arrival::{Arrival, OtherForms, SignedHost};
use crate::verify::conditions;
use crate::verify::credential::Credential;
use crate::verify::header_index::HeaderIndex;
use crate::verify::parameters::Parameter;
use crate::verify::policy::{Links, VerifyPolicy};
use crate::verify::refusal::{MAX_CLOCK_SKEW_SECONDS, Mechanism, Refusal, SignatureMismatch};
use crate::verify::repeated;
use crate::verify::signed_headers::{self, SignedNames};
use crate::verify::unverified::Parts;
use crate::verify::verification_key::{NOBODY, VerificationKey};
use crate::verify::verified::{PayloadRule, Signed, Verified};
use crate::verify::withheld::{WITHHELD, WITHHELD_HASH};

const PAYLOAD_HASH: &str = "x-amz-content-sha256";

/// What a SigV4 request says of itself.
pub(crate) struct ClaimV4<'a> {
    pub(crate) mechanism: Mechanism,
    pub(crate) credential: Credential<'a>,
    pub(crate) signed_at: Timestamp,
    /// The same, as it is signed.
    pub(crate) time: BasicTime,
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
        mut parts: Parts<'a>,
        key: Option<&VerificationKey>,
        now: Timestamp,
        policy: &VerifyPolicy,
        arrival: &Arrival<'a>,
    ) -> Result<Verified<'a>, Refusal> {
        let time = self.time;
        self.credential.check(time.date(), policy).map_err(|fault| fault.at(self.mechanism))?;
        let expires_at = self.check_time(now)?;
        // Anybody can make a request come this far, so from here to the comparison nothing is done twice, and no list is
        // gone through for each element of another.
        let lower = signed_headers::in_lower_case(&self.signed_headers);
        let signed_names = SignedNames::read(&lower)?;
        self.check_signed_headers(&parts, &signed_names)?;
        let payload = self.payload(&parts, &signed_names)?;
        let fields = HeaderIndex::new(parts.request.headers);

        // Whether the key exists is said only after its signature, or nobody's, has been made.
        let known = key.filter(|key| key.access_key_id() == self.credential.access_key_id());
        let signing_key = known.unwrap_or(&NOBODY).signing_key(time.date(), &policy.region, &policy.service);
        let hash = payload.hash();
        let (line, other_line) = payload.lines(self.mechanism, hash.as_ref().map(Hex::as_str));
        let canonical = self.canonical_request(&parts, &fields, &lower, line, &|_| false);
        let canonical_hash = canonical.hash();
        let matched = self.is_signed(&signing_key, &canonical_hash)
            || known.is_some()
                && match self.other_form(&parts, &canonical, other_line, arrival, &signing_key) {
                    None => false,
                    Some(host) => {
                        parts.come_for(host);
                        true
                    }
                };
        // These look at every pair of parameters; only the holder of a key may have that done.
        let honoured = matched
            && known.is_some()
            && fields.has_every(signed_headers::names(&lower))
            && !has_contradiction(&parts, self.mechanism);
        // The refusal of an unknown key costs what a wrong signature's does.
        let mismatch = (!honoured).then(|| {
            let is_withheld = |name: &str| arrival.withheld.withholds(name);
            match signed_headers::names(&lower).any(is_withheld) {
                false => self.mismatch(canonical.into_text(), Hex::new(&canonical_hash).as_str()),
                // The hash covers the value. Whoever knows the rest of the text could try values until the hash fits.
                true => {
                    let told = self.canonical_request(&parts, &fields, &lower, line, &is_withheld);
                    self.mismatch(told.into_text(), WITHHELD_HASH)
                }
            }
        });
        if known.is_none() {
            let access_key_id = self.credential.access_key_id().to_owned();
            return Err(Refusal::UnknownAccessKey { access_key_id: access_key_id.into() });
        }
        if let Some(mismatch) = mismatch {
            return Err(mismatch);
        }
        check_session_token(known, self.session_token.as_deref())?;
        repeated::refuse(&parts.parameters)?;

        let caveats = if self.mechanism == Mechanism::QueryV4 {
            read_caveats(&parts, policy.links)?
        } else {
            refuse_caveats(&parts)?;
            None
        };
        let verified = Verified {
            parts,
            mechanism: self.mechanism,
            signed: Signed::V4 { credential: self.credential, headers: self.signed_headers },
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

    /// Whether the signature is that of a canonical request with this hash. One that is none still costs a comparison's
    /// signature, and never matches it.
    fn is_signed(&self, key: &SigningKey, canonical_hash: &[u8; 32]) -> bool {
        let signature = key.sign_hash(&self.time, canonical_hash);
        Signature::parse(&self.signature).is_some_and(|provided| provided == signature)
    }

    /// The Host for which another form of the request is signed: with another payload line, for another of the hosts that
    /// it may have been sent to, with another of the methods that its caveat lists. The inner `None` is the request's own
    /// Host.
    ///
    /// Only for a known key: what the time of these attempts tells, namely that the key exists, the error's code says
    /// anyway. A key id stands in every link, so the attempts have a bound all the same.
    #[allow(clippy::option_option, reason = "a found form may be one for the request's own Host")]
    fn other_form(
        &self,
        parts: &Parts<'a>,
        canonical: &CanonicalForm,
        other_line: Option<&str>,
        arrival: &Arrival<'a>,
        key: &SigningKey,
    ) -> Option<Option<SignedHost<'a>>> {
        let mut left = OtherForms::default();
        let hosts = || iter::once(None).chain(arrival.other_hosts.iter().copied().map(Some));
        let own_method = |host: &Option<SignedHost<'a>>| {
            // The request's own Host was tried with the first payload line.
            let first = host.is_some().then(|| canonical.payload());
            first.into_iter().chain(other_line)
        };
        let mut is_signed = |host: Option<SignedHost<'a>>, method: Method, line: &str| {
            left.take(canonical.len())
                && self.is_signed(key, &canonical.hash_with(method.as_str(), host.map(|h| h.host), line))
        };
        for host in hosts() {
            if own_method(&host).any(|line| is_signed(host, parts.method, line)) {
                return Some(host);
            }
        }
        let mut methods =
            hosts().flat_map(|host| self.other_methods(parts).map(move |method| (host, method)));
        methods.find(|(host, method)| is_signed(*host, *method, UNSIGNED_PAYLOAD)).map(|(host, _)| host)
    }

    /// Host and every `x-amz-*` header must be signed, the payload hash aside, and so must the conditions of a URL that
    /// writes or deletes. One that repeats a signed parameter of the URL says nothing new and may stand.
    fn check_signed_headers(&self, parts: &Parts<'_>, signed: &SignedNames<'_>) -> Result<(), Refusal> {
        let mut names: Vec<Cow<'_, str>> = Vec::new();
        if !signed.contains("host") {
            names.push("host".into());
        }
        for (name, _) in parts.request.headers {
            let is_for_the_signer = is_amz(name)
                || self.mechanism == Mechanism::QueryV4 && conditions::decides_a_write(parts.method, name);
            if is_for_the_signer && !name.eq_ignore_ascii_case(PAYLOAD_HASH) {
                let name = signed_headers::in_lower_case(name);
                if !signed.contains(&name) {
                    names.push(name);
                }
            }
        }
        if self.mechanism == Mechanism::QueryV4 && !names.is_empty() {
            let parameters =
                parts.parameters.iter().filter(|parameter| parameter.kind == ParameterKind::Header);
            let mut repeated: Vec<String> = parameters.map(|p| p.name.to_ascii_lowercase()).collect();
            repeated.sort_unstable();
            names.retain(|name| repeated.binary_search_by(|known| known.as_str().cmp(name)).is_err());
        }
        if names.is_empty() {
            return Ok(());
        }
        names.sort_unstable();
        names.dedup();
        Err(Refusal::HeadersNotSigned { names: names.into_iter().map(Cow::into_owned).collect() })
    }

    /// What the signature says of the body.
    fn payload(&self, parts: &Parts<'_>, names: &SignedNames<'_>) -> Result<PayloadRule, Refusal> {
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
        let signed = header.filter(|_| names.contains(PAYLOAD_HASH)).or(in_url.map(|p| p.value.as_ref()));
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

    /// The canonical request, without the values of the headers that are withheld.
    fn canonical_request(
        &self,
        parts: &Parts<'_>,
        fields: &HeaderIndex<'_>,
        lower: &str,
        payload: &str,
        is_withheld: &dyn Fn(&str) -> bool,
    ) -> CanonicalForm {
        let path = parts.path.canonical.as_ref();
        let capacity = path.len() + parts.request.target.len() + 256;
        let mut canonical = CanonicalRequest::new(parts.method.as_str(), path, capacity);
        match self.query_as_signed(parts) {
            Some(query) => canonical.query_as_is(query),
            None => {
                let parameters = parts.parameters.iter().enumerate();
                let mut parameters: Vec<(&str, &str)> = parameters
                    .filter(|(at, _)| Some(*at) != self.signature_parameter)
                    .map(|(_, parameter)| {
                        (parameter.canonical_name.as_ref(), parameter.canonical_value.as_ref())
                    })
                    .collect();
                canonical.query(&mut parameters);
            }
        }
        for (name, lower) in signed_headers::names(&self.signed_headers).zip(signed_headers::names(lower)) {
            match is_withheld(lower) {
                false => canonical.header(name, fields.values(lower)),
                true => canonical.header(name, iter::once(WITHHELD)),
            }
        }
        canonical.finish_form(&self.signed_headers, payload)
    }

    /// The query as it arrived, up to its signature, when that is also its canonical form: so it is in
    /// every URL that has none but the signature's parameters and was made by botocore or this crate.
    fn query_as_signed<'q>(&self, parts: &Parts<'q>) -> Option<&'q str> {
        let (signature, signed) = parts.parameters.split_last()?;
        let is_last = self.signature_parameter == Some(signed.len());
        let is_canonical = signed.iter().all(|parameter| parameter.is_canonical)
            && signed.is_sorted_by_key(|p| (p.canonical_name.as_ref(), p.canonical_value.as_ref()));
        if !(is_last && is_canonical && signature.is_canonical) {
            return None;
        }
        let end = signature.canonical_name.len() + signature.canonical_value.len() + "&=".len();
        parts.query.get(..parts.query.len().checked_sub(end)?)
    }

    fn mismatch(&self, canonical_request: String, hash: &str) -> Refusal {
        let string_to_sign =
            format!("{ALGORITHM}\n{}\n{}\n{hash}", self.time.as_str(), self.credential.scope());
        Refusal::SignatureMismatch(Box::new(SignatureMismatch {
            access_key_id: self.credential.access_key_id().to_owned(),
            string_to_sign,
            signature_provided: self.signature.clone().into_owned(),
            canonical_request: Some(canonical_request),
        }))
    }
}

/// Whether a header and a signed parameter of the same meaning have different values, so that it would not
/// be clear which of the two holds.
fn has_contradiction(parts: &Parts<'_>, mechanism: Mechanism) -> bool {
    mechanism == Mechanism::QueryV4
        && parts.parameters.iter().filter(|p| p.kind == ParameterKind::Header).any(|parameter| {
            let name = parameter.name.as_ref();
            let is_repeated =
                parts.parameters.iter().filter(|p| p.name.eq_ignore_ascii_case(name)).count() > 1;
            let ignored = name.eq_ignore_ascii_case(PAYLOAD_HASH);
            is_repeated
                || !ignored && parts.request.header_values(name).any(|value| value.trim() != parameter.value)
        })
}

/// The limits in the URL; `None`, at no cost, for one that has none.
fn read_caveats(parts: &Parts<'_>, links: Links) -> Result<Option<Box<Caveats>>, Refusal> {
    let is_caveat = |parameter: &&Parameter<'_>| parameter.kind == ParameterKind::Caveat;
    let mut parameters = parts.parameters.iter().filter(is_caveat).peekable();
    if parameters.peek().is_none() {
        return Ok(None);
    }
    let caveats = Caveats::from_parameters(parameters.map(|p| (p.name.as_ref(), p.value.as_ref())))
        .map_err(Refusal::InvalidCaveat)?;
    if caveats.link.is_some() && links == Links::Refuse {
        return Err(Refusal::InvalidCaveat(caveats::InvalidCaveat::Unknown(caveats::LINK.to_owned())));
    }
    Ok(Some(Box::new(caveats)))
}

/// A limit that nobody will keep is no reason to honour a request.
pub(crate) fn refuse_caveats(parts: &Parts<'_>) -> Result<(), Refusal> {
    match parts.parameters.iter().find(|parameter| parameter.kind == ParameterKind::Caveat) {
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

    /// The hash that the body must have, as it is signed.
    fn hash(&self) -> Option<Hex> {
        match self {
            PayloadRule::Sha256(hash) => Some(Hex::new(hash)),
            PayloadRule::Unsigned | PayloadRule::Streaming(_) => None,
        }
    }

    /// The payload line that the signer has written, and another that it may have written instead: in a URL
    /// that signs a hash some write the hash and some (botocore) `UNSIGNED-PAYLOAD`. The body must match the
    /// hash either way.
    fn lines<'l>(&'l self, mechanism: Mechanism, hash: Option<&'l str>) -> (&'l str, Option<&'l str>) {
        match (self, hash) {
            (PayloadRule::Streaming(kind), _) => (kind, None),
            (_, Some(hash)) => (hash, (mechanism == Mechanism::QueryV4).then_some(UNSIGNED_PAYLOAD)),
            (_, None) => (UNSIGNED_PAYLOAD, None),
        }
    }
}

#[cfg(test)]
#[path = "v4_tests.rs"]
mod tests;
