//! The file by which a backup, which is another process, keeps a server from deleting blobs.
//!
//! A blob is deleted after the row that named it is gone. So a backup that holds the file first and looks at the rows then
//! finds every blob that they name: one whose deletion was begun before has no row any more, and none is begun while the
//! backup holds the file. What is not deleted then, the collector deletes later.
//!
//! The server holds the file itself while it removes or moves a blob, so that no backup begins between its look and that.

use std::cell::Cell;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::directory::{Directory, Entry};
use super::disk::failure;
use super::{Disk, backup_holders, give_owner_of};
use crate::{OpenError, StoreError};

const NAME: &str = "backup.lock";

/// How often a backup says that it has come further.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// How long deletions that overlap hold the file at a stretch. Then those that come are postponed, so that a backup that waits
/// has its turn.
const HELD_FOR: Duration = Duration::from_secs(1);

/// What the server does about a backup that takes long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// It is named in the log when it has run for so long, and again each time that it has run for so long more.
    pub(super) named: Duration,
    /// When it has come no further for so long, blobs are deleted again. The backup fails then, when it goes on.
    pub(super) given_up: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { named: Duration::from_secs(10 * 60), given_up: Duration::from_secs(60 * 60) }
    }
}

/// The server's side.
#[derive(Debug)]
pub(super) struct Deletions {
    disk: Disk,
    place: Entry,
    state: Mutex<State>,
}

/// What has been seen of backups.
#[derive(Debug, Default)]
struct State {
    /// The file, locked, and since when, while deletions are made.
    locked: Option<(File, Instant)>,
    /// How many are made at this moment.
    deleting: usize,
    /// Since when a backup has been seen to hold the file.
    held_since: Option<Instant>,
    named_at: Option<Instant>,
}

impl Deletions {
    pub(super) fn open(disk: &Disk, directory: &Directory) -> Result<Self, StoreError> {
        let place = directory.entry(NAME);
        // The next backup can rely on it, also one that may not write here.
        disk.create_or_open(&place)?;
        Ok(Self { disk: disk.clone(), place, state: Mutex::default() })
    }

    /// Lets a blob be removed or moved for as long as what is returned lives, which no backup begins meanwhile. `None`: a backup
    /// is made, or it cannot be told. Blobs that stay take space, and no more.
    pub(super) fn allow(&self) -> Option<Allowed<'_>> {
        let mut state = self.state();
        match &state.locked {
            Some((_, since)) if since.elapsed() >= HELD_FOR => return None,
            Some(_) => {}
            None => state.locked = Some((self.lock(&mut state)?, Instant::now())),
        }
        state.deleting += 1;
        Some(Allowed { deletions: self })
    }

    /// Looks after a backup that takes long. To be called every few minutes.
    pub(super) fn watch(&self, limits: Limits) -> Result<(), StoreError> {
        let mut state = self.state();
        if self.is_free(&mut state) {
            return Ok(());
        }
        let held = state.held_since.map_or(Duration::ZERO, |since| since.elapsed());
        // A clock that was set, or a backup that says nothing of its progress, ends no protection before its time.
        let idle = self.disk.age(&self.place)?.unwrap_or_default().min(held);
        if idle >= limits.given_up {
            tracing::warn!(
                backup = self.holders(),
                minutes_without_progress = idle.as_secs() / 60,
                "a backup makes no progress: deleted objects give their space back again, and it will fail; end its process"
            );
            // Another file with the name: the backup holds the lock of this one, and sees that it is gone.
            self.disk.unlink(&self.place)?;
            self.disk.create_or_open(&self.place)?;
            (state.held_since, state.named_at) = (None, None);
            return Ok(());
        }
        let unnamed = state.named_at.map_or(held, |at| at.elapsed());
        if unnamed >= limits.named {
            state.named_at = Some(Instant::now());
            tracing::warn!(
                backup = self.holders(),
                minutes_without_progress = idle.as_secs() / 60,
                "a backup is being made, and deleted objects keep their space; if it hangs, end its process"
            );
        }
        Ok(())
    }

    /// Whether no backup holds the file.
    fn is_free(&self, state: &mut State) -> bool {
        state.locked.is_some() || self.lock(state).is_some()
    }

    /// Locks the file, until it is dropped. `None`: a backup holds it. It is opened each time anew: somebody may have removed it, and
    /// the next backup made another.
    fn lock(&self, state: &mut State) -> Option<File> {
        let file = self.disk.create_or_open(&self.place).ok().filter(|file| file.try_lock().is_ok());
        if file.is_some() {
            (state.held_since, state.named_at) = (None, None);
        } else {
            state.held_since.get_or_insert_with(Instant::now);
        }
        file
    }

    fn holders(&self) -> String {
        let file = self.disk.open(&self.place).ok().flatten();
        backup_holders::holders(file)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The server removes or moves a blob, and no backup begins.
#[derive(Debug)]
pub(super) struct Allowed<'a> {
    deletions: &'a Deletions,
}

