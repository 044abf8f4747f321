//! Which bucket and which key a request is about.

use std::{borrow::Cow, net::Ipv4Addr};

use presign::decode_path;

use crate::{BucketName, ObjectKey, S3Error, operation::ResourceKind};

/// What a request is about, read from its host and its path.
///
/// ```
/// use presign_s3::{BaseHosts, Target};
///
/// let bases = BaseHosts::new(["s3.example.org"]);
/// let in_path = Target::parse("s3.example.org", b"/photos//a/../cat%20(1).jpg", &bases)?;
/// let in_host = Target::parse("photos.s3.example.org", b"//a/../cat%20(1).jpg", &bases)?;
/// assert_eq!(in_path, in_host);
/// assert_eq!(in_path.key().map(|key| key.as_str()), Some("/a/../cat (1).jpg"));
/// # Ok::<(), presign_s3::S3Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// All buckets: `/`.
    Service,
    /// One bucket.
    Bucket(BucketName),
    /// One object, which need not exist.
    Object {
        /// The bucket.
        bucket: BucketName,
        /// The key.
        key: ObjectKey,
    },
}

impl Target {
    /// Reads the target of a request from its `Host` (with the port, if it has one) and from its path as it
    /// arrived, still percent-encoded.
    ///
    /// If the host is `<bucket>.<one of base_hosts>`, the whole path is the key (virtual-hosted style); any
    /// other host is path style. The path is split before it is decoded, and decoded once, so that
    /// `/%2Fbucket` is not `/bucket`. Nothing is normalised: the key of `/bucket//a/../b` is `/a/../b`.
    ///
    /// # Errors
    /// 400 `InvalidURI` if the path has broken escapes or is not UTF-8, 400 `InvalidBucketName` if no bucket
    /// can be called that, 400 `KeyTooLongError` past 1,024 bytes.
    pub fn parse(host: &str, raw_path: &[u8], base_hosts: &BaseHosts) -> Result<Self, S3Error> {
        let path = raw_path.strip_prefix(b"/").ok_or_else(S3Error::invalid_uri)?;
        let (bucket, key) = match base_hosts.bucket_in(host) {
            Some(bucket) => (bucket, path),
            None if path.is_empty() => return Ok(Self::Service),
            None => match path.iter().position(|&byte| byte == b'/') {
                None => (decode(path)?, &[][..]),
                Some(slash) => {
                    let (bucket, key) = path.split_at(slash);
                    (decode(bucket)?, key.strip_prefix(b"/").unwrap_or(key))
                }
            },
        };
        let bucket = BucketName::parse(&bucket)?;
        if key.is_empty() {
            return Ok(Self::Bucket(bucket));
        }
        Ok(Self::Object { bucket, key: ObjectKey::parse(decode(key)?)? })
    }

    /// What kind of thing the request is about.
    #[must_use]
    pub const fn resource_kind(&self) -> ResourceKind {
        match self {
            Self::Service => ResourceKind::Service,
            Self::Bucket(_) => ResourceKind::Bucket,
            Self::Object { .. } => ResourceKind::Object,
        }
    }

    /// The bucket, if the request is about one.
    #[must_use]
    pub fn bucket(&self) -> Option<&BucketName> {
        match self {
            Self::Service => None,
            Self::Bucket(bucket) | Self::Object { bucket, .. } => Some(bucket),
        }
    }

    /// The key, if the request is about an object.
    #[must_use]
    pub fn key(&self) -> Option<&ObjectKey> {
        match self {
            Self::Service | Self::Bucket(_) => None,
            Self::Object { key, .. } => Some(key),
        }
    }
}

fn decode(encoded: &[u8]) -> Result<String, S3Error> {
    let text = std::str::from_utf8(encoded).map_err(|_| S3Error::invalid_uri())?;
    decode_path(text).map(Cow::into_owned).ok_or_else(S3Error::invalid_uri)
}

/// The hosts that stand for the store itself, below which a further label is a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BaseHosts {
    /// In lower case, each with a dot before it; the longest first, so that the closest base decides.
    suffixes: Vec<String>,
    /// In lower case, as configured.
    exact: Vec<String>,
}

impl BaseHosts {
    /// The store's own hosts as they appear in `Host`: with the port unless it is the scheme's default
    /// (`s3.example.org`, `localhost:9000`, `[::1]:9000`). An IP address serves path style only.
    pub fn new<S: AsRef<str>>(hosts: impl IntoIterator<Item = S>) -> Self {
        let exact: Vec<String> = hosts.into_iter().map(|host| host.as_ref().to_ascii_lowercase()).collect();
        let mut suffixes: Vec<String> =
            exact.iter().filter(|host| !is_ip_literal(host)).map(|host| format!(".{host}")).collect();
        suffixes.sort_by_key(|suffix| std::cmp::Reverse(suffix.len()));
        Self { suffixes, exact }
    }

    /// The bucket that `host` names in virtual-hosted style.
    #[must_use]
    pub fn bucket_in(&self, host: &str) -> Option<String> {
        let host = host.to_ascii_lowercase();
        if is_ip_literal(&host) || self.exact.contains(&host) {
            return None;
        }
        self.suffixes.iter().find_map(|suffix| host.strip_suffix(suffix.as_str())).map(str::to_owned)
    }
}

