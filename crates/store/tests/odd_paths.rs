//! Data directories with names that mean something else to SQLite, or to nobody.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use presign_store::backup::{BackupOptions, create, restore};
use presign_store::check::check;
use presign_store::{Bucket, Store, StoreOptions, UnixMillis};

/// Set in the process whose working directory is the one that the paths are relative to: another store's data directory.
const OTHER: &str = "PRESIGN_STORE_OTHER";

#[tokio::main(flavor = "current_thread")]
async fn make(directory: &Path, bucket: &str) {
    let store = Store::open(directory, StoreOptions::default()).await.unwrap();
    let (owner, region) = ("o".to_owned(), "r".to_owned());
    let bucket = Bucket { name: bucket.into(), owner, region, created: UnixMillis(0) };
    store.create_bucket(bucket).await.unwrap();
    let buckets = store.list_buckets().await.unwrap();
    assert_eq!(buckets.len(), 1, "the bucket of another store: {buckets:?}");
    store.close().await.unwrap();
}

fn odd_paths(other: &Path) -> Vec<PathBuf> {
    let other = other.display();
    let mut paths: Vec<PathBuf> = [
        format!("file://{other}"),
        format!("file:{other}?mode=ro"),
        "file:data".to_owned(),
        ":memory:".to_owned(),
        "file::memory:?cache=shared".to_owned(),
        "a b#c?d=e&f%20g'h\"i;j".to_owned(),
        "line\nbreak".to_owned(),
        "../odd/./up".to_owned(),
        "-wal".to_owned(),
    ]
    .map(PathBuf::from)
    .to_vec();
    paths.push(OsString::from_vec(b"no \xff\xfe text".to_vec()).into());
    paths
}

#[test]
fn a_data_directory_is_a_path_whatever_its_name_is() {
    if let Some(other) = std::env::var_os(OTHER) {
        let paths = odd_paths(Path::new(&other));
        for (at, path) in paths.iter().enumerate() {
            println!("{}", path.display());
            make(path, "here");
            assert!(path.join("metadata.sqlite").exists());
            let clean = check(path, |finding| panic!("{finding}")).unwrap();
            assert!(clean.is_clean());
            if at > 0 && at + 1 < paths.len() {
                continue;
            }
            let (copy, again) =
                (PathBuf::from(format!("file:copy{at}")), PathBuf::from(format!("file:again{at}")));
            create(path, &copy, BackupOptions::default(), |_| {}).unwrap();
            restore(&copy, &again, |_| {}).unwrap();
        }
        return;
    }
    let base = tempfile::tempdir().unwrap();
    let (other, odd) = (base.path().join("other"), base.path().join("odd"));
    make(&other, "there");
    std::fs::create_dir(&odd).unwrap();
    let before = std::fs::read(other.join("metadata.sqlite")).unwrap();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_data_directory_is_a_path_whatever_its_name_is", "--nocapture"])
        .current_dir(&odd)
        .env(OTHER, &other)
        .status()
        .unwrap();
    assert!(status.success());
    assert!(std::fs::read(other.join("metadata.sqlite")).unwrap() == before, "another store was written to");
}
