//! The way onto the blocking pool.

use crate::StoreError;

/// Runs work that may wait for a disk where it holds up no other request.
///
/// # Errors
/// Those of the work; [`StoreError::Closed`] when the runtime is going down.
pub(crate) async fn on_blocking_pool<T, F>(work: F) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, StoreError> + Send + 'static,
{
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(StoreError::Closed))
}
