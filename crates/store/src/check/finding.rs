//! What a check finds, and what to do about it.

use std::fmt;

use crate::{Aside, BlobId};

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// The database is missing or empty.
    DatabaseLost,
    /// The database cannot be opened.
    Unopened {
        /// Why not.
        detail: String,
    },
    /// The header of the database cannot be read.
    Header,
    /// A page of the database does not match its checksum.
    Page {
        /// Its number, from 1.
        number: u64,
    },
    /// Rows that a damaged page hides.
    Unreadable {
        /// What they are.
        what: String,
        /// The last key before them that can be read.
        after: Option<String>,
        /// The first key behind them that can be read.
        before: Option<String>,
        /// SQLite's words.
        detail: String,
    },
    /// The row of a bucket is not what was written.
    Bucket {
        /// Its name, as far as that can be believed.
        name: String,
        /// How that was seen.
        detail: String,
    },
    /// The row of an access key is not what was written.
    AccessKey {
        /// Its id, as far as that can be believed.
        id: String,
        /// How that was seen.
        detail: String,
    },
    /// The row of an object, or its bytes in the database, are not what was written.
    Object {
        /// Its bucket.
        bucket: String,
        /// Its key.
        key: String,
        /// How that was seen.
        detail: String,
    },
    /// The blob of an object is not what was written.
    Blob {
        /// The object's bucket.
        bucket: String,
        /// The object's key.
        key: String,
        /// The blob.
        id: BlobId,
        /// How that was seen.
        detail: String,
    },
    /// The blob of an object is gone.
    MissingBlob {
        /// The object's bucket.
        bucket: String,
        /// The object's key.
        key: String,
        /// The blob.
        id: BlobId,
    },
    /// SQLite's own check of its trees found something.
    Inconsistent {
        /// SQLite's words.
        detail: String,
    },
    /// A blob that no object names.
    Orphan {
        /// The blob.
        id: BlobId,
    },
    /// A blob that no object names, and that the running store has set aside.
    OrphanAside {
        /// The blob.
        id: BlobId,
        /// Where it is.
        aside: Aside,
    },
    /// The blob of an object, whole, but set aside as one that no object names.
    BlobAside {
        /// The object's bucket.
        bucket: String,
        /// The object's key.
        key: String,
        /// The blob.
        id: BlobId,
        /// Where it is.
        aside: Aside,
    },
    /// Bytes in the database that no object names.
    StrayContent {
        /// The number of their row.
        id: i64,
    },
    /// Blobs that no object names were not looked for.
    OrphansUnknown,
}

impl Finding {
    /// Whether something that was stored is lost by it. The rest is garbage, or a remark.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        !matches!(
            self,
            Self::Orphan { .. }
                | Self::OrphanAside { .. }
                | Self::BlobAside { .. }
                | Self::StrayContent { .. }
                | Self::OrphansUnknown
        )
    }

    /// Whether it is damage to the database, and not to a blob.
    #[must_use]
    pub fn is_damage_to_database(&self) -> bool {
        self.is_damage() && !matches!(self, Self::Blob { .. } | Self::MissingBlob { .. })
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::DatabaseLost | Self::Header | Self::Inconsistent { .. } => {
                "check the disk, and restore the store from a backup"
            }
            Self::Page { .. } => {
                "check the disk, and restore the store from a backup; if another program has written to the database, \
                 `presign fsck --repair` accepts its pages where everything in them can be shown to be whole"
            }
            Self::Unopened { .. } => {
                "check the disk, and restore the store from a backup, or try `presign fsck --repair`, which changes nothing \
                 unless the database that results is whole; keep this directory until that is done"
            }
            Self::Unreadable { .. } => {
                "restore the store from a backup, or read what can still be read through the running store first"
            }
            Self::Bucket { .. } => "restore the store from a backup",
            Self::AccessKey { .. } => "restore the store from a backup; it does not start with this key",
            Self::Object { .. } | Self::Blob { .. } | Self::MissingBlob { .. } => {
                "upload the object again, or delete it; a backup may have it"
            }
            Self::Orphan { .. } => {
                "if metadata.sqlite is older than the blobs, put the newer one back before the store is started; otherwise \
                 nothing: the running store sets it aside, and deletes it a day later, or thirty days later where in doubt"
            }
            Self::OrphanAside { aside: Aside::Trash, .. } => {
                "nothing: the running store deletes it a day after it was set aside"
            }
            Self::OrphanAside { aside: Aside::Held, .. } => {
                "if metadata.sqlite is older than the blobs, put the newer one back; otherwise nothing: the running store \
                 deletes it thirty days after it was set aside, and it may be deleted by hand before"
            }
            Self::BlobAside { .. } => "nothing: it is read where it is, and the running store puts it back",
            Self::StrayContent { .. } => "nothing: it takes space, and no more",
            Self::OrphansUnknown => "check again once the database is whole",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DatabaseLost => write!(f, "metadata.sqlite is missing or empty"),
            Self::Unopened { detail } => write!(f, "the database cannot be opened: {detail}"),
            Self::Header => write!(f, "the header of metadata.sqlite cannot be read"),
            Self::Page { number } => {
                write!(f, "page {number} of metadata.sqlite does not match its checksum")
            }
            Self::Unreadable { what, after, before, detail } => {
                write!(f, "{what} cannot be read")?;
                match (after, before) {
                    (Some(after), Some(before)) => write!(f, " between the keys {after:?} and {before:?}")?,
                    (Some(after), None) => write!(f, " behind the key {after:?}")?,
                    (None, Some(before)) => write!(f, " before the key {before:?}")?,
                    (None, None) => {}
                }
                write!(f, ": {detail}")
            }
            Self::Bucket { name, detail } => write!(f, "bucket {name:?}: {detail}"),
            Self::AccessKey { id, detail } => write!(f, "access key {id:?}: {detail}"),
            Self::Object { bucket, key, detail } => {
                write!(f, "object {key:?} in bucket {bucket:?}: {detail}")
            }
            Self::Blob { bucket, key, id, detail } => {
                write!(f, "object {key:?} in bucket {bucket:?}: its blob {id} is damaged: {detail}")
            }
            Self::MissingBlob { bucket, key, id } => {
                write!(f, "object {key:?} in bucket {bucket:?}: its blob {id} is missing")
            }
            Self::Inconsistent { detail } => write!(f, "the database is inconsistent: {detail}"),
            Self::Orphan { id } => write!(f, "blob {id} belongs to no object"),
            Self::OrphanAside { id, aside } => {
                write!(f, "blob {id} belongs to no object and was set aside in blobs/{}", aside.name())
            }
            Self::BlobAside { bucket, key, id, aside } => {
                write!(
                    f,
                    "object {key:?} in bucket {bucket:?}: its blob {id} was set aside in blobs/{}",
                    aside.name()
                )
            }
            Self::StrayContent { id } => write!(f, "row {id} of the contents belongs to no object"),
            Self::OrphansUnknown => {
                write!(f, "blobs without an object were not looked for, since what names them is damaged")
            }
        }
    }
}
