//! One process to a data directory.

use std::fs::File;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::Disk;
use super::directory::Directory;
use crate::{OpenError, Poison, StoreError};

/// The file that is locked.
pub(crate) const NAME: &str = "lock";

/// The lock on a data directory. It ends when this is dropped, and when the process ends in whatever way.
///
/// The directory itself is locked, and a file in it: the file can be removed by somebody who takes it for a stale one, and
/// not every file system locks directories.
#[derive(Debug)]
pub struct DirectoryLock {
    directory: Directory,
    is_read_only: bool,
    _file: Option<File>,
    _on_directory: File,
}

impl DirectoryLock {
    /// Makes the directory if need be, and locks it.
    ///
    /// # Errors
    /// [`OpenError::Locked`] when another process has it; [`OpenError::Store`] when it cannot be made or opened.
    pub fn acquire(directory: &Path) -> Result<Self, OpenError> {
        Self::acquire_on(&Disk::default(), directory)
    }

    fn acquire_on(disk: &Disk, directory: &Path) -> Result<Self, OpenError> {
        disk.make_dirs(directory)?;
        // Also where it was there already: whoever made it may not have done that, or not have come so far.
        disk.sync_dirs_above(directory, &Poison::default())?;
        let lock = Self::acquire_existing(disk, directory)?;
        if lock.is_read_only {
            return Err(OpenError::ReadOnly { directory: directory.to_owned() });
        }
        Ok(lock)
    }

    /// Locks a directory that is there, and makes nothing but the file of the lock, which a directory that cannot be
    /// written to does without.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire).
    pub(crate) fn acquire_existing(disk: &Disk, path: &Path) -> Result<Self, OpenError> {
        let locked = || OpenError::Locked { directory: path.to_owned() };
        let directory = Directory::open(path)?;
        let on_directory = directory.reopen()?;
        // Not every file system locks directories: the file does, then.
        if flock(&on_directory, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK) {
            return Err(locked());
        }
        let at = directory.entry(NAME);
        let (file, is_read_only) = match disk.create_or_open(&at) {
            Ok(file) => (Some(file), false),
            // A lock writes nothing: what is there can be locked all the same.
            Err(refused) => match disk.open(&at) {
                Ok(Some(file)) => (Some(file), true),
                Ok(None) if matches!(refused, StoreError::ReadOnly { .. }) => (None, true),
                _ => return Err(refused.into()),
            },
        };
        let file = match file {
            Some(file) => Some(disk.lock(file, &at)?.ok_or_else(locked)?),
            None => None,
        };
        Ok(Self { directory, is_read_only, _file: file, _on_directory: on_directory })
    }

    /// Whether nothing can be written in the directory.
    pub(crate) fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    /// The directory that is locked.
    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn the_second_is_refused_until_the_first_is_gone() -> Result<(), Box<dyn std::error::Error>> {
        let base = tempfile::tempdir()?;
        let directory = base.path().join("made/on/the/way");
        let first = DirectoryLock::acquire(&directory)?;
        let second = DirectoryLock::acquire(&directory).err();
        assert_eq!(second, Some(OpenError::Locked { directory: directory.clone() }));
        assert!(second.is_some_and(|error| error.to_string().contains(&directory.display().to_string())));
        drop(first);
        DirectoryLock::acquire(&directory)?;
        Ok(())
    }

    #[test]
    fn the_way_to_the_directory_is_durable_whoever_made_it() {
        let base = tempfile::tempdir().unwrap();
        let base = base.path().canonicalize().unwrap();
        let made_by_the_store = base.join("a/b/data");
        let made_before = base.join("c/d/data");
        std::fs::create_dir_all(&made_before).unwrap();
        let link = base.join("link");
        std::os::unix::fs::symlink(&made_before, &link).unwrap();
        let above = |names: [&str; 3]| names.map(|name| base.join(name)).to_vec();
        for (directory, expected) in [
            (&made_by_the_store, above(["a/b", "a", ""])),
            (&made_before, above(["c/d", "c", ""])),
            (&link, above(["c/d", "c", ""])),
        ] {
            let disk = Disk::default();
            DirectoryLock::acquire_on(&disk, directory).unwrap();
            let synced: Vec<PathBuf> = disk.synced.lock().unwrap().clone();
            let expected: Vec<PathBuf> = expected.iter().map(|path| path.components().collect()).collect();
            assert!(synced.starts_with(&expected), "{}: {synced:?}", directory.display());
        }
        for made in ["a", "a/b", "a/b/data"] {
            let mode = std::fs::metadata(base.join(made)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{made}");
        }
        let disk = Disk::default();
        disk.fsync_fails.store(true, std::sync::atomic::Ordering::SeqCst);
        assert!(DirectoryLock::acquire_on(&disk, &made_before).is_err());
    }
}
