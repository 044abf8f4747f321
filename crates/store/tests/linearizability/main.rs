//! Histories of tasks that work on the same few keys at the same time: each must be explained by a map that does one
//! call at a time, in an order that respects what was answered before what was asked.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod checker;
mod history;
mod workload;

use presign_store::{Bucket, Store, StoreOptions, UnixMillis};
use proptest::prelude::*;

use checker::explain;
use workload::{KEYS, plans, run};

fn check(options: StoreOptions) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let store = runtime.block_on(Store::open(directory.path(), options)).unwrap();
    let bucket = Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
    runtime.block_on(store.create_bucket(bucket)).unwrap();
    // Each history has keys of its own. PROPTEST_CASES asks for more of them.
    let cases = std::env::var("PROPTEST_CASES").map_or(60, |cases| cases.parse().unwrap());
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let spaces = std::sync::atomic::AtomicUsize::new(0);
    proptest!(config, |(plans in plans())| {
        let space = format!("h{}", spaces.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
        let history = runtime.block_on(run(&store, &space, &plans));
        prop_assert!(explain(&history, KEYS).is_some(), "no order explains {history:#?}");
    });
    runtime.block_on(store.close()).unwrap();
}

#[test]
fn every_history_has_an_order() {
    check(StoreOptions::default());
}

#[test]
fn every_history_has_an_order_when_nothing_is_kept_in_memory() {
    check(StoreOptions { cache_bytes: 0, ..StoreOptions::default() });
}
