//! Reads that do not wait for the disk.

#![cfg(all(target_os = "linux", target_pointer_width = "64"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use presign_page_checksums::{Damage, NotFromMemory, from_memory, make_room, register, take_damage};
use rusqlite::{Connection, OpenFlags, ffi};
use rustix::fs::{Advice, fadvise};

/// A database of 4 MB, in a folder on a disk: that of temporary files may be one in memory, which cannot tell (tmpfs).
fn database() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = directory.path().join("d.sqlite");
    let conn = Connection::open_with_flags_and_vfs(&path, OpenFlags::default(), register().unwrap()).unwrap();
    make_room(&conn).unwrap();
    conn.execute_batch(
        "CREATE TABLE t (i INTEGER PRIMARY KEY, b BLOB);
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
         INSERT INTO t SELECT i, randomblob(1000) FROM n;",
    )
    .unwrap();
    drop(conn);
    (directory, path)
}

fn reader(path: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let conn = Connection::open_with_flags_and_vfs(path, flags, register().unwrap()).unwrap();
    // The schema is read with the first query.
    length(&conn, 1).unwrap();
    conn
}

fn length(conn: &Connection, i: i64) -> rusqlite::Result<i64> {
    conn.query_row("SELECT length(b) FROM t WHERE i = ?1", [i], |row| row.get(0))
}

/// Takes the file out of the kernel's memory.
fn forget(path: &Path) {
    let file = File::open(path).unwrap();
    file.sync_all().unwrap();
    fadvise(&file, 0, None, Advice::DontNeed).unwrap();
}

#[test]
fn what_is_in_memory_is_read_and_what_is_not_is_told() {
    let (_directory, path) = database();
    let conn = reader(&path);
    std::fs::read(&path).unwrap();
    assert_eq!(from_memory(|| length(&conn, 2000)), Ok(Ok(1000)));
    forget(&path);
    assert_eq!(from_memory(|| length(&conn, 3000)), Err(NotFromMemory::WouldWait));
    // The connection is as good as ever, and so is the thread.
    assert_eq!(length(&conn, 3000), Ok(1000));
    assert_eq!(from_memory(|| length(&conn, 3000)), Ok(Ok(1000)));
}

#[test]
fn damage_is_an_error_here_too() {
    let (_directory, path) = database();
    let conn = reader(&path);
    let mut bytes = std::fs::read(&path).unwrap();
    for page in bytes.chunks_mut(4096).skip(2) {
        page[100] ^= 1;
    }
    std::fs::write(&path, &bytes).unwrap();
    assert!(matches!(from_memory(|| length(&conn, 2000)), Ok(Err(_))));
    assert!(matches!(take_damage(), Some(Damage::Page(_))));
}

#[test]
fn a_panic_leaves_the_thread_as_it_was() {
    let (_directory, path) = database();
    let panicked = std::panic::catch_unwind(|| from_memory(|| -> i64 { panic!("in the middle") }));
    assert!(panicked.is_err());
    let conn = reader(&path);
    forget(&path);
    assert_eq!(length(&conn, 3500), Ok(1000));
}

/// What SQLite does when it looks again whether another connection is out of its way.
fn sleep(duration: Duration) -> Duration {
    let microseconds = duration.as_micros().try_into().unwrap();
    let name = register().unwrap();
    let began = Instant::now();
    // SAFETY: the VFS is registered, stays for as long as the process, and its method takes any number.
    unsafe {
        let vfs = ffi::sqlite3_vfs_find(name.as_ptr());
        ((*vfs).xSleep.unwrap())(vfs, microseconds);
    }
    began.elapsed()
}

#[test]
fn a_thread_that_reads_from_memory_does_not_sleep() {
    let (short, long) = (Duration::from_millis(200), Duration::from_secs(10));
    register().unwrap();
    let slept = from_memory(|| {
        let elapsed = sleep(long);
        // The rest is for a loaded machine.
        assert!(elapsed < long / 2, "{elapsed:?}");
    });
    assert_eq!(slept, Err(NotFromMemory::WouldWait));
    assert!(sleep(short) >= short);
    assert_eq!(from_memory(|| 7), Ok(7));
}
