//! The collector of blobs that no object names: what a crash between two steps of a write leaves behind.
//!
//! A blob without an object is gone ten minutes later at the latest: it has to be [`MIN_AGE`] old, and is looked at again
//! [`PAUSE`] and one round after the last time. That leaves five minutes for a round. A round takes a few microseconds a
//! blob: it reads the names of the files and an index, and neither a file nor a row.

use std::time::Duration;

use presign_store::Store;

/// How long after its last byte a blob must be without an object to be garbage. Uploads need none of it, for they are
/// known; it is for the hand that puts a blob back.
const MIN_AGE: Duration = Duration::from_secs(60);
/// How long after one round the next begins.
const PAUSE: Duration = Duration::from_secs(4 * 60);

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

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::time::SystemTime;

    use presign_store::{Bucket, NewObject, Precondition, StoreOptions, UnixMillis};
    use tokio::time::Instant;

    use super::*;

    /// Puts a blob without an object there, with its last byte written at that time.
    fn orphan(data: &Path, id: &str, written: SystemTime) -> PathBuf {
        let directory = data.join(format!("blobs/{}/{}", &id[..1], &id[1..2]));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join(id);
        let file = std::fs::File::create(&path).unwrap();
        file.set_modified(written).unwrap();
        path
    }

    /// On a clock that stands still while something is done, and then jumps to the next moment at which something is due.
    #[tokio::test(start_paused = true)]
    async fn a_blob_without_an_object_is_gone_within_ten_minutes_whenever_it_came() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path();
        let store = Store::open(data, StoreOptions::default()).await.unwrap();
        let bucket =
            Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
        store.create_bucket(bucket).await.unwrap();
        let mut upload = store.begin_put(None).await.unwrap();
        upload.write(vec![7; 500_000].into()).await.unwrap();
        upload.finish("b", "k", NewObject::default(), Precondition::IfAbsent).await.unwrap();
        // One that is on its way all the time.
        let mut slow = store.begin_put(Some(4_000_000)).await.unwrap();
        slow.write(vec![8; 3_000_000].into()).await.unwrap();

        let sweep = tokio::spawn(run(store.clone()));
        let begun = Instant::now();
        for at in 0..12 {
            // At another moment of a round each time, the one just before it included.
            tokio::time::sleep(Duration::from_secs(1 + at * 41)).await;
            // The clock of files does not jump with the other: it is new, and then it is old enough.
            let id = format!("{at:02x}000000000000000000000000000001");
            let path = orphan(data, &id, SystemTime::now() + Duration::from_secs(3600));
            let came = Instant::now();
            tokio::time::sleep(MIN_AGE - Duration::from_millis(1)).await;
            assert!(path.exists(), "it was not old enough");
            tokio::time::sleep(Duration::from_millis(1)).await;
            orphan(data, &id, SystemTime::now() - MIN_AGE);
            while path.exists() {
                tokio::time::sleep(Duration::from_secs(1)).await;
                assert!(came.elapsed() < Duration::from_secs(600), "it is there after ten minutes");
            }
        }
        assert!(begun.elapsed() > Duration::from_secs(45 * 60));
        slow.write(vec![8; 1_000_000].into()).await.unwrap();
        slow.finish("b", "slow", NewObject::default(), Precondition::IfAbsent).await.unwrap();
        tokio::time::sleep(PAUSE * 3).await;
        for (key, size) in [("k", 500_000), ("slow", 4_000_000)] {
            let open = store.get("b", key).await.unwrap().unwrap();
            assert_eq!(open.read_all().read_to_end().await.unwrap().len(), size);
        }
        sweep.abort();
        store.close().await.unwrap();
    }
}
