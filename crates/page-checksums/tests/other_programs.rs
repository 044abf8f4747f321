//! SQLite without this layer, as the `sqlite3` program, Python and replication tools have it, on a database of this layer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::ffi::CStr;
use std::path::{Path, PathBuf};

use presign_page_checksums::{is_intact, is_private, make_room, register, register_stock_layout};
use rusqlite::{Connection, ErrorCode, OpenFlags};

fn open(path: &Path, layer: &CStr) -> Connection {
    let conn = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), layer).unwrap();
    make_room(&conn).unwrap();
    conn
}

fn rows(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("SELECT count(*) FROM t WHERE x >= 0", [], |row| row.get(0))
}

/// A database with a table, which a checkpoint has written to the file, and with rows in the log alone.
fn fill(conn: &Connection) {
    conn.execute_batch(
        "PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (x INTEGER PRIMARY KEY, y BLOB);
         INSERT INTO t VALUES (0, zeroblob(100)); PRAGMA wal_checkpoint(TRUNCATE);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
         INSERT INTO t SELECT i, randomblob(500) FROM n;",
    )
    .unwrap();
}

/// What a process that is killed leaves: the files as they are.
fn crash(directory: &Path, to: &Path) -> PathBuf {
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if !entry.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    to.join("d.sqlite")
}

fn files(directory: &Path) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> =
        entries.map(|entry| (entry.file_name(), std::fs::read(entry.path()).unwrap())).collect();
    files.sort_unstable();
    files
}

fn is_refused<T: std::fmt::Debug>(outcome: &rusqlite::Result<T>) -> bool {
    outcome.as_ref().err().and_then(rusqlite::Error::sqlite_error_code) == Some(ErrorCode::NotADatabase)
}

/// Everything that a program may try: each is refused, and no byte of any file is another one afterwards.
fn try_everything(path: &Path) {
    for sql in [
        "SELECT * FROM t",
        "DELETE FROM t",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "VACUUM",
        "PRAGMA journal_mode = delete",
    ] {
        let conn = Connection::open(path).unwrap();
        let outcome = conn.prepare(sql).and_then(|mut statement| statement.query([])?.next().map(drop));
        assert!(is_refused(&outcome), "{sql}: {outcome:?}");
        drop(conn);
    }
}

#[test]
fn after_a_crash_stock_sqlite_is_refused_and_changes_nothing() {
    let (base, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let conn = open(&base.path().join("d.sqlite"), register().unwrap());
    fill(&conn);
    let path = crash(base.path(), copy.path());
    let before = files(copy.path());
    assert_eq!(before.len(), 2, "the database and its log");
    try_everything(&path);
    assert!(files(copy.path()) == before);
    assert_eq!(rows(&open(&path, register().unwrap())), Ok(201));
    for (number, page) in (1..).zip(std::fs::read(&path).unwrap().chunks(4096)) {
        assert!(is_intact(number, page), "page {number}");
    }
}

/// The twin of the test above: where stock SQLite finds what it looks for, a mere SELECT writes pages without checksums.
#[test]
fn with_the_layout_of_stock_sqlite_a_select_takes_the_checksums_away() {
    let (base, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let conn = open(&base.path().join("d.sqlite"), register_stock_layout().unwrap());
    fill(&conn);
    let path = crash(base.path(), copy.path());
    let stock = Connection::open(&path).unwrap();
    assert_eq!(rows(&stock), Ok(201));
    drop(stock);
    let bytes = std::fs::read(&path).unwrap();
    assert!((1..).zip(bytes.chunks(4096)).any(|(number, page)| !is_intact(number, page)));
}

#[test]
fn beside_a_running_process_stock_sqlite_is_refused_and_changes_nothing() {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("d.sqlite");
    let conn = open(&path, register().unwrap());
    fill(&conn);
    let before = files(base.path());
    try_everything(&path);
    assert!(files(base.path()) == before);
    conn.execute_batch("DELETE FROM t WHERE x > 100; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    try_everything(&path);
    assert_eq!(rows(&conn), Ok(101));
    assert_eq!(rows(&open(&path, register().unwrap())), Ok(101));
}

#[test]
fn a_copy_with_a_rollback_journal_is_for_everybody() {
    let base = tempfile::tempdir().unwrap();
    let (path, copy) = (base.path().join("d.sqlite"), base.path().join("copy.sqlite"));
    let conn = open(&path, register().unwrap());
    fill(&conn);
    conn.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    let bytes = std::fs::read(&copy).unwrap();
    assert!(!is_private(&bytes) && is_private(&std::fs::read(&path).unwrap()));
    for (number, page) in (1..).zip(bytes.chunks(4096)) {
        assert!(is_intact(number, page), "page {number}");
    }
    assert_eq!(rows(&Connection::open(&copy).unwrap()), Ok(201));
    assert!(std::fs::read(&copy).unwrap() == bytes, "who reads changes nothing");
    assert_eq!(rows(&open(&copy, register().unwrap())), Ok(201));
}
