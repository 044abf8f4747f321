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

    /// Deletes a blob; says whether it did. It does not where there is none, and while a backup needs all of them. Need not
    /// be durable: a blob that comes back is garbage again.
    async fn delete(&self, id: BlobId) -> Result<bool, StoreError>;

    /// All blobs whose id begins with this byte, in the order of their ids. Those that come and go meanwhile may be missed.
    async fn list(&self, first: u8) -> Result<Vec<BlobId>, StoreError>;

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
