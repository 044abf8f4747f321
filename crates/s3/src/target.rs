//! Which bucket and which key a request is about.

use std::net::Ipv4Addr;

use crate::{BucketName, ObjectKey, S3Error, operation::ResourceKind, percent};

/// What a request is about, read from its host and its path.
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
    let bytes = percent::decode(encoded).map_err(|_| S3Error::invalid_uri())?;
    String::from_utf8(bytes).map_err(|_| S3Error::invalid_uri())
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
