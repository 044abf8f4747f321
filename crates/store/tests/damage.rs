//! Bytes that rot on the disk are noticed, and never handed out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};

use presign_store::{
    AccessKeyRow, Bucket, ListRequest, NewObject, Precondition, PutError, Store, StoreError, StoreOptions,
    UnixMillis,
};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

const LARGE: usize = 700_000;

async fn put(store: &Store, key: &str, length: usize) {
    let mut upload = store.begin_put(None).await.unwrap();
    upload.write(vec![7; length].into()).await.unwrap();
    let new = NewObject { etag: "e".into(), ..NewObject::default() };
    upload.finish("b", key, new, Precondition::Unconditional).await.unwrap();
}

/// A store with a small object, a large one, and one that stays whole, after something was done to its directory.
async fn damaged(damage: impl FnOnce(&Path)) -> (TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), StoreOptions::default()).await.unwrap();
    for name in ["b", "other"] {
        let bucket =
            Bucket { name: name.into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
        store.create_bucket(bucket).await.unwrap();
    }
    put(&store, "small", 100).await;
    put(&store, "large", LARGE).await;
    put(&store, "whole", 100).await;
    for id in ["AKIDA", "AKIDB"] {
        let row = AccessKeyRow {
            access_key_id: id.into(),
            sealed_secret: vec![1; 40],
            principal: "p".into(),
            active: true,
            created: UnixMillis(0),
        };
        store.put_access_key(row).await.unwrap();
    }
    store.close().await.unwrap();
    drop(store);
    damage(directory.path());
    let store = Store::open(directory.path(), StoreOptions::default()).await.unwrap();
    assert_eq!(read(&store, "whole").await.unwrap(), [7; 100]);
    (directory, store)
}

fn sql(statement: &'static str) -> impl FnOnce(&Path) {
    move |directory| {
        // Through the checksums of the pages, so that it is the row that does not match.
        let vfs = presign_page_checksums::register().unwrap();
        let path = directory.join("metadata.sqlite");
        let conn = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), vfs).unwrap();
        assert_eq!(conn.execute(statement, []).unwrap(), 1);
    }
}

async fn read(store: &Store, key: &str) -> Result<Vec<u8>, StoreError> {
    let mut reader = store.get("b", key).await?.unwrap().read_all();
    let mut all = Vec::new();
    while let Some(chunk) = reader.next_chunk().await? {
        assert!(chunk.iter().all(|&byte| byte == 7), "damage was handed out");
        all.extend_from_slice(&chunk);
    }
    Ok(all)
}

fn names(error: &StoreError, what: &str) -> bool {
    matches!(error, StoreError::Corrupt { .. }) && error.to_string().contains(what)
}

#[tokio::test]
async fn a_changed_row_is_not_read_and_can_be_replaced() {
    // Flips a bit of the size, within the part of the row that the checksum covers.
    let flip = sql(
        "UPDATE object SET meta = CAST(substr(meta, 1, 8) || x'65' || substr(meta, 10) AS BLOB) WHERE key = x'736d616c6c'",
    );
    let (_directory, store) = damaged(flip).await;
    assert!(names(&store.head("b", "small").await.unwrap_err(), "small"));
    assert!(names(&read(&store, "small").await.unwrap_err(), "small"));
    let all = ListRequest { max_keys: 10, ..ListRequest::default() };
    assert!(names(&store.list("b", &all).await.unwrap_err(), "small"));
    let other = ListRequest { prefix: "w".into(), ..all };
    assert_eq!(store.list("b", &other).await.unwrap().objects.len(), 1);

    let upload = store.begin_put(None).await.unwrap();
    let conditional =
        upload.finish("b", "small", NewObject::default(), Precondition::IfMatch("e".into())).await;
    assert!(matches!(conditional, Err(PutError::Store(error)) if names(&error, "small")));
    put(&store, "small", 5).await;
    assert_eq!(read(&store, "small").await.unwrap(), [7; 5]);
}

#[tokio::test]
async fn changed_content_in_a_row_is_not_read() {
    for damage in [
        "UPDATE content SET bytes = CAST(x'08' || substr(bytes, 2) AS BLOB) WHERE id = 1",
        "DELETE FROM content WHERE id = 1",
        "UPDATE object SET content = content + 1 WHERE key = x'736d616c6c'",
    ] {
        let (_directory, store) = damaged(sql(damage)).await;
        assert!(names(&read(&store, "small").await.unwrap_err(), "small"), "{damage}");
        assert!(store.delete("b", "small").await.unwrap(), "what is damaged can be deleted");
    }
}

#[tokio::test]
async fn a_row_under_another_key_is_not_read() {
    let (_directory, store) =
        damaged(sql("UPDATE object SET key = x'6e6577' WHERE key = x'736d616c6c'")).await;
    assert!(names(&store.head("b", "new").await.unwrap_err(), "new"));
    assert_eq!(store.head("b", "small").await, Ok(None));
}

#[tokio::test]
async fn a_changed_bucket_or_access_key_is_not_read() {
    let (_directory, store) = damaged(|directory| {
        sql("UPDATE bucket SET owner = 'mallory' WHERE name = x'6f74686572'")(directory);
        sql("UPDATE access_key SET active = 0 WHERE id = x'414b494441'")(directory);
    })
    .await;
    assert!(names(&store.bucket("other").await.unwrap_err(), "other"));
    assert_eq!(store.bucket("b").await.unwrap().unwrap().owner, "o");
    assert!(names(&store.access_key("AKIDA").await.unwrap_err(), "AKIDA"));
    assert!(store.access_key("AKIDB").await.unwrap().unwrap().active);
}

/// The only blob.
fn blob(directory: &Path) -> PathBuf {
    let mut at = directory.join("blobs");
    while at.is_dir() {
        let mut entries = std::fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().path());
        at = entries.find(|path| !path.ends_with("blobs/initialized")).unwrap();
    }
    at
}

#[tokio::test]
async fn a_changed_blob_never_arrives_complete() {
    let (_directory, store) = damaged(|directory| {
        let path = blob(directory);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[LARGE - 1] ^= 1;
        std::fs::write(&path, bytes).unwrap();
    })
    .await;
    assert!(matches!(read(&store, "large").await, Err(StoreError::Corrupt { .. })));
    assert_eq!(store.head("b", "large").await.unwrap().unwrap().size, LARGE as u64);
}

#[tokio::test]
async fn a_shorter_blob_and_a_missing_one_are_noticed() {
    let (_directory, store) = damaged(|directory| {
        let file = std::fs::OpenOptions::new().write(true).open(blob(directory)).unwrap();
        file.set_len(LARGE as u64 - 1).unwrap();
    })
    .await;
    assert!(matches!(read(&store, "large").await, Err(StoreError::Corrupt { .. })));

    let (_directory, store) = damaged(|directory| std::fs::remove_file(blob(directory)).unwrap()).await;
    assert!(matches!(read(&store, "large").await, Err(StoreError::Corrupt { .. })));
    assert!(store.delete("b", "large").await.unwrap());
}

#[tokio::test]
async fn an_undamaged_store_reads_everything() {
    let (_directory, store) = damaged(|directory| assert!(blob(directory).exists())).await;
    assert_eq!(read(&store, "large").await.unwrap(), vec![7; LARGE]);
    assert_eq!(read(&store, "small").await.unwrap(), [7; 100]);
    assert_eq!(store.bucket("other").await.unwrap().unwrap().owner, "o");
    assert!(store.access_key("AKIDA").await.unwrap().is_some());
}
