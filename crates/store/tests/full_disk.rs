//! A disk without room, and one that fails: the real thing, on a file system of 32 MiB and under a limit on file sizes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use presign_store::backup::{BackupOptions, create, restore};
use presign_store::{
    Bucket, ListRequest, NewObject, Precondition, PutError, Store, StoreError, StoreOptions, UnixMillis,
};

/// Set in the process that runs on the small disk, or under the limit: the data directory.
const CHILD: &str = "PRESIGN_STORE_SMALL_DISK";

async fn put(store: &Store, key: &str, length: usize) -> Result<(), PutError> {
    let mut upload = store.begin_put(None).await?;
    for chunk in vec![7; length].chunks(64 * 1024) {
        upload.write(chunk.to_vec().into()).await?;
    }
    upload.finish("b", key, NewObject::default(), Precondition::Unconditional).await.map(|_| ())
}

async fn read(store: &Store, key: &str) -> usize {
    let bytes = store.get("b", key).await.unwrap().unwrap().read_all().read_to_end().await.unwrap();
    assert!(bytes.iter().all(|&byte| byte == 7));
    bytes.len()
}

/// Puts objects until one fails; gives their number and the failure.
async fn put_until_it_fails(store: &Store, prefix: &str, length: usize) -> (usize, StoreError) {
    for at in 0..20_000 {
        match put(store, &format!("{prefix}{at}"), length).await {
            Ok(()) => {}
            Err(PutError::Store(error)) => return (at, error),
            Err(other) => panic!("{other}"),
        }
    }
    panic!("20,000 objects of {length} bytes fitted");
}

async fn open(directory: &Path) -> Store {
    let store = Store::open(directory, StoreOptions::default()).await.unwrap();
    if store.bucket("b").await.unwrap().is_none() {
        let bucket =
            Bucket { name: "b".into(), owner: "o".into(), region: "r".into(), created: UnixMillis(0) };
        store.create_bucket(bucket).await.unwrap();
    }
    store
}

/// Takes every byte that is left.
fn fill_up(path: &Path) {
    let mut file = std::fs::File::create(path).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
}

