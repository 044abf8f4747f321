//! Room for what a commit adds: in the database file, and in the index of the log.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rustix::process::{Flock, FlockType, Resource, fcntl_getlk, getrlimit};

use super::failure::disk_full;
use crate::StoreError;
use crate::files::Disk;

/// The page size of SQLite, which no setting of ours changes, in bytes.
const PAGE_BYTES: u64 = 4096;
/// How much room is made at once, in pages: one system call for many commits.
const AHEAD: u64 = 256;

/// The index of the log grows by so many bytes for so many pages in the log.
/// <https://www.sqlite.org/walformat.html#the_wal_index_file_format>
const REGION_BYTES: u64 = 32 * 1024;
const REGION_FRAMES: u64 = 4096;
/// How many regions have a place beyond the last commit's: more than one group can fill, with what of it the cache had no room
/// for and is therefore twice in the log.
const REGIONS_AHEAD: u64 = 4;

/// The bytes of the index that SQLite's readers lock.
const FIRST_READER: u64 = 123;
const READERS: u64 = 5;

/// Sees to it that whatever is committed has its place before it is committed: in the database file, so that the log can be
/// written back and give its own room away on a disk that is full by then, where the reserve would otherwise be eaten up by
/// that; and in the index of the log, which SQLite has grow when the commit is on the disk already, too late to refuse it.
pub(super) struct Growth {
    database: Placed,
    index: Placed,
    /// Pages of the database that was committed last.
    committed: u64,
    /// Length of the log after that, in pages.
    frames: u64,
}

/// A file of SQLite's, and how much of it is known to have a place.
struct Placed {
    disk: Disk,
    path: PathBuf,
    /// Stays open for as long as SQLite has the file open: closing it would end SQLite's locks on it.
    file: File,
    bytes: u64,
    /// Whether the process's limit on file sizes was met, and whether that was said.
    is_limited: bool,
    limit_is_told: bool,
}

impl Growth {
    /// Opens the database file and the index of its log beside SQLite, which has opened them before.
    pub(super) fn open(disk: &Disk, path: &Path) -> Result<Self, StoreError> {
        let mut index = path.as_os_str().to_owned();
        index.push("-shm");
        let database = Placed::open(disk.clone(), path)?;
        let mut index = Placed::open(disk.clone(), Path::new(&index))?;
        // Of what is there, parts may have no place.
        index.bytes = 0;
        let committed = database.bytes / PAGE_BYTES;
        Ok(Self { database, index, committed, frames: 0 })
    }

    /// Makes sure that a database of this many pages, and the log with what is to be committed, have a place on the disk.
    ///
    /// # Errors
    /// SQLite's own error of a full disk.
    pub(super) fn make_room(&mut self, pages: u64) -> rusqlite::Result<()> {
        let regions = self.frames / REGION_FRAMES + 1 + REGIONS_AHEAD;
        let made = self.index.make_room([regions * REGION_BYTES])
            && self.database.make_room([pages + AHEAD, pages].map(|pages| pages * PAGE_BYTES));
        if made { Ok(()) } else { Err(disk_full("no room for the database")) }
    }

    /// The process that reads the database, if another one does. SQLite's readers lock a byte each of the index.
    /// <https://www.sqlite.org/walformat.html#wal_locks>
    pub(super) fn reader_of_log(&self) -> Option<i32> {
        let readers = Flock { start: FIRST_READER, length: READERS, ..Flock::from(FlockType::WriteLock) };
        let held = fcntl_getlk(&self.index.file, &readers).ok()??;
        held.pid.map(|process| process.as_raw_nonzero().get())
    }

    /// What is free on the disk of the database, in bytes.
    pub(super) fn free_bytes(&self) -> Option<u64> {
        self.database.disk.free_bytes(&self.database.file)
    }

    /// A commit was made, of a database of this many pages, and the log has this many since.
    pub(super) fn was_committed(&mut self, pages: u64, frames: u64) {
        (self.committed, self.frames) = (pages, frames);
    }

    /// The log was written back: SQLite has cut off what lay behind the last page.
    pub(super) fn was_written_back(&mut self) {
        self.database.bytes = self.database.bytes.min(self.committed * PAGE_BYTES);
    }
}

