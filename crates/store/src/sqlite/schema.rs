//! The database file: its tables, its version, and the settings of its connections.

use std::ffi::CStr;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, ffi};

use super::database_files::{self, adopt_log, is_private, log_path, sqlite_path, stock_log_path};
use super::failure::{is_disk_full, store_error};
use super::log_check;
use crate::files::Disk;
use crate::{OpenError, Poison, StoreError};

/// The version of the tables below. It grows with every change that an older binary could not read.
pub(super) const SCHEMA: i64 = 2;

/// `presign` in the first bytes of every database of ours ("Prsg").
const APPLICATION_ID: i64 = 0x5072_7367;

/// How long a connection waits for another one's lock. Within one process there is hardly any such wait.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Memory for pages of the database, of the connection that writes and of each that reads. A page of a thousand folders of
/// a large bucket lands on two thousand pages, which a reader can hold, and find again with the next such request.
const WRITER_CACHE_KIB: i64 = 8 * 1024;
const READER_CACHE_KIB: i64 = 10 * 1024;

/// The oldest SQLite that is trusted: before it, a checkpoint that raced with a commit could lose the commit.
/// <https://www.sqlite.org/wal.html#walresetbug>
const OLDEST_SQLITE: (i32, &str) = (3_051_003, "3.51.3");

