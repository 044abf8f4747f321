//! The VFS: files are opened through the one that SQLite uses by itself, and those with pages are wrapped.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

use rusqlite::ffi::{self, sqlite3_file, sqlite3_filename, sqlite3_int64, sqlite3_vfs};

use crate::layout::{Layout, LogName};
use crate::{file, waiting};

const NAME: &CStr = c"presign-page-checksums";
const STOCK_NAME: &CStr = c"presign-page-checksums-stock";

/// What one VFS of ours needs to know. SQLite keeps a pointer to it.
struct Layer {
    /// The VFS underneath.
    inner: *mut sqlite3_vfs,
    layout: Layout,
}

/// SQLite did not take the VFS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("SQLite has no file system layer to put page checksums on (code {code})")]
pub struct RegisterError {
    /// SQLite's code.
    pub code: c_int,
}

/// Makes the VFS known to SQLite, once to a process, and gives the name to open connections with. To be called before any
/// other thread uses SQLite, whose way to read files it replaces (see [`from_memory`](crate::from_memory)).
///
/// It keeps the write-ahead log of `NAME` in `NAME-log`, and writes a version into the header by which every program without
/// this layer refuses the database: see [`is_private`](crate::is_private).
///
/// # Errors
/// [`RegisterError`] when SQLite was built without a VFS for this system.
pub fn register() -> Result<&'static CStr, RegisterError> {
    register_both().map(|()| NAME)
}

/// As [`register`], of the layer that leaves the version in the header and the name of the log, `NAME-wal`, as SQLite has
/// them: for a database that a process with this layout has open.
///
/// # Errors
/// [`RegisterError`] when SQLite was built without a VFS for this system.
pub fn register_stock_layout() -> Result<&'static CStr, RegisterError> {
    register_both().map(|()| STOCK_NAME)
}

fn register_both() -> Result<(), RegisterError> {
    static REGISTERED: OnceLock<Result<(), RegisterError>> = OnceLock::new();
    *REGISTERED.get_or_init(register_once)
}

fn register_once() -> Result<(), RegisterError> {
    // SAFETY: a null name asks for the default VFS; SQLite initializes itself first.
    let inner = unsafe { ffi::sqlite3_vfs_find(ptr::null()) };
    if inner.is_null() {
        return Err(RegisterError { code: ffi::SQLITE_NOTFOUND });
    }
    // SAFETY: it is the default one.
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    unsafe {
        waiting::replace_pread(inner);
    }
    register_layer(inner, NAME, Layout::Private)?;
    register_layer(inner, STOCK_NAME, Layout::Stock)
}

fn register_layer(inner: *mut sqlite3_vfs, name: &'static CStr, layout: Layout) -> Result<(), RegisterError> {
    // SAFETY: SQLite's default VFS is never unregistered here, and its numbers do not change.
    let (inner_file_bytes, longest_path) = unsafe { ((*inner).szOsFile, (*inner).mxPathname) };
    let vfs = sqlite3_vfs {
        // The second version: with the time as an integer, and without replaceable system calls.
        iVersion: 2,
        szOsFile: file::HEADER_BYTES.saturating_add(inner_file_bytes),
        mxPathname: longest_path,
        pNext: ptr::null_mut(),
        zName: name.as_ptr(),
        // Leaked, as the VFS is.
        pAppData: Box::into_raw(Box::new(Layer { inner, layout })).cast::<c_void>(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        // Extensions are no files of a database, and none are loaded.
        xDlOpen: None,
        xDlError: None,
        xDlSym: None,
        xDlClose: None,
        xRandomness: Some(randomness),
        xSleep: Some(sleep),
        xCurrentTime: Some(current_time),
        xGetLastError: Some(last_error),
        xCurrentTimeInt64: Some(current_time_int64),
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    };
    // SAFETY: SQLite keeps the pointer, so the VFS is leaked and lives as long as the process. Not the default one, so no
    // other connection changes.
    match unsafe { ffi::sqlite3_vfs_register(Box::into_raw(Box::new(vfs)), 0) } {
        ffi::SQLITE_OK => Ok(()),
        code => Err(RegisterError { code }),
    }
}

/// # Safety
/// `vfs` is one that [`register_layer`] made.
unsafe fn layer(vfs: *mut sqlite3_vfs) -> &'static Layer {
    // SAFETY: its `pAppData` was set to a layer, which is never freed or changed.
    unsafe { &*(*vfs).pAppData.cast::<Layer>() }
}

