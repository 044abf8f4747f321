//! Writing the database anew, without the pages that hold nothing.

use std::path::Path;

use crate::check::Finding;
use crate::files::{DirectoryLock, Disk, give_owner_and_mode_of, hold_off_backups, is_initialized};
use crate::sqlite::{Found, Survey, log_path, remove_database};
use crate::{OpenError, Poison, StoreError};

/// Lengths of the database file, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// Before.
    pub before: u64,
    /// After.
    pub after: u64,
}

/// Writes the database of a data directory that no process has open anew, and puts the new one in its place when every row
/// and tree in it has been compared and it is on the disk. Until then the old one is used; a loss of power leaves one or
/// the other. The new one needs its space beside the old one.
///
/// # Errors
/// [`OpenError::Locked`], [`OpenError::NoStore`], [`OpenError::DatabaseLost`], [`OpenError::IsBackup`],
/// [`OpenError::IsUnfinishedBackup`], [`OpenError::BackupRuns`]; [`StoreError::Corrupt`] when something is
/// damaged, and nothing is changed then.
pub fn compact(directory: &Path) -> Result<Compacted, OpenError> {
    let (disk, poison) = (Disk::default(), Poison::default());
    crate::backup::refuse_backup(directory)?;
    let database = directory.join("metadata.sqlite");
    if disk.length(&database)?.unwrap_or(0) == 0 {
        return Err(if is_initialized(&disk, directory)? {
            OpenError::DatabaseLost { path: database }
        } else {
            OpenError::NoStore { directory: directory.to_owned() }
        });
    }
    let _lock = DirectoryLock::acquire(directory)?;
    let _no_backups = hold_off_backups(&disk, directory)?;
    let new = directory.join("metadata.sqlite.compact");
    // A compaction that was broken off may have left one.
    remove_database(&disk, &new)?;
    if let Err(error) = write_anew(&disk, &database, &new) {
        remove_database(&disk, &new)?;
        return Err(error);
    }
    let length = |path: &Path| Ok::<u64, StoreError>(disk.length(path)?.unwrap_or(0));
    let compacted = Compacted { before: length(&database)?, after: length(&new)? };
    disk.sync(&disk.open_for_sync(&new)?, &new, &poison)?;
    disk.rename(&new, &database)?;
    disk.sync_dir(directory, &poison)?;
    Ok(compacted)
}

fn write_anew(disk: &Disk, database: &Path, new: &Path) -> Result<(), OpenError> {
    // SQLite would let everyone read it.
    drop(disk.create(new)?);
    give_owner_and_mode_of(database, new)?;
    let old = Survey::recover(database)?;
    old.let_copy_give_back()?;
    old.compact_to(new)?;
    // Its log is written back and removed by that.
    old.close()?;
    let log = log_path(database);
    if disk.length(&log)?.unwrap_or(0) > 0 {
        let reason = "another process reads it".to_owned();
        let place = log.display().to_string();
        return Err(StoreError::Io { action: "writing the log back", place, reason }.into());
    }
    let survey = Survey::recover(new)?;
    let mut damage: Option<Finding> = None;
    survey.rows(&mut |found| {
        if let Found::Finding(finding) = found {
            damage.get_or_insert(finding);
        }
        Ok(())
    })?;
    survey.structure(&mut |finding| {
        if finding.is_damage() {
            damage.get_or_insert(finding);
        }
    })?;
    survey.close()?;
    match damage {
        None => Ok(()),
        Some(finding) => {
            let what = database.display().to_string();
            Err(StoreError::Corrupt { what, detail: finding.to_string() }.into())
        }
    }
}
