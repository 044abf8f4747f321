//! Whether the data directory that a store runs on is still the one at its path, with the files in it that the store opened.
//!
//! A directory can be moved away under a running store, a backup restored in its place, a disk mounted over it, or a file
//! of it removed. The store reaches its own files by their descriptors, so it does no harm to what is there now; but a
//! second store can start there, and what this one writes may be in files that nobody finds again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::directory::{Directory, Identity};
use crate::{Poison, StoreError};

/// What has become of a file that the store has open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    InPlace,
    Removed,
    /// Another file has its name.
    Replaced,
    /// That cannot be seen.
    Unknown,
}

/// A data directory that is open, and what of it must stay in its place.
#[derive(Debug)]
pub(crate) struct Watch {
    directory: Directory,
    identity: Identity,
    poison: Poison,
    files: Mutex<Vec<(&'static str, Identity)>>,
    has_warned: AtomicBool,
    has_stopped: AtomicBool,
}

impl Watch {
    pub(crate) fn new(directory: Directory, poison: Poison) -> Result<Self, StoreError> {
        let identity = directory.identity()?;
        let files = Mutex::new(Vec::new());
        let [has_warned, has_stopped] = [false, false].map(AtomicBool::new);
        Ok(Self { directory, identity, poison, files, has_warned, has_stopped })
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    pub(crate) fn poison(&self) -> &Poison {
        &self.poison
    }

    /// What has this name in the directory now must have it from now on.
    pub(crate) fn add(&self, name: &'static str) -> Result<(), StoreError> {
        let Some(identity) = Identity::at(&self.directory.entry(name))? else {
            return Err(self.stop(&format!("{name} was removed from it")));
        };
        self.files.lock().unwrap_or_else(PoisonError::into_inner).push((name, identity));
        Ok(())
    }

    /// Whether all is in its place, by one system call for each file. If it is not, nothing is to be written any more.
    ///
    /// # Errors
    /// [`StoreError::Stopped`], also when something else stopped the store before.
    pub(crate) fn look(&self) -> Result<(), StoreError> {
        self.poison.check()?;
        match self.misplaced() {
            None => Ok(()),
            Some(what) => Err(self.stop(&what)),
        }
    }

    /// Whether writes have ended because of what a look has found, and for no other reason.
    pub(crate) fn has_stopped(&self) -> bool {
        self.has_stopped.load(Ordering::Relaxed)
    }

    /// What has become of a file of the directory that was opened, wherever that is now.
    pub(crate) fn state(&self, name: &'static str) -> State {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = files.iter().find(|(watched, _)| *watched == name).map(|(_, identity)| *identity);
        self.compare(name, opened)
    }

    fn compare(&self, name: &'static str, opened: Option<Identity>) -> State {
        match Identity::at(&self.directory.entry(name)) {
            Ok(None) => State::Removed,
            Ok(found) if found == opened => State::InPlace,
            Ok(Some(_)) => State::Replaced,
            Err(error) => {
                self.cannot_tell(&error);
                State::Unknown
            }
        }
    }

    fn misplaced(&self) -> Option<String> {
        if self.is_at_its_path() == Some(false) {
            return Some("it was moved away, or another one is at its path".to_owned());
        }
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.iter().find_map(|&(name, identity)| match self.compare(name, Some(identity)) {
            State::InPlace | State::Unknown => None,
            State::Removed => Some(format!("{name} was removed from it")),
            State::Replaced => Some(format!("another {name} has the place of the one that was opened")),
        })
    }

    /// `None`: that cannot be seen.
    fn is_at_its_path(&self) -> Option<bool> {
        match Identity::at(self.directory.path()) {
            Ok(found) => Some(found == Some(self.identity)),
            Err(error) => {
                self.cannot_tell(&error);
                None
            }
        }
    }

    /// A path that this user may not follow says nothing about what is there.
    fn cannot_tell(&self, error: &StoreError) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, "whether the data directory is still in its place cannot be seen");
        }
    }

    fn stop(&self, what: &str) -> StoreError {
        let reason =
            format!("{}: the data directory is not what was opened: {what}", self.directory.path().display());
        let stopped = self.poison.stop(
            &reason,
            "the store takes no more writes, and reads what it has open; stop it, put the right data directory in its \
             place (from a backup, if a file is gone), and start it again",
        );
        if stopped == (StoreError::Stopped { reason }) {
            self.has_stopped.store(true, Ordering::Relaxed);
        }
        stopped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_its_place_is_told_from_what_is_not() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("data");
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("lock"), "").unwrap();
        let open = || {
            let watch = Watch::new(Directory::open(&path).unwrap(), Poison::default()).unwrap();
            watch.add("lock").unwrap();
            watch
        };
        let watch = open();
        assert_eq!((watch.look(), watch.state("lock")), (Ok(()), State::InPlace));
        std::fs::write(path.join("copy"), "").unwrap();
        std::fs::rename(path.join("copy"), path.join("lock")).unwrap();
        assert_eq!(watch.state("lock"), State::Replaced);
        let Err(StoreError::Stopped { reason }) = watch.look() else { panic!() };
        assert!(reason.contains("another lock"), "{reason}");

        let watch = open();
        std::fs::remove_file(path.join("lock")).unwrap();
        assert_eq!(watch.state("lock"), State::Removed);
        let stopped = watch.look();
        let Err(StoreError::Stopped { reason }) = &stopped else { panic!() };
        assert!(reason.contains("lock was removed"), "{reason}");
        // It does not come to life again.
        std::fs::write(path.join("lock"), "").unwrap();
        assert_eq!(watch.look(), stopped);

        let watch = open();
        std::fs::rename(&path, base.path().join("moved")).unwrap();
        assert_eq!(watch.state("lock"), State::InPlace);
        let Err(StoreError::Stopped { reason }) = watch.look() else { panic!() };
        assert!(reason.contains("moved away") && reason.contains("data"), "{reason}");
    }
}
