//! Writing a blob to its file.

use std::fs::File;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use tokio::task::JoinHandle;

use super::Disk;
use super::blobs::Shared;
use super::block_sums::BlockSums;
use super::directory::Entry;
use super::trailer;
use crate::blocking::on_blocking_pool;
use crate::memory_share::Member;
use crate::{BlobId, BlobWriter, StoreError, StoredBlob};

/// Chunks smaller than this are copied together, so that a body in tiny pieces costs no more memory than one in large
/// ones.
const COPY_BELOW: usize = 16 * 1024;
const COPY_BUFFER: usize = 64 * 1024;

/// A blob on its way to the disk.
pub(super) struct FileWriter {
    shared: Arc<Shared>,
    id: BlobId,
    sums: BlockSums,
    batch: Batch,
    /// How much is gathered before it goes to the disk. Another batch of this size may be on its way there.
    memory: Member,
    state: State,
}

enum State {
    Idle(Option<TemporaryFile>),
    Writing(JoinHandle<Result<TemporaryFile, StoreError>>),
    Failed(StoreError),
}

impl FileWriter {
    pub(super) fn new(shared: Arc<Shared>, id: BlobId) -> Self {
        let (sums, batch, memory) = (BlockSums::new(), Batch::default(), shared.memory.join());
        Self { shared, id, sums, batch, memory, state: State::Idle(None) }
    }

    /// Sends what is gathered on its way, once the batch before it has arrived.
    async fn begin_writing(&mut self) -> Result<(), StoreError> {
        let file = self.settle().await?;
        let segments = self.batch.take();
        let (shared, id) = (Arc::clone(&self.shared), self.id);
        self.state = State::Writing(tokio::task::spawn_blocking(move || shared.append(id, file, &segments)));
        Ok(())
    }

    /// Waits for the batch that is on its way and gives the file back. Safe to give up and call again.
    async fn settle(&mut self) -> Result<Option<TemporaryFile>, StoreError> {
        if let State::Writing(writing) = &mut self.state {
            self.state = match writing.await.unwrap_or(Err(StoreError::Closed)) {
                Ok(file) => State::Idle(Some(file)),
                Err(error) => State::Failed(error),
            };
        }
        match &mut self.state {
            State::Idle(file) => Ok(file.take()),
            State::Failed(error) => Err(error.clone()),
            // Only the branch above leaves this state, and it does not come back to it.
            State::Writing(_) => Err(StoreError::Closed),
        }
    }
}

#[async_trait]
impl BlobWriter for FileWriter {
    fn id(&self) -> BlobId {
        self.id
    }

    fn crc64nvme(&self) -> u64 {
        self.sums.crc64nvme()
    }

    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.sums.update(&bytes);
        self.batch.push(bytes);
        if self.batch.length < self.memory.bytes() {
            return Ok(());
        }
        self.begin_writing().await
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        if self.batch.length > 0 {
            self.begin_writing().await?;
        }
        self.state = State::Idle(self.settle().await?);
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<StoredBlob, StoreError> {
        let blob = StoredBlob { id: self.id, size: self.sums.size(), crc64nvme: self.sums.crc64nvme() };
        let file = self.settle().await?;
        self.batch.push(trailer::encode(self.id, &self.sums).into());
        let segments = self.batch.take();
        let (shared, id) = (Arc::clone(&self.shared), self.id);
        on_blocking_pool(move || {
            let file = shared.append(id, file, &segments)?;
            shared.make_durable(id, file)
        })
        .await?;
        Ok(blob)
    }
}

impl Drop for FileWriter {
    fn drop(&mut self) {
        // Unlinking a large file takes time that belongs to other requests.
        if let State::Idle(Some(file)) = std::mem::replace(&mut self.state, State::Idle(None)) {
            match tokio::runtime::Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn_blocking(move || drop(file))),
                Err(_) => drop(file),
            }
        }
    }
}

/// Bytes that wait for the disk.
#[derive(Default)]
struct Batch {
    segments: Vec<Bytes>,
    copied: BytesMut,
    length: usize,
}

impl Batch {
    fn push(&mut self, bytes: Bytes) {
        self.length += bytes.len();
        if bytes.len() >= COPY_BELOW {
            self.close_copied();
            self.segments.push(bytes);
            return;
        }
        if self.copied.capacity() - self.copied.len() < bytes.len() {
            self.close_copied();
            self.copied.reserve(COPY_BUFFER);
        }
        self.copied.extend_from_slice(&bytes);
    }

    fn close_copied(&mut self) {
        if !self.copied.is_empty() {
            self.segments.push(self.copied.split().freeze());
        }
    }

    fn take(&mut self) -> Vec<Bytes> {
        self.close_copied();
        self.length = 0;
        // What is left of its allocation would stay for as long as the client says nothing.
        self.copied = BytesMut::new();
        std::mem::take(&mut self.segments)
    }
}

/// A file that is removed when it is dropped, unless it was [kept](Self::keep).
pub(super) struct TemporaryFile {
    pub(super) file: File,
    pub(super) path: Entry,
    disk: Disk,
    kept: bool,
}

impl TemporaryFile {
    pub(super) fn create(disk: &Disk, path: Entry) -> Result<Self, StoreError> {
        let file = disk.create(&path)?;
        Ok(Self { file, path, disk: disk.clone(), kept: false })
    }

    /// Gives up the file's removal: it has another name now.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        if let Err(error) = self.disk.unlink(&self.path) {
            tracing::warn!(%error, "a temporary file stays until the next start");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_of_tiny_chunks_is_a_few_segments_with_the_same_bytes() {
        let mut batch = Batch::default();
        let mut expected = Vec::new();
        for at in 0..200_000u32 {
            let byte = at.to_le_bytes()[0];
            expected.push(byte);
            batch.push(Bytes::copy_from_slice(&[byte]));
            if at % 50_000 == 0 {
                expected.extend_from_slice(&[7; COPY_BELOW]);
                batch.push(Bytes::from_static(&[7; COPY_BELOW]));
            }
        }
        assert_eq!(batch.length, expected.len());
        let segments = batch.take();
        assert!(segments.len() < 20, "{}", segments.len());
        assert_eq!(segments.concat(), expected);
        assert_eq!(batch.length, 0);
        assert!(batch.take().is_empty());
    }
}
