//! The collector of blobs that no object names: what a crash between two steps of a write leaves behind.

use std::time::Duration;

use presign_store::Store;

/// How long after its last byte a blob must be without an object to be garbage.
const MIN_AGE: Duration = Duration::from_secs(60 * 60);
/// How long after one round the next begins.
const PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// Collects now and then, for as long as it is polled.
pub(crate) async fn run(store: Store) {
    loop {
        match store.collect_orphans(MIN_AGE).await {
            Ok(collected) if collected.deleted == 0 => {}
            Ok(collected) => {
                tracing::info!(
                    deleted = collected.deleted,
                    examined = collected.examined,
                    "removed blobs without an object"
                );
            }
            Err(error) => tracing::warn!(%error, "blobs without an object could not be removed"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
