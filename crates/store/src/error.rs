//! What can go wrong, as values a caller can match and compare.

use std::path::PathBuf;

use thiserror::Error;

/// Why an operation on the store failed.
///
/// Every text names the thing it is about; none holds a secret or a stored byte.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A bucket of this name exists; `owner` is whose it is.
    #[error("bucket {bucket:?} exists already")]
    BucketExists {
        /// The name asked for.
        bucket: String,
        /// The principal that owns the bucket.
        owner: String,
    },
    /// There is no bucket of this name.
    #[error("there is no bucket {bucket:?}")]
    NoSuchBucket {
        /// The name asked for.
        bucket: String,
    },
    /// The bucket still holds objects, so it cannot be deleted.
    #[error("bucket {bucket:?} still holds objects; delete them first")]
    BucketNotEmpty {
        /// The name asked for.
        bucket: String,
    },
    /// The key is empty or longer than [`MAX_KEY_BYTES`](crate::MAX_KEY_BYTES).
    #[error("the key has {length} bytes; a key has 1 to {} bytes", crate::MAX_KEY_BYTES)]
    KeyLength {
        /// Length of the key, in bytes of UTF-8.
        length: usize,
    },
    /// The storage is full. Reads and deletes still work, and writes work again once there is room.
    #[error("{place}: no space left while {action}; delete objects or enlarge the disk")]
    DiskFull {
        /// What was being done.
        action: &'static str,
        /// Where: a path, or the address of a remote engine.
        place: String,
    },
    /// The file system takes no writes, most likely because the kernel met an error on the disk. What is there can be read.
    #[error("{place}: the file system is read-only, found while {action}; check the disk")]
    ReadOnly {
        /// What was being done.
        action: &'static str,
        /// Where: a path.
        place: String,
    },
    /// A file would become longer than the file system, or the process's limit on file sizes, allows. Other writes work.
    #[error(
        "{place}: the file would be too long, found while {action}; raise the limit on file sizes (ulimit -f)"
    )]
    FileTooLarge {
        /// What was being done.
        action: &'static str,
        /// Where: a path.
        place: String,
    },
    /// An earlier failure to make data durable, or the loss of the data directory, stopped all writes; reads still work.
    #[error("the store takes no writes since {reason}; restart it when that is mended")]
    Stopped {
        /// The failure that stopped it.
        reason: String,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// Stored data is not what was written. It is never handed out.
    #[error("{what} is damaged: {detail}{}", advice(detail))]
    Corrupt {
        /// What is damaged: a row or a blob, by name.
        what: String,
        /// How that was noticed.
        detail: String,
    },
    /// The operating system or the network refused an operation.
    #[error("{place}: {action} failed: {reason}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// Where: a path, or the address of a remote engine.
        place: String,
        /// The system's words.
        reason: String,
    },
    /// The metadata engine refused an operation for a reason of its own.
    #[error("the metadata engine failed at {action}: {reason}")]
    Engine {
        /// What was being done.
        action: &'static str,
        /// The engine's words.
        reason: String,
    },
}

