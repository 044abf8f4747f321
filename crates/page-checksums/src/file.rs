//! The files with pages: the database, and its write-ahead log.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::ffi::{self, sqlite3_file, sqlite3_filename, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs};

use crate::damage::{self, Damage};
use crate::layout::{Layout, LogName};
use crate::log::LogSums;
use crate::{page, quota, waiting};

/// Length of the header of a database.
const DATABASE_HEADER_BYTES: usize = 100;

/// How long to wait before the first page is read again, time after time, in milliseconds.
const PAUSES: [u64; 5] = [1, 2, 4, 8, 16];

/// One open file, in the memory that SQLite has for it. The file of the VFS underneath follows.
#[repr(C)]
struct PagedFile {
    /// What SQLite sees.
    base: sqlite3_file,
    kind: Kind,
}

enum Kind {
    Database {
        /// A page on its way out, with its checksum.
        outgoing: Vec<u8>,
        is_read_only: bool,
        layout: Layout,
    },
    Log {
        sums: Arc<LogSums>,
        /// The file underneath keeps a pointer to its name.
        _name: Option<LogName>,
    },
}

/// Room for a [`PagedFile`], up to where the next file is aligned to eight.
pub(crate) const HEADER_BYTES: c_int = (size_of::<PagedFile>().next_multiple_of(8)) as c_int;

/// The second version of the methods: with shared memory, which a log needs, and without memory-mapped reads, which would
/// go past the checksums.
static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Asks SQLite to keep room for checksums in the pages of a database that has none yet. To be called before its first
/// table is made; a database that has pages keeps what it has.
///
/// # Errors
/// SQLite's.
pub fn make_room(conn: &Connection) -> rusqlite::Result<()> {
    let mut bytes = page::RESERVED_BYTES as c_int;
    // SAFETY: the handle is used while the connection is borrowed, the name is a C string, and this control takes a pointer
    // to an int that SQLite also writes to.
    let code = unsafe {
        ffi::sqlite3_file_control(
            conn.handle(),
            c"main".as_ptr(),
            ffi::SQLITE_FCNTL_RESERVE_BYTES,
            ptr::from_mut(&mut bytes).cast::<c_void>(),
        )
    };
    match code {
        ffi::SQLITE_OK => Ok(()),
        code => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
    }
}

/// Opens a database or a log.
///
/// # Safety
/// `vfs` is the VFS underneath; `name` is null or a C string that lives as long as the file; `opened` has room for a
/// [`PagedFile`] and a file of `vfs`, aligned to eight; `out_flags` is null or may be written to.
pub(crate) unsafe fn open(
    vfs: *mut sqlite3_vfs,
    layout: Layout,
    name: sqlite3_filename,
    opened: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: without methods SQLite takes the file for not opened.
    unsafe { (*opened).pMethods = ptr::null() };
    // SAFETY: `vfs` is valid.
    let Some(open_inner) = (unsafe { (*vfs).xOpen }) else { return ffi::SQLITE_CANTOPEN };
    // SAFETY: behind the header there is room for a file of `vfs`.
    let inner = unsafe { inner_of(opened) };
    // SAFETY: `name` is null or a C string.
    let private_name = unsafe { layout.log_name(name) };
    let name = private_name.as_ref().map_or(name, LogName::as_ptr);
    // SAFETY: the arguments are SQLite's own.
    let code = unsafe { open_inner(vfs, name, inner, flags, out_flags) };
    if code != ffi::SQLITE_OK {
        // A failed open may still leave a file to be closed.
        // SAFETY: `inner` was given to its `xOpen`, which sets the methods or leaves them null.
        unsafe { close_inner(inner) };
        return code;
    }
    let kind = if flags & ffi::SQLITE_OPEN_MAIN_DB != 0 {
        // SAFETY: `inner` is open.
        if let Err(code) = unsafe { check_room(inner) } {
            // SAFETY: `inner` is open, and is not used any more.
            unsafe { close_inner(inner) };
            return code;
        }
        Kind::Database { outgoing: Vec::new(), is_read_only: flags & ffi::SQLITE_OPEN_READONLY != 0, layout }
    } else {
        // SAFETY: the name of a file that is not temporary is a C string.
        let path = if name.is_null() { c"" } else { unsafe { CStr::from_ptr(name.cast::<c_char>()) } };
        Kind::Log { sums: LogSums::of(path), _name: private_name }
    };
    let file = PagedFile { base: sqlite3_file { pMethods: &raw const METHODS }, kind };
    // SAFETY: SQLite's memory for the file is large enough and aligned, and holds nothing that is to be dropped.
    unsafe { opened.cast::<PagedFile>().write(file) };
    ffi::SQLITE_OK
}

