//! Every system call on a file that is not SQLite's, so that they can be counted, and made to fail, in one place.

use std::ffi::OsString;
use std::fs::{DirBuilder, File, TryLockError};
use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Write};
use std::ops::Range;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use rustix::fs::{AtFlags, FallocateFlags, Mode, OFlags, ResolveFlags, Stat, Timespec, Timestamps};
use rustix::io::{Errno, ReadWriteFlags};

use super::buffers::Buffers;
use super::directory::Located;
use crate::{Poison, StoreError};

/// The disk. Every error it gives names the path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    /// What files are read into.
    pub(super) buffers: Buffers,
    /// What may still be written before the disk acts as if it were full.
    #[cfg(test)]
    pub(crate) room: Option<std::sync::Arc<std::sync::atomic::AtomicUsize>>,
    /// Makes every fsync fail from now on.
    #[cfg(test)]
    pub(crate) fsync_fails: std::sync::Arc<std::sync::atomic::AtomicBool>,
    /// How many reads succeed before all fail.
    #[cfg(test)]
    pub(crate) reads: Option<std::sync::Arc<std::sync::atomic::AtomicUsize>>,
    /// The directories that were synced.
    #[cfg(test)]
    pub(crate) synced: std::sync::Arc<std::sync::Mutex<Vec<std::path::PathBuf>>>,
}

impl Disk {
    /// A disk that acts as if it were full once `room` is used up.
    #[cfg(test)]
    pub(crate) fn with_room(room: &std::sync::Arc<std::sync::atomic::AtomicUsize>) -> Self {
        Self { room: Some(std::sync::Arc::clone(room)), ..Self::default() }
    }

