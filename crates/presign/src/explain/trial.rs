//! Holding attempts against the signature, with the verifier itself.

use crate::credentials::Credentials;
use crate::explain::attempt::{Attempt, SignersLine};
use crate::explain::variations::Variation;
use crate::signing_key::{Signature, sha256};
use crate::timestamp::Timestamp;
use crate::verify::unverified::Claim;
use crate::verify::{Links, Mechanism, Refusal, SigV2, Unverified, VerificationKey, VerifyPolicy};

/// How many bytes of requests one diagnosis goes over at most; to decode, sort and hash them takes a few milliseconds. An
/// ordinary request has one or two KiB, so that all known ways to break one, one by one and the likely ones in pairs, fit
/// several times. One of 32 KiB may be anybody's who wants to keep the store busy: it has its likeliest changes tried.
pub(super) const MAX_WORK: usize = 1 << 20;
/// The part of an attempt's work that it takes to make it, of which nothing is hashed.
const MAKING: usize = 8;

/// Attempts at one request's signature, whatever the request's time and region.
pub(super) struct Trial<'k> {
    pub(super) credentials: &'k Credentials,
    pub(super) mechanism: Mechanism,
    /// Names in lower case, host aside; SigV2 has no list.
    pub(super) signed_headers: Vec<String>,
    pub(super) signature: String,
    pub(super) region: String,
    key: VerificationKey,
    /// Has a secret that nobody has: the verifier shows what it would have signed only to say that it differs.
    other_key: VerificationKey,
    /// A time at which the request is within its own.
    now: Timestamp,
    policy: VerifyPolicy,
    /// The work that may still be done.
    left: usize,
    attempts: usize,
    is_exhausted: bool,
}

impl<'k> Trial<'k> {
    /// Prepares for the request that arrived; `None` if its signature cannot be read.
    pub(super) fn new(arrived: &Attempt, credentials: &'k Credentials) -> Option<Self> {
        arrived.with_request(|request| {
            let unverified = Unverified::parse(request).ok()?;
            let mechanism = unverified.mechanism();
            let (now, region, service, signed_headers, signature) = match &unverified.claim {
                Claim::V4(claim) => (
                    claim.signed_at,
                    claim.credential.region(),
                    claim.credential.service(),
                    &*claim.signed_headers,
                    &claim.signature,
                ),
                Claim::V2(claim) => {
                    let expires: i64 = claim.expires.parse().ok()?;
                    (Timestamp::from_unix(expires.saturating_sub(1)), "", "s3", "", &claim.signature)
                }
            };
            let signed_headers = signed_headers.split(';').map(str::to_ascii_lowercase);
            let access_key_id = credentials.access_key_id();
            Some(Trial {
                credentials,
                mechanism,
                signed_headers: signed_headers.filter(|name| !name.is_empty() && name != "host").collect(),
                signature: signature.to_string(),
                region: region.to_owned(),
                key: VerificationKey::new(credentials.clone()),
                other_key: VerificationKey::new(Credentials::new(access_key_id, "nobody has this secret")),
                now,
                policy: VerifyPolicy {
                    region: region.to_owned(),
                    service: service.to_owned(),
                    sigv2: SigV2::Allow,
                    links: Links::CallerDecides,
                },
                left: MAX_WORK,
                attempts: 0,
                is_exhausted: false,
            })
        })
    }

    /// How many attempts were made, where the work that may be done did not suffice for all.
    pub(super) fn given_up_after(&self) -> Option<usize> {
        self.is_exhausted.then_some(self.attempts)
    }

    /// Makes a family of attempts, if there is work left to be done on them. Takes what the making costs.
    pub(super) fn make(&mut self, make: impl FnOnce(&Self) -> Vec<Variation>) -> Vec<Variation> {
        if self.is_exhausted {
            return Vec::new();
        }
        let family = make(self);
        let work = family.iter().map(|(_, attempt)| attempt.work() / MAKING).sum();
        match self.take(work) {
            true => family,
            false => Vec::new(),
        }
    }

    fn take(&mut self, work: usize) -> bool {
        match self.left.checked_sub(work) {
            Some(left) => self.left = left,
            None => self.is_exhausted = true,
        }
        !self.is_exhausted
    }

    /// Whether the signature is that attempt's. Once all work is done, none is.
    pub(super) fn is_signed(&mut self, attempt: &Attempt) -> bool {
        if self.is_exhausted || !self.take(attempt.work()) {
            return false;
        }
        self.attempts += 1;
        if let Some(line) = &attempt.line {
            return self.is_signed_with_line(attempt, line);
        }
        let other_secret = attempt.secret.as_ref().map(|secret| {
            VerificationKey::new(Credentials::new(self.credentials.access_key_id(), secret.expose()))
        });
        let key = other_secret.as_ref().unwrap_or(&self.key);
        match self.refusal(attempt, key) {
            None => true,
            // These three are found after the signature has been found right. In a SigV2 URL a caveat is refused before.
            Some(Refusal::InvalidToken | Refusal::CaveatViolated(_)) => true,
            Some(Refusal::InvalidCaveat(_)) => self.mechanism == Mechanism::QueryV4,
            Some(_) => false,
        }
    }

    /// Whether the verifier gets as far as the signature, and finds it wrong.
    pub(super) fn is_mismatch(&self, attempt: &Attempt) -> bool {
        matches!(self.refusal(attempt, &self.key), Some(Refusal::SignatureMismatch(_)))
    }

    fn refusal(&self, attempt: &Attempt, key: &VerificationKey) -> Option<Refusal> {
        attempt.with_request(|request| {
            let verify =
                |unverified: Unverified<'_>| unverified.verify(Some(key), self.now, &self.policy).map(|_| ());
            Unverified::parse(request).and_then(verify).err()
        })
    }

    fn is_signed_with_line(&self, attempt: &Attempt, line: &SignersLine) -> bool {
        let Some(text) = self.text(attempt, Some(line)) else { return false };
        let time = self.now.basic();
        let key = self.key.signing_key(time.date(), &self.policy.region, &self.policy.service);
        let signature = key.sign_hash(&time, &sha256(text.as_bytes()));
        Signature::parse(&self.signature).is_some_and(|provided| provided == signature)
    }

    /// The canonical request of an attempt, or SigV2's string to sign.
    pub(super) fn text_of(&self, attempt: &Attempt) -> Option<String> {
        self.text(attempt, attempt.line.as_ref())
    }

    fn text(&self, attempt: &Attempt, line: Option<&SignersLine>) -> Option<String> {
        let Some(Refusal::SignatureMismatch(mismatch)) = self.refusal(attempt, &self.other_key) else {
            return None;
        };
        let text = mismatch.canonical_request.unwrap_or(mismatch.string_to_sign);
        let Some(line) = line else { return Some(text) };
        let mut lines: Vec<&str> = text.split('\n').collect();
        let (at, new) = match line {
            SignersLine::Path(path) => (1, path),
            SignersLine::Query(query) => (2, query),
            SignersLine::Payload(payload) => (lines.len().saturating_sub(1), payload),
        };
        *lines.get_mut(at)? = new;
        Some(lines.join("\n"))
    }
}
