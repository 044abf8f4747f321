//! Directories that are opened once. What is below one is reached through its descriptor, so it stays the directory that was
//! opened and locked, whatever its path leads to later.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, Stat, StatxFlags, fstat, openat, statat, statx};
use rustix::io::Errno;

use super::disk::failure;
use crate::StoreError;

/// A directory that is open.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    fd: Arc<OwnedFd>,
    /// Where it was when it was opened. For messages, and for SQLite, which opens its files by their paths.
    path: Arc<Path>,
}

impl Directory {
    /// Opens the directory at a path.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_at(path)
    }

    /// Opens a directory below this one. A link is followed: it may lead to another disk.
    pub(crate) fn open_below(&self, name: &str) -> Result<Self, StoreError> {
        Self::open_at(&self.entry(name))
    }

    fn open_at(at: &(impl Located + ?Sized)) -> Result<Self, StoreError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = openat(at.base(), at.relative(), flags, Mode::empty())
            .map_err(|error| failure("opening the directory", &at.shown(), &error.into()))?;
        Ok(Self { fd: Arc::new(fd), path: at.shown().into() })
    }

    /// The same directory, opened once more, for a lock that ends before this is closed.
    pub(crate) fn reopen(&self) -> Result<File, StoreError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat(&*self.fd, ".", flags, Mode::empty())
            .map(File::from)
            .map_err(|error| failure("opening the directory", &self.path, &error.into()))
    }

    /// Whether files can be renamed from one to the other.
    pub(crate) fn shares_its_file_system_with(&self, other: &Self) -> Result<bool, StoreError> {
        Ok(self.mount()? == other.mount()? && self.identity()?.device == other.identity()?.device)
    }

    /// The number of its mount, where the kernel tells (Linux 5.8): nothing is renamed from one mount of a file system to
    /// another either.
    fn mount(&self) -> Result<Option<u64>, StoreError> {
        match statx(&*self.fd, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID) {
            Ok(known) if StatxFlags::from_bits_retain(known.stx_mask).contains(StatxFlags::MNT_ID) => {
                Ok(Some(known.stx_mnt_id))
            }
            Ok(_) | Err(Errno::NOSYS) => Ok(None),
            Err(error) => Err(failure("stat", &self.path, &error.into())),
        }
    }

    /// Where it was when it was opened.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What has this name in it, or below it. Nothing is looked up yet.
    pub(crate) fn entry(&self, relative: impl Into<PathBuf>) -> Entry {
        Entry { directory: self.clone(), relative: relative.into() }
    }

    /// Which directory it is.
    pub(crate) fn identity(&self) -> Result<Identity, StoreError> {
        fstat(&*self.fd)
            .map(|stat| Identity::of(&stat))
            .map_err(|error| failure("stat", &self.path, &error.into()))
    }
}

/// A name below a directory that is open.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    directory: Directory,
    relative: PathBuf,
}

/// Where a file is: at a path, or below a directory that is open.
pub(crate) trait Located {
    /// What the relative path begins at.
    fn base(&self) -> BorrowedFd<'_>;
    /// The path from there.
    fn relative(&self) -> &Path;
    /// The whole path, for messages.
    fn shown(&self) -> PathBuf;
}

impl Located for Entry {
    fn base(&self) -> BorrowedFd<'_> {
        self.directory.fd.as_fd()
    }

    fn relative(&self) -> &Path {
        &self.relative
    }

    fn shown(&self) -> PathBuf {
        self.directory.path.join(&self.relative)
    }
}

impl Located for Directory {
    fn base(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    fn relative(&self) -> &Path {
        Path::new(".")
    }

    fn shown(&self) -> PathBuf {
        self.path.to_path_buf()
    }
}

impl Located for Path {
    fn base(&self) -> BorrowedFd<'_> {
        CWD
    }

    fn relative(&self) -> &Path {
        self
    }

    fn shown(&self) -> PathBuf {
        self.to_owned()
    }
}

impl Located for PathBuf {
    fn base(&self) -> BorrowedFd<'_> {
        CWD
    }

    fn relative(&self) -> &Path {
        self
    }

    fn shown(&self) -> PathBuf {
        self.clone()
    }
}

/// Which file it is, by whatever name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(stat: &Stat) -> Self {
        Self { device: stat.st_dev, inode: stat.st_ino }
    }

    /// Which file is there at this moment; links are followed. `None`: none is.
    pub(crate) fn at(at: &(impl Located + ?Sized)) -> Result<Option<Self>, StoreError> {
        match statat(at.base(), at.relative(), AtFlags::empty()) {
            Ok(stat) => Ok(Some(Self::of(&stat))),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(failure("stat", &at.shown(), &error.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Disk;

    #[test]
    fn what_is_below_an_open_directory_stays_there_when_another_has_its_path() {
        let base = tempfile::tempdir().unwrap();
        let (path, disk) = (base.path().join("d"), Disk::default());
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("f"), "old").unwrap();
        let directory = Directory::open(&path).unwrap();
        let file = directory.entry("f");
        assert_eq!(Identity::at(&file), Identity::at(&path.join("f")));
        std::fs::rename(&path, base.path().join("moved")).unwrap();
        assert_eq!(Identity::at(&path), Ok(None));
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("f"), "new").unwrap();

        assert_ne!(Identity::at(&path), directory.identity().map(Some));
        assert_ne!(Identity::at(&file), Identity::at(&path.join("f")));
        assert_eq!(disk.unlink(&file), Ok(true));
        assert_eq!(disk.unlink(&file), Ok(false));
        assert_eq!(std::fs::read(path.join("f")).unwrap(), b"new");
        assert!(!base.path().join("moved/f").exists());
        assert_eq!(file.shown(), path.join("f"));
    }
}
