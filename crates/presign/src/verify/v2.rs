//! SigV2 in the URL, as boto3 and AWS CLI v1 still make it: the checks, in their order.
//!
//! What SigV2 does not sign is not seen: of the query only the known sub-resources and the parameters that
//! stand for headers, of the headers only `x-amz-*`, Content-MD5 and Content-Type.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use crate::parameter_name::is_amz;
use crate::sigv2;
use crate::timestamp::Timestamp;
use crate::verify::arrival::{Arrival, OtherForms};
use crate::verify::conditions;
use crate::verify::policy::{SigV2, VerifyPolicy};
use crate::verify::refusal::{Mechanism, Refusal, SignatureMismatch};
use crate::verify::signed_headers::in_lower_case;
use crate::verify::unverified::Parts;
use crate::verify::v4::{check_session_token, refuse_caveats};
use crate::verify::verification_key::{NOBODY, VerificationKey};
use crate::verify::verified::{PayloadRule, Signed, Verified};
use crate::verify::withheld::{WITHHELD, WithheldHeaders};
use crate::work;

/// What a SigV2 URL says of itself.
pub(crate) struct ClaimV2<'a> {
    pub(crate) access_key_id: Cow<'a, str>,
    pub(crate) expires: Cow<'a, str>,
    pub(crate) signature: Cow<'a, str>,
    pub(crate) session_token: Option<Cow<'a, str>>,
}

/// Whether SigV2 signs a query parameter, decoded and with its case.
pub(crate) fn is_signed_parameter(name: &str) -> bool {
    sigv2::is_subresource(name) || is_header_parameter(name)
}

/// Whether SigV2 signs a header, by its lower-case name.
pub(crate) fn is_signed_header(name: &str) -> bool {
    is_header_parameter(name)
}

/// Parameters that stand for signed headers; their names are lower case.
fn is_header_parameter(name: &str) -> bool {
    name.starts_with("x-amz-") || matches!(name, "content-md5" | "content-type")
}

impl<'a> ClaimV2<'a> {
    pub(crate) fn verify(
        self,
        mut parts: Parts<'a>,
        key: Option<&VerificationKey>,
        now: Timestamp,
        policy: &VerifyPolicy,
        arrival: &Arrival<'a>,
    ) -> Result<Verified<'a>, Refusal> {
        if policy.sigv2 == SigV2::Deny {
            return Err(Refusal::SigV2Denied);
        }
        let expires_at = self.check_time(now)?;
        refuse_caveats(&parts)?;
        conditions::refuse_unsigned(&parts.request, parts.method)?;

