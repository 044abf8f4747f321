//! Random damage to the database and to its log, each time with reads of everything: right answers or errors.
//!
//! `PRESIGN_FLIPS` says how often, `PRESIGN_FLIPS_SEED` where; a run prints what it counted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod random;

use std::os::unix::fs::FileExt;
use std::path::Path;

use presign_store::{
    AccessKeyRow, Bucket, ListRequest, NewObject, OpenError, Precondition, Store, StoreError, StoreOptions,
    UnixMillis,
};
use random::Random;
use rusqlite::{Connection, OpenFlags};

/// Nothing is kept in memory, so every read sees the file.
const OPTIONS: StoreOptions = StoreOptions { cache_bytes: 0, readers: 1 };
/// Enough for a tree of three levels, in two buckets.
const OBJECTS: usize = 700;
const FRAME_BYTES: usize = 24 + 4096;

fn rounds(default: usize) -> usize {
    std::env::var("PRESIGN_FLIPS").map_or(default, |text| text.parse().unwrap())
}

fn random() -> Random {
    Random(std::env::var("PRESIGN_FLIPS_SEED").map_or(20_261_127, |text| text.parse().unwrap()))
}

fn bucket(at: usize) -> &'static str {
    if at.is_multiple_of(3) { "second" } else { "first" }
}

fn key(at: usize) -> String {
    format!("folder {}/object {at}", at % 17)
}

fn content(at: usize) -> Vec<u8> {
    let length = if at % 100 == 50 { 200_000 } else { at * 7 % 3_000 };
    (0..length).map(|byte| ((byte + at) % 251) as u8).collect()
}

async fn put(store: &Store, at: usize) {
    let mut upload = store.begin_put(None).await.unwrap();
    upload.write(content(at).into()).await.unwrap();
    let new = NewObject { etag: format!("etag {at}"), ..NewObject::default() };
    upload.finish(bucket(at), &key(at), new, Precondition::Unconditional).await.unwrap();
}

async fn make_buckets(store: &Store) {
    for name in ["first", "second"] {
        let (owner, region) = ("o".to_owned(), "r".to_owned());
        let bucket = Bucket { name: name.into(), owner, region, created: UnixMillis(0) };
        store.create_bucket(bucket).await.unwrap();
    }
    store.put_access_key(access_key()).await.unwrap();
}

fn access_key() -> AccessKeyRow {
    AccessKeyRow {
        access_key_id: "AKID".into(),
        sealed_secret: vec![1; 40],
        principal: "root".into(),
        active: true,
        created: UnixMillis(0),
    }
}

#[derive(Debug, Default)]
struct Counted {
    right: usize,
    refused: usize,
    not_opened: usize,
    /// Answers as they were before the last commit, after damage to that.
    before_the_last_commit: usize,
}

impl Counted {
    /// Says whether an answer was right, and stops at one that is neither right nor a refusal.
    fn count<T: PartialEq + std::fmt::Debug>(
        &mut self,
        answer: Result<T, StoreError>,
        expected: &T,
        about: &str,
    ) -> bool {
        match answer {
            Ok(answer) => {
                assert!(answer == *expected, "{about}: {answer:?}");
                self.right += 1;
                true
            }
            Err(StoreError::Corrupt { .. }) => {
                self.refused += 1;
                false
            }
            Err(other) => panic!("{about}: {other}"),
        }
    }

    /// Reads all there is in a store with `objects` objects.
    async fn read_everything(&mut self, store: &Store, objects: usize, damage: &str) {
        for at in 0..objects {
            let about = format!("{} after {damage}", key(at));
            let answer = read(store, at, 0..u64::MAX).await;
            self.count(answer, &Some((format!("etag {at}"), content(at))), &about);
        }
        let missing = store.head("first", "folder 3/no such object").await.map(|object| object.is_none());
        self.count(missing, &true, &format!("a key that is not there after {damage}"));
        for name in ["first", "second"] {
            let mut keys: Vec<String> = (0..objects).filter(|at| bucket(*at) == name).map(key).collect();
            keys.sort_unstable();
            let all = ListRequest { max_keys: 10_000, ..ListRequest::default() };
            let listed = store.list(name, &all).await;
            let listed = listed.map(|page| page.objects.into_iter().map(|object| object.key).collect());
            self.count(listed, &keys, &format!("the listing of {name} after {damage}"));
            let folders =
                ListRequest { delimiter: Some("/".into()), max_keys: 1_000, ..ListRequest::default() };
            let mut expected: Vec<String> =
                keys.iter().map(|key| key[..=key.find('/').unwrap()].to_owned()).collect();
            expected.dedup();
            let listed = store.list(name, &folders).await.map(|page| page.common_prefixes);
            self.count(listed, &expected, &format!("the folders of {name} after {damage}"));
        }
        let names =
            store.list_buckets().await.map(|buckets| buckets.into_iter().map(|bucket| bucket.name).collect());
        self.count(
            names,
            &vec!["first".to_owned(), "second".to_owned()],
            &format!("the buckets after {damage}"),
        );
        let access = store.access_key("AKID").await.map(|row| row.map(|row| row.principal));
        self.count(access, &Some("root".to_owned()), &format!("the access key after {damage}"));
    }
}

