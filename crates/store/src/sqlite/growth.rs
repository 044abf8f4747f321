//! Room in the database file for what stands in the log.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::failure::disk_full;
use crate::StoreError;
use crate::files::Disk;

/// The page size of SQLite, which no setting of ours changes, in bytes.
const PAGE_BYTES: u64 = 4096;
/// How much room is made at once, in pages: one system call for many commits.
const AHEAD: u64 = 256;

/// Sees to it that whatever is committed to the write-ahead log has a place in the database file, before it is committed.
/// On a disk that is full by then the log can therefore always be written back and give its own room away; otherwise the
/// reserve would be eaten up by that, and nothing could be deleted any more.
pub(super) struct Growth {
    disk: Disk,
    path: PathBuf,
    /// Stays open for as long as SQLite has the file open: closing it would end SQLite's locks on it.
    file: File,
    /// Pages that are known to have a place.
    placed: u64,
    /// Pages of the longest database that was committed.
    committed: u64,
}

impl Growth {
    /// Opens the database file beside SQLite.
    pub(super) fn open(disk: Disk, path: &Path) -> Result<Self, StoreError> {
        let file = disk.create_or_open(path)?;
        let placed = disk.length(path)?.unwrap_or(0) / PAGE_BYTES;
        Ok(Self { disk, path: path.to_owned(), file, placed, committed: placed })
    }

    /// Makes sure that a database of this many pages has a place on the disk.
    ///
    /// # Errors
    /// SQLite's own error of a full disk.
    pub(super) fn make_room(&mut self, pages: u64) -> rusqlite::Result<()> {
        self.committed = pages;
        if pages <= self.placed {
            return Ok(());
        }
        for wanted in [pages + AHEAD, pages] {
            // Only what is new: XFS wants room even for what has a place already.
            let new = self.placed * PAGE_BYTES..wanted * PAGE_BYTES;
            match self.disk.make_room(&self.file, &self.path, new) {
                Ok(()) => {
                    self.placed = wanted;
                    return Ok(());
                }
                Err(StoreError::DiskFull { .. }) => {}
                // Nothing is lost by it but this promise.
                Err(error) => {
                    tracing::warn!(%error, "no room could be made for the database in advance");
                    return Ok(());
                }
            }
        }
        Err(disk_full("no room for the database"))
    }

    /// The log was written back: SQLite has cut off what lay behind the last page.
    pub(super) fn was_written_back(&mut self) {
        self.placed = self.placed.min(self.committed);
    }
}