/// Refuses a database whose pages have no room for checksums: writing them would destroy what it holds.
///
/// # Safety
/// `inner` is an open file of the VFS underneath.
unsafe fn check_room(inner: *mut sqlite3_file) -> Result<(), c_int> {
    let mut header = [0; DATABASE_HEADER_BYTES];
    // SAFETY: `inner` is open.
    match unsafe { read_inner(inner, &mut header, 0) } {
        ffi::SQLITE_OK => {}
        // An empty file becomes a database of ours. One that is cut off within its header is no database at all.
        ffi::SQLITE_IOERR_SHORT_READ if header.iter().all(|&byte| byte == 0) => return Ok(()),
        ffi::SQLITE_IOERR_SHORT_READ => return Err(ffi::SQLITE_NOTADB),
        code => return Err(code),
    }
    if page::has_room(&header) {
        return Ok(());
    }
    damage::note(Damage::NoRoom);
    Err(ffi::SQLITE_IOERR_DATA)
}

/// The file of the VFS underneath.
///
/// # Safety
/// `file` has the room that [`open`] asks for.
unsafe fn inner_of(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: the inner file follows the header within the same memory.
    unsafe { file.cast::<u8>().add(HEADER_BYTES as usize).cast::<sqlite3_file>() }
}

/// # Safety
/// `inner` was opened, or its opening failed; it is not used afterwards.
unsafe fn close_inner(inner: *mut sqlite3_file) -> c_int {
    // SAFETY: a file that could not be opened has no methods.
    let close = unsafe { (*inner).pMethods.as_ref() }.and_then(|methods| methods.xClose);
    match close {
        // SAFETY: it is closed once.
        Some(close) => unsafe { close(inner) },
        None => ffi::SQLITE_OK,
    }
}

/// # Safety
/// `inner` is an open file of the VFS underneath.
unsafe fn read_inner(inner: *mut sqlite3_file, bytes: &mut [u8], offset: sqlite3_int64) -> c_int {
    // SAFETY: an open file has methods.
    let read = unsafe { (*inner).pMethods.as_ref() }.and_then(|methods| methods.xRead);
    let (Some(read), Ok(length)) = (read, c_int::try_from(bytes.len())) else {
        return ffi::SQLITE_IOERR_READ;
    };
    // SAFETY: the buffer has that length.
    unsafe { read(inner, bytes.as_mut_ptr().cast::<c_void>(), length, offset) }
}

/// Calls a method of the file underneath with that file and the same arguments.
macro_rules! delegate {
    ($file:ident, $method:ident, $missing:expr $(, $argument:ident)*) => {{
        // SAFETY: SQLite calls the methods of a file with that file, which `open` made.
        let inner = unsafe { inner_of($file) };
        // SAFETY: the file underneath is open as long as ours is, so it has methods.
        match unsafe { (*inner).pMethods.as_ref() }.and_then(|methods| methods.$method) {
            // SAFETY: the arguments are those that SQLite gave to the same method of ours.
            Some(method) => unsafe { method(inner, $($argument),*) },
            None => $missing,
        }
    }};
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: `open` wrote a `PagedFile` there; SQLite closes a file once and does not use it afterwards.
    let kind = unsafe { ptr::read(&raw const (*file.cast::<PagedFile>()).kind) };
    let code = delegate!(file, xClose, ffi::SQLITE_OK);
    // After the file underneath, which has its name from it.
    drop(kind);
    code
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    buffer: *mut c_void,
    length: c_int,
    offset: sqlite3_int64,
) -> c_int {
    let code = delegate!(file, xRead, ffi::SQLITE_IOERR_READ, buffer, length, offset);
    if code != ffi::SQLITE_OK && code != ffi::SQLITE_IOERR_SHORT_READ {
        return code;
    }
    let (Ok(length), Ok(at)) = (usize::try_from(length), u64::try_from(offset)) else { return code };
    // SAFETY: SQLite's buffer has that length, and the read above, also a short one, has filled all of it.
    let bytes = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), length) };
    // SAFETY: `open` wrote a `PagedFile` there, and SQLite uses a file from one thread at a time.
    let kind = unsafe { &(*file.cast::<PagedFile>()).kind };
    // Whoever can only read comes by nothing but pages in use, and those were written. Who writes, or copies all pages, comes by
    // others too.
    let unwritten = |is_read_only: bool| !is_read_only || code == ffi::SQLITE_IOERR_SHORT_READ;
    let found = match kind {
        Kind::Log { sums, .. } => sums.verify(at, bytes).map_err(Damage::Frame),
        Kind::Database { is_read_only, layout, .. } => {
            // SAFETY: the file underneath is open.
            let found = match unsafe { verify(inner_of(file), at, bytes, unwritten(*is_read_only)) } {
                Ok(found) => found,
                Err(code) => return code,
            };
            if *layout == Layout::Private {
                page::make_public(bytes, at);
            }
            found
        }
    };
    match found {
        Ok(()) => code,
        Err(found) => {
            damage::note(found);
            ffi::SQLITE_IOERR_DATA
        }
    }
}

