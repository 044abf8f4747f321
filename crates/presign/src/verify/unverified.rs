//! The first step: which mechanism, which key, are the parameters well formed.

use std::borrow::Cow;
use std::fmt;

use crate::explain::RequestText;
use crate::method::Method;
use crate::parameter_name::ParameterKind;
use crate::timestamp::Timestamp;
use crate::uri::{self, Keep, Malformed};
use crate::verify::arrival::{Arrival, SignedHost};
use crate::verify::authorization;
use crate::verify::credential::Credential;
use crate::verify::parameters::{self, Parameter};
use crate::verify::policy::VerifyPolicy;
use crate::verify::refusal::{Mechanism, Refusal, ScopeFault};
use crate::verify::request::Request;
use crate::verify::v2::ClaimV2;
use crate::verify::v4::ClaimV4;
use crate::verify::verification_key::VerificationKey;
use crate::verify::verified::Verified;

impl From<Malformed> for Refusal {
    fn from(Malformed: Malformed) -> Self {
        Refusal::MalformedUri
    }
}

/// A request that claims to be signed by somebody. Nothing of it is to be believed yet.
///
/// ```
/// use presign::{Credentials, Request, Timestamp, Unverified, VerificationKey, VerifyPolicy};
///
/// let target = "/my-bucket/cat.jpg?X-Amz-Algorithm=AWS4-HMAC-SHA256\
///     &X-Amz-Credential=AKIDEXAMPLE%2F20261121%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20261121T120000Z\
///     &X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=\
///     0000000000000000000000000000000000000000000000000000000000000000";
/// let headers = [("host", "files.example.com")];
/// let unverified = Unverified::parse(Request::new("GET", target, &headers))?;
/// assert_eq!(unverified.access_key_id(), "AKIDEXAMPLE");
///
/// // The caller looks the key up, and says what time it is.
/// let key = VerificationKey::new(Credentials::new("AKIDEXAMPLE", "secret"));
/// let now = Timestamp::parse_basic("20261121T120001Z").unwrap();
/// let refusal = unverified.verify(Some(&key), now, &VerifyPolicy::new("us-east-1")).unwrap_err();
/// assert!(refusal.to_string().starts_with("The request signature we calculated does not match"));
/// # Ok::<(), presign::Refusal>(())
/// ```
pub struct Unverified<'a> {
    pub(crate) request: Request<'a>,
    pub(crate) method: Method,
    pub(crate) path: uri::Piece<'a>,
    pub(crate) query: &'a str,
    pub(crate) parameters: Vec<Parameter<'a>>,
    pub(crate) claim: Claim<'a>,
}

