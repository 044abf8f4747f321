//! What a pass of the orphan collector costs, with nothing to collect.

use std::path::Path;
use std::time::{Duration, Instant};

use presign_store::{Collected, Retention, Store, StoreOptions};

use crate::process::CpuReading;

/// A pass over all blobs of a store that nobody serves.
pub(super) struct Pass {
    pub(super) collected: Collected,
    pub(super) took: Duration,
    pub(super) spent: Duration,
}

pub(super) fn pass(data: &Path) -> anyhow::Result<Pass> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open(data, StoreOptions::default()).await?;
        let (began, before) = (Instant::now(), CpuReading::of(std::process::id())?);
        let collected = store.collect_orphans(&Retention::NONE).await?;
        let pass = Pass {
            collected,
            took: began.elapsed(),
            spent: CpuReading::of(std::process::id())?.since(before),
        };
        store.close().await?;
        Ok(pass)
    })
}
