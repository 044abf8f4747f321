//! Making a backup.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::{BackupError, Damage, MASTER_KEY, Manifest, UNFINISHED, manifest, refuse_unfinished_backup};
use crate::check::Finding;
use crate::files::{BlobDirectory, BlobState, DirectoryLock, Disk, NoDeletions, copy_blob, is_initialized};
use crate::scratch::copy_with_log;
use crate::sqlite::{Found, Survey, check_log, damaged_pages, remove_database};
use crate::{OpenError, Poison, StoreError};

/// What goes into a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BackupOptions {
    /// Whether the master key goes along, if it is in the data directory. Who has it and the backup has every secret access
    /// key.
    pub with_master_key: bool,
}

/// Copies the store of a data directory to `destination`, whether a server has it open or not, and tells of each damage that
/// is met.
///
/// The copy grows under another name beside the destination and is renamed when it is whole and durable, so that what has
/// the name is a backup. While it is made no blob is deleted, so deleted objects keep their space for so long.
///
/// To be called in a process that neither has the store open nor checks it: SQLite's locks on a file end when another part of
/// the process closes the file, as this does, and a third process could then take the log from under the store.
///
/// # Errors
/// [`BackupError::Occupied`], [`BackupError::WithinData`], [`BackupError::Unfinished`], [`BackupError::ExposedMasterKey`];
/// [`BackupError::Damaged`] when not all of the store can be copied, after all of the damage was told; no backup is made then.
/// [`BackupError::GivenUp`] when the server went on without it.
pub fn create(
    data: &Path,
    destination: &Path,
    options: BackupOptions,
    mut tell: impl FnMut(&Finding),
) -> Result<Manifest, BackupError> {
    let (disk, poison) = (Disk::default(), Poison::default());
    let database = data.join("metadata.sqlite");
    refuse_unfinished_backup(data)?;
    if disk.length(&database)?.unwrap_or(0) == 0 {
        return Err(if is_initialized(&disk, data)? {
            OpenError::DatabaseLost { path: database }.into()
        } else {
            OpenError::NoStore { directory: data.to_owned() }.into()
        });
    }
    if destination.exists() {
        return Err(BackupError::Occupied { path: destination.to_owned() });
    }
    if is_within(destination, data) {
        return Err(BackupError::WithinData { path: destination.to_owned(), data: data.to_owned() });
    }
    let partial = partial_path(destination);
    if partial.exists() {
        return Err(BackupError::Unfinished { path: partial });
    }
    if options.with_master_key {
        refuse_exposed(&data.join(MASTER_KEY))?;
    }
    // A log that no server has open was left by a crash, and may be damaged.
    let mut lock = match DirectoryLock::acquire_existing(&disk, data) {
        Ok(lock) => {
            check_log(&database)?;
            // Where a server can write, one may start meanwhile.
            Some(lock).filter(DirectoryLock::is_read_only)
        }
        Err(OpenError::Locked { .. }) => None,
        Err(other) => return Err(other.into()),
    };
    // Before the database is looked at: from now on every blob that it names stays.
    let no_deletions = NoDeletions::hold(&disk, data, destination)?;
    disk.make_dir(&partial)?;
    // First of all: whatever ends this, nobody takes what is there for a store.
    let unfinished = partial.join(UNFINISHED);
    disk.sync(&disk.create(&unfinished)?, &unfinished, &poison)?;
    disk.sync_dir(&partial, &poison)?;
    let copied = partial.join("metadata.sqlite");
    drop(disk.create(&copied)?);
    let beside = match lock {
        Some(_) => None,
        None => match Survey::beside(&database) {
            // On a full disk SQLite cannot make its files beside a database that nobody has open.
            Err(OpenError::Store(StoreError::DiskFull { .. })) => {
                lock = Some(DirectoryLock::acquire_existing(&disk, data)?);
                None
            }
            other => Some(other?),
        },
    };
    if let Some(mut original) = beside {
        original.tell_progress(no_deletions.teller()?)?;
        original.copy_to(&copied, &|| no_deletions.progress())?;
        // As early as that, so that the server can empty its log again.
        drop(original);
    } else {
        // Nobody has the database open, and SQLite could not recover its log there: a copy is recovered.
        let recovered = partial.join("recovered.sqlite");
        copy_with_log(&disk, &database, &recovered)?;
        Survey::recover(&recovered)?.copy_to(&copied, &|| no_deletions.progress())?;
        remove_database(&disk, &recovered)?;
    }
    let filled = fill(&disk, data, &partial, &copied, &no_deletions, &mut tell);
    // What it misses then is no damage.
    if !no_deletions.is_kept()? {
        return Err(BackupError::GivenUp);
    }
    let manifest = filled?;
    if options.with_master_key {
        copy_master_key(&disk, data, &partial)?;
    }
    let (path, text) = (partial.join(manifest::NAME), Bytes::from(manifest.to_string()));
    let file = disk.create(&path)?;
    disk.append(&file, &path, &[text])?;
    disk.sync(&file, &path, &poison)?;
    disk.sync_dir(&partial, &poison)?;
    // From now on it is a backup.
    disk.unlink(&unfinished)?;
    disk.sync_dir(&partial, &poison)?;
    disk.rename(&partial, destination)?;
    disk.sync_dir(parent(destination), &poison)?;
    drop(lock);
    Ok(manifest)
}

