//! The one who signs in all targets, and the one who never does.

use std::sync::LazyLock;

use presign::{BucketUrl, Credentials, Signer, Timestamp, VerificationKey, VerifyPolicy};

pub(super) const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub(super) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(super) const REGION: &str = "us-east-1";
pub(super) const ORIGIN: &str = "https://files.example.com";
pub(super) const HOST: &str = "files.example.com";
/// 20261121T171542Z.
pub(super) const NOW: Timestamp = Timestamp::from_unix(1_795_281_342);

pub(super) static CREDENTIALS: LazyLock<Credentials> =
    LazyLock::new(|| Credentials::new(ACCESS_KEY_ID, SECRET));
pub(super) static SIGNER: LazyLock<Signer> =
    LazyLock::new(|| Signer::new(CREDENTIALS.clone(), REGION).unwrap());
pub(super) static KEY: LazyLock<VerificationKey> =
    LazyLock::new(|| VerificationKey::new(CREDENTIALS.clone()));
/// The same access key id with a secret that nothing was ever signed with.
pub(super) static ANOTHER_KEY: LazyLock<VerificationKey> =
    LazyLock::new(|| VerificationKey::new(Credentials::new(ACCESS_KEY_ID, "a secret that signs nothing")));
pub(super) static POLICY: LazyLock<VerifyPolicy> = LazyLock::new(|| VerifyPolicy::new(REGION));
pub(super) static BUCKET: LazyLock<BucketUrl> =
    LazyLock::new(|| BucketUrl::path_style(ORIGIN, "bucket").unwrap());