    /// Makes a directory that only its owner may enter; says whether it was not there.
    pub(crate) fn make_dir(&self, at: &(impl Located + ?Sized)) -> Result<bool, StoreError> {
        match rustix::fs::mkdirat(at.base(), at.relative(), Mode::RWXU) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            Err(error) => Err(failure("making the directory", &at.shown(), &error.into())),
        }
    }

    /// Makes a directory that only its owner may enter, and those above it that are missing.
    pub(crate) fn make_dirs(&self, path: &Path) -> Result<(), StoreError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|error| failure("making the directory", path, &error))
    }

    /// Makes the way to a directory durable, from its own entry up to the root of its file system.
    pub(crate) fn sync_dirs_above(&self, path: &Path, poison: &Poison) -> Result<(), StoreError> {
        let failed = |error: io::Error| failure("looking for the directory", path, &error);
        let path = path.canonicalize().map_err(failed)?;
        let device = path.metadata().map_err(failed)?.dev();
        for above in path.ancestors().skip(1) {
            if above.metadata().map_err(failed)?.dev() != device {
                break;
            }
            // Whoever may not read a directory cannot sync it.
            if File::open(above).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied) {
                continue;
            }
            self.sync_dir(above, poison)?;
        }
        Ok(())
    }

    /// Makes the entries of a directory durable. If it cannot, nothing is to be written any more.
    pub(crate) fn sync_dir(&self, at: &(impl Located + ?Sized), poison: &Poison) -> Result<(), StoreError> {
        let directory = open_file(at, OFlags::RDONLY | OFlags::DIRECTORY)
            .map_err(|error| failure("opening the directory", &at.shown(), &error))?;
        #[cfg(test)]
        self.synced.lock().unwrap().push(at.shown());
        self.faulty_fsync()
            .and_then(|()| directory.sync_all())
            .map_err(|error| lost("fsync of the directory", &at.shown(), &error, poison))
    }

    /// Makes a file that only its owner may read. It must not exist.
    pub(crate) fn create(&self, at: &(impl Located + ?Sized)) -> Result<File, StoreError> {
        open_file(at, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL)
            .map_err(|error| failure("creating the file", &at.shown(), &error))
    }

    /// Opens a file for writing, or makes it.
    pub(crate) fn create_or_open(&self, at: &(impl Located + ?Sized)) -> Result<File, StoreError> {
        open_file(at, OFlags::WRONLY | OFlags::CREATE)
            .map_err(|error| failure("creating the file", &at.shown(), &error))
    }

    /// Appends all segments.
    pub(crate) fn append(
        &self,
        mut file: &File,
        at: &(impl Located + ?Sized),
        segments: &[Bytes],
    ) -> Result<(), StoreError> {
        let failed = |error: &io::Error| failure("writing", &at.shown(), error);
        self.take_room(segments.iter().map(Bytes::len).sum()).map_err(|error| failed(&error))?;
        let mut slices: Vec<IoSlice<'_>> = segments.iter().map(|segment| IoSlice::new(segment)).collect();
        let mut rest = slices.as_mut_slice();
        // Empty slices first, so that a write of nothing is not taken for a full disk.
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            match file.write_vectored(rest) {
                Ok(0) => return Err(failed(&ErrorKind::WriteZero.into())),
                Ok(written) => IoSlice::advance_slices(&mut rest, written),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(&error)),
            }
        }
        Ok(())
    }

    /// Makes a file's bytes and length durable. If it cannot, nothing is to be written any more.
    pub(crate) fn sync(
        &self,
        file: &File,
        at: &(impl Located + ?Sized),
        poison: &Poison,
    ) -> Result<(), StoreError> {
        self.faulty_fsync()
            .and_then(|()| file.sync_all())
            .map_err(|error| lost("fsync", &at.shown(), &error, poison))
    }

    /// Moves a file to another name on the same file system. What had that name is replaced.
    pub(crate) fn rename(
        &self,
        from: &(impl Located + ?Sized),
        to: &(impl Located + ?Sized),
    ) -> Result<(), StoreError> {
        rustix::fs::renameat(from.base(), from.relative(), to.base(), to.relative())
            .map_err(|error| failure("renaming", &to.shown(), &error.into()))
    }

    /// Moves a file to another name on the same file system; says whether it was there.
    pub(crate) fn rename_if_there(
        &self,
        from: &(impl Located + ?Sized),
        to: &(impl Located + ?Sized),
    ) -> Result<bool, StoreError> {
        match rustix::fs::renameat(from.base(), from.relative(), to.base(), to.relative()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(failure("renaming", &from.shown(), &error.into())),
        }
    }

    /// Gives a file the present moment as the time of its last write.
    pub(crate) fn touch(&self, at: &(impl Located + ?Sized)) -> Result<bool, StoreError> {
        let now = Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW };
        let times = Timestamps { last_access: now, last_modification: now };
        match rustix::fs::utimensat(at.base(), at.relative(), &times, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(failure("setting the time of the file", &at.shown(), &error.into())),
        }
    }

    /// Removes a file; says whether it was there.
    pub(crate) fn unlink(&self, at: &(impl Located + ?Sized)) -> Result<bool, StoreError> {
        match rustix::fs::unlinkat(at.base(), at.relative(), AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(failure("deleting the file", &at.shown(), &error.into())),
        }
    }

    /// Opens a file for reading if that needs no I/O. `None`: it would, or this kernel cannot tell.
    pub(crate) fn open_cached(&self, at: &(impl Located + ?Sized)) -> Option<File> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        rustix::fs::openat2(at.base(), at.relative(), flags, Mode::empty(), ResolveFlags::CACHED)
            .ok()
            .map(File::from)
    }

    /// Opens a file that exists, to make what was written to it durable.
    pub(crate) fn open_for_sync(&self, at: &(impl Located + ?Sized)) -> Result<File, StoreError> {
        open_file(at, OFlags::WRONLY).map_err(|error| failure("opening the file", &at.shown(), &error))
    }

    /// Opens a file for reading. `None`: it is not there.
    pub(crate) fn open(&self, at: &(impl Located + ?Sized)) -> Result<Option<File>, StoreError> {
        match open_file(at, OFlags::RDONLY) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failure("opening the file", &at.shown(), &error)),
        }
    }

    /// The length of a file. `None`: it is not there.
    pub(crate) fn length(&self, at: &(impl Located + ?Sized)) -> Result<Option<u64>, StoreError> {
        Ok(stat(at)?.map(|stat| u64::try_from(stat.st_size).unwrap_or(0)))
    }

    /// What is free for this user on the file system of a file, in bytes. `None`: it does not say.
    pub(crate) fn free_bytes(&self, file: &File) -> Option<u64> {
        #[cfg(test)]
        if let Some(room) = &self.room {
            return u64::try_from(room.load(std::sync::atomic::Ordering::SeqCst)).ok();
        }
        let system = rustix::fs::fstatvfs(file).ok()?;
        system.f_bavail.checked_mul(system.f_frsize)
    }

    /// How long ago a file was last written to. `None`: it is not there.
    pub(crate) fn age(&self, at: &(impl Located + ?Sized)) -> Result<Option<Duration>, StoreError> {
        let Some(stat) = stat(at)? else { return Ok(None) };
        // Before 1970 is long ago.
        let seconds = Duration::from_secs(u64::try_from(stat.st_mtime).unwrap_or(0));
        let modified = UNIX_EPOCH + seconds + Duration::from_nanos(stat.st_mtime_nsec);
        Ok(Some(SystemTime::now().duration_since(modified).unwrap_or_default()))
    }

    /// Up to `length` bytes at `offset` that are in the page cache; none of them when the first is not, or when this
    /// file system cannot tell.
    pub(crate) fn read_cached(&self, file: &File, offset: u64, length: usize) -> Bytes {
        let mut buffer = self.buffers.take(length);
        let mut slices = [IoSliceMut::new(buffer.as_mut())];
        match rustix::io::preadv2(file, &mut slices, offset, ReadWriteFlags::NOWAIT) {
            Ok(read) => buffer.freeze(read),
            Err(_) => Bytes::new(),
        }
    }

    /// Up to `length` bytes at `offset`; fewer only at the end of the file.
    pub(crate) fn read(
        &self,
        file: &File,
        at: &(impl Located + ?Sized),
        offset: u64,
        length: usize,
    ) -> Result<Bytes, StoreError> {
        self.faulty_read().map_err(|error| failure("reading", &at.shown(), &error))?;
        let mut buffer = self.buffers.take(length);
        let mut filled = 0;
        while let Some(rest) = buffer.as_mut().get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failure("reading", &at.shown(), &error)),
            }
        }
        Ok(buffer.freeze(filled))
    }

    /// The names in a directory, in no order. None when it is not there.
    pub(crate) fn names(&self, at: &(impl Located + ?Sized)) -> Result<Vec<OsString>, StoreError> {
        let failed = |error: io::Error| failure("reading the directory", &at.shown(), &error);
        let directory = match open_file(at, OFlags::RDONLY | OFlags::DIRECTORY) {
            Ok(directory) => directory,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::new(directory).map_err(|error| failed(error.into()))? {
            let entry = entry.map_err(|error| failed(error.into()))?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(OsString::from_vec(name.to_vec()));
            }
        }
        Ok(names)
    }

    /// Makes sure that the first `length` bytes of a file have a place on the disk.
    pub(crate) fn allocate(
        &self,
        file: &File,
        at: &(impl Located + ?Sized),
        length: usize,
    ) -> Result<(), StoreError> {
        let failed = |error: io::Error| failure("allocating", &at.shown(), &error);
        self.take_room(length).map_err(failed)?;
        match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, length as u64) {
            Ok(()) => Ok(()),
            // This file system has no fallocate: bytes that are there have a place.
            Err(Errno::OPNOTSUPP) => file.write_all_at(&vec![0; length], 0).map_err(failed),
            Err(error) => Err(failed(error.into())),
        }
    }

    /// Makes sure that a range of a file will have a place on the disk when it is written. The file's length stays as it
    /// is.
    pub(crate) fn make_room(&self, file: &File, path: &Path, range: Range<u64>) -> Result<(), StoreError> {
        let length = range.end.saturating_sub(range.start);
        self.take_room(usize::try_from(length).unwrap_or(usize::MAX))
            .map_err(|error| failure("making room", path, &error))?;
        let room = || rustix::fs::fallocate(file, FallocateFlags::KEEP_SIZE, range.start, length);
        match rustix::io::retry_on_intr(room) {
            // This file system gives no room before it is needed.
            Ok(()) | Err(Errno::OPNOTSUPP) => Ok(()),
            Err(error) => Err(failure("making room", path, &error.into())),
        }
    }

    /// Locks a file against other processes. `None`: another one has the lock. The lock ends with the file that is
    /// returned, also when the process is killed.
    pub(crate) fn lock(&self, file: File, at: &(impl Located + ?Sized)) -> Result<Option<File>, StoreError> {
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failure("locking the file", &at.shown(), &error)),
        }
    }

    #[cfg(not(test))]
    fn faulty_fsync(&self) -> io::Result<()> {
        Ok(())
    }

    #[cfg(not(test))]
    fn faulty_read(&self) -> io::Result<()> {
        Ok(())
    }

    #[cfg(not(test))]
    pub(super) fn take_room(&self, _bytes: usize) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
