//! Programs with stock SQLite, as the `sqlite3` program, Python and replication tools have it, on the database of a store.
//! rusqlite with SQLite's own VFS is such a program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::path::Path;

use presign_page_checksums::stamp;
use presign_store::backup::{BackupOptions, create};
use presign_store::check::{Finding, check};
use presign_store::files::DirectoryLock;
use presign_store::repair::repair;
use presign_store::{
    Bucket, NewObject, OpenError, Precondition, Store, StoreError, StoreOptions, UnixMillis,
};
use rusqlite::{Connection, ErrorCode};

const OBJECTS: usize = 60;

fn key(at: usize) -> String {
    format!("folder/{at}")
}

fn content(at: usize) -> Vec<u8> {
    vec![at as u8; if at % 20 == 7 { 100_000 } else { 900 + at }]
}

async fn put(store: &Store, at: usize) {
    let mut upload = store.begin_put(None).await.unwrap();
    upload.write(content(at).into()).await.unwrap();
    upload.finish("b", &key(at), NewObject::default(), Precondition::Unconditional).await.unwrap();
}

/// A store with objects in the database file, and with others that are in the log alone.
async fn filled(directory: &Path) -> (Store, Connection) {
    let store = Store::open(directory, StoreOptions::default()).await.unwrap();
    let (owner, region) = ("o".to_owned(), "r".to_owned());
    store.create_bucket(Bucket { name: "b".into(), owner, region, created: UnixMillis(0) }).await.unwrap();
    for at in 0..OBJECTS / 2 {
        put(&store, at).await;
    }
    store.close().await.unwrap();
    drop(store);
    let store = Store::open(directory, StoreOptions::default()).await.unwrap();
    let vfs = presign_page_checksums::register().unwrap();
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let reader = Connection::open_with_flags_and_vfs(directory.join("metadata.sqlite"), flags, vfs).unwrap();
    // The log stays for as long as this reads.
    reader.execute_batch("BEGIN; SELECT count(*) FROM bucket").unwrap();
    for at in OBJECTS / 2..OBJECTS {
        put(&store, at).await;
    }
    (store, reader)
}

/// What a process that is killed leaves.
fn crash(from: &Path, to: &Path) {
    for name in ["metadata.sqlite", "metadata.sqlite-log", "initialized"] {
        std::fs::copy(from.join(name), to.join(name)).unwrap();
    }
    copy_directory(&from.join("blobs"), &to.join("blobs"));
}

