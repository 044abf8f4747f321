//! Space to fall back on when the disk is full.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Disk;
use super::directory::{Directory, Entry, Located};
use crate::StoreError;

/// How much is held back. A delete needs a few pages in the write-ahead log; this is enough for many at once.
const RESERVE_BYTES: usize = 8 << 20;
/// What is taken where there is no room for all of it. Less than this helps nobody.
const LEAST_BYTES: usize = 1 << 20;

/// A file that holds nothing but space. On a full disk it is given up so that a delete can be committed, and made again
/// when there is room. While it is gone nothing else may be written, or the space would be gone for good.
#[derive(Debug)]
pub struct Reserve {
    disk: Disk,
    place: Entry,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Held,
    /// There was room for some of it: enough to delete with, not enough to write.
    Partial,
    /// Given up for a write that makes room, which must find the space.
    Lent,
    /// There was no room for any of it.
    Missing,
}

impl Reserve {
    /// Takes the reserve of a data directory, if there is room for it.
    ///
    /// # Errors
    /// [`StoreError::Io`]; a full disk is none.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        Self::open_on(Disk::default(), directory)
    }

    pub(crate) fn open_on(disk: Disk, directory: &Path) -> Result<Self, StoreError> {
        Self::open_in(disk, &Directory::open(directory)?)
    }

    /// As [`open`](Self::open), of a directory that is open.
    pub(crate) fn open_in(disk: Disk, directory: &Directory) -> Result<Self, StoreError> {
        let reserve = Self { disk, place: directory.entry("reserve"), state: Mutex::new(State::Missing) };
        reserve.take_back()?;
        Ok(reserve)
    }

    /// Whether new data may be written. Tries to take what is missing of the reserve.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] while there is no room for it, and while it is lent.
    pub fn ensure(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        match *state {
            State::Held => return Ok(()),
            State::Lent => {}
            State::Partial | State::Missing => *state = self.take()?,
        }
        if *state == State::Held {
            return Ok(());
        }
        Err(StoreError::DiskFull {
            action: "keeping space in reserve",
            place: self.place.shown().display().to_string(),
        })
    }

    /// Whether the reserve is there.
    #[must_use]
    pub fn is_held(&self) -> bool {
        *self.state() == State::Held
    }

    /// Gives the space up until [`take_back`](Self::take_back). Nobody else gets it meanwhile, as far as it is for this
    /// process to say.
    ///
    /// # Errors
    /// [`StoreError::Io`]: it is not lent then.
    pub fn lend(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        self.disk.unlink(&self.place)?;
        *state = State::Lent;
        Ok(())
    }

    /// Ends the loan. Where there is no room yet, a later [`ensure`](Self::ensure) tries again.
    ///
    /// # Errors
    /// [`StoreError::Io`]; a full disk is none.
    pub fn take_back(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        *state = State::Missing;
        *state = self.take()?;
        Ok(())
    }

    /// Takes as much as there is room for. What is there already is never given up for it.
    fn take(&self) -> Result<State, StoreError> {
        let file = match self.disk.create_or_open(&self.place) {
            Ok(file) => file,
            Err(StoreError::DiskFull { .. }) => return Ok(State::Missing),
            Err(error) => return Err(error),
        };
        let mut bytes = RESERVE_BYTES;
        while bytes >= LEAST_BYTES {
            match self.disk.allocate(&file, &self.place, bytes) {
                Ok(()) if bytes == RESERVE_BYTES => return Ok(State::Held),
                Ok(()) => return Ok(State::Partial),
                Err(StoreError::DiskFull { .. }) => bytes /= 2,
                Err(error) => return Err(error),
            }
        }
        self.disk.unlink(&self.place)?;
        Ok(State::Missing)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn given_up_and_taken_again() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let reserve = Reserve::open(directory.path())?;
        let path = directory.path().join("reserve");
        assert_eq!(std::fs::metadata(&path)?.len(), 8 << 20);
        reserve.lend()?;
        assert!(!path.exists() && !reserve.is_held());
        assert!(
            matches!(reserve.ensure(), Err(StoreError::DiskFull { .. })),
            "lent is not there to be taken"
        );
        reserve.take_back()?;
        reserve.ensure()?;
        assert!(path.exists() && reserve.is_held());
        Ok(())
    }

    #[test]
    fn without_room_it_says_that_the_disk_is_full() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let room = Arc::new(AtomicUsize::new(1000));
        let reserve =
            Reserve::open_on(Disk { room: Some(Arc::clone(&room)), ..Disk::default() }, directory.path())?;
        assert!(!reserve.is_held());
        assert!(matches!(reserve.ensure(), Err(StoreError::DiskFull { .. })));
        assert!(!directory.path().join("reserve").exists());
        room.store(RESERVE_BYTES - 1, Ordering::SeqCst);
        assert!(matches!(reserve.ensure(), Err(StoreError::DiskFull { .. })));
        assert_eq!(
            std::fs::metadata(directory.path().join("reserve"))?.len(),
            4 << 20,
            "half of it is better than none"
        );
        room.store(RESERVE_BYTES, Ordering::SeqCst);
        assert_eq!(reserve.ensure(), Ok(()));
        Ok(())
    }
}
