//! What every benchmark signs: one object of one bucket, with the credentials of AWS's documentation.

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