impl Drop for Allowed<'_> {
    fn drop(&mut self) {
        let mut state = self.deletions.state();
        state.deleting = state.deleting.saturating_sub(1);
        if state.deleting == 0 {
            state.locked = None;
        }
    }
}

/// The backup's side: no blob is deleted while this lives, unless [`is_kept`](Self::is_kept) says otherwise.
#[derive(Debug)]
pub(crate) struct NoDeletions {
    /// None where nothing can be written, and no server ever was or the disk is full: nothing is deleted there, or only by a
    /// server that begins meanwhile, and what the backup misses then is found by its checks.
    file: Option<File>,
    path: PathBuf,
    told: Cell<Option<Instant>>,
}

impl NoDeletions {
    pub(crate) fn hold(disk: &Disk, directory: &Path, destination: &Path) -> Result<Self, StoreError> {
        let path = directory.join(NAME);
        loop {
            let (file, is_writable) = match disk.create_or_open(&path) {
                Ok(file) => (Some(file), true),
                // A lock writes nothing: what is there can be locked all the same.
                Err(refused) => match disk.open(&path)? {
                    Some(file) => (Some(file), false),
                    None if matches!(refused, StoreError::ReadOnly { .. } | StoreError::DiskFull { .. }) => {
                        (None, false)
                    }
                    None => return Err(refused),
                },
            };
            let held = Self { file, path: path.clone(), told: Cell::new(None) };
            let Some(file) = &held.file else { return Ok(held) };
            match file.try_lock() {
                // Nobody else makes a backup: what others have written is out of date. The lock becomes a shared one below.
                Ok(()) if is_writable => {
                    unless_full(file.set_len(0).map_err(|error| failure("writing", &path, &error)))?;
                }
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(failure("locking the file", &path, &error)),
            }
            // Waits where a server looks at it just now.
            file.lock_shared().map_err(|error| failure("locking the file", &path, &error))?;
            if held.is_kept()? {
                if is_writable {
                    announce(disk, file, &path, destination)?;
                }
                return Ok(held);
            }
        }
    }

    /// Says that the backup has come further.
    pub(crate) fn progress(&self) {
        if self.told.get().is_some_and(|told| told.elapsed() < PROGRESS_EVERY) {
            return;
        }
        self.told.set(Some(Instant::now()));
        // A server that does not hear of it waits for an hour before it does anything.
        drop(self.file.as_ref().map(|file| file.set_modified(SystemTime::now())));
    }

    /// Says the same for SQLite, whenever it is called.
    pub(crate) fn teller(&self) -> Result<impl FnMut() + Send + 'static, StoreError> {
        let failed = |error| failure("opening the file", &self.path, &error);
        // The lock belongs to both, and ends with the second.
        let file = self.file.as_ref().map(File::try_clone).transpose().map_err(failed)?;
        let teller = Self { file, path: self.path.clone(), told: Cell::new(None) };
        Ok(move || teller.progress())
    }

    /// Whether no blob was deleted since this was made. A server deletes them again when a backup makes no progress.
    pub(crate) fn is_kept(&self) -> Result<bool, StoreError> {
        let Some(file) = &self.file else { return Ok(true) };
        backup_holders::is_at(file, &self.path).map_err(|error| failure("stat", &self.path, &error))
    }
}

/// Says whose backup it is.
fn announce(disk: &Disk, file: &File, path: &Path, destination: &Path) -> Result<(), StoreError> {
    let written = disk.take_room(1).and_then(|()| backup_holders::announce(file, destination));
    unless_full(written.map_err(|error| failure("writing", path, &error)))
}

/// On a full disk nobody is told whose backup it is. The lock protects it all the same.
fn unless_full(written: Result<(), StoreError>) -> Result<(), StoreError> {
    match written {
        Err(StoreError::DiskFull { .. }) => Ok(()),
        other => other,
    }
}

