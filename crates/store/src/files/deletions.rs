//! The file by which a backup, which is another process, keeps a server from deleting blobs.
//!
//! A blob is deleted after the row that named it is gone. So a backup that holds the file first and looks at the rows then
//! finds every blob that they name: one whose deletion was begun before has no row any more, and none is begun while the
//! backup holds the file. What is not deleted then, the collector deletes later.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::Disk;
use super::directory::{Directory, Entry};
use super::disk::failure;
use crate::StoreError;

const NAME: &str = "backup.lock";

/// The server's side.
#[derive(Debug)]
pub(super) struct Deletions {
    disk: Disk,
    place: Entry,
}

impl Deletions {
    pub(super) fn open(disk: &Disk, directory: &Directory) -> Result<Self, StoreError> {
        let place = directory.entry(NAME);
        // The next backup can rely on it, also one that may not write here.
        disk.create_or_open(&place)?;
        Ok(Self { disk: disk.clone(), place })
    }

    /// Whether blobs may be deleted at this moment. Where that cannot be told they may not: they take space, and no more.
    pub(super) fn are_allowed(&self) -> bool {
        // Each time anew: somebody may have removed the file, and the next backup made another.
        let Ok(file) = self.disk.create_or_open(&self.place) else { return false };
        let is_free = file.try_lock().is_ok();
        // Whoever waits for it has waited for no longer than this.
        is_free && file.unlock().is_ok()
    }
}

/// The backup's side: no blob is deleted while this lives.
#[derive(Debug)]
pub(crate) struct NoDeletions {
    /// None where nothing can be written and no server ever was: nothing is deleted there.
    _file: Option<File>,
}

impl NoDeletions {
    pub(crate) fn hold(disk: &Disk, directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(NAME);
        let file = match disk.create_or_open(&path) {
            Ok(file) => file,
            // A lock writes nothing: what is there can be locked all the same.
            Err(refused) => match disk.open(&path)? {
                Some(file) => file,
                None if matches!(refused, StoreError::ReadOnly { .. }) => return Ok(Self { _file: None }),
                None => return Err(refused),
            },
        };
        match file.try_lock_shared() {
            Ok(()) => {}
            // A server looks at it just now.
            Err(TryLockError::WouldBlock) => {
                file.lock_shared().map_err(|error| failure("locking the file", &path, &error))?;
            }
            Err(TryLockError::Error(error)) => return Err(failure("locking the file", &path, &error)),
        }
        Ok(Self { _file: Some(file) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_a_backup_holds_the_file_nothing_is_deleted() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let deletions = Deletions::open(&Disk::default(), &Directory::open(directory.path())?)?;
        assert!(deletions.are_allowed() && deletions.are_allowed());
        let first = NoDeletions::hold(&Disk::default(), directory.path())?;
        assert!(!deletions.are_allowed());
        let second = NoDeletions::hold(&Disk::default(), directory.path())?;
        drop(first);
        assert!(!deletions.are_allowed());
        drop(second);
        assert!(deletions.are_allowed());
        Ok(())
    }
}
