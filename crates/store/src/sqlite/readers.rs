//! The connections that read.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use presign_page_checksums::from_memory;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::failure::{Fault, store_error};
use super::schema;
use crate::StoreError;
use crate::blocking::on_blocking_pool;

/// A few read-only connections, opened when they are first needed.
pub(super) struct Readers {
    shared: Arc<Shared>,
    permits: Arc<Semaphore>,
}

struct Shared {
    path: PathBuf,
    place: String,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, count: usize) -> Self {
        let place = path.display().to_string();
        let shared = Shared { path, place, idle: Mutex::new(Vec::with_capacity(count)) };
        Self { shared: Arc::new(shared), permits: Arc::new(Semaphore::new(count.max(1))) }
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
        let _permit = self.permits.try_acquire().ok()?;
        let mut conn = self.shared.take_idle()?;
        let outcome = conn.busy_timeout(Duration::ZERO).map_err(Fault::from);
        let outcome = from_memory(|| outcome.and_then(|()| read(&mut conn)));
        let is_ready = conn.busy_timeout(schema::BUSY_TIMEOUT).is_ok();
        let outcome = outcome.filter(|outcome| !matches!(outcome, Err(fault) if fault.is_busy()));
        let outcome = outcome
            .map(|outcome| outcome.map_err(|fault| fault.into_store_error(action, &self.shared.place)));
        if is_ready {
            self.shared.give_back(conn);
        }
        outcome
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
            let mut conn = shared.take().map_err(|error| store_error(action, &shared.place, &error))?;
            let outcome = read(&mut conn).map_err(|fault| fault.into_store_error(action, &shared.place));
            shared.give_back(conn);
            drop(permit);
            outcome
        })
        .await
    }

    /// Ends all reading: what runs is waited for, what comes later is refused.
    pub(super) async fn close(&self, count: usize) {
        if let Ok(count) = u32::try_from(count.max(1)) {
            // An error means that they are closed already.
            drop(self.permits.acquire_many(count).await);
        }
        self.permits.close();
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Shared {
    fn take(&self) -> rusqlite::Result<Connection> {
        self.take_idle().map_or_else(|| schema::open_reader(&self.path), Ok)
    }

    fn take_idle(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, conn: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
    }
}

#[cfg(all(test, target_os = "linux", target_pointer_width = "64"))]
mod tests {
    use super::*;

    fn one(conn: &mut Connection) -> Result<i64, Fault<StoreError>> {
        Ok(conn.query_row("SELECT count(*) FROM bucket", [], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn a_look_up_changes_threads_only_where_it_must() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("m.sqlite");
        let _writer = schema::open_writer(&path).unwrap();
        let readers = Readers::new(path, 1);
        // The first connection has yet to be opened, which takes the disk.
        assert_eq!(readers.read_from_memory("counting", one), None);
        assert_eq!(readers.look_up("counting", one).await, Ok(0));
        assert_eq!(readers.read_from_memory("counting", one), Some(Ok(0)));
        let permit = readers.permits.try_acquire().unwrap();
        assert_eq!(readers.read_from_memory("counting", one), None);
        drop(permit);
        assert_eq!(readers.read_from_memory("counting", one), Some(Ok(0)));
        readers.close(1).await;
        assert_eq!(readers.look_up("counting", one).await, Err(StoreError::Closed));
    }
}
