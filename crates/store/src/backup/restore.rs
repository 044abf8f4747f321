//! Making a store of a backup.

use std::path::Path;

use super::create::parent;
use super::{BackupError, Damage, MASTER_KEY, Manifest, manifest};
use crate::check::{Finding, check_locked};
use crate::files::{BlobDirectory, BlobState, DirectoryLock, Disk, copy_blob, set_initialized};
use crate::scratch::copy_if_there;
use crate::sqlite::{Found, Survey};
use crate::{Poison, StoreError};

/// Makes a store in `data`, which must not exist or be empty (but for `lost+found`), of a finished backup, and checks all of it. The backup is only
/// read.
///
/// The database is put in its place last, after every check. A directory in which that was not reached is refused by the
/// store, and by this: delete it and begin again.
///
/// # Errors
/// [`BackupError::NoBackup`], [`BackupError::Occupied`]; [`OpenError::Locked`](crate::OpenError::Locked) while a process has `data`
/// open; [`BackupError::Damaged`] when the backup is;
/// [`BackupError::Altered`] when it holds something else than was put into it.
pub fn restore(backup: &Path, data: &Path, mut tell: impl FnMut(&Finding)) -> Result<Manifest, BackupError> {
    let (disk, poison) = (Disk::default(), Poison::default());
    let said = read_manifest(&disk, backup)?;
    if !is_empty(&disk, data)? {
        return Err(BackupError::Occupied { path: data.to_owned() });
    }
    disk.make_dir(data)?;
    // A server may still run on a directory that was emptied.
    let _lock = DirectoryLock::acquire(data)?;
    // First of all: without a database it is no store, and no new one either.
    set_initialized(&disk, data, &poison)?;
    let unfinished = data.join("metadata.sqlite.partial");
    copy_file(&disk, &backup.join("metadata.sqlite"), &unfinished)?;
    if disk.length(&backup.join(MASTER_KEY))?.is_some() {
        copy_file(&disk, &backup.join(MASTER_KEY), &data.join(MASTER_KEY))?;
    }
    let (from, to) = (BlobDirectory::new(disk.clone(), backup), BlobDirectory::new(disk.clone(), data));
    to.make_all()?;
    let mut damage = Damage::of("backup", &mut tell);
    let survey = Survey::recover(&unfinished)?;
    survey.rows(&mut |found| {
        let (bucket, key, blob) = match found {
            Found::Blob { bucket, key, blob } => (bucket, key, blob),
            Found::Inline => return Ok(()),
            Found::Finding(finding) => {
                damage.find(finding);
                return Ok(());
            }
        };
        match copy_blob(&disk, &from.find(blob.id).0, &to.path(blob.id), &blob, &poison, &|| {})? {
            BlobState::Intact => {}
            BlobState::Damaged(detail) => damage.find(Finding::Blob { bucket, key, id: blob.id, detail }),
            BlobState::Missing => damage.find(Finding::MissingBlob { bucket, key, id: blob.id }),
        }
        Ok(())
    })?;
    survey.close()?;
    damage.into_result()?;

    // What fails this is no store yet.
    let mut damage = Damage::of("restored store", &mut tell);
    let checked = check_locked(data, &unfinished, &mut |finding| damage.find(finding.clone()))?;
    damage.into_result()?;
    let found = Manifest { objects: checked.intact, blobs: checked.blobs, blob_bytes: checked.blob_bytes };
    if found != said {
        return Err(BackupError::Altered { path: backup.to_owned(), said, found });
    }
    to.sync_all(&poison)?;
    let file = disk.open_for_sync(&unfinished)?;
    disk.sync(&file, &unfinished, &poison)?;
    disk.rename(&unfinished, &data.join("metadata.sqlite"))?;
    disk.sync_dir(data, &poison)?;
    disk.sync_dir(parent(data), &poison)?;
    Ok(found)
}

fn read_manifest(disk: &Disk, backup: &Path) -> Result<Manifest, BackupError> {
    let path = backup.join(manifest::NAME);
    let no_backup =
        |reason: &str| BackupError::NoBackup { path: backup.to_owned(), reason: reason.to_owned() };
    let file =
        disk.open(&path)?.ok_or_else(|| no_backup("it has no file `backup`, which is written last"))?;
    let text = disk.read(&file, &path, 0, 4096)?;
    let manifest = std::str::from_utf8(&text).ok().and_then(Manifest::parse);
    manifest.ok_or_else(|| no_backup("its file `backup` cannot be read"))
}

/// Copies a file that has checksums of its own, or is small.
fn copy_file(disk: &Disk, from: &Path, to: &Path) -> Result<(), StoreError> {
    if copy_if_there(disk, from, to)? {
        return Ok(());
    }
    let reason = "it is missing".to_owned();
    Err(StoreError::Io { action: "opening the file", place: from.display().to_string(), reason })
}

/// Whether nothing is in a directory but what its file system puts into its root.
fn is_empty(disk: &Disk, directory: &Path) -> Result<bool, StoreError> {
    let mut names = disk.names(directory)?;
    names.retain(|name| name != "lost+found" || !directory.join(name).is_dir());
    Ok(names.is_empty())
}
