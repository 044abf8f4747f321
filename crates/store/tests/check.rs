//! The check of a data directory: clean where it is whole, and every damage found, named, and with a way out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod random;

use std::path::{Path, PathBuf};

use presign_store::check::{Checked, Finding, check};
use presign_store::{Bucket, NewObject, OpenError, Precondition, Store, StoreOptions, UnixMillis};
use random::Random;
use rusqlite::{Connection, OpenFlags};
use rustix::io::Errno;
use tempfile::TempDir;

const OBJECTS: usize = 300;
const BLOBS: usize = 6;

fn key(at: usize) -> String {
    format!("folder {}/object {at:04}", at % 7)
}

fn size(at: usize) -> usize {
    if at.is_multiple_of(50) { 150_000 + at } else { at * 5 }
}

#[tokio::main(flavor = "current_thread")]
async fn fill(directory: &Path) {
    let store = Store::open(directory, StoreOptions::default()).await.unwrap();
    let bucket = Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
    store.create_bucket(bucket).await.unwrap();
    for at in 0..OBJECTS {
        let mut upload = store.begin_put(None).await.unwrap();
        upload.write(vec![at as u8; size(at)].into()).await.unwrap();
        upload.finish("b", &key(at), NewObject::default(), Precondition::Unconditional).await.unwrap();
    }
    store.close().await.unwrap();
}

fn filled() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fill(directory.path());
    directory
}

fn run(directory: &Path) -> (Checked, Vec<Finding>) {
    let mut findings = Vec::new();
    let checked = check(directory, |finding| findings.push(finding.clone())).unwrap();
    assert_eq!(checked.damaged + checked.notices, findings.len() as u64);
    assert_eq!(checked.is_clean(), !findings.iter().any(Finding::is_damage));
    assert!(findings.iter().all(|finding| !finding.advice().is_empty() && !finding.to_string().is_empty()));
    (checked, findings)
}

fn assert_clean(directory: &Path) {
    let (checked, findings) = run(directory);
    assert_eq!(findings, []);
    assert_eq!((checked.intact, checked.blobs), (OBJECTS as u64, BLOBS as u64));
    let bytes: usize = (0..OBJECTS).filter(|at| at.is_multiple_of(50)).map(size).sum();
    assert_eq!(checked.blob_bytes, bytes as u64);
}

fn blob_files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let entries = entries.filter(|path| !path.ends_with("blobs/initialized"));
    entries.flat_map(|path| if path.is_dir() { blob_files(&path) } else { vec![path] }).collect()
}

#[test]
fn every_flip_in_the_database_is_found() {
    let directory = filled();
    assert_clean(directory.path());
    let database = directory.path().join("metadata.sqlite");
    let whole = std::fs::read(&database).unwrap();
    let mut random = Random(20_261_127);
    let rounds: usize = std::env::var("PRESIGN_FLIPS").map_or(12, |text| text.parse().unwrap());
    for _ in 0..rounds {
        let mut bytes = whole.clone();
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
        std::fs::write(&database, &bytes).unwrap();
        let found = check(directory.path(), |_| {});
        // A header that names another kind of database is refused before anything is read.
        let noticed = found.as_ref().map_or(true, |checked| !checked.is_clean());
        assert!(noticed, "a flip at {at}: {found:?}");
        if at >= 4096 {
            let (_, findings) = run(directory.path());
            let number = (at / 4096 + 1) as u64;
            assert!(findings.contains(&Finding::Page { number }), "{at}: {findings:?}");
        }
        std::fs::write(&database, &whole).unwrap();
    }
    assert_clean(directory.path());
}

