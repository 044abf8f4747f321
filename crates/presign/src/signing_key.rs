//! The SigV4 signing key: derived once for a day, a region and a service, and kept.

use std::fmt;
use std::str;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::credentials::SecretAccessKey;
use crate::timestamp::BasicTime;

type HmacSha256 = Hmac<Sha256>;

/// The name of the signature algorithm, as it stands in URLs, headers and the string to sign.
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The last part of every credential scope.
pub(crate) const TERMINAL: &str = "aws4_request";

/// A signing key with the credential scope it is good for: one day, one region, one service.
///
/// Deriving costs four HMACs; signing with a kept key costs one, and the key's two hash blocks are already
/// digested. Source: "Create a signed AWS API request", AWS IAM User Guide.
#[derive(Clone)]
pub struct SigningKey {
    scope: String,
    mac: HmacSha256,
}

impl SigningKey {
    /// Derives the key for the day of `date` (`yyyymmdd`).
    pub fn derive(secret: &SecretAccessKey, date: &str, region: &str, service: &str) -> Self {
        let mut start = Vec::with_capacity(4 + secret.expose().len());
        start.extend_from_slice(b"AWS4");
        start.extend_from_slice(secret.expose().as_bytes());
        let day = hmac_sha256(&start, date.as_bytes());
        zeroize::Zeroize::zeroize(&mut start);
        let region_key = hmac_sha256(&day, region.as_bytes());
        let service_key = hmac_sha256(&region_key, service.as_bytes());
        let signing_key = hmac_sha256(&service_key, TERMINAL.as_bytes());
        SigningKey { scope: format!("{date}/{region}/{service}/{TERMINAL}"), mac: keyed(&signing_key) }
    }

    /// The credential scope, `20130524/us-east-1/s3/aws4_request`.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// Whether this is the key of that day, region and service.
    pub(crate) fn is_for<'s>(&'s self, date: &str, region: &str, service: &str) -> bool {
        let after = |text: &'s str, part: &str| text.strip_prefix(part)?.strip_prefix('/');
        let rest = after(&self.scope, date).and_then(|rest| after(rest, region));
        rest.and_then(|rest| after(rest, service)) == Some(TERMINAL)
    }

    /// Signs the hash of a canonical request made at `time`.
    pub(crate) fn sign_hash(&self, time: &BasicTime, canonical_request_hash: &[u8; 32]) -> Signature {
        // The string to sign is put together on the stack: one update costs less than five.
        let mut text = StackText::<192>::default();
        let hash = Hex::new(canonical_request_hash);
        let pieces =
            [b"AWS4-HMAC-SHA256\n", &time.as_bytes()[..], b"\n", self.scope.as_bytes(), b"\n", &hash.0];
        let mut mac = self.mac.clone();
        if pieces.into_iter().all(|piece| text.push(piece)) {
            mac.update(text.as_bytes());
        } else {
            // A region's name that long is nobody's but must not change the signature.
            pieces.into_iter().for_each(|piece| mac.update(piece));
        }
        Signature(mac.finalize().into_bytes().into())
    }

    /// Signs a text as it is; a POST form signs its base64 policy this way.
    pub fn sign_text(&self, text: &[u8]) -> Signature {
        let mut mac = self.mac.clone();
        mac.update(text);
        Signature(mac.finalize().into_bytes().into())
    }
}

/// A short text of at most `N` bytes.
struct StackText<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Default for StackText<N> {
    fn default() -> Self {
        StackText { bytes: [0; N], length: 0 }
    }
}

impl<const N: usize> StackText<N> {
    /// Appends a piece; `false`, and nothing changed, if there is no room for it.
    fn push(&mut self, piece: &[u8]) -> bool {
        match self.bytes.get_mut(self.length..self.length + piece.len()) {
            Some(room) => {
                room.copy_from_slice(piece);
                self.length += piece.len();
                true
            }
            None => false,
        }
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("scope", &self.scope).finish_non_exhaustive()
    }
}

fn keyed(key: &[u8]) -> HmacSha256 {
    // `new_from_slice` takes keys of every length; the other arm cannot be reached.
    HmacSha256::new_from_slice(key).unwrap_or_else(|_| HmacSha256::new(&Default::default()))
}

