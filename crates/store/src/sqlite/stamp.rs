//! When the database was committed to, as the database itself says.
//!
//! Copies keep it, which they need not do with the times of files. So a database that is older than the blobs beside it can be
//! told. It stands in the `user_version` of the file's header, which SQLite leaves to applications, in minutes since 1970,
//! and is written along with the first commit of each minute. It stays what it was at the start until the blobs have been
//! compared with the database once: a restart before that must find the same.
//! <https://www.sqlite.org/pragma.html#pragma_user_version>

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::Connection;

const MINUTE: u64 = 60;

/// The minute that is written in the database; 0 in one that no commit has stamped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp(i32);

impl Stamp {
    pub(super) fn read(conn: &Connection) -> rusqlite::Result<Self> {
        conn.pragma_query_value(None, "user_version", |row| row.get(0)).map(Self)
    }

    /// The minute that it is.
    pub(super) fn now() -> Self {
        Self::of(SystemTime::now())
    }

    /// The minute of a time.
    fn of(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i32::try_from(since.as_secs() / MINUTE).unwrap_or(i32::MAX))
    }

    /// Itself, or the minute of that time where no commit has stamped the database.
    pub(super) fn or(self, time: Option<SystemTime>) -> Self {
        if self.time().is_some() { self } else { time.map_or(self, Self::of) }
    }

    /// Writes another stamp in its place within an open transaction.
    pub(super) fn replace(self, by: Self, conn: &Connection) -> rusqlite::Result<()> {
        if by != self {
            conn.pragma_update(None, "user_version", by.0)?;
        }
        Ok(())
    }

    /// The end of that minute. `None`: nothing is written.
    pub(super) fn time(self) -> Option<SystemTime> {
        let minutes = u64::try_from(self.0).ok().filter(|&minutes| minutes > 0)?;
        UNIX_EPOCH.checked_add(Duration::from_secs((minutes + 1) * MINUTE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_leaves_its_minute_in_the_database() -> rusqlite::Result<()> {
        let conn = Connection::open_in_memory()?;
        let none = Stamp::read(&conn)?;
        assert_eq!((none, none.time()), (Stamp(0), None));
        let before = SystemTime::now();
        conn.execute_batch("BEGIN")?;
        let stamped = Stamp::now();
        none.replace(stamped, &conn)?;
        conn.execute_batch("COMMIT")?;
        assert_eq!(Stamp::read(&conn)?, stamped);
        let time = stamped.time().unwrap();
        assert!(time > before && time <= SystemTime::now() + Duration::from_secs(MINUTE));
        // What is taken back leaves none.
        conn.pragma_update(None, "user_version", 0)?;
        conn.execute_batch("BEGIN")?;
        none.replace(stamped, &conn)?;
        conn.execute_batch("ROLLBACK")?;
        assert_eq!(Stamp::read(&conn)?, none);
        Ok(())
    }

    #[test]
    fn a_database_without_a_stamp_gets_the_time_of_its_file() {
        let written = UNIX_EPOCH + Duration::from_secs(7 * MINUTE + 3);
        assert_eq!(Stamp(0).or(Some(written)), Stamp(7));
        assert_eq!(Stamp(5).or(Some(written)), Stamp(5));
        assert_eq!(Stamp(0).or(None), Stamp(0));
    }
}
