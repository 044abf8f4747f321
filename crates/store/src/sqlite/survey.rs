//! Everything that is in a database, one by one, for those that check it or copy it.

use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::database_files::sqlite_path;
use super::failure::{Fault, store_error};
use super::queries::{self, bytes, whereabouts};
use super::stray_contents::find_stray_contents;
use super::{row, schema};
use crate::check::Finding;
use crate::{BlobId, OpenError, StoreError, StoredBlob};

/// The byte that SQLite locks; the page that it is in is never written.
const LOCK_BYTE: u64 = 1 << 30;

/// How many pages are copied at once: 16 MiB.
const STEP_PAGES: std::ffi::c_int = 4_096;

/// After how many steps of its virtual machine SQLite says that it works: a few milliseconds.
const PROGRESS_STEPS: std::ffi::c_int = 100_000;

/// The objects of a bucket behind a key, with what of their bytes is in the database, in the order of their keys.
const OBJECTS: &str =
    "SELECT o.key, o.sum, o.meta, o.blob, o.content, c.bytes FROM object o LEFT JOIN content c ON c.id = o.content
    WHERE o.bucket = ?1 AND o.key > ?2 ORDER BY o.key";

/// A database that is read from end to end.
pub(crate) struct Survey {
    conn: Connection,
    place: String,
}

/// What is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// An object whose bytes are in a blob.
    Blob { bucket: String, key: String, blob: StoredBlob },
    /// An object whose bytes are in the database, and intact.
    Inline,
    /// Something that is not as it should be.
    Finding(Finding),
}

type Each<'a> = &'a mut dyn FnMut(Found) -> Result<(), StoreError>;

impl Survey {
    /// Opens a database as a start of the store does: what is in its log is recovered and written back.
    pub(crate) fn recover(path: &Path) -> Result<Self, OpenError> {
        Ok(Self { conn: schema::open_writer(path)?, place: path.display().to_string() })
    }

    /// Opens one beside a process that may be writing to it.
    pub(crate) fn beside(path: &Path) -> Result<Self, OpenError> {
        Ok(Self { conn: schema::open_beside(path)?, place: path.display().to_string() })
    }

    /// Has SQLite call this now and then while it works.
    pub(crate) fn tell_progress(
        &mut self,
        mut tell: impl FnMut() + Send + 'static,
    ) -> Result<(), StoreError> {
        let handler = move || {
            tell();
            false
        };
        self.conn
            .progress_handler(PROGRESS_STEPS, Some(handler))
            .map_err(|error| store_error("opening the database", &self.place, &error))
    }

    /// Copies the database as it is at one moment into a new, empty file: page by page, or, where a quarter of the pages or more
    /// hold nothing, only what is in use. `progress` is called now and then.
    pub(crate) fn copy_to(&self, path: &Path, progress: &dyn Fn()) -> Result<(), StoreError> {
        let failed = |error: rusqlite::Error| store_error("copying the database", &self.place, &error);
        let count =
            |name| self.conn.pragma_query_value(None, name, |row| row.get::<_, u32>(0)).map_err(failed);
        if u64::from(count("freelist_count")?) * 4 >= u64::from(count("page_count")?) {
            return self.compact_to(path);
        }
        let mut copy = schema::open_copy(path).map_err(failed)?;
        // The transaction begins with the first read.
        self.conn.execute_batch("BEGIN; SELECT count(*) FROM schema_version").map_err(failed)?;
        let backup = rusqlite::backup::Backup::new(&self.conn, &mut copy).map_err(failed)?;
        loop {
            progress();
            // Within one transaction, so that nothing changes between two steps, for which the copy would begin again.
            match backup.step(STEP_PAGES).map_err(failed)? {
                rusqlite::backup::StepResult::Done => break,
                rusqlite::backup::StepResult::More => {}
                _ => std::thread::sleep(std::time::Duration::from_millis(20)),
            }
        }
        drop(backup);
        self.conn.execute_batch("COMMIT").map_err(failed)?;
        copy.close().map_err(|(_, error)| failed(error))
    }

    /// Has a copy that [`compact_to`](Self::compact_to) makes give the space of free pages back by itself.
    pub(crate) fn let_copy_give_back(&self) -> Result<(), StoreError> {
        let gives_back = self.conn.pragma_query_value(None, "auto_vacuum", |row| row.get::<_, u32>(0));
        let asked = match gives_back {
            Ok(0) => self.conn.pragma_update(None, "auto_vacuum", "incremental"),
            other => other.map(|_| ()),
        };
        asked.map_err(|error| store_error("compacting the database", &self.place, &error))
    }

    /// Writes everything that is in use into a new, empty file.
    pub(crate) fn compact_to(&self, path: &Path) -> Result<(), StoreError> {
        let failed = |error: rusqlite::Error| store_error("compacting the database", &self.place, &error);
        let path = sqlite_path(path).map_err(|error| StoreError::Io {
            action: "looking for the directory",
            place: path.display().to_string(),
            reason: error.to_string(),
        })?;
        // It writes to the new database through this connection.
        self.conn.pragma_update(None, "query_only", false).map_err(failed)?;
        // A path need not be text.
        let into = self.conn.execute("VACUUM INTO CAST(?1 AS TEXT)", [path.as_os_str().as_bytes()]);
        into.map(|_| ()).map_err(failed)
    }

