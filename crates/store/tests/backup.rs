//! Backups of a store in use, and stores made of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use presign_store::backup::{BackupError, BackupOptions, Manifest, create, restore};
use presign_store::check::{Finding, check};
use presign_store::{
    Bucket, ListRequest, NewObject, OpenError, Precondition, Retention, Store, StoreOptions, UnixMillis,
};
use rusqlite::{Connection, OpenFlags};

const TASKS: usize = 4;
/// How many keys each of them has.
const SLOTS: u64 = 11;

/// What an object holds follows from its key and its version.
fn content(key: &str, version: u64) -> Vec<u8> {
    let seed = key.bytes().map(u64::from).sum::<u64>() + version * 13;
    let length = [10, 2_000, 70_000, 200_000][(seed % 4) as usize];
    format!("{key} {version} ").into_bytes().into_iter().cycle().take(length).collect()
}

async fn put(store: &Store, key: &str, version: u64) {
    let mut upload = store.begin_put(None).await.unwrap();
    upload.write(content(key, version).into()).await.unwrap();
    let new = NewObject { etag: version.to_string(), ..NewObject::default() };
    upload.finish("b", key, new, Precondition::Unconditional).await.unwrap();
}

async fn open(directory: &Path) -> Store {
    let store = Store::open(directory, StoreOptions::default()).await.unwrap();
    if store.bucket("b").await.unwrap().is_none() {
        let bucket =
            Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
        store.create_bucket(bucket).await.unwrap();
    }
    store
}

async fn back_up(data: &Path, to: &Path) -> Result<Manifest, BackupError> {
    let (data, to) = (data.to_owned(), to.to_owned());
    tokio::task::spawn_blocking(move || create(&data, &to, BackupOptions::default(), |_| {})).await.unwrap()
}

/// Whether a key is never deleted, so that it must be in a backup once it was written.
fn is_kept(slot: u64) -> bool {
    slot.is_multiple_of(2)
}

