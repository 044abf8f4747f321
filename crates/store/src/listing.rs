//! Listing a bucket.

use crate::UnixMillis;

/// Which keys to list. Keys come in the order of their bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListRequest {
    /// Only keys that begin with this. Empty: all.
    pub prefix: String,
    /// Keys that hold this behind the prefix are rolled up into one common prefix, which ends with it. An empty
    /// delimiter is none.
    pub delimiter: Option<String>,
    /// Only keys behind this one, which need not exist. A common prefix is listed when a key behind this rolls up into it.
    pub start_after: Option<String>,
    /// Where the page before this one ended; takes the place of `start_after`.
    pub continuation: Option<Continuation>,
    /// At most this many objects and common prefixes together. With 0 the page is empty and the last one.
    pub max_keys: usize,
}

/// Where a page of a listing ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Continuation {
    /// The last entry was this key.
    AfterKey(String),
    /// The last entry was this common prefix: every key that begins with it is done.
    AfterPrefix(String),
}

impl Continuation {
    /// The position as text, to be wrapped into a token. [`decode`](Self::decode) reads it.
    #[must_use]
    pub fn encode(&self) -> String {
        match self {
            Self::AfterKey(key) => format!("k{key}"),
            Self::AfterPrefix(prefix) => format!("p{prefix}"),
        }
    }

    /// Reads what [`encode`](Self::encode) wrote; `None` if that is not what `text` is.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        if let Some(key) = text.strip_prefix('k') {
            return Some(Self::AfterKey(key.to_owned()));
        }
        text.strip_prefix('p').map(|prefix| Self::AfterPrefix(prefix.to_owned()))
    }
}

/// An object, as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectSummary {
    /// Its key.
    pub key: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its ETag, as it was given.
    pub etag: String,
    /// When it was written.
    pub modified: UnixMillis,
    /// `x-amz-storage-class`, if one was named.
    pub storage_class: Option<String>,
}

/// One page of a listing: a consistent view of the bucket at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListPage {
    /// The objects, in key order.
    pub objects: Vec<ObjectSummary>,
    /// The common prefixes, in order.
    pub common_prefixes: Vec<String>,
    /// Where to go on; `None` when nothing is left.
    pub next: Option<Continuation>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_continuation_survives_its_text() {
        for position in [
            Continuation::AfterKey(String::new()),
            Continuation::AfterKey("pé/k".into()),
            Continuation::AfterPrefix("k/".into()),
        ] {
            assert_eq!(Continuation::decode(&position.encode()), Some(position));
        }
        assert_eq!(Continuation::decode(""), None);
        assert_eq!(Continuation::decode("x"), None);
    }
}