impl Disk {
    fn faulty_fsync(&self) -> io::Result<()> {
        if self.fsync_fails.load(std::sync::atomic::Ordering::SeqCst) {
            Err(Errno::IO.into())
        } else {
            Ok(())
        }
    }

    fn faulty_read(&self) -> io::Result<()> {
        use std::sync::atomic::Ordering::SeqCst;
        let Some(reads) = &self.reads else { return Ok(()) };
        reads
            .fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1))
            .map(|_| ())
            .map_err(|_| Errno::IO.into())
    }

    pub(super) fn take_room(&self, bytes: usize) -> io::Result<()> {
        use std::sync::atomic::Ordering::SeqCst;
        let Some(room) = &self.room else { return Ok(()) };
        room.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(bytes))
            .map(|_| ())
            .map_err(|_| Errno::NOSPC.into())
    }
}

/// Opens a file, for its owner only where that makes it.
fn open_file(at: &(impl Located + ?Sized), flags: OFlags) -> io::Result<File> {
    let mode = Mode::RUSR | Mode::WUSR;
    let open = || rustix::fs::openat(at.base(), at.relative(), flags | OFlags::CLOEXEC, mode);
    Ok(rustix::io::retry_on_intr(open).map(File::from)?)
}

/// What is known of a file. `None`: it is not there.
fn stat(at: &(impl Located + ?Sized)) -> Result<Option<Stat>, StoreError> {
    match rustix::fs::statat(at.base(), at.relative(), AtFlags::empty()) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(failure("stat", &at.shown(), &error.into())),
    }
}

