//! Filling a store, through the store's own interface and with all its guarantees.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::Context as _;
use bytes::Bytes;
use presign_store::{
    Bucket, INLINE_LIMIT, NewObject, Precondition, PutError, Store, StoreError, StoreOptions, UnixMillis,
};
use tokio::task::JoinSet;

use super::population::Population;
use crate::{BUCKET, REGION};

/// Writes at the same time: enough to fill the groups that share a flush.
const WRITERS: usize = 1024;
/// A progress line each so many objects.
const TOLD_EVERY: u64 = 500_000;
const ETAG: &str = "9e107d9d372bb6826bd81d3542a419d6";

/// Fills a store that has nothing yet.
///
/// # Errors
/// Those of the store.
pub fn fill(directory: &Path, population: Population) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open(directory, StoreOptions::default()).await?;
        let bucket = Bucket {
            name: BUCKET.to_owned(),
            owner: presign_iam::ACCOUNT_ID.to_owned(),
            region: REGION.to_owned(),
            created: UnixMillis(0),
        };
        match store.create_bucket(bucket).await {
            Ok(()) | Err(StoreError::BucketExists { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let next = Arc::new(AtomicU64::new(0));
        let began = Instant::now();
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            let (store, next) = (store.clone(), Arc::clone(&next));
            writers.spawn(async move {
                let small = Bytes::from(vec![b'x'; 1024]);
                let large = Bytes::from(vec![b'y'; INLINE_LIMIT + 1]);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let (key, bytes) = if number < population.objects {
                        (population.key(number), small.slice(..Population::size(number)))
                    } else if number < population.objects + population.blobs {
                        (Population::blob_key(number - population.objects), large.clone())
                    } else {
                        return Ok::<_, PutError>(());
                    };
                    put(&store, &key, bytes).await?;
                    if number.is_multiple_of(TOLD_EVERY) && number > 0 {
                        eprintln!("{number} objects after {} s", began.elapsed().as_secs());
                    }
                }
            });
        }
        while let Some(writer) = writers.join_next().await {
            writer.context("a writer failed")??;
        }
        store.close().await?;
        eprintln!("{population:?} stored in {} s", began.elapsed().as_secs());
        Ok(())
    })
}

async fn put(store: &Store, key: &str, bytes: Bytes) -> Result<(), PutError> {
    let mut upload = store.begin_put(Some(bytes.len() as u64)).await?;
    upload.write(bytes).await?;
    let new =
        NewObject { etag: ETAG.to_owned(), modified: UnixMillis(1_795_000_000_000), ..NewObject::default() };
    upload.finish(BUCKET, key, new, Precondition::Unconditional).await.map(drop)
}
