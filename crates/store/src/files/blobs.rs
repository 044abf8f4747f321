//! The blob engine of one machine: every blob a file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::blob_directory::ids_in;
use super::deletions::{Deletions, Limits};
use super::layout::Layout;
use super::reader::OpenFile;
use super::writer::{FileWriter, TemporaryFile};
use super::{Disk, Reserve};
use crate::blocking::on_blocking_pool;
use crate::memory_share::MemoryShare;
use crate::{BlobId, BlobWriter, Blobs, OpenBlob, Poison, StoreError, StoredBlob};

/// Blobs as files under a directory.
pub struct FileBlobs {
    shared: Arc<Shared>,
}

/// What the engine and its writers have in common.
pub(super) struct Shared {
    disk: Disk,
    layout: Layout,
    poison: Poison,
    reserve: Arc<Reserve>,
    deletions: Deletions,
    pub(super) memory: MemoryShare,
}

impl FileBlobs {
    /// Opens the blobs of a data directory, which must exist and be locked, and removes the temporary files that an
    /// earlier process left.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::DiskFull`].
    pub fn open(directory: &Path, poison: Poison, reserve: Arc<Reserve>) -> Result<Self, StoreError> {
        Self::open_on(Disk::default(), directory, poison, reserve)
    }

    pub(crate) fn open_on(
        disk: Disk,
        directory: &Path,
        poison: Poison,
        reserve: Arc<Reserve>,
    ) -> Result<Self, StoreError> {
        let layout = Layout::open(&disk, directory, &poison)?;
        for name in disk.names(layout.tmp())? {
            disk.unlink(&layout.tmp().join(name))?;
        }
        let deletions = Deletions::open(&disk, directory)?;
        let memory = MemoryShare::default();
        Ok(Self { shared: Arc::new(Shared { disk, layout, poison, reserve, deletions, memory }) })
    }
}

impl Shared {
    /// Appends to the temporary file of a blob, making it first if need be.
    pub(super) fn append(
        &self,
        id: BlobId,
        file: Option<TemporaryFile>,
        segments: &[Bytes],
    ) -> Result<TemporaryFile, StoreError> {
        self.reserve.ensure()?;
        let file = match file {
            Some(file) => file,
            None => TemporaryFile::create(&self.disk, self.layout.temporary(id))?,
        };
        self.disk.append(&file.file, &file.path, segments)?;
        Ok(file)
    }

    /// The first half of the write order: fsync of the file, rename, fsync of the directory and of the ones above it
    /// that are new.
    pub(super) fn make_durable(&self, id: BlobId, file: TemporaryFile) -> Result<(), StoreError> {
        self.poison.check()?;
        self.disk.sync(&file.file, &file.path, &self.poison)?;
        let directory = self.layout.make_durable_parent(&self.disk, id, &self.poison)?;
        self.disk.rename(&file.path, &self.layout.blob(id))?;
        file.keep();
        self.disk.sync_dir(&directory, &self.poison)
    }

    fn list(&self, first: u8) -> Result<Vec<BlobId>, StoreError> {
        ids_in(&self.disk, &self.layout.directory(first), first)
    }
}

#[async_trait]
impl Blobs for FileBlobs {
    async fn begin(&self, _size_hint: Option<u64>) -> Result<Box<dyn BlobWriter>, StoreError> {
        self.shared.poison.check()?;
        if !self.shared.reserve.is_held() {
            let shared = Arc::clone(&self.shared);
            on_blocking_pool(move || shared.reserve.ensure()).await?;
        }
        let id = BlobId::random().map_err(|error| StoreError::Io {
            action: "asking for random bytes",
            place: "the operating system".into(),
            reason: error.to_string(),
        })?;
        Ok(Box::new(FileWriter::new(Arc::clone(&self.shared), id)))
    }

    async fn open(&self, blob: StoredBlob) -> Result<Option<Box<dyn OpenBlob>>, StoreError> {
        let path = self.shared.layout.blob(blob.id);
        let disk = self.shared.disk.clone();
        let opened = match disk.open_cached(&path) {
            Some(file) => Some(OpenFile::new(disk, file, path, blob)),
            None => {
                on_blocking_pool(move || {
                    Ok(disk.open(&path)?.map(|file| OpenFile::new(disk, file, path, blob)))
                })
                .await?
            }
        };
        Ok(opened.map(|file| Box::new(file) as Box<dyn OpenBlob>))
    }