        let known = key.filter(|key| key.access_key_id() == self.access_key_id);
        let secret = known.unwrap_or(&NOBODY).credentials().secret_access_key();
        let signed = SignedText::of(&parts, &self.expires);
        let provided = STANDARD.decode(self.signature.as_bytes()).unwrap_or_default();
        let is_signed = |text: &str| -> bool {
            work::spend(text.len());
            sigv2::hmac_sha1(secret, text.as_bytes()).ct_eq(&provided[..]).into()
        };
        let text = signed.text(parts.request.host_bucket);
        // Of the Host SigV2 signs only the bucket. As with SigV4, others are tried only for a key that exists.
        let mut left = OtherForms::default();
        let mut others = arrival.other_hosts.iter().filter(|_| known.is_some()).copied();
        let host = match is_signed(&text) {
            true => Some(None),
            false => others
                .find(|other| {
                    other.bucket != parts.request.host_bucket
                        && left.take(text.len())
                        && is_signed(&signed.text(other.bucket))
                })
                .map(Some),
        };
        let received_bucket = parts.request.host_bucket;
        if let Some(host) = host {
            parts.come_for(host);
        }
        let matched = host.is_some();
        // This looks at every pair of parameters; only the holder of a key may have that done.
        let honoured = matched && known.is_some() && !is_ambiguous(&parts);
        // The refusal of an unknown key costs what a wrong signature's does.
        let mismatch = (!honoured).then(|| {
            Refusal::SignatureMismatch(Box::new(SignatureMismatch {
                access_key_id: self.access_key_id.to_string(),
                string_to_sign: match is_any_withheld(&parts, arrival.withheld) {
                    false => text,
                    true => SignedText::shown(&parts, &self.expires, arrival.withheld).text(received_bucket),
                },
                signature_provided: self.signature.to_string(),
                canonical_request: None,
            }))
        });
        if known.is_none() {
            return Err(Refusal::UnknownAccessKey { access_key_id: self.access_key_id.into_owned().into() });
        }
        if let Some(mismatch) = mismatch {
            return Err(mismatch);
        }
        check_session_token(known, self.session_token.as_deref())?;
        Ok(Verified {
            parts,
            mechanism: Mechanism::QueryV2,
            signed: Signed::V2 { access_key_id: self.access_key_id },
            payload: PayloadRule::Unsigned,
            caveats: None,
            signed_at: None,
            expires_at: Some(expires_at),
        })
    }

    /// `Expires` is the end itself. It may lie at most seven days ahead, as with SigV4.
    fn check_time(&self, now: Timestamp) -> Result<Timestamp, Refusal> {
        let malformed = || Refusal::MalformedExpiresV2 { value: self.expires.to_string() };
        if self.expires.is_empty() || !self.expires.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed());
        }
        let expires_at = Timestamp::from_unix(self.expires.parse().map_err(|_| malformed())?);
        if now >= expires_at {
            return Err(Refusal::Expired { life_seconds: None, expires_at, server_time: now });
        }
        if expires_at > now.plus(crate::sign::MAX_LIFE) {
            return Err(Refusal::ExpiresTooFarV2);
        }
        Ok(expires_at)
    }
}

/// The string to sign of a request as it arrived, but for the bucket that the Host may name.
struct SignedText<'p> {
    before_resource: String,
    path: &'p str,
    subresources: String,
}

impl<'p> SignedText<'p> {
    fn of(parts: &'p Parts<'_>, expires: &str) -> Self {
        Self::shown(parts, expires, WithheldHeaders::NONE)
    }

    /// The text to be printed, without the values that are withheld.
    fn shown(parts: &'p Parts<'_>, expires: &str, withheld: WithheldHeaders<'_>) -> Self {
        fn shown<'v>(withheld: &WithheldHeaders<'_>, name: &str, value: &'v str) -> &'v str {
            if withheld.withholds(name) { WITHHELD } else { value }
        }
        let content_md5 = standard_header(parts, "content-md5").0;
        let content_type = standard_header(parts, "content-type").0;
        let amz_headers = amz_headers(parts).0;
        let parameters = parts.parameters.iter().map(|parameter| {
            (parameter.name.as_ref(), parameter.has_equals_sign.then_some(parameter.value.as_ref()))
        });
        let headers = amz_headers.iter().map(|(name, value)| (name.as_ref(), shown(&withheld, name, value)));
        let before_resource = sigv2::string_to_sign(
            parts.method.as_str(),
            shown(&withheld, "content-md5", content_md5),
            shown(&withheld, "content-type", content_type),
            expires,
            headers,
            "",
        );
        SignedText {
            before_resource,
            path: &parts.path.canonical,
            subresources: sigv2::canonical_resource("", parameters),
        }
    }

    /// The whole text, where the Host names that bucket.
    fn text(&self, host_bucket: Option<&str>) -> String {
        let path = self.path;
        let is_bucket_alone = path.len() > 1 && !path.get(1..).is_some_and(|rest| rest.contains('/'));
        let (slash, bucket, end) = match host_bucket {
            Some(bucket) => ("/", bucket, ""),
            None => ("", "", if is_bucket_alone { "/" } else { "" }),
        };
        [&self.before_resource, slash, bucket, path, end, &self.subresources].concat()
    }
}

