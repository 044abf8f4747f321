//! A request whose signature was found right: it yields what was signed, and little else.

use std::borrow::Cow;
use std::fmt;

use crate::caveats::{Caveats, NO_CAVEATS};
use crate::method::Method;
use crate::parameter_name::{ParameterKind, is_amz, stands_for_a_header};
use crate::timestamp::Timestamp;
use crate::verify::credential::Credential;
use crate::verify::refusal::{Mechanism, Refusal};
use crate::verify::signed_headers;
use crate::verify::unverified::Parts;
use crate::verify::v2;

/// A request that was signed by the holder of its access key, is neither too early nor over, and has not
/// been altered.
///
/// Only the verifier makes one. It yields the parameters and headers that were signed, and of those that
/// were not only the standard ones that S3 leaves to the URL's holder: an unsigned `x-amz-*` header
/// cannot be got out of it.
pub struct Verified<'a> {
    pub(crate) parts: Parts<'a>,
    pub(crate) mechanism: Mechanism,
    pub(crate) signed: Signed<'a>,
    pub(crate) payload: PayloadRule,
    pub(crate) caveats: Option<Box<Caveats>>,
    pub(crate) signed_at: Option<Timestamp>,
    pub(crate) expires_at: Option<Timestamp>,
}

/// What the signature covers.
pub(crate) enum Signed<'a> {
    /// All parameters, and the headers of that list.
    V4 { credential: Credential<'a>, headers: Cow<'a, str> },
    /// Some parameters, the `x-amz-*` headers, Content-MD5 and Content-Type.
    V2 { access_key_id: Cow<'a, str> },
}

/// What the signature says of the request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayloadRule {
    /// Nothing: any body will do.
    Unsigned,
    /// The body must have this SHA-256.
    Sha256([u8; 32]),
    /// The body comes in chunks, signed or with a trailer, as this value of `x-amz-content-sha256` says.
    Streaming(String),
}

/// Headers that S3 leaves to the holder of a URL: an unsigned one counts when no signed one says otherwise.
const FREE_HEADERS: [&str; 19] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "expect",
    "expires",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "origin",
    "range",
    "referer",
    "transfer-encoding",
    "user-agent",
];

impl<'a> Verified<'a> {
    /// The request's method.
    pub fn method(&self) -> Method {
        self.parts.method
    }

    /// The path, decoded once: slashes and dots are as they were sent.
    pub fn path(&self) -> &str {
        &self.parts.path.decoded
    }

