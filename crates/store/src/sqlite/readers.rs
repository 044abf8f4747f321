//! The connections that read.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use presign_page_checksums::{NotFromMemory, from_memory};
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::failure::{Fault, store_error};
use super::schema;
use crate::StoreError;
use crate::blocking::on_blocking_pool;
use crate::files::Watch;

/// A few read-only connections.
pub(super) struct Readers {
    shared: Arc<Shared>,
    permits: Arc<Semaphore>,
}

struct Shared {
    path: PathBuf,
    watch: Arc<Watch>,
    place: String,
    idle: Mutex<Vec<Connection>>,
    /// Whether reading from memory is worth a try. Not where the file system cannot tell what is in memory.
    reads_from_memory: AtomicBool,
}

impl Readers {
    /// Opens all of them, with the log too, so that nothing is opened by its path later, when that may lead elsewhere.
    pub(super) fn open(path: PathBuf, count: usize, watch: Arc<Watch>) -> Result<Self, StoreError> {
        let (place, count) = (path.display().to_string(), count.max(1));
        let idle = Mutex::new(Vec::with_capacity(count));
        let shared = Shared { path, watch, place, idle, reads_from_memory: AtomicBool::new(true) };
        for _ in 0..count {
            let conn = shared.open("opening the database")?;
            shared.give_back(conn);
        }
        Ok(Self { shared: Arc::new(shared), permits: Arc::new(Semaphore::new(count)) })
    }