type Read = Result<Option<(String, Vec<u8>)>, StoreError>;

async fn read(store: &Store, at: usize, range: std::ops::Range<u64>) -> Read {
    let Some(open) = store.get(bucket(at), &key(at)).await? else { return Ok(None) };
    let etag = open.object().etag.clone();
    Ok(Some((etag, open.read(range).read_to_end().await?.to_vec())))
}

fn is_damage(error: &OpenError) -> bool {
    matches!(error, OpenError::Store(StoreError::Corrupt { .. }) | OpenError::DatabaseLost { .. })
}

/// One change to a file's bytes; says what it was.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) -> String {
    let at = random.below(bytes.len());
    match random.below(20) {
        0 => {
            bytes.truncate(at);
            format!("cutting it at {at}")
        }
        1 => {
            let start = at / 512 * 512;
            let end = (start + 512).min(bytes.len());
            bytes[start..end].fill(0);
            format!("zeros from {start} to {end}")
        }
        2 => {
            let (from, to) = (at / 4096 * 4096, random.below(bytes.len()) / 4096 * 4096);
            bytes.copy_within(from..from + 4096, to);
            format!("the page at {from} copied to {to}")
        }
        _ => {
            let bit = random.below(8);
            bytes[at] ^= 1 << bit;
            format!("a flip of bit {bit} at {at}")
        }
    }
}

#[tokio::test]
async fn no_damage_to_the_database_gives_a_wrong_answer() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), OPTIONS).await.unwrap();
    make_buckets(&store).await;
    for at in 0..OBJECTS {
        put(&store, at).await;
    }
    store.close().await.unwrap();
    drop(store);
    let database = directory.path().join("metadata.sqlite");
    let whole = std::fs::read(&database).unwrap();
    let (mut random, mut counted) = (random(), Counted::default());
    for round in 0..rounds(25) {
        let mut bytes = whole.clone();
        // The first pages tell of all others.
        let done = if round % 5 == 4 {
            let at = random.below(4096 * 3);
            bytes[at] ^= 1 << random.below(8);
            format!("a flip at {at}")
        } else {
            damage(&mut bytes, &mut random)
        };
        if bytes == whole {
            continue;
        }
        std::fs::write(&database, &bytes).unwrap();
        match Store::open(directory.path(), OPTIONS).await {
            Ok(store) => {
                counted.read_everything(&store, OBJECTS, &done).await;
                store.close().await.unwrap();
            }
            Err(error) if is_damage(&error) => counted.not_opened += 1,
            // A header of a newer or a foreign database is a refusal too.
            Err(error) => panic!("{error} after {done}"),
        }
        for suffix in ["-log", "-shm"] {
            drop(std::fs::remove_file(directory.path().join(format!("metadata.sqlite{suffix}"))));
        }
    }
    std::fs::write(&database, &whole).unwrap();
    let store = Store::open(directory.path(), OPTIONS).await.unwrap();
    let refused = counted.refused;
    counted.read_everything(&store, OBJECTS, "it was put right").await;
    assert_eq!(counted.refused, refused, "it is whole again");
    store.close().await.unwrap();
    println!("damage to the database: {counted:?}, wrong: 0");
    assert!(counted.right > 0 && counted.refused + counted.not_opened > 0);
}

/// A connection that keeps the log from being written back and emptied.
fn hold_the_log(directory: &Path) -> Connection {
    let vfs = presign_page_checksums::register().unwrap();
    let path = directory.join("metadata.sqlite");
    let conn = Connection::open_with_flags_and_vfs(path, OpenFlags::SQLITE_OPEN_READ_ONLY, vfs).unwrap();
    conn.execute_batch("BEGIN; SELECT count(*) FROM bucket").unwrap();
    conn
}