/// Keeps backups from copying the database for as long as the file lives that is returned, while the database is replaced: they
/// wait. `None`: there is no such file, and no room for one, so no backup runs.
///
/// # Errors
/// [`OpenError::BackupRuns`].
pub(crate) fn hold_off_backups(disk: &Disk, directory: &Path) -> Result<Option<File>, OpenError> {
    let path = directory.join(NAME);
    let is_there = disk.length(&path)?.is_some();
    let file = match disk.create_or_open(&path) {
        Err(StoreError::DiskFull { .. }) if !is_there => return Ok(None),
        other => other?,
    };
    if !is_there {
        give_owner_of(directory, &path)?;
    }
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(OpenError::BackupRuns {
            directory: directory.to_owned(),
            backups: backup_holders::holders(disk.open(&path)?),
        }),
        Err(TryLockError::Error(error)) => Err(failure("locking the file", &path, &error).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_a_backup_holds_the_file_nothing_is_deleted() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let deletions = Deletions::open(&Disk::default(), &Directory::open(directory.path())?)?;
        assert!(deletions.allow().is_some() && deletions.allow().is_some());
        let first = NoDeletions::hold(&Disk::default(), directory.path(), Path::new("/mnt"))?;
        assert!(deletions.allow().is_none());
        let second = NoDeletions::hold(&Disk::default(), directory.path(), Path::new("/mnt"))?;
        drop(first);
        assert!(deletions.allow().is_none());
        drop(second);
        assert!(deletions.allow().is_some());
        Ok(())
    }

    #[test]
    fn no_backup_begins_while_a_blob_is_deleted() {
        let directory = tempfile::tempdir().unwrap();
        let deletions =
            Deletions::open(&Disk::default(), &Directory::open(directory.path()).unwrap()).unwrap();
        let other = File::open(directory.path().join(NAME)).unwrap();
        let first = deletions.allow().unwrap();
        assert!(other.try_lock_shared().is_err());
        // Several at once, in any order.
        let second = deletions.allow().unwrap();
        drop(first);
        assert!(other.try_lock_shared().is_err());
        // Nobody holds it up for good.
        let long_ago = Instant::now().checked_sub(HELD_FOR).unwrap();
        deletions.state().locked.as_mut().unwrap().1 = long_ago;
        assert!(deletions.allow().is_none());
        drop(second);
        other.try_lock_shared().unwrap();
        assert!(deletions.allow().is_none());
        other.unlock().unwrap();
        assert!(deletions.allow().is_some());
    }

    #[test]
    fn a_backup_of_a_full_disk_is_not_announced_and_protected_all_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let room = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(1));
        let disk = Disk::with_room(&room);
        let deletions = Deletions::open(&disk, &Directory::open(directory.path()).unwrap()).unwrap();
        for (is_full, length) in [(false, 1), (true, 0)] {
            let held = NoDeletions::hold(&disk, directory.path(), Path::new("/mnt")).unwrap();
            assert!(deletions.allow().is_none() && held.is_kept().unwrap());
            let told = std::fs::read_to_string(directory.path().join(NAME)).unwrap();
            assert_eq!(told.lines().count(), length, "{is_full}: {told}");
            drop(held);
            assert!(deletions.allow().is_some());
        }
    }

    #[test]
    fn a_backup_without_progress_is_given_up_and_learns_of_it() {
        let directory = tempfile::tempdir().unwrap();
        let disk = Disk::default();
        let deletions = Deletions::open(&disk, &Directory::open(directory.path()).unwrap()).unwrap();
        let hold = || NoDeletions::hold(&disk, directory.path(), Path::new("/mnt")).unwrap();
        let patient = Limits { named: Duration::ZERO, ..Limits::default() };
        let held = hold();
        held.progress();
        deletions.watch(patient).unwrap();
        assert!(deletions.allow().is_none() && held.is_kept().unwrap());
        deletions.watch(Limits { given_up: Duration::ZERO, ..patient }).unwrap();
        assert!(deletions.allow().is_some() && !held.is_kept().unwrap());
        // The next one is protected again.
        let next = hold();
        assert!(deletions.allow().is_none() && next.is_kept().unwrap());
        drop(held);
        assert!(deletions.allow().is_none());
        drop(next);
        assert!(deletions.allow().is_some());
    }

    #[test]
    fn a_backup_that_comes_further_is_not_given_up_however_old_the_file_is() {
        let directory = tempfile::tempdir().unwrap();
        let disk = Disk::default();
        let deletions = Deletions::open(&disk, &Directory::open(directory.path()).unwrap()).unwrap();
        let held = NoDeletions::hold(&disk, directory.path(), Path::new("/mnt")).unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(100_000);
        held.file.as_ref().unwrap().set_modified(long_ago).unwrap();
        assert!(deletions.allow().is_none());
        // It was seen a moment ago only.
        deletions.watch(Limits::default()).unwrap();
        assert!(held.is_kept().unwrap());
        let seen_long_ago = Instant::now().checked_sub(Duration::from_secs(50_000)).unwrap();
        deletions.state().held_since = Some(seen_long_ago);
        held.progress();
        deletions.watch(Limits::default()).unwrap();
        assert!(held.is_kept().unwrap());
        held.file.as_ref().unwrap().set_modified(long_ago).unwrap();
        deletions.watch(Limits::default()).unwrap();
        assert!(!held.is_kept().unwrap());
    }
}
