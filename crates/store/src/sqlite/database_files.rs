//! The database's files: where they are, and how SQLite is told of them.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::files::Disk;
use crate::{OpenError, Poison, StoreError};

/// Length of the header of a database.
const HEADER_BYTES: usize = 100;

/// The path that SQLite is given: an absolute one. SQLite takes a path that begins with `file:` for a URI, which may name any
/// other file, and `:memory:` for none at all.
pub(super) fn sqlite_path(path: &Path) -> io::Result<PathBuf> {
    std::path::absolute(path)
}

/// The write-ahead log of a database of this version.
pub(crate) fn log_path(path: &Path) -> PathBuf {
    beside(path, "-log")
}

/// Where versions of Presign before this layout had the log, and where SQLite without our layer has it.
pub(crate) fn stock_log_path(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

/// The journal of a database that has no log, or none yet.
pub(super) fn journal_path(path: &Path) -> PathBuf {
    beside(path, "-journal")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Removes a database that is not the store's, with the files that SQLite may have made beside it.
pub(crate) fn remove_database(disk: &Disk, path: &Path) -> Result<(), StoreError> {
    for suffix in ["", "-log", "-shm", "-journal"] {
        disk.unlink(&beside(path, suffix))?;
    }
    Ok(())
}

/// Removes the databases that were being made when their process ended: by a start, a compaction or a repair. No process may have
/// the directory open.
pub(super) fn remove_unfinished(disk: &Disk, path: &Path) {
    for suffix in [".new", ".compact", ".repair"] {
        if let Err(error) = remove_database(disk, &beside(path, suffix)) {
            tracing::warn!(%error, "a database that an earlier process did not finish stays");
        }
    }
}

/// The first bytes of the database. `None`: it is not there, or shorter.
pub(super) fn header(path: &Path) -> Result<Option<[u8; HEADER_BYTES]>, StoreError> {
    let mut header = [0; HEADER_BYTES];
    match File::open(path).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) => Ok(Some(header)),
        Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::NotFound) => Ok(None),
        Err(error) => Err(StoreError::Io {
            action: "reading the header of the database",
            place: path.display().to_string(),
            reason: error.to_string(),
        }),
    }
}

/// Whether other programs with SQLite refuse this database.
pub(super) fn is_private(path: &Path) -> Result<bool, StoreError> {
    Ok(header(path)?.is_some_and(|header| presign_page_checksums::is_private(&header)))
}

/// Whether a database is there that other programs with SQLite open, as those of versions before this layout are.
pub(crate) fn is_public(path: &Path) -> Result<bool, StoreError> {
    // With a rollback journal, or with a log: <https://www.sqlite.org/fileformat.html#file_format_version_numbers>
    let versions = header(path)?.and_then(|header| header.get(18..20).map(<[u8]>::to_vec));
    Ok(versions.is_some_and(|versions| versions == [1, 1] || versions == [2, 2]))
}

/// Gives the log that a version before this layout has left the name that it has now. A rename is all that takes: what is in
/// a log does not depend on its name. Nobody else may have the database open.
pub(super) fn adopt_log(path: &Path) -> Result<(), OpenError> {
    let (disk, stock, log) = (Disk::default(), stock_log_path(path), log_path(path));
    if disk.length(&stock)?.unwrap_or(0) == 0 || disk.length(path)?.unwrap_or(0) == 0 {
        return Ok(());
    }
    if is_private(path)? || disk.length(&log)?.unwrap_or(0) > 0 {
        let detail = "it is the log of another program, or of another database; move it away".to_owned();
        return Err(StoreError::Corrupt { what: stock.display().to_string(), detail }.into());
    }
    disk.rename(&stock, &log)?;
    if let Some(directory) = path.parent() {
        disk.sync_dir(directory, &Poison::default())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_adopted_where_it_belongs_to_the_database_and_nowhere_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("m.sqlite");
        let (stock, log) = (stock_log_path(&path), log_path(&path));
        assert_eq!((stock.ends_with("m.sqlite-wal"), log.ends_with("m.sqlite-log")), (true, true));
        let mut header = [0; HEADER_BYTES];
        (header[18], header[19]) = (2, 2);
        std::fs::write(&path, header).unwrap();
        std::fs::write(&stock, "a log").unwrap();
        adopt_log(&path).unwrap();
        assert!(!stock.exists() && std::fs::read(&log).unwrap() == b"a log");
        adopt_log(&path).unwrap();
        // Both.
        std::fs::write(&stock, "another").unwrap();
        assert!(adopt_log(&path).is_err() && std::fs::read(&log).unwrap() == b"a log");
        // One beside a database that has no log of that name.
        std::fs::remove_file(&log).unwrap();
        (header[18], header[19]) = (0xF2, 0xF2);
        std::fs::write(&path, header).unwrap();
        let refused = adopt_log(&path).unwrap_err().to_string();
        assert!(refused.contains("m.sqlite-wal") && refused.contains("another program"), "{refused}");
        std::fs::write(&stock, "").unwrap();
        adopt_log(&path).unwrap();
        assert!(!log.exists());
    }
}
