//! A disk without room for one user.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![cfg(all(target_os = "linux", target_pointer_width = "64"))]

use std::ffi::{c_int, c_void};
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use presign_page_checksums::{make_room, register};
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

/// What the next calls fail with; 0: they do not.
static WRITES: AtomicI32 = AtomicI32::new(0);
static TRUNCATIONS: AtomicI32 = AtomicI32::new(0);

fn fail(errno: c_int) -> c_int {
    // SAFETY: the place of this thread's error.
    unsafe { *libc::__errno_location() = errno };
    -1
}

unsafe extern "C" fn pwrite(file: c_int, bytes: *const c_void, length: usize, offset: libc::off_t) -> isize {
    match WRITES.load(Ordering::SeqCst) {
        // SAFETY: SQLite's own arguments.
        0 => unsafe { libc::pwrite(file, bytes, length, offset) },
        errno => fail(errno) as isize,
    }
}

unsafe extern "C" fn ftruncate(file: c_int, length: libc::off_t) -> c_int {
    match TRUNCATIONS.load(Ordering::SeqCst) {
        // SAFETY: SQLite's own arguments.
        0 => unsafe { libc::ftruncate(file, length) },
        errno => fail(errno),
    }
}

/// Puts these two in the place of SQLite's.
fn replace_calls() {
    // SAFETY: the default VFS stays; SQLite casts each pointer back to the type that these functions have; no other thread
    // uses SQLite yet.
    unsafe {
        let vfs = ffi::sqlite3_vfs_find(ptr::null());
        let replace = (*vfs).xSetSystemCall.unwrap();
        let write = std::mem::transmute::<*const (), unsafe extern "C" fn()>(pwrite as *const ());
        let truncate = std::mem::transmute::<*const (), unsafe extern "C" fn()>(ftruncate as *const ());
        assert_eq!(replace(vfs, c"pwrite".as_ptr(), Some(write)), ffi::SQLITE_OK);
        assert_eq!(replace(vfs, c"ftruncate".as_ptr(), Some(truncate)), ffi::SQLITE_OK);
    }
}

fn open(path: &Path) -> Connection {
    let conn = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), register().unwrap()).unwrap();
    make_room(&conn).unwrap();
    conn.execute_batch(
        "PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0; CREATE TABLE IF NOT EXISTS t (x)",
    )
    .unwrap();
    conn
}

fn code(outcome: Result<(), rusqlite::Error>) -> Option<ErrorCode> {
    outcome.err().and_then(|error| error.sqlite_error_code())
}

/// One test, because the calls are replaced for the whole process.
#[test]
fn a_full_quota_is_a_full_disk_and_a_broken_disk_is_not() {
    replace_calls();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("d.sqlite");
    let conn = open(&path);
    let write = || conn.execute("INSERT INTO t VALUES (zeroblob(9000))", []).map(drop);
    let write_back = || conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    for (errno, expected) in [
        (libc::ENOSPC, Some(ErrorCode::DiskFull)),
        (libc::EDQUOT, Some(ErrorCode::DiskFull)),
        (libc::EFBIG, Some(ErrorCode::DiskFull)),
        (libc::EIO, Some(ErrorCode::SystemIoFailure)),
        (0, None),
    ] {
        write().unwrap();
        WRITES.store(errno, Ordering::SeqCst);
        let (to_the_log, to_the_database) = (code(write()), code(write_back()));
        WRITES.store(0, Ordering::SeqCst);
        assert_eq!((to_the_log, to_the_database), (expected, expected), "a write with {errno}");
        write().unwrap();
        TRUNCATIONS.store(errno, Ordering::SeqCst);
        let cut = code(write_back());
        TRUNCATIONS.store(0, Ordering::SeqCst);
        assert_eq!(cut, expected, "a truncation with {errno}");
        assert_eq!(code(write_back()), None, "it passes");
    }
    let rows: i64 = conn.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 11);
}
