//! SQLite's errors in the store's words.

use presign_page_checksums::take_damage;
use rusqlite::{Error, ErrorCode, ffi};

use crate::StoreError;

/// What a failed call of SQLite means to the caller.
pub(super) fn store_error(action: &'static str, place: &str, error: &Error) -> StoreError {
    if is_damage(error) {
        let detail = take_damage().map_or_else(|| error.to_string(), |damage| damage.to_string());
        return StoreError::Corrupt { what: place.to_owned(), detail };
    }
    match error.sqlite_error_code() {
        _ if is_disk_full(error) => StoreError::DiskFull { action, place: place.to_owned() },
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => {
            StoreError::Io { action, place: place.to_owned(), reason: error.to_string() }
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Corrupt { what: place.to_owned(), detail: error.to_string() }
        }
        _ => StoreError::Engine { action, reason: error.to_string() },
    }
}

/// Whether the disk is full, which passes.
pub(super) fn is_disk_full(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull) || is_index_full(error)
}

/// Whether the index of the log found no room to grow, where SQLite does not say that the disk is full. Nothing in that
/// file outlives the process, so nothing is lost by it, unless it was a commit that failed so: see [`undecided`].
pub(super) fn is_index_full(error: &Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_SHMSIZE)
}

/// The error of a commit that failed when it was in the log already, and flushed, with no place for it in the index. The
/// next start may find it there, so it must not be told as one that was not made.
pub(super) fn undecided(error: &Error) -> Error {
    let detail = format!("a commit is in the log and not in its index: {error}");
    Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR), Some(detail))
}

/// SQLite's error of a full disk.
pub(super) fn disk_full(detail: &str) -> Error {
    Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_FULL), Some(detail.to_owned()))
}

/// Whether the operating system failed to read or write, after which nobody knows what is on the disk.
pub(super) fn is_io(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) && !is_damage(error) && !is_disk_full(error)
}

/// Whether a page was read that is not what was written. Nothing was written then, so other pages are as they were.
pub(super) fn is_damage(error: &Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_DATA)
}

/// Why a read or a single write was not made.
#[derive(Debug)]
pub(super) enum Fault<E> {
    /// By the rules: the answer to the caller.
    Refused(E),
    /// By the engine.
    Engine(Error),
}

impl<E> From<Error> for Fault<E> {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl<E> Fault<E> {
    /// Whether another connection was in the way.
    pub(super) fn is_busy(&self) -> bool {
        let code = if let Self::Engine(error) = self { error.sqlite_error_code() } else { None };
        matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
    }
}

impl Fault<StoreError> {
    /// Both kinds in the store's words.
    pub(super) fn into_store_error(self, action: &'static str, place: &str) -> StoreError {
        match self {
            Self::Refused(error) => error,
            Self::Engine(error) => store_error(action, place, &error),
        }
    }
}