pub(crate) enum Claim<'a> {
    V4(ClaimV4<'a>),
    V2(ClaimV2<'a>),
}

impl<'a> Unverified<'a> {
    /// Finds the one mechanism that signed the request and reads its parameters.
    ///
    /// # Errors
    /// [`Refusal::Unsigned`] where nothing is signed, [`Refusal::OnlyOneMechanism`] where too much is, and what is missing,
    /// repeated or malformed among the parameters.
    pub fn parse(request: Request<'a>) -> Result<Self, Refusal> {
        let method = request
            .method
            .parse()
            .map_err(|_| Refusal::UnknownMethod { method: request.method.to_owned() })?;
        let (path, query) = request.path_and_query();
        if parameters::are_too_many(query) {
            return Err(Refusal::TooManyParameters);
        }
        let path = uri::read(path, Keep::Slash)?;
        let mut parameters = parameters::read(query)?;
        let found = AuthParameters::find(&parameters)?;
        let authorization = request.header("authorization");
        // A token is the signer's word wherever it stands, and one that is not the key's own must not pass unread.
        let token_header = request.header("x-amz-security-token");
        let claim = match (found.is_v4(), found.is_v2(), authorization) {
            (false, false, None) => return Err(Refusal::Unsigned),
            (true, false, None) => Claim::V4(found.into_v4(&mut parameters, token_header)?),
            (false, true, None) => Claim::V2(found.into_v2(&parameters, token_header)?),
            (false, false, Some(value)) => Claim::V4(authorization::parse(&request, value)?),
            (_, _, Some(value)) => {
                return Err(Refusal::OnlyOneMechanism { argument: "Authorization", value: value.into() });
            }
            (true, true, None) => {
                let value = found.v2_signature.and_then(|at| parameters.get(at));
                let value = value.map(|parameter| parameter.value.to_string()).unwrap_or_default();
                return Err(Refusal::OnlyOneMechanism { argument: "Signature", value: value.into() });
            }
        };
        Ok(Unverified { request, method, path, query, parameters, claim })
    }

    /// The access key id that the request claims, for the caller to look up.
    pub fn access_key_id(&self) -> &str {
        match &self.claim {
            Claim::V4(claim) => claim.credential.access_key_id(),
            Claim::V2(claim) => &claim.access_key_id,
        }
    }

    /// How the request is signed.
    pub fn mechanism(&self) -> Mechanism {
        match &self.claim {
            Claim::V4(claim) => claim.mechanism,
            Claim::V2(_) => Mechanism::QueryV2,
        }
    }

    /// The session token that came along.
    pub fn session_token(&self) -> Option<&str> {
        match &self.claim {
            Claim::V4(claim) => claim.session_token.as_deref(),
            Claim::V2(claim) => claim.session_token.as_deref(),
        }
    }

    /// Makes every check there is: the scope, the dates, what must be signed, the signature itself in
    /// constant time, the session token, and the URL's own limits.
    ///
    /// `key` is the active key of [`Unverified::access_key_id`]; `None`, when there is none, takes as long
    /// and ends in [`Refusal::UnknownAccessKey`].
    ///
    /// # Errors
    /// [`Refusal`]: the first check that fails, with all that S3's answer prints.
    pub fn verify(
        self,
        key: Option<&VerificationKey>,
        now: Timestamp,
        policy: &VerifyPolicy,
    ) -> Result<Verified<'a>, Refusal> {
        self.verify_arrived(key, now, policy, &Arrival::default())
    }

    /// [`verify`](Self::verify) for a request of whose way more is known: that a proxy may have changed its Host, and
    /// which headers' values a refusal must not print.
    ///
    /// # Errors
    /// As [`verify`](Self::verify). A wrong signature is refused with the canonical request for the Host in the head.
    pub fn verify_arrived(
        self,
        key: Option<&VerificationKey>,
        now: Timestamp,
        policy: &VerifyPolicy,
        arrival: &Arrival<'a>,
    ) -> Result<Verified<'a>, Refusal> {
        let Unverified { request, method, path, query, parameters, claim } = self;
        let parts = Parts { request, host: None, method, path, query, parameters };
        match claim {
            Claim::V4(claim) => claim.verify(parts, key, now, policy, arrival),
            Claim::V2(claim) => claim.verify(parts, key, now, policy, arrival),
        }
    }
}

impl fmt::Debug for Unverified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unverified")
            .field("mechanism", &self.mechanism())
            // Whether it is anybody's is not known yet.
            .field("access_key_id", &RequestText::beginning_of_id(self.access_key_id()))
            .field("method", &self.method)
            .field("path", &RequestText::from(&*self.path.decoded))
            .finish_non_exhaustive()
    }
}

/// A request in parts, on its way through the checks.
pub(crate) struct Parts<'a> {
    pub(crate) request: Request<'a>,
    /// The Host that it was signed for, where that is not the one in its head.
    pub(crate) host: Option<&'a str>,
    pub(crate) method: Method,
    pub(crate) path: uri::Piece<'a>,
    pub(crate) query: &'a str,
    pub(crate) parameters: Vec<Parameter<'a>>,
}

impl<'a> Parts<'a> {
    /// Takes the request for one that was sent to that Host; `None` is the one in its head.
    pub(crate) fn come_for(&mut self, host: Option<SignedHost<'a>>) {
        if let Some(SignedHost { host, bucket }) = host {
            self.host = Some(host);
            self.request.host_bucket = bucket;
        }
    }
}

/// Where in the query the parameters of a signature are.
#[derive(Default)]
struct AuthParameters {
    algorithm: Option<usize>,
    credential: Option<usize>,
    date: Option<usize>,
    expires: Option<usize>,
    signed_headers: Option<usize>,
    signature: Option<usize>,
    token: Option<usize>,
    v2_access_key_id: Option<usize>,
    v2_expires: Option<usize>,
    v2_signature: Option<usize>,
    /// SigV2 writes the token in lower case.
    v2_token: Option<usize>,
    /// A SigV4 name in other letters than S3's: not one of the six, yet too near to be let pass.
    is_misspelt: bool,
}

