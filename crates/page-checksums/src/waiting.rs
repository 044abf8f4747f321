//! Reading only what needs no disk.
//!
//! A thread that serves many requests must not wait for a disk, and handing a read to another thread costs more than reading
//! a few pages that the kernel has in memory. So a read can be tried where it stands, by `preadv2` with `RWF_NOWAIT`,
//! which reads from memory or not at all. SQLite lets its system calls be replaced, and this takes the place of `pread`.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

/// How this thread reads at the moment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// As ever.
    Waits,
    /// What is in memory.
    FromMemory,
    /// The same, and something was not, or could not be read.
    FoundWanting,
    /// The same, of a file system that cannot tell what is in memory.
    CannotTell,
}

/// Why [`from_memory`] has no outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFromMemory {
    /// Something was not in memory, or could not be read, or another connection was in the way.
    WouldWait,
    /// This system, or this file system, cannot tell what is in memory. It will not be able to the next time either.
    CannotTell,
}

thread_local! {
    static READING: Cell<Reading> = const { Cell::new(Reading::Waits) };
}

/// Whether SQLite reads through ours.
static IS_REPLACED: AtomicBool = AtomicBool::new(false);

/// Runs reads of databases on this thread that fail where they would have to wait for a disk, or for another connection
/// as long as SQLite itself would sleep. Not to be nested.
///
/// # Errors
/// [`NotFromMemory`]: one did fail, and what the closure returned, which may be SQLite's error or a part of an answer, is
/// dropped; or nothing was tried at all. To be read again in the ordinary way then.
pub fn from_memory<T>(read: impl FnOnce() -> T) -> Result<T, NotFromMemory> {
    /// Puts everything back, also when the closure panics.
    struct Restore;
    impl Drop for Restore {
        fn drop(&mut self) {
            READING.set(Reading::Waits);
        }
    }
    if !IS_REPLACED.load(Ordering::Relaxed) {
        return Err(NotFromMemory::CannotTell);
    }
    let restore = Restore;
    READING.set(Reading::FromMemory);
    let outcome = read();
    let reading = READING.get();
    drop(restore);
    match reading {
        Reading::FromMemory => Ok(outcome),
        Reading::FoundWanting | Reading::Waits => Err(NotFromMemory::WouldWait),
        Reading::CannotTell => Err(NotFromMemory::CannotTell),
    }
}

/// Whether this thread is to go on without sleeping, since it reads from memory, which then has no outcome.
pub(crate) fn must_not_sleep() -> bool {
    match READING.get() {
        Reading::Waits => false,
        Reading::FromMemory | Reading::FoundWanting => {
            READING.set(Reading::FoundWanting);
            true
        }
        Reading::CannotTell => true,
    }
}

// Where pointers have 32 bits, SQLite's offsets have 64 and those of `pread` may not.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod linux {
    use std::ffi::{c_int, c_void};

    use rusqlite::ffi::{self, sqlite3_vfs};

    use super::{IS_REPLACED, Ordering, READING, Reading};

    type Pread = unsafe extern "C" fn(c_int, *mut c_void, usize, libc::off_t) -> isize;

    /// Puts ours in the place of SQLite's `pread`, for the whole process; outside of [`super::from_memory`] it does the same.
    ///
    /// # Safety
    /// `vfs` is SQLite's default VFS.
    pub(crate) unsafe fn replace_pread(vfs: *mut sqlite3_vfs) {
        // SAFETY: the VFS is valid; from its third version on it has this method.
        let Some(replace) = (unsafe { if (*vfs).iVersion >= 3 { (*vfs).xSetSystemCall } else { None } })
        else {
            return;
        };
        // SAFETY: SQLite keeps all its system calls as pointers to one type of function, and casts this one back to the type of
        // `pread`, which ours has. https://www.sqlite.org/c3ref/vfs.html
        let ours = unsafe { std::mem::transmute::<Pread, unsafe extern "C" fn()>(pread) };
        // SAFETY: the method takes a C string and a function, and stores one pointer without a lock: whoever registers this VFS
        // sees to it that no other thread uses SQLite yet.
        let code = unsafe { replace(vfs, c"pread".as_ptr(), Some(ours)) };
        IS_REPLACED.store(code == ffi::SQLITE_OK, Ordering::Relaxed);
    }

    unsafe extern "C" fn pread(
        file: c_int,
        buffer: *mut c_void,
        length: usize,
        offset: libc::off_t,
    ) -> isize {
        if READING.get() == Reading::Waits {
            // SAFETY: SQLite's arguments for this very call.
            return unsafe { libc::pread(file, buffer, length, offset) };
        }
        let part = libc::iovec { iov_base: buffer, iov_len: length };
        // SAFETY: one part, of SQLite's buffer and its length. The error is left where SQLite looks for it.
        let read = unsafe { libc::preadv2(file, &raw const part, 1, offset, libc::RWF_NOWAIT) };
        if usize::try_from(read) == Ok(length) {
            return read;
        }
        if read < 0 {
            let cannot_tell = std::io::Error::last_os_error().raw_os_error() == Some(libc::EOPNOTSUPP);
            READING.set(if cannot_tell { Reading::CannotTell } else { Reading::FoundWanting });
            return read;
        }
        READING.set(Reading::FoundWanting);
        // A part is in memory, or the file ends here, or it is Linux 5.9 or 5.10, which say 0 when nothing is in memory. SQLite
        // would take each for the end of the file, and keep a page of zeros.
        // SAFETY: the place of this thread's error.
        unsafe { *libc::__errno_location() = libc::EAGAIN };
        -1
    }

    #[cfg(test)]
    mod tests {
        use std::os::fd::AsRawFd as _;

        use super::*;

        #[test]
        fn fewer_bytes_than_were_asked_for_are_none() {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("file");
            std::fs::write(&path, [7; 100]).unwrap();
            let file = std::fs::File::open(&path).unwrap();
            let mut buffer = [0_u8; 200];
            let mut read = |length: usize, offset| {
                READING.set(Reading::FromMemory);
                // SAFETY: the buffer has 200 bytes.
                let read = unsafe { pread(file.as_raw_fd(), buffer.as_mut_ptr().cast(), length, offset) };
                (read, READING.replace(Reading::Waits))
            };
            let whole = read(100, 0);
            for (length, offset) in [(200, 0), (101, 0), (100, 1), (1, 100)] {
                let (bytes, reading) = read(length, offset);
                let error = std::io::Error::last_os_error().raw_os_error();
                match whole {
                    (100, _) => assert_eq!((bytes, error), (-1, Some(libc::EAGAIN))),
                    // A file system that cannot tell says so, whatever is read.
                    _ => assert_eq!((bytes, error), (-1, Some(libc::EOPNOTSUPP))),
                }
                let expected = if whole.0 == 100 { Reading::FoundWanting } else { Reading::CannotTell };
                assert!(reading == expected, "{length} bytes at {offset}");
            }
        }
    }
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub(crate) use linux::replace_pread;
