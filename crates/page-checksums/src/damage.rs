//! Which page it was that failed. SQLite has an error code for that, and no place for a number.

use std::cell::Cell;
use std::fmt;

/// Something that was read and is not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// A page of the database; they count from 1.
    Page(u64),
    /// A page in the write-ahead log; its frames count from 1.
    Frame(u64),
    /// The header of the database says that its pages have no room for checksums.
    NoRoom,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page(number) => write!(f, "page {number} does not match its checksum"),
            Self::Frame(number) => write!(f, "frame {number} of its write-ahead log is not what was written"),
            Self::NoRoom => write!(f, "its header says that its pages have no checksums"),
        }
    }
}

thread_local! {
    static LAST: Cell<Option<Damage>> = const { Cell::new(None) };
}

pub(crate) fn note(damage: Damage) {
    LAST.set(Some(damage));
}

/// What the last call of SQLite that failed with `SQLITE_IOERR_DATA` on this thread found. To be asked right after that
/// call; the answer is given once.
pub fn take_damage() -> Option<Damage> {
    LAST.take()
}
