//! One process to a data directory.

use std::fs::File;
use std::path::Path;

use super::Disk;
use crate::{OpenError, Poison, StoreError};

/// The lock on a data directory. It ends when this is dropped, and when the process ends in whatever way.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Makes the directory if need be, and locks it.
    ///
    /// # Errors
    /// [`OpenError::Locked`] when another process has it; [`OpenError::Store`] when it cannot be made or opened.
    pub fn acquire(directory: &Path) -> Result<Self, OpenError> {
        let disk = Disk::default();
        make_durable(&disk, directory)?;
        match disk.lock(&directory.join("lock"))? {
            Some(file) => Ok(Self { _file: file }),
            None => Err(OpenError::Locked { directory: directory.to_owned() }),
        }
    }
}

/// Makes a directory and the ones above it, each synced into the one above.
fn make_durable(disk: &Disk, directory: &Path) -> Result<(), StoreError> {
    if directory.is_dir() {
        return Ok(());
    }
    let parent =
        directory.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    if let Some(parent) = parent {
        make_durable(disk, parent)?;
    }
    disk.make_dir(directory)?;
    parent.map_or(Ok(()), |parent| disk.sync_dir(parent, &Poison::default()))
}

#[cfg(test)]
mod tests {
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
}