fn hmac_sha256(key: &[u8], text: &[u8]) -> [u8; 32] {
    keyed(key).chain_update(text).finalize().into_bytes().into()
}

/// The SHA-256 of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    crate::work::spend(bytes.len());
    Sha256::digest(bytes).into()
}

/// A SigV4 signature. Two of them are compared in constant time.
#[derive(Clone, Copy)]
pub struct Signature([u8; 32]);

impl Signature {
    /// Reads 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        parse_hex(text).map(Signature)
    }

    fn words(&self) -> [u64; 4] {
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(self.0.chunks_exact(8)) {
            *word = bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        }
        words
    }

    /// The signature as 64 lower-case hexadecimal digits.
    pub fn to_hex(self) -> Hex {
        Hex::new(&self.0)
    }
}

impl PartialEq for Signature {
    fn eq(&self, other: &Self) -> bool {
        // In four words rather than thirty-two bytes: as constant, and eight times as quick.
        self.words().ct_eq(&other.words()).into()
    }
}

impl Eq for Signature {}

/// A signature is a credential while its URL lives, so it is not printed.
impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(…)")
    }
}

/// Reads 64 lower-case hexadecimal digits.
pub(crate) fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    let mut all = 0;
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        if let [high, low] = pair {
            let (high, low) = (hex_value(*high), hex_value(*low));
            *byte = high << 4 | low;
            all |= high | low;
        }
    }
    (all < 16).then_some(bytes)
}

/// What a lower-case hexadecimal digit stands for; of anything else, more than 15.
fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => 0xff,
    }
}

/// Thirty-two bytes as 64 lower-case hexadecimal digits, kept on the stack.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hex([u8; 64]);

impl Hex {
    pub(crate) fn new(bytes: &[u8; 32]) -> Self {
        let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble };
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
            if let [high, low] = pair {
                *high = digit(byte >> 4);
                *low = digit(byte & 15);
            }
        }
        Hex(text)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        // Only hexadecimal digits are ever written.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp::Timestamp;

    /// The documented example: AWS, "Authenticating Requests: Using Query Parameters".
    #[test]
    fn signs_the_documented_string_to_sign() {
        let secret = SecretAccessKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        let key = SigningKey::derive(&secret, "20130524", "us-east-1", "s3");
        assert_eq!(key.scope(), "20130524/us-east-1/s3/aws4_request");
        let hash = parse_hex("3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04").unwrap();
        let time = Timestamp::parse_basic("20130524T000000Z").unwrap().basic();
        let signature = key.sign_hash(&time, &hash);
        assert_eq!(
            signature.to_hex().as_str(),
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
        let text = "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n\
                    3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04";
        assert_eq!(key.sign_text(text.as_bytes()), signature);
    }

    #[test]
    fn a_long_scope_is_signed_like_a_short_one() {
        for length in [1, 60, 61, 62, 63, 64, 65, 500] {
            let key = SigningKey::derive(&SecretAccessKey::new("s"), "20130524", &"r".repeat(length), "s3");
            let time = Timestamp::parse_basic("20130524T000000Z").unwrap().basic();
            let hash = Hex::new(&[7; 32]);
            let text = format!("AWS4-HMAC-SHA256\n{}\n{}\n{}", time.as_str(), key.scope(), hash.as_str());
            assert_eq!(key.sign_hash(&time, &[7; 32]), key.sign_text(text.as_bytes()), "{length}");
        }
    }

    #[test]
    fn signatures_differ_in_any_bit() {
        let signature = Signature([0xa9; 32]);
        assert_eq!(signature, Signature([0xa9; 32]));
        for bit in 0..256 {
            let mut other = [0xa9; 32];
            other[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(signature, Signature(other), "{bit}");
        }
    }

    #[test]
    fn hexadecimal_is_lower_case_and_whole() {
        let hex = Hex::new(&[0xa9; 32]);
        assert_eq!(parse_hex(hex.as_str()), Some([0xa9; 32]));
        assert_eq!(parse_hex(&hex.as_str().to_uppercase()), None);
        assert_eq!(parse_hex(&hex.as_str()[..62]), None);
    }
}
