//! The blobs of a data directory, or of a backup, for those that read or copy all of them.

use std::path::{Path, PathBuf};

use super::Disk;
use super::layout::Layout;
use crate::{BlobId, Poison, StoreError};

/// The directory `blobs` of a data directory.
#[derive(Debug)]
pub(crate) struct BlobDirectory {
    disk: Disk,
    blobs: PathBuf,
}

impl BlobDirectory {
    pub(crate) fn new(disk: Disk, directory: &Path) -> Self {
        Self { disk, blobs: directory.join("blobs") }
    }

    pub(crate) fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Where the file of a blob is.
    pub(crate) fn path(&self, id: BlobId) -> PathBuf {
        self.directory(Layout::directory_of(id)).join(id.to_string())
    }

    /// The blobs whose ids begin with this byte, in the order of their ids.
    pub(crate) fn list(&self, first: u8) -> Result<Vec<BlobId>, StoreError> {
        ids_in(&self.disk, &self.directory(first), first)
    }

    /// Makes all directories that blobs may be in; [`sync_all`](Self::sync_all) makes them durable.
    pub(crate) fn make_all(&self) -> Result<(), StoreError> {
        self.disk.make_dir(&self.blobs)?;
        for at in 0..=u8::MAX {
            let directory = self.directory(at);
            if let Some(parent) = directory.parent() {
                self.disk.make_dir(parent)?;
            }
            self.disk.make_dir(&directory)?;
        }
        Ok(())
    }

    /// Makes the entries of all directories durable.
    pub(crate) fn sync_all(&self, poison: &Poison) -> Result<(), StoreError> {
        for at in 0..=u8::MAX {
            self.disk.sync_dir(&self.directory(at), poison)?;
        }
        for at in (0..=u8::MAX).step_by(16) {
            if let Some(parent) = self.directory(at).parent() {
                self.disk.sync_dir(parent, poison)?;
            }
        }
        self.disk.sync_dir(&self.blobs, poison)
    }

    fn directory(&self, at: u8) -> PathBuf {
        Layout::directory_in(&self.blobs, at)
    }
}

/// The ids of the blobs in one directory, in their order.
pub(super) fn ids_in(disk: &Disk, directory: &Path, first: u8) -> Result<Vec<BlobId>, StoreError> {
    let names = disk.names(directory)?;
    let mut ids: Vec<BlobId> = names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect();
    // One that somebody has put into the directory of others would be looked for elsewhere.
    ids.retain(|id| Layout::directory_of(*id) == first);
    ids.sort_unstable();
    Ok(ids)
}