#[test]
fn every_flip_in_a_blob_is_found_and_its_object_named() {
    let directory = filled();
    let files = blob_files(&directory.path().join("blobs"));
    assert_eq!(files.len(), BLOBS);
    let mut random = Random(7);
    for round in 0..10 {
        let path = &files[round % BLOBS];
        let whole = std::fs::read(path).unwrap();
        let mut bytes = whole.clone();
        match round % 5 {
            0 => bytes.truncate(random.below(whole.len())),
            1 => bytes.push(0),
            _ => {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
        }
        std::fs::write(path, &bytes).unwrap();
        let (checked, findings) = run(directory.path());
        let [Finding::Blob { bucket, key: found, id, .. }] = &findings[..] else { panic!("{findings:?}") };
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!((bucket.as_str(), id.to_string().as_str()), ("b", name));
        let at = (0..OBJECTS).find(|at| key(*at) == *found).unwrap();
        assert!(whole.starts_with(&vec![at as u8; size(at)]));
        assert_eq!(checked.intact, OBJECTS as u64 - 1);
        std::fs::write(path, whole).unwrap();
    }
    let gone = std::fs::read(&files[0]).unwrap();
    std::fs::remove_file(&files[0]).unwrap();
    assert!(matches!(&run(directory.path()).1[..], [Finding::MissingBlob { bucket, .. }] if bucket == "b"));
    std::fs::write(&files[0], gone).unwrap();
    assert_clean(directory.path());
}

#[test]
fn rows_that_do_not_match_and_what_belongs_to_nobody_are_told_apart() {
    let directory = filled();
    let vfs = presign_page_checksums::register().unwrap();
    let path = directory.path().join("metadata.sqlite");
    let conn = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), vfs).unwrap();
    let damaged = key(8);
    conn.execute("UPDATE object SET sum = sum + 1 WHERE key = ?1", [damaged.as_bytes()]).unwrap();
    conn.execute("INSERT INTO content VALUES (99999, x'00')", []).unwrap();
    drop(conn);
    let orphan = directory.path().join("blobs/0/1");
    std::fs::create_dir_all(&orphan).unwrap();
    std::fs::write(orphan.join("01000000000000000000000000000001"), "a crash left it").unwrap();
    let (checked, findings) = run(directory.path());
    assert!(
        matches!(&findings[0], Finding::Object { bucket, key, .. } if bucket == "b" && *key == damaged),
        "{findings:?}"
    );
    assert_eq!(findings[1], Finding::StrayContent { id: 99_999 });
    assert!(matches!(&findings[2], Finding::Orphan { id } if id.0[0] == 1), "{findings:?}");
    assert_eq!((checked.damaged, checked.notices, findings.len()), (1, 2, 3));
}

/// An index that has lost an entry, on pages that are whole. The blob that it named must not pass for one without an object.
#[test]
fn blobs_are_not_called_orphans_by_an_index_that_is_damaged() {
    let directory = filled();
    let vfs = presign_page_checksums::register().unwrap();
    let path = directory.path().join("metadata.sqlite");
    let open = || {
        let conn = Connection::open_with_flags_and_vfs(&path, OpenFlags::default(), vfs).unwrap();
        conn.pragma_update(None, "writable_schema", true).unwrap();
        conn
    };
    let conn = open();
    conn.execute_batch(
        "CREATE TABLE kept_object AS SELECT * FROM object WHERE key = (SELECT max(key) FROM object WHERE blob IS NOT NULL);
         DELETE FROM object WHERE key = (SELECT key FROM kept_object);
         CREATE TABLE kept_index AS SELECT * FROM sqlite_schema WHERE name = 'object_blob';
         DELETE FROM sqlite_schema WHERE name = 'object_blob';",
    )
    .unwrap();
    drop(conn);
    let conn = open();
    conn.execute_batch(
        "INSERT INTO object SELECT * FROM kept_object;
         INSERT INTO sqlite_schema SELECT * FROM kept_index;
         DROP TABLE kept_object;
         DROP TABLE kept_index;",
    )
    .unwrap();
    drop(conn);
    let (checked, findings) = run(directory.path());
    let is_index = |finding: &Finding| matches!(finding, Finding::Inconsistent { detail } if detail.contains("object_blob"));
    assert!(findings.iter().any(is_index), "{findings:?}");
    assert!(!findings.iter().any(|finding| matches!(finding, Finding::Orphan { .. })), "{findings:?}");
    assert_eq!(findings.last(), Some(&Finding::OrphansUnknown));
    assert_eq!((checked.intact, checked.blobs), (OBJECTS as u64, BLOBS as u64));
}

