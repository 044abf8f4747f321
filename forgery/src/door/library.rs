//! The library and the protocol without a server: for keys that have a session token.

use presign::{
    Credentials, Mechanism, PayloadRule, Refusal, Request, Timestamp, Unverified, VerificationKey,
    VerifyPolicy,
};
use presign_s3::{BaseHosts, Operation, S3Error, Target};
use presign_server::Examination;

use super::{Door, Outcome};
use crate::good::{ACCESS_KEY_ID, LIBRARY_HOST, REGION, SECRET, TOKEN};
use crate::raw::RawRequest;

/// The library with one key of temporary credentials.
pub(super) struct Library {
    key: VerificationKey,
    policy: VerifyPolicy,
    bases: BaseHosts,
}

impl Library {
    pub(super) fn new() -> Self {
        let credentials = Credentials::new(ACCESS_KEY_ID, SECRET).with_session_token(TOKEN);
        Library {
            key: VerificationKey::new(credentials),
            policy: VerifyPolicy::new(REGION),
            bases: BaseHosts::new([LIBRARY_HOST]),
        }
    }

    fn examine(&self, raw: &RawRequest, target: &str) -> Result<Examination, S3Error> {
        let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().copied().map(char::from).collect(),
        };
        let fields: Vec<(String, String)> =
            raw.fields.iter().map(|(name, value)| (text(name), text(crate::raw::trim(value)))).collect();
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // That there is one is for whoever reads the head, as the stores do.
        let mut hosts = fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host"));
        let (Some((_, host)), None) = (hosts.next(), hosts.next()) else {
            return Err(S3Error::access_denied());
        };
        let host_bucket = self.bases.bucket_in(host);
        let method = text(&raw.method);
        let request = Request {
            method: &method,
            target,
            headers: &fields,
            remote_address: Some(raw.peer),
            host_bucket: host_bucket.as_deref(),
        };
        let refused = |refusal: Refusal| S3Error::from(&refusal);
        let unverified = Unverified::parse(request).map_err(refused)?;
        let known = (unverified.access_key_id() == ACCESS_KEY_ID).then_some(&self.key);
        let now = Timestamp::from_unix(raw.now);
        let verified = unverified.verify(known, now, &self.policy).map_err(refused)?;
        let path = target.split('?').next().unwrap_or_default();
        let place = Target::parse(verified.host(), path.as_bytes(), &self.bases)?;
        let operation = Operation::from_verified(&verified, &place)?;
        let is_presigned = verified.mechanism() != Mechanism::HeaderV4;
        if is_presigned && place.key().is_none() {
            return Err(S3Error::access_denied());
        }
        let body_sha256 = match verified.payload() {
            PayloadRule::Unsigned => None,
            PayloadRule::Sha256(digest) => Some(*digest),
            PayloadRule::Streaming(_) => return Err(S3Error::access_denied()),
        };
        let caveats = verified.caveats();
        Ok(Examination {
            operation,
            body_sha256,
            min_body_bytes: caveats.min_size,
            max_body_bytes: caveats.max_size,
        })
    }
}

impl Door for Library {
    fn judge(&self, raw: &RawRequest) -> Outcome {
        // The library is for requests in origin form; the rest is the servers' to read.
        let Some(parts) = raw.to_parts() else { return Outcome::Unsendable };
        let target = parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str);
        let Some(target) = target.filter(|_| parts.uri.authority().is_none()) else {
            return Outcome::Unsendable;
        };
        match self.examine(raw, target) {
            Ok(examination) => Outcome::Executed(Box::new(examination)),
            Err(error) => Outcome::Refused(error.status(), error.code().to_string()),
        }
    }
}