/// Why a write of an object was not made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PutError {
    /// [`Precondition::IfAbsent`](crate::Precondition::IfAbsent) and the key exists, or
    /// [`Precondition::IfMatch`](crate::Precondition::IfMatch) and its ETag is another one.
    #[error("the object that is there does not meet the precondition")]
    PreconditionFailed,
    /// [`Precondition::IfMatch`](crate::Precondition::IfMatch) and there is no such object.
    #[error("the precondition names an object that does not exist")]
    NoSuchKey,
    /// Everything that is not about preconditions.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a data directory could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has the directory open.
    #[error(
        "{}: another process has this data directory open; stop it, or give this one a directory of its own",
        directory.display()
    )]
    Locked {
        /// The data directory.
        directory: PathBuf,
    },
    /// Nothing can be written in the directory, which a server and the commands that change a store need to.
    #[error(
        "{}: the data directory is read-only, and this needs to write there; `presign fsck` and \
         `presign backup` work on it, and what `presign restore` makes of the backup on another disk can be served",
        directory.display()
    )]
    ReadOnly {
        /// The data directory.
        directory: PathBuf,
    },
    /// The SQLite library that this binary runs with is too old to be trusted with the data.
    #[error("SQLite {found} is too old: {needed} or later is needed; build with the bundled SQLite")]
    SqliteTooOld {
        /// Version of the library that was found.
        found: String,
        /// The oldest version that is taken.
        needed: &'static str,
    },
    /// A later version of Presign wrote the data.
    #[error(
        "{}: written with schema {found}, this version knows schemas up to {known}; run the version that wrote it, or a later one",
        path.display()
    )]
    NewerSchema {
        /// The database file.
        path: PathBuf,
        /// Schema found in the file.
        found: i64,
        /// The newest schema that this version knows.
        known: i64,
    },
    /// An earlier version of Presign, from before its first release, wrote the data.
    #[error(
        "{}: written with schema {found}, which this version no longer reads (it knows schema {known}); copy the objects \
         out with the version that wrote them, and upload them to a new data directory",
        path.display()
    )]
    OlderSchema {
        /// The database file.
        path: PathBuf,
        /// Schema found in the file.
        found: i64,
        /// The schema that this version knows.
        known: i64,
    },
    /// The directory holds a backup, which a store would change.
    #[error(
        "{}: this is a backup, and serving it would change it; `presign restore` makes a data directory of it",
        directory.display()
    )]
    IsBackup {
        /// The directory.
        directory: PathBuf,
    },
    /// The directory is what is left of a backup that did not end.
    #[error(
        "{}: left by a backup that did not end, and not all of the store is in it; delete it and make another backup",
        directory.display()
    )]
    IsUnfinishedBackup {
        /// The directory.
        directory: PathBuf,
    },
    /// A backup is made of the directory, and would take a database that is replaced meanwhile for a damaged one.
    #[error(
        "{}: a backup is being made of this data directory by {backups}; wait until it has ended, or end its process",
        directory.display()
    )]
    BackupRuns {
        /// The data directory.
        directory: PathBuf,
        /// The processes that make one, for a person.
        backups: String,
    },
    /// The file is a database, and not one of ours.
    #[error("{}: not a Presign metadata database; choose another data directory", path.display())]
    ForeignDatabase {
        /// The database file.
        path: PathBuf,
    },
    /// There is no store in the directory.
    #[error("{}: there is no store; name the data directory of one with --data", directory.display())]
    NoStore {
        /// The directory.
        directory: PathBuf,
    },
    /// The directory was used, and its database is gone or empty.
    #[error(
        "{}: the database is missing or empty, and the directory has held a store; restore it from a backup, or choose another directory",
        path.display()
    )]
    DatabaseLost {
        /// The database file.
        path: PathBuf,
    },
    /// The database names blobs, and the directory of blobs was never used: the disk that it is on is not there.
    #[error(
        "{}: the database names blobs, and this directory has never held any; mount the disk that they are on, or put them back; \
         if they are lost, restore a backup",
        path.display()
    )]
    BlobsLost {
        /// The directory of blobs.
        path: PathBuf,
    },
    /// The directory cannot be relied on: it is not, or does not stay, at its path, or nothing can be made durable in it.
    #[error("{reason}; the store does not start before that is mended")]
    Unreliable {
        /// What failed.
        reason: String,
    },
    /// The directory or the database could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What to do about damage, where its detail does not say that itself.
fn advice(detail: &str) -> &'static str {
    let says_itself = ["`presign fsck --repair`", "move it away"].iter().any(|own| detail.contains(own));
    if says_itself { "" } else { "; restore it from a copy and check the disk" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_comes_with_one_advice() {
        for (detail, expected) in [
            ("a flip", "x is damaged: a flip; restore it from a copy and check the disk"),
            ("two logs; move it away", "x is damaged: two logs; move it away"),
            ("`presign fsck --repair` keeps it", "x is damaged: `presign fsck --repair` keeps it"),
        ] {
            let error = StoreError::Corrupt { what: "x".into(), detail: detail.into() };
            assert_eq!(error.to_string(), expected);
        }
    }
}
