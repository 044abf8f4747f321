//! A store that is broken on purpose: it commits the row of a large object before its blob is durable. A rig that finds
//! nothing wrong with it is no rig.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use presign_store::files::{FileBlobs, Reserve};
use presign_store::sqlite::{SqliteMetadata, SqliteOptions};
use presign_store::{
    Aside, BlobId, BlobWriter, Blobs, OpenBlob, Poison, Store, StoreError, StoreOptions, StoredBlob,
};

/// How long after its row a blob is made durable.
const LATE: Duration = Duration::from_millis(30);

/// Opens a store whose write order is broken.
pub(crate) fn open_broken(directory: &Path) -> anyhow::Result<Store> {
    std::fs::create_dir_all(directory)?;
    let poison = Poison::default();
    let reserve = Arc::new(Reserve::open(directory)?);
    let blobs = FileBlobs::open(directory, poison.clone(), Arc::clone(&reserve))?;
    let StoreOptions { cache_bytes, readers, .. } = StoreOptions::default();
    let metadata = SqliteMetadata::open(directory, &SqliteOptions { cache_bytes, readers }, poison, reserve)?;
    blobs.require(metadata.names_blobs())?;
    Ok(Store::with_engines(Arc::new(metadata), Arc::new(LateBlobs(blobs))))
}

/// Says that a blob is durable, and then makes it so.
struct LateBlobs(FileBlobs);

#[async_trait]
impl Blobs for LateBlobs {
    async fn begin(&self, size_hint: Option<u64>) -> Result<Box<dyn BlobWriter>, StoreError> {
        let writer = self.0.begin(size_hint).await?;
        Ok(Box::new(LateWriter { writer, size: 0 }))
    }

    async fn open(&self, blob: StoredBlob) -> Result<Option<Box<dyn OpenBlob>>, StoreError> {
        self.0.open(blob).await
    }

    async fn delete(&self, id: BlobId) -> Result<bool, StoreError> {
        self.0.delete(id).await
    }

    async fn delete_postponed(&self) -> Result<u64, StoreError> {
        self.0.delete_postponed().await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.0.check().await
    }

    async fn set_aside(&self, id: BlobId, aside: Aside) -> Result<bool, StoreError> {
        self.0.set_aside(id, aside).await
    }

    async fn list_aside(&self, aside: Aside) -> Result<Vec<BlobId>, StoreError> {
        self.0.list_aside(aside).await
    }

    async fn put_back(&self, id: BlobId, aside: Aside) -> Result<bool, StoreError> {
        self.0.put_back(id, aside).await
    }

    async fn delete_aside(&self, id: BlobId, aside: Aside, min_age: Duration) -> Result<bool, StoreError> {
        self.0.delete_aside(id, aside, min_age).await
    }

    async fn list(&self, first: u8) -> Result<Vec<BlobId>, StoreError> {
        self.0.list(first).await
    }

    async fn age(&self, id: BlobId) -> Result<Option<Duration>, StoreError> {
        self.0.age(id).await
    }
}

struct LateWriter {
    writer: Box<dyn BlobWriter>,
    size: u64,
}

#[async_trait]
impl BlobWriter for LateWriter {
    fn id(&self) -> BlobId {
        self.writer.id()
    }

    fn crc64nvme(&self) -> u64 {
        self.writer.crc64nvme()
    }

    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.size += bytes.len() as u64;
        self.writer.write(bytes).await
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        self.writer.flush().await
    }

    async fn finish(self: Box<Self>) -> Result<StoredBlob, StoreError> {
        let Self { writer, size } = *self;
        let blob = StoredBlob { id: writer.id(), size, crc64nvme: writer.crc64nvme() };
        tokio::spawn(async move {
            tokio::time::sleep(LATE).await;
            if let Err(error) = writer.finish().await {
                eprintln!("the control's late blob: {error}");
            }
        });
        Ok(blob)
    }
}