/// Whether another request would have the same string to sign, so that a signature over it proves nothing: SigV2 writes
/// names and values down as they are, line feeds, colons and ampersands included.
fn is_ambiguous(parts: &Parts<'_>) -> bool {
    let has_line_feed = |value: &str| value.contains(['\n', '\r']);
    let standard = ["content-md5", "content-type"].map(|name| standard_header(parts, name));
    let (amz_headers, is_repeated) = amz_headers(parts);
    let subresources = || parts.parameters.iter().filter(|p| sigv2::is_subresource(&p.name));
    is_repeated
        || standard.iter().any(|(value, is_repeated)| *is_repeated || has_line_feed(value))
        || amz_headers.iter().any(|(name, value)| !is_header_name(name) || has_line_feed(value))
        || subresources().any(|parameter| {
            subresources().filter(|other| other.name == parameter.name).count() > 1
                || looks_like_more(&parameter.value)
        })
}

/// Whether the string to sign holds a value that is withheld.
fn is_any_withheld(parts: &Parts<'_>, withheld: WithheldHeaders<'_>) -> bool {
    let names = parts.request.headers.iter().map(|(name, _)| *name);
    let mut signed = names.filter(|name| {
        is_amz(name) || ["content-md5", "content-type"].iter().any(|known| known.eq_ignore_ascii_case(name))
    });
    signed.any(|name| withheld.withholds(name))
}

/// Whether the name of a parameter could be that of a header. A colon in it would be the one that ends the name of
/// another header: `x-amz-tagging:a` with the value `b` is signed like `x-amz-tagging` with the value `a:b`.
fn is_header_name(name: &str) -> bool {
    !name.contains([':', '\n', '\r'])
}

/// Whether a sub-resource's value could be read as one that goes on with a further sub-resource.
fn looks_like_more(value: &str) -> bool {
    value.split('&').skip(1).any(|piece| sigv2::is_subresource(piece.split('=').next().unwrap_or(piece)))
}

/// Content-MD5 or Content-Type, from the header or from the query, and whether it stands there with more than one value.
/// Two fields of one name, though they be equal, are one value with a comma in it, which nobody signed.
fn standard_header<'p>(parts: &'p Parts<'_>, name: &str) -> (&'p str, bool) {
    let mut fields = parts.request.header_values(name);
    let field = fields.next();
    let has_two_fields = fields.next().is_some();
    let in_query = parts.parameters.iter().filter(|parameter| parameter.name == name);
    let mut values =
        field.into_iter().chain(in_query.map(|parameter| parameter.value.as_ref())).map(str::trim);
    let first = values.next().unwrap_or_default();
    (first, has_two_fields || values.any(|other| other != first))
}