#[tokio::test]
async fn no_damage_to_the_log_of_an_open_store_gives_a_wrong_answer() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), OPTIONS).await.unwrap();
    make_buckets(&store).await;
    let held = hold_the_log(directory.path());
    let objects = 120;
    for at in 0..objects {
        put(&store, at).await;
    }
    let log = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(directory.path().join("metadata.sqlite-log"))
        .unwrap();
    // The last frame of each page is the one that is read.
    let written = std::fs::read(directory.path().join("metadata.sqlite-log")).unwrap();
    let page = |frame: &[u8]| u32::from_be_bytes(frame[..4].try_into().unwrap());
    let frames = || written[32..].chunks(FRAME_BYTES).map(page).enumerate();
    let live: Vec<usize> = frames()
        .filter(|(at, page)| !frames().skip(at + 1).any(|(_, other)| other == *page))
        .map(|(at, _)| at)
        .collect();
    assert!(live.len() > 20, "{live:?}");
    let (mut random, mut counted) = (random(), Counted::default());
    for round in 0..rounds(40) {
        let at = (32 + live[random.below(live.len())] * FRAME_BYTES + 24 + random.below(4096)) as u64;
        let mut byte = [0];
        log.read_exact_at(&mut byte, at).unwrap();
        log.write_all_at(&[byte[0] ^ (1 << random.below(8))], at).unwrap();
        // Behind a commit, what SQLite has of the pages in memory is out of date.
        let changed = AccessKeyRow { created: UnixMillis(round as i64 + 1), ..access_key() };
        match store.put_access_key(changed).await {
            Ok(()) => {}
            Err(StoreError::Corrupt { .. }) => counted.refused += 1,
            Err(other) => panic!("{other}"),
        }
        counted.read_everything(&store, objects, &format!("a flip at {at} of the log")).await;
        log.write_all_at(&byte, at).unwrap();
    }
    drop(held);
    let refused = counted.refused;
    counted.read_everything(&store, objects, "it was put right").await;
    assert_eq!(counted.refused, refused, "it is whole again");
    put(&store, objects).await;
    println!("damage to the log of an open store: {counted:?}, wrong: 0");
    assert!(counted.right > 0 && counted.refused > 0);
    assert_eq!(store.damage_met(), counted.refused as u64);
    store.close().await.unwrap();
}