/// The names on both sides of what a damaged page hides, and those of its objects with blobs.
#[test]
fn objects_behind_a_damaged_page_are_bounded_by_their_neighbours() {
    let directory = filled();
    let database = directory.path().join("metadata.sqlite");
    let mut bytes = std::fs::read(&database).unwrap();
    // The row, and not the index, of an object in the middle.
    let needle = key(150).into_bytes();
    let places: Vec<usize> =
        (0..bytes.len() - needle.len()).filter(|at| bytes[*at..].starts_with(&needle)).collect();
    let mut named = 0;
    for at in places {
        bytes[at] ^= 1;
        std::fs::write(&database, &bytes).unwrap();
        let (_, findings) = run(directory.path());
        assert!(findings.contains(&Finding::Page { number: (at / 4096 + 1) as u64 }), "{findings:?}");
        for finding in &findings {
            if let Finding::Unreadable { after, before, .. } = finding {
                let (after, before) =
                    (after.clone().unwrap_or_default(), before.clone().unwrap_or("z".into()));
                assert!(after < key(150) && key(150) < before, "{after} {before}");
                assert!(findings.iter().any(
                    |finding| matches!(finding, Finding::Object { key: name, .. } if *name == key(150))
                ));
                named += 1;
            }
        }
        bytes[at] ^= 1;
    }
    assert!(named > 0);
}

/// Set in a process that is to lock the whole database, as SQLite does before it removes the log: where that is.
const TAKER: &str = "PRESIGN_DATABASE_TO_TAKE";

#[test]
fn the_check_keeps_its_lock_on_the_database() {
    if let Some(database) = std::env::var_os(TAKER) {
        let file = std::fs::OpenOptions::new().read(true).write(true).open(database).unwrap();
        let taken = rustix::fs::fcntl_lock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive);
        assert!(matches!(taken, Err(Errno::AGAIN | Errno::ACCESS)), "{taken:?}");
        return;
    }
    let directory = filled();
    let stray = directory.path().join("blobs/0/0");
    std::fs::create_dir_all(&stray).unwrap();
    std::fs::write(stray.join("0".repeat(32)), "x").unwrap();
    let mut takers = 0;
    let checked = check(directory.path(), |finding| {
        assert!(matches!(finding, Finding::Orphan { .. }), "{finding}");
        let taker = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_check_keeps_its_lock_on_the_database"])
            .env(TAKER, directory.path().join("metadata.sqlite"))
            .status();
        assert!(taker.unwrap().success(), "the database could be locked");
        takers += 1;
    });
    assert!(checked.unwrap().is_clean());
    assert_eq!(takers, 1);
}

#[test]
fn what_is_no_store_or_is_in_use_is_refused() {
    let directory = filled();
    let empty = tempfile::tempdir().unwrap();
    let refused = check(empty.path(), |_| {}).unwrap_err();
    assert_eq!(refused, OpenError::NoStore { directory: empty.path().to_owned() });
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "nothing is made");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(directory.path(), StoreOptions::default()).await.unwrap();
        let refused = check(directory.path(), |_| {}).unwrap_err();
        assert_eq!(refused, OpenError::Locked { directory: directory.path().to_owned() });
        store.close().await.unwrap();
    });
    assert_clean(directory.path());
    let database = directory.path().join("metadata.sqlite");
    std::fs::write(&database, []).unwrap();
    assert_eq!(run(directory.path()).1, [Finding::DatabaseLost]);
    std::fs::remove_file(database).unwrap();
    assert_eq!(run(directory.path()).1, [Finding::DatabaseLost]);
}
