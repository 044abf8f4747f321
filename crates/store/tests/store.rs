//! The store as its callers see it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::time::{Duration, Instant};

use bytes::Bytes;
use presign_store::{
    Bucket, INLINE_LIMIT, ListRequest, NewObject, OpenError, Precondition, PutError, Retention, Store,
    StoreError, StoreOptions, UnixMillis,
};
use tempfile::TempDir;

async fn open() -> (TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), StoreOptions::default()).await.unwrap();
    let bucket =
        Bucket { name: "b".into(), owner: "root".into(), region: "us-east-1".into(), created: UnixMillis(1) };
    store.create_bucket(bucket).await.unwrap();
    (directory, store)
}

fn bytes(length: usize) -> Bytes {
    (0..length).map(|at| (at * 31 + at / 251) as u8).collect::<Vec<_>>().into()
}

async fn put(store: &Store, key: &str, content: &Bytes, precondition: Precondition) -> Result<(), PutError> {
    let mut upload = store.begin_put(None).await?;
    for chunk in content.chunks(10_000) {
        upload.write(content.slice_ref(chunk)).await?;
    }
    assert_eq!(upload.size(), content.len() as u64);
    let new = NewObject { etag: format!("e{}", content.len()), ..NewObject::default() };
    upload.finish("b", key, new, precondition).await.map(|_| ())
}

async fn get(store: &Store, key: &str) -> Option<Bytes> {
    Some(store.get("b", key).await.unwrap()?.read_all().read_to_end().await.unwrap())
}

/// Regular files below a directory of the store.
fn files(directory: &TempDir, below: &str) -> usize {
    fn count(path: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        let entries = entries.filter(|path| !path.ends_with("blobs/initialized"));
        entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
    }
    count(&directory.path().join(below))
}

