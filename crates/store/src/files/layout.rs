//! Where things are in the data directory.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::Disk;
use super::directory::{Directory, Entry, Located};
use crate::{Aside, BlobId, Poison, StoreError};

/// Two levels of sixteen directories: a million blobs are four thousand to a directory, and an fsync of a directory is
/// likely to serve several uploads.
const FAN_OUT: u8 = 16;

/// The places of blobs below directories that are open, and which of their directories are known to be durable.
#[derive(Debug)]
pub(super) struct Layout {
    blobs: Directory,
    tmp: Directory,
    durable: Vec<AtomicBool>,
}

impl Layout {
    /// Makes the directories that are always there, and opens them.
    pub(super) fn open(disk: &Disk, root: &Directory, poison: &Poison) -> Result<Self, StoreError> {
        disk.make_dir(&root.entry("blobs"))?;
        disk.make_dir(&root.entry("tmp"))?;
        let (blobs, mut tmp) = (root.open_below("blobs")?, root.open_below("tmp")?);
        if !tmp.shares_its_file_system_with(&blobs)? {
            // `blobs` is a link to another disk, or one is mounted there: an upload must be renamed into it.
            disk.make_dir(&blobs.entry("tmp"))?;
            tmp = blobs.open_below("tmp")?;
        }
        require_one_file_system(disk, &blobs)?;
        disk.sync_dir(&blobs, poison)?;
        disk.sync_dir(root, poison)?;
        let durable = (0..usize::from(FAN_OUT).pow(2)).map(|_| AtomicBool::new(false)).collect();
        Ok(Self { blobs, tmp, durable })
    }

    /// The directory of all blobs.
    pub(super) fn blobs(&self) -> &Directory {
        &self.blobs
    }

    /// The directory of uploads that have not ended.
    pub(super) fn tmp(&self) -> &Directory {
        &self.tmp
    }

    /// A directory of blobs that were set aside. It is made when it is needed.
    pub(super) fn directory_aside(&self, aside: Aside) -> Entry {
        self.blobs.entry(aside.name())
    }

    /// Where a blob is while it is written.
    pub(super) fn temporary(&self, id: BlobId) -> Entry {
        self.tmp.entry(id.to_string())
    }

    /// Where a blob is when it is finished.
    pub(super) fn blob(&self, id: BlobId) -> Entry {
        self.blobs.entry(relative(Self::directory_of(id), Some(id)))
    }

    /// Where a blob is when it was set aside: below the directory of all blobs too, and so on its disk.
    pub(super) fn aside(&self, aside: Aside, id: BlobId) -> Entry {
        self.blobs.entry(format!("{}/{id}", aside.name()))
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
    ) -> Result<Entry, StoreError> {
        let at = Self::directory_of(id);
        let directory = self.directory(at);
        let durable = self.durable.get(usize::from(at));
        if durable.is_some_and(|known| known.load(Ordering::Acquire)) {
            return Ok(directory);
        }
        let parent = self.blobs.entry(format!("{:x}", at / FAN_OUT));
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
        blobs.join(relative(at, None))
    }

    /// A directory of blobs.
    pub(super) fn directory(&self, at: u8) -> Entry {
        self.blobs.entry(relative(at, None))
    }
}

/// The path of a directory, or of a blob in it, below the directory of all blobs.
fn relative(at: u8, id: Option<BlobId>) -> String {
    let (first, second) = (at / FAN_OUT, at % FAN_OUT);
    match id {
        None => format!("{first:x}/{second:x}"),
        Some(id) => format!("{first:x}/{second:x}/{id}"),
    }
}

/// Refuses directories of blobs that are on another disk than the rest: no upload could be renamed into them.
fn require_one_file_system(disk: &Disk, blobs: &Directory) -> Result<(), StoreError> {
    let second =
        (0..FAN_OUT).flat_map(|first| (0..FAN_OUT).map(move |second| format!("{first:x}/{second:x}")));
    for name in (0..FAN_OUT).map(|first| format!("{first:x}")).chain(second) {
        if disk.length(&blobs.entry(&name))?.is_none() {
            continue;
        }
        let directory = blobs.open_below(&name)?;
        if !directory.shares_its_file_system_with(blobs)? {
            let reason = "it is on another file system than `blobs`, and only `blobs` as a whole may be elsewhere; copy it \
                          into `blobs`";
            let place = directory.shown().display().to_string();
            return Err(StoreError::Io {
                action: "opening a directory of blobs",
                place,
                reason: reason.into(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_two_levels_down() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let disk = Disk::default();
        let layout = Layout::open(&disk, &Directory::open(directory.path())?, &Poison::default())?;
        let id: BlobId = "4f000000000000000000000000000001".parse()?;
        let path = directory.path().join("blobs/4/f/4f000000000000000000000000000001");
        assert_eq!(layout.blob(id).shown(), path);
        let parent = layout.make_durable_parent(&disk, id, &Poison::default())?;
        assert_eq!(parent.shown(), directory.path().join("blobs/4/f"));
        assert!(directory.path().join("blobs/4/f").is_dir());
        assert_eq!(layout.directory(Layout::directory_of(id)).shown(), directory.path().join("blobs/4/f"));
        assert_eq!(
            Layout::directory_in(&directory.path().join("blobs"), 0x4f),
            directory.path().join("blobs/4/f")
        );
        Ok(())
    }
}
