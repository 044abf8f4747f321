//! A store that does not open because its database is not what this program wrote: made whole where that can be shown.
//!
//! Two things do that. Another program with SQLite has written pages, which have no checksums of ours. And the log that a crash
//! left is damaged. Both are repaired on a copy: what can be read of the log is put into it, and every page gets a checksum.
//! Then all of it is checked: every row has a checksum of its own, every tree and index is compared, and every blob. The copy
//! takes the place of the database only if the database in it has no damage; what was there is kept beside it.
//!
//! Blobs that are missing or damaged do not prevent that. Where commits of the log are lost that replaced or deleted a blob, the
//! row before them names one that is gone. A store that says so of these objects, and has all others, is better than none.

mod log;

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::check::{Checked, Finding, check_locked};
use crate::files::{DirectoryLock, Disk, give_owner_and_mode_of, give_owner_of, hold_off_backups};
use crate::sqlite::{check_log, damaged_pages, log_path, remove_database, stock_log_path};
use crate::{OpenError, Poison, StoreError};

/// What became of a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// Pages without a valid checksum, which nothing in the log replaces; pages count from 1.
    pub pages: Vec<u64>,
    /// The log, where it is damaged.
    pub log: Option<LogDamage>,
    /// What the check of the repaired database, or of the one that needs no repair, has seen.
    pub checked: Checked,
    /// Where the files are that were replaced. `None`: nothing was changed.
    pub replaced: Option<PathBuf>,
}

/// A log that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogDamage {
    /// The frames that have changed, counted from 1.
    pub frames: Vec<u64>,
    /// How many of them were put right.
    pub put_right: u64,
    /// Commits that are kept.
    pub commits: u64,
    /// Commits behind the damage that are lost: each is the writes of about the same moment.
    pub lost_commits: u64,
}

impl Repair {
    /// Whether there was something to repair.
    #[must_use]
    pub fn was_needed(&self) -> bool {
        !self.pages.is_empty() || self.log.is_some()
    }
}

/// Repairs the database of a data directory, if it needs that and the check of the result finds no damage to the database;
/// each finding of that check is told, also blobs that are missing or damaged, which are no reason to leave the damage. Takes as much space again as the database and its log have.
///
/// # Errors
/// As [`check`](crate::check::check); [`OpenError::IsBackup`], [`OpenError::BackupRuns`].
pub fn repair(directory: &Path, mut tell: impl FnMut(&Finding)) -> Result<Repair, OpenError> {
    let disk = Disk::default();
    crate::backup::refuse_backup(directory)?;
    let database = directory.join("metadata.sqlite");
    if disk.length(&database)?.is_none() && !crate::files::is_initialized(&disk, directory)? {
        return Err(OpenError::NoStore { directory: directory.to_owned() });
    }
    let _lock = DirectoryLock::acquire(directory)?;
    let _no_backups = hold_off_backups(&disk, directory)?;
    let Some(file) = disk.open(&database)? else { return Err(OpenError::DatabaseLost { path: database }) };
    let Some(damaged) = damaged_pages(&file, &database, &|| {})? else {
        let detail = "its header cannot be read".to_owned();
        return Err(StoreError::Corrupt { what: database.display().to_string(), detail }.into());
    };
    let log = the_log(&disk, &database)?;
    let log_is_sound = match check_log(&database) {
        Ok(()) => true,
        Err(OpenError::Store(StoreError::Corrupt { .. })) => false,
        Err(other) => return Err(other),
    };
    if damaged.is_empty() && log_is_sound {
        let checked = check_locked(directory, &database, &mut tell)?;
        return Ok(Repair { pages: damaged, log: None, checked, replaced: None });
    }
    let to_path = directory.join("metadata.sqlite.repair");
    remove_database(&disk, &to_path)?;
    let copy = Copy { disk: &disk, from: &file, from_path: &database, to_path: &to_path };
    let repaired = copy.repair(directory, &damaged, log.as_deref(), log_is_sound, &mut tell);
    if !matches!(repaired, Ok(Repair { replaced: Some(_), .. })) {
        // It is as large as the database.
        remove_database(&disk, &to_path)?;
    }
    repaired
}

/// The log that belongs to the database, if there is one that holds anything.
fn the_log(disk: &Disk, database: &Path) -> Result<Option<PathBuf>, OpenError> {
    let mut logs = Vec::new();
    for log in [log_path(database), stock_log_path(database)] {
        if disk.length(&log)?.unwrap_or(0) > 0 {
            logs.push(log);
        }
    }
    match logs.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        [_, other, ..] => {
            let detail =
                "the database has two logs, and this one is not the store's; move it away".to_owned();
            Err(StoreError::Corrupt { what: other.display().to_string(), detail }.into())
        }
    }
}