const TABLES: &str = "
CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
CREATE TABLE bucket (
    name BLOB PRIMARY KEY, id INTEGER NOT NULL UNIQUE, owner TEXT NOT NULL, region TEXT NOT NULL,
    created INTEGER NOT NULL, sum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE object (
    bucket INTEGER NOT NULL, key BLOB NOT NULL, sum INTEGER NOT NULL, meta BLOB NOT NULL,
    blob BLOB, content INTEGER,
    PRIMARY KEY (bucket, key)
) STRICT, WITHOUT ROWID;
-- The bytes of small objects stand apart: a search for a key reads its neighbours whole, so rows that
-- carried up to 64 KiB would make every search, and every page of a listing, read megabytes.
CREATE TABLE content (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX object_blob ON object (blob) WHERE blob IS NOT NULL;
CREATE TABLE access_key (
    id BLOB PRIMARY KEY, sealed_secret BLOB NOT NULL, principal TEXT NOT NULL, active INTEGER NOT NULL,
    created INTEGER NOT NULL, sum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Refuses a SQLite that loses data.
pub(super) fn require_sqlite(number: i32, version: &str) -> Result<(), OpenError> {
    let (oldest, needed) = OLDEST_SQLITE;
    if number < oldest {
        return Err(OpenError::SqliteTooOld { found: version.to_owned(), needed });
    }
    Ok(())
}

/// Opens the connection that writes, and makes the tables if the file is new.
pub(super) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    require_sqlite(rusqlite::version_number(), rusqlite::version())?;
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    refuse_pages_without_checksums(path)?;
    adopt_log(path)?;
    check_log(path)?;
    // Before SQLite has the file open: closing it would end SQLite's locks on it.
    let header = database_files::header(path)?;
    if header.is_none() && Disk::default().length(path)?.unwrap_or(0) == 0 {
        make_new(path)?;
    }
    let has_public_header = header.is_some_and(|header| !presign_page_checksums::is_private(&header));
    let open = || -> rusqlite::Result<Connection> {
        let conn = open_file(path, flags, page_checksums()?)?;
        presign_page_checksums::make_room(&conn)?;
        conn.busy_timeout(BUSY_TIMEOUT)?;
        conn.pragma_update(None, "trusted_schema", false)?;
        conn.pragma_update(None, "temp_store", "memory")?;
        conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        keep_statements(&conn)?;
        Ok(conn)
    };
    let failed =
        |error: &rusqlite::Error| store_error("opening the database", &path.display().to_string(), error);
    let mut conn = open().map_err(|error| failed(&error))?;
    check_or_make(&mut conn, path)?;
    let durable = || -> rusqlite::Result<()> {
        conn.pragma_update(None, "journal_mode", "wal")?;
        conn.pragma_update(None, "synchronous", "full")?;
        // After a burst the log gives its space back.
        conn.pragma_update(None, "journal_size_limit", 64 << 20)?;
        // What an earlier process left in the log was verified a moment ago, when it was recovered. From now on the log
        // holds nothing but what this process wrote, and knows the checksums of; where a backup reads it at this moment, it
        // stays, and its rows have no checksum but their own until a later checkpoint.
        let write_back = || match conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
            Err(error) if !is_disk_full(&error) => Err(error),
            _ => Ok(()),
        };
        write_back()?;
        if !has_public_header {
            return Ok(());
        }
        // A version before this one made it. The layer writes the header that keeps other programs out with the first page.
        match conn.pragma_update(None, "application_id", APPLICATION_ID) {
            Err(error) if !is_disk_full(&error) => Err(error),
            _ => write_back(),
        }
    };
    durable().map_err(|error| failed(&error))?;
    Ok(conn)
}

/// Makes a database under another name, and gives it its own when it is whole and on the disk. So nothing but an empty file or a
/// whole database is ever there, also after a loss of power: neither has a journal that another program would roll back.
fn make_new(path: &Path) -> Result<(), OpenError> {
    let (disk, poison) = (Disk::default(), Poison::default());
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = Path::new(&new);
    for log in [log_path(path), stock_log_path(path)] {
        if disk.length(&log)?.unwrap_or(0) > 0 {
            // It would be taken for the log of the new one.
            return Err(OpenError::DatabaseLost { path: path.to_owned() });
        }
    }
    // One that was not finished, and what a version before this one may have left of such a one.
    database_files::remove_database(&disk, new)?;
    disk.unlink(&database_files::journal_path(path))?;
    drop(disk.create(new)?);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed =
        |error: rusqlite::Error| store_error("making the database", &new.display().to_string(), &error);
    let open = || -> rusqlite::Result<Connection> {
        let conn = open_file(new, flags, page_checksums()?)?;
        presign_page_checksums::make_room(&conn)?;
        // Lets the writer give the space of free pages back to the file system. Of a database with pages it would change nothing.
        conn.pragma_update(None, "auto_vacuum", "incremental")?;
        Ok(conn)
    };
    let mut conn = open().map_err(failed)?;
    check_or_make(&mut conn, new)?;
    conn.pragma_update(None, "journal_mode", "wal").map_err(failed)?;
    conn.close().map_err(|(_, error)| failed(error))?;
    disk.sync(&disk.open_for_sync(new)?, new, &poison)?;
    disk.rename(new, path)?;
    if let Some(directory) = path.parent() {
        disk.sync_dir(directory, &poison)?;
    }
    Ok(())
}

/// Opens a database, and nothing else that its path may mean to SQLite.
fn open_file(path: &Path, flags: OpenFlags, layer: &CStr) -> rusqlite::Result<Connection> {
    let path = sqlite_path(path).map_err(|error| {
        rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CANTOPEN), Some(error.to_string()))
    })?;
    Connection::open_with_flags_and_vfs(path, flags, layer)
}

/// Opens a connection that can only read.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = open_file(path, flags, page_checksums()?)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "query_only", true)?;
    conn.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    keep_statements(&conn)?;
    Ok(conn)
}

/// Statements are prepared once to a connection.
fn keep_statements(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(32);
    // SQLite would plan a statement anew whenever other values are bound to it, in case they made another plan better. Ours have one plan.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ())
}

/// The layer that keeps a checksum in every page.
fn page_checksums() -> rusqlite::Result<&'static CStr> {
    presign_page_checksums::register()
        .map_err(|error| rusqlite::Error::SqliteFailure(ffi::Error::new(error.code), Some(error.to_string())))
}

/// The same without what keeps other programs out.
fn page_checksums_alone() -> rusqlite::Result<&'static CStr> {
    presign_page_checksums::register_stock_layout()
        .map_err(|error| rusqlite::Error::SqliteFailure(ffi::Error::new(error.code), Some(error.to_string())))
}