/// Whether the host, which may have a port, is an IPv4 address or an IPv6 address in its brackets.
fn is_ip_literal(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _port)| name);
    host.starts_with('[') || name.parse::<Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ErrorCode;

    fn bases() -> BaseHosts {
        BaseHosts::new([
            "s3.example.org",
            "eu.s3.example.org",
            "localhost:9000",
            "127.0.0.1:9000",
            "[::1]:9000",
        ])
    }

    /// `bucket|key` with nothing where there is none.
    fn target(host: &str, path: &str) -> Result<String, S3Error> {
        let target = Target::parse(host, path.as_bytes(), &bases())?;
        let bucket = target.bucket().map_or("", BucketName::as_str);
        Ok(format!("{bucket}|{}", target.key().map_or("", ObjectKey::as_str)))
    }

    #[test]
    fn path_style_keeps_every_byte_of_the_key() {
        for (path, expected) in [
            ("/", "|"),
            ("/bucket", "bucket|"),
            ("/bucket/", "bucket|"),
            ("/bucket/k", "bucket|k"),
            ("/bucket//k", "bucket|/k"),
            ("/bucket/%2Fk", "bucket|/k"),
            ("/bucket//", "bucket|/"),
            ("/bucket/a//b", "bucket|a//b"),
            ("/bucket/.", "bucket|."),
            ("/bucket/../other/k", "bucket|../other/k"),
            ("/bucket/%2e%2e/k", "bucket|../k"),
            ("/bucket/a%2520b+c", "bucket|a%20b+c"),
            ("/bucket/%00", "bucket|\0"),
            ("/buck%65t/k", "bucket|k"),
        ] {
            assert_eq!(target("s3.example.org", path).unwrap(), expected, "{path}");
        }
    }

    #[test]
    fn an_encoded_slash_does_not_end_a_bucket() {
        for path in ["/%2Fbucket", "/bucket%2Fk", "//bucket", "/bucket%2F/k"] {
            assert_eq!(
                target("s3.example.org", path).unwrap_err().code(),
                ErrorCode::InvalidBucketName,
                "{path}"
            );
        }
    }

    #[test]
    fn refuses_what_is_not_a_path() {
        for path in ["", "*", "bucket/k", "/bucket/%", "/bucket/%zz", "/bucket/%ff", "/%ff/k"] {
            assert_eq!(target("s3.example.org", path).unwrap_err().code(), ErrorCode::InvalidURI, "{path}");
        }
    }

    #[test]
    fn a_label_before_a_base_host_is_the_bucket() {
        for (host, path, expected) in [
            ("bucket.s3.example.org", "/", "bucket|"),
            ("bucket.s3.example.org", "/k", "bucket|k"),
            ("bucket.s3.example.org", "//k", "bucket|/k"),
            ("bucket.s3.example.org", "/bucket/k", "bucket|bucket/k"),
            ("BUCKET.S3.example.ORG", "/k", "bucket|k"),
            ("my.bucket.s3.example.org", "/k", "my.bucket|k"),
            ("bucket.localhost:9000", "/k", "bucket|k"),
            // The closest base decides, and a base is never a bucket of another.
            ("bucket.eu.s3.example.org", "/k", "bucket|k"),
            ("eu.s3.example.org", "/bucket/k", "bucket|k"),
            // Another port is another host.
            ("bucket.localhost:9001", "/other/k", "other|k"),
            ("xs3.example.org", "/other/k", "other|k"),
            ("bucket.elsewhere.org", "/other/k", "other|k"),
        ] {
            assert_eq!(target(host, path).unwrap(), expected, "{host} {path}");
        }
        for host in ["Bad_Bucket.s3.example.org", ".s3.example.org", "a.s3.example.org"] {
            assert_eq!(target(host, "/k").unwrap_err().code(), ErrorCode::InvalidBucketName, "{host}");
        }
    }

    #[test]
    fn an_address_serves_path_style_only() {
        for host in ["127.0.0.1:9000", "127.0.0.1", "[::1]:9000", "[::1]", "bucket.127.0.0.1:9000"] {
            assert_eq!(target(host, "/bucket/k").unwrap(), "bucket|k", "{host}");
        }
    }

    #[test]
    fn a_key_is_measured_decoded() {
        let of_length = |length| target("h", &format!("/bucket/{}", "%6B".repeat(length)));
        assert!(of_length(1024).is_ok());
        assert_eq!(of_length(1025).unwrap_err().code(), ErrorCode::KeyTooLongError);
    }

    proptest! {
        #[test]
        fn every_key_comes_back_however_it_is_encoded(key in "\\PC{1,200}|[\\x00-\\x7f]{1,200}") {
            let all: String = key.bytes().map(|byte| format!("%{byte:02x}")).collect();
            for path in [format!("/bucket/{}", presign::encode_path(&key)), format!("/bucket/{all}")] {
                let target = Target::parse("h", path.as_bytes(), &bases()).unwrap();
                prop_assert_eq!(target.key().map(ObjectKey::as_str), Some(key.as_str()));
                let virtual_hosted = path.strip_prefix("/bucket").unwrap();
                let target = Target::parse("bucket.s3.example.org", virtual_hosted.as_bytes(), &bases()).unwrap();
                prop_assert_eq!(target.key().map(ObjectKey::as_str), Some(key.as_str()));
            }
        }

        #[test]
        fn no_path_panics(host in any::<String>(), path in any::<Vec<u8>>()) {
            let _ = Target::parse(&host, &path, &bases());
        }
    }
}
