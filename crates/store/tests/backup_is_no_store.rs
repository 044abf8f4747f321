//! What is a backup, whole or not, and a directory that a backup or a server uses, is not changed by others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::fs::File;
use std::path::{Path, PathBuf};

use presign_store::backup::{BackupError, BackupOptions, create, restore};
use presign_store::check::check;
use presign_store::files::DirectoryLock;
use presign_store::repair::repair;
use presign_store::{Bucket, NewObject, OpenError, Precondition, Store, StoreOptions, UnixMillis, compact};

/// A data directory with some blobs.
async fn filled(base: &Path) -> PathBuf {
    let data = base.join("data");
    let store = Store::open(&data, StoreOptions::default()).await.unwrap();
    let bucket = Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
    store.create_bucket(bucket).await.unwrap();
    for at in 0..5 {
        let mut upload = store.begin_put(None).await.unwrap();
        upload.write(vec![7; 100_000].into()).await.unwrap();
        let precondition = Precondition::Unconditional;
        upload.finish("b", &at.to_string(), NewObject::default(), precondition).await.unwrap();
    }
    store.close().await.unwrap();
    data
}

/// A file below a directory whose name is a blob's.
fn a_blob(directory: &Path) -> Option<PathBuf> {
    std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).find_map(|path| {
        if path.is_dir() {
            return a_blob(&path);
        }
        Some(path).filter(|path| path.file_name().unwrap().len() == 32)
    })
}

/// What opens or changes a store says about the directory.
async fn answers(directory: &Path) -> [(&'static str, Option<OpenError>); 3] {
    let served = Store::open(directory, StoreOptions::default()).await.err();
    let compacted = compact(directory).err();
    [("serve", served), ("compact", compacted), ("repair", repair(directory, |_| {}).err())]
}

#[tokio::test]
async fn a_backup_that_did_not_end_is_no_store() {
    let base = tempfile::tempdir().unwrap();
    let data = filled(base.path()).await;
    let (backup, partial) = (base.path().join("backup"), base.path().join("backup.partial"));
    let blob = a_blob(&data.join("blobs")).unwrap();
    let whole = std::fs::read(&blob).unwrap();
    std::fs::write(&blob, "damaged").unwrap();
    assert!(matches!(
        create(&data, &backup, BackupOptions::default(), |_| {}),
        Err(BackupError::Damaged { .. })
    ));
    for (name, error) in answers(&partial).await {
        let error = error.unwrap_or_else(|| panic!("{name} takes it")).to_string();
        assert!(error.contains("a backup that did not end"), "{name}: {error}");
    }
    let checked = check(&partial, |_| {}).map_err(|error| error.to_string());
    assert!(checked.as_ref().is_err_and(|error| error.contains("a backup that did not end")), "{checked:?}");
    // One that ended says nothing of that.
    std::fs::write(&blob, whole).unwrap();
    std::fs::remove_dir_all(&partial).unwrap();
    let made = create(&data, &backup, BackupOptions::default(), |_| {}).unwrap();
    assert!(!backup.join("unfinished-backup").exists());
    assert_eq!(check(&backup, |_| {}).unwrap().intact, made.objects);
    for (name, error) in answers(&backup).await {
        assert_eq!(error, Some(OpenError::IsBackup { directory: backup.clone() }), "{name}");
    }
    for (name, error) in answers(&data).await {
        assert_eq!(error, None, "{name}");
    }
}

#[tokio::test]
async fn nothing_replaces_the_database_while_a_backup_copies_it() {
    let base = tempfile::tempdir().unwrap();
    let data = filled(base.path()).await;
    let backup = File::open(data.join("backup.lock")).unwrap();
    backup.lock_shared().unwrap();
    let compacted = compact(&data).err().map(|error| error.to_string());
    let repaired = repair(&data, |_| {}).err().map(|error| error.to_string());
    for refused in [compacted, repaired] {
        let refused = refused.expect("it went on beside the backup");
        assert!(refused.contains("a backup"), "{refused}");
    }
    backup.unlock().unwrap();
    assert!(compact(&data).is_ok() && repair(&data, |_| {}).is_ok());
    // And the lock was given back.
    backup.try_lock().unwrap();
}

#[tokio::test]
async fn a_backup_is_not_restored_below_a_server_that_still_runs() {
    let base = tempfile::tempdir().unwrap();
    let data = filled(base.path()).await;
    let backup = base.path().join("backup");
    let made = create(&data, &backup, BackupOptions::default(), |_| {}).unwrap();
    let emptied = base.path().join("emptied");
    let server = DirectoryLock::acquire(&emptied).unwrap();
    std::fs::remove_file(emptied.join("lock")).unwrap();
    let refused = restore(&backup, &emptied, |_| {});
    assert_eq!(refused, Err(OpenError::Locked { directory: emptied.clone() }.into()));
    assert_eq!(std::fs::read_dir(&emptied).unwrap().count(), 0, "nothing is written");
    drop(server);
    assert_eq!(restore(&backup, &emptied, |_| {}), Ok(made));
}

/// Whose the database is, and who may read it.
fn owner(data: &Path) -> (u32, u32, u32) {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = data.join("metadata.sqlite").metadata().unwrap();
    (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777)
}

#[tokio::test]
async fn a_new_database_belongs_to_whom_the_old_one_belonged() {
    use std::os::unix::fs::{PermissionsExt as _, chown};
    let base = tempfile::tempdir().unwrap();
    let data = filled(base.path()).await;
    let database = data.join("metadata.sqlite");
    std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o640)).unwrap();
    // Only root may give a file away. For others the mode is what can be seen.
    drop(chown(&database, Some(54_321), Some(54_321)));
    let before = owner(&data);
    assert_eq!(before.2, 0o640);
    compact(&data).unwrap();
    assert_eq!(owner(&data), before);
    // As another program with SQLite leaves a page: without a checksum.
    let mut bytes = std::fs::read(&database).unwrap();
    bytes[2 * 4096 - 8..2 * 4096].fill(0);
    std::fs::write(&database, bytes).unwrap();
    let repaired = repair(&data, |finding| panic!("{finding}")).unwrap();
    assert!(repaired.replaced.is_some(), "{repaired:?}");
    assert_eq!(owner(&data), before);
}