/// Databases of the schema before this one have no room for checksums in their pages, and neither have foreign ones. Which
/// of them it is can only be seen without checksums.
fn refuse_pages_without_checksums(path: &Path) -> Result<(), OpenError> {
    const RESERVED_AT: usize = 20;
    let place = path.display().to_string();
    let header = database_files::header(path)?.filter(|header| header.starts_with(b"SQLite format 3\0"));
    if header.is_none_or(|header| header.get(RESERVED_AT).is_none_or(|&reserved| reserved != 0)) {
        return Ok(());
    }
    let mut conn =
        open_without_checksums(path).map_err(|error| store_error("opening the database", &place, &error))?;
    check_or_make(&mut conn, path)?;
    let detail = "its header says that its pages have no checksums".to_owned();
    Err(StoreError::Corrupt { what: place, detail }.into())
}

fn open_without_checksums(path: &Path) -> rusqlite::Result<Connection> {
    // Without a name for the layer, SQLite's own is taken.
    let path = sqlite_path(path).map_err(|error| {
        rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CANTOPEN), Some(error.to_string()))
    })?;
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Refuses a log whose recovery would undo commits. No process may have the database open.
pub(crate) fn check_log(path: &Path) -> Result<(), OpenError> {
    check_one_log(&log_path(path))?;
    check_one_log(&stock_log_path(path))
}

fn check_one_log(log: &Path) -> Result<(), OpenError> {
    let what = log.display().to_string();
    match log_check::first_lost(log) {
        Ok(None) => Ok(()),
        Ok(Some(frame)) => {
            let detail = format!(
                "its frame {frame} has changed, and would take the commits behind it along; `presign fsck --repair` keeps what \
                 is whole"
            );
            Err(StoreError::Corrupt { what, detail }.into())
        }
        Err(error) => {
            Err(StoreError::Io { action: "reading the log", place: what, reason: error.to_string() }.into())
        }
    }
}

