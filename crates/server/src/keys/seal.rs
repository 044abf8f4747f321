//! Secrets sealed at rest: AES-256-GCM under the master key, bound to the access key id.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use zeroize::Zeroizing;

use super::MasterKey;

/// The first byte of a sealed secret, so that another scheme can follow this one.
const VERSION: u8 = 1;
/// Bytes of a nonce; random, which is safe for the number of keys that a store ever has.
const NONCE_BYTES: usize = 12;

/// What was sealed with another key, for another access key id, or was damaged. The three cannot be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotOurs;

/// Seals `secret`: version, nonce, ciphertext with its tag.
pub(crate) fn seal(
    master: &MasterKey,
    access_key_id: &str,
    secret: &str,
) -> Result<Vec<u8>, getrandom::Error> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce)?;
    let payload = Payload { msg: secret.as_bytes(), aad: &bound_to(access_key_id) };
    // AES-GCM refuses to seal nothing but messages of 64 GiB; an empty result would not open again.
    let ciphertext = cipher(master).encrypt(&Nonce::from(nonce), payload).unwrap_or_default();
    let mut sealed = Vec::with_capacity(1 + NONCE_BYTES + ciphertext.len());
    sealed.push(VERSION);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&ciphertext);
    Ok(sealed)
}

/// Opens what [`seal`] sealed for that access key id.
pub(crate) fn open(
    master: &MasterKey,
    access_key_id: &str,
    sealed: &[u8],
) -> Result<Zeroizing<String>, NotOurs> {
    let Some((&VERSION, rest)) = sealed.split_first() else { return Err(NotOurs) };
    let Some((nonce, ciphertext)) = rest.split_first_chunk::<NONCE_BYTES>() else { return Err(NotOurs) };
    let payload = Payload { msg: ciphertext, aad: &bound_to(access_key_id) };
    let opened = cipher(master).decrypt(&Nonce::from(*nonce), payload).map_err(|_| NotOurs)?;
    String::from_utf8(opened).map(Zeroizing::new).map_err(|_| NotOurs)
}

fn cipher(master: &MasterKey) -> Aes256Gcm {
    Aes256Gcm::new(master.as_bytes().into())
}

/// A sealed secret that is moved to another row does not open there.
fn bound_to(access_key_id: &str) -> Vec<u8> {
    [b"presign access key\0", access_key_id.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_for_its_own_id_and_key_only() {
        let master = MasterKey::random().unwrap();
        let sealed = seal(&master, "AKID", "secret").unwrap();
        assert_eq!(open(&master, "AKID", &sealed).unwrap().as_str(), "secret");
        assert_eq!(open(&master, "AKIE", &sealed), Err(NotOurs));
        assert_eq!(open(&MasterKey::random().unwrap(), "AKID", &sealed), Err(NotOurs));
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert_eq!(open(&master, "AKID", &damaged), Err(NotOurs), "byte {at}");
            assert_eq!(open(&master, "AKID", &sealed[..at]), Err(NotOurs), "{at} bytes");
        }
    }

    #[test]
    fn the_same_secret_is_never_sealed_the_same() {
        let master = MasterKey::random().unwrap();
        let sealed = seal(&master, "AKID", "secret").unwrap();
        assert_ne!(sealed, seal(&master, "AKID", "secret").unwrap());
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
    }
}
