//! A data directory that is moved away, replaced, or loses a file of its own while a store runs on it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use presign_store::backup::{BackupOptions, create, restore};
use presign_store::{
    Bucket, NewObject, OpenError, Precondition, PutError, Retention, Store, StoreError, StoreOptions,
    UnixMillis,
};

const OBJECTS: usize = 20;

async fn open(directory: &Path) -> Store {
    let store = Store::open(directory, StoreOptions::default()).await.unwrap();
    if store.bucket("b").await.unwrap().is_none() {
        let bucket =
            Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
        store.create_bucket(bucket).await.unwrap();
    }
    store
}

async fn put(store: &Store, key: &str, length: usize) -> Result<(), PutError> {
    let mut upload = store.begin_put(None).await?;
    upload.write(vec![7; length].into()).await?;
    upload.finish("b", key, NewObject::default(), Precondition::Unconditional).await.map(|_| ())
}

async fn length(store: &Store, key: &str) -> Option<usize> {
    let open = store.get("b", key).await.unwrap()?;
    Some(open.read_all().read_to_end().await.unwrap().len())
}

async fn collect(store: &Store) -> Result<(), StoreError> {
    store.collect_orphans(&Retention::NONE).await.map(|_| ())
}

/// Every file below a directory, with its bytes.
fn everything(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(everything(&path));
        } else {
            files.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    files
}

/// A store with objects in blobs, and a backup of it.
async fn filled(base: &Path) -> (PathBuf, PathBuf) {
    let (data, backup) = (base.join("prod"), base.join("backup"));
    let store = open(&data).await;
    for at in 0..OBJECTS {
        put(&store, &format!("k{at}"), 100_000).await.unwrap();
    }
    store.close().await.unwrap();
    create(&data, &backup, BackupOptions::default(), |_| {}).unwrap();
    (data, backup)
}

fn is_stopped<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Stopped { .. }))
}

fn put_is_stopped(outcome: &Result<(), PutError>) -> bool {
    matches!(outcome, Err(PutError::Store(StoreError::Stopped { .. })))
}

/// The order of things that lost 20 of 20 objects: the directory of a running store is moved away, a backup is restored
/// to its path, and a second store starts there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_whose_directory_was_moved_away_touches_nothing_of_the_one_in_its_place() {
    let base = tempfile::tempdir().unwrap();
    let (data, backup) = filled(base.path()).await;
    let first = open(&data).await;
    std::fs::rename(&data, base.path().join("moved")).unwrap();
    restore(&backup, &data, |_| {}).unwrap();
    let second = open(&data).await;
    // What the first one's database knows nothing of.
    put(&second, "new", 100_000).await.unwrap();

    assert!(is_stopped(&collect(&first).await));
    let overwritten = put(&first, "k0", 100_000).await;
    assert!(put_is_stopped(&overwritten), "{overwritten:?}");
    let small = put(&first, "small", 10).await;
    assert!(put_is_stopped(&small), "{small:?}");
    assert!(is_stopped(&first.delete("b", "k1").await));
    // It still reads what it was opened on.
    assert_eq!(length(&first, "k2").await, Some(100_000));
    assert_eq!(length(&first, "new").await, None);

    let before = everything(&data);
    first.close().await.unwrap();
    drop(first);
    assert!(everything(&data) == before, "its end changed the other directory");
    for at in 0..OBJECTS {
        assert_eq!(length(&second, &format!("k{at}")).await, Some(100_000), "k{at}");
    }
    assert_eq!(length(&second, "new").await, Some(100_000));
    put(&second, "k0", 100_001).await.unwrap();
    second.close().await.unwrap();
    // And what was moved away is a store as it was.
    let moved = open(&base.path().join("moved")).await;
    for at in 0..OBJECTS {
        assert_eq!(length(&moved, &format!("k{at}")).await, Some(100_000), "k{at}");
    }
    assert_eq!(put(&moved, "k0", 5).await, Ok(()));
    moved.close().await.unwrap();
}