    /// Runs a read of a few rows: here and now if all it needs is in memory, and on the blocking pool otherwise, for which it
    /// may have to run twice.
    pub(super) async fn look_up<T, F>(&self, action: &'static str, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&mut Connection) -> Result<T, Fault<StoreError>> + Send + 'static,
    {
        match self.read_from_memory(action, &read) {
            Some(outcome) => outcome,
            None => self.read(action, read).await,
        }
    }

    /// `None`: something is not in memory, or no connection is at hand, or another one is in the way.
    fn read_from_memory<T>(
        &self,
        action: &'static str,
        read: impl Fn(&mut Connection) -> Result<T, Fault<StoreError>>,
    ) -> Option<Result<T, StoreError>> {
        if !self.shared.reads_from_memory.load(Ordering::Relaxed) {
            return None;
        }
        let _permit = self.permits.try_acquire().ok()?;
        let mut conn = self.shared.take_idle()?;
        let outcome = conn.busy_timeout(Duration::ZERO).map_err(Fault::from);
        let outcome = from_memory(|| outcome.and_then(|()| read(&mut conn)));
        let is_ready = conn.busy_timeout(schema::BUSY_TIMEOUT).is_ok();
        if is_ready {
            self.shared.give_back(conn);
        }
        match outcome {
            Ok(Err(fault)) if fault.is_busy() => None,
            Ok(outcome) => Some(outcome.map_err(|fault| fault.into_store_error(action, &self.shared.place))),
            Err(NotFromMemory::WouldWait) => None,
            Err(NotFromMemory::CannotTell) => {
                self.shared.reads_from_memory.store(false, Ordering::Relaxed);
                None
            }
        }
    }

    /// Runs a read on the blocking pool with a connection of its own.
    pub(super) async fn read<T, F>(&self, action: &'static str, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, Fault<StoreError>> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let shared = Arc::clone(&self.shared);
        on_blocking_pool(move || {
            let mut conn = shared.take(action)?;
            let outcome = read(&mut conn).map_err(|fault| fault.into_store_error(action, &shared.place));
            shared.give_back(conn);
            drop(permit);
            outcome
        })
        .await
    }

    /// Ends all reading: what runs is waited for, what comes later is refused.
    pub(super) async fn close(&self, count: usize) {
        let count = u32::try_from(count.max(1)).unwrap_or(u32::MAX);
        // An error means that they are closed already.
        let all = self.permits.acquire_many(count).await;
        // While nobody has one, so that whoever waits for one gets none.
        self.permits.close();
        drop(all);
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Shared {
    fn take(&self, action: &'static str) -> Result<Connection, StoreError> {
        self.take_idle().map_or_else(|| self.open(action), Ok)
    }

    fn open(&self, action: &'static str) -> Result<Connection, StoreError> {
        self.watch.look()?;
        let open = || {
            let conn = schema::open_reader(&self.path)?;
            // SQLite opens the log with the first read.
            conn.query_row("SELECT version FROM schema_version", [], |_| Ok(()))?;
            Ok(conn)
        };
        let conn = open().map_err(|error| store_error(action, &self.place, &error))?;
        self.watch.look()?;
        Ok(conn)
    }

    fn take_idle(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, conn: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
    }
}

#[cfg(test)]
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod tests {
    use std::io::IoSliceMut;

    use rusqlite::ffi;
    use rustix::fs::{Advice, fadvise};
    use rustix::io::{Errno, ReadWriteFlags, preadv2};

    use super::*;
    use crate::Poison;
    use crate::files::Directory;

    const PAGE: usize = 4096;

    /// A database in a folder on a disk, beside the test's program: that of temporary files may be one in memory, which cannot
    /// tell what is in memory (tmpfs).
    fn database() -> (tempfile::TempDir, PathBuf) {
        let program = std::env::current_exe().unwrap();
        let directory = tempfile::tempdir_in(program.parent().unwrap()).unwrap();
        let path = directory.path().join("m.sqlite");
        drop(schema::open_writer(&path).unwrap());
        (directory, path)
    }

    fn readers(path: PathBuf) -> Readers {
        let directory = Directory::open(path.parent().unwrap()).unwrap();
        let watch = Arc::new(Watch::new(directory, Poison::default()).unwrap());
        Readers::open(path, 1, watch).unwrap()
    }

    fn one(conn: &mut Connection) -> Result<i64, Fault<StoreError>> {
        Ok(conn.query_row("SELECT count(*) FROM bucket", [], |row| row.get(0))?)
    }

    fn busy_timeout(conn: &mut Connection) -> Result<i64, Fault<StoreError>> {
        Ok(conn.query_row("PRAGMA busy_timeout", [], |row| row.get(0))?)
    }

    /// One that has opened its connection and read its schema, but none of the table's pages.
    async fn ready(path: PathBuf) -> Readers {
        let readers = readers(path);
        let prepare = |conn: &mut Connection| {
            conn.prepare_cached("SELECT count(*) FROM bucket")?;
            Ok(())
        };
        readers.look_up("opening", prepare).await.unwrap();
        readers
    }

    #[tokio::test]
    async fn a_look_up_changes_threads_only_where_it_must() {
        let (_directory, path) = database();
        let readers = readers(path);
        assert_eq!(readers.look_up("counting", one).await, Ok(0));
        assert_eq!(readers.read_from_memory("counting", one), Some(Ok(0)));
        let permit = readers.permits.try_acquire().unwrap();
        assert_eq!(readers.read_from_memory("counting", one), None);
        drop(permit);
        assert_eq!(readers.read_from_memory("counting", one), Some(Ok(0)));
        readers.close(1).await;
        assert_eq!(readers.look_up("counting", one).await, Err(StoreError::Closed));
    }

    #[tokio::test]
    async fn what_is_not_in_memory_is_read_by_the_pool() {
        let (_directory, path) = database();
        let readers = ready(path.clone()).await;
        let file = std::fs::File::open(&path).unwrap();
        file.sync_all().unwrap();
        fadvise(&file, 0, None, Advice::DontNeed).unwrap();
        assert_eq!(readers.read_from_memory("counting", one), None);
        assert_eq!(readers.look_up("counting", one).await, Ok(0));
        assert_eq!(readers.read_from_memory("counting", one), Some(Ok(0)));
    }

    #[tokio::test]
    async fn damage_is_told_as_such() {
        let (_directory, path) = database();
        let readers = ready(path.clone()).await;
        // The first page is in SQLite's memory.
        let mut bytes = std::fs::read(&path).unwrap();
        for page in bytes.chunks_mut(PAGE).skip(1) {
            page[100] ^= 1;
        }
        std::fs::write(&path, &bytes).unwrap();
        let found = readers.read_from_memory("counting", one);
        assert!(matches!(found, Some(Err(StoreError::Corrupt { .. }))), "{found:?}");
    }

    #[tokio::test]
    async fn a_connection_in_the_way_is_waited_for_by_the_pool_alone() {
        let (_directory, path) = database();
        let readers = ready(path).await;
        let busy = |_: &mut Connection| -> Result<i64, Fault<StoreError>> {
            Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None).into())
        };
        assert_eq!(readers.read_from_memory("counting", busy), None);
        assert_eq!(readers.read_from_memory("looking", busy_timeout), Some(Ok(0)));
        let by_the_pool = i64::try_from(schema::BUSY_TIMEOUT.as_millis()).unwrap();
        assert_eq!(readers.read("looking", busy_timeout).await, Ok(by_the_pool));
    }

    #[tokio::test]
    async fn nothing_is_tried_again_where_the_file_system_cannot_tell() {
        // In memory, and in most kernels one that cannot tell.
        let directory = tempfile::tempdir_in("/dev/shm").unwrap();
        let path = directory.path().join("m.sqlite");
        drop(schema::open_writer(&path).unwrap());
        let file = std::fs::File::open(&path).unwrap();
        let mut byte = [0];
        let can_tell = preadv2(&file, &mut [IoSliceMut::new(&mut byte)], 0, ReadWriteFlags::NOWAIT)
            != Err(Errno::OPNOTSUPP);
        let (readers, (_on_disk, path)) = (ready(path).await, database());
        assert_eq!(readers.look_up("counting", one).await, Ok(0));
        let tells = |readers: &Readers| readers.shared.reads_from_memory.load(Ordering::Relaxed);
        assert_eq!(tells(&readers), can_tell);
        // Another store's file system is another matter.
        let others = ready(path).await;
        assert_eq!(others.look_up("counting", one).await, Ok(0));
        assert!(tells(&others));
    }
}
