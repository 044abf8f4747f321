//! The open keys, in memory: what every request is held against.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use presign::{Credentials, SecretAccessKey, VerificationKey};
use presign_iam::Principal;

/// An active access key.
#[derive(Debug)]
pub(crate) struct KnownKey {
    /// Who signs with it.
    pub(crate) principal: Principal,
    /// The secret, with the signing keys derived from it so far.
    pub(crate) verification: VerificationKey,
    /// The same secret, for finding out why a signature is wrong.
    pub(crate) credentials: Credentials,
}

impl KnownKey {
    pub(super) fn new(access_key_id: &str, secret: &SecretAccessKey, principal: Principal) -> Self {
        let credentials = Credentials::new(access_key_id, secret.expose());
        Self { principal, verification: VerificationKey::new(credentials.clone()), credentials }
    }
}

/// All active access keys by their ids. A key that is not here is unknown, whatever the store has.
#[derive(Debug, Default)]
pub(crate) struct KeyRing {
    keys: RwLock<HashMap<String, Arc<KnownKey>>>,
}

impl KeyRing {
    pub(crate) fn find(&self, access_key_id: &str) -> Option<Arc<KnownKey>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).get(access_key_id).cloned()
    }

    pub(super) fn insert(&self, key: KnownKey) {
        let id = key.verification.access_key_id().to_owned();
        self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::new(key));
    }
}
