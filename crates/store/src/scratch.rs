//! A copy of a database that lies where nothing can be written.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use tempfile::TempDir;

use crate::files::Disk;
use crate::sqlite::{log_path, stock_log_path};
use crate::{Poison, StoreError};

/// A copy of a database and of its log, which is removed when this is dropped. No process may have the database open.
pub(crate) struct Scratch {
    _directory: TempDir,
    database: PathBuf,
}

impl Scratch {
    /// Copies both to the directory of temporary files. `None`: there is no database.
    pub(crate) fn of(disk: &Disk, database: &Path) -> Result<Option<Self>, StoreError> {
        let directory = tempfile::tempdir().map_err(|error| StoreError::Io {
            action: "making a directory for a copy of the database",
            place: std::env::temp_dir().display().to_string(),
            reason: error.to_string(),
        })?;
        let copy = directory.path().join("metadata.sqlite");
        if !copy_with_log(disk, database, &copy)? {
            return Ok(None);
        }
        Ok(Some(Self { _directory: directory, database: copy }))
    }

    pub(crate) fn database(&self) -> &Path {
        &self.database
    }
}

/// Copies a database that no process has open, and its log, if it has one; says whether there was a database.
pub(crate) fn copy_with_log(disk: &Disk, from: &Path, to: &Path) -> Result<bool, StoreError> {
    for log_of in [log_path, stock_log_path] {
        copy_if_there(disk, &log_of(from), &log_of(to))?;
    }
    copy_if_there(disk, from, to)
}

/// Copies a file durably; says whether there was one.
pub(crate) fn copy_if_there(disk: &Disk, from: &Path, to: &Path) -> Result<bool, StoreError> {
    const AT_ONCE: usize = 1 << 20;
    let Some(source) = disk.open(from)? else { return Ok(false) };
    let copy = disk.create(to)?;
    let mut at = 0;
    loop {
        let bytes: Bytes = disk.read(&source, from, at, AT_ONCE)?;
        if bytes.is_empty() {
            disk.sync(&copy, to, &Poison::default())?;
            return Ok(true);
        }
        at += bytes.len() as u64;
        disk.append(&copy, to, &[bytes])?;
    }
}