/// Versions that were acknowledged, by key, and whether each left an object there. Versions of a key only grow.
type Acknowledged = Arc<Mutex<BTreeMap<String, (u64, bool)>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_backup_during_writes_holds_what_was_acknowledged_before() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let store = open(&data).await;
    let acknowledged = Acknowledged::default();
    let stop = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (store, acknowledged, stop) = (store.clone(), Arc::clone(&acknowledged), Arc::clone(&stop));
            tokio::spawn(async move {
                for at in 1.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let slot = at * 7 % SLOTS;
                    let key = format!("{task}/{slot}");
                    let exists = at % 5 != 4 || is_kept(slot);
                    if exists {
                        put(&store, &key, at).await;
                    } else {
                        store.delete("b", &key).await.unwrap();
                    }
                    acknowledged.lock().unwrap().insert(key, (at, exists));
                }
            })
        })
        .collect();
    // And the collector, which has blobs to delete all the time.
    let collector = tokio::spawn({
        let (store, stop) = (store.clone(), Arc::clone(&stop));
        async move {
            while !stop.load(Ordering::SeqCst) {
                store.collect_orphans(&Retention::NONE).await.unwrap();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    });
    for round in 0..2 {
        while acknowledged.lock().unwrap().len() < TASKS * SLOTS as usize {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let before = acknowledged.lock().unwrap().clone();
        let to = directory.path().join(format!("backup {round}"));
        let manifest = back_up(&data, &to).await.unwrap();
        let after = acknowledged.lock().unwrap().clone();
        assert!(after != before, "nothing was written meanwhile");
        let restored = directory.path().join(format!("restored {round}"));
        let (from, into) = (to.clone(), restored.clone());
        let counted = tokio::task::spawn_blocking(move || restore(&from, &into, |_| {})).await.unwrap();
        assert_eq!(counted, Ok(manifest));
        let served = Store::open(&to, StoreOptions::default()).await;
        assert_eq!(served.err(), Some(OpenError::IsBackup { directory: to.clone() }));
        verify(&restored, &before).await;
        std::fs::remove_dir_all(restored).unwrap();
        std::fs::remove_dir_all(to).unwrap();
    }
    stop.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.unwrap();
    }
    collector.await.unwrap();
    // The space of what was deleted meanwhile comes back.
    let expected = acknowledged.lock().unwrap().values().filter(|(_, exists)| *exists).count();
    let page = store.list("b", &ListRequest { max_keys: 1_000, ..ListRequest::default() }).await.unwrap();
    assert_eq!(page.objects.len(), expected);
    let named = page.objects.iter().filter(|object| object.size > presign_store::INLINE_LIMIT as u64).count();
    let mut left = 0;
    for _ in 0..600 {
        let collected = store.collect_orphans(&Retention::NONE).await.unwrap();
        left = collected.examined - collected.deleted;
        if left == named as u64 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(left, named as u64);
    store.close().await.unwrap();
}

/// Clean, and no key older than it was acknowledged.
async fn verify(restored: &Path, before: &BTreeMap<String, (u64, bool)>) {
    let path = restored.to_owned();
    let checked = tokio::task::spawn_blocking(move || check(&path, |_| {})).await.unwrap().unwrap();
    assert!(checked.is_clean() && checked.notices == 0, "{checked:?}");
    let store = open(restored).await;
    for (key, (version, exists)) in before {
        match store.get("b", key).await.unwrap() {
            Some(object) => {
                let found: u64 = object.object().etag.parse().unwrap();
                assert!(found > *version || (found == *version && *exists), "{key}: {found} of {version}");
                assert!(object.read_all().read_to_end().await.unwrap() == content(key, found), "{key}");
            }
            // Deleted before, or since.
            None => assert!(!is_kept(key.split_once('/').unwrap().1.parse().unwrap()), "{key} is lost"),
        }
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_store_that_is_not_running_is_backed_up_too_and_what_exists_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let [data, to, again] = ["data", "backup", "again"].map(|name| directory.path().join(name));
    let store = open(&data).await;
    for version in 0..8 {
        put(&store, &format!("k{version}"), version).await;
    }
    store.close().await.unwrap();
    drop(store);
    std::fs::write(data.join("master.key"), "secret").unwrap();
    std::fs::set_permissions(data.join("master.key"), PermissionsExt::from_mode(0o600)).unwrap();
    let manifest = back_up(&data, &to).await.unwrap();
    assert_eq!(manifest.objects, 8);
    assert!(!to.join("master.key").exists());
    assert_eq!(back_up(&data, &to).await, Err(BackupError::Occupied { path: to.clone() }));
    assert_eq!(restore(&to, &data, |_| {}), Err(BackupError::Occupied { path: data.clone() }));
    assert_eq!(restore(&to, &again, |_| {}), Ok(manifest));
    let restored = open(&again).await;
    for version in 0..8 {
        let key = format!("k{version}");
        let object = restored.get("b", &key).await.unwrap().unwrap();
        assert!(object.read_all().read_to_end().await.unwrap() == content(&key, version));
    }
    restored.close().await.unwrap();

    let with_key = directory.path().join("with key");
    create(&data, &with_key, BackupOptions { with_master_key: true }, |_| {}).unwrap();
    let again = directory.path().join("again with key");
    restore(&with_key, &again, |_| {}).unwrap();
    assert_eq!(std::fs::read_to_string(again.join("master.key")).unwrap(), "secret");
}

#[tokio::test]
async fn a_master_key_that_others_may_read_is_not_taken_along() {
    let directory = tempfile::tempdir().unwrap();
    let [data, to] = ["data", "backup"].map(|name| directory.path().join(name));
    open(&data).await.close().await.unwrap();
    let key = data.join("master.key");
    std::fs::write(&key, "secret").unwrap();
    let back_up = |mode| {
        std::fs::set_permissions(&key, PermissionsExt::from_mode(mode)).unwrap();
        create(&data, &to, BackupOptions { with_master_key: true }, |_| {}).map_err(|error| error.to_string())
    };
    for exposed in [0o604, 0o602, 0o644, 0o666] {
        let refused = back_up(exposed).unwrap_err();
        assert!(refused.contains("chmod 600") && !to.exists(), "{refused}");
    }
    assert!(back_up(0o640).is_ok());
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&to), mode(&to.join("master.key"))), (0o700, 0o600));
}

