//! The connections that read.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

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
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| schema::open_reader(&self.path), Ok)
    }

    fn give_back(&self, conn: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
    }
}