impl AuthParameters {
    fn find(parameters: &[Parameter<'_>]) -> Result<Self, Refusal> {
        let mut found = AuthParameters::default();
        for (at, parameter) in parameters.iter().enumerate() {
            let name = parameter.name.as_ref();
            let place = match name {
                "X-Amz-Algorithm" => &mut found.algorithm,
                "X-Amz-Credential" => &mut found.credential,
                "X-Amz-Date" => &mut found.date,
                "X-Amz-Expires" => &mut found.expires,
                "X-Amz-SignedHeaders" => &mut found.signed_headers,
                "X-Amz-Signature" => &mut found.signature,
                "X-Amz-Security-Token" => &mut found.token,
                "x-amz-security-token" => &mut found.v2_token,
                "AWSAccessKeyId" => &mut found.v2_access_key_id,
                "Expires" => &mut found.v2_expires,
                "Signature" => &mut found.v2_signature,
                _ => {
                    found.is_misspelt |= parameter.kind == ParameterKind::Auth;
                    continue;
                }
            };
            if place.replace(at).is_some() {
                return Err(Refusal::Repeated { name: name.to_owned() });
            }
        }
        Ok(found)
    }

    fn is_v4(&self) -> bool {
        let six =
            [self.algorithm, self.credential, self.date, self.expires, self.signed_headers, self.signature];
        self.is_misspelt || six.iter().any(Option::is_some)
    }

    fn is_v2(&self) -> bool {
        [self.v2_access_key_id, self.v2_expires, self.v2_signature].iter().any(Option::is_some)
    }

    fn into_v4<'a>(
        self,
        parameters: &mut [Parameter<'a>],
        token_header: Option<&'a str>,
    ) -> Result<ClaimV4<'a>, Refusal> {
        if self.is_misspelt || self.v2_token.is_some() {
            return Err(Refusal::MissingParameters);
        }
        // The canonical forms stay where they are; only the decoded values move.
        let mut take = |at: Option<usize>| {
            at.and_then(|at| parameters.get_mut(at)).map(|parameter| std::mem::take(&mut parameter.value))
        };
        let mut required = |at| take(at).ok_or(Refusal::MissingParameters);
        let algorithm = required(self.algorithm)?;
        let credential = required(self.credential)?;
        let date = required(self.date)?;
        let expires = required(self.expires)?;
        let signed_headers = required(self.signed_headers)?;
        let signature = required(self.signature)?;
        if algorithm != crate::signing_key::ALGORITHM {
            return Err(Refusal::UnsupportedAlgorithm);
        }
        let mechanism = Mechanism::QueryV4;
        let credential =
            Credential::parse(credential).map_err(|fault| Refusal::Scope { mechanism, fault })?;
        let (signed_at, time) = Timestamp::parse_basic_text(&date).ok_or(Refusal::MalformedDate)?;
        Ok(ClaimV4 {
            mechanism,
            credential,
            signed_at,
            time,
            life_seconds: Some(parse_life(&expires)?),
            signed_headers,
            signature,
            session_token: take(self.token).or(token_header.map(Cow::Borrowed)),
            signature_parameter: self.signature,
        })
    }

    fn into_v2<'a>(
        self,
        parameters: &[Parameter<'a>],
        token_header: Option<&'a str>,
    ) -> Result<ClaimV2<'a>, Refusal> {
        let value = |at: Option<usize>| -> Option<Cow<'a, str>> {
            at.and_then(|at| parameters.get(at)).map(|parameter| parameter.value.clone())
        };
        Ok(ClaimV2 {
            access_key_id: value(self.v2_access_key_id).ok_or(Refusal::MissingParametersV2)?,
            expires: value(self.v2_expires).ok_or(Refusal::MissingParametersV2)?,
            signature: value(self.v2_signature).ok_or(Refusal::MissingParametersV2)?,
            session_token: value(self.v2_token)
                .or_else(|| value(self.token))
                .or(token_header.map(Cow::Borrowed)),
        })
    }
}

/// Reads `X-Amz-Expires`: 0 to 604800 seconds.
fn parse_life(text: &str) -> Result<u64, Refusal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::ExpiresNotANumber);
    }
    if digits.len() != text.len() {
        return Err(Refusal::ExpiresNegative);
    }
    match text.parse::<u64>() {
        Ok(seconds) if seconds <= crate::sign::MAX_LIFE.as_secs() => Ok(seconds),
        _ => Err(Refusal::ExpiresTooLong),
    }
}

impl ScopeFault {
    pub(crate) fn at(self, mechanism: Mechanism) -> Refusal {
        Refusal::Scope { mechanism, fault: self }
    }
}
