//! A quota that is used up is a full disk, and so is the process's limit on file sizes. SQLite knows `ENOSPC` as such, and takes
//! `EDQUOT` and `EFBIG` for a broken one.

use std::ffi::{c_int, c_void};
use std::io::{self, ErrorKind};
use std::ptr;

use rusqlite::ffi::{self, sqlite3_file};

/// `SQLITE_FULL` in place of an I/O error that came of a full disk, a full quota, or the limit on file sizes.
///
/// # Safety
/// `inner` is an open file of SQLite's own VFS, whose last call gave this code.
pub(crate) unsafe fn full_where_it_is(inner: *mut sqlite3_file, code: c_int) -> c_int {
    if code & 0xFF != ffi::SQLITE_IOERR {
        return code;
    }
    // SAFETY: an open file has methods.
    let control = unsafe { (*inner).pMethods.as_ref() }.and_then(|methods| methods.xFileControl);
    let Some(control) = control else { return code };
    let mut errno: c_int = 0;
    // SAFETY: this control writes an int to where its argument points.
    let asked =
        unsafe { control(inner, ffi::SQLITE_FCNTL_LAST_ERRNO, ptr::from_mut(&mut errno).cast::<c_void>()) };
    let is_full = matches!(
        io::Error::from_raw_os_error(errno).kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    );
    if asked == ffi::SQLITE_OK && is_full { ffi::SQLITE_FULL } else { code }
}