/// The `x-amz-*` headers, those that stand in the query among them, by name; and whether one of them stands in several
/// places with several values.
fn amz_headers<'p>(parts: &'p Parts<'_>) -> (BTreeMap<Cow<'p, str>, Cow<'p, str>>, bool) {
    let mut headers: BTreeMap<Cow<'_, str>, Cow<'_, str>> = BTreeMap::new();
    for (name, value) in parts.request.headers.iter().filter(|(name, _)| is_amz(name)) {
        work::spend(name.len() + value.len());
        match headers.entry(in_lower_case(name)) {
            Entry::Vacant(place) => drop(place.insert(value.trim().into())),
            Entry::Occupied(mut known) => {
                let joined = known.get_mut().to_mut();
                joined.push(',');
                joined.push_str(value.trim());
            }
        }
    }
    let mut is_repeated = false;
    for parameter in parts.parameters.iter().filter(|parameter| parameter.name.starts_with("x-amz-")) {
        work::spend(parameter.name.len() + parameter.value.len());
        let value = parameter.value.trim();
        match headers.entry(Cow::Borrowed(parameter.name.as_ref())) {
            Entry::Vacant(place) => drop(place.insert(value.into())),
            Entry::Occupied(known) => is_repeated |= known.get() != value,
        }
    }
    (headers, is_repeated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::Credentials;
    use crate::verify::{Request, Unverified};

    const EXPIRES: i64 = 1_795_288_593;

    /// A URL over that text, with more parameters in front.
    fn url(text: &str, path: &str, parameters: &str) -> String {
        let key = Credentials::new("AKID", "secret");
        let signature = sigv2::sign(key.secret_access_key(), text);
        let signature = crate::uri::encode(&signature, crate::uri::Keep::Unreserved).into_owned();
        format!("{path}?{parameters}AWSAccessKeyId=AKID&Signature={signature}&Expires={EXPIRES}")
    }

    fn verify(method: &str, target: &str, headers: &[(&str, &str)]) -> Result<(), Refusal> {
        verify_at(EXPIRES - 1, method, target, headers)
    }

    fn verify_at(now: i64, method: &str, target: &str, headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let key = VerificationKey::new(Credentials::new("AKID", "secret"));
        let request = Request::new(method, target, headers);
        let now = Timestamp::from_unix(now);
        Unverified::parse(request)?.verify(Some(&key), now, &VerifyPolicy::new("us-east-1")).map(|_| ())
    }

    fn is_mismatch(result: &Result<(), Refusal>) -> bool {
        matches!(result, Err(Refusal::SignatureMismatch(mismatch)) if mismatch.canonical_request.is_none())
    }

    #[test]
    fn works_until_its_end_and_not_further_than_a_week() {
        let target = url(&format!("GET\n\n\n{EXPIRES}\n/b/k"), "/b/k", "");
        assert_eq!(verify_at(EXPIRES - 1, "GET", &target, &[]), Ok(()));
        assert_eq!(verify_at(EXPIRES - 604_800, "GET", &target, &[]), Ok(()));
        assert_eq!(verify_at(EXPIRES - 604_801, "GET", &target, &[]), Err(Refusal::ExpiresTooFarV2));
        assert!(matches!(
            verify_at(EXPIRES, "GET", &target, &[]),
            Err(Refusal::Expired { life_seconds: None, .. })
        ));
    }

    #[test]
    fn the_bucket_may_stand_in_the_host() {
        let target = url(&format!("GET\n\n\n{EXPIRES}\n/b/k"), "/k", "");
        let request = Request { host_bucket: Some("b"), ..Request::new("GET", &target, &[]) };
        let key = VerificationKey::new(Credentials::new("AKID", "secret"));
        let verify = |request| {
            let now = Timestamp::from_unix(EXPIRES - 1);
            Unverified::parse(request)?.verify(Some(&key), now, &VerifyPolicy::new("r")).map(|_| ())
        };
        assert_eq!(verify(request), Ok(()));
        assert!(is_mismatch(&verify(Request { host_bucket: Some("c"), ..request })));
        assert!(is_mismatch(&verify(Request { host_bucket: None, ..request })));
    }

    #[test]
    fn its_headers_are_signed_whether_sent_or_in_the_query() {
        let text = format!("PUT\n\ntext/plain\n{EXPIRES}\nx-amz-meta-a:1\n/b/k");
        let target = url(&text, "/b/k", "");
        let sent = [("Content-Type", "text/plain"), ("X-Amz-Meta-A", "1"), ("Content-Encoding", "gzip")];
        assert_eq!(verify("PUT", &target, &sent), Ok(()));
        assert!(is_mismatch(&verify("PUT", &target, &sent[..1])));
        assert!(is_mismatch(&verify("PUT", &target, &sent[1..])));
        assert!(is_mismatch(&verify("PUT", &target, &[sent[0], sent[0], sent[1]])));
        assert!(is_mismatch(&verify("PUT", &target, &[sent[0], sent[1], ("x-amz-acl", "public-read")])));
        let in_query = url(&text, "/b/k", "content-type=text%2Fplain&x-amz-meta-a=1&");
        assert_eq!(verify("PUT", &in_query, &[]), Ok(()));
        assert_eq!(verify("PUT", &in_query, &sent), Ok(()));
        assert!(is_mismatch(&verify("PUT", &in_query, &[("x-amz-meta-a", "2")])));
        assert!(is_mismatch(&verify("PUT", &in_query, &[("content-type", "text/html")])));
    }

    /// SigV2 writes values down unescaped, so one signature can fit two requests; neither is honoured.
    #[test]
    fn a_text_that_fits_two_requests_proves_nothing() {
        let text = format!("GET\n\n\n{EXPIRES}\n/b/k?response-content-type=a&versionId=v");
        let honest = url(&text, "/b/k", "response-content-type=a&versionId=v&");
        assert_eq!(verify("GET", &honest, &[]), Ok(()));
        let merged = url(&text, "/b/k", "response-content-type=a%26versionId%3Dv&");
        assert!(is_mismatch(&verify("GET", &merged, &[])));

        let text = format!("PUT\n\n\n{EXPIRES}\nx-amz-acl:private\nx-amz-meta-a:1\n/b/k");
        let honest = url(&text, "/b/k", "x-amz-acl=private&x-amz-meta-a=1&");
        assert_eq!(verify("PUT", &honest, &[]), Ok(()));
        let merged = url(&text, "/b/k", "x-amz-acl=private%0Ax-amz-meta-a%3A1&");
        assert!(is_mismatch(&verify("PUT", &merged, &[])));

        let text = format!("PUT\n\n\n{EXPIRES}\nx-amz-tagging:a:b\n/b/k");
        assert_eq!(verify("PUT", &url(&text, "/b/k", "x-amz-tagging=a%3Ab&"), &[]), Ok(()));
        assert!(is_mismatch(&verify("PUT", &url(&text, "/b/k", "x-amz-tagging%3Aa=b&"), &[])));

        let ampersand = format!("GET\n\n\n{EXPIRES}\n/b/k?response-content-disposition=a&b");
        let target = url(&ampersand, "/b/k", "response-content-disposition=a%26b&");
        assert_eq!(verify("GET", &target, &[]), Ok(()));
    }

    #[test]
    fn what_is_not_signed_is_not_seen() {
        let target = url(&format!("GET\n\n\n{EXPIRES}\n/b/k"), "/b/k", "list-type=2&x-id=1&");
        let key = VerificationKey::new(Credentials::new("AKID", "secret"));
        let unverified = Unverified::parse(Request::new("GET", &target, &[])).unwrap();
        let now = Timestamp::from_unix(EXPIRES - 1);
        let verified = unverified.verify(Some(&key), now, &VerifyPolicy::new("r")).unwrap();
        assert_eq!(verified.parameters().count(), 0);
        let limited = url(&format!("GET\n\n\n{EXPIRES}\n/b/k"), "/b/k", "x-presign-max-size=1&");
        assert!(matches!(verify("GET", &limited, &[]), Err(Refusal::InvalidCaveat(_))));
    }

    /// SigV2 signs a header and a parameter of one name alike, so a token counts in either place.
    #[test]
    fn a_session_token_in_a_header_is_held_against_the_keys() {
        let text = format!("GET\n\n\n{EXPIRES}\nx-amz-security-token:token\n/b/k");
        let target = url(&text, "/b/k", "");
        let sent = [("x-amz-security-token", "token")];
        assert_eq!(verify("GET", &target, &sent), Err(Refusal::InvalidToken));
        let key = VerificationKey::new(Credentials::new("AKID", "secret").with_session_token("token"));
        let unverified = Unverified::parse(Request::new("GET", &target, &sent)).unwrap();
        assert_eq!(unverified.session_token(), Some("token"));
        let now = Timestamp::from_unix(EXPIRES - 1);
        assert!(unverified.verify(Some(&key), now, &VerifyPolicy::new("r")).is_ok());
    }

    #[test]
    fn it_can_be_denied() {
        let target = url(&format!("GET\n\n\n{EXPIRES}\n/b/k"), "/b/k", "");
        let key = VerificationKey::new(Credentials::new("AKID", "secret"));
        let policy = VerifyPolicy { sigv2: SigV2::Deny, ..VerifyPolicy::new("us-east-1") };
        let unverified = Unverified::parse(Request::new("GET", &target, &[])).unwrap();
        let refusal = unverified.verify(Some(&key), Timestamp::from_unix(EXPIRES - 1), &policy).unwrap_err();
        assert_eq!(refusal, Refusal::SigV2Denied);
    }
}
