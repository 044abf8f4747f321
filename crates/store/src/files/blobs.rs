//! The blob engine of one machine: every blob a file.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::layout::Layout;
use super::reader::OpenFile;
use super::writer::{FileWriter, TemporaryFile};
use super::{Disk, Reserve};
use crate::blocking::on_blocking_pool;
use crate::{BlobEntry, BlobId, BlobWriter, Blobs, OpenBlob, Poison, StoreError};

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
        Ok(Self { shared: Arc::new(Shared { disk, layout, poison, reserve }) })
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

    fn list(&self, after: Option<BlobId>, limit: usize) -> Result<Vec<BlobEntry>, StoreError> {
        let mut entries = Vec::new();
        for directory in self.layout.directories(after) {
            let names = self.disk.names(&directory)?;
            let mut ids: Vec<BlobId> = names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect();
            ids.retain(|id| after.is_none_or(|after| *id > after));
            ids.sort_unstable();
            for id in ids {
                if entries.len() == limit {
                    return Ok(entries);
                }
                if let Some(age) = self.disk.age(&self.layout.blob(id))? {
                    entries.push(BlobEntry { id, age });
                }
            }
        }
        Ok(entries)
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

    async fn open(&self, id: BlobId) -> Result<Option<Box<dyn OpenBlob>>, StoreError> {
        let path = self.shared.layout.blob(id);
        let disk = self.shared.disk.clone();
        let opened = match disk.open_cached(&path) {
            Some(file) => Some(OpenFile::new(disk, file, path)?),
            None => {
                on_blocking_pool(move || {
                    disk.open(&path)?.map(|file| OpenFile::new(disk, file, path)).transpose()
                })
                .await?
            }
        };
        Ok(opened.map(|file| Box::new(file) as Box<dyn OpenBlob>))
    }

    async fn delete(&self, id: BlobId) -> Result<bool, StoreError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_pool(move || shared.disk.unlink(&shared.layout.blob(id))).await
    }

    async fn list(&self, after: Option<BlobId>, limit: usize) -> Result<Vec<BlobEntry>, StoreError> {
        let shared = Arc::clone(&self.shared);
        on_blocking_pool(move || shared.list(after, limit)).await
    }
}