#[tokio::test]
async fn what_is_not_finished_is_told_from_what_is() {
    let directory = tempfile::tempdir().unwrap();
    let [data, to, again] = ["data", "backup", "again"].map(|name| directory.path().join(name));
    let store = open(&data).await;
    put(&store, "k", 1).await;
    store.close().await.unwrap();
    drop(store);
    let partial = directory.path().join("backup.partial");
    std::fs::create_dir(&partial).unwrap();
    assert_eq!(back_up(&data, &to).await, Err(BackupError::Unfinished { path: partial.clone() }));
    std::fs::remove_dir(&partial).unwrap();
    back_up(&data, &to).await.unwrap();
    let mark = std::fs::read(to.join("backup")).unwrap();
    std::fs::remove_file(to.join("backup")).unwrap();
    let refused = restore(&to, &again, |_| {}).unwrap_err();
    assert!(matches!(&refused, BackupError::NoBackup { path, .. } if *path == to), "{refused}");
    assert!(!again.exists());
    std::fs::write(to.join("backup"), mark).unwrap();
    // A restore that was cut off before its end leaves nothing that passes for a store.
    restore(&to, &again, |_| {}).unwrap();
    std::fs::rename(again.join("metadata.sqlite"), again.join("metadata.sqlite.partial")).unwrap();
    let refused = Store::open(&again, StoreOptions::default()).await.err();
    assert_eq!(refused, Some(OpenError::DatabaseLost { path: again.join("metadata.sqlite") }));
    let nothing = directory.path().join("nothing");
    let refused = back_up(&nothing, &directory.path().join("other")).await;
    assert_eq!(refused, Err(OpenError::NoStore { directory: nothing }.into()));
}