/// Copies the blobs that the copied database names, and checks that database on the way.
fn fill(
    disk: &Disk,
    data: &Path,
    partial: &Path,
    copied: &Path,
    no_deletions: &NoDeletions,
    tell: &mut dyn FnMut(&Finding),
) -> Result<Manifest, BackupError> {
    let poison = Poison::default();
    let mut damage = Damage::of("store", tell);
    let mut manifest = Manifest::default();
    let (from, to) = (BlobDirectory::new(disk.clone(), data), BlobDirectory::new(disk.clone(), partial));
    to.make_all()?;
    // Opened before the survey, and so closed after it.
    let file = disk.open(copied)?;
    let mut survey = Survey::recover(copied)?;
    survey.tell_progress(no_deletions.teller()?)?;
    let progress = || no_deletions.progress();
    let pages = file.as_ref().map_or(Ok(None), |file| damaged_pages(file, copied, &progress))?;
    if pages.is_none_or(|pages| !pages.is_empty()) {
        let reason =
            "the copy of the database is not what was written; check the disk of the backup".to_owned();
        return Err(
            StoreError::Io { action: "reading back", place: copied.display().to_string(), reason }.into()
        );
    }
    let mut is_given_up = false;
    let walked = survey.rows(&mut |found| {
        let (bucket, key, blob) = match found {
            Found::Blob { bucket, key, blob } => (bucket, key, blob),
            Found::Inline => {
                manifest.objects += 1;
                return Ok(());
            }
            Found::Finding(finding) => {
                damage.find(finding);
                return Ok(());
            }
        };
        match copy_blob(disk, &from.find(blob.id).0, &to.path(blob.id), &blob, &poison, &progress)? {
            BlobState::Intact => {
                manifest.objects += 1;
                manifest.blobs += 1;
                manifest.blob_bytes += blob.size;
            }
            BlobState::Damaged(detail) => damage.find(Finding::Blob { bucket, key, id: blob.id, detail }),
            BlobState::Missing if !no_deletions.is_kept()? => {
                // The server has deleted it, as it may from then on.
                is_given_up = true;
                return Err(StoreError::Stopped { reason: "blobs are deleted again".to_owned() });
            }
            BlobState::Missing => damage.find(Finding::MissingBlob { bucket, key, id: blob.id }),
        }
        Ok(())
    });
    if is_given_up {
        return Err(BackupError::GivenUp);
    }
    walked?;
    survey.structure(&mut |finding| damage.find(finding))?;
    survey.close_for_everybody()?;
    damage.into_result()?;
    to.sync_all(&poison)?;
    let file = disk.open_for_sync(copied)?;
    disk.sync(&file, copied, &poison)?;
    Ok(manifest)
}

/// Refuses a master key that everybody on the machine may read, as the server does: a copy that only its owner may read would hide
/// that others have had it.
fn refuse_exposed(path: &Path) -> Result<(), BackupError> {
    let mode = std::fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode() & 0o7777);
    if mode & 0o007 == 0 {
        Ok(())
    } else {
        Err(BackupError::ExposedMasterKey { path: path.to_owned(), mode })
    }
}

fn copy_master_key(disk: &Disk, data: &Path, partial: &Path) -> Result<(), StoreError> {
    let (from, to) = (data.join(MASTER_KEY), partial.join(MASTER_KEY));
    if let Some(key) = disk.open(&from)? {
        let bytes = disk.read(&key, &from, 0, 64 * 1024)?;
        let file = disk.create(&to)?;
        disk.append(&file, &to, &[bytes])?;
        disk.sync(&file, &to, &Poison::default())?;
    }
    Ok(())
}

/// Whether what does not exist yet would be made within a directory, whatever links and `..` the paths go through. What
/// cannot be looked at cannot be made there either, and is refused in its turn.
fn is_within(destination: &Path, directory: &Path) -> bool {
    match (parent(destination).canonicalize(), directory.canonicalize()) {
        (Ok(holder), Ok(directory)) => holder.starts_with(directory),
        _ => false,
    }
}

fn partial_path(destination: &Path) -> PathBuf {
    let mut name = destination.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    destination.with_file_name(name)
}

/// The directory that holds the destination.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bucket, NewObject, Precondition, Store, StoreOptions, UnixMillis};

    /// The twin has the same blob missing while the server keeps all of them.
    #[tokio::test]
    async fn what_a_server_deletes_after_it_gave_a_backup_up_is_no_damage() {
        for is_given_up in [true, false] {
            let base = tempfile::tempdir().unwrap();
            let [data, partial] = ["data", "partial"].map(|name| base.path().join(name));
            let store = Store::open(&data, StoreOptions::default()).await.unwrap();
            let (owner, region) = ("o".to_owned(), "r".to_owned());
            store
                .create_bucket(Bucket { name: "b".into(), owner, region, created: UnixMillis(0) })
                .await
                .unwrap();
            let mut upload = store.begin_put(None).await.unwrap();
            upload.write(vec![7; 100_000].into()).await.unwrap();
            upload.finish("b", "k", NewObject::default(), Precondition::Unconditional).await.unwrap();
            store.close().await.unwrap();
            let disk = Disk::default();
            disk.make_dir(&*partial).unwrap();
            let copied = partial.join("metadata.sqlite");
            drop(disk.create(&*copied).unwrap());
            let held = NoDeletions::hold(&disk, &data, &base.path().join("backup")).unwrap();
            Survey::beside(&data.join("metadata.sqlite")).unwrap().copy_to(&copied, &|| {}).unwrap();
            if is_given_up {
                std::fs::remove_file(data.join("backup.lock")).unwrap();
            }
            let blobs = BlobDirectory::new(disk.clone(), &data);
            for id in (0..=u8::MAX).flat_map(|first| blobs.list(first).unwrap()) {
                std::fs::remove_file(blobs.path(id)).unwrap();
            }
            let mut told = 0;
            let filled = fill(&disk, &data, &partial, &copied, &held, &mut |_| told += 1).unwrap_err();
            assert_eq!((filled == BackupError::GivenUp, told), (is_given_up, usize::from(!is_given_up)));
        }
    }
}
