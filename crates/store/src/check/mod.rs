//! The check of a whole data directory that no process has open: every page, row, index and blob.

mod finding;

use std::path::Path;

pub use finding::Finding;

use crate::files::{BlobDirectory, BlobState, DirectoryLock, Disk, verify_blob};
use crate::scratch::Scratch;
use crate::sqlite::{Found, Survey, damaged_pages, is_public};
use crate::{Aside, OpenError, StoreError, StoredBlob};

/// How many blobs are looked for at once.
const AT_ONCE: usize = 4096;

/// What a check has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checked {
    /// Objects whose row and bytes are what was written.
    pub intact: u64,
    /// How many of those have their bytes in a blob.
    pub blobs: u64,
    /// Length of those blobs together, in bytes.
    pub blob_bytes: u64,
    /// Findings that are damage.
    pub damaged: u64,
    /// How many of those are damage to the database: all but blobs that are missing or damaged.
    pub damaged_database: u64,
    /// Findings that are not.
    pub notices: u64,
}

impl Checked {
    /// Whether everything that the store holds is what was written.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.damaged == 0
    }
}

/// Checks all of a data directory, and tells each finding as it is made. Memory stays bounded however much there is.
///
/// What an earlier process left in the write-ahead log is recovered first, as the next start would do it. Nothing else is
/// changed. In a directory that cannot be written to, not even that: the database and its log are copied to the directory of
/// temporary files first, which must have room for them. So are those of a version of Presign that other programs could open:
/// opened in its place, it would become one that such a version refuses. To be called in a process that makes no backup of the directory at the same time, for SQLite's locks on a file end
/// when another part of the process closes the file.
///
/// # Errors
/// [`OpenError::Locked`] while a process has the directory open; [`OpenError::Store`] when it cannot be read; the cases of
/// [`OpenError`] for a directory that is not one of this version. Damage is no error.
pub fn check(directory: &Path, mut tell: impl FnMut(&Finding)) -> Result<Checked, OpenError> {
    let disk = Disk::default();
    crate::backup::refuse_unfinished_backup(directory)?;
    let database = directory.join("metadata.sqlite");
    if disk.length(&database)?.is_none() && !crate::files::is_initialized(&disk, directory)? {
        return Err(OpenError::NoStore { directory: directory.to_owned() });
    }
    let lock = DirectoryLock::acquire_existing(&disk, directory)?;
    // The log cannot be recovered in its place where nothing can be written, nor where the directory has to stay what an
    // earlier version can open.
    let is_copy = is_public(&database)? || lock.is_read_only();
    let scratch = if is_copy { Scratch::of(&disk, &database)? } else { None };
    let database = scratch.as_ref().map_or(database.as_path(), Scratch::database);
    check_locked(directory, database, &mut tell)
}

/// As [`check`], of a directory that the caller has locked, and whose database may not be in its place.
pub(crate) fn check_locked(
    directory: &Path,
    database: &Path,
    tell: &mut dyn FnMut(&Finding),
) -> Result<Checked, OpenError> {
    let disk = Disk::default();
    let mut run = Run { checked: Checked::default(), tell };
    // Opened before the survey, and so closed after it.
    let (file, length) = (disk.open(database)?, disk.length(database)?);
    let Some(file) = file.filter(|_| length.unwrap_or(0) > 0) else {
        run.find(&Finding::DatabaseLost);
        return Ok(run.checked);
    };
    let survey = match Survey::recover(database) {
        Ok(survey) => Some(survey),
        Err(OpenError::Store(StoreError::Corrupt { what, detail })) => {
            run.find(&Finding::Unopened { detail: format!("{what}: {detail}") });
            None
        }
        Err(other) => return Err(other),
    };
    // After the recovery, which writes pages that a crash has left half-written.
    let pages = damaged_pages(&file, database, &|| {})?;
    match &pages {
        None => run.find(&Finding::Header),
        Some(pages) => pages.iter().for_each(|number| run.find(&Finding::Page { number: *number })),
    }
    if let Some(survey) = survey {
        let has_all_pages = pages.is_some_and(|pages| pages.is_empty());
        run.everything(&disk, directory, &survey, has_all_pages)?;
    }
    Ok(run.checked)
}

struct Run<'t> {
    checked: Checked,
    tell: &'t mut dyn FnMut(&Finding),
}

impl Run<'_> {
    fn find(&mut self, finding: &Finding) {
        if finding.is_damage() {
            self.checked.damaged += 1;
            self.checked.damaged_database += u64::from(finding.is_damage_to_database());
        } else {
            self.checked.notices += 1;
        }
        (self.tell)(finding);
    }

    fn everything(
        &mut self,
        disk: &Disk,
        directory: &Path,
        survey: &Survey,
        has_all_pages: bool,
    ) -> Result<(), StoreError> {
        let blobs = BlobDirectory::new(disk.clone(), directory);
        survey.rows(&mut |found| match found {
            Found::Blob { bucket, key, blob } => {
                self.blob(&blobs, bucket, key, &blob);
                Ok(())
            }
            Found::Inline => {
                self.checked.intact += 1;
                Ok(())
            }
            Found::Finding(finding) => {
                self.find(&finding);
                Ok(())
            }
        })?;
        if !has_all_pages {
            // Rows that cannot be read may name any blob.
            self.find(&Finding::OrphansUnknown);
            return Ok(());
        }
        let damaged = self.checked.damaged;
        survey.structure(&mut |finding| self.find(&finding))?;
        if self.checked.damaged > damaged {
            // The index that says which blobs are named may be what is inconsistent.
            self.find(&Finding::OrphansUnknown);
            return Ok(());
        }
        for first in 0..=u8::MAX {
            for ids in blobs.list(first)?.chunks(AT_ONCE) {
                for id in survey.unnamed_blobs(ids.to_vec())? {
                    self.find(&Finding::Orphan { id });
                }
            }
        }
        for aside in Aside::ALL {
            for ids in blobs.list_aside(aside)?.chunks(AT_ONCE) {
                for id in survey.unnamed_blobs(ids.to_vec())? {
                    self.find(&Finding::OrphanAside { id, aside });
                }
            }
        }
        Ok(())
    }

    fn blob(&mut self, blobs: &BlobDirectory, bucket: String, key: String, blob: &StoredBlob) {
        let (path, aside) = blobs.find(blob.id);
        match verify_blob(blobs.disk(), &path, blob) {
            BlobState::Intact => {
                if let Some(aside) = aside {
                    self.find(&Finding::BlobAside { bucket, key, id: blob.id, aside });
                }
                self.checked.intact += 1;
                self.checked.blobs += 1;
                self.checked.blob_bytes += blob.size;
            }
            BlobState::Damaged(detail) => self.find(&Finding::Blob { bucket, key, id: blob.id, detail }),
            BlobState::Missing => self.find(&Finding::MissingBlob { bucket, key, id: blob.id }),
        }
    }
}
