//! A directory of blobs that is not the one that the database names blobs of: its disk is not mounted, or a link leads elsewhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::os::unix::fs::symlink;
use std::path::Path;

use presign_store::backup::{BackupOptions, create, restore};
use presign_store::check::check;
use presign_store::{Bucket, NewObject, Precondition, Store, StoreOptions, UnixMillis};

const MARKER: &str = "blobs/initialized";

async fn put(store: &Store, key: &str, length: usize) {
    let mut upload = store.begin_put(None).await.unwrap();
    upload.write(vec![7; length].into()).await.unwrap();
    upload.finish("b", key, NewObject::default(), Precondition::Unconditional).await.unwrap();
}

/// Makes a store of one object of each of these lengths.
async fn fill(data: &Path, lengths: &[usize]) {
    let store = Store::open(data, StoreOptions::default()).await.unwrap();
    let bucket = Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
    store.create_bucket(bucket).await.unwrap();
    for length in lengths {
        put(&store, &length.to_string(), *length).await;
    }
    store.close().await.unwrap();
}

async fn refusal(data: &Path) -> Option<String> {
    match Store::open(data, StoreOptions::default()).await {
        Err(error) => Some(error.to_string()),
        Ok(store) => {
            store.close().await.unwrap();
            None
        }
    }
}

async fn holds(data: &Path, lengths: &[usize]) {
    let store = Store::open(data, StoreOptions::default()).await.unwrap();
    for length in lengths {
        let object = store.get("b", &length.to_string()).await.unwrap().unwrap();
        assert_eq!(object.read_all().read_to_end().await.unwrap().len(), *length);
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_store_whose_disk_of_blobs_is_not_there_does_not_start() {
    let base = tempfile::tempdir().unwrap();
    let (data, disk, empty) = (base.path().join("data"), base.path().join("disk"), base.path().join("empty"));
    for directory in [&data, &disk, &empty] {
        std::fs::create_dir(directory).unwrap();
    }
    symlink(&disk, data.join("blobs")).unwrap();
    fill(&data, &[100, 100_000, 200_000]).await;
    let away = base.path().join("away");
    // Where another disk is to be mounted, and a link that leads elsewhere.
    for place in [&disk, &empty] {
        std::fs::rename(&disk, &away).unwrap();
        std::fs::remove_file(data.join("blobs")).unwrap();
        std::fs::create_dir_all(place).unwrap();
        symlink(place, data.join("blobs")).unwrap();
        let refused = refusal(&data).await.expect("it started without its blobs");
        assert!(refused.contains("/blobs: ") && refused.contains("mount"), "{refused}");
        assert!(!place.join("initialized").exists());
        assert!(refusal(&data).await.is_some(), "the second start makes no difference");
        if place == &disk {
            std::fs::remove_dir_all(place).unwrap();
        }
        std::fs::rename(&away, &disk).unwrap();
        std::fs::remove_file(data.join("blobs")).unwrap();
        symlink(&disk, data.join("blobs")).unwrap();
        holds(&data, &[100, 100_000, 200_000]).await;
    }
    assert!(check(&data, |finding| panic!("{finding}")).unwrap().is_clean());
}

#[tokio::test]
async fn a_directory_of_a_version_before_is_marked_when_it_has_its_blobs() {
    let base = tempfile::tempdir().unwrap();
    for (name, lengths, lose_blobs, starts) in [
        ("whole", &[100, 100_000][..], false, true),
        ("without its blobs", &[100, 100_000][..], true, false),
        ("without blobs ever", &[100][..], true, true),
    ] {
        let data = base.path().join(name);
        fill(&data, lengths).await;
        std::fs::remove_file(data.join(MARKER)).expect("a start marks the directory");
        if lose_blobs {
            std::fs::rename(data.join("blobs"), base.path().join(format!("{name} away"))).unwrap();
        }
        let refused = refusal(&data).await;
        assert_eq!(refused.is_none(), starts, "{name}: {refused:?}");
        assert_eq!(data.join(MARKER).exists(), starts, "{name}");
    }
}

#[tokio::test]
async fn a_backup_and_what_is_restored_of_it_are_marked() {
    let base = tempfile::tempdir().unwrap();
    let (data, backup, restored) =
        (base.path().join("data"), base.path().join("backup"), base.path().join("restored"));
    fill(&data, &[100, 100_000]).await;
    let made = create(&data, &backup, BackupOptions::default(), |_| {}).unwrap();
    assert_eq!(restore(&backup, &restored, |_| {}), Ok(made));
    assert!(backup.join(MARKER).exists() && restored.join(MARKER).exists());
    holds(&restored, &[100, 100_000]).await;
}

#[tokio::test]
async fn a_start_that_fails_says_so_in_the_words_of_a_start() {
    let refused = refusal(Path::new("/proc/self")).await.expect("nothing can be made there");
    assert!(!refused.contains("takes no writes") && !refused.contains("restart"), "{refused}");
}