    /// Closes it so that other programs can read it too: with a rollback journal.
    pub(crate) fn close_for_everybody(self) -> Result<(), StoreError> {
        self.conn
            .pragma_update(None, "journal_mode", "delete")
            .map_err(|error| store_error("closing the database", &self.place, &error))?;
        self.close()
    }

    /// Closes it, and writes back what is in its log.
    pub(crate) fn close(self) -> Result<(), StoreError> {
        self.conn.close().map_err(|(_, error)| store_error("closing the database", &self.place, &error))
    }

    /// Every row, with all checks that need no blob.
    pub(crate) fn rows(&self, each: Each<'_>) -> Result<(), StoreError> {
        self.small_tables(each)?;
        let mut buckets: Vec<(i64, String)> = Vec::new();
        let listed =
            self.conn.prepare("SELECT id, name FROM bucket ORDER BY name").and_then(|mut statement| {
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    buckets.push((row.get(0)?, text(&row.get::<_, Vec<u8>>(1)?)));
                }
                Ok(())
            });
        if let Err(error) = listed {
            each(Found::Finding(self.unreadable("the buckets", None, None, &error)))?;
        }
        for (id, name) in &buckets {
            self.objects(*id, name, each)?;
        }
        Ok(())
    }

    fn small_tables(&self, each: Each<'_>) -> Result<(), StoreError> {
        let mut faults = Vec::new();
        type Check<'a> = &'a dyn Fn(&Row<'_>) -> Result<(), Fault<StoreError>>;
        let mut check = |sql: &str, what: &str, read: Check<'_>, finding: fn(String, String) -> Finding| {
            let scanned = self.conn.prepare(sql).and_then(|mut statement| {
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    match read(row) {
                        Ok(()) => {}
                        Err(Fault::Refused(error)) => {
                            faults.push(finding(text(&row.get::<_, Vec<u8>>(0)?), error.to_string()));
                        }
                        Err(Fault::Engine(error)) => return Err(error),
                    }
                }
                Ok(())
            });
            if let Err(error) = scanned {
                faults.push(self.unreadable(what, None, None, &error));
            }
        };
        check(queries::BUCKETS, "the buckets", &|row| queries::read_bucket(row).map(drop), |name, detail| {
            Finding::Bucket { name, detail }
        });
        let read_access_key: Check<'_> = &|row| queries::read_access_key(row).map(drop);
        check(queries::ACCESS_KEYS, "the access keys", read_access_key, |id, detail| Finding::AccessKey {
            id,
            detail,
        });
        faults.into_iter().map(Found::Finding).try_for_each(each)
    }

    /// The objects of one bucket, forwards up to what cannot be read, and then backwards from the end.
    fn objects(&self, id: i64, bucket: &str, each: Each<'_>) -> Result<(), StoreError> {
        let mut after: Option<Vec<u8>> = None;
        let Some(error) = self.scan(OBJECTS, id, bucket, &[], &mut after, each)? else { return Ok(()) };
        // What lies behind the damage is seen from the other end.
        let mut before: Option<Vec<u8>> = None;
        let backwards = format!("{OBJECTS} DESC");
        let edge = after.clone().unwrap_or_default();
        self.scan(&backwards, id, bucket, &edge, &mut before, each)?;
        let (after, before) = (after.as_deref().map(text), before.as_deref().map(text));
        let what = format!("objects of bucket {bucket:?}");
        each(Found::Finding(self.unreadable(&what, after, before, &error)))?;
        self.blobs_within(id, bucket, &edge, each)
    }

    /// Reads objects until the end, or until SQLite fails; `last` is the key of the last that was read.
    fn scan(
        &self,
        sql: &str,
        id: i64,
        bucket: &str,
        from: &[u8],
        last: &mut Option<Vec<u8>>,
        each: Each<'_>,
    ) -> Result<Option<rusqlite::Error>, StoreError> {
        let mut statement = match self.conn.prepare(sql) {
            Ok(statement) => statement,
            Err(error) => return Ok(Some(error)),
        };
        let mut rows = match statement.query(params![id, from]) {
            Ok(rows) => rows,
            Err(error) => return Ok(Some(error)),
        };
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => return Ok(None),
                Err(error) => return Ok(Some(error)),
            };
            match object(row, id, bucket) {
                Ok((key, found)) => {
                    *last = Some(key);
                    each(found)?;
                }
                Err(error) => return Ok(Some(error)),
            }
        }
    }

    /// The index of blobs names objects whose rows cannot be read, too.
    fn blobs_within(&self, id: i64, bucket: &str, after: &[u8], each: Each<'_>) -> Result<(), StoreError> {
        let Ok(mut statement) =
            self.conn.prepare("SELECT key FROM object INDEXED BY object_blob WHERE blob IS NOT NULL AND bucket = ?1 AND key > ?2")
        else {
            return Ok(());
        };
        let Ok(mut rows) = statement.query(params![id, after]) else { return Ok(()) };
        while let Ok(Some(row)) = rows.next() {
            let Ok(key) = row.get::<_, Vec<u8>>(0) else { continue };
            let readable: rusqlite::Result<Option<i64>> = self
                .conn
                .query_row("SELECT sum FROM object WHERE bucket = ?1 AND key = ?2", params![id, key], |row| {
                    row.get(0)
                })
                .optional();
            if let Err(error) = readable {
                let detail = store_error("reading it", &self.place, &error).to_string();
                let (bucket, key) = (bucket.to_owned(), text(&key));
                each(Found::Finding(Finding::Object { bucket, key, detail }))?;
            }
        }
        Ok(())
    }

    /// What needs all pages to be readable: bytes that no row names, and SQLite's own check of its trees.
    pub(crate) fn structure(&self, find: &mut dyn FnMut(Finding)) -> Result<(), StoreError> {
        let failed = |error: rusqlite::Error| store_error("checking the database", &self.place, &error);
        find_stray_contents(&self.conn, &mut |id| find(Finding::StrayContent { id })).map_err(failed)?;
        let mut statement = self.conn.prepare("PRAGMA integrity_check").map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let detail: String = row.get(0).map_err(failed)?;
            if detail != "ok" {
                find(Finding::Inconsistent { detail });
            }
        }
        Ok(())
    }

    /// Those of these blobs that no row names.
    pub(crate) fn unnamed_blobs(&self, ids: Vec<BlobId>) -> Result<Vec<BlobId>, StoreError> {
        queries::unnamed_blobs(&self.conn, ids)
            .map_err(|fault| fault.into_store_error("looking for the rows of blobs", &self.place))
    }

    fn unreadable(
        &self,
        what: &str,
        after: Option<String>,
        before: Option<String>,
        error: &rusqlite::Error,
    ) -> Finding {
        let detail = store_error("reading rows", &self.place, error).to_string();
        Finding::Unreadable { what: what.to_owned(), after, before, detail }
    }
}

