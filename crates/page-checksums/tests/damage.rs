//! Databases whose files were changed behind SQLite's back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use presign_page_checksums::{Damage, is_intact, make_room, register, take_damage};
use rusqlite::ffi::SQLITE_IOERR_DATA;
use rusqlite::{Connection, OpenFlags};

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), register().unwrap())?;
    make_room(&conn)?;
    Ok(conn)
}

/// 2,000 rows of a table with an index, some with content that fills several pages.
fn fill(conn: &Connection) {
    conn.execute_batch(
        "PRAGMA journal_mode = wal; BEGIN; CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, content BLOB);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
         INSERT INTO t SELECT i, 'name' || (i * 7919 % 2003), zeroblob(CASE i % 50 WHEN 0 THEN 20000 ELSE i % 300 END) FROM n;
         COMMIT;",
    )
    .unwrap();
}

fn read_all(conn: &Connection) -> rusqlite::Result<(i64, i64, i64)> {
    let by_name = "SELECT count(*) FROM t INDEXED BY sqlite_autoindex_t_1 WHERE name > ''";
    let names = conn.query_row(by_name, [], |row| row.get(0))?;
    let sql = "SELECT sum(id), sum(length(hex(content))) FROM t NOT INDEXED";
    conn.query_row(sql, [], |row| Ok((names, row.get(0)?, row.get(1)?)))
}

fn flip(path: &Path, at: u64) {
    let file = std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], at).unwrap();
}

fn is_damage<T: std::fmt::Debug>(outcome: &rusqlite::Result<T>) -> bool {
    let code = |error: &rusqlite::Error| error.sqlite_error().map(|error| error.extended_code);
    outcome.as_ref().err().and_then(code) == Some(SQLITE_IOERR_DATA)
}

struct Ground {
    _directory: tempfile::TempDir,
    path: PathBuf,
    log: PathBuf,
}

fn ground() -> Ground {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("d.sqlite");
    let log = directory.path().join("d.sqlite-log");
    Ground { _directory: directory, path, log }
}

#[test]
fn every_page_has_a_checksum_and_damage_in_any_is_noticed() {
    let Ground { path, _directory, .. } = ground();
    let conn = open(&path).unwrap();
    fill(&conn);
    let expected = read_all(&conn).unwrap();
    drop(conn);
    let bytes = std::fs::read(&path).unwrap();
    let pages = bytes.len() / 4096;
    assert!(pages > 100, "{pages}");
    for (number, page) in (1..).zip(bytes.chunks(4096)) {
        assert!(is_intact(number, page), "page {number}");
    }
    for number in 1..=pages {
        flip(&path, (number * 4096 - 4096 + (number * 37) % 4096) as u64);
        let read = open(&path).and_then(|conn| read_all(&conn));
        assert!(is_damage(&read), "page {number}: {read:?}");
        assert_eq!(take_damage(), Some(Damage::Page(number as u64)));
        assert_eq!(take_damage(), None);
        flip(&path, (number * 4096 - 4096 + (number * 37) % 4096) as u64);
    }
    // The header is read in part before it is read as a page.
    for at in 0..100 {
        flip(&path, at);
        let read = open(&path).and_then(|conn| read_all(&conn));
        assert!(read.is_err(), "byte {at} of the header");
        flip(&path, at);
    }
    assert_eq!(open(&path).and_then(|conn| read_all(&conn)), Ok(expected));
}

#[test]
fn a_page_in_the_place_of_another_and_a_cut_file_are_noticed() {
    let Ground { path, _directory, .. } = ground();
    let conn = open(&path).unwrap();
    fill(&conn);
    let expected = read_all(&conn).unwrap();
    drop(conn);
    let whole = std::fs::read(&path).unwrap();
    let mut swapped = whole.clone();
    swapped.copy_within(10 * 4096..11 * 4096, 20 * 4096);
    std::fs::write(&path, swapped).unwrap();
    assert!(is_damage(&open(&path).and_then(|conn| read_all(&conn))));
    for length in [whole.len() - 1, whole.len() - 4096, 4096, 4095, 50] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let read = open(&path).and_then(|conn| read_all(&conn));
        assert!(read.is_err(), "cut to {length}: {read:?}");
    }
    std::fs::write(&path, whole).unwrap();
    assert_eq!(open(&path).and_then(|conn| read_all(&conn)), Ok(expected));
}