impl Placed {
    fn open(disk: Disk, path: &Path) -> Result<Self, StoreError> {
        let file = disk.create_or_open(path)?;
        let bytes = disk.length(path)?.unwrap_or(0);
        Ok(Self { disk, path: path.to_owned(), file, bytes, is_limited: false, limit_is_told: false })
    }

    /// Makes sure that so many bytes have a place: the first of these lengths for which there is room. Whether there is any.
    fn make_room<const N: usize>(&mut self, lengths: [u64; N]) -> bool {
        if lengths.last().is_some_and(|&least| least <= self.bytes) {
            return true;
        }
        for wanted in lengths {
            // The system gives room beyond that too, and then refuses what is to be written there.
            if file_size_limit().is_some_and(|limit| wanted > limit) {
                self.is_limited = true;
                continue;
            }
            // Only what is new: XFS wants room even for what has a place already.
            let new: Range<u64> = self.bytes..wanted;
            match self.disk.make_room(&self.file, &self.path, new) {
                Ok(()) => {
                    self.bytes = wanted;
                    return true;
                }
                Err(StoreError::DiskFull { .. }) => {}
                // Nothing is lost by it but this promise.
                Err(error) => {
                    tracing::warn!(%error, "no room could be made for the database in advance");
                    return true;
                }
            }
        }
        if std::mem::take(&mut self.is_limited) && !std::mem::replace(&mut self.limit_is_told, true) {
            tracing::error!(
                path = %self.path.display(),
                limit = file_size_limit(),
                "the database has reached the process's limit on file sizes and takes as little as on a full disk; raise the limit \
                 (LimitFSIZE= of the service, ulimit -f) and restart"
            );
        }
        false
    }
}

/// How long a file may become that this process writes, in bytes. `None`: there is no such limit.
/// <https://man7.org/linux/man-pages/man2/setrlimit.2.html>
fn file_size_limit() -> Option<u64> {
    getrlimit(Resource::Fsize).current
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn growth(room: &Arc<AtomicUsize>) -> (tempfile::TempDir, PathBuf, Growth) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("d");
        let growth = Growth::open(&Disk::with_room(room), &path).unwrap();
        (directory, path, growth)
    }

    #[test]
    fn the_index_of_the_log_has_room_before_the_log_grows() {
        let room = Arc::new(AtomicUsize::new(usize::MAX));
        let (directory, _, mut growth) = growth(&room);
        let index = directory.path().join("d-shm");
        let placed = || std::fs::metadata(&index).unwrap().blocks() * 512 / REGION_BYTES;
        growth.make_room(1).unwrap();
        assert_eq!((placed(), std::fs::metadata(&index).unwrap().len()), (5, 0));
        growth.was_committed(1, REGION_FRAMES - 1);
        growth.make_room(1).unwrap();
        assert_eq!(placed(), 5);
        growth.was_committed(1, REGION_FRAMES);
        growth.make_room(1).unwrap();
        assert_eq!(placed(), 6);
        growth.was_committed(1, 2 * REGION_FRAMES);
        room.store(100, Ordering::SeqCst);
        assert!(growth.make_room(1).is_err(), "without room nothing is committed");
    }

    #[test]
    fn room_that_was_wanted_and_not_committed_is_not_taken_for_there() {
        let room = Arc::new(AtomicUsize::new(usize::MAX));
        let (_directory, path, mut growth) = growth(&room);
        let placed = || std::fs::metadata(&path).unwrap().blocks() * 512 / PAGE_BYTES;
        growth.make_room(900).unwrap();
        growth.was_committed(900, 1);
        assert_eq!(placed(), 900 + AHEAD);
        room.store(0, Ordering::SeqCst);
        assert!(growth.make_room(900 + AHEAD + 1).is_err());
        // As SQLite does at the end of a checkpoint.
        for pages in [901, 900] {
            growth.database.file.set_len(pages * PAGE_BYTES).unwrap();
        }
        growth.was_written_back();
        assert_eq!(placed(), 900);
        room.store(usize::MAX, Ordering::SeqCst);
        growth.make_room(900 + AHEAD).unwrap();
        assert!(placed() >= 900 + AHEAD, "{}", placed());
    }
}
