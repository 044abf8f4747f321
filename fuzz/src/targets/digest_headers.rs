//! Content-MD5 and the `x-amz-checksum-*` headers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use presign_s3::checksum::{ChecksumAlgorithm, ExpectedChecksum};
use presign_s3::content_md5::ContentMd5;

/// The input is the value of a header.
pub fn run(input: &[u8]) {
    let Ok(value) = std::str::from_utf8(input) else { return };
    let bytes = STANDARD.decode(value).ok();
    if let Ok(md5) = ContentMd5::parse(value) {
        let digest: [u8; 16] = bytes.clone().and_then(|bytes| bytes.try_into().ok()).expect("16 bytes");
        assert_eq!(md5.check(&digest), Ok(()));
        for at in 0..digest.len() {
            let mut other = digest;
            other[at] ^= 1;
            assert_eq!(md5.check(&other).map_err(|refusal| refusal.status()), Err(400));
        }
    }
    for algorithm in ChecksumAlgorithm::ALL {
        let Ok(expected) = ExpectedChecksum::parse(algorithm, value) else { continue };
        let digest = bytes.as_deref().expect("it is base64");
        assert_eq!(expected.algorithm(), algorithm);
        // One spelling to a checksum, so that what is kept is what was sent.
        assert_eq!(expected.to_base64(), value);
        assert_eq!(expected.check(digest), Ok(()));
        let mut other = digest.to_vec();
        other[0] ^= 128;
        assert!(expected.check(&other).is_err());
        assert!(expected.check(&digest[1..]).is_err(), "a beginning is not enough");
    }
}