/// One object's row, and its content if that is in the database.
fn object(row: &Row<'_>, bucket_id: i64, bucket: &str) -> rusqlite::Result<(Vec<u8>, Found)> {
    let key: Vec<u8> = row.get(0)?;
    let damaged = |detail: &str| {
        let (bucket, key, detail) = (bucket.to_owned(), text(&key), detail.to_owned());
        Found::Finding(Finding::Object { bucket, key, detail })
    };
    let meta: Vec<u8> = row.get(2)?;
    let place = whereabouts(row, 3)?;
    if row::object_sum(bucket_id, &key, &meta, place) != row.get::<_, i64>(1)? {
        return Ok((key.clone(), damaged("the row does not match its checksum")));
    }
    let Some(object) = row::decode(&key, &meta) else {
        return Ok((key.clone(), damaged("the row cannot be read")));
    };
    let found = match (place.blob.and_then(row::decode_blob_id), bytes(row.get_ref(5)?)) {
        (Some(id), None) => {
            let blob = StoredBlob { id, size: object.size, crc64nvme: object.crc64nvme };
            Found::Blob { bucket: bucket.to_owned(), key: text(&key), blob }
        }
        (None, Some(inline)) if row::decode_inline(&object, inline).is_some() => Found::Inline,
        (None, Some(_)) => damaged("its bytes do not match their checksum"),
        _ => damaged("its bytes are missing"),
    };
    Ok((key, found))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Reads every page of a database file, and gives the numbers of those that do not match their checksum. `None`: its
/// header cannot be read.
///
/// The file is to be closed after every connection to it: at a close, the system drops all locks that the process has on the
/// file, SQLite's too. <https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>
pub(crate) fn damaged_pages(
    file: &File,
    path: &Path,
    progress: &dyn Fn(),
) -> Result<Option<Vec<u64>>, StoreError> {
    let failed = |error: &std::io::Error| StoreError::Io {
        action: "reading the pages of the database",
        place: path.display().to_string(),
        reason: error.to_string(),
    };
    let length = file.metadata().map_err(|error| failed(&error))?.len();
    let mut header = [0; 100];
    if length < header.len() as u64 {
        return Ok(None);
    }
    file.read_exact_at(&mut header, 0).map_err(|error| failed(&error))?;
    let Some(size) = presign_page_checksums::page_size(&header) else { return Ok(None) };
    let mut damaged = Vec::new();
    let mut page = vec![0; size];
    for (number, at) in (1..).zip((0..length).step_by(size)) {
        progress();
        if at == LOCK_BYTE / size as u64 * size as u64 {
            continue;
        }
        let whole = file.read_exact_at(&mut page, at);
        match whole {
            Ok(()) if presign_page_checksums::is_intact(number, &page) => {}
            // The disk cannot read it, or the file ends within it.
            Ok(()) | Err(_) => damaged.push(number),
        }
    }
    Ok(Some(damaged))
}
