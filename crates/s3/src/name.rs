//! Bucket names and object keys.

use std::{fmt, net::Ipv4Addr};

use crate::{S3Error, limits};

/// The name of a general purpose bucket that satisfies S3's naming rules.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BucketName(String);

impl BucketName {
    const RESERVED_PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
    const RESERVED_SUFFIXES: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

    /// Takes `name` if a bucket may be called that: 3 to 63 lower-case letters, digits, dots and hyphens, a
    /// letter or digit at both ends, no two dots in a row, not an IPv4 address, none of the reserved
    /// beginnings and endings.
    ///
    /// # Errors
    /// 400 `InvalidBucketName` with the name.
    pub fn parse(name: &str) -> Result<Self, S3Error> {
        let bytes = name.as_bytes();
        let good_ends = bytes.first().is_some_and(u8::is_ascii_alphanumeric)
            && bytes.last().is_some_and(u8::is_ascii_alphanumeric);
        let good = (3..=63).contains(&bytes.len())
            && bytes.iter().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'))
            && good_ends
            && !name.contains("..")
            && name.parse::<Ipv4Addr>().is_err()
            && !Self::RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            && !Self::RESERVED_SUFFIXES.iter().any(|suffix| name.ends_with(suffix));
        if good { Ok(Self(name.to_owned())) } else { Err(S3Error::invalid_bucket_name(name)) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key of an object: 1 to 1,024 bytes of UTF-8, compared byte for byte.
///
/// Nothing is normalised: `a//b`, `./a`, `../a`, a leading slash and a NUL are keys like any other. A key
/// with a character that XML 1.0 cannot carry (U+0000 to U+001F but tab and line ends, U+FFFE, U+FFFF) is
/// stored and served as well; only a listing needs `encoding-type=url` to name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Takes `key` if an object may be called that.
    ///
    /// # Errors
    /// 400 `KeyTooLongError` past 1,024 bytes, 400 `InvalidURI` if it is empty.
    pub fn parse(key: impl Into<String>) -> Result<Self, S3Error> {
        let key = key.into();
        match key.len() {
            0 => Err(S3Error::invalid_uri()),
            1..=limits::KEY_BYTES => Ok(Self(key)),
            size => Err(S3Error::key_too_long(size)),
        }
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    #[test]
    fn takes_bucket_names_within_the_rules() {
        let longest = "a".repeat(63);
        for name in
            ["abc", "my-bucket", "my.bucket.2", "123", "0a-.b", "1.2.3.4.5", "256.1.1.1", "xn-a", &longest]
        {
            assert_eq!(BucketName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn refuses_bucket_names_outside_the_rules() {
        let too_long = "a".repeat(64);
        for name in [
            "",
            "ab",
            &too_long,
            "Abc",
            "my_bucket",
            "-abc",
            "abc-",
            ".abc",
            "abc.",
            "a..b",
            "192.168.5.4",
            "xn--abc",
            "sthree-abc",
            "amzn-s3-demo-abc",
            "abc-s3alias",
            "abc--ol-s3",
            "abc.mrap",
            "abc--x-s3",
            "abc--table-s3",
            "bücket",
            "a/b",
            "a b c",
        ] {
            let refusal = BucketName::parse(name).unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::InvalidBucketName, "{name}");
            assert_eq!(refusal.fields(), [("BucketName", name.to_owned())]);
        }
    }

    #[test]
    fn a_key_may_have_1024_bytes_and_not_one_more() {
        assert_eq!(ObjectKey::parse("k".repeat(1024)).unwrap().as_str().len(), 1024);
        let refusal = ObjectKey::parse("k".repeat(1025)).unwrap_err();
        assert_eq!(refusal.code(), ErrorCode::KeyTooLongError);
        assert_eq!(refusal.fields(), [("Size", "1025".to_owned()), ("MaxSizeAllowed", "1024".to_owned())]);
        // Bytes are counted, not characters.
        assert!(ObjectKey::parse("é".repeat(512)).is_ok());
        assert!(ObjectKey::parse("é".repeat(513)).is_err());
        assert!(ObjectKey::parse("").is_err());
    }
}