fn entries(directory: &Path) -> usize {
    std::fs::read_dir(directory).unwrap().count()
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_small_disk(directory: &Path) {
    let data = directory.join("data");
    let store = open(&data).await;
    let small = 100;
    for at in 0..small {
        put(&store, &format!("small{at}"), 16_000).await.unwrap();
    }
    // Large objects: a clear error, and nothing left of the one that did not fit.
    let (large, error) = put_until_it_fails(&store, "large", 3 << 20).await;
    assert!(large >= 3, "{large}");
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    for _ in 0..6000 {
        if entries(&data.join("tmp")) == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(entries(&data.join("tmp")), 0);
    // Small ones are told too, down to the smallest.
    fill_up(&directory.join("filler"));
    for (prefix, length) in [("medium", 16_000), ("tiny", 1)] {
        let (_, error) = put_until_it_fails(&store, prefix, length).await;
        assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
        fill_up(&directory.join(prefix));
    }
    // At 100 % everything can be read.
    for at in 0..large {
        assert_eq!(read(&store, &format!("large{at}")).await, 3 << 20);
    }
    for at in 0..small {
        assert_eq!(read(&store, &format!("small{at}")).await, 16_000);
    }
    let all = ListRequest { max_keys: 20_000, ..ListRequest::default() };
    assert!(store.list("b", &all).await.unwrap().objects.len() >= large + small);
    // And everything deleted, one by one and many at once.
    assert!(store.delete("b", "small0").await.unwrap());
    assert_eq!(store.head("b", "small0").await, Ok(None));
    let deletions: Vec<_> = (1..small)
        .map(|at| {
            let store = store.clone();
            tokio::spawn(async move { store.delete("b", &format!("small{at}")).await })
        })
        .collect();
    for deletion in deletions {
        assert_eq!(deletion.await.unwrap(), Ok(true));
    }
    for at in 1..large {
        assert_eq!(store.delete("b", &format!("large{at}")).await, Ok(true));
    }
    // With room again, so are writes; the reserve comes first.
    let mut written = Err(PutError::NoSuchKey);
    for _ in 0..6000 {
        written = put(&store, "after", 100_000).await;
        if written.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(written, Ok(()));
    assert_eq!(std::fs::metadata(data.join("reserve")).unwrap().len(), 8 << 20);
    store.close().await.unwrap();
    drop(store);
    // A store on a full disk can also be opened.
    fill_up(&directory.join("filler3"));
    let store = open(&data).await;
    assert_eq!(read(&store, "after").await, 100_000);
    assert_eq!(read(&store, "large0").await, 3 << 20);
    assert_eq!(store.delete("b", "large0").await, Ok(true));
    assert_eq!(store.head("b", "small1").await, Ok(None));
    store.close().await.unwrap();
}

/// Runs a test of this file again in a process of its own, started by a shell line that ends in `exec "$@"`.
fn in_a_child(test: &str, directory: &Path, through: &[&str], line: &str) {
    let (program, arguments) = through.split_first().unwrap();
    let status = Command::new(program)
        .args(arguments)
        .args(["-c", line, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, directory)
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
}

/// Says what was not run, also at the very end of the task that runs all tests: to the list that it names.
fn not_run(line: &str) {
    eprintln!("not run: {line}");
    if let Some(list) = std::env::var_os("XTASK_NOT_RUN") {
        let mut list = std::fs::OpenOptions::new().append(true).create(true).open(list).unwrap();
        writeln!(list, "{line}").unwrap();
    }
}

#[test]
fn on_a_full_disk_reads_and_deletes_go_on() {
    if let Some(directory) = std::env::var_os(CHILD) {
        return on_a_small_disk(Path::new(&directory));
    }
    let directory = tempfile::tempdir().unwrap();
    let shell = ["unshare", "--user", "--map-root-user", "--mount", "sh"];
    let possible = Command::new(shell[0])
        .args(&shell[1..])
        .args(["-c", r#"mount -t tmpfs -o size=32m none "$0""#])
        .arg(directory.path())
        .status();
    if !possible.is_ok_and(|status| status.success()) {
        // These make a disk full by injection, here and everywhere: `files::blobs` (a_full_disk_passes), `files::reserve`
        // (without_room_it_says_that_the_disk_is_full), `sqlite::writer` (a_database_without_room_refuses_and_takes_deletes).
        not_run("1\ta real full disk under the store; this system lets nobody but root mount a file system");
        return;
    }
    let line = r#"mount -t tmpfs -o size=32m none "$PRESIGN_STORE_SMALL_DISK" && exec "$@""#;
    in_a_child("on_a_full_disk_reads_and_deletes_go_on", directory.path(), &shell, line);
}

/// Makes a full disk of a store, and backs it up to another one: while a server has it open, and when none has.
fn back_up_a_small_disk(directory: &Path) {
    let data = directory.join("data");
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fill = async {
        let store = open(&data).await;
        put(&store, "small", 1_000).await.unwrap();
        put(&store, "large", 100_000).await.unwrap();
        store.close().await.unwrap();
    };
    runtime().block_on(fill);
    let destination = tempfile::tempdir().unwrap();
    for (name, has_lock) in [("with its file", true), ("without", false)] {
        if !has_lock {
            std::fs::remove_file(data.join("backup.lock")).unwrap();
        }
        fill_up(&directory.join(format!("filler {has_lock}")));
        let to = destination.path().join(name);
        let made = create(&data, &to, BackupOptions::default(), |finding| panic!("{finding}"));
        assert_eq!(made.as_ref().map(|made| (made.objects, made.blobs)), Ok((2, 1)), "{name}: {made:?}");
        assert_eq!(restore(&to, &destination.path().join(format!("{name}, restored")), |_| {}), made);
    }
}

#[test]
fn a_full_disk_can_be_backed_up() {
    if let Some(directory) = std::env::var_os(CHILD) {
        return back_up_a_small_disk(Path::new(&directory));
    }
    let directory = tempfile::tempdir().unwrap();
    let shell = ["unshare", "--user", "--map-root-user", "--mount", "sh"];
    let possible = Command::new(shell[0])
        .args(&shell[1..])
        .args(["-c", r#"mount -t tmpfs -o size=32m none "$0""#])
        .arg(directory.path())
        .status();
    if !possible.is_ok_and(|status| status.success()) {
        // `files::deletions` (a_backup_of_a_full_disk_is_not_announced_and_protected_all_the_same) does it by injection.
        not_run("1\ta backup of a real full disk; this system lets nobody but root mount a file system");
        return;
    }
    let line = r#"mount -t tmpfs -o size=32m none "$PRESIGN_STORE_SMALL_DISK" && exec "$@""#;
    in_a_child("a_full_disk_can_be_backed_up", directory.path(), &shell, line);
}

/// A database that has reached the limit on the sizes of files is as good as on a full disk.
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn under_a_limit(directory: &Path) {
    let store = open(directory).await;
    let (written, error) = put_until_it_fails(&store, "k", 16_000).await;
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    assert!(written > 100, "{written}");
    // What needs no room in the database goes on, and so do reads.
    assert_eq!(put(&store, "large", 100_000).await.map_err(|error| error.to_string()).err(), None);
    for at in 0..written {
        assert_eq!(read(&store, &format!("k{at}")).await, 16_000);
    }
    for at in 0..written / 2 {
        assert_eq!(store.delete("b", &format!("k{at}")).await, Ok(true));
    }
    // And what was deleted has left room.
    for at in 0..written / 4 {
        assert_eq!(put(&store, &format!("k{at}"), 16_000).await, Ok(()));
    }
    std::fs::write(directory.join("written"), written.to_string()).unwrap();
    store.close().await.unwrap();
}

#[test]
fn at_the_limit_on_file_sizes_reads_and_deletes_go_on() {
    const TEST: &str = "at_the_limit_on_file_sizes_reads_and_deletes_go_on";
    if let Some(directory) = std::env::var_os(CHILD) {
        return under_a_limit(Path::new(&directory));
    }
    let directory = tempfile::tempdir().unwrap();
    // In units of 512 bytes (dash) or 1,024 (bash): 10 MiB or 20 MiB.
    in_a_child(TEST, directory.path(), &["sh"], r#"trap "" XFSZ; ulimit -f 20480; exec "$@""#);
    verify_after_restart(directory.path());
}

#[tokio::main(flavor = "current_thread")]
async fn verify_after_restart(directory: &Path) {
    let written: usize = std::fs::read_to_string(directory.join("written")).unwrap().parse().unwrap();
    let store = open(directory).await;
    for at in (0..written / 4).chain(written / 2..written) {
        assert_eq!(read(&store, &format!("k{at}")).await, 16_000);
    }
    assert_eq!(store.head("b", &format!("k{}", written / 4)).await, Ok(None));
    assert_eq!(put(&store, "next", 100_000).await, Ok(()));
    assert_eq!(store.delete("b", "k0").await, Ok(true));
    store.close().await.unwrap();
}