    async fn delete(&self, id: BlobId) -> Result<bool, StoreError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_pool(move || {
            let may = shared.deletions.are_allowed();
            if may { shared.disk.unlink(&shared.layout.blob(id)) } else { Ok(false) }
        })
        .await
    }

    async fn list(&self, first: u8) -> Result<Vec<BlobId>, StoreError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_pool(move || shared.list(first)).await
    }

    async fn watch_backups(&self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_pool(move || shared.deletions.watch(Limits::default())).await
    }

    async fn age(&self, id: BlobId) -> Result<Option<Duration>, StoreError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_pool(move || shared.disk.age(&shared.layout.blob(id))).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn engine(directory: &Path, room: usize) -> (Disk, FileBlobs) {
        let disk = Disk { room: Some(Arc::new(AtomicUsize::new(room))), ..Disk::default() };
        let reserve = Arc::new(Reserve::open(directory).unwrap());
        let blobs = FileBlobs::open_on(disk.clone(), directory, Poison::default(), reserve).unwrap();
        (disk, blobs)
    }

    async fn write(blobs: &FileBlobs, length: usize) -> Result<StoredBlob, StoreError> {
        let mut writer = blobs.begin(None).await?;
        for _ in 0..length.div_ceil(100_000) {
            writer.write(Bytes::from_static(&[7; 100_000])).await?;
        }
        writer.finish().await
    }

    async fn is_empty(path: &Path) -> bool {
        let began = std::time::Instant::now();
        while began.elapsed() < std::time::Duration::from_secs(60) {
            if std::fs::read_dir(path).unwrap().next().is_none() {
                return true;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        false
    }

    #[tokio::test]
    async fn a_full_disk_passes() {
        let directory = tempfile::tempdir().unwrap();
        let (disk, blobs) = engine(directory.path(), 5_000_000);
        let first = write(&blobs, 2_000_000).await.unwrap();
        for length in [4_000_000, 20_000_000] {
            let refused = write(&blobs, length).await.unwrap_err();
            let StoreError::DiskFull { place, .. } = &refused else { panic!("{refused}") };
            assert!(place.contains("/tmp/"), "{place}");
            assert!(is_empty(&directory.path().join("tmp")).await);
            disk.room.as_ref().unwrap().store(3_000_000, Ordering::SeqCst);
        }
        assert!(blobs.open(first).await.unwrap().is_some());
        assert_eq!(blobs.delete(first.id).await, Ok(true));
        assert!(write(&blobs, 1_000_000).await.is_ok());
    }

    #[tokio::test]
    async fn a_failed_fsync_does_not() {
        let directory = tempfile::tempdir().unwrap();
        let (disk, blobs) = engine(directory.path(), usize::MAX);
        let first = write(&blobs, 2_000_000).await.unwrap();
        disk.fsync_fails.store(true, Ordering::SeqCst);
        let StoreError::Stopped { reason } = write(&blobs, 100_000).await.unwrap_err() else { panic!() };
        assert!(reason.contains("fsync") && reason.contains("/tmp/"), "{reason}");
        // The next fsync would succeed, and would prove nothing.
        disk.fsync_fails.store(false, Ordering::SeqCst);
        assert_eq!(write(&blobs, 100_000).await, Err(StoreError::Stopped { reason }));
        assert!(is_empty(&directory.path().join("tmp")).await);
        assert!(blobs.open(first).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn what_an_earlier_process_left_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let (_, blobs) = engine(directory.path(), usize::MAX);
        let blob = write(&blobs, 100_000).await.unwrap();
        drop(blobs);
        std::fs::write(directory.path().join("tmp/00000000000000000000000000000001"), "half").unwrap();
        let (_, blobs) = engine(directory.path(), usize::MAX);
        assert!(is_empty(&directory.path().join("tmp")).await);
        assert!(blobs.open(blob).await.unwrap().is_some());
    }
}
