//! The collector of blobs that no object names: what a crash between two steps of a write leaves behind.
//!
//! A blob without an object is set aside ten minutes later at the latest, or twenty minutes after a start: it has to be
//! a minute old ([`RETENTION`]), and is looked at again [`PAUSE`] and one round after the last time. That leaves five minutes for
//! a round. A round takes a few microseconds a blob: it reads the names of the files and an index, and neither a file nor a
//! row. A day later it is deleted, or thirty days later where the database may not be the one that belongs to the blobs. Both by
//! the time of its file, and by an hour at least after the server has first seen that it is so old: the clock may have been set.

use std::time::Duration;

use presign_store::{Collected, Retention, Store};
use tokio::time::Instant;

/// How long blobs without an object are kept. The least age is for the hand that puts a blob back.
const RETENTION: Retention =
    Retention { min_age: Duration::from_secs(60), trash: DAY, held: Duration::from_secs(30 * 24 * 60 * 60) };
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long after a start the first round begins: time for whoever started the store on the wrong directory to see it.
const GRACE: Duration = Duration::from_secs(10 * 60);
/// How long after one round the next begins.
const PAUSE: Duration = Duration::from_secs(4 * 60);

/// Collects now and then, for as long as it is polled.
pub(crate) async fn run(store: Store) {
    let mut reminded: Option<Instant> = None;
    tokio::time::sleep(GRACE).await;
    loop {
        match store.collect_orphans(&RETENTION).await {
            Ok(collected) => {
                report(&collected);
                if collected.held == 0 {
                    reminded = None;
                } else if reminded.is_none_or(|last| last.elapsed() >= DAY) {
                    reminded = Some(Instant::now());
                    tracing::warn!(
                        blobs = collected.held,
                        "blobs without an object are kept in blobs/held for thirty days; if metadata.sqlite is older than \
                         the blobs, stop the server and put the newer one back: the blobs return by themselves"
                    );
                }
            }
            Err(error) => tracing::warn!(%error, "blobs without an object could not be looked for"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn report(collected: &Collected) {
    let &Collected { examined, set_aside, doubt, put_back, deleted, .. } = collected;
    match doubt {
        Some(doubt) if set_aside > 0 => {
            tracing::warn!(%doubt, set_aside, examined, "blobs without an object were set aside in blobs/held");
        }
        _ if set_aside > 0 => {
            tracing::info!(set_aside, examined, "blobs without an object were set aside in blobs/trash");
        }
        _ => {}
    }
    if put_back > 0 {
        tracing::warn!(put_back, "blobs that had been set aside have an object again and were put back");
    }
    if deleted > 0 {
        tracing::info!(deleted, "deleted blobs without an object");
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

    async fn filled(data: &Path) -> Store {
        let store = Store::open(data, StoreOptions::default()).await.unwrap();
        let bucket =
            Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
        store.create_bucket(bucket).await.unwrap();
        let mut upload = store.begin_put(None).await.unwrap();
        upload.write(vec![7; 500_000].into()).await.unwrap();
        upload.finish("b", "k", NewObject::default(), Precondition::IfAbsent).await.unwrap();
        store
    }

    /// On a clock that stands still while something is done, and then jumps to the next moment at which something is due.
    #[tokio::test(start_paused = true)]
    async fn a_blob_without_an_object_is_set_aside_within_ten_minutes_and_gone_a_day_later() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path();
        let store = filled(data).await;
        // One that is on its way all the time.
        let mut slow = store.begin_put(Some(4_000_000)).await.unwrap();
        slow.write(vec![8; 3_000_000].into()).await.unwrap();

        let sweep = tokio::spawn(run(store.clone()));
        let begun = Instant::now();
        tokio::time::sleep(GRACE).await;
        for at in 0..12 {
            // At another moment of a round each time, the one just before it included.
            tokio::time::sleep(Duration::from_secs(1 + at * 41)).await;
            // The clock of files does not jump with the other: it is new, and then it is old enough.
            let id = format!("{at:02x}000000000000000000000000000001");
            let path = orphan(data, &id, SystemTime::now() + Duration::from_secs(3600));
            let came = Instant::now();
            tokio::time::sleep(RETENTION.min_age - Duration::from_millis(1)).await;
            assert!(path.exists(), "it was not old enough");
            tokio::time::sleep(Duration::from_millis(1)).await;
            orphan(data, &id, SystemTime::now() - RETENTION.min_age);
            while path.exists() {
                tokio::time::sleep(Duration::from_secs(1)).await;
                assert!(came.elapsed() < Duration::from_secs(600), "it is there after ten minutes");
            }
            let aside = data.join("blobs/trash").join(&id);
            tokio::time::sleep(PAUSE * 3).await;
            assert!(aside.exists(), "it was not set aside long enough");
            let file = std::fs::File::options().write(true).open(&aside).unwrap();
            file.set_modified(SystemTime::now() - RETENTION.trash).unwrap();
            tokio::time::sleep(PAUSE * 2).await;
            assert!(aside.exists(), "a clock that was set forward deletes nothing at once");
            tokio::time::sleep(Duration::from_secs(60 * 60)).await;
            assert!(!aside.exists(), "it is there after a day and an hour");
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

    /// Time for whoever started the store on the wrong directory.
    #[tokio::test(start_paused = true)]
    async fn nothing_is_set_aside_in_the_first_minutes_after_a_start() {
        let directory = tempfile::tempdir().unwrap();
        let store = filled(directory.path()).await;
        let id = "ab000000000000000000000000000001";
        let path = orphan(directory.path(), id, SystemTime::now() - DAY);
        let sweep = tokio::spawn(run(store.clone()));
        tokio::time::sleep(GRACE - Duration::from_secs(1)).await;
        assert!(path.exists());
        tokio::time::sleep(PAUSE).await;
        assert!(!path.exists());
        sweep.abort();
        store.close().await.unwrap();
    }
}