/// The log that a process leaves that is killed. What is told and what is not: see `sqlite::log_check`.
#[tokio::test]
async fn no_damage_to_the_log_of_a_killed_process_undoes_more_than_its_last_commit() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), OPTIONS).await.unwrap();
    make_buckets(&store).await;
    let held = hold_the_log(directory.path());
    let objects = 60;
    let copy = tempfile::tempdir().unwrap();
    for at in 0..objects {
        put(&store, at).await;
    }
    let files = ["metadata.sqlite", "metadata.sqlite-log", "initialized"];
    let [database, whole, mark] = files.map(|name| std::fs::read(directory.path().join(name)).unwrap());
    for at in (0..objects).filter(|at| at % 100 == 50) {
        assert!(content(at).len() > 100_000);
    }
    let frames = (whole.len() - 32) / FRAME_BYTES;
    let ends_a_commit = |frame: &usize| whole[32 + frame * FRAME_BYTES + 4..][..4] != [0; 4];
    // Each object is a commit of its own.
    let last_but_one = (0..frames).filter(ends_a_commit).nth_back(1).unwrap();
    std::os::unix::fs::symlink(directory.path().join("blobs"), copy.path().join("blobs")).unwrap();
    let (mut random, mut counted) = (random(), Counted::default());
    for round in 0..rounds(40) {
        let mut bytes = whole.clone();
        let at = match round % 8 {
            6 => {
                32 + last_but_one * FRAME_BYTES + random.below(whole.len() - 32 - last_but_one * FRAME_BYTES)
            }
            7 => random.below(80),
            _ => random.below(whole.len()),
        };
        bytes[at] ^= 1 << random.below(8);
        std::fs::write(copy.path().join(files[0]), &database).unwrap();
        std::fs::write(copy.path().join(files[1]), &bytes).unwrap();
        std::fs::write(copy.path().join(files[2]), &mark).unwrap();
        drop(std::fs::remove_file(copy.path().join("metadata.sqlite-shm")));
        let frame = at.checked_sub(32).map_or(0, |behind| behind / FRAME_BYTES);
        match Store::open(copy.path(), OPTIONS).await {
            Err(error) if is_damage(&error) => counted.not_opened += 1,
            Err(error) => panic!("{error} after a flip at {at} of the log"),
            Ok(store) => {
                let there = store.head(bucket(objects - 1), &key(objects - 1)).await.unwrap().is_some();
                let left = if there { objects } else { objects - 1 };
                let before = store.head(bucket(objects - 2), &key(objects - 2)).await.unwrap().is_some();
                assert!(
                    there || frame >= last_but_one,
                    "a flip in frame {frame} undid a commit that is told"
                );
                assert!(before || frame == last_but_one, "a flip in frame {frame} undid two commits");
                counted.before_the_last_commit += usize::from(!there);
                let left = if before { left } else { objects - 2 };
                counted.read_everything(&store, left, &format!("a flip at {at} of the log")).await;
                store.close().await.unwrap();
            }
        }
    }
    drop(held);
    println!("damage to the log of a killed process: {counted:?}, wrong: 0");
    assert!(counted.not_opened > 0);
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_store_without_its_database_is_not_taken_for_a_new_one() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), OPTIONS).await.unwrap();
    make_buckets(&store).await;
    put(&store, 50).await;
    store.close().await.unwrap();
    drop(store);
    let database = directory.path().join("metadata.sqlite");
    let whole = std::fs::read(&database).unwrap();
    let lost = OpenError::DatabaseLost { path: database.clone() };
    // By its mark, and where that is gone too, by its blobs.
    for mark in [true, false] {
        if !mark {
            std::fs::remove_file(directory.path().join("initialized")).unwrap();
        }
        std::fs::write(&database, []).unwrap();
        assert_eq!(Store::open(directory.path(), OPTIONS).await.err().as_ref(), Some(&lost));
        std::fs::remove_file(&database).unwrap();
        assert_eq!(Store::open(directory.path(), OPTIONS).await.err().as_ref(), Some(&lost));
    }
    std::fs::write(&database, whole).unwrap();
    let store = Store::open(directory.path(), OPTIONS).await.unwrap();
    assert_eq!(read(&store, 50, 0..u64::MAX).await.unwrap().unwrap().1, content(50));
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_write_that_meets_damage_fails_alone() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), OPTIONS).await.unwrap();
    make_buckets(&store).await;
    for at in 0..OBJECTS {
        put(&store, at).await;
    }
    store.close().await.unwrap();
    drop(store);
    let database = directory.path().join("metadata.sqlite");
    let mut bytes = std::fs::read(&database).unwrap();
    // The row of one object, which its key stands in.
    let needle = key(0).into_bytes();
    let at = bytes.windows(needle.len()).rposition(|window| window == needle).unwrap();
    bytes[at] ^= 1;
    std::fs::write(&database, &bytes).unwrap();
    let store = Store::open(directory.path(), OPTIONS).await.unwrap();
    let deletions: Vec<_> = (0..OBJECTS)
        .map(|at| {
            let store = store.clone();
            tokio::spawn(async move { store.delete(bucket(at), &key(at)).await })
        })
        .collect();
    let mut refused = Vec::new();
    for (at, deletion) in deletions.into_iter().enumerate() {
        match deletion.await.unwrap() {
            Ok(existed) => assert!(existed),
            Err(StoreError::Corrupt { .. }) => refused.push(at),
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused.contains(&0), "{refused:?}");
    assert!(refused.len() < OBJECTS / 4, "one page, and not more: {}", refused.len());
    // The store goes on: this is no failure to make data durable.
    put(&store, OBJECTS).await;
    assert!(store.damage_met() >= refused.len() as u64);
    store.close().await.unwrap();
}

/// The end of a long row is in a page of its own. SQLite reads zeros there as if they were the end of the key, and the object
/// would be one that does not exist.
#[tokio::test]
async fn no_page_of_zeros_hides_an_object_with_a_long_key() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), OPTIONS).await.unwrap();
    make_buckets(&store).await;
    let long = "k".repeat(1024);
    let mut upload = store.begin_put(None).await.unwrap();
    upload.write("hello".into()).await.unwrap();
    upload.finish("first", &long, NewObject::default(), Precondition::Unconditional).await.unwrap();
    assert!(store.head("first", &long).await.unwrap().is_some());
    store.close().await.unwrap();
    drop(store);
    let database = directory.path().join("metadata.sqlite");
    let whole = std::fs::read(&database).unwrap();
    let (mut errors, mut right) = (0, 0);
    for page in 0..whole.len() / 4096 {
        let mut damaged = whole.clone();
        damaged[page * 4096..(page + 1) * 4096].fill(0);
        std::fs::write(&database, damaged).unwrap();
        let Ok(store) = Store::open(directory.path(), OPTIONS).await else { continue };
        match store.head("first", &long).await {
            Ok(Some(_)) => right += 1,
            Ok(None) => panic!("zeros in page {} hid the object", page + 1),
            Err(_) => errors += 1,
        }
        store.close().await.unwrap();
    }
    assert!(errors >= 2 && right >= 1, "{errors} errors, {right} right answers");
}