/// Work that nobody waits for gets a minute, which only a failing test takes.
async fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(60) {
        if holds() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

#[tokio::test]
async fn objects_of_every_size_come_back_also_after_reopening() {
    let (directory, store) = open().await;
    let sizes = [0, 1, INLINE_LIMIT - 1, INLINE_LIMIT, INLINE_LIMIT + 1, 256 * 1024, 3 * 1024 * 1024 + 7];
    for size in sizes {
        put(&store, &format!("k{size}"), &bytes(size), Precondition::Unconditional).await.unwrap();
    }
    assert_eq!(files(&directory, "blobs"), 3, "objects up to the limit live in their row");
    assert_eq!(files(&directory, "tmp"), 0);
    for round in 0..2 {
        for size in sizes {
            assert_eq!(
                get(&store, &format!("k{size}")).await.unwrap(),
                bytes(size),
                "{size} in round {round}"
            );
        }
    }
    store.close().await.unwrap();
    let store = Store::open(directory.path(), StoreOptions::default()).await.unwrap();
    for size in sizes {
        assert_eq!(get(&store, &format!("k{size}")).await.unwrap(), bytes(size));
        let object = store.head("b", &format!("k{size}")).await.unwrap().unwrap();
        assert_eq!((object.size, object.etag.clone()), (size as u64, format!("e{size}")));
    }
    assert_eq!(get(&store, "other").await, None);
}

#[tokio::test]
async fn ranges() {
    let (_directory, store) = open().await;
    for size in [1000, 1_000_000] {
        let content = bytes(size);
        put(&store, "k", &content, Precondition::Unconditional).await.unwrap();
        let end = size as u64;
        let ranges = [0..end, 0..1, 5..995, end - 1..end, end..end, end + 5..end + 9, 10..end + 9];
        for range in ranges {
            let open = store.get("b", "k").await.unwrap().unwrap();
            let read = open.read(range.clone()).read_to_end().await.unwrap();
            let (from, to) = (range.start.min(end) as usize, range.end.min(end) as usize);
            assert_eq!(read, content[from..to], "{range:?} of {size}");
        }
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_there() {
    let (_directory, store) = open().await;
    let missing = || StoreError::NoSuchBucket { bucket: "c".into() };
    assert_eq!(store.head("c", "k").await.unwrap_err(), missing());
    assert_eq!(store.delete("c", "k").await.unwrap_err(), missing());
    assert_eq!(
        store.list("c", &ListRequest { max_keys: 1, ..ListRequest::default() }).await.unwrap_err(),
        missing()
    );
    assert_eq!(store.delete_bucket("c").await.unwrap_err(), missing());
    let upload = store.begin_put(None).await.unwrap();
    let refused = upload.finish("c", "k", NewObject::default(), Precondition::Unconditional).await;
    assert_eq!(refused.unwrap_err(), PutError::Store(missing()));
}

#[tokio::test]
async fn overwrites_and_deletes_unlink_the_blob() {
    let (directory, store) = open().await;
    put(&store, "k", &bytes(100_000), Precondition::Unconditional).await.unwrap();
    put(&store, "k", &bytes(200_000), Precondition::Unconditional).await.unwrap();
    assert!(eventually(|| files(&directory, "blobs") == 1).await);
    assert!(store.delete("b", "k").await.unwrap());
    assert!(!store.delete("b", "k").await.unwrap());
    assert!(eventually(|| files(&directory, "blobs") == 0).await);
    assert_eq!(get(&store, "k").await, None);
}

#[tokio::test]
async fn an_upload_that_is_dropped_leaves_nothing() {
    let (directory, store) = open().await;
    let mut upload = store.begin_put(None).await.unwrap();
    upload.write(bytes(5 << 20)).await.unwrap();
    upload.write(bytes(5 << 20)).await.unwrap();
    assert_eq!(files(&directory, "tmp"), 1);
    drop(upload);
    assert!(eventually(|| files(&directory, "tmp") == 0).await);
    assert_eq!(files(&directory, "blobs"), 0);
}

#[tokio::test]
async fn a_refused_upload_leaves_nothing() {
    let (directory, store) = open().await;
    put(&store, "k", &bytes(10), Precondition::Unconditional).await.unwrap();
    let refused = put(&store, "k", &bytes(100_000), Precondition::IfAbsent).await;
    assert_eq!(refused, Err(PutError::PreconditionFailed));
    assert!(eventually(|| files(&directory, "blobs") == 0).await);
    assert_eq!(get(&store, "k").await.unwrap(), bytes(10));
}

#[tokio::test]
async fn a_reader_finishes_with_the_version_it_opened() {
    let (_directory, store) = open().await;
    for size in [100, 2_000_000] {
        put(&store, "k", &bytes(size), Precondition::Unconditional).await.unwrap();
        let first = store.get("b", "k").await.unwrap().unwrap();
        let second = store.get("b", "k").await.unwrap().unwrap();
        put(&store, "k", &bytes(7), Precondition::Unconditional).await.unwrap();
        assert_eq!(first.read_all().read_to_end().await.unwrap(), bytes(size));
        store.delete("b", "k").await.unwrap();
        assert_eq!(second.read_all().read_to_end().await.unwrap(), bytes(size));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_racing_with_overwrites_see_one_version_or_another() {
    let (_directory, store) = open().await;
    let versions = [INLINE_LIMIT + 20_000, INLINE_LIMIT + 30_000, 100];
    put(&store, "k", &bytes(versions[0]), Precondition::Unconditional).await.unwrap();
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            for round in 0..90 {
                put(&store, "k", &bytes(versions[round % 3]), Precondition::Unconditional).await.unwrap();
            }
        }
    });
    let mut reads = 0;
    while !writer.is_finished() || reads == 0 {
        let read = get(&store, "k").await.unwrap();
        assert!(versions.contains(&read.len()));
        assert_eq!(read, bytes(read.len()));
        reads += 1;
    }
    writer.await.unwrap();
}

#[tokio::test]
async fn the_second_process_is_refused_by_name() {
    let (directory, store) = open().await;
    let second = Store::open(directory.path(), StoreOptions::default()).await.err().unwrap();
    assert_eq!(second, OpenError::Locked { directory: directory.path().to_owned() });
    store.close().await.unwrap();
    assert_eq!(store.bucket("b").await.unwrap_err(), StoreError::Closed);
    assert!(Store::open(directory.path(), StoreOptions::default()).await.is_ok());
}

#[tokio::test]
async fn the_collector_takes_what_no_row_names() {
    let (directory, store) = open().await;
    put(&store, "k", &bytes(100_000), Precondition::Unconditional).await.unwrap();
    let orphan = directory.path().join("blobs/0/1");
    std::fs::create_dir_all(&orphan).unwrap();
    std::fs::write(orphan.join("01000000000000000000000000000001"), "an upload that a crash cut off")
        .unwrap();
    std::fs::write(orphan.join("notes.txt"), "not ours").unwrap();

    let young = store
        .collect_orphans(&Retention { min_age: Duration::from_secs(3600), ..Retention::NONE })
        .await
        .unwrap();
    assert_eq!((young.examined, young.deleted), (2, 0));
    let old = store.collect_orphans(&Retention::NONE).await.unwrap();
    assert_eq!((old.examined, old.set_aside, old.deleted), (2, 1, 1));
    assert!(orphan.join("notes.txt").exists());
    assert_eq!(get(&store, "k").await.unwrap(), bytes(100_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_collector_does_not_harm_uploads_that_end_while_it_runs() {
    let (_directory, store) = open().await;
    let uploads = tokio::spawn({
        let store = store.clone();
        async move {
            for at in 0..60 {
                put(
                    &store,
                    &format!("k{at}"),
                    &bytes(INLINE_LIMIT + 20_000 + at),
                    Precondition::Unconditional,
                )
                .await
                .unwrap();
            }
        }
    });
    while !uploads.is_finished() {
        assert_eq!(store.collect_orphans(&Retention::NONE).await.unwrap().deleted, 0);
    }
    uploads.await.unwrap();
    for at in 0..60 {
        assert_eq!(get(&store, &format!("k{at}")).await.unwrap(), bytes(INLINE_LIMIT + 20_000 + at));
    }
}

#[tokio::test]
async fn an_upload_whose_caller_gives_up_while_it_ends_is_whole_or_gone() {
    let (_directory, store) = open().await;
    for at in 0..20 {
        let content = bytes(INLINE_LIMIT + 50_000 + at);
        let upload = put(&store, "k", &content, Precondition::Unconditional);
        // The caller hangs up somewhere between the first byte and the answer.
        drop(tokio::time::timeout(Duration::from_micros(at as u64 * 150), upload).await);
        if let Some(read) = get(&store, "k").await {
            assert_eq!(read, bytes(read.len()));
        }
    }
    put(&store, "k", &bytes(INLINE_LIMIT + 60_000), Precondition::Unconditional).await.unwrap();
    // Whatever was given up leaves garbage at most, and the collector takes that once the last of it has ended.
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        store.collect_orphans(&Retention::NONE).await.unwrap();
        let left = store.collect_orphans(&Retention::NONE).await.unwrap();
        if (left.examined, left.deleted) == (1, 0) {
            break;
        }
        assert!(Instant::now() < deadline, "{left:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // One that was given up may have ended last.
    let read = get(&store, "k").await.unwrap();
    assert_eq!(read, bytes(read.len()));
}

#[tokio::test]
async fn the_data_directory_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let base = tempfile::tempdir().unwrap();
    let directory = base.path().join("data");
    let store = Store::open(&directory, StoreOptions::default()).await.unwrap();
    let mut paths = vec![directory.clone()];
    paths.extend(std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()));
    assert!(paths.len() > 5, "{paths:?}");
    for path in paths {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
    }
    store.close().await.unwrap();
}
