//! Browser forms: an upload whose fields must keep to a signed policy.
//!
//! Source: "Authenticating Requests: Browser-Based Uploads Using POST", Amazon S3 API Reference.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use crate::explain::RequestText;
use crate::sign::MAX_LIFE;
use crate::signing_key::{ALGORITHM, Signature};
use crate::sigv2;
use crate::timestamp::Timestamp;
use crate::verify::credential::Credential;
use crate::verify::form_policy::{Condition, FormPolicy};
use crate::verify::policy::{SigV2, VerifyPolicy};
use crate::verify::refusal::{FormFault, MAX_CLOCK_SKEW_SECONDS, Mechanism, Refusal, SignatureMismatch};
use crate::verify::v4::check_session_token;
use crate::verify::verification_key::{NOBODY, VerificationKey};

/// The fields of a form that claims to be signed by somebody. Nothing of it is to be believed yet.
pub struct UnverifiedForm<'a> {
    /// Names in lower case; the values as they came, but for the file's name in the key.
    fields: Vec<(String, Cow<'a, str>)>,
    claim: Claim<'a>,
}

enum Claim<'a> {
    V4 { credential: Credential<'a>, signed_at: Timestamp, signature: &'a str },
    V2 { access_key_id: &'a str, signature: &'a str },
}

impl<'a> UnverifiedForm<'a> {
    /// Reads the fields that stood before the `file` field, in any case. `file_name` is the file's own name, which
    /// replaces `${filename}` in the key.
    ///
    /// # Errors
    /// [`Refusal::Unsigned`], [`Refusal::OnlyOneMechanism`], [`Refusal::Repeated`], and what is missing or malformed among
    /// the fields of the signature.
    pub fn parse(fields: &[(&'a str, &'a str)], file_name: Option<&str>) -> Result<Self, Refusal> {
        let value = |wanted: &str| {
            let mut values = fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            match (values.next(), values.next()) {
                (Some(_), Some(_)) => Err(Refusal::Repeated { name: wanted.to_owned() }),
                (first, _) => Ok(first.map(|(_, value)| *value)),
            }
        };
        let missing = |field| Refusal::Form(FormFault::MissingField { field });
        let algorithm = value("x-amz-algorithm")?;
        let credential = value("x-amz-credential")?;
        let date = value("x-amz-date")?;
        let v4_signature = value("x-amz-signature")?;
        let access_key_id = value("AWSAccessKeyId")?;
        let v2_signature = value("signature")?;
        let policy = value("policy")?;
        let is_v4 = algorithm.or(credential).or(date).or(v4_signature).is_some();
        let is_v2 = access_key_id.or(v2_signature).is_some();
        let claim = match (is_v4, is_v2) {
            (false, false) if policy.is_none() => return Err(Refusal::Unsigned),
            (true, true) => {
                let value = v2_signature.or(access_key_id).unwrap_or_default().to_owned();
                return Err(Refusal::OnlyOneMechanism { argument: "Signature", value: value.into() });
            }
            (false, true) => Claim::V2 {
                access_key_id: access_key_id.ok_or_else(|| missing("AWSAccessKeyId"))?,
                signature: v2_signature.ok_or_else(|| missing("Signature"))?,
            },
            _ => {
                let mechanism = Mechanism::FormV4;
                let signature = v4_signature.ok_or_else(|| missing("X-Amz-Signature"))?;
                if algorithm.ok_or_else(|| missing("X-Amz-Algorithm"))? != ALGORITHM {
                    return Err(Refusal::UnsupportedAlgorithm);
                }
                let credential = credential.ok_or_else(|| missing("X-Amz-Credential"))?;
                let date = date.ok_or_else(|| missing("X-Amz-Date"))?;
                Claim::V4 {
                    credential: Credential::parse(credential.into()).map_err(|fault| fault.at(mechanism))?,
                    signed_at: Timestamp::parse_basic(date).ok_or(Refusal::MalformedDate)?,
                    signature,
                }
            }
        };
        policy.ok_or_else(|| missing("policy"))?;
        let fields = fields
            .iter()
            .map(|(name, value)| {
                let name = name.to_ascii_lowercase();
                match file_name {
                    Some(file) if name == "key" && value.contains("${filename}") => {
                        (name, Cow::Owned(value.replace("${filename}", file)))
                    }
                    _ => (name, Cow::Borrowed(*value)),
                }
            })
            .collect();
        Ok(UnverifiedForm { fields, claim })
    }

