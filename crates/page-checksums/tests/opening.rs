//! Connections that are opened while another one writes back.

#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use presign_page_checksums::{make_room, register};
use rusqlite::{Connection, OpenFlags};

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), register().unwrap())?;
    make_room(&conn)?;
    Ok(conn)
}

/// SQLite reads the header before it has any lock, so page 1 may change under it.
#[test]
fn a_first_page_that_is_rewritten_meanwhile_is_no_damage() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("d.sqlite");
    let conn = open(&path).unwrap();
    conn.execute_batch("PRAGMA journal_mode = wal; CREATE TABLE t (x);").unwrap();
    conn.execute_batch("PRAGMA synchronous = off; PRAGMA wal_autocheckpoint = 1;").unwrap();
    let is_done = &AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(move || {
            let mut versions = 0;
            while !is_done.load(Ordering::Relaxed) {
                versions += 1;
                conn.pragma_update(None, "user_version", versions).unwrap();
            }
            versions
        });
        let mut failed = Vec::new();
        for _ in 0..10_000 {
            let version: rusqlite::Result<i64> =
                open(&path).and_then(|conn| conn.pragma_query_value(None, "user_version", |row| row.get(0)));
            failed.extend(version.err());
        }
        is_done.store(true, Ordering::Relaxed);
        assert_eq!(failed, []);
        assert!(writer.join().unwrap() > 1_000);
    });
}