    /// The Host that the request was sent to, which a proxy may have changed since; SigV4 signs it, SigV2 does not.
    pub fn host(&self) -> &'a str {
        self.parts.host.or_else(|| self.parts.request.header("host")).unwrap_or_default()
    }

    /// The bucket that the host names, as the caller said when it handed in the request.
    pub fn host_bucket(&self) -> Option<&'a str> {
        self.parts.request.host_bucket
    }

    /// The access key that signed.
    pub fn access_key_id(&self) -> &str {
        match &self.signed {
            Signed::V4 { credential, .. } => credential.access_key_id(),
            Signed::V2 { access_key_id } => access_key_id,
        }
    }

    /// How the request was signed.
    pub fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// When it was signed; SigV2 does not say.
    pub fn signed_at(&self) -> Option<Timestamp> {
        self.signed_at
    }

    /// The first second in which the URL no longer works; a header-signed request has none.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// What the body must be.
    pub fn payload(&self) -> &PayloadRule {
        &self.payload
    }

    /// The limits in the URL. Time, address, method and content type have been checked; the sizes are for
    /// whoever receives the body.
    pub fn caveats(&self) -> &Caveats {
        self.caveats.as_deref().unwrap_or(&NO_CAVEATS)
    }

    /// The signed parameters of the query, decoded, those of the signature itself aside.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parts
            .parameters
            .iter()
            .filter(|parameter| match self.signed {
                Signed::V4 { .. } => {
                    self.mechanism != Mechanism::QueryV4 || parameter.kind != ParameterKind::Auth
                }
                Signed::V2 { .. } => v2::is_signed_parameter(&parameter.name),
            })
            .map(|parameter| (parameter.name.as_ref(), parameter.value.as_ref()))
    }

    /// The names of the query's parameters that SigV2 leaves unsigned. Their values are not to be had, for
    /// anyone may have put them there; but a name that changes what is asked for is a reason to refuse. SigV4
    /// leaves none.
    pub fn unsigned_parameter_names(&self) -> impl Iterator<Item = &str> {
        let is_unsigned = |name: &str| {
            matches!(self.signed, Signed::V2 { .. })
                && !v2::is_signed_parameter(name)
                && !matches!(name, "AWSAccessKeyId" | "Signature" | "Expires")
        };
        self.parts
            .parameters
            .iter()
            .map(|parameter| parameter.name.as_ref())
            .filter(move |name| is_unsigned(name))
    }

    /// The signed parameter of that name. No two have one name, but for the callers' own that begin with `x-`: the order of
    /// those nobody has signed.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The names of the request's `x-amz-*` headers and of the parameters that stand for such, in lower case;
    /// each of them was signed.
    pub fn amz_header_names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let lower = |name: &'_ str| name.to_ascii_lowercase();
        let headers = self.parts.request.headers.iter().map(|(name, _)| *name);
        let headers = headers.filter(move |name| is_amz(name) && self.is_signed_header(name)).map(lower);
        let parameters = match self.mechanism {
            Mechanism::HeaderV4 => None,
            _ => Some(self.parameters().map(|(name, _)| name).filter(move |name| is_amz(name)).map(lower)),
        };
        let mut names: Vec<String> = headers.chain(parameters.into_iter().flatten()).collect();
        names.sort();
        names.dedup();
        names.into_iter().map(Cow::Owned)
    }

    /// A header by its lower-case name: as it was signed, in a header or in the URL's query; else, for the
    /// standard headers that S3 leaves to the URL's holder, as it was sent. Several fields of one name are
    /// joined with commas.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        if let Some(value) = self.sent_header(name).filter(|_| self.is_signed_header(name)) {
            return Some(value);
        }
        // The checksum in a URL is the JavaScript SDK's, of the empty body it had when it signed.
        let is_checksum = name.starts_with("x-amz-checksum-");
        if self.mechanism != Mechanism::HeaderV4 && stands_for_a_header(name) && !is_checksum {
            let mut parameters = self.parameters();
            let in_url = parameters.find(|(known, _)| known.eq_ignore_ascii_case(name));
            if let Some((_, value)) = in_url {
                return Some(Cow::Borrowed(value));
            }
        }
        if FREE_HEADERS.contains(&name) { self.sent_header(name) } else { None }
    }

    fn is_signed_header(&self, name: &str) -> bool {
        match &self.signed {
            Signed::V4 { headers, .. } => signed_headers::contains(headers, name),
            Signed::V2 { .. } => v2::is_signed_header(name),
        }
    }

    fn sent_header(&self, name: &str) -> Option<Cow<'_, str>> {
        if let Some(host) = self.parts.host.filter(|_| name == "host") {
            return Some(Cow::Borrowed(host));
        }
        let mut values = self.parts.request.header_values(name);
        let first = values.next()?.trim();
        match values.next() {
            None => Some(Cow::Borrowed(first)),
            Some(second) => {
                let mut joined = format!("{first},{}", second.trim());
                for value in values {
                    joined.push(',');
                    joined.push_str(value.trim());
                }
                Some(Cow::Owned(joined))
            }
        }
    }

    /// Holds the request against the limits in its URL that its head alone decides.
    pub(crate) fn check_caveats(&self, now: Timestamp) -> Result<(), Refusal> {
        let Some(caveats) = &self.caveats else { return Ok(()) };
        let content_type = self.header("content-type");
        caveats
            .check(now, self.parts.request.remote_address, self.parts.method, content_type.as_deref())
            .map_err(Refusal::CaveatViolated)
    }
}

impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("mechanism", &self.mechanism)
            .field("access_key_id", &self.access_key_id())
            .field("method", &self.parts.method)
            .field("path", &self.parts.path.decoded)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