    /// The access key id that the form claims, for the caller to look up.
    pub fn access_key_id(&self) -> &str {
        match &self.claim {
            Claim::V4 { credential, .. } => credential.access_key_id(),
            Claim::V2 { access_key_id, .. } => access_key_id,
        }
    }

    /// How the form is signed.
    pub fn mechanism(&self) -> Mechanism {
        match self.claim {
            Claim::V4 { .. } => Mechanism::FormV4,
            Claim::V2 { .. } => Mechanism::FormV2,
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref())
    }

    /// Checks the signature over the policy, and every field against the policy.
    ///
    /// `bucket` is the one that the form was sent to. `key` is the active key of
    /// [`UnverifiedForm::access_key_id`]; `None`, when there is none, takes as long.
    ///
    /// # Errors
    /// [`Refusal`]: the first check that fails, with all that S3's answer prints.
    pub fn verify(
        self,
        key: Option<&VerificationKey>,
        now: Timestamp,
        policy: &VerifyPolicy,
        bucket: &str,
    ) -> Result<VerifiedForm<'a>, Refusal> {
        let known = key.filter(|key| key.access_key_id() == self.access_key_id());
        let signed_text = self.field("policy").unwrap_or_default();
        let matched = self.has_right_signature(known.unwrap_or(&NOBODY), signed_text, now, policy)?;
        let access_key_id = self.access_key_id().to_owned();
        if known.is_none() {
            return Err(Refusal::UnknownAccessKey { access_key_id: access_key_id.into() });
        }
        if !matched {
            let signature_provided = match self.claim {
                Claim::V4 { signature, .. } | Claim::V2 { signature, .. } => signature.to_owned(),
            };
            return Err(Refusal::SignatureMismatch(Box::new(SignatureMismatch {
                access_key_id,
                string_to_sign: signed_text.to_owned(),
                signature_provided,
                canonical_request: None,
            })));
        }
        check_session_token(known, self.field("x-amz-security-token"))?;
        let form_policy = FormPolicy::parse(signed_text).map_err(Refusal::Form)?;
        if now >= form_policy.expiration {
            return Err(Refusal::Form(FormFault::Expired));
        }
        let sizes = self.check_fields(&form_policy, bucket).map_err(Refusal::Form)?;
        let mechanism = self.mechanism();
        let fields = self.fields;
        Ok(VerifiedForm {
            fields,
            bucket: bucket.to_owned(),
            access_key_id,
            mechanism,
            sizes,
            expires_at: form_policy.expiration,
        })
    }

    fn has_right_signature(
        &self,
        key: &VerificationKey,
        signed_text: &str,
        now: Timestamp,
        policy: &VerifyPolicy,
    ) -> Result<bool, Refusal> {
        match &self.claim {
            Claim::V4 { credential, signed_at, signature } => {
                let time = signed_at.basic();
                credential.check(time.date(), policy).map_err(|fault| fault.at(Mechanism::FormV4))?;
                let age = now.seconds_since(*signed_at);
                if age < -MAX_CLOCK_SKEW_SECONDS {
                    return Err(Refusal::NotYetValid { signed_at: *signed_at, server_time: now });
                }
                // A signing key is good for seven days, whatever the policy says.
                if now >= signed_at.plus(MAX_LIFE) {
                    return Err(Refusal::Form(FormFault::Expired));
                }
                let key = key.signing_key(time.date(), &policy.region, &policy.service);
                let expected = key.sign_text(signed_text.as_bytes());
                Ok(Signature::parse(signature).is_some_and(|provided| provided == expected))
            }
            Claim::V2 { signature, .. } => {
                if policy.sigv2 == SigV2::Deny {
                    return Err(Refusal::SigV2Denied);
                }
                let secret = key.credentials().secret_access_key();
                let expected = sigv2::hmac_sha1(secret, signed_text.as_bytes());
                let provided = STANDARD.decode(signature).unwrap_or_default();
                Ok(expected.ct_eq(&provided[..]).into())
            }
        }
    }

    /// Holds each condition, and finds the fields that no condition names. Returns the allowed sizes.
    fn check_fields(&self, policy: &FormPolicy, bucket: &str) -> Result<SizeLimits, FormFault> {
        let mut sizes = SizeLimits { min: 0, max: u64::MAX };
        let value = |field: &str| if field == "bucket" { Some(bucket) } else { self.field(field) };
        for condition in &policy.conditions {
            let holds = match condition {
                Condition::Eq { field, value: wanted } => value(field) == Some(wanted.as_str()),
                Condition::StartsWith { field, prefix } => {
                    value(field).is_some_and(|value| starts_with(field, value, prefix))
                }
                Condition::ContentLengthRange { min, max } => {
                    sizes = SizeLimits { min: sizes.min.max(*min), max: sizes.max.min(*max) };
                    true
                }
            };
            if !holds {
                return Err(FormFault::ConditionFailed { condition: condition.to_text() });
            }
        }
        let is_named = |name: &str| {
            policy.conditions.iter().any(|condition| match condition {
                Condition::Eq { field, .. } | Condition::StartsWith { field, .. } => field == name,
                Condition::ContentLengthRange { .. } => false,
            })
        };
        let mut names: Vec<String> = Vec::new();
        for (at, (name, _)) in self.fields.iter().enumerate() {
            // Of a field that is there twice only one would have been checked.
            let is_repeated = self.fields.iter().take(at).any(|(earlier, _)| earlier == name);
            if needs_a_condition(name) && (is_repeated || !is_named(name)) {
                names.push(name.clone());
            }
        }
        if names.is_empty() { Ok(sizes) } else { Err(FormFault::ExtraFields { names }) }
    }
}