/// Compares what was read of a database with its checksum; zeros pass where they may be a page that was never written. `Err`: more had to be read for that, and could not be.
///
/// SQLite reads of the first page before it has a lock that keeps others from writing it back at that moment, so what does
/// not match is read again, and is damage if it stays.
///
/// # Safety
/// `inner` is the open file that the bytes were read from.
unsafe fn verify(
    inner: *mut sqlite3_file,
    offset: u64,
    bytes: &mut [u8],
    may_be_unwritten: bool,
) -> Result<Result<(), Damage>, c_int> {
    let whole = page::number(offset, bytes.len());
    let mut found = match whole {
        Some(number) => intact(number, bytes, may_be_unwritten),
        // SAFETY: the file is open.
        None => unsafe { verify_part(inner, offset, bytes, may_be_unwritten)? },
    };
    for pause in PAUSES {
        if found.is_ok() || whole.is_some_and(|number| number > 1) {
            break;
        }
        if waiting::must_not_sleep() {
            // What this thread reads is dropped then, and read again where there is time.
            return Err(ffi::SQLITE_IOERR_READ);
        }
        thread::sleep(Duration::from_millis(pause));
        found = match (whole, sqlite3_int64::try_from(offset)) {
            (Some(number), Ok(at)) => {
                // SAFETY: the file is open.
                match unsafe { read_inner(inner, bytes, at) } {
                    ffi::SQLITE_OK | ffi::SQLITE_IOERR_SHORT_READ => intact(number, bytes, may_be_unwritten),
                    code => return Err(code),
                }
            }
            // SAFETY: the file is open.
            _ => unsafe { verify_part(inner, offset, bytes, may_be_unwritten)? },
        };
    }
    Ok(found)
}

fn intact(number: u64, page: &[u8], may_be_unwritten: bool) -> Result<(), Damage> {
    let is_intact = if may_be_unwritten { page::is_intact } else { page::is_as_written };
    if is_intact(number, page) { Ok(()) } else { Err(Damage::Page(number)) }
}

