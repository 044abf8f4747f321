//! The checksums that a client sends along with an upload.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::S3Error;

/// The algorithms S3 takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChecksumAlgorithm {
    /// CRC-32 as in zip and Ethernet.
    Crc32,
    /// CRC-32 with Castagnoli's polynomial.
    Crc32c,
    /// CRC-64/NVME, what S3 keeps of every object by itself.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl ChecksumAlgorithm {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// The header that carries the value, in lower case.
    #[must_use]
    pub const fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// The name as errors and listings print it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// Bytes of the value before base64.
    #[must_use]
    pub const fn length(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// The algorithm whose header is called `header`, in lower case.
    #[must_use]
    pub fn from_header(header: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.header() == header)
    }
}

/// The checksum that a body must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedChecksum {
    algorithm: ChecksumAlgorithm,
    digest: Vec<u8>,
}

impl ExpectedChecksum {
    /// Reads the value of an `x-amz-checksum-*` header or trailer: base64 of the checksum's bytes, a CRC's
    /// highest byte first.
    ///
    /// # Errors
    /// 400 `InvalidRequest` if it is not base64 of that many bytes.
    pub fn parse(algorithm: ChecksumAlgorithm, value: &str) -> Result<Self, S3Error> {
        match STANDARD.decode(value) {
            Ok(digest) if digest.len() == algorithm.length() => Ok(Self { algorithm, digest }),
            _ => Err(S3Error::invalid_checksum(algorithm.header())),
        }
    }

    /// The algorithm.
    #[must_use]
    pub fn algorithm(&self) -> ChecksumAlgorithm {
        self.algorithm
    }

    /// The value in base64, as it is kept with the object.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.digest)
    }

    /// Compares with what the server calculated (`calculated`: a CRC's highest byte first).
    ///
    /// # Errors
    /// 400 `BadDigest`.
    pub fn check(&self, calculated: &[u8]) -> Result<(), S3Error> {
        if self.digest == calculated { Ok(()) } else { Err(S3Error::bad_checksum(self.algorithm.name())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    #[test]
    fn reads_the_value_of_every_algorithm() {
        for algorithm in ChecksumAlgorithm::ALL {
            let digest = vec![7; algorithm.length()];
            let sent = STANDARD.encode(&digest);
            let expected = ExpectedChecksum::parse(algorithm, &sent).unwrap();
            assert_eq!(expected.to_base64(), sent);
            assert_eq!(expected.check(&digest), Ok(()));
            assert_eq!(ChecksumAlgorithm::from_header(algorithm.header()), Some(algorithm));
            let refusal = expected.check(&vec![8; algorithm.length()]).unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::BadDigest);
        }
        assert_eq!(ChecksumAlgorithm::from_header("x-amz-checksum-mode"), None);
    }

    #[test]
    fn refuses_a_value_that_is_none() {
        for value in ["", "AAAAAA", "AAAAA===", "AAAAAAA=", "!!!!!!==", "AAAAAAAAAAA="] {
            let refusal = ExpectedChecksum::parse(ChecksumAlgorithm::Crc32, value).unwrap_err();
            assert_eq!(refusal.status(), 400, "{value}");
            assert_eq!(refusal.message(), "Value for x-amz-checksum-crc32 header is invalid.");
        }
        assert!(ExpectedChecksum::parse(ChecksumAlgorithm::Crc32, "AAAAAA==").is_ok());
    }

    #[test]
    fn names_the_algorithm_that_did_not_match() {
        let expected = ExpectedChecksum::parse(ChecksumAlgorithm::Crc32, "AAAAAA==").unwrap();
        assert_eq!(
            expected.check(&[1, 2, 3, 4]).unwrap_err().message(),
            "The CRC32 you specified did not match the calculated checksum."
        );
    }
}