/// A full disk and a full quota are told apart from everything else, because they pass; a file that would be too long,
/// because the next one need not be; and a disk that takes no writes at all, because it can still be read.
pub(crate) fn failure(action: &'static str, path: &Path, error: &io::Error) -> StoreError {
    let place = path.display().to_string();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::DiskFull { action, place },
        ErrorKind::FileTooLarge => StoreError::FileTooLarge { action, place },
        ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly { action, place },
        _ => StoreError::Io { action, place, reason: error.to_string() },
    }
}

/// Some file systems find room for the data only now; when there is none, that passes. Everything else does not.
fn lost(action: &'static str, path: &Path, error: &io::Error, poison: &Poison) -> StoreError {
    match failure(action, path, error) {
        full @ StoreError::DiskFull { .. } => full,
        other => poison.set(&other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_path_and_tell_a_full_disk_apart() {
        let path = Path::new("/data/tmp/x");
        let full = failure("writing", path, &Errno::NOSPC.into());
        assert_eq!(full, StoreError::DiskFull { action: "writing", place: "/data/tmp/x".into() });
        let quota = failure("writing", path, &Errno::DQUOT.into());
        assert_eq!(quota, full);
        let long = failure("writing", path, &Errno::FBIG.into());
        assert_eq!(long, StoreError::FileTooLarge { action: "writing", place: "/data/tmp/x".into() });
        let read_only = failure("writing", path, &Errno::ROFS.into());
        assert_eq!(read_only, StoreError::ReadOnly { action: "writing", place: "/data/tmp/x".into() });
        let other = failure("fsync", path, &Errno::IO.into());
        assert!(
            matches!(&other, StoreError::Io { action: "fsync", place, .. } if place == "/data/tmp/x"),
            "{other:?}"
        );
    }

    #[test]
    fn appends_of_many_and_of_empty_segments() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("f");
        let disk = Disk::default();
        let file = disk.create(&path)?;
        disk.append(&file, &path, &[])?;
        disk.append(&file, &path, &[Bytes::new()])?;
        // More segments than one writev takes.
        disk.append(&file, &path, &vec![Bytes::from_static(b"ab"); 3000])?;
        assert_eq!(std::fs::read(&path)?, b"ab".repeat(3000));
        let read = disk.open(&path)?.ok_or("gone")?;
        assert_eq!(disk.read(&read, &path, 5999, 10)?, &b"b"[..]);
        assert_eq!(disk.read(&read, &path, 6000, 10)?, &b""[..]);
        Ok(())
    }
}