/// Opens a connection that reads beside another process, which may be writing. Reading a log needs the right to write the
/// index of it.
pub(super) fn open_beside(path: &Path) -> Result<Connection, OpenError> {
    require_sqlite(rusqlite::version_number(), rusqlite::version())?;
    refuse_pages_without_checksums(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // A server of a version before this layout may have it open.
    let has_stock_layout = !is_private(path)? && Disk::default().length(&log_path(path))?.is_none();
    let open = || -> rusqlite::Result<Connection> {
        let layer = if has_stock_layout { page_checksums_alone()? } else { page_checksums()? };
        let conn = open_file(path, flags, layer)?;
        conn.busy_timeout(Duration::from_secs(60))?;
        conn.pragma_update(None, "trusted_schema", false)?;
        conn.pragma_update(None, "query_only", true)?;
        Ok(conn)
    };
    let mut conn =
        open().map_err(|error| store_error("opening the database", &path.display().to_string(), &error))?;
    check_or_make(&mut conn, path)?;
    Ok(conn)
}

/// Opens the empty file that a copy of a database is written to.
pub(super) fn open_copy(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = open_file(path, flags, page_checksums()?)?;
    presign_page_checksums::make_room(&conn)?;
    Ok(conn)
}

/// Reads the schema version of a file that has one, and makes the tables in one that is empty.
fn check_or_make(conn: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |error: rusqlite::Error| {
        let place = path.display().to_string();
        OpenError::Store(store_error("reading the schema", &place, &error))
    };
    let application: i64 =
        conn.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    let tables: i64 =
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    if tables == 0 && application == 0 {
        let transaction = conn.transaction().map_err(failed)?;
        transaction.execute_batch(TABLES).map_err(failed)?;
        transaction.execute("INSERT INTO schema_version VALUES (?1)", [SCHEMA]).map_err(failed)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        return transaction.commit().map_err(failed);
    }
    if application != APPLICATION_ID {
        return Err(OpenError::ForeignDatabase { path: path.to_owned() });
    }
    let found: Option<i64> = conn
        .query_row("SELECT version FROM schema_version", [], |row| row.get(0))
        .optional()
        .map_err(failed)?;
    match found {
        Some(SCHEMA) => Ok(()),
        Some(found) if found < SCHEMA => {
            Err(OpenError::OlderSchema { path: path.to_owned(), found, known: SCHEMA })
        }
        Some(found) => Err(OpenError::NewerSchema { path: path.to_owned(), found, known: SCHEMA }),
        None => Err(OpenError::ForeignDatabase { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_before_3_51_3_is_refused() {
        assert_eq!(require_sqlite(3_051_003, "3.51.3"), Ok(()));
        assert_eq!(require_sqlite(rusqlite::version_number(), rusqlite::version()), Ok(()));
        let refused = require_sqlite(3_051_002, "3.51.2").unwrap_err();
        assert_eq!(refused, OpenError::SqliteTooOld { found: "3.51.2".into(), needed: "3.51.3" });
        assert!(refused.to_string().contains("3.51.2"), "{refused}");
    }

    #[test]
    fn another_schema_and_a_foreign_database_are_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("m.sqlite");
        drop(open_writer(&path).unwrap());
        let conn = open_writer(&path).unwrap();
        conn.execute("UPDATE schema_version SET version = 99", []).unwrap();
        drop(conn);
        let newer = open_writer(&path).unwrap_err();
        assert_eq!(newer, OpenError::NewerSchema { path: path.clone(), found: 99, known: SCHEMA });
        assert!(newer.to_string().contains("99"), "{newer}");
        // One of the schema before had no checksums in its pages.
        let older = directory.path().join("older.sqlite");
        let conn = Connection::open(&older).unwrap();
        conn.execute_batch(TABLES).unwrap();
        conn.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        conn.execute("INSERT INTO schema_version VALUES (?1)", [SCHEMA - 1]).unwrap();
        let refused = open_writer(&older).unwrap_err();
        assert_eq!(refused, OpenError::OlderSchema { path: older.clone(), found: 1, known: SCHEMA });
        conn.execute("UPDATE schema_version SET version = ?1", [SCHEMA]).unwrap();
        drop(conn);
        let refused = open_writer(&older).unwrap_err();
        assert!(matches!(&refused, OpenError::Store(StoreError::Corrupt { .. })), "{refused}");

        let foreign = directory.path().join("foreign.sqlite");
        Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        assert_eq!(open_writer(&foreign).unwrap_err(), OpenError::ForeignDatabase { path: foreign });

        let text = directory.path().join("text");
        std::fs::write(&text, "not a database, and long enough to have a header if it were one").unwrap();
        let error = open_writer(&text).unwrap_err();
        assert!(error.to_string().contains(&text.display().to_string()), "{error}");
    }

    #[test]
    fn a_new_database_has_nothing_of_what_another_one_left() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("m.sqlite");
        std::fs::write(&path, "").unwrap();
        let left = [database_files::journal_path(&path), directory.path().join("m.sqlite.new")];
        for path in &left {
            std::fs::write(path, "not finished").unwrap();
        }
        for log in [log_path(&path), stock_log_path(&path)] {
            std::fs::write(&log, "a log").unwrap();
            assert_eq!(open_writer(&path).unwrap_err(), OpenError::DatabaseLost { path: path.clone() });
            assert!(log.exists() && std::fs::read(&path).unwrap().is_empty());
            std::fs::remove_file(&log).unwrap();
            drop(std::fs::remove_file(log_path(&path)));
        }
        drop(open_writer(&path).unwrap());
        assert!(is_private(&path).unwrap());
        assert!(left.iter().all(|path| !path.exists()));
    }

    #[test]
    fn the_settings_that_durability_rests_on() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("m.sqlite");
        let conn = open_writer(&path).unwrap();
        let mode: String = conn.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        let synchronous: i64 = conn.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!((mode.as_str(), synchronous), ("wal", 2));
        let reader = open_reader(&path).unwrap();
        assert!(reader.execute("DELETE FROM bucket", []).is_err());
        assert!(conn.execute("DELETE FROM bucket", []).is_ok());
    }
}
