//! A database that is not the one that belongs to the blobs beside it: an older copy, put there by mistake.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::path::Path;
use std::time::{Duration, SystemTime};

use presign_store::backup::{BackupOptions, create, restore};
use presign_store::check::{Finding, check};
use presign_store::{
    Aside, Bucket, Collected, Doubt, NewObject, Precondition, Retention, Store, StoreOptions, UnixMillis,
};
use rusqlite::{Connection, OpenFlags};

/// As a server keeps them, but for the age of a blob.
const KEPT: Retention = Retention {
    min_age: Duration::ZERO,
    trash: Duration::from_secs(24 * 60 * 60),
    held: Duration::from_secs(30 * 24 * 60 * 60),
};

async fn open(directory: &Path) -> Store {
    let store = Store::open(directory, StoreOptions::default()).await.unwrap();
    if store.bucket("b").await.unwrap().is_none() {
        let bucket =
            Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
        store.create_bucket(bucket).await.unwrap();
    }
    store
}

async fn put(store: &Store, key: &str) {
    let mut upload = store.begin_put(None).await.unwrap();
    upload.write(vec![7; 100_000].into()).await.unwrap();
    upload.finish("b", key, NewObject::default(), Precondition::Unconditional).await.unwrap();
}

async fn is_whole(store: &Store, key: &str) -> bool {
    let Some(open) = store.get("b", key).await.unwrap() else { return false };
    open.read_all().read_to_end().await.unwrap() == vec![7; 100_000]
}

fn count(directory: &Path) -> usize {
    std::fs::read_dir(directory).map_or(0, Iterator::count)
}

/// A store with older and newer objects, and the database from before the newer ones came in its place. The newer database
/// stands beside it.
async fn with_an_older_database(directory: &Path, older: usize, newer: usize) {
    let database = directory.join("metadata.sqlite");
    let store = open(directory).await;
    for at in 0..older {
        put(&store, &format!("older{at}")).await;
    }
    store.close().await.unwrap();
    std::fs::copy(&database, directory.join("older")).unwrap();
    let store = open(directory).await;
    for at in 0..newer {
        put(&store, &format!("newer{at}")).await;
    }
    store.close().await.unwrap();
    std::fs::rename(&database, directory.join("newer")).unwrap();
    std::fs::rename(directory.join("older"), &database).unwrap();
}

/// What the newer database names comes back with it.
async fn assert_nothing_is_lost(directory: &Path, older: usize, newer: usize) {
    std::fs::rename(directory.join("newer"), directory.join("metadata.sqlite")).unwrap();
    let keys = || (0..older).map(|at| format!("older{at}")).chain((0..newer).map(|at| format!("newer{at}")));
    let notes = findings(directory);
    assert!(notes.iter().all(|finding| matches!(finding, Finding::BlobAside { .. })), "{notes:?}");
    assert_eq!(notes.len(), newer);
    // A backup has them too, and so has what is made of it.
    let (to, restored) = (directory.join("../backup"), directory.join("../restored"));
    create(directory, &to, BackupOptions::default(), |_| {}).unwrap();
    restore(&to, &restored, |_| {}).unwrap();
    for directory in [directory, &restored] {
        let store = open(directory).await;
        for key in keys() {
            assert!(is_whole(&store, &key).await, "{key} before a round of the collector");
        }
        let collected = store.collect_orphans(&KEPT).await.unwrap();
        assert_eq!((collected.set_aside, collected.deleted, collected.held), (0, 0, 0));
        for key in keys() {
            assert!(is_whole(&store, &key).await, "{key}");
        }
        for aside in ["trash", "held"] {
            assert_eq!(count(&directory.join("blobs").join(aside)), 0, "{aside}");
        }
        store.close().await.unwrap();
        assert_eq!(findings(directory), []);
    }
}

fn findings(directory: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    assert!(check(directory, |finding| findings.push(finding.clone())).unwrap().is_clean(), "{findings:?}");
    findings
}

#[tokio::test]
async fn many_blobs_without_an_object_are_held_until_their_database_is_back() {
    let base = tempfile::tempdir().unwrap();
    let directory = &base.path().join("data");
    with_an_older_database(directory, 5, 20).await;
    let store = open(directory).await;
    let collected = store.collect_orphans(&KEPT).await.unwrap();
    let expected = Collected {
        examined: 25,
        set_aside: 20,
        doubt: Some(Doubt::LargeShare),
        held: 20,
        ..Collected::default()
    };
    assert_eq!(collected, expected);
    // A day makes no difference.
    for entry in std::fs::read_dir(directory.join("blobs/held")).unwrap() {
        let file = std::fs::File::options().write(true).open(entry.unwrap().path()).unwrap();
        file.set_modified(SystemTime::now() - KEPT.trash * 2).unwrap();
    }
    let again = store.collect_orphans(&KEPT).await.unwrap();
    assert_eq!((again.deleted, again.held), (0, 20));
    assert!(is_whole(&store, "older0").await);
    assert!(!is_whole(&store, "newer0").await);
    store.close().await.unwrap();
    let notes = findings(directory);
    assert!(
        notes.iter().all(|finding| matches!(finding, Finding::OrphanAside { aside: Aside::Held, .. })),
        "{notes:?}"
    );
    assert_eq!(notes.len(), 20);
    assert_nothing_is_lost(directory, 5, 20).await;
}