/// The twin: a second directory beside the first one's harms neither.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_whose_directory_is_in_its_place_goes_on() {
    let base = tempfile::tempdir().unwrap();
    let (data, backup) = filled(base.path()).await;
    let first = open(&data).await;
    let beside = base.path().join("beside");
    restore(&backup, &beside, |_| {}).unwrap();
    let second = open(&beside).await;
    put(&second, "new", 100_000).await.unwrap();

    assert_eq!(collect(&first).await, Ok(()));
    assert_eq!(put(&first, "k0", 100_000).await, Ok(()));
    assert_eq!(put(&first, "small", 10).await, Ok(()));
    assert_eq!(first.delete("b", "k1").await, Ok(true));
    first.close().await.unwrap();
    assert_eq!(length(&second, "new").await, Some(100_000));
    second.close().await.unwrap();
}

/// What is done to a file of a running store.
#[derive(Debug, Clone, Copy)]
enum Harm {
    Removed,
    /// Another file with the same bytes has its name.
    Replaced,
}

fn harm(path: &Path, harm: Harm) {
    match harm {
        Harm::Removed => std::fs::remove_file(path).unwrap(),
        Harm::Replaced => {
            let copy = path.with_extension("copy");
            std::fs::copy(path, &copy).unwrap();
            std::fs::rename(&copy, path).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_the_store_runs_on_is_missed_when_it_is_removed_or_replaced() {
    for name in ["metadata.sqlite", "metadata.sqlite-log", "metadata.sqlite-shm", "lock"] {
        for kind in [Harm::Removed, Harm::Replaced] {
            let base = tempfile::tempdir().unwrap();
            let data = base.path().join("prod");
            let store = open(&data).await;
            put(&store, "blob", 100_000).await.unwrap();
            put(&store, "small", 10).await.unwrap();
            harm(&data.join(name), kind);
            let small = put(&store, "late", 10).await;
            assert!(put_is_stopped(&small), "{name} {kind:?}: {small:?}");
            let overwritten = put(&store, "blob", 100_001).await;
            assert!(put_is_stopped(&overwritten), "{name} {kind:?}: {overwritten:?}");
            assert!(is_stopped(&store.delete("b", "blob").await), "{name} {kind:?}");
            assert!(is_stopped(&collect(&store).await), "{name} {kind:?}");
            let Err(StoreError::Stopped { reason }) = store.begin_put(Some(100_000)).await.map(|_| ()) else {
                panic!("{name} {kind:?}")
            };
            assert!(reason.contains(name), "{reason}");
            assert_eq!(length(&store, "blob").await, Some(100_000));
            store.close().await.unwrap();
        }
    }
}

/// The log holds commits that were acknowledged and are not in the database yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_removed_takes_no_acknowledged_write_along() {
    let base = tempfile::tempdir().unwrap();
    let data = base.path().join("prod");
    let store = open(&data).await;
    for at in 0..50 {
        put(&store, &format!("small{at}"), 10).await.unwrap();
    }
    harm(&data.join("metadata.sqlite-log"), Harm::Removed);
    assert!(put_is_stopped(&put(&store, "late", 10).await));
    // As a kill would leave it: the end of this store does nothing more for it.
    let copy = base.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    for name in ["metadata.sqlite", "initialized"] {
        std::fs::copy(data.join(name), copy.join(name)).unwrap();
    }
    let again = open(&copy).await;
    for at in 0..50 {
        assert_eq!(length(&again, &format!("small{at}")).await, Some(10), "small{at}");
    }
    again.close().await.unwrap();
    store.close().await.unwrap();
}

/// No request has to come for it to be noticed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_store_notices_that_its_directory_is_gone() {
    let base = tempfile::tempdir().unwrap();
    let data = base.path().join("prod");
    let store = open(&data).await;
    assert!(store.begin_put(Some(100_000)).await.is_ok());
    std::fs::rename(&data, base.path().join("moved")).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    // The beginning of an upload looks at nothing by itself.
    while store.begin_put(Some(100_000)).await.is_ok() {
        assert!(Instant::now() < deadline, "nobody noticed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    store.close().await.unwrap();
}

/// Somebody takes the lock's file for a stale one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_second_store_gets_in_when_the_file_of_the_lock_is_removed() {
    let base = tempfile::tempdir().unwrap();
    let data = base.path().join("prod");
    let store = open(&data).await;
    std::fs::remove_file(data.join("lock")).unwrap();
    let second = Store::open(&data, StoreOptions::default()).await.err();
    assert_eq!(second, Some(OpenError::Locked { directory: data.clone() }));
    store.close().await.unwrap();
    drop(store);
    open(&data).await.close().await.unwrap();
}