/// Gives files a second name in a new directory, which they keep when their own is taken from them.
fn keep(disk: &Disk, directory: &Path, files: [Option<&Path>; 2]) -> Result<PathBuf, StoreError> {
    let poison = Poison::default();
    let mut at = 1;
    let kept = loop {
        let kept = directory.join(format!("before-repair-{at}"));
        if disk.make_dir(&kept)? {
            break kept;
        }
        at += 1;
    };
    give_owner_of(directory, &kept)?;
    for file in files.into_iter().flatten() {
        let name = kept.join(file.file_name().unwrap_or_default());
        // Some file systems give a file one name only.
        std::fs::hard_link(file, &name).or_else(|_| std::fs::copy(file, &name).map(drop)).map_err(
            |error| StoreError::Io {
                action: "keeping the file",
                place: file.display().to_string(),
                reason: error.to_string(),
            },
        )?;
        give_owner_of(file, &name)?;
        disk.sync(&disk.open_for_sync(&name)?, &name, &poison)?;
    }
    disk.sync_dir(&kept, &poison)?;
    disk.sync_dir(directory, &poison)?;
    Ok(kept)
}

/// A copy of a database that is being made.
struct Copy<'a> {
    disk: &'a Disk,
    from: &'a File,
    from_path: &'a Path,
    to_path: &'a Path,
}

struct Made {
    /// Pages that got a checksum because they are believed.
    accepted: Vec<u64>,
    log: LogDamage,
}

impl Copy<'_> {
    /// Makes and checks the copy, and puts it in the place of the database if that in it is whole.
    fn repair(
        &self,
        directory: &Path,
        damaged: &[u64],
        log: Option<&Path>,
        log_is_sound: bool,
        tell: &mut dyn FnMut(&Finding),
    ) -> Result<Repair, OpenError> {
        let (disk, poison) = (self.disk, Poison::default());
        let made = self.make(damaged, log)?;
        let checked = check_locked(directory, self.to_path, tell)?;
        let log_damage = (!log_is_sound).then_some(made.log);
        let mut repair = Repair { pages: made.accepted, log: log_damage, checked, replaced: None };
        if checked.damaged_database > 0 {
            return Ok(repair);
        }
        give_owner_and_mode_of(self.from_path, self.to_path)?;
        let written = disk.open_for_sync(self.to_path)?;
        disk.sync(&written, self.to_path, &poison)?;
        let kept = keep(disk, directory, [Some(self.from_path), log])?;
        disk.rename(self.to_path, self.from_path)?;
        disk.sync_dir(directory, &poison)?;
        // Were it still there at the next start, it would be read into the new database again, which has all of it.
        if let Some(log) = log {
            disk.unlink(log)?;
            disk.sync_dir(directory, &poison)?;
        }
        repair.replaced = Some(kept);
        Ok(repair)
    }

    /// Makes the copy. The damaged pages are in their order.
    fn make(&self, damaged: &[u64], log: Option<&Path>) -> Result<Made, StoreError> {
        let mut header = [0; 100];
        self.read(&mut header, 0)?;
        let Some(size) = presign_page_checksums::page_size(&header) else {
            let detail = "its header cannot be read".to_owned();
            return Err(StoreError::Corrupt { what: self.from_path.display().to_string(), detail });
        };
        let failed =
            |error: &std::io::Error| self.failure("reading the log", log.unwrap_or(self.from_path), error);
        let salvage = match log {
            Some(log) => log::salvage(log, size).map_err(|error| failed(&error))?,
            None => log::Salvage::default(),
        };
        let in_file = self.from.metadata().map_err(|error| failed(&error))?.len().div_ceil(size as u64);
        let pages = salvage.database_pages.map_or(in_file, u64::from);
        let log_file = log.map(File::open).transpose().map_err(|error| failed(&error))?;
        let to = self.disk.create(self.to_path)?;
        let mut accepted = Vec::new();
        let mut page = vec![0; size];
        for number in 1..=pages {
            let at = (number - 1) * size as u64;
            let from_log = u32::try_from(number).ok().and_then(|number| salvage.pages.get(&number));
            match from_log {
                Some(content) => {
                    match (content, &log_file) {
                        (log::Content::PutRight(content), _) => page.copy_from_slice(content),
                        (log::Content::At(at), Some(log)) => {
                            log.read_exact_at(&mut page, *at).map_err(|error| failed(&error))?;
                        }
                        (log::Content::At(_), None) => {}
                    }
                    presign_page_checksums::stamp(number, &mut page);
                }
                None => {
                    page.fill(0);
                    self.read(&mut page, at)?;
                    if damaged.binary_search(&number).is_ok() {
                        presign_page_checksums::stamp(number, &mut page);
                        accepted.push(number);
                    }
                }
            }
            to.write_all_at(&page, at).map_err(|error| self.failure("writing", self.to_path, &error))?;
        }
        let frames = salvage.changed;
        let log = LogDamage {
            frames,
            put_right: salvage.put_right,
            commits: salvage.commits,
            lost_commits: salvage.dropped,
        };
        Ok(Made { accepted, log })
    }

    /// Reads as much as there is.
    fn read(&self, buffer: &mut [u8], at: u64) -> Result<(), StoreError> {
        let mut read = 0;
        while let Some(rest) = buffer.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match self.from.read_at(rest, at + read as u64) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failure("reading the database", self.from_path, &error)),
            }
        }
        Ok(())
    }

    fn failure(&self, action: &'static str, path: &Path, error: &std::io::Error) -> StoreError {
        crate::files::failure(action, path, error)
    }
}
