//! What every benchmark signs: one object of one bucket, with the credentials of AWS's documentation; and what the
//! benchmarks of whole servers are made of. Those need Linux.

pub mod compare;
pub mod growth;
pub mod hostile;
pub mod load;
pub mod process;
pub mod repeat;
mod table;

pub use table::Style;

use presign::{BucketUrl, Credentials, Timestamp};

/// The access key id of AWS's documentation.
pub const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
/// The secret access key of AWS's documentation.
pub const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// The region signed for.
pub const REGION: &str = "us-east-1";
/// The endpoint, path style.
pub const ENDPOINT: &str = "https://s3.us-east-1.amazonaws.com";
/// The bucket.
pub const BUCKET: &str = "my-bucket";
/// A key of ordinary length that needs no escaping, which favours no signer.
pub const KEY: &str = "photos/2026/november/cat-on-a-table.jpg";
/// The life of every URL, in seconds.
pub const LIFE_SECONDS: u64 = 3600;

/// The credentials.
pub fn credentials() -> Credentials {
    Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY)
}

/// Where the bucket is; `None` could only come of a change to the constants.
pub fn bucket() -> Option<BucketUrl> {
    BucketUrl::path_style(ENDPOINT, BUCKET).ok()
}

/// A fixed signing time.
pub fn now() -> Timestamp {
    Timestamp::from_unix(1_795_282_542)
}
/// The length of the canonical request of that URL: with its padding, five blocks of SHA-256.
pub const CANONICAL_REQUEST_BYTES: usize = 295;
/// The length of its string to sign: with its padding and the HMAC's second hash, four blocks.
pub const STRING_TO_SIGN_BYTES: usize = 133;

#[cfg(test)]
mod tests {
    use presign::{PresignRequest, Refusal, Request, Signer, Unverified, VerificationKey, VerifyPolicy};

    use super::*;

    /// The store's own account of what it would have signed gives the two texts.
    #[test]
    fn the_floor_hashes_as_much_as_a_signature() {
        let bucket = bucket().unwrap();
        let url =
            Signer::new(credentials(), REGION).unwrap().presign(&bucket, &PresignRequest::get(KEY), now());
        let url = url.unwrap().into_string().replace("Signature=", "Signature=0");
        let headers = [("host", bucket.host())];
        let request = Request::new("GET", url.strip_prefix(bucket.origin()).unwrap(), &headers);
        let key = VerificationKey::new(credentials());
        let refusal =
            Unverified::parse(request).unwrap().verify(Some(&key), now(), &VerifyPolicy::new(REGION));
        let Err(Refusal::SignatureMismatch(mismatch)) = refusal else { panic!("{refusal:?}") };
        assert_eq!(mismatch.canonical_request.unwrap().len(), CANONICAL_REQUEST_BYTES);
        assert_eq!(mismatch.string_to_sign.len(), STRING_TO_SIGN_BYTES);
    }
}