fn copy_directory(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_directory(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Makes of a directory what the versions before the private layout left: stock SQLite's version, and its name for the log.
fn into_the_old_layout(directory: &Path) {
    let path = directory.join("metadata.sqlite");
    let mut bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes[18..20], [0xF2, 0xF2]);
    bytes[18..20].copy_from_slice(&[2, 2]);
    stamp(1, &mut bytes[..4096]);
    std::fs::write(&path, bytes).unwrap();
    std::fs::rename(directory.join("metadata.sqlite-log"), directory.join("metadata.sqlite-wal")).unwrap();
}

async fn holds_everything(directory: &Path) {
    let store = Store::open(directory, StoreOptions::default()).await.unwrap();
    for at in 0..OBJECTS {
        let read = store.get("b", &key(at)).await.unwrap().unwrap().read_all().read_to_end().await.unwrap();
        assert!(read == content(at), "{}", key(at));
    }
    store.close().await.unwrap();
    drop(store);
    let checked = check(directory, |finding| panic!("{finding}")).unwrap();
    assert!(checked.is_clean() && checked.intact == OBJECTS as u64);
}

fn select(directory: &Path) -> rusqlite::Result<i64> {
    let conn = Connection::open(directory.join("metadata.sqlite")).unwrap();
    conn.query_row("SELECT count(*) FROM object", [], |row| row.get(0))
}

fn is_refused<T: std::fmt::Debug>(outcome: &rusqlite::Result<T>) -> bool {
    outcome.as_ref().err().and_then(rusqlite::Error::sqlite_error_code) == Some(ErrorCode::NotADatabase)
}

#[tokio::test]
async fn after_a_crash_a_select_by_stock_sqlite_is_refused_and_the_store_opens() {
    let (base, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, reader) = filled(base.path()).await;
    crash(base.path(), copy.path());
    assert!(std::fs::metadata(copy.path().join("metadata.sqlite-log")).unwrap().len() > 100_000);
    let refused = select(copy.path());
    assert!(is_refused(&refused), "{refused:?}");
    holds_everything(copy.path()).await;
    drop(reader);
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_checkpoint_and_a_write_by_another_program_beside_the_store_are_refused() {
    let base = tempfile::tempdir().unwrap();
    let (store, reader) = filled(base.path()).await;
    for sql in [
        "PRAGMA wal_checkpoint(PASSIVE)",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "DELETE FROM object",
        "SELECT * FROM object",
    ] {
        let conn = Connection::open(base.path().join("metadata.sqlite")).unwrap();
        let outcome = conn.prepare(sql).and_then(|mut statement| statement.query([])?.next().map(drop));
        assert!(is_refused(&outcome), "{sql}: {outcome:?}");
    }
    put(&store, 3).await;
    drop(reader);
    store.close().await.unwrap();
    drop(store);
    holds_everything(base.path()).await;
}

#[tokio::test]
async fn a_directory_of_the_version_before_opens_and_keeps_other_programs_out_from_then_on() {
    let (base, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, reader) = filled(base.path()).await;
    crash(base.path(), copy.path());
    into_the_old_layout(copy.path());
    holds_everything(copy.path()).await;
    assert!(!copy.path().join("metadata.sqlite-wal").exists());
    let refused = select(copy.path());
    assert!(is_refused(&refused), "{refused:?}");
    holds_everything(copy.path()).await;
    drop(reader);
    store.close().await.unwrap();
}

/// Whoever checks a store before an upgrade may still decide against it.
#[tokio::test]
async fn a_check_leaves_a_directory_of_the_version_before_as_it_is() {
    let (base, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, reader) = filled(base.path()).await;
    crash(base.path(), copy.path());
    into_the_old_layout(copy.path());
    let files =
        || ["metadata.sqlite", "metadata.sqlite-wal"].map(|name| std::fs::read(copy.path().join(name)));
    let before = files().map(Result::unwrap);
    let checked = check(copy.path(), |finding| panic!("{finding}")).unwrap();
    assert_eq!((checked.intact, checked.is_clean()), (OBJECTS as u64, true));
    assert!(files().map(Result::unwrap) == before, "the check has changed the directory");
    assert!(!copy.path().join("metadata.sqlite-log").exists());
    drop(reader);
    store.close().await.unwrap();
}

/// Set in a process that makes a backup: from where, and to where, in a line each.
const BACKUP: &str = "PRESIGN_STORE_BACKUP";

/// The program of a backup may be newer than the server that runs.
#[tokio::test]
async fn a_backup_beside_a_server_of_the_version_before_has_what_is_in_its_log() {
    if let Ok(paths) = std::env::var(BACKUP) {
        let (from, to) = paths.split_once('\n').unwrap();
        create(from.as_ref(), to.as_ref(), BackupOptions::default(), |finding| panic!("{finding}")).unwrap();
        return;
    }
    let (base, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, reader) = filled(base.path()).await;
    crash(base.path(), copy.path());
    into_the_old_layout(copy.path());
    let vfs = presign_page_checksums::register_stock_layout().unwrap();
    let path = copy.path().join("metadata.sqlite");
    let server = Connection::open_with_flags_and_vfs(path, rusqlite::OpenFlags::default(), vfs).unwrap();
    let rows: i64 = server.query_row("SELECT count(*) FROM object", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, OBJECTS as i64);
    let lock = DirectoryLock::acquire(copy.path()).unwrap();
    // In a process of its own: SQLite's locks end when the files are closed again within one.
    let to = base.path().join("backup");
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_backup_beside_a_server_of_the_version_before_has_what_is_in_its_log"])
        .env(BACKUP, format!("{}\n{}", copy.path().display(), to.display()))
        .status();
    assert!(status.unwrap().success());
    assert!(std::fs::metadata(copy.path().join("metadata.sqlite-wal")).unwrap().len() > 100_000);
    drop((server, lock));
    let made = presign_store::backup::restore(&to, &base.path().join("again"), |finding| panic!("{finding}"))
        .unwrap();
    assert_eq!(made.objects, OBJECTS as u64);
    drop(reader);
    store.close().await.unwrap();
}

#[tokio::test]
async fn the_log_of_another_program_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let (store, reader) = filled(directory.path()).await;
    drop(reader);
    store.close().await.unwrap();
    drop(store);
    let stray = directory.path().join("metadata.sqlite-wal");
    std::fs::write(&stray, "of another database").unwrap();
    let refused = Store::open(directory.path(), StoreOptions::default()).await.err().unwrap();
    assert!(refused.to_string().contains("metadata.sqlite-wal"), "{refused}");
    std::fs::remove_file(&stray).unwrap();
    holds_everything(directory.path()).await;
}

/// A directory of the version before, in which another program has read after a crash: its pages have no checksums.
async fn written_by_another_program(copy: &Path) {
    let base = tempfile::tempdir().unwrap();
    let (store, _reader) = filled(base.path()).await;
    crash(base.path(), copy);
    store.close().await.unwrap();
    into_the_old_layout(copy);
    assert_eq!(select(copy), Ok(OBJECTS as i64));
}

#[tokio::test]
async fn pages_of_another_program_are_refused_and_accepted_by_a_repair_that_checks_everything() {
    let copy = tempfile::tempdir().unwrap();
    written_by_another_program(copy.path()).await;
    let refused = Store::open(copy.path(), StoreOptions::default()).await.err();
    assert!(matches!(refused, Some(OpenError::Store(StoreError::Corrupt { .. }))), "{refused:?}");
    let mut found = Vec::new();
    check(copy.path(), |finding| found.push(finding.clone())).unwrap();
    assert!(found.iter().any(|finding| matches!(finding, Finding::Page { .. })), "{found:?}");
    let before = std::fs::read(copy.path().join("metadata.sqlite")).unwrap();
    let repaired = repair(copy.path(), |finding| panic!("{finding}")).unwrap();
    assert!(
        repaired.pages.len() > 3 && repaired.log.is_none() && repaired.checked.is_clean(),
        "{repaired:?}"
    );
    let kept = std::fs::read(repaired.replaced.unwrap().join("metadata.sqlite")).unwrap();
    assert!(kept == before);
    holds_everything(copy.path()).await;
    let again = repair(copy.path(), |finding| panic!("{finding}")).unwrap();
    assert!(!again.was_needed() && again.replaced.is_none(), "{again:?}");
}

#[tokio::test]
async fn what_another_program_has_changed_is_not_accepted() {
    let copy = tempfile::tempdir().unwrap();
    written_by_another_program(copy.path()).await;
    let path = copy.path().join("metadata.sqlite");
    let conn = Connection::open(&path).unwrap();
    let changed =
        conn.execute("UPDATE content SET bytes = zeroblob(length(bytes)) WHERE id = 3", []).unwrap();
    assert_eq!(changed, 1);
    drop(conn);
    let before = std::fs::read(&path).unwrap();
    let mut found = Vec::new();
    let refused = repair(copy.path(), |finding| found.push(finding.clone())).unwrap();
    assert!(
        refused.was_needed() && refused.replaced.is_none() && refused.checked.damaged == 1,
        "{refused:?}"
    );
    assert!(matches!(&found[..], [Finding::Object { .. }]), "{found:?}");
    assert!(std::fs::read(&path).unwrap() == before, "nothing was changed");
    assert!(!copy.path().join("metadata.sqlite.repair").exists());
}

#[tokio::test]
async fn a_repair_that_fails_leaves_no_copy() {
    let copy = tempfile::tempdir().unwrap();
    written_by_another_program(copy.path()).await;
    let conn = Connection::open(copy.path().join("metadata.sqlite")).unwrap();
    conn.execute("UPDATE schema_version SET version = 99", []).unwrap();
    drop(conn);
    let refused = repair(copy.path(), |_| {});
    assert!(matches!(refused, Err(OpenError::NewerSchema { .. })), "{refused:?}");
    assert!(!copy.path().join("metadata.sqlite.repair").exists());
}

#[tokio::test]
async fn a_damaged_log_is_saved_as_far_as_it_is_whole() {
    let base = tempfile::tempdir().unwrap();
    let (store, reader) = filled(base.path()).await;
    for (damaged_bytes, loses) in [(1, false), (200, true)] {
        let copy = tempfile::tempdir().unwrap();
        crash(base.path(), copy.path());
        let path = copy.path().join("metadata.sqlite-log");
        let mut bytes = std::fs::read(&path).unwrap();
        // A content that is written once: the first page of a small object, in the middle of the log.
        let middle = 32 + bytes.len() / 2 / 4120 * 4120 + 24;
        for byte in &mut bytes[middle + 2000..][..damaged_bytes] {
            *byte ^= 0x10;
        }
        std::fs::write(&path, &bytes).unwrap();
        let refused = Store::open(copy.path(), StoreOptions::default()).await.err();
        assert!(matches!(refused, Some(OpenError::Store(StoreError::Corrupt { .. }))), "{refused:?}");
        let repaired = repair(copy.path(), |finding| assert!(!finding.is_damage(), "{finding}")).unwrap();
        let log = repaired.log.clone().unwrap();
        let kept = repaired.replaced.clone().unwrap().join("metadata.sqlite-log");
        assert!(std::fs::read(kept).unwrap() == bytes, "the damaged log is kept");
        assert_eq!(log.frames.len(), 1, "{log:?}");
        if loses {
            assert_eq!(log.put_right, 0);
            let store = Store::open(copy.path(), StoreOptions::default()).await.unwrap();
            let mut there = 0;
            while there < OBJECTS && store.head("b", &key(there)).await.unwrap().is_some() {
                there += 1;
            }
            // One commit to an object.
            assert_eq!(
                OBJECTS - there,
                usize::try_from(log.lost_commits).unwrap() + usize::from(log.commits + log.lost_commits < 30),
                "{log:?}"
            );
            assert!(there >= OBJECTS / 2);
            store.close().await.unwrap();
            drop(store);
            // As if the power had been lost before the log was removed: it is refused again, and saved again.
            std::fs::write(&path, &bytes).unwrap();
            assert!(Store::open(copy.path(), StoreOptions::default()).await.is_err());
            let again = repair(copy.path(), |finding| assert!(!finding.is_damage(), "{finding}")).unwrap();
            assert_eq!((again.log.as_ref(), again.checked.intact), (Some(&log), there as u64));
            assert!(again.replaced.unwrap().ends_with("before-repair-2"));
        } else {
            assert_eq!((log.put_right, log.lost_commits), (1, 0));
            holds_everything(copy.path()).await;
        }
    }
    drop(reader);
    store.close().await.unwrap();
}

async fn is_gone(blob_count: usize, directory: &Path) {
    let begun = std::time::Instant::now();
    while count_files(&directory.join("blobs")) != blob_count {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "blobs stay");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// How many blobs there are, the marker of their directory aside.
fn count_files(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory).unwrap().map(Result::unwrap);
    let entries = entries.filter(|entry| entry.file_name() != "initialized");
    entries.map(|entry| if entry.path().is_dir() { count_files(&entry.path()) } else { 1 }).sum()
}

/// The commits that are lost had replaced one blob and deleted another: the rows before them name both.
#[tokio::test]
async fn a_damaged_log_is_saved_where_the_lost_commits_had_deleted_blobs() {
    let base = tempfile::tempdir().unwrap();
    let (store, reader) = filled(base.path()).await;
    // Its content has pages of its own.
    put(&store, 9_000).await;
    put(&store, 7).await;
    assert_eq!(store.delete("b", &key(27)).await, Ok(true));
    put(&store, 3).await;
    // Those of 7, as it is now, and of 47.
    is_gone(2, base.path()).await;
    let copy = tempfile::tempdir().unwrap();
    crash(base.path(), copy.path());
    let path = copy.path().join("metadata.sqlite-log");
    let mut bytes = std::fs::read(&path).unwrap();
    // A page that is written once.
    let pages: Vec<&[u8]> = bytes[32..].chunks(4120).map(|frame| &frame[..4]).collect();
    let is_once = |at: &usize| pages.iter().filter(|page| **page == pages[*at]).count() == 1;
    let frame = (0..pages.len()).find(is_once).unwrap();
    for byte in &mut bytes[32 + frame * 4120 + 24 + 2000..][..200] {
        *byte ^= 0x10;
    }
    std::fs::write(&path, &bytes).unwrap();
    let mut found = Vec::new();
    let repaired = repair(copy.path(), |finding| found.push(finding.clone())).unwrap();
    found.retain(Finding::is_damage);
    let missing = |finding: &Finding| match finding {
        Finding::MissingBlob { key, .. } => key.clone(),
        other => panic!("{other}"),
    };
    let mut missing: Vec<String> = found.iter().map(missing).collect();
    missing.sort_unstable();
    assert_eq!(missing, [key(27), key(7)]);
    let kept = repaired.replaced.unwrap();
    assert!(std::fs::read(kept.join("metadata.sqlite-log")).unwrap() == bytes, "the damaged log is kept");
    assert_eq!((repaired.checked.damaged, repaired.checked.damaged_database), (2, 0));
    assert!(!repaired.checked.is_clean() && repaired.log.unwrap().lost_commits >= 3);
    // What to do about it is told, and can be done.
    let store_again = Store::open(copy.path(), StoreOptions::default()).await.unwrap();
    put(&store_again, 7).await;
    assert_eq!(store_again.delete("b", &key(27)).await, Ok(true));
    store_again.close().await.unwrap();
    drop(store_again);
    assert!(check(copy.path(), |_| {}).unwrap().is_clean());
    drop(reader);
    store.close().await.unwrap();
}
