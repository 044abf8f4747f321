//! What keeps other programs out of a database: the version in its header, and the name of its log.
//!
//! A program with SQLite and without this layer that opens a database after a crash recovers the log and writes it back when
//! it closes, without checksums, and deletes the log. It does so before it looks at the header. So the version that it
//! refuses is not enough, and the log has a name that it does not look for.

use std::ffi::{CStr, c_char};

use rusqlite::ffi::sqlite3_filename;

/// What SQLite appends to the name of a database for its log, and what is appended instead.
const STOCK_SUFFIX: &[u8] = b"-wal";
const PRIVATE_SUFFIX: &[u8] = b"-log";

/// How a database with a write-ahead log is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// So that SQLite without this layer refuses the database and does not find its log.
    Private,
    /// As SQLite keeps it, but for the checksums.
    Stock,
}

/// The name of a log, as SQLite wants it: with zeros behind it, which end a list of parameters.
pub(crate) struct LogName(Box<[u8]>);

impl LogName {
    pub(crate) fn as_ptr(&self) -> *const c_char {
        self.0.as_ptr().cast::<c_char>()
    }
}

impl Layout {
    /// The name that a log has in place of SQLite's. `None`: this one's own.
    ///
    /// # Safety
    /// `name` is null or a C string.
    pub(crate) unsafe fn log_name(self, name: sqlite3_filename) -> Option<LogName> {
        if self == Self::Stock || name.is_null() {
            return None;
        }
        // SAFETY: not null, so it is a C string.
        let stem = unsafe { CStr::from_ptr(name.cast::<c_char>()) }.to_bytes().strip_suffix(STOCK_SUFFIX)?;
        Some(LogName([stem, PRIVATE_SUFFIX, &[0; 4]].concat().into_boxed_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_log_has_another_name() {
        let named = |layout: Layout, name: &CStr| {
            // SAFETY: a C string.
            let name = unsafe { layout.log_name(name.as_ptr()) };
            name.map(|name| String::from_utf8_lossy(&name.0).into_owned())
        };
        assert_eq!(named(Layout::Private, c"/d/m.sqlite-wal").as_deref(), Some("/d/m.sqlite-log\0\0\0\0"));
        assert_eq!(named(Layout::Private, c"/d/m.sqlite-journal"), None);
        assert_eq!(named(Layout::Private, c"/d/m.sqlite"), None);
        assert_eq!(named(Layout::Stock, c"/d/m.sqlite-wal"), None);
    }
}
