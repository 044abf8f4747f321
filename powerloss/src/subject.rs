//! What is written to: an object, a bucket, an access key; and how it is read back.

use presign_store::{Store, StoreError, UnixMillis};

/// The bucket that the objects are in.
pub(crate) const BUCKET: &str = "objects";

/// One thing in the store that a write changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// By its key, in [`BUCKET`].
    Object(String),
    /// By its name.
    Bucket(String),
    /// By its id.
    AccessKey(String),
}

/// Which subjects a kind of write is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Object,
    Bucket,
    AccessKey,
}

/// What was found of a subject: its bytes, and the word kept beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) label: String,
    pub(crate) content: Vec<u8>,
}

impl Found {
    /// Of what has no place for a label but its date.
    fn dated(created: UnixMillis, content: Vec<u8>) -> Self {
        Self { label: format!("{}-{}", created.0, content.len()), content }
    }
}

impl Subject {
    pub(crate) fn family(&self) -> Family {
        match self {
            Self::Object(_) => Family::Object,
            Self::Bucket(_) => Family::Bucket,
            Self::AccessKey(_) => Family::AccessKey,
        }
    }

    /// Its key, name or id.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Object(name) | Self::Bucket(name) | Self::AccessKey(name) => name,
        }
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// Those of the store; that it is not there is none.
    pub(crate) async fn read_back(&self, store: &Store) -> Result<Option<Found>, StoreError> {
        match self {
            Self::Object(key) => match store.get(BUCKET, key).await {
                Ok(Some(open)) => {
                    let object = open.object().clone();
                    let content = open.read_all().read_to_end().await?;
                    Ok(Some(Found { label: object.etag.clone(), content: content.to_vec() }))
                }
                Ok(None) | Err(StoreError::NoSuchBucket { .. }) => Ok(None),
                Err(error) => Err(error),
            },
            Self::Bucket(name) => {
                let bucket = store.bucket(name).await?;
                Ok(bucket.map(|bucket| Found::dated(bucket.created, bucket.owner.into_bytes())))
            }
            Self::AccessKey(id) => {
                let row = store.access_key(id).await?;
                Ok(row.map(|row| Found::dated(row.created, row.sealed_secret)))
            }
        }
    }
}
