//! Random damage to the files of blobs, each time with reads of whole objects and of ranges: right bytes or an error.
//!
//! `PRESIGN_FLIPS` says how often; a run prints what it counted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod random;

use std::ops::Range;
use std::path::{Path, PathBuf};

use presign_store::{Bucket, NewObject, Precondition, Store, StoreError, StoreOptions, UnixMillis};
use random::Random;

/// Around the borders of blocks and of what is read at once, and with more checksums than are read at once.
const SIZES: [usize; 6] = [65_537, 131_072, 262_144, 262_145, 700_001, 40_000_000];

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8 ^ (at / 65_536) as u8).collect()
}

/// A store with one blob of each size, and the file of each.
async fn filled(directory: &Path) -> (Store, Vec<PathBuf>) {
    let store = Store::open(directory, StoreOptions::default()).await.unwrap();
    let bucket = Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
    store.create_bucket(bucket).await.unwrap();
    let mut files: Vec<PathBuf> = Vec::new();
    for size in SIZES {
        let mut upload = store.begin_put(Some(size as u64)).await.unwrap();
        upload.write(content(size).into()).await.unwrap();
        let new = NewObject { etag: "e".into(), ..NewObject::default() };
        upload.finish("b", &size.to_string(), new, Precondition::IfAbsent).await.unwrap();
        let new =
            blob_files(&directory.join("blobs")).into_iter().find(|path| !files.contains(path)).unwrap();
        files.push(new);
    }
    (store, files)
}

fn blob_files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let entries = entries.filter(|path| !path.ends_with("blobs/initialized"));
    entries.flat_map(|path| if path.is_dir() { blob_files(&path) } else { vec![path] }).collect()
}

/// What arrived of a range, and how it ended.
async fn read(store: &Store, size: usize, range: Range<u64>) -> (Vec<u8>, Result<(), StoreError>) {
    let mut reader = store.get("b", &size.to_string()).await.unwrap().unwrap().read(range);
    let mut all = Vec::new();
    loop {
        match reader.next_chunk().await {
            Ok(Some(chunk)) => all.extend_from_slice(&chunk),
            Ok(None) => return (all, Ok(())),
            Err(error) => return (all, Err(error)),
        }
    }
}

#[derive(Debug, Default)]
struct Counted {
    right: usize,
    refused: usize,
}

impl Counted {
    /// Holds one read against what was written.
    fn count(
        &mut self,
        content: &[u8],
        range: Range<u64>,
        read: (Vec<u8>, Result<(), StoreError>),
        damage: &str,
    ) {
        let (arrived, ended) = read;
        let expected = &content[range.start as usize..range.end as usize];
        assert!(expected.starts_with(&arrived), "wrong bytes of {range:?} after {damage}");
        match ended {
            Ok(()) => {
                assert_eq!(arrived.len(), expected.len(), "{range:?} ended early after {damage}");
                self.right += 1;
            }
            Err(StoreError::Corrupt { .. }) => self.refused += 1,
            Err(other) => panic!("{other} at {range:?} after {damage}"),
        }
    }
}

#[tokio::test]
async fn no_damage_to_a_blob_is_handed_out() {
    let rounds: usize = std::env::var("PRESIGN_FLIPS").map_or(60, |text| text.parse().unwrap());
    let seed: u64 = std::env::var("PRESIGN_FLIPS_SEED").map_or(20_261_127, |text| text.parse().unwrap());
    let mut random = Random(seed);
    let directory = tempfile::tempdir().unwrap();
    let (store, files) = filled(directory.path()).await;
    let contents = SIZES.map(content);
    let mut counted = Counted::default();
    for round in 0..rounds {
        // The large one takes long to read, so it has its turn less often.
        let which = if round % 16 == 15 { SIZES.len() - 1 } else { random.below(SIZES.len() - 1) };
        let (size, path, content) = (SIZES[which], &files[which], &contents[which]);
        let before = std::fs::read(path).unwrap();
        let mut after = before.clone();
        let at = match random.below(4) {
            // The trailer is small, and would hardly ever be hit.
            0 => size + random.below(before.len() - size),
            _ => random.below(before.len()),
        };
        let damage = match random.below(8) {
            0 => {
                after.truncate(at);
                format!("cutting {size} at {at}")
            }
            1 => {
                let end = (at + 512).min(after.len());
                after[at..end].iter_mut().for_each(|byte| *byte = !*byte);
                format!("inverting {at} to {end} of {size}")
            }
            _ => {
                after[at] ^= 1 << random.below(8);
                format!("a flip at {at} of {size}")
            }
        };
        std::fs::write(path, &after).unwrap();
        let size = size as u64;
        let whole = read(&store, size as usize, 0..size).await;
        assert!(matches!(whole.1, Err(StoreError::Corrupt { .. })), "{damage} was not noticed");
        counted.count(content, 0..size, whole, &damage);
        for _ in 0..8 {
            let start = random.below(size as usize) as u64;
            let end = start + 1 + random.below((size - start).min(300_000) as usize) as u64;
            counted.count(content, start..end, read(&store, size as usize, start..end).await, &damage);
        }
        // The byte itself, and the one beside it.
        for start in [at as u64, at.saturating_sub(1) as u64] {
            let range = start.min(size - 1)..(start + 1).min(size).max(start.min(size - 1) + 1);
            counted.count(content, range.clone(), read(&store, size as usize, range).await, &damage);
        }
        std::fs::write(path, &before).unwrap();
    }
    for (size, content) in SIZES.iter().zip(&contents) {
        let (arrived, ended) = read(&store, *size, 0..*size as u64).await;
        assert!(ended == Ok(()) && arrived == *content, "{size} is whole again and not read");
    }
    println!("{rounds} damaged blobs, seed {seed}: {counted:?}, wrong: 0");
    assert!(counted.right > 0 && counted.refused > rounds);
    store.close().await.unwrap();
}

#[tokio::test]
async fn another_blob_of_the_same_size_is_not_taken_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let (store, files) = filled(directory.path()).await;
    let mut upload = store.begin_put(None).await.unwrap();
    upload.write(vec![7; SIZES[4]].into()).await.unwrap();
    upload.finish("b", "other", NewObject::default(), Precondition::IfAbsent).await.unwrap();
    let other =
        blob_files(&directory.path().join("blobs")).into_iter().find(|path| !files.contains(path)).unwrap();
    let mine = std::fs::read(&files[4]).unwrap();
    std::fs::copy(other, &files[4]).unwrap();
    for range in [0..SIZES[4] as u64, 0..1, 300_000..300_001] {
        let (arrived, ended) = read(&store, SIZES[4], range).await;
        assert!(arrived.is_empty() && matches!(ended, Err(StoreError::Corrupt { .. })), "{ended:?}");
    }
    std::fs::write(&files[4], mine).unwrap();
    assert_eq!(read(&store, SIZES[4], 300_000..300_001).await.1, Ok(()));
    store.close().await.unwrap();
}
