//! Where things are in the data directory.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::Disk;
use crate::{BlobId, Poison, StoreError};

/// Two levels of sixteen directories: a million blobs are four thousand to a directory, and an fsync of a directory is
/// likely to serve several uploads.
const FAN_OUT: u8 = 16;

/// The paths of blobs, and which of their directories are known to be durable.
#[derive(Debug)]
pub(super) struct Layout {
    blobs: PathBuf,
    tmp: PathBuf,
    durable: Vec<AtomicBool>,
}

impl Layout {
    /// Makes the directories that are always there.
    pub(super) fn open(disk: &Disk, directory: &Path, poison: &Poison) -> Result<Self, StoreError> {
        let durable = (0..usize::from(FAN_OUT).pow(2)).map(|_| AtomicBool::new(false)).collect();
        let layout = Self { blobs: directory.join("blobs"), tmp: directory.join("tmp"), durable };
        disk.make_dir(&layout.blobs)?;
        disk.make_dir(&layout.tmp)?;
        disk.sync_dir(directory, poison)?;
        Ok(layout)
    }

    /// The directory of uploads that have not ended.
    pub(super) fn tmp(&self) -> &Path {
        &self.tmp
    }

    /// Where a blob is while it is written.
    pub(super) fn temporary(&self, id: BlobId) -> PathBuf {
        self.tmp.join(id.to_string())
    }

    /// Where a blob is when it is finished.
    pub(super) fn blob(&self, id: BlobId) -> PathBuf {
        self.directory(Self::directory_of(id)).join(id.to_string())
    }

    /// Which of the directories a blob is in: its first two hexadecimal digits.
    pub(super) fn directory_of(id: BlobId) -> u8 {
        let [first, ..] = id.0;
        first
    }

    /// Makes the directory of a blob. When this returns, the directory survives a loss of power, whoever made it: an
    /// entry that another upload, or an earlier process, made may not have been synced yet.
    pub(super) fn make_durable_parent(
        &self,
        disk: &Disk,
        id: BlobId,
        poison: &Poison,
    ) -> Result<PathBuf, StoreError> {
        let at = Self::directory_of(id);
        let directory = self.directory(at);
        let durable = self.durable.get(usize::from(at));
        if durable.is_some_and(|known| known.load(Ordering::Acquire)) {
            return Ok(directory);
        }
        let parent = self.parent(at);
        disk.make_dir(&parent)?;
        disk.make_dir(&directory)?;
        disk.sync_dir(&parent, poison)?;
        disk.sync_dir(&self.blobs, poison)?;
        if let Some(known) = durable {
            known.store(true, Ordering::Release);
        }
        Ok(directory)
    }

    /// The directory of this number below a directory of all blobs.
    pub(super) fn directory_in(blobs: &Path, at: u8) -> PathBuf {
        let mut path = blobs.join(format!("{:x}", at / FAN_OUT));
        path.push(format!("{:x}", at % FAN_OUT));
        path
    }

    fn parent(&self, at: u8) -> PathBuf {
        self.blobs.join(format!("{:x}", at / FAN_OUT))
    }

    /// A directory of blobs.
    pub(super) fn directory(&self, at: u8) -> PathBuf {
        Self::directory_in(&self.blobs, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_two_levels_down() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let disk = Disk::default();
        let layout = Layout::open(&disk, directory.path(), &Poison::default())?;
        let id: BlobId = "4f000000000000000000000000000001".parse()?;
        let path = directory.path().join("blobs/4/f/4f000000000000000000000000000001");
        assert_eq!(layout.blob(id), path);
        assert_eq!(
            layout.make_durable_parent(&disk, id, &Poison::default())?,
            directory.path().join("blobs/4/f")
        );
        assert!(directory.path().join("blobs/4/f").is_dir());
        assert_eq!(layout.directory(Layout::directory_of(id)), directory.path().join("blobs/4/f"));
        Ok(())
    }
}
