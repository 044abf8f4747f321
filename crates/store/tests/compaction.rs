//! Space in the database that deleted objects leave.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::path::Path;
use std::time::{Duration, Instant};

use presign_store::backup::{BackupOptions, create, restore};
use presign_store::check::check;
use presign_store::{Bucket, NewObject, OpenError, Precondition, Store, StoreOptions, UnixMillis, compact};
use rusqlite::{Connection, OpenFlags};

/// Small objects, which are in the database: 24 MiB of them.
const OBJECTS: usize = 400;
const LENGTH: usize = 60_000;
const LARGE: u64 = (OBJECTS * LENGTH) as u64;

async fn put(store: &Store, key: &str) {
    let mut upload = store.begin_put(None).await.unwrap();
    upload.write(vec![7; LENGTH].into()).await.unwrap();
    upload.finish("b", key, NewObject::default(), Precondition::Unconditional).await.unwrap();
}

async fn open(directory: &Path) -> Store {
    let store = Store::open(directory, StoreOptions::default()).await.unwrap();
    if store.bucket("b").await.unwrap().is_none() {
        let (owner, region) = ("o".to_owned(), "r".to_owned());
        store
            .create_bucket(Bucket { name: "b".into(), owner, region, created: UnixMillis(0) })
            .await
            .unwrap();
    }
    store
}

/// Puts objects, all at once so that few commits do, and deletes all but one.
async fn fill_and_empty(store: &Store) {
    let puts = (0..OBJECTS).map(|at| {
        let store = store.clone();
        tokio::spawn(async move { put(&store, &at.to_string()).await })
    });
    for put in puts.collect::<Vec<_>>() {
        put.await.unwrap();
    }
    let deletions = (1..OBJECTS).map(|at| {
        let store = store.clone();
        tokio::spawn(async move { store.delete("b", &at.to_string()).await })
    });
    for deletion in deletions.collect::<Vec<_>>() {
        assert_eq!(deletion.await.unwrap(), Ok(true));
    }
}

fn database_length(directory: &Path) -> u64 {
    std::fs::metadata(directory.join("metadata.sqlite")).unwrap().len()
}

async fn holds_the_one(directory: &Path) {
    let store = open(directory).await;
    let read = store.get("b", "0").await.unwrap().unwrap().read_all().read_to_end().await.unwrap();
    assert!(read.len() == LENGTH && read.iter().all(|&byte| byte == 7));
    store.close().await.unwrap();
    drop(store);
    let checked = check(directory, |finding| panic!("{finding}")).unwrap();
    assert_eq!((checked.intact, checked.is_clean()), (1, true));
}

/// Makes of a database what the versions before made: one that cannot give pages back.
fn into_one_that_keeps_its_pages(directory: &Path) {
    let vfs = presign_page_checksums::register().unwrap();
    let path = directory.join("metadata.sqlite");
    let conn = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), vfs).unwrap();
    conn.execute_batch("PRAGMA auto_vacuum = none; VACUUM").unwrap();
    let mode: i64 = conn.pragma_query_value(None, "auto_vacuum", |row| row.get(0)).unwrap();
    assert_eq!(mode, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_was_emptied_gives_its_space_back_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).await;
    fill_and_empty(&store).await;
    let begun = Instant::now();
    while database_length(directory.path()) > LARGE / 3 {
        assert!(begun.elapsed() < Duration::from_secs(120), "{} bytes", database_length(directory.path()));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // And goes on to work.
    put(&store, "more").await;
    assert_eq!(store.delete("b", "more").await, Ok(true));
    store.close().await.unwrap();
    drop(store);
    holds_the_one(directory.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_the_version_before_is_compacted_by_command() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).await.close().await.unwrap();
    into_one_that_keeps_its_pages(directory.path());
    let store = open(directory.path()).await;
    fill_and_empty(&store).await;
    assert_eq!(compact(directory.path()), Err(OpenError::Locked { directory: directory.path().to_owned() }));
    store.close().await.unwrap();
    drop(store);
    let before = database_length(directory.path());
    assert!(before > LARGE);
    // What a compaction that was broken off has left is nobody's.
    std::fs::write(directory.path().join("metadata.sqlite.compact"), "half of it").unwrap();
    let made = compact(directory.path()).unwrap();
    assert_eq!((made.before, made.after), (before, database_length(directory.path())));
    assert!(made.after < LARGE / 20, "{made:?}");
    for left in ["metadata.sqlite.compact", "metadata.sqlite.compact-log", "metadata.sqlite.compact-shm"] {
        assert!(!directory.path().join(left).exists(), "{left}");
    }
    // From now on it gives pages back by itself.
    let vfs = presign_page_checksums::register().unwrap();
    let path = directory.path().join("metadata.sqlite");
    let conn = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), vfs).unwrap();
    let mode: i64 = conn.pragma_query_value(None, "auto_vacuum", |row| row.get(0)).unwrap();
    assert_eq!(mode, 2);
    drop(conn);
    holds_the_one(directory.path()).await;
}

#[tokio::test]
async fn a_start_removes_the_databases_that_were_not_finished() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).await.close().await.unwrap();
    let path = |name: &str| directory.path().join(format!("metadata.sqlite{name}"));
    let unfinished = [".new", ".compact", ".compact-log", ".repair", ".repair-log", ".repair-shm"].map(path);
    let kept = [".older", ".repaired"].map(path);
    for path in unfinished.iter().chain(&kept) {
        std::fs::write(path, "half of it").unwrap();
    }
    open(directory.path()).await.close().await.unwrap();
    assert!(unfinished.iter().all(|path| !path.exists()));
    assert!(kept.iter().all(|path| path.exists()), "what is not the store's stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_is_not_compacted_and_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).await;
    put(&store, "0").await;
    store.close().await.unwrap();
    drop(store);
    let path = directory.path().join("metadata.sqlite");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(40).position(|part| part == [7; 40]).unwrap() + 2_000;
    bytes[at] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let refused = compact(directory.path()).unwrap_err();
    assert!(refused.to_string().contains("does not match its checksum"), "{refused}");
    assert!(std::fs::read(&path).unwrap() == bytes);
    bytes[at] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    compact(directory.path()).unwrap();
    holds_the_one(directory.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_store_that_was_emptied_is_small_and_any_program_can_read_its_database() {
    let base = tempfile::tempdir().unwrap();
    let (data, to, again) = (base.path().join("data"), base.path().join("backup"), base.path().join("again"));
    open(&data).await.close().await.unwrap();
    into_one_that_keeps_its_pages(&data);
    let store = open(&data).await;
    fill_and_empty(&store).await;
    // The log is written back.
    store.close().await.unwrap();
    drop(store);
    let store = open(&data).await;
    create(&data, &to, BackupOptions::default(), |finding| panic!("{finding}")).unwrap();
    assert!(database_length(&data) > LARGE);
    assert!(database_length(&to) < LARGE / 20, "{}", database_length(&to));
    store.close().await.unwrap();
    let before = std::fs::read(to.join("metadata.sqlite")).unwrap();
    let reader =
        Connection::open_with_flags(to.join("metadata.sqlite"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let rows: i64 = reader.query_row("SELECT count(*) FROM object", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 1);
    drop(reader);
    assert!(std::fs::read(to.join("metadata.sqlite")).unwrap() == before);
    restore(&to, &again, |finding| panic!("{finding}")).unwrap();
    holds_the_one(&again).await;
}