/// The VFS underneath.
///
/// # Safety
/// `vfs` is one that [`register_layer`] made.
unsafe fn inner(vfs: *mut sqlite3_vfs) -> *mut sqlite3_vfs {
    // SAFETY: as above.
    unsafe { layer(vfs) }.inner
}

/// Calls a method of the VFS underneath with that VFS and the same arguments.
macro_rules! delegate {
    ($vfs:ident, $method:ident, $missing:expr, $($argument:ident),*) => {{
        // SAFETY: SQLite calls the methods of a VFS with that VFS, which is ours.
        let inner = unsafe { inner($vfs) };
        // SAFETY: the default VFS stays, and its methods take what SQLite gave to ours.
        match unsafe { (*inner).$method } {
            // SAFETY: as above.
            Some(method) => unsafe { method(inner, $($argument),*) },
            None => $missing,
        }
    }};
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: sqlite3_filename,
    opened: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let is_paged = flags & (ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_WAL) != 0;
    if !is_paged {
        // Journals and temporary files have no pages at their places: the inner file takes all of the room.
        return delegate!(vfs, xOpen, ffi::SQLITE_CANTOPEN, name, opened, flags, out_flags);
    }
    // SAFETY: SQLite calls this with our VFS, with a name that is null or a string that lives as long as the file, and with
    // `szOsFile` bytes, aligned to eight, for the file.
    unsafe { file::open(inner(vfs), layer(vfs).layout, name, opened, flags, out_flags) }
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: SQLite calls this with our VFS and the name of a file.
    let private = unsafe { layer(vfs).layout.log_name(name) };
    let name = private.as_ref().map_or(name, LogName::as_ptr);
    delegate!(vfs, xDelete, ffi::SQLITE_IOERR_DELETE, name, sync)
}

unsafe extern "C" fn access(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    answer: *mut c_int,
) -> c_int {
    // SAFETY: SQLite calls this with our VFS and the name of a file.
    let private = unsafe { layer(vfs).layout.log_name(name) };
    let name = private.as_ref().map_or(name, LogName::as_ptr);
    delegate!(vfs, xAccess, ffi::SQLITE_IOERR_ACCESS, name, flags, answer)
}

unsafe extern "C" fn full_pathname(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    length: c_int,
    full: *mut c_char,
) -> c_int {
    delegate!(vfs, xFullPathname, ffi::SQLITE_CANTOPEN, name, length, full)
}

unsafe extern "C" fn randomness(vfs: *mut sqlite3_vfs, length: c_int, bytes: *mut c_char) -> c_int {
    delegate!(vfs, xRandomness, 0, length, bytes)
}

unsafe extern "C" fn sleep(vfs: *mut sqlite3_vfs, microseconds: c_int) -> c_int {
    if waiting::must_not_sleep() {
        // SQLite tries again at once, a hundred times at the most.
        return microseconds;
    }
    delegate!(vfs, xSleep, 0, microseconds)
}

unsafe extern "C" fn current_time(vfs: *mut sqlite3_vfs, time: *mut f64) -> c_int {
    delegate!(vfs, xCurrentTime, ffi::SQLITE_ERROR, time)
}

unsafe extern "C" fn last_error(vfs: *mut sqlite3_vfs, length: c_int, text: *mut c_char) -> c_int {
    delegate!(vfs, xGetLastError, 0, length, text)
}

unsafe extern "C" fn current_time_int64(vfs: *mut sqlite3_vfs, time: *mut sqlite3_int64) -> c_int {
    delegate!(vfs, xCurrentTimeInt64, ffi::SQLITE_ERROR, time)
}
