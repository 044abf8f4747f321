//! The blobs of a data directory, or of a backup, for those that read or copy all of them.

use std::path::{Path, PathBuf};

use super::Disk;
use super::blobs_marker;
use super::directory::Located;
use super::layout::Layout;
use crate::{Aside, BlobId, Poison, StoreError};

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

    /// Where the file of a blob was set aside, if it was and is not in its place.
    fn aside(&self, id: BlobId) -> Result<Option<(Aside, PathBuf)>, StoreError> {
        if self.disk.length(&self.path(id))?.is_some() {
            return Ok(None);
        }
        for aside in Aside::ALL {
            let path = self.blobs.join(aside.name()).join(id.to_string());
            if self.disk.length(&path)?.is_some() {
                return Ok(Some((aside, path)));
            }
        }
        Ok(None)
    }

    /// Where the file of a blob is to be read: where it was set aside, if it was, and in its place otherwise.
    pub(crate) fn find(&self, id: BlobId) -> (PathBuf, Option<Aside>) {
        match self.aside(id) {
            Ok(Some((aside, path))) => (path, Some(aside)),
            // What cannot be looked at cannot be read either, and is found to be damaged.
            Ok(None) | Err(_) => (self.path(id), None),
        }
    }

    /// The blobs that were set aside.
    pub(crate) fn list_aside(&self, aside: Aside) -> Result<Vec<BlobId>, StoreError> {
        all_ids_in(&self.disk, &self.blobs.join(aside.name()))
    }

    /// The blobs whose ids begin with this byte, in the order of their ids.
    pub(crate) fn list(&self, first: u8) -> Result<Vec<BlobId>, StoreError> {
        ids_in(&self.disk, &self.directory(first), first)
    }

    /// Makes all directories that blobs may be in, and marks the one that holds them; [`sync_all`](Self::sync_all) makes them durable.
    pub(crate) fn make_all(&self) -> Result<(), StoreError> {
        self.disk.make_dir(&self.blobs)?;
        for at in 0..=u8::MAX {
            let directory = self.directory(at);
            if let Some(parent) = directory.parent() {
                self.disk.make_dir(parent)?;
            }
            self.disk.make_dir(&directory)?;
        }
        blobs_marker::mark(&self.disk, &self.blobs.join(blobs_marker::NAME), &Poison::default())
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

/// The ids of the blobs in one of the directories of the fan-out, in their order.
pub(super) fn ids_in(
    disk: &Disk,
    directory: &(impl Located + ?Sized),
    first: u8,
) -> Result<Vec<BlobId>, StoreError> {
    let mut ids = all_ids_in(disk, directory)?;
    // One that somebody has put into the directory of others would be looked for elsewhere.
    ids.retain(|id| Layout::directory_of(*id) == first);
    Ok(ids)
}

/// The ids of the blobs in a directory, in their order.
pub(super) fn all_ids_in(
    disk: &Disk,
    directory: &(impl Located + ?Sized),
) -> Result<Vec<BlobId>, StoreError> {
    let names = disk.names(directory)?;
    let mut ids: Vec<BlobId> = names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect();
    ids.sort_unstable();
    Ok(ids)
}
