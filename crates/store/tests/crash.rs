//! A process that is killed while it writes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use presign_store::{
    Bucket, INLINE_LIMIT, ListRequest, NewObject, Precondition, Retention, Store, StoreOptions, UnixMillis,
};
use rusqlite::{Connection, ErrorCode};

/// Set in the process that is to be killed: the data directory.
const VICTIM: &str = "PRESIGN_STORE_VICTIM";
/// How many acknowledged writes are enough.
const ENOUGH: usize = 300;

/// What an object holds follows from its key, so that every one that is found can be checked.
fn content(key: &str) -> Vec<u8> {
    let seed: usize = key.bytes().map(usize::from).sum();
    let length = [10, 1_000, INLINE_LIMIT, INLINE_LIMIT + 1, 100_000, 1_500_000][seed % 6];
    key.bytes().cycle().take(length).collect()
}

fn new_object(key: &str) -> NewObject {
    NewObject { etag: key.to_owned(), ..NewObject::default() }
}

/// Writes until it is killed, and prints every key whose write was acknowledged.
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn write_until_killed(directory: &Path) {
    let store = Store::open(directory, StoreOptions::default()).await.unwrap();
    let bucket = Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
    store.create_bucket(bucket).await.unwrap();
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for at in 0.. {
                    let key = format!("{writer}/{at}");
                    let mut upload = store.begin_put(None).await.unwrap();
                    upload.write(content(&key).into()).await.unwrap();
                    upload.finish("b", &key, new_object(&key), Precondition::IfAbsent).await.unwrap();
                    // Some are overwritten and some deleted at once, so that there is garbage in every stage.
                    if at % 7 == 3 {
                        assert!(store.delete("b", &key).await.unwrap());
                    } else {
                        println!("acknowledged {key}");
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

#[test]
fn a_killed_writer_loses_nothing_that_it_acknowledged() {
    if let Some(directory) = std::env::var_os(VICTIM) {
        return write_until_killed(Path::new(&directory));
    }
    let directory = tempfile::tempdir().unwrap();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_killed_writer_loses_nothing_that_it_acknowledged", "--nocapture"])
        .env(VICTIM, directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    for line in BufReader::new(victim.stdout.take().unwrap()).lines() {
        // What was printed before the kill is still in the pipe after it.
        if let Some(key) = line.unwrap().strip_prefix("acknowledged ") {
            acknowledged.push(key.to_owned());
        }
        if acknowledged.len() == ENOUGH {
            victim.kill().unwrap();
        }
    }
    assert_eq!(victim.wait().unwrap().code(), None, "it was to be ended by a signal");
    assert!(acknowledged.len() >= ENOUGH);
    // Somebody looks at what happened, with a program that has SQLite and nothing of ours.
    let looked = Connection::open(directory.path().join("metadata.sqlite"))
        .and_then(|conn| conn.query_row("SELECT count(*) FROM object", [], |row| row.get::<_, i64>(0)));
    let code = looked.as_ref().err().and_then(rusqlite::Error::sqlite_error_code);
    assert_eq!(code, Some(ErrorCode::NotADatabase), "{looked:?}");
    verify(directory.path(), &acknowledged);
}

#[tokio::main(flavor = "current_thread")]
async fn verify(directory: &Path, acknowledged: &[String]) {
    let store = Store::open(directory, StoreOptions::default()).await.unwrap();
    assert_eq!(
        std::fs::read_dir(directory.join("tmp")).unwrap().count(),
        0,
        "uploads without an end are removed"
    );
    for key in acknowledged {
        let open = store
            .get("b", key)
            .await
            .unwrap()
            .unwrap_or_else(|| panic!("{key} was acknowledged and is gone"));
        assert!(open.read_all().read_to_end().await.unwrap() == content(key), "{key} has other bytes");
    }
    // What was not acknowledged is there whole or not at all.
    let page =
        store.list("b", &ListRequest { max_keys: usize::MAX, ..ListRequest::default() }).await.unwrap();
    assert!(page.objects.len() >= acknowledged.len());
    let mut blobs = 0;
    for object in &page.objects {
        let open = store.get("b", &object.key).await.unwrap().unwrap();
        assert!(open.read_all().read_to_end().await.unwrap() == content(&object.key), "{}", object.key);
        blobs += u64::from(object.size > INLINE_LIMIT as u64);
    }
    let collected = store.collect_orphans(&Retention::NONE).await.unwrap();
    assert_eq!(collected.examined - collected.deleted, blobs, "every blob that is left has a row");
    let again = store.collect_orphans(&Retention::NONE).await.unwrap();
    assert_eq!((again.examined, again.deleted), (blobs, 0));
    store.close().await.unwrap();
}
