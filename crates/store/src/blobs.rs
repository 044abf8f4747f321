//! The blob port: immutable byte strings under random names, in any engine that can make them durable.

use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{BlobId, StoreError};

/// What the store needs from a blob engine. `blobs_conformance!` tests all of it.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Begins a blob. `size_hint` is the length to be expected, if that is known; it need not come true.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] after a failure to make data durable.
    async fn begin(&self, size_hint: Option<u64>) -> Result<Box<dyn BlobWriter>, StoreError>;

    /// Opens a blob for reading. What was opened stays readable to its end, even when the blob is deleted meanwhile.
    /// `None`: there is no such blob. Whether what is there is the blob as it was written is seen when it is read.
    async fn open(&self, blob: StoredBlob) -> Result<Option<Box<dyn OpenBlob>>, StoreError>;

    /// Deletes a blob whose row was deleted; says whether it did. It does not where there is none, and while a backup needs
    /// all of them: [`delete_postponed`](Self::delete_postponed) does then. Need not be durable: a blob that comes back is
    /// garbage again.
    ///
    /// # Errors
    /// [`StoreError::Stopped`]: nothing is deleted any more.
    async fn delete(&self, id: BlobId) -> Result<bool, StoreError>;

    /// Deletes what could not be deleted for the sake of a backup, if that has ended; gives the number of those blobs.
    async fn delete_postponed(&self) -> Result<u64, StoreError>;

    /// Whether blobs may be written and deleted.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] when not.
    async fn check(&self) -> Result<(), StoreError>;

    /// Sets a blob aside that no row names: it is not listed any more, but [`open`](Self::open) still finds it, in case a row
    /// names it again. Says whether it did; it does not while a backup is made.
    async fn set_aside(&self, id: BlobId, aside: Aside) -> Result<bool, StoreError>;

    /// The blobs that are set aside there, in the order of their ids.
    async fn list_aside(&self, aside: Aside) -> Result<Vec<BlobId>, StoreError>;

    /// Takes back that a blob was set aside; says whether it did.
    async fn put_back(&self, id: BlobId, aside: Aside) -> Result<bool, StoreError>;

    /// Deletes a blob that was set aside at least `min_age` ago; says whether it did. An engine may wait until it has seen that for an
    /// hour, in case the clock was set forward.
    async fn delete_aside(&self, id: BlobId, aside: Aside, min_age: Duration) -> Result<bool, StoreError>;

    /// All blobs whose id begins with this byte, in the order of their ids, but those that are set aside and those whose
    /// deletion is postponed. Those that come and go meanwhile may be missed.
    async fn list(&self, first: u8) -> Result<Vec<BlobId>, StoreError>;

    /// Looks after a backup that takes long: names it, and goes on without it when it makes no progress. To be called every few
    /// minutes.
    async fn watch_backups(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// How long ago the last byte of a blob was written; zero if the clock went back. `None`: there is no such blob.
    async fn age(&self, id: BlobId) -> Result<Option<Duration>, StoreError>;
}

/// A blob being written. Dropped without [`finish`](Self::finish) it leaves nothing behind.
#[async_trait]
pub trait BlobWriter: Send {
    /// The id that the blob will have.
    fn id(&self) -> BlobId;

    /// CRC-64/NVME of what was written so far.
    fn crc64nvme(&self) -> u64;

    /// Appends bytes. Memory stays bounded however long the blob gets.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`], [`StoreError::Io`]. The blob is lost then; an error may tell of an earlier `write`.
    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError>;

    /// Has what is gathered in memory written to the disk, and waits for that. It need not be durable.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    async fn flush(&mut self) -> Result<(), StoreError>;

    /// Makes the blob durable and visible under its id. When this has returned `Ok`, no loss of power undoes it.
    ///
    /// # Errors
    /// As [`write`](Self::write); [`StoreError::Stopped`] when the data could not be made durable.
    async fn finish(self: Box<Self>) -> Result<StoredBlob, StoreError>;
}

/// A blob that was opened.
pub trait OpenBlob: Send + Sync {
    /// Reads a range of it. What of the range lies behind the end is left out.
    fn read(self: Box<Self>, range: Range<u64>) -> Box<dyn BlobReader>;
}

/// The bytes of a range of a blob, in chunks.
#[async_trait]
pub trait BlobReader: Send {
    /// The next bytes, never empty; `None` at the end of the range. They are the ones that were written: each was
    /// compared with a checksum before it is handed out, in a read of the whole as in one of a range.
    ///
    /// # Errors
    /// [`StoreError::Io`]; [`StoreError::Corrupt`] when the blob is not what was written.
    async fn next_chunk(&mut self) -> Result<Option<Bytes>, StoreError>;
}

/// Where a blob that no row names is, before it is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aside {
    /// What a crash leaves behind now and then.
    Trash,
    /// What looks as if the database were not the one that belongs to the blobs.
    Held,
}

impl Aside {
    pub(crate) const ALL: [Self; 2] = [Self::Trash, Self::Held];

    /// The name of its directory.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Trash => "trash",
            Self::Held => "held",
        }
    }
}

/// A blob as its row describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredBlob {
    /// Its id.
    pub id: BlobId,
    /// Its length in bytes.
    pub size: u64,
    /// CRC-64/NVME of all its bytes.
    pub crc64nvme: u64,
}