#[test]
fn damage_in_the_log_of_a_running_process_is_noticed_and_never_checkpointed() {
    let Ground { path, log, _directory } = ground();
    let conn = open(&path).unwrap();
    conn.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    fill(&conn);
    let expected = read_all(&conn).unwrap();
    let frames = std::fs::metadata(&log).unwrap().len() / (4096 + 24);
    assert!(frames > 100);
    for frame in (0..frames).step_by(5) {
        let at = 32 + frame * (4096 + 24) + 24 + 100;
        flip(&log, at);
        let checkpointed: rusqlite::Result<i64> =
            conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(0));
        assert!(is_damage(&checkpointed), "frame {frame}: {checkpointed:?}");
        assert_eq!(take_damage(), Some(Damage::Frame(frame + 1)));
        let read = open(&path).and_then(|other| read_all(&other));
        assert!(is_damage(&read) || read == Ok(expected), "frame {frame}: {read:?}");
        flip(&log, at);
    }
    assert_eq!(open(&path).and_then(|other| read_all(&other)), Ok(expected));
    let checkpointed: i64 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
    assert_eq!(checkpointed, 0);
    assert_eq!(read_all(&conn), Ok(expected));
}

#[test]
fn pages_that_are_reused_and_rewritten_stay_whole() {
    let Ground { path, _directory, .. } = ground();
    for round in 0..6 {
        let conn = open(&path).unwrap();
        if round == 0 {
            fill(&conn);
        }
        conn.execute_batch(
            "DELETE FROM t WHERE id % 3 = 0; UPDATE t SET content = zeroblob(9000) WHERE id % 7 = 1;
             INSERT OR REPLACE INTO t SELECT id + 3000, name || id, content FROM t LIMIT 300; PRAGMA wal_checkpoint;",
        )
        .unwrap();
        if round == 3 {
            conn.execute_batch("VACUUM").unwrap();
        }
        let check: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok", "round {round}");
    }
    for (number, page) in (1..).zip(std::fs::read(&path).unwrap().chunks(4096)) {
        assert!(is_intact(number, page), "page {number}");
    }
}

#[test]
fn a_database_without_room_is_refused_and_left_as_it_is() {
    let Ground { path, _directory, .. } = ground();
    let plain = Connection::open(&path).unwrap();
    fill(&plain);
    drop(plain);
    let before = std::fs::read(&path).unwrap();
    let refused = open(&path).and_then(|conn| read_all(&conn));
    assert!(is_damage(&refused), "{refused:?}");
    assert_eq!(take_damage(), Some(Damage::NoRoom));
    assert!(std::fs::read(&path).unwrap() == before);
    // And nobody makes one by leaving the room out.
    let other = path.with_file_name("other.sqlite");
    let conn =
        Connection::open_with_flags_and_vfs(&other, OpenFlags::default(), register().unwrap()).unwrap();
    assert!(is_damage(&conn.execute_batch("CREATE TABLE t (x)")));
    drop(conn);
    open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
}

/// Rollback journals too go through the checksums, as at the first start of a store.
#[test]
fn a_transaction_that_is_rolled_back_leaves_whole_pages() {
    let Ground { path, _directory, .. } = ground();
    let conn = open(&path).unwrap();
    conn.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(100000)); PRAGMA cache_size = 5;")
        .unwrap();
    conn.execute_batch("BEGIN; UPDATE t SET x = zeroblob(200000); INSERT INTO t SELECT x FROM t; ROLLBACK;")
        .unwrap();
    let rows: (i64, i64) = conn
        .query_row("SELECT count(*), sum(length(x)) FROM t", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(rows, (1, 100_000));
    for (number, page) in (1..).zip(std::fs::read(&path).unwrap().chunks(4096)) {
        assert!(is_intact(number, page), "page {number}");
    }
}
