//! The root key: made at the first start, or given by the operator.

use std::path::Path;

use presign::SecretAccessKey;
use presign_iam::Principal;
use presign_store::{AccessKeyRow, Store, StoreError, UnixMillis};
use zeroize::Zeroizing;

use super::{KeyRing, KnownKey, MasterKey, MasterKeyError, seal};
use crate::config::Config;

/// The principal in the row of a root key.
const ROOT: &str = "root";

/// A root key that was just made. It is shown this once: the store keeps it sealed and never gives it out again.
///
/// The store keeps it only once the server serves, so that no key is kept that its owner never saw.
#[derive(Debug, Clone)]
pub struct NewRootKey {
    /// Its access key id.
    pub access_key_id: String,
    /// Its secret access key; printing it is the caller's to do.
    pub secret_access_key: SecretAccessKey,
}

/// A root key that was just made and is not in the store yet.
pub(crate) struct UnkeptRootKey {
    pub(crate) key: NewRootKey,
    row: AccessKeyRow,
}

impl UnkeptRootKey {
    /// Stores it, sealed.
    ///
    /// # Errors
    /// Those of [`Store::put_access_key`].
    pub(crate) async fn keep(self, store: &Store) -> Result<(), StoreError> {
        store.put_access_key(self.row).await
    }
}

/// Why the store's access keys are not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RootKeyError {
    /// The master key is missing, or cannot be made.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The master key is not the one that sealed the secrets.
    #[error(
        "the master key does not open the access key {access_key_id}: it is not the one that sealed it. Restore \
         `master.key` in the data directory, or the master_key setting, from where this store last started with. If \
         that key is lost, the secrets are: move `master.key` away and start with PRESIGN_ROOT_ACCESS_KEY_ID and \
         PRESIGN_ROOT_SECRET_ACCESS_KEY set"
    )]
    WrongMasterKey {
        /// The first access key that it does not open.
        access_key_id: String,
    },
    /// The operating system has no random numbers.
    #[error("no random numbers for a new root key: {0}")]
    NoRandomness(String),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens every access key of the store, and makes a root key if there is none, which is yet to be kept.
///
/// A root key from the configuration takes the place of the stored one, which then stays shut. With no stored key to
/// open and none to seal, no master key is needed and none is made.
pub(crate) async fn open_ring(
    store: &Store,
    config: &Config,
    now: UnixMillis,
) -> Result<(KeyRing, Option<UnkeptRootKey>), RootKeyError> {
    let ring = KeyRing::default();
    let mut rows = store.access_keys().await?;
    if let Some(given) = &config.root_key {
        for row in rows.iter().filter(|row| row.principal == ROOT && row.active) {
            tracing::info!(
                access_key_id = row.access_key_id,
                "the stored root key is not in use while the settings give one, and is good again without it; \
                 `presign access-key delete` retires it"
            );
        }
        rows.retain(|row| row.principal != ROOT);
        ring.insert(KnownKey::new(&given.access_key_id, &given.secret_access_key, Principal::root()));
    }
    let has_root = config.root_key.is_some() || rows.iter().any(|row| row.principal == ROOT);
    if rows.is_empty() && has_root {
        return Ok((ring, None));
    }
    let master = master_key(config, &config.data, rows.len())?;
    for row in rows {
        let secret = seal::open(&master, &row.access_key_id, &row.sealed_secret);
        let secret = secret.map_err(|seal::NotOurs| RootKeyError::WrongMasterKey {
            access_key_id: row.access_key_id.clone(),
        })?;
        if row.active {
            let secret = SecretAccessKey::new(secret.as_str());
            ring.insert(KnownKey::new(&row.access_key_id, &secret, principal_of(&row)));
        }
    }
    if has_root {
        return Ok((ring, None));
    }
    let new = make_root_key(&master, now)?;
    ring.insert(KnownKey::new(&new.key.access_key_id, &new.key.secret_access_key, Principal::root()));
    Ok((ring, Some(new)))
}

fn principal_of(row: &AccessKeyRow) -> Principal {
    if row.principal == ROOT { Principal::root() } else { Principal::user(row.principal.clone()) }
}

/// The configured master key, or that of the data directory, which is made when nothing is sealed yet.
fn master_key(config: &Config, data: &Path, sealed: usize) -> Result<MasterKey, MasterKeyError> {
    if let Some(given) = &config.master_key {
        return Ok(given.clone());
    }
    match MasterKey::read(data)? {
        Some(key) => Ok(key),
        None if sealed > 0 => Err(MasterKey::missing(data, sealed)),
        None => MasterKey::create(data),
    }
}

fn make_root_key(master: &MasterKey, now: UnixMillis) -> Result<UnkeptRootKey, RootKeyError> {
    let no_randomness = |error: getrandom::Error| RootKeyError::NoRandomness(error.to_string());
    // Not AWS's `AKIA`: a scanner that finds one would report it to AWS.
    let id = random_text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16).map_err(no_randomness)?;
    let access_key_id = format!("PRSN{}", id.as_str());
    // Without AWS's `+` and `/`, which so many scripts forget to quote; 40 of 62 letters are 238 bits.
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let secret = random_text(letters, 40).map_err(no_randomness)?;
    let sealed_secret = seal::seal(master, &access_key_id, &secret).map_err(no_randomness)?;
    let row = AccessKeyRow {
        access_key_id: access_key_id.clone(),
        sealed_secret,
        principal: ROOT.to_owned(),
        active: true,
        created: now,
    };
    let key = NewRootKey { access_key_id, secret_access_key: SecretAccessKey::new(secret.as_str()) };
    Ok(UnkeptRootKey { key, row })
}

/// Letters drawn evenly: a random byte past the last whole multiple of the alphabet is thrown away.
fn random_text(letters: &[u8], length: usize) -> Result<Zeroizing<String>, getrandom::Error> {
    let mut text = Zeroizing::new(String::with_capacity(length));
    let mut random = Zeroizing::new([0_u8; 64]);
    let even = 256 - 256 % letters.len();
    while text.len() < length {
        getrandom::fill(random.as_mut_slice())?;
        let drawn = random.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < even);
        for letter in drawn.filter_map(|byte| letters.get(byte % letters.len())).take(length - text.len()) {
            text.push(char::from(*letter));
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_text_has_its_length_and_its_letters() {
        for length in [1, 40, 200] {
            let text = random_text(b"abc", length).unwrap();
            assert_eq!(text.len(), length);
            assert!(text.bytes().all(|letter| b"abc".contains(&letter)));
        }
        assert_ne!(
            *random_text(b"0123456789abcdef", 40).unwrap(),
            *random_text(b"0123456789abcdef", 40).unwrap()
        );
    }
}