/// Verifies a part of the header, which SQLite reads by itself to learn the size of the pages; nothing else is read in part. The
/// page may have changed since the bytes were read, so they are replaced by those that were verified.
///
/// # Safety
/// `inner` is the open file that the bytes were read from.
unsafe fn verify_part(
    inner: *mut sqlite3_file,
    offset: u64,
    bytes: &mut [u8],
    may_be_unwritten: bool,
) -> Result<Result<(), Damage>, c_int> {
    let mut header = [0; DATABASE_HEADER_BYTES];
    // SAFETY: the file is open.
    match unsafe { read_inner(inner, &mut header, 0) } {
        ffi::SQLITE_OK => {}
        ffi::SQLITE_IOERR_SHORT_READ if header.iter().all(|&byte| byte == 0) => return Ok(Ok(())),
        ffi::SQLITE_IOERR_SHORT_READ => return Ok(Err(Damage::Page(1))),
        code => return Err(code),
    }
    let Some(size) = page::page_size(&header) else { return Ok(Err(Damage::Page(1))) };
    let start = offset - offset % size as u64;
    let (Some(number), Ok(start_at)) = (page::number(start, size), sqlite3_int64::try_from(start)) else {
        return Ok(Err(Damage::Page(1)));
    };
    let mut page = vec![0; size];
    // SAFETY: the file is open.
    match unsafe { read_inner(inner, &mut page, start_at) } {
        ffi::SQLITE_OK | ffi::SQLITE_IOERR_SHORT_READ => {}
        code => return Err(code),
    }
    let within = usize::try_from(offset - start).ok().and_then(|at| page.get(at..)?.get(..bytes.len()));
    let Some(within) = within else { return Ok(Err(Damage::Page(number))) };
    bytes.copy_from_slice(within);
    Ok(intact(number, &page, may_be_unwritten))
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    buffer: *const c_void,
    length: c_int,
    offset: sqlite3_int64,
) -> c_int {
    let (Ok(size), Ok(at)) = (usize::try_from(length), u64::try_from(offset)) else {
        return ffi::SQLITE_IOERR_WRITE;
    };
    // SAFETY: SQLite's buffer has that length.
    let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), size) };
    // SAFETY: `open` wrote a `PagedFile` there, SQLite uses a file from one thread at a time, and the file underneath, which
    // is used below, is no part of it.
    let kind = unsafe { &mut (*file.cast::<PagedFile>()).kind };
    let (outgoing, layout) = match kind {
        Kind::Log { sums, .. } => {
            // Before it is written: nobody reads it before it is committed, and a failed write is no commit.
            sums.wrote(at, bytes);
            let code = delegate!(file, xWrite, ffi::SQLITE_IOERR_WRITE, buffer, length, offset);
            // SAFETY: the file underneath is open.
            return unsafe { quota::full_where_it_is(inner_of(file), code) };
        }
        Kind::Database { outgoing, layout, .. } => (outgoing, *layout),
    };
    let Some(number) = page::number(at, size) else { return ffi::SQLITE_IOERR_WRITE };
    if number == 1 && !page::has_room(bytes) {
        damage::note(Damage::NoRoom);
        return ffi::SQLITE_IOERR_DATA;
    }
    outgoing.clear();
    outgoing.extend_from_slice(bytes);
    if number == 1 && layout == Layout::Private {
        page::make_private(outgoing);
    }
    page::stamp(number, outgoing);
    let buffer = outgoing.as_ptr().cast::<c_void>();
    let code = delegate!(file, xWrite, ffi::SQLITE_IOERR_WRITE, buffer, length, offset);
    // SAFETY: the file underneath is open.
    unsafe { quota::full_where_it_is(inner_of(file), code) }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    // SAFETY: `open` wrote a `PagedFile` there.
    if let Kind::Log { sums, .. } = unsafe { &(*file.cast::<PagedFile>()).kind } {
        sums.forget();
    }
    let code = delegate!(file, xTruncate, ffi::SQLITE_IOERR_TRUNCATE, size);
    // SAFETY: the file underneath is open.
    unsafe { quota::full_where_it_is(inner_of(file), code) }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    let code = delegate!(file, xSync, ffi::SQLITE_IOERR_FSYNC, flags);
    // SAFETY: `open` wrote a `PagedFile` there.
    match unsafe { &(*file.cast::<PagedFile>()).kind } {
        // A checkpoint that did not become durable leaves the log as it is, and the next one writes all of its pages again.
        // SAFETY: the file underneath is open.
        Kind::Database { .. } => unsafe { quota::full_where_it_is(inner_of(file), code) },
        // Of a commit in the log nobody knows then whether a later start will find it, so this stays a failure.
        Kind::Log { .. } => code,
    }
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut sqlite3_int64) -> c_int {
    delegate!(file, xFileSize, ffi::SQLITE_IOERR_FSTAT, size)
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    delegate!(file, xLock, ffi::SQLITE_IOERR_LOCK, level)
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    delegate!(file, xUnlock, ffi::SQLITE_IOERR_UNLOCK, level)
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, answer: *mut c_int) -> c_int {
    delegate!(file, xCheckReservedLock, ffi::SQLITE_IOERR_CHECKRESERVEDLOCK, answer)
}

unsafe extern "C" fn file_control(file: *mut sqlite3_file, operation: c_int, argument: *mut c_void) -> c_int {
    delegate!(file, xFileControl, ffi::SQLITE_NOTFOUND, operation, argument)
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    delegate!(file, xSectorSize, 0)
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    // Parts of pages cannot be verified.
    delegate!(file, xDeviceCharacteristics, 0) & !ffi::SQLITE_IOCAP_SUBPAGE_READ
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    region: c_int,
    size: c_int,
    extend: c_int,
    mapped: *mut *mut c_void,
) -> c_int {
    delegate!(file, xShmMap, ffi::SQLITE_IOERR_SHMMAP, region, size, extend, mapped)
}

unsafe extern "C" fn shm_lock(file: *mut sqlite3_file, offset: c_int, count: c_int, flags: c_int) -> c_int {
    delegate!(file, xShmLock, ffi::SQLITE_IOERR_SHMLOCK, offset, count, flags)
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    delegate!(file, xShmBarrier, ());
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, delete: c_int) -> c_int {
    delegate!(file, xShmUnmap, ffi::SQLITE_OK, delete)
}