/// A few are what a crash leaves. They are kept for a day all the same.
#[tokio::test]
async fn a_few_blobs_without_an_object_come_back_with_their_database_too() {
    let base = tempfile::tempdir().unwrap();
    let directory = &base.path().join("data");
    with_an_older_database(directory, 5, 2).await;
    let store = open(directory).await;
    let collected = store.collect_orphans(&KEPT).await.unwrap();
    assert_eq!((collected.set_aside, collected.doubt, collected.held), (2, None, 0));
    assert_eq!(count(&directory.join("blobs/trash")), 2);
    store.close().await.unwrap();
    assert_nothing_is_lost(directory, 5, 2).await;
}

/// However few they are. The twin differs in the minute that stands in the database.
#[tokio::test]
async fn blobs_that_are_newer_than_the_last_commit_are_held() {
    for (minutes, doubt) in [(60, Some(Doubt::NewerBlobs)), (1, None)] {
        let base = tempfile::tempdir().unwrap();
        let directory = &base.path().join("data");
        let begun = minute();
        with_an_older_database(directory, 5, 2).await;
        let now = minute();
        let vfs = presign_page_checksums::register().unwrap();
        let path = directory.join("metadata.sqlite");
        let conn = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), vfs).unwrap();
        let stamp: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert!((begun..=now).contains(&stamp), "its commits have left their minute: {stamp}, {now}");
        conn.pragma_update(None, "user_version", now - minutes).unwrap();
        drop(conn);
        let store = open(directory).await;
        let collected = store.collect_orphans(&KEPT).await.unwrap();
        assert_eq!((collected.set_aside, collected.doubt), (2, doubt));
        store.close().await.unwrap();
        assert_nothing_is_lost(directory, 5, 2).await;
    }
}

fn stamp(directory: &Path, minute: Option<i64>) -> i64 {
    let vfs = presign_page_checksums::register().unwrap();
    let path = directory.join("metadata.sqlite");
    let conn = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), vfs).unwrap();
    if let Some(minute) = minute {
        conn.pragma_update(None, "user_version", minute).unwrap();
    }
    conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

fn minute() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() / 60;
    i64::try_from(now).unwrap()
}

/// Writes before the first look at the blobs do not make the database a newer one. The twin has had that look.
#[tokio::test]
async fn blobs_that_are_newer_than_the_database_are_held_after_a_restart_too() {
    for is_restarted in [true, false] {
        let base = tempfile::tempdir().unwrap();
        let directory = &base.path().join("data");
        with_an_older_database(directory, 5, 2).await;
        let (before, hour_ago) = (minute(), minute() - 60);
        stamp(directory, Some(hour_ago));
        if is_restarted {
            let store = open(directory).await;
            put(&store, "another").await;
            store.close().await.unwrap();
            assert_eq!(stamp(directory, None), hour_ago);
        }
        let store = open(directory).await;
        let collected = store.collect_orphans(&KEPT).await.unwrap();
        assert_eq!((collected.set_aside, collected.doubt), (2, Some(Doubt::NewerBlobs)));
        put(&store, "another").await;
        store.close().await.unwrap();
        assert!(stamp(directory, None) >= before, "what is set aside needs no stamp to be doubted");
    }
}

/// What was deleted while a backup was made is garbage for sure, and its space is needed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_backup_kept_from_being_deleted_is_not_set_aside() {
    let base = tempfile::tempdir().unwrap();
    let directory = &base.path().join("data");
    let store = open(directory).await;
    for at in 0..20 {
        put(&store, &format!("k{at}")).await;
    }
    let backup = std::fs::File::open(directory.join("backup.lock")).unwrap();
    backup.lock_shared().unwrap();
    for at in 0..15 {
        assert_eq!(store.delete("b", &format!("k{at}")).await, Ok(true));
    }
    let meanwhile = store.collect_orphans(&KEPT).await.unwrap();
    assert_eq!((meanwhile.set_aside, meanwhile.deleted, meanwhile.doubt), (0, 0, None));
    backup.unlock().unwrap();
    let mut left = 15;
    // The deletions are made behind the answers.
    for _ in 0..600 {
        let after = store.collect_orphans(&KEPT).await.unwrap();
        assert_eq!((after.set_aside, after.doubt), (0, None));
        left -= after.deleted;
        if left == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(left, 0);
    store.close().await.unwrap();
}
