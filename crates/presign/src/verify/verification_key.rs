//! The key that a signature is held against.

use std::fmt;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use crate::credentials::Credentials;
use crate::signing_key::SigningKey;

/// How many signing keys one access key keeps: a URL may be seven days old or a quarter of an hour ahead,
/// which makes nine days at the most.
const MAX_KEPT: usize = 9;

/// The secret of one access key, with the signing keys derived from it so far. Worth keeping: deriving costs
/// as much as three signatures.
pub struct VerificationKey {
    credentials: Credentials,
    kept: RwLock<Vec<Arc<SigningKey>>>,
}

/// Stands in for a key that nobody has, so that a request with an unknown access key takes as long as one
/// with a wrong signature.
pub(crate) static NOBODY: LazyLock<VerificationKey> = LazyLock::new(|| {
    VerificationKey::new(Credentials::new("nobody", "no secret has this length, or anything"))
});

impl VerificationKey {
    /// The key of those credentials. Whether the key is active is for the caller to know: an inactive key is
    /// to be treated as an unknown one.
    pub fn new(credentials: Credentials) -> Self {
        VerificationKey { credentials, kept: RwLock::default() }
    }

    /// The access key id.
    pub fn access_key_id(&self) -> &str {
        self.credentials.access_key_id()
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The signing key for a day (`yyyymmdd`) that the caller has found to be near the present.
    pub(crate) fn signing_key(&self, date: &str, region: &str, service: &str) -> Arc<SigningKey> {
        let is_wanted = |key: &&Arc<SigningKey>| key.is_for(date, region, service);
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = kept.iter().rev().find(is_wanted) {
            return Arc::clone(key);
        }
        drop(kept);
        let secret = self.credentials.secret_access_key();
        let key = Arc::new(SigningKey::derive(secret, date, region, service));
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.remove(0);
        }
        kept.push(Arc::clone(&key));
        key
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VerificationKey").field(&self.credentials).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_kept_and_the_oldest_goes() {
        let key = VerificationKey::new(Credentials::new("AKID", "secret"));
        let days: Vec<String> = (1..=10).map(|day| format!("202611{day:02}")).collect();
        let first = key.signing_key(&days[0], "r", "s3");
        assert!(Arc::ptr_eq(&first, &key.signing_key(&days[0], "r", "s3")));
        assert_eq!(first.scope(), "20261101/r/s3/aws4_request");
        for day in &days {
            key.signing_key(day, "r", "s3");
        }
        assert_eq!(key.kept.read().unwrap().len(), MAX_KEPT);
        assert!(!Arc::ptr_eq(&first, &key.signing_key(&days[0], "r", "s3")));
    }
}
