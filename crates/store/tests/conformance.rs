//! The engines of one machine, against the suites of the ports.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::sync::Arc;

use presign_store::files::{FileBlobs, Reserve};
use presign_store::sqlite::{SqliteMetadata, SqliteOptions};
use presign_store::{Blobs, Metadata, Poison};
use tempfile::TempDir;

fn metadata(cache_bytes: u64) -> (TempDir, Arc<dyn Metadata>) {
    let directory = tempfile::tempdir().unwrap();
    let reserve = Arc::new(Reserve::open(directory.path()).unwrap());
    let options = SqliteOptions { cache_bytes, readers: 2 };
    let engine = SqliteMetadata::open(directory.path(), &options, Poison::default(), reserve).unwrap();
    (directory, Arc::new(engine))
}

async fn sqlite_with_memory() -> (TempDir, Arc<dyn Metadata>) {
    metadata(16 << 20)
}

async fn sqlite_without_memory() -> (TempDir, Arc<dyn Metadata>) {
    metadata(0)
}

async fn file_blobs() -> (TempDir, Arc<dyn Blobs>) {
    let directory = tempfile::tempdir().unwrap();
    let reserve = Arc::new(Reserve::open(directory.path()).unwrap());
    let engine = FileBlobs::open(directory.path(), Poison::default(), reserve).unwrap();
    (directory, Arc::new(engine))
}

presign_store::metadata_conformance!(sqlite, sqlite_with_memory);
presign_store::metadata_conformance!(sqlite_cold, sqlite_without_memory);
presign_store::blobs_conformance!(files, file_blobs);
