//! What a URL says of its own signature, read leniently: what the verifier refuses is here to be told.

use crate::explain::NotPresigned;
use crate::explain::link::Link;
use crate::timestamp::Timestamp;
use crate::verify::credential::Credential;
use crate::verify::unverified::Claim;
use crate::verify::{Mechanism, Request, Unverified};

/// The signature's own statements.
pub(super) struct Claimed {
    pub(super) mechanism: Mechanism,
    pub(super) access_key_id: String,
    /// The credential scope's day, region and service; SigV2 has none.
    pub(super) scope: Option<Scope>,
    /// `None` in SigV2, and when the date is not one.
    pub(super) signed_at: Option<Timestamp>,
    /// `X-Amz-Expires` of SigV4 or `Expires` of SigV2, as it is written.
    pub(super) expires: Option<String>,
    /// Names in lower case.
    pub(super) signed_headers: Vec<String>,
    pub(super) signature: String,
    pub(super) has_session_token: bool,
}

pub(super) struct Scope {
    pub(super) day: String,
    pub(super) region: String,
    pub(super) service: String,
}

impl Scope {
    fn of(credential: &Credential<'_>) -> Self {
        Scope {
            day: credential.date().to_owned(),
            region: credential.region().to_owned(),
            service: credential.service().to_owned(),
        }
    }
}

pub(super) const SIX: [&str; 6] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
];
pub(super) const THREE: [&str; 3] = ["AWSAccessKeyId", "Signature", "Expires"];

/// Signed URLs of other services, each told by one parameter that no URL of S3 has.
const OTHER_SCHEMES: [(&str, &str); 5] = [
    ("Key-Pair-Id", "a CloudFront signed URL"),
    ("X-Goog-Signature", "a Google Cloud Storage signed URL, V4"),
    ("GoogleAccessId", "a Google Cloud Storage signed URL, V2"),
    ("sig", "an Azure shared access signature"),
    ("OSSAccessKeyId", "an Alibaba Cloud OSS signed URL"),
];

impl Claimed {
    /// Reads the signature in the query of a URL.
    pub(super) fn of_query(link: &Link<'_>) -> Result<Self, NotPresigned> {
        let missing = |names: &[&'static str]| -> Vec<&'static str> {
            names.iter().copied().filter(|name| !link.has(name)).collect()
        };
        let (missing_v4, missing_v2) = (missing(&SIX), missing(&THREE));
        let (has_v4, has_v2) = (missing_v4.len() < SIX.len(), missing_v2.len() < THREE.len());
        if !has_v4 && let Some((_, scheme)) = OTHER_SCHEMES.iter().find(|(name, _)| link.has(name)) {
            return Err(NotPresigned::OtherScheme { scheme });
        }
        let is_html_escaped = link.is_html_escaped();
        match (has_v4, has_v2) {
            (false, false) if link.has("amp;X-Amz-Signature") => {
                Err(NotPresigned::MissingParameters { missing: missing_v4, is_html_escaped })
            }
            (false, false) => Err(NotPresigned::Unsigned),
            (true, true) => Err(NotPresigned::TwoMechanisms),
            (true, false) if !missing_v4.is_empty() => {
                Err(NotPresigned::MissingParameters { missing: missing_v4, is_html_escaped })
            }
            (false, true) if !missing_v2.is_empty() => {
                Err(NotPresigned::MissingParameters { missing: missing_v2, is_html_escaped })
            }
            (true, false) => Claimed::of_v4(link),
            (false, true) => Ok(Claimed::of_v2(link)),
        }
    }

    fn of_v4(link: &Link<'_>) -> Result<Self, NotPresigned> {
        let value = |name| link.parameter(name).unwrap_or_default();
        let credential = value("X-Amz-Credential");
        let malformed = |_| NotPresigned::MalformedCredential { credential: credential.to_owned() };
        let parsed = Credential::parse(credential.into()).map_err(malformed)?;
        Ok(Claimed {
            mechanism: Mechanism::QueryV4,
            access_key_id: parsed.access_key_id().to_owned(),
            scope: Some(Scope::of(&parsed)),
            signed_at: Timestamp::parse_basic(value("X-Amz-Date")),
            expires: Some(value("X-Amz-Expires").to_owned()),
            signed_headers: names_of(value("X-Amz-SignedHeaders")),
            signature: value("X-Amz-Signature").to_owned(),
            has_session_token: link.has("X-Amz-Security-Token"),
        })
    }

    fn of_v2(link: &Link<'_>) -> Self {
        let value = |name| link.parameter(name).unwrap_or_default().to_owned();
        Claimed {
            mechanism: Mechanism::QueryV2,
            access_key_id: value("AWSAccessKeyId"),
            scope: None,
            signed_at: None,
            expires: Some(value("Expires")),
            signed_headers: Vec::new(),
            signature: value("Signature"),
            has_session_token: link.has("x-amz-security-token") || link.has("X-Amz-Security-Token"),
        }
    }

    /// Reads the signature in the Authorization header.
    pub(super) fn of_header(request: &Request<'_>) -> Result<Self, NotPresigned> {
        let malformed =
            |refusal: crate::Refusal| NotPresigned::MalformedAuthorization { why: refusal.to_string() };
        let unverified = Unverified::parse(*request).map_err(malformed)?;
        let Claim::V4(claim) = &unverified.claim else {
            return Err(NotPresigned::TwoMechanisms);
        };
        Ok(Claimed {
            mechanism: claim.mechanism,
            access_key_id: claim.credential.access_key_id().to_owned(),
            scope: Some(Scope::of(&claim.credential)),
            signed_at: Some(claim.signed_at),
            expires: None,
            signed_headers: names_of(&claim.signed_headers),
            signature: claim.signature.clone().into_owned(),
            has_session_token: claim.session_token.is_some(),
        })
    }

    /// The URL's life in seconds, as SigV4 says it; below zero, if it says so.
    pub(super) fn life_seconds(&self) -> Option<i64> {
        if self.mechanism == Mechanism::QueryV4 { self.expires_number() } else { None }
    }

    /// The first second in which it no longer works.
    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        match self.mechanism {
            Mechanism::QueryV4 => {
                let start = self.signed_at?.as_unix();
                Some(Timestamp::from_unix(start.saturating_add(self.expires_number()?)))
            }
            Mechanism::QueryV2 => self.expires_number().map(Timestamp::from_unix),
            Mechanism::HeaderV4 | Mechanism::FormV4 | Mechanism::FormV2 => None,
        }
    }

    fn expires_number(&self) -> Option<i64> {
        let text = self.expires.as_deref()?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // More digits than a number has are a very long life, not none.
        Some(text.parse().unwrap_or(if digits.len() < text.len() { i64::MIN } else { i64::MAX }))
    }
}

fn names_of(signed_headers: &str) -> Vec<String> {
    signed_headers.split(';').filter(|name| !name.is_empty()).map(str::to_ascii_lowercase).collect()
}