/// Some fields are the signature's own, and some S3 promises to ignore.
fn needs_a_condition(name: &str) -> bool {
    !matches!(name, "x-amz-signature" | "policy" | "file" | "awsaccesskeyid" | "signature")
        && !name.starts_with("x-ignore-")
}

/// A Content-Type with commas is a list, each item of which must begin so.
fn starts_with(field: &str, value: &str, prefix: &str) -> bool {
    match field {
        "content-type" => value.split(',').all(|item| item.trim_start().starts_with(prefix)),
        _ => value.starts_with(prefix),
    }
}

impl fmt::Debug for UnverifiedForm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let access_key_id = RequestText::beginning_of_id(self.access_key_id());
        f.debug_struct("UnverifiedForm").field("access_key_id", &access_key_id).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SizeLimits {
    min: u64,
    max: u64,
}

/// A form whose policy was signed by the holder of its access key, is not over, and allows each of its fields.
pub struct VerifiedForm<'a> {
    fields: Vec<(String, Cow<'a, str>)>,
    bucket: String,
    access_key_id: String,
    mechanism: Mechanism,
    sizes: SizeLimits,
    expires_at: Timestamp,
}

impl VerifiedForm<'_> {
    /// The access key that signed.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// How the form was signed.
    pub fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// The bucket that the form was sent to.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The object's key, the file's name put in; empty when the form has none.
    pub fn key(&self) -> &str {
        self.field("key").unwrap_or_default()
    }

    /// A field by its lower-case name, which some condition allowed.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known == name && needs_a_condition(name))
            .map(|(_, value)| value.as_ref())
    }

    /// The first second in which the form no longer works.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// The largest upload that the policy allows, in bytes; reading on past it is needless.
    pub fn max_size(&self) -> u64 {
        self.sizes.max
    }

    /// Holds the upload's size in bytes against the policy.
    ///
    /// # Errors
    /// [`FormFault::TooLarge`] or [`FormFault::TooSmall`], within [`Refusal::Form`].
    pub fn check_size(&self, proposed: u64) -> Result<(), Refusal> {
        let SizeLimits { min, max } = self.sizes;
        if proposed > max {
            Err(Refusal::Form(FormFault::TooLarge { proposed, max }))
        } else if proposed < min {
            Err(Refusal::Form(FormFault::TooSmall { proposed, min }))
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for VerifiedForm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedForm")
            .field("access_key_id", &self.access_key_id)
            .field("bucket", &self.bucket)
            .field("key", &self.key())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
