//! The `Content-MD5` header (RFC 1864).

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::S3Error;

/// The MD5 that a body must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentMd5([u8; 16]);

impl ContentMd5 {
    /// Reads the header's value: base64 of 16 bytes.
    ///
    /// # Errors
    /// 400 `InvalidDigest`.
    pub fn parse(value: &str) -> Result<Self, S3Error> {
        STANDARD
            .decode(value)
            .ok()
            .and_then(|digest| digest.try_into().ok())
            .map(Self)
            .ok_or_else(|| S3Error::invalid_digest(value))
    }

    /// Compares with the MD5 that the server calculated.
    ///
    /// # Errors
    /// 400 `BadDigest` with both, in base64.
    pub fn check(&self, calculated: &[u8; 16]) -> Result<(), S3Error> {
        if self.0 == *calculated {
            return Ok(());
        }
        Err(S3Error::bad_content_md5(&STANDARD.encode(self.0), &STANDARD.encode(calculated)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    #[test]
    fn takes_16_bytes_and_compares_them() {
        let md5 = ContentMd5::parse("1B2M2Y8AsgTpgAmY7PhCfg==").unwrap();
        let empty =
            [0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0x00, 0xb2, 0x04, 0xe9, 0x80, 0x09, 0x98, 0xec, 0xf8, 0x42, 0x7e];
        assert_eq!(md5.check(&empty), Ok(()));
        let refusal = md5.check(&[0; 16]).unwrap_err();
        assert_eq!(refusal.code(), ErrorCode::BadDigest);
        assert_eq!(
            refusal.fields(),
            [
                ("ExpectedDigest", "1B2M2Y8AsgTpgAmY7PhCfg==".to_owned()),
                ("CalculatedDigest", "AAAAAAAAAAAAAAAAAAAAAA==".to_owned())
            ]
        );
    }

    #[test]
    fn refuses_anything_else() {
        for value in ["", "AAAA", "d41d8cd98f00b204e9800998ecf8427e", "1B2M2Y8AsgTpgAmY7PhCfg", "é"] {
            assert_eq!(ContentMd5::parse(value).unwrap_err().code(), ErrorCode::InvalidDigest, "{value:?}");
        }
    }
}
