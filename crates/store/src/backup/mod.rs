//! Copies of a store, made while it runs, and stores made of them.
//!
//! A backup is made by a process of its own. It reads the database through a connection beside the server's, which SQLite
//! allows, and keeps the server from deleting blobs meanwhile; it asks nothing else of it, so it works as well when none
//! runs. Everything that was acknowledged before it began is in it, and each object as it was at one moment.

mod create;
mod manifest;
mod restore;

use std::path::{Path, PathBuf};

use thiserror::Error;

pub use create::{BackupOptions, create};
pub use manifest::Manifest;
pub use restore::restore;

use crate::check::Finding;
use crate::files::Disk;
use crate::{OpenError, StoreError};

/// The master key's file in a data directory, which the store does not read; a backup may take it along.
pub const MASTER_KEY: &str = "master.key";

/// In a backup until it is whole.
const UNFINISHED: &str = "unfinished-backup";

/// Refuses what is left of a backup that did not end: its database may be whole, and not all of the blobs are there.
pub(crate) fn refuse_unfinished_backup(directory: &Path) -> Result<(), OpenError> {
    match Disk::default().length(&directory.join(UNFINISHED))? {
        None => Ok(()),
        Some(_) => Err(OpenError::IsUnfinishedBackup { directory: directory.to_owned() }),
    }
}

/// Refuses to take a backup for a store, whole or not.
pub(crate) fn refuse_backup(directory: &Path) -> Result<(), OpenError> {
    refuse_unfinished_backup(directory)?;
    match Disk::default().length(&directory.join(manifest::NAME))? {
        None => Ok(()),
        Some(_) => Err(OpenError::IsBackup { directory: directory.to_owned() }),
    }
}

/// Why a backup was not made, or not restored.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is something where the backup, or the restored store, is to be.
    #[error("{}: there is something already; choose a directory that does not exist yet", path.display())]
    Occupied {
        /// The directory.
        path: PathBuf,
    },
    /// The backup is to be within the data directory.
    #[error(
        "{}: within the data directory {}, and would be lost together with it; choose a place outside, best on another disk",
        path.display(), data.display()
    )]
    WithinData {
        /// Where the backup is to be.
        path: PathBuf,
        /// The data directory.
        data: PathBuf,
    },
    /// Others than its owner and group can read or change the master key that is to go along.
    #[error("{}: everybody on the machine may read the master key (mode {mode:03o}); run: chmod 600 {}", path.display(), path.display())]
    ExposedMasterKey {
        /// The key's file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// An earlier backup to the same place did not end.
    #[error("{}: left by a backup that did not end; delete it and begin again", path.display())]
    Unfinished {
        /// What is left of it.
        path: PathBuf,
    },
    /// The directory holds no backup, or one that did not end.
    #[error("{}: not a finished backup of this version: {reason}", path.display())]
    NoBackup {
        /// The directory.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// The backup is whole, and is not what it says that was backed up.
    #[error("{}: not what was backed up: {}; restore another backup", path.display(), said.differences(found))]
    Altered {
        /// The directory.
        path: PathBuf,
        /// What its file `backup` says.
        said: Manifest,
        /// What is in it.
        found: Manifest,
    },
    /// The server has deleted blobs again, because the backup made no progress.
    #[error(
        "the backup made no progress for an hour, and the server went on without it: objects that were deleted since may be \
         missing in it; delete what is left of it, look after the disk that it is made on, and begin again"
    )]
    GivenUp,
    /// The store, or the backup, is damaged.
    #[error("the {which} is damaged, in {} place(s); the first: {first}; {}", count, first.advice())]
    Damaged {
        /// Whether it is the store or the backup.
        which: &'static str,
        /// How many findings there are.
        count: u64,
        /// The first of them.
        first: Box<Finding>,
    },
    /// The data directory cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Something could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Findings that are damage, as they come; the first is kept.
struct Damage<'t> {
    which: &'static str,
    count: u64,
    first: Option<Finding>,
    tell: &'t mut dyn FnMut(&Finding),
}

impl<'t> Damage<'t> {
    fn of(which: &'static str, tell: &'t mut dyn FnMut(&Finding)) -> Self {
        Self { which, count: 0, first: None, tell }
    }

    fn find(&mut self, finding: Finding) {
        if finding.is_damage() {
            (self.tell)(&finding);
            self.count += 1;
            self.first.get_or_insert(finding);
        }
    }

    fn into_result(self) -> Result<(), BackupError> {
        let Self { which, count, first, .. } = self;
        first.map_or(Ok(()), |first| Err(BackupError::Damaged { which, count, first: Box::new(first) }))
    }
}
