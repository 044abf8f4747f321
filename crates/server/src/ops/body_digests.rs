//! The hashes of a body on its way in, and what they must come to.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crc_fast::{CrcAlgorithm, Digest as Crc};
use md5::Md5;
use presign_s3::S3Error;
use presign_s3::checksum::{ChecksumAlgorithm, ExpectedChecksum};
use presign_s3::operation::PutObject;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::auth::UploadRules;

/// The hashes that one upload needs. CRC-64/NVME is not among them: the store computes it for itself.
pub(super) struct BodyDigests {
    md5: Md5,
    sha256: Option<Sha256>,
    checksum: Option<Running>,
}

enum Running {
    Crc(Crc),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl BodyDigests {
    pub(super) fn new(input: &PutObject, rules: &UploadRules) -> Self {
        let crc = |algorithm| Running::Crc(Crc::new(algorithm));
        let checksum = input.checksum.as_ref().and_then(|expected| match expected.algorithm() {
            ChecksumAlgorithm::Crc32 => Some(crc(CrcAlgorithm::Crc32IsoHdlc)),
            ChecksumAlgorithm::Crc32c => Some(crc(CrcAlgorithm::Crc32Iscsi)),
            ChecksumAlgorithm::Crc64Nvme => None,
            ChecksumAlgorithm::Sha1 => Some(Running::Sha1(Sha1::new())),
            ChecksumAlgorithm::Sha256 => Some(Running::Sha256(Sha256::new())),
        });
        Self { md5: Md5::new(), sha256: rules.sha256.map(|_| Sha256::new()), checksum }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        match &mut self.checksum {
            None => {}
            Some(Running::Crc(crc)) => crc.update(bytes),
            Some(Running::Sha1(sha1)) => sha1.update(bytes),
            Some(Running::Sha256(sha256)) => sha256.update(bytes),
        }
    }

    /// Compares with everything that the request announced, and gives the MD5 for the ETag. `crc64nvme` is the store's.
    ///
    /// # Errors
    /// 400 `XAmzContentSHA256Mismatch`, 400 `BadDigest`.
    pub(super) fn check(
        self,
        input: &PutObject,
        rules: &UploadRules,
        crc64nvme: u64,
    ) -> Result<[u8; 16], S3Error> {
        if let (Some(expected), Some(sha256)) = (&rules.sha256, self.sha256) {
            compare_sha256(expected, &sha256.finalize().into())?;
        }
        let md5 = self.md5.finalize().into();
        if let Some(expected) = &input.content_md5 {
            expected.check(&md5)?;
        }
        if let Some(expected) = &input.checksum {
            check_checksum(expected, self.checksum, crc64nvme)?;
        }
        Ok(md5)
    }
}

fn check_checksum(
    expected: &ExpectedChecksum,
    running: Option<Running>,
    crc64nvme: u64,
) -> Result<(), S3Error> {
    match running {
        None => expected.check(&crc64nvme.to_be_bytes()),
        // The CRCs of 32 bits are the low half of what the library gives.
        Some(Running::Crc(crc)) => {
            let [_, _, _, _, low @ ..] = crc.finalize().to_be_bytes();
            expected.check(&low)
        }
        Some(Running::Sha1(sha1)) => expected.check(&sha1.finalize()),
        Some(Running::Sha256(sha256)) => expected.check(&sha256.finalize()),
    }
}

/// Holds a body that was read at once against the signed SHA-256.
///
/// # Errors
/// 400 `XAmzContentSHA256Mismatch`.
pub(super) fn check_sha256(rules: &UploadRules, body: &[u8]) -> Result<(), S3Error> {
    match &rules.sha256 {
        None => Ok(()),
        Some(expected) => compare_sha256(expected, &Sha256::digest(body).into()),
    }
}

fn compare_sha256(expected: &[u8; 32], calculated: &[u8; 32]) -> Result<(), S3Error> {
    if expected == calculated {
        return Ok(());
    }
    Err(S3Error::content_sha256_mismatch(&hex(expected), &hex(calculated)))
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// A CRC-64/NVME as S3 prints it: base64, highest byte first.
pub(super) fn crc64nvme_base64(crc64nvme: u64) -> String {
    STANDARD.encode(crc64nvme.to_be_bytes())
}

/// The algorithm in the store's words.
pub(super) fn kept(algorithm: ChecksumAlgorithm) -> presign_store::ChecksumAlgorithm {
    match algorithm {
        ChecksumAlgorithm::Crc32 => presign_store::ChecksumAlgorithm::Crc32,
        ChecksumAlgorithm::Crc32c => presign_store::ChecksumAlgorithm::Crc32c,
        ChecksumAlgorithm::Crc64Nvme => presign_store::ChecksumAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Sha1 => presign_store::ChecksumAlgorithm::Sha1,
        ChecksumAlgorithm::Sha256 => presign_store::ChecksumAlgorithm::Sha256,
    }
}

/// The header that carries a stored checksum.
pub(super) fn stored_header(algorithm: presign_store::ChecksumAlgorithm) -> &'static str {
    let known = ChecksumAlgorithm::ALL.into_iter().find(|known| kept(*known) == algorithm);
    known.unwrap_or(ChecksumAlgorithm::Crc64Nvme).header()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crcs_have_their_published_check_values() {
        // The value of each over the nine digits, from the catalogue of CRC algorithms.
        for (algorithm, check) in
            [(CrcAlgorithm::Crc32IsoHdlc, 0xcbf4_3926_u64), (CrcAlgorithm::Crc32Iscsi, 0xe306_9283)]
        {
            let mut crc = Crc::new(algorithm);
            crc.update(b"123456789");
            assert_eq!(crc.finalize(), check, "{algorithm:?}");
        }
    }

    #[test]
    fn every_stored_algorithm_has_its_header() {
        for algorithm in ChecksumAlgorithm::ALL {
            assert_eq!(stored_header(kept(algorithm)), algorithm.header());
        }
    }
}