fn blob_files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let entries = entries.filter(|path| !path.ends_with("blobs/initialized"));
    entries.flat_map(|path| if path.is_dir() { blob_files(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn damage_is_not_copied_and_not_restored() {
    let directory = tempfile::tempdir().unwrap();
    let [data, to, again] = ["data", "backup", "again"].map(|name| directory.path().join(name));
    let store = open(&data).await;
    let key = (0..).map(|at| format!("k{at}")).find(|key| content(key, 1).len() == 200_000).unwrap();
    put(&store, &key, 1).await;
    store.close().await.unwrap();
    drop(store);
    let flip = |path: &Path| {
        let mut bytes = std::fs::read(path).unwrap();
        bytes[1_000] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    let [blob] = &blob_files(&data.join("blobs"))[..] else { panic!() };
    flip(blob);
    let mut told = Vec::new();
    let refused =
        create(&data, &to, BackupOptions::default(), |finding| told.push(finding.clone())).unwrap_err();
    assert!(matches!(&refused, BackupError::Damaged { which: "store", count: 1, .. }), "{refused}");
    assert!(matches!(&told[..], [Finding::Blob { key: found, .. }] if *found == key), "{told:?}");
    assert!(!to.exists());
    std::fs::remove_dir_all(directory.path().join("backup.partial")).unwrap();
    flip(blob);
    create(&data, &to, BackupOptions::default(), |_| {}).unwrap();

    let [copy] = &blob_files(&to.join("blobs"))[..] else { panic!() };
    for path in [copy.clone(), to.join("metadata.sqlite")] {
        flip(&path);
        let refused = restore(&to, &again, |_| {});
        assert!(refused.is_err(), "{}", path.display());
        flip(&path);
        std::fs::remove_dir_all(&again).unwrap();
    }
    assert!(restore(&to, &again, |_| {}).is_ok());
}

/// A blob that cannot be opened stands for one that the disk cannot read.
#[tokio::test]
async fn blobs_that_cannot_be_read_are_all_named() {
    let directory = tempfile::tempdir().unwrap();
    let [data, to, again] = ["data", "backup", "again"].map(|name| directory.path().join(name));
    let store = open(&data).await;
    let large = (0..).map(|at| format!("k{at}")).filter(|key| content(key, 1).len() == 200_000);
    let mut keys: Vec<String> = large.take(3).collect();
    keys.sort_unstable();
    for key in &keys {
        put(&store, key, 1).await;
    }
    store.close().await.unwrap();
    drop(store);
    let made = create(&data, &to, BackupOptions::default(), |_| {}).unwrap();
    for holder in [&data, &to] {
        for blob in blob_files(&holder.join("blobs")) {
            std::fs::rename(&blob, blob.with_extension("kept")).unwrap();
            std::os::unix::fs::symlink(&blob, &blob).unwrap();
        }
    }
    let other = directory.path().join("other");
    let mut told = Vec::new();
    let refused = create(&data, &other, BackupOptions::default(), |finding| told.push(finding.clone()));
    assert!(matches!(&refused, Err(BackupError::Damaged { which: "store", count: 3, .. })), "{refused:?}");
    assert!(!other.exists());
    let refused = restore(&to, &again, |finding| told.push(finding.clone()));
    assert!(matches!(&refused, Err(BackupError::Damaged { which: "backup", count: 3, .. })), "{refused:?}");
    let named = told.iter().map(|finding| match finding {
        Finding::Blob { key, .. } => key,
        other => panic!("{other}"),
    });
    assert!(named.eq(keys.iter().chain(&keys)), "{told:?}");

    std::fs::remove_dir_all(&again).unwrap();
    for link in blob_files(&to.join("blobs")).iter().filter(|path| path.is_symlink()) {
        std::fs::rename(link.with_extension("kept"), link).unwrap();
    }
    assert_eq!(restore(&to, &again, |_| {}), Ok(made));
}

#[tokio::test]
async fn what_fails_the_last_check_is_no_store() {
    let directory = tempfile::tempdir().unwrap();
    let [data, to, again] = ["data", "backup", "again"].map(|name| directory.path().join(name));
    let store = open(&data).await;
    let keys: Vec<String> = (0..40).map(|at| format!("k{at}")).collect();
    for key in &keys {
        put(&store, key, 1).await;
    }
    store.close().await.unwrap();
    drop(store);
    let made = create(&data, &to, BackupOptions::default(), |_| {}).unwrap();
    let is_no_store = async || {
        let refused = Store::open(&again, StoreOptions::default()).await.err();
        assert_eq!(refused, Some(OpenError::DatabaseLost { path: again.join("metadata.sqlite") }));
        std::fs::remove_dir_all(&again).unwrap();
    };

    // Another number of objects than there are.
    let mark = std::fs::read_to_string(to.join("backup")).unwrap();
    let other = mark.replace(&format!("objects {}", made.objects), "objects 7");
    std::fs::write(to.join("backup"), other).unwrap();
    let refused = restore(&to, &again, |_| {}).unwrap_err();
    let said = Manifest { objects: 7, ..made };
    assert_eq!(refused, BackupError::Altered { path: to.clone(), said, found: made });
    assert!(refused.to_string().contains("7 objects were, and 40 are in it"), "{refused}");
    is_no_store().await;
    std::fs::write(to.join("backup"), mark).unwrap();

    // A page that no object's row is in.
    let database = to.join("metadata.sqlite");
    let vfs = presign_page_checksums::register().unwrap();
    let conn = Connection::open_with_flags_and_vfs(&database, OpenFlags::SQLITE_OPEN_READ_ONLY, vfs).unwrap();
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'object_blob'";
    let page: u32 = conn.query_row(root, [], |row| row.get(0)).unwrap();
    drop(conn);
    let whole = std::fs::read(&database).unwrap();
    let mut bytes = whole.clone();
    bytes[(page as usize - 1) * 4096 + 2000] ^= 1;
    std::fs::write(&database, bytes).unwrap();
    let refused = restore(&to, &again, |_| {}).unwrap_err();
    assert!(matches!(&refused, BackupError::Damaged { which: "restored store", .. }), "{refused}");
    is_no_store().await;

    std::fs::write(&database, whole).unwrap();
    assert_eq!(restore(&to, &again, |_| {}), Ok(made));
    open(&again).await.close().await.unwrap();
}
